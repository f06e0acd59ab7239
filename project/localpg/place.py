"""Where a clone's server lives, and as which user it runs."""

import hashlib
import os
import pwd
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE, S_ISDIR

from project.keys import kept
from project.localpg import LocalServerError

HOMES_FOR_ROOT = Path("/var/lib/candor")
PORT = 5432  # a part of the socket's name and nothing more: no TCP port is opened
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_PATH_LIMIT = 103  # bytes; sun_path holds 104 with its NUL on macOS, 108 on Linux


@dataclass(frozen=True, slots=True)
class Account:
    """The user that the server runs as when we are root, which PostgreSQL refuses to run as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """The directories of one server; `account` is None when it runs as ourselves."""

    root: Path
    home: Path
    sockets: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgresql.log"

    @property
    def users(self) -> Path:
        """Lock file: every process that uses the server shares it for as long as it lives."""
        return self.home / "users.lock"

    @property
    def starting(self) -> Path:
        """Lock file: who starts the server holds it alone."""
        return self.home / "starting.lock"

    @property
    def running(self) -> Path:
        """Lock file: inherited by every process of PostgreSQL here, so it is free only when the last is gone."""
        return self.home / "running.lock"

    def postmaster(self) -> int | None:
        """The pid of the server's first process; None if there is none or the pid now is another program's."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if _works_in(pid, self.data) else None

    def prepare(self) -> None:
        """Create what is missing. Directories that exist keep their modes; parents are never changed."""
        if self.account is None:
            self.home.mkdir(parents=True, exist_ok=True)
        else:
            _make_passable(HOMES_FOR_ROOT)
            _make_passable(self.home)
            (self.home / "belongs_to.txt").write_text(f"{self.root}\n")  # a hash tells people nothing
        self.make_private(self.sockets)

    def make_private(self, directory: Path) -> None:
        """A directory only the server's user (and root) may enter, or LocalServerError.

        /tmp is everybody's: a directory that somebody else put there first must not be trusted.
        """
        directory.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            os.chown(directory, self.account.uid, self.account.gid, follow_symlinks=False)
        found = directory.lstat()
        owner = self.account.uid if self.account else os.geteuid()
        if not S_ISDIR(found.st_mode) or found.st_uid != owner or S_IMODE(found.st_mode) & 0o077:
            raise LocalServerError(
                f"{directory} must be a directory of user {owner} with mode 0700. Remove it."
            )

    def make_log(self) -> None:
        """An empty log file for the server to write into, unless there is one; it is never shortened."""
        self.log.touch(mode=0o600)
        if self.account:
            os.chown(self.log, self.account.uid, self.account.gid)

    def run(self, *command: str | Path, typed: str = "", keep: Iterable[int] = ()) -> tuple[int, str]:
        """Run a program as the server's user; its exit code and all that it wrote.

        The environment is empty but for two names: the server has no business with the application's keys.
        """
        account = self.account
        try:
            done = subprocess.run(
                command,
                input=typed,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                cwd=self.home,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                umask=0o077,
                pass_fds=tuple(keep),
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        except OSError as error:
            user = f"user {account.uid}" if account else "this user"
            raise LocalServerError(f"{command[0]} cannot be run by {user}: {error.strerror}.") from error
        return done.returncode, done.stdout


def place_of(root: Path) -> Place:
    """The place for a LOCALPG_ROOT: the directory itself, or for root one that the server's user can reach."""
    root = root.resolve()
    if os.geteuid() == 0:
        home = HOMES_FOR_ROOT / _digest(root, mark=kept(root, "cluster_mark"))
        return Place(root, home, home / "sockets", _server_account())
    return Place(root, root, _socket_directory(root, _digest(root)), None)


def _digest(root: Path, mark: str = "") -> str:
    """A short name for a root. With its mark, it is another one's when a clone was deleted and made anew at the
    same path: the old cluster belongs to the old clone's keys, under which nobody's opt-out would be found.
    """
    return hashlib.sha256(os.fsencode(root) + mark.encode()).hexdigest()[:12]


def _server_account() -> Account:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LocalServerError("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`.")


def _socket_directory(root: Path, digest: str) -> Path:
    """Within the root if a socket's path may be that long and has nothing that PostgreSQL's lists would split."""
    sockets = root / "sockets"
    fits = len(os.fsencode(sockets / SOCKET)) <= SOCKET_PATH_LIMIT
    if fits and re.fullmatch(r"[\w./-]+", str(sockets), re.ASCII):
        return sockets
    return Path(f"/tmp/candor-{os.geteuid()}-{digest}")  # noqa: S108 – make_private() judges it


def _make_passable(directory: Path) -> None:
    try:
        directory.mkdir()
    except FileExistsError:
        return
    directory.chmod(0o755)  # whatever the umask: the server's user must pass through


def _works_in(pid: int, data: Path) -> bool:
    """Whether a process has the data directory as its working directory, as all of PostgreSQL's have."""
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").samefile(data)
        except OSError:  # gone, a zombie, or somebody else's
            return False
    # macOS has no /proc, but the command line names the directory, since pg_ctl was given it in full.
    shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return str(data) in shown.stdout
