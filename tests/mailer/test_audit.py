"""`audit`: what Candor sends has no findings, as sent or as carried; each damage is named, and nothing else is."""

import quopri
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer import tokens
from mailer.compliance.audit import audit
from mailer.rendering import SAMPLE_RECIPIENT, SenderFacts, fill
from mailer.tokens import OptOutToken
from tests.mailer.damages import BODY, DAMAGES, URL, carried, in_header, message, signed
from tests.mailer.messages import AT, CAMPAIGN, FACTS, compiled, parts, sender


def told(raw: bytes, facts: SenderFacts | None = None) -> list[str]:
    return [f"{each.rule}: {each.message}" for each in audit(raw, facts)]


RECEIVED = b"Received: from a.example by b.example with ESMTPS; Tue, 24 Nov 2026 09:30:01 +0000\r\n"
ARC = (
    b"ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=b.example; s=s; b=AAAA\r\n"
    b"ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=b.example; s=s; h=from; bh=AAAA; b=AAAA\r\n"
    b"ARC-Authentication-Results: i=1; b.example; dkim=pass header.d=example.org\r\n"
    b"Authentication-Results: b.example; dkim=pass\r\n"
)


def quoted_printable_anew(raw: bytes) -> bytes:
    """Bodies decoded and encoded again by another hand, in lines of another length."""
    header = raw.partition(b"\r\n\r\n")[0]
    boundary = re.search(rb'boundary="([^"]+)"', header)[1]
    body = b""
    for kind, content in zip((b"plain", b"html"), parts(raw), strict=True):
        encoded = quopri.encodestring(content.encode()).replace(b"\n", b"\r\n")
        body += b"--" + boundary + b"\r\nContent-Type: text/" + kind + b"; charset=UTF-8\r\n"
        body += b"Content-Transfer-Encoding: Quoted-Printable\r\n\r\n" + encoded + b"\r\n"
    return header + b"\r\n\r\n" + body + b"--" + boundary + b"--\r\n"


# -- what is left alone -------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", [None, FACTS])
@pytest.mark.parametrize(
    "raw",
    [
        message(),
        message(preheader="Look inside"),
        message(subject="Crème brûlée week 🍮"),
        message(html="", text="Roses want covers.\n\nDana"),
        message('<table bgcolor="#000000"><tr><td style="color:#fff">White on black</td></tr></table>'),
        message('<p>x</p><img src="https://example.com/a.png" width="1" height="1" alt="">'),
    ],
)
def test_what_candor_sends_has_no_findings(raw, facts):
    found = told(raw, facts)
    assert found == []


@pytest.mark.parametrize(
    "carry",
    [
        carried,
        lambda raw: raw.replace(b"\r\n", b"\n"),
        lambda raw: b"Received: from a by b; Tue, 24 Nov 2026 09:30:01 +0000\r\nX-ESP-ID: 1\r\n" + raw,
        in_header(r"List-Unsubscribe: \r\n <([^>]+)>", f"List-Unsubscribe: <{URL}>, <mailto:u@example.org>"),
        quoted_printable_anew,
        lambda raw: RECEIVED * 8 + ARC + raw,
        lambda raw: raw.replace(b"MIME-Version: 1.0", b"Mime-Version: 1.0 (ESP)").replace(
            b"To: ", b"TO:   ", 1
        ),
        signed(),
        lambda raw: signed(domain="esp.example", covers="from")(signed()(raw)),
    ],
)
def test_carrying_it_without_harm_adds_no_findings(carry):
    raw = message()
    assert carry(raw) != raw
    assert told(carry(raw), FACTS) == [] and told(carry(raw)) == []


@pytest.mark.parametrize(
    "trade_name",
    ["Acme, Inc.", "Gärtnerei Müller & Söhne, Blumen und Rosen aus Überlingen am Bodensee", "花屋"],
)
def test_names_of_any_kind_read_back(trade_name):
    facts = replace(FACTS, trade_name=trade_name)
    assert told(message(facts=facts), facts) == [] and told(message(facts=facts)) == []


@pytest.mark.parametrize(
    "lines",
    [
        ("Gärtnerei Berg GmbH", "Gartenweg 5", "München 80331", "DE"),
        ("Rose Ltd", "5 High Street", "Leeds LS1 4AP", "GB"),
        ("Rose KK", "1-7-1 Konan", "Minato-ku, Tokyo 108-0075", "JP"),
        ("Acme Garden LLC", "1450 Rose Street", "PMB 12", "Portland, OR 97201", "US"),
    ],
)
def test_postal_addresses_of_any_country_parse(lines):
    facts = replace(FACTS, legal_name=lines[0], address_lines=lines)
    assert told(message(facts=facts)) == []


# -- what was done to it -------------------------------------------------------------------------------


@pytest.mark.duty("D72", "D85")
@pytest.mark.parametrize(
    ("damage", "words"), [case[1:] for case in DAMAGES], ids=[case[0] for case in DAMAGES]
)
def test_each_damage_is_named_and_nothing_else_is(damage, words):
    raw = message()
    damaged = damage(raw)
    assert damaged not in {raw, carried(raw)}, "nothing was damaged"
    found = told(damaged)
    assert any(each.startswith(words) for each in found), found
    assert {each.partition(":")[0] for each in found} == {words.partition(":")[0]}


def test_with_a_sender_its_own_facts_must_be_there():
    facts = SenderFacts.of(sender())
    raw = message(facts=facts)
    assert told(raw, facts) == []
    for changed, words in [
        ({"trade_name": "Other"}, "header_fields: From is not the sender"),
        ({"from_email": "other@example.org"}, "header_fields: From is not the sender"),
        ({"reply_to": "other@example.org"}, "header_fields: Reply-To is not the sender"),
        ({"legal_name": "Other LLC"}, "footer_last"),
        ({"contact": "other"}, "footer_last"),
        (
            {"address_lines": ("Acme Garden LLC", "2 Other Street", "Portland, OR 97201", "US")},
            "address_shown",
        ),
    ]:
        assert any(each.startswith(words) for each in told(raw, replace(facts, **changed))), changed


def test_a_sample_to_nobody_passes_only_with_its_own_test_link():
    raw = fill(compiled(BODY), SAMPLE_RECIPIENT, at=AT).data
    assert told(raw) == []
    real = tokens.opt_out_url(OptOutToken(SAMPLE_RECIPIENT.mailbox_key, CAMPAIGN))
    test = tokens.opt_out_url(OptOutToken(SAMPLE_RECIPIENT.mailbox_key, CAMPAIGN, is_test=True))
    assert any("another mailbox" in each for each in told(raw.replace(test.encode(), real.encode())))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_bytes_are_judged(data):
    raw = message()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 200)))
    damaged = raw[:start] + data.draw(st.binary(max_size=60)) + raw[end:]
    assert all(each.message and each.rule for each in audit(damaged))
