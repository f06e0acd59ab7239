"""Received messages on disk, in the order of their arrival, each byte as it was received.

One process writes; any number of others read at the same time, and neither waits for the other. A
directory holds segments of up to 500 messages, each of two files named after its first message:

    000000000501.raw     the messages' bytes, one after another
    000000000501.index   one JSON line for each message: where its bytes lie, and its envelope

A message exists once its index line ends in a line feed. Its bytes are written before that line, so
whoever sees the line finds the bytes, and what a killed writer left half done counts for nothing:
readers pass over it and the next writer cuts it off.

Nothing is forced to the disk (fsync): the inbox outlives its processes, not a power cut. After one
of those, a segment reads up to its first damaged line.
"""

import fcntl
import json
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Self

SEGMENT_MESSAGES = 500


class NoSuchMessage(LookupError):
    """No message has this number: not yet, or no longer."""


class InboxInUse(RuntimeError):
    """Another process writes to this directory."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message. `raw` has CRLF line ends and no dot-stuffing: exactly the message that was sent."""

    number: int
    received_at: datetime
    mail_from: str
    rcpt_tos: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list shows of a message, read from the index alone."""

    number: int
    received_at: datetime
    mail_from: str
    rcpt_tos: tuple[str, ...]
    subject: str
    header_to: str
    size: int

    def mentions(self, words: str) -> bool:
        """Whether an address or the subject contains these words, in capitals or not."""
        texts = (self.mail_from, *self.rcpt_tos, self.header_to, self.subject)
        return any(words.casefold() in text.casefold() for text in texts)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an index: where a message's bytes lie in the segment, and what was said about it."""

    offset: int
    length: int
    received_at: float
    mail_from: str
    rcpt_tos: tuple[str, ...]
    subject: str
    header_to: str

    @property
    def end(self) -> int:
        return self.offset + self.length

    @property
    def when(self) -> datetime:
        return datetime.fromtimestamp(self.received_at, UTC)

    def line(self) -> bytes:
        fields = [getattr(self, name) for name in self.__slots__]
        return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Raises ValueError for a line that is no whole entry."""
        if not line.endswith(b"\n"):
            raise ValueError("The line was not finished.")
        offset, length, received_at, mail_from, rcpt_tos, subject, header_to = json.loads(line)
        return cls(offset, length, received_at, mail_from, tuple(rcpt_tos), subject, header_to)

    def summary(self, number: int) -> Summary:
        return Summary(
            number, self.when, self.mail_from, self.rcpt_tos, self.subject, self.header_to, self.length
        )

    def received(self, number: int, raw: bytes) -> Received:
        return Received(number, self.when, self.mail_from, self.rcpt_tos, raw)


@dataclass(frozen=True, slots=True)
class Segment:
    """Two files of one store. Reads as empty when its files are gone."""

    directory: Path
    first: int

    @property
    def raw(self) -> Path:
        return self.directory / f"{self.first:012d}.raw"

    @property
    def index(self) -> Path:
        return self.directory / f"{self.first:012d}.index"

    def lines(self) -> list[bytes]:
        try:
            return self.index.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:  # dropped since the directory was listed
            return []

    def entries(self) -> list[Entry]:
        """The whole messages: those before the first line that is torn or whose bytes are missing."""
        try:
            available = self.raw.stat().st_size
        except FileNotFoundError:
            return []
        found: list[Entry] = []
        for line in self.lines():
            try:
                entry = Entry.parse(line)
            except ValueError:
                break
            if entry.end > available:
                break
            found.append(entry)
        return found

    def messages(self, start: int) -> Iterator[Received]:
        """The messages from this number on."""
        try:
            file = self.raw.open("rb")
        except FileNotFoundError:
            return
        with file:
            for number, entry in enumerate(self.entries()[start - self.first :], start):
                file.seek(entry.offset)
                yield entry.received(number, file.read(entry.length))

    def drop(self) -> None:
        # The index goes first: bytes without an entry are no message, an entry without bytes is a loss.
        self.index.unlink(missing_ok=True)
        self.raw.unlink(missing_ok=True)


class SegmentWriter:
    """Adds messages to one segment, after cutting off what an earlier writer left half done."""

    def __init__(self, segment: Segment) -> None:
        entries = segment.entries()
        self.segment = segment
        self.count = len(entries)
        self._end = entries[-1].end if entries else 0
        self._raw = segment.raw.open("ab", buffering=0)
        self._index = segment.index.open("ab", buffering=0)
        self._raw.truncate(self._end)
        self._index.truncate(sum(len(line) for line in segment.lines()[: self.count]))

    def add(self, mail_from: str, rcpt_tos: Sequence[str], raw: bytes) -> int:
        now = datetime.now(UTC).timestamp()
        subject, header_to = header(raw, b"Subject"), header(raw, b"To")
        entry = Entry(self._end, len(raw), now, mail_from, tuple(rcpt_tos), subject, header_to)
        _write_whole(self._raw, raw)
        _write_whole(self._index, entry.line())
        self._end = entry.end
        self.count += 1
        return self.segment.first + self.count - 1

    def close(self) -> None:
        self._raw.close()
        self._index.close()


class MessageStore:
    """The inbox's messages, numbered from 1 in the order in which they came.

    `keep` is how many of the newest stay for certain; older ones go a whole segment at a time. With
    None all stay. Threads of one process can share a store; see `InboxInUse` for processes.
    """

    def __init__(self, directory: Path, keep: int | None = None) -> None:
        self.directory = directory
        self.keep = keep
        self._turn = threading.Lock()
        self._lock: IO[bytes] | None = None
        self._writer: SegmentWriter | None = None

    # -- writing

    def append(self, mail_from: str, rcpt_tos: Sequence[str], raw: bytes) -> int:
        """Keeps a message and returns its number. Raises InboxInUse, or OSError if it could not be kept."""
        with self._turn:
            try:
                return self._open_writer().add(mail_from, rcpt_tos, raw)
            except OSError:
                self._close_writer()  # the next append starts from what is whole on disk
                raise

    def clear(self) -> None:
        """Forgets all messages; the next one has number 1. Raises InboxInUse as `append` does."""
        with self._turn:
            self._claim()
            self._close_writer()
            for segment in self._segments():
                segment.drop()

    def close(self) -> None:
        """Lets another process write. A later `append` claims the directory again."""
        with self._turn:
            self._close_writer()
            if self._lock:
                self._lock.close()
                self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_writer(self) -> SegmentWriter:
        self._claim()
        if self._writer is None:
            segments = self._segments()
            self._writer = SegmentWriter(segments[-1] if segments else Segment(self.directory, 1))
        if self._writer.count >= SEGMENT_MESSAGES:
            self._start_segment(self._writer.segment.first + self._writer.count)
        return self._writer

    def _start_segment(self, first: int) -> None:
        self._close_writer()
        self._writer = SegmentWriter(Segment(self.directory, first))
        self._drop_oldest(newest=first - 1)

    def _drop_oldest(self, newest: int) -> None:
        if self.keep is None:
            return
        segments = self._segments()
        for segment, following in pairwise(segments):
            if newest - following.first + 1 < self.keep:
                break
            segment.drop()

    def _close_writer(self) -> None:
        if self._writer:
            self._writer.close()
            self._writer = None

    def _claim(self) -> None:
        """Two writers would put bytes where the other's index points, so the second is turned away."""
        if self._lock:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        lock = (self.directory / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise InboxInUse(f"Another inbox is already writing to {self.directory}.") from None
        self._lock = lock

    # -- reading

    def count(self) -> int:
        """How many messages are kept now."""
        segments = self._segments()
        if not segments:
            return 0
        return segments[-1].first + len(segments[-1].entries()) - segments[0].first

    def read(self, number: int) -> Received:
        """The message with this number. Raises NoSuchMessage."""
        candidates = [segment for segment in self._segments() if segment.first <= number]
        message = next(candidates[-1].messages(number), None) if candidates else None
        if message is None:
            raise NoSuchMessage(f"There is no message {number}.")
        return message

    def latest(self, limit: int, before: int | None = None, search: str = "") -> list[Summary]:
        """Up to `limit` messages that mention the words, newest first, all numbered below `before`."""
        found = (
            summary
            for summary in self._newest_first()
            if (before is None or summary.number < before) and summary.mentions(search)
        )
        return list(islice(found, limit))

    def iterate(self) -> Iterator[Received]:
        """All messages, oldest first."""
        for segment in self._segments():
            yield from segment.messages(segment.first)

    def _newest_first(self) -> Iterator[Summary]:
        for segment in reversed(self._segments()):
            entries = segment.entries()
            for position in range(len(entries) - 1, -1, -1):
                yield entries[position].summary(segment.first + position)

    def _segments(self) -> list[Segment]:
        """Oldest first. A segment is there once its index is; a writer makes that file last."""
        return [Segment(self.directory, int(path.stem)) for path in sorted(self.directory.glob("*.index"))]


def _write_whole(file: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:  # an unbuffered write may take only a part, as on a disk that fills up
        rest = rest[file.write(rest) :]


def header(raw: bytes, name: bytes) -> str:
    """A header of a message as a person reads it, unfolded and decoded; empty if it is not there.

    The standard library's parser would take longer than all else that the inbox does with a message.
    """
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    found = re.search(rb"^" + name + rb":((?:.*\r\n[ \t])*.*)\r\n", head, re.IGNORECASE | re.MULTILINE)
    text = found[1].replace(b"\r\n", b"").strip().decode("utf-8", "replace") if found else ""
    return _decoded(text) if "=?" in text else text


def _decoded(text: str) -> str:
    """RFC 2047 encoded words as text. What cannot be decoded stays as it is."""
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):
        return text
