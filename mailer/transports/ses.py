"""Amazon SES through Anymail: it takes the whole message as bytes, so it gets exactly those that passed the gate.

Libraries that write a message anew fold its header in their own ways, each version of Django in another (DUTIES D73).
And Amazon's client tries again by itself after a time-out, which could mail somebody twice: here it tries once.
"""

from email import message_from_bytes, policy
from email.message import Message
from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

ONCE = {"retries": {"total_max_attempts": 1, "mode": "standard"}, "connect_timeout": 20}
READ_SECONDS = 30
# Nothing was sent yet, by the names that botocore has for it.
NEVER_CONNECTED = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
NO_ACCOUNT = frozenset({"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"})


def backend() -> BaseEmailBackend:
    """Anymail's, told to try once. Raises ImportError without boto3, ValueError with settings that it can't use."""
    path = "anymail.backends.amazon_ses.EmailBackend"
    params = dict(settings.ANYMAIL.get("AMAZON_SES_CLIENT_PARAMS") or {})
    params["config"] = {
        "read_timeout": settings.ANYMAIL.get("REQUESTS_TIMEOUT", READ_SECONDS),
        **(params.get("config") or {}),
        **ONCE,
    }
    return get_connection(path, client_params=params)


def problem() -> str:
    """Why there is no client for the account, in Amazon's words; nothing is asked of it."""
    try:
        probe = backend()
        probe.open()
        probe.close()
    except ImportError:
        raise
    except (
        Exception
    ) as wrong:  # botocore has dozens, for a missing region, a wrong profile, a file that can't be read
        return str(wrong)
    return ""


class FinishedMessage(AnymailMessage):
    """A message that is sent as the bytes it was made from."""

    finished: bytes = b""

    def message(self, **kwargs: Any) -> Message:
        return _Finished.of(self.finished)


class _Finished(Message):
    """What Anymail takes for a message it may still add to, such as its metadata; the rest comes out unchanged."""

    octets: bytes = b""
    given: int = 0

    @classmethod
    def of(cls, octets: bytes) -> "_Finished":
        parsed = message_from_bytes(octets, _class=cls, policy=policy.compat32)
        assert isinstance(parsed, cls)  # noqa: S101  what it was told to make
        parsed.octets, parsed.given = octets, len(parsed.items())
        return parsed

    def as_bytes(self, *args: Any, **kwargs: Any) -> bytes:
        added = "".join(f"{name}: {value}\r\n" for name, value in self.items()[self.given :])
        return added.encode("ascii") + self.octets
