"""The facts of one campaign: what was sent in whose name, who answered for it, by which rules, and what came of it."""

import hashlib
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

from django.db.models import Count

from mailer import approvals
from mailer.compliance.catalogue import catalogue
from mailer.dossier import acts, tables
from mailer.dossier.people import cleared, named
from mailer.models import Approval, Campaign, Message, Offer, Proof, Revision, Sender, Suppression, TestSend
from mailer.opt_outs import BREACH
from mailer.rendering import SAMPLE_RECIPIENT, DamagedSkeleton, Skeleton, Unfillable, fill

PLANNED = ("begins_at", "starts_at", "zone", "hours", "spread_minutes", "own_zones")  # as `launched` tells it
STAGES = ("created_at", "launched_at", "snapshot_at", "finished_at")
SHOWN = 200  # opt-outs in the report; the table has all


def facts(campaign: Campaign, revision: Revision) -> dict[str, Any]:
    """Everything but the two long tables and the bytes. Deterministic for the same state of the database."""
    told = acts.told(subjects_of(campaign), during(campaign))
    own = [act for act in told if act["subject"] == f"campaign {campaign.pk}"]
    known = _known(revision.sender_facts)
    names = _names(campaign, told)
    return {
        "format": "candor dossier 1",
        "about": f"campaign {campaign.pk}",
        "state_as_of": max((act["at"] for act in told), default=None),
        "campaign": cleared(_campaign(campaign) | {"plan": _plan(own)}, known),
        "people": _people(campaign, own, names),
        "sender": {**revision.sender_facts, "attested": _attested(campaign.sender, names)},
        "content": _content(revision),
        "approvals": cleared([_approval(one, names) for one in _approvals(campaign)], known),
        "approved_by": revision.approval_id,
        "rules": list(_rules(own)),
        "offers": cleared([_offer(offer, names) for offer in _offers(campaign)], known),
        "proofs": cleared([_proof(proof, names) for proof in _proofs(campaign)], known),
        "counts": cleared(_counts(campaign), known),
        "messages": _messages(campaign),
        "opt_outs": _opt_outs(campaign),
        "tests": _tests(campaign),
        "acts": cleared(told, known),
        "names": names,
    }


def subjects_of(campaign: Campaign) -> list[str]:
    """What evidence calls the things that this campaign consists of."""
    offers = [f"offer {offer.pk}" for offer in _offers(campaign)]
    proofs = [f"proof {proof.pk}" for proof in _proofs(campaign)]
    counters = [f"counter {count.counter_id}" for count in campaign.counts.order_by("id")]
    return [f"campaign {campaign.pk}", f"sender {campaign.sender_id}", *offers, *proofs, *counters]


def during(campaign: Campaign) -> str:
    """SQL: what the kill switch did while it went out."""
    since = (campaign.launched_at or campaign.created_at).timestamp()
    until = f"to_timestamp({campaign.finished_at.timestamp()})" if campaign.finished_at else "now()"
    return acts.DURING.format(since=f"to_timestamp({since})", until=until)


def covered(campaign: Campaign, revision: Revision) -> bytes | None:
    """The very bytes that the approval's hash was made of; None if a list has gone since."""
    if (approval := revision.approval) is None:
        return None
    lists = list(campaign.lists.values_list("pk", flat=True))
    grounds = approvals.Grounds.of(campaign, until=approval.approved_at)
    told = approvals.covered(bytes(revision.skeleton), lists, grounds)
    return told if hashlib.sha256(told).digest() == bytes(approval.sha256) else None


def sample(campaign: Campaign, revision: Revision) -> bytes | None:
    """One message as a reader called Dana Miller would have got it; None where an older Candor froze other bytes."""
    try:
        skeleton = Skeleton.from_bytes(bytes(revision.skeleton))
        return fill(skeleton, SAMPLE_RECIPIENT, at=campaign.launched_at or campaign.created_at).data
    except (DamagedSkeleton, Unfillable):
        return None


def text_of(sample: bytes) -> str:
    """What a reader of plain text sees."""
    body = message_from_bytes(sample, policy=policy.default).get_body(("plain",))
    return str(body.get_content()) if body else ""


def labelled(messages: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    """States and reasons as people read them."""
    return {
        "states": [(Message.State(state).label, number) for state, number in messages["by_state"].items()],
        "reasons": [
            (Message.Reason(reason).label, number) for reason, number in messages["withheld_because"].items()
        ],
    }


# -- its parts -----------------------------------------------------------------------------------------


def _campaign(campaign: Campaign) -> dict[str, Any]:
    return {
        "number": campaign.pk,
        "name": campaign.name,
        "kind": campaign.get_kind_display(),
        "state": campaign.get_state_display(),
        "paused_because": campaign.pause_reason,
        "lists": [{"name": each.name, "slug": each.slug} for each in campaign.lists.order_by("slug")],
        **{stage: getattr(campaign, stage) for stage in STAGES},
    }


def _plan(own: list[dict[str, Any]]) -> dict[str, Any]:
    """When it was to go out, as it was frozen at the launch; nothing of what was not planned."""
    launched: dict[str, Any] = next((act["details"] for act in own if act["verb"] == "launched"), {})
    return {name: launched[name] for name in PLANNED if name in launched}


def _names(campaign: Campaign, told: list[dict[str, Any]]) -> dict[str, str]:
    sender = campaign.sender
    users = (
        campaign.author_id,
        campaign.last_writer_id,
        sender.identity_attested_by_id,
        sender.address_attested_by_id,
    )
    actors = [act["actor"] for act in told] + [approval.actor for approval in _approvals(campaign)]
    return named(
        [
            *actors,
            *(offer.actor for offer in _offers(campaign)),
            *(proof.actor for proof in _proofs(campaign)),
            *map(_user, filter(None, users)),
        ]
    )


def _user(number: int | None) -> str:
    return f"user {number}" if number else ""


def _people(campaign: Campaign, own: list[dict[str, Any]], names: dict[str, str]) -> dict[str, str]:
    """What each did with it; of what was done more than once, the last."""
    did = {act["verb"]: act["actor"] for act in own}
    roles = {
        "author": _user(campaign.author_id),
        "last_writer": _user(campaign.last_writer_id),
        "asked_for_review": did.get("asked for review", ""),
        "approved": did.get("approved", ""),
        "scheduled": did.get("scheduled", "") if did.get("launched") == "worker" else "",
        "launched": did.get("launched", ""),
    }
    return {role: names.get(actor, actor) for role, actor in roles.items()}


def _attested(sender: Sender, names: dict[str, str]) -> dict[str, Any]:
    """As it stands now; what was attested earlier is among the acts."""
    return {
        what: {
            "by": names.get(_user(getattr(sender, f"{what}_attested_by_id")), ""),
            "at": getattr(sender, f"{what}_attested_at"),
        }
        for what in ("identity", "address")
    }


def _content(revision: Revision) -> dict[str, Any]:
    """What was frozen at launch, as its author wrote it: addresses in it were in every message."""
    return {
        "revision": revision.number,
        "frozen_at": revision.created_at,
        "subject": revision.subject,
        "preheader": revision.preheader,
        "html": revision.html,
        "text": revision.text,
        "skeleton_sha256": bytes(revision.sha256).hex(),
    }


def _approvals(campaign: Campaign) -> list[Approval]:
    return list(Approval.objects.filter(campaign_number=campaign.pk).order_by("id"))


def _approval(approval: Approval, names: dict[str, str]) -> dict[str, Any]:
    return {
        "number": approval.pk,
        "sha256": bytes(approval.sha256).hex(),
        "by": names[approval.actor],
        "at": approval.approved_at,
        "policy": approval.policy,
        "reason": approval.reason,
        "released": approval.releases,
    }


def _rules(own: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each rule, which version of it judged at the launch, and what it found then."""
    launched: dict[str, Any] = next((act["details"] for act in own if act["verb"] == "launched"), {})
    versions = launched.get("rules", {})
    for rule in catalogue():
        found = [each["severity"] for each in launched.get("findings", []) if each["rule"] == rule.name]
        yield {
            "rule": rule.name,
            "words": rule.words,
            "law": rule.law,
            "duties": list(rule.reviewed.numbers),
            "may": [str(severity) for severity in rule.severities],
            "version_then": versions.get(rule.name),
            "version_now": rule.reviewed.version,
            "reviewed": rule.reviewed.as_of,
            "found_then": found,
        }


def _offers(campaign: Campaign) -> list[Offer]:
    return list(campaign.offers.order_by("id"))


def _offer(offer: Offer, names: dict[str, str]) -> dict[str, Any]:
    return {
        "number": offer.pk,
        "what": offer.what,
        "kind": offer.get_kind_display(),
        "value": offer.value,
        "scope": offer.scope,
        "conditions": offer.conditions,
        "starts": offer.starts,
        "ends": offer.ends,
        "zone": offer.zone,
        "extends": offer.supersedes_id,
        "reason": offer.reason,
        "by": names[offer.actor],
        "recorded_at": offer.recorded_at,
    }


def _proofs(campaign: Campaign) -> list[Proof]:
    return list(campaign.proofs.defer("data").order_by("id"))


def _proof(proof: Proof, names: dict[str, str]) -> dict[str, Any]:
    return {
        "number": proof.pk,
        "claim": proof.claim,
        "proves": proof.proves,
        "source": proof.source,
        "found_on": proof.found_on,
        "file": proof.file_name,
        "size": proof.size,
        "sha256": bytes(proof.sha256).hex(),
        "by": names[proof.actor],
        "recorded_at": proof.recorded_at,
    }


def _counts(campaign: Campaign) -> list[dict[str, Any]]:
    """What was said of counters. What they stood at, and when, is among the acts."""
    spoken = campaign.counts.select_related("counter").order_by("id")
    return [{"number": each.counter_id, "what": each.counter.what, "said": each.said} for each in spoken]


def _messages(campaign: Campaign) -> dict[str, Any]:
    counted = Message.objects.filter(campaign_id=campaign.pk).values_list("state", "reason")
    states: dict[str, int] = {}
    withheld: dict[str, int] = {}
    for state, reason, number in counted.annotate(number=Count("*")).order_by("state", "reason"):
        states[state] = states.get(state, 0) + number
        if state == Message.State.WITHHELD:
            withheld[reason] = number
    return {"all": sum(states.values()), "by_state": states, "withheld_because": withheld}


def _opt_outs(campaign: Campaign) -> dict[str, Any]:
    groups = tables.asked(tables.COUNTED.format(campaign=campaign.pk))
    outcomes: dict[str, int] = {}
    channels: dict[str, int] = {}
    for group in groups:
        outcomes[group["outcome"]] = outcomes.get(group["outcome"], 0) + group["count"]
        channels[group["channel"]] = channels.get(group["channel"], 0) + group["count"]
    return {
        "since_launch": sum(outcomes.values()),
        "through_this_campaign": sum(group["count"] for group in groups if group["through_this_campaign"]),
        "by_channel": channels,
        "by_outcome": outcomes,
        "in_flight": outcomes.get("in flight", 0),
        "breaches": outcomes.get(BREACH, 0),
        "first": [
            {**said, "how": Suppression.Channel(said["channel"]).label}
            for said in tables.asked(tables.FIRST_OPT_OUTS.format(campaign=campaign.pk, first=SHOWN))
        ],
    }


def _tests(campaign: Campaign) -> dict[str, int]:
    counted = TestSend.objects.filter(campaign=campaign).order_by().values_list("state")
    return dict(sorted(counted.annotate(number=Count("*"))))


def _known(sender: dict[str, Any]) -> list[str]:
    return [sender["from_email"], sender["reply_to"], sender["contact"]]
