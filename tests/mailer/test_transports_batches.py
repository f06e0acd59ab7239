"""Many messages in one request: to each recipient their own, of each its own outcome, and nobody twice."""

import email.utils
import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailer.rendering import fill
from mailer.transports import Kind, Outcome, esp, open_transport
from mailer.transports.capabilities import CAPABILITIES
from mailer.transports.contract import LONGEST_PAUSE
from tests.mailer.esp_batch_fake import WAYS, BatchEsp, Turn, number
from tests.mailer.messages import AT, FACTS, compiled, parts, read, recipient

A, R, L, U = Kind.ACCEPTED, Kind.REFUSED, Kind.LATER, Kind.UNKNOWN
EACH_WAY = pytest.mark.parametrize("name", WAYS)
SKELETON = compiled("<p>Roses want covers now, 20&nbsp;% off.</p>")
WITHOUT_KEYS = [name for name in WAYS if not CAPABILITIES[name].idempotency]
OPERATING = Path(__file__).resolve().parent.parent.parent / "docs" / "operating.md"


def envelope(to: str):
    key = hashlib.md5(to.encode()).digest()
    return fill(SKELETON, replace(recipient(address=to), address_key=key, mailbox_key=key), at=AT)


def people(number: int) -> list[str]:
    return [f"person{place}@example.net" for place in range(number)]


@pytest.fixture
def use(settings):
    """Point Candor at a fake."""

    def chosen(fake: BatchEsp, **more: object) -> None:
        settings.ANYMAIL_ESP = fake.name
        settings.ANYMAIL = {**fake.anymail, "REQUESTS_TIMEOUT": 60, **more}

    return chosen


class Desk:
    """Who handed the messages over, and is asked whether they may still go."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)
        self.asked: list[list[str]] = []

    def may_still_go(self, keys: Sequence[bytes]) -> bool:
        self.asked.append([key.decode() for key in keys])
        return self.answers.pop(0) if self.answers else True


def outcomes_of(
    tos: Sequence[str], desk: Desk | None = None
) -> tuple[dict[str, Outcome], str, str, float | None]:
    """The outcome of each message, the transport's objection, why it is unavailable, and for how long."""
    with open_transport() as transport:
        for to in tos:
            transport.send(to.encode(), envelope(to))
        outcomes = transport.outcomes((desk or Desk()).may_still_go)
        assert transport.outcomes() == []
        assert sorted(outcome.key.decode() for outcome in outcomes) == sorted(tos)
        found = {outcome.key.decode(): outcome for outcome in outcomes}
        return found, transport.objection, transport.unavailable, transport.pause


def kinds(outcomes: dict[str, Outcome]) -> dict[str, Kind]:
    return {to: outcome.kind for to, outcome in outcomes.items()}


def names_nobody_else(outcomes: dict[str, Outcome], *words: str) -> None:
    for detail in [outcome.detail for outcome in outcomes.values()] + list(words):
        assert "@example.net" not in detail


# -- what goes out -------------------------------------------------------------------------------------


@pytest.mark.duty("D85", "D115")
@EACH_WAY
def test_one_request_carries_to_each_their_own_message_whole(use, name):
    tos = [*people(3), "dana.o'neil+spring@example.net"]
    with BatchEsp(name) as fake:
        use(fake)
        outcomes, objection, unavailable, _ = outcomes_of(tos)
    assert fake.problems == []
    assert fake.requests == [4]
    assert [message.to for message in fake.mailed] == [[to] for to in tos]
    for message, to in zip(fake.mailed, tos, strict=True):
        data = envelope(to).data
        wire, (text, html) = read(data), parts(data)
        link = wire["List-Unsubscribe"].strip(" <>")
        assert message.headers["List-Unsubscribe"] == f"<{link}>"
        assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message.text.replace("\r\n", "\n") == text
        assert message.html.replace("\r\n", "\n") == html
        assert link in text
        assert link in html
        assert (message.subject, message.reply_to) == (wire["Subject"], FACTS.reply_to)
        assert (message.sender, message.sender_name) == (
            FACTS.from_email,
            wire["From"].addresses[0].display_name,
        )
        assert message.untracked is (True if CAPABILITIES[name].tracking_switch else None)
    assert len({message.headers["List-Unsubscribe"] for message in fake.mailed}) == len(tos)
    assert kinds(outcomes) == dict.fromkeys(tos, A)
    assert {to: outcome.transport_id for to, outcome in outcomes.items()} == {to: number(to) for to in tos}
    assert (objection, unavailable) == ("", "")


@EACH_WAY
def test_requests_are_as_large_as_the_service_takes_and_no_larger(use, monkeypatch, name):
    known = CAPABILITIES[name]
    assert (known.batch.messages, known.batch.octets) == (WAYS[name].messages, WAYS[name].octets)
    assert known.recipients == known.batch.messages
    smaller = replace(known, batch=replace(known.batch, messages=3))
    monkeypatch.setitem(esp.CAPABILITIES, name, smaller)
    tos = people(7)
    with BatchEsp(name, most=3) as fake:
        use(fake)
        outcomes, *_ = outcomes_of(tos)
    assert (fake.problems, fake.requests) == ([], [3, 3, 1])
    assert kinds(outcomes) == dict.fromkeys(tos, A)
    assert fake.got() == dict.fromkeys(tos, 1)


@EACH_WAY
def test_a_request_stays_below_the_services_octets(use, monkeypatch, name):
    known = CAPABILITIES[name]
    octets = 25_000
    monkeypatch.setitem(esp.CAPABILITIES, name, replace(known, batch=replace(known.batch, octets=octets)))
    tos = people(9)
    with BatchEsp(name, octets=octets) as fake:
        use(fake)
        outcomes, *_ = outcomes_of(tos)
    assert fake.problems == []
    assert 2 <= len(fake.requests) <= 9
    assert max(fake.requests) > 1
    assert kinds(outcomes) == dict.fromkeys(tos, A)
    assert fake.got() == dict.fromkeys(tos, 1)


@pytest.mark.parametrize("name", ["mailgun", "brevo", "amazon_ses", "sendgrid"])
def test_where_a_service_takes_no_whole_messages_with_headers_each_goes_alone(name):
    assert CAPABILITIES[name].batch is None
    assert esp.EspTransport(name).batch == 1


# -- what comes back -----------------------------------------------------------------------------------


@EACH_WAY
def test_a_half_accepted_request_settles_each_by_its_own_answer(use, name):
    tos = people(5)
    said = "Found inactive recipient" if name == "postmark" else "Invalid `to` field"
    with BatchEsp(name, refuses={tos[1]: f"{said}: {tos[1]}", tos[4]: said}) as fake:
        use(fake)
        outcomes, objection, unavailable, _ = outcomes_of(tos)
    assert fake.problems == []
    assert kinds(outcomes) == {tos[0]: A, tos[1]: R, tos[2]: A, tos[3]: A, tos[4]: R}
    assert {outcomes[to].transport_id for to in (tos[1], tos[4])} == {""}
    assert [outcomes[to].transport_id for to in (tos[0], tos[2], tos[3])] == [
        number(tos[i]) for i in (0, 2, 3)
    ]
    assert fake.got() == {tos[0]: 1, tos[2]: 1, tos[3]: 1}
    assert (objection, unavailable) == ("", "")
    names_nobody_else(outcomes)


@EACH_WAY
def test_a_refusal_of_the_sender_in_a_request_costs_no_recipient(use, name):
    tos = people(3)
    with BatchEsp(name, refuses=dict.fromkeys(tos, "The sender signature is not confirmed")) as fake:
        use(fake)
        outcomes, objection, _, _ = outcomes_of(tos)
    assert kinds(outcomes) == dict.fromkeys(tos, L)
    assert "not confirmed" in objection
    assert fake.mailed == []


@EACH_WAY
def test_who_made_a_request_be_refused_as_a_whole_is_found_and_the_others_go_once(use, name):
    tos = people(6)
    bad = tos[4]
    with BatchEsp(name, refuses={bad: "Invalid `to` field"}) as fake:
        no = Turn((400, {"message": f"one of them is wrong, not {tos[0]}"}), takes=False)
        fake.turns = [no, Turn(), no, Turn(), Turn()]  # six; three; three: one, and two of which it is one
        use(fake)
        desk = Desk()
        outcomes, objection, unavailable, _ = outcomes_of(tos, desk)
    assert fake.problems == []
    assert kinds(outcomes) == {**dict.fromkeys(tos, A), bad: R}
    assert fake.got() == dict.fromkeys(set(tos) - {bad}, 1)
    assert fake.requests == [6, 3, 3, 1, 2]
    assert desk.asked == [tos[:3], tos[3:], tos[3:4], tos[4:]]
    assert (objection, unavailable) == ("", "")


@EACH_WAY
def test_what_may_no_longer_go_is_not_sent_in_halves(use, name):
    tos = people(4)
    with BatchEsp(name, turns=[Turn((400, {"message": f"wrong: {tos[3]}"}), takes=False)]) as fake:
        use(fake)
        outcomes, *_ = outcomes_of(tos, Desk(True, False))
    assert fake.requests == [4, 2]
    assert kinds(outcomes) == {tos[0]: A, tos[1]: A, tos[2]: L, tos[3]: L}
    names_nobody_else(outcomes)


@EACH_WAY
def test_what_everybody_would_be_refused_for_is_an_objection_after_a_few_requests(use, name):
    tos = people(40)
    with BatchEsp(name, turns=[Turn((422, {"message": "no such stream"}), takes=False)] * 9) as fake:
        use(fake)
        outcomes, objection, _, _ = outcomes_of(tos)
    assert kinds(outcomes) == dict.fromkeys(tos, L)
    assert "no such stream" in objection
    assert fake.requests == [40, 20, 10, 5, 2, 1]
    assert fake.mailed == []


NONSENSE = [
    *[
        b"",
        b"<html>It works!</html>",
        b"\x00\xff",
        {},
        [],
        5,
        "ok",
        None,
        {"status": "ok"},
        [1],
        {"data": []},
    ],
    {"data": [{"id": "n"}]},
    {"Messages": [{"Status": "success"}] * 3},
    {"success": True, "responses": [{}] * 3},
    [{"ErrorCode": 0, "Message": "OK", "To": "somebody@example.net", "MessageID": "n"}] * 3,
]


@EACH_WAY
def test_an_answer_that_does_not_speak_of_each_leaves_all_unknown(use, name):
    tos = people(3)
    with BatchEsp(name) as fake:
        use(fake)
        for body in NONSENSE:
            fake.turns = [Turn((200, body))]
            outcomes, objection, unavailable, pause = outcomes_of(tos)
            assert kinds(outcomes) == dict.fromkeys(tos, U), body
            assert objection == ""
            assert "could not be read (HTTP 200" in unavailable
            assert pause == 0
            names_nobody_else(outcomes, unavailable)
            fake._had.clear()
    assert fake.requests == [3] * len(NONSENSE)


@EACH_WAY
def test_after_an_error_of_the_services_own_all_of_the_request_are_unknown(use, name):
    status = 502
    tos = people(3)
    said = {"message": f"Failed for {tos[0]} and {tos[2].replace('@', '%40')}"}
    with BatchEsp(name, turns=[Turn((status, said))]) as fake:
        use(fake)
        outcomes, _, unavailable, pause = outcomes_of(tos)
    assert kinds(outcomes) == dict.fromkeys(tos, U)
    assert fake.requests == [3]
    assert f"HTTP {status}" in unavailable
    assert pause == 0
    names_nobody_else(outcomes, unavailable)
    assert not any("person" in outcome.detail for outcome in outcomes.values())


@EACH_WAY
def test_a_busy_service_has_taken_nothing_and_says_how_long_to_wait(use, monkeypatch, name):
    status = 429
    known = CAPABILITIES[name]
    monkeypatch.setitem(esp.CAPABILITIES, name, replace(known, batch=replace(known.batch, messages=3)))
    tos = people(8)
    busy = Turn((status, {"message": "slower"}), {"Retry-After": "17"}, takes=False)
    with BatchEsp(name, turns=[Turn(), busy]) as fake:
        use(fake)
        outcomes, objection, unavailable, pause = outcomes_of(tos)
    assert kinds(outcomes) == {**dict.fromkeys(tos[:3], A), **dict.fromkeys(tos[3:], L)}
    assert fake.requests == [3, 3]  # asked once
    assert fake.got() == dict.fromkeys(tos[:3], 1)
    assert (objection, pause) == ("", 17)
    assert f"HTTP {status}" in unavailable


@pytest.mark.parametrize(
    ("name", "header", "value", "seconds"),
    [
        ("mailgun", "Retry-After", "5", 5),
        ("mailgun", "Retry-After", "86400", LONGEST_PAUSE),
        ("mailgun", "Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("mailgun", "Retry-After", "soon", None),
        ("mailgun", "Retry-After", "-3", None),
        ("mailgun", "X-Nothing", "5", None),
        ("brevo", "x-sib-ratelimit-reset", "45", 45),
        ("amazon_ses", "Retry-After", "9", 9),
    ],
)
def test_the_wish_to_wait_is_read_in_each_form(use, name, header, value, seconds):
    busy = Turn((429, {"message": "slower"}), {header: value}, takes=False)
    with BatchEsp(name, turns=[busy]) as fake:
        use(fake)
        outcomes, *_, pause = outcomes_of(people(1))
    assert kinds(outcomes) == dict.fromkeys(people(1), L)
    assert pause == seconds


def test_a_moment_to_wait_for_counts_from_now():
    moment = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=200), usegmt=True)
    answer = type("Answer", (), {"headers": {"Retry-After": moment}})()
    before = time.monotonic()
    pause = esp._pause(answer, "Retry-After")
    assert 198 - (time.monotonic() - before) <= pause <= 200


# -- no answer -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITHOUT_KEYS)
@pytest.mark.parametrize("turn", [Turn(hangs=True), Turn(cuts=True), Turn(cuts=True, takes=False)])
def test_without_an_answer_all_are_unknown_and_none_is_sent_again(use, name, turn):
    tos = people(4)
    desk = Desk()
    with BatchEsp(name, turns=[turn]) as fake:
        use(fake, REQUESTS_TIMEOUT=0.3 if turn.hangs else 60)
        outcomes, objection, unavailable, pause = outcomes_of(tos, desk)
    assert kinds(outcomes) == dict.fromkeys(tos, U)
    assert fake.requests == [4]
    assert desk.asked == []
    assert objection == ""
    assert unavailable
    assert pause == 0


@pytest.mark.parametrize("number", [1, 4])
@pytest.mark.parametrize("name", ["resend", "brevo"])
@pytest.mark.parametrize("turn", [Turn(cuts=True), Turn(cuts=True, takes=False)], ids=["taken", "lost"])
def test_a_service_that_knows_requests_again_is_asked_once_more_and_mails_once(use, name, turn, number):
    tos = people(number)
    desk = Desk()
    together = number if name == "resend" else 1
    with BatchEsp(name, turns=[turn]) as fake:
        use(fake)
        outcomes, objection, unavailable, _ = outcomes_of(tos, desk)
    assert fake.problems == []
    assert kinds(outcomes) == dict.fromkeys(tos, A)
    assert fake.got() == dict.fromkeys(tos, 1)
    assert fake.keys[0] == fake.keys[1]
    assert len(set(fake.keys)) == number // together
    assert fake.requests == [together] * (1 + number // together)
    assert desk.asked == [tos[:together]]
    assert (objection, unavailable) == ("", "")


def test_a_time_out_after_acceptance_is_followed_by_the_same_request_and_mails_once(use):
    tos = people(3)
    with BatchEsp("resend", turns=[Turn(hangs=True)]) as fake:
        use(fake, REQUESTS_TIMEOUT=4)
        outcomes, *_ = outcomes_of(tos)
    assert kinds(outcomes) == dict.fromkeys(tos, A)
    assert fake.requests == [3, 3]
    assert fake.got() == dict.fromkeys(tos, 1)


def test_another_request_has_another_key(use):
    with BatchEsp("resend") as fake:
        use(fake)
        for tos in (
            ["a@example.net", "b@example.net"],
            ["b@example.net", "a@example.net"],
            ["a@example.net"],
        ):
            outcomes_of(tos)
    assert len(set(fake.keys)) == 3
    assert fake.problems == []


def test_who_opted_out_meanwhile_keeps_the_request_from_being_repeated(use):
    tos = people(4)
    with BatchEsp("resend", turns=[Turn(cuts=True)]) as fake:
        use(fake)
        outcomes, _, unavailable, _ = outcomes_of(tos, Desk(False))
    assert fake.requests == [4]
    assert kinds(outcomes) == dict.fromkeys(tos, U)
    assert unavailable


@pytest.mark.parametrize(
    "second",
    [
        Turn(cuts=True),
        Turn((429, {"message": "slower"}), {"Retry-After": "9"}),
        Turn((401, {"name": "invalid_api_key", "message": "API key is invalid"})),
        Turn((409, {"name": "concurrent_idempotent_requests", "message": "in progress"})),
        Turn((500, {"message": "internal"})),
        Turn((422, {"message": "Invalid `to` field"})),
    ],
    ids=str,
)
def test_after_a_request_in_doubt_only_an_acceptance_ends_the_doubt(use, second):
    """The first may have been taken: whatever the second is refused for, nobody may be mailed a third time."""
    tos = people(2)
    with BatchEsp("resend", turns=[Turn(cuts=True, takes=False), replace(second, takes=False)]) as fake:
        use(fake)
        outcomes, objection, unavailable, _ = outcomes_of(tos)
    assert kinds(outcomes) == dict.fromkeys(tos, U)
    assert fake.requests == [2, 2]
    assert objection == ""
    assert unavailable


@pytest.mark.parametrize("name", ["resend", "brevo"])
def test_a_key_that_the_service_has_had_before_we_sent_it_leaves_unknown(use, name):
    had = (
        (409, {"name": "invalid_idempotent_request"})
        if name == "resend"
        else (400, {"code": "duplicate_parameter"})
    )
    with BatchEsp(name, turns=[Turn(had)]) as fake:
        use(fake)
        outcomes, objection, *_ = outcomes_of(people(1))
    assert kinds(outcomes) == dict.fromkeys(people(1), U)
    assert objection == ""


@EACH_WAY
def test_a_refused_connection_has_certainly_sent_nothing_of_a_request(use, name):
    tos = people(3)
    desk = Desk()
    with BatchEsp(name) as fake:
        use(fake)
    outcomes, objection, unavailable, pause = outcomes_of(tos, desk)
    assert kinds(outcomes) == dict.fromkeys(tos, L)
    assert desk.asked == []
    assert (objection, pause) == ("", None)
    assert unavailable


# -- what operators read -------------------------------------------------------------------------------


def table() -> list[str]:
    """The rows of CAPABILITIES as operating.md shows them."""
    rows = []
    for name, known in sorted(CAPABILITIES.items()):
        together = f"up to {known.batch.messages}" if known.batch else "1"
        cells = [
            f"`{name}`",
            "refused" if known.refused else together,
            "?" if known.recipients is None else str(known.recipients),
            str(known.bodies),
            "yes" if known.headers else "no",
            "**no**" if known.refused else "yes",
            f"`{known.idempotency}`" if known.idempotency else "–",
            {True: "yes", False: "no", None: "not promised"}[known.keeps_message_id],
            f"`{known.wait_header}`" if known.documents_wait else "–",
            ", ".join(known.sources),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def test_operators_read_what_each_service_can_do():
    shown = [
        line for line in OPERATING.read_text().splitlines() if line.startswith("| `") and "refused |" in line
    ]
    told = [line for line in OPERATING.read_text().splitlines() if line in set(table())]
    assert told == table(), "\n".join(table())
    assert len(shown) == sum(bool(known.refused) for known in CAPABILITIES.values())
