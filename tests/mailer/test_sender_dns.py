"""SPF, DKIM, DMARC, alignment and the MX of Reply-To, asked of a real DNS server on loopback."""

import base64
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailer.compliance import Severity, check
from mailer.compliance.freemail import is_freemail
from mailer.compliance.sender_dns import dkim, dmarc, last_told, refresh, refresh_stale, spf
from mailer.compliance.sender_dns.asking import Dns, DnsFailure
from mailer.models import DnsAnswer, Evidence, Sender
from tests.mailer.dns_server import SERVFAIL, SILENCE, serving, texts
from tests.mailer.messages import CAMPAIGN, FRIENDS, content


def der(tag: int, inside: bytes) -> bytes:
    size = len(inside)
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | len(long)]) + long) + inside


RSA_ID = bytes.fromhex("300d06092a864886f70d0101010500")


def rsa(bits: int, *, bare: bool = False) -> str:
    """A public key of that length, as it stands in p=; nobody checks here whether its modulus is a product."""
    modulus = (1 << (bits - 1) | 1).to_bytes(bits // 8 + 1, "big")
    key = der(0x30, der(0x02, modulus) + der(0x02, b"\x01\x00\x01"))
    return base64.b64encode(key if bare else der(0x30, RSA_ID + der(0x03, b"\x00" + key))).decode()


KEY = f"v=DKIM1; k=rsa; p={rsa(2048)}"
GOOD = {
    ("example.com", "TXT"): texts("v=spf1 include:spf.host.example -all", "google-site-verification=1"),
    ("spf.host.example", "TXT"): texts("v=spf1 ip4:192.0.2.0/24 ~all"),
    ("s1._domainkey.example.com", "TXT"): texts(KEY),
    ("_dmarc.example.com", "TXT"): texts("v=DMARC1; p=reject; rua=mailto:r@example.com"),
    ("example.com", "MX"): ["20 mx2.host.example.", "10 mx1.host.example."],
}


@pytest.fixture
def public(settings):
    """An installation that mails the world by SMTP."""
    settings.LOCAL = False
    settings.EMAIL_URL = "smtp://mail.host.example:587"
    settings.ANYMAIL_ESP = ""
    settings.SENDER_DOMAINS = ("example.com", "example.org", "news.example.com")
    return settings


def new_sender(**facts: str) -> Sender:
    return Sender.objects.create(
        **{
            "legal_name": "Garden LLC", "trade_name": "Garden", "from_email": "hello@example.com",
            "reply_to": "hello@example.com", "dkim_selectors": "s1", "contact": "1", "line1": "1450 Rose Street",
            "city": "Portland", "region": "OR", "postal_code": "97209", **facts,
        }
    )  # fmt: skip


def told(zone: dict, **facts: str) -> dict[str, tuple[str, str]]:
    """Each check's state and the record to publish."""
    sender = new_sender(**facts)
    with serving(zone) as (_, servers):
        refresh(sender, Dns(servers))
    return {each.check: (each.state, each.value) for each in last_told(sender)}


def states(zone: dict, **facts: str) -> dict[str, str]:
    return {name: state for name, (state, _) in told(zone, **facts).items()}


ALL_OK = dict.fromkeys(["spf", "dkim", "dmarc", "alignment", "replies"], "ok")


# -- the whole ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_sender_in_order_is_told_so_and_nothing_is_to_publish(public):
    assert told(GOOD) == dict.fromkeys(ALL_OK, ("ok", ""))


@pytest.mark.django_db
def test_the_preferred_server_of_replies_is_named_first(public):
    sender = new_sender()
    with serving(GOOD) as (_, servers):
        refresh(sender, Dns(servers))
    (replies,) = [each for each in last_told(sender) if each.check == "replies"]
    assert (replies.words, replies.found) == (
        "Replies go to mx1.host.example.",
        "mx1.host.example\nmx2.host.example",
    )


@pytest.mark.django_db
def test_a_domain_of_which_dns_knows_nothing_gets_every_record_to_publish(public):
    assert told({}, dkim_selectors="s1, s2") == {
        "spf": ("bad", "v=spf1 a:mail.host.example ~all"),
        "dkim": ("bad", "the key that your mail service shows"),
        "dmarc": ("bad", "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com"),
        "alignment": ("bad", ""),
        "replies": ("bad", "10 and the host of your mail server"),
    }


@pytest.mark.django_db
def test_the_local_inbox_is_never_asked_about(settings):
    assert settings.LOCAL
    sender = new_sender()
    with serving(GOOD) as (zone, servers):
        settings.DNS_SERVERS = servers
        refresh(sender)
        refresh_stale()
    assert zone.asked == [] and not DnsAnswer.objects.exists() and last_told(sender) == []


@pytest.mark.duty("D16", "D21")
@pytest.mark.django_db
def test_whatever_dns_says_it_only_warns(public):
    sender = new_sender()
    with serving({}) as (_, servers):
        refresh(sender, Dns(servers))
    findings = [each for each in check(content(), sender, [FRIENDS], CAMPAIGN) if each.rule == "sender_dns"]
    assert {each.severity for each in findings} == {Severity.WARN} and len(findings) == 5


@pytest.mark.django_db
def test_an_answer_that_does_not_fit_a_datagram_is_fetched_over_tcp(public):
    many = [f"site-verification={number:0100}" for number in range(20)]
    zone = {**GOOD, ("example.com", "TXT"): texts(*many, "v=spf1 mx -all")}
    sender = new_sender()
    with serving(zone) as (server, servers):
        refresh(sender, Dns(servers))
    assert {each.check: each.state for each in last_told(sender)} == ALL_OK
    assert ("example.com", "TXT", "tcp") in server.asked


@pytest.mark.django_db
def test_every_name_is_asked_once_a_sitting(public):
    with serving(GOOD) as (zone, servers):
        refresh(new_sender(), Dns(servers))
    assert len(zone.asked) == len(set(zone.asked))


# -- failures ------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("failure", [SERVFAIL, SILENCE])
def test_a_failure_of_dns_changes_nothing_for_a_week(public, failure):
    sender = new_sender()
    with serving(GOOD) as (zone, servers):
        refresh(sender, Dns(servers))
        zone[("example.com", "TXT")] = failure
        refresh(sender, Dns(servers))
    after = {each.check: each for each in last_told(sender)}
    assert {name: each.state for name, each in after.items()} == ALL_OK
    assert "example.com" in after["spf"].failure and after["spf"].words.startswith("One SPF record")
    assert after["dmarc"].failure == ""

    DnsAnswer.objects.update(answered_at=timezone.now() - timedelta(days=8))
    late = {each.check: each for each in last_told(sender)}
    assert late["spf"].state == "warn" and "for a week" in late["spf"].words
    assert late["dmarc"].state == "ok"


@pytest.mark.django_db
def test_a_dns_that_never_answered_is_told_as_not_known(public):
    sender = new_sender()
    with serving({("example.com", "TXT"): SERVFAIL}) as (_, servers):
        refresh(sender, Dns(servers))
    spf_told = next(each for each in last_told(sender) if each.check == "spf")
    assert (spf_told.state, spf_told.words) == ("open", "DNS has not answered yet.")


def test_no_answer_and_no_such_name_are_two_things():
    zone = {("a.example", "TXT"): SERVFAIL, ("b.example", "MX"): ["10 mx.example."]}
    with serving(zone) as (_, servers):
        dns = Dns(servers)
        with pytest.raises(DnsFailure, match=r"a\.example"):
            dns.texts("a.example")
        assert dns.texts("b.example") == () and dns.texts("c.example") == ()
        assert dns.texts("x" * 64 + ".example") == () and dns.texts("a..example") == ()


@pytest.mark.django_db
def test_other_domains_or_selectors_make_old_answers_worthless(public):
    sender = new_sender()
    with serving(GOOD) as (_, servers):
        refresh(sender, Dns(servers))
    sender.from_email = "hello@example.org"
    assert {each.words for each in last_told(sender)} == {"Not asked yet."}


@pytest.mark.django_db
def test_senders_are_asked_about_once_a_day(public):
    sender = new_sender()
    with serving(GOOD) as (zone, servers):
        public.DNS_SERVERS = servers
        refresh_stale()
        first = len(zone.asked)
        refresh_stale()
        assert len(zone.asked) == first > 0
        DnsAnswer.objects.update(asked_at=timezone.now() - timedelta(hours=24))
        refresh_stale()
        assert len(zone.asked) == 2 * first
    assert {each.state for each in last_told(sender)} == {"ok"}


@pytest.mark.django_db
def test_a_change_leaves_evidence_without_any_address(public):
    sender = new_sender()
    with serving(GOOD) as (zone, servers):
        refresh(sender, Dns(servers))
        del zone[("_dmarc.example.com", "TXT")]
        refresh(sender, Dns(servers))
    rows = Evidence.objects.filter(verb="DNS answered otherwise", subject=f"sender {sender.pk}")
    assert [row.details for row in rows.order_by("pk")][-1] == {"what": "dmarc", "state": "bad"}
    assert "@" not in str([row.details for row in rows])


# -- SPF -------------------------------------------------------------------------------------------------


def spf_of(*records: str, esp: str = "", **others: str) -> tuple[str, str]:
    zone = {("example.com", "TXT"): texts(*records)} if records else {("example.com", "A"): ["192.0.2.1"]}
    zone |= {(name.replace("_", "."), "TXT"): texts(text) for name, text in others.items()}
    with serving(zone) as (_, servers):
        said = spf.check("example.com", "mail.host.example", esp, Dns(servers))
    return said.state, said.publish.value


ELEVEN = " ".join(f"a:h{number}.example" for number in range(11))
TEN = " ".join(f"a:h{number}.example" for number in range(10))


@pytest.mark.parametrize(
    ("records", "others", "expected"),
    [
        (["v=spf1 ip4:192.0.2.1 -all"], {}, ("ok", "")),
        (["V=SPF1 mx ~all"], {}, ("ok", "")),
        (["v=spf1 redirect=b.example"], {"b_example": "v=spf1 -all"}, ("ok", "")),
        (["v=spf1 exists:%{i}.b.example unknown=x -all"], {}, ("ok", "")),
        ([f"v=spf1 {TEN} -all"], {}, ("ok", "")),
        ([f"v=spf1 {ELEVEN} -all"], {}, ("bad", "")),
        (["v=spf1 include:b.example -all"], {"b_example": f"v=spf1 {TEN} -all"}, ("bad", "")),
        (["v=spf1 include:example.com -all"], {}, ("bad", "")),
        (["v=spf1 include:b.example -all"], {}, ("bad", "")),
        (["v=spf1 ipv4:192.0.2.1 -all"], {}, ("bad", "")),
        (["v=spf1 include: -all"], {}, ("bad", "")),
        (["v=spf1 mx +all"], {}, ("bad", "v=spf1 mx ~all")),
        (["v=spf1 mx all"], {}, ("bad", "v=spf1 mx ~all")),
        (["v=spf1 mx ?all"], {}, ("warn", "v=spf1 mx ~all")),
        (["v=spf1 mx"], {}, ("warn", "v=spf1 mx ~all")),
        (["v=spf1 mx ~all", "v=spf1 a mx -all"], {}, ("bad", "v=spf1 a mx -all")),
        (["v=spf10 mx -all"], {}, ("bad", "v=spf1 a:mail.host.example ~all")),
        ([], {}, ("bad", "v=spf1 a:mail.host.example ~all")),
    ],
)  # fmt: skip
def test_an_spf_record_is_told_as_receivers_would_take_it(records, others, expected):
    assert spf_of(*records, **others) == expected


def test_with_a_mail_service_the_missing_spf_record_only_warns_and_names_what_to_include():
    assert spf_of(esp="mailgun") == ("warn", "v=spf1 include:mailgun.org ~all")


# -- DKIM ------------------------------------------------------------------------------------------------


def key_of(record: str) -> str:
    with serving({("s1._domainkey.example.com", "TXT"): texts(record)}) as (_, servers):
        found = dkim.keys(["s1"], "example.com", "example.com", Dns(servers))
    return dkim.check(found, "example.com").state


@pytest.mark.duty("D21", "D22")
@pytest.mark.parametrize(
    ("record", "state"),
    [
        (KEY, "ok"),
        (f"p={rsa(2048)}", "ok"),
        (f"v=DKIM1; p={rsa(4096)}; h=sha256; s=email", "ok"),
        (f"v=DKIM1; p={rsa(2048, bare=True)}", "ok"),
        (f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(32)).decode()}", "ok"),
        (f"v=DKIM1; p={rsa(1024)}", "warn"),
        (f"v=DKIM1; t=y; p={rsa(2048)}", "warn"),
        (f"v=DKIM1; p={rsa(768)}", "bad"),
        ("v=DKIM1; p=", "bad"),
        ("v=DKIM1; k=rsa", "bad"),
        (f"v=DKIM1; p={rsa(2048)[:100]}", "bad"),
        ("v=DKIM1; p=not base64!", "bad"),
        (f"v=DKIM2; p={rsa(2048)}", "bad"),
        (f"v=DKIM1; h=sha1; p={rsa(2048)}", "bad"),
        (f"v=DKIM1; s=tlsrpt; p={rsa(2048)}", "bad"),
        (f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(31)).decode()}", "bad"),
        (f"v=DKIM1; k=dsa; p={rsa(2048)}", "bad"),
    ],
)
def test_a_dkim_key_is_told_as_receivers_would_take_it(record, state):
    assert key_of(record) == state


@pytest.mark.parametrize("bits", [512, 1024, 1536, 2048, 3072, 4096])
def test_the_length_of_a_key_is_read_from_its_modulus(bits):
    assert dkim.bits(base64.b64decode(rsa(bits))) == bits == dkim.bits(base64.b64decode(rsa(bits, bare=True)))


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reading_of_a_key(junk):
    record = f"v=DKIM1; p={base64.b64encode(junk).decode()}"
    assert dkim._judged("s1", "example.com", [record]).problem


@pytest.mark.django_db
def test_one_dead_selector_of_two_warns_and_none_is_asked_for(public):
    assert states(GOOD, dkim_selectors="s1, s2")["dkim"] == "warn"
    assert states(GOOD, dkim_selectors="") == {**ALL_OK, "dkim": "open", "alignment": "warn"}


# -- DMARC -----------------------------------------------------------------------------------------------


def found_of(domain: str, **records: str | list[str]) -> tuple[dmarc.Found, list[str]]:
    """What is discovered, and the names asked, in order. `a_b` stands for a.b."""
    zone = {
        (f"_dmarc.{name.replace('_', '.')}", "TXT"): texts(*([text] if isinstance(text, str) else text))
        for name, text in records.items()
    }
    with serving(zone) as (server, servers):
        found = dmarc.discover(domain, Dns(servers))
    return found, [name.removeprefix("_dmarc.") for name, _, _ in server.asked]


def test_the_tree_is_walked_up_to_the_organisational_domain():
    found, asked = found_of("news.eu.example.com", example_com="v=DMARC1; p=reject; sp=quarantine")
    assert asked == ["news.eu.example.com", "eu.example.com", "example.com", "com"]
    assert (found.organisation, found.at, found.policy) == ("example.com", "example.com", "quarantine")


def test_a_record_of_its_own_holds_and_the_organisation_is_still_the_highest():
    found, _ = found_of(
        "news.example.com", news_example_com="v=DMARC1; p=none", example_com="v=DMARC1; p=reject"
    )
    assert (found.organisation, found.at, found.policy) == ("example.com", "news.example.com", "none")


def test_a_public_suffix_ends_the_walk_and_the_organisation_is_one_below_it():
    found, asked = found_of("a.b.shop.example", shop_example="v=DMARC1; p=reject; psd=y; sp=none")
    assert asked == ["a.b.shop.example", "b.shop.example", "shop.example"]
    assert (found.organisation, found.at, found.policy) == ("b.shop.example", "shop.example", "none")


def test_psd_n_names_the_organisation_even_below_another_record():
    found, asked = found_of(
        "a.b.example.com", b_example_com="v=DMARC1; p=none; psd=n", example_com="v=DMARC1; p=reject"
    )
    assert asked == ["a.b.example.com", "b.example.com"]
    assert (found.organisation, found.at) == ("b.example.com", "b.example.com")


def test_a_very_deep_domain_costs_eight_questions():
    found, asked = found_of("a.b.c.d.e.f.g.h.i.example.com", example_com="v=DMARC1; p=none")
    assert asked == [
        "a.b.c.d.e.f.g.h.i.example.com", "e.f.g.h.i.example.com", "f.g.h.i.example.com", "g.h.i.example.com",
        "h.i.example.com", "i.example.com", "example.com", "com",
    ]  # fmt: skip
    assert found.organisation == "example.com"


def test_without_any_record_the_domain_is_its_own_organisation():
    found, _ = found_of("news.example.com")
    assert (found.organisation, found.record) == ("news.example.com", "")


@pytest.mark.parametrize(
    ("record", "state", "mended"),
    [
        ("v=DMARC1; p=none; rua=mailto:r@example.com", "ok", ""),
        ("v=DMARC1;p=REJECT;rua=mailto:r@example.com;adkim=s;t=n;x=y", "ok", ""),
        ("v=DMARC1; p=none", "warn", "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com"),
        ("v=DMARC1; rua=mailto:r@example.com", "warn", "v=DMARC1; p=none; rua=mailto:r@example.com"),
        ("v=DMARC1; p=block; rua=mailto:r@example.com", "warn", "v=DMARC1; p=none; rua=mailto:r@example.com"),
        ("v=DMARC1; p=reject; pct=50; rua=mailto:r@example.com", "warn",
         "v=DMARC1; p=reject; rua=mailto:r@example.com"),
        ("v=DMARC1; p=reject; sp=x; rua=mailto:r@example.com", "warn",
         "v=DMARC1; p=reject; rua=mailto:r@example.com"),
        ("v=dmarc1; p=none", "bad", "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com"),
        ("p=none; v=DMARC1", "bad", "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com"),
    ],
)  # fmt: skip
def test_a_dmarc_record_is_read_with_patience_and_what_is_odd_is_told(record, state, mended):
    said = dmarc.check(found_of("example.com", example_com=record)[0])
    assert (said.state, said.publish.value) == (state, mended)


def test_several_dmarc_records_count_as_none():
    found, _ = found_of("example.com", example_com=["v=DMARC1; p=none", "v=DMARC1; p=reject"])
    said = dmarc.check(found)
    assert (said.state, found.record) == ("bad", "") and "several" in said.words


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_a_record(text):
    found = dmarc.Found("example.com", "example.com", "example.com", text, (), dmarc.tags_of(text))
    assert found.policy in dmarc.POLICIES
    assert dmarc.check(found).words


# -- alignment and replies -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_key_of_the_organisation_aligns_unless_the_record_is_strict(public):
    zone = {
        **GOOD,
        ("news.example.com", "TXT"): texts("v=spf1 mx -all"),
        ("news.example.com", "MX"): ["10 mx1.host.example."],
    }
    news = {"from_email": "hello@news.example.com", "reply_to": "hello@news.example.com"}
    assert states(zone, **news) == ALL_OK
    zone[("_dmarc.example.com", "TXT")] = texts("v=DMARC1; p=reject; adkim=s; rua=mailto:r@example.com")
    assert states(zone, **news) == {**ALL_OK, "alignment": "bad"}


@pytest.mark.django_db
def test_through_a_mail_service_dkim_alone_vouches(public):
    public.EMAIL_URL, public.ANYMAIL_ESP = "", "mailgun"
    assert states(GOOD) == ALL_OK
    assert states(GOOD, dkim_selectors="dead")["alignment"] == "bad"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("records", "state"),
    [
        ({("example.org", "MX"): ["10 mx.example."]}, "ok"),
        ({("example.org", "MX"): ["0 ."]}, "bad"),
        ({("example.org", "A"): ["192.0.2.1"]}, "warn"),
        ({("example.org", "AAAA"): ["2001:db8::1"]}, "warn"),
        ({}, "bad"),
    ],
)
def test_a_domain_of_replies_that_takes_no_mail_is_told(public, records, state):
    assert states({**GOOD, **records}, reply_to="hello@example.org") == {**ALL_OK, "replies": state}


# -- freemail --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "domain", ["gmail.com", "GMAIL.com", "outlook.com", "yahoo.co.jp", "icloud.com", "web.de"]
)
def test_freemail_is_known(domain):
    assert is_freemail(domain) and is_freemail(f"sub.{domain}")


@pytest.mark.parametrize(
    "domain", ["example.com", "notgmail.com", "gmail.com.example", "mail.example", "com"]
)
def test_domains_of_ones_own_are_not_taken_for_freemail(domain):
    assert not is_freemail(domain)
