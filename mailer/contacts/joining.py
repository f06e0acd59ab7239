"""Joining a list by one's own wish: asked for on a form, confirmed from a mail, by POST alone (D95–D97).

Anybody can type anybody's address into a form. So a request is worth one short mail without advertising, a day and
mailbox, and whoever asks learns nothing about the address. Only the mailbox's reader can go on from there.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from mailer import addresses, evidence, locks, suppression, tokens
from mailer.addresses import Address, keyed
from mailer.contacts import hashed, leaving, people
from mailer.contacts.reading.persons import LONGEST_NAME, address_in
from mailer.contacts.reading.refusals import is_template
from mailer.contacts.reading.staged import Refused
from mailer.models import (
    Consent,
    Contact,
    Reinstatement,
    SignUp,
    SignUpForm,
    SignUpWording,
    Subscription,
    Suppression,
    WayBack,
)

# The fields of a form, for the page that shows it, the copy that stands elsewhere, and whoever reads them.
EMAIL, FIRST_NAME, CONSENT, WORDING = "email", "first_name", "consent", "wording"
# Nobody sees this field, so only programs fill it in.
TRAP = "homepage"

ONE_MAIL_IN = timedelta(hours=24)  # A18
HOUR = timedelta(hours=1)
# A room full of people behind one address gets in; a program that tries addresses is held up.
NETWORK_AN_HOUR = 60
# What a flood from many networks can make us send.
FORM_AN_HOUR = 1_000
# Who confirms waits no longer than this for a file that is coming in; the page then asks to try again.
LOCK_TIMEOUT = "10s"

LONGEST_WORDING = 1_000
# What the words for marketers are to whoever fills in a form.
REFUSED = {
    "wireless": "Mail to this address arrives on a telephone as a text message. Please give another one.",
    "not_carried": "Mail servers can't carry letters beyond a–z before the @-sign yet. Please give another one.",
    "template_syntax": "This is not an email address.",
}

_JOINERS = str.maketrans("", "", "\u200c\u200d")  # letters' business in Persian and Indic names
_DOTS = str.maketrans("。｡．", "...")
_LINK = re.compile(
    r"://|\bwww\.|@|[\w-]{2,}\.[a-z]{2,}\b|\.(com|net|org|info|biz|io|co|me|ru|cn|xyz|top|site|online|shop|club)\b",
)


class SignUpRefused(ValueError):
    """It can't be taken as it is; `problems` says for each field, in words for whoever filled it in, why."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class FormClosed(Exception):
    """The form takes no requests now, or is no longer there."""


class TooManySignUps(Exception):
    """This network, or all the world through this form, has asked too often within the hour."""


class OptedOutSince(Exception):
    """The mailbox opted out after the request was made, and that stands (D63)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was filled in, and where from. `wording` is the version that stood beside the box."""

    email: str
    first_name: str = ""
    agrees: bool = False
    wording: str = ""
    trap: str = ""
    page_url: str = ""
    network: str = ""


# -- what a form asks people to agree to ---------------------------------------------------------------


def word(form: SignUpForm, text: str, *, actor: str) -> SignUpWording:
    """Let people agree to `text` from now on. Another text is a new version; the old ones stay (D95)."""
    with transaction.atomic():
        SignUpForm.objects.select_for_update().get(pk=form.pk)
        current = form.wording
        if current is not None and current.text == text:
            return current
        version = current.version + 1 if current else 1
        wording = SignUpWording.objects.create(form=form, version=version, text=text)
        evidence.record(
            "sign-up wording written",
            actor=actor,
            subject=f"sign-up form {form.pk}",
            version=version,
            sha256=_digest(text).hex(),
        )
    return wording


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


# -- asking --------------------------------------------------------------------------------------------


def ask(form: SignUpForm, wish: Wish) -> SignUp | None:
    """Note that somebody asks to join; `dispatch` then sends the mail by which the mailbox's owner confirms it.

    None where nothing is sent, since the mailbox was written to within 24 hours or a program filled in the form; it
    is to be answered alike. Raises SignUpRefused, FormClosed or TooManySignUps, none of which depends on who is known.
    """
    if wish.trap:
        return None
    address, first_name, wording = _checked(form, wish)
    network_key = keyed(b"network", wish.network)
    suppression.assert_ledger()
    # Asked first without locks, so that a flood for a mailbox does not keep its owner's opt-out waiting.
    _refuse_floods(form, network_key)
    if asked_lately(address.mailbox_key):
        return None
    with transaction.atomic():
        _one_at_a_time(form, address, network_key)
        _refuse_floods(form, network_key)
        if asked_lately(address.mailbox_key):
            return None
        sign_up = SignUp.objects.create(
            form=form,
            wording=wording,
            email=address.text,
            first_name=first_name,
            address_key=address.address_key,
            mailbox_key=address.mailbox_key,
            network_key=network_key,
            page_url=wish.page_url,
            ledger_entry=_newest_entry(address.mailbox_key),
            list_leaving=leaving.last_leaving(address.mailbox_key, form.list.slug) or 0,
        )
        evidence.record(
            "sign-up asked",
            actor="visitor",
            subject=f"sign-up form {form.pk}",
            mailbox_key=address.mailbox_key,
            sign_up=sign_up.pk,
            wording=wording.version,
        )
    return sign_up


def asked_lately(mailbox_key: bytes) -> bool:
    """Whether the one confirmation mail of these 24 hours has been asked for, here or on an opt-out page (A18)."""
    since = timezone.now() - ONE_MAIL_IN
    return any(
        requests.objects.filter(mailbox_key=mailbox_key, requested_at__gt=since).exists()
        for requests in (SignUp, WayBack)
    )


def asked_since_opting_out(mailbox_key: bytes) -> bool:
    """Whether a form had a confirmation mail sent to this opted-out mailbox within 24 hours (A18)."""
    if not suppression.has_opted_out(mailbox_key):
        return False
    since = timezone.now() - ONE_MAIL_IN
    requests = SignUp.objects.filter(mailbox_key=mailbox_key, requested_at__gt=since)
    return requests.filter(ledger_entry__gte=_newest_entry(mailbox_key)).exists()


def network_of(ip: str) -> str:
    """The network of an address: one household's or office's, as providers give them out; never a person's."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))


def _one_at_a_time(form: SignUpForm, address: Address, network_key: bytes) -> None:
    """Of requests that come at once, each sees those before it. Raises FormClosed."""
    locks.forbid(locks.MAILBOX, locks.mailbox_lock(address.mailbox_key))
    locks.forbid(locks.NETWORK, locks.mailbox_lock(network_key))
    if not SignUpForm.objects.select_for_update(no_key=True).filter(pk=form.pk, is_open=True).exists():
        raise FormClosed


def _refuse_floods(form: SignUpForm, network_key: bytes) -> None:
    lately = SignUp.objects.filter(requested_at__gt=timezone.now() - HOUR)
    if lately.filter(network_key=network_key).count() >= NETWORK_AN_HOUR:
        raise TooManySignUps
    if lately.filter(form=form).count() >= FORM_AN_HOUR:
        raise TooManySignUps


def _newest_entry(mailbox_key: bytes) -> int:
    """The newest entry against the mailbox, whose lock we hold: so what is entered later has a larger number."""
    entries = Suppression.objects.filter(mailbox_key=mailbox_key)
    return entries.aggregate(newest=Max("id"))["newest"] or 0


# -- what was filled in --------------------------------------------------------------------------------


def _checked(form: SignUpForm, wish: Wish) -> tuple[Address, str, SignUpWording]:
    """Raises SignUpRefused with all that is wrong at once, FormClosed if there is nothing to agree to."""
    problems: dict[str, str] = {}
    wording = form.wording if form.takes_requests else None
    if wording is None:
        raise FormClosed
    address = first_name = None
    try:
        address = _address(wish.email)
    except ValueError as wrong:
        problems[EMAIL] = str(wrong)
    try:
        first_name = _first_name(wish.first_name) if form.asks_name else ""
    except ValueError as wrong:
        problems[FIRST_NAME] = str(wrong)
    if wish.wording != str(wording.version):
        problems[CONSENT] = "These words have changed. Please read them, then tick the box."
    elif not wish.agrees:
        problems[CONSENT] = "Please tick the box if you agree; without it you get no email."
    if problems or address is None or first_name is None:
        raise SignUpRefused(problems)
    return address, first_name, wording


def _address(raw: str) -> Address:
    """One address, plainly written. Nobody is told more about it than what it says of itself."""
    candidate = raw.strip(" ")
    if not candidate:
        raise ValueError("Please write your email address.")
    if not candidate.isprintable() or "<" in candidate:
        raise ValueError("This is not an email address.")
    noticed: Counter[str] = Counter()
    try:
        address = address_in(candidate, noticed)
    except Refused as wrong:
        raise ValueError(REFUSED.get(wrong.reason, f"This is not an email address: {wrong}")) from None
    if noticed["disposable_domain"]:
        raise ValueError("Mailboxes of this provider last some minutes. Please give one that you keep.")
    return address


def _first_name(raw: str) -> str:
    """One line that can stand in a greeting: no break (D18), no merge field, nothing that becomes a link."""
    name = raw.strip(" ")
    folded = unicodedata.normalize("NFKC", name.translate(_DOTS))
    if len(name) > LONGEST_NAME:
        raise ValueError(f"A name has at most {LONGEST_NAME} characters.")
    if not name.translate(_JOINERS).isprintable() or re.search("[<>{}]", name):
        raise ValueError("A name is made of letters, on one line.")
    if is_template(name) or _LINK.search(folded) or _LINK.search(folded.lower()):
        raise ValueError(
            "A name holds no link and no address. If there is a full stop in it, put a space after it."
        )
    return name


# -- confirming ----------------------------------------------------------------------------------------


def opted_out_since(sign_up: SignUp) -> bool:
    """Whether the mailbox opted out, complained or left the list after the request, and has not come back since."""
    return _is_out_since(sign_up) or _has_left_since(sign_up)


def _has_left_since(sign_up: SignUp) -> bool:
    key, slug = bytes(sign_up.mailbox_key), sign_up.form.list.slug
    last = leaving.last_leaving(key, slug) or 0
    return last > sign_up.list_leaving and leaving.has_left(addresses.parse(sign_up.email), sign_up.form.list)


def _is_out_since(sign_up: SignUp) -> bool:
    key = bytes(sign_up.mailbox_key)
    back = Reinstatement.objects.filter(mailbox_key=key, address_key=bytes(sign_up.address_key))
    lifted = back.aggregate(up_to=Max("up_to"))["up_to"] or 0
    entered = suppression.unvoided().filter(
        mailbox_key=key,
        id__gt=max(sign_up.ledger_entry, lifted),
        reason__in=[Suppression.Reason.OPT_OUT, Suppression.Reason.COMPLAINT],
    )
    return entered.exists()


def confirm(number: int, *, network: str) -> SignUp:
    """The mailbox's owner says yes: onto the list, with the proof, and back from an opt-out before the request.

    Repeats are harmless. Raises OptedOutSince, and SignUp.DoesNotExist once the request has been forgotten.
    """
    asked = SignUp.objects.get(pk=number, requested_at__gt=timezone.now() - tokens.JOIN_AGE)
    if asked.confirmed_at is not None:
        return asked
    with transaction.atomic():
        may_lift = _hold(addresses.parse(asked.email))
        sign_up = SignUp.objects.select_for_update().get(pk=number)
        if sign_up.confirmed_at is None:
            _join(sign_up, network, may_lift=may_lift)
    return sign_up


def _hold(address: Address) -> bool:
    """Take the locks in the order in which imports and hand-overs take them; whether there is something to lift.

    The ledger's own lock, for which all hand-overs wait, is taken only then: most who join never opted out.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
    hashed.hold_lists()
    may_lift = bool(hashed.named([address])) or not suppression.mailable(address)
    if may_lift:
        locks.forbid(locks.LEDGER)
    locks.forbid(locks.MAILBOX, locks.mailbox_lock(address.mailbox_key))
    return may_lift


def _join(sign_up: SignUp, network: str, *, may_lift: bool) -> None:
    address, first_name = addresses.parse(sign_up.email), sign_up.first_name
    if opted_out_since(sign_up) or hashed.is_named_since(address, sign_up.requested_at):
        raise OptedOutSince
    consent = _proof(sign_up, network)
    sign_up.email = sign_up.first_name = ""
    sign_up.confirmed_at = consent.confirmed_at
    sign_up.save(update_fields=["email", "first_name", "confirmed_at"])
    list_again = leaving.lift(
        address.mailbox_key, address.address_key, sign_up.form.list, requested_at=sign_up.requested_at
    )
    contact = people.add(
        address,
        sign_up.form.list,
        source=Subscription.Source.FORM,
        first_name="" if _has_name(address) else first_name,
        actor="recipient",
    )
    lifted = may_lift and suppression.reinstate(address, requested_at=sign_up.requested_at)
    evidence.record(
        "sign-up confirmed",
        actor="recipient",
        subject=f"sign-up form {sign_up.form_id}",
        mailbox_key=address.mailbox_key,
        sign_up=sign_up.pk,
        consent=consent.pk,
        contact=contact.pk,
        lifted=lifted,
        list_again=list_again,
    )


def _has_name(address: Address) -> bool:
    """A name that we have stays: whoever filled in the form need not have been its owner."""
    return Contact.objects.filter(address_key=address.address_key).exclude(first_name="").exists()


def _proof(sign_up: SignUp, network: str) -> Consent:
    form, wording = sign_up.form, sign_up.wording
    return Consent.objects.create(
        form_number=form.pk,
        list_number=form.list_id,
        list_name=form.list.name,
        wording_version=wording.version,
        wording=wording.text,
        wording_sha256=_digest(wording.text),
        page_url=sign_up.page_url,
        network_key=bytes(sign_up.network_key),
        place=network,
        message_id=sign_up.message_id,
        sign_up_number=sign_up.pk,
        address_key=bytes(sign_up.address_key),
        mailbox_key=bytes(sign_up.mailbox_key),
        requested_at=sign_up.requested_at,
        confirmed_at=timezone.now(),
    )


# -- forgetting ----------------------------------------------------------------------------------------


def forget_old() -> int:
    """Delete requests that are seven days old: nobody's address stays here who did not confirm it."""
    with transaction.atomic():
        old = SignUp.objects.filter(requested_at__lte=timezone.now() - tokens.JOIN_AGE)
        number, _ = old.delete()
        if number:
            evidence.record("sign-up requests forgotten", actor="worker", requests=number)
    return number
