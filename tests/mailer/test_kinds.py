"""Kinds of mail: each says what it is, in both parts, and none may advertise that says it does not."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction

from mailer import approvals, campaigns
from mailer.compliance import Severity, check, check_skeleton
from mailer.compliance.audit import audit
from mailer.models import Campaign, Evidence, Revision
from mailer.rendering import KindFacts, Skeleton, compile_content
from mailer.rendering.kinds import NOTICE_PURPOSES, RELATIONSHIP_PURPOSES, notice_subject
from tests.mailer.admin_door import member, new_draft, new_list, new_sender, signed_in
from tests.mailer.messages import CAMPAIGN, FACTS, FRIENDS, LIST, content, parts, sender, sent

pytestmark = pytest.mark.duty("D1", "D2", "D3", "D4", "D37")

MIXED, EDITORIAL = KindFacts("mixed"), KindFacts("editorial")
ACCOUNT = KindFacts("relationship", "account")
BREACH = KindFacts("notice", "breach")
LETTER = (
    "<p>On Saturday eleven of us cleared the old path along the brook. The water is clean again, and the children "
    "found two newts. Next month we meet at the chapel at nine; bring gloves and something warm to drink.</p>"
)
NOTICE_TEXT = (
    "On 3 November 2026 somebody copied a file with names and mail addresses from our server. Passwords and bank "
    "details were not in it. You may get mail that pretends to come from us. We have closed the gap and told the "
    "authority. Write to privacy@example.org or call +1 503 555 0100."
)


def rendered(kind: KindFacts, **written: str) -> Skeleton:
    if kind.is_notice:
        written = {"html": "", "text": NOTICE_TEXT, "subject": notice_subject(FACTS, kind), **written}
    return compile_content(content(**{"html": LETTER, **written}), FACTS, LIST, CAMPAIGN, kind)


def found(kind: KindFacts, **written: str) -> list[tuple[str, str]]:
    if kind.is_notice:
        written = {"html": "", "text": NOTICE_TEXT, "subject": notice_subject(FACTS, kind), **written}
    written = {"html": LETTER, "subject": "What we did at the brook", **written}
    findings = check(content(**written), sender(), [FRIENDS], CAMPAIGN, kind=kind)
    return [(each.rule, each.severity.value) for each in findings]


# -- what each says ------------------------------------------------------------------------------------

WORDS = [
    (KindFacts(), "Advertisement", "This email is an advertisement from Acme Garden LLC."),
    (MIXED, "Contains advertising", "This email from Acme Garden LLC contains advertising."),
    (EDITORIAL, "Newsletter", "This email is a newsletter from Acme Garden LLC."),
    (ACCOUNT, "About your account or membership", "is about your account, subscription or membership."),
    (BREACH, "Notice of a data breach", "It also reaches people who have unsubscribed;"),
]


@pytest.mark.duty("D37", "D38")
@pytest.mark.parametrize(("kind", "label", "statement"), WORDS, ids=lambda each: str(each)[:20])
def test_each_kind_says_what_it_is_at_both_ends_of_both_parts(kind, label, statement):
    raw = sent(rendered(kind))
    for part in parts(raw):
        assert f"{label} · Acme Garden" in part and statement in part
        assert "Acme Garden LLC" in part and "1450 Rose Street" in part and "/u/" in part
        assert "Your right to object:" in part
    assert f"Feedback-ID: 12:friends:{kind.kind}:".encode() in raw
    assert not [each for each in check_skeleton(rendered(kind), None) if each.severity is Severity.BLOCK]
    assert not [each for each in audit(raw) if each.rule in {"label_first", "footer_last", "body"}]


def test_no_two_kinds_have_the_same_label():
    every = [KindFacts(), MIXED, EDITORIAL]
    every += [KindFacts("relationship", each.value) for each in RELATIONSHIP_PURPOSES]
    every += [KindFacts("notice", each.value) for each in NOTICE_PURPOSES]
    assert len({parts(sent(rendered(kind)))[0].splitlines()[0] for kind in every}) == len(every)


@pytest.mark.parametrize("kind", [MIXED, EDITORIAL, ACCOUNT], ids=lambda each: each.kind)
def test_a_label_that_is_not_the_kinds_does_not_pass_the_gate(kind):
    """A skeleton that calls itself commercial over the bytes of a milder kind, and the other way round."""
    milder, commercial = rendered(kind).to_bytes(), rendered(KindFacts()).to_bytes()
    head = {raw: raw.split(b"\n", 2)[1] for raw in (milder, commercial)}
    for bytes_of, facts_of in ((milder, commercial), (commercial, milder)):
        mixed_up = bytes_of.replace(head[bytes_of], head[facts_of], 1)
        rules = {each.rule for each in check_skeleton(Skeleton.from_bytes(mixed_up), None)}
        assert {"label_first", "footer_last", "header_fields"} <= rules


@pytest.mark.duty("D1")
def test_what_was_frozen_before_there_were_kinds_is_commercial():
    raw = rendered(KindFacts()).to_bytes()
    version, head, rest = raw.split(b"\n", 2)
    kind = b', "kind": {"kind": "commercial", "purpose": "", "others": [], "is_explicit": false}'
    assert kind in head
    old = Skeleton.from_bytes(b"\n".join([version, head.replace(kind, b""), rest]))
    assert old.kind == KindFacts() and not check_skeleton(old, None)


def test_an_ad_relabelled_as_a_newsletter_on_its_way_is_named_by_the_audit():
    raw = sent(rendered(KindFacts()))
    relabelled = raw.replace("Advertisement ·".encode().replace(b"\xc2\xb7", b"=C2=B7"), b"Newsletter =C2=B7")
    assert relabelled != raw
    assert {"label_first"} <= {each.rule for each in audit(relabelled)}


# -- somebody answers for it ---------------------------------------------------------------------------


def test_what_is_commercial_or_contains_advertising_needs_nobodys_word():
    assert found(KindFacts()) == found(MIXED) == []


@pytest.mark.duty("D2", "D3")
@pytest.mark.parametrize("kind", [EDITORIAL, ACCOUNT, BREACH], ids=lambda each: each.kind)
def test_what_goes_out_without_the_label_is_held_until_somebody_says_that_it_is_no_ad(kind):
    assert found(kind) == [("kind_declared", "hold")]


@pytest.mark.django_db
def test_an_editorial_letter_goes_out_after_it_was_released_and_the_evidence_says_its_kind(settings):
    settings.APPROVAL = approvals.TWO_PERSON
    draft = new_draft(html=LETTER, subject="What we did at the brook", kind="editorial")
    with pytest.raises(campaigns.CampaignRefused):
        campaigns.launch(draft, member("Operator"))
    campaigns.approve(draft, member("Approver"), "I read it: nothing is sold in it.")
    revision = campaigns.launch(draft, member("Operator"))
    assert revision.kind == "editorial"
    assert Evidence.objects.get(verb="launched").details["kind"] == EDITORIAL.as_json()
    assert Evidence.objects.get(verb="approved").details["kind"] == "editorial"


@pytest.mark.django_db
def test_a_release_of_one_kind_does_not_count_for_another():
    draft = new_draft(html=LETTER, subject="What we did at the brook", kind="editorial")
    campaigns.approve(draft, member("Operator"), "I read it: nothing is sold in it.")
    Campaign.objects.filter(pk=draft.pk).update(kind="relationship", purpose="account")
    draft.refresh_from_db()
    with pytest.raises(campaigns.CampaignRefused):
        campaigns.launch(draft, member("Operator"))


@pytest.mark.django_db
def test_the_kind_of_what_went_out_cannot_be_changed():
    draft = new_draft()
    revision = campaigns.launch(draft, member("Operator"))
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        Revision.objects.filter(pk=revision.pk).update(kind="notice")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "relationship"},
        {"kind": "relationship", "purpose": "breach"},
        {"kind": "notice", "purpose": "account", "html": ""},
        {"kind": "commercial", "purpose": "account"},
        {"kind": "notice", "purpose": "breach"},
        {"kind": "editorial", "advertisers": "Riverside Nursery"},
        {"kind": "editorial", "is_explicit": True},
        {"kind": "other"},
    ],
)
def test_the_database_refuses_a_kind_that_there_is_not(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        new_draft(**wrong)
    assert connection.is_usable()


# -- advertising where there is none -------------------------------------------------------------------

ADS = [
    "<p>Shop now</p>",
    "<p>The brook is clean.</p><p>Order yours today!</p>",
    "<p>20% off all roses, and free shipping.</p>",
    "<p>Use promo code BROOK. The offer ends on Sunday.</p>",
    "<p>Jetzt kaufen</p>",
    "<p>Sonderangebot der Woche: Rabattcode BACH</p>",
    "<p>Achetez maintenant nos roses.</p>",
    "<p>Compra ahora y recibe envío gratis.</p>",
    "<p>Acquista ora</p>",
    "<p>Koop nu</p>",
    "<p>Compre agora</p>",
    '<p><a href="https://example.org/x">Buy now</a></p>',
    '<p><img src="https://example.org/x.png" alt="Shop our sale now"></p>',
    "<p>Get your discount before it is gone.</p>",
]


@pytest.mark.parametrize("ad", ADS)
@pytest.mark.parametrize("kind", [EDITORIAL, ACCOUNT], ids=lambda each: each.kind)
def test_an_ad_in_mail_that_says_it_has_none_is_blocked(kind, ad):
    assert ("kind_advertises", "block") in found(kind, html=LETTER + ad)


def test_an_ad_that_only_readers_of_plain_text_get_is_one_too():
    assert ("kind_advertises", "block") in found(EDITORIAL, text="We were at the brook.\n\nShop now")
    assert found(EDITORIAL, text="We were at the brook, and it is clean.") == [("kind_declared", "hold")]


@pytest.mark.parametrize("subject", ["Shop our brook sale now", "Half price roses: limited-time offer"])
def test_an_ad_in_the_subject_is_one_too(subject):
    assert ("kind_advertises", "block") in found(EDITORIAL, subject=subject)


@pytest.mark.parametrize(
    "words",
    [
        "<p>Seedlings cost $4 at the stall.</p>",
        "<p>This year's best seller at our bazaar was jam.</p>",
        "<p>The bus ticket costs 3 euros.</p>",
    ],
)
def test_what_only_sounds_like_an_ad_is_held_in_words(words):
    assert [each for each in found(EDITORIAL, html=LETTER + words) if each[0] == "kind_advertises"] == [
        ("kind_advertises", "hold")
    ]


HONEST = [
    "<p>Please donate now: every gift keeps the path open.</p>",
    "<p>Order of service: hymn, reading, walk.</p>",
    "<p>The book club meets today.</p>",
    "<p>We were asked to sign the petition online. Add your name if you like.</p>",
    "<p>Membership dues are due in March, as every year.</p>",
    "<p>The shop in the village closes; the post office moves to the hall.</p>",
    "<p>The town sells the meadow. We think it should not.</p>",
    "<p>Do not buy now what you can borrow from a neighbour.</p>",
    "<p>Membership fell by 12% in ten years.</p>",
]


@pytest.mark.parametrize("words", HONEST)
def test_a_clubs_letter_is_no_ad(words):
    assert found(EDITORIAL, html=LETTER + words) == [("kind_declared", "hold")]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (
            "Your statement for November",
            "<p>Your balance on 30 November 2026 is $48.20. It is due on 15 December.</p>",
        ),
        (
            "Our terms change on 1 January",
            "<p>From 1 January the monthly fee is $12 instead of $10. You may cancel.</p>",
        ),
    ],
)
def test_a_statement_with_prices_in_it_is_no_ad(subject, words):
    assert found(ACCOUNT, subject=subject, html=words) == [("kind_declared", "hold")]


@pytest.mark.duty("D2", "D3")
def test_a_newsletter_whose_subject_or_most_of_whose_words_sell_is_held():
    assert found(MIXED, subject="Half price on roses: shop now")[:1] != []
    assert ("kind_advertises", "hold") in found(MIXED, subject="Special offer for you")
    sells = "<p>Roses from $12 each.</p><p>Shop our roses today.</p><p>The brook is clean again, thanks to you all.</p>"
    assert ("kind_advertises", "hold") in found(MIXED, html=sells)
    assert found(MIXED, html=f"{LETTER}<p>Our roses are on sale from $12 each.</p>") == []


# -- notices -------------------------------------------------------------------------------------------


@pytest.mark.duty("D66", "D112")
@pytest.mark.parametrize(
    "written",
    [
        {"subject": "20% off for your trouble"},
        {"preheader": "And a gift"},
        {"text": "", "html": LETTER + '<p><a href="https://example.org/shop">More</a></p>'},
        {"text": "", "html": LETTER + '<img src="https://example.org/a.png" alt="Roses">'},
        {"text": NOTICE_TEXT + " More at example.org/offers."},
        {"text": NOTICE_TEXT + " See https://example.org"},
        {"text": NOTICE_TEXT + " See www.example.org"},
        {"text": NOTICE_TEXT + " See acme-garden.shop today"},
    ],
)
def test_a_notice_leads_nowhere_but_to_the_opt_out(written):
    assert ("notice_form", "block") in found(BREACH, **written)
    assert "notice_form" in {each.rule for each in check_skeleton(rendered(BREACH, **written), None)}


@pytest.mark.duty("D66")
def test_a_notice_that_sells_is_blocked():
    assert ("kind_advertises", "block") in found(BREACH, text=NOTICE_TEXT + "\n\nOrder yours today.")


# -- several advertisers -------------------------------------------------------------------------------

BOTH = LETTER + "<p>Roses from Acme Garden, and moss from Riverside Nursery.</p>"


@pytest.mark.duty("D7")
@pytest.mark.parametrize("kind", ["commercial", "mixed"])
def test_the_footer_names_the_other_advertisers_and_who_answers_for_all(kind):
    facts = KindFacts(kind, others=("Riverside Nursery", "Brook & Sons, Inc."))
    raw = sent(rendered(facts, html=BOTH))
    for part in parts(raw):
        shown = part.replace("&amp;", "&")
        assert "It also promotes Riverside Nursery and Brook & Sons, Inc.." not in shown
        assert (
            "It also promotes Riverside Nursery and Brook & Sons, Inc. Acme Garden LLC is responsible"
            in shown
        )
        assert "your unsubscribe request goes to Acme Garden LLC and ends all such email from it." in shown
    assert not check_skeleton(rendered(facts, html=BOTH), None)
    assert not [each for each in audit(raw) if each.rule in {"label_first", "footer_last"}]


@pytest.mark.duty("D7")
@pytest.mark.parametrize(
    ("others", "html", "verdict"),
    [
        (("Riverside Nursery",), BOTH, []),
        (("Riverside Nursery",), LETTER + "<p>Moss from Riverside Nursery.</p>", ["block"]),
        (("Acme Garden",), BOTH, ["block"]),
        (("Acme",), BOTH, ["block"]),
        (tuple(f"Nursery {n}" for n in range(9)), BOTH, ["block"]),
        ((), BOTH + "<p>Brought to you by Riverside Nursery.</p>", ["warn"]),
        ((), BOTH, []),
    ],
)
def test_with_several_advertisers_the_sender_is_one_of_them_alone_in_from(others, html, verdict):
    rules = found(KindFacts(others=others), html=html, subject="Moss and roses")
    assert [severity for rule, severity in rules if rule == "other_advertisers"] == verdict


def test_a_name_with_a_line_break_does_not_reach_the_footer():
    from mailer.rendering import ContentRefused

    with pytest.raises(ContentRefused):
        rendered(KindFacts(others=("Riverside\r\nBcc: x@example.org",)))


# -- sexually explicit ---------------------------------------------------------------------------------

EXPLICIT = KindFacts(is_explicit=True)


@pytest.mark.duty("D36")
@pytest.mark.parametrize(
    "subject",
    [
        "New films this month",
        "Sexually-Explicit: New films",
        "SEXUALLY-EXPLICIT:New films",
        "SEXUALLY-EXPLICIT : New films",
        "[Ad] SEXUALLY-EXPLICIT: New films",
        "SEXUALLY EXPLICIT: New films",
        "SEXUALLY‑EXPLICIT: New films",
        "SEXUALLY-EXPLICIT: ",
        "SEXUALLY-EXPLICIT: Новое кино",
        "SEXUALLY-EXPLICIT: New films 🎬",
    ],
)
def test_the_mark_of_sexually_explicit_mail_is_there_to_the_letter_or_nothing_goes_out(subject):
    rules = found(EXPLICIT, subject=subject)
    assert {rule for rule, severity in rules if severity == "block"} & {"explicit_mark", "subject_explicit"}


@pytest.mark.duty("D36")
def test_sexually_explicit_mail_starts_its_subject_with_the_nineteen_characters():
    written = {"subject": "SEXUALLY-EXPLICIT: New releases this month"}
    raw = sent(rendered(EXPLICIT, **written))
    assert b"\r\nSubject: SEXUALLY-EXPLICIT: New releases this month\r\n" in raw
    assert found(EXPLICIT, **written) == [("kind_declared", "hold")]
    assert ("explicit_mark", "block") in found(EXPLICIT, preheader="See more", **written)


# -- chosen in the admin -------------------------------------------------------------------------------


def form(draft: Campaign, **changed: object) -> dict:
    written = {name: getattr(draft, name) for name in ("name", "subject", "preheader", "html", "text")}
    return {
        **written,
        "sender": draft.sender_id,
        "lists": list(draft.lists.values_list("pk", flat=True)),
        **changed,
    }


def change(draft: Campaign, group: str, **changed: object):
    answer = signed_in(group).post(f"/admin/mailer/campaign/{draft.pk}/change/", form(draft, **changed))
    draft.refresh_from_db()
    return answer


@pytest.mark.duty("D1")
@pytest.mark.django_db
def test_what_nobody_chose_is_commercial():
    sender_, friends = new_sender(), new_list()
    signed_in("Marketer").post(
        "/admin/mailer/campaign/add/",
        {
            "name": "May",
            "sender": sender_.pk,
            "lists": [friends.pk],
            "subject": "May is here",
            "html": LETTER,
        },
    )
    assert Campaign.objects.get().kind == "commercial"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["mixed", "editorial"])
def test_a_marketer_chooses_what_everybody_may(kind):
    draft = new_draft()
    assert change(draft, "Marketer", kind=kind).status_code == 302
    assert (draft.kind, draft.purpose) == (kind, "")
    assert Evidence.objects.filter(verb="wrote").latest("id").details["kind"]["kind"] == kind


@pytest.mark.duty("D4")
@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["relationship:account", "notice:breach", "relationship", "nonsense"])
def test_a_marketer_does_not_choose_what_the_law_sets_apart(kind):
    draft = new_draft()
    answer = change(draft, "Marketer", kind=kind)
    assert answer.status_code == 200 and "Select a valid choice" in answer.content.decode()
    assert draft.kind == "commercial"


@pytest.mark.duty("D4")
@pytest.mark.django_db
def test_an_operator_chooses_one_of_the_five_and_a_marketer_mends_its_words():
    draft = new_draft()
    assert change(draft, "Operator", kind="relationship:account").status_code == 302
    assert (draft.kind, draft.purpose) == ("relationship", "account")
    assert change(draft, "Marketer", kind="relationship:account", subject="Your terms").status_code == 302
    assert (draft.kind, draft.purpose, draft.subject) == ("relationship", "account", "Your terms")
    page = signed_in("Marketer").get(f"/admin/mailer/campaign/{draft.pk}/").content.decode()
    assert "Relationship: Account, subscription or membership" in page


@pytest.mark.django_db
def test_a_notice_gets_its_subject_by_itself_and_no_html():
    draft = new_draft()
    answer = change(draft, "Operator", kind="notice:breach", text=NOTICE_TEXT)
    assert "A notice is plain text" in answer.content.decode()
    assert (
        change(draft, "Operator", kind="notice:breach", text=NOTICE_TEXT, html="", preheader="Hi").status_code
        == 302
    )
    assert (draft.subject, draft.preheader) == ("Notice of a data breach at Garden & Grain", "")


@pytest.mark.django_db
def test_other_advertisers_are_named_only_where_something_is_advertised():
    draft = new_draft()
    change(draft, "Marketer", advertisers="Riverside Nursery\n\n Brook  & Sons \nRiverside Nursery")
    assert draft.other_advertisers == ("Riverside Nursery", "Brook & Sons")
    answer = change(draft, "Marketer", kind="editorial", advertisers="Riverside Nursery")
    assert "advertises nothing" in answer.content.decode() and draft.kind == "commercial"


@pytest.mark.django_db
def test_a_copy_is_of_the_same_kind_where_the_person_may_choose_it():
    draft = new_draft(kind="relationship", purpose="account")
    for group, kind in (("Operator", "relationship"), ("Marketer", "commercial")):
        signed_in(group).post(f"/admin/mailer/campaign/{draft.pk}/copy/")
        assert Campaign.objects.latest("id").kind == kind


def test_the_sample_of_another_sender_is_another_label():
    other = replace(FACTS, trade_name="Brook Garden")
    raw = sent(compile_content(content(html=LETTER), other, LIST, CAMPAIGN, EDITORIAL))
    assert parts(raw)[0].startswith("Newsletter · Brook Garden\n")
