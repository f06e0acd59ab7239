"""A campaign through a mail service that takes many messages in one request: everyone accounted for, nobody twice."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from mailer import audience, campaigns, dispatch, suppression
from mailer.dispatch import crew
from mailer.dispatch.run import REQUEST_SECONDS, GroupSize
from mailer.models import Campaign, Contact, Message, Trouble
from tests.mailer.esp_batch_fake import BatchEsp, Turn, number
from tests.stories import parts

GROUP = 10


@pytest.fixture
def use(living_database, settings, monkeypatch) -> Iterator[None]:
    """Small groups on a few connections, through the fake."""
    monkeypatch.setattr(crew, "_learned", GroupSize(GROUP))
    monkeypatch.setattr(GroupSize, "learn", lambda *_: None)
    settings.CONNECTIONS = 3

    def chosen(fake: BatchEsp, **more: object) -> None:
        settings.ANYMAIL_ESP = fake.name
        settings.ANYMAIL = {**fake.anymail, "REQUESTS_TIMEOUT": 60, **more}

    return chosen


def sending(people: int) -> Campaign:
    campaign = parts.draft(parts.list_of(people))
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    return campaign


def everyone() -> set[str]:
    return set(Contact.objects.values_list("email", flat=True))


def is_due_now() -> None:
    """Time passes: what was put off is due, and the breaker lets one try."""
    Message.objects.filter(state="pending").update(due_at=timezone.now())
    Trouble.objects.update(again_at=timezone.now())


@pytest.mark.parametrize("name", ["postmark", "resend", "mailjet", "mailtrap"])
def test_a_campaign_goes_out_in_groups_each_in_one_request(use, name):
    campaign = sending(95)
    with BatchEsp(name) as fake:
        use(fake)
        dispatch.run_slice(seconds=60)
    assert fake.problems == []
    assert fake.got() == dict.fromkeys(everyone(), 1)
    assert max(fake.requests) == GROUP
    assert parts.states(campaign) == {"accepted": 95}
    of_contact = dict(Contact.objects.values_list("id", "email"))
    for contact, told in Message.objects.values_list("contact_id", "transport_id"):
        assert told == number(of_contact[contact])


def test_each_row_has_its_own_result(use):
    campaign = sending(30)
    inactive = sorted(everyone())[::7]
    with BatchEsp("postmark", refuses={to: f"Found inactive recipient {to}" for to in inactive}) as fake:
        use(fake)
        dispatch.run_slice(seconds=60)
    assert parts.emails(campaign, "refused") == set(inactive)
    assert parts.emails(campaign, "accepted") == everyone() - set(inactive) == set(fake.got())
    assert not any("@" in detail for detail in Message.objects.values_list("detail", flat=True))


def test_when_the_service_asks_for_a_pause_all_wait_and_nothing_is_lost_or_doubled(use):
    campaign = sending(95)
    busy = Turn((429, {"message": "slower"}), {"Retry-After": "120"}, takes=False)
    with BatchEsp("postmark", turns=[Turn(), busy, busy, busy]) as fake:
        use(fake)
        before = timezone.now()
        dispatch.run_slice(seconds=60)
        asked = len(fake.requests)
        assert 2 <= asked <= 1 + 3  # each connection at most once after the first
        trouble = Trouble.objects.get()
        assert "HTTP 429" in trouble.words
        assert (trouble.again_at - before).total_seconds() >= 120
        Message.objects.filter(state="pending").update(due_at=timezone.now())
        dispatch.run_slice(seconds=60)
        dispatch.clear_trouble()  # by the sweep, whenever nothing is due
        dispatch.run_slice(seconds=60)
        assert len(fake.requests) == asked, "somebody sent although the service asked for a pause"
        fake.turns = []
        is_due_now()
        dispatch.run_slice(seconds=60)
    assert fake.problems == []
    assert fake.got() == dict.fromkeys(everyone(), 1)
    assert parts.states(campaign) == {"accepted": 95}
    assert not Trouble.objects.exists()


def test_a_pause_that_is_over_is_forgotten_when_nothing_waits(use):
    Trouble.objects.create(about="transport", words="slower", since=timezone.now(), again_at=timezone.now())
    dispatch.clear_trouble()
    assert not Trouble.objects.exists()


def test_a_service_that_talks_nonsense_is_told_and_left_alone_and_nobody_is_mailed_twice(use):
    campaign = sending(95)
    page = Turn((200, b"<html>Please log in</html>"))
    with BatchEsp("mailtrap", turns=[page] * 50) as fake:
        use(fake)
        dispatch.run_slice(seconds=60)
        asked = len(fake.requests)
        assert asked <= 3
        trouble = Trouble.objects.get()
        assert "could not be read (HTTP 200, text/html)" in trouble.words
        dispatch.run_slice(seconds=60)
        assert len(fake.requests) == asked, "somebody sent although the service talks nonsense"
        waits = []
        for _ in range(10):
            is_due_now()
            before = timezone.now()
            dispatch.run_slice(seconds=60)
            waits.append(round((Trouble.objects.get().again_at - before).total_seconds()))
        assert fake.requests[asked:] == [1] * 10, "more than one message was risked on a try"
        assert waits[-1] >= 299
        assert Campaign.objects.get().state == Campaign.State.SENDING
        unknown = sum(fake.requests)
        assert parts.states(campaign) == {"unknown": unknown, "pending": 95 - unknown}
        fake.turns = []
        is_due_now()
        dispatch.run_slice(seconds=60)
    assert parts.states(campaign) == {"unknown": unknown, "accepted": 95 - unknown}
    assert fake.got() == dict.fromkeys(everyone(), 1)  # it took those that it did not speak of
    assert not Trouble.objects.exists()


@pytest.mark.duty("D126")
@pytest.mark.parametrize("name", ["postmark", "mailjet"])
def test_a_broken_connection_costs_its_own_request_at_most(use, settings, name):
    settings.CONNECTIONS = 1
    campaign = sending(40)
    with BatchEsp(name, turns=[Turn(), Turn(cuts=True)]) as fake:
        use(fake)
        dispatch.run_slice(seconds=60)
        assert parts.states(campaign) == {"accepted": GROUP, "unknown": GROUP, "pending": 40 - 2 * GROUP}
        is_due_now()
        dispatch.run_slice(seconds=60)
    assert parts.states(campaign) == {"accepted": 40 - GROUP, "unknown": GROUP}
    assert fake.got() == dict.fromkeys(everyone(), 1)


def test_a_broken_connection_costs_nobody_where_the_service_knows_the_request_again(use, settings):
    settings.CONNECTIONS = 1
    campaign = sending(40)
    turns = [Turn(), Turn(cuts=True), Turn(), Turn(cuts=True, takes=False)]
    with BatchEsp("resend", turns=turns) as fake:
        use(fake)
        dispatch.run_slice(seconds=60)
    assert fake.problems == []
    assert parts.states(campaign) == {"accepted": 40}
    assert fake.got() == dict.fromkeys(everyone(), 1)


def opt_out(email: str) -> None:
    contact = Contact.objects.get(email=email)
    suppression.suppress(bytes(contact.mailbox_key), reason="opt_out", channel="page", actor="recipient")


@pytest.mark.duty("D60")
def test_an_opt_out_while_a_request_is_in_doubt_keeps_it_from_being_repeated(use, settings):
    """The repeated request would be a mail to them after their opt-out was answered, if the first was lost."""
    settings.CONNECTIONS = 1
    campaign = sending(GROUP)
    leaver = sorted(everyone())[0]
    lost = Turn(cuts=True, takes=False, meanwhile=lambda: parts.on_its_own_connection(opt_out, leaver))
    with BatchEsp("resend", turns=[lost]) as fake:
        use(fake)
        dispatch.run_slice(seconds=60)
    assert fake.requests == [GROUP]
    assert fake.mailed == []
    assert parts.states(campaign) == {"unknown": GROUP}


@pytest.mark.duty("D60")
def test_an_opt_out_while_a_refused_request_goes_in_halves_gets_nothing(use, settings):
    settings.CONNECTIONS = 1
    campaign = sending(GROUP)
    leaver = sorted(everyone())[0]
    wrong = Turn(
        (422, {"ErrorCode": 300, "Message": "one of them is wrong"}),
        takes=False,
        meanwhile=lambda: parts.on_its_own_connection(opt_out, leaver),
    )
    with BatchEsp("postmark", turns=[wrong]) as fake:
        use(fake)
        dispatch.run_slice(seconds=60)
        assert fake.requests == [GROUP, GROUP // 2]
        is_due_now()
        dispatch.run_slice(seconds=60)
    assert leaver not in fake.got()
    assert parts.emails(campaign, "withheld") == {leaver}
    assert parts.states(campaign) == {"accepted": GROUP - 1, "withheld": 1}
    assert fake.got() == dict.fromkeys(everyone() - {leaver}, 1)


# -- how many in a request -----------------------------------------------------------------------------


def learned(size: GroupSize, seconds_of: object, batch: int, groups: int = 20) -> int:
    for _ in range(groups):
        size.learn(size.messages, seconds_of(size.messages), batch)
    return size.messages


def test_a_request_grows_until_its_answer_takes_most_of_a_second():
    size = GroupSize()
    assert learned(size, lambda messages: 0.3 + 0.002 * messages, 500) == pytest.approx(250, abs=3)
    assert learned(size, lambda messages: 0.1, 100) == 100  # the service's limit
    assert learned(size, lambda messages: 0.2 * messages, 500) == REQUEST_SECONDS / 0.2
    assert learned(size, lambda messages: 5.0, 500) == 1


def test_a_few_messages_in_a_request_teach_nothing():
    size = GroupSize(100)
    for _ in range(9):
        size.learn(3, 0.4, 500)
    assert size.messages == 100
