"""The gate on finished bytes: honest messages pass, and each rule finds what it is for."""

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from mailer import compliance
from mailer.compliance import Finding, Severity, blocks, check, check_notice, check_skeleton, rules
from mailer.compliance.finished import finished_messages
from mailer.rendering import Skeleton, way_back_notice
from tests.mailer.messages import AT, CAMPAIGN, FACTS, FRIENDS, compiled, content, sender

Change = Callable[[bytes], bytes]


def found(**parts: str) -> list[tuple[str, str, str]]:
    findings = check(content(**parts), sender(), [FRIENDS], CAMPAIGN)
    return [(each.rule, each.severity.value, each.where) for each in findings]


def after(change: Change, skeleton: Skeleton | None = None) -> set[str]:
    """The rules that speak when the compiled bytes were changed behind Candor's back."""
    original = (skeleton or compiled()).to_bytes()
    changed = change(original)
    assert changed != original, "the change did not change anything"
    return {each.rule for each in check_skeleton(Skeleton.from_bytes(changed), None) if blocks([each])}


def replaced(old: bytes, new: bytes) -> Change:
    """Replace words wherever they stand, soft line breaks within them or not."""
    pattern = rb"(?:=\r\n)?".join(re.escape(old[i : i + 1]) for i in range(len(old)))
    return lambda raw: re.sub(pattern, lambda found: new, raw)


# -- honest messages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"subject": "Crème brûlée week 🍮", "preheader": "With 👩‍🌾 Dana, “live”"},
        {"html": "", "text": "Roses want covers now.\n\nDana"},
        {"subject": '{{ first_name|default:"Hello" }}, covers for roses'},
        {"html": '<p style="color:#767676;font-size:12px">Roses want covers.</p>'},
        {"html": '<table bgcolor="#000000"><tr><td style="color:#fff">White on black</td></tr></table>'},
        {"html": '<div style="font-size:0"><span style="font-size:16px">Columns</span> </div>'},
        {"html": "<p>{ braces } and 100 % [brackets] and *stars*</p>"},
    ],
)
def test_an_honest_message_has_no_findings(parts):
    assert found(**parts) == []


@pytest.mark.parametrize("reply_to", ["hello@in.example.org", "hello@example.org"])
def test_an_honest_message_that_can_be_answered_has_none_either(settings, reply_to):
    settings.INBOUND_DOMAIN = "in.example.org"
    skeleton = compiled(facts=replace(FACTS, reply_to=reply_to))
    assert check_skeleton(skeleton, None) == check_skeleton(compiled(), None) == []


def test_an_opt_out_address_that_nobody_reads_is_found(settings, monkeypatch):
    settings.INBOUND_DOMAIN = "in.example.org"
    monkeypatch.setattr("mailer.rendering.filling.opt_out_address", lambda token: "gone@in.example.org")
    assert {each.rule for each in check_skeleton(compiled(), None)} == {"one_click"}


def test_every_rule_file_is_in_the_order_and_names_its_source():
    modules = [import_module(f"{rules.__name__}.{each.name}") for each in iter_modules(rules.__path__)]
    every = {
        *rules.SENDER_RULES,
        *rules.MESSAGE_RULES,
        *rules.SUBJECT_RULES,
        *rules.KIND_RULES,
        *rules.AUDIENCE_RULES,
    }
    assert {module.check for module in modules} == every
    for module in modules:
        assert module.__doc__ and module.__name__.rpartition(".")[2] == module.RULE and module.SOURCE


def test_findings_say_what_to_do_and_never_that_a_law_is_violated():
    sources = [
        import_module(f"{rules.__name__}.{each.name}").__file__ for each in iter_modules(rules.__path__)
    ]
    assert sources
    for source in sources:
        assert "violat" not in Path(source).read_text(encoding="utf-8").lower()


def test_only_warnings_let_pass():
    warning, hold, block = (
        Finding("r", severity, "m", "s") for severity in (Severity.WARN, Severity.HOLD, Severity.BLOCK)
    )
    assert [blocks(each) for each in ([], [warning], [warning, hold], [block])] == [False, False, True, True]


def test_without_a_list_there_is_nobody_to_write_to():
    findings = check(content(), sender(), [], CAMPAIGN)
    assert [(each.rule, each.where) for each in findings] == [("list", "lists")] and blocks(findings)


def test_problems_of_content_and_of_the_sender_are_named_together():
    findings = check(content(subject="{{ x }}"), sender(contact=""), [FRIENDS], CAMPAIGN)
    assert [each.rule for each in findings] == ["merge_field", "sender_complete"]


def test_each_finding_is_told_once():
    assert found(subject="Re: roses") == [("fake_reply", "block", "subject")]


def test_a_sender_changed_after_compiling_is_found():
    assert [each.rule for each in check_skeleton(compiled(), sender(contact="other"))] == ["sender_changed"]


# -- what an author can get wrong -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "rule", "where"),
    [
        ({"subject": ""}, "subject_length", "subject"),
        ({"subject": "…!"}, "subject_length", "subject"),
        ({"subject": '{{ first_name|default:"" }}'}, "subject_length", "subject"),
        ({"subject": "x" * 201}, "subject_length", "subject"),
        ({"subject": "Two  spaces"}, "line_characters", "subject"),
        ({"subject": " leading"}, "line_characters", "subject"),
        ({"subject": "trailing "}, "line_characters", "subject"),
        ({"subject": "Inv\u200boice"}, "line_characters", "subject"),
        ({"subject": "\u202eelas"}, "line_characters", "subject"),
        ({"subject": "Sa\u00adle"}, "line_characters", "subject"),
        ({"subject": "A\u200dB"}, "line_characters", "subject"),
        ({"subject": "Tag\U000e0041"}, "line_characters", "subject"),
        ({"subject": "\ue000 private"}, "line_characters", "subject"),
        ({"subject": "\u3164\u3164 filler"}, "line_characters", "subject"),
        ({"subject": "Zal\u0300\u0301\u0302\u0303go"}, "line_characters", "subject"),
        ({"preheader": "Inv\u200boice"}, "line_characters", "preheader"),
        ({"preheader": "Fwd: look"}, "fake_reply", "preheader"),
        ({"subject": "x\r\nBcc: y@example.org"}, "header_characters", "subject"),
        ({"html": "<p>Dear *|FNAME|*</p>"}, "unresolved_fields", "html"),
        ({"html": "<p>x</p>", "text": "Dear %%first_name%%"}, "unresolved_fields", "text"),
        ({"subject": "For [First Name]"}, "unresolved_fields", "subject"),
        ({"preheader": "For ${name}"}, "unresolved_fields", "preheader"),
        ({"html": '<a href="https://example.com/?x=*|EMAIL|*">x</a>'}, "unresolved_fields", "html"),
        ({"html": "<p></p>"}, "body", "html"),
        ({"html": "<p>" + "x" * 102_000 + "</p>"}, "size", "html"),
        ({"html": '<p>a</p><p style="color:#fff">b</p>'}, "hidden_text", "html"),
        ({"html": '<p>a</p><font color="white">b</font>'}, "hidden_text", "html"),
        ({"html": '<p>a</p><p style="font-size:0">b</p>'}, "hidden_text", "html"),
        ({"html": '<p>a</p><b style="font-size:50%"><i style="font-size:50%">b</i></b>'}, "hidden_text", "html"),
    ],
)  # fmt: skip
def test_a_mistake_blocks_by_its_rule_where_it_stands(parts, rule, where):
    assert (rule, "block", where) in found(**parts)


REPLIES = [
    "Re: x",
    "RE : x",
    "re:x",
    "Re[2]: y",
    "RE[4]: d",
    "Re(3): x",
    "Re^2: x",
    "RE2: a",
    "Fwd: x",
    "FW: a",
    "FWD : a",
    "AW: a",
    "WG: a",
    "SV: a",
    "VS: a",
    "TR: a",
    "RV: a",
    "Antw: a",
    "Odp: a",
    "YNT: a",
    "I: a",
    "R: a",
    "回复:a",
    "转发：a",
    "ＲＥ：x",
    "R\u200be: x",
    "Rе: x",
    "(Re: x)",
    "[Fwd: x]",
    "[Re] x",
    "Re Re: x",
    "  Re: x",
    "Re\xa0: x",
    "Fwd:Re: a",
    "“Re: your order”",
    ">Re: a",
    "Re﹕ a",
    "Reː a",
    "Ré: x",
    "\u202eRe: a",
]
NO_REPLIES = [
    "Reading list: five winter garden books",
    "Re-engineered: our quietest mower yet",
    "FW26 collection is here",
    "Reply with your zip code for a spring seed list",
    "Recording of the Nov 12 webinar you registered for",
    "Refund policy: what changes",
    "Trees: a guide",
    "Research: soil",
    "Iris: how to plant",
    "AWARD: best garden",
    "Rethinking: x",
    "Resources: 5 tips",
    "Rv parks: best of 2027",
    "Residents: come and see",
    "Q&A: why leaves turn yellow",
    "京都の種：新入荷",
    "Forward: a look at 2027",
    "Winter: roses, figs, hoses",
]


@pytest.mark.duty("D29")
@pytest.mark.parametrize("subject", REPLIES)
def test_a_fake_reply_is_blocked_in_any_disguise(subject):
    assert ("fake_reply", "block", "subject") in found(subject=subject)


@pytest.mark.parametrize("subject", NO_REPLIES)
def test_a_subject_that_is_no_reply_passes(subject):
    assert found(subject=subject) == []


@pytest.mark.duty("D42")
@pytest.mark.parametrize(
    "html",
    [
        "<p>x</p>" + "<br>" * 100,
        "<p>x</p>" + "<p>&nbsp;</p>" * 100 + "<p>y</p>",
        "<p>x</p>" + '<div style="padding:200px 0"></div>' * 6,
        "<p>x</p>" + '<table><tr><td height="900">&nbsp;</td></tr></table>' * 3,
        "<p>x</p>" + '<img src="https://example.com/blank.png" alt="" height="900">' * 3,
    ],
)
def test_emptiness_that_hides_the_footer_is_blocked(html):
    assert ("blank_space", "block", "html") in found(html=html)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<div style="display:none">preview</div><p>x</p>', "Parts of the HTML were hidden"),
        ('<p>x</p><img src="http://example.com/a.png" alt="a">', "does not start with https://"),
        ('<p>x</p><img src="cid:a" alt="a">', "inside the HTML itself"),
        ("<p>x</p><form><input></form>", "A form, script"),
        ("<p>x</p><script>1</script>", "A form, script"),
    ],
)
def test_what_was_taken_out_is_told(html, words):
    findings = check(content(html), sender(), [FRIENDS], CAMPAIGN)
    assert [(each.rule, each.severity) for each in findings] == [("dropped_parts", Severity.WARN)]
    assert words in findings[0].message


def test_long_text_is_not_emptiness():
    assert found(html="<p>Roses want covers, every one of them.</p>" * 500) == []


@pytest.mark.duty("D43")
def test_size_warns_before_it_blocks():
    assert found(html="<p>" + "x" * 91_000 + "</p>") == [("size", "warn", "html")]


def test_a_mail_of_one_silent_image_is_blocked():
    assert ("body", "block", "html") in found(html='<img src="https://example.com/a.png">')


def test_characters_lost_in_another_encoding_warn():
    assert found(html="<p>Caf\ufffd</p>") == [("body", "warn", "html")]


# -- what nobody could do but by changing the compiled bytes --------------------------------------------


@pytest.mark.duty("D127")
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (replaced(b"From: Acme Garden <news", b"From: Acme Garden <other"), "header_fields"),
        (replaced(b"From: Acme Garden", b"From: Other Garden"), "header_fields"),
        (replaced(b"Reply-To: hello", b"Reply-To: other"), "header_fields"),
        (replaced(b"MIME-Version: 1.0", b"Bcc: x@example.org\r\nMIME-Version: 1.0"), "header_fields"),
        (replaced(b"Subject: Covers", b"Subject: A\r\nSubject: Covers"), "header_fields"),
        (replaced(b"Feedback-ID: 12:friends:commercial:exampleorg", b"Feedback-ID: x"), "header_fields"),
        (replaced(b"<friends.lists.example.org>", b"<friends.lists.example.com>"), "header_fields"),
        (replaced(b"Reply-To: hello@example.org\r\n", b""), "header_fields"),
        (replaced(b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\n"), "header_fields"),
        (replaced(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=one-click"), "one_click"),
        (replaced(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=One-Click "), "one_click"),
        (replaced(b"Post: List", b"Post:  List"), "one_click"),
        (replaced(b"Advertisement =C2=B7", b"Message =C2=B7"), "label_first"),
        (replaced(b"font:bold 14px", b"font:bold 9px"), "label_first"),
        (replaced(b"font:bold 14px", b"font:bold 9px"), "label_first"),
        (replaced(b"font:normal 14px", b"font:normal 9px"), "footer_last"),
        (replaced(b"</body>", b"<p>more</p></body>"), "footer_last"),
        (replaced(b"</body>", b"<img src=3D'x'></body>"), "footer_last"),
        (replaced(b"1450 Rose Street<br>", b"<!--1450 Rose Street--><br>"), "address_shown"),
        (replaced(b"1450 Rose Street\r\n", b"1450 Rose\r\n"), "address_shown"),
        (replaced(b"Unsubscribe from all email", b"Unsub from all email"), "opt_out_link"),
        (replaced(b"Unsubscribe from all email", b"Unsub from all email"), "footer_last"),
        (replaced(b"<p>Roses", b"<p style=3D'display:none'>Roses"), "hidden_text"),
        (replaced(b"text/html", b"text/enriched"), "readable"),
        (replaced(b"multipart/alternative", b"multipart/mixed"), "readable"),
    ],
)  # fmt: skip
def test_changed_bytes_do_not_pass(change, rule):
    assert rule in after(change)


def test_a_link_that_differs_from_the_header_s_does_not_pass():
    slot = b'\0["url", "html", ""]\0'
    assert "opt_out_link" in after(replaced(slot, b"https://m.example.org/u/other"))
    assert "opt_out_link" in after(replaced(b'\0["url", "text", ""]\0', b"https://m.example.org/u/other"))


def test_a_label_under_other_text_does_not_pass():
    assert "label_first" in after(lambda raw: re.sub(rb'(<div role=3D"note")', rb"<p>Hello</p>\1", raw))


def test_a_choice_of_lists_above_the_opt_out_or_louder_than_it_does_not_pass():
    menu_in_text = b'\0["preferences", "text", ""]\0'
    above = replaced(
        b"\r\nUnsubscribe from all email", b"\r\n" + menu_in_text + b"\r\nUnsubscribe from all email"
    )
    assert "opt_out_link" in after(above)
    menu = b'<a href="\0["preferences", "html", ""]\0">Your lists</a>'
    menu = menu.replace(b"=", b"=3D")
    assert "opt_out_link" in after(replaced(b"You received it at", menu + b" You received it at"))
    louder = menu.replace(b"<a ", b'<a style=3D"font-size:30px;color:#0b3d91;background:#ffffff" ')
    assert "opt_out_link" in after(replaced(b"Your right to object", louder + b" Your right to object"))
    assert after(replaced(b"Choose which lists of", b"Choose the lists of")) == set()


@pytest.mark.duty("D49", "D83")
def test_an_opt_out_link_of_somebody_else_does_not_pass():
    slot = b'\0["url", "header", ""]\0'
    theirs = b"List-Unsubscribe: \r\n <http://127.0.0.1:8000/u/" + b"A" * 40 + b">"
    assert "one_click" in after(replaced(slot, theirs))


def test_an_opt_out_link_too_long_for_headers_does_not_pass(settings):
    settings.PUBLIC_URL = "https://a-very-long-host-name.mail.example.org"
    assert {each.rule for each in check_skeleton(compiled(), None)} == {"one_click"}


def test_plain_http_passes_only_in_a_local_installation(settings):
    settings.LOCAL = False
    assert {each.rule for each in check_skeleton(compiled(), None)} == {"one_click"}
    settings.PUBLIC_URL = "https://m.example.org"
    assert check_skeleton(compiled(), None) == []


def test_samples_are_with_names_without_and_hostile():
    skeleton = compiled('<p>Hi {{ first_name|default:"friend" }}</p>')
    shown = [message.text.splitlines()[2] for message in finished_messages(skeleton)]
    assert shown[:2] == ["Hi Dana", "Hi friend"] and shown[2].startswith("Hi Bcc: x@example.org \"'>")


# -- notices -----------------------------------------------------------------------------------------


def test_a_notice_names_its_sender_and_passes():
    notice = way_back_notice(FACTS, "ada@example.com", "https://m.example.org/w/1", asked_at=AT)
    assert check_notice(notice, sender()) == []
    assert blocks(check_notice(notice, sender(line1="2 Other Street")))
    assert blocks(check_notice(notice, sender(address_attested_at=None)))
    assert blocks(check_notice(replace(notice, rcpt_to="other@example.com"), sender()))


def test_the_room_exports_what_its_callers_use():
    assert set(compliance.__all__) == {
        "Count", "Finding", "Grounds", "Severity",
        "blocks", "check", "check_audience", "check_notice", "check_skeleton",
    }  # fmt: skip
