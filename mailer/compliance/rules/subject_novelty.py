"""New is new, back is back, and “extended” means longer than was said.

15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b) as read in Brown v. Old Navy: old offers called new, offers falsely
said to be extended (DUTIES D27, T2).
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects import novelty
from mailer.compliance.subjects.claims import Claim
from mailer.compliance.subjects.deadlines import NEVER
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.relevance import relevant_offers
from mailer.compliance.subjects.words import shares, stems

RULE = "subject_novelty"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b)"
REVIEWED = Reviewed("2026-11-30", version=6, duties="D27")
COMPANY_AGE = re.compile(
    r"\b(?:at this (?:corner|spot|stand|address)|founded|established|family|business|company since|in business|"
    r"our shop)\b"
)
SHORT = 5  # sentences; so short a body is about one thing
NEVER_AWAY = re.compile(
    r"\b(?:as it has since|(?:each|every) (?:month|week|year)\b.{0,30}\bsince|never left|all year|"
    r"always been)\b"
)
NEVER_YET = re.compile(
    r"\bnothing (?:but|is|was)\b|\b(?:never|not once) (?:been|had|seen|run|sold|offered|gone)\b"
)
# “With the old price next to the new one.”
CONTRASTED = re.compile(r"\bold\b.{0,50}\bnew\b|\bnew\b.{0,50}\bold\b|\bat (?:the|our) old\b")
# “Those who were there last April know the routine.”
BEFORE = re.compile(
    r"\b(?:last|previous|earlier|in (?:january|february|march|april|may|june|july|august|september|october|"
    r"november))\b"
)
ALSO = re.compile(r"\b(?:as well|too|again|routine|the same|once more|also|like (?:last|every))\b")
POINTS = re.compile(
    r"\b(?:it|they|this (?:one|is|was|sale|price|offer|range|line)|these|sale|price|offer|same|nothing|first)\b"
)
# “Since Monday we fill a liter”: where the body bears the news out, only what speaks of the same belies it.
FRESH = re.compile(
    r"\b(?:since (?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|this)|as of (?:today|this)|from this|"
    r"for the first time|newly|you asked for)\b"
)
FEW_DAYS = timedelta(days=7)
Verdict = tuple[Severity, str] | None


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        found = next(_judged(letter, line), None)
        if found:
            claim, verdict = found
            yield letter.finding(RULE, *verdict, SOURCE, line, claim.start, claim.end)


def _judged(letter: Letter, line: Line) -> Iterator[tuple[Claim, tuple[Severity, str]]]:
    for pattern, judge in (
        (novelty.STARTS_NOW, _starts), (novelty.EXTENDED, _extended), (novelty.BACK, _back), (novelty.NEW, _new),
    ):  # fmt: skip
        for claim in novelty.found_in(line, pattern):
            verdict = judge(letter, line, claim)
            if verdict:
                yield claim, verdict


def _starts(letter: Letter, line: Line, claim: Claim) -> Verdict:
    today = letter.today
    starts = [offer.first_day for offer in relevant_offers(letter, line) if offer.first_day]
    if starts and not any(
        abs((today - start).days) <= (0 if "today" in claim.words else 7) for start in starts
    ):
        return (
            Severity.BLOCK,
            f"The recorded offer began on {starts[0]:%-d %B}, not “{claim.words}”. Say since when.",
        )
    told = [named for named in novelty.starts_in(letter.body, today) if named.exact]
    if "today" in claim.words or "now" in claim.words.split() or "tonight" in claim.words:
        if any(named.first <= today <= named.last for named in told):
            return None
        later = [named for named in told if named.first > today]
        past = [
            named
            for named in told
            if timedelta(days=120) > today - named.first > timedelta(days=0 if "start" in claim.words else 14)
        ]
        if past or (later and "now" in claim.words.split()) or ("today" in claim.words and later):
            return (
                Severity.BLOCK,
                f"The body names another day than “{claim.words}”. Name the same day in both.",
            )
    return _new(letter, line, claim)


def _new(letter: Letter, line: Line, claim: Claim) -> Verdict:
    if novelty.YEARLY.search(line.text):
        return None
    offers = [] if letter.offers is None else relevant_offers(letter, line)
    just = re.search(r"just|new\b", claim.words)
    if (
        offers
        and just
        and (not novelty.OF_A_THING.search(line.text) or "sale" in line.text)
        and all(_is_old(letter, offer.first_day) for offer in offers)
    ):
        return (
            Severity.BLOCK,
            f"The recorded offer is not “{claim.words}”: it began long before. Say since when.",
        )
    matter = stems(line.text) - stems(letter.sender_name)
    fresh = any(FRESH.search(each) and shares(each, matter) for each in letter.body.sentences)
    pattern = novelty.OLD
    old = next(
        (
            each
            for each in letter.body.with_words(pattern)
            if _is_about(each, line, claim)
            and (not fresh or shares(each, matter))
            and not NEVER_YET.search(each)
            and not CONTRASTED.search(each)
        ),
        None,
    )
    if old is None and not any(novelty.HEADS.search(each) for each in letter.body.sentences):
        aged = letter.body.with_words(novelty.AGED)
        old = next(
            (each for each in aged if _is_of_age(letter, line, each) and (not fresh or shares(each, matter))),
            None,
        )
    if old is None and not novelty.TO_COME.search(line.text) and "first look" not in claim.words:
        wanted = stems(line.text[claim.end :]) - stems(letter.sender_name)
        about = [each for each in letter.body.sentences if shares(each, wanted)]
        old = about[0] if about and all(novelty.TO_COME.search(each) for each in about) else None
    if old is None and novelty.FIRST.search(claim.words) and "ever" in line.text:
        old = next(
            (each for each in letter.body.sentences if BEFORE.search(each) and ALSO.search(each)), None
        )
    if old:
        return (
            Severity.BLOCK,
            f"The body shows that it is not “{claim.words}”: “{old[:100]}”. Take the word away.",
        )
    return None


def _is_of_age(letter: Letter, line: Line, sentence: str) -> bool:
    """Whether a sentence tells of what the subject calls new as of something old."""
    if novelty.YOUNG.search(sentence) or COMPANY_AGE.search(sentence):
        return False
    wanted = stems(line.text) - stems(letter.sender_name)
    every = letter.body.sentences
    before = every[every.index(sentence) - 1] if every.index(sentence) else ""
    return shares(sentence, wanted) or shares(before, wanted) or len(every) < SHORT


def _is_old(letter: Letter, first: date | None) -> bool:
    return first is not None and letter.today - first > FEW_DAYS


def _is_about(sentence: str, line: Line, claim: Claim) -> bool:
    """Whether a sentence about something old is about what the subject calls new."""
    if re.search(
        r"\b(?:founded|established|family|business|company since|we've been|we have been|"
        r"has been baking|our shop)\b",
        sentence,
    ):
        return False
    if novelty.YEARLY.search(sentence) and not novelty.FIRST.search(claim.words):
        return False
    nouns = {word[:5] for word in re.findall(r"[a-z]{4,}", line.text[claim.end :] + " " + line.text[: claim.start])} - {
        "today", "with", "just", "from", "your", "here", "this", "that", "time"}  # fmt: skip
    return not nouns or any(noun in sentence for noun in nouns) or POINTS.search(sentence) is not None


def _back(letter: Letter, line: Line, claim: Claim) -> Verdict:
    aged = next((each for each in letter.body.with_words(NEVER_AWAY) if _is_of_age(letter, line, each)), None)
    if aged:
        return Severity.BLOCK, f"The body says that it was never away: “{aged[:100]}”. Say what is true."
    if letter.body.has(novelty.NOT_BACK) and not re.search(r"pre-?order|wait", line.text):
        told = letter.body.with_words(novelty.NOT_BACK)
        if any(
            not re.search(r"back|again|returned|now|restock", each)
            or re.search(r"never|not |always|still|pre-?order|waiting list: join", each)
            for each in told
        ):
            return (
                Severity.BLOCK,
                f"The body says that it is not “{claim.words}”: “{told[0][:100]}”. Say what is true.",
            )
    return None


def _extended(letter: Letter, line: Line, claim: Claim) -> Verdict:
    offers = [offer for offer in letter.offers or () if offer in relevant_offers(letter, line)]
    if offers and all(offer.is_over(letter.now) for offer in offers):
        return Severity.BLOCK, f"The recorded offer is over, so nothing is “{claim.words}”. Take it away."
    if letter.body.has(novelty.NOT_EXTENDED) or letter.body.has(NEVER):
        return (
            Severity.BLOCK,
            f"The body does not bear out “{claim.words}”: it always ended so. Take it away.",
        )
    if letter.body.has(novelty.WAS_EXTENDED) or "back by" in line.text:
        return None
    severity = Severity.HOLD if letter.body.speaks else Severity.WARN
    return severity, f"The body does not say what was “{claim.words}”. Name the old end and the new one."
