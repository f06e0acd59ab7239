"""What a body asks of its reader before it gives: a purchase, a sum, a contract, a fee."""

import re

ACT = (
    r"(?:buys?|buying|orders?|ordering|purchas(?:e|es|ing)|books?|booking|spends?|spending|pays?|paying|"
    r"prepay\w*|"
    r"takes? out|taking out|signs?|signing|subscrib\w+|joins?|joining|opens? (?:a|an|our)|enrol\w*|"
    r"upgrad\w+|switch(?:ing)? to|commit\w*|"
    r"attend\w*|hire|rent|donate|trade[ -]?in|leas\w+|financ\w+|adds? (?:a|any|two|another))"
)
BOUGHT = (
    r"(?:purchases?|orders?|contracts?|plans?|pass(?:es)?|memberships?|subscriptions?|courses?|bottles?|"
    r"tickets?|bookings?|"
    r"dinners?|meals?|drinks?|mains?|stays?|services?|trade-ins?|accounts?|deposits?|treatments?|repairs?|"
    r"refills?|"
    r"machines?|kits?|polic(?:y|ies)|agreements?|packages?|prepayment|handset|appliance)"
)
# “When you buy”, “as soon as you take out”, “for each adult who orders”.
WHEN = (
    r"\b(?:when|if|once|as soon as|after|provided(?: that)?|as long as|so long as|whenever|by|who|whoever|"
    r"that) "
    rf"(?:you |they |customers |we )?(?:\w+ ){{0,1}}?{ACT}\b"
)
# “When a parent has a color done”.
DOES = (
    r"\b(?:when|if|provided|as long as|once) (?:a|an|the|your|one|every) \w+ "
    r"(?:has|have|gets?|takes?|buys?|orders?|pays?|signs?|eats?|stays?|books?)\b"
)
# “With two main courses”, “with any order”.
WITH = (
    r"\bwith (?:a|an|any|each|every|your|two|three|one|the|all|our|\d+)(?: [\w-]+){0,3}? "
    rf"(?:[\w-]+-)?{BOUGHT}\b"
)
# “Sign a two-year plan and the first cleaning comes with it.”
THEN = (
    r"(?:^|[:;,] |\bplease |\bsimply |\bjust )(?:buy|order|purchase|book|spend|pay|prepay|commit|take out|"
    r"sign|subscribe|join|enrol\w*|"
    r"upgrade|switch|open|attend|finance|lease|rent|add (?:the|a|any|two))\b[^.;!?]{3,90}?(?:,| and| to) "
    r"(?:we|you|get|your|the|its?|their|be|take|receive|an?|our|one|choose)\b"
)
SUM = (
    r"\b(?:over|above|of|at least|more than|from|exceeding|reach(?:es)?|spend(?:ing)?|"
    r"totall?ing) ?(?:us ?)?[$€£]\d[\d.,]*(?! off| a\b| per)"
    r"|[$€£]\d[\d.,]* ?(?:or more|\+|or over|and up|minimum|and over)"
)
NEEDS = (
    rf"\b(?:needs?|requires?|must have|must (?:first )?{ACT}|have to {ACT}|only (?:for|with|when|if|to)|"
    rf"valid (?:only )?with)\b"
    rf"[^.;]{{0,40}}?\b(?:{BOUGHT}|members|subscribers|customers|cardholders|[$€£]\d)"
)
# A discount is had by buying; what it may hide is a contract, a card or a club.
JOIN = (
    r"(?:prepay\w*|takes? out|signs? (?:up|a|for)|subscrib\w+|joins? (?!us\b)|opens? (?:a|an|our)|enrol\w*|"
    r"switch(?:ing)? to|commit\w*|"
    r"attend\w*|trade[ -]?in|leas(?:e|ing)|financ\w+|refer)"
)
COMMITMENT = re.compile(
    rf"\b(?:when|if|once|as soon as|after|provided(?: that)?|as long as|by) (?:you |they |"
    rf"customers )?{JOIN}|{WITH}|{NEEDS}|"
    r"\b(?:when|if|with) (?:two|three|four|\d|an?|another) (?:paying |full-price )?(?:adults?|grown-?ups?|"
    r"people|guests?|parents?|"
    r"friends?)\b"
)
# “With a slice of cake at $6”.
PRICED = r"\bwith (?:a|an|any|each|your|one|two) [\w -]{2,30}? (?:at|for) [$€£]\d"
PURCHASE = re.compile("|".join((WHEN, DOES, WITH, THEN, NEEDS, PRICED)))
THRESHOLD = re.compile(SUM)
# Words of a subject that tell of a purchase or a sum, so that none is hidden.
ANNOUNCED = re.compile(
    r"\b(?:give [$€£]?\d+\W{1,3}get\b|"
    r"with (?:any|every|each|your|a|an|all|the|two|three|one|orders?|purchases?|code|subscription|"
    r"membership|[$€£]?\d)\b"
    r"|when you|if you|orders? (?:over|of|above)|over [$€£]?\d|on (?:\w+ )?orders|spend|above [$€£]?\d|"
    r"b[ou]go|"
    r"buy|purchase|min(?:imum)?\b|just (?:pay|cover)|plus postage|for (?:members|subscribers|"
    r"new \w+)|"
    r"(?:your|on) (?:first|next) (?:order|purchase|booking)|members|refer\w*|friends?|(?:your|"
    r"the) first (?:\w+ )?\w+)|"
    r"[$€£]\d+ ?\+"
)
# Right behind a price: “$115 when the lid goes into the same basket”.
IF = re.compile(
    r"[^.;:$€£]{0,16}\b(?:when|if|provided|for (?:those|anyone|members|customers) who) (?:you )?"
    r"(?!we\b|it\b|they\b|it's\b|you\b|like\b|want\b|need\b|prefer\b|wish\b|can\b|don't\b|you're\b|the (?:sale|"
    r"season|week)\b)"
)
