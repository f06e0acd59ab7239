"""Questions to DNS, and the one distinction that matters: it says that there is nothing, or it does not answer."""

import time
from collections.abc import Sequence

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from django.conf import settings

ONE_QUESTION = 3.0  # seconds, retries and TCP included
ALL_QUESTIONS = 15.0  # somebody may be waiting at the button “Check now”


class DnsFailure(Exception):
    """No answer: a timeout, SERVFAIL, a broken reply. What the truth is, is not known."""


class Dns:
    """One sitting: what was asked once is not asked again."""

    def __init__(self, servers: Sequence[tuple[str, int]] | None = None) -> None:
        chosen = settings.DNS_SERVERS if servers is None else servers
        self._resolver = dns.resolver.Resolver(configure=not chosen)
        if chosen:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in chosen]
        self._resolver.timeout = 1.0
        self._until = time.monotonic() + ALL_QUESTIONS
        self._known: dict[tuple[str, str], tuple[str, ...] | DnsFailure] = {}

    def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name, each in one piece; empty if there are none."""
        return self._ask(name, "TXT")

    def mail_hosts(self, name: str) -> tuple[str, ...]:
        """Who takes mail for a domain; a single “.” says that nobody does (RFC 7505)."""
        return self._ask(name, "MX")

    def has_address(self, name: str) -> bool:
        return bool(self._ask(name, "A") or self._ask(name, "AAAA"))

    def _ask(self, name: str, kind: str) -> tuple[str, ...]:
        asked = (name.lower().rstrip("."), kind)
        if asked not in self._known:
            try:
                self._known[asked] = self._answer(*asked)
            except DnsFailure as failure:
                self._known[asked] = failure
        known = self._known[asked]
        if isinstance(known, DnsFailure):
            raise known
        return known

    def _answer(self, name: str, kind: str) -> tuple[str, ...]:
        left = self._until - time.monotonic()
        if left <= 0:
            raise DnsFailure("DNS was too slow.")
        try:
            answer = self._resolver.resolve(
                f"{name}.", kind, lifetime=min(ONE_QUESTION, left), raise_on_no_answer=False, search=False
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.NameTooLong):
            return ()
        except dns.name.EmptyLabel:
            return ()
        except dns.exception.Timeout:
            raise DnsFailure(f"DNS did not answer about {name} in time.") from None
        except (dns.exception.DNSException, OSError):
            raise DnsFailure(f"The DNS servers of {name} failed.") from None
        # servers hand them out in any order; what we say of them must not change with it
        if kind == "MX":
            return tuple(_written(each, kind) for each in sorted(answer, key=lambda each: each.preference))
        return tuple(sorted(_written(each, kind) for each in answer))


def _written(record: object, kind: str) -> str:
    if kind == "TXT":
        return b"".join(record.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]
    if kind == "MX":
        return str(record.exchange).lower().rstrip(".") or "."  # type: ignore[attr-defined]
    return str(record)
