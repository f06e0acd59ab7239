"""Do town and postal code belong together?

In the United States for every ZIP code (the `zipcodes` package: what the postal service calls the town, and what else
it accepts). Elsewhere for the towns that every directory knows, by how their codes begin (each post's own directory).
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import zipcodes

from mailer.compliance.postal.parts import Parts, Remark, folded
from mailer.compliance.postal.zip_codes import ISLANDS

SHORT = {
    "st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount", "n": "north", "s": "south", "e": "east", "w": "west",
    "hts": "heights", "spgs": "springs", "twp": "township", "jct": "junction", "pt": "point",
}  # fmt: skip
# A town's name is used a little beyond its codes, never in another part of the state.
KILOMETRES = 60.0
# A name of so many codes in one other state is that city, typed with the wrong state.
WELL_KNOWN = 8
MILITARY = frozenset({"AA", "AE", "AP"})
MILITARY_CITIES = re.compile(r"[afd]po\b", re.IGNORECASE)

# How the codes of a town begin, a name by which people call it before the next.
ABROAD = {
    "AT": "wien|vienna:1 graz:80 salzburg:50 innsbruck:60 linz:40",
    "AU": "sydney:[12] melbourne:[38] brisbane:[49] perth:6 adelaide:5 hobart:7 darwin:08 canberra:2",
    "BE": "bruxelles|brussel|brussels:1 antwerpen|antwerp|anvers:2 gent|ghent|gand:9 liege|luik:4 "
    "namur:5 leuven:3",
    "BR": "sao_paulo:0[1-58] rio_de_janeiro:2[0-3] brasilia:7[0-3] salvador:4[0-2] curitiba:8[0-2] "
    "fortaleza:60",
    "CA": "toronto:M montreal:H vancouver:V[5-7] calgary:T[1-3] edmonton:T[56] ottawa:K winnipeg:R halifax:B "
    "quebec|quebec_city:G victoria:V[89]",
    "CH": "zurich|zuerich:80 bern|berne:30 basel|bale:40 geneve|genf|geneva:12 lausanne:10 luzern|lucerne:60",
    "CZ": "praha|prague:1 brno:6[0-4] ostrava:7[0-3]",
    "DE": "berlin:1[0-4] hamburg:2[0-27] munchen|muenchen|munich:8[01] koln|koeln|cologne:5[01] "
    "frankfurt_am_main:6[05] "
    "frankfurt:(?:6[05]|15) stuttgart:70 dusseldorf|duesseldorf:40 leipzig:04 dresden:01 hannover|"
    "hanover:30 bremen:28 "
    "nurnberg|nuernberg|nuremberg:90 bonn:53 mannheim:68 karlsruhe:76 augsburg:86 dortmund:44 mainz:55 "
    "kassel:34 "
    "heidelberg:69 potsdam:14 erfurt:99 magdeburg:39 rostock:18",
    "DK": "kobenhavn|copenhagen:[0-2] aarhus|arhus:8 odense:5 aalborg:9",
    "ES": "madrid:28 barcelona:08 sevilla|seville:41 valencia:46 bilbao:48 malaga:29 zaragoza:50 "
    "granada:18 palma:07",
    "FI": "helsinki|helsingfors:00 espoo:02 tampere:33 turku:20 oulu:90",
    "FR": "paris:75 lyon:69 marseille:13 toulouse:31 nice:06 nantes:44 strasbourg:67 montpellier:34 "
    "bordeaux:33 lille:59 "
    "rennes:35 grenoble:38 dijon:21",
    "GB": "london:(?:[ENW]|EC|N[W]|S[EW]|WC|BR|CR|DA|EN|HA|IG|KT|RM|SM|TN|TW|UB|WD|BX)\\d "
    "manchester:(?:M|OL|SK|WA)\\d "
    "birmingham:B\\d leeds:(?:LS|WF|BD)\\d liverpool:L\\d bristol:BS sheffield:S\\d edinburgh:EH "
    "glasgow:(?:G|PA|ML)\\d "
    "cardiff:CF belfast:BT oxford:OX cambridge:CB brighton:BN york:YO newcastle_upon_tyne:NE "
    "nottingham:NG leicester:LE "
    "southampton:SO norwich:NR bath:BA aberdeen:AB dundee:DD swansea:SA exeter:EX plymouth:PL reading:RG "
    "coventry:CV",
    "HU": "budapest:1 debrecen:40 szeged:67",
    "IE": "dublin:(?:D|A94|A96|K) cork:[TP] galway:H limerick:V",
    "IN": "mumbai|bombay:40[01] delhi|new_delhi:110 bengaluru|bangalore:56[02] chennai|madras:60[03] "
    "kolkata|calcutta:700 "
    "hyderabad:50[0-2]",
    "IT": "roma|rome:00 milano|milan:20 torino|turin:10 napoli|naples:80 firenze|florence:50 bologna:40 "
    "venezia|venice:30 genova|genoa:16 palermo:90",
    "NL": "amsterdam:1[01] rotterdam:3[01] den_haag|the_hague|s_gravenhage:2[25] utrecht:35 eindhoven:56",
    "NO": "oslo:[01] bergen:5 trondheim:7 stavanger:40",
    "PL": "warszawa|warsaw:0[0-5] krakow|cracow:3[0-2] gdansk:80 wroclaw:5[0-4] poznan:6[0-2] lodz:9[0-4]",
    "PT": "lisboa|lisbon:1 porto:4 coimbra:30",
    "SE": "stockholm:1 goteborg|gothenburg:4 malmo:2 uppsala:7",
}  # fmt: skip
# Where a country is a city, or is called as its city is.
NAMED_AS_CITY = frozenset(
    (
        "SG",
        "MC",
        "VA",
        "LU",
        "SM",
        "GI",
        "MO",
        "HK",
        "KW",
        "DJ",
        "PA",
        "GT",
        "MX",
        "BZ",
        "DZ",
        "TN",
        "QA",
        "LI",
        "AD",
        "MT",
        "JE",
        "GG",
        "IM",
        "BM",
        "AW",
        "CW",
        "BH",
        "MU",
    )
)


def american(parts: Parts, state: str | None, zip_code: str, states: frozenset[str]) -> Iterator[Remark]:
    """A town far from its ZIP code is a problem; one that the postal service does not know, a doubt."""
    if not parts.city or state not in states or state in MILITARY | set(ISLANDS):
        return
    if MILITARY_CITIES.match(parts.city):
        return
    known = _at(zip_code)
    if not known:
        yield from _unknown_code(zip_code)
        return
    name, names = (
        _spelt_out(re.sub(r",.*", "", parts.city)),
        {each for town in known for each in _names(town)},
    )
    if name in names or name.replace(" ", "") in {each.replace(" ", "") for each in names}:
        return
    theirs = known[0]["city"]
    places = _places(str(state)).get(name, ())
    if places:
        if not any(_kilometres(known[0], place) < KILOMETRES for place in places):
            yield _not_there(parts, zip_code, theirs)
    elif _is_city_elsewhere(parts.city):
        yield Remark("city", f"There is no {parts.city} in {state}. Correct city, state or ZIP code.")
    else:
        yield Remark(
            "city",
            f"The postal service knows no {parts.city} at {zip_code}; it calls the town {theirs}. Is it "
            f"right?",
            is_doubt=True,
        )


def is_at(city: str, parts: Parts) -> bool:
    """Whether the post calls a town so at this ZIP code: Mars is in Pennsylvania."""
    zip_code = parts.postal_code.strip()[:5]
    if folded(parts.country) not in {"us", "usa"} or not re.fullmatch(r"[0-9]{5}", zip_code):
        return False
    return any(_spelt_out(city) in _names(town) for town in _at(zip_code))


def _is_city_elsewhere(city: str) -> bool:
    """Los Angeles, not Chelsea: many a part of a town is called as towns are elsewhere."""
    states = Counter(town["state"] for town in zipcodes.filter_by(city=city.title()))
    return max(states.values(), default=0) >= WELL_KNOWN


def _unknown_code(zip_code: str) -> Iterator[Remark]:
    if zip_code.endswith("00"):
        yield Remark("postal_code", f"No post office has the ZIP code {zip_code}. Look it up once more.")
    else:
        yield Remark(
            "postal_code", f"The ZIP code {zip_code} is not in our list. Is it right?", is_doubt=True
        )


def _not_there(parts: Parts, zip_code: str, theirs: str) -> Remark:
    return Remark(
        "postal_code", f"The ZIP code {zip_code} is for {theirs}, not for {parts.city}. Correct one of them."
    )


def _names(town: dict[str, Any]) -> Iterator[str]:
    for name in (town["city"], *town["acceptable_cities"], *town["unacceptable_cities"]):
        yield _spelt_out(name)


def _spelt_out(name: str) -> str:
    return " ".join(SHORT.get(word, word) for word in folded(name.replace("'", "").replace("’", "")).split())


@lru_cache(maxsize=1024)
def _at(zip_code: str) -> list[dict[str, Any]]:
    return zipcodes.matching(zip_code)


@lru_cache(maxsize=64)
def _places(state: str) -> dict[str, list[dict[str, Any]]]:
    """Every name of a town in a state, with the ZIP codes that bear it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for town in zipcodes.filter_by(state=state):
        for name in _names(town):
            found.setdefault(name, []).append(town)
    return found


def _kilometres(one: dict[str, Any], other: dict[str, Any]) -> float:
    north, east = float(one["lat"]) - float(other["lat"]), float(one["long"]) - float(other["long"])
    return 111.2 * math.hypot(north, east * math.cos(math.radians(float(one["lat"]))))


def abroad(parts: Parts, postal_code: str) -> Iterator[Remark]:
    begins = _beginnings(parts.country).get(re.sub(r" cedex.*", "", folded(parts.city)))
    if begins and not re.match(begins, postal_code):
        yield Remark(
            "postal_code", f"The postal code {postal_code} is not in {parts.city}. Correct one of them."
        )


@lru_cache(maxsize=64)
def _beginnings(country: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in ABROAD.get(country, "").split():
        names, _, begins = each.partition(":")
        found |= dict.fromkeys(names.replace("_", " ").split("|"), begins)
    return found
