"""A subject hides nothing: no invisible or reversed characters, no letters of another script in disguise.

15 U.S.C. 7704(a)(2); Google's sender guidelines on hidden content and emoji “with intent to deceive”
(DUTIES D32, T13). Honest mail in any script passes: joiners and direction marks where a script needs them.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.normalise import TrickKind, normalise

RULE = "subject_characters"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); Google sender guidelines"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D32")
LONGEST = 200  # as in subject_length; most phones show about 40
MESSAGES = {
    TrickKind.HIDDEN: (Severity.BLOCK, "has a character that can’t be seen. Type the words again."),
    TrickKind.DIRECTION: (Severity.BLOCK, "turns the direction of reading. Type the words again."),
    TrickKind.MIXED: (Severity.BLOCK, "has a word with letters of two alphabets. Type the word again."),
    TrickKind.STACKED: (Severity.BLOCK, "has marks stacked upon letters. Type the words again."),
    TrickKind.SPACED: (Severity.HOLD, "spells a word with gaps, as spam does. Write it in one piece."),
    TrickKind.LEET: (Severity.HOLD, "has digits or signs in place of letters, as spam does. Write the word."),
}
BADGE = re.compile(
    r"[✓✔☑✅🛡🔒🔐]\ufe0f?\s*(?:verified|trusted|secure|official|authenticated|safe sender|certified)",
    re.IGNORECASE,
)


def check(letter: Letter) -> Iterator[Finding]:
    if len(letter.raw_subject) > LONGEST or not any(map(str.isalnum, letter.raw_subject)):
        words = (
            f"The subject is empty, or longer than {LONGEST} characters, so nobody can read it. Write a line."
        )
        yield Finding(RULE, Severity.BLOCK, words, SOURCE, "subject", (0, len(letter.raw_subject)))
    for raw, where in (
        (letter.raw_subject, "subject"),
        (letter.preheader, "preheader"),
        (letter.from_name, "from_name"),
    ):
        line = normalise(raw, where)
        for trick in line.tricks:
            severity, words = MESSAGES[trick.kind]
            span = (trick.start, trick.end) if where == "subject" else None
            yield Finding(RULE, severity, f"The {where} {words}", SOURCE, where, span)
        for badge in BADGE.finditer(line.raw):
            span = badge.span() if where == "subject" else None
            yield Finding(
                RULE, Severity.BLOCK,
                f"The {where} draws a badge that only a mail program can give. Take it away.", SOURCE, where, span,
            )  # fmt: skip
