"""What the subject says the message is about, it is about.

15 U.S.C. 7704(a)(2): “a material fact regarding the contents or subject matter of the message” (DUTIES D33, T11).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.topics import TOPICS, is_shown

# “You’re invited: VIP sale” says what it is; the invitation is the offer.
OFFERED = re.compile(r"\bsale\b|\d ?%|\bvip\b|\bearly access|\bdeals?\b|\boffers?\b|\bmarkdowns?\b")
RULE = "subject_topic"
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=3, duties="D33")


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    if OFFERED.search(line.text):
        promised = [
            (topic, found) for topic in TOPICS if topic.alarm and (found := topic.named.search(line.text))
        ]
    else:
        promised = [(topic, found) for topic in TOPICS if (found := topic.named.search(line.text))]
    if not letter.body.speaks or any(is_shown(topic, letter.body) for topic, _ in promised):
        return
    for topic, found in promised:
        if not (letter.body.sells or _opens_with_a_pitch(letter)) and not topic.alarm:
            continue
        severity = Severity.BLOCK if topic.alarm else Severity.HOLD
        words = f"The subject promises {topic.name}, and the body has none. Say what the message is about."
        yield letter.finding(RULE, severity, words, SOURCE, line, *found.span())
        return


def _opens_with_a_pitch(letter: Letter) -> bool:
    return bool(letter.body.sentences) and letter.body.sentences[0] in letter.body.sold
