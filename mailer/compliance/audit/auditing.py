"""The audit itself."""

from collections.abc import Iterator

from mailer.compliance.audit import bodies, fields, links, signatures, structure, unsubscribe
from mailer.compliance.audit.keys import Keys
from mailer.compliance.audit.received import Received, read
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import UnreadableMessage
from mailer.compliance.postal.reading import judge_lines
from mailer.compliance.rules import fake_reply, line_characters, postal_address, subject_length
from mailer.rendering import SenderFacts, Skeleton

SUBJECT_RULES = (subject_length.check, line_characters.check, fake_reply.check)


def audit(
    raw: bytes,
    sender: SenderFacts | None = None,
    *,
    keys: Keys | None = None,
    approved: Skeleton | None = None,
) -> list[Finding]:
    """What of promise 1 does not hold on these bytes; empty if all does.

    With a `sender` its names, addresses and address lines must be there; without one, what the message itself
    claims must agree with itself, and its postal address must be able to be one. With what was `approved`, subject
    and From must be that. Without `keys`, signatures are verified by our own keys only; `keys.unknown` tells which
    could not be.
    """
    try:
        received = read(raw, sender)
    except UnreadableMessage as unreadable:
        return [Finding("readable", Severity.BLOCK, str(unreadable), "RFC 5322; RFC 2045")]
    other = structure.elsewhere(received)
    if other:
        return [other]
    return list(dict.fromkeys(_findings(received, sender, keys or Keys(), approved)))


def campaign_of(raw: bytes) -> int | None:
    """The number of the campaign that the message's opt-out link names, if that is ours."""
    try:
        token = read(raw, None).token
    except UnreadableMessage:
        return None
    return token.campaign if token else None


def _findings(
    received: Received, sender: SenderFacts | None, keys: Keys, approved: Skeleton | None
) -> Iterator[Finding]:
    yield from structure.check(received)
    yield from fields.check(received, approved.sender if approved else sender)
    yield from unsubscribe.check(received)
    yield from signatures.check(received, keys)
    if len(received.fields("Subject")) == 1:
        yield from _subject(received, approved)
    if received.is_whole:
        found, message = links.check(received)
        yield from found
        yield from bodies.check(message)
        if sender is None:
            yield from _address(received)


def _subject(received: Received, approved: Skeleton | None) -> Iterator[Finding]:
    findings = [finding for rule in SUBJECT_RULES for finding in rule(received.message)]
    yield from findings
    if approved and not findings:
        yield from fields.check_subject(received, approved)


def _address(received: Received) -> Iterator[Finding]:
    lines = received.message.skeleton.sender.address_lines
    problems = judge_lines(lines).problems if lines else ()
    for problem in problems:
        yield Finding(
            postal_address.RULE, Severity.BLOCK, problem.message, postal_address.SOURCE, problem.where
        )
