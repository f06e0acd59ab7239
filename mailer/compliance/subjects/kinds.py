"""What kinds of claim a subject may make, told roughly: beside each of them a phrase of the body means something else.

“Until the end of May” takes back that something ends tonight, and nothing of what is free. Nothing is concluded here,
so a pattern may take in too much; what a phrase weighs beside a kind was learned (`weighing`).
"""

import re

KINDS = {
    "deadline": re.compile(
        r"\b(?:ends?|ending|last|final|tonight|today|midnight|hours?|deadline|closes?|closing|expires?|expiring|"
        r"until|by|left|tomorrow|hurry|soon|days?)\b"
    ),
    "reduced": re.compile(r"\boff\b|%|\bpercent|\b(?:sale|save|half|clearance)\b|\bdiscount|\breduced"),
    "free": re.compile(
        r"\b(?:free|on us|gifts?|no charge|costs? nothing|without paying)\b|complimentary|\bfreebie"
    ),
    "price": re.compile(r"[$£€₹]|\bprice|\b(?:from|only|fares?)\b"),
    "scarce": re.compile(
        r"\b(?:left|only|limited|few|stock|seats?|places|spots|gone|remaining|edition)\b|\bselling|\bsold\b"
    ),
    "chosen": re.compile(
        r"\b(?:w[io]n|won|winners?|winning|prize|draw|vip)\b|select|chosen|congrat|picked|invit|qualif|approved|"
        r"exclusive|reserved|shortlist|nominat|interview|beta access|you're (?:in|through)|upgraded|\breward|voucher|"
        r"raffle|came up"
    ),
    "notice": re.compile(
        r"\byour\b.*\b(?:account|order|payment|invoice|subscription|delivery|parcel|receipt|booking|appointment|"
        r"statement|policy|refund|renewal|application|password|package|plan|membership|card|bill)\b|"
        r"action required|confirm|verify|suspend|update|important|urgent|alert|overdue|\brecall|\bnotice\b|"
        r"\b(?:invoice|due|missed|tax|toll|fine|owed|medicare|insurance|premium|document|certificate|warranty)\b|"
        r"outstanding|\battempt|rebate|payment received|"
        r"\byour\b.*\b(?:ready|waiting|arriv\w+|on its way|expired?|changed|full)\b"
    ),
    "contact": re.compile(
        r"^(?:re|fwd?|aw)\b|following up|our call|\bas (?:promised|discussed|agreed|requested)|you asked|"
        r"your (?:question|request|enquiry|message)|\b(?:met|spoke|chat|catch up)\b|^(?:hi|hello)\b|quick question|"
        r"\byour (?:old|neighbou?r|dentist|doctor|tutor|classmate|colleague|friend|boss|bank)|"
        r"\b(?:did you|running late|mins? late|in touch|to connect|forgot|sent you|suggested|asked us|message for you|"
        r"saved (?:one|it) for you|note from)\b"
    ),
    "new": re.compile(
        r"\b(?:new|introducing|first|launch\w*|arrived|back|now open|announc\w*|never|debut|latest|"
        r"just (?:in|landed))\b"
    ),
    "sure": re.compile(
        r"guarante|refund|money back|\bno (?:fees?|contract|risk|catch|obligation|strings|credit|minimum)|\brisk|"
        r"cancel|\bno \w+ (?:fees?|charges?|surprises|minimum|order|needed)\b|nothing to pay|\bpay once|"
        r"\bany ?time|\btrial|\bwithout|\bzero|\b0%|\bever\b|\bforever|for (?:good|life)|lifetime|locked|\bincluded\b"
    ),
    "best": re.compile(
        r"\b(?:best|number one|most|only|largest|cheapest|lowest|fastest|leading|record|recommended|official)\b|"
        r"no\.? ?1\b|#1|award|\bvoted|\brated|\bby (?:doctors|experts)|approved|certified|partner|endorsed|as seen|"
        r"\w+er than\b|\b\w{3,}est\b|\b(?:top|twice|for less|nobody|favou?rite)\b|\bfeatured|\bbeat\w*|laureate"
    ),
    "whole": re.compile(
        r"\b(?:all|every\w*|whole|entire|any|unlimited|anyone|nationwide)\b|site-?wide|store-?wide"
    ),
    "most": re.compile(r"\bup to\b|\bat least\b|\bmore than\b|\d\+|\bover \d"),
    "outcome": re.compile(
        r"\b(?:how|will|earn|lose|weight|results?|proven|works|cure|boost|increase|cut your|salary|jobs?|hiring|"
        r"career|degree|course)\b|\bdoubl|\bin \d+ (?:days|weeks|minutes)"
    ),
    "origin": re.compile(
        r"\bmade (?:in|by|for)|hand-?made|\borganic|\bvegan|\blocal\w*|\b(?:british|american|genuine|original|natural|"
        r"real)\b|authori[sz]ed|\bfrom our|grown|\bstock(?:ing|ist)"
    ),
    "event": re.compile(
        r"\b(?:live|meet|hear|join|cooking|tickets?|class(?:es)?|tour|cast|show)\b|\bkeynote|\bevening with|\bspeak\w*|"
        r"\bopen (?:day|house|studio)|\bconcert|\bworkshop|\bwebinar|\bcelebrat|\bfestival"
    ),
    "informs": re.compile(
        r"\b(?:test(?:s|ed)?|means?|why|what|doctors?|study|student|explained|guide|tips?|safety|reviews?|compared|"
        r"news|recipes?|story)\b|\breports?\b|\bscientists?|\bresearch|\bwarn|\bsurvey|\bchanges? to|\?$"
    ),
}


def kinds_in(subject: str) -> frozenset[str]:
    """The kinds of claim that the (lower case) subject may make; often several, sometimes none."""
    return frozenset(kind for kind, pattern in KINDS.items() if pattern.search(subject))
