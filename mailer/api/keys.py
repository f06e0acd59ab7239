"""Who is asking: a key in the Authorization header, and nothing else (no session, no cookie: nothing to forge)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import HttpBearer

from mailer import api_keys
from mailer.api.problems import Problem
from mailer.models import ApiKey

Scope = ApiKey.Scope
HOW = (
    "Send the header “Authorization: Bearer candor_…”; an operator makes keys in the admin, under “API keys”."
)


class BearerKey(HttpBearer):
    """Lets in whoever holds a key with one of these scopes, so many times a minute."""

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> Any:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Problem("no-key", HOW, WWW_Authenticate="Bearer")
        return self.authenticate(request, text.strip())

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        try:
            key = api_keys.known(token)
        except api_keys.KeyRefused as refused:
            raise Problem(
                "no-key", str(refused), WWW_Authenticate='Bearer error="invalid_token"'
            ) from refused
        if seconds := api_keys.wait(key, per_minute=settings.API_REQUESTS_PER_MINUTE):
            raise Problem(
                "too-many-requests",
                f"This key may make {settings.API_REQUESTS_PER_MINUTE:,} requests a minute. Go on in {seconds} "
                "seconds, and send more at once where an endpoint takes many.",
                Retry_After=str(seconds),
            )
        if not set(self.scopes) & set(key.scopes):
            needed = " or ".join(self.scopes)
            raise Problem(
                "scope-missing",
                f"This needs a key with the scope {needed}. Scopes of a key can't be changed: ask an operator for "
                "a new one.",
                WWW_Authenticate=f'Bearer error="insufficient_scope", scope="{" ".join(self.scopes)}"',
            )
        return key


def open_to(*scopes: Scope, **openapi: Any) -> dict[str, Any]:
    """An operation's arguments: which scopes open it, and what else OpenAPI should say of it."""
    return {"auth": BearerKey(*scopes), "openapi_extra": {"x-scopes": [*scopes], **openapi}}


def key_of(request: HttpRequest) -> ApiKey:
    """The key that was let in."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return key
