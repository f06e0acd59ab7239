"""How mail services want a message, and what they say.

Each service is described by what makes a request right (path, authentication), where in it the parts of a
message are, and what it says. Sources: the services' API references, as django-anymail 15.2 names them beside
each backend.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Any
from urllib.parse import parse_qs

from tests.mailer import strict_mail

NUMBER = "b3b0c4d2-7f1e-4b4c-9a55-000000004711"
Answer = tuple[int, Any]  # HTTP status and what becomes its JSON, or the bytes of its body


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.raw.decode(), keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Message:
    """What the service would send. `untracked` is None where it has no switch for it in a message."""

    sender: str
    sender_name: str
    to: list[str]
    reply_to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    untracked: bool | None = None
    raw: bytes = b""  # of a service that takes the whole message


@dataclass(frozen=True, slots=True)
class Esp:
    """One service: Anymail's settings for it ({url} is ours), and how it reads and answers."""

    settings: Mapping[str, Any]
    path: str
    is_authentic: Callable[[Request], bool]
    read: Callable[[Request], Message]
    success: Callable[[str], Answer]  # by the recipient's address
    unauthorised: Answer
    refusal: Callable[[str], Answer]  # of the recipient, with the address in it where the service does that
    own_headers: frozenset[str] = frozenset()


def bare(*written: str) -> list[str]:
    return [address for _, address in getaddresses(written)]


def mailbox(written: str) -> tuple[str, str]:
    """Address and name of the one mailbox that a string names by the grammar of mail, encoded words decoded."""
    name, address = strict_mail.mailbox(written)
    return address, name


def decoded(name: str) -> str:
    """Where a service takes a name with encoded words in it (Brevo, says anymail)."""
    return strict_mail.phrase(name) if name.startswith("=?") else name


def basic(user: str, password: str) -> Callable[[Request], bool]:
    expected = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    return lambda request: request.headers.get("Authorization") == expected


def header(name: str, value: str) -> Callable[[Request], bool]:
    return lambda request: request.headers.get(name) == value


def _mailgun(request: Request) -> Message:
    form = {name: values[0] for name, values in request.form.items()}
    return Message(
        *mailbox(form["from"]),
        bare(*request.form["to"]),
        *bare(form["h:Reply-To"]),
        form["subject"],
        form["text"],
        form["html"],
        {name[2:]: value for name, value in form.items() if name.startswith("h:")},
        form["o:tracking-clicks"] == form["o:tracking-opens"] == "no",
    )


def _postmark(request: Request) -> Message:
    given = request.json
    return Message(
        *mailbox(given["From"]),
        bare(given["To"]),
        *bare(given["ReplyTo"]),
        given["Subject"],
        given["TextBody"],
        given["HtmlBody"],
        {pair["Name"]: pair["Value"] for pair in given["Headers"]},
        given["TrackLinks"] == "None" and given["TrackOpens"] is False,
    )


def _brevo(request: Request) -> Message:
    given = request.json
    return Message(
        given["sender"]["email"],
        decoded(given["sender"].get("name", "")),
        [to["email"] for to in given["to"]],
        given["replyTo"]["email"],
        given["subject"],
        given["textContent"],
        given["htmlContent"],
        given["headers"],
    )


def _resend(request: Request) -> Message:
    given = request.json
    return Message(
        *mailbox(given["from"]),
        bare(*given["to"]),
        *bare(*given["reply_to"]),
        given["subject"],
        given["text"],
        given["html"],
        given["headers"],
    )


def _sendgrid(request: Request) -> Message:
    given = request.json
    (personalization,) = given["personalizations"]
    text, html = given["content"]
    assert (text["type"], html["type"]) == ("text/plain", "text/html")  # in this order, or it answers 400
    tracking = given["tracking_settings"]
    return Message(
        given["from"]["email"],
        given["from"].get("name", ""),
        [to["email"] for to in personalization["to"]],
        given["reply_to_list"][0]["email"],
        given["subject"],
        text["value"],
        html["value"],
        given["headers"],
        tracking["click_tracking"]["enable"] is tracking["open_tracking"]["enable"] is False,
    )


def _mailjet(request: Request) -> Message:
    everyone, (message,) = request.json["Globals"], request.json["Messages"]
    return Message(
        everyone["From"]["Email"],
        everyone["From"].get("Name", ""),
        [to["Email"] for to in message["To"]],
        everyone["ReplyTo"]["Email"],
        everyone["Subject"],
        everyone["TextPart"],
        everyone["HTMLPart"],
        everyone["Headers"],
        everyone["TrackClicks"] == everyone["TrackOpens"] == "disabled",
    )


def _mandrill(request: Request) -> Message:
    given = request.json["message"]
    assert all(to["type"] == "to" for to in given["to"])
    return Message(
        given["from_email"],
        given.get("from_name", ""),
        [to["email"] for to in given["to"]],
        *bare(given["headers"]["Reply-To"]),
        given["subject"],
        given["text"],
        given["html"],
        given["headers"],
        given["track_clicks"] is given["track_opens"] is False,
    )


def _postal(request: Request) -> Message:
    given = request.json
    return Message(
        *mailbox(given["from"]),
        bare(*given["to"]),
        *bare(given["reply_to"]),
        given["subject"],
        given["plain_body"],
        given["html_body"],
        given["headers"],
    )


def _scaleway(request: Request) -> Message:
    given = request.json
    assert given["project_id"] == "a-project"
    headers = {pair["key"]: pair["value"] for pair in given["additional_headers"]}
    return Message(
        given["from"]["email"],
        given["from"].get("name", ""),
        [to["email"] for to in given["to"]],
        *bare(headers["Reply-To"]),
        given["subject"],
        given["text"],
        given["html"],
        headers,
    )


def _mailtrap(request: Request) -> Message:
    given = request.json
    return Message(
        given["from"]["email"],
        given["from"].get("name", ""),
        [to["email"] for to in given["to"]],
        given["reply_to"]["email"],
        given["subject"],
        given["text"],
        given["html"],
        given["headers"],
    )


MAILJET_RESERVED = {"from", "sender", "subject", "to", "cc", "bcc", "reply-to", "return-path", "delivered-to"}
MAILJET_RESERVED |= {
    "dkim-signature",
    "received",
    "date",
    "message-id",
    "list-id",
    "x-feedback-id",
    "user-agent",
}

ESPS = {
    "mailgun": Esp(
        {"MAILGUN_API_KEY": "a-key", "MAILGUN_API_URL": "{url}/v3"},
        "/v3/example.org/messages",
        basic("api", "a-key"),
        _mailgun,
        lambda to: (200, {"id": f"<{NUMBER}@example.org>", "message": "Queued. Thank you."}),
        (401, b"Forbidden"),
        lambda to: (400, {"message": "to parameter is not a valid address. please check documentation"}),
    ),
    "postmark": Esp(
        {"POSTMARK_SERVER_TOKEN": "a-key", "POSTMARK_API_URL": "{url}"},
        "/email",
        header("X-Postmark-Server-Token", "a-key"),
        _postmark,
        lambda to: (200, {"To": to, "MessageID": NUMBER, "ErrorCode": 0, "Message": "OK"}),
        (401, {"ErrorCode": 10, "Message": "Request does not contain a valid Server token."}),
        lambda to: (
            422,
            {
                "ErrorCode": 406,
                "Message": "You tried to send to a recipient that has been marked as inactive.\n"
                f"Found inactive addresses: {to}.\nInactive recipients are ones that have generated a hard "
                "bounce or a spam complaint.",
            },
        ),
    ),
    "brevo": Esp(
        {"BREVO_API_KEY": "a-key", "BREVO_API_URL": "{url}/v3/"},
        "/v3/smtp/email",
        header("api-key", "a-key"),
        _brevo,
        lambda to: (201, {"messageId": f"<{NUMBER}@smtp-relay.mailin.fr>"}),
        (401, {"message": "Key not found", "code": "unauthorized"}),
        lambda to: (400, {"code": "invalid_parameter", "message": "email is not valid in to"}),
    ),
    "resend": Esp(
        {"RESEND_API_KEY": "a-key", "RESEND_API_URL": "{url}/"},
        "/emails",
        header("Authorization", "Bearer a-key"),
        _resend,
        lambda to: (200, {"id": NUMBER}),
        (401, {"statusCode": 401, "name": "invalid_api_key", "message": "API key is invalid"}),
        lambda to: (
            422,
            {
                "statusCode": 422,
                "name": "validation_error",
                "message": "Invalid `to` field. It needs an address.",
            },
        ),
    ),
    "sendgrid": Esp(
        {"SENDGRID_API_KEY": "a-key", "SENDGRID_API_URL": "{url}/v3/"},
        "/v3/mail/send",
        header("Authorization", "Bearer a-key"),
        _sendgrid,
        lambda to: (202, b""),
        (401, {"errors": [{"field": None, "message": "authorization required"}]}),
        lambda to: (
            400,
            {
                "errors": [
                    {"message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email"}
                ]
            },
        ),
        frozenset(
            {"received", "dkim-signature", "content-type", "to", "from", "subject", "reply-to", "cc", "bcc"}
        ),
    ),
    "mailjet": Esp(
        {"MAILJET_API_KEY": "a-name", "MAILJET_SECRET_KEY": "a-key", "MAILJET_API_URL": "{url}/v3.1/"},
        "/v3.1/send",
        basic("a-name", "a-key"),
        _mailjet,
        lambda to: (
            200,
            {
                "Messages": [
                    {"Status": "success", "To": [{"Email": to, "MessageUUID": NUMBER, "MessageID": 4711}]}
                ]
            },
        ),
        (401, {"ErrorCode": "mj-0001", "ErrorMessage": "API key authentication failure", "StatusCode": 401}),
        lambda to: (
            400,
            {
                "Messages": [
                    {
                        "Status": "error",
                        "Errors": [
                            {
                                "ErrorCode": "mj-0013",
                                "StatusCode": 400,
                                "ErrorMessage": f'"{to}" is an invalid email address.',
                                "ErrorRelatedTo": ["To[0].Email"],
                            }
                        ],
                    }
                ]
            },
        ),
        frozenset(MAILJET_RESERVED),
    ),
    "mandrill": Esp(
        {"MANDRILL_API_KEY": "a-key", "MANDRILL_API_URL": "{url}/api/1.0"},
        "/api/1.0/messages/send.json",
        lambda request: request.json["key"] == "a-key",
        _mandrill,
        lambda to: (200, [{"email": to, "status": "sent", "_id": NUMBER, "reject_reason": None}]),
        (500, {"status": "error", "code": -1, "name": "Invalid_Key", "message": "Invalid API key"}),
        lambda to: (
            200,
            [{"email": to, "status": "rejected", "_id": NUMBER, "reject_reason": "hard-bounce"}],
        ),
    ),
    "postal": Esp(
        {"POSTAL_API_KEY": "a-key", "POSTAL_API_URL": "{url}"},
        "/api/v1/send/message",
        header("X-Server-API-Key", "a-key"),
        _postal,
        lambda to: (
            200,
            {
                "status": "success",
                "data": {"message_id": "x@y", "messages": {to: {"id": 4711, "token": "t"}}},
            },
        ),
        (
            200,
            {
                "status": "error",
                "data": {"code": "InvalidServerAPIKey", "message": "The API token is not valid"},
            },
        ),
        lambda to: (
            200,
            {"status": "error", "data": {"code": "ValidationError", "message": f"Invalid recipient {to}"}},
        ),
    ),
    "scaleway": Esp(
        {"SCALEWAY_SECRET_KEY": "a-key", "SCALEWAY_PROJECT_ID": "a-project", "SCALEWAY_API_URL": "{url}/v1/"},
        "/v1/emails",
        header("X-Auth-Token", "a-key"),
        _scaleway,
        lambda to: (200, {"emails": [{"id": NUMBER, "mail_rcpt": to, "status": "sending"}]}),
        (401, {"message": "authentication is denied", "type": "denied_authentication"}),
        lambda to: (
            400,
            {
                "details": [{"argument_name": "to", "reason": "constraint", "help_message": f"bad: {to}"}],
                "message": "invalid argument(s)",
                "type": "invalid_arguments",
            },
        ),
    ),
    "mailtrap": Esp(
        {"MAILTRAP_API_TOKEN": "a-key", "MAILTRAP_API_URL": "{url}/api/"},
        "/api/send",
        header("Api-Token", "a-key"),
        _mailtrap,
        lambda to: (200, {"success": True, "message_ids": [NUMBER]}),
        (401, {"success": False, "errors": ["Unauthorized"]}),
        lambda to: (400, {"success": False, "errors": ["'to' address is invalid"]}),
    ),
}
