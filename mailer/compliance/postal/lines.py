"""Do the address lines say where to deliver?

A letter carrier needs a house in a street, a box, or a building that everybody knows. Who it is for, which floor, and
once more the town or the country are no such place.
"""

import re
from collections.abc import Iterator

from mailer.compliance.postal import countries, kinds, united_states
from mailer.compliance.postal.parts import Parts, Remark, folded
from mailer.compliance.postal.towns import NAMED_AS_CITY

# Folded words (see `folded`), each for a whole piece of a line.
UNIT = re.compile(
    r"(?:suite|ste|apt|apartment|unit|room|rm|floor|fl|level|flat|desk|dept|department|mail ?stop|pmb|"
    # “Unit 4/221 Kerr St”: a second number is the house's
    r"etage|stock|og|piso|planta)(?: (?:no|number))?(?!.* box)(?! ?\w{1,5} \d+[a-z]? [a-z])"
    r"(?: ?\d[\w ]{0,12}| [\w ]{1,12})?|"
    r"(?:the )?(?:whole |entire )?(?:\d+(?:st|nd|rd|th)|ground|first|second|third|fourth|fifth|top) "
    r"(?:floor|fl|storey|level)|"
    r"(?:\w+ ){1,3}(?:department|dept|division|team)"
)
# Puerto Rico: an urbanización is a neighbourhood, in which a street and number follow (USPS Publication 28 §29).
NEIGHBOURHOOD = re.compile(r"(?:urb|urbanizacion|ext|extension|repto|reparto) \D*")
CARE_OF = re.compile(r"(?:c o|care of|attn|attention|att|z hd|zhd|z h|t a v)\b.*")
FIRM = re.compile(
    r"\b(?:llc|l l c|inc|incorporated|corp|corporation|ltd|limited|plc|llp|lp|co|company|gmbh|ag|kg|ohg|"
    r"ug|bv|b v|nv|"
    r"sarl|s a r l|sas|sasu|eurl|srl|s r l|spa|s p a|sl|s l|slu|lda|ltda|ab|as|aps|a s|oy|oyj|sp z o o|s "
    r"r o|kft|zrt|"
    r"pty|pte|kk|pvt|sdn bhd|sa de cv)$"
)
# Who lives where everybody, the letter carrier included, knows them.
INSTITUTION = re.compile(
    r"\b(?:college|university|museum|library|church|cathedral|temple|synagogue|mosque|school|academy|"
    r"institute|hospital|"
    r"clinic|park|zoo|garden|gardens|theatre|theater|opera|society|foundation|association|city of|town of|"
    r"county|state|"
    r"department|embassy|council|historic|national|royal|federal|government|abbey|monastery|castle|palace|"
    r"pantheon|inn|"
    r"hotel|lodge|resort|camp|airport|observatory|aquarium|gallery|arts?)\b|"
    r"univer|hochschul|museum|museo|musee|biblio|kirche|\bdom\b|rathaus|stadt|gemeinde|schule|bundes|"
    r"landes|kommun|"
    r"eglise|mairie|iglesia|ayuntamiento|chiesa|comune|skol|slott|slot\b|schloss|burg\b|teatr|kloster|"
    r"kosciol|szkol|urzad"
)
AROUND_NUMBERS = frozenset(("CA", "US", *countries.NUMBERS_HOUSES))
ENGLISH = (
    r"(?:^(?!the )|\w )(?:st|street|rd|road|ave|av|avenue|ln|lane|dr|drive|way|ct|court|blvd|boulevard|"
    r"hwy|highway|pkwy|"
    r"parkway|pike|trail|ter|terrace|cir|circle|crescent|cres|close)(?: "
    r"(?:n|s|e|w|ne|nw|se|sw|north|south|east|west))?$"
)
GERMANIC = (
    r"(?:strasse|str|weg|gasse|allee|platz|ring|ufer|damm|straat|laan|gracht|kade|plein|singel|"
    r"gatan|vagen|vej|gade|alle|gata|gaten|gate|veien|vegen|katu|tie|kuja)$"
)
SLAVIC = r"^(?:ul|ulica|ulice|al|aleja|os|trg|nam|namesti|namestie|cesta|iela|gatve)\b|\b(?:utca|ut|ter|iela|gatve)$"
FRENCH = r"^(?:rue|avenue|av|boulevard|bd|impasse|chemin|quai|route|allee)\b"
ITALIAN = r"^(?:via|viale|corso|vicolo)\b(?!.*\b(?:snc|s n c|s n)\b)"
IBERIAN = (
    r"^(?:calle|c|avenida|av|avda|paseo|rua|travessa|carrera|cra|jiron)\b(?!.*\b(?:s n|sn|sin numero|sem "
    r"numero|esq|"
    r"esquina|y)\b)"
)
# What a street is called, where a firm without its house number gets no post.
STREETS = {
    country: re.compile(pattern)
    for pattern, those in {
        ENGLISH: "US CA GB AU NZ",
        f"{GERMANIC}|{FRENCH}|{SLAVIC}": " ".join(sorted(countries.NUMBERS_HOUSES)),
        FRENCH: "FR BE LU",
        ITALIAN: "IT",
        IBERIAN: "ES PT BR MX AR CL CO PE UY",
    }.items()
    for country in those.split()
}
# No house has the number 0 or a million, no box a billion.
BOX = re.compile(r"\bbox \d", re.IGNORECASE)  # Sweden's word for it
LONGEST_NUMBER = re.compile(r"\d{8,}")
LONG_NUMBER = re.compile(r"\d{5,}")
NEGATIVE = re.compile(r"(?:^|[^\W\d] )-\d")


NOWHERE = "The address lines name no street, building or box. Write where post really reaches you."
MAILBOX_ALONE = "A private mailbox needs the street of its agency too, such as “1450 Rose Street PMB 12”."


def remarks(parts: Parts) -> Iterator[Remark]:
    if not parts.line1:
        return
    yield from _twice(parts)
    yield from _impossible_numbers(parts)
    left = _places(parts)
    if not left:
        yield Remark("line1", MAILBOX_ALONE if kinds.names_private_mailbox(parts.lines) else NOWHERE)
    elif not (
        re.search(r"\d", parts.lines) or kinds.says_po_box(parts.lines) or united_states.is_military(parts)
    ):
        yield from _without_number(parts, left)


def _places(parts: Parts) -> list[str]:
    """The pieces of the lines that may be a place, folded."""
    known = _said_elsewhere(parts)
    pieces = [_without(known, folded(piece)) for piece in re.split(r"[\n,;]", parts.lines)]
    return [
        piece
        for piece in pieces
        if piece
        and not UNIT.fullmatch(piece)
        and not CARE_OF.fullmatch(piece)
        and not (parts.country == "US" and NEIGHBOURHOOD.fullmatch(piece))
        and not _is_country(piece, parts)
    ]


def _without(known: set[str], piece: str) -> str:
    """A piece without what other fields say behind it; a unit of that town is still but a unit."""
    if piece in known:
        return ""
    behind = next(
        (
            each
            for each in known
            if piece.endswith(f" {each}") and UNIT.fullmatch(piece.removesuffix(each).strip())
        ),
        "",
    )
    return piece.removesuffix(behind).strip()


def _said_elsewhere(parts: Parts) -> set[str]:
    """What the other fields say already; the name of a house may be that of who lives there, a firm's "
    "is none."""
    city, region, code = folded(parts.city), folded(parts.region), folded(parts.postal_code)
    name = folded(parts.organization)
    state = united_states.full_name(parts.region) if parts.country == "US" else ""
    said = {
        city,
        region,
        code,
        state,
        f"{city} {region}",
        f"{region} {code}",
        f"{city} {code}",
        f"{code} {city}",
    }
    said |= {
        f"{city} {region} {code}",
        f"{state} {code}",
        f"{city} {state} {code}",
        *([name] if FIRM.search(name) else []),
    }
    return said - {""}


def _is_country(piece: str, parts: Parts) -> bool:
    return len(piece) > 2 and piece not in folded(parts.city) and countries.code(piece) == parts.country


def _twice(parts: Parts) -> Iterator[Remark]:
    first, second, city = folded(parts.line1), folded(parts.line2), folded(parts.city)
    if second and first == second:
        yield Remark("line2", "Both address lines say the same. Leave the second one empty.")
    if city and city == first and re.search(r"\d", city):
        yield Remark("city", "The city repeats the address line. Write the name of the town.")
    if (
        len(city) > 2
        and parts.country not in NAMED_AS_CITY
        and countries.code(parts.city) == parts.country
        and city != folded(parts.region)
    ):
        yield Remark("city", "The city names the country. Write the name of the town.")


def _impossible_numbers(parts: Parts) -> Iterator[Remark]:
    is_box, where = kinds.says_po_box(parts.lines) or bool(BOX.search(parts.lines)), "line1"
    own = re.sub(r"\D", "", parts.postal_code)
    numbers = {number for number in re.findall(r"\d+", parts.lines) if number != own}
    too_long = LONG_NUMBER if parts.country in countries.NUMBERS_HOUSES and not is_box else LONGEST_NUMBER
    if any(too_long.fullmatch(number) for number in numbers) and parts.country in STREETS:
        yield Remark(where, "No house or box has so high a number. Write yours.")
    if any(NEGATIVE.search(line) for line in (parts.line1, parts.line2)):
        yield Remark(where, "A number can’t be negative. Write that of your house or box.")
    if parts.country in countries.NUMBERS_HOUSES and re.search(r"[^\W\d]\.? 0+$", parts.line1):
        yield Remark(where, "No house has the number 0. Write the number of yours.")


def _without_number(parts: Parts, left: list[str]) -> Iterator[Remark]:
    """A street without its number is a problem, but where people or their houses are known by name."""
    street, name = STREETS.get(parts.country), folded(parts.organization)
    only_streets = street is not None and all(street.search(piece) for piece in left)
    is_strict = parts.country in AROUND_NUMBERS or (len(left) == 1 and bool(FIRM.search(name)))
    if parts.country == "US" and united_states.says_number(parts.lines):
        return
    known_by_name = INSTITUTION.search(name) and not FIRM.search(name)
    if known_by_name or any(INSTITUTION.search(piece) for piece in left):
        is_strict = False
    if only_streets and is_strict:
        yield Remark("line1", "The street has no house number. Write it, or name the building.")
    elif parts.country == "US" and is_strict and not _is_known_place(left, name):
        yield Remark("line1", "This names no street, building or box. Write where post really reaches you.")
    elif parts.country in AROUND_NUMBERS:
        yield Remark("line1", "The street has no house number. Is that right?", is_doubt=True)


def _is_known_place(left: list[str], name: str) -> bool:
    """A building or corner by a word for one, or by the name of who lives there."""
    return any(
        united_states.PLACE_WORDS.search(piece)
        or (piece.removeprefix("the ") in name and not FIRM.search(name))
        for piece in left
    )
