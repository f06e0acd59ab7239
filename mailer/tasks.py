"""Celery's tasks: thin, idempotent, short. What is to be done stands in tables; a task only does it now.

Doors that want speed call a `nudge_…`: it publishes after commit and shrugs when the broker is away, since
`sweep` finds every row that waits. The sweep is also the recovery after a crash.
"""

import logging
from typing import Any

from celery import Task
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from mailer import audience, campaigns, dispatch, evidence, locks, replaying, suppression
from mailer.compliance import sender_dns
from mailer.contacts import importing, joining
from mailer.journal import JournalUnreadable
from mailer.models import Campaign, Heartbeat
from mailer.privacy import erasure, holds, retention
from project.celery import app

log = logging.getLogger(__name__)

# Failing again and again in the dark would help nobody: a person is told where they look.
UNEXPECTED = (
    "Something went wrong that Candor did not expect ({}). Nothing was lost; what exactly happened is in the "
    "worker's log. Resume the campaign when it is mended."
)
NOT_BEGUN = (
    "Something went wrong that Candor did not expect ({}); what exactly happened is in the worker's log. When it is "
    "mended, launch the campaign or choose another time."
)


# -- nudges -------------------------------------------------------------------------------------------


def nudge_campaign(campaign_id: int) -> None:
    """A campaign was launched, resumed or cancelled."""
    _after_commit(snapshot, campaign_id)


def nudge_imports() -> None:
    """A file waits."""
    _after_commit(run_imports)


def nudge_tests() -> None:
    """A test waits."""
    _after_commit(send_tests)


def nudge_ways_back() -> None:
    """A person who opted out asked for the way back."""
    _after_commit(send_ways_back)


def nudge_sign_ups() -> None:
    """Somebody filled in a sign-up form."""
    _after_commit(send_sign_ups)


def nudge_data_links() -> None:
    """A person asked for the link to their own data."""
    _after_commit(send_data_links)


def nudge_verification() -> None:
    """Somebody wants to know whether the evidence is whole."""
    _after_commit(verify_evidence)


def _after_commit(task: Task, *args: Any) -> None:
    transaction.on_commit(lambda: _publish(task, *args), robust=True)


def _publish(task: Task, *args: Any) -> None:
    try:
        task.apply_async(args)
    except Exception as wrong:  # whatever a broker's client raises: the sweep makes it good
        log.warning("The broker took no %s (%s); the next sweep does it.", task.name, type(wrong).__name__)


# -- the sweep ----------------------------------------------------------------------------------------


@app.task
def sweep() -> None:
    """Every few seconds: show that we live, bring back what the dead held, do all that waits."""
    _show_life("beat", "worker")  # beat sent this and a worker runs it
    is_current = _replay_journal()
    recovered = dispatch.recover()
    if recovered.returned or recovered.unknown:
        log.warning(
            "Recovered: %s messages back to be sent, %s unknown.", recovered.returned, recovered.unknown
        )
    dispatch.enter_reports()
    _begin_scheduled()
    campaigns.place_hours()
    for campaign_id in audience.waiting_campaigns():
        _publish(snapshot, campaign_id)
    dispatch.withhold_cancelled()
    if not send_or_finish():
        dispatch.clear_trouble()
    campaigns.keep_counts()
    dispatch.forget_domains()
    importing.forget_strays()
    if importing.is_anything_waiting():
        _publish(run_imports)
    _forget_sign_ups()
    if is_current:
        send_tests()
        send_ways_back()
        send_sign_ups()
        send_data_links()
    erasure.carry_out_waiting()
    if evidence.is_anything_unsealed():
        _publish(seal_evidence)
    if evidence.is_verification_waiting():
        _publish(verify_evidence)


def _forget_sign_ups() -> None:
    """Within seconds of their seven days, unless a legal hold keeps everything as it is."""
    with transaction.atomic():
        if not holds.is_held():
            joining.forget_old()


def _show_life(*names: str) -> None:
    """After an outage, first ask about what was planned for the time that was missed."""
    now = timezone.now()
    last = Heartbeat.objects.filter(name="worker").values_list("at", flat=True).first()
    if last is not None and now - last > settings.SCHEDULE_GRACE:
        campaigns.ask_after_outage(last)
    for name in names:
        Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


def _begin_scheduled() -> None:
    """Launch what was scheduled for now; an error of ours is told to a person, and stops no other."""
    for campaign_id in campaigns.due_to_begin():
        try:
            campaigns.begin(campaign_id)
        except (OperationalError, InterfaceError):
            raise  # the next sweep tries again
        except Exception as wrong:
            log.exception("Campaign %s can't begin.", campaign_id)
            campaigns.ask_instead(campaign_id, NOT_BEGUN.format(type(wrong).__name__))


def _replay_journal() -> bool:
    """Enter what an outage or an older dump kept out of the ledger; returns whether the journal can be read."""
    try:
        replaying.replay(waits=False)
    except JournalUnreadable as wrong:
        log.error("Nothing is handed over: %s", wrong)
        dispatch.tell_unread_journal(str(wrong))
        return False
    except suppression.LedgerUnreadable:
        return False  # each campaign is paused with the reason
    dispatch.clear_unread_journal()
    if written := replaying.catch_up_journal():
        log.warning(
            "The journal can be written again; %s lines that it could not take are in it now.", written
        )
    return True


def send_or_finish() -> bool:
    """Fill the free slots with workers while something is due; what has no message open any more is sent.

    Returns whether any campaign is going out.
    """
    going = dispatch.due_campaigns()
    due = [campaign_id for campaign_id in going if dispatch.is_anything_due(campaign_id)]
    for campaign_id in set(going) - set(due):
        campaigns.finish(campaign_id)
    if due:
        for _ in range(dispatch.free_slots()):
            _publish(send_slice)
    return bool(going)


@app.task
def snapshot(campaign_id: int) -> None:
    """Fix the audience of a launched campaign, if that is still to do, and start sending."""
    with locks.held(locks.SNAPSHOT, campaign_id) as free:
        campaign = Campaign.objects.filter(pk=campaign_id, state=Campaign.State.SENDING).first()
        if not free or campaign is None:
            dispatch.withhold_cancelled()
            return
        try:
            if campaign.snapshot_at is None:
                audience.snapshot(campaign)
        except suppression.LedgerUnreadable as unreadable:
            campaigns.pause_because(campaign_id, str(unreadable))
            return
    send_or_finish()


@app.task
def send_slice() -> None:
    """Send for some seconds, then let others have the worker and come back."""
    _show_life("worker")
    try:
        tally = dispatch.run_slice()
    except (DatabaseError, InterfaceError):
        raise  # the sweep begins again as soon as the database is there
    for halted, why in tally.halted.items():
        log.error("Campaign %s was paused: %s", halted, why)
        campaigns.pause_because(halted, why)
    for broken, kind in tally.broken.items():
        log.error("Campaign %s was paused because of an error of ours (%s).", broken, kind)
        campaigns.pause_because(broken, UNEXPECTED.format(kind))
    if tally.handed_over or tally.states["withheld"]:
        send_or_finish()


@app.task
def keep_no_longer() -> None:
    """Each night: delete what has been kept as long as it may be."""
    for gone in retention.run(timezone.now()):
        if gone.rows:
            log.info("Retention: %s rows of %s.", gone.rows, gone.table)


@app.task
def run_imports() -> None:
    """Bring waiting files in, one after the other."""
    importing.run_waiting()


@app.task
def send_tests() -> None:
    """Send the tests that wait."""
    for test_id in dispatch.waiting_tests():
        dispatch.send_test(test_id)


@app.task
def send_ways_back() -> None:
    """Send the confirmation mails that opted-out people asked for."""
    for way_back_id in dispatch.waiting_ways_back():
        dispatch.send_way_back(way_back_id)


@app.task
def send_sign_ups() -> None:
    """Send the mails by which people confirm that it was they who filled in a sign-up form."""
    for sign_up_id in dispatch.waiting_sign_ups():
        dispatch.send_sign_up(sign_up_id)


@app.task
def send_data_links() -> None:
    """Send the links that people asked for to their own data, or to confirm a new address."""
    for number in dispatch.waiting_data_links():
        dispatch.send_data_link(number)


# -- evidence -----------------------------------------------------------------------------------------

SLICE = 20.0  # seconds after which a long look or a long backlog lets others have the worker


@app.task
def seal_evidence() -> None:
    """Give the rows that wait their place in the chain."""
    suppression.assert_ledger()  # seals under a wrong key would stand there for ever
    evidence.seal(seconds=SLICE)


@app.task
def record_head() -> None:
    """Once an hour: seal also what committed very late, and note the end of the chain outside of the database."""
    suppression.assert_ledger()
    evidence.seal(thorough=True, seconds=SLICE)
    evidence.write_head()
    evidence.head_recorded()


@app.task
def verify_evidence() -> None:
    """A part of the look over all evidence that somebody asked for; the next part follows."""
    suppression.assert_ledger()
    if evidence.carry_on(seconds=SLICE):
        _publish(verify_evidence)


# -- schedules ----------------------------------------------------------------------------------------


@app.task
def place_starts() -> None:
    """Each hour: from when on scheduled campaigns are due by their people's own clocks."""
    campaigns.place_starts()


# -- senders ------------------------------------------------------------------------------------------


@app.task
def ask_dns() -> None:
    """Ask DNS about the senders whose answers are a day old."""
    sender_dns.refresh_stale()
