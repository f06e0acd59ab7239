"""What is said to be new, back or starting, and what shows that it is not."""

import re
from datetime import date

from mailer.compliance.subjects.body import Body
from mailer.compliance.subjects.claims import Claim
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.times import Named, days_in
from mailer.compliance.subjects.words import just_before

STARTS_NOW = re.compile(
    r"\b(?:(?:starts?|starting|begins?|beginning|opens?|launch(?:es|ing)?|kicks off|live|"
    r"on sale) (?:right )?(?:today|now|tonight|this morning)|now (?:open|live|on)|"
    r"just (?:started|launched|opened|dropped|announced|landed|in|arrived|released|added)|"
    r"today we(?:'re| are) (?:launching|opening|starting))\b"
)
NEW = re.compile(
    r"\b(?:first look|sneak peek|redesigned|reinvented|revamped|all[ -]new|newest|"
    r"(?<!what's )(?:brand[ -])?new(?! year| york| zealand|"
    r" england| orleans| jersey|"
    r" mexico| hampshire| customers?\b| members?\b| subscribers?\b| to\b| here\b| haven\b|"
    r" delhi\b)|introducing|first[ -](?:time )?ever|first (?:\w+ ){1,2}ever|never[ -](?:before|"
    r"seen)(?:[ -](?:seen|before))?|"
    r"for the (?:very )?first time|first time|unveil\w*|(?:has|have) (?:just )?(?:arrived|"
    r"landed)|just (?:announced|launched|released|dropped|arrived|landed|in))\b"
)
# “New boots”, “new collection”: goods are new, and the offer on them need not be.
OF_A_THING = re.compile(
    r"\bnew (?!this|today|now|sale|offer|deal|price|low)[a-z]+|\b(?:arriv\w+|landed|introducing|just in)\b"
)
BACK = re.compile(
    r"\b(?:(?:it's|it is|is|are|they're|we're|now|finally) (?:finally |now )?back(?! to\b|"
    r" at\b| home\b)|^back:|back in stock|back by popular demand|back for (?:one|a)|returns|"
    r"restocked|back again)\b"
)
EXTENDED = re.compile(
    r"\b(?:extended|we(?:'ve| have) extended|due to (?:popular|high|overwhelming) demand|"
    r"by popular demand|one (?:more|extra) day|(?:another|extra) (?:day|24 hours|chance)|"
    r"second chance)\b"
)
OLD = re.compile(
    r"\b(?:(?:formula|recipe|product|price|design|content|menu) (?:itself )?(?:has|have|is|"
    r"are) (?:not changed|unchanged|the same)|(?:stays?|remains?) (?:the same|unchanged)|"
    r"(?:has|have|had) (?:been|had|run|offered|sold|served|"
    r"worked)\b.{0,60}\bsince (?:\w+ )?(?:20[01]\d|202[0-5]|last|january|february|march|april|"
    r"may|june|july|august|september)|(?:has|have) been .{0,40}\bfor (?:two|three|four|five|"
    r"many|several|\d+) (?:years|months|seasons)|(?:on sale|available|sold|"
    r"in (?:the )?(?:shop|range|stores?|catalog\w*|stock|place)|offered|running|unchanged|"
    r"the same|with us|on the menu|around|out|open|part of (?:our|"
    r"the) [a-z]+) (?:\w+ ){0,3}?since (?:\w+ )?(?:\d{4}|last|january|february|march|april|"
    r"may|june|july|august|september|october|spring|summer|autumn|winter)|"
    r"(?:same|unchanged|identical) (?:\w+ ){0,3}?(?:as|since|from|to) (?:\w+ ){0,2}?(?:last|"
    r"before|ever|always|previous|january|february|march|april|may|june|july|august|september|"
    r"october|november|december|in|our|the)|"
    r"(?:first )?(?:launched|introduced|released|published|came out|debuted|opened|started|"
    r"began|announced|added|shipped|unveiled) (?:\w+ ){0,3}?(?:in |on |"
    r"back in )?(?:\w+ )?(?:20[01]\d|202[0-5]|last (?:year|spring|summer|autumn|fall|winter|"
    r"month|week|january|february|march|april|may|june|july|august|september|october)|(?:two|"
    r"three|four|five|several|many|\d+) (?:years?|months?|seasons?) ago|years ago|"
    r"ages ago)|"
    r"(?:'ve|has|have) had (?:it|them)\b.{0,40}\bsince\b|"
    r"since (?:we|it|they|she|he) (?:\w+ ){0,5}(?:in )?(?:the )?(?:\w+ )?(?:of )?(?:20[01]\d|202[0-5])\b|"
    r"(?:know|shopped|been) (?:\w+ ){0,4}since (?:20[01]\d|202[0-5])|"
    r"(?:still|has been|have been|it's been|been) (?:the same|our (?:best[ -]?seller|standard|"
    r"classic|usual|regular)|unchanged|running|available|on sale|around)|(?:long[ -]?standing|"
    r"perennial|existing|current|familiar|ongoing|regular|usual|standing|same old|"
    r"old) (?:range|line|offer|product|design|sale|menu|price|plan|rate|discount|policy|"
    r"favou?rite)s?|"
    r"(?:nothing|not much|little|no [a-z]+) (?:has |have )?(?:is |really )?(?:changed|new)|"
    r"since (?:the (?:day|start|beginning|first)|day one|we (?:opened|started|began))\b|"
    r"from last (?:year|season|winter|summer|spring|fall|autumn)\b|"
    r"as in (?:each|every) (?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december|"
    r"year|season|winter|summer|spring|fall|autumn)|"
    r"(?:price|rate|feature|range|menu|design|recipe|plan|discount|offer|policy|"
    r"terms)s? (?:has|have|is|are) (?:not changed|unchanged|the same)|haven't changed|"
    r"hasn't changed|as (?:in|we did|we do|with) (?:every|previous|past|last|earlier|"
    r"other) (?:year|years|season|month|november|time)|"
    r"(?:yearly|annual|every year|each year|our \d+(?:st|nd|rd|th)|like last (?:year|month|"
    r"week)|again this (?:year|month))|re-?(?:label(?:l)?ed|named|packaged|branded)|"
    r"new (?:label|name|packaging|photos?) (?:only|on the same))\b"
)
# What is only to come is not here yet.
TO_COME = re.compile(
    r"\b(?:planned for|(?:is|are|it's|they're) (?:still )?(?:coming|due|expected|planned) (?:in|soon|for|"
    r"next|late|early)|(?:arrives?|comes?|launches|opens|starts|lands|goes live) (?:next|later|"
    r"in (?:early |late |mid-?)?(?:spring|"
    r"summer|autumn|fall|20\d\d|january|february|march|april|may|june|july|august))|"
    r"we (?:hope|plan|want|aim) to|not (?:yet )?(?:ready|live|here|available|open|out)|on (?:our|the) roadmap|"
    r"will (?:launch|open|arrive|come|be (?:ready|here|available)) (?:in|next|later|by)|some ?day|one day)\b"
)
# A sentence of age, and one of youth: what is called new stands in the one or in the other.
AGED = re.compile(
    r"\b(?:as (?:on|at|in|with) (?:every|each|all)|(?:each|every) (?:month|week|year),? as|same (?:recipe|"
    r"size|formula|price|dishes)|(?:have|has|been)\b[^.]{0,60}\bfor (?:\w+|\d+) (?:years|months|seasons|"
    r"decades)|since (?:20\d\d|19\d\d|last|then|january|february|march|april|may|june|july|august|"
    r"september|october|november|december|spring|summer|autumn|fall|winter)\b|(?:two|three|four|five|six|"
    r"ten|several|many|\d+) (?:years|months) ago|last (?:year|spring|summer|autumn|fall|winter|season|"
    r"january|february|march|april|may|june|july|august|september|october|november|december)|in 20\d\d|"
    r"ever since|(?:the )?(?:one|ones|same \w+) (?:that )?you (?:know|have|had|love)|"
    r"you (?:already )?know (?:it|them|and)|as it (?:was|did|always)|as (?:they|we) (?:were|was|did|"
    r"always)|what it always|(?:has|have) always|in its (?:second|third|fourth|fifth|\d+th) (?:year|"
    r"season)|already|never left|all year|every (?:year|march|november)|"
    r"like (?:each|every|last)|once more|still (?:have|the same)|(?:a|one) new (?:name|icon|label|cap|box|"
    r"color|colour|coat)|in (?:two|three|\d+)? ?new colou?rs)\b"
)
YOUNG = re.compile(
    r"\b(?:for the first time|first|just|this (?:week|morning|month|spring|season)|today|yesterday|now|"
    r"newly|brand[ -]new|"
    r"since (?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|this)|after (?:\w+ ){1,3}(?:away|years|"
    r"months|trials)|"
    r"we (?:took|changed|added|built|made)|not .{0,30}since|replaces?|in place of|no longer)\b"
)
# A heading that says itself that things have just come: a line of theirs may still name colours and those before.
HEADS = re.compile(
    r"^(?:just (?:in|landed|arrived|dropped)|new (?:in|arrivals?|this (?:week|season|month))|introducing|"
    r"now available|"
    r"meet the new|fresh (?:in|arrivals?)|(?:they|it) (?:have|has|'ve|'s) (?:just )?arrived)\b"
)
YEARLY = re.compile(r"\b(?:yearly|annual|every year|each year|our \d+(?:st|nd|rd|th)|like last|again this)\b")
FIRST = re.compile(r"first")
NOT_BACK = re.compile(
    r"\b(?:(?:is|are|still|currently|remains?) (?:still |currently )?(?:sold out|"
    r"out of stock)|not back|pre-?order(?:s|ed)?|wait(?:ing)?[ -]?list|not (?:yet )?(?:back|"
    r"available|in stock|returned|expected)|unavailable|discontinued|never (?:left|went away|"
    r"sold out|out of stock|been away|been out)|always (?:been )?(?:in stock|available|on)|"
    r"expected (?:in|back|by)|ships? (?:in|from) (?:january|february|march|april|may|june|"
    r"july|august|spring|summer|autumn)|will (?:be back|return|come back|arrive) (?:in|on|next|by)|"
    r"(?:isn't|aren't|not|won't be|will not be) (?:\w+ )?(?:ready|here|in|back|available|due) (?:before|until)|"
    r"until then)\b"
)
NOT_EXTENDED = re.compile(
    r"\b(?:as (?:planned|always|announced|scheduled)|(?:original(?:ly)?|planned|"
    r"always) (?:\w+ )?(?:to )?(?:end|run|until|through|date)|(?:is|are|was|were) over|ended|"
    r"has (?:passed|closed|finished)|every (?:day|week|month)|never (?:ended|ends|closed)|"
    r"(?:no|isn't any|without) (?:extension|change to the date)|still ends|was always)\b"
)
WAS_EXTENDED = re.compile(
    r"\b(?:exten(?:d|ded|ding|sion)|longer|added (?:a|one|another|two)|(?:one|an?) (?:more|"
    r"extra|additional|second)|(?:was|were) (?:due|meant|supposed|going|to|"
    r"planned) (?:to )?(?:end|close)?|instead of|moved (?:the|to|from)|originally|new (?:end|"
    r"closing|date|deadline)|now (?:runs|ends|closes|open)|restock\w*|reprint\w*|asked|"
    r"requests?|demand|(?:deadline|end|closing date|last day) was|was to (?:stop|end|close)|we now (?:take|"
    r"accept|keep))\b"
)


def found_in(line: Line, pattern: re.Pattern[str]) -> list[Claim]:
    return [Claim(each.start(), each.end(), each[0]) for each in pattern.finditer(line.text)]


def starts_in(body: Body, today: date) -> list[Named]:
    """The days on which the body says that something began or will begin."""
    pattern = re.compile(
        r"\b(?:starts?|started|starting|begins?|began|opens?|opened|launch(?:es|ed)?|since|"
        r"on sale (?:from|since)|running since|from|kicks off|went live|goes live|live (?:on|"
        r"from)|drops|released|arrive[sd]?) (?:on |this |last )?(?:mon|tues?|wednes|thurs?|fri|"
        r"satur|sun)?(?:day)?,? ?$"
    )
    return [
        named
        for sentence in body.sentences
        for named in days_in(sentence, today)
        if pattern.search(just_before(sentence, named.start))
    ]
