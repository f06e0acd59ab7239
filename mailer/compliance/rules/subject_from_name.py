"""The name in From names the sender: no notice, no prize, no hurry, no other brand.

15 U.S.C. 7702(8), 7704(a)(1); Google's guidelines on display names (DUTIES D14, T10).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects import brands
from mailer.compliance.subjects.discounts import discounts_in
from mailer.compliance.subjects.letter import COMPANY, Letter
from mailer.compliance.subjects.normalise import Line, normalise
from mailer.compliance.subjects.notices import NOTICE
from mailer.compliance.subjects.prizes import WON
from mailer.compliance.subjects.relations import AGENCIES, BRANDS

RULE = "subject_from_name"
SOURCE = "risk under 15 U.S.C. 7704(a)(1); Google sender guidelines"
REVIEWED = Reviewed("2026-12-01", version=2, duties="D14")
URGENT = re.compile(
    r"\b(?:urgent|last chance|final (?:notice|hours|call)|time is running out|act now|"
    r"limited time|important (?:update|notice|message)|action required|"
    r"winner|(?:security|account|fraud|billing|payment|delivery|order|"
    r"\[?product/news\]?) (?:alert|notice|notification|department|team|update|center|"
    r"confirmation|status)|^(?:alert|notification|notice|admin\w*|support|no-?reply|"
    r"it department|help ?desk|hr|human resources|customer service|mom|mum|dad|your (?:bank|"
    r"doctor|friend|boss))\b\W*$|prize (?:department|desk|office|center)|"
    r"claims? (?:department|office|center)|free (?:gift|money|stuff)|ends (?:today|tonight)|"
    r"new message)\b|"
    r"[(\[]\d+[)\]]|-{3,}"
)
ADDRESS = re.compile(r"@([a-z0-9-]+(?:\.[a-z0-9-]+)*)")
NAMED = re.compile(rf"\b(?:{BRANDS})\b|^\W*(?:the |u\.?s\.? )?(?:{AGENCIES})\b")
GENERIC = {"target", "visa", "apple", "outlook", "steam", "zoom", "ups", "government", "controller"}
NOT_THEIRS = re.compile(
    r"\b(?:via|for|repair|experts?|alternative|users?|fans?|parts|dealers?|reseller|guides?|"
    r"orchards?|farms?|records)\b"
)

# “City of Alder Falls”, “Office of the City Clerk, Arden Heights”: the place, whose domain has to bear it.
PLACE = re.compile(r"\b(?:city|county|town|village)(?: of|\b[^,]*,) ([a-z]{4,})")


def check(letter: Letter) -> Iterator[Finding]:
    line = normalise(letter.from_name, "from_name")
    bears_its_place = _bears_its_place(line.text, letter.sender_domain)
    found = (
        URGENT.search(line.text)
        or WON.search(line.text)
        or (None if bears_its_place else NOTICE.search(line.text))
    )
    if found and not COMPANY.search(letter.from_name):
        yield _finding(f"The sender’s name says “{found[0]}”, which is no name. Write the name alone.")
    elif (address := ADDRESS.search(line.text)) and address[1].split(".")[0][:8] not in letter.sender_domain:
        yield _finding("The sender’s name holds somebody else’s address. Write the name alone.")
    elif discounts_in(line):
        yield _finding(
            "The sender’s name holds an offer. Write the name alone, and the offer in the message."
        )
    elif not bears_its_place and (named := _foreign(letter, line)):
        yield _finding(
            f"The sender’s name says “{named}”, and the address is not theirs. Write your own name."
        )


def _bears_its_place(name: str, domain: str) -> bool:
    place = PLACE.search(name)
    return place is not None and brands.is_the_senders(place[1], name, domain)


def _foreign(letter: Letter, line: Line) -> str:
    found = NAMED.search(line.text)
    if not found or NOT_THEIRS.search(line.text):
        return ""
    bare = found[0].strip()
    if (
        bare in GENERIC
        and line.text != bare
        and not re.search(rf"{bare} (?:support|security|billing|team|service|account)", line.text)
    ):
        return ""
    return "" if brands.is_the_senders(bare, line.text, letter.sender_domain) else bare


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, "from_name")
