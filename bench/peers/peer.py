"""One peer at work, in the peers' own virtual environment: `peer.py migrate | fill NAME N | send NAME N PROCESSES`.

`send` says “ready” once it is connected, waits for a line, has the package's own command send, and says “done” if all N
were sent; else it ends with an error. No part of Candor is imported here.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "peer_settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.template import Context, Template  # noqa: E402

SENDER = "Acme Garden <news@example.org>"
REASON = "You get this as a customer of Acme Garden."
FIRST_NAMES = ("Ann", "Ben", "Clara", "José", "Müller")


def main(verb: str, name: str = "", messages: str = "0", processes: str = "1") -> None:
    if verb == "migrate":
        call_command("migrate", verbosity=0)
    elif verb == "fill":
        FILL[name](int(messages))
    else:
        connection.ensure_connection()
        print("ready", flush=True)
        sys.stdin.readline()
        SEND[name](int(processes))
        print("done", flush=True)
        sent = SENT[name]()
        if sent != int(messages):
            sys.exit(f"Of {messages} messages only {sent} were sent.")


def people(number: int) -> Iterator[dict[str, str]]:
    for each in range(number):
        yield {
            "address": f"person{each}@example.org",
            "first_name": FIRST_NAMES[each % len(FIRST_NAMES)],
            "reason": REASON,
            "link": f"{settings.LETTER['link'][:-8]}{each:08d}",
        }


def headers(link: str) -> dict[str, str]:
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


# -- django-post_office: its README, “Usage” and “send_many” ---------------------------------------------


def fill_post_office(messages: int) -> None:
    """Finished when they are queued, which is its default and leaves least to do when they are sent."""
    from post_office import mail
    from post_office.models import Email, EmailTemplate, Log

    Log.objects.all().delete()
    Email.objects.all().delete()
    letter = EmailTemplate.objects.update_or_create(
        name="letter",
        defaults={
            "subject": settings.LETTER["subject"],
            "content": settings.LETTER["text"],
            "html_content": settings.LETTER["html"],
        },
    )[0]
    mail.send_many(
        [
            {
                "recipients": [person["address"]],
                "sender": SENDER,
                "template": letter,
                "context": person,
                "headers": headers(person["link"]),
            }
            for person in people(messages)
        ]
    )


def send_post_office(processes: int) -> None:
    if processes > 1:
        settings.POST_OFFICE["BATCH_SIZE"] = 1_000
    call_command("send_queued_mail", processes=processes, lockfile=str(settings.FOLDER / "post_office"))


def sent_post_office() -> int:
    from post_office.models import STATUS, Email

    return Email.objects.filter(status=STATUS.sent).count()


# -- django-mailer: docs/usage.rst ----------------------------------------------------------------------


def fill_mailer(messages: int) -> None:
    from mailer import send_html_mail

    text, html = Template(settings.LETTER["text"]), Template(settings.LETTER["html"])
    for person in people(messages):
        named = Context(person)
        send_html_mail(
            settings.LETTER["subject"],
            text.render(named),
            html.render(named),
            SENDER,
            [person["address"]],
            headers=headers(person["link"]),
        )


def send_mailer(processes: int) -> None:
    call_command("send_mail")


def sent_mailer() -> int:
    from mailer.models import RESULT_SUCCESS, MessageLog

    return MessageLog.objects.filter(result=RESULT_SUCCESS).count()


# -- django-newsletter: docs/usage.rst ------------------------------------------------------------------


def fill_newsletter(messages: int) -> None:
    """It keeps no row a message; what is filled is a list of subscribers and one submission to them."""
    from newsletter.models import Message, Newsletter, Submission, Subscription

    letters = Newsletter.objects.create(
        title="Everybody", slug="everybody", email="news@example.org", sender="Acme Garden"
    )
    Subscription.objects.bulk_create(
        Subscription(
            newsletter=letters,
            email_field=person["address"],
            name_field=person["first_name"],
            subscribed=True,
            activation_code=person["link"][-40:],
        )
        for person in people(messages)
    )
    message = Message.objects.create(title=settings.LETTER["subject"], slug="letter", newsletter=letters)
    submission = Submission.from_message(message)
    submission.prepared = True
    submission.save()


def send_newsletter(processes: int) -> None:
    call_command("submit_newsletter", verbosity=0)


def sent_newsletter() -> int:
    """It counts nothing; what could not be sent it logs, and that ends this process (see peer_settings)."""
    from newsletter.models import Submission

    return sum(each.subscriptions.count() for each in Submission.objects.filter(sent=True))


FILL = {"post_office": fill_post_office, "mailer": fill_mailer, "newsletter": fill_newsletter}
SEND = {"post_office": send_post_office, "mailer": send_mailer, "newsletter": send_newsletter}
SENT = {"post_office": sent_post_office, "mailer": sent_mailer, "newsletter": sent_newsletter}

if __name__ == "__main__":
    main(*sys.argv[1:])
