"""What may be done with a campaign: one verb per arrow, each one transaction and one row of evidence.

draft → sending ⇄ paused → sent; sending or paused → cancelled; sent → sending, for what may not have gone out. Also
the kill switch, tests, and what a sender attests, since all of these decide whether anything goes out.
"""

from mailer.campaigns.arrows import cancel, finish, pause, pause_because, resume
from mailer.campaigns.attesting import attest_address, attest_identity
from mailer.campaigns.content import approval_of, compiled, content_of, findings_of, hash_of
from mailer.campaigns.launching import approve, launch
from mailer.campaigns.progress import Progress, keep_counts, progress
from mailer.campaigns.refusal import CampaignRefused
from mailer.campaigns.sending_again import send_again
from mailer.campaigns.switch import allow_all, stop_all
from mailer.campaigns.testing import request_test

__all__ = [
    "CampaignRefused",
    "Progress",
    "allow_all",
    "approval_of",
    "approve",
    "attest_address",
    "attest_identity",
    "cancel",
    "compiled",
    "content_of",
    "findings_of",
    "finish",
    "hash_of",
    "keep_counts",
    "launch",
    "pause",
    "pause_because",
    "progress",
    "request_test",
    "resume",
    "send_again",
    "stop_all",
]
