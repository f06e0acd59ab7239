"""Layouts: an author's words come out whole, in MJML's clothes, with Candor's law around them as ever."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import document_fromstring

from mailer.compliance import check, check_skeleton
from mailer.rendering import MJML, Brand, ContentRefused, body_of, columns
from tests.mailer.messages import FRIENDS, compiled, content, parts, sender, sent

LAYOUTS = ("newsletter", "announcement", "letter")
BODY = """<h1>The garden in winter</h1><p>Hello {{ first_name|default:"friend" }}, see what is
<a href="https://www.example.org/new?a=1&amp;n={{ first_name|default:"" }}">new</a>.</p>
<ul><li>Cover roses &amp; figs.</li><li>Sow beans.</li></ul><hr>
<h2>Covers</h2><p><img src="https://img.example.org/rose.png" alt="A rose under jute" width="600"></p>
<p>Jute breathes.</p><p><a href="https://www.example.org/covers?n={{ first_name|default:"" }}">See the covers</a></p>
<h2>What to sow</h2><table><tr><th>Sort</th><th>By</th></tr><tr><td>Aquadulce</td><td>15 December</td></tr></table>
<blockquote><p>The best bean is in the ground.</p></blockquote>loose words<div>boxed <b>bold</b></div>"""
WORDS = (
    "The garden in winter", "Cover roses & figs.", "Sow beans.", "Covers", "Jute breathes.", "See the covers",
    "What to sow", "Sort", "Aquadulce", "15 December", "The best bean is in the ground.", "loose words",
    "boxed", "bold",
)  # fmt: skip
OWN = """<?xml version="1.0"?>
<mjml>
  <mj-head>
    <mj-font name="Raleway" href="https://fonts.example/css?family=Raleway" />
    <mj-attributes><mj-text padding="0 24px" />
      <mj-all font-family="Raleway, Georgia, serif"></mj-all></mj-attributes>
    <mj-style>.lead { color: #333333 } @media all { * { display: none } }</mj-style>
    <mj-title>Winter</mj-title>
  </mj-head>
  <mj-body background-color="#f4f2ed">
    <!-- <mj-foo> -->
    <mj-section background-color="#ffffff">
      <mj-column width="33.333%">
        <mj-image src="https://img.example.org/rose.png" alt="A &quot;rose&quot;" /></mj-column>
      <mj-column width="66.666%" css-class="w5 evil">
        <mj-text css-class="lead">Hello {{ first_name|default:"friend" }}<br>these&nbsp;are <b>new</b> <i>open</mj-text>
        <mj-button href="https://www.example.org/?a=1&amp;n={{ first_name|default:"" }}">See {{
          last_name|default:"all" }}</mj-button>
        <mj-table><tr><th>Sort</th><td>Aquadulce</td></tr></mj-table>
      </mj-column>
    </mj-section>
    <mj-section><mj-group><mj-column width="200px"><mj-text>Left</mj-text></mj-column>
      <mj-column><mj-text>Right</mj-text></mj-column></mj-group></mj-section>
  </mj-body>
</mjml>"""


def tree(html: str):
    return document_fromstring(html.encode())


def styles(html: str) -> list[str]:
    return re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)


def found_in(findings: list) -> list:
    """What the rules say but for the warning that pictures lie elsewhere: ours here do."""
    return [finding for finding in findings if finding.rule != "image_host"]


def refused(source: str, layout: str = MJML) -> list[str]:
    with pytest.raises(ContentRefused) as refusal:
        compiled(source, layout=layout)
    return [problem.message for problem in refusal.value.problems]


# -- our own layouts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_word_link_and_picture_of_the_author_is_in_both_parts(layout):
    skeleton = compiled(BODY, layout=layout)
    text, html = parts(sent(skeleton, first_name="Ben & <Co>"))
    shown = " ".join(tree(html).text_content().split())
    links = [a.get("href") for a in tree(html).iter("a")]
    for words in (*WORDS, "Hello Ben & <Co>,"):
        assert words in shown, words
        assert words in " ".join(text.split()), words
    for place in ("new?a=1&n=", "covers?n="):
        link = f"https://www.example.org/{place}Ben%20%26%20%3CCo%3E"
        assert link in links
        assert link in text
    assert [(i.get("src"), i.get("alt")) for i in tree(html).iter("img")] == [
        ("https://img.example.org/rose.png", "A rose under jute")
    ]
    assert "A rose under jute" in text
    assert found_in(check_skeleton(skeleton, None)) == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_passes_the_gate_and_only_our_style_sheet_is_in_it(layout):
    written = content(BODY, layout=layout, preheader="Jute, beans and more")
    assert found_in(check(written, sender(), [FRIENDS], 1)) == []
    _, html = parts(sent(compiled(BODY, layout=layout)))
    assert all(columns.is_ours(sheet) for sheet in styles(html))
    assert "font-face" not in html
    assert "<!--" not in html
    assert len(html.encode()) < 20_000


def test_an_article_with_a_picture_has_two_columns_where_there_is_room():
    _, html = parts(sent(compiled(BODY, layout="newsletter")))
    [sheet] = styles(html)
    assert ".m .w38{width:38%!important;max-width:38%!important}" in sheet
    inlined = {box.get("class"): box.get("style") for box in tree(html).iter("div") if box.get("class")}
    assert "width:100%" in inlined["w38"]  # a phone, and a program that drops style sheets, stacks them


def test_label_and_footer_wear_the_brand():
    brand = Brand(ink="#2b2022", accent="#8a2b3b", ground="#f6efe9", font="georgia")
    for layout, paper in (("announcement", "#f6efe9"), ("letter", "#ffffff"), ("", "#ffffff")):
        _, html = parts(sent(compiled(BODY, layout=layout, brand=brand)))
        for role in ("note", "contentinfo"):
            [box] = tree(html).xpath(f'//*[@role="{role}"]')
            assert f"background:{paper};color:#2b2022;" in box.get("style")
            assert "Georgia" in box.get("style")
        assert "color:#8a2b3b" in tree(html).xpath('//*[@role="contentinfo"]//a')[0].get("style")


def test_the_logo_stands_for_the_name():
    brand = Brand(logo="https://mail.example.org/i/logo.png", logo_width=120)
    _, html = parts(sent(compiled(layout="newsletter", brand=brand)))
    [logo] = tree(html).iter("img")
    assert (logo.get("src"), logo.get("alt"), logo.get("width")) == (brand.logo, "Acme Garden", "120")


def test_plain_text_can_wear_a_layout():
    text, html = parts(
        sent(compiled("", text="Roses want covers.\n\nSee https://example.org/a", layout="letter"))
    )
    assert "Roses want covers." in tree(html).text_content()
    assert "https://example.org/a" in [a.get("href") for a in tree(html).iter("a")]
    assert text.startswith("Advertisement · Acme Garden\n\nRoses want covers.\n\nSee https://example.org/a\n")


def test_a_letter_has_no_buttons():
    _, html = parts(
        sent(compiled('<p>Hi</p><p><a href="https://example.org/">Come</a></p>', layout="letter"))
    )
    [link] = [a for a in tree(html).iter("a") if a.get("href") == "https://example.org/"]
    assert "text-decoration:underline" in link.get("style")
    assert "background-color" not in link.get("style")


def test_an_unknown_layout_and_an_empty_body_are_refused():
    assert refused("<p>Hi</p>", layout="brochure") == ["There is no layout “brochure”. Choose another."]
    assert refused(" ", layout="newsletter") == ["There is no body. Write what the message says."]


@pytest.mark.parametrize("layout", (*LAYOUTS, MJML))
def test_equal_content_gives_equal_bytes(layout):
    source = OWN if layout == MJML else BODY
    assert compiled(source, layout=layout).to_bytes() == compiled(source, layout=layout).to_bytes()


@settings(max_examples=20, deadline=None)
@given(
    st.text(st.sampled_from("<>/=\"' &;pdivtableh12rulihrimgasrctyle:{}x1%-!\n"), max_size=200),
    st.sampled_from(LAYOUTS),
)
def test_whatever_is_written_a_layout_loses_no_law(written, layout):
    try:
        skeleton = compiled(f"<p>Roses want covers</p>{written}", layout=layout)
    except ContentRefused as refusal:
        assert all(problem.message for problem in refusal.problems)
        return
    blocking = {finding.rule for finding in check_skeleton(skeleton, None) if finding.severity == "block"}
    assert not blocking & {"label_first", "footer_last", "readable"}


@pytest.mark.parametrize("style", ["color:;", "color", "color:;x", ":red", "a:b;;{", "color:red;'"])
def test_a_style_that_is_broken_costs_nobody_their_message(style):
    _, html = parts(
        sent(compiled(f'<style>p{{color:#333333}}</style><p style="{style}">Roses want covers.</p>'))
    )
    assert "Roses want covers." in html


# -- an author's MJML ------------------------------------------------------------------------------------


def test_own_mjml_is_compiled_with_its_fields_in_text_buttons_and_links():
    skeleton = compiled(OWN, layout=MJML)
    text, html = parts(sent(skeleton, first_name="Ben & <Co>", last_name=""))
    shown = " ".join(tree(html).text_content().split())
    for words in ("Hello Ben & <Co>", "these are new open", "See all", "Aquadulce", "Left", "Right"):
        assert words in shown.replace("\xa0", " "), words
        assert words in " ".join(text.replace("\xa0", " ").split()), words
    link = "https://www.example.org/?a=1&n=Ben%20%26%20%3CCo%3E"
    assert link in [a.get("href") for a in tree(html).iter("a")]
    assert link in text
    assert [image.get("alt") for image in tree(html).iter("img")] == ['A "rose"']
    assert found_in(check_skeleton(skeleton, None)) == []


def test_nothing_of_an_authors_style_sheets_fonts_and_classes_is_sent():
    _, html = parts(sent(compiled(OWN, layout=MJML)))
    [sheet] = styles(html)
    assert columns.is_ours(sheet)
    assert sorted(re.findall(r"\.m \.([\w-]+)", sheet)) == ["p200", "w100", "w33-33", "w50", "w66-67"]
    assert not re.search("fonts.example|evil|display:none|mj-|w5\\b", html)
    assert "color:#333333" in html  # inlined where it applied
    assert "background:#f4f2ed;color:#1a1a1a;font:bold 14px" in html  # the label stands on the author's paper


def test_paper_on_which_the_label_could_not_be_read_becomes_white():
    dark = OWN.replace("#f4f2ed", "#333333")
    _, html = parts(sent(compiled(dark, layout=MJML)))
    assert "background:#ffffff;color:#1a1a1a;font:bold 14px" in html


SECTION = "<mj-section><mj-group>"
BROKEN = (
    ("<mj-text css", "<mj-txet css", 16, "There is no <mj-txet>. Is it <mj-text>?"),
    (
        "</mj-column>\n    </mj-section>",
        "</mj-section>",
        19,
        "</mj-section> closes nothing; <mj-column> of line 15 is still open.",
    ),
    ("</mj-body>\n</mjml>", "", 10, "<mj-body> is never closed."),
    ("open</mj-text>", "open", 17, "<mj-button> stands in <mj-text> of line 16, which holds HTML only."),
    (
        SECTION,
        f"<mj-text>a</mj-text>{SECTION}",
        21,
        "<mj-text> can’t stand in <mj-body>; it belongs into <mj-column>",
    ),
    ('alt="A', "alt=A", 14, "<mj-image> can’t be read from “alt=A"),
    ("<mj-table>", "words<mj-table>", 18, "“words” stands in <mj-column>, where nobody would see it."),
    ('&quot;" />', '&quot;">', 14, "</mj-column> closes nothing; <mj-image> of line 14 is still open."),
    (SECTION, f"<mj-include path='/etc/passwd' />{SECTION}", 21, "<mj-include> is not sent. Candor opens no"),
    (SECTION, f"<mj-hero></mj-hero>{SECTION}", 21, "<mj-hero> is not sent. Pictures behind text"),
    ("<mjml>", "<div>", 2, "“<div>” stands outside of <mjml>"),
    ("<mj-body", "<mj-body></mj-body><mj-body", 2, "It needs one <mj-body>."),
)


@pytest.mark.parametrize(("old", "new", "line", "said"), BROKEN)
def test_broken_mjml_is_told_with_its_line(old, new, line, said):
    assert old in OWN
    [message] = refused(OWN.replace(old, new, 1))
    assert message.startswith(f"Line {line} of the MJML: {said}")


def test_mjml_without_mjml_is_told():
    assert refused("<p>Hi</p>") == [
        "Line 1 of the MJML: “<p>Hi</p>” stands outside of <mjml>, where nobody would see it. Put it into <mj-text>."
    ]
    assert refused("<mjml>") == ["Line 1 of the MJML: <mjml> is never closed."]


def test_pictures_of_other_companies_are_not_fetched_for_social_links():
    social = '<mj-social><mj-social-element name="facebook" href="https://example.org/">F</mj-social-element></mj-social>'
    [message] = refused(OWN.replace("<mj-table>", f"{social}<mj-table>"))
    assert "needs a src of your own" in message


def test_claims_are_held_against_what_the_body_says_and_not_its_title():
    said = body_of(content(OWN, layout=MJML))
    assert "Winter" not in said
    assert "color: #333333" not in said
    assert 'Hello {{ first_name|default:"friend" }}' in said


HUGE = {
    "many sections": f"<mjml><mj-body>{'<mj-section></mj-section>' * 40_000}</mj-body></mjml>",
    "nested sections": "<mjml><mj-body>" + "<mj-section><mj-column>" * 10_000,
    "nested wrappers": "<mjml><mj-body>" + "<mj-wrapper>" * 10_000,
    "nested tables": OWN.replace("open</mj-text>", f"{'<table><tr><td>' * 6_000}</mj-text>"),
    "open quotes": "<mjml><mj-body " + "a=\" <mj-text b='" * 50_000,
    "attributes": "<mjml><mj-body " + "".join(f'a{n}="b" ' for n in range(80_000)) + "></mj-body></mjml>",
    "open comments": "<mjml>" + "<!--" * 200_000,
    "open braces": "<mjml>" + "{{ " * 300_000,
    "no tags": "<mjml" * 150_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_huge_mjml_is_refused_in_words_and_soon(name):
    began = time.process_time()
    messages = refused(HUGE[name])
    assert messages and all(len(message) < 400 for message in messages)
    assert time.process_time() - began < 5


LARGE = {
    "nested tables": ("<table><tr><td>" * 6_000, "nests more than 150 elements"),
    "many paragraphs": ("<p>some words</p>" * 9_000, "Mail programs cut a message at about 102 kB"),
    "many tags": ("<b>x</b>" * 10_001, "more than 20,000 tags"),
    "thirty megabytes": ("<b>x" * 7_500_000, "30,000,000 characters; 1,000,000 is the most"),
    "bytes that are no text": ("<p>\udcff</p>", "holds bytes that are no text"),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("layout", (*LAYOUTS, MJML))
def test_too_much_in_any_layout_is_refused_in_words_and_soon(name, layout):
    body, words = LARGE[name]
    if layout == MJML:
        body = OWN.replace("open</mj-text>", f"{body}</mj-text>")
        words = words.replace("30,000,000", f"{len(body):,}")
    began = time.process_time()
    assert any(words in message for message in refused(body, layout))
    assert time.process_time() - began < 20


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_no_damage_to_mjml_breaks_anything(data):
    """Whatever is cut out or put in, it is refused in words or sent with its law."""
    start = data.draw(st.integers(0, len(OWN)))
    end = data.draw(st.integers(start, min(len(OWN), start + 30)))
    put = data.draw(st.text(st.sampled_from("<>/mj-textsectioncolumn=\"' 0%;&{}\0\u202e"), max_size=12))
    try:
        skeleton = compiled(OWN[:start] + put + OWN[end:], layout=MJML)
    except ContentRefused as refusal:
        assert all(problem.message for problem in refusal.problems)
        return
    _, html = parts(sent(skeleton))
    assert all(columns.is_ours(sheet) for sheet in styles(html))
    blocking = {finding.rule for finding in check_skeleton(skeleton, None) if finding.severity == "block"}
    assert not blocking & {"label_first", "footer_last", "readable"}
