"""SMTP over TLS, and logging in: what may cross a network, and what is refused in words."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from mailer.transports import Kind, TransportUnavailable, smtp
from mailer.transports.smtp import SmtpTransport
from tests.mailer.smtp_script import BODY, ScriptedServer, letter, recipients

A = Kind.ACCEPTED


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """For 127.0.0.1 and for “127.1”: a name, to Candor and to TLS, of this same machine."""
    assert shutil.which("openssl"), "The tests of TLS need the openssl command."
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=script",
    ]
    command += ["-addext", "subjectAltName=DNS:127.1,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@pytest.fixture
def context(certificate) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*certificate)
    return made


@pytest.fixture
def trusted(certificate, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


def through(url: str, *names: str, data: bytes = BODY) -> list[Kind]:
    transport = SmtpTransport(url)
    transport.open()
    for name in names:
        transport.send(name.encode(), letter(name, data))
    kinds = [outcome.kind for outcome in transport.outcomes()]
    transport.close()
    return kinds


@pytest.mark.duty("D23")
def test_beyond_this_machine_a_server_without_starttls_is_refused():
    """“127.1” reaches this machine but is not known to be it, like any name."""
    with ScriptedServer() as server, pytest.raises(TransportUnavailable, match="STARTTLS"):
        SmtpTransport(f"smtp://127.1:{server.port}").open()
    assert [command.split()[0].upper() for command in server.commands] == [b"EHLO"]


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("mail.example.com", False),
        ("localhost.example.com", False),
        ("127.1", False),
        ("", False),
    ],
)
def test_only_loopback_is_this_machine(host, is_here):
    assert smtp._on_this_machine(host) is is_here


def test_starttls_login_and_mail_go_through_with_a_certificate_that_holds(context, trusted):
    server = ScriptedServer(context=context, tls="starttls", auth=("dana", "s3cr:t@/"))
    with server:
        assert through(f"smtp://dana:s3cr%3At%40%2F@127.1:{server.port}", "one", "two") == [A, A]
    verbs = [command.split()[0].upper() for command in server.commands]
    assert verbs[:4] == [b"EHLO", b"STARTTLS", b"EHLO", b"AUTH"]
    assert recipients(server) == ["one", "two"]


def test_smtps_carries_messages_of_many_records(context, trusted):
    data = b"Subject: long\r\n\r\n" + b"A line of text, and a dot at its end.\r\n" * 3000
    with ScriptedServer(context=context) as server:
        assert through(f"smtps://127.0.0.1:{server.port}", "one", "two", data=data) == [A, A]
    assert [kept.data for kept in server.kept] == [data, data]


@pytest.mark.parametrize("tls", ["smtps", "starttls"])
def test_a_certificate_nobody_vouches_for_is_refused_in_words(context, tls):
    scheme, host = ("smtps", "127.0.0.1") if tls == "smtps" else ("smtp", "127.1")
    server = ScriptedServer(context=context, tls=tls, auth=("dana", "secret"))
    with server, pytest.raises(TransportUnavailable, match="certificate verify failed"):
        SmtpTransport(f"{scheme}://dana:secret@{host}:{server.port}").open()
    assert not any(command.startswith(b"AUTH") for command in server.commands)


@pytest.mark.parametrize("password", ["guessed", "w%C3%BCrde"])
def test_a_password_that_does_not_fit_is_told_without_it(password):
    with ScriptedServer(auth=("dana", "right")) as server, pytest.raises(TransportUnavailable) as told:
        SmtpTransport(f"smtp://dana:{password}@127.0.0.1:{server.port}").open()
    assert password not in str(told.value)
    assert "würde" not in str(told.value)
    if password == "guessed":
        assert "535 5.7.8 wrong name or password" in str(told.value)


def test_a_server_without_login_is_told_in_words():
    with ScriptedServer() as server, pytest.raises(TransportUnavailable, match="SMTP AUTH"):
        SmtpTransport(f"smtp://dana:secret@127.0.0.1:{server.port}").open()
