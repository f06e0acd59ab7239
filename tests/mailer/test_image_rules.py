"""What a marketer hears of pictures: without words, from other hosts, and where there is nothing else."""

import pytest

from mailer.compliance import check_skeleton
from tests.mailer.messages import compiled
from tests.mailer.pictures import stored

WORDS = "<p>Roses want covers now, every one of them.</p>"
SRC = "https://cdn.example.net/roses.png"


def told(html: str, **fields: str) -> list[str]:
    """What the three rules say, each as “rule: words”."""
    rules = {"image_text", "image_host", "images_only"}
    findings = check_skeleton(compiled(html, **fields), None)
    assert all(finding.severity == "warn" and finding.source for finding in findings if finding.rule in rules)
    return [f"{finding.rule}: {finding.message}" for finding in findings if finding.rule in rules]


def of(rule: str, html: str) -> list[str]:
    return [words for words in told(html) if words.startswith(f"{rule}:")]


# -- words --------------------------------------------------------------------------------------------------


@pytest.mark.duty("D44")
def test_a_picture_without_words_is_named():
    (words,) = of("image_text", f'{WORDS}<img src="{SRC}">')
    assert words.startswith("image_text: The picture roses.png has no words.")


def test_of_many_three_are_named():
    pictures = "".join(f'<img src="https://x.example/{number}.png?v=1">' for number in range(5))
    (words,) = of("image_text", WORDS + pictures)
    assert "The pictures 0.png, 1.png, 2.png and 2 more have no words." in words


@pytest.mark.parametrize("alt", ["Roses", ""])
def test_words_or_plain_decoration_are_right(alt):
    assert of("image_text", f'{WORDS}<img src="{SRC}" alt="{alt}">') == []


@pytest.mark.parametrize(
    ("link", "is_right"),
    [
        ('<a href="https://x.example/"><img src="{}" alt=""></a>', False),
        ('<a href="https://x.example/"><img src="{0}" alt=""><img src="{0}" alt=" "></a>', False),
        ('<a href="https://x.example/"><img src="{}" alt="To the shop"></a>', True),
        ('<a href="https://x.example/"><img src="{}" alt=""> To the shop</a>', True),
        ('<a href="https://x.example/"><img src="{0}" alt=""><img src="{0}" alt="To the shop"></a>', True),
    ],
)
def test_a_link_is_never_silent(link, is_right):
    said = of("image_text", WORDS + link.format(SRC))
    assert (said == []) == is_right
    assert is_right or "no words say where" in said[0]


# -- hosts --------------------------------------------------------------------------------------------------


@pytest.mark.duty("D115")
def test_other_hosts_are_named_once_each():
    html = f'{WORDS}<img src="{SRC}" alt="a"><img src="{SRC}?2" alt="b"><img src="https://a.example/x.gif" alt="c">'
    (words,) = of("image_host", html)
    assert "Pictures are loaded from a.example, cdn.example.net. Whoever runs that host learns" in words


@pytest.mark.duty("D115")
@pytest.mark.parametrize("size", ['width="1" height="1"', 'width="0" height="2px"'])
def test_a_picture_that_nobody_sees_is_called_what_it_is(size):
    (words,) = of("image_host", f'{WORDS}<img src="https://t.example/o" {size} alt="">')
    assert "A picture that nobody can see is loaded from t.example." in words


@pytest.mark.django_db
def test_our_own_pictures_are_no_matter():
    image = stored(alt="Roses")
    assert told(f'{WORDS}<img src="{image.path}" alt="Roses">') == []


# -- nothing else -------------------------------------------------------------------------------------------


@pytest.mark.duty("D42")
@pytest.mark.parametrize(
    ("html", "is_right"),
    [
        (f'<img src="{SRC}" alt="Twenty percent off all roses until Sunday">', False),
        (f'<p>Hello {{{{ first_name|default:"friend" }}}}</p><img src="{SRC}" alt="Roses">', False),
        (f'<p>1234567890 1234567890 12345</p><img src="{SRC}" alt="Roses">', False),
        (f'{WORDS}<img src="{SRC}" alt="Roses">', True),
        ("<p>Hi.</p>", True),
    ],
)
def test_a_message_of_pictures_only_is_told_so(html, is_right):
    said = of("images_only", html)
    assert (said == []) == is_right
