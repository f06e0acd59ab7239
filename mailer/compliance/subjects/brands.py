"""Whose voice or whose gift a line pretends to be."""

import re
from collections.abc import Callable
from functools import cache

from mailer.compliance.subjects.claims import Claim
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.relations import AGENCIES, BRANDS

NAMED = rf"(?P<brand>{BRANDS})"
AGENCY = rf"(?P<agency>{AGENCIES})"
# Read first, and compiled when first needed: the others are long, and most lines name nobody.
ANYBODY = rf"{BRANDS}|{AGENCIES}|government|federal|state|county|medicare|governor|irs"
NAMED_AT_ALL = (
    rf"\b(?!apple\b|ups\b|outlook\b|norton\b|controller\b|governor|uber\b|government\b){NAMED}\b|\b{AGENCY}\b"
)
SPOKEN = (
    rf"(?:^\W*(?:the |u\.?s\.? )?(?:{NAMED}|{AGENCY})(?: (?:\w+ )?(?:support|security|team|"
    rf"alert|billing|service|services|notice|notification|update|delivery|prime|pay|id|account|"
    rf"refunds?|rewards?|benefits?|office|customer service|help ?desk|program|payroll|"
    rf"card services))* ?[:|/-] ?(?!\d)|"
    rf"\b(?:from|by|of) (?:the )?(?:{NAMED.replace('brand', 'brand2')}|"
    rf"{AGENCY.replace('agency', 'agency2')})\b(?!'s (?:guide|rules))|"
    rf"\byour (?:free |new |\w+ )?{NAMED.replace('brand', 'brand3')} (?:account|order|package|"
    rf"delivery|refund|payment|password|subscription|card|reward|membership|prize|id|parcel|"
    rf"gift|invoice|purchase|login|wallet)|"
    rf"^{AGENCY.replace('agency', 'agency4')}(?:'s)? [\w ]{{0,40}}(?:: |funds|program|relief|"
    rf"refund|benefit|payment|grant|notice|enroll)|\b(?:new |free )?(?:government|federal|"
    rf"state|county|medicare|governor's|irs)(?:'s)? (?:\w+ ){{0,2}}(?:program|grant|benefit|"
    rf"relief|refund|stimulus|rebate|check|payment|subsidy|notice|enrollment)s?(?: for you|:|,|"
    rf" is| are| available| approved| inside| ends| of [$€£]|$))"
)
GIVEN = (
    rf"\b{NAMED} (?:\w+ )?(?:gift ?cards?|gift|vouchers?|rewards?|credits?|prize|e-?gift)\b|"
    rf"\b{NAMED.replace('brand', 'brand2')} (?:is giving|gives you|wants)|(?:partner(?:ship|ed|"
    rf"ing)?|official|together|approved|endorsed|recommended|certified|authori[sz]ed|"
    rf"backed) (?:with|by|partner of|from) (?:the )?(?:{NAMED.replace('brand', 'brand3')}|"
    rf"{AGENCY})\b|(?:{NAMED.replace('brand', 'brand4')}|"
    rf"{AGENCY.replace('agency', 'agency2')})[ -](?:approved|endorsed|certified|backed|"
    rf"official|authori[sz]ed)\b"
)
EXPLAINS = re.compile(
    r"\b(?:rules?|law|changes? (?:to|in|at)|explained|guide|means?|what|how|works? with|"
    r"compatible|for your|tips|fits|cases? for|vs\.?|alternative|update:? what|deadlines?|"
    r"news|trends?|checklist)\b"
)
CALLED = re.compile(
    r"\b(?:paid|given|funded) by us\b|\bnot (?:out of|from|with) (?:public|state|federal|government)|"
    r"\ban? \w+ (?:that )?we call\b"
)
BELIED = re.compile(
    r"\b(?:no (?:part|hand|share) in|nothing to do with|has not (?:reviewed|seen|approved|endorsed|tested)|"
    r"would approve|no \w+ (?:board|agency|society|authority) has|"
    r"not (?:affiliated|associated|connected|endorsed|sponsored|approved|a government|"
    r"part of|from|an? (?:official|agency))|no (?:affiliation|connection|relationship)|"
    r"independent (?:of|company|agency|broker)|(?:is|are) (?:a )?(?:registered )?trademarks?|"
    r"private (?:company|firm))\b"
)
BORNE_OUT = re.compile(
    r"\b(?:gift ?cards?|partner\w*|together|on behalf|agree\w*|permission|authori[sz]ed|"
    r"official|certif\w+|certificate|works? with|sponsor\w*|joint\w*|hosted|draw|prize|"
    r"thank you for|in return|reseller|grant (?:agreement|number|no)|funded by|"
    r"licen[cs]e (?:no|number)|registration no)\b"
)


GOVERNMENTS = (".gov", ".gov.uk", ".mil", ".gouv.fr", ".bund.de", ".gc.ca")


def spoken_in(line: Line, sender: str, domain: str) -> list[Claim]:
    """Lines in somebody else's voice, or about the reader's account there."""
    return _foreign(SPOKEN, line, sender, domain)


def named_in(line: Line, sender: str, domain: str) -> list[Claim]:
    """Whoever is named at all, without words that are also something else: “apple”, “ups”."""
    return _foreign(NAMED_AT_ALL, line, sender, domain)


def given_in(line: Line, sender: str, domain: str) -> list[Claim]:
    """Others' gifts, and others' approval."""
    return _foreign(GIVEN, line, sender, domain)


def is_the_senders(brand: str, sender: str, domain: str) -> bool:
    """Whether the domain itself bears the brand: anybody can write a display name."""
    bare = re.sub(r"[^a-z0-9]", "", brand)
    labels = [re.sub(r"[^a-z0-9]", "", label) for label in domain.split(".")]
    if domain.endswith(GOVERNMENTS) or bare in labels[-3:]:
        return True
    at_an_edge = any(label.startswith(bare) or label.endswith(bare) for label in labels[:-1])
    return len(bare) > 3 and at_an_edge and bare in re.sub(r"[^a-z0-9]", "", sender)


_compiled: Callable[[str], re.Pattern[str]] = cache(re.compile)


def _foreign(pattern: str, line: Line, sender: str, domain: str) -> list[Claim]:
    found: list[Claim] = []
    if not _compiled(ANYBODY).search(line.text):
        return found
    for each in _compiled(pattern).finditer(line.text):
        names = [name for name in each.groupdict().values() if name] or [each[0]]
        if not any(is_the_senders(name, sender, domain) for name in names):
            found.append(Claim(each.start(), each.end(), names[0]))
    return found
