"""One person's address, names and zone as somebody wrote them: in a cell of a file, in a form, in a program's request.

Whoever brings people in goes through here, so that a telephone's gateway or an unfilled merge field is refused at every
door alike. What is odd but may come in is counted in `flagged`.
"""

import re
import unicodedata
from collections import Counter

from mailer import hours
from mailer.addresses import Address, AddressRefused, is_ascii, parse
from mailer.contacts.reading.refusals import ROLES, flag_of_domain, is_template
from mailer.contacts.reading.staged import NOT_TEXT, Refused

LONGEST_ADDRESS = 254
LONGEST_NAME = 80

# Joiners are letters' business in Persian and Indic names; every other format character only hides things.
_JOINERS = "\u200c\u200d"
_NAMED = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>")  # Ann Lee <ann@example.org>
_QUOTED_FORMULA = re.compile(r"'[=+\-@\t\r]")


# -- the address ---------------------------------------------------------------------------------------


def address_in(raw: str, flagged: Counter[str]) -> Address:
    """The address that mail from here may be sent to. Raises Refused."""
    address = written_address(raw, flagged)
    if not is_ascii(address.text):
        raise Refused(
            "not_carried",
            "Mail servers can't carry letters beyond a–z before the @-sign yet. Ask for another address.",
        )
    local, _, domain = address.text.rpartition("@")
    if flag := flag_of_domain(domain):
        flagged[flag] += 1
    if local.lower() in ROLES:
        flagged["role_account"] += 1
    if local[0] in "=+-":
        flagged["formula_like"] += 1
    return address


def written_address(raw: str, flagged: Counter[str]) -> Address:
    """The address that somebody wrote, whether mail from here may go there or not. Raises Refused."""
    if not (raw.isascii() and "\0" not in raw):
        raw = _visible(raw, flagged)
    if not raw.strip():
        raise Refused("no_address", "There is no address here.")
    return _parsed(raw)


def _visible(raw: str, flagged: Counter[str]) -> str:
    _refuse_unreadable(raw)
    seen = "".join(character for character in raw if unicodedata.category(character) != "Cf")
    if seen != raw:
        flagged["invisible_characters"] += 1
    return seen


def _parsed(raw: str) -> Address:
    candidate = raw.strip()
    if candidate.startswith("'") and _QUOTED_FORMULA.match(candidate):
        candidate = candidate[1:]
    if candidate.endswith(">") and (named := _NAMED.fullmatch(candidate)):
        candidate = named[1]
    if len(candidate) > LONGEST_ADDRESS:
        raise Refused("too_long", f"An address has at most {LONGEST_ADDRESS} characters.")
    if is_template(candidate):
        raise Refused(
            "template_syntax", "Here stands a merge field instead of an address. Write the address."
        )
    try:
        return parse(candidate)
    except AddressRefused as wrong:
        raise Refused("not_an_address", str(wrong)) from None


def _refuse_unreadable(text: str) -> None:
    if NOT_TEXT.search(text):
        raise Refused("broken_row", "There are characters here that are no text.")


# -- names ---------------------------------------------------------------------------------------------


def name_in(raw: str, flagged: Counter[str]) -> str:
    """A name on one line, without characters that can't be seen, and never a merge field. Raises Refused."""
    name = raw.strip()
    if not name.isprintable():
        name = _cleaned(name, flagged)
    if not name.isalpha():
        name = _harmless(name, flagged)
    if len(name) > LONGEST_NAME:
        raise Refused("too_long", f"A name has at most {LONGEST_NAME} characters.")
    return name


def _cleaned(name: str, flagged: Counter[str]) -> str:
    _refuse_unreadable(name)
    seen = "".join(c if c.isprintable() or c in _JOINERS else " " if c.isspace() else "" for c in name)
    cleaned = " ".join(seen.split())
    if cleaned != name:
        flagged["name_cleaned"] += 1
    return cleaned


def _harmless(name: str, flagged: Counter[str]) -> str:
    if _QUOTED_FORMULA.match(name):
        name = name[1:]  # as Candor's own files write it
    if name[:1] in {"=", "+", "-", "@"} and name[:1]:
        flagged["formula_like"] += 1
    if is_template(name):
        flagged["template_syntax"] += 1
        return ""
    return name


# -- the time zone -------------------------------------------------------------------------------------


def zone_in(raw: str) -> str:
    """The IANA name of a time zone, "" for none. Raises Refused, saying what to write."""
    _refuse_unreadable(raw)
    try:
        return hours.zone_named(raw)
    except hours.NotOnTheClock as wrong:
        raise Refused("zone_unknown", str(wrong)) from None
