"""Amazon SES, which takes whole messages, and the services that Candor refuses: what they would be asked to send."""

import email
import email.policy
from base64 import b64decode

from tests.mailer import strict_mail
from tests.mailer.esp_formats import ESPS as TAKING_PARTS
from tests.mailer.esp_formats import NUMBER, Esp, Message, Request, header, mailbox


def _amazon_ses(request: Request) -> Message:
    given = request.json
    assert set(given["Content"]) == {"Raw"}
    raw = b64decode(given["Content"]["Raw"]["Data"])
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    plain = dict(strict_mail.fields(raw))
    text, html = (part.get_content() for part in parsed.iter_parts())
    return Message(
        *mailbox(plain["From"]),
        given["Destination"]["ToAddresses"],
        mailbox(plain["Reply-To"])[0],
        parsed["Subject"],
        text,
        html,
        plain,
        raw=raw,
    )


def _sparkpost(request: Request) -> Message:
    given = request.json["content"]
    return Message(
        *mailbox(given["from"]),
        [each["address"]["email"] for each in request.json["recipients"]],
        mailbox(given["reply_to"])[0],
        given["subject"],
        given["text"],
        given["html"],
        given["headers"],
    )


def _mailersend(request: Request) -> Message:
    given = request.json
    return Message(
        given["from"]["email"],
        given["from"]["name"],
        [each["email"] for each in given["to"]],
        given["reply_to"]["email"],
        given["subject"],
        given["text"],
        given["html"],
        {pair["name"]: pair["value"] for pair in given["headers"]},
    )


def _unisender_go(request: Request) -> Message:
    given = request.json["message"]
    return Message(
        given["from_email"],
        given["from_name"],
        [each["email"] for each in given["recipients"]],
        given["reply_to"],
        given["subject"],
        given["body"]["plaintext"],
        given["body"]["html"],
        given["headers"],
    )


AMAZON_SES = Esp(
    {
        "AMAZON_SES_SESSION_PARAMS": {"aws_access_key_id": "a-key", "aws_secret_access_key": "a-secret"},
        "AMAZON_SES_CLIENT_PARAMS": {"region_name": "us-east-1", "endpoint_url": "{url}"},
    },
    "/v2/email/outbound-emails",
    lambda request: request.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=a-key/"),
    _amazon_ses,
    lambda to: (200, {"MessageId": NUMBER}),
    (403, {"__type": "UnrecognizedClientException", "message": "The security token is invalid."}),
    lambda to: (
        400,
        {
            "__type": "MessageRejected",
            "message": "Email address is not verified. The following identities failed the check in region "
            f"US-EAST-1: {to}",
        },
    ),
)
ESPS = {**TAKING_PARTS, "amazon_ses": AMAZON_SES}

NO_ANSWER = (400, {"message": "never asked for"})
REFUSED = {
    "sparkpost": Esp(
        {"SPARKPOST_API_KEY": "a-key", "SPARKPOST_API_URL": "{url}/api/v1/"},
        "/api/v1/transmissions/",
        header("Authorization", "a-key"),
        _sparkpost,
        lambda to: (200, {"results": {"total_accepted_recipients": 1, "total_rejected_recipients": 0, "id": NUMBER}}),
        NO_ANSWER,
        lambda to: NO_ANSWER,
    ),
    "mailersend": Esp(
        {"MAILERSEND_API_TOKEN": "a-key", "MAILERSEND_API_URL": "{url}/v1/"},
        "/v1/email",
        header("Authorization", "Bearer a-key"),
        _mailersend,
        lambda to: (202, b""),
        NO_ANSWER,
        lambda to: NO_ANSWER,
    ),
    "unisender_go": Esp(
        {"UNISENDER_GO_API_KEY": "a-key", "UNISENDER_GO_API_URL": "{url}/en/transactional/api/v1/"},
        "/en/transactional/api/v1/email/send.json",
        header("X-API-KEY", "a-key"),
        _unisender_go,
        lambda to: (200, {"status": "success", "job_id": NUMBER, "emails": [to]}),
        NO_ANSWER,
        lambda to: NO_ANSWER,
    ),
}  # fmt: skip
