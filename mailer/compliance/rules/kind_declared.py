"""Whoever sends mail without the word “advertisement” answers for it that it is none.

15 U.S.C. 7702(2)(A) and (17)(A), 7704(a)(5)(A)(i); 16 CFR 316.3: what a message is decides its reader, not its sender,
so in doubt it is commercial. A program can find an advertisement, but cannot tell that there is none (DUTIES D1 to D4,
D36, D66).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.models import Campaign
from mailer.rendering.kinds import PURPOSES, KindFacts

RULE = "kind_declared"
SOURCE = "risk under 15 U.S.C. 7702(2)(A), 7704(a)(5)(A)(i); 16 CFR 316.3"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D1 D2 D3 D4 D36 D66")
RELATIONSHIP_SOURCE = "risk under 15 U.S.C. 7702(17)(A); 16 CFR 316.3(a)(2), (c)"
NOTICE_SOURCE = "risk under 15 U.S.C. 7704(a)(4)(A)(i); GDPR 34"
EXPLICIT_SOURCE = "risk under 15 U.S.C. 7702(1), 7704(d); 16 CFR 316.4"
Kind = Campaign.Kind


def check(letter: Letter, kind: KindFacts) -> Iterator[Finding]:
    if kind.kind == Kind.EDITORIAL:
        yield _held(
            "It goes out as editorial, without the word “advertisement”. Read it and confirm that nothing in it "
            "promotes a product, a service or a sponsor, your own included. In doubt choose “Contains advertising”.",
            SOURCE,
        )
    if kind.kind == Kind.RELATIONSHIP:
        about = PURPOSES[Campaign.Purpose(kind.purpose)][1]
        yield _held(
            f"It goes out as mail about {about}. Confirm that this is so for everybody on its lists, that they know of "
            "it, and that the message starts with it and sells nothing. In doubt choose “Commercial”.",
            RELATIONSHIP_SOURCE,
        )
    if kind.kind == Kind.NOTICE:
        yield _held(
            "It also reaches people who have opted out, as nothing else does. Name the law that requires this notice, "
            "and confirm that it concerns everybody on its lists and says what happened, what may follow, what is done "
            "about it, and whom to ask.",
            NOTICE_SOURCE,
        )
    if kind.is_explicit:
        yield _held(
            "It is sexually oriented. Whoever has not confirmed a sign-up to one of its lists is left out. Read what "
            "people agreed to there, and confirm that they agreed to mail of this sort and are adults.",
            EXPLICIT_SOURCE,
        )


def _held(message: str, source: str) -> Finding:
    return Finding(RULE, Severity.HOLD, message, source, "kind")
