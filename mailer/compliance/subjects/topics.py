"""What a subject says the message is about, and how a body shows that it is."""

import re
from dataclasses import dataclass

from mailer.compliance.subjects.body import SELLING, Body


@dataclass(frozen=True, slots=True)
class Topic:
    """`named` in a subject promises that `shown` is in the body. An `alarm` that is false is no small thing."""

    name: str
    named: re.Pattern[str]
    shown: re.Pattern[str]
    alarm: bool = False


def _topic(name: str, named: str, shown: str, alarm: bool = False) -> Topic:
    return Topic(name, re.compile(rf"\b(?:{named})\b"), re.compile(rf"\b(?:{shown})"), alarm)


TOPICS = (
    _topic(
        "a recall",
        r"recall(?:s|ed)?(?: notice)?(?! that| when| the (?:days|time))",
        r"(?:don't|do not) (?:feed|use|eat|drink|wear|give)\b|lots? \d|salmonella|listeria|"
        r"recall(?:ed|ing)?\b.{0,200}\b(?:stop using|return|replac|refund|batch|model|serial|"
        r"hazard|risk|units|affected|sold between)|(?:has recalled|have recalled|is recalling|"
        r"are recalling|(?:is|are|was|were) (?:being )?recalled|recall(?:ed|ing)? (?:of|for|"
        r"because)|stop using|stop feeding|defect\w*|hazard|injur\w+|batch|affected (?:units|"
        r"models))",
        True,
    ),
    _topic(
        "a safety notice",
        r"safety (?:notice|alert|warning|recall)|product warning|health (?:alert|warning)",
        r"stop using|hazard|risk of|injur|defect|replac|return|check (?:your|the|whether)|unplug|"
        r"affected|caution|precaution|keep (?:away|clear)|dangerous|avoid",
        True,
    ),
    _topic(
        "an alert for the reader's place",
        r"(?:frost|storm|flood|weather|heat|snow|hurricane|tornado|pollen|traffic|crime|"
        r"air quality|boil[ -]water|outage|wildfire)(?: \w+)? (?:alert|warning|watch|advisory)|"
        r"(?:alert|warning) for your (?:area|neighbou?rhood|town|zip|street|region)",
        r"(?:forecast|expected|degrees|°|weather service|met office|tonight|temperature|counties|"
        r"county|area|region|closed|advis\w+|minimum|lows? of|below (?:zero|freezing)|mph|"
        r"inches).{0,200}",
        True,
    ),
    _topic(
        "recipes",
        r"recipes?",
        r"recipe\b.{0,400}|ingredients?|simmer|preheat|bake (?:for|at|until)|stir|tablespoons?|"
        r"teaspoons?|cups? of|chop(?:ped)?|roast|boil|whisk|tbsp|tsp",
    ),
    _topic(
        "a survey",
        r"surveys?|questionnaire|(?:quick|two|one|three|\d+)[ -](?:minute |question )?(?:poll|"
        r"quiz)|we(?:'d| would) (?:love|like|value) your (?:feedback|opinion)|(?:rate|"
        r"review) (?:your|us)|tell us what you think|your (?:opinion|feedback)",
        r"survey|questionnaire|questions?\b|poll\b|of you\b|answered|respondents|\d ?% (?:of|said|read|"
        r"want|are|"
        r"do)|quiz|feedback|rate (?:us|your|it|the)|tell us|"
        r"your (?:answers?|opinion|views?|thoughts?|review|experience)|stars|how (?:was|did|"
        r"satisfied)",
    ),
    _topic(
        "jobs",
        r"(?:we(?:'re| are) )?(?:now )?hiring|job (?:openings?|offers?|alert|opportunit\w+|"
        r"vacanc\w+)|jobs? (?:for you|near you|in)|vacanc(?:y|ies)|join our team|"
        r"open (?:positions?|roles?)|career opportunit\w+",
        r"(?:hiring|hourly|salary|full[ -]time|part[ -]time|apply (?:by|with|to|at|for)|cv\b|"
        r"resume|résumé|positions?|vacanc|role\b|roles\b|shift|candidates?|applications?|"
        r"job description|per hour|an hour|wage|experience (?:is )?(?:required|preferred|in)|"
        r"interview)",
    ),
    _topic(
        "a recording or video",
        r"recordings?|replay|slides from|watch the (?:video|talk|webinar|recording|replay)",
        r"record(?:ing|ed)|replay|watch|video|slides|youtu|vimeo|listen|minutes long",
    ),
    _topic(
        "a report or study",
        r"(?:annual|impact|research|industry|benchmark|state of [a-z ]+|market|sustainability|"
        r"progress|results?|quarterly|new|year-end|field) report|white ?paper|case stud(?:y|ies)|"
        r"survey results|results of (?:our|the)",
        r"report\b.{0,200}|white ?paper|study|findings?|found that|figures|respondents|data|"
        r"results|chart|page|case|average|compared|per cent|percent|\d ?%(?! off)|raised|"
        r"customers?",
    ),
    _topic(
        "minutes or an agenda",
        r"agenda|minutes (?:of|from)|meeting notes|notes from",
        r"agenda|minutes|item \d|items|motion|discuss\w*|agreed|speakers?|session|present\w*|"
        r"\d{1,2}[:.]\d\d|\d ?[ap]\.?m|notes",
    ),
    _topic(
        "winners",
        r"winners? (?:of|from|announced|are)|(?:and )?the winner is|results of the (?:draw|raffle|"
        r"contest|vote)",
        r"winners? (?:of|is|are|was|were|will)|winners:|the winner|\bwon\b|first prize|drew|drawn|"
        r"congratulations|runner|votes|prize goes",
    ),
    _topic(
        "a draw",
        r"(?:enter|join) (?:our|the|to win|a) ?[\w ]{0,30}(?:giveaway|draw|raffle|contest|"
        r"competition|sweepstakes)?|win (?:a|an|one|two|tickets|\d|[$€£]\d)[\w ]*|could win|"
        r"chance to win|giveaway|raffle|sweepstakes|prize draw",
        r"win(?:ner|ners|s|ning)?\b|draw\w*\b|raffle|prize|giveaway|entr(?:y|ies)|enter\b|rules|"
        r"odds|sweepstakes|contest|competition|nominat|vot(?:e|ing)|award",
    ),
    _topic(
        "a receipt or statement",
        r"(?:annual|monthly|tax|donation) (?:statement|receipt)",
        r"statement|receipt|total|amount|donat|tax year|balance|received|period",
    ),
    _topic(
        "an apology or correction",
        r"(?:our |we )?(?:apolog\w+|sorry)|we (?:made|owe you) (?:a|an) (?:mistake|apology)|oops|"
        r"correction|our mistake|we messed up|wrong link",
        r"sorry|apolog|mistake|error|wrong|correct(?:ion|ed|s)?\b|fixed|broke|broken|should have|"
        r"went (?:down|wrong)|outage|delay|regret|mix-?up|typo|missing|did not work|didn't work|"
        r"crash|incorrect|overlooked|forgot",
    ),
    _topic(
        "an invitation",
        r"you(?:'re| are) invited|invitation (?:to|for|inside)|(?:save|mark) the date|rsvp",
        r"invit|join us|rsvp|register|sign up|attend|come (?:and|to|along|see|by)|doors|event|"
        r"welcome you|ticket|open (?:house|day|evening|studio)|opening|workshop|webinar|party|"
        r"meet|\d ?[ap]\.?m|reception|evening|save (?:a|your) (?:seat|place)|opens? (?:late|early)|date",
    ),
    _topic(
        "a petition or vote",
        r"petition|sign (?:the|our) (?:petition|letter)|cast your vote|vote (?:now|for|on)",
        r"petition|sign(?:atures?|ed)?\b|vot(?:e|es|ing|ed)|ballot|poll|candidates?",
    ),
    _topic(
        "a guide or tips",
        r"(?:\d+|five|three|seven|ten|six|four|eight|our|top|best|expert|quick) (?:\w+ )?tips|"
        r"(?<!ask )(?:a |the |our |your |free |complete |beginner's )(?:(?!gift|holiday|shopping|style|size|"
        r"tv)\w+ ){0,2}guide(?! to (?:gift|giving|shopping|hosting))|checklist|"
        r"how to [a-z]+",
        r"(?:first|second|tips?|step|guide|checklist|how to|start (?:by|with)|1\.|1\)|\bif you|"
        r"make sure|avoid|keep|try|tick|choose|use|before you|download|chapter|pages?|inside (?:you|"
        r"the)|read|list)\b",
    ),
    _topic(
        "a list",
        r"(?:our |the |my )?(?<!\d for )(?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|"
        r"top) (?:\w+ ){0,2}(?:ideas|ways|reasons|books|novels|things|habits|steps|questions|"
        r"lessons|stories|recipes|places|facts|mistakes|tricks|favou?rites|exercises|trends|picks|"
        r"films|walks|sights|wines|signs)",
        r"(?:[^,.;:]{1,80}[,;:]){4}|first\b|second\b|\b1[.)]|here (?:are|is|they)|list|read (?:on|"
        r"more)|how (?:to|we)",
    ),
    _topic(
        "a newsletter",
        r"newsletter|(?:weekly|monthly) (?:digest|roundup|news)",
        r"newsletter|this (?:month|week)|in this issue|news|article|more on (?:the|our) site|see all|new jobs?|"
        r"read|story|stories|issue|"
        r"recipe|event|update|member|tips?\b",
    ),
    _topic(
        "a cancellation",
        r"(?:is|are|been|was|:|class|show|concert|event|tour|flight) (?:now )?(?:cancell?ed|"
        r"postponed|called off)|cancell?ed (?:today|tonight|tomorrow)",
        r"cancel|postpon|refund|there (?:is|will be) no\b|not take place|new date|reschedul|called off|"
        r"credited",
        True,
    ),
    _topic(
        "a move",
        r"we(?:'ve| have| are|'re) (?:moved|moving)|new (?:address|location|home|premises)",
        r"(?:find us|now) (?:at|in|on)|new (?:address|place|home|location|premises|shop|office)|"
        r"moved (?:to|from|in)|moving (?:to|from|day)|\d+ [a-z]+ (?:street|st\b|road|rd\b|avenue|"
        r"ave\b|row|lane|square|way|blvd)",
    ),
    _topic(
        "an adoption",
        r"adopt(?:ion)? (?:day|event|on|a|me|this)|need(?:s)? (?:a )?homes?|"
        r"looking for (?:a )?homes?",
        r"adopt|shelter|rescue|foster|new homes?|homes for|family",
    ),
    _topic(
        "a schedule change",
        r"(?:new|changed|changes to our|holiday|winter|summer|christmas|"
        r"updated) (?:opening )?(?:hours|schedule|timetable|times)|closed (?:on|for|today|"
        r"tomorrow|this)|we(?:'re| are) (?:moving|closing)",
        r"hours|open|clos\w+|schedule|timetable|\d ?[ap]\.?m|\d{1,2}:\d\d|mov(?:e|ing|ed)|address|"
        r"new (?:home|place|premises)|until|from \d",
    ),
    _topic(
        "results of a test",
        r"your (?:test |quiz |assessment |survey )?results",
        r"your (?:test |quiz |assessment |survey )?(?:results?|score|answers)|you (?:scored|"
        r"answered)",
    ),
    _topic(
        "a thank-you",
        r"a (?:big |heartfelt |huge )?thank[ -]you(?! gift)|thanks to you",
        r"thank|grateful|because of you|appreciat|gratitude|made (?:it|this) possible|"
        r"your (?:support|help|gift|donation)",
    ),
    _topic(
        "a warning about fraud",
        r"scam (?:alert|warning)|beware of|fraud warning",
        r"scam|fraud|phish|fake|impost|beware|suspicious|never ask|report (?:it|them)|pretend",
    ),
)


def is_shown(topic: Topic, body: Body) -> bool:
    """Whether the body keeps what the topic promises."""
    if not body.pitches and any(topic.named.search(each) for each in body.lead):
        return True
    if body.sells < 2:
        return body.has(topic.shown)
    plain = " ".join(
        each for each in body.sentences if not SELLING.search(each) and not each.endswith(("!", "?"))
    )
    return topic.shown.search(plain) is not None
