"""Many connections in one process: each a worker of its own, none in the way of another, all ended in order."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from mailer import audience, campaigns, dispatch
from mailer.dispatch import breaker, crew, pacing, run
from mailer.dispatch.run import GroupSize
from mailer.models import Campaign, Message, Sender, Trouble
from mailer.transports.smtp import SmtpTransport
from project.inbox.server import Envelope, Hangup, InboxServer, Stage
from tests.stories import parts


@pytest.fixture
def server(living_database, settings, tmp_path, monkeypatch) -> Iterator[InboxServer]:
    """A mail server that takes 5 ms a message, so that more connections are worth while."""
    monkeypatch.setattr(crew, "_learned", GroupSize(5))
    monkeypatch.setattr(crew, "_hands", crew._Hands())
    settings.CONNECTIONS = 6
    with parts.mail_server(settings, tmp_path) as inbox:
        inbox._handler.delay = 0.005
        yield inbox


@pytest.fixture
def connections(monkeypatch) -> list[SmtpTransport]:
    """Every connection that was opened."""
    opened: list[SmtpTransport] = []
    open_one = SmtpTransport.open

    def noted(transport: SmtpTransport) -> None:
        if transport not in opened:
            opened.append(transport)
        open_one(transport)

    monkeypatch.setattr(SmtpTransport, "open", noted)
    return opened


def sending(number: int, sender: Sender | None = None, slug: str = "friends") -> Campaign:
    campaign = parts.draft(parts.list_of(number, slug, prefix=f"{slug}-"), sender)
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    return campaign


def sent_all(campaign: Campaign, server: InboxServer, number: int) -> None:
    parts.assert_accounted(campaign, server, number)
    assert parts.states(campaign) == {"accepted": number}


# -- many hands ----------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_slow_server_gets_as_many_connections_as_are_set_and_everyone_their_message_once(
    server, connections, settings
):
    campaign = sending(600)
    before = set(threading.enumerate())
    dispatch.run_slice(seconds=30)
    sent_all(campaign, server, 600)
    assert 2 <= len(connections) <= settings.CONNECTIONS
    assert set(threading.enumerate()) <= before, "threads that nobody waited for"


def test_a_slice_has_at_its_first_group_as_many_connections_as_were_worth_while_in_the_last(
    server, monkeypatch
):
    crew._hands.usual = 4
    send, threads_at_a_group = run.send_group, []

    def noted(*given: Any) -> run.Sent:
        if threading.current_thread() is threading.main_thread():
            threads_at_a_group.append(
                [one for one in threading.enumerate() if one.name.startswith("connection ")]
            )
        return send(*given)

    monkeypatch.setattr(run, "send_group", noted)
    campaign = sending(200)
    dispatch.run_slice(seconds=30)
    sent_all(campaign, server, 200)
    assert len(threads_at_a_group[0]) == 3, "and the calling one"
    assert crew._hands.usual >= 4


def test_where_the_processor_was_busy_the_next_slice_begins_with_half_as_many(server, monkeypatch):
    crew._hands.usual = 4
    monkeypatch.setattr(crew._Crew, "_is_processor_busy", lambda crew: True)
    campaign = sending(200)
    dispatch.run_slice(seconds=30)
    sent_all(campaign, server, 200)
    assert crew._hands.usual == 2


def test_for_a_few_messages_one_connection_is_enough(server, connections):
    campaign = sending(10)
    dispatch.run_slice()
    sent_all(campaign, server, 10)
    assert len(connections) == 1


def test_an_error_in_one_thread_is_loud_ends_all_in_order_and_loses_nobody(
    server, connections, monkeypatch, caplog
):
    """A bug that only the third connection meets: its campaign is named, what it held is brought back or unknown."""
    campaign = sending(400)
    send = SmtpTransport.send

    def fails_on_the_third(transport: SmtpTransport, key: bytes, envelope: object) -> None:
        if len(connections) >= 3 and transport is connections[2]:
            raise ZeroDivisionError("by somebody's address")
        send(transport, key, envelope)

    monkeypatch.setattr(SmtpTransport, "send", fails_on_the_third)
    tally = dispatch.run_slice(seconds=30)
    assert tally.broken == {campaign.pk: "ZeroDivisionError"}
    assert f"Campaign {campaign.pk} can't go on." in caplog.text
    dispatch.recover()
    monkeypatch.setattr(SmtpTransport, "send", send)
    dispatch.run_slice(seconds=30)
    parts.assert_accounted(campaign, server, 400)
    assert set(parts.states(campaign)) == {"accepted", "unknown"}


@pytest.mark.long
def test_a_thread_whose_database_session_is_cut_ends_the_slice_loudly_and_doubles_nothing(
    server, connections
):
    campaign = sending(500)
    with ThreadPoolExecutor(1) as threads:
        slice_ = threads.submit(parts.on_its_own_connection, dispatch.run_slice, None, 30.0)
        while len(connections) < 3:
            time.sleep(0.01)
        parts.end_sessions()
        with pytest.raises(Exception, match=r"terminat|closed"):
            slice_.result(60)
    dispatch.recover()
    dispatch.run_slice(seconds=30)
    parts.assert_accounted(campaign, server, 500)
    assert "pending" not in parts.states(campaign)


@pytest.mark.long
def test_ctrl_c_ends_every_connection_after_its_group_and_gives_back_what_was_claimed(
    server, connections, monkeypatch
):
    campaign = sending(600)
    naps = crew.Turns.next

    def pressed(turns: crew.Turns) -> object:
        if threading.current_thread() is threading.main_thread() and len(connections) >= 3:
            raise KeyboardInterrupt
        return naps(turns)

    monkeypatch.setattr(crew.Turns, "next", pressed)
    with pytest.raises(KeyboardInterrupt):
        dispatch.run_slice(seconds=30)
    states = parts.states(campaign)
    assert set(states) <= {"accepted", "pending"}
    assert states["accepted"] == server.store.count()
    monkeypatch.undo()
    dispatch.run_slice(seconds=30)
    parts.assert_accounted(campaign, server, 600)


def test_a_database_without_a_session_to_spare_means_fewer_connections_and_no_less_mail(
    server, connections, monkeypatch, caplog
):
    campaign = sending(200)
    connect = BaseDatabaseWrapper.ensure_connection

    def full(wrapper: BaseDatabaseWrapper) -> None:
        if threading.current_thread().name.startswith("connection "):
            raise OperationalError("too many clients already")
        connect(wrapper)

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", full)
    dispatch.run_slice(seconds=30)
    sent_all(campaign, server, 200)
    assert len(connections) == 1
    assert caplog.text.count("No session of the database") == 1


@pytest.mark.long
@pytest.mark.parametrize("how", ["pause", "cancel", "switch"])
def test_once_it_is_answered_no_connection_hands_anything_over(server, connections, how):
    campaign = sending(2000)
    forbid = {
        "pause": lambda: campaigns.pause(campaign, None),
        "cancel": lambda: campaigns.cancel(campaign, None),
        "switch": lambda: campaigns.stop_all(parts.staff(), "stop"),
    }[how]
    with ThreadPoolExecutor(1) as threads:
        slice_ = threads.submit(parts.on_its_own_connection, dispatch.run_slice, None, 30.0)
        while len(connections) < 3:
            time.sleep(0.01)
        forbid()
        answered = timezone.now()
        slice_.result(60)
    late = Message.objects.filter(campaign_id=campaign.pk, handed_over_at__gt=answered)
    assert not late.exists()
    assert 0 < server.store.count() < 2000


# -- fair shares ---------------------------------------------------------------------------------------


@pytest.mark.long
def test_two_campaigns_progress_side_by_side(server, settings):
    settings.CONNECTIONS = 1
    first, second = sending(3000, slug="first"), sending(3000, slug="second")
    dispatch.run_slice(seconds=6)  # some turns of a second or so
    shares = sorted(parts.states(campaign).get("accepted", 0) for campaign in (first, second))
    assert 0 < shares[1] <= 5 * shares[0]


@pytest.mark.long
def test_a_slow_pace_holds_up_no_other_campaign(server, settings):
    settings.CONNECTIONS = 1
    slow, fast = parts.attested_sender(), parts.attested_sender()
    Sender.objects.filter(pk=slow.pk).update(per_second=1)
    server._handler.delay = 0
    waiting, going = sending(50, slow, "slow"), sending(60, fast, "fast")
    dispatch.run_slice(seconds=8)
    assert parts.states(going) == {"accepted": 60}
    assert 1 <= parts.states(waiting)["accepted"] <= 12


def test_a_days_limit_stops_the_campaign_for_today_and_no_other(server):
    friends = parts.list_of(6)
    slow, fast = parts.attested_sender(), parts.attested_sender()
    Sender.objects.filter(pk=slow.pk).update(per_day=4, per_second=1000)
    going = [parts.draft(friends, sender) for sender in (slow, fast)]
    for campaign in going:
        campaigns.launch(campaign, parts.staff())
        audience.snapshot(campaign)
    began = time.monotonic()
    dispatch.run_slice(seconds=90)
    assert time.monotonic() - began < 60  # it ends when nothing more may go out
    assert [parts.states(campaign) for campaign in going] == [
        {"accepted": 4, "pending": 2},
        {"accepted": 6},
    ]
    assert not campaigns.finish(going[0].pk)
    assert server.store.count() == 10


def test_four_askers_at_once_get_the_cap_together_and_no_more(living_database):
    sender = parts.attested_sender()
    Sender.objects.update(per_second=200)

    def asking() -> int:
        got, until = 0, time.monotonic() + 1.5
        try:
            while time.monotonic() < until:
                taken = pacing.take(sender.pk, 20)
                got += taken.number
                time.sleep(min(taken.wait, 0.05))
        finally:
            connection.close()
        return got

    with ThreadPoolExecutor(4) as threads:
        total = sum(threads.map(lambda _: asking(), range(4)))
    assert 200 <= total <= 200 * 1.5 * 1.1 + 10


# -- a server that is down -----------------------------------------------------------------------------


def tries(monkeypatch) -> list[float]:
    """The moments at which somebody tried to connect."""
    moments: list[float] = []
    open_one = SmtpTransport.open

    def noted(transport: SmtpTransport) -> None:
        moments.append(time.monotonic())
        open_one(transport)

    monkeypatch.setattr(SmtpTransport, "open", noted)
    return moments


def test_a_dead_server_is_tried_by_one_connection_at_a_time_less_and_less_often(server, monkeypatch):
    campaign = sending(40)
    server.stop()
    moments = tries(monkeypatch)
    dispatch.run_slice()
    assert len(moments) == 1
    for failures, wait in enumerate((1, 2, 4, 8, 16, 30, 30, 30)):
        trouble = Trouble.objects.get()
        assert wait - 0.9 < (trouble.again_at - timezone.now()).total_seconds() <= wait
        assert trouble.failures == failures + 1
        dispatch.run_slice()
        assert len(moments) == failures + 1, "somebody connected although the breaker is open"
        Trouble.objects.update(again_at=timezone.now())
        with ThreadPoolExecutor(3) as threads:
            for done in [threads.submit(parts.on_its_own_connection, dispatch.run_slice) for _ in range(3)]:
                done.result(30)
        assert len(moments) == failures + 2
    assert parts.states(campaign) == {"pending": 40}
    assert set(Message.objects.values_list("attempts", flat=True)) == {0}
    server.start()
    Trouble.objects.update(again_at=timezone.now())
    dispatch.run_slice()
    assert not Trouble.objects.exists()
    sent_all(campaign, server, 40)


def test_a_prober_that_died_is_followed_by_another_and_a_clock_set_back_blocks_nobody(living_database):
    breaker.trip("down", breaker.Leave.CLOSED)
    assert breaker.ask() is breaker.Leave.OPEN
    Trouble.objects.update(again_at=timezone.now())
    assert breaker.ask() is breaker.Leave.PROBE
    assert breaker.ask() is breaker.Leave.OPEN
    Trouble.objects.update(again_at=timezone.now() - timedelta(seconds=1))
    assert breaker.ask() is breaker.Leave.PROBE
    Trouble.objects.update(again_at=timezone.now() + timedelta(hours=1))
    assert breaker.ask() is breaker.Leave.PROBE
    breaker.close()
    assert breaker.ask() is breaker.Leave.CLOSED


@pytest.mark.long
def test_a_server_that_wants_fewer_connections_gets_fewer_and_is_not_called_down(
    server, connections, monkeypatch
):
    campaign = sending(600)
    open_one, at_once = SmtpTransport.open, []

    def crowded(transport: SmtpTransport) -> None:
        if len(at_once) >= 2:
            raise crew.TransportUnavailable("421 too many connections")
        at_once.append(transport)
        open_one(transport)

    monkeypatch.setattr(SmtpTransport, "open", crowded)
    dispatch.run_slice(seconds=30)
    assert not Trouble.objects.exists()
    sent_all(campaign, server, 600)


@pytest.mark.long
def test_the_server_dies_under_all_connections_and_what_may_have_arrived_is_unknown(server, connections):
    campaign = sending(800)

    def dies(stage: Stage, envelope: Envelope) -> str | None:
        if server.store.count() > 100 and len(connections) >= 3:
            raise Hangup
        return None

    server._handler.reply = dies
    dispatch.run_slice(seconds=10)
    unknown = parts.states(campaign).get("unknown", 0)
    assert unknown <= 200
    got = parts.recipients(server, campaign)
    assert set(got.values()) == {1}
