"""What was made for a desk fits on a phone, and honest design survives the cleaning."""

import pytest

from mailer.rendering.styles import limited
from tests.mailer.messages import compiled, parts, sent


@pytest.mark.parametrize(
    ("tag", "written", "kept"),
    [
        ("p", "font:bold 14px/20px Arial", "font-size:14px;line-height:20px;font-family:arial;font-weight:bold"),
        ("p", "font:1px/0 serif", "line-height:0;font-family:serif"),
        ("p", "background:rgba(0,0,0,.5)", "background-color:#808080"),
        ("p", "color:rebeccapurple", "color:rebeccapurple"),
        ("td", "border:solid windowtext 1.0pt;padding:0in 5.4pt", "border:solid black 1.0pt;padding:0in 5.4pt"),
        ("p", "background-color:#fff;background:#000", "background-color:#000"),
        ("p", "display:block!important;display:none", "display:block"),
        ("a", "padding:12px 24px", "padding:12px 24px"),
        ("a", "padding:60px", "padding:60px;display:inline-block"),
        ("div", "display:inline;border:20px solid #fff", "display:inline-block;border:20px solid #fff"),
        ("div", "height:100%", ""),
        ("col", "width:40%;background-color:#1a1a1a;color:#fff", "width:40%"),
        ("table", "table-layout:fixed", ""),
    ],
)  # fmt: skip
def test_style_values_that_are_understood_stay(tag, written, kept):
    assert limited(tag, written) == kept
    assert limited(tag, kept) == kept, "what was cleaned once stays as it is: the judge relies on it"


@pytest.mark.parametrize(
    ("written", "sent_as"),
    [
        ('<table width="600"><tr><td>x</td></tr></table>', ["max-width:100%", 'class="fl"', "max-width:479px"]),
        ('<img src="https://example.com/a.png" alt="a" width="560">', ["max-width:100%;height:auto"]),
        ("<section><h1>x</h1></section><figure>y</figure>", ["<div><h1>x</h1></div><div>y</div>"]),
        ("<pre>x  y</pre>", ['<pre style="white-space:pre-wrap">']),
        ('<p>x</p><div style="font-size:1px;line-height:1px">&nbsp;</div>', ['style="font-size:0;line-height:1px"']),
        ('<p style="float:left">x</p><br clear="all">', ["float:left;max-width:100%", "clear:both"]),
        ('<a href="https://example.com/" style="mso-hide:all;color:#fff;background:#000">Buy</a>', ["Buy</a>"]),
        ("<style>.mj-column-per-50 { width:50% !important; max-width: 50%; }</style>"
         '<div class="mj-column-per-50">x</div>', ['class="w50"', "width:50%!important"]),
    ],
)  # fmt: skip
def test_layouts_fit_on_a_phone(written, sent_as):
    html = parts(sent(compiled(written)))[1].replace("\n", "")
    for piece in sent_as:
        assert piece in html, html[html.index('class="m"') :][:600]
