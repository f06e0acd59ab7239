"""What is offered to everyone, everywhere, is offered to everyone, everywhere.

15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b) (DUTIES D26, T9): “for all customers” where gold members get it, “in
store and online” where the site is left out, “in all 14 branches” where it is two.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter

RULE = "subject_audience"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b)"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D26")


@dataclass(frozen=True, slots=True)
class Reach:
    """What a subject opens, how a body closes it, and the words with which it leaves it open after all."""

    open: re.Pattern[str]
    closed: re.Pattern[str]
    still_open: re.Pattern[str]


PEOPLE = (
    r"(?:(?:gold|silver|platinum|vip|premium|club|plus|prime|loyalty|rewards?|paying|card|new|existing|"
    r"first-time) )?"
    r"(?:members|subscribers|cardholders|account holders|cardmembers|insiders|new customers|"
    r"first-time (?:customers|buyers)|"
    r"students|teachers|seniors)"
)
EVERYBODY = (
    r"(?:for|to) (?:all(?! (?:\w+ )?(?:members|subscribers|new|first|cardholders|students|teachers))|everyone|"
    r"everybody|every (?:customer|reader|guest|visitor))|all customers|everyone (?:gets|saves|earns)|"
    r"everybody (?:gets|saves|earns)|no membership"
)
REACHES = (
    Reach(
        re.compile(rf"\b(?:{EVERYBODY})\b"),
        re.compile(
            rf"(?:^|, |only )(?:this \w+,? |today,? )?{PEOPLE} (?:only |alone )?(?:get|earn|save|receive|take|"
            rf"pay|can|may|enjoy)\b|"
            rf"\b(?:only|exclusive(?:ly)?|just) (?:for|to) {PEOPLE}|\b{PEOPLE}[ -](?:only|exclusive)\b|"
            rf"\bfor {PEOPLE}\b(?! and)"
        ),
        re.compile(
            rf"\b(?:{EVERYBODY}|everyone else|everybody else|(?:whether|member) or not|not a member|non-?members)\b"
        ),
    ),
    Reach(
        re.compile(
            r"\b(?:(?:in[ -]stores?|in (?:the|our) shops?) (?:and|&|or|\+) online|online (?:and|&|or|"
            r"\+) in[ -](?:stores?|shops?)|anywhere|wherever you shop)\b"
        ),
        re.compile(
            r"\b(?:online|in[ -]stores?) only\b|\bonly (?:online|in[ -](?:stores?|our (?:shops?|stores?)))|"
            r"(?:not|n't|never) (?:\w+ ){0,2}"
            r"(?:online|in (?:our )?(?:stores?|shops?|branches))\b|\bexcept online|\bwebsite (?:is )?excluded"
        ),
        re.compile(r"(?!)"),
    ),
    Reach(
        re.compile(
            r"\b(?:(?:in|at) (?:all|every|each)(?: (?:of )?our)?(?: \d+| \w+)? (?:branch|shop|store|location|"
            r"restaurant|cafe|studio)\w*|nationwide)\b"
        ),
        re.compile(
            r"\b(?:branch|shop|store|location|restaurant|cafe|studio)(?:es|s)? only\b|\b(?:only|just) (?:in|"
            r"at) (?:our )?\w+|"
            r"\b(?:participating|selected|select|some|most|certain) (?:branches|shops|stores|locations|"
            r"restaurants|cafes|studios)|"
            r"\b(?:not|n't) (?:\w+ ){0,2}(?:in|at) (?:all|every|our \w+)"
        ),
        re.compile(r"(?!)"),
    ),
)


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        for reach in REACHES:
            found = reach.open.search(line.text)
            if not found or reach.closed.search(letter.announced.replace(found[0], " ")):
                continue
            closed = letter.body.with_words(reach.closed)
            if closed and not letter.body.with_words(reach.still_open):
                words = (
                    f"The subject says “{found[0]}”, and the body “{closed[0][:100]}”. Name in the subject "
                    f"whom and where it holds for."
                )
                yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())
