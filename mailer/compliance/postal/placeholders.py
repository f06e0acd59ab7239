"""Examples, templates left unfilled, and what fingers type when a form must not be empty (D40).

What is only ever an example is a problem. What real people live at too, such as 123 Main St, is a doubt;
two such things together are a problem.
"""

import re
from collections.abc import Iterator

from mailer.compliance.postal import towns
from mailer.compliance.postal.parts import FIELDS, Parts, Remark, folded

STREET = r"(?:st|street|rd|road|ave|avenue|ln|lane|dr|drive|blvd|boulevard|way|ct|court|pl|place|town|city|strasse|str)"

# Whole values, folded (see `folded`): nobody is called this and no place is.
EMPTY_WORDS = re.compile(
    r"\W*|n a|na|none|nil|null|nan|undefined|unknown|unbekannt|tb[acd]|todo|to be \w+|pending|later|same|"
    r"same as \w+|"
    r"see (?:above|below|website)|test(?:ing|e|s|er)?(?: \d+)?|test test|demo|dummy|fake|sample|example|"
    r"beispiel|ejemplo|"
    r"exemple|esempio|exemplo|muster|placeholder|default|lorem|ipsum|foo|baz|foobar|foo bar|blah|bla bla|xyz|"
    r"(?:online|virtual|remote|digital|internet|web) (?:only|shop|store|business|company|based|office)|"
    r"aaa+|bbb+|ccc+|xx+|yyy+|zz+|anything|whatever|somewhere|nowhere|here|internet|online|"
    r"virtual|remote|address|street|street address|(?:business|mailing|postal|office|company) address|"
    r"address ?(?:line ?)?\d?|"
    r"your \w+(?: \w+)?|my (?:street|city|town|address|company|state|house)|enter \w+.*|insert \w+.*|"
    r"type \w+ here|"
    r"(?:company|organi[sz]ation|business|sender|legal|street|city|town|state) name|"
    r"(?:zip|postal|post) ?code|zip|city state(?: zip)?|123|1234+5*6*7*8*9*0*"
)
CITY_WORDS = re.compile(
    r"city|town|village|state|(?:city|town|place|company|street|address)(?:ville|town|burg)|any "
    r"?(?:town|city|where|place)(?: usa)?|(?:example|placeholder|fake|"
    r"generic) ?\w*|business (?:city|town)|"
    r"some ?(?:town|city|where|place)|every ?town|"
    r"our ?town|"
    r"my ?(?:town|city)|test ?(?:town|city|ville|stadt|burg|hausen)|example ?(?:town|city|ville)|"
    r"sample ?(?:town|city|ville)|fake ?(?:town|city|ville)|demo ?(?:town|city)|no ?where(?:ville)?|"
    r"muster(?:stadt|hausen|ort|dorf)|beispiel(?:stadt|hausen|ort|dorf)|ville exemple|votre ville|"
    r"ciudad ejemplo|tu ciudad|villa ejemplo|citta esempio|cidade exemplo|voorbeeldstad|plaatsnaam|"
    r"exempelstad|"
    r"eksempelby|mallikaupunki|gotham city|hogsmeade|little whinging|springfield usa|hill valley|smallville|"
    r"raccoon city|wonderland|narnia|mordor|atlantis|hogwarts|neverland|asgard|wakanda|emerald city|"
    r"quahog|sunnydale|stars hollow|pawnee indiana|el dorado city|shangri la|utopia city|tatooine|minas "
    r"tirith|rivendell|"
    r"winterfell|kings landing|westeros|duckburg|entenhausen|schlumpfhausen|the "
    r"(?:moon|internet|cloud|web)|mars|cyberspace|metaverse|"
    r"(?:unknown|no|some|random|invalid|your|the) (?:city|town|place|village)|bikini bottom|ponyville|"
    r"south park town|ciudad|ville|stadt|ort|miasto|"
    r"cidade|citta|stad|by|kaupunki|mesto|varos"
)
ORGANIZATION_WORDS = re.compile(
    r"(?:your|my|the|some|any|a|sample|example|test|demo|fake|dummy|generic|beispiel|muster)[ -]?"
    r"(?:company|business|organi[sz]ation|org|corp|corporation|firm|firma|brand|store|shop|name|inc|llc|"
    r"gmbh|startup)"
    r"(?: (?:name|here|inc|llc|ltd|corp|gmbh|co|title))*|"
    r"(?:company|organi[sz]ation|business) ?(?:name|inc|llc|xyz|abc|[xyz])?|muster ?(?:mann|frau|"
    r"firma)(?: .*)?|"
    r"(?:max|erika) mustermann(?: gmbh)?|(?:john|jane) (?:doe|q public)(?: (?:inc|llc|company))?|"
    r"beispielfirma(?: gmbh)?|"
    r"(?:empresa|compania|sociedad) ejemplo(?: \w+)*|societe exemple(?: \w+)*|azienda esempio(?: \w+)*|"
    r"voorbeeldbedrijf(?: \w+)*"
)
# Anywhere in a line, folded.
IN_LINES = re.compile(
    rf"\b(?:any|your|fake|example|exemple|test|testing|dummy|placeholder|lorem|foo|foobar|abc|xyz|asdf|"
    rf"street name|"
    rf"imaginary|unknown|no ?name|invalid|not (?:a )?real|no such|made up|some|whatever|random|dolor|amet|"
    rf"does ?not ?exist) "
    rf"{STREET}\b|\bmy (?:street|road|address|town|city)\b|"
    rf"\b\d+ (?:any|your|my|test|example|fake|sample|foo|bar|abc|xyz) ?(?:{STREET})?$|"
    rf"^\d+ (?:any|your|address|company|(?:st|street|rd|road|ave|avenue|ln|lane|dr|drive|blvd|boulevard))$|"
    rf"^1 {STREET}$|"
    r"\b(?:any ?street|any ?town|any ?city|your ?(?:company|business|organi[sz]ation|name|address|street|"
    r"city|town|state)|"
    r"(?:company|street|organi[sz]ation) (?:name|address)|street address|mailing address|"
    r"address ?(?:line)? ?\d|lorem|ipsum|"
    r"sed ut perspiciatis|foo ?bar|city state|placeholder|replace (?:me|this)|change ?me|insert .* here|"
    r"fictional|fictitious|made ?up|imaginary|bogus|non ?existent|first line of|second line of|house name or|"
    r"(?:have|has) no (?:office|address)|votre adresse|ihre adresse|(?:tu|su) direccion|il tuo indirizzo|"
    r"uw adres|"
    r"(?:via|piazza) di prova|straatnaam|strassenname|(?:calle|avenida) de (?:la )?prueba|rue "
    r"(?:du |de )?test|"
    r"rua de (?:teste|exemplo)|(?:gatu|vei|vej)navn|gatunamn|nazwa ulicy|примерная|"
    r"(?:muster|beispiel|test|voorbeeld|exempel|eksempel|esimerkki|malli)(?:strasse|str|weg|allee|gasse|"
    r"platz|straat|laan|"
    r"gatan|vagen|vej|vejen|gate|gata|veien|katu|tie)|(?:muster|beispiel) ?stadt|rue (?:de )?l ?exemple|"
    r"rue exemple|votre rue|"
    r"(?:calle|avenida) (?:falsa|ejemplo|de ejemplo)|(?:via|viale) esempio|rua (?:exemplo|de exemplo|teste)|"
    r"ulica (?:testowa|przykladowa)|minta (?:utca|ut)|"
    r"evergreen terrace|privet drive|grimmauld place|mockingbird lane spook|wisteria lane fairview|"
    r"spooner street quahog|"
    r"(?:no|not a|fake) (?:real )?address|do not (?:mail|send)|sesame street nowhere)\b|"
    r"^0+ |^(\d{3,}) \1\b|^street \d+$|^(?:some|this|the) (?:street|road|address|place)(?: \d+)?$|^(?:test|"
    r"sample|demo) address$|"
    rf"\b(?:any|every|some)where {STREET}\b|^\d+ nowhere {STREET}$|^123 sesame (?:st|street)$|"
    r"\b(?:todo|tbd|coming soon|(?:on|upon) request|goes here|to be (?:added|determined|announced|"
    r"confirmed)|not (?:applicable|available)|"
    r"(?:for|add|no|see|ask for) (?:our |the )?address|remote company|worldwide|"
    r"(?:not|never|none) (?:yet )?(?:provided|given|known|assigned|disclosed|specified|set)|on file|withheld|"
    r"no fixed (?:address|abode)|by appointment|(?:consectetur|adipiscing)|quick brown fox|hello world|"
    r"bla bla|"
    r"member addr|list address|unsubscribe|call \d ?\d{3})\b|"
    r"^(?:42 wallaby way|1007 mountain drive|1313 mockingbird l(?:ane|n)|308 negra arroyo l(?:ane|n)|"
    r"124 conch st(?:reet)?)$|"
    r"^(?:home office|no street|no number|adresse|adres|adresa|direccion|indirizzo|endereco|anschrift)$|"
    r"^(?:strasse|rue|via|ulica|straat|gatan|line) \d+$|"
    r"^x{3,}\b|\bx{3,}$|(?:example|sample|placeholder|dummy|fake)$"
)
# Words about addresses and names, of which no address or name consists.
ABOUT = frozenset({
    "your", "my", "our", "address", "name", "here", "enter", "insert", "example", "test", "fake", "bogus", "dummy",
    "placeholder", "goes", "number", "title", "field", "value", "anything", "something", "demo", "template", "default",
    "required", "optional", "mandatory", "fictional", "imaginary", "unknown",
})  # fmt: skip
AROUND = frozenset({
    "the", "a", "an", "of", "and", "or", "to", "in", "for", "no", "street", "st", "road", "rd", "avenue", "ave", "lane",
    "drive", "line", "lines", "first", "second", "house", "city", "town", "state", "zip", "code", "postal", "mailing",
    "legal", "full", "company", "business", "organization", "inc", "llc", "ltd", "corp", "gmbh", "office", "location",
})  # fmt: skip
KEYS = re.compile(
    r"qwer|qwertz|azerty|asdf|sdfg|dfgh|fghj|ghjk|hjkl|zxcv|xcvb|cvbn|vbnm|uiop|poiu|lkjh|fdsa|rewq|1q2w|"
    r"abcde|12345678|87654321|"
    r"\b(?:asd|sdf|qwe|zxc|jkl|fgh|dfg|hjk|lkj|abc(?=abc))+(?:abc)?\b"
)
REPEATED = re.compile(r"([^\W\d_])\1{3,}|(\d)\2{5,}|([^\w\s])\3{3,}|\b([^\W\d]+) \4 \4\b")
# Three neighbours of a keyboard's row, and the same three again: “oiuoiu”.
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS = [way[i : i + 3] for row in ROWS for way in (row, row[::-1]) for i in range(len(row) - 2)]
DRUMMING = re.compile(rf"({'|'.join(NEIGHBOURS)})\1")
# A word without a vowel; capitals may be an abbreviation.
CONSONANTS = re.compile(r"\b[BCDFGHJKLMNPQRSTVXZbcdfghjklmnpqrstvxz][bcdfghjklmnpqrstvxz]{4,}\b")
# Where people speak English no name has six in a row, or four twice, once “ght”, “sch” and their like count for one.
SOUNDS = re.compile(r"ght|sch|tch|th|ch|sh|ck|ph|gh|wh")
ENGLISH = frozenset(("US", "CA", "GB", "AU", "NZ"))
RUN = re.compile(r"[bcdfghjklmnpqrstvxz]{4,}")
CHARACTERS = re.compile(
    r"[〇○◯●×ＸX]{2,}(?:市|区|町|県|丁目|路|街)|サンプル|テスト|見本|例:|某某|测试|測試|示例|테스트|예시|홍길동"
)

# Real people live there too.
MAIN_STREET = re.compile(
    r"^(?:12+3+4*5*|1|999|100) (?:main|elm|first|1st|oak) (?:st|street|rd|road|ave|avenue)\b"
)
SOMEWHAT_EXAMPLE = re.compile(
    rf"\b(?:sample|demo|default|model|nowhere) {STREET}\b|\b221b baker\b|\bprzykladowa\b|\btestowa\b|"
    rf"\bornek\b"
)
GENERIC_NAME = re.compile(
    r"acme(?: (?:corp|corporation|inc|co|company|llc|ltd))*|(?:abc|xyz)(?: (?:corp|inc|co|company|llc|ltd|"
    r"gmbh))+"
)
# Codes that people know from television or count up; each is real in one town only.
FAMOUS_ZIPS = {"12345": "schenectady", "90210": "beverly hills"}


def remarks(parts: Parts) -> Iterator[Remark]:
    examples = [*_examples(parts), *_unspeakable(parts)]
    yield from examples
    doubts = list(_doubts(parts))
    yield from doubts
    if len(doubts) > 1 and not examples:
        yield Remark(doubts[0].where, "Several things here look like an example. Write the true address.")


def _examples(parts: Parts) -> Iterator[Remark]:
    for name in FIELDS[:-1]:
        value = getattr(parts, name)
        if value.strip() and _is_example(name, value) and not (name == "city" and towns.is_at(value, parts)):
            yield Remark(
                name,
                f"“{value.strip()[:60]}” in the postal address looks like an example. Write the address "
                f"where post "
                "really reaches you.",
            )


def _unspeakable(parts: Parts) -> Iterator[Remark]:
    if parts.country.strip().upper() not in ENGLISH:
        return
    for name in ("line1", "line2", "city"):
        words = re.findall(r"[a-z]{6,}", folded(getattr(parts, name)))
        if any(_is_drummed(SOUNDS.sub("t", word)) for word in words):
            yield Remark(name, "Nobody could read this out. Write the address where post really reaches you.")


def _is_drummed(word: str) -> bool:
    runs = [len(run) for run in RUN.findall(word)]
    return max(runs, default=0) > 5 or sum(runs) > 7


def _is_example(name: str, value: str) -> bool:
    words = folded(value)
    if name == "postal_code":
        return bool(
            re.fullmatch(
                r"0+|(?:zip|postal|post)? ?(?:code)?|x+|9{6,}|1?2345678?9?0?(?<!12345)|n a|none", words
            )
        )
    if name == "region":
        return bool(
            re.fullmatch(r"xx+|state|region|province|n a|none|test|any|anystate|your state|\W*", words)
        )
    if (
        KEYS.search(words)
        or DRUMMING.search(words)
        or REPEATED.search(words)
        or CONSONANTS.search(value)
        or CHARACTERS.search(value)
    ):
        return name != "organization" or bool(KEYS.search(words))
    if (
        _speaks_of_addresses(words)
        or EMPTY_WORDS.fullmatch(words)
        or (name != "organization" and IN_LINES.search(words))
    ):
        return True
    if name == "organization" and re.search(r"\b(?:lorem|ipsum|your company|company name)\b", words):
        return True
    own = {"city": CITY_WORDS, "organization": ORGANIZATION_WORDS}.get(name)
    return bool(own and own.fullmatch(words))


def _speaks_of_addresses(words: str) -> bool:
    """“Your street address”, “Enter company name here”: all its words are about addresses, one at least "
    "only so."""
    told = {word for word in words.split() if not word.isdigit()}
    return len(told) > 1 and bool(told & ABOUT) and told <= ABOUT | AROUND


def _doubts(parts: Parts) -> Iterator[Remark]:
    line, code = folded(parts.line1), parts.postal_code.strip()
    if MAIN_STREET.search(line) or SOMEWHAT_EXAMPLE.search(line):
        yield _doubt(
            "line1", f"“{parts.line1.strip()}” is often an example. Is it where post really reaches you?"
        )
    if GENERIC_NAME.fullmatch(folded(parts.organization)):
        yield _doubt(
            "organization", f"“{parts.organization.strip()}” is often an example. Is it your legal name?"
        )
    famous = FAMOUS_ZIPS.get(code[:5])
    if famous and folded(parts.city) != famous:
        yield _doubt("postal_code", f"{code} is often an example; it belongs to {famous.title()}.")
    elif re.fullmatch(r"(\w)\1{3,}", re.sub(r"\W", "", code)):
        yield _doubt("postal_code", f"{code} repeats one digit. Is it right?")


def _doubt(where: str, message: str) -> Remark:
    return Remark(where, message, is_doubt=True)
