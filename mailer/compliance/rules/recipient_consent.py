"""Who lives where the law asks for consent is mailed when it is proved, or when somebody says why it is not needed.

Directive 2002/58/EC art. 13, PECR reg. 22, UWG art. 3(1)(o), CASL s. 6: the place of the recipient decides. The proof
is the sender's (GDPR 7(1)). Candor knows the place from the address alone, if it names a country at all; what each law
asks stands in `mailer.compliance.consent_laws` (DUTIES D99, D100).
"""

from collections.abc import Iterator, Sequence

from mailer.compliance.consent_laws import LAWS, ConsentLaw
from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.contacts.origins import Origin
from mailer.models import Campaign, Subscription
from mailer.rendering import KindFacts

RULE = "recipient_consent"
SOURCE = "Directive 2002/58/EC art. 13; PECR reg. 22; CASL s. 6"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D99 D100")
CAME = {
    Subscription.Source.FORM: "through a form",
    Subscription.Source.CUSTOMER: "as customers",
    Subscription.Source.EVENT: "at an event",
    Subscription.Source.PARTNER: "through a partner",
    Subscription.Source.MIGRATION: "from another system",
}


def check(origins: Sequence[Origin], kind: KindFacts) -> Iterator[Finding]:
    """Numbers are left out on purpose: a release holds while more people of the same sort come to the list."""
    if kind.kind in {Campaign.Kind.RELATIONSHIP, Campaign.Kind.NOTICE}:
        return
    for law in LAWS:
        if law.is_for_ads_only and not kind.advertises:
            continue
        unproven = [each for each in origins if each.country in law.domains and not each.is_proven]
        if unproven:
            yield _held(law, {each.source for each in unproven})


def _held(law: ConsentLaw, sources: set[str]) -> Finding:
    heavy = [words for source, words in CAME.items() if source in sources - law.lighter]
    came = f" Some came {_listed(heavy)}: say where their consent is kept, or take them off." if heavy else ""
    lighter = f" {law.unless}" if sources & law.lighter else ""
    return Finding(
        RULE,
        Severity.HOLD,
        f"The lists hold people in {law.people}, by their addresses, without a stored proof of consent.{came}{lighter}",
        f"risk under {law.law}",
        "lists",
    )


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
