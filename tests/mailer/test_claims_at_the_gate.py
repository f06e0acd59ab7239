"""What `check_subject` finds in a line, the gate finds in a campaign: nothing is asked of one and not of the other."""

import time

import pytest

from mailer.compliance import Severity, check
from mailer.compliance.rules import SUBJECT_RULES, subject_deadline
from tests.mailer.messages import CAMPAIGN, FRIENDS, content, sender

BODY = "<p>Our winter covers are here. They come in two sizes, cost $29 and $39, and last for years.</p>"


def found(**parts: str) -> list[tuple[str, Severity, str]]:
    findings = check(content(**{"html": BODY, **parts}), sender(), [FRIENDS], CAMPAIGN)
    return [(each.rule, each.severity, each.where) for each in findings]


@pytest.mark.duty("D29")
@pytest.mark.parametrize(
    "subject",
    [
        "Re: winter covers", "RE : winter covers", "re[2]: winter covers", "Fwd: winter covers", "FW: winter covers",
        "Fw:winter covers", "[Fwd: winter covers]", "(Re) winter covers", "AW: Winter", "WG: Winter", "SV: vinter",
        "TR: hiver", "RV: invierno", "Antw: winter", "回复: 冬天", "🎁 Re: winter covers",
        "(no subject) Re: covers", "R\u0435: covers",
    ],
)  # fmt: skip
def test_a_draft_that_begins_like_a_reply_or_a_forward_is_blocked_and_told_so_once(subject):
    blocked = [each for each in found(subject=subject) if each[1] is Severity.BLOCK]
    assert {rule for rule, *_ in blocked} & {"fake_reply", "subject_thread"}
    assert len([each for each in blocked if each[0] in ("fake_reply", "subject_thread")]) == 1


@pytest.mark.parametrize(
    "subject",
    [
        "Following up on our call yesterday",
        "Did you see my last email?",
        "The quote you requested",
        "Winter covers (2)",
    ],
)
def test_a_draft_that_goes_on_with_what_never_was_is_held(subject):
    rule = "subject_thread" if subject.endswith("(2)") else "subject_followed"
    assert (rule, Severity.HOLD, "subject") in found(subject=subject)


def test_a_preheader_pretends_no_more_than_a_subject():
    assert {rule for rule, *_ in found(preheader="Fwd: your covers")} == {"fake_reply"}
    assert ("subject_followed", Severity.HOLD, "preheader") in found(
        preheader="Following up on our call yesterday"
    )


@pytest.mark.parametrize(
    ("subject", "rule", "severity"),
    [
        ("F R E E winter covers", "subject_characters", Severity.HOLD),
        ("Fr33 m0ney for winter", "subject_characters", Severity.HOLD),
        ("✔ Verified | winter covers", "subject_characters", Severity.BLOCK),
        ("\u0421overs for winter", "subject_characters", Severity.BLOCK),
    ],
)
def test_a_disguise_is_seen_at_the_gate_too(subject, rule, severity):
    assert (rule, severity, "subject") in found(subject=subject)


@pytest.mark.parametrize(
    "subject",
    ["Reading list: five winter books", "FW26 collection is here", "Re-engineered: our quietest mower yet"],
)
def test_words_that_only_look_like_a_mark_pass(subject):
    assert not {"fake_reply", "subject_thread"} & {rule for rule, *_ in found(subject=subject)}


def test_a_rule_that_fails_holds_the_draft_and_is_named(monkeypatch):
    def broken(letter):
        raise RuntimeError

    broken.__module__ = subject_deadline.__name__
    rules = tuple(broken if rule is subject_deadline.check else rule for rule in SUBJECT_RULES)
    monkeypatch.setattr("mailer.compliance.claims.SUBJECT_RULES", rules)
    assert ("subject_deadline", Severity.HOLD, "subject") in found()


@pytest.mark.parametrize("nested", [3_000, 60_000])
def test_a_hostile_body_is_answered_in_time(nested):
    started = time.process_time()
    found(html="<div>" * nested + BODY, subject="Ends tonight: 50% off everything, free gift, only 3 left")
    assert time.process_time() - started < 10
