"""People and their places on lists, for programs."""

from typing import Annotated, Any

import pydantic
from django.http import HttpRequest
from ninja import Query, Router

from mailer import evidence, suppression
from mailer.api import problems
from mailer.api.bodies import (
    AddressIn,
    BatchIn,
    BatchOut,
    LeaveDone,
    LeaveIn,
    ListOut,
    PeopleOut,
    Person,
    PersonDone,
    PersonIn,
    PersonResult,
    Place,
    PlaceIn,
)
from mailer.api.keys import Scope, key_of, open_to
from mailer.api.problems import FieldProblem, Problem
from mailer.contacts import leaving, people
from mailer.contacts.people import Refused
from mailer.models import ApiKey, Contact, MailingList

router = Router(tags=["people"])
PAGE = 100

# Nobody learns from an answer whether an address is unknown or has opted out.
NOBODY = "Nobody who may be mailed is on the books under this address."


@router.put("/contacts", **open_to(Scope.CONTACTS_WRITE), response=PersonDone)
def put_contact(request: HttpRequest, said: PersonIn) -> PersonDone:
    """Put a person on the books, or bring their names and time zone up to date. Repeats are harmless.

    Names and a zone that are given replace those we had. Who is not on the books yet needs a list, and the source says
    how they came to it. Whoever has opted out stays opted out, whatever is sent here.
    """
    return _put(said, key_of(request))


@router.post("/contacts/batch", **open_to(Scope.CONTACTS_WRITE), response=BatchOut)
def put_contacts(request: HttpRequest, said: BatchIn) -> BatchOut:
    """Up to 1,000 people at once, each by itself: a wrong one is refused with its reason, the others come in."""
    lists = {one.slug: one for one in MailingList.objects.all()}
    written = [_written(item, lists) for item in said.people]
    done = people.put_all(written, actor=evidence.by(key_of(request)))
    accepted = sum(isinstance(one, people.Done) for one in done)
    results = [_result(index, one) for index, one in enumerate(done)]
    return BatchOut(accepted=accepted, refused=len(results) - accepted, results=results)


def _written(item: Any, lists: dict[str, MailingList]) -> people.Written | Refused:
    """What an item of a batch says of a person, or why it can't be understood."""
    try:
        person = item if isinstance(item, PersonIn) else PersonIn.model_validate(item)
        return _person_in(person, lists)
    except pydantic.ValidationError as wrong:
        errors = [problems.field(dict(error), *error["loc"]) for error in wrong.errors(include_url=False)]
        words = " ".join(
            f"{error.pointer} {error.detail}".strip() for error in errors[: problems.AT_MOST_NAMED]
        )
        return Refused("not_understood", words)
    except Refused as refused:
        return refused


def _result(index: int, done: people.Done | Refused) -> PersonResult:
    if isinstance(done, Refused):
        return PersonResult(index=index, refused=done.reason, detail=str(done))
    return PersonResult(index=index, contact=done.contact, flagged=[*done.flagged])


def _put(said: PersonIn, key: ApiKey) -> PersonDone:
    """One person, or the problem that it is."""
    try:
        done = people.put(_person_in(said), actor=evidence.by(key))
    except Refused as refused:
        raise _problem(refused) from refused
    return PersonDone(contact=done.contact, flagged=[*done.flagged])


def _person_in(said: PersonIn, lists: dict[str, MailingList] | None = None) -> people.Written:
    """Raises Refused."""
    if (said.list is None) != (said.source is None):
        raise Refused("list_without_source", "Give “list” and “source” together, or neither.")
    on = _list(said.list, lists) if said.list is not None else None
    return people.Written(said.address, said.first_name, said.last_name, said.zone, on, said.source or "")


def _list(slug: str, lists: dict[str, MailingList] | None = None) -> MailingList:
    found = lists.get(slug) if lists is not None else MailingList.objects.filter(slug=slug).first()
    if found is None:
        raise Refused(
            "list_unknown",
            "There is no list of this short name. GET /api/v1/lists tells which there are; new ones are made in the "
            "admin.",
        )
    return found


def _problem(refused: Refused) -> Problem:
    pointer = {
        "list_unknown": "/list", "list_without_source": "/source", "left_list": "/list", "zone_unknown": "/zone",
    }  # fmt: skip
    return Problem(
        "refused",
        str(refused),
        errors=[
            FieldProblem(
                pointer=pointer.get(refused.reason, "/address"), code=refused.reason, detail=str(refused)
            )
        ],
    )


# -- places on lists -----------------------------------------------------------------------------------


@router.get(
    "/lists",
    **open_to(Scope.CONTACTS_READ, Scope.CONTACTS_WRITE, Scope.IMPORTS_WRITE),
    response=list[ListOut],
)
def get_lists(request: HttpRequest) -> list[ListOut]:
    """All lists. New ones are made in the admin."""
    return [ListOut(list=one.slug, name=one.name) for one in MailingList.objects.order_by("slug")]


@router.put("/subscriptions", **open_to(Scope.CONTACTS_WRITE), response=PersonDone)
def put_subscription(request: HttpRequest, said: PlaceIn) -> PersonDone:
    """Put a person on a list. The first source of a place stays; repeats are harmless.

    Whoever has opted out stays opted out, and whoever left this list stays off it: only they can come back.
    """
    return _put(PersonIn(address=said.address, list=said.list, source=said.source), key_of(request))


@router.post("/subscriptions/leave", **open_to(Scope.CONTACTS_WRITE), response=LeaveDone)
def leave_list(request: HttpRequest, said: LeaveIn) -> LeaveDone:
    """Take a person off a list, as their own wish: they stay off it, until they come back and confirm it by mail.

    It is no opt-out: other lists go on. Repeats are harmless, and nobody is told who was on the list.
    """
    try:
        address, left = people.any_address(said.address), _list(said.list)
    except Refused as refused:
        raise _problem(refused) from refused
    leaving.leave(address.mailbox_key, [left], actor=evidence.by(key_of(request)))
    return LeaveDone()


# -- reading -------------------------------------------------------------------------------------------


@router.post("/contacts/find", **open_to(Scope.CONTACTS_READ), response=Person)
def find_contact(request: HttpRequest, said: AddressIn) -> Person:
    """The person with exactly this address, if they may be mailed. A POST, so that no address stands in a URL."""
    try:
        address = people.address_of(said.address)
    except Refused as refused:
        raise _problem(refused) from refused
    found = _mailable().filter(address_key=address.address_key).first()
    if found is None:
        raise Problem("not-found", NOBODY)
    return _person(found)


@router.get("/contacts", **open_to(Scope.CONTACTS_READ), response=PeopleOut)
def get_contacts(
    request: HttpRequest,
    list: Annotated[str, Query("", max_length=40, description="Only people of this list.")] = "",
    after: Annotated[int, Query(0, ge=0, le=2**63 - 1, description="`next` of the page before.")] = 0,
    limit: Annotated[int, Query(PAGE, ge=1, le=1_000)] = PAGE,
) -> PeopleOut:
    """The people who may be mailed, a page at a time, in the order in which they came.

    Nobody who has opted out, complained or bounced is among them (15 U.S.C. 7704(a)(4)(A)(iv)).
    """
    rows = _mailable().filter(pk__gt=after)
    if list:
        try:
            on = _list(list)
        except Refused as refused:
            raise _problem(refused) from refused
        # By the place's own columns, whose index has them in this order.
        rows = rows.filter(subscriptions__list=on, subscriptions__contact__gt=after).order_by(
            "subscriptions__contact"
        )
    page = [*rows[: limit + 1]]
    return PeopleOut(
        people=[_person(contact) for contact in page[:limit]],
        next=page[limit - 1].pk if len(page) > limit else None,
    )


def _mailable() -> Any:
    # The ledger's own condition: asked in the same statement, it can't be forgotten for a page.
    return (
        Contact.objects.extra(where=[suppression.mailable_sql("mailer_contact")])  # noqa: S610  a constant
        .prefetch_related("subscriptions__list")
        .order_by("pk")
    )


def _person(contact: Contact) -> Person:
    return Person(
        contact=contact.pk,
        address=contact.email,
        first_name=contact.first_name,
        last_name=contact.last_name,
        zone=contact.zone,
        lists=[
            Place(list=place.list.slug, source=place.source, since=place.subscribed_at)
            for place in contact.subscriptions.all()
        ],
    )
