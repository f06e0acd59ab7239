"""An end that the subject names is the end that the body and the recorded offer name.

15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b) as read in Brown v. Old Navy (offer lasts longer than stated);
FTC Act section 5 (DUTIES D26–D28, T1).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.claims import Deadline
from mailer.compliance.subjects.deadlines import AGAIN, NEVER, counts_in, deadlines_in, ends_in, sentences_on
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.relevance import relevant_offers
from mailer.compliance.subjects.support import is_denied, may_take_back
from mailer.compliance.subjects.times import days_in

DATED = re.compile(
    r"\d|(?<!to)day\b|weekend"
)  # “Friday”, “December 1”: a day that can be told without the word “ends”
SOON_AT_MOST = timedelta(days=25)  # what ends later than that is not ending soon in anybody's reading
A_WHILE = timedelta(days=14)  # what begins again after that does not go on
LOYALTY = re.compile(r"\b(?:points|miles|rewards?|credits?|stamps)\b")  # they “expire soon” for weeks
CLOCK = re.compile(
    r"\d ?[ap]\.?m\b ?(?:-|to|until) ?\d|(?:until|till|ends at|by) \d{1,2}(?::\d\d)? ?[ap]\.?m"
)
HOUR = re.compile(r"\bnoon\b|\d{1,2}(?::\d\d)? ?[ap](?=\.?m)")
GIFT_CARD = re.compile(
    r"\bgift ?cards?\b.{0,20}\b(?:never|no|don't|do not)\b.{0,16}\bexpir"
)  # by the law of most states
# “Members visit free all year” belies no end of anything else.
ALWAYS_OPEN = re.compile(
    r"\b(?:visit|admission|enter|access|museum|shop is|store is)\b.{0,24}\b(?:all year|year[ -]round|every day)"
)
# “Apply by April 15” over a text that sells nothing hurries nobody to buy.
ASKS_TO_APPLY = re.compile(r"^(?:apply|register|rsvp|vote|nominate|submit|enter|enroll?)\b")
WEEKDAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day")
RULE = "subject_deadline"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b)"
REVIEWED = Reviewed("2026-11-30", version=5, duties="D26 D27 D28")


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        for claim in deadlines_in(line, letter.today):
            verdict = _against_offers(letter, line, claim) or _against_body(letter, line, claim)
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, claim.start, claim.end)
                break


def _against_offers(letter: Letter, line: Line, claim: Deadline) -> tuple[Severity, str] | None:
    if letter.offers is None:
        return None
    offers = relevant_offers(letter, line)
    if not offers:
        return None
    ends = [offer.last_day for offer in offers]
    if any(end and _fits(claim, end, end) for end in ends):
        return None
    if all(end is None for end in ends):
        return Severity.BLOCK, f"“{claim.words}” names an end, but the recorded offer has none. Take it away."
    days = ", ".join(f"{end:%-d %B %Y}" for end in sorted({end for end in ends if end}))
    return (
        Severity.BLOCK,
        f"“{claim.words}” is not the end of the recorded offer, which is {days}. Name that day.",
    )


def _against_body(letter: Letter, line: Line, claim: Deadline) -> tuple[Severity, str] | None:
    told = sentences_on(letter.body, line)
    own = [each for each in told if not GIFT_CARD.search(each) and not ALWAYS_OPEN.search(each)]
    text = " ".join(own)
    if claim.last < letter.today:
        return Severity.BLOCK, f"“{claim.words}” has passed already. Name a day that is still to come."
    if any(_goes_on(each, claim, letter.today) for each in _what_may_go_on(letter, line, claim, own)):
        return (
            Severity.BLOCK,
            f"The body says that it goes on, but the subject says “{claim.words}”. Tell one end in both.",
        )
    ends = ends_in(told, letter.today)
    if any(_fits(claim, named.first, named.last) for named in ends):
        return None
    if counts_in(claim.words) & counts_in(text):
        return None
    if DATED.search(claim.words) and any(
        _fits(claim, each.first, each.last) for each in days_in(letter.body.text, letter.today)
    ):
        return None
    if not ends and HOUR.search(claim.words) and set(HOUR.findall(claim.words)) & set(HOUR.findall(text)):
        return None
    if "hour" in claim.words and CLOCK.search(text) and claim.first == letter.today:
        return None
    if any(_fits(claim, each.first, each.last) for each in ends_in(letter.body.sentences, letter.today)):
        return None
    if ends:
        return _contradicted(letter, claim, max(named.last for named in ends))
    if any(offer.last_day for offer in relevant_offers(letter, line)):
        return None  # the recorded end bears it out
    return _unsupported(letter, claim)


def _what_may_go_on(letter: Letter, line: Line, claim: Deadline, told: Sequence[str]) -> Sequence[str]:
    """Where the body names the same end: only the sentences that can take that end back."""
    bearing = [each for each in told if _names_the_end(each, claim, letter.today)]
    if not bearing or not claim.hard:
        return told
    about = line.text[: claim.start] + line.text[claim.end :]
    own = frozenset(told)
    return [each for each in may_take_back(letter.body, bearing, about) if each in own]


def _names_the_end(sentence: str, claim: Deadline, today: date) -> bool:
    return any(_fits(claim, each.first, each.last) for each in ends_in([sentence], today) if each.exact)


def _goes_on(sentence: str, claim: Deadline, today: date) -> bool:
    """“Today and tomorrow” belies tonight, and is what “48 hours” mean; a next course in spring is another one."""
    if any(not is_denied(sentence, found.start()) for found in NEVER.finditer(sentence)):
        return True
    again = next((each for each in AGAIN.finditer(sentence) if not is_denied(sentence, each.start())), None)
    if again is None or (again[0].startswith("today") and claim.last > today):
        return False
    return not any(each.exact and each.first - claim.last > A_WHILE for each in days_in(sentence, today))


def _contradicted(letter: Letter, claim: Deadline, end: date) -> tuple[Severity, str] | None:
    words = f"“{claim.words}” does not fit the body, which names {end:%-d %B}. Name the same day in both."
    if claim.hard:
        return Severity.BLOCK, words
    if end <= claim.last or LOYALTY.search(letter.announced):
        return None
    return Severity.HOLD if end - letter.today > SOON_AT_MOST else Severity.WARN, words


def _unsupported(letter: Letter, claim: Deadline) -> tuple[Severity, str]:
    invites = ASKS_TO_APPLY.search(letter.subject.text) is not None and not letter.body.pitches
    severity = Severity.HOLD if claim.hard and letter.body.speaks and not invites else Severity.WARN
    return (
        severity,
        f"The body says nothing of “{claim.words}”. Name the day and hour of the end there.",
    )


def _fits(claim: Deadline, first: date, last: date) -> bool:
    """“Tonight” may end in the small hours of the next day; a hint fits whatever ends before it is stale."""
    if WEEKDAY.fullmatch(claim.words) and last - claim.last == timedelta(days=7):
        return True  # on a Wednesday, “Wednesday” may be that of next week
    if not claim.hard:
        return first <= claim.last and last >= claim.first
    return claim.first <= last <= claim.last
