"""What the judge calls visible, Chromium shows: on every fixture, and on documents that nobody wrote.

More seeds: HIDING_SEEDS=0-2000 pytest tests/mailer/test_hiding_at_random_in_chromium.py
"""

import os

import pytest

from mailer.rendering import ContentRefused
from tests.mailer.chromium_eye import Eye, open_eye
from tests.mailer.comparing import compare
from tests.mailer.messages import compiled, parts, sent
from tests.mailer.random_html import document
from tests.mailer.test_hiding import HONEST, HOSTILE, named, written

pytestmark = [pytest.mark.browser, pytest.mark.long]
FIRST, LAST = map(int, os.environ.get("HIDING_SEEDS", "0-60").split("-"))


@pytest.fixture(scope="module")
def eye():
    with open_eye() as eye:
        yield eye


def unseen_though_passed(eye: Eye, source: str, width: int = 375) -> list[str]:
    """What nobody can read of a message whose texts the judge all calls visible; empty for one that it blocks."""
    try:
        html = parts(sent(compiled(source)))[1]
    except ContentRefused:
        return []
    texts = compare(eye, html, width)
    if any(each.trouble for each in texts):
        return []
    return [f"{each.text.strip()[:50]!r}: {each.unseen}" for each in texts if each.unseen]


@named([*HOSTILE, *HONEST])
def test_what_the_judge_calls_visible_chromium_shows(eye, path):
    assert unseen_though_passed(eye, written(path)) == []


@pytest.mark.parametrize("seed", range(FIRST, LAST))
def test_so_it_is_with_documents_at_random(eye, seed):
    assert unseen_though_passed(eye, document(seed)) == []


@named(HONEST)
def test_of_honest_mail_chromium_and_the_judge_see_every_text(eye, path):
    for width in (375, 1200):
        assert [
            each for each in compare(eye, parts(sent(compiled(written(path))))[1], width) if each.trouble
        ] == []
