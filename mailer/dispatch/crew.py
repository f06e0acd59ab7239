"""A worker's slice: for some seconds, up to CONNECTIONS connections of this process send what is due.

Each connection is a thread with a database session, a worker's mark and a transport of its own, so that it claims,
hands over and settles as a worker of its own does: if it ends, what it held is recovered by its mark. The first is the
calling thread. More are begun only while there is more to do than hands, and while the processor has time for them.
"""

import logging
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from mailer import locks, suppression
from mailer.dispatch import breaker, domains, own_hours, pacing, run
from mailer.dispatch.claim import Claim, Claimed, claim, worker_mark
from mailer.dispatch.run import CampaignHalted, GroupSize, Tally, gated_skeleton, tell_unread_journal
from mailer.dispatch.settle import give_back, settle
from mailer.dispatch.turns import Course, Turns
from mailer.journal import JournalUnreadable
from mailer.models import Campaign
from mailer.transports import Transport, TransportUnavailable, open_transport

log = logging.getLogger(__name__)

SLICE_SECONDS = 5.0  # then the task ends and the next begins: shorter than any broker's patience
BUSY = 0.85  # of one processor: a process of Python's does no more, whatever its number of connections

_learned = GroupSize()  # of this process: a new connection begins with what the last one found out


@dataclass(slots=True)
class _Hands:
    """How many connections were worth while in the last slice of this process."""

    usual: int = 1


_hands = _Hands()


def run_slice(campaign_id: int | None = None, seconds: float = SLICE_SECONDS) -> Tally:
    """Send what is due of all campaigns, or of one, for at most `seconds`, in one of the installation's slots.

    Campaigns of which nothing may go out until a person has looked are named in the tally (for one campaign,
    CampaignHalted is raised); an unreachable server is not that: it is told as Trouble, and tried again.
    """
    tally = Tally()
    with _slot() as free:
        if free and (courses := _courses(campaign_id, tally)):
            _Crew(Turns(courses, time.monotonic() + seconds), tally).work()
    if campaign_id in tally.halted:
        raise CampaignHalted(tally.halted[campaign_id])
    return tally


def _courses(campaign_id: int | None, tally: Tally) -> list[Course]:
    found = []
    for number in run.due_campaigns() if campaign_id is None else [campaign_id]:
        campaign = _sending(number)
        if campaign is None or not run.is_anything_due(number):
            continue
        try:
            skeleton = gated_skeleton(campaign)
            found.append(Course(campaign, skeleton, list(campaign.lists.values_list("id", flat=True))))
        except CampaignHalted as why:
            tally.halted[number] = str(why)
    random.shuffle(found)  # where there are more campaigns than turns in a slice, it is others each time
    return found


def _sending(campaign_id: int) -> Campaign | None:
    return (
        Campaign.objects.select_related("sender", "revision")
        .filter(pk=campaign_id, state=Campaign.State.SENDING, snapshot_at__isnull=False)
        .first()
    )


# -- slots --------------------------------------------------------------------------------------------


@contextmanager
def _slot() -> Iterator[bool]:
    """One of the places for processes that send; more nudges than slots are harmless."""
    for place in range(settings.SENDING_WORKERS):
        with locks.held(locks.SLOT, place) as free:
            if free:
                yield True
                return
    yield False


def free_slots() -> int:
    """How many more processes could send; a moment later it may be fewer, which is harmless."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [locks.SLOT],
        )
        return max(0, settings.SENDING_WORKERS - cursor.fetchone()[0])


# -- connections --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Crew:
    """The connections of one slice, and what they share."""

    turns: Turns
    tally: Tally
    most: int = field(default_factory=lambda: settings.CONNECTIONS)
    usual: int = field(default_factory=lambda: _hands.usual)
    begun: int = 0
    connected: int = 0
    peak: int = 0
    threads: list[threading.Thread] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    started: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), time.process_time()))

    def work(self) -> None:
        """Until nothing is left to do or the time is over. An error, or Ctrl-C, ends all after their groups."""
        self.begun = 1
        try:
            self._connection()
        except BaseException:
            self.turns.stop()
            raise
        finally:
            self._wait_for_others()
            _hands.usual = self.peak // 2 if self._is_processor_busy() else self.peak
        if self.failures:
            raise self.failures[0]

    def _wait_for_others(self) -> None:
        for thread in self.threads:  # it may grow meanwhile, by the threads that are still there
            thread.join()

    def another(self) -> None:
        """Begin one more connection if there are too few hands; as many as the last slice had, all at once.

        One by one, 32 took a fifth of a slice (measured, 20 ms away).
        """
        with self.lock:
            for _ in range(max(1, self.usual - self.begun)):
                if not self._is_hand_missing():
                    return
                self.begun += 1
                thread = threading.Thread(target=self._in_thread, name=f"connection {self.begun}")
                self.threads.append(thread)
                thread.start()

    def _is_hand_missing(self) -> bool:
        if self.begun >= self.most or self.turns.is_over or self.turns.is_anyone_napping():
            return False
        return self.begun < self.usual or not self._is_processor_busy()

    def _is_processor_busy(self) -> bool:
        wall, own = self.started
        return time.process_time() - own > BUSY * (time.monotonic() - wall)

    def _in_thread(self) -> None:
        try:
            if self._has_session():
                self._connection()
        except BaseException as wrong:
            log.error("A connection ended by %s; the others end after their groups.", type(wrong).__name__)
            self.failures.append(wrong)
            self.turns.stop()
        finally:
            connection.close()

    def _has_session(self) -> bool:
        """Whether the database has one more session for us; if not, the connections that we have are enough."""
        try:
            connection.ensure_connection()
        except (OperationalError, InterfaceError) as wrong:
            log.warning("No session of the database for one more connection (%s).", type(wrong).__name__)
            with self.lock:
                self.most = min(self.most, self.begun - 1)
            return False
        return True

    def _connection(self) -> None:
        """One connection's life, if the breaker lets it begin."""
        leave = breaker.ask()
        if leave is breaker.Leave.OPEN:
            return
        try:
            suppression.assert_ledger()
            with worker_mark() as worker, open_transport() as transport, self._counted():
                _Connection(self, worker, transport, is_probe=leave is breaker.Leave.PROBE).serve()
        except TransportUnavailable as wrong:
            self._unavailable(wrong, leave)
        except JournalUnreadable as wrong:
            tell_unread_journal(str(wrong))
            self.turns.stop()
        except suppression.LedgerUnreadable as wrong:
            self._halt_all(str(wrong))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self.lock:
            self.connected += 1
            self.peak = max(self.peak, self.connected)
        try:
            yield
        finally:
            with self.lock:
                self.connected -= 1

    def _unavailable(self, wrong: TransportUnavailable, leave: breaker.Leave) -> None:
        """No connection to be had. While others of ours work, the server is not down: it wants fewer.

        Unless it asked for a pause, or left messages in doubt: then the others end after their groups, too.
        """
        with self.lock:
            self.most = min(self.most, self.connected)
        if wrong.pause is not None:
            breaker.trip(str(wrong), leave, pause=wrong.pause)
            self.turns.stop()
        elif self.connected and leave is breaker.Leave.CLOSED:
            log.warning("One connection fewer, %s are left: %s", self.connected, wrong)
        else:
            breaker.trip(str(wrong), leave)

    def _halt_all(self, words: str) -> None:
        with self.lock:
            self.tally.halted.update({course.campaign.pk: words for course in self.turns.courses})
        self.turns.stop()

    def add(self, tally: Tally) -> None:
        with self.lock:
            self.tally.states.update(tally.states)
            self.tally.halted.update(tally.halted)
            self.tally.broken.update(tally.broken)


class _Connection:
    """One connection at work: turn by turn, group by group."""

    def __init__(self, crew: _Crew, worker: int, transport: Transport, *, is_probe: bool) -> None:
        self._crew = crew
        self._turns = crew.turns
        self._worker = worker
        self._transport = transport
        self._is_probe = is_probe
        self._tally = Tally()
        self._sent = 0
        self._size = GroupSize(1 if is_probe else _learned.messages)

    def serve(self) -> None:
        try:
            while not self._tally.broken and (course := self._turns.next()):
                self._take_turn(course)
            self._proven()
        finally:
            self._crew.add(self._tally)

    def _take_turn(self, course: Course) -> None:
        is_done = True
        try:
            is_done = self._turn(course)
        except CampaignHalted as why:
            self._tally.halted[course.campaign.pk] = str(why)
        except (TransportUnavailable, JournalUnreadable, suppression.LedgerUnreadable):
            raise
        except (DatabaseError, InterfaceError):
            raise
        except Exception as wrong:
            # What was handed over and not settled stays so until our mark is free: then it is unknown.
            log.exception("Campaign %s can't go on.", course.campaign.pk)
            self._tally.broken[course.campaign.pk] = type(wrong).__name__
        finally:
            self._turns.end(course, is_done=is_done)

    def _turn(self, course: Course) -> bool:
        """What this connection sends in about a second. Returns whether the campaign is done with for this slice."""
        room = self._room(course)
        if not room.number:
            return room.is_day_over
        before = self._sent
        try:
            return self._send_claim(course, room.number)
        finally:
            if course.is_paced:
                pacing.give_back(course.campaign.sender_id, room.number - (self._sent - before))

    def _room(self, course: Course) -> pacing.Taken:
        """How many messages the sender's pace leaves us now."""
        if not course.is_paced:
            return pacing.Taken(self._size.claim)
        room = pacing.Taken(0, wait=0.1)
        try:
            room = pacing.take(course.campaign.sender_id, self._size.claim)
        finally:
            self._turns.answered(course, room.wait)
        return room

    def _send_claim(self, course: Course, most: int) -> bool:
        taken = claim(course.campaign, course.lists, self._worker, most)
        if not taken.messages:
            return True
        try:
            awake, asleep = own_hours.ask(course.campaign, taken.messages)
            asked = domains.ask(awake)
            settle(taken.campaign, taken.number, [*asleep, *asked.put_off])
            for group in self._groups(asked.going):
                if len(taken.messages) == most and not self._is_probe:
                    self._crew.another()
                if not self._send_group(course, taken, group, asked):
                    return True
        finally:
            give_back(self._worker, taken.number)
        return False

    def _groups(self, messages: Sequence[Claimed]) -> Iterator[Sequence[Claimed]]:
        at = 0
        while at < len(messages) and not self._turns.must_end():
            group = messages[at : at + self._size.messages]
            at += len(group)
            yield group

    def _send_group(
        self, course: Course, taken: Claim, group: Sequence[Claimed], asked: domains.Asked
    ) -> bool:
        """Returns whether the campaign may go on: not if a pause, a cancel or the kill switch held some back."""
        sent = run.send_group(course.campaign, course.skeleton, taken, group, self._transport, self._tally)
        self._sent += sent.number
        domains.learn(asked, sent.accepted, sent.deferred)
        if self._transport.unavailable:
            raise TransportUnavailable(self._transport.unavailable, self._transport.pause)
        if self._transport.objection:
            raise CampaignHalted(self._transport.objection)
        self._proven()
        self._size.learn(sent.number, sent.seconds, self._transport.batch)
        _learned.messages = self._size.messages
        return not self._tally.states.pop("held_back", 0)

    def _proven(self) -> None:
        """The server that was down takes mail again."""
        if self._is_probe:
            breaker.close()
            self._is_probe = False
