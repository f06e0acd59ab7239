"""Advertisements that say they are none, or that their reader asked for them (DUTIES D5, T12)."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from mailer.compliance.subjects.normalise import plain_text

DENIED = re.compile(
    r"\b(?:(?:this (?:is |e-?mail is |message is )?|it's |is )?(?:not|isn't|never) (?:an? |"
    r"just |your )*(?:ad\b|advert\w*|promo(?:tion\w*)?|sales (?:e-?mail|pitch|message)|"
    r"marketing (?:e-?mail|message)|marketing\b|commercial (?:e-?mail|message)|spam\b|"
    r"solicitation|newsletter\b|mass (?:e-?mail|mail\w*)|bulk (?:e-?mail|mail\w*)|pitch\b)|"
    r"non[ -]?(?:promotional|commercial|marketing|advertising|solicitation)|no (?:ads?|"
    r"advertising|promotion|sales pitch|spam)\b(?=[,:!.]|$)|(?:personal|private|"
    r"confidential) (?:and confidential )?(?:message|letter|note|matter|account matter|"
    r"e-?mail|business|information|mail|invitation|request|notice)\b|private (?:\w+ )?matter|"
    r"(?:personal|private|confidential) ?[:!|-]|(?:strictly |private and |"
    r"personal and )confidential|for your eyes only|do not (?:forward|share)|keine werbung|"
    r"ceci n'est pas (?:une )?pub\w*|no es publicidad|non è pubblicità|geen reclame|"
    r"das ist keine werbung)"
)
PERSONAL_DATA = re.compile(r"\b(?:personal|private|confidential)\b")

_AD = (
    r"(?:(?:unsolicited |typical |usual |mere |paid |automated )?(?:(?:marketing|commercial|promotional|promotion|"
    r"advertising|sales|bulk|mass|junk|spam)[ -]?(?:or (?:marketing|commercial|promotional|advertising|sales) )?"
    r"(?:e-?mails?|messages?|mail(?:ing)?|letters?|communications?|newsletters?|notices?|pitch|material|content)|"
    r"ads?|adverts?|advertise?ments?|advertising|promotions?(?! with an? (?:end|closing|expiry) date)|"
    r"solicitations?|spam|sales call|"
    # an adjective alone only where nothing else of it follows: “not a commercial kitchen”
    r"(?:marketing|promotional|commercial)(?=[.!:,;)]|$| and\b| or\b| but\b| in nature))(?![\w-]))"
)
_MAIL = r"(?:(?:e-?mail|message|mail|letter|note|notice|newsletter|communication|update|announcement)\b,? ?)"
_BY = (
    r"(?:an? |any |intended (?:as|to be) (?:an? )?|meant (?:as|to be) (?:an? )?|sent (?:as|for) (?:an? )?|"
    r"a form of "
    r"|in any way )"
)
# True of mail about a relationship, and a denial in any other.
SAYS_ITS_KIND = (
    rf"\bthis (?:is|{_MAIL}is) (?:an? )?(?:purely |strictly |important )?(?:transactional|administrative|"
    rf"operational|"
    r"relationship|account(?:[- ]related)?|service(?:[- ]related)?) (?:or \w+ )?(?:e-?mail|message|mail|notice|"
    r"notification|"
    r"communication)\b"
)
ENGLISH = (
    rf"\b(?:this|it|the following|what follows) {_MAIL}?(?:is|was)(?: (?:definitely|certainly|absolutely|really|"
    rf"strictly|in fact))?(?: in no way| not|n't| never| neither| no)(?: just)? {_BY}?{_AD}",
    rf"\b(?:this|it) {_MAIL}?(?:is|was) (?:no|not even|anything but|free of|free from) {_BY}?{_AD}",
    rf"(?:^|[,;:–—-] ?)not {_BY}?{_AD}(?=[.!:,;)]|$)",
    r"\bnot an? (?:marketing|commercial|promotional|sales|advertising) (?:e-?mail|message|mail|communication|"
    r"mailing|"
    r"letter)\b",
    rf"\b(?:this|the) {_MAIL}(?:is|was) (?:entirely |purely |strictly )?non[ -]?(?:promotional|commercial|"
    rf"marketing|"
    rf"advertising)",
    r"\bthis (?:is )?(?:an? )?(?:entirely |purely |strictly )?non[ -]?(?:promotional|commercial|"
    r"marketing) (?:e-?mail|"
    r"message|mail|"
    r"letter|communication|update)",
    rf"\b(?:this {_MAIL}|it) ?(?:contains?|has|includes?|carries) (?:no|zero) (?:ads?|adverts?|advertising|"
    rf"advertise?ments?|"
    r"promotions?|promotional content|sales pitch|marketing)\b",
    rf"\b(?:this|it) {_MAIL}?(?:can ?not|can't|may not|must not|should not|is not to) be (?:considered|regarded|"
    rf"treated|"
    r"classified|seen|viewed|deemed|marked) (?:as |to be )?(?:an? )?(?:spam|advert\w*|marketing|junk|promotion\w*|"
    r"unsolicited)",
    SAYS_ITS_KIND,
    r"\breceiv\w+ (?:this|it) ?(?:e-?mail |message |notice |mail )?(?:because|as|since) it (?:contains|has|is|"
    r"concerns) (?:an? )?"
    r"(?:important )?(?:information|notice|news|update)?s? ?(?:about|regarding|concerning|on|related to)? ?your "
    r"(?:\w+ )?"
    r"(?:account|membership)",
    r"\bimportant information about your (?:account|membership) (?:and|,) (?:is )?not (?:an? )?(?:ad|marketing|"
    r"promotion)",
    r"\byou (?:have |had |'ve )?(?:specifically |recently |previously |once )?(?:requested|asked for|asked to "
    r"(?:receive|get)|"
    r"solicited|ordered) (?:this|these|the following) (?:e-?mails?|messages?|mail(?:ing)?s?|information|offers?|"
    r"notices?|"
    r"newsletters?|letters?|communications?|promotions?)\b",
    r"\byou(?:'re| are) (?:receiving|getting|reading|seeing) (?:this|it|these) ?(?:e-?mails?|messages?|mail|"
    r"newsletter|offer|"
    r"notice)? ?(?:because|as|since) you(?:'ve| have)? (?:requested|asked|solicited|inquired)",
    rf"\b(?:this {_MAIL}|it) ?(?:was|is|has been) (?:sent (?:to you )?(?:at|upon|on|by|following) your (?:own |"
    rf"explicit )?request|"
    r"(?:requested|solicited) by you)",
    r"^you (?:have )?(?:requested|asked for) this\b(?! (?:feature|change|colou?r|size|product|item|recipe|book|"
    r"dish|"
    r"one))",
    r"\b(?:e-?mail|message|mail) (?:that )?you (?:specifically |yourself )?(?:requested|asked for)\b",
)
OTHERS = (
    # German
    r"\b(?:dies(?:e[rs]?)?|das|es)(?: (?:e-?mail|mail|nachricht|schreiben|brief|newsletter|"
    r"rundmail))? (?:hier )?ist "
    r"(?:definitiv |wirklich |ausdrücklich )?(?:keine?(?:rlei)?|nicht) (?:unerwünschte |kommerzielle |als "
    r")?(?:werbung|"
    r"werbe-?(?:e-?)?mail|werbenachricht|werbesendung|werbebrief|reklame|spam|anzeige|marketing\w*|kommerzielle)",
    r"\benthält keine(?:rlei)? (?:werbung|reklame|anzeigen)\b|(?:^|[,;:–—-] ?)keine werbung(?=[.!:,;)]|$)",
    r"\b(?:sie|du|ihr) (?:haben|hast|habt) (?:diese|dieses|diesen) (?:e-?mail|mail|nachricht|newsletter|"
    r"informationen?|schreiben)"
    r"\b.{0,12}\b(?:angefordert|bestellt|angefragt|gewünscht)|\bauf (?:ihren|deinen) (?:eigenen |ausdrücklichen "
    r")?wunsch "
    r"(?:hin )?(?:gesendet|zugesandt|verschickt|versandt)",
    # French
    r"\b(?:ceci|cet? (?:e-?mail|mail|courriel|message)|cette (?:lettre|communication)) (?:n'est|"
    r"ne constitue) (?:en "
    r"aucun cas |"
    r"absolument )?pas (?:une? |de la |du )?(?:publicité|pub\b|promotion|spam|pourriel|réclame|sollicitation|"
    r"démarchage|"
    r"(?:message|e-?mail|courriel|communication) (?:publicitaire|commercial|promotionnel))",
    r"\bne contient (?:aucune|pas de) publicité|(?:^|[,;:–—-] ?)pas (?:de|une) (?:publicité|pub)(?=[.!:,;)]|$)",
    r"\bvous avez (?:vous-même )?(?:demandé|sollicité) (?:à recevoir )?(?:ce|cet|cette|ces) (?:message|e-?mail|"
    r"mail|"
    r"courriel|"
    r"informations?|lettre)|\b(?:envoyé|adressé)e? à votre demande",
    # Spanish
    r"\b(?:est[eo]|esta)(?: (?:correo(?: electrónico)?|mensaje|e-?mail|carta|comunicación))? no (?:es|constituye) "
    r"(?:un |una )?"
    r"(?:publicidad|anuncio|spam|promoción|propaganda|(?:correo|mensaje|e-?mail|comunicación) (?:publicitari[oa]|"
    r"comercial|"
    r"basura|promocional)|publicitario|comercial)",
    r"\bno contiene publicidad|(?:^|[,;:–—-] ?)no es (?:publicidad|spam)(?=[.!:,;)]|$)",
    r"\b(?:ha|has|han) solicitado (?:usted )?(?:est[eao]s?) (?:correo|mensaje|información|e-?mail|comunicación)|"
    r"\benviado a "
    r"petición suya",
    # Italian
    r"\bquest[ao](?: (?:e-?mail|mail|lettera|comunicazione|messaggio))? non (?:è|e'|costituisce) (?:una? "
    r")?(?:pubblicità|spam|"
    r"promozione|(?:e-?mail|mail|messaggio|comunicazione) (?:pubblicitari[ao]|commerciale|promozionale))",
    r"\bnon contiene pubblicità|(?:^|[,;:–—-] ?)non è (?:pubblicità|spam)(?=[.!:,;)]|$)",
    r"\b(?:ha|hai|avete) richiesto quest[aeio] (?:e-?mail|mail|messaggio|informazion\w+|comunicazione)|"
    r"\binviat[ao] "
    r"su (?:sua|tua) "
    r"richiesta",
    # Dutch
    r"\b(?:dit|deze)(?: (?:bericht|e-?mail|mail|brief|nieuwsbrief))? is geen (?:reclame\w*|advertentie|spam|"
    r"commerciële? \w+|marketing\w*)|\bbevat geen reclame|(?:^|[,;:–—-] ?)geen (?:reclame|spam)(?=[.!:,;)]|$)",
    r"\b(?:u|je) (?:heeft|hebt) (?:zelf )?(?:om )?dez?e? ?(?:e-?mail|mail|informatie|nieuwsbrief) (?:zelf "
    r")?(?:aangevraagd|gevraagd)|"
    r"\bop (?:uw|je) verzoek (?:gestuurd|verzonden|toegestuurd)",
    # Portuguese
    r"\b(?:este|esta|isto|isso)(?: (?:e-?mail|mensagem|carta|comunicação))? não (?:é|constitui) (?:uma? "
    r")?(?:publicidade|"
    r"propaganda|spam|anúncio|promoção|(?:e-?mail|mensagem|comunicação) (?:publicitári[oa]|comercial|promocional))",
    r"\bnão contém (?:publicidade|propaganda)|\b(?:você |o senhor |a senhora )?(?:solicitou|pediu) est[ea]s? "
    r"(?:e-?mail|mensagem|"
    r"informaç\w+)",
    # Swedish, Danish, Norwegian, Polish, Russian, Japanese, Chinese
    r"\b(?:detta|det här|dette|det|denne e-?posten) (?:är|er) (?:inte|ikke|ingen) (?:en )?(?:reklam|reklame|spam|"
    r"annons\w*)",
    r"\b(?:to|ta wiadomość|ten e-?mail) nie (?:jest|stanowi) (?:reklam\w*|spam\w*|ofert\w*)",
    r"это (?:письмо |сообщение )?не (?:является )?(?:реклам\w+|спам\w*)|не является рекламой",
    r"(?:広告|宣伝|スパム)では(?:ありません|ない|ございません)|(?:不是|非)(?:商业)?(?:广告|廣告|垃圾邮件|垃圾郵件|推销)",
)
# NFD: an accent that was left out denies as well as one that was written.
_FLAT = [
    "".join(each for each in unicodedata.normalize("NFD", pattern) if not unicodedata.combining(each))
    for pattern in OTHERS
]
# Each pattern has one of these in it: most sentences have none, and are read by no pattern.
SIGNS = (
    "market", "commerc", "comerc", "komm", "promo", "advert", " ad", "sales", "bulk", "mass", "junk", "spam", "solicit",
    "sollicit", "transact", "administ", "operation", "relation", "account", "service", "member", "request", "asked",
    "order", "inquir", "werb", "rekl", "recl", "anzeig", "angef", "bestell", "wunsch", "pub", "pourriel", "demarch",
    "demand", "anunc", "propag", "basura", "peticion", "richiest", "gevraag", "verzoek", "pediu", "annons", "ofert",
)  # fmt: skip
_ITS_KIND = re.compile(SAYS_ITS_KIND)
PATTERNS = tuple(re.compile(pattern) for pattern in (*ENGLISH, *_FLAT))
# Somebody else's words, which are reported: “The footer said: ‘this is not a marketing email’”.
REPORTED = re.compile(
    r"\b(?:footers?|compan(?:y|ies)|firms?|senders?|spammers?|scammers?|advertisers?|marketers?|they|experian|ftc|"
    r"(?:e-?mails?|messages?|mails?|letters?) that|who|which|one|another)\b.{0,30}\b(?:say|says|said|saying|"
    r"claim\w*|"
    r"wrote|"
    r"writes?|reads?|told|stat(?:e|es|ed|ing)|pretend\w*|insist\w*|called|calls)\b"
)
# “If your home is listed with another broker, this is not a solicitation”: agents must say so, and it denies nothing.
LISTED = re.compile(r"\bif your (?:home|house|property)\b.{0,60}\b(?:listed|represented)\b")
# Both begin with what is rare, so that a text is read quickly; a sentence doesn't need its full stop.
SENTENCE = re.compile(r"[.!?…][\"')]*\s+|\n+")
WRAPPED = re.compile(r"\n(?=[a-zà-ÿ])(?<=[^.!?:\n]\n)")
FEWEST_WORDS_AROUND = 3


def denials_in(text: str) -> Iterator[str]:
    """Where `text`, an author's whole body, says that it is no advertisement or that its reader asked for it."""
    for sentence in SENTENCE.split(WRAPPED.sub(" ", text.replace("\r\n", "\n"))):
        if denied := _denied(sentence):
            yield denied


@lru_cache(maxsize=8192)
def _denied(sentence: str) -> str:
    """Cached: most sentences stand in many mails, and in one draft while its subject is typed."""
    said = _flat(sentence)
    if said.isascii() and not any(sign in said for sign in SIGNS):
        return ""
    for pattern in PATTERNS:
        found = pattern.search(said)
        if found and not LISTED.search(said) and not _is_reported(said, found.start(), found.end()):
            return found[0].strip(" ,;:-–—")
    return ""


def _flat(sentence: str) -> str:
    plain = " ".join(plain_text(sentence).split())
    if plain.isascii():
        return plain
    return "".join(each for each in unicodedata.normalize("NFD", plain) if not unicodedata.combining(each))


def says_its_kind(denial: str) -> bool:
    """Whether words that `denials_in` found call the mail a service message, and deny nothing more."""
    return _ITS_KIND.fullmatch(_flat(denial)) is not None


def _is_reported(said: str, start: int, end: int) -> bool:
    """Whether the words are somebody else's: within quotation marks of a longer sentence, or said by a third."""
    before, behind = said[:start], said[end:]
    quoted = before.count('"') % 2 == 1 and '"' in behind
    around = (before.rpartition('"')[0] + behind.partition('"')[2]).split() if quoted else []
    return len(around) >= FEWEST_WORDS_AROUND or REPORTED.search(before) is not None
