"""The inbox's SMTP server takes what a strict receiver would take, and plays difficult ones for tests."""

import gc
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project.inbox.server import Hangup, InboxServer
from project.inbox.store import MessageStore

SENDER, LEE, MAX = "sender@example.org", "lee@example.net", "max@example.net"
MESSAGE = b"From: sender@example.org\r\nTo: lee@example.net\r\nSubject: Hello\r\n\r\nBody\r\n"


@pytest.fixture
def serve(tmp_path):
    """Starts servers on one store and stops them after the test."""
    started = []

    def start(**options) -> InboxServer:
        server = InboxServer(MessageStore(tmp_path / "inbox"), **options)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def server(serve):
    return serve()


@contextmanager
def raw_connection(server):
    address = (server.host, server.port)
    with socket.create_connection(address, timeout=10) as connection, connection.makefile("rb") as replies:
        assert replies.readline().startswith(b"220 inbox.localhost ")
        yield connection, replies


def smtp(server) -> smtplib.SMTP:
    return smtplib.SMTP(server.host, server.port, timeout=10)


def kept(server) -> list[bytes]:
    return [received.raw for received in server.store.iterate()]


def send(server, raw: bytes = MESSAGE, to: str = LEE) -> None:
    with smtp(server) as client:
        client.sendmail(SENDER, [to], raw)


def test_a_message_is_kept_as_it_was_sent_with_its_envelope(server):
    with smtp(server) as client:
        assert client.sendmail(SENDER, [LEE, MAX], MESSAGE) == {}
    [received] = server.store.iterate()
    assert (received.number, received.mail_from, received.rcpt_tos) == (1, SENDER, (LEE, MAX))
    assert received.raw == MESSAGE


def test_it_announces_what_it_can_do_and_no_authentication(server):
    with smtp(server) as client:
        client.ehlo("me.example.org")
        assert client.esmtp_features == {"size": "30000000", "8bitmime": "", "pipelining": "", "help": ""}
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login("lee", "secret")


def test_commands_sent_at_once_are_answered_in_order_and_none_is_lost(server):
    with raw_connection(server) as (connection, replies):
        connection.sendall(b"EHLO me\r\n")
        while replies.readline()[3:4] != b" ":
            pass
        # RFC 2920 §3.1: DATA ends a group, and the message may be followed by the next group.
        group = b"MAIL FROM:<sender@example.org>\r\nRCPT TO:<lee@example.net>\r\nDATA\r\n"
        connection.sendall(group)
        assert [replies.readline()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        connection.sendall(b"one\r\n.\r\nRSET\r\n" + group)
        assert [replies.readline()[:3] for _ in range(5)] == [b"250", b"250", b"250", b"250", b"354"]
        connection.sendall(b"two\r\n.\r\nQUIT\r\n")
        assert [replies.readline()[:3] for _ in range(2)] == [b"250", b"221"]
        assert replies.read() == b""
    assert kept(server) == [b"one\r\n", b"two\r\n"]


def test_pipelined_replies_do_not_wait_for_acknowledgements(server):
    began = time.monotonic()
    with raw_connection(server) as (connection, replies):
        connection.sendall(b"HELO me\r\n")
        replies.readline()
        for _ in range(250):
            connection.sendall(b"MAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nRSET\r\n")
            assert [replies.readline()[:3] for _ in range(3)] == [b"250"] * 3
    assert time.monotonic() - began < 9  # 250 × 40 ms if they did


lines = st.binary(max_size=80).filter(lambda line: b"\r\n" not in line and not line.endswith(b"\r"))
dotty = st.one_of(
    lines, lines.map(lambda line: b"." + line), st.sampled_from([b".", b"..", b"", b".\n", b"\r."])
)


@settings(deadline=None)
@given(st.lists(dotty, min_size=1, max_size=6))
def test_any_lines_at_all_arrive_without_their_transport_dots(any_server, content):
    raw = b"".join(line + b"\r\n" for line in content)
    stuffed = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in content)
    any_server.store.clear()
    with raw_connection(any_server) as (connection, replies):
        connection.sendall(b"HELO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n")
        assert [replies.readline()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]
        connection.sendall(stuffed + b".\r\n")
        assert replies.readline() == b"250 2.0.0 OK\r\n"
    assert kept(any_server) == [raw]


@pytest.fixture(scope="module")
def any_server(tmp_path_factory):
    with InboxServer(MessageStore(tmp_path_factory.mktemp("any"))) as server:
        yield server


def test_a_bare_line_feed_ends_no_line_and_so_smuggles_no_message(server):
    smuggled = b"one\n.\nMAIL FROM:<evil@example.org>\n"
    with raw_connection(server) as (connection, replies):
        connection.sendall(b"HELO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n")
        [replies.readline() for _ in range(4)]
        connection.sendall(smuggled + b"\r\n.\r\n")
        assert replies.readline()[:3] == b"250"
    assert kept(server) == [smuggled + b"\r\n"]


def test_eight_bit_bytes_arrive_untouched(server):
    raw = bytes(range(128, 256)) + b"\r\n"
    with smtp(server) as client:
        client.sendmail(SENDER, [LEE], raw, mail_options=["BODY=8BITMIME"])
    assert kept(server) == [raw]


def test_the_null_sender_is_kept_as_an_empty_one(server):
    with smtp(server) as client:
        client.sendmail("", [LEE], MESSAGE)
    assert [received.mail_from for received in server.store.iterate()] == [""]


def test_a_line_longer_than_the_standard_allows_is_turned_down_and_the_next_message_taken(server):
    with smtp(server) as client:
        client.sendmail(SENDER, [LEE], b"x" * 998 + b"\r\n")
        with pytest.raises(smtplib.SMTPDataError, match="500"):
            client.sendmail(SENDER, [LEE], b"x" * 1001 + b"\r\n")
        client.sendmail(SENDER, [LEE], MESSAGE)
    assert kept(server) == [b"x" * 998 + b"\r\n", MESSAGE]


def test_a_message_over_the_size_limit_is_turned_down_before_it_is_sent(server):
    with smtp(server) as client:
        client.ehlo()
        assert client.mail(SENDER, ["SIZE=30000001"])[0] == 552
        assert client.mail(SENDER, ["SIZE=30000000"])[0] == 250


def test_only_loopback_is_served(tmp_path):
    for host in ("0.0.0.0", "::", "", "localhost", "192.168.0.1"):
        with pytest.raises(ValueError, match=r"127\.0\.0\.1 or ::1 and never on"):
            InboxServer(MessageStore(tmp_path), host=host)


def test_ipv6_loopback_works_too(serve):
    try:
        server = serve(host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    send(server)
    assert kept(server) == [MESSAGE]


def test_a_port_in_use_is_reported_by_start(server, tmp_path):
    with pytest.raises(OSError, match="in use"):
        InboxServer(MessageStore(tmp_path), port=server.port).start()


def test_a_stopped_server_starts_again_on_its_port_and_goes_on_counting(server):
    send(server)
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        smtp(server)
    server.start()
    send(server)
    assert [received.number for received in server.store.iterate()] == [1, 2]


def test_stopping_cuts_open_connections_and_does_not_wait_for_them(serve):
    server = serve()
    with raw_connection(server) as (_, replies):
        began = time.monotonic()
        server.stop()
        assert replies.read() == b""
        assert time.monotonic() - began < 20  # the line stays open for minutes otherwise
    server.start()  # so that the fixture has something to stop


def test_stopping_loses_no_connection_that_was_taken_in_the_same_moment(server):
    """Warnings are errors: a socket that nobody closed fails the test when it is collected."""
    for turn in range(40):
        with ThreadPoolExecutor(1) as clients:
            asked = [clients.submit(socket.create_connection, (server.host, server.port)) for _ in range(20)]
            time.sleep(0.001 * (turn % 5))
            server.stop()
        for one in asked:
            if one.exception() is None:
                one.result().close()
        server.start()
    gc.collect()


def test_a_refused_sender_recipient_or_message_gets_the_reply_and_leaves_nothing(serve):
    asked = []

    def reply(stage, envelope):
        asked.append((stage, envelope.mail_from, list(envelope.rcpt_tos)))
        return {
            ("mail", "bad@example.org"): "553 5.1.8 Bad sender",
            ("rcpt", "no@example.net"): "550 5.1.1 No such user",
            ("message", "busy@example.net"): "451 4.3.2 Try later",
            ("data", "shut@example.net"): "554 5.7.0 Not now",
        }.get((stage, envelope.rcpt_tos[-1] if envelope.rcpt_tos else envelope.mail_from))

    server = serve(reply=reply)
    with smtp(server) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as sender:
            client.sendmail("bad@example.org", [LEE], MESSAGE)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as recipients:
            client.sendmail(SENDER, ["no@example.net"], MESSAGE)
        with pytest.raises(smtplib.SMTPDataError) as later:
            client.sendmail(SENDER, ["busy@example.net"], MESSAGE)
        with pytest.raises(smtplib.SMTPDataError) as shut:
            client.sendmail(SENDER, ["shut@example.net"], MESSAGE)
        client.rset()  # smtplib does not, after a refused DATA, and the transaction is still open
        assert kept(server) == []
        assert client.sendmail(SENDER, [LEE, "no@example.net"], MESSAGE) == {
            "no@example.net": (550, b"5.1.1 No such user")
        }
    assert (sender.value.smtp_code, sender.value.smtp_error) == (553, b"5.1.8 Bad sender")
    assert recipients.value.recipients == {"no@example.net": (550, b"5.1.1 No such user")}
    assert (later.value.smtp_code, later.value.smtp_error) == (451, b"4.3.2 Try later")
    assert (shut.value.smtp_code, shut.value.smtp_error) == (554, b"5.7.0 Not now")
    assert [received.rcpt_tos for received in server.store.iterate()] == [(LEE,)]
    assert asked[0] == ("mail", "bad@example.org", [])
    assert asked[-1] == ("message", SENDER, [LEE])


def test_a_refused_sender_leaves_no_transaction_open(serve):
    server = serve(reply=lambda stage, envelope: "553 5.1.8 No" if stage == "mail" else None)
    with smtp(server) as client:
        client.ehlo()
        assert client.mail(SENDER)[0] == 553
        assert client.rcpt(LEE)[0] == 503


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "message"])
def test_a_hangup_cuts_the_connection_at_its_stage_and_keeps_nothing(serve, stage):
    def reply(now, envelope):
        if now == stage:
            raise Hangup

    server = serve(reply=reply)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(server)
    assert kept(server) == []


def test_a_hangup_can_keep_the_message_whose_sender_gets_no_reply(serve):
    def reply(stage, envelope):
        if stage == "message":
            raise Hangup(kept=True)

    server = serve(reply=reply)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(server)
    assert kept(server) == [MESSAGE]


def test_one_hangup_leaves_other_connections_alone(serve):
    def reply(stage, envelope):
        if MAX in envelope.rcpt_tos:
            raise Hangup

    server = serve(reply=reply)
    with smtp(server) as client:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(server, to=MAX)
        client.sendmail(SENDER, [LEE], MESSAGE)
    assert kept(server) == [MESSAGE]


def test_a_slow_answer_comes_late_while_the_message_is_already_kept(serve):
    server = serve(delay=0.5)
    sending = threading.Thread(target=send, args=(server,))
    began = time.monotonic()
    sending.start()
    while not kept(server):
        time.sleep(0.01)
    assert sending.is_alive()
    sending.join()
    assert time.monotonic() - began >= 0.5


def test_a_sender_that_dies_after_its_last_dot_has_delivered(server):
    with raw_connection(server) as (connection, replies):
        connection.sendall(b"HELO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n")
        [replies.readline() for _ in range(4)]
        connection.sendall(MESSAGE * 500 + b".\r\n")
    deadline = time.monotonic() + 60
    while not kept(server) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert kept(server) == [MESSAGE * 500]


def test_a_sender_that_dies_before_its_last_dot_has_not(server):
    with raw_connection(server) as (connection, replies):
        connection.sendall(b"HELO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n")
        [replies.readline() for _ in range(4)]
        connection.sendall(MESSAGE)
    send(server, b"other\r\n")
    assert kept(server) == [b"other\r\n"]


def test_a_message_that_cannot_be_kept_is_deferred_and_not_lost(server, tmp_path):
    with MessageStore(tmp_path / "inbox") as other:
        other.append("", [LEE], b"")
        with pytest.raises(smtplib.SMTPDataError) as failure:
            send(server)
        assert failure.value.smtp_code == 451
    send(server)
    assert kept(server)[1:] == [MESSAGE]


def test_many_connections_at_once_lose_and_mix_nothing(server):
    def several(name: int) -> None:
        with smtp(server) as client:
            for count in range(20):
                client.sendmail(SENDER, [LEE], b"%d %d\r\n" % (name, count))

    threads = [threading.Thread(target=several, args=(name,)) for name in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(kept(server)) == sorted(
        b"%d %d\r\n" % (name, count) for name in range(8) for count in range(20)
    )


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_process_takes_mail_until_it_is_told_to_stop_and_then_leaves_in_good_order(tmp_path, ending):
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "project.inbox",
        "--port",
        "0",
        "--directory",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline().split()[-1].rstrip("."))
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.sendmail(SENDER, [LEE], MESSAGE)
            process.send_signal(ending)
            output, complaints = process.communicate(timeout=10)
            client.close()
    assert (process.returncode, output, complaints) == (0, "", "")
    assert [received.raw for received in MessageStore(tmp_path).iterate()] == [MESSAGE]


def test_the_process_says_in_one_line_that_its_port_is_taken(server, tmp_path):
    command = [
        sys.executable,
        "-m",
        "project.inbox",
        "--port",
        str(server.port),
        "--directory",
        str(tmp_path),
    ]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"The inbox cannot take mail at 127.0.0.1 port {server.port}: Address already in use.\n"
    )
