"""What of an HTML part a reader sees, judged in process, without a browser.

Two questions, in this order. Is everything in the document understood (`Sight.doubts`)? Then: how does each piece
of text look (`Sight.runs`)? Whoever asks only the second of bytes that others may have changed has asked too little.
"""

from dataclasses import dataclass

from lxml.html import HtmlElement, HTMLParser, document_fromstring

from mailer.compliance.visible.boxes import UNSEEN_TAGS, Run, is_blank, runs, shown
from mailer.compliance.visible.reading import NotUnderstood, TooMuch, browser_tree
from mailer.compliance.visible.understood import doubts

__all__ = ["UNSEEN_TAGS", "Run", "Sight", "is_blank", "runs", "see", "shown"]


@dataclass(frozen=True, slots=True)
class Sight:
    """A document as its reader sees it; with any doubt, none of it can be vouched for."""

    tree: HtmlElement
    runs: list[Run]
    doubts: tuple[str, ...]


def see(html: str) -> Sight:
    """What there is to see. Raises lxml's ParserError or ValueError if nobody could read it at all."""
    try:
        tree = browser_tree(html)
    except NotUnderstood as not_understood:
        tree = document_fromstring(html.encode(), parser=HTMLParser(encoding="utf-8"))
        found = [] if isinstance(not_understood, TooMuch) else list(runs(tree))
        return Sight(tree, found, (str(not_understood),))
    return Sight(tree, list(runs(tree)), tuple(dict.fromkeys(doubts(tree))))
