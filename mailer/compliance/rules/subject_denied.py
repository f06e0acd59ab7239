"""The body does not say “not” to the very word that the subject says.

15 U.S.C. 7704(a)(2): “a material fact regarding the contents or subject matter of the message” (DUTIES D33, T11).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.words import stems

RULE = "subject_denied"
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=4, duties="D33")
FEW = 25  # sentences; in a longer body a word comes up again in another matter
WORD = re.compile(r"[a-z]{5,}")
# Words whose negation says little of what is offered: “you do not need to order”, “there is no hurry”.
SLIGHT = frozenset(
    [
        "about",
        "after",
        "again",
        "today",
        "order",
        "orders",
        "offer",
        "price",
        "change",
        "changes",
        "worry",
        "matter",
        "there",
        "their",
        "where",
        "which",
        "would",
        "could",
        "should",
        "email",
        "message",
        "need",
        "needs",
        "reply",
        "until",
        "through",
        "before",
        "first",
        "think",
        "thing",
        "things",
        "really",
        "write",
        "miss",
        "every",
        "other",
        "email",
        "subject",
        "hurry",
        "questions",
        "question",
        "purchase",
        "later",
        "early",
        "longer",
        "wait",
        "waiting",
        "december",
        "november",
        "monday",
        "sunday",
        "winter",
        "summer",
        "limit",
        "problem",
        "mistake",
        "mistakes",
        "shopping",
        "insane",
        "crazy",
        "unreal",
        "ridiculous",
        "delivery",
        "account",
        "number",
        "wrong",
        "right",
        "sorry",
    ]
)
DENIES = re.compile(
    r"\b(?:cancell?ed|closed|off|stops?|ends?|over|gone|out|no|not|never|without|"
    r"needs?|help|lack\w*|missing|short of|\w+n't)\b"
)
NEGATED = re.compile(
    r"(?:\b(?:not|no|never|isn't|aren't|wasn't|weren't|don't|doesn't|didn't|won't|can't|"
    r"cannot|without|neither|nor|hardly)(?: (?:yet|be|been|any|a|an|the|our|really|all|fully|"
    r"in|have|include|offer))* |\bneither [^.;:]{2,30} (?:is|are|was|were) |\bun|\bnon-?)(?P<word>[a-z]+)"
)


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    if DENIES.search(line.text) or letter.speaks_about:
        return
    wanted = stems(line.text)
    text = " ".join(
        each
        for each in letter.body.sentences
        if not re.search(r"\bif\b|\?", each)
        and (len(letter.body.sentences) < FEW or len(stems(each) & wanted) > 1)
    )
    denied = [found["word"] for found in NEGATED.finditer(text)]
    said = NEGATED.sub(" ", text)
    for found in WORD.finditer(line.text):
        stem = found[0].rstrip("s")
        if line.text[found.end() :].startswith(("-free", " free")):
            continue  # “plastic-free” is a denial itself
        if found[0] in SLIGHT or not any(word.startswith(stem) for word in denied):
            continue
        if f" {stem}" not in f" {said}" and f"-{stem}" not in said:
            words = f"The subject says “{found[0]}”, and the body only denies it. Say the same in both."
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())
            return
