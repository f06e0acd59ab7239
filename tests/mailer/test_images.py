"""Pictures: stored once, served to everybody alike, and kept as long as a mailbox may show them."""

import hashlib
import sys

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from mailer import campaigns, images
from mailer.compliance import check_skeleton
from mailer.images import reading, storing
from mailer.models import Campaign, Evidence, Image, ImageShown
from mailer.rendering import ContentRefused
from tests.mailer.admin_door import member, new_draft
from tests.mailer.messages import compiled, parts, sent
from tests.mailer.pictures import drawn, encoded, moving, on_disk, photo, stored

pytestmark = pytest.mark.django_db

HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
BASE = "http://127.0.0.1:8000"


@pytest.fixture
def roses() -> Image:
    return stored(alt="Roses")


# -- storing ------------------------------------------------------------------------------------------------


def test_a_picture_is_stored_once_under_the_digest_of_its_bytes():
    user = member("Marketer")
    with on_disk(photo()) as first, on_disk(photo()) as second:
        one = images.add(first, "/tmp/Dana’s \x07roses.JPG", user)
        two = images.add(second, "again.jpg", user)
    assert (one.is_new, two.is_new, one.image) == (True, False, two.image)
    assert one.image.name == hashlib.sha256(bytes(one.image.data)).hexdigest()[:32]
    assert (one.image.title, one.image.added_by) == ("Dana’s roses", user)
    (row,) = Evidence.objects.filter(verb="stored an image")
    assert (row.actor, row.subject) == (f"user {user.pk}", f"image {one.image.pk}")
    assert row.details == {"name": one.image.name}


def test_what_is_refused_leaves_nothing_behind():
    with on_disk(b"<svg onload=alert(1)>") as file, pytest.raises(images.ImageRefused, match="SVG"):
        images.add(file, "logo.png", None)
    assert not Image.objects.exists()
    assert not Evidence.objects.filter(verb="stored an image").exists()


def test_a_reader_that_dies_or_hangs_is_an_answer_in_words(monkeypatch):
    for program, seconds in (("import os; os.abort()", 9), ("import time; time.sleep(60)", 0.5)):
        path = sys.modules["tempfile"].NamedTemporaryFile("w", suffix=".py", delete=False)
        path.write(program)
        path.close()
        monkeypatch.setattr(reading, "__file__", path.name)
        monkeypatch.setattr(storing, "SECONDS", seconds)
        with on_disk(photo()) as file, pytest.raises(images.ImageRefused, match="too much time or memory"):
            images.add(file, "roses.jpg", None)


def test_the_database_itself_keeps_bytes_and_name_together(roses):
    for column, value in (("name", "0" * 32), ("data", b"other"), ("kind", "gif"), ("width", 1)):
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            Image.objects.filter(pk=roses.pk).update(**{column: value})
    with pytest.raises(IntegrityError, match="named_by_its_content"), transaction.atomic():
        Image.objects.create(name="0" * 32, kind="png", width=1, height=1, size=1, data=b"x", title="x")
    with pytest.raises(IntegrityError, match="decoration_says_nothing"), transaction.atomic():
        Image.objects.filter(pk=roses.pk).update(is_decorative=True)


def test_it_is_described_or_said_to_be_decoration(roses):
    assert (roses.alt, roses.is_described) == ("Roses", True)
    images.describe(roses, " Roses in\n bloom ", is_decorative=False)
    assert roses.alt == "Roses in bloom"
    images.describe(roses, "Roses", is_decorative=True)
    assert (roses.alt, roses.is_decorative, roses.is_described) == ("", True, True)


# -- serving ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (photo(), "image/jpeg"),
        (encoded(drawn(), "PNG"), "image/png"),
        (moving(), "image/gif"),
    ],
)
def test_everybody_gets_the_same_bytes_for_ever_and_no_cookie(raw, content_type):
    image = stored(raw)
    answer = Client(HTTP_COOKIE="sessionid=x; csrftoken=y", HTTP_SEC_GPC="1").get(image.path)
    assert answer.status_code == 200
    assert answer.content == bytes(image.data)
    assert (
        answer.headers.items()
        >= {
            **HEADERS,
            "Content-Type": content_type,
            "Content-Length": str(image.size),
            "ETag": f'"{image.name}"',
        }.items()
    )
    assert "Vary" not in answer.headers
    assert not answer.cookies


def test_head_and_conditional_requests_send_no_bytes(roses):
    client = Client()
    head = client.head(roses.path)
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(roses.size))
    for told in (f'"{roses.name}"', f'W/"{roses.name}"', "*", f'"x", "{roses.name}"'):
        same = client.get(roses.path, headers={"If-None-Match": told})
        assert (same.status_code, same.content, same["Cache-Control"]) == (304, b"", HEADERS["Cache-Control"])
        assert "Content-Length" not in same
    other = client.get(roses.path, headers={"If-None-Match": '"x"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path", ["/i/{}.jpg", "/i/{}", "/i/x{}.png", "/i/{}.png.html", "/i/../{}.png", "/i/"]
)
def test_what_is_not_there_is_said_and_never_kept_by_caches(roses, path):
    answer = Client().get(path.format(roses.name))
    assert answer.status_code in {404, 301, 302}
    assert "immutable" not in answer.get("Cache-Control", "")


def test_nothing_can_be_sent_to_a_picture(roses):
    answer = Client().post(roses.path, b"x", "text/plain")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_reading_a_picture_that_is_known_asks_for_no_bytes(roses, django_assert_num_queries):
    with django_assert_num_queries(1) as asked:
        Client().get(roses.path, headers={"If-None-Match": f'"{roses.name}"'})
    assert '"data"' not in asked[0]["sql"]


# -- in messages --------------------------------------------------------------------------------------------


def shown(html: str) -> str:
    return parts(sent(compiled(html)))[1]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('<img src="{}" alt="Roses">', 'width="600" height="400" style="max-width:100%;height:auto"'),
        ('<img src="{}" alt="Roses" width="300">', 'width="300" height="200" style="max-width:100%;height:auto"'),
        ('<img src="{}" alt="Roses" height="100">', 'height="100" width="150" style="max-width:100%;height:auto"'),
        ('<img src="{}" alt="Roses" width="100%">', 'width="100%"'),
        ('<img src="{}" alt="Roses" style="width:50%">', 'style="width:50%"'),
        (
            '<img src="{}" alt="Roses" style="border:0">',
            'style="border:0;max-width:100%;height:auto" width="600" height="400"',
        ),
        ('<style>img {{ max-width: 90% }}</style><img src="{}" alt="Roses">', 'style="max-width:90%"'),
    ],
)  # fmt: skip
def test_a_picture_of_ours_gets_its_whole_address_and_its_measures(written, expected):
    image = stored(photo(2400, 1600))
    for source in (image.path, f"{BASE}{image.path}"):
        tag = next(line for line in shown(written.format(source)).split("<") if line.startswith("img"))
        assert f'src="{BASE}{image.path}"' in tag
        for attribute in expected.split('" '):
            assert attribute.rstrip('"') in tag
        assert ("height=" in tag) == ("height=" in expected)


def test_a_picture_in_a_layout_s_style_keeps_to_it_and_a_tall_one_gets_no_height():
    tall = stored(encoded(drawn(600, 2400), "PNG"))
    tag = shown(f'<img src="{tall.path}" alt="x">')
    assert 'width="600"' in tag
    assert "height=" not in tag.partition("<img")[2].partition(">")[0].replace("max-height", "")


def test_a_picture_that_is_not_stored_stops_the_message_in_words():
    for source in ("/i/" + "0" * 32 + ".png", "/i/x.png", f"{BASE}/i/%2e%2e/u/x"):
        with pytest.raises(ContentRefused, match="There is no picture"):
            compiled(f'<p>x</p><img src="{source}" alt="x">')


def test_no_picture_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        compiled('<p>x</p><img src="https://example.com/a.png" alt="x">')


def test_a_picture_at_our_address_is_no_loophole():
    for source in (
        f"{BASE}/u/x",
        f"{BASE}.evil.example/i/x.png",
        "//evil.example/i/x.png",
        "http://x.example/i/a.png",
    ):
        skeleton = compiled(f'<p>Words</p><img src="{source}" alt="x">')
        assert source not in parts(sent(skeleton))[1]
        assert "dropped_parts" in {finding.rule for finding in check_skeleton(skeleton, None)}


@pytest.mark.parametrize("source", ["data:image/png;base64,AAAA", "DATA:x", "cid:logo@example.com"])
def test_a_picture_inside_the_html_is_taken_out_with_a_word(source):
    skeleton = compiled(f'<p>Words</p><img src="{source}" alt="x">')
    assert source not in parts(sent(skeleton))[1]
    (words,) = [
        finding.message for finding in check_skeleton(skeleton, None) if finding.rule == "dropped_parts"
    ]
    assert words.startswith("A picture inside the HTML itself")


# -- as long as a mailbox may show it -----------------------------------------------------------------------


def test_what_has_gone_out_keeps_its_pictures(roses):
    draft = new_draft(html=f'<p>Hello</p><img src="{roses.path}" alt="Roses">')
    marketer = member("Marketer")
    with pytest.raises(images.ImageRefused, match="“Tomatoes” shows it"):
        images.remove(roses, marketer)
    campaigns.launch(draft, marketer)
    assert list(ImageShown.objects.values_list("image", "revision")) == [(roses.pk, draft.revision_id)]
    campaigns.cancel(draft, marketer)
    with pytest.raises(images.ImageRefused, match="already in people’s mailboxes"):
        images.remove(roses, marketer)
    assert Client().get(roses.path).status_code == 200


def test_the_database_refuses_too_when_a_launch_comes_first(roses, monkeypatch):
    draft = new_draft(html=f'<p>Hello</p><img src="{roses.path}" alt="Roses">')
    campaigns.launch(draft, member("Marketer"))
    nothing = images.Uses([], [])
    answers = iter([nothing, images.uses_of(roses)])
    monkeypatch.setattr(storing, "uses_of", lambda image: next(answers))
    with pytest.raises(images.ImageRefused, match="It has gone out with “Tomatoes”"):
        images.remove(roses, member("Marketer"))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM mailer_image; SET CONSTRAINTS ALL IMMEDIATE")


def test_what_nothing_shows_can_be_deleted(roses):
    number, path = roses.pk, roses.path
    images.remove(roses, member("Marketer"))
    assert Client().get(path).status_code == 404
    (row,) = Evidence.objects.filter(verb="deleted an image")
    assert row.subject == f"image {number}"
    assert Campaign.objects.count() == 0
