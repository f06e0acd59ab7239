"""Kernel file locks (flock), the one thing that is always let go when a process dies, however it dies.

A flock belongs to the open file, not to the process: whoever inherits the descriptor holds the lock too.
Processes that must be counted one by one therefore open the file each for themselves.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock(path: Path) -> int:
    """A new descriptor for a lock file, which is created if need be and never removed."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def share(descriptor: int) -> None:
    """Hold the lock together with others; waits while somebody holds it alone."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def take(descriptor: int) -> None:
    """Hold the lock alone; waits until nobody else has it."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def take_if_free(descriptor: int) -> bool:
    """Hold the lock alone if nobody else has it. A share held before is lost when the answer is False."""
    return _granted(descriptor, fcntl.LOCK_EX)


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A descriptor for the length of a block. Closing it lets go, unless a child has inherited it."""
    descriptor = open_lock(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a process holds this lock alone. Asks for a share, so that two who ask don't see each other."""
    with opened(path) as descriptor:
        return not _granted(descriptor, fcntl.LOCK_SH)


def _granted(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
