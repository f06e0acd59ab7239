"""Which strings are the same mailbox: the ledger finds an opt-out only if this holds for every spelling."""

import re

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.addresses import KEY_BYTES, PLAIN, AddressRefused, is_ascii, masked, parse

letters = st.characters(codec="utf-8", exclude_categories=("Cs",))
# Dense in what addresses are made of, so that hypothesis spends its tries on the rules, not on noise.
near_addresses = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "a",
                "Z",
                "9",
                ".",
                "..",
                "+",
                "@",
                "-",
                "_",
                '"',
                " ",
                "\\",
                "(",
                "xn--",
                "ß",
                "İ",
                "ǅ",
                "ﬁ",
                "ü",
                "＠",
                "．",
            ]
        ),
        st.sampled_from(
            [
                "gmail.com",
                "GoogleMail.com",
                "example.org",
                "bücher.de",
                "xn--bcher-kva.de",
                ".com",
                "\0",
                "\n",
            ]
        ),
        letters,
    ),
    max_size=14,
).map("".join)
local_parts = st.from_regex(r"[A-Za-z0-9!#$%&'*/=?^_`{|}~-]{1,20}(\.[A-Za-z0-9_-]{1,20})?", fullmatch=True)
domains = st.from_regex(r"([a-z][a-z0-9]{0,10}\.){1,2}(com|org|net|de)", fullmatch=True)
plain_addresses = st.builds("{}@{}".format, local_parts, domains)


def accepted(raw: str):
    try:
        return parse(raw)
    except AddressRefused:
        return None


@given(near_addresses)
def test_whatever_the_text_it_is_an_address_or_refused_in_words(raw):
    try:
        address = parse(raw)
    except AddressRefused as refused:
        assert str(refused)
        return
    assert len(address.address_key) == len(address.mailbox_key) == KEY_BYTES
    assert not re.search(r"[\x00-\x1f\x7f\s<>]", address.text.rpartition("@")[2])
    assert not re.search(r"[\x00-\x1f\x7f]", address.text)
    assert len(address.text) <= 254


@given(near_addresses)
@example("İ@example.org")
@example("ﬁ@example.org")
@example("ǅ@example.org")
def test_reading_an_address_again_changes_nothing(raw):
    address = accepted(raw)
    if address is not None:
        assert parse(address.text) == address
        assert parse(f"  {address.text}\n") == address


@given(near_addresses)
def test_letter_case_never_hides_a_mailbox(raw):
    address = accepted(raw)
    for other in filter(None, (accepted(raw.upper()), accepted(raw.lower()), accepted(raw.swapcase()))):
        if address is not None and raw.isascii():
            assert other.address_key == address.address_key
            assert other.mailbox_key == address.mailbox_key


@given(local_parts, st.from_regex(r"[A-Za-z0-9+._-]{0,10}", fullmatch=True), domains)
def test_a_tag_never_hides_a_mailbox(local, tag, domain):
    tagged = accepted(f"{local}+{tag}@{domain}")
    if tagged is not None:
        assert tagged.mailbox_key == parse(f"{local}@{domain}").mailbox_key
        assert tagged.address_key != parse(f"{local}@{domain}").address_key


@pytest.mark.duty("D65")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dana.Lee+x@Gmail.com", "danalee@googlemail.com"),
        ("danalee@googlemail.com", "DANA.LEE@GMAIL.COM"),
        ("dana@bücher.de", "dana@xn--bcher-kva.de"),
        ("dana@BÜCHER.de", "dana@XN--BCHER-KVA.DE"),
        ("Dana@Example.org", "dana@example.org"),
        ("dana+a@example.org", "dana+b@example.org"),
        ('"dana"@example.org', "dana@example.org"),
        ("ｄａｎａ@example.org", "dana@example.org"),
        ("dana＠example.org", "dana@example.org"),
        ("straße@example.org", "STRASSE@example.org"),
    ],
)
def test_one_mailbox_however_it_is_written(one, other):
    assert parse(one).mailbox_key == parse(other).mailbox_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dana.lee@example.org", "danalee@example.org"),  # dots fold at Gmail only
        ("dana@gmail.com", "dana@gmail.de"),
        ("+dana@example.org", "+lee@example.org"),  # nothing before the tag: kept whole
        ('"dana lee+a"@example.org', '"dana lee+b"@example.org'),  # in quotes a + is a letter
        ("dana@a.example.org", "dana@b.example.org"),
    ],
)
def test_different_mailboxes_stay_different(one, other):
    assert parse(one).mailbox_key != parse(other).mailbox_key


def test_the_two_names_of_an_address_are_not_interchangeable():
    plain = parse("dana@example.org")
    assert plain.exact == plain.mailbox
    assert plain.address_key != plain.mailbox_key


def test_another_key_gives_other_names(settings):
    before = parse("dana@example.org").mailbox_key
    settings.ADDRESS_KEY = bytes(32)
    assert parse("dana@example.org").mailbox_key != before


@given(st.one_of(plain_addresses, near_addresses))
@example("a@example.local")
@example("a@localhost.localdomain")
def test_the_fast_pattern_takes_nothing_that_could_do_harm(raw):
    """Where it and the library disagree, it errs towards names that only a mail server can refuse."""
    if not PLAIN.fullmatch(raw):
        return
    assert raw.isascii()
    assert raw.count("@") == 1
    assert not re.search(r"[\s\x00-\x1f\x7f<>()\[\]:;,\\\"]", raw)
    try:
        library = validate_email(raw, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return
    assert parse(raw).exact == f"{library.local_part.casefold()}@{library.ascii_domain.lower()}"


@given(plain_addresses)
def test_the_fast_pattern_takes_common_addresses(raw):
    assert PLAIN.fullmatch(raw)


@pytest.mark.duty("D19")
@pytest.mark.parametrize(
    "raw",
    [
        "",
        "dana",
        "@example.org",
        "dana@",
        "dana@localhost",
        "dana lee@example.org",
        "dana@example..org",
        ".dana@example.org",
        "dana.@example.org",
        "dana@-example.org",
        "dana@example.org, lee@example.org",
        "Dana <dana@example.org>",
        "dana@example.org\nBcc: lee@example.org",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.org",
        "dana@[127.0.0.1]",
    ],
)
def test_what_is_no_address_is_refused(raw):
    with pytest.raises(AddressRefused):
        parse(raw)


def test_letters_beyond_ascii_before_the_at_sign_are_told_apart():
    assert is_ascii(parse("dana@bücher.de").text)
    assert not is_ascii(parse("dänä@example.org").text)


@given(plain_addresses)
def test_a_masked_address_tells_a_stranger_two_letters_and_the_ending(raw):
    local, _, domain = raw.partition("@")
    assert masked(raw) == f"{local[0]}•••@{domain[0]}•••.{domain.rpartition('.')[2]}"
