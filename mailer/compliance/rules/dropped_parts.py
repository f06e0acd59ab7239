"""An author hears of what was taken out of the HTML, before readers miss it.

What hides text, fetches from unsafe places or runs does not go out at all (DUTIES D32, D42, D47), so this
only warns.
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.rendering import Dropped

RULE = "dropped_parts"
SOURCE = "Google sender guidelines"
REVIEWED = Reviewed("2026-11-22", version=2, duties="D32 D42 D47")
WORDS = {
    Dropped.HIDDEN: (
        "Parts of the HTML were hidden and have been taken out. A preview line belongs into the preheader field."
    ),
    Dropped.PICTURE: (
        "A picture has been taken out, since its address does not start with https://. Upload it under Images, and "
        "put it in from there."
    ),
    Dropped.EMBEDDED: (
        "A picture inside the HTML itself (data: or cid:) has been taken out, since many mail programs don’t show "
        "those and they make the message heavy. Upload it under Images, and put it in from there."
    ),
    Dropped.ACTIVE: (
        "A form, script, film or drawing has been taken out, since mail programs don’t show those. Link to a page "
        "that has it."
    ),
}


def check(message: FinishedMessage) -> Iterator[Finding]:
    for kind in message.skeleton.dropped:
        yield Finding(RULE, Severity.WARN, WORDS[kind], SOURCE, "html")
