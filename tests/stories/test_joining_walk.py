"""Somebody joins by a form, leaves, is imported anew, and comes back by the form alone: on real processes."""

from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from django.utils import timezone

from mailer import addresses, tasks
from mailer.contacts import importing
from mailer.models import Consent, Contact, Import, SignUp, Subscription
from tests.mailer.joining_forms import DANA, fields, new_form
from tests.stories import parts
from tests.stories.parts import Installation

pytestmark = pytest.mark.long


def test_joined_left_imported_anew_and_back_by_confirmation(installation: Installation, settings):
    settings.UPLOAD_DIR = installation.folder / "uploads"
    form = new_form()
    installation.start("web", "worker", "beat")
    installation.wait_for_web()

    confirm = asked(installation, times=5)
    assert installation.inbox.store.count() == 1, "one mail, whoever asks how often"
    assert not Contact.objects.exists()
    for _ in range(2):
        assert installation.post(confirm, b"")[0] == 200
    assert Subscription.objects.get().list == form.list
    assert Consent.objects.get().message_id == str(
        parts.parsed(installation.inbox.store.read(1))["Message-ID"]
    )

    first = parts.launch(parts.draft(form.list))
    installation.wait_until_sent(first)
    assert parts.recipients(installation.inbox, first) == {DANA: 1}
    letter = [one for one in installation.inbox.store.iterate() if f"<{first.pk}.".encode() in one.raw]
    assert installation.post(parts.link_in(letter[0]))[0] == 200

    Contact.objects.all().delete()
    imported(installation, form.list)
    second = parts.launch(parts.draft(form.list))
    installation.wait_until_sent(second)
    assert parts.states(second) == {"withheld": 1}

    SignUp.objects.update(requested_at=timezone.now() - timedelta(hours=25))
    assert installation.post(asked(installation), b"")[0] == 200
    third = parts.launch(parts.draft(form.list))
    installation.wait_until_sent(third)
    assert parts.recipients(installation.inbox, third) == {DANA: 1}
    assert Consent.objects.filter(address_key=addresses.parse(DANA).address_key).count() == 2


def asked(installation: Installation, times: int = 1) -> str:
    """Fill the form in, and read the link in the one mail that comes of it."""
    before = installation.inbox.store.count()
    for _ in range(times):
        url = f"{installation.settings.PUBLIC_URL}/join/letter"
        assert installation.post(url, urlencode(fields()).encode())[0] == 200
    installation.wait_for_messages(before + 1)
    notice = installation.inbox.store.read(before + 1)
    assert notice.rcpt_tos == (DANA,)
    link = next(word for word in parts.parsed(notice).get_content().split() if "/join/confirm/" in word)
    assert urlsplit(link).netloc == f"127.0.0.1:{installation.settings.WEB_PORT}"
    return link


def imported(installation: Installation, there) -> None:
    path = installation.folder / "people.csv"
    path.write_text(f"email\n{DANA}\n", encoding="utf-8")
    coming = importing.begin(path, list=there, source="migration", filename="people.csv")
    tasks.nudge_imports()
    installation.wait_for(
        "the file is in", lambda: Import.objects.filter(pk=coming.pk, state="done").exists()
    )
    assert Contact.objects.get().email == DANA
