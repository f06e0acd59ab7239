"""Suppression lists that show no addresses: whoever is behind a digest is never mailed, whichever came first."""

import hashlib
import io

import pytest
from django.utils import timezone

from mailer import audience, suppression
from mailer.addresses import parse
from mailer.contacts import importing, people
from mailer.contacts.reading import Holds
from mailer.models import Contact, HashedOptOut, Import, MailingList, RefusedRow, Suppression
from mailer.suppression import mailable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]

ANN, BEN = parse("Ann@Example.org"), parse("ben@example.org")
ALGORITHMS = ["md5", "sha1", "sha256"]


@pytest.fixture
def friends():
    return MailingList.objects.create(name="Friends", slug="friends")


def bring_in(content, list_, holds=Holds.UNSAID, filename="list.csv"):
    import_ = importing.begin(
        io.BytesIO(content.encode()), list=list_, source="partner", filename=filename, holds=holds
    )
    assert importing.run(import_)
    import_ = Import.objects.get(pk=import_.pk)
    assert import_.rows == import_.accepted + import_.duplicates + sum(import_.rejected.values())
    return import_


def digest(algorithm, address="ann@example.org"):
    return hashlib.new(algorithm, address.encode()).hexdigest()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("written", [str, str.upper])
@pytest.mark.parametrize("header", ["", "hash\n", "Email SHA-256;added\n"])
def test_a_contact_whom_a_list_names_is_suppressed_at_once(friends, algorithm, written, header):
    people.add(ANN, friends, source="form", actor="shell")
    people.add(BEN, friends, source="form", actor="shell")
    row = written(digest(algorithm)) + (";2026" if ";" in header else "")
    import_ = bring_in(f"{header}{row}\n{row}\n", friends)
    assert import_.error == ""
    assert (import_.accepted, import_.duplicates, import_.suppressed) == (1, 1, 1)
    assert mailable(ANN).reasons == ("opt_out",)
    assert mailable(BEN)
    entry = Suppression.objects.get()
    assert (entry.channel, entry.import_id) == ("import", import_.pk)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_whoever_comes_in_later_is_compared_with_the_lists(friends, algorithm):
    bring_in(digest(algorithm), friends)
    assert not Suppression.objects.exists()
    import_ = bring_in("email,first_name\nann@example.org,Ann\nben@example.org,Ben\n", friends)
    assert (import_.accepted, import_.suppressed) == (2, 1)
    assert not mailable(ANN)
    assert set(Contact.objects.values_list("email", flat=True)) == {"ben@example.org"}


def test_nor_does_one_who_is_put_on_a_list_by_hand_get_past_them(friends):
    bring_in(digest("sha1"), friends)
    people.add(ANN, friends, source="form", actor="user 1")
    assert not mailable(ANN)
    assert audience.estimate([friends]).mailable == 0


def test_deleting_and_importing_again_does_not_help(friends):
    bring_in(digest("md5"), friends)
    for _ in range(2):
        bring_in("email\nann@example.org\n", friends)
        assert not mailable(ANN)
        Contact.objects.all().delete()
    assert Suppression.objects.count() == 1


def test_their_own_later_confirmation_counts_more_than_an_older_list(friends):
    bring_in(digest("md5"), friends)
    people.add(ANN, friends, source="form", actor="shell")
    assert suppression.reinstate(ANN, requested_at=timezone.now())
    bring_in("email\nann@example.org\n", friends)
    assert mailable(ANN)
    bring_in(digest("sha256"), friends)
    assert not mailable(ANN)


def test_a_cell_that_is_no_digest_is_refused_on_its_line(friends):
    import_ = bring_in(f"md5\n{digest('md5')}\nnope\n{'a' * 33}\n", friends)
    assert import_.rejected == {"not_a_digest": 2}
    assert list(RefusedRow.objects.values_list("line", "row")) == [(3, "nope"), (4, "a" * 33)]


def test_digests_are_never_people_to_mail(friends):
    import_ = bring_in(digest("md5"), friends, holds=Holds.PEOPLE)
    assert import_.state == "failed"
    assert "to which no mail can be sent" in import_.error
    assert not HashedOptOut.objects.exists()
