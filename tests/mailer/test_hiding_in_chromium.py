"""Whatever an author writes: where the gate lets a message out, Chromium shows label, address and opt-out.

Judged on the bytes as received, at the width of a phone and of a desk, light and dark.
"""

from pathlib import Path

import pytest

from mailer.compliance import check_skeleton
from mailer.compliance.findings import Severity
from mailer.rendering import ContentRefused
from tests.mailer.chromium_eye import SETTINGS, Eye, open_eye, wrong_with
from tests.mailer.messages import FACTS, compiled, parts, read, sender, sent

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
FIXTURES = sorted([*(HERE / "hostile").glob("*.html"), *(HERE / "honest").glob("*.html")])


@pytest.fixture(scope="module")
def eye():
    with open_eye() as eye:
        yield eye


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_chromium_shows_all_that_the_gate_vouches_for(eye: Eye, path: Path):
    try:
        skeleton = compiled(path.read_text(encoding="utf-8", errors="surrogatepass"))
    except ContentRefused as refused:
        assert path.parent.name == "hostile" and all(each.message for each in refused.problems)
        return
    raw = sent(skeleton)
    link = read(raw)["List-Unsubscribe"].strip("<> \r\n")
    html = parts(raw)[1].encode()
    wrong = [problem for setting in SETTINGS for problem in wrong_with(eye, html, FACTS, link, *setting)]
    blocked = [each for each in check_skeleton(skeleton, sender()) if each.severity is Severity.BLOCK]
    assert wrong == [] or any(each.rule == "blank_space" for each in blocked), wrong
