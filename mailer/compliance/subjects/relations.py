"""Who is said to write, and what is said to have been between sender and reader; brands and agencies."""

import re

from mailer.compliance.subjects.body import Body
from mailer.compliance.subjects.notices import DONE

# -- things that are said to have happened between the two ---------------------------------------------
THREAD = re.compile(
    r"\b(?:(?:following|follow(?:ing)?[ -]?up|circling back|checking (?:back )?in|"
    r"touching base)\b.{0,25}\b(?:call|chat|meeting|conversation|e-?mail|message|demo|talk|"
    r"request|inquiry|visit|discussion|question|voicemail|note|last|yesterday)|(?:our|your|"
    r"yesterday's|last week's|today's) (?:\w+ )?(?:call|chat|conversation|discussion|talk|"
    r"phone call|meeting)\b(?! to action| center| for)|"
    r"(?:my|our) (?:last|previous|earlier|other|first) (?:e-?mail|message|note|letter)|"
    r"did you (?:get|see|receive|read|miss) (?:my|our|this|the) (?:last |previous |"
    r"earlier )?(?:e-?mail|message|note|invite|offer|call|proposal)|as (?:we )?(?:discussed|"
    r"agreed|promised|requested|mentioned)|per (?:your|our) (?:request|conversation|call|"
    r"discussion|chat)|(?:you|that you) (?:asked (?:for|me|us|about)|requested|wanted|"
    r"inquired)|you (?:were|was) (?:asking|looking) for|"
    r"(?:asked|told|wants|wanted) (?:me|us) to (?:send|forward|share|pass|tell|write|reach|contact|"
    r"give)|(?:referred|introduced|recommended) (?:you|me|us)|(?:haven't|have not|"
    r"still) (?:heard|waiting|hearing)(?: back)? (?:from|for) you|waiting (?:for|"
    r"on) your (?:reply|answer|response)|(?:your|the) (?:reply|answer|response) (?:is|to my|"
    r"to our)|(?:thanks|thank you) for (?:visiting|stopping by|joining|attending|coming|"
    r"meeting|your (?:call|message|reply|e-?mail|patience|interest|inquiry|time)|reaching out|"
    r"getting back|the (?:call|chat))|(?:nice|good|great|lovely) (?:to (?:meet|see|talk|"
    r"speak)|meeting|seeing|talking|speaking)|great (?:meeting|talking|speaking|chatting)|"
    r"good to (?:meet|talk|speak)|sorry (?:i|we) missed (?:you|your)|you called|"
    r"i tried (?:to )?call\w*|returning your call|we (?:met|spoke|talked)|the (?:quote|"
    r"proposal|file|files|document|photos|pictures|report|information) you (?:wanted|asked|"
    r"requested|need)|(?:suggested|said|thought|recommended|mentioned|told me) (?:that )?(?:i|we) "
    r"(?:should |might |could )?(?:write|contact|call|reach|get in touch|drop)(?: \w+)?)\b"
)
COUNTER = re.compile(r"[(\[]\d{1,2}[)\]]\s*$|^[(\[]\d{1,2}[)\]]")
HAPPENED = re.compile(
    r"\b(?:when we (?:spoke|talked|met)|we (?:spoke|talked|met|discussed|agreed|promised|"
    r"wrote|sent|e-?mailed|mailed|told you|announced|invited)|(?:on|in|during|at|after|from|"
    r"about) (?:our|the|your|yesterday's|last week's|monday's|tuesday's|wednesday's|"
    r"thursday's|friday's) (?:\w+ ){0,3}(?:call|chat|meeting|conversation|demo|webinar|visit|"
    r"workshop|session|email|message|newsletter|open day|fair|stand|booth|talk)|you (?:took|"
    r"tried|picked|spoke|bought|ordered|dropped|asked|requested|wrote|called|told us|"
    r"mentioned|registered|signed up|attended|joined|came|visited|met|downloaded|left your|"
    r"gave us|inquired|filled|said|invited|sent us)|told (?:me|us)|(?:suggested|mentioned|introduced) (?:me|us|you)|"
    r"it was (?:good|great|nice|lovely) to|on the phone|(?:i|"
    r"we) (?:promised|told|showed|gave|owe) you|"
    r"(?:thank you|thanks) for (?:joining|coming|attending|your (?:call|question|visit|"
    r"enquiry|inquiry|request|time|message|reply)|stopping|speaking|talking|meeting|the)|"
    r"as (?:promised|agreed|requested|discussed)(?: (?:on|in|at|last|when|here))|(?:my|"
    r"our) (?:last|first|previous|earlier) (?:e-?mail|message|letter|note) (?:on|of|from|last|"
    r"said|had|was|about|listed|gave|went|told|contained|asked)|(?:last|on) (?:week|month|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday)[, ](?:we|i|you) |here (?:is|"
    r"are) the (?:\w+ ){0,3}(?:you|we) |your (?:question|enquiry|inquiry|request|quote|"
    r"proposal)(?: \w+)? (?:of|from|on|about|no|number))"
)
NEVER_HAPPENED = re.compile(
    r"\b(?:(?:we|you)(?:'ve| have)? (?:haven't|have not|never|not yet|don't know|do not know|"
    r"didn't) (?:yet )?(?:met|spoken|talked|know|each other|had|have)|(?:haven't|have not|"
    r"never) (?:met|spoken|talked)|introduce (?:myself|ourselves|our|you)|my name is|i(?:'d|"
    r" would) like to introduce|you (?:may|might) not (?:know|have heard)|allow me to|"
    r"came across your|found your (?:website|profile|company)|reaching out because|"
    r"no (?:prior|previous) (?:contact|call)|(?:mailing|writing to|e-?mailing) (?:all|every|each)|"
    r"goes (?:out )?to (?:all|every|each)|"
    r"(?:don't|do not) know (?:her|him|them|you) (?:in person|personally|myself)|people like you|"
    r"(?:never|not|n't)\b.{0,24}\b(?:met|spoken|talked|written|"
    r"been in touch|crossed paths))\b"
)
# What a reader of an answer finds in it: what they wrote, asked or signed, or from whom it was passed on.
EXCHANGED = re.compile(
    r"\byour (?:\w+ ){0,2}(?:questions?|messages?|letter|note|sketch|measurements|application|booking|enquiry|inquiry|"
    r"request|call|e-?mail|reply|form|signature)\b|\bthank(?:s| you) for (?:your|the|getting|applying|sending|asking|"
    r"writing|calling|coming)\b|"
    r"\byou (?:wrote|asked|sent|told|said|signed|applied|called|wanted|named|described|picked)\b|"
    r"\b(?:forward(?:ed|ing)|pass(?:ed|ing)) (?:this |it )?(?:on|what|message|you)\b|\bforwarded\b|\bfrom: \S|"
    r"\b(?:good|nice|great|lovely) (?:to (?:meet|see|talk|speak)|talking|speaking|meeting)\b|\byou (?:rang|phoned)\b|"
    r"\b(?:gave|passed) (?:us|me|on) your (?:name|address|number|e-?mail)\b|\bput your name (?:forward|on|down)\b|"
    r"\b(?:referred|recommended) you (?:through|via|on|using|with)\b|\bas we said\b"
)


# -- persons ---------------------------------------------------------------------------------------------
PERSON = re.compile(
    r"\b(?:your (?:doctor|dentist|bank|landlord|neighbou?r|boss|lawyer|vet) (?:recommends?|says|wants|"
    r"knows|insists|asks)|it'?s (?:me\b|mom|mum|dad|your (?:mother|father|sister|brother|son|daughter|"
    r"friend|"
    r"boss|neighbou?r|ex|wife|husband|grandma|cousin|doctor|bank))|(?:a )?(?:message|note|"
    r"letter|notice|word|news|update|alert) from your (?:\w+ )?(?:bank|doctor|landlord|boss|"
    r"employer|school|neighbou?r|friend|insurer|insurance|mother|mom|dad|dentist|lawyer|"
    r"government|city|town|council|family|colleague|hr|hr department|pharmacy|credit union|"
    r"lender|utility|internet provider|carrier|hospital|accountant|manager|it department|"
    r"child's school)|"
    r"from your (?:bank|doctor|landlord|boss|employer|neighbou?r|friend|insurer|mother|mom|"
    r"dad|lender|hr|hr department|pharmacy|it department|manager)|your (?:friend|neighbou?r|"
    r"colleague|coworker|teammate|manager|client|partner|roommate|boss|bank|doctor|landlord|"
    r"classmate|mom|mum|mother|sister|brother|cousin) (?:\w+ ){0,2}?(?:has|have|is|was|sent|"
    r"invited|shared|recommended|wants|thinks|asked|left|tagged|needs|gave|bought|just)|"
    r"(?:someone|somebody|a friend|an admirer|a neighbou?r|a colleague) (?:\w+ )?(?:has|have|"
    r"is|sent|likes|invited|shared|wants|searched|left|tagged|viewed|needs|gave|just|you know|"
    r"near you)|(?:^|: )(?:[a-z]+|[a-z]+ [a-z]\.?) (?:just )?(?:shared|sent you|invited you|"
    r"tagged you|mentioned you|assigned you|messaged you|left you|replied|commented|"
    r"is waiting for you|wants to (?:connect|meet|talk))\b|call me\b|(?:hey|hi),? it's been|"
    r"miss(?:ed)? you,? (?:mom|dad|love|xx|xo)|remember me\?)"
)
PERSON_BORNE_OUT = re.compile(
    r"\b(?:referr\w+|gave us your (?:name|address)|(?:sent|invited|shared|bought|recommended|"
    r"left|nominated|entered|asked us|forwarded|tagged|commented|named)\b.{0,40}\b(?:you|"
    r"your)|invitation|invited by|on behalf of|message(?:d)? (?:you|reads|says|below)|wrote:|"
    r"his message|her message|their message|profile|gift (?:card|voucher)? ?from)\b"
)
# -- brands and agencies ---------------------------------------------------------------------------------
BRANDS = (
    "amazon|apple|google|microsoft|paypal|netflix|facebook|instagram|whatsapp|walmart|costco|"
    "starbucks|ebay|spotify|mastercard|"
    "amex|american express|wells fargo|bank of america|chase bank|citibank|capital one|usps|"
    "fedex|ups|dhl|royal mail|deutsche post|"
    "dropbox|docusign|linkedin|tiktok|venmo|zelle|cash app|coinbase|norton|mcafee|geek squad|"
    "best buy|home depot|lowe's|honda|"
    "toyota|tesla|disney|at&t|verizon|t-mobile|comcast|xfinity|airbnb|booking\\.com|uber|"
    "adobe|samsung|southwest airlines|hsbc|"
    "barclays|office 365|outlook|icloud|gmail|sparkasse|la poste|correos"
)
AGENCIES = (
    "irs|internal revenue service|social security(?: administration)?|ssa|medicare|medicaid|"
    "fbi|ftc|federal trade commission|dmv|"
    "department of [a-z]+|u\\.?s\\.? (?:treasury|government|department of [a-z]+|"
    "postal service|customs)|federal government|government|"
    "governor(?:'s)?|state of [a-z]+|city of [a-z]+|county (?:clerk|court|office)|"
    "homeland security|immigration|uscis|hmrc|gov\\.uk|"
    "dvla|nhs|finanzamt|interpol|courthouse|comptroller|controller|white house|"
    "veterans affairs|census bureau|student loan (?:forgiveness )?(?:department|program|"
    "center)|federal [a-z]+ (?:program|agency|office|administration)|unemployment office"
)


def tells_of_contact(body: Body) -> bool:
    """Whether it says what there was between sender and reader: a call, an order, a question, who passed it on."""
    return any(body.has(each) for each in (HAPPENED, DONE, EXCHANGED))
