"""Starts the embedded PostgreSQL for its first user and stops it after its last.

Three kernel locks carry the whole account of who is there: `users` is shared by every process that uses the
server, `starting` is held by the one that starts it, `running` by the server itself. None of them can go stale.
"""

import atexit
import os
import shlex
import shutil
import signal
import threading
import time
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from project.localpg import LocalServerError, locks, programs
from project.localpg.place import PORT, SOCKET, Place, place_of

NAME = "candor"  # of the superuser and of the database
START_SECONDS = 60  # crash recovery reads up to max_wal_size of log before the first connection
STOP_SECONDS = 60
POLL_SECONDS = 0.02
LOG_LINES = 15  # of PostgreSQL's own words in an error

# Sort by code point, which no operating system's upgrade can change under an index; letters by Unicode, so that
# upper() knows more than ASCII. macOS has no C.UTF-8; its UTF-8 is the same thing.
CHARACTER_TYPE = "UTF-8" if os.uname().sysname == "Darwin" else "C.UTF-8"

# Given on the command line, so that a new release's values reach old clusters. fsync and synchronous_commit stay
# on, as PostgreSQL has them.
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # a hand-over locks every mailbox of its group
    "shared_buffers": "256MB",
    "wal_level": "minimal",  # nothing reads the log but recovery
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    # An error's detail and statement hold the row's values, and logs hold no addresses.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

_mutex = threading.Lock()
_memberships: dict[Place, int] = {}  # the descriptor of our share in each server's `users`


def ensure(root: Path) -> dict[str, str]:
    """Make the server of a LOCALPG_ROOT run, count this process as a user of it, and say how to connect.

    Takes two milliseconds when the server runs, a second when it is created. Raises LocalServerError when it
    cannot be started.
    """
    place = place_of(root)
    with _mutex:
        _join(place)
        if not _answers(place):
            with locks.opened(place.starting) as descriptor:
                locks.take(descriptor)
                _bring_up(place)
    return _address(place)


def _join(place: Place) -> None:
    """Be counted. Waits while the last user before us is stopping the server."""
    if place in _memberships:
        return
    try:
        place.prepare()
        descriptor = locks.open_lock(place.users)
    except OSError as error:
        raise LocalServerError(f"The embedded PostgreSQL needs a directory to write to: {error}") from error
    locks.share(descriptor)
    _memberships[place] = descriptor


def _leave() -> None:
    """Stop each server that nobody else uses. Of two that leave at once, one gets the lock."""
    for place, descriptor in _memberships.items():
        if locks.take_if_free(descriptor):
            _stop(place)
        os.close(descriptor)


def _forget_parent() -> None:
    """In a forked child: our parent's shares are not ours. Closing them here leaves the parent's in force."""
    for descriptor in _memberships.values():
        os.close(descriptor)
    _memberships.clear()
    _mutex.release()


# Registered on import, before most others: the later registered run first and may still use the database.
atexit.register(_leave)
# No fork while a thread is in ensure(): the child would inherit locks that nobody there would let go.
os.register_at_fork(before=_mutex.acquire, after_in_parent=_mutex.release, after_in_child=_forget_parent)


def _address(place: Place) -> dict[str, str]:
    return {"host": str(place.sockets), "port": str(PORT), "user": NAME}


def _answers(place: Place) -> bool:
    """Whether sessions are accepted; a server that recovers or shuts down listens, but refuses them."""
    target = make_conninfo(dbname="postgres", **_address(place))
    return PGconn.ping(target.encode()) == Ping.OK


def _bring_up(place: Place) -> None:
    """Start the server, or wait for one that is on its way up or down."""
    place.make_log()
    deadline = time.monotonic() + START_SECONDS
    while not _answers(place):
        if not locks.is_held(place.running):
            _start(place)
        elif time.monotonic() > deadline:
            raise LocalServerError(
                f"PostgreSQL in {place.data} has not answered for {START_SECONDS} s.\n{_end_of(place.log)}"
            )
        else:
            time.sleep(POLL_SECONDS)  # recovering, shutting down, or a killed server's children are leaving


def _start(place: Place) -> None:
    bindir = programs.locate()
    if place.account:
        bindir = programs.copy_wheel(bindir, place.home)
    _refuse_stranger(place)
    with locks.opened(place.running) as running:
        locks.take(running)  # the programs inherit it: should we be killed, it is held until they end
        if not place.data.exists():
            _create_cluster(place, bindir, running)
        _refuse_other_major(place, bindir)
        _remove_stale_files(place)
        _launch(place, bindir, running)


def _create_cluster(place: Place, bindir: Path, running: int) -> None:
    """A data directory with our database in it, complete or not there at all."""
    partial = place.home / "data.partial"
    shutil.rmtree(partial, ignore_errors=True)
    place.make_private(partial)
    _check(
        place.run(
            *(bindir / "initdb", "-D", partial, "-U", NAME, "-E", "UTF8", "--data-checksums"),
            *("--locale=C", f"--lc-ctype={CHARACTER_TYPE}"),
            *("--auth-local=trust", "--auth-host=reject"),  # the socket's directory is the guard
            keep=[running],
        )
    )
    _check(
        place.run(
            *(bindir / "postgres", "--single", "-D", partial, "-c", "exit_on_error=on", "postgres"),
            typed=f"CREATE DATABASE {NAME} TEMPLATE template0\n",
            keep=[running],
        )
    )
    partial.rename(place.data)


def _check(outcome: tuple[int, str]) -> None:
    code, words = outcome
    if code:
        raise LocalServerError(f"PostgreSQL could not create its data directory:\n{_last_lines(words)}")


def _refuse_stranger(place: Place) -> None:
    """A server that somebody started by hand holds no lock of ours; two on one directory would destroy it."""
    if pid := place.postmaster():
        raise LocalServerError(
            f"A PostgreSQL that Candor did not start (process {pid}) uses {place.data}. Stop it, then try again."
        )


def _refuse_other_major(place: Place, bindir: Path) -> None:
    theirs = (place.data / "PG_VERSION").read_text().strip()
    _, answer = place.run(bindir / "postgres", "--version")
    ours = programs.major_version(answer)
    if theirs != ours:
        raise LocalServerError(
            f"{place.data} was written by PostgreSQL {theirs}, but the programs in {bindir} are version {ours}. "
            f"Set LOCALPG_BINDIR to the programs of version {theirs} to go on with it. To move to version {ours}: "
            f"with LOCALPG_BINDIR set, dump the database (`pg_dump -h {place.sockets} -U {NAME} {NAME}` while "
            f"Candor runs), unset it, move {place.data} away and restore the dump with `manage.py dbshell`."
        )


def _remove_stale_files(place: Place) -> None:
    """After a crash and a reboot the pid in these may be another program's; PostgreSQL would not start then.

    `running` was free, hence no process of the server is left.
    """
    for path in (place.data / "postmaster.pid", place.sockets / SOCKET, place.sockets / f"{SOCKET}.lock"):
        path.unlink(missing_ok=True)


def _launch(place: Place, bindir: Path, running: int) -> None:
    """Start the server in a session of its own, and wait until it answers."""
    options = {**OPTIONS, "unix_socket_directories": str(place.sockets)}
    flags = shlex.join(f"--{name}={value}" for name, value in options.items())
    seen = place.log.stat().st_size
    code, words = place.run(
        *(bindir / "pg_ctl", "start", "-D", place.data, "-l", place.log, "-o", flags),
        *("-w", "-t", str(START_SECONDS)),
        keep=[running],
    )
    if code:
        raise LocalServerError(f"{_last_lines(words)}\n{_end_of(place.log, seen)}")


def _stop(place: Place) -> None:
    """Fast shutdown: sessions are ended, a checkpoint is written. Others wait for our lock meanwhile."""
    pid = place.postmaster()
    if pid is None:
        return
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    while locks.is_held(place.running) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _end_of(log: Path, start: int = 0) -> str:
    with log.open(errors="replace") as lines:
        lines.seek(start)
        return _last_lines(lines.read())


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-LOG_LINES:])
