"""Which words of a line carry its meaning, and which sentences speak of the same thing."""

import re
from collections.abc import Set
from functools import lru_cache

NEAR = 120  # characters; longer than any words that are looked for right before a place
CONTENT = re.compile(r"[a-z]{3,}")
EMPTY = frozenset({
    "the", "and", "for", "you", "your", "our", "with", "are", "all", "any", "this", "that", "these",
    "those", "from", "have", "has", "had", "was", "were", "will", "would", "can", "could", "not", "but",
    "now", "new", "get", "got", "its", "it's", "per", "one", "two", "out", "off", "over", "only", "just",
    "more", "most", "than", "then", "here", "there", "when", "where", "what", "which", "who", "how",
    "why", "into", "onto", "about", "after", "before", "until", "through", "each", "every", "both",
    "few", "some", "such", "very", "too", "also", "day", "days", "week", "weeks", "today", "tonight",
    "tomorrow", "month", "year", "time", "way", "make", "made", "take", "come", "back", "free", "sale",
    "save", "deal", "offer", "offers", "price", "prices", "shop", "order", "orders", "buy", "extra",
    "full", "great", "good", "best", "last", "first", "next", "still", "even", "ever", "always", "never",
    "may", "might", "must", "should", "let", "us", "we", "they", "them", "their", "his", "her", "she",
    "him", "inside", "available", "plus",
})  # fmt: skip


def just_before(text: str, place: int) -> str:
    """What stands before a place, as far as words there can belong to it: a long text is not read again for each."""
    return text[max(0, place - NEAR) : place]


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """The beginnings of the words that say what `text` is about; enough to meet “sharpened” and “sharpening”.

    Cached: several rules ask it of each sentence.
    """
    return frozenset(_stem(word) for word in CONTENT.findall(text) if word not in EMPTY)


def shares(sentence: str, wanted: Set[str]) -> bool:
    """Whether a sentence has a word with one of the `wanted` stems."""
    return not _all_stems(sentence).isdisjoint(wanted)


@lru_cache(maxsize=4096)
def _all_stems(sentence: str) -> frozenset[str]:
    """Cached: each rule asks it of each sentence."""
    return frozenset(_stem(word) for word in CONTENT.findall(sentence))


def _stem(word: str) -> str:
    return word[:5].rstrip("s")
