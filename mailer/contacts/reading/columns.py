"""Which cell of a row says what: told by the column's name, or by what stands in it.

The names are those that mailing systems, shops and spreadsheets give their columns in an export. Sources: the
export documentation of Mailchimp, HubSpot, Constant Contact, Klaviyo and Salesforce; the code of listmonk
(`cmd/subscribers.go`) and Keila (`lib/keila/contacts/contacts.ex`).
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mailer.addresses import AddressRefused, parse
from mailer.contacts import statuses
from mailer.contacts.reading.staged import FileRefused
from mailer.contacts.statuses import Reason


class Meaning(StrEnum):
    """What a column says. Those of `FLAGS` say it by a yes."""

    NOTHING = ""
    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    STATUS = "status"
    SINCE = "since"
    ZONE = "zone"
    BORN = "born"
    DIGEST = "digest"
    OPTED_OUT = "opted_out"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    NOT_ASKED = "not_asked"


FLAGS: dict[str, str] = {
    Meaning.OPTED_OUT: Reason.OPT_OUT,
    Meaning.COMPLAINED: Reason.COMPLAINT,
    Meaning.BOUNCED: Reason.HARD_BOUNCE,
    Meaning.NOT_ASKED: statuses.NOT_ASKED,
}
FLAG_OF = {reason: meaning for meaning, reason in FLAGS.items()}
SINGLE = (Meaning.EMAIL, Meaning.FIRST_NAME, Meaning.LAST_NAME, Meaning.ZONE, Meaning.BORN, Meaning.DIGEST)
# What says who must not be mailed is never left out, whoever asks for it.
GUARDING = frozenset({Meaning.STATUS, Meaning.BORN, *FLAGS})

_FIELDS = {
    "email": (
        "email emailaddress mail mailaddress emails emailadresse correo correoelectronico courriel adressemail "
        "adresseemail adresemail primaryemail workemail contactemail customeremail subscriberemail useremail "
        "email1value emailaddresshome emailaddresswork emailaddressother メールアドレス メール"
    ),
    "first_name": (
        "firstname first givenname forename vorname fname prenom nombre nome contactfirstname billingfirstname "
        "customerfirstname 名"
    ),
    "last_name": (
        "lastname last surname familyname nachname lname apellido apellidos cognome nomdefamille contactlastname "
        "billinglastname customerlastname 姓"
    ),
    "zone": (
        "timezone timezonename ianatimezone zone zoneinfo tz tzname zeitzone fuseauhoraire zonahoraria fusoorario"
    ),
    "status": (
        "status subscriptionstatus emailstatus memberstatus emailpermissionstatus emailmarketingconsent "
        "emailsuppressions marketingstatus substatus contactstatus subscriberstatus emailsubscriptionstatus "
        "emailmarketingstatus acceptsmarketing emailconsent"
    ),
    "since": (
        "optintime confirmtime optindate optinat subscribedat subscribedon subscribedate subscriptiondate signupdate "
        "signupat signedupat emailmarketingconsenttimestamp consenttimestamp consentdate consentedat joinedat "
        "dateadded insertedat"
    ),
    "digest": (
        "md5 md5hash emailmd5 md5email hashmd5 emailmd5hash sha1 sha1hash emailsha1 sha1email hashsha1 sha256 "
        "sha256hash emailsha256 sha256email hashsha256 hash emailhash hashedemail"
    ),
    "born": (
        "birthdate dateofbirth dob born geburtsdatum geburtstag datedenaissance fechadenacimiento birthyear yearofbirth"
    ),
}
_FIELD_OF = {name: field for field, names in _FIELDS.items() for name in names.split()}
_SAMPLE_MOST = 0.6  # of the filled cells of a column hold addresses: then it is the column of addresses
_DIGEST = re.compile(r"(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})", re.ASCII)
_WORD = re.compile(r"[^\W\d_][\w'’.-]{0,39}")


def plain(heading: str) -> str:
    """A column's name without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", heading.casefold())


def shape_of(header: Sequence[str], has_header: bool) -> str:
    """The name under which is kept how files of these columns are read: the same whatever stands in their rows."""
    named = "\n".join(map(plain, header)) if has_header else f"{len(header)} without names"
    return hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()


def assert_nothing_lost(guessed: Sequence[str], wanted: Sequence[str], header: Sequence[str]) -> None:
    """Raise FileRefused if a column that says who must not be mailed would be read as something else."""
    for heading, guess, want in zip(header, guessed, wanted, strict=True):
        if guess in GUARDING and want not in GUARDING:
            raise FileRefused(
                f"The column “{heading.strip()[:40]}” says who must not be mailed, so it can't be left out."
            )


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row the cells are that Candor takes; -1 where the file has no such column.

    A table without addresses has digests of them.
    """

    count: int
    email: int
    first_name: int = -1
    last_name: int = -1
    statuses: tuple[int, ...] = ()
    flags: tuple[tuple[int, str], ...] = ()
    since: tuple[int, ...] = ()
    born: int = -1
    digest: int = -1
    zone: int = -1

    @property
    def meanings(self) -> list[str]:
        """What each column says, in their order."""
        said: list[str] = [Meaning.NOTHING] * self.count
        for meaning, index in zip(SINGLE, self._in_order, strict=True):
            if index >= 0:
                said[index] = meaning
        for index in self.statuses:
            said[index] = Meaning.STATUS
        for index in self.since:
            said[index] = Meaning.SINCE
        for index, reason in self.flags:
            said[index] = FLAG_OF[reason]
        return [str(meaning) for meaning in said]

    @classmethod
    def from_meanings(cls, meanings: Sequence[str]) -> "Columns":
        """The contrary. Raises FileRefused where nothing says whom a row is about, or two columns say it."""
        found = {meaning: [i for i, said in enumerate(meanings) if said == meaning] for meaning in Meaning}
        for meaning in SINGLE:
            if len(found[meaning]) > 1:
                raise FileRefused(f"Two columns can't both be “{meaning.replace('_', ' ')}”. Choose one.")
        if not found[Meaning.EMAIL] and not found[Meaning.DIGEST]:
            raise FileRefused("Say which column holds the addresses.")
        email = _first(found[Meaning.EMAIL])
        return cls(
            count=len(meanings),
            email=email,
            first_name=_first(found[Meaning.FIRST_NAME]),
            last_name=_first(found[Meaning.LAST_NAME]),
            statuses=tuple(found[Meaning.STATUS]),
            flags=tuple((i, FLAGS[said]) for i, said in enumerate(meanings) if said in FLAGS),
            since=tuple(found[Meaning.SINCE]),
            zone=_first(found[Meaning.ZONE]),
            born=_first(found[Meaning.BORN]),
            digest=_first(found[Meaning.DIGEST]) if email < 0 else -1,
        )

    @property
    def ignored(self) -> int:
        """How many columns hold nothing that Candor keeps."""
        single = sum(index >= 0 for index in self._in_order)
        return self.count - single - len(self.statuses) - len(self.flags) - len(self.since)

    @property
    def _in_order(self) -> tuple[int, ...]:
        """Of the columns of which there is one at most, as `SINGLE` names them."""
        return self.email, self.first_name, self.last_name, self.zone, self.born, self.digest

    @property
    def says_status(self) -> bool:
        return bool(self.statuses or self.flags)

    @classmethod
    def of(cls, header: Sequence[str], sample: Sequence[Sequence[str]] = ()) -> "Columns | None":
        """What the names say; a column of addresses under another name is known by its cells."""
        found = cls.without_addresses(header)
        if found.email < 0:
            found = replace(found, email=_of_addresses(sample, len(header)))
        if found.email >= 0:
            return replace(found, digest=-1)
        return found if found.digest >= 0 else None

    @classmethod
    def without_addresses(cls, header: Sequence[str]) -> "Columns":
        """What the names alone say."""
        found: dict[str, list[int]] = {field: [] for field in _FIELDS}
        flags = []
        for index, heading in enumerate(header):
            if reason := statuses.reason_of_column(plain(heading)):
                flags.append((index, reason))
            elif field := _FIELD_OF.get(plain(heading)):
                found[field].append(index)
        return cls(
            count=len(header),
            email=_first(found["email"]),
            first_name=_first(found["first_name"]),
            last_name=_first(found["last_name"]),
            statuses=tuple(found["status"]),
            flags=tuple(flags),
            since=tuple(found["since"]),
            zone=_first(found["zone"]),
            born=_first(found["born"]),
            digest=_first(found["digest"]),
        )

    @classmethod
    def of_cells(cls, sample: Sequence[Sequence[str]]) -> "Columns | None":
        """What a table without column names holds, told by its first rows."""
        count = max((len(row) for row in sample), default=0)
        email = _of_addresses(sample, count)
        if email < 0:
            digests = [index for index in range(count) if _all(sample, index, is_digest)]
            return cls(count=count, email=-1, digest=digests[0]) if digests else None
        others = [index for index in range(count) if index != email]
        said = tuple(index for index in others if _all(sample, index, _is_status))
        names = [
            i for i in others if i not in said and _all(sample, i, lambda cell: bool(_WORD.fullmatch(cell)))
        ]
        return cls(
            count=count,
            email=email,
            first_name=names[0] if names else -1,
            last_name=names[1] if len(names) > 1 else -1,
            statuses=said,
        )


def _first(indexes: list[int]) -> int:
    return indexes[0] if indexes else -1


def _of_addresses(sample: Sequence[Sequence[str]], count: int) -> int:
    best, most = -1, 0.0
    for index in range(count):
        cells = [row[index] for row in sample if len(row) > index and row[index].strip()]
        share = sum(map(is_address, cells)) / len(cells) if cells else 0
        if share > max(most, _SAMPLE_MOST):
            best, most = index, share
    return best


def _all(sample: Sequence[Sequence[str]], index: int, holds: Callable[[str], bool]) -> bool:
    cells = [row[index].strip() for row in sample if len(row) > index and row[index].strip()]
    return bool(cells) and all(map(holds, cells))


def _is_status(cell: str) -> bool:
    try:
        statuses.reason_of(cell)
    except statuses.StatusUnknown:
        return False
    return True


def is_digest(cell: str) -> bool:
    """Whether it is the hexadecimal form of an MD5, SHA-1 or SHA-256."""
    return bool(_DIGEST.fullmatch(cell.strip()))


def is_address(cell: str) -> bool:
    """Whether mail could be sent to what stands in a cell."""
    try:
        parse(cell[:320])
    except AddressRefused:
        return False
    return True
