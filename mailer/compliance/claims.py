"""What a campaign claims, as the rules of subjects read it: one sample reader's subject, preheader and body."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from mailer.compliance.findings import Finding, Severity
from mailer.compliance.grounds import Grounds, counted, explained
from mailer.compliance.rules import KIND_RULES, SUBJECT_RULES, KindRule, kind_advertises, subject_denial
from mailer.compliance.subjects import Body, Letter, Offer, Purpose, judge
from mailer.compliance.subjects.deadlines import deadlines_in
from mailer.compliance.subjects.judging import SubjectRule
from mailer.compliance.subjects.offers import OfferKind
from mailer.models import Campaign, Sender
from mailer.models import Offer as OfferRow
from mailer.rendering import SAMPLE_RECIPIENT, Content, KindFacts, body_of
from mailer.rendering.kinds import COMMERCIAL

SOURCE = "risk under 15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b)"
_FIELD = re.compile(r'\{\{\s*(\w+)\s*(?:\|\s*default:"([^"]*)"\s*)?\}\}')


def check_claims(
    content: Content,
    sender: Sender,
    now: datetime,
    grounds: Grounds = Grounds(),  # noqa: B008  frozen
    kind: KindFacts = COMMERCIAL,
) -> list[Finding]:
    """What subject, name and preheader claim that body, sender, offers and clock don't bear out.

    15 U.S.C. 7704(a)(2). An offer of `grounds` that was extended counts with its new end.
    """
    extended = {offer.supersedes_id for offer in grounds.offers}
    latest = [offer for offer in grounds.offers if offer.pk not in extended]
    letter = letter_of(content, sender, now, latest, kind)
    about_kind = [_of_kind(rule, kind) for rule in KIND_RULES]
    judged = judge(letter, [*SUBJECT_RULES, *about_kind]).findings
    found = [
        *explained(judged, letter, grounds),
        *_deadlines(letter, latest),
        *counted(letter, grounds.counts),
    ]
    if (
        content.html.strip() and content.text.strip()
    ):  # the letter's body is the HTML then; readers of plain text get the other one
        plain = replace(letter, body=Body.from_text(_filled(content.text)))
        found += [*subject_denial.in_body(plain), *kind_advertises.check(plain, kind)]
    return found


def _of_kind(rule: KindRule, kind: KindFacts) -> SubjectRule:
    """The rule as `judge` asks it, under its own name."""

    def asked(letter: Letter) -> Iterator[Finding]:
        return rule(letter, kind)

    asked.__module__ = rule.__module__
    return asked


def _purpose(kind: KindFacts) -> Purpose:
    if kind.is_explicit:
        return Purpose.SEXUALLY_EXPLICIT
    is_ad_free = kind.kind in {Campaign.Kind.RELATIONSHIP, Campaign.Kind.NOTICE}
    return Purpose.RELATIONSHIP if is_ad_free else Purpose.COMMERCIAL


def _deadlines(letter: Letter, offers: Sequence[OfferRow]) -> Iterator[Finding]:
    """A deadline needs an end on record, and none may be said of an offer that was extended (D27, D28)."""
    said = [(line, claim) for line in letter.lines for claim in deadlines_in(line, letter.today)]
    if not said:
        return
    line, claim = said[0]
    place = letter.finding("offer_missing", Severity.HOLD, "", SOURCE, line, claim.start, claim.end)
    if any(offer.supersedes_id for offer in offers):
        words = f"The offer was extended, so its end was not true once. Leave “{claim.words}” out."
        yield replace(place, rule="offer_extended", severity=Severity.BLOCK, message=words)
    elif not any(offer.ends for offer in offers):
        yield replace(
            place,
            message=f"“{claim.words}” names an end. Record the offer with its end, so that it can be proved.",
        )


def letter_of(
    content: Content,
    sender: Sender,
    now: datetime,
    offers: Sequence[OfferRow] = (),
    kind: KindFacts = COMMERCIAL,
) -> Letter:
    """What one sample reader is told, as the rules of subjects read it."""
    html = _filled(body_of(content))
    body = Body.from_html(html) if html.strip() else Body.from_text(_filled(content.text))
    return Letter(
        raw_subject=_filled(content.subject),
        from_name=sender.trade_name,
        from_email=sender.from_email,
        preheader=_filled(content.preheader),
        body=body.held_against(_filled(content.subject), _filled(content.preheader)),
        now=now,
        purpose=_purpose(kind),
        offers=tuple(map(_as_told, offers)) or None,
    )


def _as_told(offer: OfferRow) -> Offer:
    zone = ZoneInfo(offer.zone)
    return Offer(
        what=offer.what,
        kind=OfferKind(offer.kind),
        scope=offer.scope,
        values=tuple(Decimal(number) for number in re.findall(r"\d+(?:\.\d+)?", offer.value)),
        conditions=offer.conditions,
        starts=offer.starts.astimezone(zone) if offer.starts else None,
        ends=offer.ends.astimezone(zone) if offer.ends else None,
        zone=zone,
    )


def _filled(text: str) -> str:
    """With the sample reader's names in place of merge fields, or else their defaults."""
    return _FIELD.sub(lambda field: getattr(SAMPLE_RECIPIENT, field[1], "") or field[2] or "", text)
