"""Text and HTML by the gate's own rules; each damage is told once, as what it is.

A rule of the gate says what is missing wherever it looks: with the footer, address and opt-out are gone too. Who reads
an audit wants to know what was done, so what only follows from another finding is left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from mailer.compliance.audit import markup
from mailer.compliance.audit.received import ReceivedMessage
from mailer.compliance.findings import Finding
from mailer.compliance.rules import (
    address_shown,
    blank_space,
    body,
    footer_last,
    frame_intact,
    hidden_text,
    label_first,
    opt_out_link,
    size,
    unresolved_fields,
)

# What the gate asks of finished bytes and what can be asked of received ones without the compiled message.
RULES: tuple[Callable[[ReceivedMessage], Iterator[Finding]], ...] = (
    label_first.check,
    footer_last.check,
    address_shown.check,
    opt_out_link.check,
    blank_space.check,
    unresolved_fields.check,
    body.check,
    size.check,
)
STATEMENT, NOTICE = "This email is an advertisement", "Unsubscribe from all email"
MENU = "The choice of lists"
TEXT, HTML = "text", "html"


def check(message: ReceivedMessage) -> list[Finding]:
    findings = [finding for rule in RULES for finding in rule(message)]
    findings += hidden_text.check(_without_frame(message, findings))
    findings += markup.check(message)
    told = {(finding.rule, _part(finding)) for finding in findings}
    kept = [finding for finding in findings if not _follows(finding, told, message)]
    if not any(_part(finding) == HTML for finding in kept):
        kept += frame_intact.check(message)  # whatever has no name of its own
    return kept


def _follows(finding: Finding, told: set[tuple[str, str]], message: ReceivedMessage) -> bool:
    """Whether it only says again what another finding says."""
    rule, part = finding.rule, _part(finding)
    if rule == opt_out_link.RULE and finding.message.startswith(MENU):
        part = TEXT  # the order of the links is looked at there
    if (footer_last.RULE, part) in told and _has_no_footer(message, part):
        return rule in {opt_out_link.RULE, address_shown.RULE, body.RULE}
    if rule == footer_last.RULE:
        return bool({(opt_out_link.RULE, part), (address_shown.RULE, part)} & told)
    # what is said between label and footer can't be told where the footer begins nowhere
    return rule == body.RULE and (footer_last.RULE, TEXT) in told and STATEMENT not in message.text


def _part(finding: Finding) -> str:
    return TEXT if "plain text" in finding.message else HTML


def _has_no_footer(message: ReceivedMessage, part: str) -> bool:
    words = message.text if part == TEXT else message.visible_text
    return STATEMENT not in words and NOTICE not in words


def _without_frame(message: ReceivedMessage, findings: list[Finding]) -> ReceivedMessage:
    """The message without the text of label and footer, where a rule of their own has found it hidden or pale."""
    told = {finding.rule for finding in findings}
    roles = {"note"} if label_first.RULE in told else set()
    if {footer_last.RULE, opt_out_link.RULE} & told:
        roles.add("contentinfo")
    if not roles:
        return message
    rest = replace(message)
    ours = {each for box in message.tree.iter("div") if box.get("role") in roles for each in box.iter()}
    rest.__dict__["runs"] = [run for run in message.runs if run.element not in ours]
    return rest
