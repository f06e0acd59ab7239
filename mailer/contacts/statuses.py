"""What other systems write in a status column, and what it means to the ledger.

An opt-out at another system of the same sender is an opt-out (15 U.S.C. 7704(a)(4): from that sender,
by whatever mechanism). So a word that says so goes to the ledger, and a word that nobody has taught us
does not let a person through: the row is refused, with the word in the reason.
"""

import re
from functools import lru_cache

from mailer.models import Suppression

Reason = Suppression.Reason

SUBSCRIBED = ""
NOT_ASKED = "not_asked"

_WORDS: dict[str, str] = {
    **dict.fromkeys(
        [
            "",
            "subscribed",
            "subscriber",
            "active",
            "enabled",
            "confirmed",
            "opted in",
            "opt in",
            "optin",
            "member",
            "express",
            "implied",
            "yes",
            "true",
            "1",
            "y",
            "on",
            "single opt in",
            "double opt in",
            "confirmed opt in",
            "sendable",
            "deliverable",
            "valid",
            "aktiv",
            "angemeldet",
            "abonniert",
            "abonné",
            "inscrit",
            "actif",
            "suscrito",
            "activo",
            "inscrito",
            "ativo",
            "iscritto",
            "attivo",
            "ingeschreven",
            "actief",
        ],
        SUBSCRIBED,
    ),
    # Not an opt-out, but nobody there has asked for mail either.
    **dict.fromkeys(
        [
            "nonsubscribed",
            "non subscribed",
            "not subscribed",
            "never subscribed",
            "never",
            "transactional",
            "pending",
            "pending confirmation",
            "unconfirmed",
            "not confirmed",
            "awaiting confirmation",
            "awaiting",
            "no permissions set",
            "not set",
            "temp hold",
            "temporary hold",
            "no consent",
            "disabled",
            "inactive",
            "archived",
            "deleted",
            "no",
            "false",
            "0",
            "n",
        ],
        NOT_ASKED,
    ),
    **dict.fromkeys(
        [
            "unsubscribed",
            "unsubscribe",
            "opted out",
            "opt out",
            "optout",
            "optedout",
            "removed",
            "do not email",
            "do not mail",
            "do not contact",
            "suppressed",
            "blocklisted",
            "blacklisted",
            "withdrawn",
            "objected",
            "abgemeldet",
            "ausgetragen",
            "user suppressed",
            "global unsubscribe",
            "manual suppression",
            "do not send",
            "désabonné",
            "désinscrit",
            "dado de baja",
            "baja",
            "descadastrado",
            "cancelado",
            "disiscritto",
            "cancellato",
            "uitgeschreven",
            "afgemeld",
            "解除済み",
            "配信停止",
        ],
        Reason.OPT_OUT,
    ),
    **dict.fromkeys(
        [
            "complained",
            "complaint",
            "spam",
            "spam complaint",
            "spam report",
            "marked as spam",
            "reported spam",
            "spam complaints",
            "abuse",
            "abuse complaint",
        ],
        Reason.COMPLAINT,
    ),
    **dict.fromkeys(
        [
            "bounced",
            "bounce",
            "hard bounce",
            "hard bounced",
            "hardbounce",
            "cleaned",
            "undeliverable",
            "unreachable",
            "invalid",
            "invalid email",
            "invalid email address",
            "does not exist",
        ],
        Reason.HARD_BOUNCE,
    ),
    **dict.fromkeys(["soft bounce", "soft bounced", "softbounce"], Reason.SOFT_BOUNCE),
}
# “Unsubscribed by admin”, “opted out on 3 May”: what begins so is one, whatever follows.
_OPT_OUT = re.compile(r"unsub|opt(ed)? ?out\b")
_OF_SEVERAL = re.compile(r"[,;|]")  # “HARD_BOUNCE, UNSUBSCRIBE” in one cell

# Yes-or-no and date columns that say it with their name; anything but a no in them is a yes.
FLAG_COLUMNS: dict[str, str] = {
    **dict.fromkeys(
        [
            "unsubscribed",
            "unsubscribedat",
            "unsubscribedon",
            "unsubscribedate",
            "unsubtime",
            "optedout",
            "optedoutat",
            "optout",
            "optoutdate",
            "optouttime",
            "emailoptout",
            "hasoptedoutofemail",
            "donotemail",
            "donotcontact",
            "confirmedoptoutdate",
            "emailoptoutdate",
            "unsubscribedfromallemail",
            "unsubscribetime",
            "abgemeldetam",
        ],
        Reason.OPT_OUT,
    ),
    **dict.fromkeys(["complained", "complainedat", "complaint", "spamcomplaint"], Reason.COMPLAINT),
    **dict.fromkeys(
        [
            "bounced",
            "bouncedat",
            "hardbounced",
            "hardbounce",
            "cleantime",
            "emailhardbouncereason",
            "emailbouncedreason",
            "emailbounceddate",
            "isemailbounced",
        ],
        Reason.HARD_BOUNCE,
    ),
}
# HubSpot names one such column for each of its subscription types. One type's no is taken for all (D81).
_OPT_OUT_COLUMN = re.compile(r"optedoutof|unsubscribedfrom|(confirmed)?optout(date|time|at)")
_NO = frozenset(
    ["", "0", "no", "n", "false", "f", "off", "never", "none", "null", "nil", "nan", "n/a", "-", "nein"]
)

# Kept with an address, the first that applies says most.
STRONGEST_FIRST = (Reason.OPT_OUT, Reason.COMPLAINT, Reason.HARD_BOUNCE, Reason.SOFT_BOUNCE, NOT_ASKED)


class StatusUnknown(ValueError):
    """A word in the status column that Candor has not been taught."""


@lru_cache(maxsize=256)  # a file says the same few words a million times
def reason_of(status: str) -> str:
    """The ledger's reason for a word of a status column, SUBSCRIBED or NOT_ASKED. Raises StatusUnknown."""
    if _OF_SEVERAL.search(status):
        given = {_reason_of_one(word) for word in _OF_SEVERAL.split(status)}
        return strongest(given)
    return _reason_of_one(status)


def _reason_of_one(status: str) -> str:
    words = re.sub(r"[\W_]+", " ", status.casefold()).strip()
    if words in _WORDS:
        return _WORDS[words]
    if _OPT_OUT.match(words):
        return Reason.OPT_OUT
    raise StatusUnknown(status)


def reason_of_column(name: str) -> str:
    """What a yes or a date in a column of this plain name says against its rows; "" for other columns."""
    return FLAG_COLUMNS.get(name) or (Reason.OPT_OUT if _OPT_OUT_COLUMN.match(name) else "")


def strongest(given: set[str]) -> str:
    """Of what a row says, the word that forbids most; SUBSCRIBED if none forbids."""
    return next((reason for reason in STRONGEST_FIRST if reason in given), SUBSCRIBED)


def is_yes(flag: str) -> bool:
    return flag.strip().casefold() not in _NO
