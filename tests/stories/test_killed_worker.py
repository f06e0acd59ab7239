"""Promise 5, with real workers killed by SIGKILL: nobody twice, nobody skipped, the doubtful few are unknown."""

import threading

from mailer import locks
from mailer.dispatch.run import GROUP_MOST, SLOTS
from mailer.models import Campaign, Message
from project.inbox.server import Envelope, Stage
from tests.stories import parts
from tests.stories.parts import Installation


def test_in_mid_campaign_the_campaign_ends_by_itself_and_the_counts_add_up(installation: Installation):
    killed = send_while_killing(installation, audience=600, kills=2)
    assert killed["kills"] == 2


def test_between_claim_and_hand_over_nothing_was_sent_and_all_is_sent_once(installation: Installation):
    campaign = parts.draft(parts.list_of(30))
    workers = installation.start("worker")
    with parts.forbidding(locks.SWITCH):  # every hand-over waits here, with its messages claimed
        installation.start("beat")
        parts.launch(campaign)
        installation.wait_for("all are claimed", lambda: parts.states(campaign) == {"claimed": 30})
        for worker in workers:
            worker.kill()
    assert installation.inbox.store.count() == 0
    installation.start("worker")
    installation.wait_until_sent(campaign)
    assert parts.states(campaign) == {"accepted": 30}
    parts.assert_accounted(campaign, installation.inbox, 30)


def test_after_hand_over_the_group_is_unknown_and_never_sent_again(installation: Installation):
    """The server has taken some messages and is slow to say so of the next, when the worker dies."""
    hang = Hang(after=7)
    installation.replace_inbox(reply=hang)
    campaign = parts.launch(parts.draft(parts.list_of(60)))
    workers = installation.start("worker")
    installation.start("beat")
    try:
        assert hang.reached.wait(parts.PATIENCE)
        handed_over = parts.states(campaign)["handed_over"]
        for worker in workers:
            worker.kill()
    finally:
        hang.over.set()
    installation.start("worker")
    installation.wait_until_sent(campaign)
    parts.assert_accounted(campaign, installation.inbox, 60)
    counts = parts.states(campaign)
    assert counts == {"accepted": 60 - handed_over, "unknown": handed_over}
    arrived = set(parts.recipients(installation.inbox)) & parts.emails(campaign, "unknown")
    assert len(arrived) >= hang.after
    assert_of_one_group_each(campaign, killed_connections=SLOTS)


class Hang:
    """A mail server that takes `after` messages and then is silent, once, until it is `over`."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.reached, self.over = threading.Event(), threading.Event()
        self._taken = 0

    def __call__(self, stage: Stage, envelope: Envelope) -> None:
        self._taken += stage == "message"
        if self._taken > self.after and not self.over.is_set():
            self.reached.set()
            self.over.wait(parts.PATIENCE)


def send_while_killing(installation: Installation, *, audience: int, kills: int) -> dict[str, int]:
    """Send to `audience` people while workers are killed `kills` times at different moments; check the sums.

    By turns all workers die at once, and one after the other; each is started again, as `make run` does.
    """
    installation.replace_inbox(delay=0.003)
    installation.start("beat")
    workers = installation.start("worker")
    campaign = parts.launch(parts.draft(parts.list_of(audience)))
    for turn in range(kills):
        installation.wait_for_messages(audience * (turn + 1) // (kills + 2))
        dying = workers if turn % 2 == 0 else workers[turn // 2 % len(workers) :][:1]
        for worker in dying:
            worker.kill()
        workers = [installation.start_again(one) if one in dying else one for one in workers]
    installation.wait_until_sent(campaign, 90)
    parts.assert_accounted(campaign, installation.inbox, audience)
    assert_of_one_group_each(campaign, killed_connections=kills * SLOTS)
    counts = parts.states(campaign)
    assert set(counts) <= {"accepted", "unknown"}
    return {**counts, "kills": kills}


def assert_of_one_group_each(campaign: Campaign, killed_connections: int) -> None:
    """What is unknown was under way in one group of a killed connection: one claim, one hand-over."""
    unknown = Message.objects.filter(campaign_id=campaign.pk, state="unknown")
    claims: dict[object, list] = {}
    for claim, at in unknown.values_list("claim", "handed_over_at"):
        claims.setdefault(claim, []).append(at)
    assert len(claims) <= killed_connections
    for at in claims.values():
        assert len(at) <= GROUP_MOST
        # one statement stamps a group; the next group comes when the server has answered this one
        assert (max(at) - min(at)).total_seconds() < 0.05
