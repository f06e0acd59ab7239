"""The gate itself."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from email import message_from_bytes, policy

from django.utils import timezone

from mailer.compliance.claims import check_claims
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import UnreadableMessage, finished_messages
from mailer.compliance.grounds import Grounds
from mailer.compliance.rules import AUDIENCE_RULES, MESSAGE_RULES, SENDER_RULES
from mailer.contacts.origins import Origin
from mailer.models import MailingList, Sender
from mailer.rendering import (
    Content,
    ContentRefused,
    Envelope,
    KindFacts,
    ListFacts,
    SenderFacts,
    Skeleton,
    compile_content,
)
from mailer.rendering.kinds import COMMERCIAL

NONE = Grounds()
# Rules that judge a typed line, and those that judge its bytes, where both may find the same.
SAME_FAULT = {"subject_thread": ("fake_reply",), "subject_characters": ("line_characters", "subject_length")}


def check(
    content: Content,
    sender: Sender,
    lists: Sequence[MailingList],
    campaign: int,
    grounds: Grounds = NONE,
    kind: KindFacts = COMMERCIAL,
    at: datetime | None = None,
) -> list[Finding]:
    """Everything that stands between this content and its readers: compiled, then judged as bytes.

    What it claims is held against the offers that it speaks of, its files and its counters, too, as of `at`, when it
    goes out: now, if that is not said.
    """
    if not lists:
        missing = Finding(
            "list",
            Severity.BLOCK,
            "Choose at least one list; without one there is nobody to write to.",
            "",
            "lists",
        )
        return [missing, *_sender_findings(sender)]
    try:
        skeleton = compile_content(
            content, SenderFacts.of(sender), ListFacts(lists[0].name, lists[0].slug), campaign, kind
        )
    except ContentRefused as refused:
        compiled = [
            Finding(problem.code, Severity.BLOCK, problem.message, "", problem.where)
            for problem in refused.problems
        ]
        return [*compiled, *_sender_findings(sender)]
    found = check_skeleton(skeleton, sender)
    return _each_once(
        [*found, *_unsaid(check_claims(content, sender, at or timezone.now(), grounds, kind), found)]
    )


def check_skeleton(skeleton: Skeleton, sender: Sender | None) -> list[Finding]:
    """What the rules find in messages filled from `skeleton`.

    Samples are filled with and without names, since both readings go out. Without a `sender` only the
    bytes are judged, not who attested them. Anything that can't be read is a finding that blocks.
    """
    try:
        messages = finished_messages(skeleton)
    except UnreadableMessage as unreadable:
        return [Finding("readable", Severity.BLOCK, str(unreadable), "RFC 5322; RFC 2045")]
    found = (finding for message in messages for rule in MESSAGE_RULES for finding in rule(message))
    return _each_once([*_sender_findings(sender, skeleton), *found])


def check_audience(origins: Sequence[Origin], kind: KindFacts = COMMERCIAL) -> list[Finding]:
    """What the law where its people live asks of a campaign's lists."""
    return [finding for rule in AUDIENCE_RULES for finding in rule(origins, kind)]


def check_notice(envelope: Envelope, sender: Sender) -> list[Finding]:
    """What is against a notice that its recipient asked for: who sends it, and that it shows where they are.

    A notice advertises nothing, so it needs no label and no opt-out (D66), but never lies about its origin.
    """
    message = message_from_bytes(envelope.data, policy=policy.default)
    text = message.get_content().splitlines() if message.get_content_type() == "text/plain" else []
    found = _sender_findings(sender)
    if not all(line in text for line in sender.address_lines) or message.get_all("To") != [envelope.rcpt_to]:
        found.append(
            Finding(
                "notice",
                Severity.BLOCK,
                "The notice does not name its recipient and the sender’s postal address.",
                "15 U.S.C. 7704(a)(1)",
            )
        )
    return found


def blocks(findings: Iterable[Finding], is_released: Callable[[Finding], bool] = lambda _: False) -> bool:
    """Whether nothing may go out. What is held goes out no more than what is blocked, until it is released."""
    return any(
        finding.severity is Severity.BLOCK or (finding.severity is Severity.HOLD and not is_released(finding))
        for finding in findings
    )


def _sender_findings(sender: Sender | None, skeleton: Skeleton | None = None) -> list[Finding]:
    if sender is None:
        return []
    found = [finding for rule in SENDER_RULES for finding in rule(sender)]
    if skeleton and SenderFacts.of(sender) != skeleton.sender:
        found.append(
            Finding(
                "sender_changed",
                Severity.BLOCK,
                "The sender's facts were changed after this message was made, so it would name the old ones. "
                "Make it anew: cancel this campaign and launch a copy.",
                "15 U.S.C. 7704(a)(5)(A)(iii)",
                "sender",
            )
        )
    return found


def _unsaid(claims: Iterable[Finding], found: Sequence[Finding]) -> list[Finding]:
    """Without what a rule of bytes says of the same line already: “Re:” is one fault, and is told once."""
    said = {(finding.rule, finding.where) for finding in found}
    return [
        claim
        for claim in claims
        if claim.severity is not Severity.BLOCK
        or not any((rule, claim.where) in said for rule in SAME_FAULT.get(claim.rule, ()))
    ]


def _each_once(findings: Iterable[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))
