"""The copy of a message on the web: the frozen bytes, filled for nobody.

Links are forwarded. So it shows the defaults of merge fields and no address, and it has no link by which whoever reads
it could opt the one out who got the message.
"""

import re
from dataclasses import replace
from email import message_from_bytes, policy

from mailer.rendering.fields import Place
from mailer.rendering.filling import digest_of, written
from mailer.rendering.skeletons import Skeleton
from mailer.tokens import ViewToken, view_url

OPT_OUT = "opt-out"  # the page below the copy's address that says how to unsubscribe
BAR = (
    '<p role="status" style="margin:0;padding:8px 16px;background:#ffffff;color:#1a1a1a;font:normal 14px/20px '
    'Arial,Helvetica,sans-serif;border-bottom:1px solid #1a1a1a">A copy on the web of {what}, the same for everybody: '
    "it shows nobody’s name or address.</p>\n"
)


def web_copy(skeleton: Skeleton, *, is_test: bool) -> str:
    """The HTML of the message for whoever opens its link."""
    ours = view_url(ViewToken(skeleton.campaign, digest_of(skeleton.raw), is_test))
    message = message_from_bytes(written(_without_addresses(skeleton), _nobody(ours)), policy=policy.default)
    html = [part.get_content() for part in message.iter_parts()][-1]
    html = _paragraph_of(f"{ours}/lists").sub("", html)
    html = _paragraph_of(ours).sub("", html)
    html = _paragraph_of(f"{ours}/{OPT_OUT}").sub(r"\1How to unsubscribe</a></p>", html)
    bar = BAR.format(what="a test" if is_test else "an email")
    return re.sub(r"<body[^>]*>\n?", lambda found: found[0] + bar, html, count=1)


def _nobody(ours: str) -> dict[str, str]:
    """Empty values become the defaults that an author wrote."""
    return {
        "to": "the address that it was sent to",
        "email": "your address",
        "reason": "of what the email itself says here",
        "nobody": "",
        "first_name": "",
        "last_name": "",
        "url": f"{ours}/{OPT_OUT}",
        "preferences": f"{ours}/lists",
        "view": ours,
        "mailto": "",
        "date": "",
        "message_id": "",
    }


def _without_addresses(skeleton: Skeleton) -> Skeleton:
    """In a link's query an address is a value for a program: empty, and no words."""
    places = (
        (replace(slot, name="nobody") if slot.place is Place.QUERY and slot.name == "email" else slot, gaps)
        for slot, gaps in skeleton.places
    )
    return replace(skeleton, places=tuple(places))


def _paragraph_of(link: str) -> re.Pattern[str]:
    """The paragraph of the footer that holds `link`: what it says is true in the email only."""
    return re.compile(rf'(<p style="[^"]*"><a href="{re.escape(link)}"[^>]*>).*?</p>\n?', re.DOTALL)
