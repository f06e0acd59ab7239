"""The tables in a file: the file itself, or the members of a ZIP, as Mailchimp exports its audiences."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from mailer.contacts.reading.staged import FileRefused

MOST_MEMBERS = 100
MOST_BYTES = 4 << 30  # unpacked, all together
MOST_INFLATED = 250  # unpacked against packed; a CSV of people comes to about ten
SMALL = 10 << 20  # bytes that a member may unpack to whatever the ratio
TABLES = (".csv", ".txt", ".tsv", "")

Opener = Callable[[], BinaryIO]


@contextmanager
def members(file: BinaryIO, name: str) -> Iterator[list[tuple[str, Opener]]]:
    """The tables of `file`, each with a way to open it from its start. Raises FileRefused."""
    if not _is_zip(file):
        yield [(name, lambda: _from_the_start(file))]
        return
    try:
        with zipfile.ZipFile(file) as archive:
            found = [info for info in archive.infolist() if _is_table(info)]
            _refuse_other_archives(archive)
            _refuse_bombs(archive.infolist())
            if not found:
                raise FileRefused("There is no CSV file in this ZIP. Export the people as CSV and try again.")
            yield [(PurePosixPath(info.filename).name, _opener(archive, info)) for info in found]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as wrong:
        raise FileRefused(
            "The ZIP file is damaged or of a kind Candor can't unpack. Download it again, or unpack it and bring "
            "the CSV files in one by one."
        ) from wrong


def _is_zip(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) in {b"PK\x03\x04", b"PK\x05\x06"}


def _from_the_start(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    return file


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Opener:
    return lambda: cast(BinaryIO, archive.open(info))


def _is_table(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not info.is_dir() and not hidden and path.suffix.lower() in TABLES


def _refuse_other_archives(archive: zipfile.ZipFile) -> None:
    names = [info.filename.lower() for info in archive.infolist()]
    if "[content_types].xml" in names or "mimetype" in names:
        raise FileRefused(
            "This is a spreadsheet. In the spreadsheet program, save it as “CSV UTF-8” and bring in that file."
        )
    if any(name.endswith((".zip", ".gz", ".7z", ".rar", ".xlsx")) for name in names):
        raise FileRefused(
            "The ZIP holds another archive or spreadsheet, which Candor does not open: people in it would be left "
            "out unseen. Unpack it and bring in its CSV files."
        )
    if any(info.flag_bits & 1 for info in archive.infolist()):
        raise FileRefused("The ZIP is locked with a password. Unpack it and bring in its CSV files.")


def _refuse_bombs(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise FileRefused(
            f"The ZIP holds more than {MOST_MEMBERS} files. Unpack it and choose those with people."
        )
    inflated = any(m.file_size > SMALL and m.file_size > MOST_INFLATED * m.compress_size for m in members)
    if inflated or sum(member.file_size for member in members) > MOST_BYTES:
        raise FileRefused(
            "The ZIP unpacks to far more than an export of people does, so it was not unpacked. Unpack it yourself "
            "and bring in the CSV files."
        )
