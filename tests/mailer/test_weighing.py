"""What rules conclude is as grave as the whole letter bears out; what they know stays."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.compliance import Severity
from mailer.compliance.findings import Finding
from mailer.compliance.rules import SUBJECT_RULES, subject_weighed
from mailer.compliance.subjects import Letter, judge, judging, weighing
from mailer.compliance.subjects.signs import PASSAGE, Signs, phrases
from mailer.compliance.subjects.weighing import (
    PLAIN,
    STOPS,
    TOLD,
    WARNS,
    Weights,
    weighed,
    weight,
    weightiest,
    weights,
)
from tests.mailer.subjects import real_mail
from tests.mailer.subjects.cases import LEARNED, UNSEEN, text_of

BODY = (
    "All lamps are 20% off until Sunday. We sorted them by height and by colour, and the cat slept in a box. "
    "The small print takes it back. It is a cold November. The moss grows on the northern wall of the barn."
)
BLOCKED = Finding("subject_price", Severity.BLOCK, "It costs more.", "the law", "subject", (0, 5))
HELD = replace(BLOCKED, rule="subject_names", severity=Severity.HOLD)
WARNED = replace(BLOCKED, rule="subject_pressure", severity=Severity.WARN)
KNOWN = replace(BLOCKED, rule="subject_characters")


def letter(subject: str = "20% off lamps until Sunday", body: str = BODY, **others: Any) -> Letter:
    return Letter.from_json(
        {
            "subject": subject,
            "body": body,
            "from_name": "Acme",
            "from_email": "a@acme.example",
            "now": "2026-11-24T10:00:00-08:00",
            **others,
        }
    )


def share(letter: Letter) -> float:
    """At which each of its signs counts: four times as many, half as much."""
    return float((600 / max(300, Signs(letter).count)) ** 0.5)


@pytest.fixture
def weigh(monkeypatch):
    """Let every letter weigh so much, and rules so much."""

    def set_to(base: float, any_rule: float = 0.0, **known: dict[str, Any]) -> None:
        groups = ("said", "told", "near", "facts", "told_beside", "facts_beside", "rules")
        parts = {**{group: {} for group in groups}, **known}
        fixed = Weights(base=base, any_rule=any_rule, learned={}, **parts)
        monkeypatch.setattr(weighing, "weights", lambda: fixed)
        weighing.weight.cache_clear()

    yield set_to
    weighing.weight.cache_clear()


def test_what_rules_conclude_stands_where_the_letter_reads_as_if_it_misled(weigh):
    weigh(STOPS)
    assert list(weighed(letter(), [BLOCKED, HELD, WARNED])) == [BLOCKED, HELD, WARNED]


def test_it_only_warns_and_says_so_where_the_letter_is_in_doubt(weigh):
    weigh((STOPS + WARNS) / 2)
    assert list(weighed(letter(), [BLOCKED, WARNED])) == [_as_warning(BLOCKED), WARNED]


def test_it_is_not_said_at_all_where_the_letter_reads_honest(weigh):
    weigh(WARNS - 0.01)
    assert list(weighed(letter(), [BLOCKED, HELD, WARNED])) == [WARNED]


def test_a_contradiction_in_a_few_sentences_stands_unless_they_read_plainly_true(weigh):
    weigh(PLAIN)
    short = letter(
        body="All lamps are 15% off. We sorted them by height. The cat slept in a box. It is a cold November."
    )
    longer = letter(body=f"{short.body.cased} The moss grows on the northern wall of the barn.")
    assert list(weighed(short, [BLOCKED, HELD])) == [BLOCKED, HELD]
    assert list(weighed(short, [HELD])) == [] == list(weighed(longer, [BLOCKED, HELD]))
    weigh(PLAIN - 0.01)
    assert list(weighed(short, [BLOCKED, HELD])) == []


def test_each_rule_adds_what_it_is_trusted_with(weigh):
    weigh(STOPS - 1.0, any_rule=0.25, rules={"subject_price block": 0.5, "subject_names hold": 0.25})
    assert list(weighed(letter(), [BLOCKED, HELD])) == [BLOCKED, HELD]
    assert weighed(letter(), [BLOCKED])[0].severity is Severity.WARN


@pytest.mark.parametrize(
    "finding",
    [
        KNOWN,
        replace(KNOWN, rule="subject_thread"),
        replace(KNOWN, rule="subject_explicit"),
        replace(KNOWN, rule="kind_advertises"),
        replace(KNOWN, rule="subject_lot"),
        replace(KNOWN, rule="subject_card"),
        replace(KNOWN, rule="subject_exclusions"),
        replace(KNOWN, rule="subject_proof"),
        replace(BLOCKED, where="from_name"),
    ],
)
def test_nothing_outweighs_what_a_rule_sees_or_what_is_said_elsewhere(weigh, finding):
    weigh(-99.0)
    assert list(weighed(letter(), [finding, HELD])) == [finding]


def test_a_preheader_is_weighed_by_itself_as_if_it_were_the_subject(weigh):
    weigh(0.0, said={"half": -9.0, "tonight": 9.0})
    there, held = letter(preheader="Ends tonight"), replace(HELD, where="preheader", span=None)
    assert list(weighed(there, [BLOCKED, held])) == [_as_warning(BLOCKED), held]
    twice = letter("It ends tonight", preheader="Half price")
    assert list(weighed(twice, [BLOCKED, held])) == [BLOCKED]
    [whole] = subject_weighed.check(there)
    assert (whole.where, whole.span) == ("preheader", None) and "the preheader says" in whole.message


@pytest.mark.duty("D29")
def test_a_call_of_which_nothing_is_told_stands_unless_the_letter_reads_plainly_true(weigh):
    weigh(PLAIN)
    [found] = judge(letter("Following up on our call"), SUBJECT_RULES).findings
    assert (found.rule, found.severity) == ("subject_followed", Severity.HOLD)
    weigh(PLAIN - 0.01)
    assert not judge(letter("Following up on our call"), SUBJECT_RULES).findings


@pytest.mark.duty("D127")
def test_a_letter_that_reads_plainly_true_is_asked_only_what_rules_see_for_themselves(weigh):
    weigh(PLAIN - 0.01)
    there = letter("50% off tables!!!", preheader="Free sofa")
    assert {each.rule for each in judge(there, SUBJECT_RULES).findings} == {"subject_shouting"}
    for doubt in ({}, {"offers": []}):
        weigh(PLAIN - 0.01 if doubt else PLAIN)
        found = judge(letter("50% off tables!!!", **doubt), [_broken]).findings
        assert [(each.rule, each.severity) for each in found] == [("subject_price", Severity.HOLD)]
    weigh(PLAIN - 0.01, said={"sofa": 9.0})
    assert judge(there, [_broken]).verdict == "hold"


def _broken(_letter: Letter) -> Iterator[Finding]:
    raise RuntimeError


_broken.__module__ = "mailer.compliance.rules.subject_price"


def _as_warning(finding: Finding) -> Finding:
    words = "It costs more. The rest of the body reads as if it were true, so this only warns."
    return replace(finding, severity=Severity.WARN, message=words)


@pytest.mark.duty("D26")
def test_where_offers_are_on_record_they_tell_what_is_true(weigh):
    weigh(-99.0)
    assert list(weighed(letter(offers=[]), [BLOCKED, HELD])) == [BLOCKED, HELD]


@pytest.mark.duty("D25", "D33")
def test_a_letter_that_takes_its_subject_back_is_held_with_the_sentence_that_does(weigh):
    weigh(STOPS - 1.0, told={"small print": 0.5, "takes it back": 0.6, "the cat": -1.0, "cat": 0.9})
    [held] = subject_weighed.check(letter())
    assert (held.rule, held.severity, held.span) == ("subject_weighed", Severity.HOLD, (0, 26))
    assert "“The small print takes it back.”" in held.message
    assert weightiest(letter()) == "The small print takes it back."


def test_a_phrase_weighs_beside_the_kind_of_claim_and_near_its_words_only(weigh):
    weigh(
        0.0,
        told_beside={"deadline": {"small print": 0.5}, "free": {"small print": 9.0}},
        near={"lamps": 0.25},
    )
    assert weight(letter()) == pytest.approx(0.75 * share(letter()))
    assert weight(letter("A letter about moss")) == 0.0
    free = letter("A free letter about lamps")
    assert weight(free) == pytest.approx(9.25 * share(free))


TOUR = (
    "Our garden tour goes on all year, every Saturday morning at ten. Come and see the roses, the pond and the old "
    "glasshouse, bring your friends, and stay for tea in the barn afterwards. Tickets are at the gate. Dogs are "
    "welcome on a lead. The car park is free."
)
DRAWN = (
    "You entered our draw in May. Your number came up on Friday, and two seats for the concert are yours. We keep them "
    "at the box office until Sunday. Bring this message. We look forward to meeting you."
)


@pytest.mark.duty("D31")
@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("You have been selected", TOUR, "hold"),
        ("You have been selected for the garden tour", TOUR, "hold"),
        ("You have been selected", DRAWN, "ok"),
        ("Our garden tour starts again on Saturday", TOUR, "ok"),
        ("Your order has shipped", TOUR, "hold"),
        ("Re: your question", TOUR, "block"),
        ("Only 5 places left on the garden tour", TOUR, "hold"),
    ],
)
def test_what_is_for_everybody_reads_like_no_selection(subject, body, expected):
    assert judge(letter(subject, body), SUBJECT_RULES).verdict == expected


def test_it_is_held_without_a_sentence_where_none_speaks_against_the_subject(weigh):
    weigh(STOPS)
    [held] = subject_weighed.check(letter())
    assert held.severity is Severity.HOLD and "doesn't seem to bear out" in held.message


def test_a_letter_without_words_or_with_few_is_not_weighed_as_a_whole(weigh):
    weigh(99.0)
    few = letter("Moss", "It grows on the northern wall of the barn, and that is all there is to say.")
    assert Signs(few).count < 100 <= Signs(letter()).count
    assert not list(subject_weighed.check(few)) and list(subject_weighed.check(letter()))
    assert not list(subject_weighed.check(letter(body="See below.")))
    assert not list(subject_weighed.check(letter(subject="")))


MOSS = " ".join(f"The moss grows {number} feet up the northern wall of the old barn." for number in range(40))
ROOM = " ".join(f"It is cold in room {number} of the house by the sea tonight." for number in range(40))


def test_of_a_long_body_the_passage_that_speaks_of_the_subject_is_weighed():
    signs = Signs(
        letter(body=f"Good morning. {MOSS} It ends at noon. Lamps are 20% off. The cat slept. {ROOM}")
    )
    at = signs.cased.index("Lamps are 20% off.")
    assert signs.cased[at - 1 : at + 2] == ("It ends at noon.", "Lamps are 20% off.", "The cat slept.")
    assert signs.cased[0] == "Good morning." and not signs.is_whole
    assert sum(len(each.split()) for each in signs.cased[:-1]) < PASSAGE
    assert list(signs.cased) == [each for each in signs.written if each in signs.cased]
    assert Signs(letter()).is_whole and Signs(letter()).cased == Signs(letter()).written


def test_a_long_letter_whose_subject_claims_nothing_is_not_weighed_as_a_whole(weigh):
    weigh(99.0)
    long = f"{TOUR} {DRAWN} {BODY} {MOSS}"
    assert Signs(letter("Roses and a pond", long)).count >= TOLD  # so that it isn't too few
    assert not list(subject_weighed.check(letter("Roses and a pond", long)))
    assert list(subject_weighed.check(letter("Roses and a pond are free", long)))
    assert list(subject_weighed.check(letter("Roses and a pond", TOUR)))


def test_among_paragraphs_of_real_letters_a_case_keeps_its_own_words():
    given = {"id": "1", "subject": "Free lamp", "body": BODY, "content_type": "text", "label": "honest"}
    asides = [
        ["Some news of a firm that makes barns.", "Another piece of news."],
        ["Snow fell in the hills."],
    ]
    longer = real_mail.lengthened(given, asides)
    assert longer == real_mail.lengthened(given, asides) and longer["label"] == "honest"
    assert BODY in longer["body"] and longer["subject"] == "Free lamp"
    around = [each for each in longer["body"].split("\n\n") if each != BODY]
    assert set(around) <= {line for each in asides for line in each}
    assert sum(len(each.split()) for each in around) >= min(real_mail.LENGTHS)


def test_what_the_whole_letter_finds_is_said_only_where_no_rule_says_it_better(weigh):
    weigh(99.0)
    whole = replace(HELD, rule="subject_weighed")
    assert list(weighed(letter(), [BLOCKED, whole, WARNED])) == [BLOCKED, WARNED]
    assert list(weighed(letter(), [whole, WARNED])) == [whole, WARNED]


@pytest.mark.duty("D127")
def test_weights_that_cannot_be_read_hold_and_keep_what_the_rules_found(monkeypatch):
    def broken() -> Weights:
        raise OSError("no such file")

    monkeypatch.setattr(weighing, "weights", broken)
    weighing.weight.cache_clear()
    judged = judge(letter(subject="Re: lamps for 5% off"), SUBJECT_RULES)
    assert judged.verdict == "block"
    failed = [each for each in judged.findings if each.rule == "subject_weighed"]
    assert [each.severity for each in failed] == [Severity.HOLD] and "OSError" in failed[0].message


@settings(max_examples=60, deadline=None)
@given(subject=st.text(max_size=90), body=st.text(max_size=400), html=st.booleans())
def test_a_weight_is_the_sum_of_what_its_signs_weigh_for_any_text(subject, body, html):
    read = letter(subject=subject, body=body, content_type="html" if html else "text")
    known, signs = weights(), Signs(read)
    told = {each for sentence in signs.sentences for each in phrases(sentence)}
    near = {each for sentence in signs.sentences if signs.is_near(sentence) for each in phrases(sentence)}
    parts = [(known.told, told), (known.near, near), (known.said, signs.said), (known.facts, signs.facts)]
    for kind in signs.kinds:
        parts += [(known.told_beside[kind], told), (known.facts_beside[kind], signs.facts)]
    total = sum(weighs.get(each, 0.0) for weighs, has in parts for each in has)
    assert weight(read) == pytest.approx(known.base + total * share(read))


@pytest.mark.parametrize("words", ["lamp sale ", "1 ", "$9 off ", "\u0130\u200d9% ", "until nov 1, "])
def test_a_huge_body_is_weighed_in_its_beginning_and_quickly(words):
    read = letter(subject=words * 20_000, body=words * 200_000)
    started = time.process_time()
    weight(read)
    assert time.process_time() - started < 4  # of this process's own time: the machine may be busy


def test_the_weights_were_learned_from_the_cases_as_they_are():
    """Whoever changes a case learns anew: `make weights`."""
    kept = {name: hashlib.sha256(text_of(name).encode()).hexdigest() for name in LEARNED}
    assert dict(weights().learned) == {**kept, "real_mail": real_mail.RELEASE}
    assert not set(UNSEEN) & set(weights().learned)


def test_no_sign_decides_alone():
    known = weights()
    beside = (*known.told_beside.values(), *known.facts_beside.values())
    for group in (known.said, known.told, known.near, known.facts, *beside):
        assert max(map(abs, group.values())) < STOPS - known.base
    assert judging.WHOLE not in {each.partition(" ")[0] for each in known.rules}
