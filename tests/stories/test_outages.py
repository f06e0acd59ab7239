"""What is gone comes back: mail server, database sessions, broker. Nothing is lost, nothing is doubled."""

from mailer.models import Campaign, Message, Trouble
from tests.stories import parts
from tests.stories.parts import Installation


def test_a_mail_server_away_is_told_in_words_and_sending_goes_on_by_itself(installation: Installation):
    installation.start("worker", "beat")
    installation.stop_inbox()
    campaign = parts.launch(parts.draft(parts.list_of(50)))
    installation.wait_for("the trouble is told", Trouble.objects.filter(about="transport").exists)
    assert f"127.0.0.1:{installation.inbox.port}" in Trouble.objects.get().words
    campaign.refresh_from_db()
    assert (campaign.state, parts.states(campaign)) == ("sending", {"pending": 50})
    installation.replace_inbox()
    installation.wait_until_sent(campaign)
    assert parts.states(campaign) == {"accepted": 50}
    parts.assert_accounted(campaign, installation.inbox, 50)
    installation.wait_for("the trouble is over", lambda: not Trouble.objects.exists())


def test_database_sessions_cut_in_mid_send_double_nothing_and_sending_goes_on(installation: Installation):
    cut = send_while_cutting(installation, audience=400, cuts=2)
    assert cut["cut"] >= 2


def send_while_cutting(installation: Installation, *, audience: int, cuts: int) -> dict[str, int]:
    """Send while every session of the installation is ended `cuts` times, as by a restart of the server."""
    installation.replace_inbox(delay=0.003)
    installation.start("worker", "beat")
    campaign = parts.launch(parts.draft(parts.list_of(audience)))
    cut = 0
    for turn in range(cuts):
        installation.wait_for_messages(audience * (turn + 1) // (cuts + 2))
        cut += parts.end_sessions()
    installation.wait_until_sent(campaign, 90)
    parts.assert_accounted(campaign, installation.inbox, audience)
    assert campaign.pause_reason == ""
    return {**parts.states(campaign), "cut": cut}


def test_a_broker_away_while_a_campaign_is_launched_costs_seconds(installation: Installation):
    installation.start("worker", "beat")
    campaign = parts.draft(parts.list_of(5))
    done = installation.manage("send_campaign", str(campaign.pk), BROKER_URL="redis://127.0.0.1:9/0")
    assert done.returncode == 0, done.stderr
    assert "The broker took no mailer.tasks.snapshot" in done.stderr
    installation.wait_until_sent(campaign)
    assert Campaign.objects.get().state == "sent"
    assert Message.objects.filter(state="accepted").count() == installation.inbox.store.count() == 5
