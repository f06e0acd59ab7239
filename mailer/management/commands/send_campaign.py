"""Launch a campaign from the shell, by the same verb as the page."""

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from mailer import campaigns, tasks
from mailer.models import Campaign

SETTLED = {Campaign.State.SENT, Campaign.State.CANCELLED, Campaign.State.PAUSED}


class Command(BaseCommand):
    """Exit 0: launched (with --wait: sent); 1: refused, paused or cancelled; 2: usage."""

    help = "Launch a draft campaign; with --wait, stay until every message is final. Prints counts by state."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="the campaign's number")
        parser.add_argument("--wait", action="store_true", help="wait until it is sent, paused or cancelled")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = Campaign.objects.filter(pk=options["id"]).first()
        if campaign is None:
            raise CommandError(f"There is no campaign {options['id']}.", returncode=2)
        self._launch(campaign)
        if options["wait"]:
            self._wait(campaign)
        self._print(campaign, as_json=options["json"])
        if campaign.state in {Campaign.State.PAUSED, Campaign.State.CANCELLED}:
            sys.exit(1)

    def _launch(self, campaign: Campaign) -> None:
        try:
            campaigns.launch(campaign, None)
        except campaigns.CampaignRefused as refused:
            for finding in refused.findings:
                self.stderr.write(f"{finding.severity}: {finding.message}")
            raise CommandError(str(refused), returncode=1) from refused
        tasks.nudge_campaign(campaign.pk)

    def _wait(self, campaign: Campaign) -> None:
        while campaign.state not in SETTLED:
            time.sleep(0.5)
            campaign.refresh_from_db()

    def _print(self, campaign: Campaign, *, as_json: bool) -> None:
        progress = campaigns.progress(campaign)
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "campaign": campaign.pk,
                        "state": campaign.state,
                        "counts": progress.counts,
                        "withheld": progress.withheld,
                    }
                )
            )
            return
        self.stdout.write(f"campaign {campaign.pk} is {campaign.get_state_display().lower()}")
        for state, number in sorted(progress.counts.items()):
            self.stdout.write(f"  {state:<12}{number:>10,}")
        if campaign.pause_reason:
            self.stdout.write(f"  paused because: {campaign.pause_reason}")
