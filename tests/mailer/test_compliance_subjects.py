"""A subject says what the message is: recall, false alarms, and what no subject may break."""

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.compliance import Severity
from mailer.compliance.rules import SUBJECT_RULES, subject_weighed
from mailer.compliance.subjects import Letter, judge
from mailer.compliance.subjects.judging import gravest, heard
from mailer.compliance.subjects.normalise import normalise
from tests.mailer.subjects.cases import EARLIER, LEARNED, MIRRORED, TAUGHT, UNSEEN, cases, figures

NOW = "2026-11-24T10:00:00-08:00"
FILLER = (
    "We spent the week sorting lamps by height, and then by colour, "
    "and the cat slept in the largest box of all of them."
)


def verdict(subject: str, body: str = "", **others: Any) -> str:
    """What the rules say by themselves, whatever the rest of the letter weighs."""
    letter = {
        "subject": subject,
        "body": body,
        "from_name": "Acme",
        "from_email": "a@acme.example",
        "now": NOW,
    }
    rules = [rule for rule in SUBJECT_RULES if rule is not subject_weighed.check]
    return gravest(heard(Letter.from_json({**letter, **others}), rules))


# -- the corpora ----------------------------------------------------------------------------------------


@pytest.mark.duty("D5", "D25", "D27", "D30", "D31")
@pytest.mark.parametrize(
    ("names", "aside", "recall", "false_alarms", "pairs"),
    [
        (["taxonomy"], False, 1.0, 0.0, 1.0),
        (["taxonomy"], True, 0.96, 0.12, 1.0),
        (["corpus"], False, 0.93, 0.01, 0.92),
        (["corpus"], True, 0.74, 0.03, 0.7),
        (EARLIER, False, 0.87, 0.01, 0.84),
        (EARLIER, True, 0.58, 0.05, 0.5),
        (TAUGHT, None, 0.96, 0.02, 0.95),  # learned whole
        (MIRRORED, False, 0.54, 0.06, 0.47),
        (MIRRORED, True, 0.2, 0.08, 0.14),
        # Nothing was learned from these, neither weights nor rules: so other letters will fare.
        (["strangers_seventh"], None, 0.91, 0.02, 0.87),
        (["strangers_eighth"], None, 0.72, 0.03, 0.68),
        (["strangers_ninth"], None, 0.74, 0.03, 0.72),
        (["strangers_tenth"], None, 0.79, 0.07, 0.72),
        (["strangers_eleventh"], None, 0.79, 0.06, 0.79),
    ],
    ids=lambda value: f"{value[0]}…" if isinstance(value, (list, tuple)) else None,
)
def test_deception_is_stopped_and_honesty_is_not(names, aside, recall, false_alarms, pairs):
    told = [case for name in names for case in cases(name) if aside in (None, case.is_aside)]
    reached = figures(told)
    print(len(told), "aside" if aside else "seen", reached)
    assert reached.recall >= recall and reached.false_alarms <= false_alarms
    assert reached.pairs >= pairs and reached.warned <= 0.07


def test_the_corpus_is_what_it_says():
    own, taxonomy = cases("corpus"), cases("taxonomy")
    assert len(own) >= 600 and len({case.given["id"] for case in own}) == len(own)
    assert Counter(case.given["label"] for case in taxonomy) == {"honest": 75, "deceptive": 75}
    paired = [case for case in own if "pair" in case.given]
    assert len(paired) >= len(own) / 2
    assert set(Counter(case.given["pair"] for case in paired).values()) == {2}


def test_each_finding_says_where_why_and_what_to_do():
    for name in (*LEARNED, *UNSEEN):
        for case in cases(name):
            for finding in case.judgement.findings:
                assert finding.message.endswith(".") and len(finding.message) > 30 and finding.source
                if finding.span is not None:
                    start, end = finding.span
                    assert 0 <= start < end <= len(case.given["subject"]), (case.given["id"], finding)


# -- meaning, not keywords --------------------------------------------------------------------------------


@pytest.mark.duty("D25", "D33")
@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("Ends tonight: 20% off lamps", f"All lamps are 20% off until midnight tonight. {FILLER}", "ok"),
        ("Ends tonight: 20% off lamps", f"All lamps are 20% off until December 20. {FILLER}", "block"),
        ("Ends tonight: 20% off lamps", f"All lamps are 20% off. {FILLER}", "hold"),
        ("20% off lamps", f"All lamps are 15% off. {FILLER}", "block"),
        ("Free lamp", f"A lamp is free when you spend $90. {FILLER}", "block"),
        ("Free lamp when you spend $90", f"A lamp is free when you spend $90. {FILLER}", "ok"),
        (
            "Last Chance Brewing Co. opens on Friday",
            f"Last Chance Brewing Co. opens on Friday. {FILLER}",
            "ok",
        ),
        ("Winners of our October draw", f"The winners are Lea, Tom and Ines. {FILLER}", "ok"),
        # what stands in every mail is read where the subject speaks of it
        ("Same-day delivery", f"Order today and get it in 5 to 7 business days. {FILLER}", "hold"),
        ("Same-day delivery", f"Order by noon and it comes the same day. {FILLER}", "ok"),
        # a price is of the thing that it stands beside
        ("$19 boots", f"Boots from $129. Boot care kit $19. {FILLER}", "hold"),
        ("$19 boots", f"Boots are $19 this week, sandals are $15. {FILLER}", "ok"),
        # a record is not one where the body tells of more
        ("Our cheapest fares ever", f"Fares from $79. In May they were $69. {FILLER}", "block"),
        ("Our cheapest fares ever", f"Fares from $79. In May they were $99. {FILLER}", "ok"),
        # what a reader did is told
        ("As you asked: the table's measurements", f"Our tables, from $400. {FILLER}", "hold"),
        ("As you asked: the table's measurements", f"You asked on May 2. It is 120 by 70 cm. {FILLER}", "ok"),
        # a whole is not a part
        ("All classes included", f"Yoga and spin are covered, boxing is charged per visit. {FILLER}", "hold"),
        ("All classes included", f"Each class is covered, boxing too. {FILLER}", "ok"),
        # where the body bears the subject out, an aside takes nothing back
        ("Ends tonight: 20% off lamps", f"Until midnight, 20% off.\n\nBulbs are $4 all year. {FILLER}", "ok"),
        (
            "Ends tonight: 20% off lamps",
            f"Until midnight, 20% off. This offer runs all year. {FILLER}",
            "block",
        ),
        ("Only 12 seats left", f"Of 60 seats, 48 are booked.\n\nPlenty of bread at the bar. {FILLER}", "ok"),
        ("Only 12 seats left", f"Of 60 seats, 48 are booked. There are plenty more. {FILLER}", "block"),
        ("Every lamp under $60", f"The dearest of them is $58.\n\nTables are $190. {FILLER}", "ok"),
        ("Free for teachers", f"It's free for teachers; we don't ask for a card. {FILLER}", "ok"),
        ("Free for teachers", f"It's free for teachers; then it's $9 a month. {FILLER}", "block"),
        # “almost everything” leaves something out, and says so
        ("25% off almost everything", f"25% off all year's lamps. Bulbs are excluded. {FILLER}", "warn"),
        ("25% off everything", f"25% off all year's lamps. Bulbs are excluded. {FILLER}", "block"),
        ("15% off, no exclusions", f"15% off the whole shop. Not valid on new arrivals. {FILLER}", "block"),
        ("15% off, no exclusions", f"15% off the whole shop. Not valid on prior purchases. {FILLER}", "ok"),
        # a chance is no prize
        (
            "You've won a $100 card",
            f"You're in the hat for one of 20 cards of $100. {FILLER}",
            "block",
        ),
        ("You've won a $100 card", f"Yours was one of 20 names drawn, and has $100. {FILLER}", "ok"),
        (
            "Take our survey, get $25",
            f"Each form goes into our June drawing of four $25 cards. {FILLER}",
            "block",
        ),
        (
            "Take our survey, get $25",
            f"We send $25 for each form. It also goes into our drawing. {FILLER}",
            "ok",
        ),
        ("Take our survey, you could win $25", f"Each form goes into our drawing of $25. {FILLER}", "ok"),
        # no card is none
        (
            "30 days of Pro, no card needed",
            f"Add your billing details, and start your 30 days. {FILLER}",
            "block",
        ),
        ("30 days of Pro, no card needed", f"We ask for no card. If you stay, add a card. {FILLER}", "ok"),
        # a condition, a fee or a dearer part takes it back
        ("Exam and X-rays for $79", f"An exam is $79. X-rays are $110. {FILLER}", "hold"),
        ("Exam and X-rays for $79", f"The exam with X-rays is $79. Crowns are $900. {FILLER}", "ok"),
        (
            "Fly to Lisbon for $199",
            f"The fare is $199. A surcharge of $240 is added at booking. {FILLER}",
            "hold",
        ),
        ("Fly to Lisbon for $199", f"The fare is $199. No surcharge is added at booking. {FILLER}", "ok"),
        (
            "Every lamp is 25% off",
            f"25% off. Shades are not lamps, so they keep their prices. {FILLER}",
            "ok",
        ),
        ("Every lamp is 25% off", f"25% off. Floor lamps are excluded. {FILLER}", "block"),
        # in time for a feast that moves with the year
        ("Order today for Mother's Day", f"It takes two days to arrive. {FILLER}", "ok"),
        ("Works with Alexa and Google Home", f"The $139 thermostat listens to Google too. {FILLER}", "ok"),
        (
            "New: oat milk by the liter",
            f"Since Monday we fill a liter. Our crates date from 2011. {FILLER}",
            "ok",
        ),
        ("New: oat milk by the liter", f"Oat milk has been sold by the liter since 2022. {FILLER}", "block"),
        ("Free samples of sunscreen", f"We mail samples for free. The tubes are $18. {FILLER}", "ok"),
        ("Free samples of sunscreen", f"A sample is free. You pay $8 for postage. {FILLER}", "block"),
        ("Nothing on the menu over $12", f"The priciest plate is $12. Dinner mains from $19. {FILLER}", "ok"),
        ("Nothing on the menu over $12", f"Soups $6. Trout and burgers are $18. {FILLER}", "block"),
        ("Race on Sunday", f"Registration closes on Friday. It starts at 9. {FILLER}", "ok"),
        ("Sugar-free and gluten-free jam", f"New jars of both, $8 each. {FILLER}", "ok"),
    ],
)
def test_the_same_words_are_judged_by_what_the_body_says(subject, body, expected):
    assert verdict(subject, body) == expected


def test_a_body_of_pictures_only_warns_and_their_alternatives_count():
    picture = '<p><img src="https://x.example/a.png" alt="{}"></p>'
    assert verdict("Ends tonight: 20% off lamps", picture.format(""), content_type="html") == "warn"
    told = picture.format("20% off lamps until midnight tonight")
    assert verdict("Ends tonight: 20% off lamps", told, content_type="html") == "ok"


def test_hidden_text_bears_nothing_out():
    hidden = f'<p>Lamps are 10% off. {FILLER}</p><p style="display:none">20% off lamps until tonight</p>'
    assert verdict("20% off lamps", hidden, content_type="html") == "block"


@pytest.mark.duty("D26")
def test_offers_bind_claims_and_none_means_none():
    body = f"All lamps are 20% off until midnight tonight. {FILLER}"
    offer = {
        "what": "20% off lamps",
        "kind": "percent",
        "value": 20,
        "scope": "lamps",
        "zone": "America/Los_Angeles",
    }
    subject = "Ends tonight: 20% off lamps"
    assert verdict(subject, body, offers=[{**offer, "ends": "2026-11-24T23:59:00-08:00"}]) == "ok"
    assert (
        verdict(subject, body, offers=[{**offer, "ends": "2026-11-25T08:00:00+00:00"}]) == "ok"
    )  # the same night, in UTC
    assert verdict(subject, body, offers=[{**offer, "ends": "2026-11-30"}]) == "block"
    assert verdict(subject, body, offers=[offer]) == "block"
    assert verdict(subject, body, offers=[]) == "block"


@pytest.mark.duty("D14", "D25")
def test_a_name_or_preheader_can_deceive_as_well():
    assert verdict("Lamps", FILLER, from_name="PayPal Security") == "block"
    assert verdict("Lamps", FILLER, from_name="PayPal", from_email="service@paypal.com") == "ok"
    for name in ("City of Arden Heights", "Office of the City Clerk, Arden Heights"):
        assert verdict("Lamps", FILLER, from_name=name, from_email="clerk@ardenheights.example") == "ok"
        assert verdict("Lamps", FILLER, from_name=name, from_email="clerk@lamps.example") == "block"
    assert verdict("Lamps", f"Lamps are 10% off. {FILLER}", preheader="40% off all lamps") == "block"
    assert verdict("Lamps", FILLER, preheader="Re: your order") == "block"
    office = {"from_name": "Office of the Student Loan Review", "from_email": "a@studentloanreview.example"}
    assert verdict("Lamps", FILLER, **office) == "block"
    for preheader, body in (
        ("You've won $100", "You're in the hat for one of 20 cards of $100."),
        ("No card needed", "Add your billing details, and start."),
        ("No exclusions", "Not valid on new arrivals."),
    ):
        assert verdict("Lamps", f"{body} {FILLER}", preheader=preheader) == "block"


@pytest.mark.duty("D24", "D32")
@pytest.mark.parametrize(
    "subject",
    [
        "AW: Ihre Anfrage",
        "Fwd: hello",
        "Fr\u200bee",
        "\u041erder",
        "\u202esale",
        "V\u0336\u0337\u0338iew",
        "✔ Verified | Acme",
    ],
)
def test_disguises_are_blocked_in_any_language(subject):
    assert verdict(subject, FILLER) == "block"


@pytest.mark.parametrize(
    "subject",
    [
        "Crème brûlée 🍮",
        "👩‍🌾 Neues vom Hof",
        "می‌خواهم کتاب بخرم",
        "שלום לכולם\u200f",
        "京都の種",
        "Καλημέρα Αθήνα",
        "क्षेत्र‍ीय समाचार",
    ],
)
def test_honest_scripts_pass(subject):
    assert verdict(subject, "…") == "ok"


def test_the_raw_place_is_kept_through_disguises():
    line = normalise("🔥  F R E E  ｓａｌｅ")
    assert line.text == " free sale".strip()
    start = line.text.index("sale")
    assert line.raw[slice(*line.span(start, start + 4))] == "ｓａｌｅ"


# -- what nobody may break ----------------------------------------------------------------------------------


@pytest.mark.duty("D127")
def test_a_rule_that_fails_holds_and_is_named():
    def broken(letter):
        raise ZeroDivisionError

    found = judge(Letter.from_json({"subject": "Lamps", "body": ""}), [broken])
    assert found.verdict == "hold" and "ZeroDivisionError" in found.findings[0].message
    assert found.findings[0].severity is Severity.HOLD


@settings(max_examples=150, deadline=timedelta(seconds=2), suppress_health_check=[HealthCheck.too_slow])
@given(
    subject=st.one_of(st.text(max_size=120), st.lists(st.sampled_from(
        ["ends tonight", "50% off", "everything", "free", "only 3 left", "$0", "Re:", "\u200d", "Nov 31", "99/99",
         "you won", "0%", "9" * 30, "Ａ", "🎁", "no fees", "İ", "ß", "your order", "²",
         "٣ left"]), max_size=12).map(" ".join)),
    body=st.text(max_size=400),
    html=st.booleans(),
)  # fmt: skip
def test_any_text_is_answered_without_an_exception(subject, body, html):
    letter = Letter.from_json(
        {"subject": subject, "body": body, "content_type": "html" if html else "text", "now": NOW}
    )
    for rule in SUBJECT_RULES:
        for finding in rule(letter):
            if finding.span is not None:
                assert 0 <= finding.span[0] <= finding.span[1] <= len(subject)


@pytest.mark.parametrize(
    ("subject", "body", "content_type"),
    [
        ("free " * 200_000, "free", "text"),
        ("\u200d" * 1_000_000, "x", "text"),
        (
            "Ends tonight: 50% off everything, free gift, recipes, no fees",
            "$1, until nov 1 " * 60_000,
            "text",
        ),
        ("Ends tonight: 50% off everything, free gift", "<div>" * 100_000 + "50% off", "html"),
        ("Exam, X-rays and cleaning for $79, then $99", "x-rays $110, exam $79. " * 2_500, "text"),
    ],
)
def test_huge_letters_never_hang_a_check(subject, body, content_type):
    started = time.process_time()
    assert verdict(subject, body, content_type=content_type) != "ok"
    assert time.process_time() - started < 4  # of this process's own time: the machine may be busy


# -- the command ------------------------------------------------------------------------------------------


def asked(*lines: str) -> tuple[int, list[dict[str, Any]]]:
    command = [sys.executable, "manage.py", "check_subject"]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def line(**parts: Any) -> str:
    return json.dumps(
        {
            "id": "a",
            "subject": "Lamps",
            "from_name": "Acme",
            "from_email": "a@acme.example",
            "body": FILLER,
            **parts,
        }
    )


def test_the_command_answers_each_line_and_tells_the_gravest():
    assert asked(line(id=7)) == (0, [{"id": 7, "verdict": "ok", "findings": []}])
    code, [answer] = asked(line(subject="🎁 Re: lamps", now=NOW))
    [finding] = answer["findings"]
    assert (code, answer["verdict"]) == (1, "block")
    assert set(finding) == {"rule", "severity", "message", "span", "source"}
    assert (finding["rule"], finding["severity"], finding["span"]) == ("subject_thread", "block", [2, 5])


def test_a_bad_line_is_told_and_the_others_are_answered():
    bad = [
        "{",
        "[]",
        line(subject=None),
        line(purpose="fun"),
        line(now="yesterday"),
        line(now="2026-11-24T10:00:00"),
        line(offers=[{"what": "x"}]),
        line(offers=[{"what": "x", "kind": "price", "zone": "Mars/Base"}]),
        line(content_type="pdf"),
    ]
    code, answers = asked(*bad, line(id="last"))
    assert code == 2
    assert all(answer["error"].startswith("This line can’t be read: ") for answer in answers[:-1])
    assert len(answers) == len(bad) + 1 and answers[-1] == {"id": "last", "verdict": "ok", "findings": []}


def test_now_is_the_clock_when_it_is_not_given():
    yesterday = datetime.now(UTC) - timedelta(days=1)
    letter = Letter.from_json({"subject": "x", "body": "y"})
    assert letter.now > yesterday and letter.now.tzinfo is not None
