"""The door for marketers and operators: the whole job, by hand, without jargon.

Tables that staff edit have a ModelAdmin; what is a walk or a question (a campaign's page, the ledger's
look-up, the kill switch) has pages of its own in the same frame. A GET never changes anything.
"""

from django.contrib import admin

from mailer.admin import (  # noqa: F401  each registers its own
    api_keys,
    campaigns,
    contacts,
    data_requests,
    evidence,
    images,
    imports,
    ledger,
    legal_holds,
    lists,
    mail_domains,
    operations,
    privacy_page,
    senders,
    sign_ups,
    staff,
)

admin.site.index_template = "mailer/admin/dashboard.html"
admin.site.index_title = "Overview"
