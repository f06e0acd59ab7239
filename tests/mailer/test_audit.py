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
    assert [each for each in found if not each.startswith("body: An image has no text")] == []


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


<<<<<<< HEAD
# -- what was done to it -------------------------------------------------------------------------------
=======
# -- what was done to it ------------------------------------------------------------------------------

DAMAGES: list[tuple[str, Damage, str]] = [
    ("label taken from the text", in_text("Advertisement · Acme Garden\n", ""), "label_first: The plain text"),
    ("label taken from the HTML", in_html("Advertisement · Acme Garden", ""), "label_first: The label"),
    ("words before the label in the text", in_text("Advertisement ·", "Hello!\n\nAdvertisement ·"), "label_first"),
    ("a banner before the label", in_html('<div role="note"', '<p>[EXTERNAL]</p><div role="note"'), "label_first"),
    ("label made small", in_html("bold 14px/20px", "bold 9px/20px"), "label_first: The label is too"),
    ("label made pale", in_html("color:#1a1a1a;font:bold", "color:#cccccc;font:bold"), "label_first"),
    ("label hidden", in_html("display:block;margin:0;padding:8px", "display:none;margin:0;padding:8px"), "label_first"),
    ("label names another", in_both("Advertisement · Acme", "Advertisement · Other"), "label_first"),
    ("street taken from both", in_both("1450 Rose Street", ""), "postal_address"),
    ("ZIP code of another state", in_both("OR 97201", "OR 10001"), "postal_address: The ZIP code 10001"),
    ("an example for an address", in_both("1450 Rose Street", "123 Any Street"), "postal_address"),
    ("street taken from the HTML", in_html("1450 Rose Street", ""), "address_shown: The HTML"),
    ("street commented out", in_html("1450 Rose Street", "<!--1450 Rose Street-->"), "address_shown: The HTML"),
    ("text cut above the footer", lambda raw: carried(raw, text=lambda text: text.partition(b"-----")[0]),
     "opt_out_link: The plain text"),
    ("HTML cut above the footer",
     lambda raw: carried(raw, html=lambda html: html.partition(b'<div role="contentinfo"')[0]), "footer_last"),
    ("a list's footer under the text", in_text("+1 503 555 0100\n", "+1 503 555 0100\n____\nTo leave: x\n"),
     "footer_last"),
    ("a list's footer under the HTML", in_html("</body>", "<p>Leave this list</p></body>"), "footer_last"),
    ("footer made pale", in_html("color:#1a1a1a;font:normal 14px", "color:#eeeeee;font:normal 14px"), "footer_last"),
    ("link wrapped in the HTML", in_html(f'href="{URL}"', 'href="https://track.esp.example/c/abc"'),
     "opt_out_wrapped: The opt-out link in the HTML leads to track.esp.example"),
    ("link wrapped with ours inside", in_html(f'href="{URL}"', f'href="https://t.example/?u={URL}"'),
     "opt_out_wrapped: The opt-out link in the HTML leads to t.example"),
    ("link wrapped in the text", in_text(URL, "https://track.esp.example/c/abc"),
     "opt_out_wrapped: The opt-out link in the plain text"),
    ("the ESP's own unsubscribe page", in_html("</body>", '<a href="https://esp.example/u">Unsubscribe</a></body>'),
     "opt_out_wrapped: The opt-out link in the HTML leads to esp.example"),
    ("a click mark behind the link", in_html(f'href="{URL}"', f'href="{URL}?utm_source=x"'),
     "opt_out_wrapped: The opt-out link in the HTML is not the one in the header"),
    ("link taken from the text", in_text(URL, ""), "opt_out_link: The plain text"),
    ("link no longer a link", in_html(f'<a href="{URL}"', "<a"), "opt_out_link: The HTML"),
    ("link hidden", in_html("color:#0b3d91;", "display:none;"), "opt_out_link: The HTML"),
    ("somebody else's link everywhere", lambda raw: carried(
        raw.replace(URL.encode(), THEIRS.encode()), swapped(URL, THEIRS), swapped(URL, THEIRS)),
     "one_click: The opt-out link speaks for another mailbox"),
    ("another campaign's link in the header", in_header(re.escape(URL), OTHER_CAMPAIGN),
     "one_click: The opt-out link speaks for another campaign"),
    ("another host in the header", in_header(re.escape(URL), "https://esp.example/u/1"),
     "one_click: The opt-out link does not lead to this installation"),
    ("a token cut short", in_header(re.escape(URL), URL[:-3]), "one_click: The opt-out link is damaged"),
    ("a token with a tail", in_header(re.escape(URL), URL + "."), "one_click: The opt-out link is damaged"),
    ("List-Unsubscribe gone", in_header(r"List-Unsubscribe: \r\n [^\r]+\r\n", ""), "one_click: The header has 0"),
    ("List-Unsubscribe twice", in_header("Feedback-ID:", "List-Unsubscribe: <https://esp.example>\r\nFeedback-ID:"),
     "one_click: The header has 2"),
    ("two https links", in_header(f"<{re.escape(URL)}>", f"<{URL}>, <https://esp.example/u>"), "one_click: List-U"),
    ("mailto first", in_header(f"<{re.escape(URL)}>", f"<mailto:u@example.org>, <{URL}>"),
     "one_click: List-Unsubscribe names the mailto first"),
    ("encoded", in_header(f"<{re.escape(URL)}>", f"=?utf-8?q?<{URL}>?="), "one_click: List-Unsubscribe was encoded"),
    ("folded inside the link", in_header("/u/", "/u/\r\n "), "one_click: List-Unsubscribe is not a list"),
    ("angle brackets gone", in_header(f"<{re.escape(URL)}>", URL), "one_click: List-Unsubscribe is not a list"),
    ("one-click field gone", in_header("List-Unsubscribe-Post:[^\r]*\r\n", ""), "one_click: List-Unsubscribe-Post"),
    ("one-click in lower case", in_header("One-Click", "one-click"), "one_click: List-Unsubscribe-Post"),
    ("one-click twice", in_header("Feedback-ID:", "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nFeedback-ID:"),
     "one_click: List-Unsubscribe-Post"),
    ("From of another domain", in_header("<news@example.org>", "<news@esp.example>"),
     "header_fields: From is not in a domain"),
    ("From twice", in_header("To: ", "From: x@example.org\r\nTo: "), "header_fields: The header has 2 fields From"),
    ("two authors", in_header("<news@example.org>", "<news@example.org>, x@example.org"),
     "header_fields: From does not name exactly one"),
    ("on behalf of", in_header("To: ", "Sender: bounce@esp.example\r\nTo: "), "header_fields: A field Sender"),
    ("Reply-To elsewhere", in_header("Reply-To: [^\r]+", "Reply-To: list@lists.example.net"),
     "header_fields: Reply-To is not in a domain"),
    ("Reply-To gone", in_header("Reply-To: [^\r]+\r\n", ""), "header_fields: The header has 0 fields Reply-To"),
    ("two recipients", in_header("To: ada@example.com", "To: ada@example.com, b@example.com"),
     "header_fields: To does not name exactly one"),
    ("a copy", in_header("To: ", "Cc: b@example.com\r\nTo: "), "header_fields: The header has a field Cc"),
    ("forwarded by a list", in_header("List-Id: [^\r]+", "List-Id: Dev <dev.lists.example.net>"),
     "header_fields: List-Id names another list"),
    ("subject twice", in_header("Subject:", "Subject: a\r\nSubject:"), "header_fields: The header has 2 fields Subj"),
    ("subject gone", in_header("Subject: [^\r]+\r\n", ""), "header_fields: The header has 0 fields Subject"),
    ("a reply made of it", in_header("Subject: ", "Subject: Re: "), "fake_reply"),
    ("date gone", in_header("\r\nDate: [^\r]+", ""), "header_fields: The header has 0 fields Date"),
    ("date unreadable", in_header("Date: [^\r]+", "Date: yesterday"), "header_fields: The message has no readable"),
    ("Message-ID gone", in_header("Message-ID: [^\r]+\r\n", ""), "header_fields: The header has 0 fields Message-ID"),
    ("bare letters in the header", in_header("Acme Garden <", "Ácme Garden <"), "header_fields: A header field holds"),
    ("HTML part lost", lambda raw: re.sub(rb"text/html", b"text/plain", raw), "structure: The message has 0 parts"),
    ("text part lost", lambda raw: re.sub(rb"text/plain", b"text/html", raw), "structure: The message has 0 parts"),
    ("turned into mixed", lambda raw: raw.replace(b"multipart/alternative", b"multipart/mixed"),
     "structure: The message is multipart/mixed"),
    ("an attachment added", lambda raw: re.sub(
        rb"(--=_\w+)--", rb"\1\r\nContent-Type: application/pdf\r\n\r\nx\r\n\1--", raw),
     "structure: Somebody added parts to the message: application/pdf"),
    ("cut in the middle", lambda raw: raw[: len(raw) * 2 // 3], "structure: The message is broken"),
    ("charset unknown", lambda raw: raw.replace(b'charset="utf-8"', b'charset="x-none"'), "structure: The part"),
    ("a style sheet added", in_html("</head>", "<style>div{display:none}</style></head>"), "foreign_markup"),
    ("a script added", in_html("</body>", "<script>1</script></body>"), "foreign_markup"),
    ("a base added", in_html("</head>", '<base href="https://esp.example/"></head>'), "foreign_markup"),
    ("moved off the screen", in_html('role="contentinfo" lang="en" dir="ltr" style="',
                                     'style="position:absolute;left:-9999px;'), "foreign_markup"),
    ("folded away", lambda raw: carried(raw, html=lambda html: html.replace(
        b'<div role="contentinfo"', b'<details><div role="contentinfo"').replace(b"</body>", b"</details></body>")),
     "foreign_markup: The HTML holds <details>"),
    ("a conditional comment", in_html("<body", "<!--[if mso]><p>x</p><![endif]--><body"), "foreign_markup"),
    ("hidden words added", in_html("</body>", '<div style="display:none">cheap pills</div></body>'), "hidden_text"),
    ("emptiness before the footer", in_html('<div role="contentinfo"', "<br>" * 100 + '<div role="contentinfo"'),
     "blank_space"),
    ("a tracking pixel", in_html("</body>", '<img src="https://t.example/o" width="1" height="1" alt=""></body>'),
     "tracking_pixel"),
    ("merge field left", in_html("roses want", "*|FNAME|* want"), "unresolved_fields"),
    ("blown up", in_html("roses want", "roses want " * 12_000), "size: The HTML has"),
    ("signature of another domain only", signed(domain="esp.example"), "dkim: No DKIM signature is of the domain"),
    ("signature without List-Unsubscribe-Post", signed(covers="from:subject:list-unsubscribe"),
     "dkim: The DKIM signature does not cover list-unsubscribe-post"),
    ("signature without From", signed(covers="list-unsubscribe:list-unsubscribe-post"),
     "dkim: The DKIM signature does not cover from"),
    ("signature with a length", signed(extra=" l=100;"), "dkim: A DKIM signature has l="),
    ("signature by SHA-1", signed(algorithm="rsa-sha1"), "dkim: The DKIM signature uses an algorithm"),
    ("changed after signing", lambda raw: signed()(raw).replace(b"roses want", b"Roses want"),
     "dkim: The body was changed"),
    ("the label only as a picture", in_html("Advertisement · Acme Garden",
     '<img src="https://x.example/y.png" alt="Advertisement · Acme Garden">'), "label_first"),
    ("the label in look-alike letters", in_both("Advertisement", "\u0410dvertisement"), "label_first"),
    ("the label turned around", in_both("Advertisement", "\u202eAdvertisement"), "label_first"),
    ("the street only as a picture", in_html("1450 Rose Street<br>",
     '<img src="https://x.example/a.png" alt="1450 Rose Street"><br>'), "address_shown"),
    ("the address made white", in_html('<p style="margin:0">Acme', '<p style="margin:0;color:#ffffff">Acme'),
     "footer_last: The footer is too small or too pale"),
    ("the opt-out only as a picture", lambda raw: carried(raw, html=lambda html: re.sub(
        rb'(<a href="[^"]*/u/[^>]*>)[^<]*', rb'\1<img src="https://x.example/u.png" alt="Unsubscribe">', html)),
     "opt_out_link"),
    ("a script on the link", in_html(f'href="{URL}"', f'href="{URL}" onclick="return false"'),
     "foreign_markup: The HTML holds a script"),
    ("the sample's link", lambda raw: carried(
        raw.replace(URL.encode(), SAMPLE.encode()), swapped(URL, SAMPLE), swapped(URL, SAMPLE)),
     "one_click: The opt-out link speaks for another mailbox"),
    ("a test's link", lambda raw: carried(
        raw.replace(URL.encode(), TEST.encode()), swapped(URL, TEST), swapped(URL, TEST)),
     "one_click: The opt-out link is that of a test"),
    ("only mailto", in_header(f"<{re.escape(URL)}>", "<mailto:u@example.org>"), "one_click: List-Unsubscribe needs"),
    ("List-Unsubscribe renamed", in_header("List-Unsubscribe:", "X-List-Unsubscribe:"), "one_click: The header has 0"),
    ("a link too long", in_header(f"<{re.escape(URL)}>", f"<{URL}?{'a' * 40}>"), "one_click: A link in List-Uns"),
    ("more than one pair", in_header("One-Click", "One-Click; x=1"), "one_click: List-Unsubscribe-Post"),
    ("read in another charset", lambda raw: raw.replace(b'charset="utf-8"', b'charset="iso-8859-1"'), "label_first"),
    ("transfer encoding lost", lambda raw: raw.replace(b"Content-Transfer-Encoding: quoted-printable\r\n", b""),
     "label_first"),
    ("header cut in two", lambda raw: raw.replace(b"List-Unsubscribe-Post", b"\r\nList-Unsubscribe-Post", 1),
     "structure"),
    ("the author's text lost", lambda raw: carried(raw, text=lambda text: re.sub(
        rb"(Advertisement.*?\n).*?(-----)", rb"\1\n\2", text, flags=re.DOTALL)), "body: The message says nothing"),
    ("the author's HTML hidden", in_html("<p>Hello", "<p hidden>Hello"), "hidden_text"),
    ("the footer in a comment", in_html('<div role="contentinfo"', '<!-- <div role="contentinfo"'), "footer_last"),
    ("a refresh to elsewhere", in_html("<head>", '<head><meta http-equiv="refresh" content="0;url=https://x.example">'),
     "foreign_markup"),
    ("the statement gone", in_both("This email is an advertisement from Acme Garden LLC.", ""), "footer_last"),
    ("a subject encoded wrongly", in_header("Subject: [^\r]+", "Subject: =?utf-8?b?4oCLU2FsZ?="),
     "header_fields: The subject is not encoded"),
    ("a list's tag in the subject", in_header("Subject: ", "Subject: [Friends] "),
     "header_fields: The subject begins with a mailing list"),
    ("an invisible letter in the subject", in_header("Subject: [^\r]+", "Subject: =?utf-8?b?4oCLU2FsZQ==?="),
     "line_characters"),
    ("an empty subject", in_header("Subject: [^\r]+", "Subject: "), "subject_length"),
    ("another name in From", in_header("From: Acme Garden", "From: Other Shop"), "label_first"),
    ("to nobody", in_header("To: ada@example.com", "To: undisclosed-recipients:;"), "header_fields: To does not name"),
    ("to somebody else", in_header("To: ada@example.com", "To: bob@example.com"), "one_click: The opt-out link speaks"),
    ("a blind copy", in_header("Subject: ", "Bcc: x@example.com\r\nSubject: "), "header_fields: The header has a fi"),
    ("no message", lambda raw: b"", "readable"),
    ("a page instead", lambda raw: b"<html><body>x</body></html>", "readable"),
    ("far too large", lambda raw: raw + b"x\r\n" * 400_000, "readable: The message is too large"),
    ("a header without end", lambda raw: b"Subject: " + b"=?utf-8?q?a?= " * 50_000 + raw,
     "readable: The message is too large"),
]  # fmt: skip
>>>>>>> c937cc4 (campaigns: A kind of mail is chosen, labelled, frozen and asked for at every gate.)


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
