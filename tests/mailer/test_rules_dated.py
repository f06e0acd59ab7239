"""Rules are dated data: each says its law, its duties, its version and as of when it was judged (D130)."""

import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from importlib import import_module
from pkgutil import iter_modules

import pytest

from mailer import campaigns
from mailer.compliance import Severity, reminders, rules
from mailer.compliance.catalogue import catalogue, versions
from mailer.compliance.dated import Reviewed
from mailer.models import Evidence
from tests.mailer.admin_door import member, new_draft, signed_in

pytestmark = pytest.mark.duty("D130")


def test_every_rule_file_is_dated_and_no_day_lies_ahead():
    modules = [import_module(f"{rules.__name__}.{each.name}") for each in iter_modules(rules.__path__)]
    assert {rule.name for rule in catalogue()} == {module.RULE for module in modules}
    for module in modules:
        reviewed: Reviewed = module.REVIEWED
        assert date(2026, 1, 1) <= reviewed.day <= date.today(), module.RULE  # noqa: DTZ011
        assert reviewed.version >= 1
        assert reviewed.numbers and all(re.fullmatch(r"D\d{1,3}", number) for number in reviewed.numbers)


def test_every_rule_tells_its_law_its_words_and_what_it_may_do():
    for rule in catalogue():
        assert rule.law and rule.words.endswith(".") and rule.severities, rule.name
    by_name = {rule.name: rule for rule in catalogue()}
    assert by_name["size"].severities == (Severity.BLOCK, Severity.WARN)
    assert by_name["dropped_parts"].severities == (Severity.WARN,)


def test_each_rule_is_there_once():
    assert len(versions()) == len(catalogue())


@pytest.fixture
def one_rule(monkeypatch):
    """A catalogue of one rule that was last judged on 1 March 2026."""
    rule = replace(catalogue()[0], reviewed=Reviewed("2026-03-01", version=1, duties="D130"))
    monkeypatch.setattr(reminders, "catalogue", lambda: (rule,))
    return rule


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (61, None),
        (60, "By 1 March 2027, the review of 1 of 1 rules is due: 60 days are left."),
        (7, "By 1 March 2027, the review of 1 of 1 rules is due: 7 days are left."),
        (
            -30,
            "Since 1 March 2027, the review of 1 of 1 rules is due: they were held against the law more "
            "than a year ago. Is there a newer Candor?",
        ),
    ],
)
def test_a_review_that_ages_is_told_ahead_and_never_stops_mail(one_rule, days, words):
    told = reminders.reviews_due(date(2027, 3, 1) - timedelta(days=days))
    assert told == ([words] if words else [])


@pytest.mark.django_db
def test_the_page_shows_each_rule_and_what_it_found_lately():
    pressing = new_draft(subject="Fwd: The first tomatoes are here")
    with pytest.raises(campaigns.CampaignRefused):
        campaigns.launch(pressing, member("Marketer"))
    refused = Evidence.objects.get(verb="launch refused")
    assert {"rule": "fake_reply", "severity": "block"} in refused.details["findings"]
    assert refused.details["rules"] == versions()
    page = signed_in("Marketer").get("/admin/mailer/campaign/rules/")
    told = {each.rule.name: each for _, group in page.context["groups"] for each in group}
    assert set(told) == set(versions())
    assert (told["fake_reply"].spoke, told["fake_reply"].stopped) == ((1, 1), (1, 1))
    assert told["size"].is_quiet
    words = page.content.decode()
    assert all(rule.law in unescape(words) for rule in catalogue())
    assert "reviewed 22 Nov 2026" in words and "<form" not in words.partition("c-card")[2]


@pytest.mark.django_db
def test_a_refusal_that_no_rule_made_is_not_recorded():
    sent = new_draft()
    campaigns.launch(sent, member("Marketer"))
    with pytest.raises(campaigns.CampaignRefused):
        campaigns.launch(sent, member("Marketer"))
    assert not Evidence.objects.filter(verb="launch refused").exists()
