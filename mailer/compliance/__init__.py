"""May it go out? One gate for campaigns and test sends alike, on the finished bytes (promise 1).

Each rule is a file in `rules/`, with its law in its docstring; `rules.RULES` gives the order.
"""

from mailer.compliance.checking import blocks, check, check_audience, check_notice, check_skeleton
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.grounds import Count, Grounds

__all__ = [
    "Count",
    "Finding",
    "Grounds",
    "Severity",
    "blocks",
    "check",
    "check_audience",
    "check_notice",
    "check_skeleton",
]
