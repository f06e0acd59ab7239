"""The last thing a reader sees is who sent it, why, how to stop it, and where the sender is.

15 U.S.C. 7704(a)(5)(A): identification, opt-out notice, postal address, each clear and conspicuous; GDPR 21(4)
for the right to object (DUTIES D37, D39, D42, D45, D46).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.compliance.rules.label_first import is_legible
from mailer.compliance.visible import Run
from mailer.rendering import kinds

RULE = "footer_last"
SOURCE = "15 U.S.C. 7704(a)(5)(A); GDPR 21(4)"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D37 D39 D42 D45 D46")


def check(message: FinishedMessage) -> Iterator[Finding]:
    text = " ".join(message.text.split())
    if not _ends_with(text, [*_opening(message), message.opt_out, *_closing(message)]):
        yield _finding("The plain text does not end with the footer. Make the message anew.")
    shown = [run for run in message.runs if not run.hidden]
    wanted = [*_opening(message), *_closing(message)]
    if not shown or shown[-1].is_image or not _ends_with(message.visible_text, wanted):
        yield _finding("The footer is not the last thing that shows. Make the message anew.")
    elif not all(is_legible(run) for run in _footer(message, shown)):
        yield _finding("The footer is too small or too pale. Make the message anew.")


def _opening(message: FinishedMessage) -> list[str]:
    sender, recipient = message.skeleton.sender, message.recipient
    return [
        kinds.nature(sender, message.skeleton.kind),
        f"You received it at {recipient.address} because {recipient.reason}.",
        f"Unsubscribe from all email from {sender.legal_name}",
    ]


def _closing(message: FinishedMessage) -> list[str]:
    sender = message.skeleton.sender
    return [
        "One click on the page is enough. It takes effect immediately.",
        "Your right to object:",
        *sender.address_lines,
        sender.contact,
    ]


def _ends_with(text: str, wanted: list[str]) -> bool:
    """Whether `text` ends with all of `wanted` in their order, the last one at its very end."""
    end = len(text)
    if not text.endswith(_plain(wanted[-1])):
        return False
    for piece in reversed(wanted):
        end = text.rfind(_plain(piece), 0, end)
        if end == -1:
            return False
    return True


def _plain(piece: str) -> str:
    return " ".join(piece.split())


def _footer(message: FinishedMessage, shown: list[Run]) -> list[Run]:
    """All that shows from the last statement of what it is on."""
    starts = [index for index, run in enumerate(shown) if _plain(run.text).startswith(_opening(message)[0])]
    return shown[starts[-1] :] if starts else shown


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE)
