"""Every table with what it keeps of persons, how long, and what erasure does to it: the one place (D108, D111).

A check refuses to start with a table that is not here (candor.E003), and tests compare the columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

FOR_EVER = None
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Kept:
    """What one table keeps of a person; `holds` is empty where it keeps nothing of recipients.

    `text` are columns in which staff or a mail server may have written somebody's address or name: erasure blots
    them there. Columns that are nobody's business to search (an author's own work) are not among them.
    """

    holds: str = ""
    limit: timedelta | None = FOR_EVER
    why: str = ""
    text: tuple[str, ...] = ()


KEPT: Mapping[str, Kept] = {
    "mailer.Contact": Kept(
        "Address, names and time zone",
        2 * YEAR,
        "as long as the person is on a list and may be mailed; else until two years after the last that was sent to "
        "them or done for them",
    ),
    "mailer.Subscription": Kept(
        "Places on lists, with where they came from", FOR_EVER, "as long as the contact"
    ),
    "mailer.MailingList": Kept(),
    "mailer.Import": Kept(
        "Files that people came in with: name of the file, who collected it, what people were told",
        5 * YEAR,
        "five years, and as long as somebody who came with it is on a list: it is the proof of where they came from",
        text=("filename", "notice", "collected_by", "vouched", "header", "error", "understood"),
    ),
    "mailer.ColumnMapping": Kept(text=("headings",)),
    "mailer.RefusedRow": Kept(
        "Rows of files that were not taken in",
        timedelta(days=90),
        "90 days, to be corrected",
        text=("words", "row"),
    ),
    "mailer.Message": Kept(
        "Which campaigns went to which mailbox, by key; no address and no content",
        5 * YEAR,
        "five years after the campaign, as long as a claim can be brought",
        text=("detail",),
    ),
    "mailer.EarlierAttempt": Kept(
        "That a message was sent again because nobody knew whether it had gone out, by key",
        5 * YEAR,
        "five years after it was sent again",
    ),
    "mailer.Report": Kept(
        "What a mail server told later of a message whose end was unknown, by key",
        5 * YEAR,
        "five years after it came",
    ),
    "mailer.Suppression": Kept(
        "The keyed name of the mailbox, when and how we were told not to mail it",
        FOR_EVER,
        "for ever: without it the mailbox would be mailed again (15 U.S.C. 7704(a)(4); GDPR 17(3)(b), 21(3))",
    ),
    "mailer.HashedOptOut": Kept(
        "Digests of addresses that must not be mailed, from suppression lists", FOR_EVER, "for ever, as above"
    ),
    "mailer.VoidedImport": Kept(),
    "mailer.Reinstatement": Kept(
        "The person's own confirmed wish to get mail again, by key",
        FOR_EVER,
        "for ever: it is the consent's proof",
    ),
    "mailer.ListLeaving": Kept(
        "The keyed name of the mailbox, which list it left, and when",
        FOR_EVER,
        "for ever: without it the mailbox would be put on that list again",
    ),
    "mailer.ListReturn": Kept(
        "The person's own confirmed wish to be on a list again, by key",
        FOR_EVER,
        "for ever: it is the consent's proof",
    ),
    "mailer.WayBack": Kept("Requests for the way back, by key", YEAR, "one year"),
    "mailer.SignUpForm": Kept(),
    "mailer.SignUpWording": Kept(),
    "mailer.SignUp": Kept(
        "Requests to join a list by a form: address and first name until they are confirmed, then the key",
        timedelta(days=7),
        "seven days",
    ),
    "mailer.Consent": Kept(
        "What was agreed to on a form, where and when, by key; of the place only the network",
        FOR_EVER,
        "for ever: it is the consent's proof (GDPR 7(1))",
    ),
    "mailer.DataLink": Kept(
        "Requests for the link to one's own data, by key; a new address until it is confirmed",
        YEAR,
        "one year",
    ),
    "mailer.DataRequest": Kept(
        "Requests about one's own data; address and words while they are open, then the key",
        5 * YEAR,
        "five years after the answer, to prove that it was given",
        text=("reason",),
    ),
    "mailer.LegalHold": Kept(),
    "mailer.PrivacyPolicy": Kept(),
    "mailer.PrivacyStatement": Kept(),
    "mailer.Evidence": Kept(
        "Who did what when; of recipients the keyed name of the mailbox only",
        FOR_EVER,
        "for ever: rows are only ever added",
    ),
    "mailer.Seal": Kept(),
    "mailer.Verification": Kept(),
    "mailer.TestAddress": Kept(
        "Mailboxes that staff may send tests to", FOR_EVER, "until staff take them off"
    ),
    "mailer.TestSend": Kept("Tests to staff", timedelta(days=90), "90 days", text=("detail",)),
    "mailer.Campaign": Kept(text=("pause_reason", "asks")),
    "mailer.Revision": Kept(),
    # of pictures only where they are: who opens one is not recorded, and its address is the same for everybody
    "mailer.Image": Kept(text=("title",)),
    "mailer.ImageShown": Kept(),
    "mailer.Approval": Kept(),
    "mailer.Offer": Kept(),
    # the business's own proof of what it claims; whoever records it is asked for studies, not for people's data
    "mailer.Proof": Kept(),
    "mailer.Counter": Kept(),
    "mailer.Reading": Kept(),
    "mailer.SpokenCount": Kept(),
    "mailer.Sender": Kept(),
    "mailer.SenderBrand": Kept(),
    "mailer.DnsAnswer": Kept(text=("words", "found", "record_value", "failure")),
    "mailer.ApiKey": Kept(text=("name",)),
    "mailer.ApiMinute": Kept(),
    "mailer.KillSwitch": Kept(text=("reason",)),
    "mailer.Heartbeat": Kept(),
    "mailer.Trouble": Kept(text=("words",)),
    "mailer.Pace": Kept(),
    "mailer.DomainPace": Kept(text=("words",)),
    "mailer.KeyCanary": Kept(),
    "mailer.JournalFile": Kept(),
    "mailer.JournalMark": Kept(),
    "sessions.Session": Kept(
        "That a member of staff is signed in", timedelta(0), "until the session ends, two weeks at most"
    ),
    "admin.LogEntry": Kept(
        "What staff changed in the admin, by number",
        2 * YEAR,
        "two years",
        text=("object_repr", "change_message"),
    ),
}
