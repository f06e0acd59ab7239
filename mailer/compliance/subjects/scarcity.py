"""How little is left."""

import re
from functools import lru_cache

from mailer.compliance.subjects.claims import Scarcity
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.times import MONTH, NUMBER, counted

THINGS = (
    r"(?:seats?|spots?|places?|tickets?|rooms?|items?|pieces?|units?|copies|pairs?|boxes|"
    r"bottles|tables?|slots?|left|cabins?|beds?|passes|openings|remain\w*|homes?|bikes?|"
    r"tote\w*|still available)"
)
LEFT = re.compile(
    rf"(?<![$€£])\b(?:only |just |last |final |(?:the )?last )?(?P<count>\d[\d,]*|{NUMBER}) (?:more |"
    rf"of these )?(?:[a-z]+ ){{0,3}}?{THINGS}?(?: ?(?:are |is )?(?:left|remain(?:ing|s)?|to go|"
    rf"still (?:available|open)|(?:just )?open(?:ed)?(?! (?:at|from|on|until|"
    rf"to))))\b(?! (?:day|hour))|"
    rf"\b(?:only|just|last|final) (?:the )?(?:last |final )?(?P<count2>\d[\d,]*|"
    rf"{NUMBER}) (?:[a-z]+ )?{THINGS}\b|\b(?:last|final) (?P<count3>\d[\d,]*) [a-z]{{3,}}s\b"
)
YEAR = re.compile(r"20[2-4]\d")  # “2026 shares are open”
TIME = re.compile(r"\b(?:hours?|hrs|days?|weeks?|minutes?|mins?|months?|nights?|years?|sleeps?|shopping|%)")
VAGUE = re.compile(
    r"\b(?:only (?:[a-z]+ ){1,3}left\b|(?:almost|nearly|practically) (?:gone|sold out|full|"
    r"booked)|(?:selling|going|"
    r"filling|disappearing|moving) (?:out )?(?:up )?(?:fast|quick(?:ly)?)|selling out|"
    r"(?:very )?(?:few|limited (?:edition|number|stock|supply|seats|spots|quantit\w+|places|"
    r"availability)) ?(?:left|remain\w*|available)?|last few|final few|running (?:low|"
    r"out)(?! of (?:time|ideas|room|space))|"
    r"while (?:stocks?|supplies) lasts?|low[ -]stock|first come,? first served|about to sell out|"
    r"sell(?:s|ing)? out (?:soon|tonight|today)|scarce|once (?:they're|it's) gone|last (?:one|"
    r"pieces|pair|seats|spots|places|tickets|copies)(?! \d))\b"
)
CROWD = re.compile(
    r"\b\d[\d,]* (?:people|others|shoppers|customers|visitors|buyers|guests|"
    r"travell?ers) (?:are|is|have|were|just|viewed|bought|also)?|\b(?:someone|somebody|people|"
    r"others) (?:is|are|just|else is) (?:looking|viewing|watching|eyeing|bought|browsing|"
    r"trying)|\b(?:looking at|viewing|watching) (?:this|it|the same|your)"
)
STOCK = re.compile(
    r"\b(?:(?:are|is) gone\b|opened sales today|"
    r"left|remain\w*|last (?:few|of|ones|pieces|seats)|limited|first come|per (?:person|"
    r"customer)|only \d+|only (?:made|have|has|printed|produced|ordered)|stock (?:is|was|are)|"
    r"sold (?:out|already|so far)|selling|capacity|(?:once|when) (?:they|it|these|those|"
    r"the)[ '](?:re|are|is|s) gone|"
    r"will not be (?:restocked|reprinted|repeated)|won't be (?:restocked|back|reprinted)|"
    r"no more|batch of|edition of|while (?:they|stocks?|supplies) last|booked|filling|fills|"
    r"first come|taken|just \d+|\d+ (?:seats|places|spots|pieces|copies|rooms|tickets|bottles|"
    r"boxes|pairs|units)|few (?:seats|places|spots|left)|waitlist|waiting list|on the (?:shelf|rack|lot)|"
    r"(?:one|a single|last|final) (?:batch|print run|pair|barrel|case|container)|(?:went|gone|sold|"
    r"booked) (?:in|within|on|by|since)|"
    rf"(?:\d[\d,]*|{NUMBER}) (?:\w+ )?(?:of|out of) (?:the |our )?\d|not (?:brew|bake|print|make|order|"
    rf"stock)\w* (?:it|them|more|again))"
)
PLENTY = re.compile(
    r"\b(?:(?:show|list|display|release|put up)\w* .{0,24}\bat a time|we (?:\w+ )?(?:open|add|put on|"
    r"start) (?:a|another|one more) (?:second|third|fourth|new|further|"
    r"bigger)\b|as (?:names|people|orders|bookings) come|we(?:'d| would|'ll| will)? (?:simply |then |"
    r"just )?(?:press|print|make|throw|bake|brew|order|set|carry|put|bring) "
    r"(?:out |up )?(?:the next|another|more|again)|the next \w+ (?:go|goes|come|comes) up|"
    r"(?:throw|make|bake|brew|print|fire|cut|pour|sew|cook)s? .{0,24}\b(?:a|per|each|every) (?:day|week|month)|"
    r"(?:sends?|delivers?|brings?) (?:a |another )?(?:fresh|new|more|further) ?\w*|plenty (?:of|left|more|in)|"
    r"(?:fully|well|always) (?:re)?stocked|in (?:full|good|"
    r"ready) (?:stock|supply)|restock(?:ed|s|ing)? (?:every|weekly|daily|each|regularly|on)|"
    r"unlimited (?:seats|copies|places|downloads|stock|spots|supply|capacity|number)|"
    r"(?:stock|enough|supply|supplies|yarn|wood) to last|as many as (?:you|we)|one of our steadiest|"
    r"(?:all|with all) \d+ \w+ (?:to choose|still|open|available|free)|has (?:just|only just) opened|"
    r"the (?:choice|pick|run) of the (?:whole|entire|full)|never (?:sells|runs) out|no cap|regular (?:line|"
    r"range)|(?:makes?|fires?|bakes?|brews?|cuts?) (?:about |around |some )?"
    r"\w+ (?:a|each|per|every) (?:day|week)|for all dates|no (?:limit|cap|shortage)|(?:never|won't|"
    r"will not|can't|cannot) (?:sell|run) out|"
    r"as many (?:\w+ )?as|as many seats|more than \d{3,}|(?:restocked|stock) in (?:all|"
    r"every) sizes?|here to stay|new delivery (?:each|every)|digital (?:download|product|"
    r"file)s?|(?:print|made|bake|baked)(?:ed)? (?:on demand|to order)|more (?:arrive|are on|"
    r"on the way|coming)|new (?:batch|delivery|stock) (?:every|each|daily|weekly|arrives)|"
    r"(?:warehouse|shelves) (?:is|are) full|thousands (?:in stock|of|available)|"
    r"hundreds (?:in stock|left|available|of (?:seats|copies|spots|places|pairs))|"
    r"thousands of|no need to (?:hurry|rush)|available (?:all|year|at any|any ?time|whenever)|"
    r"(?:seats|room|space|spots|places|enough) (?:\w+ )?for everyone|open to (?:everyone|all)|"
    r"(?:we|there) (?:have|is|are) (?:still )?(?:plenty|lots|loads|ample)|half (?:empty|"
    r"of the (?:seats|rooms) are (?:free|open))|lots of (?:seats|room|space|spots|rooms|"
    r"stock)|not (?:limited|going anywhere)|in (?:large|great|any) (?:numbers?|quantit\w+)|"
    r"sales (?:have been|are|were) slow|"
    r"(?:seat|place|spot|room|table)s? in (?:any|every) \w+|(?:next|another|new) (?:container|batch|"
    r"shipment|delivery|printing|load) "
    r"(?:is|has|arrives|comes|leaves)|(?:still|have|has|with) (?:well )?(?:over|more than|around|about|some) "
    r"(?:(?:two|three|four|five|six|seven|eight|nine|several) )?(?:hundred|thousand|dozens)|every (?:size|"
    r"colou?r)|"
    r"in all (?:sizes|colou?rs|shops|branches)|(?:brewed|baked|made|printed|cast|roasted|"
    r"cut) (?:again )?(?:every|each|daily|weekly|all)|"
    r"made to order|(?:barely|hardly|scarcely) (?:anyone|anybody|any|a (?:seat|place|ticket))|"
    r"walk-?ins (?:are )?welcome|your pick of|as orders come in|on demand|"
    r"nobody has (?:booked|signed)|half[ -]empty|(?:are|is) (?:mostly|largely) (?:free|empty|open|"
    r"available))\b"
)
# “Room for 40, and three have booked.”
TAKEN = re.compile(
    rf"\b(?:room|space|seats|places|beds|capacity) for (?P<many>\d[\d,]*|"
    rf"{NUMBER})\b.{{0,40}}?\b(?P<few>\d[\d,]*|{NUMBER})\b"
    r"(?: \w+){0,3}? (?:booked|signed|taken|sold|registered|come|so far)"
)


TAKEN_AWAY = re.compile(
    r"\b(?:taken|sold|gone|booked|spoken for|reserved|claimed|filled|signed up|registered|"
    r"left us|found (?:a|their)|went)\b"
)
# Days, hours and sums count nothing.
UNCOUNTED = re.compile(
    rf"{MONTH} \d{{1,2}}(?:,? 20\d\d)?|[$€£]\d[\d.,]*|\d[\d.,]* ?%|\b\d{{1,2}}(?::\d\d)? ?[ap]\.?m|"
    rf"\d{{1,2}}:\d\d|20[2-4]\d"
)
MOST_NUMBERS = 6  # of one sentence; a table is no subtraction


FEW_LEFT = re.compile(
    rf"\b(?:(?:only|just|last|final) )?(?:{NUMBER})\b[^.;$€£%]{{0,30}}\b"
    rf"(?:left|remain\w*|on the (?:shelf|rack|lot)|to go)\b|"
    r"\b(?:won't|will not|can't|cannot) be (?:had|made|printed|restocked|back|repeated|reprinted)\b|\bused up\b"
)


def scarcity_in(line: Line) -> list[Scarcity]:
    """Numbers that are left, crowds that are looking, and hints."""
    text = line.text
    found = [
        Scarcity(each.start(), each.end(), each[0], counted(_count(each).replace(",", "")))
        for each in LEFT.finditer(text)
        if not TIME.search(each[0]) and _count(each) not in ("a", "an", "one") and not YEAR.fullmatch(_count(each))
        and not TIME.match(text[each.end() :].lstrip())
    ]  # fmt: skip
    found += [Scarcity(each.start(), each.end(), each[0], crowd=True) for each in CROWD.finditer(text)]
    taken = [(each.start, each.end) for each in found]
    found += [
        Scarcity(each.start(), each.end(), each[0])
        for each in VAGUE.finditer(text)
        if not TIME.match(text[each.end() :].lstrip())
        and not any(start <= each.start() < end for start, end in taken)
        and "your " not in text[: each.start()]
    ]
    return found


# “Two wheels free out of ten”: few are left, or many.
FREE_OF = re.compile(
    rf"\b(?P<few>\d[\d,]*|{NUMBER})(?: \w+){{0,2}}? (?:free|open|left|available|empty|"
    rf"unsold) (?:out )?of (?:the )?"
    rf"(?P<many>\d[\d,]*|{NUMBER})\b"
)
OPEN_OF = re.compile(
    rf"\b(?P<few>\d[\d,]*|{NUMBER}) of (?:our|the|its|these) (?P<many>\d[\d,]*|"
    rf"{NUMBER}) (?:\w+ ){{0,2}}?(?:are |is )?(?:still )?"
    r"(?:open|free|left|available|empty|unsold)\b"
)
SHARE_OF_FEW = 0.4


def _shares_left(text: str) -> list[float]:
    return [
        counted(found["few"].replace(",", "")) / max(1, counted(found["many"].replace(",", "")))
        for pattern in (FREE_OF, OPEN_OF)
        for found in pattern.finditer(text)
    ]


def is_told(text: str) -> bool:
    """Whether a body says how much there is."""
    return STOCK.search(text) is not None or any(share <= SHARE_OF_FEW for share in _shares_left(text))


def is_plentiful(text: str) -> bool:
    """Whether a body says that there is enough, in words or in figures: most of the places are free."""
    if PLENTY.search(text) or any(share > SHARE_OF_FEW for share in _shares_left(text)):
        return True
    return any(
        counted(found["many"].replace(",", "")) >= 10
        and counted(found["few"].replace(",", "")) * 2 <= counted(found["many"].replace(",", ""))
        for found in TAKEN.finditer(text)
    )


def names_left(sentence: str, left: int) -> bool:
    """Whether it names the number that is left, or two with that difference: “of 4,000 places, 3,820 are taken”."""
    named = numbers_in(UNCOUNTED.sub(" ", sentence))
    if left in named:
        return True
    few = sorted(named)[-MOST_NUMBERS:]
    return TAKEN_AWAY.search(sentence) is not None and any(each - left in few for each in few if each > left)


def _count(found: re.Match[str]) -> str:
    return next((found[name] for name in ("count", "count2", "count3") if found[name]), "")


@lru_cache(maxsize=64)
@lru_cache(maxsize=256)
def numbers_in(text: str) -> frozenset[int]:
    """All whole numbers a text names, in digits or small words."""
    written = re.findall(rf"(?<![\d.])(\d{{1,3}}(?:,\d{{3}})+|\d+)|\b({NUMBER})\b", text)
    return frozenset(
        int(digits.replace(",", "")[:12]) if digits else counted(word) for digits, word in written
    )
