"""What the rules say of a draft while it is written: of what stands in the form, which is kept nowhere."""

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse

from mailer import campaigns
from mailer.admin.pages import changes, fragment
from mailer.compliance import Finding, Severity
from mailer.models import Campaign, MailingList

BODY = frozenset({"html", "text"})
SHOWN = BODY | {
    "subject",
    "preheader",
    "from_name",
}  # what the rest of the form is about, its own fields tell


@changes("mailer.change_campaign")
def check(request: HttpRequest, model_admin: ModelAdmin, number: int = 0) -> HttpResponse:
    """Findings about subject, preview line and message, gravest first."""
    draft = Campaign.objects.filter(pk=number, state=Campaign.State.DRAFT).first()
    form = model_admin.get_form(request, draft)(request.POST, instance=draft or Campaign())
    form.is_valid()  # for what it takes over into the instance: nobody has finished writing yet
    written: Campaign = form.instance
    if not written.sender_id or not written.subject:
        return fragment(request, "parts/typed_findings.html", state="")
    has_body = bool(written.html.strip() or written.text.strip())
    return fragment(
        request,
        "parts/typed_findings.html",
        state="whole" if has_body else "begun",
        findings=_findings(written, list(form.cleaned_data.get("lists") or []), has_body),
    )


def _findings(written: Campaign, lists: list[MailingList], has_body: bool) -> list[Finding]:
    if not has_body:  # then the subject is read by itself
        written.html, written.text, written.layout = "", "…", Campaign.Layout.OWN_HTML
    found = campaigns.findings_of(written, lists=lists)
    places = SHOWN if has_body else SHOWN - BODY
    gravest = sorted(found, key=lambda finding: tuple(Severity).index(finding.severity))
    return [finding for finding in gravest if finding.where in places]


URLS = (
    ("check/", "mailer_campaign_check", check),
    ("<int:number>/check/", "mailer_campaign_check_draft", check),
)
