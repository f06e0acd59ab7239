"""Where Candor signs by itself, the sender's page holds what DNS says against its own key."""

import pytest

from mailer.compliance.sender_dns import last_told, refresh
from mailer.compliance.sender_dns.asking import Dns
from mailer.transports import signing
from tests.mailer import dkim_keys
from tests.mailer.dns_server import serving, texts
from tests.mailer.test_sender_dns import GOOD, new_sender, public

pytestmark = pytest.mark.django_db
__all__ = ["public"]


@pytest.fixture(autouse=True)
def signs(public) -> None:
    public.DKIM_KEYS, public.DKIM_DOMAIN = dkim_keys.keys(), ""


def told(zone: dict, **facts: str):
    sender = new_sender(**facts)
    with serving(GOOD | zone) as (_, servers):
        refresh(sender, Dns(servers))
    return {each.check: each for each in last_told(sender)}["dkim"], sender


def test_published_keys_of_ours_are_in_order_without_a_selector_in_the_form():
    said, _ = told(dkim_keys.zone(), dkim_selectors="")
    assert (said.state, said.words) == ("ok", "r1, e1: the key is there and long enough.")


def test_a_missing_record_is_told_with_the_exact_one_to_publish():
    zone = dkim_keys.zone()
    del zone["r1._domainkey.example.com", "TXT"]
    said, _ = told(zone)
    assert said.state == "warn"
    assert said.words == "Selector r1: There is no record for it."
    assert (said.name, said.kind) == ("r1._domainkey.example.com", "TXT")
    assert said.value == dict(signing.records())["r1._domainkey.example.com"]


def test_the_record_of_another_key_is_told():
    other = dkim_keys.zone() | {
        ("r1._domainkey.example.com", "TXT"): texts(signing.record(dkim_keys.rsa(3072)))
    }
    said, _ = told(other)
    assert "Selector r1: The record is of another key than Candor signs with" in said.words
    assert said.value == dict(signing.records())["r1._domainkey.example.com"]


def test_white_space_in_the_published_key_changes_nothing():
    zone = dkim_keys.zone()
    value = signing.record(dkim_keys.ed25519()).replace("p=", "p= ").replace("k=", " k = ")
    zone["e1._domainkey.example.com", "TXT"] = texts(value)
    assert told(zone, dkim_selectors="")[0].state == "ok"


def test_with_another_key_earlier_answers_are_worth_nothing(public):
    _, sender = told(dkim_keys.zone())
    public.DKIM_KEYS = (("r1", dkim_keys.rsa(3072)),)
    assert {each.state for each in last_told(sender)} == {"open"}
