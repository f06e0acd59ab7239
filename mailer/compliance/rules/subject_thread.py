"""No mark of a reply, a forwarded message or unread mail is typed into what is neither.

15 U.S.C. 7704(a)(2); Google's sender guidelines on replies and forwards (DUTIES D29, T4).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.normalise import normalise
from mailer.compliance.subjects.relations import COUNTER, tells_of_contact
from mailer.rendering.reply_marks import looks_like_a_reply

BRACKETED = re.compile(r"^\W*(?:no subject|none|untitled)?\W+(?:re|fwd?|aw|wg|tr|rv|sv) ?:")
# “On May 6 Sam wrote:”, and lines that begin with “>”.
QUOTED = re.compile(
    r"\b(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef) ?:\s{0,9}(?:\n|>)|^ {0,3}> ?\S",
    re.MULTILINE,
)
RULE = "subject_thread"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); Google sender guidelines"
REVIEWED = Reviewed("2026-12-01", version=6, duties="D29")


def check(letter: Letter) -> Iterator[Finding]:
    for raw, where in (
        (letter.raw_subject, "subject"),
        (letter.preheader, "preheader"),
        (letter.from_name, "from_name"),
    ):
        line = normalise(raw, where)
        if looks_like_a_reply(line.raw) or BRACKETED.search(line.text):
            if where == "subject" and _answers(letter):
                continue
            words = (
                f"The {where} starts like a reply or a forwarded message, and this is neither. Take it away."
            )
            yield letter.finding(
                RULE, Severity.BLOCK, words, SOURCE, line, 0, max(1, line.text.find(":") + 1)
            )
        elif found := COUNTER.search(line.text):
            words = f"“{found[0]}” looks like a counter of unread mail. Take it away."
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())


def _answers(letter: Letter) -> bool:
    """Whether the body shows what it answers or passes on; whether that is believed, `subject_weighed` asks."""
    return QUOTED.search(letter.body.cased) is not None or tells_of_contact(letter.body)
