"""The last good answers, kept: DNS is asked once a day, and its failures change nothing for a week."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailer import evidence
from mailer.compliance.sender_dns import alignment, dkim, dmarc, replies, spf
from mailer.compliance.sender_dns.asking import Dns, DnsFailure
from mailer.compliance.sender_dns.said import Check, Said, State
from mailer.models import DnsAnswer, Sender
from mailer.transports import signing

ASKED_EVERY = timedelta(hours=23)  # daily, by an hourly task
GOOD_FOR = timedelta(days=7)  # promise 8: an outage of DNS is not ours
MOST_AT_ONCE = 20  # a task ends within minutes, the rest waits for the next hour


@dataclass(frozen=True, slots=True)
class Told:
    """A check as it is shown: the last good answer, and how old it is."""

    check: str
    title: str
    state: str
    words: str
    found: str = ""
    name: str = ""
    kind: str = ""
    value: str = ""
    at: datetime | None = None
    failure: str = ""


def refresh(sender: Sender, dns: Dns | None = None) -> None:
    """Ask DNS about a sender now; what does not answer keeps its last good answer."""
    if settings.LOCAL:
        return
    questions = dns or Dns()
    for check, ask in _questions(sender, questions):
        try:
            said: Said | None = ask()
            failure = ""
        except DnsFailure as wrong:
            said, failure = None, str(wrong)
        _keep(sender, check, said, failure)


def refresh_stale() -> None:
    """Ask about every sender whose answers are a day old."""
    if settings.LOCAL:
        return
    lately = DnsAnswer.objects.filter(asked_at__gt=timezone.now() - ASKED_EVERY)
    for sender in Sender.objects.exclude(pk__in=lately.values("sender"))[:MOST_AT_ONCE]:
        refresh(sender)


def _questions(sender: Sender, dns: Dns) -> Iterator[tuple[str, Callable[[], Said]]]:
    domain, reply_domain = _domain(sender.from_email), _domain(sender.reply_to)
    server, esp = urlsplit(settings.EMAIL_URL).hostname or "", settings.ANYMAIL_ESP

    def keys() -> list[dkim.Key]:
        own = signing.own_keys(domain)
        selectors = [name for name in sender.selectors if name not in {key.selector for key in own}]
        # who signs by no selector needs no walk to find where it could be
        others = (
            dkim.keys(selectors, domain, dmarc.discover(domain, dns).organisation, dns) if selectors else []
        )
        return dkim.own_keys(own, dns) + others

    yield Check.SPF, lambda: spf.check(domain, server, esp, dns)
    yield Check.DKIM, lambda: dkim.check(keys(), domain)
    yield Check.DMARC, lambda: dmarc.check(dmarc.discover(domain, dns))
    yield (
        Check.ALIGNMENT,
        lambda: alignment.check(
            dmarc.discover(domain, dns), keys(), esp, has_spf=len(spf.records(domain, dns)) == 1
        ),
    )
    yield Check.REPLIES, lambda: replies.check(reply_domain, dns)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _about(sender: Sender) -> str:
    """What was asked about; other domains, selectors or keys of ours make the answers worthless."""
    domain = _domain(sender.from_email)
    own = [f"{key.selector}@{key.domain}={key.mark}" for key in signing.own_keys(domain)]
    return " ".join([domain, _domain(sender.reply_to), *sender.selectors, *own])


@transaction.atomic
def _keep(sender: Sender, check: str, said: Said | None, failure: str) -> None:
    now, about = timezone.now(), _about(sender)
    row = DnsAnswer.objects.select_for_update().filter(sender=sender, check_name=check).first()
    if row is None or row.about != about:
        fresh = {
            "about": about,
            "state": State.OPEN,
            "words": "",
            "found": "",
            "answered_at": None,
            "asked_at": now,
        }
        row, _ = DnsAnswer.objects.update_or_create(sender=sender, check_name=check, defaults=fresh)
    before = row.state
    row.asked_at, row.failure = now, failure
    if said is not None:
        row.answered_at, row.state, row.words, row.found = now, said.state, said.words, said.found
        row.record_name, row.record_kind, row.record_value = (
            said.publish.name,
            said.publish.kind,
            said.publish.value,
        )
    row.save()
    if row.state != before:
        evidence.record(
            "DNS answered otherwise",
            actor="candor",
            subject=f"sender {sender.pk}",
            what=str(check),
            state=str(row.state),
        )


def last_told(sender: Sender) -> list[Told]:
    """Every check of a sender, as far as DNS has answered within a week; none for the local inbox."""
    if settings.LOCAL:
        return []
    about = _about(sender)
    rows = {row.check_name: row for row in DnsAnswer.objects.filter(sender=sender, about=about)}
    return [_told(check, rows.get(check)) for check in Check]


def _told(check: Check, row: DnsAnswer | None) -> Told:
    if row is None:
        return Told(check, check.label, State.OPEN, "Not asked yet.")
    if row.answered_at is None:
        return Told(check, check.label, State.OPEN, "DNS has not answered yet.", failure=row.failure)
    if row.failure and row.answered_at < timezone.now() - GOOD_FOR:
        words = "DNS has not answered for a week; what it said before is too old to tell."
        return Told(check, check.label, State.WARN, words, at=row.answered_at, failure=row.failure)
    return Told(
        check,
        check.label,
        row.state,
        row.words,
        row.found,
        row.record_name,
        row.record_kind,
        row.record_value,
        row.answered_at,
        row.failure,
    )
