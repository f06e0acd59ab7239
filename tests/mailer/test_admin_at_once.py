"""Two people at once, on two connections: what one launches, the other no longer writes in."""

import threading

from django.db import connection

from mailer import campaigns
from mailer.models import Campaign
from tests.mailer.admin_door import new_draft, signed_in


def test_a_form_that_is_being_saved_while_somebody_launches_changes_nothing(living_database, monkeypatch):
    draft = new_draft()
    form = {
        "name": "Other",
        "sender": draft.sender_id,
        "lists": [draft.lists.get().pk],
        "subject": "Other",
        "html": "x",
    }
    checked = Campaign.full_clean

    def launch() -> None:
        campaigns.launch(Campaign.objects.get(pk=draft.pk), None)
        connection.close()

    def launched_meanwhile(self, *args, **kwargs) -> None:
        checked(self, *args, **kwargs)
        other = threading.Thread(target=launch)
        other.start()
        other.join()

    monkeypatch.setattr(Campaign, "full_clean", launched_meanwhile)
    answer = signed_in("Marketer").post(f"/admin/mailer/campaign/{draft.pk}/change/", form)
    assert answer.status_code == 403
    draft.refresh_from_db()
    assert (draft.state, draft.subject, draft.name) == ("sending", "The first tomatoes are here", "Tomatoes")
