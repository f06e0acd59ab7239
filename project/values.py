"""How the text of each kind of setting is read. Each raises ValueError with what to write instead."""

import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

CLONE = Path(__file__).resolve().parent.parent
HEX_KEY = re.compile(r"(?:[0-9a-fA-F]{2}){32,}", re.ASCII)
HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
LONGEST_INBOUND_DOMAIN = 20  # “<mailto:”, 47 characters of token, “@” and “>” take 57 of 77


def text(value: str) -> str:
    return value.strip()


def folder(value: str) -> Path:
    """A relative path counts from the clone, not from where a process happens to be started."""
    if not value.strip():
        raise ValueError("write the path of a folder, or leave it out for var")
    return (CLONE / Path(value.strip()).expanduser()).resolve()


def journal_folder(value: str) -> Path | None:
    """Absolute, since the processes of an installation must all mean the same one."""
    if not value.strip():
        return None
    path = Path(value.strip()).expanduser()
    if not path.is_absolute():
        raise ValueError("write the whole path of a folder, such as /srv/candor-journal")
    return path


def yes_or_no(value: str) -> bool:
    lowered = value.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("write true or false")


def approval(value: str) -> str:
    if value.strip() not in {"", "two_person", "self_with_reason"}:
        raise ValueError("write two_person or self_with_reason")
    return value.strip()


def count(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", value.strip()) or int(value) < 1:
        raise ValueError("write a whole number from 1 on, such as 2")
    return int(value)


def count_or_nothing(value: str) -> int | None:
    return count(value) if value.strip() else None


def connections(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", value.strip(), re.ASCII) or not 1 <= int(value) <= 100:
        raise ValueError("write a whole number from 1 to 100, such as 8")
    return int(value)


def minutes(value: str) -> timedelta:
    if not re.fullmatch(r"[0-9]{1,4}", value.strip(), re.ASCII) or not 1 <= int(value) <= 1440:
        raise ValueError("write a number of minutes from 1 to 1440, such as 30")
    return timedelta(minutes=int(value))


def per_minute(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", value.strip()) or int(value) < 1:
        raise ValueError("write a whole number from 1 to 999999, such as 300")
    return int(value)


def age(value: str) -> int:
    """Thirteen is what the law allows at the least: the setting can only be stricter (16 CFR 312)."""
    if not re.fullmatch(r"[0-9]{2}", value.strip(), re.ASCII) or int(value) < 13:
        raise ValueError("write an age in years from 13 on, such as 18")
    return int(value)


def port(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", value.strip()) or not 1 <= int(value) <= 65535:
        raise ValueError("write a port number from 1 to 65535")
    return int(value)


def _parts(url: str, advice: str, *, needs_host: bool = True) -> SplitResult:
    """The parts of a URL, its host and port being possible ones. Raises ValueError(advice)."""
    try:
        parts = urlsplit(url)
        named = parts.port  # a property that raises
    except ValueError:
        raise ValueError(advice) from None
    if named == 0 or (needs_host and not parts.hostname):
        raise ValueError(advice)
    return parts


def entries(value: str) -> tuple[str, ...]:
    """Several lines of text in one setting."""
    return tuple(entry.strip() for entry in value.split(";") if entry.strip())


def public_url(value: str) -> str:
    """The address under which recipients reach this installation; empty for a local one."""
    url = value.strip().rstrip("/").lower()
    if not url:
        return ""
    advice = "write the https address of this installation without a path, such as https://mail.example.com"
    parts = _parts(url, advice)
    extras = parts.path or parts.query or parts.fragment or "@" in parts.netloc or "?" in url or "#" in url
    if parts.scheme != "https" or extras or not HOST_NAME.fullmatch(parts.hostname or ""):
        raise ValueError(advice)
    return url


def domains(value: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in value.split(",") if name.strip())
    for name in names:
        if not HOST_NAME.fullmatch(name):
            raise ValueError(
                f"“{name}” is not a domain; write names such as example.com, separated by commas"
            )
    return names


def domain(value: str) -> str:
    name = value.strip().lower()
    if name and not HOST_NAME.fullmatch(name):
        raise ValueError("write one domain, such as example.com")
    return name


def inbound_domain(value: str) -> str:
    """Short, since its opt-out addresses stand in a header: libraries break elements of 78 characters (D73)."""
    name = value.strip().lower()
    if name and not (HOST_NAME.fullmatch(name) and len(name) <= LONGEST_INBOUND_DOMAIN):
        raise ValueError(
            f"write a domain of at most {LONGEST_INBOUND_DOMAIN} characters whose mail comes in here, such as "
            "in.example.com"
        )
    return name


def dns_servers(value: str) -> tuple[tuple[str, int], ...]:
    """Addresses of DNS servers, each with its port, 53 if none is named."""
    return tuple(_dns_server(each.strip()) for each in value.split(",") if each.strip())


def _dns_server(written: str) -> tuple[str, int]:
    advice = (
        "write IP addresses of DNS servers, such as 192.0.2.53 or [2001:db8::53]:5353, separated by commas"
    )
    bare = re.fullmatch(
        r"\[(?P<inside>[^]]+)\](?::(?P<port>\d+))?|(?P<plain>[^:]+)(?::(?P<own>\d+))?", written
    )
    host = (bare["inside"] or bare["plain"]) if bare else written
    number = int((bare and (bare["port"] or bare["own"])) or 53)
    try:
        ip_address(host)
    except ValueError:
        raise ValueError(advice) from None
    if not 0 < number < 65536:
        raise ValueError(advice)
    return host, number


def secret(value: str) -> str:
    chosen = value.strip()
    if chosen and len(chosen) < 50:
        raise ValueError("write at least 50 random characters; `openssl rand -hex 32` prints good ones")
    return chosen


def address_key(value: str) -> bytes:
    chosen = value.strip()
    if chosen and not HEX_KEY.fullmatch(chosen):
        raise ValueError("write 64 hexadecimal digits, once and for all; `openssl rand -hex 32` prints them")
    return bytes.fromhex(chosen)


def link_keys(value: str) -> dict[int, bytes]:
    """Key ring of the opt-out links, `id:hex,id:hex`: the first signs, all verify for ever."""
    ring: dict[int, bytes] = {}
    for entry in filter(None, (part.strip() for part in value.split(","))):
        number, _, key = entry.partition(":")
        if not number.isdecimal() or not 1 <= int(number) <= 127 or not HEX_KEY.fullmatch(key):
            raise ValueError(
                "write number:key pairs, such as 1:<64 hexadecimal digits>, separated by commas, newest first; "
                "numbers run from 1 to 127"
            )
        if int(number) in ring:
            raise ValueError(f"number {number} is there twice; each key needs a number of its own")
        ring[int(number)] = bytes.fromhex(key)
    return ring


def broker_url(value: str) -> str:
    url = value.strip()
    advice = "write redis://host:6379/0 or amqp://user:password@host:5672// (RabbitMQ), or leave it out"
    if url and _parts(url, advice).scheme not in {"redis", "rediss", "amqp", "amqps", "pgmq"}:
        raise ValueError(advice)
    return url


def database_url(value: str) -> str:
    url = value.strip()
    if not url:
        return ""
    advice = "write postgres://user:password@host:5432/name; Candor runs on PostgreSQL only"
    parts = _parts(url, advice, needs_host=False)  # without one it is the socket of this machine
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/") or parts.fragment:
        raise ValueError(advice)
    return url


def email_url(value: str) -> str:
    url = value.strip()
    if not url:
        return ""
    advice = (
        "write smtp://user:password@host:587 (STARTTLS is used) or smtps://user:password@host:465; "
        "in name and password, write : / ? # @ and % as %3A %2F %3F %23 %40 and %25"
    )
    parts = _parts(url, advice)
    extras = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in {"smtp", "smtps"} or extras or bool(parts.username) is not bool(parts.password):
        raise ValueError(advice)
    return url


def anymail_backend(value: str) -> str:
    name = value.strip()
    if name and not re.fullmatch(r"[a-z_0-9]+", name):
        raise ValueError("write the ESP's name in django-anymail, such as mailgun, postmark or amazon_ses")
    return name
