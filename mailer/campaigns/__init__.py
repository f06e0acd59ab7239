"""What may be done with a campaign: one verb per arrow, each one transaction and one row of evidence.

draft → sending ⇄ paused → sent; sending or paused → cancelled; draft ⇄ scheduled → sending; sent → sending, for what
may not have gone out. Also the kill switch, tests, and what a sender attests, since all of these decide whether
anything goes out.
"""

from mailer.campaigns.arrows import cancel, finish, pause, pause_because, resume
from mailer.campaigns.attesting import attest_address, attest_identity
from mailer.campaigns.content import approval_of, compiled, content_of, findings_of, hash_of, planned
from mailer.campaigns.launching import approve, launch
from mailer.campaigns.progress import Progress, keep_counts, progress
from mailer.campaigns.refusal import CampaignRefused
from mailer.campaigns.scheduling import (
    Plan,
    ask_after_outage,
    ask_instead,
    begin,
    due_to_begin,
    place_hours,
    place_starts,
    plan,
    schedule,
    unschedule,
)
from mailer.campaigns.sending_again import send_again
from mailer.campaigns.switch import allow_all, stop_all
from mailer.campaigns.testing import request_test

__all__ = [
    "CampaignRefused",
    "Plan",
    "Progress",
    "allow_all",
    "approval_of",
    "approve",
    "ask_after_outage",
    "ask_instead",
    "attest_address",
    "attest_identity",
    "begin",
    "cancel",
    "compiled",
    "content_of",
    "due_to_begin",
    "findings_of",
    "finish",
    "hash_of",
    "keep_counts",
    "launch",
    "pause",
    "pause_because",
    "place_hours",
    "place_starts",
    "plan",
    "planned",
    "progress",
    "request_test",
    "resume",
    "schedule",
    "send_again",
    "stop_all",
    "unschedule",
]
