"""Whose turn it is: which campaign a connection of this process serves next.

Every connection asks anew about once a second, so that campaigns get equal shares of them; one whose sender must wait
for its pace is passed over and holds up nobody.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from mailer.models import Campaign
from mailer.rendering import Skeleton

LONGEST_NAP = 0.1  # seconds after which one looks again whether there is something to do


@dataclass(slots=True)
class Course:
    """One campaign that is going out, as this process knows it for one slice."""

    campaign: Campaign
    skeleton: Skeleton
    lists: list[int]
    busy: int = 0  # connections that serve it
    turns: int = 0
    is_done: bool = False  # for this slice: nothing is due, or nothing may go out

    @property
    def is_paced(self) -> bool:
        return self.campaign.sender.is_paced


@dataclass(slots=True)
class Turns:
    """The campaigns of a slice, shared by its connections, until `until` on the monotonic clock."""

    courses: list[Course]
    until: float
    is_over: bool = False
    napping: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    # by sender: not before this moment, on the monotonic clock; and who is being asked now
    _not_before: dict[int, float] = field(default_factory=dict)
    _asked: set[int] = field(default_factory=set)

    def next(self) -> Course | None:
        """The campaign to serve now, with `begin`'s counterpart `end` to follow. None: there is no more to do.

        Of those that may be served, the one with the fewest connections, then the one whose turn is longest ago.
        """
        with self._changed:
            while not self.must_end():
                now = time.monotonic()
                if ready := [course for course in self._open() if self._may(course, now)]:
                    return self._begin(min(ready, key=lambda course: (course.busy, course.turns)))
                if not (waiting := self._worth_waiting()):
                    return None
                self._nap(min(waiting) - now)
            return None

    def must_end(self) -> bool:
        return self.is_over or time.monotonic() >= self.until

    def _open(self) -> Iterable[Course]:
        return (course for course in self.courses if not course.is_done)

    def _may(self, course: Course, now: float) -> bool:
        if not course.is_paced:
            return True
        sender = course.campaign.sender_id
        return sender not in self._asked and self._not_before.get(sender, 0.0) <= now

    def _worth_waiting(self) -> list[float]:
        """When each paced campaign can be asked again, within this slice."""
        times = (self._not_before.get(course.campaign.sender_id, 0.0) for course in self._open())
        return [at for at in times if at < self.until]

    def _begin(self, course: Course) -> Course:
        course.busy, course.turns = course.busy + 1, course.turns + 1
        if course.is_paced:
            self._asked.add(course.campaign.sender_id)
        return course

    def _nap(self, seconds: float) -> None:
        self.napping += 1
        try:
            self._changed.wait(min(max(seconds, 0.005), LONGEST_NAP))
        finally:
            self.napping -= 1

    def answered(self, course: Course, wait: float = 0.0) -> None:
        """The sender's pace was asked; it need not be asked again for `wait` seconds."""
        with self._changed:
            self._asked.discard(course.campaign.sender_id)
            self._not_before[course.campaign.sender_id] = time.monotonic() + wait
            self._changed.notify_all()

    def end(self, course: Course, *, is_done: bool = False) -> None:
        with self._changed:
            course.busy -= 1
            course.is_done = course.is_done or is_done
            self._changed.notify_all()

    def is_anyone_napping(self) -> bool:
        with self._changed:
            return self.napping > 0

    def stop(self) -> None:
        """Each connection ends after the group that it is sending."""
        with self._changed:
            self.is_over = True
            self._changed.notify_all()
