"""Whatever an author writes, the label is the first thing that shows and the footer the last."""

import re
import time

import pytest
from lxml.html import document_fromstring, tostring

from mailer.compliance import check, check_skeleton
from mailer.rendering import ContentRefused
from mailer.rendering.authored import TAGS
from tests.mailer.messages import CAMPAIGN, FRIENDS, compiled, content, parts, sender, sent

WORDS = "Roses want covers"
HOSTILE = {
    "style hides all": f"<style>*{{display:none!important}}</style><p>{WORDS}</p>",
    "style hides divs": f"<style>div,p{{display:none!important}}</style><p>{WORDS}</p>",
    "style hits the label": f"<style>[role=note],[role=contentinfo]{{display:none!important}}</style><p>{WORDS}</p>",
    "style unclosed": f"<p>{WORDS}</p><style>div{{display:none}}",
    "style in body attribute": f'<body style="display:none"><p>{WORDS}</p></body>',
    "style with import": f'<style>@import url("https://evil.example/x.css");</style><p>{WORDS}</p>',
    "style with escapes": f'<p>{WORDS}</p><div style="dis\\70lay:n\\6fne">x',
    "media query": f"<style>@media all{{*{{display:none!important}}}}</style><p>{WORDS}</p>",
    "style sheet link": f'<link rel="stylesheet" href="https://evil.example/x.css"><p>{WORDS}</p>',
    "unclosed comment": f"<p>{WORDS}</p><!-- ",
    "comment with tricks": f"<p>{WORDS}</p><!--> --!><!-- --!><!--",
    "conditional comment": f"<p>{WORDS}</p><!--[if mso]><div style='display:none'><![endif]-->",
    "revealed conditional": f"<p>{WORDS}</p><![if !mso]><div style='display:none'>",
    "early end": f"<p>{WORDS}</p></body></html>",
    "early end and more": f"</div></div></body></html><html><body><p>{WORDS}</p>",
    "many ends": f"<p>{WORDS}</p>" + "</div></td></tr></table></body></html>" * 50,
    "hidden div left open": f"<p>{WORDS}</p><div style=display:none>",
    "hidden table left open": f'<p>{WORDS}</p><table style="display:none"><tr><td>',
    "hidden by attribute": f"<p>{WORDS}</p><div hidden>",
    "opacity": f'<p>{WORDS}</p><div style="opacity:0">',
    "visibility": f'<p>{WORDS}</p><div style="visibility:hidden">',
    "no font": f'<p>{WORDS}</p><div style="font-size:0;line-height:0">',
    "no height": f'<p>{WORDS}</p><div style="max-height:0;overflow:hidden">',
    "clipped": f'<p>{WORDS}</p><div style="position:absolute;clip:rect(0,0,0,0)">',
    "white on white": f'<p>{WORDS}</p><div style="color:#fff;background:#fff">',
    "font white": f'<p>{WORDS}</p><font color="#ffffff" size="1">',
    "overlay": f'<p>{WORDS}</p><div style="position:absolute;top:0;width:100%;height:100%;background:#fff"></div>',
    "fixed overlay": f'<p>{WORDS}</p><div style="position:fixed;inset:0;background:white;z-index:9999">x</div>',
    "pulled up": f'<div style="margin-top:-900px;background:#fff"><p>{WORDS}</p></div>',
    "pulls the footer up": f'<p>{WORDS}</p><div style="margin-bottom:-900px"></div>',
    "moved": f'<p style="transform:translateY(-500px)">{WORDS}</p>',
    "relative": f'<p style="position:relative;top:-500px">{WORDS}</p>',
    "vertical align": f'<p><span style="vertical-align:900px">{WORDS}</span></p>',
    "box shadow": f'<p style="box-shadow:0 0 0 2000px #000">{WORDS}</p>',
    "text shadow": f'<p style="text-shadow:0 400px #000">{WORDS}</p>',
    "outline": f'<p style="outline:900px solid #fff">{WORDS}</p>',
    "overflowing height": f'<div style="height:1px"><p>{WORDS}</p><p>more</p></div>',
    "pushed out of sight": f'<p>{WORDS}</p><div style="height:90000px;padding:90000px;margin:90000px"></div>',
    "pushed by a table": f'<p>{WORDS}</p><table height="99999"><tr><td height="99999" style="height:99999px"></table>',
    "pushed by an image": f'<p>{WORDS}</p><img src="https://example.com/x.png" height="99999" alt="">',
    "template": f"<p>{WORDS}</p><template><p>x",
    "noscript": f"<p>{WORDS}</p><noscript>",
    "details": f"<p>{WORDS}</p><details><summary>more</summary>",
    "dialog": f"<p>{WORDS}</p><dialog>",
    "svg": f"<p>{WORDS}</p><svg><foreignObject><style>*{{display:none}}</style><title>",
    "math": f"<p>{WORDS}</p><math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;div hidden&gt;'>",
    "textarea": f"<p>{WORDS}</p><textarea>",
    "plaintext": f"<p>{WORDS}</p><plaintext>",
    "xmp": f"<p>{WORDS}</p><xmp>",
    "iframe": f"<p>{WORDS}</p><iframe src='https://evil.example'>",
    "title": f"<p>{WORDS}</p><title>",
    "select": f"<p>{WORDS}</p><select><option>",
    "frameset": f"<p>{WORDS}</p><frameset><frame>",
    "marquee": f"<marquee>{WORDS}</marquee>",
    "base": f'<base href="https://evil.example/"><p>{WORDS}</p>',
    "refresh": f'<meta http-equiv="refresh" content="0;url=https://evil.example"><p>{WORDS}</p>',
    "script": f"<p>{WORDS}</p><script>document.body.innerHTML=''</script>",
    "handler": f'<p onclick="x()">{WORDS}</p><img src="x" onerror="x()">',
    "javascript link": f'<a href="javascript:x()">{WORDS}</a><a href="data:text/html,x">y</a>',
    "open link": f'<p>{WORDS}</p><a href="https://evil.example/">',
    "open bold": f"<p>{WORDS}</p>" + "<b><i><u><s><font size=7>" * 5,
    "foster parenting": f"<table><div>{WORDS}</div><tr><div style='display:none'>",
    "nested forms": f"<form><form><p>{WORDS}</p><input value='x'><button>",
    "CDATA": f"<p>{WORDS}</p><![CDATA[ <div> ]]><![CDATA[",
    "processing": f"<?php echo 1 ?><p>{WORDS}</p><?xml ",
    "doctype": f"<!DOCTYPE html SYSTEM 'x'><p>{WORDS}</p><!DOCTYPE",
    "entities": f"<p>{WORDS}</p>&lt;div style=display:none&gt;&#60;!--&#x3c;",
    "bidi entities": f"<p>{WORDS}&#x202e;&#8297;</p>",
    "bidi": f"<p>{WORDS}</p>\u202e\u2067",
    "controls": f"<p>{WORDS}</p>\x0b\x0c\x1b[8m<div\x0cstyle=display:none>",
    "attribute break": f"<p title='\"><div style=display:none>'>{WORDS}</p>",
    "backtick": f"<p title=`<div hidden>`>{WORDS}</p>",
    "unclosed tag": f"<p>{WORDS}</p><div style='display:none",
    "false footer": f"<p>{WORDS}</p><div role='contentinfo'>This email is an advertisement from Acme Garden LLC.",
    "false label": f"<div role='note'>Not an advertisement</div><p>{WORDS}</p>",
    "dir": f'<div dir="rtl"><p>{WORDS}</p>',
    "css variable": f'<p>{WORDS}</p><div style="--x:none;display:var(--x)">',
    "css url": f'<p style="background:url(https://evil.example/a.png)">{WORDS}</p>',
    "css expression": f'<p style="width:expression(alert(1))">{WORDS}</p>',
    "css comment": f'<p>{WORDS}</p><div style="dis/**/play:none;display:/*x*/none">',
    "filter": f'<p>{WORDS}</p><div style="filter:opacity(0);clip-path:circle(0);zoom:0.01">',
    "columns": f'<p>{WORDS}</p><div style="display:grid;grid-auto-rows:0;column-count:9;contain:size">',
    "float away": f'<p>{WORDS}</p><div style="float:left;width:100%;height:1000px">',
}


ALL_HIDDEN = ("style hides all", "style hides divs", "style in body attribute", "svg", "backtick")
PLAIN_ATTRIBUTES = {
    "style", "title", "dir", "lang", "align", "href", "src", "alt", "width", "height", "color", "size", "border",
}  # fmt: skip
SHOWN = [name for name in HOSTILE if name not in ALL_HIDDEN]


@pytest.mark.duty("D42")
@pytest.mark.parametrize("name", SHOWN)
def test_label_is_first_and_footer_last_whatever_is_written(name):
    raw = sent(compiled(HOSTILE[name]))
    text, html = parts(raw)
    assert text.startswith("Advertisement · Acme Garden\n") and text.endswith("\nUS\n+1 503 555 0100\n")
    body = document_fromstring(html).body
    label, author, footer = body.getchildren()
    assert label.text_content() == "Advertisement · Acme Garden"
    assert footer.text_content().split()[:3] == ["This", "email", "is"]
    assert footer.text_content().rstrip().endswith("US\n+1 503 555 0100")
    assert author.tag == "div" and author.get("role") is None


@pytest.mark.parametrize("name", SHOWN)
def test_nothing_of_the_author_s_can_reach_outside_its_box(name):
    for element in author_of(HOSTILE[name]).iterdescendants():
        assert element.tag in TAGS
        assert set(element.attrib) <= PLAIN_ATTRIBUTES
        assert re.fullmatch(r"https?://.*|", element.get("href", ""))
        assert not re.search(
            r"position|transform|:-\d|opacity|visibility|none|z-index|shadow|url|expression|var|9999|90000|outline|clip",
            element.get("style", ""),
        )
        assert element.get("height", "") != "99999"


@pytest.mark.parametrize("name", SHOWN)
def test_the_gate_agrees_or_says_what_is_wrong(name):
    rules = {finding.rule for finding in check_skeleton(compiled(HOSTILE[name]), sender())}
    assert rules <= {"body", "hidden_text", "dropped_parts", "image_host", "images_only"}, rules


@pytest.mark.parametrize("name", ALL_HIDDEN)
def test_a_message_that_hides_all_it_says_is_refused(name):
    with pytest.raises(ContentRefused, match="Everything in the HTML is hidden"):
        compiled(HOSTILE[name])


def author_of(html: str):
    return document_fromstring(parts(sent(compiled(html)))[1]).body[-2]


@pytest.mark.duty("D32")
@pytest.mark.parametrize(
    ("html", "gone", "kept"),
    [
        ('<p>a</p><div style="display:none">secret</div><p>b</p>', "secret", ["a", "b"]),
        ('<span style="font-size:1px;max-height:0;opacity:0">secret</span><p>b</p>', "secret", ["b"]),
        ('<style>.m{display:none}</style><p class="m">secret</p><p>b</p>', "secret", ["b"]),
        ('<div style="mso-hide:all">shown everywhere</div>b', "mso-hide", ["shown everywhere", "b"]),
        ("<p hidden>secret</p>b", "secret", ["b"]),
    ],
)
def test_hidden_text_is_taken_out_of_both_parts(html, gone, kept):
    for part in parts(sent(compiled(html))):
        assert gone not in part
        assert all(words in part for words in kept)


def test_an_ordinary_layout_keeps_its_looks():
    html = (
        '<body style="background-color:#eeeeee;margin:0">'
        "<style>h1{color:#123456;font-size:24px} td{padding:10px 20px}</style>"
        '<table width="600" cellpadding="0" bgcolor="#ffffff" align="center"><tr>'
        '<td valign="top" style="font-family:Georgia,'
        "'Times New Roman',serif;line-height:1.5\"><h1>Winter</h1><img src=\"https://example.com/a.png\" alt=\"roses\" "
        'width="560" height="200" style="border-radius:8px;display:block"><p style="margin:0 0 16px;text-align:center">'
        '<a href="https://example.com/shop?a=1&b=2" style="background:#0b3d91;color:#fff;padding:12px 24px;'
        'text-decoration:none;border:1px solid #000">Shop</a></p></td></tr></table>'
    )  # fmt: skip
    written = tostring(author_of(html), encoding="unicode")
    for kept in (
        "background-color:#eeeeee", "color:#123456", "font-size:24px", "padding:10px 20px", 'width="600"',
        'bgcolor="#ffffff"',
        "font-family:georgia,'times new roman',serif", "line-height:1.5", "border-radius:8px", "text-align:center",
        'href="https://example.com/shop?a=1&amp;b=2"', "background-color:#0b3d91", "padding:12px 24px", 'alt="roses"',
        "border:1px solid #000", 'height="200"',
    ):  # fmt: skip
        assert kept in written, kept


def test_no_file_or_address_is_read_while_compiling(tmp_path):
    sheet = tmp_path / "secret.css"
    sheet.write_text("p{color:#abcdef}")
    html = f'<link rel="stylesheet" href="{sheet}"><style>@import url("file://{sheet}");</style><p>Hi</p>'
    assert "#abcdef" not in parts(sent(compiled(html)))[1]


BOUNDED = {
    "30 MB": "<p>x</p>" * 4_000_000,
    "10,000 tables": "<table><tr><td>" * 10_000 + "x",
    "300 divs": "<div>" * 300 + "x",
    "20,001 tags": "<br>" * 20_001,
}
HEAVY = {
    "fonts times paragraphs": "".join(f"<font size={n}>" for n in range(120)) + "<p>x" * 19_000,
    "bold before tables": "<b><i><u><table><tr><td>" * 30 + "<p>x" * 10_000,
    "rules times elements": "<style>" + "".join(f".a{n} .b p{{color:red}}" for n in range(9000)) + "</style>"
    + "<div class=b><p>x</p></div>" * 4_000,
    "broad selectors": "<style>" + "* * * * p:not(.x) ~ p{color:red} " * 400 + "</style>"
    + "<div><p>x</p></div>" * 4_000,
    "one long line": "x" * 900_000,
    "one long attribute": f'<a href="https://example.com/?{"a" * 900_000}">x</a>',
    "one long style": f'<p style="{"color:red;" * 90_000}">x</p>',
    "open brackets in style": f'<p style="{"(" * 300_000}">x</p>',
    "braces": "{{" * 200_000,
    "open fields": '{{ first_name|default:"' * 40_000,
    "entities": "&lt;" * 200_000,
    "comments": "<!--" * 19_000,
    "angle brackets": "<" * 19_000,
}  # fmt: skip


@pytest.mark.parametrize("name", BOUNDED)
def test_monstrous_html_is_refused_in_words_and_at_once(name):
    started = time.process_time()
    with pytest.raises(ContentRefused) as refused:
        compiled(BOUNDED[name])
    assert time.process_time() - started < 5
    assert refused.value.problems[0].message.endswith(".") and refused.value.problems[0].where == "html"


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_html_is_judged_in_bounded_time(name):
    started = time.process_time()
    check(content(HEAVY[name]), sender(), [FRIENDS], CAMPAIGN)
    assert time.process_time() - started < 10


@pytest.mark.parametrize("html", ["a\0b", "\udcfc", "<p>\ud800</p>"])
def test_broken_text_is_refused_in_words(html):
    with pytest.raises(ContentRefused, match="Save it as UTF-8"):
        compiled(html)


@pytest.mark.parametrize(
    "html",
    ["", " \n\t", "<!-- nothing -->", "<p></p>", '<div style="display:none">x</div>', "<style>p{}</style>"],
)
def test_a_message_that_says_nothing_is_blocked(html):
    assert {"body_empty", "body", "all_hidden"} & {
        each.rule for each in check(content(html), sender(), [FRIENDS], CAMPAIGN)
    }
