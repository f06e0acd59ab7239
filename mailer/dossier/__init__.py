"""What could be shown to a court about one campaign or one recipient, in one file that can be checked without Candor.

Who, what, by which rules, to how many, and when each opt-out came and took effect (promise 7; DUTIES D34, D58, D120).
Neutral words; no third person's address. How it is checked: docs/evidence.md, “The dossier”.
"""

from mailer.dossier.making import DossierRefused, Made, of_campaign, of_recipient

__all__ = ["DossierRefused", "Made", "of_campaign", "of_recipient"]
