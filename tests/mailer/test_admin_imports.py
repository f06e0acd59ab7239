"""Imports by hand: a file is chosen, a worker reads it, its page tells what became of it."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mailer import addresses, suppression
from mailer.contacts import importing
from mailer.models import Import, MailingList
from tests.mailer.admin_door import new_list, signed_in

FILE = (
    b"email,first_name,status\r\nada@example.org,Ada,\r\nbea@example.org,Bea,unsubscribed\r\n"
    b"<script>x</script>,,\r\n"
)

TOLD = {
    "notice": "Write your address here to get our letter.",
    "collected_by": "Lee <b>",
    "collected_from": "2026-05-01",
    "collected_to": "2026-05-31",
}


def uploaded(client, **form):
    file = SimpleUploadedFile("people.csv", FILE, "text/csv")
    return client.post("/admin/mailer/import/add/", {"file": file, "source": "event", **TOLD, **form})


def test_a_file_goes_into_a_new_list_and_its_page_tells_what_became_of_it(data_dir, living_database):
    client = signed_in("Marketer")
    answer = uploaded(client, new_list="Autumn Fair!")
    import_ = Import.objects.get()
    assert answer["Location"] == f"/admin/mailer/import/{import_.pk}/"
    assert (import_.list.name, import_.list.slug, import_.source) == ("Autumn Fair!", "autumn-fair", "event")
    assert "Waiting for a worker" in client.get(answer["Location"]).content.decode()
    importing.run_waiting()
    shown = client.get(answer["Location"]).content.decode()
    figures = dict(re.findall(r"<dt>([\w ]+)</dt><dd>(\d+)</dd></div>", shown))
    assert figures == {"Rows": "3", "Accepted": "2", "Twice or there already": "0", "Refused": "1"}
    assert "Write your address here to get our letter." in shown
    assert "Lee &lt;b&gt;, 1 May 2026 to 31 May 2026" in shown
    assert "<script>x" not in shown
    assert "&lt;script&gt;x" in shown
    refused = client.get(f"/admin/mailer/import/{import_.pk}/refused.csv")
    assert refused["Content-Disposition"].startswith("attachment;")
    assert (
        b"".join(refused.streaming_content)
        .decode()
        .splitlines()[0]
        .startswith("refused line,refused because")
    )
    assert suppression.mailable(addresses.parse("bea@example.org")).reasons == ("opt_out",)


@pytest.mark.django_db
def test_a_second_list_of_the_same_name_gets_another_slug(data_dir):
    client = signed_in("Marketer")
    uploaded(client, new_list="Fair")
    uploaded(client, new_list="Fair")
    assert sorted(MailingList.objects.values_list("slug", flat=True)) == ["fair", "fair-2"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "new_list"),
        ({"new_list": "Fair", "source": "bought"}, "source"),
        ({"new_list": "Fair", "file": SimpleUploadedFile("people.xlsx", b"PK", "x")}, "file"),
        ({"new_list": "Fair", "file": ""}, "file"),
        *[({"new_list": "Fair", name: ""}, name) for name in TOLD],
        ({"new_list": "Fair", "collected_to": "2026-04-30"}, "__all__"),
        ({"new_list": "Fair", "collected_to": "9999-04-30"}, "__all__"),
    ],
)
@pytest.mark.django_db
def test_what_is_missing_for_an_import_is_told_beside_the_field(data_dir, form, field):
    answer = uploaded(signed_in("Marketer"), **form)
    assert list(answer.context["form"].errors) == [field]
    assert not Import.objects.exists()
    assert not MailingList.objects.exists()


@pytest.mark.django_db
def test_a_failed_import_says_so_and_that_nothing_was_changed():
    import_ = Import.objects.create(
        list=new_list(), source="form", filename="a.csv", state="failed", error="No column of addresses."
    )
    shown = signed_in("Marketer").get(f"/admin/mailer/import/{import_.pk}/").content.decode()
    assert "No column of addresses." in shown
    assert "Nothing of this file was brought in." in shown
    assert "data-live" not in shown
