"""The stories of killing, cutting off and opting out, at a length that finds what is rare."""

import pytest

from mailer.dispatch.run import GROUP_MOST, SLOTS
from mailer.models import Trouble
from tests.stories import parts
from tests.stories.parts import Installation
from tests.stories.test_killed_worker import send_while_killing
from tests.stories.test_opt_out_under_way import opt_outs_while_sending
from tests.stories.test_outages import send_while_cutting

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_ten_kills_in_one_campaign(installation: Installation):
    figures = send_while_killing(installation, audience=3000, kills=10)
    print(figures)  # shown with -rP
    assert figures.get("unknown", 0) <= 10 * SLOTS * GROUP_MOST


def test_eight_hundred_opt_outs_while_four_thousand_messages_go_out(installation: Installation):
    figures = opt_outs_while_sending(installation, 4000, 800)
    print(figures)  # shown with -rP
    assert figures["withheld"] >= 80
    assert figures["longest_in_flight"] < 5


def test_the_database_sessions_are_cut_eight_times(installation: Installation):
    figures = send_while_cutting(installation, audience=3000, cuts=8)
    print(figures)  # shown with -rP
    assert figures["cut"] >= 8


def test_the_mail_server_comes_and_goes(installation: Installation):
    """Cut in mid-message each time: what may have arrived is unknown, one message a connection at most."""
    installation.replace_inbox(delay=0.003)
    installation.start("worker", "beat")
    campaign = parts.launch(parts.draft(parts.list_of(1500)))
    for turn in range(4):
        installation.wait_for_messages(200 * (turn + 1))
        installation.stop_inbox()
        installation.wait_for("the trouble is told", Trouble.objects.exists)
        installation.replace_inbox(delay=0.003)
    installation.wait_until_sent(campaign, 120)
    parts.assert_accounted(campaign, installation.inbox, 1500)
    assert parts.states(campaign).get("unknown", 0) <= 4 * SLOTS
