"""A disk that is small enough to be full."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def small(directory: Path, megabytes: int) -> Iterator[bool]:
    """A file system of its own for a directory, so that it can be full; yields whether the machine permits that."""
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "candor-faults", str(directory)]
    permitted = bool(mount) and not subprocess.run([str(mount), *options], capture_output=True).returncode
    try:
        yield permitted
    finally:
        if permitted:
            subprocess.run(["umount", "--lazy", str(directory)], check=True)


@contextmanager
def full(directory: Path) -> Iterator[None]:
    """Its disk takes not one byte more."""
    ballast = directory / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            for piece in (2**20, 2**12, 1):
                with suppress(OSError):
                    while file.write(b"\0" * piece):
                        pass
        yield
    finally:
        ballast.unlink(missing_ok=True)
