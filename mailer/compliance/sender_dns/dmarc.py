"""What the domain's owner asks of receivers, and which domain is the organisation's (RFC 9989).

No public suffix list any more: the tree is walked upwards, eight questions at most (§4.10).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mailer.compliance.sender_dns.asking import Dns
from mailer.compliance.sender_dns.said import Record, Said, State, tags_of

POLICIES = frozenset({"none", "quarantine", "reject"})
GONE = frozenset({"pct", "rf", "ri"})  # RFC 7489 had them; RFC 9989 ignores them
MOST_LABELS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """Where the records are on the way up from a domain, and what follows from them."""

    domain: str
    organisation: str
    at: str = ""  # the domain whose record holds
    record: str = ""
    several_at: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def policy(self) -> str:
        """For mail from `domain`: its own p, else sp of the organisation's record, else that one's p."""
        own = self.tags.get("p", "none").lower()
        asked = own if self.at == self.domain else self.tags.get("sp", own).lower()
        return asked if asked in POLICIES else "none"


def discover(domain: str, dns: Dns) -> Found:
    """RFC 9989 §4.10: the record that holds for a domain, and its organisational domain."""
    held: dict[str, str] = {}
    several = []
    for name in way_up(domain):
        found = [text for text in dns.texts(f"_dmarc.{name}") if is_record(text)]
        if len(found) > 1:
            several.append(name)
        if len(found) != 1:
            continue
        held[name] = found[0]
        psd = tags_of(found[0]).get("psd", "u").lower()
        if psd == "n" or (psd == "y" and name != domain):
            break
    organisation = _organisation(domain, held)
    at = next((name for name in (domain, organisation, *held) if name in held), "")
    record = held.get(at, "")
    return Found(domain, organisation, at, record, tuple(several), tags_of(record))


def way_up(domain: str) -> Iterator[str]:
    """The domain, then its parents; of a very deep one, from seven labels on."""
    yield domain
    labels = domain.split(".")
    rest = labels[1:] if len(labels) < MOST_LABELS else labels[-(MOST_LABELS - 1) :]
    while rest:
        yield ".".join(rest)
        rest = rest[1:]


def is_record(text: str) -> bool:
    """It begins with v=DMARC1, in these letters (§4.7)."""
    name, equals, value = text.partition(";")[0].partition("=")
    return bool(equals) and name.strip().lower() == "v" and value.strip() == "DMARC1"


def _organisation(domain: str, held: dict[str, str]) -> str:
    for name, record in held.items():
        psd = tags_of(record).get("psd", "u").lower()
        if psd == "n":
            return name
        if psd == "y" and name != domain:
            below = domain.split(".")[-(name.count(".") + 2) :]
            return ".".join(below)
    return min(held, key=lambda name: name.count("."), default=domain)


def check(found: Found) -> Said:
    """RFC 9989 wants odd records read with patience; we read them so too, and say what is odd."""
    example = Record(
        f"_dmarc.{found.organisation}",
        "TXT",
        f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{found.organisation}",
    )
    if found.several_at and not found.record:
        where = f"_dmarc.{found.several_at[0]}"
        return Said(State.BAD, f"{where} has several DMARC records. Receivers then take none.", "", example)
    if not found.record:
        return Said(
            State.BAD,
            "There is no DMARC record. Gmail, Yahoo, Apple and Microsoft refuse bulk mail without one. p=none is "
            "enough to begin with; reports go to the address in rua, which you make.",
            "",
            example,
        )
    place = f"_dmarc.{found.at}"
    oddities = list(_oddities(found))
    shown = f"{place}: {found.record}"
    if oddities:
        return Said(State.WARN, " ".join(oddities), shown, Record(place, "TXT", _mended(found)))
    effect = {
        "none": "receivers only report",
        "quarantine": "what fails goes to spam",
        "reject": "what fails is refused",
    }
    return Said(State.OK, f"p={found.policy} from {place}: {effect[found.policy]}.", shown)


def _oddities(found: Found) -> Iterator[str]:
    tags = found.tags
    if tags.get("p", "").lower() not in POLICIES:
        yield "The record has no valid p=; receivers take it for p=none, or ignore the record."
    for name in ("sp", "np"):
        if name in tags and tags[name].lower() not in POLICIES:
            yield f"{name}={tags[name]} is no policy."
    if not tags.get("rua", "").lower().startswith("mailto:"):
        yield "No address gets the reports (rua), so nobody sees who sends in your name."
    gone = sorted(GONE & set(tags))
    if gone:
        yield f"{', '.join(gone)} has no meaning any more (RFC 9989); remove it."


def _mended(found: Found) -> str:
    tags = {name: value for name, value in found.tags.items() if name not in GONE | {"v", "p"}}
    for name in ("sp", "np"):
        if tags.get(name, "none").lower() not in POLICIES:
            tags.pop(name)
    if not tags.get("rua", "").lower().startswith("mailto:"):
        tags["rua"] = f"mailto:dmarc-reports@{found.organisation}"
    own = found.tags.get("p", "").lower()
    first = {"v": "DMARC1", "p": own if own in POLICIES else "none"}
    return "; ".join(f"{name}={value}" for name, value in (first | tags).items())
