"""What tests of the admin stand on: staff of each group signed in, a sender, a list, a draft."""

from django.contrib.auth.models import Group, User
from django.test import Client

from mailer import addresses, campaigns
from mailer.contacts import people
from mailer.models import Campaign, MailingList, Sender

HTML = '<h1>Tomatoes</h1><p>Hello {{ first_name|default:"friend" }}, they are here.</p>'
HOSTILE = "<script>alert('x')</script>"


def member(group: str = "", *, email: str | None = None) -> User:
    """Somebody of a group; of none, a superuser; “nobody” is staff without any permission."""
    name = group.lower() or "root"
    user, _ = User.objects.get_or_create(
        username=name,
        defaults={
            "email": f"{name}@example.com" if email is None else email,
            "is_staff": True,
            "is_superuser": not group,
        },
    )
    if group not in {"", "Nobody"}:
        user.groups.add(Group.objects.get(name=group))
    return user


def signed_in(group: str = "", *, csrf: bool = False) -> Client:
    client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=csrf)
    client.force_login(member(group))
    return client


def new_sender(*, attested: bool = True, trade_name: str = "Garden & Grain") -> Sender:
    sender = Sender.objects.create(
        legal_name="Garden and Grain Trading LLC",
        trade_name=trade_name,
        from_email="hello@example.com",
        reply_to="hello@example.com",
        contact="+1 503 555 0142",
        line1="1450 Rose Street",
        city="Portland",
        region="OR",
        postal_code="97209",
    )
    if attested:
        campaigns.attest_identity(sender, member("Operator"))
        campaigns.attest_address(sender, member("Operator"))
    return sender


def new_list(name: str = "Friends", slug: str = "friends", number: int = 0) -> MailingList:
    made = MailingList.objects.create(name=name, slug=slug)
    for n in range(number):
        people.add(addresses.parse(f"person{n}@example.org"), made, source="customer", actor="shell")
    return made


def new_draft(number: int = 3, **written: str) -> Campaign:
    draft = Campaign.objects.create(
        **{
            "name": "Tomatoes",
            "sender": new_sender(),
            "subject": "The first tomatoes are here",
            "html": HTML,
            **written,
        }
    )
    draft.lists.add(new_list(number=number))
    return draft


def said(response: object) -> list[str]:
    """The messages that a redirect carried to the next page."""
    return [str(message) for message in response.context["messages"]]  # type: ignore[attr-defined]
