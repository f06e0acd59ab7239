"""SMTP: each message gets exactly one outcome, and it agrees with what the server did."""

import socket
import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.transports import Kind, TransportUnavailable, smtp
from mailer.transports.smtp import SmtpTransport
from project.inbox.server import Hangup, InboxServer
from project.inbox.store import MessageStore
from tests.mailer.smtp_script import BODY, Kept, Letter, ScriptedServer, Step, letter, recipients

BOTH = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "lockstep"])


def sent(server: ScriptedServer, *names: str, data: bytes = BODY) -> dict[bytes, Kind]:
    """Hand all over on one connection; the outcomes by key, one each."""
    transport = SmtpTransport(server.url)
    transport.open()
    for name in names:
        transport.send(name.encode(), letter(name, data))
    outcomes = transport.outcomes()
    transport.close()
    assert sorted(o.key for o in outcomes) == sorted(n.encode() for n in names)
    assert transport.outcomes() == []
    return {o.key: o.kind for o in outcomes}


# -- what the server says at each stage ----------------------------------------------------------------

A, R, L, U = Kind.ACCEPTED, Kind.REFUSED, Kind.LATER, Kind.UNKNOWN

# What the server does with the second of three messages, and what becomes of that one.
PLAYS = {
    "rcpt 550": ({"rcpt": Step("550 5.1.1 no such user")}, R),
    "rcpt 451": ({"rcpt": Step("451 4.7.1 greylisted")}, L),
    "rcpt 354": ({"rcpt": Step("354 what?")}, L),
    "rcpt 421": ({"rcpt": Step("421 4.3.2 closing", cut=True)}, L),
    "rcpt cut": ({"rcpt": Step(cut=True)}, L),
    "rcpt garbage": ({"rcpt": Step("HTTP/1.1 400 Bad Request")}, L),
    "rcpt 550 but data 354": ({"rcpt": Step("550 5.1.1 no"), "data": Step("354 go on")}, R),
    "rcpt 451 but data 354": ({"rcpt": Step("451 4.7.1 no"), "data": Step("354 go on")}, L),
    "mail 451": ({"mail": Step("451 4.7.1 later")}, L),
    "mail 421": ({"mail": Step("421 4.3.2 closing", cut=True)}, L),
    "mail cut": ({"mail": Step(cut=True)}, L),
    "mail garbage": ({"mail": Step("\x00\xff")}, L),
    "data 554": ({"data": Step("554 5.7.1 no")}, R),
    "data 451": ({"data": Step("451 4.3.0 later")}, L),
    "data 250": ({"data": Step("250 sure")}, L),
    "data 421": ({"data": Step("421 4.3.2 closing", cut=True)}, L),
    "data cut": ({"data": Step(cut=True)}, L),
    "message 550": ({"message": Step("550 5.7.1 spam")}, R),
    "message 451": ({"message": Step("451 4.3.0 later")}, L),
    "message 452 of two lines": ({"message": Step("452-4.3.1 full,\r\n452 4.3.1 come again")}, L),
    "message 250 of two lines": ({"message": Step("250-2.0.0 kept\r\n250 2.0.0 as 4711")}, A),
    "message 421": ({"message": Step("421 4.3.2 closing", cut=True)}, L),
    "message 354": ({"message": Step("354 go on")}, U),
    "message cut": ({"message": Step(cut=True)}, U),
    "message kept and cut": ({"message": Step(cut=True, keeps=True)}, U),
    "message garbage": ({"message": Step("thank you", keeps=True)}, U),
    "message code 42": ({"message": Step("042 ?", keeps=True)}, U),
    "message slow": ({"message": Step("250 2.0.0 kept", wait=0.3)}, A),
}


@BOTH
@pytest.mark.parametrize("name", PLAYS)
def test_each_answer_has_its_outcome_and_harms_no_other_message(name, pipelining):
    play, outcome = PLAYS[name]
    step = play.get("message", Step())
    # The end of the second is heard when the third is begun: a line cut there takes that beginning along.
    third = L if step.cut or outcome is U else A
    with ScriptedServer([{}, play], pipelining=pipelining) as server:
        assert sent(server, "one", "two", "three") == {b"one": A, b"two": outcome, b"three": third}
    expected = ["one"] + ["two"] * (outcome is A or bool(step.keeps)) + ["three"] * (third is A)
    assert recipients(server) == expected


@BOTH
def test_a_sender_that_is_refused_costs_no_recipient_and_is_an_objection(pipelining):
    refused = {"mail": Step("550 5.7.1 not from you"), "data": Step("354 go on")}
    with ScriptedServer([refused, {"mail": Step("550 5.7.1 not from you")}], pipelining=pipelining) as server:
        transport = SmtpTransport(server.url)
        transport.open()
        transport.send(b"one", letter("one"))
        transport.send(b"two", letter("two"))
        outcomes = transport.outcomes()
        transport.close()
    assert [(o.key, o.kind, o.detail) for o in outcomes] == [
        (b"one", L, "550 5.7.1 not from you"),
        (b"two", L, "550 5.7.1 not from you"),
    ]
    assert transport.objection == "The mail server refuses the sender: 550 5.7.1 not from you"
    assert server.kept == []


def test_a_recipient_refused_after_which_data_is_allowed_gets_an_empty_body():
    """RFC 2920 §3.1: the dot alone; and nobody gets the message."""
    with ScriptedServer([{"rcpt": Step("550 no"), "data": Step("354 go on")}]) as server:
        assert sent(server, "one", "two") == {b"one": R, b"two": A}
    assert recipients(server) == ["two"]
    assert b"RSET" not in server.commands


@BOTH
def test_a_refused_message_is_followed_by_rset(pipelining):
    with ScriptedServer([{"rcpt": Step("550 no")}], pipelining=pipelining) as server:
        assert sent(server, "one", "two", "three") == {b"one": R, b"two": A, b"three": A}
    verbs = [command.split()[0] for command in server.commands]
    assert verbs.count(b"RSET") == 1
    assert verbs[verbs.index(b"RSET") + 1] == b"MAIL"


@BOTH
def test_one_connection_carries_many_messages(pipelining):
    names = [f"person{n}" for n in range(200)]
    with ScriptedServer(pipelining=pipelining) as server:
        assert sent(server, *names) == {name.encode(): A for name in names}
    assert server.connections == 1
    assert recipients(server) == names
    assert server.commands[-1].upper() == b"QUIT"


def test_with_pipelining_a_message_costs_one_round_trip():
    """200 ms from the server at each end of a message, and at nothing else, make 200 ms a message."""
    slow = {"message": Step("250 kept", wait=0.2)}
    with ScriptedServer([slow] * 4) as server:
        begun = time.monotonic()
        sent(server, "one", "two", "three", "four")
        assert time.monotonic() - begun < 4


# -- where the line is cut -----------------------------------------------------------------------------

BIG = (
    b"Subject: Spring\r\n\r\n" + b"Hello, hello, hello, hello, hello.\r\n" * 400_000
)  # more than buffers hold


@BOTH
def test_cut_before_the_body_the_message_certainly_has_not_arrived(pipelining):
    with ScriptedServer([{"body": Step(cut=True)}], pipelining=pipelining) as server:
        transport = SmtpTransport(server.url)
        transport.open()
        transport.send(b"one", letter("one"))
        time.sleep(0.1)  # the cut has come
        transport.send(b"two", letter("two"))
        transport.send(b"three", letter("three"))
        assert {o.key: o.kind for o in transport.outcomes()} == {b"one": L, b"two": L, b"three": A}
        transport.close()
    assert recipients(server) == ["three"]
    assert server.connections == 2


@BOTH
def test_a_farewell_instead_of_taking_the_body_is_heard(pipelining):
    leaving = {"body": Step("421 4.3.2 shutting down", cut=True)}
    with ScriptedServer([leaving], pipelining=pipelining) as server:
        transport = SmtpTransport(server.url)
        transport.open()
        transport.send(b"one", letter("one"))
        time.sleep(0.1)
        assert [(o.kind, o.detail) for o in transport.outcomes()] == [(L, "421 4.3.2 shutting down")]
        transport.close()
    assert server.kept == []


@BOTH
def test_cut_inside_the_body_the_message_certainly_has_not_arrived(pipelining):
    """A message is one only with its last dot (RFC 5321 §4.1.1.4); here most of it is still with us."""
    with ScriptedServer([{"body": Step(cut=True, taken=5000)}], pipelining=pipelining) as server:
        assert sent(server, "one", data=BIG) == {b"one": L}
        assert sent(server, "two", data=BODY) == {b"two": A}
    assert recipients(server) == ["two"]


@BOTH
def test_cut_when_all_of_the_body_has_left_nobody_knows(pipelining):
    with ScriptedServer([{"body": Step(cut=True, taken=10, wait=0.2)}], pipelining=pipelining) as server:
        assert sent(server, "one") == {b"one": U}
    assert server.kept == []


@BOTH
def test_a_server_that_never_answers_is_given_up_and_what_it_has_is_unknown(pipelining, monkeypatch):
    monkeypatch.setattr(smtp, "REPLY_SECONDS", 0.3)
    silent = {"message": Step("250 kept", wait=1, keeps=True)}
    with ScriptedServer([silent, {"rcpt": Step("250 ok", wait=1)}], pipelining=pipelining) as server:
        assert sent(server, "one") == {b"one": U}
        assert sent(server, "two", "three") == {b"two": L, b"three": A}
    assert recipients(server) == ["one", "three"]


def test_closing_in_mid_message_neither_waits_nor_sends_the_message():
    with ScriptedServer() as server:
        transport = SmtpTransport(server.url)
        transport.open()
        transport.send(b"one", letter("one"))
        begun = time.monotonic()
        transport.close()
        assert time.monotonic() - begun < 10
    assert server.kept == []


def test_closing_does_not_wait_for_a_server_that_says_nothing(monkeypatch):
    monkeypatch.setattr(smtp, "FAREWELL_SECONDS", 0.2)
    with ScriptedServer([{"quit": Step("221 bye", wait=6)}]) as server:
        begun = time.monotonic()
        sent(server, "one")
        assert time.monotonic() - begun < 5


# -- a server that is not there ------------------------------------------------------------------------


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_an_unreachable_server_is_told_in_words():
    port = closed_port()
    with pytest.raises(TransportUnavailable) as told:
        SmtpTransport(f"smtp://127.0.0.1:{port}").open()
    assert str(told.value) == (
        f"The mail server 127.0.0.1:{port} can't be used: [Errno 111] Connection refused. "
        "Sending goes on by itself as soon as it answers; check EMAIL_URL if it never does."
    )


@pytest.mark.parametrize("greeting", ["554 5.3.2 go away", "421 4.3.2 too busy", "SSH-2.0-OpenSSH_9.2"])
def test_a_server_that_does_not_want_us_is_told_in_its_words(greeting):
    with (
        ScriptedServer(greeting=Step(greeting, cut=True)) as server,
        pytest.raises(TransportUnavailable) as told,
    ):
        SmtpTransport(server.url).open()
    expected = greeting if greeting[0].isdigit() else greeting.partition("-")[2]
    assert expected in str(told.value)


def test_a_server_gone_for_good_is_asked_once_more_and_then_no_more():
    """Each further try could take CONNECT_SECONDS, with a whole group handed over and waiting."""
    with ScriptedServer([{}, {"rcpt": Step(cut=True)}]) as server:
        transport = SmtpTransport(server.url)
        transport.open()
        transport.send(b"one", letter("one"))
        server.stop_listening()
        for name in ("two", "three", "four"):
            transport.send(name.encode(), letter(name))
        outcomes = {o.key: o for o in transport.outcomes()}
        transport.close()
    assert {key: o.kind for key, o in outcomes.items()} == {b"one": A, b"two": L, b"three": L, b"four": L}
    assert outcomes[b"three"].detail == outcomes[b"four"].detail == transport.unavailable
    assert "Connection refused" in transport.unavailable


# -- the octets ----------------------------------------------------------------------------------------

LINES = st.lists(
    st.one_of(
        st.sampled_from([b"", b".", b"..", b".\t", b"...dots", b"a.", b". ", b"QUIT", b"=2E"]),
        st.binary(max_size=30).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"")),
    ),
    max_size=20,
)


@pytest.fixture(scope="module")
def inbox(tmp_path_factory):
    with InboxServer(MessageStore(tmp_path_factory.mktemp("inbox"))) as server:
        yield server


@given(st.lists(LINES, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_received_octets_are_the_envelopes_data_whatever_dots_are_in_it(bodies):
    datas = [b"".join(line + b"\r\n" for line in lines) for lines in bodies]
    for pipelining in (True, False):
        with ScriptedServer(pipelining=pipelining) as server:
            transport = SmtpTransport(server.url)
            transport.open()
            for number, data in enumerate(datas):
                transport.send(b"%d" % number, letter("dana", data))
            transport.outcomes()
            transport.close()
        assert server.kept == [Kept(b"news@example.com", b"dana@example.org", data) for data in datas]


def test_received_octets_are_the_same_on_a_server_of_somebody_elses_making(inbox):
    data = b"Subject: dots\r\n\r\n.\r\n..\r\n.hidden\r\nend.\r\n"
    transport = SmtpTransport(f"smtp://127.0.0.1:{inbox.port}")
    transport.open()
    transport.send(b"one", letter("one", data))
    transport.send(b"two", letter("two", data))
    assert [o.kind for o in transport.outcomes()] == [A, A]
    transport.close()
    latest = [inbox.store.read(summary.number).raw for summary in inbox.store.latest(2)]
    assert latest == [data, data]


def test_an_address_beyond_ascii_is_refused_in_words_and_never_put_on_the_wire():
    with ScriptedServer() as server:
        transport = SmtpTransport(server.url)
        transport.open()
        transport.send(b"one", Letter("news@example.com", "dänä@example.org", BODY))
        transport.send(b"two", letter("two"))
        outcomes = transport.outcomes()
        transport.close()
    assert [(o.key, o.kind) for o in outcomes] == [(b"one", R), (b"two", A)]
    assert outcomes[0].detail == "This address has letters beyond a–z, which mail servers can't carry yet."
    assert recipients(server) == ["two"]


def test_a_servers_words_are_one_line_without_control_characters():
    """PostgreSQL takes no NUL: one in a reply would stop the settling of the whole group."""
    with ScriptedServer([{"message": Step("550-5.7.1 bad\x00 \x1b[31m\r\n550 5.7.1 \xff end")}]) as server:
        transport = SmtpTransport(server.url)
        transport.open()
        transport.send(b"one", letter("one"))
        (outcome,) = transport.outcomes()
        transport.close()
    assert outcome.detail == "550 5.7.1 bad   [31m 5.7.1 \N{REPLACEMENT CHARACTER} end"


# -- against the local inbox, which is another's protocol code ------------------------------------------


@pytest.mark.parametrize("kept", [False, True])
def test_a_server_that_dies_before_its_last_word_leaves_unknown(tmp_path, kept):
    def reply(stage, envelope):
        if stage == "message" and envelope.rcpt_tos == ["two@example.org"]:
            raise Hangup(kept=kept)

    with InboxServer(MessageStore(tmp_path), reply=reply) as server:
        transport = SmtpTransport(f"smtp://127.0.0.1:{server.port}")
        transport.open()
        for name in ("one", "two", "three"):
            transport.send(name.encode(), letter(name))
        outcomes = {o.key: o.kind for o in transport.outcomes()}
        transport.close()
        received = sorted(summary.rcpt_tos[0] for summary in server.store.latest(9))
    assert outcomes[b"one"] is A
    assert outcomes[b"two"] is U
    assert outcomes[b"three"] in {A, L}  # begun together with the end of the second
    expected = ["one@example.org"] + ["three@example.org"] * (outcomes[b"three"] is A)
    assert received == expected + ["two@example.org"] * kept


# -- any script at all ---------------------------------------------------------------------------------

SAID = ["250 ok", "250-ok\r\n250 ok", "354 go on", "421 closing", "451 later", "550 no", "554-no\r\n554 no"]
REPLIES = st.sampled_from([*SAID, "", "junk", "99 ?", "600 ?", "25", "-1 ?"])


@st.composite
def steps(draw, stage: str) -> Step:
    reply = draw(REPLIES)
    cut = draw(st.booleans()) if reply else True  # who says nothing cuts the line, else we would wait
    # A server that says 2xx keeps the message, one that refuses does not; any other may do as it likes.
    keeps = None
    if stage == "message" and reply[:1] not in {"2", "4", "5"}:
        keeps = draw(st.booleans())
    return Step(reply, cut=cut or reply.startswith("421"), keeps=keeps)


@st.composite
def plays(draw) -> dict[str, Step]:
    stages = draw(st.lists(st.sampled_from(["mail", "rcpt", "data", "message", "rset", "body"]), max_size=3))
    play = {stage: draw(steps(stage)) for stage in stages if stage != "body"}
    if "body" in stages:
        play["body"] = Step(cut=True, taken=draw(st.integers(0, 3)))
    return play


@given(st.lists(plays(), max_size=8), st.booleans(), st.sets(st.integers(0, 9)))
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_server_does_outcomes_are_one_each_and_true(script, pipelining, flushes):
    keys = [b"%d" % number for number in range(10)]
    with ScriptedServer(script, pipelining=pipelining) as server:
        transport = SmtpTransport(server.url)
        transport.open()
        outcomes = []
        for number, key in enumerate(keys):
            transport.send(key, letter(key.decode()))
            if number in flushes:
                outcomes += transport.outcomes()
        outcomes += transport.outcomes()
        transport.close()
    assert sorted(o.key for o in outcomes) == keys
    kept = Counter(kept.rcpt_to.partition(b"@")[0] for kept in server.kept)
    for outcome in outcomes:
        allowed = {A: {1}, R: {0}, L: {0}, U: {0, 1}}[outcome.kind]
        assert kept[outcome.key] in allowed, outcome
    assert all(message.data == BODY for message in server.kept)
