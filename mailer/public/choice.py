"""What somebody chose on the preference page, read from the body of its form.

Whatever is not that form, whole, is no choice: a body that broke off must not take anybody off a list.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

LONGEST = 2**16  # bytes; room for two thousand lists
MOST_FIELDS = 5_000
NUMBER = re.compile(r"[0-9]{1,18}")
SAVE = ("save", "1")  # the button, which stands last in the form: with it, all that stands above has come


@dataclass(frozen=True, slots=True)
class Choice:
    """The numbers of the lists that the page showed, and of those that were ticked."""

    shown: frozenset[int]
    kept: frozenset[int]


def read(body: bytes) -> Choice | None:
    """The choice in `body`; None if it is not the page's own form, from beginning to end."""
    if len(body) > LONGEST or not body.isascii():
        return None
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        return None
    *lists, last = fields or [("", "")]
    named: dict[str, set[int]] = {"shown": set(), "keep": set()}
    for name, value in lists:
        if name not in named or not NUMBER.fullmatch(value):
            return None
        named[name].add(int(value))
    if last != SAVE or not named["keep"] <= named["shown"]:
        return None
    return Choice(frozenset(named["shown"]), frozenset(named["keep"]))
