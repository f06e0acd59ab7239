"""Why something can't be done with a campaign now."""

from collections.abc import Sequence

from mailer.compliance import Finding


class CampaignRefused(Exception):
    """It can't be done now; the message says why, and `findings` what to change."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = list(findings)
