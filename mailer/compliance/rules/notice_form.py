"""A notice that a law requires holds nothing but what it gives notice of: it reaches people who asked for no mail.

15 U.S.C. 7704(a)(4)(A)(i) and 7702(17); GDPR 34(2): plain language, what happened, what follows, what is done, whom to
ask (DUTIES D66, D112). So it has a fixed subject, no preview line, no picture, and no way to anywhere but the opt-out.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.rendering import kinds
from mailer.tokens import preferences_link

RULE = "notice_form"
SOURCE = "15 U.S.C. 7704(a)(4)(A)(i); GDPR 34(2)"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D66 D112")
ADDRESS = re.compile(
    r"https?:|\bwww\.|(?<![@\w.-])(?:[a-z0-9-]+\.)+(?:com|org|net|shop|store|io|co|de|fr|es|it|nl|uk|ca|us|eu|info|biz|app|"
    r"dev|at|ch|be|se|dk|no|fi|pl|pt|ie|au|nz|jp|br|mx|in)\b(?![\w@])",
    re.IGNORECASE,
)


def check(message: FinishedMessage) -> Iterator[Finding]:
    skeleton = message.skeleton
    if not skeleton.kind.is_notice:
        return
    if message.subject != kinds.notice_subject(skeleton.sender, skeleton.kind):
        wanted = kinds.notice_subject(skeleton.sender, skeleton.kind)
        yield _finding(f"A notice of this kind has the subject “{wanted}”.", "subject")
    if message.preheader:
        yield _finding("A notice has no preview line. Leave it empty.", "preheader")
    ours = {message.opt_out, preferences_link(message.opt_out)}
    led = {str(link.get("href", "")) for link in message.tree.iter("a")} - ours
    if led or any(run.is_image for run in message.runs):
        yield _finding(
            "A notice holds no links and no pictures: they would lead people to what they asked not to get."
        )
    elif found := ADDRESS.search(_authors(message)):
        yield _finding(
            f"A notice leads to no web page, and “{found[0]}” does. Write a telephone number or mail address instead.",
            "text",
        )


def _authors(message: FinishedMessage) -> str:
    """The text between label and footer."""
    label = kinds.label(message.skeleton.sender, message.skeleton.kind)
    statement = kinds.nature(message.skeleton.sender, message.skeleton.kind)
    return message.text.removeprefix(label).rpartition(statement)[0]


def _finding(message: str, where: str = "text") -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, where)
