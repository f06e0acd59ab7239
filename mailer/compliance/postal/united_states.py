"""Addresses in the United States, its territories and its forces abroad.

USPS Publication 28: last line (§211: city, two-letter state, ZIP), military (§238: APO, FPO or DPO with AA, AE or AP),
Puerto Rico (§29: an urbanización may stand above the street).
"""

import re
from collections.abc import Iterator
from functools import cache

from mailer.compliance.postal import towns
from mailer.compliance.postal.parts import Parts, Remark, folded
from mailer.compliance.postal.zip_codes import PREFIXES, states_of

NAMES = (
    "AL:alabama AK:alaska AZ:arizona AR:arkansas CA:california CO:colorado CT:connecticut DE:delaware "
    "DC:district of columbia|washington dc|d c FL:florida GA:georgia HI:hawaii ID:idaho IL:illinois "
    "IN:indiana IA:iowa "
    "KS:kansas KY:kentucky LA:louisiana ME:maine MD:maryland MA:massachusetts MI:michigan MN:minnesota "
    "MS:mississippi "
    "MO:missouri MT:montana NE:nebraska NV:nevada NH:new hampshire NJ:new jersey NM:new mexico NY:new "
    "york|new york state "
    "NC:north carolina ND:north dakota OH:ohio OK:oklahoma OR:oregon PA:pennsylvania RI:rhode island "
    "SC:south carolina "
    "SD:south dakota TN:tennessee TX:texas UT:utah VT:vermont VA:virginia WA:washington|washington state "
    "WV:west virginia "
    "WI:wisconsin WY:wyoming PR:puerto rico VI:virgin islands|us virgin islands|u s virgin islands GU:guam "
    "MP:northern mariana islands AS:american samoa FM:micronesia|federated states of micronesia MH:marshall "
    "islands PW:palau"
)
# As newspapers shorten them.
SHORT_NAMES = (
    "ala:AL ariz:AZ ark:AR calif:CA cal:CA colo:CO conn:CT del:DE fla:FL geo:GA ill:IL ind:IN kan:KS kans:KS mass:MA "
    "mich:MI minn:MN miss:MS mont:MT neb:NE nebr:NE nev:NV ndak:ND okla:OK ore:OR oreg:OR penn:PA penna:PA sdak:SD "
    "tenn:TN tex:TX wash:WA wva:WV wis:WI wisc:WI wyo:WY nmex:NM ncar:NC scar:SC"
)
SHORT = dict(re.findall(r"(\w+):(\w+)", SHORT_NAMES))
ZIP = re.compile(r"(\d{5})(?:[- ]?(\d{4}))?")
MILITARY_STATES = frozenset({"AA", "AE", "AP"})
MILITARY_CITIES = frozenset({"apo", "fpo", "dpo"})
MILITARY_LINE = re.compile(r"\b(?:psc|cmr|unit|omc|opc|ussg?|usns|uscgc?|usnr|box|hhc|mwr)\b")
CIVIL_STREET = re.compile(r"^\d+ .*\b(?:st|street|rd|road|ave|avenue|ln|lane|dr|drive|blvd|way)\b")
# What a single word without a number may be: a building that everybody knows. Else it is no address at all.
PLACE_WORDS = re.compile(
    r"\b(?:st|street|ave|avenue|rd|road|ln|lane|dr|drive|way|ct|court|pl|place|blvd|boulevard|hwy|highway|"
    r"route|pkwy|"
    r"parkway|pike|trail|ter|terrace|sq|square|plaza|center|centre|circle|loop|row|alley|bridge|broadway|"
    r"walk|crossing|"
    r"hall|building|bldg|tower|towers|house|mansion|cottage|cabin|farm|farms|ranch|estate|estates|manor|"
    r"villa|lodge|inn|hotel|"
    r"park|mall|market|campus|university|college|school|academy|institute|library|church|temple|cathedral|"
    r"abbey|monastery|"
    r"mission|courthouse|capitol|museum|theatre|theater|stadium|arena|field|airport|base|fort|ft|camp|"
    r"island|pier|wharf|dock|"
    r"harbor|marina|station|terminal|depot|hospital|clinic|office|delivery|common|commons|green|mount|mt|"
    r"mountain|hill|hills|"
    r"bay|beach|point|lake|river|creek|springs|valley|ridge|woods|forest|garden|gardens|village|presidio|"
    r"laboratory|lab|"
    r"observatory|reservation|pueblo|chapter|calle|avenida|ave|carretera|carr|urb|urbanizacion|barrio|bo|"
    r"sector|parcelas|"
    r"edificio|condominio|cond|residencial|apartado|centro|esquina|esq|paseo|camino|plaza)\b"
)
NUMBER_WORDS = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|first|building|hall|plaza|"
    r"tower|center|"
    r"house|mansion|capitol|court|courthouse|airport|campus|university|square|terminal|station|pier)\b"
)


@cache
def _states() -> dict[str, str]:
    """Folded name → two letters."""
    found = {code.lower(): code for code in PREFIXES} | SHORT
    for code, names in re.findall(r"([A-Z]{2}):([^:]+?)(?= [A-Z]{2}:|$)", NAMES):
        found |= dict.fromkeys(names.split("|"), code)
    return found


def state_of(region: str) -> str | None:
    """Two letters for a state by any of its names."""
    words = folded(region)
    return _states().get(words) or _states().get(words.replace(" ", ""))


def full_name(region: str) -> str:
    """A state's first full name, folded; empty if there is none such."""
    state = state_of(region)
    names = (
        name for name, code in _states().items() if code == state and len(name) > 2 and name not in SHORT
    )
    return next(names, "")


def remarks(parts: Parts) -> Iterator[Remark]:
    yield from _missing(parts)
    state = state_of(parts.region)
    if parts.region and state is None:
        yield Remark("region", "Write the state of the postal address in two letters, such as OR.")
    if parts.postal_code:
        yield from _zip(parts, state)
    if is_military(parts):
        yield from _military(parts, state)


def _missing(parts: Parts) -> Iterator[Remark]:
    if not parts.line1:
        yield Remark("line1", "Fill in the first address line of the postal address.")
    if len(parts.city) < 2:
        yield Remark("city", "Fill in the city of the postal address.")
    if not parts.region:
        yield Remark("region", "Write the state of the postal address in two letters, such as OR.")
    if not parts.postal_code:
        yield Remark("postal_code", "Fill in the ZIP code of the postal address, such as 97201.")


def _zip(parts: Parts, state: str | None) -> Iterator[Remark]:
    found = ZIP.fullmatch(parts.postal_code)
    if not found or found[1] == "00000":
        yield Remark("postal_code", "Write the ZIP code with five digits, such as 97201, or as 97201-1234.")
        return
    states = states_of(found[1])
    if not states:
        yield Remark("postal_code", f"No post office has the ZIP code {found[1]}. Look it up once more.")
    elif state and state not in states:
        theirs = " or ".join(sorted(states))
        yield Remark(
            "postal_code", f"The ZIP code {found[1]} is in {theirs}, not in {state}. Correct one of them."
        )
    else:
        yield from towns.american(parts, state, found[1], states)


def _military(parts: Parts, state: str | None) -> Iterator[Remark]:
    city = folded(parts.city).split(" ")[0]
    if city not in MILITARY_CITIES:
        yield Remark("city", "With AA, AE or AP the city is APO, FPO or DPO. Write no town abroad.")
    elif state is not None and state not in MILITARY_STATES:
        yield Remark("region", "With APO, FPO or DPO the state is AA, AE or AP.")
    if parts.line1:
        yield from _military_line(folded(parts.lines))


def _military_line(words: str) -> Iterator[Remark]:
    """USPS Publication 28 §225: PSC, CMR and unit have a box, a ship its name and number."""
    if re.search(r"\b(?:psc|cmr)\b", words) and not re.search(r"\bbo?x ?\w*\d", words):
        yield Remark("line1", "A PSC or CMR is written with its box, such as “PSC 3 Box 4120”.")
    elif not MILITARY_LINE.search(words):
        yield Remark(
            "line1",
            "A military address has a PSC, CMR or unit with a box, or a ship. Is it complete?",
            is_doubt=not CIVIL_STREET.search(words),
        )


def is_military(parts: Parts) -> bool:
    """Whether it is to the forces or a diplomatic post, by its state or its city."""
    by_state = state_of(parts.region) in MILITARY_STATES
    return parts.country == "US" and (by_state or folded(parts.city).split(" ")[0] in MILITARY_CITIES)


def says_number(lines: str) -> bool:
    """Whether a number stands in words, or a building that needs none."""
    return bool(NUMBER_WORDS.search(folded(lines)))
