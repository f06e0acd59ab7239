"""Campaigns that are played while their parts die, and what must be true of the mail that was received."""

import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.conf import settings
from django.db import connection
from django.utils import timezone

from mailer import campaigns, tokens
from mailer.dispatch.recover import ENDED_BEFORE
from mailer.dispatch.run import GROUP_MOST, SLOTS
from mailer.models import Campaign, MailingList, Message
from tests.faults import disks
from tests.faults.processes import PATIENCE, Processes, patiently
from tests.faults.windows import WINDOWS, connections, someone_in
from tests.stories import parts

FINAL = {"accepted", "refused", "withheld", "unknown"}
# Who dies when somebody is in a window: mostly whoever is in it, now and then all workers, or another part.
VICTIMS = {
    "whoever is there": 24,
    "all workers": 2,
    "postgres": 2,
    "mail server": 2,
    "broker": 1,
    "beat": 1,
    "web": 1,
}
ANYWHERE = 0.1  # how often, beside each of these, a part dies wherever it is
OTHER_FAULTS = (
    "session cut in DATA",
    "broker emptied",
    "clock an hour ahead",
    "clock an hour back",
    "disk full",
)
# What the clock of the database is compared with. Moving all of it is what a jump of that clock does.
TIMES = (
    ("mailer_message", "due_at", "state = 'pending'"),
    ("mailer_trouble", "again_at", "true"),
    ("mailer_domainpace", "held_until", "true"),
    ("mailer_domainpace", "queued_until", "true"),
)


@dataclass(slots=True)
class Figures:
    """What was done to one campaign, and what became of it."""

    campaign: int
    audience: int
    seconds: float = 0.0
    states: dict[str, int] = field(default_factory=dict)
    kills: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in WINDOWS})
    kills_anywhere: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    opted_out: int = 0
    connections_killed: int = 0  # that were sending when they, the mail server or the database were killed
    unknown_groups: int = 0
    largest_unknown_group: int = 0
    breaches: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


class Play:
    """One campaign of `audience` people through everything that can go wrong, until it is sent."""

    def __init__(
        self,
        processes: Processes,
        friends: MailingList,
        audience: int,
        needed: Counter[str],
        chance: random.Random,
    ) -> None:
        self.processes, self.needed, self.chance = processes, needed, chance
        self.campaign = patiently(lambda: parts.launch(parts.draft(friends)))
        self.figures = Figures(self.campaign.pk, audience)
        self._turns: Counter[str] = Counter()
        self._left: dict[bytes, datetime] = {}
        self._cuts_before = processes.signs.cuts()

    def to_the_end(self, pause: float) -> Figures:
        """Fault after fault while there is something to send, `pause` seconds between them; then the judgement."""
        begun = time.monotonic()
        self._wait(lambda: self._counts().get("accepted"), "the first message is out")
        while self._is_well_under_way():
            self._kill_in(self._next_window())
            self._kill_anywhere()
            self._other_fault()
            self._opt_out()
            self._rest(pause)
        self._set_clock(timedelta(hours=-1))  # whatever was put off is due: nobody waits for an hour here
        self._wait(lambda: self._state() == "sent", "the campaign is sent")
        self.figures.seconds = round(time.monotonic() - begun, 1)
        self._judge()
        return self.figures

    def _is_well_under_way(self) -> bool:
        counts = self._counts()
        open_ = sum(counts.get(state, 0) for state in ("pending", "claimed", "handed_over"))
        return open_ > 0.05 * self.figures.audience and self._state() == "sending"

    def _next_window(self) -> str:
        """The one of which most kills are still needed."""
        most = max(self.needed[name] for name in WINDOWS)
        return self.chance.choice([name for name in WINDOWS if self.needed[name] == most])

    # -- faults

    def _kill_in(self, window: str) -> None:
        """Kill while a worker is in this window; nothing happens where none comes by."""
        self._turns[window] += 1
        with someone_in(window, self.campaign, self.processes.signs, self._turns[window]) as worker:
            if not worker:
                return
            victims = self._victims(worker)
            self._kill(victims, self.figures.kills[window])
        self.needed[window] -= worker in victims
        self.processes.tend()

    def _kill_anywhere(self) -> None:
        if self.chance.random() < ANYWHERE:
            self._kill(self._victims(self.chance.choice(self.processes.workers)), self.figures.kills_anywhere)
            self.processes.tend()

    def _kill(self, victims: list[str], counted: Counter[str]) -> None:
        self._count_connections(victims)
        self.processes.kill(*victims)
        counted.update("worker" if victim.startswith("worker") else victim for victim in victims)

    def _victims(self, worker: str) -> list[str]:
        chosen = self.chance.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        if chosen == "all workers":
            return self.processes.workers
        return [worker] if chosen == "whoever is there" or not self.processes.has(chosen) else [chosen]

    def _count_connections(self, victims: list[str]) -> None:
        at_work = connections()
        if at_work is None:
            self.figures.connections_killed += SLOTS
        elif {"postgres", "mail server"} & set(victims):
            self.figures.connections_killed += sum(at_work.values())
        else:
            self.figures.connections_killed += sum(at_work.get(victim, 0) for victim in victims)

    def _other_fault(self) -> None:
        """Every second time another one of them, each as often as the others."""
        self._turns["other"] += 1
        if self._turns["other"] % 2:
            return
        fault = OTHER_FAULTS[sum(self.figures.faults.values()) % len(OTHER_FAULTS)]
        if fault == "broker emptied":
            if not self.processes.empty_broker():
                return
        elif fault == "session cut in DATA":
            self._cut_in_data()
        elif fault == "clock an hour ahead":
            self._set_clock(timedelta(hours=-1))
        elif fault == "clock an hour back":
            self._set_clock(timedelta(hours=1))
            self._rest(1.0)
            self._set_clock(timedelta(hours=-1))
        elif self.processes.disk_is_small:
            with disks.full(settings.DATA_DIR):
                self._rest(1.0)
        else:
            fault = "disk full: not possible here"
        self.figures.faults[fault] += 1

    def _cut_in_data(self) -> None:
        """The server goes away in mid-message, and the sender lives."""
        with someone_in("DATA", self.campaign, self.processes.signs, 0):
            pass  # the server cuts it, whoever it was

    def _set_clock(self, times: timedelta) -> None:
        """Move every time that something waits for; that is what a jump of the clock the other way does."""

        def move() -> None:
            with connection.cursor() as cursor:
                for table, column, which in TIMES:
                    cursor.execute(f"UPDATE {table} SET {column} = {column} + %s WHERE {which}", [times])

        patiently(move)

    def _opt_out(self) -> None:
        """One click of somebody whose message waits; from the answer on, nothing may begin to go to them."""
        waiting = Message.objects.filter(campaign_id=self.campaign.pk, state="pending")
        row = patiently(lambda: waiting.order_by("due_at").values_list("address_key", "mailbox_key").first())
        if row is None:
            return
        link = tokens.opt_out_url(tokens.OptOutToken(bytes(row[1]), self.campaign.pk))
        click = Request(link, b"List-Unsubscribe=One-Click", method="POST")
        with suppress(URLError, OSError), urlopen(click, timeout=20) as answer:
            if answer.status == 200:
                self._left[bytes(row[0])] = timezone.now()
                self.figures.opted_out += 1

    # -- waiting

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (rest := until - time.monotonic()) > 0:
            self.processes.tend()
            time.sleep(min(0.2, rest))

    def _wait(self, condition: Any, what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not patiently(condition):
            if time.monotonic() > until:
                told = patiently(parts.in_tables)
                raise AssertionError(f"In {PATIENCE} s not: {what}\n{told}\n{self.processes.words()}")
            self._rest(0.2)

    def _state(self) -> str:
        return patiently(lambda: Campaign.objects.values_list("state", flat=True).get(pk=self.campaign.pk))

    def _counts(self) -> dict[str, int]:
        return patiently(lambda: campaigns.progress(self.campaign).counts)

    # -- judgement

    def _judge(self) -> None:
        """Promise 5, on what the server has; promise 2, for those who left meanwhile."""
        figures, got = self.figures, self.processes.received()
        figures.states = self._counts()
        accepted, unknown = parts.emails(self.campaign, "accepted"), parts.emails(self.campaign, "unknown")
        self._must(not (twice := sum(1 for times in got.values() if times > 1)), f"{twice} got it twice")
        self._must(accepted <= set(got), f"{len(accepted - set(got))} are accepted that the server has not")
        self._must(set(got) <= accepted | unknown, f"{len(set(got) - accepted - unknown)} went out untold")
        self._must(sum(figures.states.values()) == figures.audience, "the sums don't add up")
        self._must(set(figures.states) <= FINAL, f"not every message is final: {figures.states}")
        self._must(not Campaign.objects.get(pk=self.campaign.pk).pause_reason, "it was paused")
        self._judge_unknown()
        late = Message.objects.filter(campaign_id=self.campaign.pk, address_key__in=list(self._left))
        late = [
            row
            for row in late
            if row.handed_over_at and row.handed_over_at > self._left[bytes(row.address_key)]
        ]
        self._must(not late, f"{len(late)} hand-overs began after the answer to an opt-out")

    def _judge_unknown(self) -> None:
        """At most one group of each connection that was sending when it lost its worker, its server or its database."""
        groups: dict[object, list[datetime]] = {}
        rows = Message.objects.filter(campaign_id=self.campaign.pk, state="unknown")
        for claim, at, key, detail in rows.values_list("claim", "handed_over_at", "address_key", "detail"):
            # of a connection that lost its server, the one message under way; of one that died, what it held
            groups.setdefault(claim if detail == ENDED_BEFORE else bytes(key), []).append(at)
        figures = self.figures
        figures.connections_killed += self.processes.signs.cuts() - self._cuts_before
        figures.unknown_groups = len(groups)
        figures.largest_unknown_group = max(map(len, groups.values()), default=0)
        self._must(
            len(groups) <= figures.connections_killed,
            f"{len(groups)} groups are unknown, but {figures.connections_killed} connections were killed",
        )
        self._must(figures.largest_unknown_group <= GROUP_MOST, "an unknown group is too large")
        spread = max((max(at) - min(at) for at in groups.values()), default=timedelta())
        self._must(spread < timedelta(seconds=0.5), f"an unknown claim spans {spread}: more than one group")

    def _must(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.figures.breaches.append(otherwise)
