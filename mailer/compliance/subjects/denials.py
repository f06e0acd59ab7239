"""Advertisements that say they are none (DUTIES D5, T12)."""

import re

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
IN_BODY = re.compile(
    r"\b(?:this (?:e-?mail|message|letter|notice|mail)? ?(?:is|was) (?:not|"
    r"n't) (?:an? )?(?:marketing|commercial|promotional|advertis\w+|ad\b|sales|solicitation|"
    r"spam)|this isn't (?:an? )?(?:ad\b|advert\w*|marketing|promotion\w*|sales|spam)|"
    r"not a (?:marketing|commercial|promotional) (?:e-?mail|message)|"
    r"receiv\w+ this (?:e-?mail |message )?because it contains important information (?:about|"
    r"regarding) your (?:account|membership)|"
    r"important information about your (?:account|membership) (?:and|"
    r",) (?:is )?not (?:an? )?(?:ad|marketing|promotion))"
)
PERSONAL_DATA = re.compile(r"\b(?:personal|private|confidential)\b")
