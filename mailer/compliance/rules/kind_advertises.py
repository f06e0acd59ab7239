"""What is sent as no advertisement sells nothing; what is sent as a newsletter is more than an advertisement.

16 CFR 316.3(a)(2), (3): mail is commercial if a reasonable reader of its subject would expect an advertisement, or if
what is no advertisement does not stand at its beginning and make up its body. 15 U.S.C. 7704(a)(5)(A)(i) then asks for
the label (DUTIES D2 to D4).
"""

from collections.abc import Iterator

from mailer.compliance import selling
from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.models import Campaign
from mailer.rendering.kinds import KindFacts

RULE = "kind_advertises"
SOURCE = "risk under 16 CFR 316.3; 15 U.S.C. 7704(a)(5)(A)(i)"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D2 D3 D4")
Kind = Campaign.Kind
SEVERAL = 2  # different wordings of a sale: one may be a word in passing
MOSTLY = 0.5  # of the sentences


def check(letter: Letter, kind: KindFacts) -> Iterator[Finding]:
    if kind.kind == Kind.MIXED:
        yield from _mainly(letter)
    elif not kind.advertises:
        yield from _at_all(letter, kind)


def _at_all(letter: Letter, kind: KindFacts) -> Iterator[Finding]:
    """An advertisement in mail that says it has none."""
    said = (letter.raw_subject, letter.preheader, *_sentences(letter))
    calls, terms = list(selling.calls(said)), list(selling.terms(said))
    instead = "“Commercial”" if kind.kind == Kind.RELATIONSHIP else "“Contains advertising”"
    if kind.kind == Kind.NOTICE:
        instead = "a campaign of its own"
    found = [*calls, *terms]
    if calls or len(terms) >= SEVERAL:
        yield _finding(
            Severity.BLOCK,
            f"{_quoted(found)}: that sells something, and mail of this kind sells nothing. Take it out, or choose "
            f"{instead}.",
        )
    elif found:
        yield _finding(
            Severity.HOLD, f"{_quoted(found)} sounds like selling. Take it out, or choose {instead}."
        )
    elif kind.kind == Kind.EDITORIAL and (prices := list(selling.prices(said))):
        yield _finding(
            Severity.HOLD,
            f"{_quoted(prices)}: whoever names a price offers something. Confirm that nothing is sold, or choose "
            f"{instead}.",
        )


def _mainly(letter: Letter) -> Iterator[Finding]:
    """A newsletter that is an advertisement after all (316.3(a)(3))."""
    words = "Choose “Commercial”, or let what is no advertisement come first."
    subject = (letter.raw_subject,)
    if list(selling.calls(subject)) or list(selling.terms(subject)):
        yield _finding(
            Severity.HOLD,
            f"Who reads the subject expects an advertisement, so the whole mail counts as one. {words}",
        )
        return
    sentences = [each for each in letter.body.sentences if len(each.split()) > 2]
    selling_ones = [each for each in sentences if each not in letter.body.plain]
    if sentences and (sentences[0] in selling_ones or len(selling_ones) > MOSTLY * len(sentences)):
        yield _finding(Severity.HOLD, f"Most of it, or its beginning, sells something. {words}")


def _sentences(letter: Letter) -> tuple[str, ...]:
    """Of the whole body, boilerplate too, and each line by itself: a button is one."""
    return tuple(letter.body.cased.splitlines()) + letter.body.sentences


def _quoted(words: list[str]) -> str:
    once = list({each.casefold(): each for each in reversed(words)}.values())[::-1]
    return ", ".join(f"“{each}”" for each in once[:3])


def _finding(severity: Severity, message: str) -> Finding:
    return Finding(RULE, severity, message, SOURCE, "body")
