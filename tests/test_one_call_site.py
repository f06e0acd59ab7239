"""One room sends, and one room may ask it to (promise 1): read from the source, so that no path is forgotten."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from project import settings as written  # not django.conf's, whose EMAIL_BACKEND pytest-django replaces

CLONE = Path(__file__).resolve().parent.parent
TRANSPORTS, DISPATCH = "mailer/transports/", "mailer/dispatch/"

# Modules that can carry a message away; a dot after them counts too.
CARRIERS = {"smtplib", "aiosmtplib", "anymail", "django.core.mail", "requests", "urllib3", "urllib.request"}
CARRIERS |= {"http.client", "httpx", "aiohttp", "boto3", "botocore", "telnetlib", "xmlrpc"}
# Functions and methods that send, by whatever object they are called on.
SENDING = {"send_mail", "send_mass_mail", "mail_admins", "mail_managers", "email_user", "send_messages"}
SENDING |= {"sendmail", "send_message", "get_connection", "EmailMultiAlternatives", "AnymailMessage"}
SENDING |= {"AdminEmailHandler", "SMTP", "SMTP_SSL"}
OPENING = {"open_transport", "SmtpTransport", "EspTransport"}

# What could carry a message and does not, each with its reason.
ALLOWED = {
    ("mailer/management/demo/installation.py", "urllib.request"),  # waits for its own web server
    ("mailer/management/demo/story.py", "http.client"),  # clicks opt-out links of its own web server
    ("mailer/webhooks/events.py", "anymail"),  # hears events; its signals carry nothing away
    ("mailer/evidence/recording.py", "get_connection"),  # the database's
    ("project/inbox/server.py", "SMTP"),  # aiosmtpd's server, which receives
    # Answers that a person writes in the local inbox go to that inbox's own server, on loopback, and nowhere else.
    ("project/inbox/answering.py", "smtplib"),
    ("project/inbox/answering.py", "SMTP"),
    ("project/inbox/answering.py", "send_message"),
}


def sources() -> list[Path]:
    found = [path for room in ("mailer", "project") for path in (CLONE / room).rglob("*.py")]
    assert len(found) > 60  # an empty search would allow everything
    return [*found, CLONE / "manage.py"]


def name_of(path: Path) -> str:
    return path.relative_to(CLONE).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def used(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value  # import_string("…"), getattr(…, "send_mail")
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def carriers(source: str) -> set[str]:
    names = {f"{name}." for name in imported(ast.parse(source))}
    return {carrier for carrier in CARRIERS if any(name.startswith(f"{carrier}.") for name in names)}


def senders(source: str) -> set[str]:
    found = {name.rpartition(".")[2] for name in used(ast.parse(source))} & SENDING
    return found | ({"MAIL FROM"} if "MAIL FROM" in source else set())


@pytest.mark.duty("D12", "D61", "D94")
def test_only_transports_speak_smtp_or_to_a_mail_service():
    found = {
        (name_of(path), name)
        for path in sources()
        if not name_of(path).startswith(TRANSPORTS)
        for name in carriers(path.read_text()) | senders(path.read_text())
    }
    assert found == ALLOWED


def test_only_dispatch_opens_a_transport():
    found = {
        name_of(path)
        for path in sources()
        if not name_of(path).startswith(TRANSPORTS) and OPENING & set(used(ast.parse(path.read_text())))
    }
    assert found == {f"{DISPATCH}crew.py", f"{DISPATCH}single.py"}


def test_dispatch_opens_a_transport_in_two_places_each_after_a_hand_over():
    """A campaign's slice, and the one message alone (a test, a way back)."""
    calls = [
        name_of(path)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open_transport"
    ]
    assert sorted(calls) == [f"{DISPATCH}crew.py", f"{DISPATCH}single.py"]


@pytest.mark.parametrize(
    "source",
    [
        "import smtplib",
        "import smtplib as s",
        "from smtplib import SMTP",
        "from django.core.mail import EmailMessage",
        "from django.core import mail",
        "import anymail.message",
        "def later():\n    import requests",
        "from urllib import request",
    ],
)
def test_the_search_finds_what_can_carry_a_message(source):
    assert carriers(source)


@pytest.mark.parametrize(
    "source",
    [
        "user.email_user('a', 'b')",
        "getattr(x, 'send_mail')()",
        "s.sendmail(a, b, c)",
        "sock.send(b'MAIL FROM:<>')",
    ],
)
def test_the_search_finds_what_sends(source):
    assert senders(source)


def test_what_a_library_sends_through_django_goes_nowhere():
    """Django's own mail functions would pass the gate by; as it is, nothing comes out at their other end."""
    assert written.EMAIL_BACKEND == "django.core.mail.backends.dummy.EmailBackend"
