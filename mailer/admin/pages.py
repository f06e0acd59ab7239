"""What all our pages share: the admin's frame, who may see them, and how they count without counting."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin as UnfoldAdmin
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

View = Callable[..., HttpResponseBase]

# Below this many rows a count is exact: it takes a few milliseconds. Above, the planner's estimate is
# shown as “about”, since counting a million rows takes longer than the page has (measured: 60–150 ms each).
COUNTED_BELOW = 20_000


def staff(request: HttpRequest) -> User:
    """Who is at the keyboard; the admin lets nobody in without an account."""
    return cast(User, request.user)


def page(
    request: HttpRequest, model_admin: ModelAdmin, template: str, title: str, **context: Any
) -> HttpResponse:
    """A page of ours in the admin's frame. Its breadcrumb leads to the table, where that has a list of rows."""
    site = model_admin.admin_site
    request.current_app = site.name  # where unfold looks for it
    return TemplateResponse(
        request,
        f"mailer/admin/{template}",
        {
            **site.each_context(request),
            "title": title,
            "content_title": title,
            "model_admin": None if isinstance(model_admin, OnePage) else model_admin,
            **context,
        },
    )


def fragment(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A piece of a page that `candor.js` fetches again and again; without JavaScript a reload does it."""
    return TemplateResponse(request, f"mailer/admin/{template}", context)


def needs(*permissions: str, methods: tuple[str, ...] = ("GET", "HEAD", "POST")) -> Callable[[View], View]:
    """Answer 405 to other methods, and 403 to staff who lack one of the permissions."""

    def decorate(view: View) -> View:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perms(permissions):
                raise PermissionDenied
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            return view(request, *args, **kwargs)

        return asked

    return decorate


def changes(*permissions: str) -> Callable[[View], View]:
    """For a button: only a POST, whose token Django's CSRF middleware has checked, changes anything."""
    return needs(*permissions, methods=("POST",))


def reads(*permissions: str) -> Callable[[View], View]:
    return needs(*permissions, methods=("GET", "HEAD"))


def carry_out(
    request: HttpRequest, act: Callable[[], object], words: str, *, refusal: type[Exception]
) -> None:
    """Do what a button says, and say `words` on the next page; or why the room refused it."""
    try:
        act()
    except refusal as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, words)


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows: counted, or told by the planner's statistics."""

    number: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.number:,}" if self.exact else f"about {self.number:,}"


def count(rows: QuerySet) -> Count:
    """How many rows there are, without ever counting a million of them."""
    planned = json.loads(rows.order_by().explain(format="json"))[0]["Plan"]["Plan Rows"]
    if planned < COUNTED_BELOW:
        return Count(rows.count(), exact=True)
    return Count(_rounded(planned), exact=False)


def _rounded(number: int) -> int:
    """Three digits: more would look like knowledge."""
    unit = 10 ** max(len(str(number)) - 3, 0)
    return number // unit * unit


def spoken(seconds: float) -> str:
    """A length of time as people say it: “40 seconds”, “2 hours 5 minutes”."""
    if seconds < 1:
        return "less than a second"
    whole = round(seconds)
    units = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
    parts = []
    for name, length in units:
        number, whole = divmod(whole, length)
        if number:
            parts.append(f"{number} {name}{'s' if number > 1 else ''}")
    return " ".join(parts[:2])


class OwnPageList(ChangeList):
    """A list whose rows lead to pages of ours: `own_page` of the ModelAdmin names them."""

    def url_for_result(self, result: Model) -> str:
        return reverse(self.model_admin.own_page, args=[result.pk])


class SimpleForm(UnfoldAdmin):
    """One way to save: the other two buttons are for people who enter many rows."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        only_save = {"show_save_and_add_another": False, "show_save_and_continue": False}
        context = {**only_save, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)


class NeverChanged:
    """For tables whose rows nobody edits here, superusers included. Goes before ModelAdmin."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class OnePage(NeverChanged):
    """For a table that is one page instead of a list of rows. Goes before ModelAdmin."""


class LongList:
    """For the list page of a table that may have millions of rows: no count, no sorting by a click.

    Goes before ModelAdmin among the bases.
    """

    paginator = InfinitePaginator
    show_full_result_count = False
    sortable_by = ()
    actions = None  # “all 1,000,000 selected” is one click too near to a button
    list_per_page = 50
