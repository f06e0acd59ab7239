"""Mail that comes in: who asks to be left alone is, whatever the words and the mail program."""

import io
import json
import os
import resource
import subprocess
import sys
from email.message import EmailMessage

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from mailer import feedback, tokens
from mailer.addresses import parse
from mailer.feedback import Kind
from mailer.feedback.requests import Wish, wish_in
from mailer.models import Evidence, Suppression
from mailer.suppression import mailable
from mailer.tokens import OptOutToken

ANN = parse("ann@example.org")
FOOTER = (
    "Advertisement · Acme Garden\n\nCover the roses now.\n\n"
    "Unsubscribe from all email from Acme Garden LLC:\nhttps://mail.example.com/u/x\n"
    "One click on the page is enough. Or reply to this email with UNSUBSCRIBE.\n"
)


@pytest.fixture(autouse=True)
def connected(settings):
    settings.INBOUND_DOMAIN = "in.example.com"


def mail(
    *,
    subject="Re: Cover the roses now",
    text="",
    sender="Ann Lee <ann@example.org>",
    to="hello@in.example.com",
    **fields,
):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def quoted(text, mark="> "):
    return "".join(f"{mark}{line}\n" for line in text.splitlines())


# -- words ---------------------------------------------------------------------------------------------

PLAIN = [
    "UNSUBSCRIBE",
    "unsubscribe.",
    "Please unsubscribe me",
    "please unsubscribe me from this list. Thanks!",
    "STOP",
    "Stop!!!",
    "remove me",
    "Remove me from your mailing list please",
    "Take me off your list",
    "please take me off this list",
    "stop sending me emails",
    "Please stop emailing me.",
    "STOP SENDING ME THIS CRAP",
    "I want to opt out",
    "opt-out",
    "Don't email me again",
    "do not contact me",
    "I no longer wish to receive these emails",
    "no more emails please",
    "Kindly delete my email address from your database",
    "cancel my subscription",
    "I would like to unsubscribe from this newsletter. Regards, Ann",
    "Bitte abmelden",
    "Bitte nehmen Sie mich aus dem Verteiler",
    "Keine weiteren Mails bitte",
    "Bitte melden Sie mich ab",
    "Désabonnez-moi s'il vous plaît",
    "Je ne souhaite plus recevoir vos mails",
    "Quiero darme de baja",
    "no quiero recibir más correos",
    "Não quero mais receber",
    "Cancellatemi, grazie",
    "Uitschrijven",
    "配信停止",
]
NOT_ASKED = [
    "",
    "Thanks, lovely roses!",
    "Do you ship to Canada?",
    "I'll stop by your shop on Monday",
    "Please send me the price list",
    "Can you take me through the steps?",
    "Remove the covers in March, right?",
    "I would like to cancel my order 1234",
    "When does the offer end",
    "My roses stopped growing.",
]
DOUBTFUL = [
    "Why was I unsubscribed? I'd like to keep getting it",
    "Please don't unsubscribe me!",
    "How do our customers unsubscribe from this?",
    "The unsubscribe link is broken in your template",
    "I unsubscribed by mistake, please keep sending",
    "do not remove me",
]


@pytest.mark.parametrize("words", PLAIN)
def test_plain_words_are_a_request_in_the_body_and_in_the_subject(words):
    assert wish_in("Re: Cover the roses now", f"{words}\n") is Wish.STOP
    if len(words.split()) <= 3:
        assert wish_in(words, "") is Wish.STOP


@pytest.mark.parametrize("words", NOT_ASKED)
def test_other_words_are_none(words):
    assert wish_in("Re: Cover the roses now", words) is Wish.NOTHING


@pytest.mark.parametrize("words", DOUBTFUL)
def test_what_only_speaks_of_it_is_for_a_person_to_read(words):
    assert wish_in("Re: Cover the roses now", words) is Wish.DOUBTFUL


def test_a_long_letter_that_mentions_it_is_for_a_person_to_read():
    assert wish_in("Your service", "I ordered roses in May. " * 20 + "I will unsubscribe.") is Wish.DOUBTFUL


@given(st.text(max_size=200), st.text(max_size=400))
def test_any_words_are_judged(subject, own):
    assert wish_in(subject, own) in Wish


# -- whole mails -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "above",
    [
        "On Tue, 24 Nov 2026 at 10:00, Acme Garden <news@example.com> wrote:\n" + quoted(FOOTER),
        "On Tue, 24 Nov 2026 at 10:00, Acme Garden\n<news@example.com> wrote:\n\n" + quoted(FOOTER),
        "Am 24.11.2026 um 10:00 schrieb Acme Garden:\n" + quoted(FOOTER),
        "-----Original Message-----\nFrom: Acme Garden\nSent: Tuesday\n\n" + FOOTER,
        "________________________________\nFrom: Acme Garden <news@example.com>\nSent: Tuesday\n" + FOOTER,
        "From: Acme Garden <news@example.com>\nDate: Tuesday\n\n" + FOOTER,
        quoted(FOOTER),
        FOOTER,
    ],
)
def test_our_own_footer_quoted_back_is_no_request(above):
    assert feedback.read(mail(text=f"Thanks, lovely!\n\n{above}")).kind == Kind.OTHER
    assert feedback.read(mail(text=f"UNSUBSCRIBE\n\n{above}")).kind == Kind.OPT_OUT


def test_a_reply_in_html_alone_is_read_without_what_it_quotes():
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "ann@example.org",
        "hello@in.example.com",
        "Re: Roses",
    )
    message.set_content(
        f"<div>Thank you!</div><div class='gmail_quote'>On Tue Acme wrote:<blockquote>{FOOTER}</blockquote></div>",
        subtype="html",
    )
    assert feedback.read(message.as_bytes()).kind == Kind.OTHER
    message.set_content(f"<p>Please unsubscribe me</p><blockquote>{FOOTER}</blockquote>", subtype="html")
    assert feedback.read(message.as_bytes()).kind == Kind.OPT_OUT


@pytest.mark.duty("D55")
@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "auto_reply"},
        {"Return_Path": "<>"},
        {"X_Autoreply": "yes", "subject": "Out of office: Cover the roses now"},
        {"subject": "Automatic reply: unsubscribe"},
        {"List_Unsubscribe": "<https://other.example/u>"},
    ],
)
def test_what_a_program_writes_is_never_taken_for_a_request(fields):
    assert (
        feedback.read(mail(text="I am away. To unsubscribe, write to us.", **fields)).kind == Kind.AUTO_REPLY
    )


def report(kind, machine, original):
    return (
        b"From: postmaster@example.net\r\nTo: bounces@in.example.com\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type="' + kind + b'"; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nunsubscribe\r\n"
        b"--b\r\nContent-Type: message/" + kind + b"\r\n\r\n" + machine + b"\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + original + b"\r\n--b--\r\n"
    )


@pytest.mark.duty("D68")
@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        (b"failed", b"5.1.1", Kind.BOUNCE_HARD),
        (b"failed", b"4.2.2", Kind.BOUNCE_SOFT),
        (b"delayed", b"4.4.1", Kind.BOUNCE_SOFT),
        (b"delivered", b"2.0.0", Kind.OTHER),
    ],
)
def test_a_report_of_delivery_is_named_with_its_address(action, status, kind):
    machine = (
        b"Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; ann@example.org\r\nAction: "
        + action + b"\r\nStatus: " + status
    )  # fmt: skip
    received = feedback.read(report(b"delivery-status", machine, b"Subject: Roses\r\n\r\nHello"))
    assert (received.kind, received.by, received.address) == (kind, "dsn", ANN)


# -- acting ----------------------------------------------------------------------------------------------


def standing(address=ANN):
    return list(
        Suppression.objects.filter(mailbox_key=address.mailbox_key).values_list(
            "reason", "channel", "campaign_number"
        )
    )


@pytest.mark.duty("D54")
@pytest.mark.django_db
@pytest.mark.parametrize("field", ["To", "Cc", "Delivered-To", "X-Original-To", "envelope"])
@pytest.mark.parametrize("changed", [str, str.upper, lambda a: f"Someone <{a}>", lambda a: f"<SRS0=x=y={a}>"])
def test_any_mail_to_the_opt_out_address_opts_out_its_mailbox(field, changed):
    address = changed(tokens.opt_out_address(OptOutToken(ANN.mailbox_key, 12)))
    fields = {} if field in {"To", "envelope"} else {field.replace("-", "_"): address}
    raw = mail(
        subject="",
        sender="agent@provider.example",
        to=address if field == "To" else "in@in.example.com",
        **fields,
    )
    received = feedback.receive(raw, address if field == "envelope" else "")
    assert (received.kind, received.by) == (Kind.OPT_OUT, "token")
    assert standing() == [("opt_out", "mailto", 12)]
    assert not mailable(ANN)
    assert mailable(parse("agent@provider.example"))
    feedback.receive(raw, address if field == "envelope" else "")
    assert len(standing()) == 1


@pytest.mark.duty("D54")
@pytest.mark.django_db
def test_a_plain_reply_opts_out_its_writer():
    received = feedback.receive(mail(text=f"Unsubscribe\n\n{quoted(FOOTER)}"))
    assert (received.kind, received.by, received.address) == (Kind.OPT_OUT, "address", ANN)
    assert standing() == [("opt_out", "reply", None)]
    proof = Evidence.objects.get(verb="suppressed")
    assert (proof.actor, bytes(proof.mailbox_key)) == ("recipient", ANN.mailbox_key)
    assert "ann@" not in json.dumps(proof.details)


@pytest.mark.django_db
@pytest.mark.parametrize("text", [*NOT_ASKED, *DOUBTFUL])
def test_what_is_no_plain_request_changes_nothing(text):
    feedback.receive(mail(text=text))
    assert mailable(ANN)
    assert not Suppression.objects.exists()


@pytest.mark.duty("D67", "D87")
@pytest.mark.django_db
def test_a_complaint_suppresses_the_mailbox_of_the_message_it_quotes():
    link = tokens.opt_out_url(OptOutToken(ANN.mailbox_key, 12)).encode()
    original = b"List-Unsubscribe: \r\n <" + link + b">\r\nSubject: Roses\r\n\r\nHello"
    raw = report(b"feedback-report", b"Feedback-Type: abuse\r\nUser-Agent: x\r\nVersion: 1", original)
    assert feedback.receive(raw).kind == Kind.COMPLAINT
    assert standing() == [("complaint", "feedback_loop", 12)]


@pytest.mark.django_db
def test_a_report_that_it_is_no_spam_changes_nothing():
    raw = report(
        b"feedback-report", b"Feedback-Type: not-spam\r\nOriginal-Rcpt-To: ann@example.org", b"a: b\r\n\r\n"
    )
    assert feedback.receive(raw).kind == Kind.OTHER
    assert mailable(ANN)


@given(st.binary(max_size=600))
def test_any_bytes_are_read(raw):
    assert feedback.read(raw).kind in Kind


@given(st.text(max_size=80), st.text(max_size=80), st.binary(max_size=300))
def test_any_header_values_are_read(sender, subject, body):
    head = f"From: {sender}\r\nSubject: {subject}\r\nContent-Type: text/html; charset=x-nobody\r\n\r\n"
    assert feedback.read(head.encode("utf-8", "replace") + body).kind in Kind


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: " + b"a" * 3_000_000 + b"\r\n\r\nunsubscribe",
        b"From: ann@example.org\r\n\r\n" + b"unsubscribe me " * 200_000,
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 50_000,
        b"From: a@example.org, b@example.org\r\nSubject: unsubscribe\r\n\r\n",
        b"From: ann@example.org\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 100_000 + b"unsubscribe",
    ],
    ids=["long header", "long body", "many parts", "two authors", "deep html"],
)
def test_hostile_mail_opts_nobody_out(raw):
    assert feedback.read(raw).kind in {Kind.OTHER, Kind.DOUBTFUL, Kind.REPLY}


# -- tokens ----------------------------------------------------------------------------------------------


@given(st.binary(min_size=16, max_size=16), st.integers(0, 2**32 - 1), st.booleans())
def test_an_opt_out_address_reads_back_in_any_case_and_fits_a_header(mailbox_key, campaign, is_test):
    token = OptOutToken(mailbox_key, campaign, is_test)
    address = tokens.opt_out_address(token)
    local = address.partition("@")[0]
    assert tokens.read_mail(local) == tokens.read_mail(local.upper()) == token
    assert len(f"<mailto:{address}>") <= 77


def test_no_changed_letter_of_an_opt_out_address_makes_another_mailbox():
    token = OptOutToken(ANN.mailbox_key, 12)
    local = tokens.opt_out_address(token).partition("@")[0]
    for at in range(len(local)):
        for letter in "abcdefghijklmnopqrstuvwxyz234567":
            changed = local[:at] + letter + local[at + 1 :]
            try:
                assert tokens.read_mail(changed) == token  # the last letter has bits that say nothing
                assert changed == local or at == len(local) - 1
            except tokens.DamagedToken:
                pass


# -- the command -------------------------------------------------------------------------------------------


def run(raw, monkeypatch, *arguments):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    out = io.StringIO()
    call_command("receive_mail", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_acts_and_says_what_it_was(monkeypatch):
    said = run(mail(text="unsubscribe"), monkeypatch, "--json")
    assert json.loads(said) == {
        "kind": "opt_out",
        "address": "ann@example.org",
        "by": "address",
        "reason": "Its writer asks for an end of mail.",
    }
    assert not mailable(ANN)


@pytest.mark.django_db
def test_a_dry_run_changes_nothing(monkeypatch):
    assert run(mail(text="unsubscribe"), monkeypatch, "--dry-run").startswith("opt_out: ")
    assert mailable(ANN)


def test_without_a_database_the_mail_server_is_told_to_come_again(settings, tmp_path):
    nowhere = {"DATABASE_URL": "postgres://postgres@127.0.0.1:1/none", "DATA_DIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "manage.py", "receive_mail"],
        cwd=settings.BASE_DIR,
        env=os.environ | nowhere,
        input=mail(text="unsubscribe"),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 75
    assert b"Hand the mail in again" in ended.stderr
    assert b"ann@" not in ended.stderr


GREATEST_MEMORY = (
    600 * 2**20
)  # of address space, in which Django and its libraries fit and such a mail does not


def test_a_mail_of_any_length_is_taken_in_whole_in_little_memory_and_judged_by_its_beginning(
    living_database, settings, tmp_path
):
    """The writer is a pipe, as a mail server's is: it would break if the command ended before the mail does."""
    pieces, piece = 1_500, b"x" * 2**20  # 1.5 GB
    program = subprocess.Popen(
        [sys.executable, "manage.py", "receive_mail", "--json"],
        cwd=settings.BASE_DIR,
        env=living_database.environment(DATA_DIR=str(tmp_path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (GREATEST_MEMORY, GREATEST_MEMORY)),
    )
    program.stdin.write(mail(text="unsubscribe", subject="unsubscribe") + b"\r\n-- \r\n")
    for _ in range(pieces):
        program.stdin.write(piece)
    said, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    assert json.loads(said)["kind"] == "opt_out"
    assert not mailable(ANN)
