"""A ZIP whose bytes follow from its contents alone: no clock, no random number, no path of this machine."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

LEVEL = 6
# `sha256sum -c` reads it, so nobody needs a program of ours to check the files.
MANIFEST = "MANIFEST.sha256"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say


class Writer:
    """Takes one file's bytes, piece by piece, and hashes them on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def write(self, piece: bytes | memoryview) -> None:
        self._digest.update(piece)
        self._file.write(piece)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class Package:
    """The dossier's files, in the order in which they are added; the manifest is the last."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=LEVEL)
        self._hashes: list[tuple[str, str]] = []

    @contextmanager
    def opened(self, name: str) -> Iterator[Writer]:
        with self._zip.open(_entry(name), "w", force_zip64=True) as file:
            writer = Writer(file)
            yield writer
        self._hashes.append((name, writer.sha256))

    def add(self, name: str, content: bytes | str) -> None:
        with self.opened(name) as file:
            file.write(content.encode() if isinstance(content, str) else content)

    def close(self) -> str:
        """Write the manifest; returns its hash, which stands for the whole dossier."""
        listed = "".join(f"{sha256}  {name}\n" for name, sha256 in self._hashes).encode()
        with self._zip.open(_entry(MANIFEST), "w") as file:
            file.write(listed)
        self._zip.close()
        return hashlib.sha256(listed).hexdigest()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, EPOCH)
    entry.compress_type = ZIP_DEFLATED
    entry.create_system = 3  # Unix, on whatever it was made
    entry.external_attr = 0o100644 << 16
    return entry
