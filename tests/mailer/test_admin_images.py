"""Pictures by hand: several at once, what they show asked for, and kept while a message shows them."""

from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mailer import campaigns
from mailer.models import Image
from tests.mailer.admin_door import member, new_draft, said, signed_in
from tests.mailer.pictures import drawn, encoded, photo, stored

pytestmark = pytest.mark.django_db

ADD = "/admin/mailer/image/add/"
SVG = b"<svg onload=alert(1)>"


def uploaded(client, *files: tuple[str, bytes], **extra):
    sent = [SimpleUploadedFile(name, raw, "image/png") for name, raw in files]
    return client.post(ADD, {"pictures": sent}, **extra)


def test_several_files_come_in_and_each_that_can_not_is_told_with_its_reason():
    client = signed_in("Marketer")
    answer = uploaded(
        client, ("roses.jpg", photo()), ("logo.png", encoded(drawn(), "PNG")), ("x.svg", SVG), follow=True
    )
    assert [image.title for image in Image.objects.order_by("title")] == ["logo", "roses"]
    assert answer.redirect_chain == [("/admin/mailer/image/describe/", 302)]
    told = said(answer)
    assert told[0].startswith("x.svg: This is an SVG drawing.")
    assert told[1:] == ["2 pictures are there."]


def test_a_file_that_is_there_already_is_told_so():
    client = signed_in("Marketer")
    uploaded(client, ("roses.jpg", photo()))
    answer = uploaded(client, ("again.jpg", photo()), follow=True)
    assert said(answer) == ["One picture is there.", "again.jpg is there already, as “roses”."]
    assert Image.objects.count() == 1


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "This field is required."),
        ([("x.svg", SVG)], "x.svg: This is an SVG drawing."),
        ([("x.png", b"")], "The submitted file is empty."),
        ([(f"{n}.png", SVG) for n in range(11)], "These are 11 files. Choose 10 at most"),
        ([("people.zip", b"PK\x03\x04")], "people.zip: This is an archive"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field(files, words):
    answer = uploaded(signed_in("Marketer"), *files)
    assert answer.status_code == 200
    assert words in unescape(answer.content.decode())
    assert not Image.objects.exists()


def test_what_they_show_is_asked_and_may_wait():
    roses, line, later = (stored(encoded(drawn(40, height), "PNG"), f"{height}.png") for height in (30, 2, 9))
    client = signed_in("Marketer")
    asked = client.get("/admin/mailer/image/describe/").content.decode()
    for image in (roses, line, later):
        assert image.path in asked
    client.post(
        "/admin/mailer/image/describe/",
        {
            f"alt-{roses.pk}": "  Red roses ",
            f"decorative-{roses.pk}": "on",
            f"alt-{line.pk}": " ",
            f"decorative-{line.pk}": "on",
        },
    )
    assert list(Image.objects.order_by("pk").values_list("alt", "is_decorative")) == [
        ("Red roses", False),
        ("", True),
        ("", False),
    ]
    shown = client.get("/admin/mailer/image/").content.decode()
    for words in ("Red roses", "Decoration", "Not said yet", roses.path):
        assert words in shown
    client.post("/admin/mailer/image/describe/", {f"decorative-{later.pk}": "on"})
    assert client.get("/admin/mailer/image/describe/")["Location"] == "/admin/mailer/image/"


def test_one_picture_s_words_can_be_changed_and_its_bytes_can_not():
    image = stored(alt="Roses")
    client = signed_in("Marketer")
    page = f"/admin/mailer/image/{image.pk}/change/"
    both = client.post(page, {"title": "R", "alt": "Roses", "is_decorative": "on"})
    assert "Either it shows something, or it is decoration." in both.content.decode()
    client.post(
        page, {"title": "Roses in May", "alt": "Red roses", "name": "0" * 32, "data": "x", "kind": "gif"}
    )
    changed = Image.objects.get()
    assert (changed.title, changed.alt, changed.name, changed.kind) == (
        "Roses in May",
        "Red roses",
        image.name,
        "png",
    )
    shown = unescape(client.get(page).content.decode())
    assert f'<img src="{image.path}" alt="Red roses" width="40" height="30">' in shown


def test_a_picture_in_a_campaign_stays_and_the_page_says_why():
    image = stored(alt="Roses")
    client, page = signed_in("Marketer"), f"/admin/mailer/image/{image.pk}/"
    draft = new_draft(html=f'<p>Hello</p><img src="{image.path}" alt="Roses">')
    assert "“Tomatoes” shows it. Take it out there first." in client.get(f"{page}delete/").content.decode()
    campaigns.launch(draft, member("Marketer"))
    for answer in (client.get(f"{page}delete/"), client.post(f"{page}delete/", follow=True)):
        assert "already in people’s mailboxes" in answer.content.decode()
    assert "so it stays" in client.get(f"{page}change/").content.decode()
    assert Image.objects.exists()


def test_a_picture_that_nothing_shows_is_deleted_after_one_more_question():
    image = stored()
    client, page = signed_in("Marketer"), f"/admin/mailer/image/{image.pk}/delete/"
    assert "Delete it" in client.get(page).content.decode()
    assert Image.objects.exists()
    assert said(client.post(page, follow=True)) == ["“roses” is gone."]
    assert not Image.objects.exists()
    assert client.get(page).status_code == 404


def test_the_picker_offers_each_picture_as_a_button_with_its_tag_and_reads_no_bytes(
    django_assert_max_num_queries,
):
    image = stored(filename='<b>"rose"</b>.png')
    bare = stored(encoded(drawn(2400, 10), "PNG"))
    line = stored(encoded(drawn(30, 30), "PNG"), is_decorative=True)
    client = signed_in("Marketer")
    with django_assert_max_num_queries(8) as asked:
        shown = client.get("/admin/mailer/image/picker/").content.decode()
    assert not any('"data"' in query["sql"] for query in asked if 'FROM "mailer_image"' in query["sql"])
    assert shown.count('<button type="button" data-picture') == 3
    assert "<b>" not in shown
    unescaped = unescape(unescape(shown))
    assert f'<img src="{image.path}" width="40" height="30">' in unescaped
    assert f'<img src="{bare.path}" width="600" height="2">' in unescaped
    assert f'<img src="{line.path}" alt="" width="30" height="30">' in unescaped


def test_the_campaign_s_form_offers_pictures():
    draft = new_draft()
    shown = signed_in("Marketer").get(f"/admin/mailer/campaign/{draft.pk}/change/").content.decode()
    assert 'data-once="/admin/mailer/image/picker/"' in shown


def test_the_list_reads_no_bytes(django_assert_max_num_queries):
    stored()
    with django_assert_max_num_queries(40) as asked:
        signed_in("Marketer").get("/admin/mailer/image/")
    assert not any('"mailer_image"."data"' in query["sql"] for query in asked)
