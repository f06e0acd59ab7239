"""The name in From says who writes, and nothing else.

15 U.S.C. 7702(8) and 7704(a)(1); Google's sender guidelines on display names: no subject matter, urgency,
reply marks, counters, addresses or emoji (DUTIES D14).
"""

import re
import unicodedata
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.models import Sender
from mailer.rendering.reply_marks import looks_like_a_reply

RULE = "display_name"
SOURCE = "15 U.S.C. 7702(8), 7704(a)(1); Google sender guidelines"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D14")
URGENCY = re.compile(
    r"\b(?:urgent|last chance|final (?:notice|hours|call)|time is running out|act now|limited time|important update|"
    r"action required|alert|winner|free|sale|\d+ ?% off)\b",
    re.IGNORECASE,
)
COUNTER = re.compile(r"\(\d+\)|\[\d+\]")


def check(sender: Sender) -> Iterator[Finding]:
    name = sender.trade_name.strip()
    if not name:
        return
    if any(_is_unfit(character) for character in name):
        yield _finding("The trade name holds an emoji, symbol or invisible character. Write letters only.")
    if "@" in name:
        yield _finding("The trade name holds an @. Write a name, not an address.")
    if looks_like_a_reply(name) or COUNTER.search(name):
        yield _finding("The trade name looks like a reply or a counter of unread mail. Write the bare name.")
    if URGENCY.search(name) and name.casefold() not in sender.legal_name.casefold():
        yield _finding("The trade name says more than a name. Put offers and deadlines into the message.")


def _is_unfit(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp", "So", "Sk"} and (
        character not in "®™©°"
    )


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, "trade_name")
