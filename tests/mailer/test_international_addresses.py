"""Addresses beyond ASCII: the domain goes out as A-labels, to the mailbox meant; the rest is refused in words."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.addresses import AddressRefused, parse
from mailer.contacts.reading.persons import address_in
from mailer.contacts.reading.staged import Refused
from mailer.rendering import SAMPLE_RECIPIENT, Unfillable, fill
from mailer.transports import Kind, esp, open_transport
from project.inbox.server import InboxServer
from project.inbox.store import MessageStore
from tests.mailer import strict_mail
from tests.mailer.esp_batch_fake import BatchEsp
from tests.mailer.esp_fake import FakeEsp
from tests.mailer.esp_formats_more import ESPS
from tests.mailer.messages import AT, compiled, parts

SKELETON = compiled()
IDN = {
    "ada@bücher.example": "ada@xn--bcher-kva.example",
    "ada@BÜCHER.example": "ada@xn--bcher-kva.example",
    "ada@faß.example": "ada@xn--fa-hia.example",  # not fass.example, which is somebody else's (IDNA 2008)
    "ada@例え.example": "ada@xn--r8jz45g.example",
    "ada@пример.example": "ada@xn--e1afmkfd.example",
}
EAI = ["dänä@example.net", "用户@example.net", "josé@bücher.example", "ı@example.net", "ﬁona@example.net…"]
pytestmark = pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid")


def to(address: str):
    known = parse(address)
    return replace(
        SAMPLE_RECIPIENT, address=known.text, address_key=known.address_key, mailbox_key=known.mailbox_key
    )


@pytest.mark.parametrize(("written", "carried"), IDN.items())
def test_a_domain_beyond_ascii_is_carried_as_a_labels_over_smtp(written, carried, tmp_path, settings):
    made = fill(SKELETON, to(written), at=AT)
    with InboxServer(MessageStore(tmp_path)) as server:
        settings.EMAIL_URL, settings.ANYMAIL_ESP = f"smtp://127.0.0.1:{server.port}", ""
        with open_transport() as transport:
            transport.send(b"a", made)
            assert [each.kind for each in transport.outcomes()] == [Kind.ACCEPTED]
        received = server.store.read(server.store.latest(1)[0].number)
    assert received.rcpt_tos == (carried,)
    assert strict_mail.mailbox(strict_mail.field(received.raw, "To")) == ("", carried)
    assert carried in parts(received.raw)[0]


@pytest.mark.parametrize("name", ESPS)
def test_and_in_the_request_of_each_esp(name, settings):
    each = {
        carried: written for written, carried in IDN.items()
    }  # the very same message twice is one to some
    with BatchEsp(name) as fake:
        settings.ANYMAIL_ESP, settings.ANYMAIL = name, {**fake.anymail, "REQUESTS_TIMEOUT": 60}
        with open_transport() as transport:
            for written in each.values():
                transport.send(b"a", fill(SKELETON, to(written), at=AT))
            assert {outcome.kind for outcome in transport.outcomes()} == {Kind.ACCEPTED}
    assert fake.problems == []
    assert [message.to for message in fake.mailed] == [[carried] for carried in each]


@pytest.mark.parametrize("written", EAI[:4])
def test_a_mailbox_beyond_ascii_is_refused_at_every_door_in_words(written, settings):
    with pytest.raises(Refused) as refused:
        address_in(written, Counter())
    assert refused.value.reason == "not_carried"
    with pytest.raises(Unfillable, match="letters that mail servers on the way may not take") as unfillable:
        fill(SKELETON, to(written), at=AT)
    assert written not in str(unfillable.value)


@pytest.mark.parametrize("name", ["smtp", "resend"])
def test_no_transport_is_handed_one_even_if_it_came_so_far(name, settings, tmp_path):
    made = fill(SKELETON, SAMPLE_RECIPIENT, at=AT)
    with FakeEsp(ESPS["resend"]) as fake, InboxServer(MessageStore(tmp_path)) as server:
        settings.ANYMAIL_ESP = "" if name == "smtp" else name
        settings.EMAIL_URL, settings.ANYMAIL = f"smtp://127.0.0.1:{server.port}", fake.anymail
        with open_transport() as transport:
            transport.send(b"a", type(made)(made.mail_from, "dänä@example.net", made.data))
            transport.send(b"b", made)  # the next one is none the worse for it
            first, second = transport.outcomes()
        assert transport.objection == transport.unavailable == ""
        assert len(fake.received) + len(server.store.latest(9)) == 1
    assert (first.kind, second.kind) == (Kind.REFUSED, Kind.ACCEPTED)
    assert "letters beyond a–z" in first.detail
    assert esp.CAPABILITIES["resend"].refused == ""


@given(st.text('adaä@.ı用\u0430\u200d-+"ﬁ😀 ', min_size=3, max_size=24) | st.emails())
@settings(max_examples=60, deadline=None)
def test_any_address_is_refused_in_words_or_goes_out_to_the_mailbox_it_names(written):
    try:
        known = parse(written)
        raw = fill(SKELETON, to(written), at=AT)
    except (AddressRefused, Unfillable) as refused:
        assert str(refused)
        return
    assert raw.rcpt_to == known.text and raw.rcpt_to.isascii()
    assert strict_mail.field(raw.data, "To") == known.text
    assert parse(raw.rcpt_to).mailbox_key == known.mailbox_key
