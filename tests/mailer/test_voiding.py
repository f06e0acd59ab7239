"""A mistaken import goes whole, and takes nobody's own word with it (DESIGN, promise 3)."""

import hashlib
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from mailer import audience, suppression
from mailer.addresses import parse
from mailer.contacts import importing, people, voiding
from mailer.contacts.reading import Holds
from mailer.models import (
    Contact,
    Evidence,
    Import,
    MailingList,
    Subscription,
    Suppression,
    VoidedImport,
)
from mailer.suppression import Channel, Reason, mailable
from tests.mailer.admin_door import member, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]

ANN, BEN, CAT = (parse(f"{name}@example.org") for name in ("ann", "ben", "cat"))
REASON = "The file was of the wrong shop."


@pytest.fixture
def friends():
    return MailingList.objects.create(name="Friends", slug="friends")


def bring_in(content, list_, holds=Holds.UNSAID):
    import_ = importing.begin(
        io.BytesIO(content.encode()), list=list_, source="partner", filename="list.csv", holds=holds
    )
    assert importing.run(import_)
    import_.refresh_from_db()
    assert import_.state == "done"
    return import_


def void(import_):
    return voiding.void(import_, reason=REASON, actor="user 1")


def opts_out(address):
    suppression.suppress(
        address.mailbox_key, address_key=address.address_key, reason=Reason.OPT_OUT, channel=Channel.ONE_CLICK,
        actor="recipient",
    )  # fmt: skip


def test_what_only_the_file_said_no_longer_counts_and_the_people_it_brought_are_forgotten(friends):
    people.add(CAT, friends, source="form", actor="shell")
    import_ = bring_in(
        "email,status\nann@example.org,unsubscribed\nben@example.org,\ncat@example.org,\n", friends
    )
    assert not mailable(ANN)
    changed = void(import_)
    assert changed == voiding.Consequences(subscriptions=1, contacts=1, entries=1, digests=0, freed=1)
    assert mailable(ANN)
    assert list(Contact.objects.values_list("email", flat=True)) == [CAT.text]
    assert Subscription.objects.get().source == "form"
    assert import_.state == "voided"
    assert (VoidedImport.objects.get().reason, VoidedImport.objects.get().actor) == (REASON, "user 1")
    proof = Evidence.objects.get(verb="import voided")
    assert (proof.actor, proof.subject) == ("user 1", f"import {import_.pk}")
    assert proof.details == {
        "list": friends.pk, "subscriptions": 1, "contacts": 1, "entries": 1, "digests": 0, "freed": 1,
    }  # fmt: skip
    assert Suppression.objects.count() == 1  # the entry stays, for whoever asks


@pytest.mark.parametrize("own_first", [True, False])
def test_an_opt_out_of_ones_own_stays_whether_it_came_before_or_after_the_file(friends, own_first):
    if own_first:
        opts_out(ANN)
    import_ = bring_in("email,status\nann@example.org,unsubscribed\n", friends)
    if not own_first:
        opts_out(ANN)
    assert void(import_).freed == 0
    assert mailable(ANN).reasons == ("opt_out",)
    assert audience.estimate([friends]).mailable == 0


def test_a_complaint_and_a_bounce_stay(friends):
    import_ = bring_in("email,status\nann@example.org,unsubscribed\nben@example.org,bounced\n", friends)
    suppression.suppress(ANN.mailbox_key, reason=Reason.COMPLAINT, channel=Channel.FEEDBACK_LOOP, actor="esp")
    suppression.suppress(BEN.mailbox_key, reason=Reason.HARD_BOUNCE, channel=Channel.ESP, actor="esp")
    assert void(import_).freed == 0
    assert mailable(ANN).reasons == ("complaint",)
    assert mailable(BEN).reasons == ("hard_bounce",)


def test_whom_two_files_name_stays_suppressed_until_both_are_taken_back(friends):
    first, second = (bring_in("email,status\nann@example.org,unsubscribed\n", friends) for _ in range(2))
    assert void(second).freed == 0
    assert not mailable(ANN)
    assert void(first).freed == 1
    assert mailable(ANN)


def test_voiding_people_leaves_whom_a_list_of_digests_names(friends):
    """The list's word is the list's, whichever import met the person."""
    bring_in(hashlib.sha256(b"ann@example.org").hexdigest(), friends)
    met = bring_in("email,status\nann@example.org,unsubscribed\nben@example.org,\n", friends)
    assert void(met).freed == 0
    assert not mailable(ANN)


def test_voiding_a_list_of_digests_frees_whom_nothing_else_names_now_and_later(friends):
    people.add(ANN, friends, source="form", actor="shell")
    named = bring_in("\n".join(hashlib.md5(a.text.encode()).hexdigest() for a in (ANN, BEN)), friends)
    assert not mailable(ANN)
    assert void(named) == voiding.Consequences(subscriptions=0, contacts=0, entries=1, digests=2, freed=1)
    assert mailable(ANN)
    people.add(BEN, friends, source="form", actor="shell")
    assert mailable(BEN)


def test_of_two_lists_of_digests_the_other_still_counts(friends):
    digest = hashlib.md5(b"ann@example.org").hexdigest()
    first, _second = bring_in(digest, friends), bring_in(digest, friends)
    void(first)
    people.add(ANN, friends, source="form", actor="shell")
    assert not mailable(ANN)


def test_who_came_on_another_list_too_stays_there(friends):
    bring_in("email\nann@example.org\n", friends)
    other = MailingList.objects.create(name="Other", slug="other")
    void(bring_in("email\nann@example.org\n", other))
    assert [place.list for place in Subscription.objects.filter(contact__email=ANN.text)] == [friends]


def test_the_questions_in_sql_agree(friends):
    people.add(ANN, friends, source="form", actor="shell")
    import_ = bring_in("email,status\nann@example.org,unsubscribed\n", friends)
    assert audience.estimate([friends]) == audience.Estimate(people=1, mailable=0)
    void(import_)
    assert audience.estimate([friends]) == audience.Estimate(people=1, mailable=1)
    again = bring_in("email\nann@example.org\nben@example.org\n", friends)
    assert (again.accepted, again.suppressed) == (1, 0)


def test_the_same_file_can_come_in_again_and_counts_again(friends):
    content = "email,status\nann@example.org,unsubscribed\n"
    void(bring_in(content, friends))
    bring_in(content, friends)
    assert not mailable(ANN)


@pytest.mark.parametrize("reason", ["", "   ", "oops"])
def test_without_a_reason_nothing_is_taken_back(friends, reason):
    import_ = bring_in("email,status\nann@example.org,unsubscribed\n", friends)
    with pytest.raises(voiding.VoidRefused, match="what was wrong"):
        voiding.void(import_, reason=reason, actor="user 1")
    assert not mailable(ANN)


@pytest.mark.parametrize("state", ["waiting", "running", "asking", "tried", "failed", "voided"])
def test_only_what_came_in_is_taken_back_and_once(friends, state):
    import_ = bring_in("email\nann@example.org\n", friends)
    Import.objects.update(state=state)
    with pytest.raises(voiding.VoidRefused, match="only once"):
        void(import_)
    assert Contact.objects.exists()


def test_the_database_wants_a_reason_and_knows_an_import_once():
    with pytest.raises(IntegrityError), transaction.atomic():
        VoidedImport.objects.create(import_id=1, reason="", actor="user 1")
    VoidedImport.objects.create(import_id=1, reason=REASON, actor="user 1")
    with pytest.raises(IntegrityError), transaction.atomic():
        VoidedImport.objects.create(import_id=1, reason=REASON, actor="user 1")


# -- by command and by hand ----------------------------------------------------------------------------


def test_the_command_tells_first_and_takes_back_then(friends, capsys):
    import_ = bring_in("email,status\nann@example.org,unsubscribed\nben@example.org,\n", friends)
    would = {"subscriptions": 1, "contacts": 1, "entries": 1, "digests": 0, "freed": 1}
    call_command("void_import", import_.pk, "--reason", REASON, "--dry-run", "--json")
    assert json.loads(capsys.readouterr().out) == would
    assert not mailable(ANN)
    call_command("void_import", import_.pk, "--reason", REASON, "--json")
    assert json.loads(capsys.readouterr().out) == would
    assert mailable(ANN)
    with pytest.raises(CommandError, match="only once"):
        call_command("void_import", import_.pk, "--reason", REASON)
    with pytest.raises(CommandError, match="no import 999"):
        call_command("void_import", 999, "--reason", REASON)


def test_an_operator_takes_it_back_by_hand_and_a_marketer_can_not(friends):
    import_ = bring_in("email,status\nann@example.org,unsubscribed\nben@example.org,\n", friends)
    url = f"/admin/mailer/import/{import_.pk}/take-back/"
    marketer = signed_in("Marketer")
    assert marketer.post(url, {"reason": REASON}).status_code == 403
    assert "Take this import back" not in marketer.get(f"/admin/mailer/import/{import_.pk}/").content.decode()
    operator = signed_in("Operator")
    assert "Take this import back" in operator.get(f"/admin/mailer/import/{import_.pk}/").content.decode()
    shown = operator.get(url).content.decode()
    assert "1 mailbox against which nothing else stands" in shown
    assert not mailable(ANN)
    assert "at least 10 characters" in operator.post(url, {"reason": "oops"}).content.decode()
    answer = operator.post(url, {"reason": f"<b>{REASON}"})
    assert answer["Location"] == f"/admin/mailer/import/{import_.pk}/"
    assert mailable(ANN)
    told = operator.get(answer["Location"]).content.decode()
    assert f"&lt;b&gt;{REASON}" in told
    assert f"user {member('Operator').pk}" in told
    assert "Taken back" in told
    looked_up = operator.post("/admin/mailer/suppression/", {"address": ANN.text}).content.decode()
    assert "Taken back with its import" in looked_up
    assert "May be mailed" in looked_up
