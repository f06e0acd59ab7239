"""ESPs: what goes to them is the finished message, and what they answer becomes one true outcome."""

import json
import socket
import ssl
import subprocess
import sys
import threading

import pytest

from mailer.dispatch.settle import result_of
from mailer.rendering import fill
from mailer.transports import Kind, Outcome, TransportUnavailable, esp, open_transport
from tests.mailer.esp_fake import FakeEsp
from tests.mailer.esp_formats import NUMBER
from tests.mailer.esp_formats_more import ESPS
from tests.mailer.messages import AT, FACTS, compiled, parts, read, recipient

A, R, L, U = Kind.ACCEPTED, Kind.REFUSED, Kind.LATER, Kind.UNKNOWN
TO = "dana.o'neil+spring@example.net"
KEY = b"a" * 16

EACH_ESP = pytest.mark.parametrize("name", ESPS)
pytestmark = pytest.mark.filterwarnings(
    "ignore:django-anymail has dropped official support for SendGrid"  # told once, at each start
)


def envelope(to: str = TO):
    return fill(compiled("<p>Roses want covers now, 20&nbsp;% off.</p>"), recipient(address=to), at=AT)


@pytest.fixture
def use(settings):
    """Point Candor at a fake, or at any URL."""

    def chosen(name: str, anymail: dict[str, str], **more: object) -> None:
        settings.ANYMAIL_ESP = name
        settings.ANYMAIL = {**anymail, "REQUESTS_TIMEOUT": 5, **more}

    return chosen


def outcomes_of(*tos: str) -> tuple[list[Outcome], str, str]:
    """Outcomes of one message each, with the transport's objection and why it is unavailable."""
    with open_transport() as transport:
        for to in tos:
            transport.send(to.encode(), envelope(to))
        outcomes = transport.outcomes()
        assert transport.outcomes() == []
        assert [outcome.key for outcome in outcomes] == [to.encode() for to in tos]
        return outcomes, transport.objection, transport.unavailable


def outcome_when(use, name: str, answer=None, **more: object) -> tuple[Outcome, str, str]:
    with FakeEsp(ESPS[name], answer) as fake:
        use(name, fake.anymail, **more)
        (outcome,), objection, unavailable = outcomes_of(TO)
    assert fake.problems == []
    for kept in (result_of(outcome, address=TO, attempts=0, sha256=b"").detail, objection, unavailable):
        assert TO not in kept.lower()
        assert "dana.o" not in kept.lower()
    return outcome, objection, unavailable


# -- what goes out -------------------------------------------------------------------------------------


@pytest.mark.duty("D85", "D115")
@EACH_ESP
def test_an_esp_gets_the_finished_message_whole_and_says_its_number(use, name):
    made = envelope()
    with FakeEsp(ESPS[name]) as fake:
        use(name, fake.anymail)
        (outcome,), objection, unavailable = outcomes_of(TO)
    assert fake.problems == []
    (message,) = fake.received
    wire = read(made.data)
    text, html = parts(made.data)
    assert (message.sender, message.reply_to) == (FACTS.from_email, FACTS.reply_to)
    assert message.to == [TO]
    assert message.subject == wire["Subject"]
    assert message.text.replace("\r\n", "\n") == text
    assert message.html.replace("\r\n", "\n") == html
    assert "Advertisement" in text
    assert "Advertisement" in html
    link = wire["List-Unsubscribe"].strip(" <>")
    assert link in text
    assert link in html
    assert message.headers["List-Unsubscribe"] == f"<{link}>"
    assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.untracked is (True if esp.CAPABILITIES[name].tracking_switch else None)
    assert outcome.kind is A
    assert (objection, unavailable) == ("", "")
    assert outcome.transport_id
    if name != "sendgrid":  # says nothing; anymail makes the number up and sends it along
        assert NUMBER in outcome.transport_id or outcome.transport_id == "4711"


def test_every_esp_that_may_be_used_is_tried_here():
    assert {name for name, capability in esp.CAPABILITIES.items() if not capability.refused} == {*ESPS}


def test_mail_without_reply_to_names_none(use):
    made = envelope()
    without = made.data.replace(b"Reply-To: hello@example.org\r\n", b"")
    assert without != made.data
    message = esp.as_anymail(type(made)(made.mail_from, made.rcpt_to, without), esp.CAPABILITIES["resend"])
    assert message.reply_to == []


# -- what comes back -----------------------------------------------------------------------------------


@EACH_ESP
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_esp_is_asked_again_later(use, name, status):
    outcome, objection, unavailable = outcome_when(use, name, (status, {"message": f"Busy; not {TO} now"}))
    assert outcome.kind is L
    assert objection == ""
    assert f"HTTP {status}" in unavailable


@EACH_ESP
@pytest.mark.parametrize("status", [500, 502, 504])
def test_after_an_error_of_the_esps_own_nobody_knows(use, name, status):
    outcome, objection, unavailable = outcome_when(use, name, (status, {"message": f"Failed for {TO}"}))
    assert outcome.kind is U
    assert objection == ""
    assert f"HTTP {status}" in unavailable


@EACH_ESP
def test_a_refused_account_is_an_objection_and_costs_no_recipient(use, name):
    outcome, objection, unavailable = outcome_when(use, name, ESPS[name].unauthorised)
    assert outcome.kind is L
    assert objection.startswith("The mail service refuses this message or the account: ")
    assert unavailable == ""


@EACH_ESP
def test_a_wrong_key_is_an_objection_too(use, name):
    with FakeEsp(ESPS[name]) as fake:
        wrong = json.loads(json.dumps(fake.anymail).replace("a-key", "another"))
        use(name, wrong)
        (outcome,), objection, _ = outcomes_of(TO)
    assert outcome.kind is L
    assert objection
    assert fake.received == []


@EACH_ESP
def test_a_refused_recipient_is_refused_and_nobody_else(use, name):
    outcome, objection, unavailable = outcome_when(use, name, ESPS[name].refusal(TO))
    assert outcome.kind is R
    assert (objection, unavailable) == ("", "")


@EACH_ESP
def test_a_refusal_that_would_meet_everyone_stops_the_campaign_instead(use, name):
    """“Domain not verified”, for example: taken for the recipients' fault it would burn a whole list."""
    said = {
        "message": "The sending domain is not verified",
        "ErrorCode": 400,
        "Message": "Sender not confirmed",
    }
    outcome, objection, _ = outcome_when(use, name, (400, said))
    assert outcome.kind is L
    assert objection


@EACH_ESP
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>It works!</html>", b"\x00\xff", {}, [], 5, "ok", None, {"status": "ok"}, [1], {"id": []}],
    ids=repr,
)
def test_an_answer_that_says_nothing_leaves_unknown(use, name, body):
    outcome, _, unavailable = outcome_when(use, name, (200, body))
    # SendGrid tells success by its status alone; anymail takes Brevo's empty body for success too.
    is_success = name == "sendgrid" or (name == "brevo" and body == b"")
    assert outcome.kind is (A if is_success else U)
    assert bool(unavailable) is not is_success


@EACH_ESP
def test_a_time_out_after_the_request_was_read_leaves_unknown(use, name):
    """Many in one request: test_transports_batches."""
    others = [] if esp.CAPABILITIES[name].batch else ["ed@example.net", "flo@example.net"]
    with FakeEsp(ESPS[name], silent=True) as fake:
        use(name, fake.anymail, REQUESTS_TIMEOUT=0.3)
        outcomes, _, unavailable = outcomes_of(TO, *others)
    assert [outcome.kind for outcome in outcomes] == [
        U,
        *(L for _ in others),
    ]  # one in doubt, not the whole group
    assert [message.to for message in fake.received] == [[TO]]
    assert unavailable


@EACH_ESP
def test_a_refused_connection_has_certainly_sent_nothing(use, name):
    with FakeEsp(ESPS[name]) as fake:
        anymail = fake.anymail
    use(name, anymail)
    (first, second), objection, unavailable = outcomes_of(TO, "ed@example.net")
    assert (first.kind, second.kind) == (L, L)
    assert objection == ""
    assert unavailable


def test_a_certificate_nobody_vouches_for_has_certainly_sent_nothing(use, tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
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
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_greet_in_vain, args=(listener, context))
        thread.start()
        use(
            "resend",
            {"RESEND_API_KEY": "k", "RESEND_API_URL": f"https://127.0.0.1:{listener.getsockname()[1]}/"},
        )
        (outcome,), _, unavailable = outcomes_of(TO)
        thread.join(10)
    assert outcome.kind is L
    assert "certificate" in unavailable


def _greet_in_vain(listener: socket.socket, context: ssl.SSLContext) -> None:
    line, _ = listener.accept()
    with line, pytest.raises(ssl.SSLError):
        context.wrap_socket(line, server_side=True)


def test_one_connection_carries_many_messages(use):
    tos = [f"person{number}@example.net" for number in range(5)]
    with FakeEsp(ESPS["mailgun"]) as fake:
        use("mailgun", fake.anymail)
        outcomes, _, _ = outcomes_of(*tos)
    assert [outcome.kind for outcome in outcomes] == [A] * 5
    assert [message.to for message in fake.received] == [[to] for to in tos]  # one request, one recipient


# -- what can't be used --------------------------------------------------------------------------------


@pytest.mark.duty("D84")
@pytest.mark.parametrize("name", ["sparkpost", "mailersend", "unisender_go"])
def test_an_esp_that_drops_our_headers_is_refused_with_the_reason(use, name):
    use(name, {})
    with pytest.raises(TransportUnavailable, match="Commercial mail needs them"), open_transport():
        pass


@pytest.mark.parametrize("name", ["console", "test", "mailgunn", "sendinblue"])
def test_an_unknown_esp_is_refused_with_the_names_there_are(use, name):
    use(name, {})
    with (
        pytest.raises(TransportUnavailable, match=f"“{name}” is no mail service.*mailgun, mailjet"),
        open_transport(),
    ):
        pass


def test_a_missing_key_is_told_by_name(use):
    use("mailgun", {})
    with pytest.raises(TransportUnavailable, match="MAILGUN_API_KEY"), open_transport():
        pass


def test_a_missing_package_is_told_by_name(use, monkeypatch):
    """boto3 is no dependency of Candor: who uses Amazon SES installs it."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.delitem(sys.modules, "anymail.backends.amazon_ses", raising=False)
    use("amazon_ses", {})
    with (
        pytest.raises(TransportUnavailable, match=r"boto3 package isn't installed.*django-anymail"),
        open_transport(),
    ):
        pass


def test_what_amazons_client_lacks_is_told_in_its_words(use, monkeypatch):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    use("amazon_ses", {})
    with (
        pytest.raises(TransportUnavailable, match="“amazon_ses” can't be used: You must specify a region"),
        open_transport(),
    ):
        pass


def test_amazons_client_never_tries_a_second_time(use):
    with FakeEsp(ESPS["amazon_ses"], (500, {"message": "Internal"})) as fake:
        use("amazon_ses", fake.anymail)
        outcomes_of(TO)
    assert fake.requests == 1
