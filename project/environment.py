"""Every setting that an operator can make, in one place: its name, kind, default and meaning.

Each is an environment variable; each can also be given as NAME_FILE, the path of a file that holds
the value (container secrets). `docs/settings.md` is printed from this table.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv

from project import dkim
from project.values import (
    address_key,
    age,
    anymail_backend,
    approval,
    broker_url,
    connections,
    count,
    count_or_nothing,
    database_url,
    dns_servers,
    domain,
    domains,
    email_url,
    entries,
    folder,
    inbound_domain,
    journal_folder,
    link_keys,
    minutes,
    per_minute,
    port,
    public_url,
    secret,
    text,
    yes_or_no,
)

# Settings of django-anymail that would go behind the gate's back, or ours.
NOT_FOR_ANYMAIL = {
    "SEND_DEFAULTS": "it could put BCC, a schedule or tracking into every message",
    "IGNORE_UNSUPPORTED_FEATURES": "it would drop what an ESP can't do without a word",
    "IGNORE_RECIPIENT_STATUS": "it would take a refusal for acceptance",
    "DEBUG_API_REQUESTS": "it would print people's addresses",
    "USE_BULK_API": "it would take a request for accepted before anybody has looked at its recipients",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable. `parse` takes its text and raises ValueError with what to write instead."""

    name: str
    parse: Callable[[str], Any]
    default: str
    meaning: str


SETTINGS = (
    Setting(
        "PUBLIC_URL",
        public_url,
        "",
        "The https address of this installation, as it stands in every link. Without it the installation is "
        "local: pages on this machine only, mail to the local inbox only, keys made by themselves.",
    ),
    Setting(
        "DATABASE_URL",
        database_url,
        "",
        "PostgreSQL 15 to 18. Without it an embedded server starts by itself.",
    ),
    Setting(
        "BROKER_URL", broker_url, "", "Redis or RabbitMQ for Celery. Without it PostgreSQL is the broker too."
    ),
    Setting("EMAIL_URL", email_url, "", "The SMTP server that takes the mail. Needs PUBLIC_URL."),
    Setting(
        "ANYMAIL_ESP",
        anymail_backend,
        "",
        "Instead of EMAIL_URL: an ESP of django-anymail by name. Anymail's own settings are read from variables "
        "such as ANYMAIL_MAILGUN_API_KEY.",
    ),
    Setting("SECRET_KEY", secret, "", "Signs sessions and forms. May be changed; people then sign in again."),
    Setting(
        "ADDRESS_KEY",
        address_key,
        "",
        "Names the mailboxes of the suppression ledger. Can never change: the ledger holds no address, so with "
        "another key nobody's opt-out would be found. Keep a copy away from this machine.",
    ),
    Setting(
        "LINK_KEYS",
        link_keys,
        "",
        "Sign the opt-out links: number:key pairs, newest first. Add a new pair in front to rotate; never take "
        "an old one away, since links live for ever.",
    ),
    Setting("SENDER_DOMAINS", domains, "", "The domains that From addresses may have, separated by commas."),
    Setting(
        "DKIM_RSA_KEY",
        dkim.rsa_key,
        "",
        "The RSA private key, in PEM, 2048 bits or more, by which mail over SMTP is signed. Best given as "
        "`DKIM_RSA_KEY_FILE`. Without a key Candor does not sign; then your mail server should.",
    ),
    Setting(
        "DKIM_RSA_SELECTOR",
        dkim.selector,
        "",
        "The name under which its public part is published, such as `candor1`; `manage.py dkim_records` prints the "
        "record.",
    ),
    Setting(
        "DKIM_ED25519_KEY",
        dkim.ed25519_key,
        "",
        "An Ed25519 private key, in PEM, for a second signature beside the RSA one: not every mailbox provider can "
        "check it yet.",
    ),
    Setting("DKIM_ED25519_SELECTOR", dkim.selector, "", "The name under which its public part is published."),
    Setting(
        "DKIM_DOMAIN",
        domain,
        "",
        "The one of `SENDER_DOMAINS` that signs for all that are beneath it. Without it each signs for itself: publish "
        "the same records at each.",
    ),
    Setting(
        "APPROVAL",
        approval,
        "",
        "Who may let a campaign go out in which a rule holds something: `two_person`, somebody who did not write it, "
        "or `self_with_reason`, its author too, who then writes why. Without it: `two_person` in production, "
        "`self_with_reason` on one's own machine.",
    ),
    Setting(
        "INBOUND_DOMAIN",
        inbound_domain,
        "",
        "The domain whose mail is handed to `receive_mail`. With it, every message can also be answered by mail to opt "
        "out; without it, no message says so.",
    ),
    Setting(
        "MINIMUM_AGE",
        age,
        "18",
        "People of whom a file says that they may be younger are refused, and nothing of them is kept. At least 13.",
    ),
    Setting(
        "PRIVACY_CONTACT",
        text,
        "",
        "Whom people ask about their data, as the privacy page says it: name, address, telephone. Without it the page "
        "names the only sender's contact, and `check` warns.",
    ),
    Setting(
        "COMPLAINT_BODIES",
        entries,
        "",
        "Where people can complain, as the privacy page says it, separated by semicolons: the authority, or a dispute "
        "body, each with its address.",
    ),
    Setting(
        "DNS_SERVERS",
        dns_servers,
        "",
        "The DNS servers that are asked about senders' domains, by IP address, separated by commas. Without it: this "
        "machine's own.",
    ),
    Setting("DATA_DIR", folder, "var", "Where uploads, the local inbox and the embedded database live."),
    Setting(
        "PROXIES",
        count,
        "1",
        "How many proxies stand between visitors and Candor, each of which adds to X-Forwarded-For. Sign-up forms "
        "limit how often one network may ask, by the address that the outermost of them saw. A local installation "
        "has none.",
    ),
    Setting(
        "JOURNAL_DIR",
        journal_folder,
        "",
        "The folder of the journal: each opt-out is also a line there before it is answered, so that neither an outage "
        "of the database nor an older dump loses one. Keep it on another disk than the database, and never restore it "
        "with the database. Machines that share the installation share the folder. Without PUBLIC_URL it is "
        "DATA_DIR/journal.",
    ),
    Setting("WEB_PORT", port, "8000", "The port of the web pages."),
    Setting("INBOX_PORT", port, "2525", "The loopback port of the local inbox."),
    Setting("WORKERS", count, "3", "Worker processes that send, import and tidy."),
    Setting(
        "SENDING_WORKERS",
        count_or_nothing,
        "",
        "How many worker processes send at once, on all machines together. Without it one fewer than WORKERS, so that "
        "one is always free for confirmations, imports and tests. More than WORKERS makes sense with several machines.",
    ),
    Setting(
        "CONNECTIONS",
        connections,
        "8",
        "How many connections to the mail server (or requests to the ESP at once) each sending process may open; it "
        "opens them only while that makes it faster. Each also needs a session of the database. Your mail server must "
        "take SENDING_WORKERS times as many from one address.",
    ),
    Setting(
        "SCHEDULE_GRACE",
        minutes,
        "30",
        "Minutes after its time in which a scheduled campaign still begins by itself. If Candor was not running for "
        "longer, it asks a person, rather than mail at an hour that nobody chose.",
    ),
    Setting("WEB_WORKERS", count, "2", "Web server processes."),
    Setting(
        "API_REQUESTS_PER_MINUTE", per_minute, "300", "How many requests a minute each API key may make."
    ),
    Setting("DEBUG", yes_or_no, "false", "Django's error pages with source code. Refused with PUBLIC_URL."),
)


@contextmanager
def stops_in_words(code: int = 2) -> Iterator[None]:
    """Wrong settings end the process with sentences for an operator instead of a traceback."""
    try:
        yield
    except ImproperlyConfigured as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(code)


def read() -> dict[str, Any]:
    """All settings by name, parsed, and django-anymail's own under ANYMAIL.

    Raises ImproperlyConfigured that names every wrong one at once, with what to write.
    """
    env = FileAwareEnv(strip_whitespace=True)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for setting in SETTINGS:
        try:
            values[setting.name] = setting.parse(_given(env, setting.name, setting.default))
        except ValueError as wrong:
            problems.append(f"{setting.name}: {wrong}.")
    values["ANYMAIL"] = {}
    for name in _anymail_names():
        try:
            values["ANYMAIL"][name.removeprefix("ANYMAIL_")] = _for_anymail(name, _given(env, name, ""))
        except ValueError as wrong:
            problems.append(f"{name}: {wrong}.")
    problems += contradictions(values)
    if problems:
        raise ImproperlyConfigured(
            "Candor does not start, because of its settings:\n" + "\n".join(f"  {line}" for line in problems)
        )
    return values


def _given(env: FileAwareEnv, name: str, default: str) -> str:
    """The text of a setting, from NAME itself or from the file that NAME_FILE names."""
    if os.environ.get(name) and os.environ.get(f"{name}_FILE"):
        raise ValueError(f"it is there twice; write {name} or {name}_FILE, not both")
    try:
        return env.str(name, default)
    except (ValueError, OSError) as wrong:
        raise ValueError(f"{name}_FILE names no text file that can be read; write the path of one") from wrong


def _anymail_names() -> list[str]:
    given = (name.removesuffix("_FILE") for name in os.environ if name.startswith("ANYMAIL_"))
    return sorted(set(given) - {"ANYMAIL_ESP"})


def _for_anymail(name: str, value: str) -> str | bool | float | dict[str, Any]:
    """A value in the type that django-anymail expects: it reads Python, and “false” would be true to it."""
    for ending, reason in NOT_FOR_ANYMAIL.items():
        if name.endswith(ending):
            raise ValueError(f"leave it out; {reason}")
    if name == "ANYMAIL_REQUESTS_TIMEOUT":
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", value) or not float(value):
            raise ValueError("write a number of seconds, such as 30")
        return float(value)
    if name.endswith("_PARAMS"):
        return _json_object(value)
    return {"true": True, "false": False}.get(value.lower(), value)


def _json_object(value: str) -> dict[str, Any]:
    """Amazon's client has options of its own."""
    try:
        read = json.loads(value)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise ValueError('write a JSON object, such as {"region_name": "eu-central-1"}')
    return read


def contradictions(values: Mapping[str, Any]) -> list[str]:
    """What is wrong between settings that are each well-formed."""
    found = list(dkim.contradictions(values))
    if "PUBLIC_URL" not in values:
        return found  # wrong in itself: what kind of installation is meant is not known yet
    if values["PUBLIC_URL"]:
        return found + list(_missing_in_public(values))
    for name in ("EMAIL_URL", "ANYMAIL_ESP"):
        if values.get(name):
            found.append(
                f"{name}: real mail needs PUBLIC_URL, since every message carries a link back; "
                "set PUBLIC_URL, or leave this out to use the local inbox."
            )
    return found


def _missing_in_public(values: Mapping[str, Any]) -> list[str]:
    needed = {
        "SECRET_KEY": "write at least 50 random characters; `openssl rand -hex 32` prints good ones.",
        "ADDRESS_KEY": "write 64 hexadecimal digits from `openssl rand -hex 32`, keep a copy elsewhere, "
        "and never change it.",
        "LINK_KEYS": "write 1: and then 64 hexadecimal digits from `openssl rand -hex 32`.",
        "SENDER_DOMAINS": "write the domains that your From addresses have, such as example.com.",
        "DATABASE_URL": "write postgres://user:password@host:5432/name; the embedded server is for local use.",
        "JOURNAL_DIR": "write the whole path of a folder on another disk than the database, such as "
        "/srv/candor-journal.",
    }
    problems = [
        f"{name}: missing; {advice}" for name, advice in needed.items() if name in values and not values[name]
    ]
    ways = [values[name] for name in ("EMAIL_URL", "ANYMAIL_ESP") if name in values]
    if len(ways) == 2 and bool(ways[0]) == bool(ways[1]):
        problems.append(
            "EMAIL_URL: write exactly one of EMAIL_URL (an SMTP server) and ANYMAIL_ESP (an ESP)."
        )
    if values.get("DEBUG"):
        problems.append(
            "DEBUG: write false, or take PUBLIC_URL away; error pages would show secrets to strangers."
        )
    return problems
