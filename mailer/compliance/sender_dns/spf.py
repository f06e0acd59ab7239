"""Which servers may send for the domain: one SPF record that can be evaluated (RFC 7208)."""

import re
from collections.abc import Iterator

from mailer.compliance.sender_dns.asking import Dns
from mailer.compliance.sender_dns.said import Record, Said, State

MOST_QUESTIONS = 10  # RFC 7208 §4.6.4; one more and receivers give up
TERM = re.compile(
    r"(?P<sign>[-+?~]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists|redirect|exp|[a-z][\w.-]*(?==))"
    r"(?P<rest>(?:[:=/].*)?)",
    re.IGNORECASE,
)
ASKS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
# What each mail service asks its customers to include (their documentation, November 2026).
INCLUDES = {
    "amazon_ses": "amazonses.com",
    "mailgun": "mailgun.org",
    "mailjet": "spf.mailjet.com",
    "mandrill": "spf.mandrillapp.com",
    "postmark": "spf.mtasv.net",
    "sendgrid": "sendgrid.net",
}


class Unusable(Exception):
    """The record that receivers will not evaluate, in words."""


def check(domain: str, server: str, esp: str, dns: Dns) -> Said:
    """`server` is the host of our mail server; with an ESP (`esp`) the envelope is its own affair."""
    found = records(domain, dns)
    wanted = _wanted(domain, server, esp)
    if not found:
        words = f"{domain} has no SPF record: nobody can tell which servers may send for it."
        return Said(State.WARN if esp else State.BAD, words, "", wanted)
    if len(found) > 1:
        return Said(
            State.BAD,
            f"{domain} has {len(found)} SPF records. Receivers then take none. Put them into one.",
            "\n".join(found),
            Record(domain, "TXT", _merged(found)),
        )
    try:
        questions = count(domain, dns)
    except Unusable as why:
        return Said(State.BAD, f"Receivers can’t use the SPF record: {why}", found[0])
    if questions > MOST_QUESTIONS:
        return Said(
            State.BAD,
            f"The SPF record costs more than {MOST_QUESTIONS} further questions to DNS, so receivers give up. "
            "Remove what you no longer use, or name networks by ip4: and ip6:.",
            found[0],
        )
    return _about_the_rest(found[0], domain, questions)


def records(domain: str, dns: Dns) -> tuple[str, ...]:
    return tuple(text for text in dns.texts(domain) if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE))


def count(domain: str, dns: Dns, seen: int = 0) -> int:
    """How many questions an evaluation of `domain`'s record can cost; stops counting beyond the most."""
    found = records(domain, dns)
    if len(found) != 1:
        raise Unusable(f"it leads to {domain}, which has {'several' if found else 'no'} SPF records.")
    terms = list(_terms(found[0]))
    has_all = any(name == "all" for _, name, _ in terms)
    for _, name, target in terms:
        if name not in ASKS or (name == "redirect" and has_all):
            continue
        seen += 1
        if seen > MOST_QUESTIONS:
            return seen
        if name in {"include", "redirect"} and "%" not in target:
            seen = count(target, dns, seen)
    return seen


def _terms(record: str) -> Iterator[tuple[str, str, str]]:
    for word in record.split()[1:]:
        term = TERM.fullmatch(word)
        if term is None:
            raise Unusable(f"“{word}” is no part of SPF.")
        name, target = term["name"].lower(), term["rest"][1:]
        if name in {"include", "redirect", "exists"} and not target:
            raise Unusable(f"“{word}” names no domain.")
        yield term["sign"], name, target


def _about_the_rest(record: str, domain: str, questions: int) -> Said:
    terms = list(_terms(record))
    last = next((sign or "+" for sign, name, _ in terms if name == "all"), "")
    is_handed_on = any(name == "redirect" for _, name, _ in terms)
    if last == "+":
        closed = re.sub(r"\s\+?all\b", " ~all", record, flags=re.IGNORECASE)
        words = "The SPF record ends in +all: it lets the whole world send for the domain."
        return Said(State.BAD, words, record, Record(domain, "TXT", closed))
    if last == "?" or (not last and not is_handed_on):
        closed = f"{re.sub(r' [?]all', '', record, flags=re.IGNORECASE)} ~all"
        words = "The SPF record does not say what holds for other servers. End it in ~all or -all."
        return Said(State.WARN, words, record, Record(domain, "TXT", closed))
    return Said(
        State.OK,
        f"One SPF record; it costs {questions} of at most {MOST_QUESTIONS} further questions.",
        record,
    )


def _wanted(domain: str, server: str, esp: str) -> Record:
    allowed = f"include:{INCLUDES[esp]}" if esp in INCLUDES else f"a:{server}" if server else "mx"
    return Record(domain, "TXT", f"v=spf1 {allowed} ~all")


def _merged(found: tuple[str, ...]) -> str:
    """One record of all: every term once, and the strictest end that one of them has."""
    words = [word for record in found for word in record.split()[1:]]
    end = "-all" if "-all" in words else "~all"
    rest = dict.fromkeys(word for word in words if not re.fullmatch(r"[-+?~]?all", word, re.IGNORECASE))
    return " ".join(["v=spf1", *rest, end])
