"""Opt-out links: they work whatever happened to them on the way, and speak for one mailbox only."""

import secrets
from urllib.parse import quote

import pytest
from django.conf import settings as live_settings
from hypothesis import given
from hypothesis import strategies as st

from mailer.tokens import TOKEN_LENGTH, DamagedToken, OptOutToken, opt_out_url, read, sign

tokens = st.builds(
    OptOutToken,
    mailbox_key=st.binary(min_size=16, max_size=16),
    campaign=st.integers(0, 2**32 - 1),
    is_test=st.booleans(),
)
TOKEN = OptOutToken(bytes(range(16)), 42)


@given(tokens)
def test_a_link_says_what_was_signed(token):
    signed = sign(token)
    assert read(signed) == token
    assert len(signed) == TOKEN_LENGTH
    assert set(signed) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(tokens, st.data())
def test_one_changed_character_speaks_for_nobody(token, data):
    signed = sign(token)
    place = data.draw(st.integers(0, TOKEN_LENGTH - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda c: c != signed[place]))
    with pytest.raises(DamagedToken):
        read(signed[:place] + other + signed[place + 1 :])


@pytest.mark.duty("D74")
@given(tokens)
def test_every_single_bit_counts(token):
    from base64 import urlsafe_b64decode, urlsafe_b64encode

    raw = urlsafe_b64decode(sign(token))
    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedToken):
            read(urlsafe_b64encode(bytes(flipped)).decode())


DAMAGE = {
    "a full stop after it": lambda t: t + ".",
    "a comma, bracket and quotation mark": lambda t: t + ',)"',
    "angle brackets": lambda t: f"<{t}>",
    "a curly quotation mark": lambda t: t + "”",
    "slashes": lambda t: f"//{t}/",
    "white space": lambda t: f" {t}\r\n",
    "quoted-printable equals sign in front": lambda t: f"=3D{t}",
    "the rest of one": lambda t: f"3D{t}",
    "a soft line break": lambda t: f"{t[:20]}=\r\n{t[20:]}",
    "a bare line break": lambda t: f"{t[:20]}\n{t[20:]}",
    "percent-encoding": lambda t: "".join(f"%{ord(c):02X}" for c in t),
    "percent-encoding, twice": lambda t: quote("".join(f"%{ord(c):02x}" for c in t)),
    "an encoded full stop": lambda t: t + "%2E",
    "an encoded bracket": lambda t: t + "%3E",
    "a tracking suffix": lambda t: t + "&utm_source=x",
    "a sentence": lambda t: t + ".Click here",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
@given(tokens)
def test_damage_that_can_be_undone_is_undone(damage, token):
    assert read(damage(sign(token))) == token


@given(tokens)
def test_letter_case_that_was_lost_is_not_guessed(token):
    signed = sign(token)
    for changed in {signed.upper(), signed.lower(), signed.swapcase()} - {signed}:
        with pytest.raises(DamagedToken):
            read(changed)


@given(tokens, tokens, st.integers(1, TOKEN_LENGTH - 1))
def test_pieces_of_two_links_make_no_third(one, other, cut):
    mixed = sign(one)[:cut] + sign(other)[cut:]
    try:
        assert read(mixed) in (one, other)
    except DamagedToken:
        pass


@given(st.text())
def test_no_text_is_a_link_and_the_words_are_always_the_same(text):
    with pytest.raises(DamagedToken) as damaged:
        read(text)
    assert str(damaged.value) == "This link is damaged."


@given(tokens, st.text(max_size=60), st.text(max_size=60))
def test_whatever_surrounds_a_link_it_never_becomes_another_mailboxs(token, before, after):
    try:
        assert read(before + sign(token) + after) == token
    except DamagedToken:
        pass


def test_old_links_work_after_the_key_was_rotated_and_new_ones_have_the_new_key(settings):
    old = sign(TOKEN)
    settings.LINK_KEYS = {2: secrets.token_bytes(32), **live_settings.LINK_KEYS}
    new = sign(TOKEN)
    assert new != old
    assert read(old) == read(new) == TOKEN
    settings.LINK_KEYS = {3: secrets.token_bytes(32), **settings.LINK_KEYS}
    assert read(old) == read(new) == TOKEN


def test_a_link_of_another_installation_speaks_for_nobody_here(settings):
    foreign = sign(TOKEN)
    settings.LINK_KEYS = {1: secrets.token_bytes(32)}
    with pytest.raises(DamagedToken):
        read(foreign)


def test_a_test_link_says_so_and_can_not_be_turned_into_a_real_one():
    real, test = sign(TOKEN), sign(OptOutToken(TOKEN.mailbox_key, 42, is_test=True))
    assert read(test).is_test
    assert not read(real).is_test
    with pytest.raises(DamagedToken):
        read(real[:1] + test[1:])
    with pytest.raises(DamagedToken):
        read(test[:1] + real[1:])


def test_the_link_holds_the_token_alone():
    url = opt_out_url(TOKEN)
    assert url == f"{live_settings.PUBLIC_URL}/u/{sign(TOKEN)}"
    assert read(url.rpartition("/u/")[2]) == TOKEN
