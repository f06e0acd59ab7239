"""What requests and answers hold. OpenAPI is written from these types."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field, WithJsonSchema

from mailer import counters
from mailer.contacts import importing
from mailer.contacts.reading.staged import NOT_TEXT
from mailer.models import Import, Subscription, Suppression

BATCH = 1_000  # people in one request
BULK = 10_000  # addresses in one question

Source = Subscription.Source
Channel = Suppression.Channel
# What reaches people or programs of the operator (D56); the others are entered by Candor itself.
CHANNELS = (
    Channel.PHONE, Channel.POST, Channel.IN_PERSON, Channel.WEB_FORM, Channel.REPLY, Channel.STAFF, Channel.API,
)  # fmt: skip


def _text(value: str) -> str:
    if NOT_TEXT.search(value):
        raise ValueError("There are characters here that are no text.")
    return value


def _source(value: Any) -> Any:
    """Sources that the law or we refuse are refused in the same words as everywhere."""
    try:
        if isinstance(value, str):
            importing.refuse_unlawful_source(value)
    except importing.ImportRefused as refused:
        raise ValueError(str(refused)) from None
    return value


def _written(value: Any) -> Any:
    """A time is written, never counted in seconds since 1970: nobody sees whether such a number is right."""
    if not isinstance(value, str):
        raise ValueError("Write the time as a text, such as 2026-11-20T15:30:00Z.")
    return value


Text = Annotated[str, AfterValidator(_text)]
Address = Annotated[
    Text, Field(max_length=1_000, json_schema_extra={"format": "email"}, examples=["ann@example.org"])
]
Perhaps = Annotated[Text, Field(max_length=1_000, examples=["ann@example.org"])]
Slug = Annotated[Text, Field(max_length=40, description="The short name of a list.", examples=["news"])]
SourceName = Annotated[
    str,
    BeforeValidator(_source),
    WithJsonSchema({"type": "string", "enum": Source.values, "description": "How the address came to you."}),
]
Name = Annotated[Text, Field(max_length=1_000)]
Zone = Annotated[
    Text,
    Field(max_length=1_000, description="Their time zone by its IANA name.", examples=["Europe/Berlin"]),
]
Moment = Annotated[AwareDatetime, BeforeValidator(_written)]


class Asked(Schema):
    """A misspelt field is an error: left out in silence, it would be lost."""

    model_config = ConfigDict(extra="forbid")


# -- people --------------------------------------------------------------------------------------------


class AddressIn(Asked):
    """One address; it stands in the body, never in the URL, since URLs are logged."""

    address: Address


class PersonIn(Asked):
    """A person to put on the books or to bring up to date."""

    address: Address
    first_name: Name = ""
    last_name: Name = ""
    zone: Zone = ""
    list: Slug | None = Field(None, description="A list to be on. With it, say the source.")
    source: SourceName | None = None


class PlaceIn(Asked):
    """A place on a list, with where it came from."""

    address: Address
    list: Slug
    source: SourceName


class LeaveIn(Asked):
    """Who is to be off which list."""

    address: Address
    list: Slug


class LeaveDone(Schema):
    """No further message of this list is handed over to this mailbox."""

    off_the_list: Literal[True] = True


class PersonDone(Schema):
    """The person is on the books as asked; `flagged` names what was odd, such as role_account."""

    contact: int
    flagged: list[str] = []


class BatchIn(Asked):
    """Up to 1,000 people. Each is judged by itself, so that one wrong row holds up nobody."""

    # What is no person stays as it came, so that it can be answered with its reason.
    people: Annotated[
        list[Annotated[PersonIn | Any, Field(union_mode="left_to_right")]], Field(max_length=BATCH)
    ]


class PersonResult(Schema):
    """What became of one item of a batch."""

    index: int
    contact: int | None = None
    flagged: list[str] = []
    refused: str = Field(default="", description="Empty, or why not, as a code such as not_an_address.")
    detail: str = Field(default="", description="Why it was refused and what to do, in words.")


class BatchOut(Schema):
    """One result for each item, in the same order."""

    accepted: int
    refused: int
    results: list[PersonResult]


class Place(Schema):
    """A place on a list."""

    list: str
    source: str
    since: datetime


class Person(Schema):
    """A person who may be mailed."""

    contact: int
    address: str
    first_name: str
    last_name: str
    zone: str = Field(description="Their time zone by its IANA name; empty where it is not known.")
    lists: list[Place]


class PeopleOut(Schema):
    """A page of people; `next` is what to give as `after` for the next page, or null at the end."""

    people: list[Person]
    next: int | None


class ListOut(Schema):
    """A list and the short name by which requests name it."""

    list: str
    name: str


# -- the ledger ----------------------------------------------------------------------------------------


class OptOutIn(Asked):
    """Somebody wants no more mail."""

    address: Address
    channel: Annotated[
        Literal["phone", "post", "in_person", "web_form", "reply", "staff", "api"],
        Field(description="How you were told."),
    ] = "api"
    received_at: Moment | None = Field(
        None, description="When you were told; now, if it is left out. The law counts from then."
    )


class OptOutDone(Schema):
    """It is in the ledger: from now on nothing more is handed over to this mailbox."""

    opted_out: Literal[True] = True


class QuestionIn(Asked):
    """The address that you want to mail. What is none is answered too."""

    address: Perhaps


class QuestionsIn(Asked):
    """The addresses that you want to mail."""

    addresses: Annotated[list[Perhaps], Field(max_length=BULK)]


class Mailable(Schema):
    """Whether an address may be mailed now."""

    address: str
    mailable: bool
    reasons: list[str] = Field(
        description="opt_out, complaint, hard_bounce, soft_bounce; or not_an_address and the like."
    )
    detail: str = ""


class MailableOut(Schema):
    """One answer for each address, in the same order."""

    answers: list[Mailable]


# -- counters ------------------------------------------------------------------------------------------


class ReadingIn(Asked):
    """What a counter stands at, now."""

    counter: Annotated[
        Text,
        Field(max_length=60, description="The short name of a counter.", examples=["seats-on-2-december"]),
    ]
    stands_at: Annotated[int, Field(strict=True, ge=0, le=counters.MOST)]


class CounterOut(Schema):
    """A counter, what it stands at, and since when; null while nobody has told it."""

    counter: str
    what: str
    stands_at: int | None
    told_at: datetime | None


# -- imports -------------------------------------------------------------------------------------------


class ImportIn(Asked):
    """What must be said of a file, as in the admin."""

    list: Slug
    source: SourceName
    notice: Text = Field(
        min_length=1, max_length=2_000, description="What people were told when they gave their address."
    )
    collected_by: Text = Field(min_length=1, max_length=120, description="Who collected the addresses.")
    collected_from: date = Field(description="From which day …")
    collected_to: date = Field(description="… to which day.")
    holds: Literal["", "people", "opt-outs"] = Field(
        "",
        description="Whether the file is of people to mail or of people who must not be, if it does not say.",
    )
    vouched: Text = Field(
        "", max_length=500, description="How you know that people gave you these addresses, if Candor asks."
    )


class ImportOut(Schema):
    """How far an import is, and what became of its rows: rows = accepted + duplicates + all rejected."""

    id: int
    state: Literal["waiting", "running", "asking", "tried", "done", "failed", "voided"]
    asks: str = Field(
        description="What only a person can say, where the state is “asking”: they say it in the admin."
    )
    error: str
    list: str
    bytes_total: int
    bytes_read: int
    rows: int
    accepted: int
    duplicates: int
    rejected: dict[str, int]
    flagged: dict[str, int]
    suppressed: int

    @classmethod
    def of(cls, import_: Import) -> "ImportOut":
        return cls(
            id=import_.pk,
            state=import_.state,  # type: ignore[arg-type]
            asks=import_.asks,
            error=import_.error,
            list=import_.list.slug,
            bytes_total=import_.bytes_total,
            bytes_read=import_.bytes_read,
            **importing.figures(import_),
        )
