"""You have won, you were chosen, it is yours: what must be true of each single reader."""

import re

WON = re.compile(
    r"\b(?:you(?:'ve| have) got (?:\w+ ){1,2}(?:waiting|coming)|(?:money|cash|funds) (?:is |are )?waiting|"
    r"you(?:'ve| have| just|'re| are|\b)(?: just| already| all| officially|"
    r" both)? (?:been )?(?:won\b|win(?:ner| big)\b|(?:a |the |our |today's |"
    r"this \w+ )?(?:lucky )?(?:grand )?(?:prize )?winner|selected|chosen|picked|drawn|"
    r"shortlisted|hand-?picked|nominated|awarded|approved|pre-?approved|pre-?qualified|"
    r"pre-?selected|accepted|guaranteed|been gifted|eligible for a)|"
    r"congratulations?|congrats|your (?:name|entry|number|ticket|e-?mail|address) (?:was|"
    r"has been|is|came|just) (?:been )?(?:drawn|picked|chosen|selected|up)|(?:claim|collect|"
    r"redeem) your (?:\w+ )?(?:prize|reward|winnings|award|gift ?card|cash|refund|money|bonus|"
    r"payout|\w+ card|[$€£]\d+)|"
    r"your (?:[$€£]?\d[\d,]*[$€£]? |\w+ )?(?:reward|prize|winnings|cash|payout|award|bonus|"
    r"gift ?card|grant|compensation|scholarship|inheritance|credit)s? (?:is|are|awaits?|has|"
    r"have|expires?|ready|inside)|(?:pre-?approved|pre-?qualified)|you(?:'re| are) in\b|"
    r"immediate owner|selected (?:customer|recipient|winner)s?|"
    r"reserved (?:for you|in your name)|(?:held|set aside|saved) (?:for you|in your name)|"
    r"exclusively (?:chosen|selected)|lucky (?:winner|day|reader|customer)|"
    r"you made the (?:list|cut)|we (?:picked|chose|selected) you|your application (?:is|was|"
    r"has been) (?:approved|accepted)|winner (?:alert|notification)|unclaimed|you qualify\b|"
    r"you passed\b|you(?:'ve| have) qualified|you(?:'re| are) on the (?:list|guest list|short ?list)|"
    r"win guaranteed|guaranteed (?:win|prize)|"
    r"your scholarship|your (?:prize|winnings)\b)"
)
OPEN_TO_ALL = re.compile(
    r"\b(?:could|can|may|might|chance|how to|enter|tell us|see if|find out|if|when|nominate|"
    r"help us|who|be the|would|want to|until)\b[^.!?]{0,25}$|\?$"
)
CONGRATULATES = re.compile(
    r"\bcongrat\w*\b(?! ?(?:,|!|:|-)? (?:to )?(?:you\b|\w+, you|on your (?:approval|selection|win|prize)))"
)
CONTEST = re.compile(
    r"\b(?:enter(?: to| our| the| for)|(?:you )?could win|(?:for a )?chance to win|win (?:a|"
    r"an|one|our|two|\d|[$€£]|tickets|your)|giveaway|sweepstakes|raffle|prize draw|contest|"
    r"competition|vote|lottery)\b"
)
DRAW = re.compile(
    r"\b(?:draw\w*|drew|enter|entr(?:y|ies|ants?)|winners?|prizes?|giveaway|sweepstakes|"
    r"raffle|contest|competition|rules|vot(?:e|ing)|ballot|tombola|jury|judges|award|"
    r"nominat\w+|lottery|win)\b"
)
BELIED = re.compile(
    r"\b(?:chance to|could (?:win|be|get|have)|may (?:win|be eligible|qualify|have won)|"
    r"might (?:win|be|qualify)|enter (?:to|now|our|the|for|today|your)|to enter|odds|"
    r"sweepstakes|subject to (?:credit|approval|status|eligibility|a|review|checks?)|(?:see|"
    r"find out|check) (?:if|whether) you|apply (?:now|today|online|here|for)|if (?:you(?:'re|"
    r" are)? )?(?:approved|selected|eligible|you qualify|you win|accepted|chosen)|"
    r"credit check|not guaranteed|no guarantee|everyone (?:on|who|gets|receives)|"
    r"all (?:our )?(?:subscribers|customers|readers|members|contacts)|coupon|voucher code|"
    r"discount|\d ?% off|[$€£]\d+ off|off your (?:next|first)|when you spend|"
    r"min(?:imum)? (?:spend|purchase|order)|with (?:any|your|a) (?:purchase|order|booking)|"
    r"orders? (?:of|over) [$€£]|processing fee|pay (?:the |a |only |for )?(?:small )?(?:fee|"
    r"shipping|postage|tax|handling)|shipping fee|release fee|"
    r"anyone can|open to (?:all|anyone|everyone)|spin (?:the|to)|complete (?:the|our|"
    r"a) survey|take (?:the|our) (?:survey|quiz)|up to [$€£]?\d|on orders|"
    r"no purchase necessary|full price|application (?:form|is)|will be reviewed|presentation|"
    r"timeshare|(?:each|every) ticket costs|one in \d+|every(?:one|body) can|(?:entry|tickets?) (?:is|are|"
    r"costs?) [$€£]\d|"
    r"for all who|anyone who|whoever|(?<!to )pay (?:online|now|by)|(?:choose|pick) a date)\b"
)
BORNE_OUT = re.compile(
    # one of those who were looked at
    r"\byours? (?:is|was|are|were) (?:one of|among)\b|\byou (?:meet|met) (?:our|the|all)\b.{0,30}\b(?:criteria|"
    r"conditions|requirements)\b|\bwe (?:looked at|read|reviewed|checked|screened|pulled) your\b|"
    r"\b(?:read|looked at|reviewed|judged|considered|had|received) \d[\d,]* (?:\w+ )?[a-z]+s\b.{0,80}\byou(?:rs)?\b|"
    r"\b(?:'ll|'ve)? ?(?:credited|paid) (?:the |it )?(?:[$€£]\S+ )?(?:to|into) your\b|"
    r"\b(?:your \w+(?: \S+){0,6} (?:was|were|has been) (?:drawn|picked|chosen|selected)|(?:joining|"
    r"signing up for) (?:the|our) (?:wait|guest )?list|your (?:photo|entry|recipe|poster|essay|story|"
    r"ticket|idea|"
    r"picture|"
    r"number) (?:\S+ ){0,6}won\b|(?:your|the) (?:entry|ticket|number|name|nomination|"
    r"application|photo|recipe|essay|submission|proposal|story|manuscript|raffle|idea|talk|"
    r"garden|answer|vote)(?: \S+){0,6} (?:was|is|has been|have been|came|were|scored|among|"
    r"made|won|stood|got|comes) (?:\w+ )?(?:drawn|picked|chosen|selected|won|accepted|"
    r"approved|first|second|third|out|shortlisted|the winner|up|in)|"
    r"(?:we|judges|jury|panel|readers|committee|editors?|board|they|team)(?: \w+)? (?:drew|"
    r"picked|chose|selected|accepted|approved|voted for|awarded) (?:you|your|yours)|"
    r"you (?:entered|applied|took part|submitted|nominated|bought (?:a )?tickets?|"
    r"signed up for the draw|sent (?:us|in)|were (?:drawn|one of))|you(?:'ve|"
    r" have)? (?:earned|collected|gathered|saved up|banked|accrued)|your (?:points|balance|"
    r"loyalty|stamp|account|referral|stay)\w*(?: \S+){0,4} (?:is|are|stands?|earned|reached|"
    r"comes?|gave|of|shows|has|have)|"
    r"your (?:application|booking|reservation|place|seat|table|room|abstract|registration|"
    r"order|request) (?:\S+ ){0,4}?(?:was|is|has been|of|for|from|on|dated|reference|number)|"
    r"your (?:plan|membership|policy)(?: with us)? (?:includes|covers|gives)|and you(?:'re|"
    r" are) (?:one of (?:them|the)|among them)|"
    r"you (?:reserved|booked|registered|asked us|requested|ordered|qualified|passed(?! up|"
    r" on)|finished|completed|reached|joined|referred)|in your (?:wallet|account|profile|app)\b|as (?:a |"
    r"the )?(?:winner|thanks for|"
    r"agreed)|you registered|credited to your|reference (?:number )?\w*\d)"
)
