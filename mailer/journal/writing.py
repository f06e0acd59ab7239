"""Putting lines on the disk: a file for each process, one flush for all threads that come together."""

import fcntl
import os
import re
import secrets
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

from django.conf import settings

from mailer.journal.lines import Line
from mailer.journal.reading import ENDING

LARGEST_FILE = 64 * 2**20  # bytes; then, and each day (UTC), the next file begins


class JournalUnwritable(Exception):
    """The line is not on the disk; the message says why."""


class Flush:
    """Lines that are in the file, and on the disk once `wait` has returned."""

    def __init__(self, batch: "_Batch") -> None:
        self._batch = batch

    def wait(self) -> None:
        """Raises JournalUnwritable."""
        self._batch.is_done.wait()
        if self._batch.error is not None:
            raise _unwritable(self._batch.error) from self._batch.error


def write(lines: Sequence[Line]) -> None:
    """Put lines on the disk: they are there when this returns. Raises JournalUnwritable."""
    begin(lines).wait()


def begin(lines: Sequence[Line]) -> Flush:
    """Put lines into the file, and start to flush it: the database can be asked meanwhile. Raises JournalUnwritable.

    From now on only a power cut loses them. Threads that come together share one flush.
    """
    octets = b"".join(line.written() for line in lines)
    try:
        return Flush(_writer().begin(octets))
    except OSError as wrong:
        raise _unwritable(wrong) from wrong


def _unwritable(wrong: OSError) -> JournalUnwritable:
    return JournalUnwritable(f"The journal in {settings.JOURNAL_DIR} can't be written: {wrong.strerror}.")


@dataclass(slots=True)
class _Batch:
    """What one flush brings to the disk, or a file that is to be closed after all its flushes."""

    file: "_File"
    is_last: bool = False
    is_done: threading.Event = field(default_factory=threading.Event)
    error: OSError | None = None


class _Writer:
    """The file of this process, and a thread that flushes it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._file: _File | None = None
        self._gathering: _Batch | None = None
        self._batches: SimpleQueue[_Batch] = SimpleQueue()
        threading.Thread(target=self._flush_for_ever, name="journal", daemon=True).start()

    def begin(self, octets: bytes) -> _Batch:
        with self._lock:
            if self._file is not None and self._file.is_over():
                self._leave(self._file)
            file = self._file = self._file or _opened(self._directory)
            try:
                file.append(octets)
            except OSError:
                if file.has_grown():
                    self._leave(file)
                raise
            if self._gathering is None:
                self._gathering = _Batch(file)
                self._batches.put(self._gathering)
            return self._gathering

    def _leave(self, file: "_File") -> None:
        self._batches.put(_Batch(file, is_last=True))
        self._file = self._gathering = None

    def _flush_for_ever(self) -> None:
        while True:
            batch = self._batches.get()
            with self._lock:
                if batch is self._gathering:
                    self._gathering = None  # who comes from now on needs another flush
            try:
                os.fdatasync(batch.file.descriptor)
            except OSError as wrong:
                batch.error, batch.file.is_broken = wrong, True
            batch.is_done.set()
            if batch.is_last:
                batch.file.close()

    def forget(self) -> None:
        """In a child of a fork: the file is the parent's, and the thread is not there."""
        if self._file is not None:
            self._file.close()


@dataclass(slots=True)
class _File:
    """An open file that nobody else writes."""

    descriptor: int
    path: Path
    day: str
    size: int
    is_broken: bool = False

    def is_over(self) -> bool:
        """Whether lines would be lost in it, or it is long enough."""
        return self.is_broken or self.size >= LARGEST_FILE or self.day != _today() or not self._is_there()

    def _is_there(self) -> bool:
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self.descriptor))
        except OSError:  # somebody moved it away
            return False

    def append(self, octets: bytes) -> None:
        view = memoryview(octets)
        while view:
            view = view[os.write(self.descriptor, view) :]
        self.size += len(octets)

    def has_grown(self) -> bool:
        """Whether a failed append left something. Then the file ends with it: whoever reads the journal may have
        read it already, so it is not cut off, and nothing may follow what is torn."""
        return os.fstat(self.descriptor).st_size != self.size

    def close(self) -> None:
        with suppress(OSError):
            os.close(self.descriptor)


def _opened(directory: Path) -> _File:
    """A file of today that nobody writes any more, or else a new one.

    Programs that live for one opt-out (`receive_mail`) would otherwise leave thousands a day.
    """
    directory.mkdir(parents=True, exist_ok=True)
    today, host = _today(), _host()
    for path in sorted(directory.glob(f"{today}-{host}-*{ENDING}")):
        if (file := _taken_over(path, today)) is not None:
            return file
    name = f"{today}-{host}-{os.getpid()}-{secrets.token_hex(4)}{ENDING}"
    descriptor = os.open(directory / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o640)
    with suppress(OSError):  # a file system without locks: then each process keeps its own
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _flush_names(directory)
    return _File(descriptor, directory / name, today, 0)


def _taken_over(path: Path, today: str) -> _File | None:
    """The file, if its writer has ended and left it whole."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        size = os.fstat(descriptor).st_size
        if size < LARGEST_FILE and (not size or os.pread(descriptor, 1, size - 1) == b"\n"):
            return _File(descriptor, path, today, size)
    except OSError:
        pass  # another process writes it
    os.close(descriptor)
    return None


def _flush_names(directory: Path) -> None:
    """A new file's name must outlive a power cut too."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "", socket.gethostname())[:60] or "host"


_writers: dict[Path, _Writer] = {}


_making = threading.Lock()


def _writer() -> _Writer:
    directory: Path = settings.JOURNAL_DIR
    if (writer := _writers.get(directory)) is None:
        with _making:
            writer = _writers.get(directory) or _writers.setdefault(directory, _Writer(directory))
    return writer


def _forget_writers() -> None:
    for writer in _writers.values():
        writer.forget()
    _writers.clear()


os.register_at_fork(after_in_child=_forget_writers)
