"""Text and HTML, each once and whole, and nothing beside them.

RFC 2046 §5.1.4: alternatives in order, plainest first; DUTIES D44: each part carries everything. What a mailing list
or a virus scanner hangs on stands outside of the footer, and often pushes the message into an attachment.
"""

import re
from collections.abc import Iterator

from mailer.compliance.audit.received import Received
from mailer.compliance.findings import Finding, Severity

RULE = "structure"
SOURCE = "RFC 2046 §5.1.4; 15 U.S.C. 7704(a)(5)"
LONGEST_LINE = 998  # RFC 5322 §2.1.1
WANTED = ["text/plain", "text/html"]
HEADER_END = re.compile(rb"\r?\n\r?\n")
OUR_FIELD = re.compile(
    rb"\s*(?:From|To|Reply-To|Subject|Date|Message-ID|List-Id|List-Unsubscribe(?:-Post)?|Feedback-ID|MIME-Version"
    rb"|Content-Type)[ \t]*:",
    re.IGNORECASE,
)


def elsewhere(received: Received) -> Finding | None:
    """Why the bytes are not a message of ours as it was received, though one may be in them."""
    if any(leaf.get_content_type() == "message/rfc822" for leaf in received.leaves):
        return _finding(
            "The message was passed on inside another one, as an attachment. Save the attachment, and judge that."
        )
    body = HEADER_END.split(received.raw, maxsplit=1)[1:]
    if not received.message.parsed.is_multipart() and body and OUR_FIELD.match(body[0]):
        return _finding("A blank line cut the header in two: what stands below it counts for nothing.")
    return None


def check(received: Received) -> Iterator[Finding]:
    kinds = [leaf.get_content_type() for leaf in received.leaves]
    root = received.message.parsed.get_content_type()
    for kind in WANTED:
        if kinds.count(kind) != 1:
            yield _finding(f"The message has {kinds.count(kind)} parts of {kind}; it needs exactly one.")
    others = [kind for kind in kinds if kind not in WANTED]
    if others:
        yield _finding(f"Somebody added parts to the message: {', '.join(sorted(set(others)))}.")
    if root != "multipart/alternative":
        yield _finding(f"The message is {root}, not multipart/alternative: it was taken apart on the way.")
    elif kinds == WANTED[::-1]:
        yield _finding("HTML stands before plain text, so mail programs show the wrong one.")
    for kind in received.wrong_parts:
        yield _finding(f"The part {kind} can’t be decoded as its header says.")
    yield from _bytes(received)


def _bytes(received: Received) -> Iterator[Finding]:
    parts = [received.message.parsed, *received.message.parsed.walk()]
    defects = sorted({type(defect).__name__ for part in parts for defect in part.defects})
    if defects:
        yield _finding(f"The message is broken as mail: {', '.join(defects)}.")
    if b"\0" in received.raw:
        yield _finding("The message holds a NUL, which mail servers cut or refuse.")
    if any(len(line) > LONGEST_LINE for line in received.raw.splitlines()):
        yield _finding(f"A line is longer than {LONGEST_LINE} bytes; mail servers may break it anywhere.")


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE)
