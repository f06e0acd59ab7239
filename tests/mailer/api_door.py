"""What tests of the API stand on: a key, and somebody who asks with it."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.test import Client

from mailer import addresses, api_keys, suppression
from mailer.contacts import people
from mailer.models import ApiKey, Contact, MailingList

ALL = tuple(scope.value for scope in ApiKey.Scope)


@dataclass(frozen=True, slots=True)
class Told:
    """What was answered: the status, the JSON, and the headers."""

    status: int
    body: Any
    headers: Any

    @property
    def problem(self) -> str:
        """The kind of problem that it is."""
        return self.body["type"].rpartition("/")[2]


class Program:
    """Another program with a key of its own. It does not follow redirects and keeps no cookie."""

    def __init__(self, *scopes: str) -> None:
        self.key, self.text = api_keys.create("Web shop", scopes or ALL, expires_at=None, user=None)
        self.bearer = f"Bearer {self.text}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        sent = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        answer = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True).generic(
            method, f"/api/v1{path}", headers={"Authorization": self.bearer, **headers}, **sent
        )
        assert not answer.cookies
        is_json = answer["Content-Type"].startswith(("application/json", "application/problem+json"))
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return Told(answer.status_code, json.loads(content) if is_json else content.decode(), answer.headers)

    def put(self, path: str, **body: Any) -> Told:
        return self.ask("PUT", path, body)

    def post(self, path: str, **body: Any) -> Told:
        return self.ask("POST", path, body)

    def get(self, path: str) -> Told:
        return self.ask("GET", path)


def new_list(slug: str = "news") -> MailingList:
    return MailingList.objects.create(name=slug.title(), slug=slug)


def on_list(mailing_list: MailingList, *emails: str) -> list[Contact]:
    return [
        people.add(addresses.parse(email), mailing_list, source="form", actor="shell") for email in emails
    ]


def opted_out(email: str, reason: str = "opt_out") -> None:
    address = addresses.parse(email)
    suppression.suppress(
        address.mailbox_key,
        reason=reason,
        channel="page",
        actor="recipient",
        address_key=address.address_key,
    )


def is_mailable(email: str) -> bool:
    return bool(suppression.mailable(addresses.parse(email)))


def codes(told: Told) -> Collection[tuple[str, str]]:
    """Where what is wrong, for programs."""
    return [(error["pointer"], error["code"]) for error in told.body["errors"]]
