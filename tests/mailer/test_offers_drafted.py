"""Recording an offer is one step: the form knows what subject and body say of it already."""

import pytest

from mailer.compliance.subjects import Letter
from mailer.compliance.subjects.drafted import drafted_offer

NOW = "2026-11-30T09:00:00-05:00"  # a Monday
AND = "Come and see the roses, the figs and the old barn with us."


def drafted(subject: str, body: str = ""):
    return drafted_offer(Letter.from_json({"subject": subject, "body": f"{body} {AND}", "now": NOW}))


@pytest.mark.parametrize(
    ("subject", "body", "kind", "value", "scope"),
    [
        ("20% off everything until Friday", "", "percent", "20", "everything"),
        ("A third off climbing roses until May 3", "", "percent", "33", "climbing roses"),
        ("$15 off lamps", "Take $15 off lamps.", "amount", "15", "lamps"),
        ("Any pizza for $9.99", "All pizzas are $9.99.", "price", "9.99", "any pizza"),
        ("Free shipping this week", "Shipping is free.", "free", "", "shipping"),
        ("Webinar on December 2: roses", "It starts on December 2 at 6 p.m.", "event", "", ""),
    ],
)
def test_kind_value_and_scope_are_those_of_the_claim(subject, body, kind, value, scope):
    found = drafted(subject, body)
    assert (found.kind, found.value, found.scope) == (kind, value, scope)


@pytest.mark.parametrize(
    ("subject", "body", "ends"),
    [
        ("Ends Thursday, December 3: 20% off", "", "2026-12-03 23:59"),
        ("20% off through Sunday", "", "2026-12-06 23:59"),
        ("Ends tonight: 20% off", "20% off until 8 p.m. tonight.", "2026-11-30 20:00"),
        ("Ends at noon: 20% off", "20% off until noon today.", "2026-11-30 12:00"),
        ("20% off lamps", "The sale ends December 5.", "2026-12-05 23:59"),
        ("20% off lamps", "", ""),
    ],
)
def test_its_end_is_the_one_that_body_or_subject_name(subject, body, ends):
    found = drafted(subject, body).ends
    assert (f"{found:%Y-%m-%d %H:%M}" if found else "") == ends


def test_conditions_and_exceptions_are_taken_from_the_body():
    found = drafted("20% off lamps", "20% off lamps with orders of $50 or more. Brass lamps are excluded.")
    assert "orders of $50 or more" in found.conditions and "Brass lamps are excluded" in found.conditions
