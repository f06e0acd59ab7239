"""A compiled message: exact bytes with slots, as they are stored, hashed, checked and filled.

    candor skeleton 1 LF  <facts: JSON on one line> LF  <bytes> NUL <slot: JSON> NUL <bytes> …

A finished message holds no NUL (it is 7-bit text), so splitting at NUL finds the slots.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from mailer.rendering.authored import Dropped
from mailer.rendering.facts import ListFacts, SenderFacts
from mailer.rendering.fields import Slot
from mailer.rendering.kinds import COMMERCIAL, KindFacts

VERSION = b"candor skeleton 1"
SUBJECT = "subject"


class DamagedSkeleton(ValueError):
    """These bytes are no skeleton of this version of Candor. Nothing may be sent from them."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A campaign's compiled message. Equal content gives equal bytes, and bytes come back unchanged.

    `subject` is the subject in pieces; it has slots only if it has merge fields. `template` has the
    bytes of the message with gaps, `places` which gaps each slot fills.
    """

    raw: bytes
    campaign: int
    sender: SenderFacts
    list_facts: ListFacts
    preheader: str
    subject: tuple[str | Slot, ...]
    dropped: tuple[Dropped, ...]
    template: tuple[bytes, ...]
    places: tuple[tuple[Slot, tuple[int, ...]], ...]
    kind: KindFacts

    @classmethod
    def of(
        cls,
        pieces: Iterable[bytes | Slot],
        *,
        campaign: int,
        sender: SenderFacts,
        list_: ListFacts,
        preheader: str,
        subject: Iterable[str | Slot],
        dropped: Iterable[Dropped] = (),
        kind: KindFacts = COMMERCIAL,
    ) -> "Skeleton":
        facts = {
            "campaign": campaign,
            "sender": sender.as_json(),
            "kind": kind.as_json(),
            "list": [list_.name, list_.slug],
            "preheader": preheader,
            "dropped": list(dropped),
            "subject": [
                [piece.to_json().decode()] if isinstance(piece, Slot) else piece for piece in subject
            ],
        }
        head = b"\n".join([VERSION, json.dumps(facts).encode("ascii"), b""])
        body = b"".join(
            b"\0" + piece.to_json() + b"\0" if isinstance(piece, Slot) else piece for piece in pieces
        )
        return cls.from_bytes(head + body)

    @classmethod
    def from_bytes(cls, raw: bytes | memoryview) -> "Skeleton":
        """The skeleton whose `to_bytes` gave `raw`. Raises DamagedSkeleton."""
        raw = bytes(raw)
        version, _, rest = raw.partition(b"\n")
        head, _, body = rest.partition(b"\n")
        if version != VERSION:
            raise DamagedSkeleton("This is not a compiled message of this version of Candor. Launch again.")
        try:
            return cls._read(raw, json.loads(head), body.split(b"\0"))
        except (ValueError, KeyError, TypeError) as wrong:
            raise DamagedSkeleton("This compiled message is damaged. Launch again.") from wrong

    @classmethod
    def _read(cls, raw: bytes, facts: dict, parts: list[bytes]) -> "Skeleton":
        if len(parts) % 2 == 0:
            raise ValueError("a slot is not closed")
        gaps: dict[Slot, list[int]] = {}
        for index in range(1, len(parts), 2):
            gaps.setdefault(Slot.from_json(parts[index]), []).append(index)
            parts[index] = b""
        return cls(
            raw=raw,
            campaign=facts["campaign"],
            sender=SenderFacts.from_json(facts["sender"]),
            list_facts=ListFacts(*facts["list"]),
            preheader=facts["preheader"],
            subject=tuple(
                piece if isinstance(piece, str) else Slot.from_json(piece[0]) for piece in facts["subject"]
            ),
            dropped=tuple(map(Dropped, facts["dropped"])),
            template=tuple(parts),
            places=tuple((slot, tuple(indexes)) for slot, indexes in gaps.items()),
            # what was frozen before there were kinds is commercial
            kind=KindFacts.from_json(facts["kind"]) if "kind" in facts else COMMERCIAL,
        )

    def to_bytes(self) -> bytes:
        return self.raw

    @property
    def sha256(self) -> bytes:
        """What an approval and the evidence name this message by."""
        return hashlib.sha256(self.raw).digest()
