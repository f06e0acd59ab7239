"""Both parts hold the very link that the header holds, it can be seen and clicked, and no choice of lists precedes it.

15 U.S.C. 7704(a)(3)(A) and (a)(5)(A)(ii): a working mechanism, and notice of it (DUTIES D39, D44, D81); a menu of
lists only beside it, so it stands below and is no larger (7704(a)(3)(B), D53).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.compliance.visible import Run
from mailer.tokens import preferences_link

RULE = "opt_out_link"
SOURCE = "15 U.S.C. 7704(a)(3)(A), (a)(5)(A)(ii)"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D39 D44 D53 D81")


def check(message: FinishedMessage) -> Iterator[Finding]:
    link = message.opt_out
    if not link or link not in message.text.splitlines():
        yield _finding("The plain text lacks the opt-out link on a line of its own. Make the message anew.")
    visible = [
        run
        for run in message.runs
        if run.element.tag == "a"
        and run.element.get("href") == link
        and not run.hidden
        and "unsubscribe" in run.text.lower()
    ]
    if not link or len(visible) != 1:
        yield _finding("The HTML lacks a visible opt-out link. Make the message anew.")
    elif not _menus_follow(message, visible[0]):
        yield _finding("The choice of lists stands above the opt-out, or louder. Make the message anew.")


def _menus_follow(message: FinishedMessage, opt_out: Run) -> bool:
    """Whether each link to the choice of lists comes after the opt-out, and in no larger letters."""
    menu = preferences_link(message.opt_out)
    order = [line for line in message.text.splitlines() if line in {message.opt_out, menu}]
    shown = [run for run in message.runs if run.element.get("href") == menu]
    below = message.runs[message.runs.index(opt_out) :]
    return order[:1] == [message.opt_out] and all(
        run in below and run.look.pixels <= opt_out.look.pixels for run in shown
    )


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE)
