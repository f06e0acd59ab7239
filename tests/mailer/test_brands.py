"""How a sender's mail looks: legible in every choice, without a stranger's picture, and frozen with what went out."""

import re

import pytest
from lxml.html import document_fromstring

from mailer import campaigns, images
from mailer.models import Campaign, Evidence, SenderBrand
from mailer.rendering import Brand, ListFacts, SenderFacts, Skeleton, compile_content
from tests.mailer.admin_door import HTML, new_draft, new_sender, said, signed_in
from tests.mailer.messages import parts, sent
from tests.mailer.pictures import stored

pytestmark = pytest.mark.django_db

CHOSEN = {
    "accent": "#8a2b3b",
    "ink": "#2b2022",
    "ground": "#f6efe9",
    "font": "georgia",
    "logo": "",
    "logo_width": 160,
}


def chosen(sender, **changed):
    return signed_in("Marketer").post(
        f"/admin/mailer/sender/{sender.pk}/look/", CHOSEN | changed, follow=True
    )


def test_a_look_is_chosen_once_and_leaves_evidence():
    sender = new_sender()
    answer = chosen(sender)
    assert said(answer) == ["Kept. Drafts look like this from now on; what was launched stays as it was."]
    assert Brand.of(sender) == Brand("#2b2022", "#8a2b3b", "#f6efe9", "georgia")
    chosen(sender, font="verdana")
    assert SenderBrand.objects.get().font == "verdana"
    assert [e.details["changed"] for e in Evidence.objects.filter(verb="chose a look").order_by("id")][1] == [
        "font"
    ]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (
            "accent",
            "#ffcc00",
            "Links and buttons in #ffcc00 on white would be hard to read: their contrast is 1.5:1",
        ),
        ("ink", "#999999", "Words in #999999 on white would be hard to read: their contrast is 2.8:1"),
        ("ground", "#555555", "Words in #2b2022 on this page would be hard to read"),
        ("ground", "#c9a0a0", "Links in #8a2b3b on this page would be hard to read"),
        ("accent", "red", "Write the colour as # and six digits"),
        ("accent", "#fff;x", "Write the colour as # and six digits"),
        ("font", "comic", "Select a valid choice"),
        ("logo", "https://elsewhere.example/logo.png", "Select a valid choice"),
        ("logo", "999999", "Select a valid choice"),
        ("logo_width", "5000", "less than or equal to 400"),
    ],
)
def test_what_could_not_be_read_or_would_tell_strangers_is_refused_in_words(field, value, words):
    answer = chosen(new_sender(), **{field: value})
    assert words in answer.content.decode()
    assert not SenderBrand.objects.exists()


def test_a_logo_is_a_picture_of_this_installation_and_stays_as_long_as_it_is_one(settings):
    sender, picture = new_sender(), stored()
    chosen(sender, logo=picture.pk)
    assert Brand.of(sender).logo == f"{settings.PUBLIC_URL}{picture.path}"
    assert Brand.of(sender).logo_width == picture.width == 40
    with pytest.raises(images.ImageRefused, match="It is the logo of “Garden & Grain”"):
        images.remove(picture, None)
    draft = Campaign(sender=sender, subject="Roses", html=HTML, layout="letter")
    content, facts = campaigns.content_of(draft), SenderFacts.of(sender)
    _, html = parts(sent(compile_content(content, facts, ListFacts("Friends", "friends"), 1)))
    [logo] = document_fromstring(html).iter("img")
    assert (logo.get("src"), logo.get("alt")) == (f"{settings.PUBLIC_URL}{picture.path}", "Garden & Grain")
    chosen(sender)
    images.remove(picture, None)


def test_every_layout_is_shown_as_a_strangers_document():
    sender = new_sender()
    chosen(sender)
    client = signed_in("Marketer")
    page = client.get(f"/admin/mailer/sender/{sender.pk}/look/").content.decode()
    frames = re.findall(r'src="(/admin/mailer/sender/\d+/look/\w+/)" sandbox=', page)
    assert len(frames) == 3
    for frame in frames:
        answer = client.get(frame)
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "#8a2b3b" in answer.content.decode()
    assert client.get(f"/admin/mailer/sender/{sender.pk}/look/brochure/").status_code == 404


def test_a_campaign_goes_out_in_the_look_that_was_approved_whatever_is_chosen_later():
    draft = new_draft(html=HTML, layout="newsletter")
    chosen(draft.sender)
    before = campaigns.hash_of(draft, campaigns.compiled(draft))
    chosen(draft.sender, accent="#0b3d91")
    assert campaigns.hash_of(draft, campaigns.compiled(draft)) != before
    chosen(draft.sender)
    revision = campaigns.launch(draft, None)
    chosen(draft.sender, accent="#0b3d91")
    assert (revision.layout, revision.brand["accent"]) == ("newsletter", "#8a2b3b")
    _, html = parts(sent(Skeleton.from_bytes(revision.skeleton)))
    [footer] = document_fromstring(html).xpath('//*[@role="contentinfo"]')
    assert "background:#f6efe9" in footer.get("style")
    assert "#0b3d91" not in html
    assert [
        f.rule for f in campaigns.findings_of(draft)
    ] == []  # a look is no fact: what is on its way goes on
