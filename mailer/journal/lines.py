"""One line: what it says, and how that is written so that damage is seen."""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from mailer.addresses import keyed
from mailer.models import Reinstatement, Suppression, VoidedImport

VERSION = "1"
NOTHING = "-"
CODE = re.compile(rb"(.+) ([0-9a-f]{32})\n", re.ASCII)
LINE = re.compile(
    r"1 (?P<at>\S{32}) (?P<what>suppressed|reinstated|voided)"
    r" (?P<mailbox>[0-9a-f]{32}|-) (?P<address>[0-9a-f]{32}|-)"
    r" (?P<reason>opt_out|complaint|hard_bounce|soft_bounce|-) (?P<channel>[a-z_]{1,14}|-)"
    r" (?P<campaign>\d{1,18}|-) (?P<import>\d{1,18}|-) (?P<received>\S{32}|-)",
    re.ASCII,
)


class DamagedLine(ValueError):
    """These bytes are no line that we wrote, or no longer."""


class What(StrEnum):
    SUPPRESSED = "suppressed"
    REINSTATED = "reinstated"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened to the ledger."""

    at: datetime  # with mailbox and reason, what the line is known by
    what: What
    mailbox_key: bytes | None = None
    address_key: bytes | None = None
    reason: str = ""
    channel: str = ""
    campaign: int | None = None
    import_id: int | None = None
    received_at: datetime | None = None  # of a lift: when its owner asked for it

    def written(self) -> bytes:
        """The line as it stands in the file."""
        fields = (
            VERSION,
            _moment(self.at),
            self.what,
            _hex(self.mailbox_key),
            _hex(self.address_key),
            self.reason or NOTHING,
            self.channel or NOTHING,
            NOTHING if self.campaign is None else str(self.campaign),
            NOTHING if self.import_id is None else str(self.import_id),
            _moment(self.received_at) if self.received_at else NOTHING,
        )
        words = " ".join(fields)
        return f"{words} {_code(words)}\n".encode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _hex(key: bytes | None) -> str:
    return NOTHING if key is None else bytes(key).hex()


def _code(words: str) -> str:
    return keyed(b"journal", words).hex()


def fields_of(raw: bytes) -> tuple[str, ...]:
    """The fields of a line, as they are written, after the version. Raises DamagedLine.

    at, what, mailbox, address, reason, channel, campaign, import, received; “-” stands for nothing.
    """
    found = CODE.fullmatch(raw)
    if not found:
        raise DamagedLine("It does not end as a line does.")
    try:
        words = found[1].decode("ascii")
    except UnicodeDecodeError:
        raise DamagedLine("It holds what no line holds.") from None
    if not hmac.compare_digest(_code(words), found[2].decode()):
        raise DamagedLine("Its code is not the one of its words.")
    fields = LINE.fullmatch(words)
    if not fields:
        raise DamagedLine("A newer Candor wrote it.")
    return fields.groups()


def parse(raw: bytes) -> Line:
    """The line as it was told. Raises DamagedLine."""
    at, what, mailbox, address, reason, channel, campaign, import_id, received = (
        None if one == NOTHING else one for one in fields_of(raw)
    )
    return Line(
        at=datetime.fromisoformat(at or ""),
        what=What(what or ""),
        mailbox_key=bytes.fromhex(mailbox) if mailbox else None,
        address_key=bytes.fromhex(address) if address else None,
        reason=reason or "",
        channel=channel or "",
        campaign=int(campaign) if campaign else None,
        import_id=int(import_id) if import_id else None,
        received_at=datetime.fromisoformat(received) if received else None,
    )


# -- what the ledger holds, as lines --------------------------------------------------------------------


def line_of(entry: Suppression) -> Line:
    return Line(
        entry.journalled_at or entry.recorded_at,
        What.SUPPRESSED,
        bytes(entry.mailbox_key),
        bytes(entry.address_key) if entry.address_key else None,
        entry.reason,
        entry.channel,
        entry.campaign_number,
        entry.import_id,
        entry.received_at,
    )


def line_of_lift(back: Reinstatement) -> Line:
    return Line(
        back.confirmed_at,
        What.REINSTATED,
        bytes(back.mailbox_key),
        bytes(back.address_key),
        received_at=back.requested_at,
    )


def line_of_voided(voided: VoidedImport) -> Line:
    return Line(voided.voided_at, What.VOIDED, import_id=voided.import_id)
