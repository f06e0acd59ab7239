"""What Candor puts around every message: preheader, label, footer. The words are law (DUTIES §3).

Both parts say the same. Styles are inline and set background and colour together, so that neither an
author's CSS nor a dark mode can take the one without the other.
"""

import html

from django.conf import settings

from mailer.rendering.facts import SenderFacts
from mailer.rendering.fields import Marks, Place, Slot

FONT = "Arial,Helvetica,sans-serif"
# contrast on white: ink 17.4:1, link 10.0:1 (needed: 4.5:1, D42)
INK, LINK, PAPER = "#1a1a1a", "#0b3d91", "#ffffff"
RULE = "-" * 62
ONE_CLICK = "One click on the page is enough. It takes effect immediately."
REPLY = "Or reply to this email with UNSUBSCRIBE."
RIGHT_TO_OBJECT = (
    "Your right to object: you may object to the use of your data for marketing at any time. "
    "Unsubscribing above does that."
)


def label(sender: SenderFacts) -> str:
    """The first thing a reader sees (15 U.S.C. 7704(a)(5)(A)(i); D37)."""
    return f"Advertisement · {sender.trade_name}"


def statement(sender: SenderFacts) -> str:
    if sender.trade_name == sender.legal_name:
        return f"This email is an advertisement from {sender.legal_name}."
    return (
        f"This email is an advertisement from {sender.legal_name}. "
        f"{sender.trade_name} is a trade name of {sender.legal_name}."
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


def html_document(author: str, preheader: str, sender: SenderFacts, marks: Marks) -> str:
    """The whole HTML part; `author` is clean and balanced, `preheader` is escaped and may hold marks."""
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(sender.trade_name)}</title></head>\n"
        f'<body style="margin:0;padding:0;background:{PAPER};color:{INK}">\n'
        f"{_html_preheader(preheader)}{_html_label(sender)}"
        f'<div style="display:block;margin:0;padding:16px;font:normal 16px/24px {FONT}">\n'
        f"{author}\n</div>\n"
        f"{_html_footer(sender, marks)}</body></html>\n"
    )


def _html_preheader(preheader: str) -> str:
    if not preheader:
        return ""
    return (
        '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all" aria-hidden="true">'
        f"{preheader}</div>\n"
    )


def _html_label(sender: SenderFacts) -> str:
    return (
        f'<div role="note" lang="en" dir="ltr" style="display:block;margin:0;padding:8px 16px;'
        f"background:{PAPER};color:{INK};font:bold 14px/20px {FONT};text-align:left;"
        f'border-bottom:1px solid {INK}">{html.escape(label(sender))}</div>\n'
    )


def _html_footer(sender: SenderFacts, marks: Marks) -> str:
    paragraph = '<p style="margin:0 0 12px">'
    lines = "<br>\n".join(html.escape(line) for line in (*sender.address_lines, sender.contact))
    return (
        f'<div role="contentinfo" lang="en" dir="ltr" style="display:block;clear:both;margin:0;padding:16px;'
        f"background:{PAPER};color:{INK};font:normal 14px/21px {FONT};text-align:left;"
        f'border-top:1px solid {INK}">\n'
        f"{paragraph}{html.escape(statement(sender))}<br>\n"
        f"You received it at {marks.mark(Slot('to', Place.HTML))} because "
        f"{marks.mark(Slot('reason', Place.HTML))}.</p>\n"
        f'{paragraph}<a href="{marks.mark(Slot("url", Place.HTML))}" style="color:{LINK};font-weight:bold;'
        f'text-decoration:underline">{html.escape(notice(sender))}</a><br>\n{ways_out(sender)}</p>\n'
        f'{paragraph}<a href="{marks.mark(Slot("preferences", Place.HTML))}" style="color:{LINK};'
        f'text-decoration:underline">{html.escape(lists_notice(sender))}</a></p>\n'
        f"{paragraph}{RIGHT_TO_OBJECT}</p>\n"
        f'<p style="margin:0">{lines}</p>\n</div>\n'
    )


def text_document(author: str, sender: SenderFacts, marks: Marks) -> str:
    """The whole text part, with the opt-out as a bare link on a line of its own."""
    return "\n".join(
        [
            label(sender),
            "",
            author,
            "",
            RULE,
            statement(sender),
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
            RIGHT_TO_OBJECT,
            "",
            *sender.address_lines,
            sender.contact,
            "",
        ]
    )
