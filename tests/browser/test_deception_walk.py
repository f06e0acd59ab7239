"""Promises 6 and 7 by hand: a deceptive draft, what is found while one types, and proof that a changed byte spoils."""

import re
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from playwright.sync_api import expect

from mailer import evidence
from mailer.models import Evidence
from tests.browser.test_walk import (
    Running,
    Shots,
    bring_people_in,
    describe_the_sender,
    launch,
    page,
    running,
    sign_in,
    wait_until_sent,
)

__all__ = ["page", "running"]  # fixtures of the main walk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.duty("D25", "D34", "D58", "D121")]

REASON = "All 39 answered our call for testers in May; the list is in the folder “Testers”."
BY_FORCE = """
SET LOCAL session_replication_role = replica;
UPDATE mailer_evidence SET actor = 'user 9' WHERE verb = 'approved'
"""


def beside_the_browser(act):
    """Its event loop would not let Django ask the database."""

    def on_its_own_connection():
        with closing(connection):
            return act()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(on_its_own_connection).result()


def test_a_deception_is_found_mended_answered_for_and_proved(running: Running, page, tmp_path: Path):
    expect.set_options(timeout=60_000)
    shot = Shots(page, tmp_path)
    ends = datetime.now(UTC) + timedelta(days=4)
    day = f"{ends:%B} {ends.day}"
    sign_in(page, running.password)
    describe_the_sender(page, shot)
    bring_people_in(page, shot, tmp_path)

    draft = type_a_deception_and_mend_it(page, shot, day)
    record_the_offer(page, shot, ends)
    answer_for_it(page, shot)
    edit_it(page, shot, draft, day)
    answer_for_it(page, shot)
    launch(page, shot, draft, people="39")
    wait_until_sent(page, shot)

    beside_the_browser(wait_until_sealed)
    dossier = download_the_dossier(page, shot, tmp_path)
    key = evidence.sealing_key().hex()
    assert checked(dossier, key) == 0
    beside_the_browser(change_a_byte_as_a_superuser)
    page.goto("/admin/mailer/evidence/verification/")
    page.click("button:has-text('Verify')")
    expect(page.locator("#content")).to_contain_text("was changed")
    shot("a changed byte is found")
    page.goto(draft)
    assert checked(download_the_dossier(page, shot, tmp_path), key) == 1


def type_a_deception_and_mend_it(page, shot: Shots, day: str) -> str:
    page.goto("/admin/mailer/campaign/add/")
    page.fill("[name=name]", "Testers")
    page.check("label:has-text('Friends of the garden') input, li:has-text('Friends of the garden') input")
    code = page.locator("textarea[name=html]")
    if not code.is_visible():
        page.select_option("[name=layout]", "")
    code.fill(
        f"<p>20% off everything in our shop, until {day}. Come and see the roses, the figs and the barn.</p>"
    )
    typed = page.locator("[data-check]")
    subject = page.locator("[name=subject]")
    subject.press_sequentially("Fwd: 20% off everything until tomorrow", delay=20)
    expect(typed).to_contain_text("Must be changed")
    shot("found while typing")
    subject.fill(f"You have been selected: 20% off everything until {day}")
    expect(typed).not_to_contain_text("Must be changed")
    expect(typed).to_contain_text("Needs a decision")
    shot("mended while typing")
    page.click("button[name=_save]")
    page.wait_for_url(re.compile(r"/campaign/\d+/$"))
    expect(page.locator("#findings")).to_be_visible()
    expect(page.locator("#content")).to_contain_text("Record the offer with its end")
    shot("held")
    return page.url


def record_the_offer(page, shot: Shots, ends: datetime) -> None:
    page.click("a:has-text('Record an offer…')")
    expect(page.locator("[name=value]")).to_have_value("20")
    shot("offer, filled from the subject")
    page.fill("[name=what]", "Sale for testers")
    page.fill("[name=scope]", "everything")
    page.fill("[name=ends]", f"{ends:%Y-%m-%d}T23:59")
    page.select_option("[name=zone]", "UTC")
    page.click("button:has-text('Record it')")
    expect(page.locator("#content")).to_contain_text("Sale for testers")
    expect(page.locator("#content")).not_to_contain_text("Record the offer with its end")


def answer_for_it(page, shot: Shots) -> None:
    page.fill("#reason", REASON)
    page.click("button:has-text('Release and approve')")
    expect(page.locator("#approval")).to_have_text("Approved as it stands")
    shot("approved")


def edit_it(page, shot: Shots, draft: str, day: str) -> None:
    """One word more, and nobody has approved that."""
    page.goto(draft)
    page.click("a:has-text('Edit')")
    page.locator("textarea[name=html]").fill(
        f"<p>20% off everything in our shop, until {day}. Come and see the roses, the figs and the old barn.</p>"
    )
    page.click("button[name=_save]")
    page.wait_for_url(draft)
    expect(page.locator("#decide")).to_have_text("Somebody has to decide")
    expect(page.locator("#approval")).to_have_count(0)
    shot("an edit voids the approval")


def wait_until_sealed() -> None:
    until = time.monotonic() + 120
    while evidence.is_anything_unsealed():
        assert time.monotonic() < until, "No worker sealed what was done."
        time.sleep(0.2)


def download_the_dossier(page, shot: Shots, folder: Path) -> Path:
    with page.expect_download() as download:
        page.click("button:has-text('Download its dossier')")
    shot("dossier downloaded")
    path = folder / f"{time.monotonic_ns()}.zip"
    download.value.save_as(path)
    return path


def checked(dossier: Path, key: str) -> int:
    """By the program inside, with a Python that knows nothing of Candor."""
    script = dossier.with_suffix(".py")
    script.write_bytes(zipfile.ZipFile(dossier).read("verify.py"))
    done = subprocess.run([sys.executable, "-I", script, dossier, "--key", key], check=False)
    return done.returncode


def change_a_byte_as_a_superuser() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_FORCE)
    assert Evidence.objects.filter(verb="approved", actor="user 9").exists()
