"""What Candor puts around every message: preheader, label, footer. The words are law (DUTIES §3).

Both parts say the same. Styles are inline and set background and colour together, so that neither an
author's CSS nor a dark mode can take the one without the other. The author's box clips what would run out
of it, so nothing in it can come to lie over label or footer; words too long for it are broken.

The judge (`mailer.compliance.visible`) vouches for exactly these boxes and no others.
"""

import html

from django.conf import settings

from mailer.rendering.brands import Look
from mailer.rendering.columns import WRAPPER
from mailer.rendering.facts import SenderFacts
from mailer.rendering.fields import Marks, Place, Slot
from mailer.rendering.kinds import KindFacts, label, statement

PREHEADER_STYLE = "display:none;max-height:0;overflow:hidden;mso-hide:all"
RULE = "-" * 62
ONE_CLICK = "One click on the page is enough. It takes effect immediately."
REPLY = "Or reply to this email with UNSUBSCRIBE."
RIGHT_TO_OBJECT = (
    "Your right to object: you may object to the use of your data for marketing at any time. "
    "Unsubscribing above does that."
)


def notice(sender: SenderFacts) -> str:
    """That one may decline further mail, and how (7704(a)(5)(A)(ii); D39, D45)."""
    return f"Unsubscribe from all email from {sender.legal_name}"


def ways_out(sender: SenderFacts) -> str:
    """What there is besides the link. A reply is named only where it is read by a program (D52: every way works)."""
    reads_replies = sender.reply_to.rpartition("@")[2].lower() == settings.INBOUND_DOMAIN
    return f"{ONE_CLICK} {REPLY}" if reads_replies else ONE_CLICK


def lists_notice(sender: SenderFacts) -> str:
    """The quieter way, below the opt-out and never instead of it (D53). It does not speak of unsubscribing."""
    return f"Choose which lists of {sender.trade_name} you are on"


def view_notice() -> str:
    """For mail programs that show it wrongly. Below, not above the message: what stands first is what inboxes show."""
    return "View this email in your browser"


def html_document(
    author: str,
    preheader: str,
    sender: SenderFacts,
    kind: KindFacts,
    marks: Marks,
    look: Look,
    sheet: str = "",
) -> str:
    """The whole HTML part; `author` is clean and balanced, `preheader` is escaped and may hold marks.

    `sheet` is Candor's own, of column widths and nothing else. Programs that darken what they show are told that the
    colours are meant as they are: a label may not fade.
    """
    style = f"<style>{sheet}</style>" if sheet else ""
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light">'
        f"<title>{html.escape(sender.trade_name)}</title>{style}</head>\n"
        f'<body style="{body_style(look)}">\n'
        f"{_html_preheader(preheader)}{_html_label(sender, kind, look)}"
        f'<div class="{WRAPPER}" style="{author_style(look)}">\n'
        f"{author}\n</div>\n"
        f"{_html_footer(sender, kind, marks, look)}</body></html>\n"
    )


def body_style(look: Look) -> str:
    return f"margin:0;padding:0;background:{look.paper};color:{look.ink}"


def label_style(look: Look) -> str:
    return _box_style("margin:0;padding:8px", "bold 14px/20px", "bottom", look)


def author_style(look: Look) -> str:
    # lines grow with the letters unless an author says otherwise
    padding = "0" if look.width else "16px"
    return (
        f"display:block;margin:0;padding:{padding};overflow-x:auto;overflow-y:hidden;overflow-wrap:break-word;"
        f"font:normal 16px/1.5 {look.letters}"
    )


def footer_style(look: Look) -> str:
    return _box_style("clear:both;margin:0;padding:16px", "normal 14px/21px", "top", look)


def words_style(look: Look) -> str:
    """Of the box in label and footer that is in line with the layout's; there is none without a width."""
    return f"display:block;max-width:{look.width - 2 * look.inset}px;margin:0 auto"


def _box_style(place: str, font: str, edge: str, look: Look) -> str:
    rule = f";border-{edge}:1px solid {look.ink}" if look.is_ruled else ""
    return (
        f"display:block;{place} {look.inset}px;background:{look.paper};color:{look.ink};"
        f"font:{font} {look.letters};text-align:left{rule}"
    )


def _html_preheader(preheader: str) -> str:
    if not preheader:
        return ""
    return f'<div style="{PREHEADER_STYLE}" aria-hidden="true">{preheader}</div>\n'


def _html_label(sender: SenderFacts, kind: KindFacts, look: Look) -> str:
    return _box("note", label_style(look), look, html.escape(label(sender, kind)))


def _html_footer(sender: SenderFacts, kind: KindFacts, marks: Marks, look: Look) -> str:
    return _box("contentinfo", footer_style(look), look, "\n" + _footer_words(sender, kind, marks, look))


def _box(role: str, style: str, look: Look, inner: str) -> str:
    """One of Candor's own parts, from side to side."""
    words = f'<div style="{words_style(look)}">{inner}</div>' if look.width else inner
    return f'<div role="{role}" lang="en" dir="ltr" style="{style}">{words}</div>\n'


def _footer_words(sender: SenderFacts, kind: KindFacts, marks: Marks, look: Look) -> str:
    paragraph = '<p style="margin:0 0 12px">'
    lines = "<br>\n".join(html.escape(line) for line in (*sender.address_lines, sender.contact))
    return (
        f"{paragraph}{html.escape(statement(sender, kind))}<br>\n"
        f"You received it at {marks.mark(Slot('to', Place.HTML))} because "
        f"{marks.mark(Slot('reason', Place.HTML))}.</p>\n"
        f'{paragraph}<a href="{marks.mark(Slot("url", Place.HTML))}" style="color:{look.link};font-weight:bold;'
        f'text-decoration:underline">{html.escape(notice(sender))}</a><br>\n{ways_out(sender)}</p>\n'
        f'{paragraph}<a href="{marks.mark(Slot("preferences", Place.HTML))}" style="color:{look.link};'
        f'text-decoration:underline">{html.escape(lists_notice(sender))}</a></p>\n'
        f"{_html_view(kind, marks, look)}"
        f"{paragraph}{RIGHT_TO_OBJECT}</p>\n"
        f'<p style="margin:0">{lines}</p>\n'
    )


def _html_view(kind: KindFacts, marks: Marks, look: Look) -> str:
    """Not in a notice, which leads nowhere but to the opt-out (D66)."""
    if kind.is_notice:
        return ""
    return (
        f'<p style="margin:0 0 12px"><a href="{marks.mark(Slot("view", Place.HTML))}" style="color:{look.link};'
        f'text-decoration:underline">{view_notice()}</a></p>\n'
    )


def text_document(author: str, sender: SenderFacts, kind: KindFacts, marks: Marks) -> str:
    """The whole text part, with the opt-out as a bare link on a line of its own."""
    return "\n".join(
        [
            label(sender, kind),
            "",
            author,
            "",
            RULE,
            statement(sender, kind),
            f"You received it at {marks.mark(Slot('to', Place.TEXT))} because "
            f"{marks.mark(Slot('reason', Place.TEXT))}.",
            "",
            f"{notice(sender)}:",
            marks.mark(Slot("url", Place.TEXT)),
            ways_out(sender),
            "",
            f"{lists_notice(sender)}:",
            marks.mark(Slot("preferences", Place.TEXT)),
            "",
            *([] if kind.is_notice else [f"{view_notice()}:", marks.mark(Slot("view", Place.TEXT)), ""]),
            RIGHT_TO_OBJECT,
            "",
            *sender.address_lines,
            sender.contact,
            "",
        ]
    )
