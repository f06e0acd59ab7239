"""What an ESP, a mailing list, a filter or a forger does to a message of ours, and what an audit calls it."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from mailer import addresses, tokens
from mailer.rendering import SAMPLE_RECIPIENT, SenderFacts, fill
from mailer.tokens import OptOutToken
from tests.mailer.messages import AT, CAMPAIGN, FACTS, compiled, parts

Damage = Callable[[bytes], bytes]

ADA = addresses.parse("ada@example.com")
TO_ADA = replace(SAMPLE_RECIPIENT, address=ADA.text, address_key=ADA.address_key, mailbox_key=ADA.mailbox_key)
BODY = '<p>Hello {{ first_name|default:"friend" }}, roses want <b>covers</b> now.</p>'
SAMPLE = tokens.opt_out_url(OptOutToken(SAMPLE_RECIPIENT.mailbox_key, CAMPAIGN, is_test=True))
TEST = tokens.opt_out_url(OptOutToken(ADA.mailbox_key, CAMPAIGN, is_test=True))
URL = tokens.opt_out_url(OptOutToken(ADA.mailbox_key, CAMPAIGN))
THEIRS = tokens.opt_out_url(OptOutToken(b"x" * 16, CAMPAIGN))
OPENED = "https://t.example/o"
OTHER_CAMPAIGN = tokens.opt_out_url(OptOutToken(ADA.mailbox_key, CAMPAIGN + 1))


def message(html: str = BODY, facts: SenderFacts = FACTS, **fields: str) -> bytes:
    return fill(compiled(html, facts, **fields), TO_ADA, at=AT).data


def carried(raw: bytes, text: Damage | None = None, html: Damage | None = None) -> bytes:
    """The message as an ESP writes it anew: same fields, bodies in base64, after a change to either."""
    header = raw.partition(b"\r\n\r\n")[0]
    boundary = re.search(rb'boundary="([^"]+)"', header)[1]
    plain, rich = (part.encode() for part in parts(raw))
    pieces = [(b"text/plain", text(plain) if text else plain), (b"text/html", html(rich) if html else rich)]
    body = b"".join(
        b"--" + boundary + b"\r\nContent-Type: " + kind + b"; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content).replace(b"\n", b"\r\n")
        for kind, content in pieces
    )
    return header + b"\r\n\r\n" + body + b"--" + boundary + b"--\r\n"


def listed(raw: bytes) -> bytes:
    """As mailing lists do it that don't touch parts: theirs stands below, in a wrapper around both."""
    header, _, body = raw.partition(b"\r\n\r\n")
    kind = re.search(rb"Content-Type: [^\r]+\r\n [^\r]+", header)[0]
    outer = header.replace(kind, b'Content-Type: multipart/mixed; boundary="list"')
    footer = b"--list\r\nContent-Type: text/plain\r\n\r\n____\r\nTo leave this list: x\r\n--list--\r\n"
    return outer + b"\r\n\r\n--list\r\n" + kind + b"\r\n\r\n" + body + b"\r\n" + footer


def attached(raw: bytes) -> bytes:
    return (
        b"From: x@example.net\r\nTo: y@example.net\r\nSubject: Fwd: look\r\nMIME-Version: 1.0\r\n"
        b'Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
        b"--x\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n"
        b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + raw + b"\r\n--x--\r\n"
    )


def swapped(old: str, new: str) -> Damage:
    return lambda content: content.replace(old.encode(), new.encode())


def in_text(old: str, new: str) -> Damage:
    return lambda raw: carried(raw, text=swapped(old, new))


def in_html(old: str, new: str) -> Damage:
    return lambda raw: carried(raw, html=swapped(old, new))


def in_both(old: str, new: str) -> Damage:
    return lambda raw: carried(raw, text=swapped(old, new), html=swapped(old, new))


def in_header(pattern: str, new: str) -> Damage:
    def change(raw: bytes) -> bytes:
        header, gap, body = raw.partition(b"\r\n\r\n")
        return re.sub(pattern.encode(), lambda found: new.encode(), header + b"\r\n")[:-2] + gap + body

    return change


def signed(*, covers: str = "from:to:subject:list-unsubscribe:list-unsubscribe-post", extra: str = "",
           domain: str = "example.org", algorithm: str = "rsa-sha256") -> Damage:  # fmt: skip
    def sign(raw: bytes) -> bytes:
        body = raw.partition(b"\r\n\r\n")[2].rstrip(b"\r\n") + b"\r\n"
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        tags = f"v=1; a={algorithm}; d={domain}; s=s; h={covers};\r\n bh={digest};{extra} b=AAAA"
        return f"DKIM-Signature: {tags}\r\n".encode() + raw

    return sign


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
     "footer_last: The plain text"),
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
     "opt_out_foreign: Somebody added an unsubscribe link of their own, to esp.example"),
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
     "structure: The part"),
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
    ("passed on as an attachment", lambda raw: attached(raw), "structure: The message was passed on inside another"),
    ("a list's footer as a part of its own", lambda raw: listed(raw), "structure: The message has 2 parts of text/pl"),
    ("a filter's mark in the subject", in_header("Subject: ", "Subject: [EXTERNAL] "),
     "header_fields: The subject begins with a filter’s mark"),
    ("called spam", in_header("Subject: ", "Subject: ***SPAM*** "), "header_fields: The subject begins with a filter"),
    ("passed on as a forward", in_header("Subject: ", "Subject: Fwd: "), "fake_reply"),
    ("a warning in the text", in_text("Advertisement ·", "CAUTION: external sender\n\nAdvertisement ·"), "label_first"),
    ("the ESP's own address below", in_html("</body>", "<p>Sent by Blast Inc, 5 Main Street, Reno</p></body>"),
     "footer_last"),
    ("links wrapped in both parts", in_both(URL, "https://click.esp.example/abc"), "opt_out_wrapped"),
    ("the choice of lists wrapped", in_html(f'href="{URL}/preferences"', 'href="https://c.esp.example/z"'),
     "opt_out_wrapped: The link to choose lists in the HTML leads to c.esp.example"),
    ("the choice of lists wrapped in the text", in_text(f"{URL}/preferences", "https://c.esp.example/z"),
     "opt_out_wrapped: The link to choose lists in the plain text"),
    ("a pixel hidden by style", in_html("</body>", f'<img src="{OPENED}" style="width:1px;height:1px"></body>'),
     "tracking_pixel"),
    ("a pixel in a box of its own", in_html(
        "</body>", f'<div><img src="{OPENED}" width="0" height="0"></div></body>'), "tracking_pixel"),
    ("a pixel before the label", in_html(
        '<div role="note"', f'<img src="{OPENED}" width="1" height="1"><div role="note"'), "tracking_pixel"),
    ("List-Id gone", in_header("List-Id: [^\r]+\r\n", ""), "header_fields: The header has 0 fields List-Id"),
    ("List-Id twice", in_header("List-Id:", "List-Id: <x.lists.example.org>\r\nList-Id:"),
     "header_fields: The header has 2 fields List-Id"),
    ("Message-ID without brackets", in_header("Message-ID: <([^>]+)>", "Message-ID: 12.x@example.org"),
     "header_fields: Message-ID is not well formed"),
    ("a receipt asked for", in_header("To: ", "Disposition-Notification-To: x@esp.example\r\nTo: "),
     "header_fields: The header has a field Disposition-Notification-To"),
    ("sent again by somebody", in_header("To: ", "Resent-From: x@esp.example\r\nTo: "),
     "header_fields: The header has a field Resent-From"),
    ("the reason gone from the text", in_text("You received it at", "You got it at"), "footer_last"),
    ("the right to object gone", in_html("Your right to object:", ""), "footer_last"),
    ("contact changed in the HTML", in_html("+1 503 555 0100", "+1 900 555 0100"), "footer_last"),
    ("legal name changed in the HTML", in_html("advertisement from Acme Garden LLC", "advertisement from Other LLC"),
     "footer_last"),
    ("another ZIP code in the HTML", in_html("OR 97201", "OR 97202"), "address_shown: The HTML"),
    ("another street in the text", in_text("1450 Rose Street", "1451 Rose Street"), "address_shown"),
    ("a form added", in_html("</body>", '<form action="https://x.example"></form></body>'), "foreign_markup"),
    ("a NUL in it", lambda raw: raw.replace(b"roses want", b"roses\0want"), "structure: The message holds a NUL"),
    ("a line far too long", in_header("Subject: ", f"X-Tracking: {'a' * 1200}\r\nSubject: "),
     "structure: A line is longer"),
]  # fmt: skip
