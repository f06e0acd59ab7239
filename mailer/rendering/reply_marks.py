"""Whether a line begins as a reply or a forward does.

Every mail in Candor is a first one, so “Re:” is always false (15 U.S.C. 7704(a)(2); DUTIES D29).
"""

import re
import unicodedata

# Reply and forward marks of mail programs in many languages (DUTIES §5). With a colon only:
# “Reading list”, “FW26 collection” and “Re-engineered: …” are honest subjects.
MARKS = (
    "re|fw|fwd|aw|wg|sv|vs|vb|tr|rv|res|rif|ref|enc|antw|antwort|antwoord|doorst|odp|pd|ynt|ilt|i|r|"
    "回复|答复|转发|回覆|轉寄|返信|転送"
)
COUNT = r"(?:\s*(?:\[\s*\d+\s*\]|\(\s*\d+\s*\)|\{\s*\d+\s*\}|\^\s*\d+|\*\s*\d+|\d{1,3}(?=\s*:)))?"
# in front of the mark there may be brackets, quotes, other marks' rests: “[Re: …]”, “(Fwd) …”
OPENING = r"[\s\W_]*"
COLON = r"[:∶ː꞉˸]"  # NFKD already turns the full-width and small ones into “:”
SEVERAL = r"(?:(?:re|fw|fwd|aw)[\s,.-]+){0,5}"
WITH_COLON = re.compile(rf"{OPENING}{SEVERAL}(?:{MARKS}){COUNT}\s*{COLON}")
IN_BRACKETS = re.compile(r"\s*[\[({<【]\s*(?:re|fw|fwd|aw|wg|sv|tr|rv|antw)\s*\d*\s*[\])}>】]")


# Cyrillic and Greek letters that look like the Latin ones of the marks; accents are taken off before
LOOK_ALIKES = str.maketrans("еаѕԝԁіνѵтгрοоϲс", "easwdivvtrpoocc")


def looks_like_a_reply(line: str) -> bool:
    """Whether mail programs or readers would take `line` for an answer or something passed on."""
    plain = unicodedata.normalize("NFKD", line)
    shown = (
        "".join(
            character
            for character in plain
            if unicodedata.category(character) not in {"Cf", "Mn", "Me", "Cc"}
        )
        .casefold()
        .translate(LOOK_ALIKES)
    )
    return bool(WITH_COLON.match(shown) or IN_BRACKETS.match(shown))
