"""A dossier tells who, what, by which rules and with what outcome; names no third person; and is checked offline."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from mailer import (
    addresses,
    audience,
    campaigns,
    counters,
    dispatch,
    dossier,
    evidence,
    offers,
    proofs,
    suppression,
)
from mailer.models import Campaign, Evidence, KillSwitch
from project.inbox.server import InboxServer
from tests.mailer.admin_door import member, signed_in
from tests.stories import parts

AUDIENCE = 6
REASON = "The hall is booked until then; the contract is with the lawyer."


def person(number: int) -> addresses.Address:
    return addresses.parse(f"person{number}@example.org")


def opt_out(number: int, **said: object) -> None:
    suppression.suppress(
        person(number).mailbox_key,
        **{
            "reason": "opt_out",
            "channel": "page",
            "actor": "recipient",
            "campaign": Campaign.objects.get().pk,
            **said,
        },
    )


def by_force(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def campaign(db, settings) -> Campaign:
    """What was sent as far as the tables know."""
    settings.APPROVAL = "two_person"
    return sale(sent_in_the_tables)


def sent_in_the_tables(campaign: Campaign) -> None:
    by_force(
        "UPDATE mailer_message SET state = 'accepted', handed_over_at = clock_timestamp(), sha256 = sha256(address_key)"
        " WHERE state = 'pending' AND NOT (mailbox_key = ANY (SELECT mailbox_key FROM mailer_suppression))"
    )
    by_force("UPDATE mailer_message SET state = 'withheld', reason = 'opt_out' WHERE state = 'pending'")
    by_force("UPDATE mailer_message SET settled_at = clock_timestamp() WHERE settled_at IS NULL")


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    settings.APPROVAL = "two_person"
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


def sale(send: Callable[[Campaign], None]) -> Campaign:
    """A sale with an offer, held by a rule, released by a second person, sent to four of six; two opted out in time."""
    ends = (timezone.now() + timedelta(days=3)).replace(microsecond=0)
    day = f"{ends:%B} {ends.day}"
    draft = parts.draft(
        parts.list_of(AUDIENCE),
        subject=f"You have been selected: 20% off everything until {day}",
        html=f"<p>20% off everything in our shop, until {day}. Come and see the roses, the figs and the barn.</p>",
    )
    draft.last_writer = draft.author
    draft.save()
    offer = offers.record(
        offers.Terms("Winter sale", "percent", "everything", "UTC", value="20", ends=ends),
        draft,
        parts.staff(),
    )
    campaigns.approve(draft, member("Approver"), REASON)
    opt_out(1)
    campaigns.launch(draft, parts.staff())
    audience.snapshot(draft)
    opt_out(2)
    send(draft)
    campaigns.finish(draft.pk)
    offers.extend(
        offer, ends + timedelta(days=1), "The post was on strike; write to lee@example.org.", parts.staff()
    )
    evidence.seal()
    draft.refresh_from_db()
    assert parts.states(draft) == {"accepted": AUDIENCE - 2, "withheld": 2}
    return draft


def made(campaign: Campaign, path: Path) -> Path:
    with path.open("wb") as file:
        dossier.of_campaign(campaign.pk, file, user=member("Auditor"))
    return path


def checked(path: Path, *arguments: str) -> tuple[int, str]:
    """By the program inside of the dossier, with a Python that knows nothing of Candor."""
    script = path.with_suffix(".py")
    script.write_bytes(zipfile.ZipFile(path).read("verify.py"))
    done = subprocess.run(
        [sys.executable, "-I", script, path, *arguments], capture_output=True, text=True, check=False
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def facts(path: Path) -> dict:
    return json.loads(zipfile.ZipFile(path).read("dossier.json"))


def table(path: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(zipfile.ZipFile(path).read(name).decode())))


def rewritten(path: Path, name: str, change) -> Path:
    """The same dossier, but for one file."""
    other = path.with_name("other.zip")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(other, "w") as after:
        for entry in before.infolist():
            content = before.read(entry)
            after.writestr(entry, change(content) if entry.filename == name else content)
    return other


@pytest.mark.duty("D34", "D120")
def test_it_tells_who_what_by_which_rules_and_with_what_outcome(campaign, tmp_path):
    told = facts(made(campaign, tmp_path / "d.zip"))
    lee, approver = f"lee (user {parts.staff().pk})", f"approver (user {member('Approver').pk})"
    assert told["people"] == {
        "author": lee, "last_writer": lee, "asked_for_review": "", "approved": approver,
        "scheduled": "", "launched": lee,
    }  # fmt: skip
    assert told["content"]["subject"] == campaign.subject
    assert told["content"]["skeleton_sha256"] == bytes(campaign.revision.sha256).hex()
    (approval,) = told["approvals"]
    assert (approval["by"], approval["policy"], approval["reason"]) == (approver, "two_person", REASON)
    held = {released["rule"] for released in approval["released"]}
    assert held and {rule["rule"] for rule in told["rules"] if "hold" in rule["found_then"]} == held
    assert all(rule["version_then"] == rule["version_now"] for rule in told["rules"])
    first, extension = told["offers"]
    assert (first["extends"], extension["extends"]) == (None, first["number"])
    assert extension["reason"] == "The post was on strike; write to (an address, left out)."
    assert told["messages"] == {
        "all": AUDIENCE, "by_state": {"accepted": 4, "withheld": 2}, "withheld_because": {"opt_out": 2},
    }  # fmt: skip
    assert [act["verb"] for act in told["acts"] if act["subject"] == f"campaign {campaign.pk}"] == [
        "approved", "launched", "audience fixed", "sent",
    ]  # fmt: skip
    assert all(act["seal"] for act in told["acts"])


@pytest.mark.duty("D26", "D34")
def test_files_behind_claims_and_numbers_that_fall_stand_in_it_with_what_was_told_of_them(
    settings, db, tmp_path
):
    settings.APPROVAL = "two_person"
    draft = parts.draft(
        parts.list_of(2),
        subject="37 bottles left of our clinically tested serum",
        html="<p>37 bottles are left of our clinically tested serum for dry skin. Each costs $34.</p>",
    )
    grounds = proofs.Grounds(
        claim="clinically tested",
        proves="Dry skin got better in 46 of 64 people; ask lee@example.org.",
        source="Hautlab Zürich",
        found_on=date(2025, 5, 3),
    )
    proof = proofs.record(grounds, "study.pdf", b"%PDF-1.7 a study", draft, parts.staff())
    counter = counters.record("bottles of serum", 37, draft, parts.staff())
    campaigns.approve(draft, member("Approver"), REASON)
    campaigns.launch(draft, parts.staff())
    counters.tell(counter, 36, parts.staff())
    evidence.seal()
    path = made(draft, tmp_path / "d.zip")
    told, report = facts(path), zipfile.ZipFile(path).read("report.html").decode()
    (kept,) = told["proofs"]
    assert (kept["number"], kept["claim"], kept["file"], kept["sha256"]) == (
        proof.pk, "clinically tested", "study.pdf", hashlib.sha256(b"%PDF-1.7 a study").hexdigest(),
    )  # fmt: skip
    assert kept["proves"] == "Dry skin got better in 46 of 64 people; ask (an address, left out)."
    assert told["counts"] == [{"number": counter.pk, "what": "bottles of serum", "said": 37}]
    stood = [act for act in told["acts"] if act["subject"] == f"counter {counter.pk}"]
    assert [(act["verb"], act["details"]["value"], bool(act["seal"])) for act in stood] == [
        ("number told", 37, True), ("number told", 36, True),
    ]  # fmt: skip
    assert f"Proof {proof.pk}: clinically tested" in report and kept["sha256"] in report
    assert f"Counter {counter.pk}, bottles of serum: the message says 37." in report
    assert "number told: 37" in report and "number told: 36" in report
    assert checked(path)[0] == 0


@pytest.mark.duty("D58", "D59")
def test_each_opt_out_since_the_launch_stands_beside_what_happened_to_its_message(campaign, tmp_path):
    opt_out(3, channel="one_click")
    opt_out(4, reason="complaint", channel="feedback_loop", campaign=None)
    # settled when the opt-out was recorded already: it was in flight
    by_force(
        "UPDATE mailer_message SET settled_at = clock_timestamp() WHERE address_key = %s",
        person(4).address_key,
    )
    path = made(campaign, tmp_path / "d.zip")
    rows = {row["recipient"]: row for row in table(path, "opt_outs.csv")}
    outcomes = {number: rows[person(number).address_key.hex()]["outcome"] for number in (2, 3, 4)}
    assert outcomes == {2: "withheld", 3: "sent before", 4: "in flight"}
    assert person(1).address_key.hex() not in rows  # before the launch: it shows as withheld
    told = facts(path)["opt_outs"]
    assert (told["since_launch"], told["through_this_campaign"]) == (3, 2)
    assert told["by_channel"] == {"feedback_loop": 1, "one_click": 1, "page": 1}
    assert (told["in_flight"], told["breaches"]) == (1, 0)
    sealed = zipfile.ZipFile(path).read("evidence.jsonl").decode()
    assert sealed.count('"verb": "suppressed"') == 3


def test_a_hand_over_that_began_after_the_answer_is_called_so_and_nothing_else_is(campaign, tmp_path):
    opt_out(5)
    by_force(
        "UPDATE mailer_message SET handed_over_at = clock_timestamp(), settled_at = clock_timestamp()"
        " WHERE address_key = %s", person(5).address_key,
    )  # fmt: skip
    path = made(campaign, tmp_path / "d.zip")
    assert facts(path)["opt_outs"]["breaches"] == 1
    assert "1 had one handed over after the opt-out" in zipfile.ZipFile(path).read("report.html").decode()
    assert checked(path)[0] == 0  # it says so itself, so it is whole
    silent = rewritten(path, "opt_outs.csv", lambda rows: rows.replace(b"handed over after it", b"in flight"))
    assert checked(silent) == (1, checked(silent)[1]) and "opt_outs.csv: was changed." in checked(silent)[1]


def test_whoever_came_back_may_be_mailed_again(campaign, tmp_path):
    opt_out(5)
    suppression.reinstate(person(5), requested_at=timezone.now())
    by_force(
        "UPDATE mailer_message SET handed_over_at = clock_timestamp() WHERE address_key = %s",
        person(5).address_key,
    )
    path = made(campaign, tmp_path / "d.zip")
    assert facts(path)["opt_outs"]["by_outcome"]["handed over after the way back"] == 1
    assert facts(path)["opt_outs"]["breaches"] == 0 and checked(path)[0] == 0


@pytest.mark.duty("D35", "D62")
def test_no_recipients_address_is_in_it(campaign, tmp_path):
    opt_out(3)
    everything = zipfile.ZipFile(made(campaign, tmp_path / "d.zip"))
    for name in everything.namelist():
        content = everything.read(name)
        assert all(person(n).text.encode() not in content for n in range(1, AUDIENCE + 1)), name
        assert b"lee@example.org" not in content, name


@pytest.mark.duty("D34")
def test_its_own_program_checks_it_without_candor_and_knows_the_bytes_that_were_received(server, tmp_path):
    campaign = sale(lambda draft: dispatch.run_slice(draft.pk))
    path = made(campaign, tmp_path / "d.zip")
    received = next(iter(server.store.iterate()))
    kept = tmp_path / "received.eml"
    # as a mail program saves it: with the lines of servers above, and the ends of lines of this machine
    kept.write_bytes(
        b"Return-Path: <x@example.org>\nReceived: by mx\n" + received.raw.replace(b"\r\n", b"\n")
    )
    code, said = checked(path, "--message", str(kept), "--key", evidence.sealing_key().hex())
    assert code == 0, said
    assert "all were recomputed" in said and "Everything that was checked fits." in said
    assert f"is the message to {addresses.parse(received.rcpt_tos[0]).address_key.hex()}" in said
    row = Evidence.objects.filter(verb="made a dossier").latest("id")
    assert f"Hash of the manifest: {row.details['manifest']}" in said
    kept.write_bytes(kept.read_bytes().replace(b"roses", b"noses"))
    assert checked(path, "--message", str(kept))[0] == 1


@pytest.mark.parametrize(
    "name", ["report.html", "dossier.json", "messages.csv", "evidence.jsonl", "skeleton.bin"]
)
def test_one_changed_byte_is_found(campaign, tmp_path, name):
    path = made(campaign, tmp_path / "d.zip")
    other = rewritten(path, name, lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    code, said = checked(other)
    assert code == 1 and f"{name}: was changed." in said


def test_an_act_that_is_not_the_one_that_was_sealed_is_found_with_the_key(campaign, tmp_path):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE mailer_evidence SET actor = 'user 99' WHERE verb = 'launched'")
    path = made(campaign, tmp_path / "d.zip")
    assert checked(path)[0] == 0  # the files are whole, and without a key seals show nothing
    code, said = checked(path, "--key", evidence.sealing_key().hex())
    assert code == 1 and "does not fit its seal" in said


def test_the_same_state_makes_the_same_bytes(campaign, tmp_path):
    first = made(campaign, tmp_path / "one.zip").read_bytes()
    evidence.seal()  # the row that the first was made
    campaigns.stop_all(None, "Something else happens meanwhile")
    KillSwitch.objects.update(is_on=False)
    assert made(campaign, tmp_path / "two.zip").read_bytes() == first


def test_the_recipients_dossier_tells_their_whole_story_and_nobody_elses(campaign, tmp_path):
    opt_out(3, channel="one_click")
    evidence.seal()
    path = tmp_path / "r.zip"
    call_command("dossier", recipient="Person3@example.org", out=path)
    told = facts(path)
    (message,) = told["messages"]
    assert (message["campaign"], message["state"], message["after_entry"]) == (campaign.pk, "accepted", None)
    assert (told["may_be_mailed"], told["breaches"]) == (False, 0)
    assert [(said["channel"], said["stands"]) for said in told["opt_outs"]] == [
        ("One click in the mail program", True)
    ]
    assert [act["verb"] for act in told["acts"]] == ["suppressed"]
    everything = zipfile.ZipFile(path)
    for name in everything.namelist():
        assert all(person(n).text.encode() not in everything.read(name) for n in (1, 2, 4, 5, 6)), name
    assert checked(path, "--key", evidence.sealing_key().hex())[0] == 0
    by_force(
        "UPDATE mailer_message SET handed_over_at = clock_timestamp() WHERE address_key = %s",
        person(3).address_key,
    )
    call_command("dossier", recipient="person3@example.org", out=tmp_path / "late.zip")
    assert facts(tmp_path / "late.zip")["breaches"] == 1


@pytest.mark.long
def test_memory_does_not_grow_with_the_audience(campaign, tmp_path):
    by_force(
        "INSERT INTO mailer_message (campaign_id, address_key, mailbox_key, contact_id, state, handed_over_at,"
        " settled_at, sha256) SELECT %s, decode(md5('a' || n), 'hex'), decode(md5('m' || n), 'hex'), 0, 'accepted',"
        " clock_timestamp(), clock_timestamp(), sha256(n::text::bytea) FROM generate_series(1, 200000) AS n",
        campaign.pk,
    )
    tracemalloc.start()
    path = made(campaign, tmp_path / "d.zip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert facts(path)["messages"]["all"] == 200_000 + AUDIENCE
    assert most < 30_000_000
    assert checked(path)[0] == 0


@pytest.mark.django_db
def test_of_nothing_there_is_none_and_no_file_is_left(tmp_path):
    out = tmp_path / "none.zip"
    for asked in ({"campaign": 77}, {"recipient": "no address"}):
        with pytest.raises(CommandError):
            call_command("dossier", out=out, **asked)
    assert list(tmp_path.iterdir()) == []
    out.write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        call_command("dossier", out=out, campaign=77)
    assert out.read_text() == "mine"


# -- by hand -------------------------------------------------------------------------------------------


def downloaded(response, path: Path) -> Path:
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    path.write_bytes(b"".join(response.streaming_content))
    return path


@pytest.mark.parametrize("group", ["Auditor", "Operator"])
def test_an_auditor_or_operator_downloads_it_and_that_is_recorded(campaign, tmp_path, group):
    client = signed_in(group)
    page = client.get(f"/admin/mailer/campaign/{campaign.pk}/").content.decode()
    button = f"/admin/mailer/evidence/dossiers/campaign/{campaign.pk}/"
    assert f'action="{button}"' in page
    path = downloaded(client.post(button), tmp_path / "d.zip")
    assert checked(path)[0] == 0 and facts(path)["about"] == f"campaign {campaign.pk}"
    row = Evidence.objects.latest("id")
    assert (row.verb, row.subject, row.actor) == (
        "made a dossier", f"campaign {campaign.pk}", f"user {member(group).pk}",
    )  # fmt: skip
    path = downloaded(
        client.post("/admin/mailer/evidence/dossiers/", {"address": "person3@example.org"}),
        tmp_path / "r.zip",
    )
    assert facts(path)["address"] == "person3@example.org"
    assert bytes(Evidence.objects.latest("id").mailbox_key) == person(3).mailbox_key


def test_a_wrong_number_or_address_is_told_and_a_marketer_may_not(campaign):
    client = signed_in("Auditor")
    for asked, words in (
        ({"campaign": "77"}, "There is no campaign 77"),
        ({"address": "x"}, "not an address"),
    ):
        assert words in client.post("/admin/mailer/evidence/dossiers/", asked).content.decode()
    marketer = signed_in("Marketer")
    assert marketer.post(f"/admin/mailer/evidence/dossiers/campaign/{campaign.pk}/").status_code == 403
    assert "dossier" not in marketer.get(f"/admin/mailer/campaign/{campaign.pk}/").content.decode()
