"""Which ZIP codes belong to which state.

Source: USPS Domestic Mail Manual, labeling list L002 (“3-Digit ZIP Code Prefix Matrix”) and Publication 65 (National
Five-Digit ZIP Code and Post Office Directory). A test holds it against Google's address data. What no office uses
is left out where it ends a state's range; the few gaps inside the ranges pass.
"""

# First three digits, ranges inclusive.
PREFIXES = {
    "AL": "350-369",
    "AK": "995-999",
    "AZ": "850-865",
    "AR": "716-729",
    "CA": "900-961",
    "CO": "800-816",
    "CT": "060-069",
    "DE": "197-199",
    "DC": "200 202-205 569",
    "FL": "320-339 341-349",
    "GA": "300-319 398-399",
    "HI": "967-968",
    "ID": "832-838",
    "IL": "600-629",
    "IN": "460-479",
    "IA": "500-528",
    "KS": "660-679",
    "KY": "400-427",
    "LA": "700-714",
    "ME": "039-049",
    "MD": "206-219",
    "MA": "010-027 055",
    "MI": "480-499",
    "MN": "550-567",
    "MS": "386-397",
    "MO": "630-658",
    "MT": "590-599",
    "NE": "680-693",
    "NV": "889-898",
    "NH": "030-038",
    "NJ": "070-089",
    "NM": "870-884",
    "NY": "005 100-149",
    "NC": "270-289",
    "ND": "580-588",
    "OH": "430-459",
    "OK": "730-731 734-741 743-749",
    "OR": "970-979",
    "PA": "150-196",
    "RI": "028-029",
    "SC": "290-299",
    "SD": "570-577",
    "TN": "370-385",
    "TX": "733 750-799 885",
    "UT": "840-847",
    "VT": "050-054 056-059",
    "VA": "201 220-246",
    "WA": "980-994",
    "WV": "247-268",
    "WI": "530-549",
    "WY": "820-831",
    "PR": "006-007 009",
    "VI": "008",
    "GU": "969",
    "MP": "969",
    "FM": "969",
    "MH": "969",
    "PW": "969",
    "AS": "967",
    "AA": "340",
    "AE": "090-099",
    "AP": "962-966",
}
# Codes whose three digits say another state than they are in, or not only that one.
SINGLE = {
    "05501": "MA", "05544": "MA",  # Andover, the tax office
    "06390": "NY",  # Fishers Island, reached from Connecticut
    "83414": "WY",  # Alta, reached from Idaho
    "20588": "DC MD", "20598": "DC VA",  # Homeland Security
    "72643": "AR MO", "73960": "OK TX",  # Lead Hill and Texhoma, on the border
    "96799": "AS",  # Pago Pago, the one code of American Samoa
}  # fmt: skip
# The islands beyond Hawaii share 969: each has its own five digits.
ISLANDS = {
    "GU": ("96910", "96932"),
    "PW": ("96939", "96940"),
    "FM": ("96941", "96944"),
    "MP": ("96950", "96952"),
    "MH": ("96960", "96979"),
}
# Five equal digits are typed more often than they are right; these are real (Newton Falls; Young America).
REAL_REPEATS = frozenset({"44444", "55555", "22222"})


def _states_of_prefixes() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for state, ranges in PREFIXES.items():
        for each in ranges.split():
            first, _, last = each.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found.setdefault(f"{number:03}", set()).add(state)
    return {prefix: frozenset(states) for prefix, states in found.items()}


STATES = _states_of_prefixes()


def states_of(zip_code: str) -> frozenset[str]:
    """The states that five digits may stand in; empty if no post office has such a code."""
    if zip_code in SINGLE:
        return frozenset(SINGLE[zip_code].split())
    if len(set(zip_code)) == 1 and zip_code not in REAL_REPEATS:
        return frozenset()
    states = STATES.get(zip_code[:3], frozenset())
    if zip_code[:3] == "969":
        return frozenset(state for state in states if ISLANDS[state][0] <= zip_code <= ISLANDS[state][1])
    if zip_code[:3] == "967":
        return states - {"AS"}
    return states
