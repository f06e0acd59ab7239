"""What stands in every mail of a shop, whatever the mail is about.

A points programme, a bonus for texts, opening hours, usual times of delivery: they are said of the shop and not of
what a subject claims. They neither bear a claim out nor belie it, unless the subject speaks of them.
"""

import re
from collections.abc import Set
from functools import lru_cache

from mailer.compliance.subjects.words import stems

# Offers and notes that stand for good, beside whatever the mail is about.
ASIDE = re.compile(
    r"\b(?:(?:rewards?|loyalty|points|referral|membership) (?:program(?:me)?|club|scheme)|"
    r"earn (?:an? |one |\d+x? ?)?(?:points?|stars?|miles|stamps?)\b.{0,20}\b(?:for|per|on|with) (?:every|each|"
    r"all|a)\b|"
    r"points? (?:are|is|=) worth|(?:sign up|signing up|subscribe|register) (?:for|to) (?:our |the )?(?:texts?|"
    r"text messages|sms|e-?mails?|newsletter|mailing list|alerts)\b|text [a-z]{3,12} to \d{4,6}|(?:refer|"
    r"invite) a friend|"
    r"gift ?cards? (?:never|are always|can be|make|come|in any|don't|do not|from|start|are available)|"
    r"(?:download|get) (?:our|the) (?:free )?app\b|available on the app store|(?:follow|find|like|"
    r"join) us (?:on|"
    r"for|at)\b|"
    r"share your (?:photos|style|looks)|tag us|#\w+ .{0,20}featured|(?:visit|find) (?:us|a store|our stores?|"
    r"your nearest)\b|"
    r"store locator|(?:we're|we are|shops?|stores?|our \w+) (?:are |is )?open (?:every day|daily|\d|from|mon|"
    r"7 days|"
    r"seven days|weekdays)|^open (?:mon|tue|wed|thu|fri|sat|sun|daily|every)|free parking|"
    r"(?:need help|questions)\?|(?:our|the) (?:team|people|staff|experts|customer (?:care|"
    r"service))\b.{0,30}\b(?:answers?|"
    r"available|here|help|reply|respond)|customer (?:care|service|support)|live chat|call us\b|"
    r"we plant (?:a|one) tree|(?:carbon|climate)[ -]neutral (?:shipping|delivery)|"
    r"^free (?:standard |ground )?(?:shipping|delivery) (?:over|on (?:all )?orders (?:over|of))\b|"
    r"^members (?:get|earn) \d+ ?% back|give [$€£]\d+, get [$€£]\d+|send a friend|join (?:our|"
    r"the) (?:rewards?|loyalty|club)\b|"
    r"^rated \d(?:\.\d)? (?:of|out of|stars)|"
    r"\d+ ?% (?:service charge|gratuity)\b|buy now,? pay later|(?:klarna|afterpay|affirm|clearpay|shop ?pay)\b|"
    r"(?:standard|regular|economy|express|expedited|international) (?:shipping|delivery) (?:takes?|is|from|"
    r"costs?|within|"
    r"usually)|\d+ ?(?:-|to) ?\d+ (?:business|working) days|easy returns|(?:\d+|thirty|"
    r"sixty)[- ]days? (?:returns?|"
    r"to return)|returns? within \d+|satisfaction guaranteed|(?:secure|safe) (?:checkout|payment)|price match)"
)
# Headings of what stands beside: another article, another shelf.
BESIDE = re.compile(
    r"^(?:what else|(?:our )?(?:best ?sellers|top rated|most loved|staff picks|customer favou?rites)\b|"
    r"(?:readers|others|people) are|other ways|why (?:book|shop|"
    r"buy) with us|"
    r"also (?:in|new|on|this|from|at|worth)|more (?:from|to (?:love|explore|read)|ways)|you (?:may|might|"
    r"could) also|"
    r"from (?:the|our) (?:journal|blog|archive|magazine|kitchen|workshop)|(?:on|in) (?:the|our) (?:blog|"
    r"journal|"
    r"magazine)|"
    r"next (?:month|week|time|issue)|coming (?:up|soon|next)|in other news|p\.? ?s\b|meanwhile|"
    r"while you're here|"
    r"customers also|recommended for you|popular right now|trending|bestsellers?:|elsewhere\b|what people say|"
    r"[\"'].{5,120}[\"'] ?(?:-|\(|by\b))"
)
# Sentences of the law's small print that every offer carries.
SMALL_PRINT = re.compile(
    r"\b(?:(?:can ?not|can't|may not|not to) be (?:combined|used with|stacked|applied to (?:previous|past|"
    r"prior))|"
    r"not (?:valid|good|combinable) (?:with|on) (?:any )?(?:other|previous|prior|past)|no cash value|"
    r"not redeemable for cash|"
    r"previous purchases|prior purchases|(?:prices?|availability|selection|offers?)(?: and \w+)? "
    r"(?:(?:are |is )?subject to|(?:may |can |will )?vary|(?:may|can) change)|void where|errors? may occur|"
    r"reserves? the right|terms (?:and conditions )?apply|"
    r"see (?:site|store|our|full|terms)\b.{0,20}(?:details|terms|conditions|rules)|trademarks?|©|"
    r"excludes? (?:alaska|hawaii|p\.?o\.? boxes|puerto rico|taxes|tax\b|shipping|gift cards)|"
    r"equal housing|(?:is|are) insured (?:to|up|by|for)|member fdic|subject to (?:credit )?approval|"
    r"^rates as of|"
    r"offers? (?:good |valid )?while (?:supplies|stocks?|quantities) last|excluding tax(?:es)?)"
)
TELLING = re.compile(
    r"\b(?:sale items|clearance|brands?|new arrivals|selected?|participating|full[- ]price|members?|"
    r"orders? (?:of|over)|"
    r"minimum|only)\b|\d ?%|[$€£]\d|\b(?:ends?|until|through|expires?|valid (?:until|through|from|\d))\b"
)
# Under such a heading: a list of other things, each in a few words.
LISTED = re.compile(r"^(?:[-*•·] ?.+|[^.!?]{1,80})$")
SHORT = 40  # characters of a heading
# A subject that speaks of how soon something comes, or of money back, speaks of all that the shop says of it.
FAMILIES = (
    (
        re.compile(
            r"\b(?:deliver\w*|ship\w*|arriv\w+|overnight|there (?:by|in|before|tomorrow)|"
            r"get (?:it|them|yours) (?:by|in|before|tomorrow|today|tonight)|in time for|at your door|"
            r"on your doorstep)\b"
        ),
        frozenset({"deliv", "shipp", "ship", "busin", "worki", "arriv"}),
    ),
    (re.compile(r"\b(?:hours|open(?:ing)?|closed|schedule)\b"), frozenset({"open", "close", "hour"})),
    (
        re.compile(r"\b(?:refunds?|returns?|money[ -]back|send it back|guarantee[ds]?|try it)\b"),
        frozenset({"refun", "retur", "money"}),
    ),
)
MOST = 4  # sentences of one paragraph; in a longer one only the sentence itself stands aside


# Words that subjects and small print share without speaking of the same.
LOOSE = frozenset(
    {
        "expir",
        "purch",
        "custo",
        "store",
        "onlin",
        "email",
        "valid",
        "ends",
        "begin",
        "start",
        "winte",
        "summe",
        "sprin",
        "holid",
    }
)


def is_aside(paragraph: str, about: Set[str]) -> bool:
    """Whether it opens what is about the shop and not about what the subject speaks of."""
    return _stands_aside(paragraph) and not _meets(paragraph, about)


def is_of_the_shop(sentence: str, about: Set[str]) -> bool:
    """The same of a sentence within a paragraph: “Elsewhere it is $14.95” opens nothing there."""
    return _is_of_the_shop(sentence) and not _meets(sentence, about)


def heads_others(paragraph: str, about: Set[str]) -> bool:
    """Whether it is a heading over what the subject does not speak of."""
    return 0 < len(paragraph) <= SHORT and _stands_beside(paragraph) and not _meets(paragraph, about)


def is_listed(paragraph: str, about: Set[str]) -> bool:
    """Whether it is one of a list, and not what the subject speaks of."""
    return LISTED.match(paragraph) is not None and not _meets(paragraph, about)


def with_families(text: str, about: frozenset[str]) -> frozenset[str]:
    """The stems of a subject, and those of the words in which others say the same."""
    return about.union(*(stems for named, stems in FAMILIES if named.search(text)))


def is_small_print(sentence: str, about: Set[str]) -> bool:
    return _is_printed_small(sentence) and not _meets(sentence, about)


@lru_cache(maxsize=8192)
def _stands_aside(paragraph: str) -> bool:
    """Cached: it stands in every mail, and in a draft while its subject is typed."""
    return _stands_beside(paragraph) or _is_of_the_shop(paragraph)


@lru_cache(maxsize=8192)
def _stands_beside(paragraph: str) -> bool:
    return BESIDE.search(paragraph) is not None


@lru_cache(maxsize=8192)
def _is_of_the_shop(sentence: str) -> bool:
    return ASIDE.search(sentence) is not None


@lru_cache(maxsize=8192)
def _is_printed_small(sentence: str) -> bool:
    return SMALL_PRINT.search(sentence) is not None and not TELLING.search(sentence)


def _meets(text: str, about: Set[str]) -> bool:
    return not (about - LOOSE).isdisjoint(stems(text))
