"""No placeholder is left where a reader would find it.

Candor's own fields were resolved when the message was compiled; this finds what other systems' templates
leave behind. 15 U.S.C. 7704(a)(2), and plain respect.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import HOSTILE, FinishedMessage

RULE = "unresolved_fields"
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D25 D33")
LEFT_OVER = re.compile(
    r"\{\{.{0,60}|\{%.{0,60}|%\}|\}\}|\*\|[A-Z][\w:]*\|\*|%%\w+%%|%recipient[._]\w+%|\$\{\w+\}|\[\[\w+\]\]|<%=?.{0,40}|"
    r"\[(?:F|L)NAME\]|\[(?:first|last)[ _-]?name\]|\bz[0-9a-f]{20}q\d+z",
    re.IGNORECASE,
)


def check(message: FinishedMessage) -> Iterator[Finding]:
    if message.recipient == HOSTILE:
        return  # its names hold braces on purpose: a name is a value, not a template
    links = " ".join(element.get("href", "") for element in message.tree.iter("a"))
    parts = {
        "subject": message.subject,
        "preheader": message.preheader,
        "html": f"{message.visible_text} {links}",
        "text": message.text,
    }
    for where, words in parts.items():
        found = LEFT_OVER.search(words)
        if found:
            yield Finding(
                RULE,
                Severity.BLOCK,
                f"“{found[0].strip()[:40]}” is a placeholder that nothing fills. Write a field as "
                '{{ first_name|default:"friend" }}, or take it out.',
                SOURCE,
                where,
            )
