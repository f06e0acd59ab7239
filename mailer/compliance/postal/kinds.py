"""PO boxes, private mailboxes, rural routes: addresses that are no street, and how they are written.

USPS Publication 28 §24 (rural route), §25 (highway contract), §28 (PO box), §284 (private mailbox: PMB or #, never
PO Box); 16 CFR 316.2(p) accepts all of them.
"""

import re
from collections.abc import Iterator

from mailer.compliance.postal.parts import Parts, Remark, folded

# Folded words (see `folded`). Every language with a post of its own has its word for it.
PO_BOX = re.compile(
    r"\b(?:p ?o ?(?:box|b(?= ?\d))|pob(?:ox)?(?= ?\d|\b)|post(?:al)? ?office ?box|post ?box|postal ?box|"
    r"p ?o ?drawer|post office drawer|"
    r"caller service|po bx|p o bx|postfach|postbus|postboks|postbox|boite postale|b ?p(?= \d)|bp\d+|"
    r"case postale|cp(?= \d)|"
    r"apartado(?: postal| de correos| aereo)?|apdo(?: postal)?|casilla(?: de correo)?|caixa postal|"
    r"casella postale|"
    r"skr(?:ytka)? poczt(?:owa)?|postafiok|pf(?= \d)|postilokero|pl(?= \d+$)|locked bag|private bag|gpo box|"
    r"lock box|"
    r"postovni prihradka|a ya(?= \d))\b"
)
GREEK_AND_OTHERS = re.compile(
    "私書箱|郵政信箱|信箱|사서함|а/я|Τ\\.?Θ\\.?|صندوق بريد|ص\\.? ?ب|ת\\.?ד\\.?", re.IGNORECASE
)
BOX_NUMBER = re.compile(
    rf"(?:{PO_BOX.pattern})(?: (?:no|nr|number|n|num|numero))? ?(?:[a-z]{{0,3}} ?\d|[a-z]\b)"
)
ZERO_BOX = re.compile(rf"(?:{PO_BOX.pattern})(?: (?:no|nr|number))? ?0+\b")
PRIVATE_MAILBOX = re.compile(r"(?:\bpmb\W{0,3}|#\s*)\w*\d", re.IGNORECASE)
PMB_WORD = re.compile(r"\bp\.?m\.?b\b\.?|\bpmb(?=\d)|\bprivate mail ?box\b", re.IGNORECASE)
PMB_NUMBER = re.compile(r"(?:p\.?m\.?b\.?|mail ?box)[^\w\n]{0,3}(?:no[^\w\n]*)?\w*\d", re.IGNORECASE)
AGENCY = re.compile(
    r"\bups store|mail ?boxes ?etc|\bpostnet\b|\bpak ?mail\b|\bpostal ?annex|\bipostal ?1\b|"
    r"earth ?class ?mail|"
    r"\banytime mailbox|\bmail ?link ?plus|\bvirtual ?post ?mail|\baim mail|\bgoin ?postal",
    re.IGNORECASE,
)
RURAL = re.compile(
    r"\b(?:rr|r r|rural (?:route|rt)|rfd|r f d|hc|highway contract|star (?:route|rt))\W*(?:\d+|$)"
)
RURAL_BOX = re.compile(r"\b(?:box|bx|#)\W*\w*\d")
ROUTELESS = re.compile(r"\b(?:rr|r r|rural (?:route|rt)|hc|highway contract) (?:box|bx)\b")
UNDECIDED = re.compile(r"\b\d+ (?:or|oder|ou|o) \d+\b")
# Here a box may go without a number: the post knows its few customers (Die Post, CH and DE).
NUMBERLESS = frozenset({"CH", "LI", "DE", "AT"})


def names_po_box(lines: str) -> bool:
    """Whether it is a PO box with its number."""
    words = folded(lines)
    return bool(BOX_NUMBER.search(words)) or bool(GREEK_AND_OTHERS.search(lines) and re.search(r"\d", lines))


def names_private_mailbox(lines: str) -> bool:
    """Whether it holds `PMB n` or `# n`."""
    return bool(PRIVATE_MAILBOX.search(lines))


def says_po_box(lines: str) -> bool:
    """Whether it speaks of a PO box, number or not."""
    return bool(PO_BOX.search(folded(lines)) or GREEK_AND_OTHERS.search(lines))


def says_private_mailbox(lines: str) -> bool:
    """Whether it names a private mailbox by that word; a # alone may be a suite."""
    return bool(PMB_WORD.search(lines))


def is_rural(lines: str) -> bool:
    return bool(RURAL.search(folded(lines)))


def remarks(parts: Parts) -> Iterator[Remark]:
    where = "line2" if says_po_box(parts.line2) else "line1"
    if says_po_box(parts.lines):
        yield from _po_box(parts, where)
    if parts.country == "US":
        yield from _private_mailbox(parts)
        yield from _rural(parts)


def _po_box(parts: Parts, where: str) -> Iterator[Remark]:
    if ZERO_BOX.search(folded(parts.lines)):
        yield Remark(where, "No PO box has the number 0. Write the number of yours.")
    elif not names_po_box(parts.lines):
        numberless = parts.country in NUMBERLESS
        yield Remark(
            where, "A PO box is written with its number, such as “PO Box 1450”.", is_doubt=numberless
        )
    if UNDECIDED.search(folded(parts.lines)):
        yield Remark(where, "A PO box has one number. Write yours.")
    if parts.country != "US":
        return
    if AGENCY.search(f"{parts.organization}\n{parts.lines}") or PMB_WORD.search(parts.lines):
        yield Remark(where, "A private mailbox may not be called a PO box. Write “PMB” instead.")
    elif _streets_besides(parts):
        yield Remark(
            where,
            "Street and PO box stand together: post goes to the one just above the city. Name one only.",
            is_doubt=True,
        )


def _streets_besides(parts: Parts) -> bool:
    """Whether one line is a PO box and the other one is a street with its number."""
    boxes = [line for line in (parts.line1, parts.line2) if line and says_po_box(line)]
    others = [line for line in (parts.line1, parts.line2) if line and not says_po_box(line)]
    return bool(boxes) and any(re.match(r"\d", line) for line in others)


def _private_mailbox(parts: Parts) -> Iterator[Remark]:
    where = "line2" if PMB_WORD.search(parts.line2) else "line1"
    if PMB_WORD.search(parts.lines) and not PMB_NUMBER.search(parts.lines):
        yield Remark(where, "A private mailbox is written with its number, such as “PMB 12”.")
    if AGENCY.search(parts.lines) and not (PRIVATE_MAILBOX.search(parts.lines) or says_po_box(parts.lines)):
        yield Remark("line2", "A private mailbox at an agency is written with PMB or #, such as “PMB 12”.")


def _rural(parts: Parts) -> Iterator[Remark]:
    if ROUTELESS.search(folded(parts.lines)):
        yield Remark("line1", "A rural route is written with its number, such as “RR 2 Box 152”.")
    if (
        is_rural(parts.lines)
        and not RURAL_BOX.search(folded(parts.lines))
        and not re.match(r"\d", parts.line1)
    ):
        yield Remark(
            "line1", "A rural route is written with its box, such as “RR 2 Box 152” or “HC 68 Box 23A”."
        )
