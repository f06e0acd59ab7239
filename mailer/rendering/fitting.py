"""An author's layout, fitted to where mail is read: what was made for a desk also fits on a phone.

Nothing is taken away here. Tables and pictures of a fixed width may shrink to the screen; elements that are newer than
mail become the ones it knows; emptiness that was meant to be a pixel high stays that.
"""

from lxml.html import HtmlElement

from mailer.rendering.columns import FILLING
from mailer.rendering.styles import declarations, pixels

NARROW = 320.0  # pixels; whatever is wider might not fit on a phone
LEGIBLE = 8.0
# blocks without a look of their own
NEW = frozenset({
    "address", "article", "aside", "details", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup",
    "legend", "main", "nav", "section", "summary",
})  # fmt: skip


def fit(tree: HtmlElement) -> None:
    for element in tree.iter("*"):
        if element.tag in NEW:
            element.tag = "div"
        styles = declarations(element.get("style", ""))
        if element.tag == "table" and _width(element, styles) > NARROW:
            element.set("class", f"{element.get('class', '')} {FILLING}".strip())
        added = "".join(_added(element, styles))
        if added:
            written = element.get("style", "").rstrip().rstrip(";")
            element.set("style", f"{written};{added}" if written else added)


def _added(element: HtmlElement, styles: dict[str, str]) -> list[str]:
    added = []
    if element.tag in {"table", "img", "div"} and _width(element, styles) > NARROW:
        if "max-width" not in styles:
            added.append("max-width:100%")
        if element.tag == "img" and "height" not in styles:
            added.append("height:auto")
    elif styles.get("float", "none") != "none" and not {"width", "max-width"} & styles.keys():
        added.append("max-width:100%")  # so that long words are broken, not lost beside the screen
    if element.tag == "pre" and "white-space" not in styles:
        added.append("white-space:pre-wrap")
    if element.tag == "br" and element.get("clear"):
        added.append("clear:both")
    size = pixels(styles.get("font-size", ""))
    if size is not None and size < LEGIBLE and not _says_anything(element):
        added.append("font-size:0")
    return [f"{each};" for each in added]


def _width(element: HtmlElement, styles: dict[str, str]) -> float:
    wanted = styles.get("width") or element.get("width", "").strip()
    return 0.0 if wanted.endswith("%") else pixels(wanted) or 0.0


def _says_anything(element: HtmlElement) -> bool:
    return bool(element.text_content().strip())
