"""Merge fields: what authors may write, and that no value can do more than stand where it stands."""

import re
import unicodedata
from email.header import decode_header, make_header
from html import escape, unescape
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import document_fromstring

from mailer.rendering import ContentRefused
from tests.mailer.messages import compiled, parts, read, sent

FRIEND = '{{ first_name|default:"friend" }}'


def problems(**content: str) -> list[tuple[str, str]]:
    with pytest.raises(ContentRefused) as refused:
        compiled(content.pop("html", "<p>Hi</p>"), **content)
    return [(problem.code, problem.where) for problem in refused.value.problems]


@pytest.mark.parametrize(
    "field",
    [
        '{{ first_name|default:"friend" }}',
        "{{first_name|default:'friend'}}",
        "{{ first_name | default : “friend” }}",
        "{{\u00a0first_name|default:&quot;friend&quot;\u00a0}}",
        "{{&nbsp;first_name|default:&#39;friend&#39; }}",
        '{{\n first_name\n|default:"friend"\n}}',
    ],
)
def test_a_field_is_read_as_editors_write_it(field):
    skeleton = compiled(f"<p>Hi {field}!</p>")
    assert "Hi Dana!" in parts(sent(skeleton, first_name="Dana"))[1]
    assert "Hi friend!" in parts(sent(skeleton, first_name=""))[1]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ('{{ firstname|default:"x" }}', "there is no field “firstname”"),
        ("{{ contact.first_name }}", "there is no field “contact.first_name”"),
        ("{{ first_name }}", "not everybody has a first name"),
        ("{{ last_name|default }}", "names no default"),
        ('{{ first_name|upper:"x" }}', "there is no filter “upper”"),
        ('{{ first_name|default:"a"|upper }}', "can’t be read"),
        ('{{ first_name|default:"' + "x" * 81 + '" }}', "longer than 80"),
        ("{{ }}", "can’t be read"),
        ("{{ <b>first_name</b> }}", "formatting inside its braces"),
        ("{{ email", "no complete merge field"),
        ("email }}", "no complete merge field"),
        ("{% if first_name %}", "no complete merge field"),
        ("{# note #}", "no complete merge field"),
        ("{{{ email }}}", "no complete merge field"),
    ],
)
@pytest.mark.parametrize("where", ["subject", "preheader", "html", "text"])
def test_what_is_no_field_is_refused_in_words_where_it_stands(field, words, where):
    body = f"<p>Hi {field} there</p>" if where == "html" else f"Hi {field} there"
    with pytest.raises(ContentRefused, match=re.escape(words)) as refused:
        compiled(**({"html": "<p>x</p>"} | {where: body}))
    assert {problem.where for problem in refused.value.problems} == {where}


def test_every_problem_is_named_at_once():
    assert problems(subject="{{ x }}", preheader="{{ y }}", html="<p>{{ z }}</p>", text="{% u %}") == [
        ("merge_field", "subject"),
        ("merge_field", "preheader"),
        ("merge_field", "html"),
        ("merge_field", "text"),
    ]


def test_braces_in_style_sheets_are_no_fields():
    html = "<style>@media (max-width:9px){p{color:#ff0000}}</style><p>Hi</p>"
    assert "Hi" in parts(sent(compiled(html)))[1]


@pytest.mark.duty("D47")
@pytest.mark.parametrize(
    "html",
    [
        f'<a href="{FRIEND}">x</a>',
        '<a href="https://{{ email }}/?a=b">x</a>',
        '<a href="https://example.com/{{ email }}">x</a>',
        '<a href="https://example.com/#{{ email }}">x</a>',
        '<a href="mailto:{{ email }}?subject=x">x</a>',
        '<img src="https://example.com/?{{ email }}" alt="x">',
        f'<p style="color:{FRIEND}">x</p>',
        f'<p class="x" lang="{FRIEND}">x</p>',
    ],
)
def test_no_field_may_choose_where_a_link_goes(html):
    assert ("merge_field_place", "html") in problems(html=html)


def test_no_field_may_choose_where_a_link_in_text_goes():
    assert problems(html="", text="See https://example.com/{{ email }} now") == [
        ("merge_field_place", "text")
    ]


def test_values_in_links_stay_one_value_of_the_query():
    html = "<a href=\"https://example.com/hi?n={{ first_name|default:'x' }}&b=2#top\">hi</a>"
    skeleton = compiled(html, text='Go https://example.com/hi?n={{ first_name|default:"x" }}&b=2 now')
    text, document = parts(sent(skeleton, first_name="A&b=3#\"'>é"))
    link = document_fromstring(document).body.find(".//a").get("href")
    assert parse_qs(urlsplit(link).query) == {"n": ["A&b=3#\"'>é"], "b": ["2"]}
    assert f"Go https://example.com/hi?n={quote('A&b=3#', safe='')}" in text and "&b=2 now" in text


def test_a_value_stands_in_alt_and_title_as_text():
    html = f'<img src="https://example.com/a.png" alt="For {FRIEND}" title="{FRIEND}">'
    image = document_fromstring(parts(sent(compiled(html), first_name='"><b>'))[1]).body.find(".//img")
    assert (image.get("alt"), image.get("title")) == ('For "><b>', '"><b>')


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Dana", "Dana"),
        ("Zoë", "Zoë"),
        ("Anne-Marie d’Arc", "Anne-Marie d’Arc"),
        ("O'Neill Jr.", "O'Neill Jr."),
        ("محمد", "محمد"),
        ("नेहा", "नेहा"),
        ("", "you"),
        ("   ", "you"),
        ("x" * 41, "you"),
        ("$1,000,000", "you"),
        ("50% off", "you"),
        ("Dana!", "you"),
        ("Re", "you"),
        ("fwd", "you"),
        ("🌹", "you"),
        ("win at https://evil.example", "you"),
        ("a@example.org", "you"),
        ("Dana\r\nBcc: x@example.org", "you"),
        ("Da\u200bna", "Dana"),
        ("\u202eanaD", "anaD"),
    ],
)
def test_a_subject_takes_only_names(name, shown):
    raw = sent(compiled(subject='{{ first_name|default:"you" }}: covers for roses'), first_name=name)
    assert read(raw)["Subject"] == f"{shown}: covers for roses"


@pytest.mark.parametrize("name", ["Re", "FWD", "Aw", "回复"])
def test_no_name_makes_a_reply_of_a_subject_or_preheader(name):
    skeleton = compiled(
        subject='{{ first_name|default:"You" }}: covers', preheader='{{ first_name|default:"You" }}: look'
    )
    raw = sent(skeleton, first_name=name)
    assert read(raw)["Subject"] == "You: covers" and "You: look</div>" in parts(raw)[1]
    half = compiled(subject='{{ first_name|default:"You" }}wd: covers')
    assert read(sent(half, first_name="F"))["Subject"] == "Youwd: covers"


def test_no_author_can_write_the_words_that_stand_in_for_fields():
    forged = f"zq0z z{'0' * 20}q0z z{'f' * 20}q1z"
    assert all(forged in part for part in parts(sent(compiled(f"<p>{forged} {{{{ email }}}}</p>"))))


def test_an_address_in_the_preheader_is_escaped():
    raw = sent(compiled(preheader="For {{ email }}"), address="a&lt=b@example.org")
    assert "For a&amp;lt=b@example.org</div>" in parts(raw)[1]


def test_a_missing_name_leaves_no_double_space():
    skeleton = compiled(subject='Hello {{ first_name|default:"" }} again {{ last_name|default:"" }}')
    assert read(sent(skeleton, first_name="", last_name=""))["Subject"] == "Hello again"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  Dana\t\r\n Lee ", "Dana Lee"),
        ("Da\u2028na", "Da na"),
        ("\u202eanaD\x00\x1b[8m", "anaD[8m"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("free money www.evil.example", "friend"),
        ("https://evil.example", "friend"),
        ("{{ email }}", "{{ email }}"),
    ],
)
def test_a_name_is_one_visible_line_without_links(name, shown):
    text, html = parts(sent(compiled(f"<p>Hi {FRIEND}!</p>"), first_name=name))
    assert f"Hi {shown}!" in text and f"Hi {escape(shown)}!" in html


NAMES = st.text(st.characters(exclude_categories=()), max_size=120) | st.sampled_from(
    ["\r\nBcc: x@example.org", "=\r\n", "=0D=0A", "=?utf-8?q?=0D=0A?=", "</div></body>", "<!--",
     "<style>*{display:none}", '" onmouseover="x', "' x='", "--=_", ".\r\n.\r\nQUIT", "]]>", "&lt;", "\0",
     "a" * 500, "é" * 500]
)  # fmt: skip
EVERYWHERE = compiled(
    '<p>a{{ first_name|default:"f" }}b</p><a href="https://example.com/?q={{ last_name|default:"l" }}" '
    'title="{{ first_name|default:"f" }}">c{{ first_name|default:"f" }}{{ last_name|default:"l" }}d</a>',
    subject='S {{ first_name|default:"f" }} {{ last_name|default:"l" }} S',
    preheader='P {{ first_name|default:"f" }} P',
    text='T{{ first_name|default:"f" }}T\n{{ last_name|default:"l" }}T '
    'https://example.com/?q={{ last_name|default:"l" }}',
)
PLAIN = sent(EVERYWHERE, first_name="Dana", last_name="Miller")


@pytest.mark.duty("D18", "D83")
@given(first=NAMES, last=NAMES)
def test_no_value_changes_anything_but_the_place_it_stands_in(first, last):
    raw = sent(EVERYWHERE, first_name=first, last_name=last)
    assert raw.isascii() and b"\0" not in raw
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw) and max(map(len, raw.split(b"\r\n"))) <= 76
    message = read(raw)
    assert message.keys() == read(PLAIN).keys()
    subject = str(make_header(decode_header(str(message["Subject"]))))
    assert subject.startswith("S ") and len(subject) <= 86
    assert all(unicodedata.category(letter)[0] in "LM" or letter in " '.’-" for letter in subject)
    text, html = parts(raw)
    assert shape(html) == shape(parts(PLAIN)[1])
    assert text.count("\n") == parts(PLAIN)[0].count("\n")
    assert text.startswith("Advertisement · Acme Garden\n\nT") and text.endswith("\n+1 503 555 0100\n")


def shape(html: str) -> list[tuple[str, list[str]]]:
    """Tags and attribute names in order: what a browser builds from it."""
    return [(element.tag, sorted(element.attrib)) for element in document_fromstring(html).iter()]


@given(name=st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=80))
def test_every_visible_name_arrives_as_it_is(name):
    text, html = parts(sent(compiled(f"<p>{FRIEND}</p>"), first_name=name))
    shown = "friend" if "/" in name or "www." in name.lower() else name
    assert text.split("\n")[2] == shown
    assert f"<p>{shown}</p>" in unescape(html)


@given(words=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200))
def test_every_subject_reads_back_or_is_refused(words):
    try:
        raw = sent(compiled(subject=words))
    except ContentRefused:
        assert re.search(r"\{\{|\}\}|\{%|%\}|\{#|#\}", words)
        return
    (value,) = re.findall(rb"^Subject:(.*?)\r\n(?! )", raw, re.MULTILINE | re.DOTALL)
    assert str(make_header(decode_header(value.decode().replace("\r\n", "").strip(" ")))).strip(
        " "
    ) == words.strip(" ")
    assert max(map(len, raw.split(b"\r\n"))) <= 76


@given(body=st.text(max_size=400))
def test_every_text_arrives_or_is_refused(body):
    try:
        text = parts(sent(compiled("<p>x</p>", text=body)))[0]
    except ContentRefused:
        return
    assert text.startswith("Advertisement · Acme Garden\n") and text.endswith("\n+1 503 555 0100\n")


@given(html=st.text(max_size=400) | st.lists(st.sampled_from(
    ["<div>", "</div>", "<table>", "<tr>", "<td>", "</table>", "<p>", "<a href='https://x.example'>", "</a>", "<b>",
     "</i>", "<!--", "-->", "<style>", "</style>", "*{display:none}", "<template>", "<svg>", "<title>", "<select>",
     "</body>",
     "</html>", "x", " style=display:none ", "<img src=https://x.example/a alt='", "'", '"', ">", "<", "<div hidden>",
     "<plaintext>", "<textarea>", "<math>", "<caption>", "<colgroup>", "<frameset>", "<![CDATA[", "]]>", "<font",
     "<li>"]
), max_size=40).map("".join))  # fmt: skip
def test_label_first_and_footer_last_for_any_html(html):
    try:
        text, document = parts(sent(compiled(html)))
    except ContentRefused:
        return
    label, author, footer = document_fromstring(document).body.getchildren()
    assert label.text_content() == "Advertisement · Acme Garden" and author.tag == "div"
    assert footer.text_content().startswith("\nThis email is") and footer.text_content().endswith(
        "+1 503 555 0100\n"
    )
    assert text.startswith("Advertisement · Acme Garden\n") and text.endswith("\n+1 503 555 0100\n")
