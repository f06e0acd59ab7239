"""Where several advertise in one mail, one of them is its sender: named in From, promoted in it, and answering for it.

16 CFR 316.2(m): each advertiser is a sender, and has to offer an opt-out and an address of its own, unless the one in
the From line is the sole sender there, advertises something of its own, and complies (DUTIES D7). From, address, label
and opt-out are always the campaign's sender's; what is left to ask is that it advertises, and alone.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.normalise import plain_text
from mailer.rendering.kinds import KindFacts, listed

RULE = "other_advertisers"
SOURCE = "risk under 15 U.S.C. 7702(16); 16 CFR 316.2(m)"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D7")
MOST = 8
LONGEST = 80
SPONSOR = re.compile(
    r"\b(?:sponsored by|brought to you by|presented by|in (?:paid )?partnership with|a message from our "
    r"(?:partners?|sponsors?)|our (?:partners?|sponsors?) offers?|anzeige von|en partenariat avec|patrocinado por|"
    r"sponsorizzato da|gesponsord door)\b",
    re.IGNORECASE,
)


def check(letter: Letter, kind: KindFacts) -> Iterator[Finding]:
    if not kind.others:
        if found := SPONSOR.search(letter.body.cased):
            yield _finding(
                Severity.WARN if kind.advertises else Severity.HOLD,
                f"“{found[0]}”: does somebody else advertise here too? Then name them as another advertiser.",
            )
        return
    yield from _names(letter, kind)
    told = plain_text(letter.body.cased)
    if not any(plain_text(name) in told for name in _own(letter)):
        yield _finding(
            Severity.BLOCK,
            f"The mail promotes {listed(kind.others)}, but nothing of {letter.from_name}. Then each of them is its "
            "sender, with an address and an opt-out of its own. Name in it what you yourself offer, or leave them out.",
        )


def _names(letter: Letter, kind: KindFacts) -> Iterator[Finding]:
    if len(kind.others) > MOST or any(len(name) > LONGEST for name in kind.others):
        yield _finding(
            Severity.BLOCK, f"Name at most {MOST} other advertisers, each in {LONGEST} characters."
        )
    sender = plain_text(letter.from_name)
    for name in kind.others:
        if plain_text(name) == sender:
            yield _finding(Severity.BLOCK, f"{name} is the sender already. Name only the others.")
        elif re.search(rf"(?<!\w){re.escape(plain_text(name))}(?!\w)", sender):
            yield _finding(
                Severity.BLOCK,
                f"From names {name} too, so the mail has two senders. Let From name one, who answers for it.",
            )


def _own(letter: Letter) -> Iterator[str]:
    """How a reader knows that the sender's own things are meant: by its name, or a link to its own domain."""
    yield letter.from_name
    yield letter.sender_domain.removeprefix("news.").removeprefix("mail.")


def _finding(severity: Severity, message: str) -> Finding:
    return Finding(RULE, severity, message, SOURCE, "advertisers")
