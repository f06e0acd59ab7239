"""What of a body its reader sees, cut into sentences."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from mailer.compliance.subjects.normalise import in_one_spelling, plain_text
from mailer.compliance.subjects.standing import (
    MOST,
    heads_others,
    is_aside,
    is_listed,
    is_of_the_shop,
    is_small_print,
    with_families,
)
from mailer.compliance.subjects.words import just_before, stems
from mailer.compliance.visible import UNSEEN_TAGS, shown

LONGEST = 60_000  # characters that are read; over 102 kB a mail program cuts the message anyway
LONGEST_LINE = 2_000  # characters of a subject, as in `normalise`
FEWEST_WORDS = 8  # with fewer, the message is on a page elsewhere, and silence proves nothing
WORDS_FOR_A_PICTURE = 12  # with fewer for each picture, the message is in its pictures
DEEPEST = 200  # levels of HTML; deeper ones are nobody's design
BLOCKS = frozenset(
    [
        "p",
        "div",
        "td",
        "th",
        "tr",
        "li",
        "ul",
        "ol",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "br",
        "hr",
        "section",
        "article",
        "header",
        "footer",
    ]
)
BREAK = re.compile(
    r"(?<=[.!?…])(?<!\b[A-Z]\.)(?<!a\.m\.)(?<!p\.m\.)(?<!\b[Nn]o\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr"
    r"\.)(?<!\bSt\.)(?<!\bvs\.)"
    r"(?<!\bInc\.)(?<!\bCo\.)(?<!\bJan\.)(?<!\bFeb\.)(?<!\bMar\.)(?<!\bApr\.)(?<!\bAug\.)(?<!"
    r"\bSept\.)(?<!\bOct\.)"
    r"(?<!\bNov\.)(?<!\bDec\.)(?<!\breg\.)(?<!\bReg\.)(?<!\borig\.)(?<!\bmin\.)(?<!\bapprox\.)\"?'?\s+|\n+"
)
STOP = re.compile(r"[.!?…][\"']?\s")
WRAPPED = re.compile(r"\n(?=[a-z0-9$(])(?<=[^\n]{50}\n)")  # the line feed first: it is rare
# What stands at the end of every mail, whatever it is about: it bears nothing out and belies nothing.
BOILERPLATE = re.compile(
    r"\b(?:mon(?:day)? ?- ?(?:fri|sat)(?:day)?\b.{0,12}\d|unsubscribe|opt[ -]out|view (?:this|it|online|"
    r"in)\b.{0,30}\bbrowser|"
    r"manage (?:your )?(?:e-?mail )?preferences|"
    r"you (?:are|get|got|receive|received)\b.{0,20}\b(?:this|because|e-?mails?)\b.{0,60}\b(?:because|"
    r"signed|subscrib\w+|"
    r"address|opted|list)|"
    r"this (?:e-?mail|message|mail) was sent (?:to|by)|all rights reserved|privacy policy|terms of (?:use|"
    r"service)|"
    r"(?:p\.?o\.? ?box|suite) \d+|[a-z]{2} \d{5}(?:-\d{4})?\b(?! off)|typographical errors|"
    r"add us to your address book|subject to change|follow us|sold separately)\b|©|\(c\) ?20\d\d|"
    r"^(?:[\w '&-]{2,24} ?\| ?){2,}"
)
NAVIGATION = re.compile(
    r"^[^|.!?]{2,60}(?:(?: ?\| ?| [/·•] )[^|.!?]{2,40}){2,}$"
)  # “Free shipping over $75 | New | Sale”
POLICY = re.compile(r"\b(?:privacy policy|terms of (?:use|service))\b")
SELLING = re.compile(
    r"\b(?:shop (?:now|the|all|our|online|today)|buy (?:now|one|two|it|yours)\b|order (?:now|yours|online|"
    r"today)\b|"
    r"(?:sale|discounts?|coupons?|promo(?:tion)?s?|deals?|bargains?)\b|save (?:up to )?(?:\$|\d|big|more|"
    r"on)|special offer|"
    r"(?:our|this|the) offer\b|use (?:the )?(?:promo )?code\b|upgrade (?:now|today|to)\b|(?:start|"
    r"try) (?:your|a|our) free|"
    r"subscribe (?:now|today)|starting at \$|only \$|prices? (?:from|start|cut|drop)|sign up (?:now|today)|"
    r"get yours\b|"
    r"apply (?:now|today|online)\b|add to cart|claim (?:your|it)\b|donate (?:now|today)|book (?:now|today|"
    r"yours)\b|"
    r"(?:our|the|pro|premium) (?:plans?|prices|premium|pro plan|packages)\b|just \$\d|from \$\d|"
    r"\d{1,2} ?% off)"
)
# A sentence that asks for a purchase or names a price: it informs of nothing else.
PITCH = re.compile(
    r"^(?:(?!our\b|the\b|this\b|your\b|my\b|a\b|each\b|every\b)\w+,? )?(?:shop|order|buy|book|subscribe|"
    r"upgrade|"
    r"save|browse|claim|stock up|preorder|vote with|"
    r"replace)\b|\b(?:from|only|just|at|for|now|costs?|is|are|start at|every) [$€£]\d|"
    r"^[^.]{0,45}[$€£]\d[\d.,]*(?: (?:each|a \w+|per \w+))?[.!]?$|[,:(-] ?[$€£]\d[\d.,]*\)?[.!]?$|\d ?% off|"
    r"\b(?:shop|order|buy|book|"
    r"download|subscribe|donate) (?:now|today|yours|online|one|them|it|ours?)\b|\bsave (?:up to )?(?:[$€£]|"
    r"\d)|\b(?:sale|discounts?|deals?|coupon|bargains?|special offer|on us)\b|\b\d+ for (?:[$€£]?\d)"
)


# Each pitch has a figure or one of these in it.
SIGNS_OF_A_PITCH = (
    "shop", "order", "buy", "book", "subscribe", "upgrade", "save", "browse", "claim", "stock up", "vote with",
    "replace", "download", "donate", "sale", "discount", "deal", "coupon", "bargain", "special offer", "on us",
)  # fmt: skip
DIGIT = re.compile(r"\d")
PRICE_TAG = re.compile(r"^(?:\w+ ){0,3}(?:[$€£]\d|\d+ ?% off)(?:\S*)(?: \w+){0,3}[.!]?$")


@dataclass(frozen=True)
class Body:
    """Visible text, lower case and in one spelling; `images` counts pictures, whose alternatives are in it.

    `about` are the stems of the subject that it is held against: what stands in every mail is left out unless
    the subject speaks of it.
    """

    cased: str
    images: int = 0
    about: frozenset[str] = frozenset()

    @classmethod
    def from_text(cls, text: str) -> "Body":
        return cls(text[:LONGEST])

    @classmethod
    def from_html(cls, html: str) -> "Body":
        """What shows of `html`: hidden text is nobody's evidence, alternatives of images are."""
        try:
            tree = document_fromstring(html[: LONGEST * 4].encode(), parser=HTMLParser(encoding="utf-8"))
        except (ParserError, ValueError):
            return cls("")
        if _is_deeper(tree, DEEPEST):
            return cls.from_text(_flat(tree))
        pieces, images = [], 0
        previous: HtmlElement | None = None
        for element, words, is_image in shown(tree):
            images += is_image
            if not words.strip():
                continue
            block = _block(element)
            pieces.append("\n" if previous is not None and block is not previous else " ")
            pieces.append(" ".join(words.split()))
            previous = block
        return cls("".join(pieces).strip()[:LONGEST], images)

    def held_against(self, *lines: str) -> "Body":
        """The same body for a reader of these lines."""
        text = plain_text(" ".join(lines)[:LONGEST_LINE])
        return replace(self, about=with_families(text, stems(text)))

    @cached_property
    def spelled(self) -> str:
        """All of it with its capitals, in one spelling."""
        return in_one_spelling(self.cased)

    @cached_property
    def text(self) -> str:
        return " ".join(" ".join(self.sentences).split())

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph)

    @cached_property
    def paragraphs(self) -> tuple[tuple[str, ...], ...]:
        """The sentences as they stand together."""
        joined = WRAPPED.sub(" ", self.spelled.replace("\r\n", "\n"))
        told = (tuple(self._of(paragraph)) for paragraph in self._own_paragraphs(joined))
        return tuple(each for each in told if each)

    def _own_paragraphs(self, text: str) -> Iterator[str]:
        """Without lists of other things, which have their own heading."""
        beside = False
        for paragraph in text.split("\n"):
            lowered = paragraph.strip().lower()
            beside = heads_others(lowered, self.about) or (beside and is_listed(lowered, self.about))
            if not beside:
                yield paragraph

    def _of(self, paragraph: str) -> list[str]:
        """The sentences of one paragraph that are of this mail and not of every mail."""
        pieces = BREAK.split(paragraph) if STOP.search(paragraph) else [paragraph]
        parts = (" ".join(piece.lower().split()) for piece in pieces)
        told = [part for part in parts if part and not self._is_boilerplate(part)]
        if told and len(told) <= MOST and is_aside(told[0], self.about):
            return []
        told = [each for each in told if not is_of_the_shop(each, self.about)]
        return [each for each in told if not is_small_print(each, self.about)]

    def _is_boilerplate(self, sentence: str) -> bool:
        """A new privacy policy is news where the subject announces it."""
        if _closes_every_mail(sentence):
            return not POLICY.search(sentence) or self.about.isdisjoint(stems(sentence))
        return _navigates(sentence) and self.about.isdisjoint(stems(sentence))

    @cached_property
    def speaks(self) -> bool:
        """Whether there is enough text for its silence to mean something."""
        words = len(self.text.split())
        return words >= max(FEWEST_WORDS, WORDS_FOR_A_PICTURE * self.images)

    @cached_property
    def sells(self) -> int:
        """How many different ways of selling it has."""
        return len({found[0] for found in SELLING.finditer(self.text)})

    @cached_property
    def lead(self) -> tuple[str, ...]:
        """The first sentences: what a message is about stands there (16 CFR 316.3)."""
        return tuple(each for each in self.sentences if len(each.split()) > 3)[:6]

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The sentences that sell nothing. What a price alone stands behind is sold by it: “Arresting styles. "
        "From $39.”"""
        behind = (*self.sentences[1:], "")
        return tuple(
            each
            for each, after in zip(self.sentences, behind, strict=False)
            if not _is_a_pitch(each) and not PRICE_TAG.match(after)
        )

    @cached_property
    def sold(self) -> frozenset[str]:
        """The other sentences."""
        return frozenset(self.sentences).difference(self.plain)

    @cached_property
    def pitches(self) -> bool:
        """Whether it asks for a purchase anywhere."""
        return len(self.plain) < len(self.sentences)

    def has(self, pattern: re.Pattern[str]) -> bool:
        return pattern.search(self.text) is not None

    def says(self, pattern: re.Pattern[str], unless: re.Pattern[str]) -> str | None:
        """The first words of a sentence that match, unless what stands right before them there does."""
        for sentence in self.sentences:
            for found in pattern.finditer(sentence):
                if not unless.search(just_before(sentence, found.start())):
                    return found[0]
        return None

    def with_words(self, pattern: re.Pattern[str]) -> list[str]:
        """The sentences in which `pattern` is found."""
        return [sentence for sentence in self.sentences if pattern.search(sentence)]


@lru_cache(maxsize=8192)
def _closes_every_mail(sentence: str) -> bool:
    return BOILERPLATE.search(sentence) is not None


def _navigates(sentence: str) -> bool:
    """Quick: most sentences have no such sign."""
    return any(sign in sentence for sign in "|/·•") and NAVIGATION.search(sentence) is not None


@lru_cache(maxsize=8192)
def _is_a_pitch(sentence: str) -> bool:
    if not DIGIT.search(sentence) and not any(sign in sentence for sign in SIGNS_OF_A_PITCH):
        return False
    return PITCH.search(sentence) is not None


def _block(element: HtmlElement) -> HtmlElement:
    while element.tag not in BLOCKS and element.getparent() is not None:
        element = element.getparent()
    return element


def _is_deeper(tree: HtmlElement, most: int) -> bool:
    level, elements = 0, [tree]
    while elements:
        level += 1
        if level > most:
            return True
        elements = [child for element in elements for child in element]
    return False


def _flat(tree: HtmlElement) -> str:
    return " ".join(
        element.text or ""
        for element in tree.iter()
        if isinstance(element.tag, str) and element.tag not in UNSEEN_TAGS
    )
