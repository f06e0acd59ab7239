"""Keys of a local installation: made once, kept for ever, told in words when they can't be had."""

import stat
import subprocess
import sys
import time

import pytest
from django.core.exceptions import ImproperlyConfigured

from project import keys
from project.values import CLONE

RACE = """
import sys, time
from pathlib import Path
from project import keys
folder, start = Path(sys.argv[1]), float(sys.argv[2])
time.sleep(max(0, start - time.time()))
print(keys.kept(folder, "ADDRESS_KEY"))
"""


def test_eight_processes_that_race_get_one_key(tmp_path):
    folder = tmp_path / "not" / "there" / "yet"
    start = time.time() + 2
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(folder), str(start)],
            cwd=CLONE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    said = {process.communicate(timeout=60)[0] for process in racing}
    assert [process.returncode for process in racing] == [0] * 8
    assert said == {(folder / "ADDRESS_KEY").read_text()}
    assert [entry.name for entry in folder.iterdir()] == ["ADDRESS_KEY"]  # no draft is left


def test_only_the_owner_can_read_a_key(tmp_path):
    folder = tmp_path / "keys"
    keys.kept(folder, "SECRET_KEY")
    assert stat.S_IMODE((folder / "SECRET_KEY").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_key_is_64_hexadecimal_digits_of_its_own_and_stays(tmp_path):
    one, other = keys.kept(tmp_path, "ADDRESS_KEY"), keys.kept(tmp_path, "LINK_KEY")
    assert len(bytes.fromhex(one)) == len(bytes.fromhex(other)) == 32
    assert one != other
    before = (tmp_path / "ADDRESS_KEY").stat()
    assert keys.kept(tmp_path, "ADDRESS_KEY") == one
    after = (tmp_path / "ADDRESS_KEY").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("content", [b"", b"\n", b"abc", b"\xff" * 64, b"0" * 63, b"0" * 65])
def test_a_damaged_key_is_never_used_nor_replaced(tmp_path, content):
    """An empty ADDRESS_KEY would name every mailbox of the world's installations alike."""
    (tmp_path / "ADDRESS_KEY").write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=r"ADDRESS_KEY .*backup"):
        keys.kept(tmp_path, "ADDRESS_KEY")
    assert (tmp_path / "ADDRESS_KEY").read_bytes() == content


def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match="Set DATA_DIR to a folder that this user may write to"):
        keys.kept(tmp_path / "file" / "keys", "ADDRESS_KEY")


def test_a_link_to_nowhere_is_not_taken_for_a_missing_key(tmp_path):
    """A volume that is not mounted: a key made in its place would be another one."""
    (tmp_path / "ADDRESS_KEY").symlink_to(tmp_path / "volume" / "ADDRESS_KEY")
    with pytest.raises(ImproperlyConfigured, match="backup"):
        keys.kept(tmp_path, "ADDRESS_KEY")
    assert (tmp_path / "ADDRESS_KEY").is_symlink()
