"""What leaves is right, byte for byte: headers, parts, line ends, slots."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from django.core.mail.message import SafeMIMEMultipart

from mailer import tokens
from mailer.rendering import SAMPLE_RECIPIENT as SAMPLE
from mailer.rendering import (
    ContentRefused,
    DamagedSkeleton,
    ListFacts,
    Skeleton,
    Unfillable,
    compile_content,
    fill,
    preview,
    reason_for,
    way_back_notice,
)
from tests.mailer.messages import AT, CAMPAIGN, FACTS, LIST, compiled, content, parts, read, recipient, sent

NAMES = [
    "Acme Garden",
    "Acme, Inc.",
    "Acme: Garden; and <Co>",
    'The "Rose" Garden \\ Shop',
    "Dana (Acme)",
    "Gärtnerei Müller",
    "روضة الورود",
    "Roses 🌹 & more, Ltd.",
    "=?utf-8?q?Acme?=",
    "A" * 80,
    "Rosengarten und Gartenbedarf der Gebrüder Müller in Bad Kissingen, Außenstelle 2",
]


def header_lines(raw: bytes) -> list[bytes]:
    return raw.partition(b"\r\n\r\n")[0].split(b"\r\n")


@pytest.mark.duty("D10", "D70", "D71", "D82", "D89")
def test_headers_are_exactly_these_bytes():
    raw = sent(compiled(), address="ada@example.com")
    url = tokens.opt_out_url(tokens.OptOutToken(b"m" * 16, CAMPAIGN))
    assert header_lines(raw)[:-1] == [
        b"From: Acme Garden <news@example.org>",
        b"To: ada@example.com",
        b"Reply-To: hello@example.org",
        b"Subject: Covers for roses",
        b"Date: Tue, 24 Nov 2026 09:30:00 +0000",
        b"Message-ID: <12.61616161616161616161616161616161@example.org>",
        b"List-Id: Friends of the garden <friends.lists.example.org>",
        b"List-Unsubscribe: ",
        f" <{url}>".encode(),
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        b"Feedback-ID: 12:friends:commercial:exampleorg",
        b"MIME-Version: 1.0",
        b"Content-Type: multipart/alternative;",
    ]


@pytest.mark.duty("D37", "D39", "D40", "D44", "D49", "D100")
def test_both_parts_carry_label_footer_address_and_the_header_s_link():
    raw = sent(compiled(), address="ada@example.com")
    link = read(raw)["List-Unsubscribe"].strip()[1:-1]
    text, html = parts(raw)
    view = tokens.view_url(tokens.ViewToken(CAMPAIGN, compiled().sha256))
    assert text == (
        "Advertisement · Acme Garden\n\nRoses want covers now.\n\n" + "-" * 62 + "\n"
        "This email is an advertisement from Acme Garden LLC. Acme Garden is a trade name of Acme Garden LLC.\n"
        "You received it at ada@example.com because you are on the list “Friends” as a customer since "
        "24 November 2026.\n\n"
        f"Unsubscribe from all email from Acme Garden LLC:\n{link}\n"
        "One click on the page is enough. It takes effect immediately.\n\n"
        f"Choose which lists of Acme Garden you are on:\n{link}/preferences\n\n"
        f"View this email in your browser:\n{view}\n\n"
        "Your right to object: you may object to the use of your data for marketing at any time. "
        "Unsubscribing above does that.\n\n"
        "Acme Garden LLC\n1450 Rose Street\nPortland, OR 97201\nUS\n+1 503 555 0100\n"
    )
    assert html.count(f'href="{link}"') == html.count(f'href="{link}/preferences"') == 1
    for words in (
        "Advertisement · Acme Garden<",
        "Roses want covers now.",
        "1450 Rose Street<br>",
        "ada@example.com",
    ):
        assert words in html


@pytest.mark.duty("D53")
def test_the_choice_of_lists_stands_below_the_opt_out_and_is_quieter():
    raw = sent(compiled(facts=replace(FACTS, trade_name="<b>A & B</b>")))
    link = read(raw)["List-Unsubscribe"].strip()[1:-1]
    text, html = parts(raw)
    assert [line for line in text.splitlines() if "/u/" in line] == [link, f"{link}/preferences"]
    loud, quiet, _ = re.findall(r'<a href="([^"]+)" style="([^"]+)">([^<]+)</a>', html)
    assert (loud[0], quiet[0]) == (link, f"{link}/preferences")
    assert "font-weight:bold" in loud[1] and "font-weight" not in quiet[1]
    assert loud[2] == "Unsubscribe from all email from Acme Garden LLC"
    assert quiet[2] == "Choose which lists of &lt;b&gt;A &amp; B&lt;/b&gt; you are on"
    assert "unsubscribe" not in quiet[2].lower()


@pytest.mark.duty("D45")
def test_no_channel_is_named_that_does_not_exist():
    text, html = parts(sent(compiled()))
    for part in (text.lower(), html.lower()):
        assert "mailto:" not in part and "reply" not in part and "privacy" not in part


@pytest.mark.duty("D15")
@pytest.mark.parametrize("name", NAMES)
def test_any_trade_name_reads_back_as_one_mailbox(name):
    raw = sent(compiled(facts=replace(FACTS, trade_name=name)))
    author, *others = read(raw)["From"].addresses
    assert (author.addr_spec, others) == ("news@example.org", [])
    # the old parser joins encoded words as RFC 2047 §6.2 says; the modern one of 3.11 puts a space between
    phrase, _ = parseaddr(message_from_bytes(raw)["From"].replace("\r\n", ""))
    assert str(make_header(decode_header(phrase))) == name
    assert all(len(line) <= 76 for line in header_lines(raw))
    assert parts(raw)[0].startswith(f"Advertisement · {name}\n")


@pytest.mark.duty("D82")
@pytest.mark.parametrize("name", NAMES)
def test_any_list_name_keeps_the_list_id(name):
    skeleton = compile_content(content(), FACTS, ListFacts(name, "friends"), CAMPAIGN)
    found = read(sent(skeleton)).get_all("List-Id")
    assert len(found) == 1 and found[0].endswith("<friends.lists.example.org>")


@pytest.mark.parametrize(
    "subject",
    [
        "Covers for roses",
        "Crème brûlée week 🍮",
        "¿Listo para la primavera?",
        "京都の種：新入荷" * 8,
        "👩‍🌾👨‍👩‍👧‍👦" * 10,
        "A very long subject that has to be folded because it has many more words than fit into seventy-six columns",
        "X" * 150,
        "50% = half, =?utf-8?q?no?= encoded word",
        "שלום: ורדים",
    ],
)
def test_any_subject_reads_back_and_is_folded_within_76_columns(subject):
    raw = sent(compiled(subject=subject))
    assert read(raw)["Subject"] == subject
    assert all(len(line) <= 76 for line in header_lines(raw))


def test_everything_is_seven_bit_in_crlf_lines_of_76():
    raw = sent(compiled("<p>" + "ünd “quotes” = 100 % 🌹 " * 300 + "</p>", subject="Grün"), first_name="Zoë")
    assert raw.isascii() and b"\0" not in raw
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 76


def test_lines_that_servers_are_known_to_damage_are_escaped():
    raw = sent(compiled("", text="Dear all,\n.\n.hidden dot\nFrom here on\n" + "x" * 72 + " .and From there"))
    body = raw.partition(b"\r\n\r\n")[2]
    assert not any(line.startswith((b".", b"From ")) for line in body.split(b"\r\n"))
    assert "\n.\n.hidden dot\nFrom here on\n" in parts(raw)[0]


def test_line_ends_of_every_kind_become_crlf():
    assert "a\nb\nc\nd" in parts(sent(compiled("", text="a\r\nb\rc\nd")))[0]


@pytest.mark.duty("D73")
@pytest.mark.parametrize(
    "chosen", [policy.SMTP, policy.compat32.clone(linesep="\r\n")], ids=["modern", "compat32"]
)
def test_python_and_django_write_it_out_again_unchanged(chosen):
    raw = sent(compiled("<p>Grüße, {{ email }}</p>", subject="Grüße an alle, die Rosen und Gärten lieben"))
    assert message_from_bytes(raw, policy=chosen).as_bytes(policy=chosen) == raw


def test_djangos_own_message_class_writes_it_out_again_unchanged():
    raw = sent(compiled(subject="Grüße an alle, die Rosen und Gärten lieben"))
    message = message_from_bytes(raw, _class=ReadByDjango)
    assert message.as_bytes(linesep="\r\n") == raw


class ReadByDjango(SafeMIMEMultipart):
    """Django's class takes other arguments than the parser gives."""

    def __init__(self, policy: object = None) -> None:
        super().__init__(encoding="utf-8")
        for name in self.keys():
            del self[name]


@pytest.mark.duty("D20")
def test_message_ids_differ_per_recipient_and_per_test():
    skeleton = compiled()
    about = [{}, {"address_key": b"b" * 16}]
    ids = [read(fill_one(skeleton, **each))["Message-ID"] for each in about]
    tests = [read(sent(skeleton, is_test=True))["Message-ID"] for _ in range(2)]
    assert len({*ids, *tests}) == 4
    assert all(re.fullmatch(r"\s*<12\.6{1}1(?:61){15}\.t[0-9a-f]{16}@example\.org>", each) for each in tests)


def fill_one(skeleton: Skeleton, **about: bytes) -> bytes:
    return fill(skeleton, replace(recipient(), **about), at=AT).data


@pytest.mark.duty("D17", "D20")
def test_the_envelope_is_the_sender_and_the_one_recipient():
    envelope = fill(compiled(), recipient(address="ada@example.com"), at=AT)
    assert (envelope.mail_from, envelope.rcpt_to) == ("news@example.org", "ada@example.com")


def test_the_link_names_the_mailbox_and_the_campaign_and_marks_tests():
    skeleton = compiled()
    for is_test in (False, True):
        link = read(sent(skeleton, is_test=is_test))["List-Unsubscribe"].strip()[1:-1]
        token = tokens.read(link.rpartition("/")[2])
        assert token == tokens.OptOutToken(b"m" * 16, CAMPAIGN, is_test)


# -- opting out by mail --------------------------------------------------------------------------------


def test_without_inbound_mail_no_way_out_by_mail_is_named():
    raw = sent(compiled())
    assert b"mailto:" not in raw
    assert all("reply" not in part.lower() for part in parts(raw))


def test_with_inbound_mail_the_header_names_an_address_after_the_link(settings):
    settings.INBOUND_DOMAIN = "in.example.org"
    raw = sent(compiled())
    lines = re.findall(
        rb"\r\nList-Unsubscribe: \r\n <(\S+)>,\r\n <mailto:(\S+)>\r\nList-Unsubscribe-Post: ", raw
    )
    assert len(lines) == 1
    link, address = (each.decode() for each in lines[0])
    token = tokens.OptOutToken(b"m" * 16, CAMPAIGN)
    assert tokens.read(link.rpartition("/")[2]) == token
    assert tokens.read_mail(address.removesuffix("@in.example.org")) == token


@pytest.mark.parametrize(
    ("reply_to", "is_named"), [("hello@in.example.org", True), ("hello@example.org", False)]
)
def test_a_reply_is_named_in_both_parts_only_where_it_reaches_us(settings, reply_to, is_named):
    settings.INBOUND_DOMAIN = "in.example.org"
    for part in parts(sent(compiled(facts=replace(FACTS, reply_to=reply_to)))):
        assert part.count("Or reply to this email with UNSUBSCRIBE.") == is_named


def test_the_sample_s_link_is_always_a_test_link():
    link = read(fill(compiled(), SAMPLE, at=AT).data)["List-Unsubscribe"].strip()[1:-1]
    assert tokens.read(link.rpartition("/")[2]).is_test


def test_dates_are_utc_whatever_the_clock_says():
    raw = fill(compiled(), recipient(), at=datetime.fromisoformat("2026-11-24T23:30:00-08:00")).data
    assert read(raw)["Date"].datetime == datetime(2026, 11, 25, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    ["ü@example.org", "a@exämple.org", "a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", "", "a@b",
     "a b@example.org", "Ada <a@example.org>", "a@example.org\n", "\u2028a@example.org"],
)  # fmt: skip
def test_nothing_but_one_ascii_mailbox_gets_a_message(address):
    with pytest.raises(Unfillable) as refused:
        sent(compiled(), address=address)
    assert "@" not in refused.value.reason


@pytest.mark.parametrize(
    "address",
    ['"a, b"@example.org', "a+tag@example.org", "o'hara@example.org", f"{'l' * 64}@{'d' * 60}.example.org"],
)
def test_unusual_ascii_mailboxes_are_named_in_to_alone(address):
    raw = sent(compiled(), address=address)
    assert [each.addr_spec for each in read(raw)["To"].addresses] == [address]
    assert f"at {address} because" in parts(raw)[0]
    assert max(map(len, raw.split(b"\r\n"))) <= 76 + len(address)


# -- skeletons -------------------------------------------------------------------------------------


def test_a_skeleton_comes_back_from_its_bytes_and_fills_the_same():
    skeleton = compiled(
        '<p>Hi {{ first_name|default:"friend" }}</p>', subject='For {{ first_name|default:"you" }}'
    )
    again = Skeleton.from_bytes(memoryview(skeleton.to_bytes()))
    assert again == skeleton and again.to_bytes() == skeleton.to_bytes() and len(again.sha256) == 32
    assert sent(again) == sent(skeleton)


def test_equal_content_compiles_to_equal_bytes_and_any_change_shows():
    assert compiled().to_bytes() == compiled().to_bytes()
    changed = [compiled("<p>Roses want covers now!</p>"), compiled(subject="Other"), compiled(preheader="p")]
    assert len({skeleton.sha256 for skeleton in [compiled(), *changed]}) == 4


@pytest.mark.parametrize(
    "raw",
    [b"", b"candor skeleton 2\n{}\n", b"candor skeleton 1\n", b"candor skeleton 1\n{}\nFrom: x", b"\0" * 50],
)
def test_damaged_skeletons_are_refused(raw):
    with pytest.raises(DamagedSkeleton):
        Skeleton.from_bytes(raw)


def test_a_cut_skeleton_is_refused():
    raw = compiled().to_bytes()
    with pytest.raises(DamagedSkeleton):
        Skeleton.from_bytes(raw[: raw.rindex(b"\0")])


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.duty("D46")
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("form", "as somebody who signed up on a form of Acme"),
        ("customer", "as a customer of Acme"),
        ("event", "as somebody Acme met at an event"),
        ("partner", "through a partner of Acme"),
        ("migration", "from the earlier mailing system of Acme"),
    ],
)
def test_the_reason_comes_from_the_stored_source(source, words):
    assert (
        reason_for("Friends", source, AT, "Acme")
        == f"you are on the list “Friends” {words} since 24 November 2026"
    )


def test_an_unknown_source_gives_no_reason():
    with pytest.raises(ValueError, match="bought"):
        reason_for("Friends", "bought", AT, "Acme")


def test_a_preview_shows_what_would_be_sent():
    seen = preview(compiled("<p>Hi {{ email }}</p>", subject="Grüße", preheader="Look & see"), SAMPLE)
    assert (seen.subject, seen.preheader) == ("Grüße", "Look & see")
    assert f"Hi {SAMPLE.address}" in seen.html and f"Hi {SAMPLE.address}" in seen.text


def test_a_text_only_message_gets_an_html_part_that_says_the_same():
    text, html = parts(sent(compiled("", text="Hello <all>\nsee https://example.com/a?b=1&c=2.\n\nBye")))
    assert "Hello <all>\nsee https://example.com/a?b=1&c=2.\n\nBye" in text
    assert (
        'Hello &lt;all&gt;<br>\nsee <a href="https://example.com/a?b=1&amp;c=2">'
        "https://example.com/a?b=1&amp;c=2</a>.</p>" in html
    )


def test_a_text_of_its_own_replaces_the_one_made_from_html():
    text, html = parts(sent(compiled("<p>HTML words</p>", text="Text words")))
    assert "Text words" in text and "HTML words" not in text
    assert "HTML words" in html and "Text words" not in html


def test_links_and_images_are_written_out_in_the_text_part():
    html = '<p>See <a href="https://example.com/w">winter</a></p><img src="https://example.com/r.png" alt="a rose">'
    text = parts(sent(compiled(html)))[0]
    assert "See winter (https://example.com/w)" in text and "[a rose]" in text


def test_blank_lines_can_not_push_the_footer_away():
    text = parts(sent(compiled("", text="Hi" + "\n \t" * 5000 + "end")))[0]
    assert "\n\n\n\n" not in text and text.count("\n") < 30


@pytest.mark.duty("D18")
@pytest.mark.parametrize("character", ["\r", "\n", "\x85", "\u2028", "\u2029", "\x00", "\x1b", "\ud800"])
@pytest.mark.parametrize("where", ["subject", "preheader"])
def test_line_ends_and_controls_in_lines_are_refused(where, character):
    with pytest.raises(ContentRefused) as refused:
        compiled(**{where: f"Hello{character}Bcc: x@example.org"})
    assert [(problem.code, problem.where) for problem in refused.value.problems] == [
        ("header_characters", where)
    ]


@pytest.mark.parametrize("field", ["legal_name", "trade_name", "contact", "from_email", "reply_to"])
def test_line_ends_in_the_sender_s_facts_are_refused(field):
    with pytest.raises(ContentRefused):
        compiled(facts=replace(FACTS, **{field: "a@example.org\r\nBcc: x@example.org"}))


def test_line_ends_in_the_list_s_name_are_refused():
    with pytest.raises(ContentRefused):
        compile_content(content(), FACTS, ListFacts("Friends\r\nBcc: x@example.org", LIST.slug), CAMPAIGN)


# -- the way back ------------------------------------------------------------------------------------


@pytest.mark.duty("D66", "D86")
def test_the_way_back_asks_once_and_advertises_nothing():
    envelope = way_back_notice(FACTS, "ada@example.com", "https://m.example.org/w/1", asked_at=AT)
    message = read(envelope.data)
    assert message.keys() == [
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
    ]  # fmt: skip
    assert message["Subject"] == "Please confirm: email from Acme Garden again"
    lines = message.get_content().splitlines()
    assert "https://m.example.org/w/1" in lines and "1450 Rose Street" in lines
    assert "On 24 November 2026, 09:30 UTC somebody asked" in lines[0]
