"""The story: import, a refused subject, a campaign, opt-outs and a crash while it goes out, deletion and
re-import, the next campaign. Told on a running installation; what it leaves behind is then judged."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from mailer import campaigns, tasks
from mailer.management import example
from mailer.management.demo import promises
from mailer.management.demo.installation import Running
from mailer.management.demo.promises import Letter, OptOut, Verdict
from mailer.models import Campaign, Contact, MailingList, Sender
from project.inbox.store import MessageStore

OPT_OUT_SHARE = 20  # one in so many opts out
PATIENCE_SECONDS = 900


class Story:
    """One telling. `say` takes a line, `show` a line that the next one replaces (progress)."""

    def __init__(
        self, people: int, running: Running, say: Callable[[str], None], show: Callable[[str], None]
    ) -> None:
        self._people = people
        self._running = running
        self._say, self._show = say, show
        self._inbox = MessageStore(settings.INBOX_DIRECTORY)
        self._opt_outs: list[OptOut] = []
        self._answers: Counter[str] = Counter()

    def tell(self) -> list[Verdict]:
        user, _ = example.first_administrator()
        sender, friends = example.put_sender(user), example.put_list()
        self._import(friends)
        self._refused(sender, friends, user)
        first = self._send("The garden in winter", sender, friends, user, disturbed=True)
        self._forget_and_import_again(friends)
        second = self._send("What to sow in December", sender, friends, user, disturbed=False)
        return self._judge(sender, first, second)

    # -- chapters ------------------------------------------------------------------------------------

    def _import(self, friends: MailingList) -> None:
        begun = time.monotonic()
        done = example.bring_in(example.people(self._people), friends)
        self._say(f"Imported {done.accepted:,} people in {time.monotonic() - begun:.1f} s.")

    def _refused(self, sender: Sender, friends: MailingList, user: User) -> None:
        campaign = example.put_campaign("A trick", "Re: your order", sender, friends, user)
        try:
            campaigns.launch(campaign, user)
        except campaigns.CampaignRefused as refused:
            words = next((finding.message for finding in refused.findings), str(refused))
            self._say(f"A campaign with the subject “Re: your order” was refused: {words}")
        else:
            raise RuntimeError("A fake reply passed the gate.")
        campaign.delete()

    def _send(
        self, subject: str, sender: Sender, friends: MailingList, user: User, *, disturbed: bool
    ) -> Campaign:
        before = self._inbox.count()
        campaign = example.put_campaign(subject, subject, sender, friends, user)
        campaigns.launch(campaign, user)
        tasks.nudge_campaign(campaign.pk)
        begun = time.monotonic()
        if disturbed:
            self._disturb(before)
        self._wait_until_sent(campaign)
        seconds = time.monotonic() - begun
        here = self._inbox.count() - before
        self._say(
            f"“{subject}”: {here:,} messages received in {seconds:.1f} s ({here / seconds:,.0f} a second)."
        )
        return campaign

    def _disturb(self, before: int) -> None:
        """While it goes out: opt-outs from messages that have arrived, and a worker killed in the middle."""
        wanted = max(2, self._people // OPT_OUT_SHARE)
        killed = False
        with ThreadPoolExecutor(4) as pool:
            waiting = []
            for number, letter in enumerate(self._arriving(before, wanted)):
                waiting.append(pool.submit(self._opt_out, number, letter))
                if number >= wanted // 3 and not killed:
                    self._running.kill_worker()
                    killed = True
                    self._say("Every worker was killed with SIGKILL in the middle of it.")
            for each in waiting:
                each.result()

    def _arriving(self, before: int, wanted: int) -> Iterator[Letter]:
        """Every other message as it arrives, until `wanted` have been seen."""
        number, until = before, time.monotonic() + PATIENCE_SECONDS
        for _ in range(wanted):
            number += 2 if number > before else 1
            while self._inbox.count() < number:
                if time.monotonic() > until:
                    raise RuntimeError(f"No mail arrives.\n{self._running.last_words()}")
                time.sleep(0.01)
            received = self._inbox.read(number)
            yield Letter.parse(received.raw, received.rcpt_tos[0])

    def _opt_out(self, number: int, letter: Letter) -> None:
        """By the header's one click, or by looking at the page and pressing its button, in turn."""
        token = promises.token_of(letter)
        if number % 2:
            self._answers[
                _asked("one click in the header", "POST", letter.link, "List-Unsubscribe=One-Click")
            ] += 1
        else:
            self._answers[_asked("page looked at", "GET", letter.link, "")] += 1
            self._answers[_asked("button on the page", "POST", letter.link, "page=1")] += 1
        self._opt_outs.append(OptOut(token.mailbox_key, timezone.now()))

    def _forget_and_import_again(self, friends: MailingList) -> None:
        keys = [opt_out.mailbox_key for opt_out in self._opt_outs]
        gone, _ = Contact.objects.filter(mailbox_key__in=keys).delete()
        done = example.bring_in(example.people(self._people), friends)
        self._say(
            f"Deleted the {len(keys):,} people who opted out ({gone:,} rows) and imported everyone again: "
            f"{done.accepted:,} came in, {done.suppressed:,} of them stay suppressed."
        )

    def _wait_until_sent(self, campaign: Campaign) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            campaign.refresh_from_db()
            if campaign.state != Campaign.State.SENDING:
                break
            self._show(_bar(campaigns.progress(campaign)))
            time.sleep(0.25)
        self._show("")
        if campaign.state != Campaign.State.SENT:
            raise RuntimeError(
                f"The campaign is {campaign.state}: {campaign.pause_reason}\n{self._running.last_words()}"
            )

    # -- the judgement -------------------------------------------------------------------------------

    def _judge(self, sender: Sender, first: Campaign, second: Campaign) -> list[Verdict]:
        letters = []
        for n, received in enumerate(self._inbox.iterate()):
            letters.append(Letter.parse(received.raw, received.rcpt_tos[0]))
            if n % 500 == 0:
                self._show(f"Reading what was received: {n:,}")
        self._show("")
        return [
            promises.nothing_without_its_law(self._shown(letters), sender),
            promises.opt_out_counts_at_once(self._opt_outs),
            promises.opt_out_is_for_ever(self._opt_outs, second, letters),
            promises.opting_out_asks_nothing(self._answers),
            promises.each_once_and_all_accounted_for(letters, [first, second]),
            promises.it_can_be_proved(),
        ]

    def _shown(self, letters: list[Letter]) -> Iterator[Letter]:
        for n, letter in enumerate(letters):
            if n % 500 == 0:
                self._show(f"Checking label, address and opt-out: {n:,} of {len(letters):,}")
            yield letter
        self._show("")


def _asked(what: str, method: str, link: str, body: str) -> str:
    """Make one request and say what it got: “… ok”, or what was wrong."""
    parts = urlsplit(link)
    http = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        http.request(
            method, parts.path, body, {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        )
        answer = http.getresponse()
        answer.read()
    finally:
        http.close()
    if answer.status != 200:
        return f"{what}: status {answer.status}"
    return f"{what}: sets a cookie" if answer.getheader("Set-Cookie") else f"{what}: ok"


def _bar(progress: campaigns.Progress, width: int = 30) -> str:
    done = progress.total - progress.open
    filled = round(width * done / progress.total) if progress.total else 0
    return f"[{'█' * filled}{'·' * (width - filled)}] {done:,} of {progress.total:,}"
