"""What a draw will decide is not promised to each reader.

15 U.S.C. 7704(a)(2); 16 CFR 310.3(a)(2)(v) on prize promotions; FTC v. Publishers Clearing House (2023): a chance is
not a prize, and a disclaimer in the body does not cure the subject (DUTIES D31, T7). The rule sees what is said: the
subject gives, and the body says that lots are drawn for it. So nothing outweighs it (`weighing.KNOWING`).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter

RULE = "subject_lot"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 15 U.S.C. 45"
REVIEWED = Reviewed("2026-12-01", version=1, duties="D31")
_THING = r"(?:[$€£]\d[\d,]*|gift ?cards?|vouchers?|rewards?|free \w+)"
GIVEN = re.compile(
    r"\byou(?:'ve| have| just|'re| are)? (?:just |already |officially |both )?(?:won\b|earned\b|"
    r"(?:a|the|our) (?:lucky )?winner\b|get (?:an? )?[$€£]\d)|"
    r"\b(?:claim|collect|redeem) your (?:\w+ )?(?:prize|reward|winnings|gift ?card|voucher)|"
    rf"\b(?:answer|complete|finish|take|tell|fill)\b.{{0,60}}\b(?:and|get|for|,) (?:an? |your )*{_THING}|"
    rf"{_THING}.{{0,24}}\b(?:for|survey|answers?|opinion|feedback|review|questions)\b"
)
BY_CHANCE = re.compile(r"\b(?:chance|draw|raffle|could|may|might|maybe|win|enter|one of)\b")
DRAWN = re.compile(
    r"\b(?:one|each|every|an?|free|extra)(?: \w+)? entr(?:y|ies) (?:in|into|to|for) (?:the|our|an?|this)\b|"
    r"\b(?:enters?|entered|puts?|adds?|goes?|go) (?:you |your name |it )?(?:in|into|for|to) (?:the|our|an?|this) "
    r"(?:\w+ ){0,2}(?:draw|drawing|raffle|sweepstakes?|lottery|hat)\b|"
    r"\b(?:you(?:'re| are|'ll be)|your (?:name|number) (?:is|will be)|\w+ goes?) in (?:the|our|a) "
    r"(?:hat|running|draw)\b|"
    r"\b(?:draw|drawing) (?:will be|takes place)\b|"
    r"\b(?:winners?|names?) (?:will be )?(?:told|notified|drawn|picked|chosen) (?:by|at random|on)\b"
)
NOT_SO = re.compile(r"\b(?:no|not|n't|also|as well|another|separate|next|too|optional(?:ly)?|maybe)\b")
# “Yours was drawn on Tuesday”: the lot has fallen.
FALLEN = re.compile(
    r"\b(?:yours?|you|your (?:\S+ ){1,8}?)(?:'s| was| were|'re| are)? (?:\w+ ){0,4}?(?:was|were|been|one of|drawn|came|"
    r"picked|won)\b.{0,40}\b(?:drawn|picked|pulled|out|winners?|chosen|first|won|draw|names)\b|"
    r"\b(?:you|your \w+)(?:'ve)? won\b|\bwas yours\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    if letter.speaks_about:
        return
    for line in letter.lines:
        given = GIVEN.search(line.text)
        if not given or BY_CHANCE.search(line.text) or letter.body.has(FALLEN):
            continue
        drawn = letter.body.says(DRAWN, unless=NOT_SO)
        if drawn:
            words = f"“{given[0]}” promises what the body leaves to chance: “{drawn}”. Say that it is a draw."
            yield letter.finding(RULE, Severity.BLOCK, words, SOURCE, line, *given.span())
