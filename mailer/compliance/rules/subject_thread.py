"""Nothing pretends to go on with a conversation that there was not.

15 U.S.C. 7704(a)(2); Google's sender guidelines on replies and forwards (DUTIES D29, T4).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.normalise import normalise
from mailer.compliance.subjects.notices import DONE
from mailer.compliance.subjects.relations import COUNTER, HAPPENED, NEVER_HAPPENED, THREAD
from mailer.rendering.reply_marks import looks_like_a_reply

BRACKETED = re.compile(r"^\W*(?:no subject|none|untitled)?\W+(?:re|fwd?|aw|wg|tr|rv|sv) ?:")
# “On May 6 Sam wrote:”, and lines that begin with “>”.
QUOTED = re.compile(
    r"\b(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef) ?:\s{0,9}(?:\n|>)|^ {0,3}> ?\S",
    re.MULTILINE,
)
# What a reader of an answer finds in it: what they wrote, asked or signed, or from whom it was passed on.
EXCHANGED = re.compile(
    r"\byour (?:\w+ ){0,2}(?:questions?|messages?|letter|note|sketch|measurements|application|booking|enquiry|inquiry|"
    r"request|call|e-?mail|reply|form|signature)\b|\bthank(?:s| you) for (?:your|the|getting|applying|sending|asking|"
    r"writing|calling|coming)\b|"
    r"\byou (?:wrote|asked|sent|told|said|signed|applied|called|wanted|named|described|picked)\b|"
    r"\b(?:forward(?:ed|ing)|pass(?:ed|ing)) (?:this |it )?(?:on|what|message|you)\b|\bforwarded\b|\bfrom: \S|"
    r"\bgood to (?:meet|see|talk)\b"
)
RULE = "subject_thread"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); Google sender guidelines"
REVIEWED = Reviewed("2026-11-30", version=5, duties="D29")


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
        elif (found := THREAD.search(line.text)) and not letter.speaks_about:
            verdict = _verdict(letter, found[0])
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, *found.span())


def _answers(letter: Letter) -> bool:
    """Whether the body shows what it answers or passes on; whether that is believed, `subject_weighed` asks."""
    return QUOTED.search(letter.body.cased) is not None or _tells(letter)


def _tells(letter: Letter) -> bool:
    return any(letter.body.has(each) for each in (HAPPENED, DONE, EXCHANGED))


def _verdict(letter: Letter, words: str) -> tuple[Severity, str] | None:
    if letter.body.has(NEVER_HAPPENED):
        return (
            Severity.BLOCK,
            f"The body is a first contact, and the subject says “{words}”. Say who you are and why you "
            f"write.",
        )
    if _tells(letter):
        return None
    return (
        Severity.HOLD,
        f"The body tells of nothing that “{words}” could go on with. Name what there was, and when.",
    )
