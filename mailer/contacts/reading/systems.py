"""Which system a file comes from, and whether it is of people to mail or of people not to mail.

Mailchimp puts what became of its people into the file names of its export only, so these count like a column.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailer.contacts.reading.columns import plain
from mailer.contacts.statuses import NOT_ASKED, Reason


@dataclass(frozen=True, slots=True)
class Origin:
    """The system, and the status that the file as a whole gives its people; both "" where nothing says so."""

    system: str = ""
    status: str = ""


# The columns that only this system's export has together, as plain names.
_MARKS: dict[str, frozenset[str]] = {
    "Mailchimp": frozenset({"emailaddress", "leid", "euid"}),
    "HubSpot": frozenset({"recordid", "email"}),
    "Klaviyo": frozenset({"email", "klaviyoid"}),
    "Constant Contact": frozenset({"emailaddress", "emailstatus", "emailpermissionstatus"}),
    "listmonk": frozenset({"email", "name", "attributes"}),
    "Salesforce": frozenset({"email", "hasoptedoutofemail"}),
    "Keila": frozenset({"email", "externalid", "data"}),
}
_MAILCHIMP_FILES = {
    "subscribed": "",
    "unsubscribed": Reason.OPT_OUT,
    "cleaned": Reason.HARD_BOUNCE,
    "nonsubscribed": NOT_ASKED,
}
_MAILCHIMP_FILE = re.compile(r"(subscribed|unsubscribed|cleaned|nonsubscribed)_", re.IGNORECASE)
# A name of a file like these says that its people may have left; it does not say so for sure.
_SUSPECT = re.compile(
    r"suppress|block-?_? ?list|black-?_? ?list|unsub|opt(ed)?[-_ ]?outs?|do[-_ ]?not[-_ ]?(e?mail|contact|send)|"
    r"(^|[-_ ])(dnc|dnm|dne|bounced?s?|complain\w*|spam|removed|removals?|abmeldung\w*|sperrliste|baja\w*|desabonn\w*)"
    r"([-_ .]|$)",
    re.IGNORECASE,
)
_SUSPECT_COLUMN = re.compile(r"suppress|blocklist|blacklist|unsub|optout|bounce|complain|donotmail|reason")


def origin_of(name: str, header: Sequence[str]) -> Origin:
    """What the file's name and its column names say."""
    names = {plain(heading) for heading in header}
    system = next((system for system, marks in _MARKS.items() if marks <= names), "")
    told = _MAILCHIMP_FILE.match(name)
    if told and (system == "Mailchimp" or {"emailaddress", "memberrating"} <= names or "optintime" in names):
        return Origin("Mailchimp", _MAILCHIMP_FILES[told[1].lower()])
    return Origin(system)


def may_be_of_people_who_left(name: str, header: Sequence[str]) -> bool:
    """Whether the name of the file, or of a column that says no status, sounds like a suppression list."""
    return bool(_SUSPECT.search(name)) or any(_SUSPECT_COLUMN.search(plain(heading)) for heading in header)
