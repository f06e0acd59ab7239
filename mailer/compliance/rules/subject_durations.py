"""How long a thing takes or lasts is the same in subject and body.

15 U.S.C. 7704(a)(2); Mail, Internet, or Telephone Order Merchandise Rule, 16 CFR 435.2 on times of shipment
(DUTIES D33, T11). Ends of offers are the deadline rule's.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects import feasts
from mailer.compliance.subjects.deadlines import deadlines_in
from mailer.compliance.subjects.durations import Duration, durations_in
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.times import days_in
from mailer.compliance.subjects.words import shares, stems

RULE = "subject_durations"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 16 CFR 435"
REVIEWED = Reviewed("2026-11-30", version=6, duties="D33")
# What lasts on its own, beside the thing the subject speaks of.
OTHER = re.compile(
    r"\b(?:returns?|refunds?|founded|years of|ago|since|old|reply|answer|notice|shipping takes|cancel|"
    r"used to|instead of|"
    r"rather than|down from|before that)\b"
)
# What is said in many words: how soon something comes, how long money is given back, how long something is free.
FAMILIES = (
    re.compile(
        r"\b(?:deliver\w*|ships?\b|shipp\w+|arriv\w+|get (?:it|them|yours)|reach(?:es)? you|at your door|"
        r"(?:leaves?|leaving) our|(?:business|working) days)"
    ),
    re.compile(r"\b(?:money[ -]back|refund\w*|guarantee\w*|send (?:it|them) back|not (?:happy|satisfied))\b"),
    re.compile(r"\b(?:access|download\w*|send you|the link|approv\w+)\b"),
    re.compile(r"\b(?:trial|try (?:it|us)|free for)\b"),
)
PROMISED = re.compile(
    r"\b(?:delivered|delivery|arrives?|there|here|get (?:it|them|yours)|at your door|"
    r"in your hands)\b.{0,12}?\b(?:by|before|"
    r"on|this|tomorrow|today|tonight)\b"
)
ARRIVES = re.compile(
    r"\b(?:arriv\w+|deliver\w*|at your door|reach(?:es)? you|gets? (?:there|to you)|ships?\b|"
    r"leaves? (?:our|us))"
)
# When it leaves is one time, and when it arrives another.
SHIPPED = re.compile(r"\b(?:ships?|shipped|shipping|leaves?|dispatch\w*|goes out|on its way)\b")
LEAVES = re.compile(
    r"\b(?:ships?|leaves?|dispatch\w*|goes out|go out|on (?:its|the|their) way|hand(?:ed)? to|picked up)\b"
)
EVERY = re.compile(r"\b(?:every|all|each|any) ([a-z]{4,})")
WAITS = re.compile(
    r"\b(?:after|takes?|within|wait\w*|up to|at present|currently|answered|taken up|arrives?|reach\w*)\b"
)
MUCH_LONGER = 2
FEAST = re.compile(
    r"\b(?:by|before|for|in time for) (?:the )?(?P<feast>"
    + "|".join(sorted(feasts.NAMES, key=len, reverse=True))
    + r")\b(?!')"
)
CARRIED = re.compile(
    r"\b(?:order\w*|deliver\w*|there|arriv\w+|in time|still time|under the tree|wrapped|ships?|get (?:it|them))\b"
)
ON_THE_WAY = re.compile(
    r"\b(?:arriv\w+|deliver\w*|(?:will be|are|is) (?:there|with you|here)|goes? out|on the road|reach\w* you|"
    r"in your hands|"
    r"(?:carrier|courier|van|truck|post|parcel service)\b.{0,30}\b(?:comes?|takes?|asks?|needs?)|ships?|leaves?)\b"
)
BESIDE = re.compile(r"\b(?:gift ?cards?|e-?cards?|vouchers?|pick-?up|card with)\b")
WORKING = re.compile(r"\b(?:working|business) days\b")
TOO_FAR = 500  # minutes of sleep and the weeks of a study are two matters
DIFFERENCE = re.compile(r" (?:longer|more|less|earlier|later|sooner|faster|slower)\b")
ALIKE = 1.3  # “about an hour” is 60 minutes, and 45 are not 25


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    if (
        deadlines_in(line, letter.today)
        and not PROMISED.search(line.text)
        and not FEAST.search(letter.full_subject.text)
    ):
        return
    yield from _later(letter, line)
    yield from _too_late(letter, letter.full_subject)
    for claim in durations_in(line.text):
        if line.text[claim.end :].startswith(" free"):
            continue  # “2 months free” may be told as ten for twelve
        if SHIPPED.search(line.text) and _leaves_in_time(letter, claim):
            continue
        other = _contrary(letter, line.text, claim)
        if other:
            words = f"The subject says “{claim.words}”, the body “{other.words}”. Name the same time in both."
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, claim.start, claim.end)
            return


def _later(letter: Letter, line: Line) -> Iterator[Finding]:
    """“Delivered by Friday” where all that the body says of arriving is of later days."""
    found = PROMISED.search(line.text)
    claims = days_in(line.text[found.start() :], letter.today) if found else []
    if not found or not claims:
        return
    arriving = [each for each in letter.body.sentences if ARRIVES.search(each)]
    if any(duration.at_most for each in arriving for duration in durations_in(each)):
        return  # “we ship overnight”
    told = [named for each in arriving for named in days_in(each, letter.today)]
    if told and all(each.first > claims[0].last for each in told):
        words = f"In the body, nothing arrives by the day of “{found[0]}”. Name the same day in both."
        yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())


def _of_the_others(letter: Letter, text: str, claim: Duration) -> Duration | None:
    """“Every claim within 24 hours” where claims of another kind take nine days."""
    noun = EVERY.search(text)
    return next(
        (
            each
            for sentence in letter.body.sentences
            if noun and noun[1].rstrip("s") in sentence and not OTHER.search(sentence)
            for each in durations_in(sentence)
            if each.minutes > claim.minutes * MUCH_LONGER and WAITS.search(sentence)
        ),
        None,
    )


def _leaves_in_time(letter: Letter, claim: Duration) -> bool:
    return any(
        _is_alike(claim, duration)
        for each in letter.body.sentences
        if LEAVES.search(each)
        for duration in durations_in(each)
    )


def _too_late(letter: Letter, line: Line) -> Iterator[Finding]:
    """“Order by Sunday for Christmas” where what is ordered then takes ten working days."""
    found = FEAST.search(line.text)
    feast = feasts.coming(found["feast"], letter.today) if found else None
    if not found or not feast or not CARRIED.search(line.text):
        return
    ordered = min(
        (each.last for each in days_in(line.text[: found.start()], letter.today)), default=letter.today
    )
    arriving = [each for each in letter.body.sentences if ON_THE_WAY.search(each) and not BESIDE.search(each)]
    told = [
        each.last for sentence in arriving for each in days_in(sentence, letter.today) if each.last > ordered
    ]
    told += [ordered + _days(each, sentence) for sentence in arriving for each in durations_in(sentence)]
    if told and all(each > feast for each in told):
        words = f"In the body, nothing arrives by the day of “{found[0]}”. Name the same day in both."
        yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())


def _days(told: Duration, sentence: str) -> timedelta:
    """Working days leave the weekends out."""
    days = told.minutes / 1440
    return timedelta(days=days * 7 / 5 if WORKING.search(sentence) else days)


def _contrary(letter: Letter, text: str, claim: Duration) -> Duration | None:
    told = [each for sentence in letter.body.sentences for each in durations_in(sentence)]
    if any(_is_alike(claim, each) for each in told) and not EVERY.search(text):
        return None
    if any(_is_alike(claim, each) for each in told):
        return _of_the_others(letter, text, claim)
    wanted = stems(text[: claim.start] + text[claim.end :])
    families = [family for family in FAMILIES if family.search(text)]
    near = [
        each
        for index, sentence in enumerate(letter.body.sentences)
        if any(family.search(sentence) for family in families)
        or (
            not OTHER.search(sentence)
            and (shares(sentence, wanted) or (index < 2 and len(letter.body.sentences) < 12))
        )
        for each in durations_in(sentence)
    ]
    near = [
        each
        for each in near
        if claim.minutes < each.minutes * TOO_FAR and each.minutes < claim.minutes * TOO_FAR
    ]
    return near[0] if near and not DIFFERENCE.match(text[claim.end :]) else None


def _is_alike(claim: Duration, told: Duration) -> bool:
    if told.at_most:
        return claim.minutes <= told.minutes
    if claim.at_most:
        return told.minutes <= claim.minutes * ALIKE
    return claim.minutes <= told.minutes * ALIKE and told.minutes <= claim.minutes * ALIKE
