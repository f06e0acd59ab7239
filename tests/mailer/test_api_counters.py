"""A shop's program tells what a counter stands at, and what campaigns say of it goes out no message longer."""

import pytest

from mailer import campaigns, counters
from mailer.models import Campaign, Counter, Evidence, Reading
from tests.mailer.admin_door import member, new_draft
from tests.mailer.api_door import Program

pytestmark = pytest.mark.django_db

WHAT = "seats for the webinar on 2 December"
SLUG = "seats-for-the-webinar-on-2-december"


@pytest.fixture
def spoken() -> Campaign:
    """A draft that says 37."""
    draft = new_draft(
        subject="37 seats left for the rose webinar",
        html="<p>There are 37 seats left for the rose webinar. It lasts an hour, and you may ask what you like.</p>",
    )
    counters.record(WHAT, 37, draft, member("Marketer"))
    return draft


def rules_of(campaign: Campaign) -> list[str]:
    return [each.rule for each in campaigns.findings_of(Campaign.objects.get(pk=campaign.pk))]


def test_a_program_tells_a_counter_and_the_campaign_that_says_another_number_is_blocked(spoken):
    program = Program("counters:write")
    assert rules_of(spoken) == []
    told = program.post("/counters", counter=SLUG, stands_at=36)
    reading = Reading.objects.latest("id")
    assert (told.status, told.body["counter"], told.body["what"], told.body["stands_at"]) == (
        200,
        SLUG,
        WHAT,
        36,
    )
    assert (reading.value, reading.actor) == (36, f"API key {program.key.pk}")
    assert rules_of(spoken) == ["counter_untrue"]
    row = Evidence.objects.latest("id")
    assert (row.verb, row.actor, row.details) == ("number told", reading.actor, {"value": 36})
    assert program.get("/counters").body == [told.body]


def test_a_counter_that_nobody_told_stands_at_nothing():
    Counter.objects.create(slug="figs", what="fig trees", actor="shell")
    assert Program().get("/counters").body == [
        {"counter": "figs", "what": "fig trees", "stands_at": None, "told_at": None}
    ]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"counter": "sets", "stands_at": 36}, "/counter"),
        ({"counter": SLUG, "stands_at": -1}, "/stands_at"),
        ({"counter": SLUG, "stands_at": 36.5}, "/stands_at"),
        ({"counter": SLUG, "stands_at": "36"}, "/stands_at"),
        ({"counter": SLUG, "stands_at": True}, "/stands_at"),
        ({"counter": SLUG, "stands_at": 2**31}, "/stands_at"),
        ({"counter": SLUG}, "/stands_at"),
    ],
)
def test_what_is_no_number_of_a_counter_that_is_there_is_refused_in_words_and_nothing_is_recorded(
    spoken, said, pointer
):
    told = Program().post("/counters", **said)
    assert told.status == 422
    assert [error["pointer"] for error in told.body["errors"]] == [pointer]
    assert [reading.value for reading in Reading.objects.all()] == [37]
