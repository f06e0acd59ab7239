"""An advertisement that says it is none, or that its reader asked for it, does not go out (D5)."""

import pytest

from mailer.compliance import Severity, check
from mailer.compliance.rules import SUBJECT_RULES
from mailer.compliance.subjects import Letter, judge
from mailer.compliance.subjects.denials import denials_in
from tests.mailer.messages import CAMPAIGN, FRIENDS, content, sender

pytestmark = pytest.mark.duty("D5")

DENIALS = [
    "This is not an advertisement: our roses are listed with prices below.",
    "This isn't a promotion that we send to everybody.",
    "This is not a marketing email.",
    "This is not an advertisement.",
    "THIS IS NOT AN ADVERTISEMENT",
    "This isn’t an ad.",
    "This email is not a commercial message.",
    "This message is not intended as a solicitation.",
    "This is not spam.",
    "This is NOT spam!",
    "Please note: this e-mail is not a promotional message, it is about your benefits.",
    "This is in no way an advertisement.",
    "It is not a sales pitch.",
    "Not an advertisement.",
    "Hello friend, this is not junk mail.",
    "This email was not sent as an advertisement.",
    "This message contains no advertising.",
    "This newsletter contains no ads.",
    "This email cannot be considered spam.",
    "Under Bill S.1618 this letter can not be considered spam as long as we include a way to be removed.",
    "This is a non-promotional message.",
    "This email is strictly non-commercial.",
    "This is a transactional email.",
    "This is a service message.",
    "This is an important account notification.",
    "You are receiving this because it contains important information about your account.",
    "You're receiving this email because it has information about your membership.",
    "You requested this email.",
    "You requested this.",
    "You have requested this information.",
    "You are receiving this email because you requested it.",
    "You are receiving this because you asked for it.",
    "This email was sent at your request.",
    "This message was sent to you on your request.",
    "This is an email you requested.",
    "This message was requested by you.",
    "Dies ist keine Werbung.",
    "Diese E-Mail ist keine Werbung.",
    "Das ist keine Werbemail.",
    "Dieser Newsletter enthält keine Werbung.",
    "Sie haben diese E-Mail angefordert.",
    "Diese E-Mail wurde auf Ihren Wunsch versandt.",
    "Ceci n’est pas une publicité.",
    "Ce message n'est pas un message publicitaire.",
    "Cet e-mail n'est pas une sollicitation commerciale.",
    "Vous avez demandé à recevoir ce message.",
    "Ce courriel vous est envoyé à votre demande.",
    "Este correo no es publicidad.",
    "Esto no es un anuncio.",
    "Este mensaje no es spam.",
    "Usted ha solicitado este correo.",
    "Questa non è pubblicità.",
    "Questa e-mail non è un messaggio pubblicitario.",
    "Hai richiesto questa e-mail.",
    "Dit is geen reclame.",
    "Deze e-mail is geen spam.",
    "U hebt deze e-mail zelf aangevraagd.",
    "Isto não é publicidade.",
    "Este e-mail não é spam.",
    "Isso nao e propaganda.",
    "Você solicitou este e-mail.",
    "Detta är inte reklam.",
    "Dette er ikke reklame.",
    "To nie jest reklama.",
    "Это не реклама.",
    "これは広告ではありません。",
    "这不是广告。",
    "This is n\u200bot spam.",
    "Ｔｈｉｓ is not spam.",
    "This is not\nan advertisement.",
]
HONEST = [
    "This is not a commercial kitchen.",
    "The FTC said that Experian’s footer read “this is not a marketing email”, and fined it $650,000.",
    "Some spammers say this is not spam, and think that a word makes it true.",
    "In 2023 the company claimed “this is not an advertisement” at the end of each letter.",
    "We never spam. Your address stays with us.",
    "We don't sell your address, and you can leave at any time.",
    "You are receiving this email because you subscribed at our shop.",
    "You asked, we listened: the shop stays open until eight.",
    "You asked for this colour, and here it is.",
    "As many of you requested, we open on Sundays.",
    "The catalogue you requested is at the post office.",
    "Our marketing team is not large: it is Dana.",
    "This is not a drill: the sale of seedlings starts on Saturday.",
    "This is not the last of the roses.",
    "This is not advertised anywhere else.",
    "No promotion code is needed.",
    "The discount is not available in stores.",
    "This offer is not valid with other promotions.",
    "If our mail lands in your spam folder, add us to your contacts.",
    "This is not a promotional price; it is what the mower costs all year.",
    "How to write an advertisement that is not a nuisance.",
    "Advertising is not everything, says our founder.",
    "A good newsletter is not an advertisement: it has something to say.",
    "You can request this information at the counter.",
    "We send no mail to people who did not ask for it.",
    "Diese Woche ist keine Lieferung möglich.",
    "Die Anzeige ist nicht mehr gültig.",
    "Vous avez demandé plus de roses jaunes : les voici.",
    "La publicité n'est pas tout.",
    "Este jardín no es comercial: es de todos.",
    "Il giardino non è commerciale.",
    "Dit is geen gewone roos.",
    "Service message boards are new in our shop.",
    "This is a message from our founder.",
    "Important information about your order is on the packing slip.",
    "This isn't a promotion with an end date: delivery stays free.",
    "If your home is now listed with another broker, this is not meant as a solicitation.",
]


@pytest.mark.parametrize("words", DENIALS)
def test_a_denial_is_found_wherever_it_stands(words):
    around = "Roses want covers now.\n\n{}\n\nAcme Garden has them in three sizes."
    assert list(denials_in(words)), words
    letter = {"subject": "Covers for roses", "body": around.format(words), "from_name": "Acme"}
    found = judge(Letter.from_json({**letter, "now": "2026-11-24T10:00:00Z"}), SUBJECT_RULES).findings
    assert ("subject_denial", Severity.BLOCK) in {(each.rule, each.severity) for each in found}


def test_a_notice_that_reads_plainly_true_may_say_that_it_is_one():
    notice = {
        "subject": "Your package was delivered",
        "body": "Your package was delivered on Thursday, December 10 at 2:06 p.m. It was left with your neighbor.\n"
        "Order CB-20917, placed December 5: The Salt Road, hardcover, $31.00.\nCan't find it? Ask at your address, "
        "then tell us, and we'll send another copy or your money back.\nRental shelves from $41 a month.\n"
        "This is a service message about your order.",
        "now": "2026-12-10T14:21:00-06:00",
        "purpose": "relationship",
    }
    assert judge(Letter.from_json(notice), SUBJECT_RULES).verdict == "ok"
    said = judge(Letter.from_json({**notice, "purpose": "commercial"}), SUBJECT_RULES).findings
    assert [each.rule for each in said] == ["subject_denial"]
    # FTC v. Experian (2023): about an account, and selling, and “not a marketing email”
    notice["body"] = notice["body"].replace("a service message about your order", "not a marketing email")
    assert judge(Letter.from_json(notice), SUBJECT_RULES).verdict == "block"


@pytest.mark.parametrize("words", HONEST)
def test_what_only_sounds_like_one_is_none(words):
    assert list(denials_in(words)) == []


@pytest.mark.parametrize(
    "written",
    [
        {"subject": "This is not an ad"},
        {"subject": "Covers", "preheader": "This is not a marketing email"},
        {"html": "<p>Roses want covers.</p><p><small>You requested this email.</small></p>"},
        {
            "html": '<p>Roses want covers.</p><img src="https://example.org/a.png" alt="This is not an advertisement">'
        },
        {"html": "<p>Roses want covers.</p><p>This is <b>not</b> an <i>advertisement</i>.</p>"},
        {"html": "<p>Roses want covers.</p>", "text": "Roses want covers.\n\nDies ist keine Werbung."},
        {"html": "", "text": "Roses want covers.\n\nThis is not spam."},
        {"html": "<p>Roses want covers.</p><hr><p>This message was sent at your request to {{ email }}.</p>"},
    ],
)
def test_no_part_of_a_campaign_holds_one(written):
    found = check(content(**{"html": "<p>Roses.</p>", **written}), sender(), [FRIENDS], CAMPAIGN)
    assert [each for each in found if each.rule == "subject_denial" and each.severity is Severity.BLOCK]


def test_a_long_body_is_read_quickly():
    """Linear: no word of it makes a pattern try again and again."""
    from time import process_time

    for words in ("this is not ", "you requested ", "not an ", "dies ist keine ", '" '):
        begun = process_time()
        list(denials_in(words * 5_000))
        assert process_time() - begun < 5
