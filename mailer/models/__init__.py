"""The tables: what is true. Every other room reads them; each has one room that writes it."""

from mailer.models.api_keys import ApiKey, ApiMinute
from mailer.models.approvals import Approval
from mailer.models.attempts import EarlierAttempt, Report
from mailer.models.brands import SenderBrand
from mailer.models.campaigns import Campaign, Revision, TestAddress, TestSend
from mailer.models.consents import Consent, SignUp, SignUpForm, SignUpWording
from mailer.models.contacts import Contact, MailingList, Subscription
from mailer.models.evidence import Evidence, Seal, Verification
from mailer.models.images import Image, ImageShown
from mailer.models.imports import ColumnMapping, Import, RefusedRow
from mailer.models.journal import JournalFile, JournalMark
from mailer.models.leavings import ListLeaving, ListReturn
from mailer.models.messages import Message
from mailer.models.offers import Offer
from mailer.models.operations import Heartbeat, KillSwitch, Trouble
from mailer.models.paces import DomainPace, Pace
from mailer.models.privacy import DataLink, DataRequest, LegalHold, PrivacyPolicy, PrivacyStatement
from mailer.models.proofs import Counter, Proof, Reading, SpokenCount
from mailer.models.senders import DnsAnswer, Sender
from mailer.models.suppressions import (
    HashedOptOut,
    KeyCanary,
    Reinstatement,
    Suppression,
    VoidedImport,
    WayBack,
)

__all__ = [
    "ApiKey",
    "ApiMinute",
    "Approval",
    "Campaign",
    "ColumnMapping",
    "Consent",
    "Contact",
    "Counter",
    "DataLink",
    "DataRequest",
    "DnsAnswer",
    "DomainPace",
    "EarlierAttempt",
    "Evidence",
    "HashedOptOut",
    "Heartbeat",
    "Image",
    "ImageShown",
    "Import",
    "JournalFile",
    "JournalMark",
    "KeyCanary",
    "KillSwitch",
    "LegalHold",
    "ListLeaving",
    "ListReturn",
    "MailingList",
    "Message",
    "Offer",
    "Pace",
    "PrivacyPolicy",
    "PrivacyStatement",
    "Proof",
    "Reading",
    "RefusedRow",
    "Reinstatement",
    "Report",
    "Revision",
    "Seal",
    "Sender",
    "SenderBrand",
    "SignUp",
    "SignUpForm",
    "SignUpWording",
    "SpokenCount",
    "Subscription",
    "Suppression",
    "TestAddress",
    "TestSend",
    "Trouble",
    "Verification",
    "VoidedImport",
    "WayBack",
]
