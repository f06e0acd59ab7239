"""Header fields arrive as they were meant: over SMTP, and in the request of each ESP that Anymail knows.

Read by a second reader, stricter than Python's, and by both of Python's. Also run with the newest Django
(`tests/mailer/test_newest_django.py`): nothing here may depend on how a library folds.
"""

import pkgutil
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from functools import cache

import anymail.backends
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.rendering import ListFacts, Problem, compile_content, fill
from mailer.rendering.facts import ContentRefused
from mailer.transports import Kind, esp, open_transport
from tests.mailer import strict_mail
from tests.mailer.esp_fake import FakeEsp
from tests.mailer.esp_formats_more import ESPS, REFUSED
from tests.mailer.messages import AT, CAMPAIGN, FACTS, content, recipient

EVERY_ESP = {**ESPS, **REFUSED}
NAMES = [
    "Acme Garden",
    "Acme, Inc.",
    "Acme: Garden; Co.",
    "Re: Acme",
    'The "Good" Garden',
    "Back\\slash \\",
    '"',
    "Dana (at Acme)",
    "a@b.example, x <y@z.example>",
    "undisclosed-recipients:;",
    "=?utf-8?q?Other?= Shop",
    "=?utf-8?b?T3RoZXI=?=",
    "Gärtnerei Müller & Söhne",
    "Gärten, Blumen; „Rosen“ (Berlin)",
    "🌹 Roses & 👩🏽‍🌾",
    "גן ורדים, בע״מ",
    "حديقة الورود",
    "花と緑の大庭園株式会社、東京都千代田区の本店および大阪府の支店、ならびに全国の提携農園の皆さま一同より心をこめて",
    "Garden " + "of very many words " * 4,
    "x" * 120,
    "  two  spaces  ",
    ".dots.",
]
FIELDS = ("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "message-id", "date")
text = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=90)
specials = st.text('ab ,:;"\\()<>@[].=?_éあ🌹\u05d0-', min_size=1, max_size=70)


@cache
def finished(name: str, list_name: str = "Friends", subject: str = "Covers for roses"):
    facts, list_ = replace(FACTS, trade_name=name), ListFacts(list_name, "friends")
    return fill(compile_content(content(subject=subject), facts, list_, CAMPAIGN), recipient(), at=AT)


# -- over SMTP: our own bytes --------------------------------------------------------------------------


def assert_exact(raw: bytes, name: str, list_name: str, subject: str) -> None:
    assert strict_mail.mailbox(strict_mail.field(raw, "From")) == (name, FACTS.from_email)
    assert strict_mail.named(strict_mail.field(raw, "List-Id")) == (list_name, "friends.lists.example.org")
    assert strict_mail.unstructured(strict_mail.field(raw, "Subject")) == subject
    assert strict_mail.mailbox(strict_mail.field(raw, "To")) == ("", recipient().address)
    assert strict_mail.mailbox(strict_mail.field(raw, "Reply-To")) == ("", FACTS.reply_to)
    modern = message_from_bytes(raw, policy=policy.default)
    assert isinstance(modern["From"], AddressHeader)
    (author,) = modern["From"].addresses
    assert author.addr_spec == FACTS.from_email
    assert not modern["From"].defects
    names = [each for each, _ in strict_mail.fields(raw)]
    assert len(names) == len({each.lower() for each in names})


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_kind_is_one_mailbox_and_reads_back_as_it_is(name):
    assert_exact(finished(name, list_name=name).data, name, name, "Covers for roses")


@given(specials | text, specials | text, specials | text)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_name_list_and_subject_read_back_or_are_refused_in_words(name, list_name, subject):
    try:
        raw = finished.__wrapped__(name, list_name, subject).data
    except ContentRefused as refused:
        assert all(isinstance(problem, Problem) and problem.message for problem in refused.problems)
        return
    # a subject is one line of single spaces; everything else stays as it is
    assert_exact(raw, name, list_name, strict_mail.unstructured(strict_mail.field(raw, "Subject")))
    assert raw.partition(b"\r\n\r\n")[0].isascii()


# -- in the request of each ESP ------------------------------------------------------------------------


@contextmanager
def accepting(name: str, settings):
    """The service's fake, and the function that hands one message over, past the refusal at the start."""
    with FakeEsp(EVERY_ESP[name]) as fake:
        settings.ANYMAIL_ESP, settings.ANYMAIL = name, {**fake.anymail, "REQUESTS_TIMEOUT": 5}
        backend = esp._backend(name)
        backend.open()

        def hand_over(envelope):
            message = esp.as_anymail(envelope, esp.CAPABILITIES[name])
            message.connection = backend
            message.send()
            assert fake.problems == []
            return fake.received[-1]

        try:
            yield hand_over
        finally:
            backend.close()  # else the fake waits for it


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid")
@pytest.mark.parametrize("name", EVERY_ESP)
def test_each_esp_is_handed_every_field_unmangled_whatever_the_names_are(name, settings):
    """Those that drop or replace them later are refused at the start; what they are handed is right all the same."""
    with accepting(name, settings) as hand_over:
        for display in (each for each in NAMES if "=?" not in each):
            envelope = finished(display, list_name=display, subject=display)
            message, wire = hand_over(envelope), envelope.data
            assert message.sender == FACTS.from_email
            assert (
                message.sender_name.strip() == display.strip()
            )  # what they do with spaces at the ends is theirs
            assert message.to == [envelope.rcpt_to]
            assert message.reply_to == FACTS.reply_to
            assert message.subject == strict_mail.unstructured(strict_mail.field(wire, "Subject"))
            assert_fields(message.headers, wire, esp.CAPABILITIES[name].own_headers)


@pytest.mark.parametrize("name", [each for each in NAMES if "=?" in each])
def test_a_name_that_a_service_would_decode_stops_the_campaign_in_words(name, settings):
    """Over SMTP it is encoded once more; in a request there is no way to say that it is meant as it stands."""
    with FakeEsp(ESPS["resend"]) as fake:
        settings.ANYMAIL_ESP, settings.ANYMAIL = "resend", fake.anymail
        with open_transport() as transport:
            transport.send(b"a", finished(name))
            (outcome,) = transport.outcomes()
            assert "“=?”" in transport.objection
    assert (outcome.kind, fake.received) == (Kind.LATER, [])


def assert_fields(given: dict[str, str], wire: bytes, own: frozenset[str]) -> None:
    """Each field once, byte by byte what the message has, in ASCII; none that the service sets itself."""
    arrived = {name.lower(): value for name, value in given.items()}
    assert len(arrived) == len(given)
    for field in FIELDS:
        expected = None if field in own else strict_mail.field(wire, field)
        assert arrived.get(field) == expected, field
    assert arrived["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert all(value.isascii() and "\n" not in value for value in arrived.values())
    assert not {"cc", "bcc", "sender"} & arrived.keys()


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid")
@pytest.mark.parametrize("name", EVERY_ESP)
def test_a_mailto_beside_the_link_arrives_too(name, settings):
    settings.INBOUND_DOMAIN = "in.example.org"
    with accepting(name, settings) as hand_over:
        envelope = finished.__wrapped__("Acme, Inc.")
        value = hand_over(envelope).headers["List-Unsubscribe"]
    assert value == strict_mail.field(envelope.data, "List-Unsubscribe")
    link, mailto = value.split(", ")
    assert link.startswith("<http") and mailto.startswith("<mailto:")


def test_amazon_gets_the_very_bytes_that_passed_the_gate(settings):
    with accepting("amazon_ses", settings) as hand_over:
        for display in NAMES:
            envelope = finished(display)
            raw = hand_over(envelope).raw
            assert raw.endswith(b"\r\n" + envelope.data)
            assert raw.removesuffix(envelope.data).startswith(b"X-Metadata: ")
            assert raw.removesuffix(envelope.data).count(b"\r\n") == 1


def test_every_backend_of_the_installed_anymail_is_tried_here():
    no_service = {"base", "base_requests", "console", "test"}
    old_names = {"sendinblue"}  # Brevo's
    installed = {module.name for module in pkgutil.iter_modules(anymail.backends.__path__)}
    assert installed - no_service - old_names == set(EVERY_ESP) == set(esp.CAPABILITIES)
    assert {name for name, known in esp.CAPABILITIES.items() if known.refused} == set(REFUSED)
