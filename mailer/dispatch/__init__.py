"""The way of a message from its row to the server: claim, hand over, settle, and recover what died.

`run_slice` sends what is due of all campaigns; `send_test`, `send_way_back`, `send_sign_up` and `send_data_link` send
one message each, by the same hand-over. `recover` brings back what dead workers held. No other code hands anything to
a transport.
"""

from mailer.dispatch.crew import free_slots, run_slice
from mailer.dispatch.domains import forget_old as forget_domains
from mailer.dispatch.recover import Recovered, enter_reports, recover
from mailer.dispatch.run import (
    CampaignHalted,
    Tally,
    clear_trouble,
    clear_unread_journal,
    due_campaigns,
    is_anything_due,
    tell_unread_journal,
    withhold_cancelled,
)
from mailer.dispatch.single import (
    send_data_link,
    send_sign_up,
    send_test,
    send_way_back,
    waiting_data_links,
    waiting_sign_ups,
    waiting_tests,
    waiting_ways_back,
)

__all__ = [
    "CampaignHalted",
    "Recovered",
    "Tally",
    "clear_trouble",
    "clear_unread_journal",
    "due_campaigns",
    "enter_reports",
    "forget_domains",
    "free_slots",
    "is_anything_due",
    "recover",
    "run_slice",
    "send_data_link",
    "send_sign_up",
    "send_test",
    "send_way_back",
    "tell_unread_journal",
    "waiting_data_links",
    "waiting_sign_ups",
    "waiting_tests",
    "waiting_ways_back",
    "withhold_cancelled",
]
