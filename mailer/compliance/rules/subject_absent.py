"""Who or what the subject announces is there.

15 U.S.C. 7704(a)(2): “a material fact regarding the contents or subject matter of the message” (DUTIES D33, T11).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.deadlines import deadlines_in
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.scarcity import scarcity_in
from mailer.compliance.subjects.words import shares, stems

RULE = "subject_absent"
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=3, duties="D33")
ABSENT = re.compile(
    r"\bwe (?:don't|do not|no longer) (?:carry|sell|stock|have|make) (?!to\b|any\b)|"
    r"(?<!you )\b(?:(?:cannot|can't|could not|couldn't|will not|won't|unable to|"
    r"not able to) (?:be (?:with us|here|there)|come|attend|make it|appear|"
    r"perform|join (?:us|in)|play|take part|take place)|has (?:fallen|been taken) ill|(?:is|are|was|"
    r"were) (?:ill|unwell|cancell?ed|called off|postponed)|"
    r"(?:we|i) (?:hope|plan|want|would like|wish) to (?:be|have|get|ship|open|sell|offer|bring)|"
    r"(?:is|are) (?:not yet|yet to be|still to be|only) (?:built|made|printed|planned|drawn|an idea|a plan)|"
    r"(?:have|has) begun to (?:draw|plan|think|design))\b|(?<!for )(?<!in )\bone day[.!]?$"
)
FEW = 12  # sentences; so short a body is about one thing
TOLD = re.compile(
    r"\b(?:cancel\w*|postpon\w*|called off|ill|sorry|instead|hop(?:e|ing)|plan\w*|soon|without|changes?|if)\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    if TOLD.search(letter.announced):
        return
    wanted, every = stems(letter.full_subject.text), letter.body.sentences
    for index, sentence in enumerate(every):
        about = (
            (index < 3 and len(every) < FEW)
            or shares(sentence, wanted)
            or (index > 0 and shares(every[index - 1], wanted))
        )
        if about and ABSENT.search(sentence):
            if scarcity_in(line) or deadlines_in(line, letter.today):
                return  # “last call for signed copies”: that nobody comes back to sign more bears it out
            words = (
                f"The body says “{sentence[:100]}”, and the subject announces it. Say what the reader will "
                f"find."
            )
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, 0, len(line.text))
            return
