"""Subject and preheader hold only what can be seen, and read the same for everybody.

15 U.S.C. 7704(a)(2); Google's guidelines (“don't use HTML and CSS to hide content”): no control, invisible,
bidirectional, private or unassigned characters, and no padding with spaces (DUTIES D18, D32).
"""

import re
import unicodedata
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage

RULE = "line_characters"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); RFC 5322 §2.2"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D18 D32")
UNSEEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
# Blank, though Unicode counts them as letters or symbols: Hangul fillers and the empty Braille cell.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
JOINER = "\u200d"
PICTURE = frozenset({"So", "Sk", "Mn"})  # emoji, skin tones, variation selectors
MOST_MARKS = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3,}")


def check(message: FinishedMessage) -> Iterator[Finding]:
    for where, line in message.lines():
        unseen = next((line[i] for i in range(len(line)) if is_unseen(line, i)), None)
        if unseen:
            yield _finding(
                f"The {where} holds an invisible or control character (U+{ord(unseen):04X}). Type it again by "
                "hand; pasting brings such characters along.",
                where,
            )
        if MOST_MARKS.search(line):
            yield _finding(f"The {where} piles accents on one letter. Write plain letters.", where)
        if where == "subject" and ("  " in line or line != line.strip()):
            yield _finding(f"The {where} has spaces at an end or several in a row. Take them out.", where)


def is_unseen(line: str, index: int) -> bool:
    """Whether the character at `index` can't be seen; a joiner is fine inside an emoji, as in 👩‍🌾."""
    character = line[index]
    if character == JOINER:
        return not (0 < index < len(line) - 1 and _pictures(line[index - 1], line[index + 1]))
    return character in BLANK or unicodedata.category(character) in UNSEEN


def _pictures(*neighbours: str) -> bool:
    return all(unicodedata.category(each) in PICTURE for each in neighbours)


def _finding(message: str, where: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, where)
