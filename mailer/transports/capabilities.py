"""What each ESP does with what the law and our promises need, one row per backend of django-anymail 15.2.

Sources are named by each row: the service's own documentation, and django-anymail's docs and code (in anymail/backends,
which set_… methods exist). `docs/operating.md` shows the rows to operators.
"""

from dataclasses import dataclass
from enum import StrEnum

MEGABYTE = 1_000_000


class Merge(StrEnum):
    """What may differ between the recipients of one request."""

    WHOLE = "whole messages"
    FIELDS = "values in one body"
    STORED = "values in a template stored there"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Batch:
    """One request for many whole messages."""

    single: str  # end of the URL for one message …
    many: str  # … and for many
    messages: int  # at most
    octets: int  # at most, of the request's body


@dataclass(frozen=True, slots=True)
class Capability:
    """What one ESP can do, and what it does to our mail."""

    sources: tuple[str, ...]
    recipients: int | None  # of one request, at most, when each gets a mail of their own; None: not verified
    bodies: Merge
    headers: bool  # each recipient of a request may have header fields of their own
    batch: Batch | None = None  # how we send many at once; None: one request per recipient
    refused: str = ""  # why commercial mail can't go through it
    idempotency: str = ""  # the field by which it recognises a request that it has had
    duplicate: str = ""  # the code by which it says so, where it does not repeat its first answer
    keeps_message_id: bool | None = None  # None: it promises nothing
    wait_header: str = "Retry-After"  # how long to wait, in seconds (RFC 9110 §10.2.3)
    documents_wait: bool = False
    metadata: bool = True  # takes our number for a message, for its events
    tracking_switch: bool = False  # lets a message say that links are not to be wrapped
    own_headers: frozenset[str] = frozenset()  # sets these itself and takes no message that brings them
    denials: frozenset[str] = frozenset()  # codes of an error that it does not tell by its HTTP status
    takes_bytes: bool = False  # the whole message as it is, instead of its parts


CAPABILITIES = {
    # Many at once only by a template stored there; whole messages go one by one.
    "amazon_ses": Capability(
        sources=("docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html",),
        recipients=50,
        bodies=Merge.STORED,
        headers=True,
        keeps_message_id=False,
        takes_bytes=True,
    ),
    # Its versions of a message may have bodies of their own; that they may have headers, only Anymail says. Mail
    # without its own List-Unsubscribe must not go out, so each message goes alone.
    "brevo": Capability(
        sources=(
            "developers.brevo.com/reference/sendtransacemail",
            "developers.brevo.com/docs/heterogenous-versions-batch-emails",
            "developers.brevo.com/docs/limit-headers",
        ),
        recipients=1000,
        bodies=Merge.WHOLE,
        headers=False,
        idempotency="idempotencyKey",
        duplicate="duplicate_parameter",
        wait_header="x-sib-ratelimit-reset",
        documents_wait=True,
    ),
    "mailersend": Capability(
        sources=("anymail.dev/en/stable/esps/mailersend/",),
        recipients=None,
        bodies=Merge.FIELDS,
        headers=False,
        metadata=False,
        refused="MailerSend passes our List-Unsubscribe headers on in Enterprise accounts only "
        "(anymail docs, esps/mailersend).",
    ),
    "mailgun": Capability(
        sources=(
            "documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending",
            "documentation.mailgun.com/docs/mailgun/quickstart-guide/responses",
        ),
        recipients=1000,
        bodies=Merge.FIELDS,
        headers=True,
        tracking_switch=True,
    ),
    # Send API v3.1 reserves headers (the list is in symfony/mailer's MailjetApiTransport).
    "mailjet": Capability(
        sources=(
            "dev.mailjet.com/reference/email/send-emails/",
            "dev.mailjet.com/docs/email-api/send_api_v31/",
        ),
        recipients=50,
        bodies=Merge.WHOLE,
        headers=True,
        batch=Batch("send", "send", messages=50, octets=15 * MEGABYTE),
        keeps_message_id=False,
        tracking_switch=True,
        own_headers=frozenset({"date", "message-id", "list-id", "user-agent"}),
    ),
    "mailtrap": Capability(
        sources=(
            "docs.mailtrap.io/developers/sending/send-email-batch",
            "docs.mailtrap.io/developers/rate-limits",
        ),
        recipients=500,
        bodies=Merge.WHOLE,
        headers=True,
        batch=Batch("send", "batch", messages=500, octets=50 * MEGABYTE),
    ),
    # Every error is HTTP 500; what kind it is says its name (Mailchimp's docs, “Errors” of messages/send).
    "mandrill": Capability(
        sources=(
            "mailchimp.com/developer/transactional/api/messages/",
            "anymail.dev/en/stable/esps/mandrill/",
        ),
        recipients=None,
        bodies=Merge.FIELDS,
        headers=False,
        tracking_switch=True,
        denials=frozenset({"Invalid_Key", "PaymentRequired", "Unknown_Subaccount", "ValidationError"}),
    ),
    # Every error is HTTP 200 with a code (postalserver/postal, app/controllers/legacy_api).
    "postal": Capability(
        sources=("github.com/postalserver/postal, app/controllers/legacy_api",),
        recipients=1,
        bodies=Merge.NOTHING,
        headers=False,
        metadata=False,
        denials=frozenset(
            {"AccessDenied", "FromAddressMissing", "InvalidServerAPIKey", "NoContent", "NoRecipients"}
            | {"ServerSuspended", "TooManyRecipients", "UnauthenticatedFromAddress", "ValidationError"}
        ),
    ),
    "postmark": Capability(
        sources=("postmarkapp.com/developer/user-guide/send-email-with-api/batch-emails",),
        recipients=500,
        bodies=Merge.WHOLE,
        headers=True,
        batch=Batch("email", "email/batch", messages=500, octets=50 * MEGABYTE),
        tracking_switch=True,
    ),
    # Its set_track_… only say that tracking is a setting of the domain. It documents a limit for one mail (40 MB), none
    # for a request.
    "resend": Capability(
        sources=(
            "resend.com/docs/dashboard/emails/batch-sending",
            "resend.com/docs/dashboard/emails/idempotency-keys",
            "resend.com/changelog/batch-validation-modes",
            "resend.com/docs/api-reference/rate-limit",
        ),
        recipients=100,
        bodies=Merge.WHOLE,
        headers=True,
        batch=Batch("emails", "emails/batch", messages=100, octets=40 * MEGABYTE),
        idempotency="Idempotency-Key",
        documents_wait=True,
    ),
    "scaleway": Capability(
        sources=("anymail.dev/en/stable/esps/scaleway/",),
        recipients=1,
        bodies=Merge.NOTHING,
        headers=False,
    ),
    # Bodies are one for all, and its answer (202, empty) says nothing of each recipient.
    "sendgrid": Capability(
        sources=("www.twilio.com/docs/sendgrid/for-developers/sending-email/personalizations",),
        recipients=1000,
        bodies=Merge.FIELDS,
        headers=True,
        keeps_message_id=False,
        tracking_switch=True,
    ),
    "sparkpost": Capability(
        sources=("anymail.dev/en/stable/esps/sparkpost/",),
        recipients=None,
        bodies=Merge.FIELDS,
        headers=True,
        keeps_message_id=False,
        refused="SparkPost drops our List-Unsubscribe header and puts its own (anymail docs, esps/sparkpost).",
    ),
    "unisender_go": Capability(
        sources=("anymail.dev/en/stable/esps/unisender_go/", "godocs.unisender.ru/web-api-ref"),
        recipients=500,
        bodies=Merge.FIELDS,
        headers=True,
        refused="Unisender Go puts its own unsubscribe link unless it has approved ours "
        "(anymail docs, esps/unisender_go).",
    ),
}
