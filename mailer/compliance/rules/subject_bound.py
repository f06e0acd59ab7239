"""A figure belongs to the thing that the subject says it of.

15 U.S.C. 7704(a)(2); FTC Guides Against Deceptive Pricing, 16 CFR 233 (DUTIES D33, T9). “Winter jackets 40% off”
where jackets are 15% off and snow pants 40%; “All boots $79” where tall boots are $129.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.discounts import EVERYTHING, is_off
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import amounts_in, percents_in
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.words import just_before, shares, stems

RULE = "subject_bound"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 16 CFR 233"
REVIEWED = Reviewed("2026-11-30", version=3, duties="D33")
CLAUSE = re.compile(
    r"[;:.!?|]\s|,\s(?:and|but|while|whereas)\s|\s(?:but|while|whereas)\s|\s-\s|(?<=\d),?\sand\s"
)
# Sums that are no asking price: former ones, savings, minimums, fees of something else.
REFERENCE = re.compile(
    r"\b(?:was|were|reg(?:ular(?:ly)?)?\.?|instead of|down from|originally|normally|usually|worth|"
    r"value[d]?|rrp|"
    r"msrp|list price|before|"
    r"compare\w*|save|saving|orders?|spend|shipping|delivery|deposit|fee|gift cards?|until now|last (?:year|"
    r"season|winter|summer|"
    r"spring|fall|autumn)|since|after|from (?:january|february|march|april|may|june|july|august|september|"
    r"october|november|december|"
    r"tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|then|raised|add(?: a)?|plus|another|"
    r"extra|members?|"
    r"students?|kids|children|seniors?)\b[^$€£%]{0,24}$|\b(?:of|over|above|to|more) $|[-/] ?$"
)
AFTERWARDS = re.compile(r" ?(?:off|value|last|in \d{4}|before|more|extra)\b")
REST = re.compile(
    r"\b(?:the (?:rest|others?|remaining)|all others?|others|everything else|otherwise|weekends|other \w+s)\b"
)
FROM = re.compile(r"\b(?:from|up to|starting at|as low as|under|below|to)\b")
GENERAL = frozenset(
    {
        "every",
        "everyt",
        "store",
        "site",
        "items",
        "produ",
        "style",
        "thing",
        "start",
        "code",
        "member",
        "membe",
    }
)
PRONOUN = re.compile(r"\b(?:in|on|for|to|off|of) (?:it|them)\b")  # “open an account, and we put $300 in it”
# Lower ones that come on top, or for others: “an extra 10%”, “new members 15%”.
BESIDES = re.compile(
    r"\b(?:extra|additional|another|more|plus|also|members?|students?|teachers?|first|texts?|newsletter|"
    r"refer\w*|friends?|"
    r"back|points?|up to|rather|instead|not just|usual\w*|normal\w*|last|ended|was|were|from \d)\b"
)
# “Socks, hats and mittens: $5.”
LISTS = re.compile(r"^[a-z-]+(?:, [a-z -]+)*,? and [a-z -]+(?::| are| cost)")
REST_ARE = re.compile(r"^the [a-z ]+ (?:run to|are|cost|come to|stay at)\b")
OPENING = 4  # sentences
WHOLE = re.compile(r"\b(?:all|every|any|entire|whole|everything|each)\b")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number at text[start:end]; `kind` is "%" or "$"."""

    kind: str
    value: Decimal
    start: int
    end: int


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        said = _figures(line.text)
        if len(said) != 1 or FROM.search(line.text[: said[0].start]) or not letter.body.speaks:
            continue
        claim = said[0]
        wanted = (
            stems(_without(letter.full_subject.text if line is letter.subject else line.text, claim))
            - GENERAL
        )
        clauses = [
            (clause, figures)
            for sentence in letter.body.sentences
            for clause in CLAUSE.split(sentence)
            if (
                figures := [
                    each
                    for each in _figures(clause)
                    if each.kind == claim.kind and not _is_reference(clause, each)
                ]
            )
        ]
        if _is_of_another(letter, claim, wanted, clauses):
            words = (
                f"In the body, {_shown(line, claim)} belongs to something else. Say in the subject what it "
                f"is on."
            )
        elif _is_of_a_part(letter, line, claim, wanted, clauses):
            words = (
                f"The subject says {_shown(line, claim)} of all, and the body names other figures. Say what "
                f"it is on."
            )
        else:
            continue
        yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, claim.start, claim.end)


def _figures(text: str) -> list[Figure]:
    found = [Figure("%", each.value, each.start, each.end) for each in percents_in(text)]
    return found + [
        Figure("$", each.value, each.start, each.end)
        for each in amounts_in(text)
        if not is_off(text, each.start, each.end)
    ]


def _is_reference(clause: str, figure: Figure) -> bool:
    if figure.kind == "%":
        return False
    return (
        REFERENCE.search(just_before(clause, figure.start)) is not None
        or AFTERWARDS.match(clause[figure.end :]) is not None
    )


def _is_of_another(
    letter: Letter, claim: Figure, wanted: Set[str], clauses: list[tuple[str, list[Figure]]]
) -> bool:
    """The figure never stands with the thing, and the thing stands with another one."""
    if not wanted:
        return False
    with_it = [clause for clause, figures in clauses if any(each.value == claim.value for each in figures)]
    of_it = [(clause, figures) for clause, figures in clauses if shares(clause, wanted)]
    return (
        bool(with_it)
        and all(_names_a_thing(clause) for clause in with_it)
        and not any(shares(clause, wanted) for clause in with_it)
        and not any(
            shares(each, wanted)
            for each in letter.body.sentences
            if any(PRONOUN.search(one) and one in each for one in with_it)
        )
        and bool(of_it)
    )


def _names_a_thing(clause: str) -> bool:
    return bool(stems(clause))


def _is_of_a_part(
    letter: Letter, line: Line, claim: Figure, wanted: Set[str], clauses: list[tuple[str, list[Figure]]]
) -> bool:
    """“All”, and another of the same kind at a worse figure."""
    if not (EVERYTHING.search(line.text) or WHOLE.search(line.text)) or not wanted:
        return False
    if claim.kind == "%" and any(
        each.value < claim.value and not BESIDES.search(clause) and _opens_with(letter, clause)
        for clause, figures in clauses
        for each in figures
        if is_off(clause, each.start, each.end) and not any(other.value == claim.value for other in figures)
    ):
        return True
    if claim.kind == "$" and _others_are_dearer(letter, claim):
        return True
    if not any(
        each.value == claim.value and shares(clause, wanted)
        for clause, figures in clauses
        for each in figures
    ):
        return False
    return any(
        (each.value > claim.value if claim.kind == "$" else each.value < claim.value)
        and (shares(clause, wanted) or REST.search(clause))
        and not any(other.value == claim.value for other in figures)
        for clause, figures in clauses
        for each in figures
    )


def _others_are_dearer(letter: Letter, claim: Figure) -> bool:
    """“Every pattern $5” where some are listed at $5, and the next sentence has others from $9."""
    return any(
        LISTS.search(one)
        and not WHOLE.search(one)
        and any(figure.value == claim.value for figure in _figures(one))
        and any(figure.kind == "$" and figure.value > claim.value for figure in _figures(after))
        and REST_ARE.search(after) is not None
        for one, after in pairwise(letter.body.sentences)
    )


def _opens_with(letter: Letter, clause: str) -> bool:
    """Whether it stands where a message says what it offers."""
    return any(clause in each for each in letter.body.lead[:OPENING])


def _without(text: str, figure: Figure) -> str:
    return text[: figure.start] + " " + text[figure.end :]


def _shown(line: Line, figure: Figure) -> str:
    return line.text[figure.start : figure.end]
