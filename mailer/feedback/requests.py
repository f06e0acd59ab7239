"""Whether somebody's own words plainly ask not to be mailed any more (15 U.S.C. 7704(a)(3)(A)(i): by reply).

The law asks for no form of words. Plain is what a clerk would act on without asking back; what only mentions the
matter is doubtful, and a person decides.
"""

import re
import unicodedata
from enum import Enum
from pathlib import Path

LONGEST_SUBJECT = 8  # words
LONGEST_REQUEST = 40  # words


class Wish(Enum):
    """What the words say of the matter."""

    STOP = "stop"
    DOUBTFUL = "doubtful"
    NOTHING = "nothing"


_WHOLE = frozenset(
    line
    for line in (Path(__file__).parent / "data" / "requests.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)

# In a short text of one's own. Each names the wish and its object, so that “stop by our shop” is none.
_PLAIN = re.compile(
    r"""
    \b(?:unsubscribe|unsub|unsuscribe|un-?subscribe)\b
    | \b(?:remove|delete|take|drop|get|strike|erase)\b (?:\s\w+){0,2}?
      \s(?:me|us|my|this|our)\b (?:\s\w+){0,5}? \s(?:list|lists|off|mailing|mailings|database|emails?|subscribers?)\b
    | \b(?:remove|delete)\sme\b
    | \btake\sme\soff\b
    | \b(?:stop|cease|quit|end|discontinue)\s(?:\w+\s){0,2}?
      (?:sending|emailing|e-mailing|mailing|contacting|spamming|writing|these|the|all|your|this|any)\b
      (?:\s\w+){0,4}? (?:\s?(?:me|us|mails?|emails?|e-mails?|messages?|newsletters?|spam|mailings?|list|ads|crap))\b
    | \b(?:stop|quit)\s(?:emailing|e-mailing|mailing|contacting|spamming)\b
    | \b(?:do\snot|don'?t|never)\s(?:\w+\s)?
      (?:e?-?mail|contact|write|send|message|spam)\s(?:\w+\s){0,2}?(?:me|us|emails?|mails?|newsletters?|anything|any|this)\b
    | \bopt(?:ing|ed)?[\s-]?(?:me\s)?out\b
    | \bno\s(?:longer|more)\b (?:\s\w+){0,5}? \s(?:e-?mails?|mails?|messages?|newsletters?|receive|contacted|mailed)\b
    | \bcancel\b (?:\s\w+){0,3}? \s(?:subscription|newsletter|emails?|mailings?)\b
    | \b(?:abmelden|abbestellen|austragen|streichen|löschen)\b
    | \bkeine\s(?:weiteren\s|weitere\s)?(?:e-?mails?|mails?|werbung|newsletter|nachrichten|werbemails?)\b
    | \bmelden\ssie\s(?:mich|uns)\b.*\bab\b | \bmeld(?:e|et)?\s(?:mich|uns)\b.*\bab\b
    | \bnehmen\ssie\smich\b.*\b(?:verteiler|liste)\b
    | \b(?:désabonn|désinscri|desabonn|desinscri)\w*\b
    | \bne\s(?:souhaite|veux|désire)\splus\srecevoir\b | \b(?:retirez|supprimez|enlevez)[\s-](?:moi|mon)\b
    | \bdar(?:me|nos)?\sde\sbaja\b | \bdenme\sde\sbaja\b | \bd[eé]n?me\sde\sbaja\b | \bno\s(?:quiero|deseo)\srecibir\b
    | \bcancelar\s(?:mi|la|minha|a)\s(?:suscripción|inscrição|subscrição|assinatura)\b
    | \b(?:não|nao)\s(?:quero|desejo)\s(?:mais\s)?receber\b | \bremov(?:a|er|am)\s?-?\s?(?:me|meu)\b
    | \b(?:cancellatemi|cancellami|disiscrivetemi|disiscrivimi|rimuovetemi|rimuovimi)\b
    | \bnon\s(?:voglio|desidero)\s(?:più\s)?ricevere\b
    | \b(?:uitschrijven|afmelden)\b | \bgeen\s(?:e-?mails?|mails?|nieuwsbrieven)\smeer\b
    | \b(?:avregistrera|avprenumerera|afmeld|avmeld)\b | \bwypis(?:z|ać|ac)\b
    | 配信(?:を)?停止 | 登録(?:を)?解除 | メールを(?:止め|送らない|停止)
    """,
    re.VERBOSE,
)
# What turns a plain wish into something to be read by a person.
_BUT = re.compile(
    r"\?|\b(?:do\snot|don'?t|didn'?t|did\snot|never|not|nicht|ne\spas|no\sme|non)\s(?:\w+\s){0,2}?"
    r"(?:unsubscribe|unsubscribed|remove|delete|opt\s?out|abmelden|désabonn\w*|darme\sde\sbaja|disiscriv\w*)\b"
    r"|\b(?:accident\w*|by\smistake|mistakenly|resubscribe|subscribe\sme\sagain|keep\ssending|why\swas\si|customers?\s"
    r"(?:can|could|who)|link\s(?:is|was|does)|versehentlich|par\serreur|por\serror)\b"
)
_MENTIONS = re.compile(
    r"unsubscri|opt(?:ed)?[\s-]?out|abmeld|abbestell|désabonn|désinscri|de baja|配信停止|disiscri|uitschrijv"
)
_POLITE = re.compile(
    r"\b(?:please|pls|plz|thanks|thank you|thx|bitte|danke|merci|s'il vous plaît|svp|por favor|gracias|obrigado|"
    r"obrigada|per favore|grazie|alstublieft|hi|hello|dear sirs?|hey|kindly)\b"
)
_REPLY_MARK = re.compile(
    r"^(?:(?:re|aw|fw|fwd|wg|sv|vs|antw|tr|rv|res|odp|回复|答复)\s*(?:\[\d+\])?\s*[:：]\s*)+"
)


def wish_in(subject: str, own: str) -> Wish:
    """What a mail's subject and its writer's own words (without quotes) ask for."""
    written = _folded(subject)
    line = _REPLY_MARK.sub("", written)
    text = _folded(own)
    first = _folded(next((each for each in own.splitlines() if each.strip()), ""))
    if _is_whole(line) or _is_whole(first):
        return Wish.DOUBTFUL if _BUT.search(text) else Wish.STOP
    if _PLAIN.search(text):
        return Wish.STOP if _is_plain(text, LONGEST_REQUEST) else Wish.DOUBTFUL
    # behind a reply mark stand our own words, which may speak of anything
    if line == written and _is_plain(line, LONGEST_SUBJECT):
        return Wish.DOUBTFUL if _BUT.search(text) else Wish.STOP
    if _MENTIONS.search(line) or _MENTIONS.search(text):
        return Wish.DOUBTFUL
    return Wish.NOTHING


def _is_plain(words: str, longest: int) -> bool:
    return bool(_PLAIN.search(words)) and len(words.split()) <= longest and not _BUT.search(words)


def _is_whole(line: str) -> bool:
    words = re.sub(r"[^\w\s]+", " ", _POLITE.sub(" ", line.replace("-", " ")))
    return " ".join(words.split()) in _WHOLE


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    visible = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join(visible.split())
