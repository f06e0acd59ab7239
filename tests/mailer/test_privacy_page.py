"""The privacy page: versions that are never changed, and nothing claimed that nobody vouches for (D113–D118)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.checks import run_checks
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailer.admin.privacy_page import OUTLINE
from mailer.models import Evidence, PrivacyPolicy, PrivacyStatement
from mailer.privacy import policy
from tests.mailer import recipients
from tests.mailer.admin_door import HOSTILE, member, said, signed_in
from tests.mailer.test_public_pages import Parts, words

PAGE = "/admin/mailer/privacypolicy/"
GPC = {"HTTP_SEC_GPC": "1"}
DNT = {"HTTP_DNT": "1"}
HONOURED = "Opt-Out Preference Signal Honored."
NO_SALE = "We do not sell personal data, and we do not share it for advertising."
IN_OUR_SYSTEMS = "We honour Global Privacy Control and Do Not Track in all our systems."


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest) -> None:
    if "living_database" not in request.fixturenames:
        request.getfixturevalue("db")


def today() -> date:
    return timezone.now().date()


def publish(text: str = "We keep little.", in_days: int = 0, notice: str = "") -> PrivacyPolicy:
    day = today() + timedelta(days=in_days)
    return policy.publish(
        text, effective_from=day, change_notice=notice, today=min(day, today()), user=member("Operator")
    )


@pytest.fixture
def clock(monkeypatch):
    """Lets days pass for the pages; the database keeps its own clock."""

    def set_to(days: int) -> None:
        now = datetime.now(UTC) + timedelta(days=days)
        monkeypatch.setattr("mailer.public.privacy.timezone.now", lambda: now)

    return set_to


# -- versions ------------------------------------------------------------------------------------------


def test_without_a_policy_the_page_says_what_candor_can_say(client, settings):
    recipients.sender()
    page = client.get("/privacy")
    assert page.status_code == 200
    text = words(page)
    assert text.startswith("Privacy Your data You can see what is held about you")
    assert "Whom to ask Acme Garden GmbH: +49 30 1234567" in text
    assert "They set no cookies, run no scripts, load nothing from elsewhere and count no visits." in text
    assert "mail service" not in text
    assert "90 days, to be corrected" in text
    for not_attested in ("vouch", "sell", "Control", "systems", "Where to complain", "Earlier versions"):
        assert not_attested not in text


@pytest.mark.duty("D117", "D119")
def test_the_page_names_contact_complaint_bodies_and_the_mail_service(client, settings):
    settings.PRIVACY_CONTACT = "Lee Ito, privacy@example.com"
    settings.COMPLAINT_BODIES = ("The authority, Some Street 1", "The ombudsman")
    settings.ANYMAIL_ESP = "mailgun"
    text = words(client.get("/privacy"))
    assert (
        "Whom to ask Lee Ito, privacy@example.com Where to complain The authority, Some Street 1 The ombudsman"
        in text
    )
    assert "carried by a mail service (mailgun)" in text


@pytest.mark.duty("D118")
def test_a_version_is_shown_from_its_day_on_and_announced_before(client, clock):
    first = publish("# Who we are\r\n\r\nAcme,\r\nGarden Street\r\n\r\n- one\r\n- two")
    second = publish("Something else.", in_days=10, notice="The mail service is another one.")
    now = words(client.get("/privacy"))
    assert "Who we are Acme, Garden Street one two" in now
    assert (
        f"From {second.effective_from:%-d %B %Y} on another version holds. The mail service is another one."
        in now
    )
    coming = words(client.get(f"/privacy/{second.pk}"))
    assert f"This version takes effect on {second.effective_from:%-d %B %Y}." in coming
    assert "What will change: The mail service is another one." in coming
    clock(10)
    then = words(client.get("/privacy"))
    assert "Something else." in then
    assert "What has changed: The mail service is another one." in then
    assert f"Earlier versions From {first.effective_from:%-d %B %Y}" in then
    earlier = words(client.get(f"/privacy/{first.pk}"))
    assert "This is an earlier version" in earlier
    assert "Who we are" in earlier
    clock(10 + 29)
    assert "What has changed" in words(client.get("/privacy"))
    clock(10 + 30)
    assert "What has changed" not in words(client.get("/privacy"))


def test_of_two_versions_of_a_day_the_later_one_holds(client):
    publish("First thoughts.")
    publish("Second thoughts.", notice="All of it.")
    assert "Second thoughts." in words(client.get("/privacy"))


@pytest.mark.parametrize("number", ["0", "999", "x", "٣", "9" * 30, "1/2"])
def test_a_version_that_is_not_there_is_told(client, number):
    assert client.get(f"/privacy/{number}", HTTP_HOST="localhost").status_code == 404


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"text": " "}, "Write what the policy says."),
        ({"effective_from": date(2026, 11, 29)}, "a day that is over"),
        ({"change_notice": "  "}, "Say what changes"),
    ],
)
def test_what_can_not_be_published_is_refused_in_words(given, wrong):
    publish()
    fine = {"text": "New.", "effective_from": date(2026, 11, 30), "change_notice": "All."}
    with pytest.raises(policy.PolicyRefused, match=wrong):
        policy.publish(**fine | given, today=date(2026, 11, 30), user=member("Operator"))
    assert PrivacyPolicy.objects.count() == 1


@pytest.mark.duty("D118")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE mailer_privacypolicy SET text = 'x'",
        "UPDATE mailer_privacypolicy SET effective_from = effective_from + 1",
        "DELETE FROM mailer_privacypolicy WHERE id = {first}",
        "TRUNCATE mailer_privacypolicy",
        "INSERT INTO mailer_privacypolicy (text, change_notice, effective_from, published_by_id)"
        " SELECT 'x', '', now()::date - 2, published_by_id FROM mailer_privacypolicy LIMIT 1",
        "UPDATE mailer_privacystatement SET sentence = 'x'",
        "UPDATE mailer_privacystatement SET withdrawn_at = now()",
        "DELETE FROM mailer_privacystatement",
        "TRUNCATE mailer_privacystatement",
        "INSERT INTO mailer_privacystatement (what, sentence, attested_by_id)"
        " SELECT what, sentence, attested_by_id FROM mailer_privacystatement",
    ],
)
def test_the_database_keeps_versions_and_statements_as_they_were(living_database, statement):
    first = publish()
    publish("Next.", in_days=5, notice="All.")
    policy.attest("gpc", user=member("Operator"))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(first=first.pk))
    assert PrivacyPolicy.objects.get(pk=first.pk).text == "We keep little."


def test_a_version_is_taken_back_only_before_its_day():
    first, second = publish(), publish("Next.", in_days=1, notice="All.")
    policy.take_back(second.pk, today=today(), user=member("Operator"))
    for number in (first.pk, second.pk):
        with pytest.raises(policy.PolicyRefused):
            policy.take_back(number, today=today(), user=member("Operator"))
    assert PrivacyPolicy.objects.get() == first
    acts = Evidence.objects.filter(subject__startswith="privacy policy").order_by("id")
    assert [(act.verb, act.subject) for act in acts] == [
        ("privacy policy published", f"privacy policy {first.pk}"),
        ("privacy policy published", f"privacy policy {second.pk}"),
        ("privacy policy taken back", f"privacy policy {second.pk}"),
    ]
    assert len(acts[0].details["sha256"]) == 64


def test_hostile_text_is_text(client):
    publish(f"# {HOSTILE}\n\n- {HOSTILE}\n\n{HOSTILE}\n[x](https://x)")
    publish("x", in_days=1, notice=HOSTILE)
    html = client.get("/privacy").content.decode()
    assert HOSTILE not in html
    assert "://x)" in html
    assert not [a for a in Parts(html).named("a") if not a["href"].startswith("/")]


@given(st.text(max_size=400))
def test_no_word_of_a_policy_is_lost_whatever_its_shape(text):
    shown = " ".join(line for block in policy.blocks(text) for line in block.lines)
    bare = [word for word in text.split() if set(word) - set("#-")]
    assert [word for word in shown.split() if set(word) - set("#-")] == bare


def test_the_page_keeps_to_itself_like_every_other(client):
    publish()
    for path in ("/privacy", "/.well-known/gpc.json", "/privacy/x"):
        answer = client.get(path)
        assert answer["Cache-Control"] == "no-store"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'")
        assert not answer.cookies
        assert (client.post(path).status_code, client.post(path)["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_every_recipients_page_leads_to_it(client):
    for path in (recipients.link(), "/u/x", "/my-data", recipients.link() + "/back"):
        hrefs = [a["href"] for a in Parts(client.get(path).content.decode()).named("a")]
        assert "/privacy" in hrefs, path


# -- what somebody vouches for -------------------------------------------------------------------------


def test_a_statement_is_made_while_a_named_operator_stands_behind_it(client):
    statement = policy.attest("no_sale", user=member("Operator"))
    shown = words(client.get("/privacy"))
    assert f"What we vouch for {NO_SALE} (attested on {statement.attested_at:%-d %B %Y})" in shown
    assert IN_OUR_SYSTEMS not in shown
    with pytest.raises(policy.PolicyRefused, match="already"):
        policy.attest("no_sale", user=member("Operator"))
    policy.withdraw("no_sale", user=member("Operator"))
    assert NO_SALE not in words(client.get("/privacy"))
    with pytest.raises(policy.PolicyRefused, match="not attested any more"):
        policy.withdraw("no_sale", user=member("Operator"))
    statement.refresh_from_db()
    assert (statement.sentence, statement.attested_by, statement.withdrawn_by) == (
        NO_SALE,
        member("Operator"),
        member("Operator"),
    )
    acts = Evidence.objects.filter(subject=f"privacy statement {statement.pk}").order_by("id")
    assert [(act.verb, act.details["what"]) for act in acts] == [
        ("privacy statement attested", "no_sale"),
        ("privacy statement withdrawn", "no_sale"),
    ]
    policy.attest("no_sale", user=member("Operator"))  # and again, when it is so again
    assert PrivacyStatement.objects.count() == 2


def test_gpc_json_is_there_only_while_it_is_attested(client):
    assert client.get("/.well-known/gpc.json").status_code == 404
    statement = policy.attest("gpc", user=member("Operator"))
    answer = client.get("/.well-known/gpc.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == {"gpc": True, "lastUpdate": statement.attested_at.date().isoformat()}
    policy.withdraw("gpc", user=member("Operator"))
    assert client.get("/.well-known/gpc.json").status_code == 404


@pytest.mark.duty("D113", "D114")
@pytest.mark.parametrize("signal", [GPC, DNT, GPC | DNT])
def test_a_signal_is_answered_in_words_only_where_somebody_vouches_for_it(client, signal):
    paths = (recipients.link(), "/privacy", "/my-data", recipients.link() + "/data", "/u/x")
    assert not any(HONOURED in words(client.get(path, **signal)) for path in paths)
    policy.attest("no_sale", user=member("Operator"))
    assert not any(HONOURED in words(client.get(path, **signal)) for path in paths)
    policy.attest("gpc", user=member("Operator"))
    for path in paths:
        assert words(client.get(path, **signal)).startswith(
            f"{HONOURED} {NO_SALE} These pages record neither clicks nor visits."
        ), path
        assert HONOURED not in words(client.get(path)), path
    policy.withdraw("no_sale", user=member("Operator"))
    assert words(client.get("/privacy", **signal)).startswith(f"{HONOURED} These pages record neither")


@pytest.mark.parametrize("value", ["0", "", "yes", "11", "unspecified"])
def test_another_value_is_no_signal(client, value):
    policy.attest("gpc", user=member("Operator"))
    for header in ("HTTP_SEC_GPC", "HTTP_DNT"):
        assert HONOURED not in words(client.get("/privacy", **{header: value}))


@pytest.mark.duty("D107", "D114")
def test_a_signal_records_nothing_and_never_stops_an_opt_out(client, monkeypatch):
    policy.attest("gpc", user=member("Operator"))
    before = Evidence.objects.count()
    for path in (recipients.link(), "/privacy", "/my-data"):
        client.get(path, **GPC)
    assert Evidence.objects.count() == before
    done = client.post(recipients.link(), **GPC)
    assert words(done).startswith(f"{HONOURED} These pages record neither clicks nor visits. Done.")
    from django.db import OperationalError

    def gone():
        raise OperationalError

    monkeypatch.setattr(policy, "statements", gone)
    assert words(client.post(recipients.link(), **GPC)).startswith("Done.")


def test_without_a_signal_no_page_asks_for_statements(client):
    with CaptureQueriesContext(connection) as asked:
        client.get(recipients.link())
        client.post(recipients.link())
    assert asked.captured_queries
    assert not [query for query in asked.captured_queries if "privacystatement" in query["sql"]]


# -- the admin -----------------------------------------------------------------------------------------


def test_an_operator_publishes_and_takes_back_on_one_page(client):
    staff = signed_in("Operator")
    empty = staff.get(PAGE).content.decode()
    assert "No policy is in force." in empty
    assert "# Who we are" in empty
    as_it_stands = staff.post(PAGE, {"text": OUTLINE, "effective_from": today().isoformat()})
    assert list(as_it_stands.context["form"].errors) == ["text"]
    form = {"text": "We keep little.", "effective_from": today().isoformat(), "change_notice": ""}
    assert said(staff.post(PAGE, form, follow=True)) == [f"Published. It holds from {today():%d %B %Y} on."]
    refused = staff.post(PAGE, form)
    assert refused.context["form"].non_field_errors() == [
        "Say what changes, for people who know the version before."
    ]
    later = (today() + timedelta(days=3)).isoformat()
    staff.post(PAGE, {**form, "text": "More.", "effective_from": later, "change_notice": "All of it."})
    second = PrivacyPolicy.objects.get(text="More.")
    assert second.published_by == member("Operator")
    assert "All of it." in staff.get(PAGE).content.decode()
    assert said(staff.post(f"{PAGE}{second.pk}/take-back/", follow=True)) == [
        "Taken back. It was never in force."
    ]
    first = PrivacyPolicy.objects.get()
    assert said(staff.post(f"{PAGE}{first.pk}/take-back/", follow=True)) == [
        "This version is in force already, or is gone."
    ]


def test_an_operator_attests_and_withdraws_with_their_name():
    staff = signed_in("Operator")
    assert said(staff.post(f"{PAGE}attest/gpc/", follow=True)) == [
        "Attested by you. It is said in public from now on."
    ]
    assert "Attested by operator on" in " ".join(staff.get(PAGE).content.decode().split())
    assert said(staff.post(f"{PAGE}attest/gpc/", follow=True)) == ["This is attested already."]
    assert said(staff.post(f"{PAGE}withdraw/gpc/", follow=True)) == ["Withdrawn. It is said no more."]
    assert staff.post(f"{PAGE}attest/anything/").status_code == 404


def test_a_public_installation_without_contact_is_warned(settings):
    def warned():
        return [(one.id, one.is_serious()) for one in run_checks() if one.id == "candor.W001"]

    assert warned() == []
    settings.LOCAL = False
    assert warned() == [("candor.W001", False)]
    settings.PRIVACY_CONTACT, settings.COMPLAINT_BODIES = "Lee", ("The authority",)
    assert warned() == []
