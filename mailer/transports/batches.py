"""Many whole messages in one request, for the ESPs that take them, and what their answers say of each.

Each message is the payload that Anymail makes of it alone; here they are put together as the service documents it
(sources: `capabilities`). What one answer says is read strictly: one that names fewer messages than were sent, or
others, is no answer.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Json = Any


class Unreadable(ValueError):
    """An answer that does not say what became of the messages."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says of one message."""

    taken: bool
    words: str = ""
    number: str = ""
    status: int | None = None  # of this message alone, as HTTP's


# -- Postmark -----------------------------------------------------------------------------------------


def _list(messages: Sequence[Json]) -> Json:
    return list(messages)


def _postmark(answer: Json, recipients: Sequence[str]) -> list[Said]:
    """In the order of the request; each with its own ErrorCode, whatever the HTTP status."""
    return [_of_postmark(one, to) for one, to in _pairs(answer, recipients)]


def _of_postmark(one: Json, recipient: str) -> Said:
    code, words = one["ErrorCode"], str(one["Message"])
    if code:
        return Said(False, f"ErrorCode {int(code)}: {words}")
    if recipient.lower() not in str(one["To"]).lower():
        raise Unreadable("It speaks of another recipient.")
    return Said(True, words, str(one["MessageID"]))


# -- Resend -------------------------------------------------------------------------------------------


def _resend(answer: Json, recipients: Sequence[str]) -> list[Said]:
    """`data` has the ids of those that it took, in their order; `errors` the others by their place."""
    errors = {int(error["index"]): str(error["message"]) for error in answer.get("errors") or []}
    ids = [str(one["id"]) for one in answer["data"]]
    if len(ids) + len(errors) != len(recipients) or not errors.keys() <= set(range(len(recipients))):
        raise Unreadable("It does not speak of every message.")
    taken = iter(ids)
    return [
        Said(False, errors[place]) if place in errors else Said(True, "", next(taken))
        for place in range(len(recipients))
    ]


# -- Mailjet ------------------------------------------------------------------------------------------


def _in_messages(messages: Sequence[Json]) -> Json:
    """Anymail writes what recipients share into Globals, and nobody shares anything."""
    return {"Messages": [{**one["Globals"], **one["Messages"][0]} for one in messages]}


def _mailjet(answer: Json, recipients: Sequence[str]) -> list[Said]:
    """In the order of the request, each a success or an error; with an error the HTTP status is one, too."""
    return [_of_mailjet(one, to) for one, to in _pairs(answer["Messages"], recipients)]


def _of_mailjet(one: Json, recipient: str) -> Said:
    if one["Status"] == "success":
        (to,) = one["To"]
        if to["Email"].lower() != recipient.lower():
            raise Unreadable("It speaks of another recipient.")
        return Said(True, "", str(to["MessageID"]))
    errors = one["Errors"]
    return Said(False, json.dumps(errors), status=max(int(error["StatusCode"]) for error in errors))


# -- Mailtrap -----------------------------------------------------------------------------------------


def _on_a_base(messages: Sequence[Json]) -> Json:
    """What all have in common goes into `base`; what is somebody's own never does."""
    shared = {name: messages[0][name] for name in ("from", "reply_to") if name in messages[0]}
    if any({name: one.get(name) for name in shared} != shared for one in messages):
        shared = {}
    own = [{name: value for name, value in one.items() if name not in shared} for one in messages]
    return {"base": shared, "requests": own}


def _mailtrap(answer: Json, recipients: Sequence[str]) -> list[Said]:
    """In the order of the request; HTTP 200 although some failed."""
    return [_of_mailtrap(one) for one, _ in _pairs(answer["responses"], recipients)]


def _of_mailtrap(one: Json) -> Said:
    if one["success"] is True:
        (number,) = one["message_ids"]
        return Said(True, "", str(number))
    return Said(False, " ".join(str(error) for error in one["errors"]))


# -- all of them --------------------------------------------------------------------------------------


def _pairs(answers: Json, recipients: Sequence[str]) -> list[tuple[Json, str]]:
    if not isinstance(answers, list) or len(answers) != len(recipients):
        raise Unreadable("It does not speak of every message.")
    return list(zip(answers, recipients, strict=True))


@dataclass(frozen=True, slots=True)
class Form:
    """How one ESP writes many messages into one request, and its answer."""

    compose: Callable[[Sequence[Json]], Json]
    read: Callable[[Json, Sequence[str]], list[Said]]
    headers: tuple[tuple[str, str], ...] = ()


FORMS = {
    "mailjet": Form(_in_messages, _mailjet),
    "mailtrap": Form(_on_a_base, _mailtrap),
    "postmark": Form(_list, _postmark),
    # else one wrong address keeps all the others back
    "resend": Form(_list, _resend, (("x-batch-validation", "permissive"),)),
}


def read(esp: str, answer: Json, recipients: Sequence[str]) -> list[Said]:
    """What `answer` says of the message to each of `recipients`. Raises Unreadable."""
    try:
        return FORMS[esp].read(answer, recipients)
    except Unreadable:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as wrong:
        raise Unreadable(f"It is not in the service's format ({type(wrong).__name__}).") from wrong
