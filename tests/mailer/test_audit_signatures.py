"""`audit` on signed messages: the signature is verified by DNS, by a key from a file, or by our own; each way it can
fail has its words."""

import re
import subprocess
import sys
from collections.abc import Iterator

import dkim
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from mailer.compliance.audit import Keys, audit, written
from mailer.compliance.sender_dns.asking import Dns
from mailer.rendering import SAMPLE_RECIPIENT, fill
from mailer.transports import signed, signing
from tests.mailer import dkim_keys
from tests.mailer.damages import BODY, DAMAGES, carried, in_header, message
from tests.mailer.dns_server import SERVFAIL, serving, texts
from tests.mailer.messages import AT, FACTS, compiled
from tests.mailer.test_audit_command import CLONE, no_database

__all__ = ["no_database"]
RECEIVED = b"Received: from a.example by b.example; Tue, 24 Nov 2026 09:30:01 +0000\r\n"


@pytest.fixture(autouse=True)
def signs(settings) -> None:
    settings.DKIM_KEYS, settings.DKIM_DOMAIN, settings.SENDER_DOMAINS = dkim_keys.keys(), "", ("example.org",)


@pytest.fixture
def zone(signs) -> Iterator[tuple[dict, Keys]]:
    with serving(dkim_keys.zone()) as (zone, servers):
        yield zone, Keys(Dns(servers))


def told(raw: bytes, keys: Keys | None = None) -> list[str]:
    return [f"{each.rule}: {each.message}" for each in audit(raw, FACTS, keys=keys)]


def by_dkimpy(raw: bytes, **more: object) -> bytes:
    """Signed by dkimpy as others sign: fewer fields, tags of all kinds."""
    pem = dkim_keys.rsa().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    names = [b"from", b"to", b"subject", b"list-unsubscribe", b"list-unsubscribe-post"]
    given = {"canonicalize": (b"relaxed", b"relaxed"), "include_headers": names} | more
    return dkim.sign(raw, b"r1", b"example.org", pem, **given) + raw


# -- what holds ------------------------------------------------------------------------------------------


def test_what_candor_signed_is_verified_without_asking_anybody():
    assert told(signed(message())) == []
    assert told(signed(fill(compiled(BODY), SAMPLE_RECIPIENT, at=AT).data)) == []


def test_what_a_server_passed_on_is_verified_by_dns(zone):
    records, keys = zone
    assert told(RECEIVED + signed(message()), keys) == []
    assert {name for name, _, _ in records.asked} == {
        "r1._domainkey.example.org",
        "e1._domainkey.example.org",
    }
    assert keys.unknown == []


@pytest.mark.parametrize("way", [(b"simple", b"simple"), (b"relaxed", b"simple"), (b"simple", b"relaxed")])
def test_signatures_of_others_in_our_name_are_verified_too(zone, settings, way):
    settings.DKIM_KEYS = ()
    assert told(RECEIVED + by_dkimpy(message(), canonicalize=way), zone[1]) == []


def test_line_ends_of_another_system_break_nothing(zone):
    assert told((RECEIVED + signed(message())).replace(b"\r\n", b"\n"), zone[1]) == []


def test_one_signature_that_holds_is_enough(zone):
    raw = RECEIVED + signed(message())
    broken = re.sub(rb"(a=ed25519.*?b=)..", rb"\1AA", raw, count=1, flags=re.DOTALL)
    assert broken != raw
    assert told(broken, zone[1]) == []
    esp = by_dkimpy(message()).replace(b"d=example.org", b"d=esp.example", 1).removesuffix(message())
    assert told(RECEIVED + esp + signed(message()), zone[1]) == []


def test_the_record_may_come_from_a_file(settings):
    raw = RECEIVED + by_dkimpy(message())
    record = signing.record(dkim_keys.rsa())
    public = (
        dkim_keys.rsa().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )
    zone_line = f"r1._domainkey.example.org. IN TXT {texts(record)[0]}"
    for content in (record, public, zone_line, f"{record}\n"):
        assert told(raw, Keys(given=written(content))) == []
    other = written(signing.record(dkim_keys.rsa(3072)))
    assert [each.partition(":")[0] for each in told(raw, Keys(given=other))] == ["dkim"]


@pytest.mark.parametrize("content", ["", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_a_file_without_a_key_is_told(content):
    with pytest.raises(ValueError, match="It holds n"):
        written(content)


# -- what does not ---------------------------------------------------------------------------------------

BROKEN = [
    ("body", lambda raw: raw.replace(b"roses want", b"Roses want", 1), "The body was changed"),
    ("subject", in_header("Subject: ", "Subject: New "), "The DKIM signature does not hold"),
    ("date", in_header("Date: Tue, 24", "Date: Wed, 25"), "The DKIM signature does not hold"),
    ("a bit of it", lambda raw: re.sub(rb"(\sb=)..", rb"\1AA", raw), "The DKIM signature does not hold"),
    ("its tags", lambda raw: raw.replace(b" t=1", b" t=2"), "The DKIM signature does not hold"),
    ("re-encoded", lambda raw: carried(raw), "The body was changed"),
    ("expired", lambda raw: raw.replace(b" t=", b" x=1; t="), "The DKIM signature was good for a time"),
    ("names", lambda raw: raw.replace(b"list-unsubscribe-post:", b""), "The DKIM signature does not cover"),
    ("not ours", lambda raw: raw.replace(b"d=example.org", b"d=example.net"), "No DKIM signature is of the domain"),
    ("taken away", lambda raw: b"From:" + raw.partition(b"\nFrom:")[2], "Nobody signed the message"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "words"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
def test_each_broken_signature_is_told_in_its_words_and_nothing_else_is(zone, damage, words):
    raw = signed(message())
    damaged = damage(raw)
    assert damaged != raw
    assert [each.partition(": ")[2][: len(words)] for each in told(damaged, zone[1])] == [words]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ([], "dkim: DNS has no one key at"),
        (["v=DKIM1; k=rsa; p="], "dkim: The key at"),
        (["v=DKIM1; p=AAAA", "v=DKIM1; p=BBBB"], "dkim: DNS has no one key at"),
        ([signing.record(dkim_keys.rsa(3072))], "dkim: The DKIM signature does not hold"),
        ([signing.record(dkim_keys.rsa()).replace("p=", "p=A")], "dkim: The DKIM signature does not hold"),
    ],
)  # fmt: skip
def test_keys_that_dns_has_otherwise_are_told(zone, settings, record, words):
    records, keys = zone
    settings.DKIM_KEYS = dkim_keys.keys()[:1]
    records["r1._domainkey.example.org", "TXT"] = texts(*record)
    (found,) = told(RECEIVED + signed(message()), keys)
    assert found.startswith(words)


def test_a_dns_that_fails_is_no_finding_but_told(zone):
    records, keys = zone
    for name, kind in list(records):
        records[name, kind] = SERVFAIL
    assert told(RECEIVED + signed(message()), keys) == []
    assert all("is not verified" in words for words in keys.unknown) and keys.unknown


def test_a_short_key_of_somebody_is_not_verified(settings):
    settings.DKIM_KEYS = ()
    pem = dkim_keys.rsa(1024).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert pem
    record = Keys(given=signing.record(dkim_keys.rsa(1024)))
    names = [b"from", b"list-unsubscribe", b"list-unsubscribe-post"]
    raw = dkim.sign(message(), b"s", b"example.org", pem, include_headers=names) + message()
    assert told(raw, record) == []  # RFC 8301 §3.2: 1024 is the least
    forged = raw.replace(b"d=example.org", b"d=example.org; garbage=\x80", 1)
    assert [each.partition(":")[0] for each in told(forged, record)] != []


# -- where one is expected ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("has_keys", "is_local", "travelled", "expected"),
    [
        (True, True, False, True),
        (False, True, True, False),
        (False, False, False, False),
        (False, False, True, True),
    ],
)
def test_a_missing_signature_is_told_where_one_is_expected(settings, has_keys, is_local, travelled, expected):
    settings.DKIM_KEYS = dkim_keys.keys() if has_keys else ()
    settings.LOCAL = is_local
    settings.PUBLIC_URL = "https://m.example.org"
    raw = (RECEIVED if travelled else b"") + message()
    assert bool([each for each in told(raw) if "Nobody signed" in each]) is expected


@pytest.mark.long
def test_every_other_damage_is_named_on_signed_mail_too():
    raw = message()
    signature = signed(raw).removesuffix(raw)
    for name, damage, words in DAMAGES:
        code = words.partition(":")[0]
        if code in {"readable", "dkim"} or name == "passed on as an attachment":
            continue
        found = {each.rule for each in audit(signature + damage(raw))}
        assert code in found and found <= {code, "dkim"}, (name, found)


def test_any_tags_are_judged():
    raw = signed(message())
    for old, new in [
        (b"bh=", b"bh=*"), (b"a=rsa", b"a=dsa"), (b"v=1", b"v=9"), (b"h=from", b"h=:"), (b"s=r1", b"s=\xff"),
        (b"c=relaxed", b"c=x/y/z"), (b"d=example.org", b"d="), (b" b=", b" b=\x00"),
    ]:  # fmt: skip
        damaged = raw.replace(old, new)
        assert damaged != raw
        assert all(each.startswith(("dkim", "structure", "header_fields")) for each in told(damaged)), (
            old,
            told(damaged),
        )


# -- the command -------------------------------------------------------------------------------------------


@pytest.mark.long
def test_what_render_message_prints_is_signed_and_has_no_findings(no_database, tmp_path):
    (tmp_path / "rsa.pem").write_text(dkim_keys.pem(dkim_keys.rsa()))
    (tmp_path / "record").write_text(signing.record(dkim_keys.rsa()))
    environ = no_database | {"DKIM_RSA_KEY_FILE": str(tmp_path / "rsa.pem"), "DKIM_RSA_SELECTOR": "r1"}

    def run(*arguments: str, given: bytes = b"", environ: dict[str, str] = environ):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=CLONE, env=environ, input=given, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip

    rendered = run("render_message", "--subject", "Covers for roses").stdout
    assert rendered.startswith(
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;\r\n s=r1;"
    )
    done = run("audit_message", "-", given=rendered)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    damaged = rendered.replace(b"Subject: ", b"Subject: New ")
    by_file = ("audit_message", "-", "--dkim-key", str(tmp_path / "record"))
    assert (run(*by_file, given=rendered, environ=no_database).returncode) == 0
    done = run(*by_file, given=damaged, environ=no_database)
    assert (done.returncode, done.stdout.count(b"\n")) == (1, 1) and b"block: dkim (header)" in done.stdout
    with serving({("r1._domainkey.example.org", "TXT"): texts(signing.record(dkim_keys.rsa()))}) as (
        _,
        servers,
    ):
        asking = no_database | {"DNS_SERVERS": f"127.0.0.1:{servers[0][1]}"}
        assert run("audit_message", "-", given=rendered, environ=asking).returncode == 0
        assert run("audit_message", "-", given=damaged, environ=asking).returncode == 1
        offline = run("audit_message", "-", "--offline", given=damaged, environ=asking)
    assert offline.returncode == 0 and b"not verified" in offline.stderr
