"""Words that sell, in the languages that most of the mail here is written in: what no mail of an ad-free kind says.

They are for a person to read again, not a proof: a letter about trade uses them too. So what is only named here and
there is held; what calls upon its reader to buy is blocked, since such a mail has another kind to choose.
"""

import re
from collections.abc import Iterator

# Calls upon the reader, as a button or the head of a sentence has them.
CALL = re.compile(
    r"^(?:please |go |come )?(?:shop|buy|order|purchase|grab|claim|book|upgrade|subscribe|add)\b"
    r"(?! (?:of|for the|number|in which)).{0,40}?\b(?:now|today|here|online|yours|to cart|to basket|while|before|"
    r"and save|our|the (?:sale|deal|collection|offer))\b"
    r"|\b(?:shop|buy|order|upgrade|book) now\b|\badd to (?:cart|basket)\b"
    r"|\b(?:get|claim) (?:yours|your (?:discount|coupon|voucher|deal|offer))\b|\bstart your free trial\b"
    r"|\b(?:jetzt|gleich|hier) (?:kaufen|bestellen|shoppen|sichern|zugreifen)\b|\bin den warenkorb\b"
    r"|\b(?:achetez|commandez|profitez[- ]en)\b.{0,20}\b(?:maintenant|vite|d[èe]s|ici)\b"
    r"|\bacheter maintenant\b|\bajouter au panier\b"
    r"|\b(?:compra|comprar|compre|ordena|pide|pedir) (?:ahora|ya|hoy|aqu[íi])\b|\ba[ñn]adir al carrito\b"
    r"|\b(?:acquista|compra|ordina) (?:ora|subito|adesso|qui)\b|\baggiungi al carrello\b"
    r"|\b(?:koop|bestel|shop) (?:nu|hier|direct)\b|\bin winkelwagen\b"
    r"|\b(?:compre|comprar|pe[çc]a) (?:agora|j[áa])\b|\badicionar ao carrinho\b",
    re.IGNORECASE,
)
# What is said of goods on sale.
TERMS = re.compile(
    r"\b\d{1,2} ?(?:%|percent) (?:off|discount|rabatt|de (?:descuento|desconto|r[ée]duction)|di sconto|korting)"
    r"|(?<![\w-])[-–−]\d{1,2} ?%|\bhalf (?:price|off)\b"
    r"|\b(?:flash|clearance|black friday|summer|winter|spring|autumn|holiday) sale\b"
    r"|\b(?:special|limited|exclusive|introductory|members?[’']?) offers?\b|\blimited[- ]time\b"
    r"|\boffer (?:ends|expires|valid)\b|\b(?:use|with|enter) (?:the )?(?:promo |coupon |discount )?code\b"
    r"|\b(?:promo|coupon|discount|voucher) codes?\b|\bsave (?:up to )?[$€£]? ?\d"
    r"|\b(?:discounts?|coupons?|bargains?|best ?sellers?|on sale)\b|\bsponsored\b"
    r"|\b(?:free shipping|buy one|two for one|money[- ]back)\b|\b(?:from|only|just|now|for) [$€£] ?\d"
    r"|\b(?:rabatt(?:e|code)?|sonderangebot\w*|gutschein\w*|schn[äa]ppchen|ausverkauf|angebot endet|anzeige)\b"
    r"|\b(?:soldes|r[ée]duction|remise|code promo|offre sp[ée]ciale|bon plan|vente flash)\b"
    r"|\b(?:rebajas|descuentos?|ofertas?|cup[óo]n|c[óo]digo promocional|env[íi]o gratis)\b"
    r"|\b(?:sconto|sconti|saldi|offerta|promozione|spedizione gratuita)\b"
    r"|\b(?:korting|aanbieding(?:en)?|uitverkoop|kortingscode)\b"
    r"|\b(?:descontos?|promo[çc][ãa]o|cupom|frete gr[áa]tis)\b",
    re.IGNORECASE,
)
PRICE = re.compile(
    r"[$€£]\s?\d[\d.,]*|\b\d[\d.,]*\s?(?:€|eur\b|usd\b|gbp\b|dollars?\b|euros?\b)", re.IGNORECASE
)
ABOUT = re.compile(
    r"[“\"][^“”\"]*\b(?:now|today|jetzt)\b[^“”\"]*[”\"]|\b(?:do not|don[’']t|never|before you) (?:buy|order|shop|book)",
    re.IGNORECASE,
)
FEW = 6  # words: so short is a button or a heading
LONGEST = 60


def calls(sentences: tuple[str, ...]) -> Iterator[str]:
    """Calls to buy, in the words that were used."""
    for sentence in sentences:
        if (found := CALL.search(sentence)) and not _is_about(sentence):
            yield _short(sentence if len(sentence.split()) <= FEW else found[0])


def terms(sentences: tuple[str, ...]) -> Iterator[str]:
    """What is said of goods on sale, each wording once."""
    yield from dict.fromkeys(_short(found[0]) for sentence in sentences for found in TERMS.finditer(sentence))


def prices(sentences: tuple[str, ...]) -> Iterator[str]:
    yield from dict.fromkeys(found[0] for sentence in sentences for found in PRICE.finditer(sentence))


def _is_about(sentence: str) -> bool:
    """Whether it speaks of such words, as a report or a warning does."""
    return ABOUT.search(sentence) is not None


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
