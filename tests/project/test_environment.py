"""A wrong setting stops the start, with its name and what to write."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from project import environment
from project.values import CLONE

HEX = "0123456789abcdef" * 4
PUBLIC = {
    "PUBLIC_URL": "https://mail.example.com",
    "DATABASE_URL": "postgres://candor:secret@db.example.com/candor",
    "SECRET_KEY": HEX,
    "ADDRESS_KEY": HEX,
    "LINK_KEYS": f"1:{HEX}",
    "SENDER_DOMAINS": "example.com",
    "JOURNAL_DIR": "/srv/candor-journal",
    "EMAIL_URL": "smtp://user:password@mail.example.com:587",
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch) -> None:
    for name in [*(setting.name for setting in environment.SETTINGS), *os.environ]:
        if name.removesuffix("_FILE") in NAMES or name.startswith("ANYMAIL_"):
            monkeypatch.delenv(name, raising=False)


NAMES = {setting.name for setting in environment.SETTINGS}


@pytest.fixture
def read(monkeypatch):
    def reading(**given: str) -> dict[str, object]:
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        return environment.read()

    return reading


def problems(read, **given: str) -> list[str]:
    with pytest.raises(ImproperlyConfigured) as told:
        read(**given)
    first, *lines = str(told.value).split("\n")
    assert first == "Candor does not start, because of its settings:"
    return [line.strip() for line in lines]


# -- each by itself ------------------------------------------------------------------------------------

WRONG = {
    "PUBLIC_URL": [
        "http://mail.example.com",
        "mail.example.com",
        "https://mail.example.com/mail",
        "https://mail.example.com?x",
        "https://user@mail.example.com",
        "https://mail.example.com:99999",
        "https://[::1",
        "https://mail",
        "https://münchen.example",
        "https://",
    ],
    "DATABASE_URL": ["mysql://h/n", "sqlite:///x", "postgres://host", "postgres://host:port/name", "candor"],
    "BROKER_URL": ["sqs://x", "redis://", "redis://h:x", "localhost:6379"],
    "SCHEDULE_GRACE": ["", "0", "1441", "-5", "0.5", "half an hour", "٣٠"],
    "CONNECTIONS": ["0", "101", "-1", "many", "8.5", "٨٨"],
    "SENDING_WORKERS": ["0", "-1", "many"],
    "EMAIL_URL": [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com:587/path",
        "smtp://mail.example.com:99999",
        "smtp://user:pa#ss@mail.example.com",
        "smtp://user:pa/ss@mail.example.com",
        "smtp://user@mail.example.com",
    ],
    "ANYMAIL_ESP": ["anymail.backends.mailgun", "Mailgun", "mail gun"],
    "SECRET_KEY": ["short", "x" * 49],
    "ADDRESS_KEY": ["short", HEX[1:], HEX + "0", "g" * 64, "٣" * 64],
    "LINK_KEYS": [HEX, f"0:{HEX}", f"128:{HEX}", "1:short", f"1:{HEX},1:{HEX}", f"1:{HEX}0", f"a:{HEX}"],
    "SENDER_DOMAINS": ["example", "a@example.com", "example.com;example.org", "-x.example.com"],
    "DNS_SERVERS": [
        "dns.example.com",
        "192.0.2.300",
        "192.0.2.1:99999",
        "192.0.2.1:0",
        "2001:db8::zz",
        "[::1",
    ],
    "DKIM_RSA_KEY": ["a-key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"],
    "DKIM_ED25519_KEY": ["a-key", "-----BEGIN PUBLIC KEY-----"],
    "DKIM_RSA_SELECTOR": ["-a", "a b", "a._domainkey", "a.", "x" * 64, "ä"],
    "DKIM_ED25519_SELECTOR": ["-a", "a;b"],
    "DKIM_DOMAIN": ["example", "a@example.com", "example.com, example.org"],
    "APPROVAL": ["nobody", "two persons", "TWO_PERSON"],
    "INBOUND_DOMAIN": ["example", "a@example.com", "in.a-rather-long-name.example.com"],
    "MINIMUM_AGE": ["", "12", "0", "-18", "18.5", "x", "100", "١٨"],
    "PRIVACY_CONTACT": [],  # any text is one
    "COMPLAINT_BODIES": [],
    "DATA_DIR": ["", " "],
    "JOURNAL_DIR": ["journal", "./journal"],
    "WEB_PORT": ["", "0", "65536", "80.5", "-1", "http", "٣"],
    "INBOX_PORT": ["", "0", "65536", "smtp"],
    "PROXIES": ["", "0", "many", "-1", "1.5"],
    "WORKERS": ["", "0", "many", "-1", "1.5"],
    "WEB_WORKERS": ["", "0", "many", "-1", "1000"],
    "API_REQUESTS_PER_MINUTE": ["", "0", "1000000", "-1", "many", "1.5", "٣"],
    "DEBUG": ["yes please", "2", "ture"],
}
ADVICE = dict.fromkeys(WRONG, "write ") | {"LINK_KEYS": "number"}


def test_every_setting_is_tried_here():
    assert set(WRONG) == NAMES


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_told_by_name_with_what_to_write(read, name, value):
    (line,) = problems(read, **{name: value})
    assert line.startswith(f"{name}: ")
    assert ADVICE[name] in line


def test_all_wrong_values_are_told_at_once(read):
    lines = problems(read, WEB_PORT="x", WORKERS="x", DEBUG="x", PUBLIC_URL="x")
    assert [line.partition(":")[0] for line in lines] == ["PUBLIC_URL", "WEB_PORT", "WORKERS", "DEBUG"]


def test_without_any_setting_the_installation_is_local(read):
    values = read()
    assert (
        values["PUBLIC_URL"] == values["EMAIL_URL"] == values["ANYMAIL_ESP"] == values["DATABASE_URL"] == ""
    )
    assert values["DATA_DIR"] == CLONE / "var"
    assert (values["WEB_PORT"], values["INBOX_PORT"], values["DEBUG"]) == (8000, 2525, False)
    assert values["ANYMAIL"] == {}


def test_a_public_installation_with_all_it_needs_is_taken(read):
    values = read(**PUBLIC)
    assert values["ADDRESS_KEY"] == bytes.fromhex(HEX)
    assert values["LINK_KEYS"] == {1: bytes.fromhex(HEX)}
    assert values["SENDER_DOMAINS"] == ("example.com",)


def test_values_are_read_as_people_write_them(read):
    values = read(
        **PUBLIC | {"PUBLIC_URL": " HTTPS://Mail.Example.COM/ ", "SENDER_DOMAINS": "Example.com, b.org,"}
    )
    assert values["PUBLIC_URL"] == "https://mail.example.com"
    assert values["SENDER_DOMAINS"] == ("example.com", "b.org")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://postgres@127.0.0.1/candor",
        "postgresql://u:p@[::1]:5432/candor",
        "postgres://u@%2Fvar%2Frun%2Fpostgresql/candor",
        "postgres:///candor",
    ],
)
def test_each_way_to_a_database_is_taken(read, url):
    assert read(DATABASE_URL=url)["DATABASE_URL"] == url


# -- NAME_FILE -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_setting_can_stand_in_a_file(read, tmp_path, monkeypatch, name):
    with monkeypatch.context() as plainly:
        for other, value in PUBLIC.items():
            plainly.setenv(other, value)
        values = environment.read()
        public_values = {other: values[other] for other in PUBLIC}
    in_file = tmp_path / "secret"
    in_file.write_text(f"{PUBLIC[name]}\n")
    given = {other: value for other, value in PUBLIC.items() if other != name}
    values = read(**given, **{f"{name}_FILE": str(in_file)})
    assert {other: values[other] for other in PUBLIC} == public_values


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_told(read, tmp_path, content):
    in_file = tmp_path / "secret"
    if content:
        in_file.write_bytes(content)
    assert problems(read, SECRET_KEY_FILE=str(in_file)) == [
        "SECRET_KEY: SECRET_KEY_FILE names no text file that can be read; write the path of one."
    ]


def test_a_setting_and_its_file_together_are_refused(read, tmp_path):
    (tmp_path / "secret").write_text(HEX)
    assert problems(read, SECRET_KEY=HEX, SECRET_KEY_FILE=str(tmp_path / "secret")) == [
        "SECRET_KEY: it is there twice; write SECRET_KEY or SECRET_KEY_FILE, not both."
    ]


# -- between settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["EMAIL_URL", "ANYMAIL_ESP"])
def test_real_mail_needs_a_public_address(read, name):
    (line,) = problems(
        read, **{name: {"EMAIL_URL": "smtp://mail.example.com", "ANYMAIL_ESP": "mailgun"}[name]}
    )
    assert line.startswith(f"{name}: real mail needs PUBLIC_URL")


@pytest.mark.parametrize("name", ["SECRET_KEY", "ADDRESS_KEY", "LINK_KEYS", "SENDER_DOMAINS", "DATABASE_URL"])
def test_a_public_installation_makes_up_nothing(read, name):
    (line,) = problems(read, **PUBLIC | {name: ""})
    assert line.startswith(f"{name}: missing; write ")


@pytest.mark.parametrize("ways", [{"EMAIL_URL": ""}, {"ANYMAIL_ESP": "mailgun"}])
def test_a_public_installation_has_exactly_one_way_out(read, ways):
    assert problems(read, **PUBLIC | ways) == [
        "EMAIL_URL: write exactly one of EMAIL_URL (an SMTP server) and ANYMAIL_ESP (an ESP)."
    ]


def test_a_public_installation_shows_no_source_code(read):
    (line,) = problems(read, **PUBLIC, DEBUG="true")
    assert line.startswith("DEBUG: write false")


def test_a_setting_that_is_wrong_in_itself_is_not_missed_too(read):
    (line,) = problems(read, **PUBLIC | {"ADDRESS_KEY": "short"})
    assert line.startswith("ADDRESS_KEY: write 64 hexadecimal digits")
    (line,) = problems(read, **PUBLIC | {"EMAIL_URL": "nonsense"})
    assert line.startswith("EMAIL_URL: write smtp://")


# -- django-anymail's own ------------------------------------------------------------------------------


def test_anymails_settings_get_the_types_it_expects(read, tmp_path):
    (tmp_path / "key").write_text("a-key\n")
    values = read(
        ANYMAIL_MAILGUN_API_KEY_FILE=str(tmp_path / "key"),
        ANYMAIL_MAILGUN_SENDER_DOMAIN="example.com",
        ANYMAIL_REQUESTS_TIMEOUT="7.5",
        ANYMAIL_SENDGRID_GENERATE_MESSAGE_ID="False",
    )
    assert values["ANYMAIL"] == {
        "MAILGUN_API_KEY": "a-key",
        "MAILGUN_SENDER_DOMAIN": "example.com",
        "REQUESTS_TIMEOUT": 7.5,
        "SENDGRID_GENERATE_MESSAGE_ID": False,
    }


@pytest.mark.parametrize(
    "name", ["SEND_DEFAULTS", "MAILGUN_SEND_DEFAULTS", "DEBUG_API_REQUESTS", "POSTMARK_USE_BULK_API"]
)
def test_anymails_settings_behind_the_gates_back_are_refused(read, name):
    (line,) = problems(read, **{f"ANYMAIL_{name}": "true"})
    assert line.startswith(f"ANYMAIL_{name}: leave it out; it ")


@pytest.mark.parametrize("value", ["soon", "0", "-1"])
def test_a_wrong_time_out_is_told(read, value):
    assert problems(read, ANYMAIL_REQUESTS_TIMEOUT=value) == [
        "ANYMAIL_REQUESTS_TIMEOUT: write a number of seconds, such as 30."
    ]


@pytest.mark.parametrize("value", ["eu-central-1", "[]", "{", "5"])
def test_options_of_amazons_client_are_a_json_object(read, value):
    given = read(ANYMAIL_AMAZON_SES_CLIENT_PARAMS='{"region_name": "eu-central-1"}')["ANYMAIL"]
    assert given["AMAZON_SES_CLIENT_PARAMS"] == {"region_name": "eu-central-1"}
    (line,) = problems(read, ANYMAIL_AMAZON_SES_CLIENT_PARAMS=value)
    assert line.startswith("ANYMAIL_AMAZON_SES_CLIENT_PARAMS: write a JSON object, such as ")


# -- as it is started ----------------------------------------------------------------------------------

STARTS = {
    "manage.py check": (["manage.py", "check"], 2),
    "manage.py run": (["manage.py", "run"], 2),
    "gunicorn": (["-m", "gunicorn", "project.wsgi:application", "--bind", "127.0.0.1:0"], 4),
    "celery": (["-m", "celery", "-A", "project.celery:app", "worker", "--pool", "solo"], 2),
}


@pytest.mark.parametrize("start", STARTS)
def test_every_part_ends_with_words_and_no_traceback(start, tmp_path):
    command, code = STARTS[start]
    wrong = {"DATA_DIR": str(tmp_path), "WEB_PORT": "eighty", "EMAIL_URL": "smtp://mail.example.com"}
    ended = _run(command, wrong)
    assert ended.returncode == code, ended.stderr
    assert "Candor does not start, because of its settings:" in ended.stderr
    assert "WEB_PORT: write a port number from 1 to 65535." in ended.stderr
    assert "EMAIL_URL: real mail needs PUBLIC_URL" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert list(tmp_path.iterdir()) == []  # no key was made for an installation that never was


def test_a_mail_service_that_drops_our_headers_stops_the_check(tmp_path):
    given = {name: value for name, value in PUBLIC.items() if name != "EMAIL_URL"}
    ended = _run(["manage.py", "check"], {**given, "ANYMAIL_ESP": "sparkpost", "DATA_DIR": str(tmp_path)})
    assert ended.returncode == 1
    assert "(candor.E002) ANYMAIL_ESP: SparkPost drops our List-Unsubscribe header" in ended.stderr
    assert "Traceback" not in ended.stderr


def _run(command: list[str], given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(Path.home()), **given}
    return subprocess.run(
        [sys.executable, *command],
        cwd=CLONE,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_dns_servers_may_have_a_port(read):
    asked = read(DNS_SERVERS="192.0.2.53, 127.0.0.1:5353,[2001:db8::53]:5353, [::1]")["DNS_SERVERS"]
    assert asked == (("192.0.2.53", 53), ("127.0.0.1", 5353), ("2001:db8::53", 5353), ("::1", 53))
