"""The text part reads well: as somebody would have typed it, with nothing of the HTML missing."""

import pytest

from tests.mailer.messages import compiled, parts, sent

ROSES = "https://example.org/roses"


def said(html: str, layout: str = "", **about: str) -> str:
    """What stands between label and footer."""
    text, _ = parts(sent(compiled(html, layout=layout), **about))
    return text.removeprefix("Advertisement · Acme Garden\n\n").partition(f"\n\n{'-' * 62}\n")[0]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Roses</h1><p>Now.</p>", "Roses\n=====\n\nNow."),
        ("<h2>Old &amp; new roses</h2>Now.", "Old & new roses\n---------------\n\nNow."),
        (f'<p>See <a href="{ROSES}">our roses</a>.</p>', f"See our roses ({ROSES})."),
        (f'<p><a href="{ROSES}">Our roses</a></p>', f"Our roses: {ROSES}"),
        (f'<p>See <a href="{ROSES}/">{ROSES}</a> or <a href="{ROSES}">example.org/roses</a></p>',
         f"See {ROSES} or example.org/roses"),
        ('<p>Write <a href="mailto:lee@example.org">to Lee</a>, <a href="tel:+15035550100">call</a></p>',
         "Write to Lee (lee@example.org), call (+15035550100)"),
        (f'<p><a href="{ROSES}"><img src="https://e.example/a.png" alt="A rose"></a></p>', f"[A rose]: {ROSES}"),
        ('<img src="https://e.example/a.png" alt="A rose"><img src="https://e.example/b.png" alt=""><p>x</p>',
         "[A rose]\n\nx"),
        (f'<a href="{ROSES}">Shop</a><a href="{ROSES}/a">Journal</a>', f"Shop ({ROSES}) Journal ({ROSES}/a)"),
        (f'<a href="{ROSES}"><img src="https://e.example/a.png" style="display:block" alt="Us"></a>', f"[Us]: {ROSES}"),
        ("<ul><li>Cover<ul><li>with jute</li></ul></li><li>Water</li></ul>", "  * Cover\n      + with jute\n  * Water"),
        ("<ol><li>Dig</li><li>Sow</li></ol>", " 1. Dig\n 2. Sow"),
        ("<p>One</p><hr><p>Two</p>", "One\n\n* * *\n\nTwo"),
        ("<blockquote><p>Sow<br>early</p></blockquote>", "    Sow\n    early"),
        ("<dl><dt>Jute</dt><dd>A cover</dd></dl>", "Jute\n  A cover"),
        ("<table><tr><th>Sort</th><th>By</th></tr><tr><td>Beans</td><td>May</td></tr></table>",
         "Sort   By\nBeans  May"),
        ("<table><tr><td><table><tr><td>Left</td><td>Right</td></tr></table></td></tr></table>", "Left  Right"),
        ("<table><tr><td><h1>Roses</h1></td><td><p>Now.</p></td></tr></table>", "Roses\n=====\n\nNow."),
        ("<p>Two&nbsp;words</p><p> </p><p>&nbsp;</p><p>more</p>", "Two words\n\nmore"),
    ],
)  # fmt: skip
def test_html_is_told_in_plain_words(html, text):
    assert said(html) == text


def test_fields_are_filled_in_headings_and_links_as_they_are_in_text():
    html = (
        '<h1>For {{ first_name|default:"you" }}</h1>'
        f'<p><a href="{ROSES}?n={{{{ first_name|default:"" }}}}">See {{{{ last_name|default:"them" }}}}</a></p>'
    )
    text = said(html, first_name="Ada <b>", last_name="")
    assert text == f"For Ada <b>\n==========\n\nSee them: {ROSES}?n=Ada%20%3Cb%3E"


def test_layouts_say_no_more_than_their_author():
    html = f'<h1>Roses</h1><p>Now.</p><h2>Covers</h2><p><a href="{ROSES}">Buy</a></p>'
    assert said(html) == said(html, "newsletter") == said(html, "announcement") == said(html, "letter")
