"""A subject that informs stands on a body that informs, not on one that only sells.

15 U.S.C. 7704(a)(2): the subject matter of the message; 16 CFR 316.3(a)(2): what a reader of the subject expects
(DUTIES D2, D33, T11).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.body import SELLING
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.notices import bears_out

ARTICLES = 3  # plain sentences that are most of a message: a digest, a list of stories
BUTTON = 3  # words; “Shop now” under an article sells nothing yet
RULE = "subject_informs"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 16 CFR 316.3"
REVIEWED = Reviewed("2026-11-30", version=4, duties="D2 D33")
INFORMS = re.compile(
    r"^(?:reminder|update|vote|poll|correction|news|notice|report|results|minutes|agenda|"
    r"webinar|workshop|survey|statement|answers?|meet)\b|"
    r"\b(?:what (?:the )?(?:studies|science|research|experts?) (?:says?|shows?|found)|interview|results|report|"
    r"webinar|workshop|recital|concert|meeting|photos|pictures|"
    r"correction|election|mayor|council|law|(?<!your )rules|outage|maintenance|"
    r"resign\w*|vote|petition|reminder|waiting list|minutes of|story|stories|line-?up|"
    r"moves (?:to|from)|changes? (?:to|in|:)|explained|study|research|findings|announcement|"
    r"obituary|schedule|"
    r"(?:has|have|we've|we) (?:moved|opened|closed|changed|merged|hired|reached|won(?!')|lost|"
    r"been (?:named|elected|moved|canceled|cancelled))|(?:is|are) (?:closing|closed|full|"
    r"canceled|cancelled|moving|hiring|down|delayed|retiring|leaving)|moved to|"
    r"(?:road|street|bridge|lane|school|library|office|park|pool|line) (?:closure|closed|works?|changes?)|"
    r"closure|verdict|recipes? for|minutes of|job opening|"
    r"opening for|vacancy|polls?\b|where to vote|notice\b|history of|summary|budget|dress code|allergy|"
    r"weather|storm|tornado|"
    r"hurricane|flood|earthquake|power cut|strike|evacuation|gas leak|boil[- ]water|shut (?:off|down)|jury|"
    r"court|police|resigns|"
    r"summit|inquiry|inquest|arrested|verdict|study:|new study|scientists|researchers|results? are in|"
    r"is changing|are changing|"
    r"staff changes|map of|what (?:we|the|our) (?:learned|know|found|did)|"
    r"from the desk of|statement (?:from|of|on)|biopsy|absent|detention|homework|timetable|itinerary|"
    r"transcript|proposal|"
    r"questionnaire|census|diary|obituary|memorial|funeral|condolence|breaking|bulletin|appeal|rescue|"
    r"missing|"
    r"practiced|assigned|elected|your (?:car|stay|room|technician|bill|lesson|visit|report|"
    r"photos|trip|installation|repair|pick-?up|place|progress|results|child|student|"
    r"onboarding|request|data|certificate|grade|notes|schedule|team|shift|key|badge|delivery|"
    r"driver|guide(?! to (?:gift|giving|shopping|hosting|the (?:sale|holidays)))|instructor|tutor|teacher|bike|"
    r"glasses|prescription)s?(?! (?:deserves?|"
    r"needs a|will love|wants))|what you need to know|closed (?:today|tomorrow|this|until|on|"
    r"for)|place (?:has )?opened)\b"
)
# Something happened: “Hamlet adds four shows”, “Your plan gets 10 GB more”, “You left your scarf”.
HAPPENED = re.compile(
    r"\b(?:(?:has|have|was|were|been|is|are) (?:\w+ )?(?!released|launched|restocked|reduced|"
    r"marked|featured|curated|unlocked|loved|wanted|dressed|excited|"
    r"obsessed|inspired|loaded|stocked|dropped|landed|arrived|needed|invited to)[a-z]{3,}ed\b|"
    r"(?:adds|added|(?<=plan )gets|(?:you|has|have) left|failed|cancell?ed|paid off|resigns?|retires?|merges?|"
    r"passes|passed|voted|wins|won(?!')|loses|joins|leaves|opens in|hit|signed|withdrew|agreed|"
    r"ruled|(?<!your )rules|ruling|died|moves|born|found|replied|reopens?|begins|beats|celebrates|"
    r"turns \d+)\b|spots? (?:are )?open\b|(?:party|festival|fair|picnic|tour|class|lesson|"
    r"game|match|race|service|rehearsal|talk) (?:on|at|is|moved|canceled|tonight|with)\b)"
)
EXPLAINS = re.compile(r"\bhow (?:our|we|the|a|your|to)\b|\bwhy we\b|\bbehind the\b|\binside the\b")
OFFERS = re.compile(
    r"\d ?%|\b(?:sale|save|off|deals?|offers?|discount|shop|buy|free|new|coupon|price|gift|"
    r"special|upgrade|best|from \$)\b|[$€£]\d"
)
HOLLOW = re.compile(
    r"\?|^(?:plan|treat|meet|say|vote|picture|grab|feel|love|wear|give your|turn your|change your|imagine|"
    r"don't|never|want|get|be|make|let|ready|stay|join|discover|picture|come|"
    r"see)\b|\bwith (?:our|us)\b|\b(?:thing of the past|a breeze|like no other|made easy|"
    r"than ever|better with|your kind of)\b|!$"
)
# Figures, days, steps: what a text that informs has, whatever its words.
TELLING = re.compile(
    r"\d|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|first|second|third|then|because|was|"
    r"were|had|said|found|didn't|wasn't|weren't|couldn't|"
    r"agreed|present|item)\b"
)
# “Meet the maker: Ida Lund” is kept by a sentence of Ida that sells nothing.
MEETS = re.compile(
    r"^meet (?:(?:the|our|your) (?:[\w-]+ )?[\w-]+: )?(?!the\b|our\b|"
    r"your\b)(?P<name>[a-z'-]{3,})(?: [a-z'-]+)?$"
)
PLACED = re.compile(
    r"\b(?:now (?:at|in|on)|new (?:address|home|number|name|hours)|moved to|find us at)\b.{0,40}\d"
)
SMALL = frozenset(
    [
        "what",
        "your",
        "with",
        "from",
        "have",
        "this",
        "that",
        "will",
        "about",
        "when",
        "where",
        "which",
        "been",
        "they",
        "them",
        "their",
        "some",
        "more",
        "into",
        "over",
    ]
)
WORD = re.compile(r"[a-z]{4,}")
CALENDAR = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|june|july|august|september|"
    r"october|"
    r"november|december|spring|summer|autumn|winter"
)


# “Your weekend plans are sorted”, “You are covered”, “The halls are decked”: a figure of speech over wares.
FIGURED = re.compile(
    r"\b(?:sorted|covered|solved|settled|decked|handled|upgraded|elevated|perfected|reimagined|refreshed|"
    r"reinvented|served|wrapped|made|done|simplified|leveled|levelled|set)\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    found = INFORMS.search(line.text) or _happened(letter) or _explains(letter)
    if not found or OFFERS.search(line.text) or not _pitches(letter) or not letter.body.speaks:
        return
    if not bears_out(letter.body, line) and not _tells(letter, line.text):
        words = (
            f"“{found[0]}” promises to inform, and the body only sells. Say in the subject what is on offer."
        )
        yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())


def _happened(letter: Letter) -> re.Match[str] | None:
    found = HAPPENED.search(letter.subject.text)
    return found if found and not FIGURED.search(found[0]) and letter.body.sells > 1 else None


def _explains(letter: Letter) -> re.Match[str] | None:
    found = EXPLAINS.search(letter.subject.text)
    return found if found and sum(each in letter.body.sold for each in letter.body.lead) > 1 else None


def _pitches(letter: Letter) -> bool:
    """Whether a sentence sells; a button under an article turns no article into a shelf."""
    return any(
        sentence in letter.body.sold and len(sentence.split()) > BUTTON for sentence in letter.body.sentences
    )


def _tells(letter: Letter, text: str) -> bool:
    """Whether plain sentences speak of the same thing, or open the message with figures, days and reasons."""
    wanted = {word[:4] for word in WORD.findall(text) if word not in SMALL and not CALENDAR.match(word)}
    if {"1.", "2."} <= set(letter.body.sentences):
        return True  # steps
    named = MEETS.search(text)
    if named and any(f" {named['name']}" in f" {sentence}" for sentence in letter.body.plain):
        return True
    brand = next((word for word in letter.sender_name.split() if len(word) > 3), "")
    told = [
        sentence
        for sentence in letter.body.plain
        if len(sentence.split()) >= 5
        and not SELLING.search(sentence)
        and not HOLLOW.search(sentence)
        and not (brand and brand in sentence)
    ]
    met = [(sum(f" {stem}" in f" {sentence}" for stem in wanted), sentence) for sentence in told]
    if any(count >= min(2, len(wanted)) or (count and TELLING.search(sentence)) for count, sentence in met):
        return True
    substance = [sentence for sentence in letter.body.sentences if len(sentence.split()) > 2]
    if not letter.body.sells and len(told) >= ARTICLES and len(told) * 2 > len(substance):
        return True
    if told and told[0] in letter.body.lead[:2] and PLACED.search(told[0]):
        return True
    return sum(bool(TELLING.search(sentence)) for sentence in told if sentence in letter.body.lead) > 1
