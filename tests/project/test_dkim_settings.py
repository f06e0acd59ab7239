"""DKIM keys that can't be meant stop the start, in words that say what to do; nothing of a key is ever shown."""

import os
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from django.core.exceptions import ImproperlyConfigured

from project import environment
from tests.mailer import dkim_keys
from tests.project.test_environment import CLONE, PUBLIC

RSA = {"DKIM_RSA_KEY": dkim_keys.pem(dkim_keys.rsa()), "DKIM_RSA_SELECTOR": "r1"}
ED25519 = {"DKIM_ED25519_KEY": dkim_keys.pem(dkim_keys.ed25519()), "DKIM_ED25519_SELECTOR": "e1"}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch) -> None:
    for name in os.environ:
        if name.removesuffix("_FILE") in {setting.name for setting in environment.SETTINGS}:
            monkeypatch.delenv(name)


def read(monkeypatch, **given: str) -> dict[str, object]:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return environment.read()


def refusal(monkeypatch, **given: str) -> str:
    with pytest.raises(ImproperlyConfigured) as told:
        read(monkeypatch, **given)
    (line,) = str(told.value).split("\n")[1:]
    for value in given.values():
        assert "PRIVATE" not in value or value[40:80] not in line
    return line.strip()


def test_one_key_or_both_are_taken_from_files_too(monkeypatch, tmp_path):
    file = tmp_path / "dkim.pem"
    file.write_text(RSA["DKIM_RSA_KEY"])
    values = read(monkeypatch, **PUBLIC, **ED25519, DKIM_RSA_KEY_FILE=str(file), DKIM_RSA_SELECTOR=" R1 ")
    assert values["DKIM_RSA_KEY"].private_numbers() == dkim_keys.rsa().private_numbers()
    assert values["DKIM_ED25519_KEY"].private_bytes_raw() == dkim_keys.ed25519().private_bytes_raw()
    assert (values["DKIM_RSA_SELECTOR"], values["DKIM_ED25519_SELECTOR"]) == ("r1", "e1")


@pytest.mark.duty("D22")
def test_a_short_key_is_refused_with_its_length(monkeypatch):
    short = dkim_keys.pem(dkim_keys.rsa(1024))
    assert refusal(monkeypatch, **PUBLIC, DKIM_RSA_KEY=short, DKIM_RSA_SELECTOR="r1").startswith(
        "DKIM_RSA_KEY: write a key of 2048 to 4096 bits, not 1024; `openssl genrsa 2048`"
    )


def test_a_key_of_another_kind_is_refused(monkeypatch):
    other = elliptic(SECP256R1())
    for key in (dkim_keys.pem(dkim_keys.ed25519()), dkim_keys.pem(other)):
        assert "write an RSA private key in PEM" in refusal(
            monkeypatch, **PUBLIC, DKIM_RSA_KEY=key, DKIM_RSA_SELECTOR="r1"
        )
    rsa = RSA["DKIM_RSA_KEY"]
    assert "write an Ed25519 private key" in refusal(
        monkeypatch, **PUBLIC | {"DKIM_ED25519_KEY": rsa, "DKIM_ED25519_SELECTOR": "e1", "DKIM_RSA_KEY": "",
                                 "DKIM_RSA_SELECTOR": ""},
    )  # fmt: skip


def test_a_key_behind_a_password_is_refused(monkeypatch):
    locked = dkim_keys.rsa().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    ).decode()  # fmt: skip
    assert "without a password" in refusal(monkeypatch, **PUBLIC, DKIM_RSA_KEY=locked, DKIM_RSA_SELECTOR="r1")


def test_a_file_that_cannot_be_read_is_told_by_name(monkeypatch, tmp_path):
    assert refusal(
        monkeypatch, **PUBLIC, DKIM_RSA_KEY_FILE=str(tmp_path / "none"), DKIM_RSA_SELECTOR="r1"
    ).startswith("DKIM_RSA_KEY: DKIM_RSA_KEY_FILE names no text file that can be read")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"DKIM_RSA_KEY": RSA["DKIM_RSA_KEY"]}, "DKIM_RSA_SELECTOR: missing"),
        ({"DKIM_ED25519_SELECTOR": "e1"}, "DKIM_ED25519_KEY: missing"),
        (RSA | ED25519 | {"DKIM_ED25519_SELECTOR": "r1"}, "DKIM_ED25519_SELECTOR: write another name"),
        (RSA | {"DKIM_DOMAIN": "example.net"}, "DKIM_DOMAIN: example.net is not in SENDER_DOMAINS"),
        (
            RSA | {"DKIM_DOMAIN": "example.com", "SENDER_DOMAINS": "example.com, news.example.com, b.example"},
            "DKIM_DOMAIN: b.example of SENDER_DOMAINS is not beneath example.com",
        ),
        ({"DKIM_DOMAIN": "example.com"}, "DKIM_DOMAIN: there is no key for it"),
        (RSA | {"EMAIL_URL": "", "ANYMAIL_ESP": "resend"}, "DKIM_RSA_KEY, DKIM_ED25519_KEY: leave them out"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(monkeypatch, given, words):
    assert refusal(monkeypatch, **PUBLIC | given).startswith(words)


def test_one_domain_may_sign_for_those_beneath_it(monkeypatch):
    given = {"DKIM_DOMAIN": "example.com", "SENDER_DOMAINS": "example.com, news.example.com"}
    assert read(monkeypatch, **PUBLIC | RSA | given)["DKIM_DOMAIN"] == "example.com"


def test_the_start_ends_in_words_and_not_in_a_traceback(tmp_path):
    environ = {**os.environ, "DKIM_RSA_KEY": "nonsense", "DKIM_RSA_SELECTOR": "r1", "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "dkim_records"], cwd=CLONE, env=environ, capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2 and b"Traceback" not in done.stderr
    assert (
        b"DKIM_RSA_KEY: write an RSA private key in PEM; `openssl genrsa 2048` prints a good one."
        in done.stderr
    )
