"""Promise 2, with real workers, a real web server and a slow mail server: no hand-over after the answer."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from mailer import addresses, tokens
from mailer.models import Campaign, Contact, Message, Suppression
from tests.stories import parts
from tests.stories.parts import Installation

AUDIENCE, OPT_OUTS = 1000, 200


def test_between_snapshot_and_hand_over(installation: Installation):
    """Everyone is in the audience; who opts out before the first worker comes gets nothing."""
    campaign = parts.draft(parts.list_of(20))
    parts.launch(campaign)
    installation.start("web")
    fixed(campaign)
    installation.wait_for_web()
    status, answered = installation.post(link("person7@example.org", campaign))
    assert status == 200
    installation.start("worker", "beat")
    installation.wait_until_sent(campaign)
    assert set(parts.recipients(installation.inbox)) == parts.emails(campaign, "accepted")
    assert parts.states(campaign) == {"accepted": 19, "withheld": 1}
    kept_back = Message.objects.get(campaign_id=campaign.pk, state="withheld")
    assert (kept_back.reason, kept_back.handed_over_at, kept_back.sha256) == ("opt_out", None, None)
    assert Suppression.objects.get().recorded_at < answered


def test_while_workers_send(installation: Installation):
    figures = opt_outs_while_sending(installation, AUDIENCE, OPT_OUTS)
    assert figures["withheld"] >= OPT_OUTS // 10, "the opt-outs came too late to prove anything"


def opt_outs_while_sending(installation: Installation, audience: int, number: int) -> dict[str, float]:
    """Let `number` people opt out one after another while `audience` messages go out; check every one."""
    installation.replace_inbox(delay=0.05)
    installation.start("web", "worker", "beat")
    installation.wait_for_web()
    campaign = parts.launch(parts.draft(parts.list_of(audience)))
    people = random.Random(audience).sample(range(1, audience + 1), number)
    installation.wait_for_messages(audience // 50)
    answers = dict(all_opt_out(installation, campaign, people))
    assert len(answers) == number == Suppression.objects.count()
    installation.wait_until_sent(campaign, 120)
    return assert_none_after_its_answer(installation, campaign, audience, answers)


def all_opt_out(
    installation: Installation, campaign: Campaign, people: list[int]
) -> list[tuple[str, datetime]]:
    """Three mail programs at once; each person's time is that at which the 200 had come."""

    def one_click(number: int) -> tuple[str, datetime]:
        email = f"person{number}@example.org"
        status, answered = installation.post(link(email, campaign))
        assert status == 200
        return email, answered

    with ThreadPoolExecutor(3) as programs:
        return list(programs.map(one_click, people))


def assert_none_after_its_answer(
    installation: Installation, campaign: Campaign, audience: int, answers: dict[str, datetime]
) -> dict[str, float]:
    parts.assert_accounted(campaign, installation.inbox, audience)
    assert parts.states(campaign).get("unknown", 0) == 0
    handed_over = dict(
        Message.objects.filter(campaign_id=campaign.pk, handed_over_at__isnull=False).values_list(
            "contact_id", "handed_over_at"
        )
    )
    numbers = dict(Contact.objects.filter(email__in=answers).values_list("email", "pk"))
    began = {email: handed_over.get(numbers[email]) for email in answers}
    assert [email for email, at in began.items() if at and at > answers[email]] == []
    received = {one.rcpt_tos[0]: one.received_at for one in installation.inbox.store.iterate()}
    assert {email for email in answers if email in received} == {email for email, at in began.items() if at}
    kept_back = parts.emails(campaign, "withheld")
    assert kept_back == {email for email, at in began.items() if at is None}
    late = [(received[email] - answers[email]).total_seconds() for email in answers if email in received]
    return {
        "opt_outs": len(answers),
        "withheld": len(kept_back),
        "in_flight": sum(1 for seconds in late if seconds > 0),
        "longest_in_flight": max(late, default=0.0),
    }


def link(email: str, campaign: Campaign) -> str:
    """The link in this person's message, which may still be on its way."""
    return tokens.opt_out_url(tokens.OptOutToken(addresses.parse(email).mailbox_key, campaign.pk))


def fixed(campaign: Campaign) -> None:
    from mailer import audience

    audience.snapshot(campaign)
