"""Writing a dossier: everything as it was at one moment, file by file, and the row of evidence that it was made."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import IO, Any

from django.db import connection, transaction
from django.template.loader import render_to_string

from mailer import evidence, suppression
from mailer.addresses import Address
from mailer.dossier import acts, recipient, tables
from mailer.dossier import campaign as campaigns
from mailer.dossier.packing import Package
from mailer.models import Campaign


class DossierRefused(Exception):
    """There is nothing to make one of; the message says why."""


@dataclass(frozen=True, slots=True)
class Made:
    """What stands for a whole dossier: the hash of its manifest, which the evidence keeps too."""

    manifest: str
    acts: int


def of_campaign(number: int, file: IO[bytes], *, user: Any) -> Made:
    """Write the dossier of a campaign that was launched into `file`. Memory stays flat, whatever its audience."""
    suppression.assert_ledger()
    with _one_moment():
        found = Campaign.objects.select_related("sender", "revision__approval").filter(pk=number).first()
        if found is None or (revision := found.revision) is None:
            raise DossierRefused(f"There is no campaign {number} that was launched, so nothing went out.")
        package, told = Package(file), campaigns.facts(found, revision)
        subjects, others = campaigns.subjects_of(found), campaigns.during(found)
        mailboxes = f"SELECT mailbox_key FROM ({tables.OPT_OUTS.format(campaign=number)}) AS said"
        others = f"{others} UNION {acts.OF_MAILBOXES.format(mailboxes=mailboxes)}"
        approved, sample = campaigns.covered(found, revision), campaigns.sample(found, revision)
        told["files"] = {"approved_bytes": approved is not None, "sample": sample is not None}
        shown = {
            "sample_text": campaigns.text_of(sample) if sample else "",
            **campaigns.labelled(told["messages"]),
            "found": [rule for rule in told["rules"] if rule["found_then"]],
        }
        _begin(package, "campaign", told, shown)
        package.add("skeleton.bin", bytes(revision.skeleton))
        if approved:
            package.add("approved.bin", approved)
        if sample:
            package.add("sample.eml", sample)
        for name, statement in (("messages.csv", tables.MESSAGES), ("opt_outs.csv", tables.OPT_OUTS_TABLE)):
            with package.opened(name) as table:
                tables.copy(statement, number, table)
        made = _end(package, subjects, others)
    return _recorded(made, user, subject=f"campaign {number}")


def of_recipient(address: Address, file: IO[bytes], *, user: Any) -> Made:
    """Write the dossier of one recipient into `file`: what went to them, and what became of their word."""
    suppression.assert_ledger()
    with _one_moment():
        package = Package(file)
        _begin(package, "recipient", recipient.facts(address))
        made = _end(package, [], recipient.of_mailbox(address))
    return _recorded(made, user, mailbox_key=address.mailbox_key)


def _begin(
    package: Package, kind: str, told: dict[str, Any], shown: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """`shown` stands in the report only, since it is said elsewhere in the data."""
    acts = [{**act, "by": told["names"].get(act["actor"], act["actor"])} for act in told["acts"]]
    context = {"told": {**told, **shown, "acts": acts}}
    package.add("report.html", render_to_string(f"mailer/dossier/{kind}.html", context))
    package.add("dossier.json", json.dumps(told, ensure_ascii=False, indent=1, default=_in_json) + "\n")


def _in_json(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _end(package: Package, subjects: list[str], others: str) -> Made:
    with package.opened("evidence.jsonl") as lines:
        number = acts.write(lines, subjects, others)
    package.add("verify.py", files("mailer.dossier").joinpath("verify.py").read_bytes())
    return Made(package.close(), number)


def _recorded(made: Made, user: Any, *, subject: str = "", mailbox_key: bytes | None = None) -> Made:
    """That it was made, and which: whoever is shown a dossier can ask whether it is this one."""
    with transaction.atomic():
        evidence.record(
            acts.MADE,
            actor=evidence.by(user),
            subject=subject,
            mailbox_key=mailbox_key,
            manifest=made.manifest,
        )
    return made


@contextmanager
def _one_moment() -> Iterator[None]:
    """All tables as they were at one moment, so that the sums agree; a caller's transaction is taken as it is."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
