"""A subject says what the message is (promise 6): its claims, and what bears them out.

A line is normalised, its claims are taken out by family, and rules/subject_*.py hold each against the visible
body, the sender, the purpose, the recorded offers and the clock.
"""

from mailer.compliance.subjects.body import Body
from mailer.compliance.subjects.judging import Judgement, judge
from mailer.compliance.subjects.letter import Letter, Purpose
from mailer.compliance.subjects.offers import Offer

__all__ = ["Body", "Judgement", "Letter", "Offer", "Purpose", "judge"]
