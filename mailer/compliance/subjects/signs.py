"""The signs of a letter that are weighed: its phrases, and how figures, days and words of subject and body meet.

Nothing is concluded here. What a sign means was learned from labelled cases (`weighing`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from mailer.compliance.subjects.deadlines import deadlines_in, ends_in, sentences_on
from mailer.compliance.subjects.kinds import kinds_in
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.words import stems

LONGEST_SUBJECT = 400  # characters that are weighed
LONGEST_BODY = 12_000
# Words of a body that are weighed, those nearest to the subject: letters of 100 to 300 words taught what signs weigh,
# and in a newsletter of a thousand about ten things chance adds up. (With 100 fewer deceptions are found, with 220
# more real newsletters are held.)
PASSAGE = 150
LEAD = 2  # sentences that a body opens with
NEAR = 24  # characters beside a figure in which the words stand that say what it is
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[$£€₹]|\d[\d,.:]*|%")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
FIGURE = re.compile(r"([$£€₹] ?)?(\d[\d,]*(?:\.\d+)?) ?(%|percent\b|per cent\b|(?:st|nd|rd|th)\b)?")
DAY = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b")
MONTH = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b"
)
SOON = re.compile(r"\b(?:tonight|today|midnight|tomorrow)\b")


@dataclass(frozen=True)
class Signs:
    """Those of one letter, in groups: phrases of the subject (`said`), of the body (`told`), of its sentences that
    speak of what the subject speaks of (`near`), and facts of both. What is told and the facts weigh more or less
    beside each kind of claim in the subject (`kinds`)."""

    letter: Letter

    @cached_property
    def subject(self) -> str:
        return self.letter.full_subject.text[:LONGEST_SUBJECT]

    @cached_property
    def written(self) -> tuple[str, ...]:
        """All sentences of the body, as they are written."""
        body = self.letter.body.spelled[:LONGEST_BODY]
        return tuple(each for each in SENTENCE.split(body) if each.strip())

    @cached_property
    def cased(self) -> tuple[str, ...]:
        """Those that are weighed: of a long body what shares most words with the subject, and what stands beside it."""
        lengths = [len(each.split()) for each in self.written]
        if sum(lengths) <= PASSAGE:
            return self.written
        kept: set[int] = set()
        left, nearness = PASSAGE, _nearness(self)
        for place in sorted(range(len(lengths)), key=lambda place: -nearness[place]):
            if left <= 0:
                break
            kept.add(place)
            left -= lengths[place]
        return tuple(each for place, each in enumerate(self.written) if place in kept)

    @property
    def is_whole(self) -> bool:
        """Whether all that is written is weighed."""
        return len(self.cased) == len(self.written)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        return tuple(each.lower() for each in self.cased)

    @cached_property
    def body(self) -> str:
        return "\n".join(self.sentences)

    @cached_property
    def kinds(self) -> frozenset[str]:
        return kinds_in(self.subject)

    @cached_property
    def said(self) -> frozenset[str]:
        """Words and pairs of words of the subject, and which kinds of claim meet in it."""
        words = _words(self.subject)
        meeting = (f"{one}&{other}" for one in self.kinds for other in self.kinds if one <= other)
        return frozenset([*words, *map(" ".join, pairwise(words)), *meeting])

    @cached_property
    def told(self) -> frozenset[str]:
        """Words, pairs and triples of words of the body."""
        return frozenset().union(*map(phrases, self.sentences))

    @cached_property
    def told_beside(self) -> frozenset[str]:
        """Those of them that are told apart by the kind of claim: triples beside a kind are too rare to learn from."""
        return frozenset(each for each in self.told if each.count(" ") < 2)

    @cached_property
    def near(self) -> frozenset[str]:
        return frozenset().union(*(phrases(each) for each in self.sentences if self.is_near(each)))

    @cached_property
    def about(self) -> frozenset[str]:
        return stems(self.subject)

    @cached_property
    def content(self) -> frozenset[str]:
        return frozenset().union(*map(stems, self.sentences))

    @cached_property
    def facts(self) -> frozenset[str]:
        return frozenset(
            [*_figures(self), *_words_beside(self), *_days(self), *_ends(self.letter), *_overlap(self)]
        )

    @cached_property
    def count(self) -> int:
        """How many signs there are; those that are told apart by kinds of claim, once more for each of these."""
        beside = len(self.kinds) * (len(self.told_beside) + len(self.facts))
        return len(self.said) + len(self.told) + len(self.near) + len(self.facts) + beside

    def is_near(self, sentence: str) -> bool:
        return not self.about.isdisjoint(stems(sentence))


def _nearness(signs: Signs) -> list[float]:
    """Of each sentence: the words that it shares with the subject, or half and a quarter of its neighbours'."""
    shared = [len(signs.about & stems(each.lower())) for each in signs.written]
    around = [0, 0, *shared, 0, 0]
    return [
        max(
            here,
            max(around[place + 1], around[place + 3]) / 2,
            max(around[place], around[place + 4]) / 4,
            0.6 if place < LEAD else 0,
        )
        for place, here in enumerate(shared)
    ]


@lru_cache(maxsize=1024)
def phrases(sentence: str) -> tuple[str, ...]:
    """Words, pairs and triples of words; each figure is one of them, whatever its value. Cached: each is
    asked for more than once."""
    words = _words(sentence)
    pairs = map(" ".join, pairwise(words))
    return (*words, *pairs, *map(" ".join, zip(words, words[1:], words[2:], strict=False)))


def _words(text: str) -> tuple[str, ...]:
    return tuple("#" if word[0].isdigit() else word for word in WORD.findall(text))


def _figures(signs: Signs) -> Iterator[str]:
    """Whether the subject's figures of a kind are in the body, and whether larger or smaller ones are."""
    told = _amounts(signs.body)
    for kind, said in _amounts(signs.subject).items():
        here = told.get(kind, frozenset())
        yield f"{kind} {'missing' if said - here else 'found'}"
        if not here:
            yield f"{kind} nowhere"
            continue
        if max(here) > max(said):
            yield f"{kind} more"
        if max(here) < max(said):
            yield f"{kind} less"
        if min(here) < min(said):
            yield f"{kind} smaller"


def _words_beside(signs: Signs) -> Iterator[str]:
    """The words beside the subject's figures where they stand in the body, and beside others of their kind."""
    said = _amounts(signs.subject)
    if not said:
        return
    for sentence in signs.sentences:
        near = "near" if signs.is_near(sentence) else "far"
        for found in FIGURE.finditer(sentence):
            kind, value = _amount(*found.groups())
            if kind not in said:
                continue
            which = "same" if value in said[kind] else "other"
            yield f"{kind} {which} {near}"
            before = _words(sentence[max(0, found.start() - NEAR) : found.start()])[-2:]
            behind = _words(sentence[found.end() : found.end() + NEAR])[:2]
            yield from (f"{which} <{word}" for word in before)
            yield from (f"{which} >{word}" for word in behind)


@lru_cache(maxsize=64)
def _amounts(text: str) -> dict[str, frozenset[float]]:
    found: dict[str, set[float]] = {}
    for each in FIGURE.finditer(text):
        kind, value = _amount(*each.groups())
        found.setdefault(kind, set()).add(value)
    return {kind: frozenset(each) for kind, each in found.items()}


def _amount(currency: str | None, digits: str, unit: str | None) -> tuple[str, float]:
    unit = unit or ""
    kind = "money" if currency else "percent" if unit[:1] in ("%", "p") else "rank" if unit else "number"
    return kind, float(digits.replace(",", ""))


def _days(signs: Signs) -> Iterator[str]:
    for name, pattern in (("day", DAY), ("month", MONTH), ("soon", SOON)):
        said = set(pattern.findall(signs.subject))
        if said:
            told = set(pattern.findall(signs.body))
            yield f"{name} {'found' if said & told else 'missing'}"
            if told - said:
                yield f"{name} other"


def _ends(letter: Letter) -> Iterator[str]:
    """How the ends that the body names stand to the one that the subject names."""
    said = deadlines_in(letter.subject, letter.today)
    if not said:
        return
    claim = said[0]
    ends = ends_in(sentences_on(letter.body, letter.subject), letter.today)
    same = "same" if any(each.first <= claim.last and each.last >= claim.first for each in ends) else "not"
    later = "later" if any(each.first > claim.last for each in ends) else "none later"
    yield f"end {'hard' if claim.hard else 'soft'} {same} {later}"
    if not ends:
        yield "end nowhere"


def _overlap(signs: Signs) -> Iterator[str]:
    """How many of the subject's words the body has, and its beginning.

    Neither how long a letter is nor which purpose its sender says it has makes a subject truer, so neither is a sign.
    """
    about, told = signs.about, signs.content
    lead = frozenset().union(*map(stems, signs.sentences[:2]))
    most = max(1, len(about))
    yield f"shared {4 * len(about & told) // most}"
    yield f"unshared {min(4, len(about - told))}"
    yield f"lead {4 * len(about & lead) // most}"
