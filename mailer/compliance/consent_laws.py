"""What the law where recipients live asks before anybody mails them: dated data, for the rule and for people to read.

The law of the recipient's place counts, not the sender's. Candor knows that place only from the address (DUTIES D99,
D100); most addresses name none.
"""

from dataclasses import dataclass

from mailer.compliance.dated import Reviewed
from mailer.models import Subscription

Source = Subscription.Source


@dataclass(frozen=True, slots=True)
class ConsentLaw:
    """Of one region. `domains` are the top-level domains by which an address names it.

    `lighter` are the ways of having come to us for which the law may ask less than consent, and `unless` says when.
    """

    name: str
    people: str
    domains: frozenset[str]
    asks: str
    lighter: frozenset[str]
    unless: str
    law: str
    is_for_ads_only: bool
    reviewed: Reviewed

    @property
    def shown(self) -> list[str]:
        return sorted(self.domains)


EEA = frozenset(
    "at be bg hr cy cz dk ee fi fr de gr hu ie it lv lt lu mt nl pl pt ro sk si es se eu is li no".split()  # noqa: SIM905
)
SOFT = frozenset({Source.CUSTOMER.value})
SOFT_OPT_IN = (
    "They came as customers. Without consent that does only if this sender got the address in a sale, mails about "
    "things of the same sort, and let them object when it took the address and in each mail since."
)
LAWS = (
    ConsentLaw(
        name="European Union and EEA",
        people="the European Union or EEA",
        domains=EEA,
        asks="Prior consent, provable; or an own customer, mailed about similar things, who could object at once.",
        lighter=SOFT,
        unless=SOFT_OPT_IN,
        law="Directive 2002/58/EC art. 13(1), (2); GDPR 7(1), 21(2)–(4)",
        is_for_ads_only=False,
        reviewed=Reviewed("2026-11-22", version=1, duties="D99"),
    ),
    ConsentLaw(
        name="United Kingdom",
        people="the United Kingdom",
        domains=frozenset({"uk", "gb"}),
        asks="Prior consent of persons, sole traders and some partnerships; or an own customer, as in the EU. A "
        "charity's or party's appeal counts as marketing too.",
        lighter=SOFT,
        unless=SOFT_OPT_IN,
        law="PECR 2003 reg. 22; UK GDPR 7(1), 21",
        is_for_ads_only=False,
        reviewed=Reviewed("2026-11-22", version=1, duties="D99"),
    ),
    ConsentLaw(
        name="Switzerland",
        people="Switzerland",
        domains=frozenset({"ch"}),
        asks="Prior consent to mass advertising; or an own customer, mailed about similar things, who could object.",
        lighter=SOFT,
        unless=SOFT_OPT_IN,
        law="UWG art. 3(1)(o)",
        is_for_ads_only=True,
        reviewed=Reviewed("2026-11-22", version=1, duties="D99"),
    ),
    ConsentLaw(
        name="Canada",
        people="Canada",
        domains=frozenset({"ca"}),
        asks="Express consent; or implied consent, which ends two years after a purchase and six months after an "
        "inquiry. The mail names its sender, a postal address and another way to reach them.",
        lighter=SOFT,
        unless="They came as customers. Implied consent ends two years after the last purchase: Candor does not know "
        "when that was.",
        law="CASL ss. 6, 10, 11",
        is_for_ads_only=True,
        reviewed=Reviewed("2026-11-22", version=1, duties="D100"),
    ),
)


def law_of(country: str) -> ConsentLaw | None:
    """The law of a top-level domain, if there is one here."""
    return next((law for law in LAWS if country in law.domains), None)
