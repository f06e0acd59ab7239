"""The name in From says who writes, and nothing else.

15 U.S.C. 7702(8) and 7704(a)(1); Google's sender guidelines on display names: no subject matter, urgency, names of
recipients, reply marks, counters, addresses, emoji or look-alikes (DUTIES D14). That the name is the sender's is
attested by a named operator; a second name is a second sender.
"""

import re
import unicodedata
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.lookalikes import imitated, mixes_scripts
from mailer.models import Sender
from mailer.rendering.reply_marks import looks_like_a_reply

RULE = "display_name"
SOURCE = "15 U.S.C. 7702(8), 7704(a)(1); Google sender guidelines"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D14")
URGENCY = re.compile(
    r"\b(?:urgent|last (?:chance|call|day)|final (?:notice|hours|call|reminder)|time is running out|act now|"
    r"limited time|"
    r"important (?:update|message|notice)|action required|alerts?|winners?|free|sale|\d+ ?% off|today only|"
    r"ends (?:today|tonight|soon)|hurry|new (?:message|offer|order)|reminder|breaking|exclusive offer|special offer|"
    r"invoice|your (?:order|account|package|refund|payment)|order confirmation|verified|congratulations|"
    r"open (?:me|now)|dringend|letzte chance|gratis|urgente|[úu]ltima oportunidad|derni[èe]re chance)\b",
    re.IGNORECASE,
)
COUNTER = re.compile(r"[(\[{]\d+[)\]}]|^\d+ (?:new|unread)\b|-{3,}|[!?]{2,}", re.IGNORECASE)
FIELD = re.compile(r"\{\{|\}\}|\{%|\*\||\|\*|%%|\[(?:first|recipient|name)", re.IGNORECASE)


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
    if FIELD.search(name):
        yield _finding("The trade name holds a place for a recipient’s name. From names the sender alone.")
    if mixes_scripts(name):
        yield _finding(
            "A word of the trade name mixes letters of two scripts that look alike. Type it again by hand."
        )
    elif brand := imitated(name):
        yield _finding(f"The trade name looks like “{brand}”, and is spelt otherwise. Write your own name.")
    if URGENCY.search(name) and name.casefold() not in sender.legal_name.casefold():
        yield _finding("The trade name says more than a name. Put offers and deadlines into the message.")


def _is_unfit(character: str) -> bool:
    unfit = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp", "So", "Sk", "Sm", "Me"}
    return unicodedata.category(character) in unfit and character not in "®™©°+"


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, "trade_name")
