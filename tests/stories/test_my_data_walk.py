"""A person asks what is held about them, reads it, has it erased, comes in with a file again, and is not mailed."""

import json
import subprocess
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from mailer import addresses, suppression, tasks
from mailer.contacts import importing
from mailer.models import Contact, DataRequest, Evidence, Import, MailingList, RefusedRow
from project.localpg import programs
from tests.stories import parts
from tests.stories.parts import Installation

pytestmark = pytest.mark.long

DANA = "dana.quillfeather@example.org"
FILE = f"email,first_name,last_name\n{DANA},Dana,Quillfeather\n{DANA}.,Dana,Quillfeather\nerin@example.org,Erin,Eames\n"


def test_asked_seen_erased_and_not_mailed_after_the_next_import(installation: Installation, settings):
    settings.UPLOAD_DIR = installation.folder / "uploads"
    parts.attested_sender()
    installation.start("web", "worker", "beat")
    installation.wait_for_web()
    friends = MailingList.objects.create(slug="friends", name="Friends")
    imported(installation, friends)
    assert RefusedRow.objects.count() == 1
    first = parts.launch(parts.draft(friends))
    installation.wait_until_sent(first)
    link = next(parts.link_in(one) for one in installation.inbox.store.iterate() if one.rcpt_tos == (DANA,))

    assert installation.post(f"{link}/data", b"")[0] == 200
    installation.wait_for_messages(3)
    notice = installation.inbox.store.read(3)
    assert notice.rcpt_tos == (DANA,)
    mine = next(line for line in parts.parsed(notice).get_content().splitlines() if "/my-data/" in line)
    assert urlsplit(mine).netloc == f"127.0.0.1:{installation.settings.WEB_PORT}"
    assert DANA in got(mine)
    held = json.loads(got(f"{mine}/data.json"))
    assert [row["address"] for row in held["contact"]] == [DANA]
    assert [row["subject"] for row in held["messages"]] == ["Three things to do in the garden"]
    assert len(held["refused_rows"]) == 1

    assert installation.post(f"{mine}/erase", b"")[0] == 200
    installation.wait_for(
        "she is erased", lambda: DataRequest.objects.filter(kind="erasure", outcome="done").exists()
    )
    dump = subprocess.run(
        [programs.locate() / "pg_dump", installation.database.url], capture_output=True, check=True
    ).stdout.decode()
    assert "quillfeather" not in dump.lower()
    assert "quillfeather" not in installation.words().lower()
    assert not suppression.mailable(addresses.parse(DANA))
    assert Evidence.objects.filter(verb="erased", actor="recipient").count() == 1

    imported(installation, friends)
    assert Contact.objects.filter(email=DANA).exists()
    second = parts.launch(parts.draft(friends))
    installation.wait_until_sent(second)
    assert set(parts.recipients(installation.inbox, second)) == {"erin@example.org"}


def imported(installation: Installation, friends: MailingList) -> None:
    path = installation.folder / "people.csv"
    path.write_text(FILE, encoding="utf-8")
    coming = importing.begin(path, list=friends, source="customer", filename="people.csv")
    path.unlink()
    tasks.nudge_imports()
    installation.wait_for(
        "the file is in", lambda: Import.objects.filter(pk=coming.pk, state="done").exists()
    )


def got(url: str) -> str:
    where = urlsplit(url)
    client = HTTPConnection(where.hostname or "", where.port, timeout=30)
    try:
        client.request("GET", where.path)
        answer = client.getresponse()
        assert answer.status == 200
        return answer.read().decode()
    finally:
        client.close()
