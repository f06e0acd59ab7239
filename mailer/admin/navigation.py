"""The sidebar: what a marketer does first, then what an operator looks after."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """UNFOLD's SIDEBAR navigation. Items that a user may not open are not shown."""
    groups: list[tuple[str, list[dict[str, Any]]]] = [
        ("", [_item("Overview", "home", "index")]),
        (
            "Mailing",
            [
                _item("Campaigns", "send", "mailer_campaign_changelist", "view_campaign"),
                _item("Images", "image", "mailer_image_changelist", "view_image"),
                _item("Lists", "groups", "mailer_mailinglist_changelist", "view_mailinglist"),
                _item("Sign-up forms", "how_to_reg", "mailer_signupform_changelist", "view_signupform"),
                _item("Contacts", "person", "mailer_contact_changelist", "view_contact"),
                _item("Imports", "upload_file", "mailer_import_changelist", "view_import"),
                _item("Senders", "storefront", "mailer_sender_changelist", "view_sender"),
            ],
        ),
        (
            "Duties",
            [
                _item("Opt-out ledger", "unsubscribe", "mailer_suppression_changelist", "view_suppression"),
                _item("Data requests", "contact_mail", "mailer_datarequest_changelist", "view_datarequest"),
                _item("Consents", "task_alt", "mailer_consent_changelist", "view_consent"),
                _item("Privacy page", "policy", "mailer_privacypolicy_changelist", "add_privacypolicy"),
                _item("Retention", "auto_delete", "mailer_legalhold_changelist", "add_legalhold"),
                _item("Rules", "rule", "mailer_campaign_rules", "view_campaign"),
                _item("Evidence", "history_edu", "mailer_evidence_changelist", "view_evidence"),
            ],
        ),
        (
            "Operation",
            [
                _item("Stop all sending", "front_hand", "mailer_killswitch_changelist", "turn_killswitch"),
                _item("Mail domains", "speed", "mailer_domainpace_changelist", "view_domainpace"),
                _item("Test addresses", "science", "mailer_testaddress_changelist", "view_testaddress"),
                _item("API keys", "key", "mailer_apikey_changelist", "view_apikey"),
                *_local(),
                _item("Users", "badge", "auth_user_changelist", "view_user", app="auth"),
                _item("Groups", "shield_person", "auth_group_changelist", "view_group", app="auth"),
            ],
        ),
    ]
    return [{"title": title, "items": items, "separator": bool(title)} for title, items in groups]


def _item(title: str, icon: str, name: str, permission: str = "", app: str = "mailer") -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse(f"admin:{name}"),
        "permission": _holds(f"{app}.{permission}" if permission else ""),
    }


def _holds(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: not permission or request.user.has_perm(permission)


def _local() -> list[dict[str, Any]]:
    """A local installation mails to its own inbox; a real one has none."""
    if not settings.LOCAL:
        return []
    return [{"title": "Local inbox", "icon": "inbox", "link": "/inbox/"}]
