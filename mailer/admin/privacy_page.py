"""What the public privacy page says: the policy in versions, and what somebody vouches for with their name."""

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin as PlainModelAdmin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from mailer.admin.pages import OnePage, carry_out, changes, needs, page
from mailer.models import PrivacyPolicy, PrivacyStatement
from mailer.privacy import policy

What = PrivacyStatement.What
# What stands in the form before somebody has written a policy: questions that the law wants answered (GDPR 13, 14).
OUTLINE = """\
# Who we are

(Name and address of the business, and of its representative or data protection officer if there is one.)

# What we use your address for, and what allows us to

(Such as: to send you the letter that you signed up for, with your consent, GDPR 6(1)(a).)

# Who else gets it

(Your mail service and other processors, with their countries.)

# Your rights

- You can see, take along, correct and erase what is held about you, on this page.
- You can object to our email at any time, with the unsubscribe link of any message.
- You can complain to a supervisory authority.
"""


class PolicyForm(forms.Form):
    text = forms.CharField(
        label="The policy",
        max_length=60_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 18}),
        help_text="As in a mail: blank lines between paragraphs, “# ” before a heading, “- ” before a point of a list.",
    )
    effective_from = forms.DateField(
        label="In force from (UTC)",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="Today or later. From that day on it can't be changed any more, only followed by another version.",
    )
    change_notice = forms.CharField(
        label="What changes?",
        required=False,
        max_length=2_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="For people who know the version before. It is shown at once, and for 30 days from its day on.",
    )

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if any(line in text for line in OUTLINE.splitlines() if line.startswith("(")):
            raise forms.ValidationError("Write your own words instead of what stands in brackets.")
        return text


@admin.register(PrivacyPolicy)
class PrivacyPageAdmin(OnePage, ModelAdmin):
    """One page: what is said now, a form for the next version, and the statements with their buttons."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = {"model_admin": self}
        return [
            path("", wrap(publish), mine, name="mailer_privacypolicy_changelist"),
            path("<int:number>/take-back/", wrap(take_back), mine, name="mailer_privacypolicy_take_back"),
            path("attest/<slug:what>/", wrap(attest), mine, name="mailer_privacypolicy_attest"),
            path("withdraw/<slug:what>/", wrap(withdraw), mine, name="mailer_privacypolicy_withdraw"),
        ]


@needs("mailer.view_privacypolicy", "mailer.add_privacypolicy")
def publish(request: HttpRequest, model_admin: PlainModelAdmin) -> HttpResponse:
    today = timezone.now().date()
    newest = PrivacyPolicy.objects.select_related("published_by").first()
    form = PolicyForm(
        request.POST or None,
        initial={"text": newest.text if newest else OUTLINE, "effective_from": today.isoformat()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            version = policy.publish(**form.cleaned_data, today=today, user=request.user)
        except policy.PolicyRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"Published. It holds from {version.effective_from:%d %B %Y} on.")
            return redirect("admin:mailer_privacypolicy_changelist")
    said = {one.what: one for one in policy.statements()}
    return page(
        request, model_admin, "privacy_page.html", "Privacy page", form=form,
        in_force=policy.in_force(today), coming=policy.coming(today),
        statements=[(what.value, what.label, said.get(what.value)) for what in What],
    )  # fmt: skip


@changes("mailer.delete_privacypolicy")
def take_back(request: HttpRequest, model_admin: PlainModelAdmin, number: int) -> HttpResponse:
    today = timezone.now().date()
    return _done(
        request,
        lambda: policy.take_back(number, today=today, user=request.user),
        "Taken back. It was never in force.",
    )


@changes("mailer.attest_privacystatement")
def attest(request: HttpRequest, model_admin: PlainModelAdmin, what: str) -> HttpResponse:
    if what not in What.values:
        raise Http404
    return _done(
        request,
        lambda: policy.attest(what, user=request.user),
        "Attested by you. It is said in public from now on.",
    )


@changes("mailer.attest_privacystatement")
def withdraw(request: HttpRequest, model_admin: PlainModelAdmin, what: str) -> HttpResponse:
    return _done(request, lambda: policy.withdraw(what, user=request.user), "Withdrawn. It is said no more.")


def _done(request: HttpRequest, act: Callable[[], object], words: str) -> HttpResponse:
    carry_out(request, act, words, refusal=policy.PolicyRefused)
    return redirect("admin:mailer_privacypolicy_changelist")
