"""Files of people, brought by other programs through a real server."""

import csv
import io
from pathlib import Path
from typing import get_args

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mailer import addresses, suppression
from mailer.api.bodies import ImportOut
from mailer.contacts import importing
from mailer.models import Contact, Evidence, Import, Subscription
from tests.mailer.admin_door import signed_in
from tests.mailer.api_door import Program, new_list

FILE = (
    b"email,first_name,status\r\nada@example.org,Ada,\r\nbea@example.org,Bea,unsubscribed\r\n"
    b"ada@example.org,,\r\nnobody,=1+1,\r\n5035550142@txt.att.net,Tel,\r\n"
)
SAID = {
    "list": "news",
    "source": "event",
    "notice": "Write your address here to get our letter.",
    "collected_by": "Lee",
    "collected_from": "2026-05-01",
    "collected_to": "2026-05-31",
}


def upload(program: Program, content: bytes = FILE, name: str = "people.csv", **said):
    form = {"file": SimpleUploadedFile(name, content, "text/csv"), **SAID, **said}
    return Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True).post(
        "/api/v1/imports",
        {name: value for name, value in form.items() if value is not None},
        headers={"Authorization": program.bearer},
    )


def test_a_file_comes_in_by_a_worker_and_its_sums_and_refused_rows_are_told(data_dir, living_database):
    news, program = new_list(), Program("imports:write")
    begun = upload(program)
    assert begun.status_code == 202
    number = begun.json()["id"]
    assert begun.json()["state"] == "waiting"
    importing.run_waiting()
    told = program.get(f"/imports/{number}").body
    assert told == {
        "id": number,
        "state": "done",
        "asks": "",
        "error": "",
        "list": "news",
        "bytes_total": len(FILE),
        "bytes_read": len(FILE),
        "rows": 5,
        "accepted": 2,
        "duplicates": 1,
        "rejected": {"not_an_address": 1, "wireless": 1},
        "flagged": told["flagged"],
        "suppressed": 1,
    }
    refused = program.get(f"/imports/{number}/refused.csv")
    assert refused.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(refused.body)))
    assert [(row["refused line"], row["email"], row["first_name"]) for row in rows] == [
        ("5", "nobody", "'=1+1"),
        ("6", "5035550142@txt.att.net", "Tel"),
    ]
    import_ = Import.objects.get()
    assert (import_.notice, import_.collected_by) == (SAID["notice"], "Lee")
    assert (import_.started_by, import_.started_by_key) == (None, program.key)
    assert not Path(import_.path).exists()
    assert Subscription.objects.get(contact__email="ada@example.org").source == "event"
    assert suppression.mailable(addresses.parse("bea@example.org")).reasons == ("opt_out",)
    row = Evidence.objects.get(verb="imported")
    assert (row.actor, row.details["list"]) == (f"API key {program.key.pk}", news.pk)
    shown = signed_in("Marketer").get(f"/admin/mailer/import/{number}/").content.decode()
    assert "Web shop, by the API" in shown


def test_the_same_file_again_changes_nothing_but_is_a_second_import(data_dir, living_database):
    new_list()
    program = Program("imports:write")
    numbers = [upload(program).json()["id"] for _ in range(2)]
    importing.run_waiting()
    first, second = (program.get(f"/imports/{number}").body for number in numbers)
    assert (first["accepted"], second["accepted"], second["duplicates"]) == (2, 1, 2)
    assert Contact.objects.count() == 1
    assert Subscription.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        *[({name: None}, f"/{name}") for name in (*SAID, "file")],
        *[({name: ""}, f"/{name}") for name in SAID],
        ({"source": "purchased"}, "/source"),
        ({"list": "old"}, "/list"),
        ({"collected_to": "2026-04-30"}, "/file"),
        ({"collected_from": "9999-01-01", "collected_to": "9999-01-02"}, "/file"),
        ({"collected_from": "1 May"}, "/collected_from"),
        ({"holds": "everything"}, "/holds"),
        ({"vuoched": "yes"}, "/vuoched"),
        ({"notice": "a\x00b"}, "/notice"),
        ({"file": "not a file"}, "/file"),
    ],
)
def test_what_the_admin_demands_of_an_import_is_demanded_of_a_program(data_dir, said, wrong):
    new_list()
    told = upload(Program("imports:write"), **said)
    assert told.status_code == 422
    assert [error["pointer"] for error in told.json()["errors"]] == [wrong]
    assert not Import.objects.exists()
    assert not [path for path in data_dir.rglob("*") if path.is_file()]


def test_each_state_of_an_import_can_be_told():
    states = ImportOut.model_fields["state"].annotation
    assert set(get_args(states)) == set(Import.State.values)


@pytest.mark.django_db
def test_a_key_sees_only_the_imports_that_it_began(data_dir):
    new_list()
    program, other = Program("imports:write"), Program("imports:write")
    number = upload(program).json()["id"]
    assert program.get(f"/imports/{number}").status == 200
    for path in (f"/imports/{number}", f"/imports/{number}/refused.csv"):
        told = other.get(path)
        assert (told.status, told.problem) == (404, "not-found")
    by_staff = Import.objects.create(list=new_list("other"), source="form", filename="a.csv", state="failed")
    assert program.get(f"/imports/{by_staff.pk}").status == 404


def test_a_file_that_asks_for_a_person_says_so(data_dir, living_database):
    new_list()
    program = Program("imports:write")
    rows = b"".join(b"person%d@firm.example.io\r\n" % n for n in range(200))
    number = upload(program, b"email\r\n" + rows).json()["id"]
    importing.run_waiting()
    told = program.get(f"/imports/{number}").body
    assert (told["state"], told["asks"], told["accepted"]) == ("asking", "vouched", 0)
    assert "look made up by a program" in told["error"]
    again = upload(program, b"email\r\n" + rows, vouched="They are our members' numbers.").json()["id"]
    importing.run_waiting()
    assert program.get(f"/imports/{again}").body["accepted"] == 200
