"""Keys of a local installation, made once and kept in files that only their owner can read.

A public installation is given its keys by the operator and never comes here.
"""

import os
import re
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

KEY = re.compile(r"[0-9a-f]{64}")


def kept(folder: Path, name: str) -> str:
    """The key called `name`, 64 hexadecimal digits, made at the first call. Of processes that race, one makes it.

    Raises ImproperlyConfigured in words: a key that can't be read is never replaced, since the ledger's
    entries and the links that were sent are worth nothing without it.
    """
    path = folder / name
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _publish(path, secrets.token_hex(32))
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise ImproperlyConfigured(
            f"The key file {path} can't be read or made ({wrong}). Set DATA_DIR to a folder that this user may "
            "write to, or bring the file back from a backup."
        ) from wrong
    if not KEY.fullmatch(key):
        raise ImproperlyConfigured(
            f"The key file {path} is damaged: it must hold 64 hexadecimal digits. Bring it back from a backup; "
            "with another key, opt-outs and the links that were sent would not be found."
        )
    return key


def _publish(path: Path, value: str) -> None:
    # A hard link fails when the name is taken: no process ever reads half a key or replaces one in use.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as draft:  # mode 0600
        draft.write(value + "\n")
        draft.flush()
        os.fsync(draft.fileno())
    try:
        os.link(draft.name, path)
    except FileExistsError:
        pass  # another process was first, and its key counts
    finally:
        Path(draft.name).unlink()
