"""DKIM: what a server received is verified by another implementation, dkimpy, by keys from a DNS server."""

import base64
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import dkim
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.compliance.sender_dns.asking import Dns
from mailer.rendering import fill
from mailer.transports import open_transport, signed, signing
from project.inbox.server import InboxServer
from project.inbox.store import MessageStore
from tests.mailer import dkim_keys
from tests.mailer.dns_server import serving
from tests.mailer.messages import AT, compiled, recipient, sent
from tests.mailer.smtp_script import ScriptedServer

POSTFIX = Path(django_settings.BASE_DIR) / "var/postfix/usr"
RAW = sent(compiled("<p>Roses  want\tcovers. </p><pre> x\n\n  y </pre>"))


@pytest.fixture(autouse=True)
def signs(settings) -> None:
    settings.DKIM_KEYS = dkim_keys.keys()
    settings.DKIM_DOMAIN = ""
    settings.SENDER_DOMAINS = ("example.com", "example.org")


@pytest.fixture
def asked(signs) -> Iterator[Dns]:
    with serving(dkim_keys.zone()) as (_, servers):
        yield Dns(servers)


def verdicts(raw: bytes, dns: Dns) -> list[bool]:
    """Each signature from the top, as dkimpy sees it."""

    def ask(name: bytes, timeout: float = 5) -> bytes | None:
        found = dns.texts(name.decode().rstrip("."))
        return found[0].encode() if found else None

    count = len(re.findall(rb"(?m)^DKIM-Signature:", raw.partition(b"\r\n\r\n")[0]))
    return [_holds(raw, index, ask) for index in range(count)]


def _holds(raw: bytes, index: int, ask) -> bool:
    try:
        return dkim.DKIM(raw, minkey=2048).verify(index, dnsfunc=ask)
    except dkim.ValidationError:  # the body's hash
        return False


def tags(raw: bytes) -> list[dict[str, str]]:
    found = re.findall(rb"DKIM-Signature:((?:[^\r]|\r\n[ \t])*)\r\n", raw)
    pairs = [[part.split("=", 1) for part in "".join(value.decode().split()).split(";")] for value in found]
    return [dict(each) for each in pairs]


# -- what a server received ----------------------------------------------------------------------------


def through(url: str, raws: list[bytes], settings) -> None:
    settings.EMAIL_URL, settings.ANYMAIL_ESP = url, ""
    made = fill(compiled(), recipient(), at=AT)
    with open_transport() as transport:
        for number, raw in enumerate(raws):
            transport.send(b"%d" % number, type(made)(made.mail_from, made.rcpt_to, raw))
        assert [outcome.kind for outcome in transport.outcomes()] == ["accepted"] * len(raws)


MESSAGES = [
    RAW,
    sent(compiled("<p>.<br>..</p>"), first_name="Zoë"),
    sent(compiled(subject="Crème brûlée 🍮 week, and a subject that is folded in several lines on its way")),
]


def test_the_local_server_receives_two_signatures_that_hold(tmp_path, settings, asked):
    with InboxServer(MessageStore(tmp_path)) as server:
        through(f"smtp://127.0.0.1:{server.port}", MESSAGES, settings)
        received = [server.store.read(each.number).raw for each in server.store.latest(9)]
    assert len(received) == len(MESSAGES)
    for raw in received:
        assert verdicts(raw, asked) == [True, True]
        assert raw.partition(b"From: ")[2] in {each.partition(b"From: ")[2] for each in MESSAGES}


@pytest.mark.parametrize("pipelining", [True, False])
def test_whatever_the_server_offers_the_bytes_it_got_are_signed(settings, asked, pipelining):
    with ScriptedServer(pipelining=pipelining) as server:
        through(server.url, MESSAGES, settings)
    assert [verdicts(kept.data, asked) for kept in server.kept] == [[True, True]] * len(MESSAGES)


@pytest.mark.mta
def test_smtp_sink_receives_them_too(tmp_path, settings, asked):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    as_root = ["-u", "root"] if os.geteuid() == 0 else []
    command = [POSTFIX / "sbin/smtp-sink", *as_root, "-d", f"{tmp_path}/%M.", f"127.0.0.1:{port}", "16"]
    if not POSTFIX.exists():
        pytest.fail("Postfix's tools are not there: run bench/get_postfix_tools.")
    libraries = {"LD_LIBRARY_PATH": str(POSTFIX / "lib/postfix")}
    with subprocess.Popen(command, env=libraries) as sink:
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            through(f"smtp://127.0.0.1:{port}", MESSAGES, settings)
        finally:
            sink.terminate()
    dumped = [path.read_bytes().replace(b"\n", b"\r\n") for path in tmp_path.iterdir()]
    letters = [b"DKIM-Signature:" + raw.partition(b"DKIM-Signature:")[2] for raw in dumped]
    whole = [re.sub(rb"(?:\r\n)+\Z", b"\r\n", letter) for letter in letters if letter != b"DKIM-Signature:"]
    assert [verdicts(raw, asked) for raw in whole] == [[True, True]] * len(MESSAGES)


# -- what it covers ------------------------------------------------------------------------------------


@pytest.mark.duty("D72", "D89")
def test_both_unsubscribe_fields_and_all_that_readers_see_are_covered_once_more_than_they_occur():
    for each in tags(signed(RAW)):
        covered = each["h"].split(":")
        for name in (
            "from", "to", "subject", "date", "message-id", "reply-to", "list-id", "list-unsubscribe",
            "list-unsubscribe-post", "mime-version", "content-type",
        ):  # fmt: skip
            assert covered.count(name) == 2, name
        assert covered.count("cc") == 1
        assert (each["c"], each["d"], each["v"]) == ("relaxed/relaxed", "example.org", "1")
        assert "l" not in each
    assert [each["a"] for each in tags(signed(RAW))] == ["rsa-sha256", "ed25519-sha256"]
    assert [each["s"] for each in tags(signed(RAW))] == ["r1", "e1"]


def test_signatures_are_lines_of_76_in_front_of_bytes_that_stay_as_they_are():
    raw = signed(RAW)
    assert raw.endswith(RAW)
    assert all(len(line) <= 78 for line in raw.removesuffix(RAW).split(b"\r\n"))
    assert raw.isascii()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"/u/", b"/x/"),
        (b"Subject: ", b"Subject: Re: "),
        (b"From: Acme", b"From: Other"),
        (b"Reply-To: ", b"Reply-To: x"),
        (b"\r\nMIME-Version", b"\r\nFrom: x@example.net\r\nMIME-Version"),
        (b"\r\nMIME-Version", b"\r\nSubject: another\r\nMIME-Version"),
        (b"\r\nMIME-Version", b"\r\nCc: x@example.net\r\nMIME-Version"),
        (b"\r\nMIME-Version", b"\r\nList-Unsubscribe: <https://example.net/>\r\nMIME-Version"),
        (b"\r\nMIME-Version", b"\r\nContent-Type: text/html\r\nMIME-Version"),
        (b"Roses", b"Thorns"),
        (b"=\r\n", b"\r\n"),
    ],
)  # fmt: skip
def test_what_is_changed_or_added_later_breaks_them(asked, old, new):
    raw = signed(RAW)
    assert verdicts(raw, asked) == [True, True]
    top, rest = raw.removesuffix(RAW), RAW
    assert old in rest
    assert verdicts(top + rest.replace(old, new, 1), asked) == [False, False]


def test_what_servers_may_do_on_the_way_does_not(asked):
    raw = signed(RAW)
    folded = raw.replace(b"Subject: ", b"subject:\r\n\t").replace(
        b"<hello@example.org>", b"  <hello@example.org>"
    )
    assert verdicts(b"Received: from a by b; Tue, 24 Nov 2026 09:30:01 +0000\r\n" + folded, asked) == [
        True,
        True,
    ]
    assert verdicts(raw + b"\r\n\r\n", asked) == [True, True]


BODIES = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b".", b"=20", b"  \r\n"]), max_size=30)
VALUES = st.text("ab \t=?:;<>@,", max_size=200).map(
    lambda text: re.sub(r" (?=.{60})", "\r\n ", text, count=2)
)


@given(BODIES, VALUES)
@settings(max_examples=150, deadline=None)
def test_whatever_is_signed_holds(body, value):
    raw = b"From: a@example.org\r\nSubject: %s\r\nX: y\r\n\r\n%s" % (value.encode(), b"".join(body))
    answers = {f"{name}.".encode(): record.encode() for name, record in signing.records()}
    out = signed(raw)
    assert out != raw
    assert [
        dkim.DKIM(out, minkey=2048).verify(index, dnsfunc=lambda name, timeout=5: answers[name])
        for index in (0, 1)
    ] == [True, True]


# -- who signs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domains", "chosen", "author", "signer"),
    [
        (("example.org",), "", "example.org", "example.org"),
        (("example.org",), "", "news.example.org", "example.org"),
        (("example.org", "news.example.org"), "", "news.example.org", "news.example.org"),
        (("example.org", "news.example.org"), "example.org", "news.example.org", "example.org"),
        (("example.org",), "", "example.net", None),
        (("example.org",), "", "notexample.org", None),
    ],
)
def test_the_domain_in_from_signs_or_one_above_it(settings, domains, chosen, author, signer):
    settings.SENDER_DOMAINS, settings.DKIM_DOMAIN = domains, chosen
    raw = signed(RAW.replace(b"news@example.org", f"news@{author}".encode()))
    assert {each["d"] for each in tags(raw)} == ({signer} if signer else set())


@pytest.mark.parametrize(
    "author", [b"", b"From: a@example.org\r\nFrom: b@example.org\r\n", b"From: nobody\r\n"]
)
def test_mail_without_one_author_is_not_signed(author):
    raw = author + b"To: x@example.net\r\n\r\nx"
    assert signed(raw) == raw


def test_without_keys_nothing_is_signed(settings):
    settings.DKIM_KEYS = ()
    assert signed(RAW) == RAW


# -- the records ---------------------------------------------------------------------------------------


def test_the_command_prints_what_to_publish(settings):
    settings.SENDER_DOMAINS = ("example.org",)
    out = StringIO()
    call_command("dkim_records", stdout=out)
    rsa, ed25519 = out.getvalue().splitlines()
    assert re.fullmatch(
        r'r1\._domainkey\.example\.org\. IN TXT "v=DKIM1; k=rsa; p=[^"]{237}" "[^"]{1,255}"', rsa
    )
    assert re.fullmatch(r'e1\._domainkey\.example\.org\. IN TXT "v=DKIM1; k=ed25519; p=[^"]{44}"', ed25519)
    out = StringIO()
    call_command("dkim_records", "--json", stdout=out)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(each["name"], each["type"]) for each in told] == [
        ("r1._domainkey.example.org", "TXT"), ("e1._domainkey.example.org", "TXT"),
    ]  # fmt: skip
    assert (
        base64.b64decode(told[1]["value"].rpartition("p=")[2])
        == dkim_keys.ed25519().public_key().public_bytes_raw()
    )


def test_without_a_key_there_is_nothing_to_print(settings):
    settings.DKIM_KEYS = ()
    with pytest.raises(CommandError, match="There is no DKIM key") as told:
        call_command("dkim_records")
    assert told.value.returncode == 2
