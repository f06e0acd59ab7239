"""Terms that a few words promise, and the words of a body that take them back."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """`promised` in a subject is contradicted by `taken_back` in the body, unless the subject has `but` itself."""

    name: str
    promised: re.Pattern[str]
    taken_back: re.Pattern[str]
    but: re.Pattern[str] | None = None


def _term(name: str, promised: str, taken_back: str, but: str = "") -> Term:
    return Term(
        name,
        re.compile(rf"\b(?:{promised})\b"),
        re.compile(rf"\b(?:{taken_back})"),
        re.compile(but) if but else None,
    )


TERMS = (
    _term(
        "without an appointment",
        r"walk[ -]?ins?|walk in|no appointments?|(?:just )?drop (?:in|by)",
        r"(?:call|phone|ring) (?:us )?for an? (?:slot|time|appointment)|appointments? (?:is|are) (?:needed|"
        r"required|necessary)|"
        r"needs? an appointment",
    ),
    _term(
        "no fees",
        r"(?:no|zero|without)[ -](?:\w+ )?fees?|fee-free|no hidden (?:fees|costs|charges)|"
        r"no extra (?:costs?|charges?)|no surcharge",
        r"(?:charges? (?:may|will|can|are|is) (?:be )?(?:added|apply|applied)|(?:service|booking|admin\w*|"
        r"handling|setup|set-up|processing|resort|cleaning|"
        r"activation|monthly|annual|transfer|transaction|late|account|maintenance|cancellation|"
        r"exit|joining) (?:fees?|charges?)|fees? (?:of|apply|may apply|is charged)|"
        r"surcharges? (?:of|appl))(?! (?:is|are|were)? ?(?:waived|included|gone|scrapped|"
        r"abolished|zero|dropped)|\?)|waived (?:in|for|when|if|as long|with|on)\b|we charge [$€£]\d",
    ),
    _term(
        "no contract",
        r"no (?:contract|commitment|lock-in|strings attached|obligation|minimum term)s?|"
        r"(?:cancel|leave|quit|stop|pause) (?:any ?time|at any time|when(?:ever)? you (?:like|want|please|"
        r"wish))|"
        r"without (?:a )?(?:contract|commitment)|month[ -]to[ -]month",
        r"(?:\d+|twelve|twenty-four|two|one|three|minimum|annual|yearly)[ -]?(?:month|"
        r"year)?s? (?:minimum )?(?:contract|term|commitment|agreement)|minimum (?:term|period|"
        r"commitment)|cancell?(?:ation|ing)\b.{0,40}(?:costs?|fees?|charge)|minimum (?:purchase|"
        r"of \d)|before (?:you can )?cancell?(?:ing|ation)?\b|early (?:termination|"
        r"cancellation|exit) (?:fee|charge)|cancellation fee|(?:commit|sign up|locked in) (?:to|"
        r"for) (?:at least )?(?:\d+|twelve|two|one|a) (?:month|year)|non-?cancel|"
        r"(?:after|until|before) (?:the |your )?first (?:\w+ )?(?:months?|years?)|(?:days|weeks|"
        r"months)' notice|"
        r"(?:remain\w*|rest)\b.{0,16}\b(?:is|are) (?:billed|charged|due|owed)|still (?:pay|owe)\b|"
        r"(?:remaining|outstanding) (?:months|fees|payments)|we keep\b|(?:half|part|most|\d+ ?%) of (?:the|"
        r"your) "
        r"(?:\w+ )?(?:fare|price|fee|cost|deposit|total)(?: \w+)? (?:is|are|stays?|remains?)|(?:up to|"
        r"until|at least) "
        r"(?:\d+|two|three|four|six|eight) (?:days|weeks) before (?:departure|arrival|check-?in|travel|"
        r"the (?:trip|tour|"
        r"stay|event|class|start))",
    ),
    _term(
        "unlimited",
        r"unlimited|limitless|no limits?|as much as you (?:like|want)|all[ -]you[ -]can[ -]\w+",
        r"(?:up to|limit(?:ed)? (?:of|to)|max(?:imum)?(?: of)?|cap(?:ped)? (?:of|at)|"
        r"no more than) (?:\d|one|two|three|four|five|ten)|fair[ -]use|(?:\d+|one|two|"
        r"three|four|five|six|eight|ten|twelve)(?: \w+)? (?:per|each|a) (?:month|customer|household|person|"
        r"week|day)|throttl\w+|"
        r"slowed|(?:additional|extra|further|more)(?: \w+)? (?:are|is|costs?|at|for) [$€£]\d",
    ),
    _term(
        "direct",
        r"(?:non[ -]?stop|direct) (?:flights?|trains?|bus(?:es)?|coach(?:es)?|ferr(?:y|ies)|service|to|"
        r"from)|fly (?:direct|non-?stop)",
        r"(?:one|two|1|2|with a|via|change (?:in|at|planes)|connecting|connection|layover|"
        r"stopover)[ -]?(?:stops?|connections?|layovers?|changes?|(?:in|at|through) [a-z]+)?\b",
    ),
    _term(
        "all-inclusive",
        r"all[ -]inclusive|everything included|all[ -]in(?: price)?|full[ -]board",
        r"(?:meals?|drinks?|flights?|transfers?|breakfast|taxes|lunch|dinner|insurance|tips|"
        r"excursions|airport transfers?)(?: and \w+)* (?:are |is )?(?:not included|extra|excluded|"
        r"at (?:your )?own (?:cost|expense)|charged|cost|sold separately|payable)|(?:not included|"
        r"excludes|excluding|does not include|doesn't include|plus) (?:\w+ ){0,2}(?:meals?|"
        r"drinks?|flights?|taxes|transfers|breakfast|dinner)|room only|self-catering|"
        r"(?:is|are) (?:billed|charged) (?:as|apart|separately|extra)\b",
    ),
    _term(
        "refundable",
        r"(?:fully |free |full )?refundable|free cancell?ation|free returns?|easy returns|"
        r"money[ -]back",
        r"non-?refundable|no refunds?|all sales (?:are )?final|final sale|cancell?ation (?:fee|"
        r"charge)|return (?:shipping|postage) (?:is |costs? )?(?:paid by|your|at your|\$|€|£)|"
        r"restocking fee|(?:can't|cannot|can not|may not|not) be (?:changed|exchanged|refunded|returned|"
        r"cancell?ed)|cannot be (?:returned|refunded|cancelled)|credit note only|"
        r"store credit only|you pay (?:the )?return|returns? (?:cost|are charged|fee)",
    ),
    _term(
        "returns for ever",
        r"(?:unlimited|lifetime|endless|any ?time|no[ -]deadline) returns|returns?,? (?:for ?ever|any ?time|"
        r"with(?:out| no) (?:a )?(?:time )?limit)|(?:full refund|refunds?|returns?|"
        r"exchanges?)\b.{0,20}\b(?:any ?time|"
        r"at any time|no matter what|whatever the reason)",
        r"within (?:\d+|thirty|sixty|fourteen|ninety) days|(?:in|for) the first \d+ days|(?:sale|clearance|"
        r"opened|worn) "
        r"items (?:are )?(?:final|can)|we (?:keep|deduct)|(?:is|are) deducted|up to \d+ (?:days|weeks) before|"
        r"(?:isn't|aren't|not) (?:refundable|returnable)|store credit",
    ),
    _term(
        "there in time",
        r"(?:there|here|arrives?|get (?:it|them|yours)|delivered|delivery|in time|"
        r"under the tree)\b.{0,14}\b(?:by|before|"
        r"for|in time for) (?:christmas|the holidays?|hanukkah|valentine's day|mother's day|father's day|"
        r"easter|"
        r"thanksgiving|new year)",
        r"(?:leaves?|ships?|arrives?|dispatched|delivered|delivers?|shipped|sent|"
        r"reach\w*)\b.{0,40}\b(?:january|february|"
        r"march|the new year|after (?:christmas|the holidays?))|too late for|"
        r"(?:comes?|there|on (?:its|their) way|goes? out|picked up|collected)\b.{0,40}\b"
        r"after (?:christmas|the holidays?)",
    ),
    _term(
        "nothing asked",
        r"nothing to (?:ask|buy|sell)|no (?:ask|appeal|sales pitch)|not (?:asking|selling|an appeal)|"
        r"isn't an appeal|"
        r"without asking (?:for|you)|(?:won't|don't|not going to) ask (?:you )?(?:for|to give)",
        r"(?:will|would|could|can) you (?:please )?(?:give|donate|help with a gift)|donate (?:now|today|here)|"
        r"give (?:now|today|again|generously)|(?:make|send) (?:a|your) (?:gift|donation)|a gift of [$€£]|"
        r"shop (?:now|the|our)|buy (?:now|yours|today)|order (?:now|yours|today)|\d+ ?% off|use (?:the )?code",
    ),
    _term(
        "in stock",
        r"in stock|available now|ready to ship|ships? (?:today|now|immediately|same day|next day|"
        r"in 24 hours)|(?:delivery|delivered|arrives?|at your door|dispatched) (?:in|"
        r"within) (?:\d+ hours?|a day|one day|hours|\d days?)|same[ -]day (?:delivery|shipping|"
        r"dispatch)|next[ -]day (?:delivery|shipping|dispatch)|(?:arrives?|delivered|"
        r"delivery) (?:tomorrow|today|by christmas|before christmas|in time)",
        r"out of stock|pre-?orders?|back-?order\w*|wait(?:ing)? ?list|ships? (?:in|within|from|"
        r"after) (?:about |around |late |early |mid-?)?(?:\d+|two|three|four|five|six|several|"
        r"january|february|march|april|may|june)|(?:allow|takes?|within|delivery (?:in|"
        r"within)) (?:up to |about |around )?(?:\d+ ?(?:-|to) ?\d+|[2-9]|\d\d|two|three|four|five|"
        r"six|ten) (?:working |business )?(?:days|weeks)|(?:expected|available) (?:in|from|"
        r"by) (?:january|february|march|april|may|june|spring|summer|the new year)|"
        r"cannot guarantee|may arrive after|not (?:yet )?(?:in stock|available)|"
        r"(?:deliver\w*|arrives?|dispatch\w*|ships?|leaves? (?:us|our|here)) (?:us |here )?(?:in|within|"
        r"after) "
        r"(?:\d+ ?(?:-|to) ?\d+|[3-9]|\d\d|three|four|five|six|seven|eight|ten) (?:working |"
        r"business )?(?:days|weeks)|"
        r"leaves? (?:us|our|here)\b.{0,30}\b(?:january|february|march|april|may|june)|"
        r"we (?:build|make|sew|cut|print|knit|weave) (?:each|every|them|it|yours)\b.{0,30}\b(?:when|once|after|"
        r"to order)\b",
    ),
    _term(
        "made here",
        r"(?:made|built|grown|produced|crafted|sewn|brewed|roasted|assembled|woven|raised|baked|"
        r"knit|spun|carved|turned|stitched|cast|forged|printed) (?:from seed )?(?:by us\b|ourselves|here\b|"
        r"on (?:our|the) farm|in (?:the |"
        r"our )?)(?!minutes|seconds|hours|small|batches|days|time|house)[a-z]+|american[ -]made|"
        r"british[ -]made|locally (?:made|grown|sourced|produced)|local(?:ly)?[ -](?:made|grown)|"
        r"home-?grown",
        r"import(?:ed|s)?\b|(?:in|from) (?:a (?:mill|factory|plant) in )?(?:china|taiwan|vietnam|"
        r"bangladesh|pakistan|indonesia|thailand|the far east)|made in (?:china|vietnam|india|"
        r"bangladesh|turkey|portugal|taiwan|mexico|pakistan|indonesia)|overseas|sourced (?:from|"
        r"in) (?:china|asia|abroad|around|spain|the netherlands|peru|chile|several)|"
        r"manufactur\w+ (?:abroad|overseas|in (?:china|asia|vietnam))|global(?:ly)? sourced|"
        r"assembled (?:here )?from (?:\w+ )?(?:imported|foreign)|flown in|"
        r"(?:by|in|at|from) (?:a |an |our |the )?(?:\w+ )?(?:partner|supplier|contractor|contract|outside|"
        r"overseas|foreign)\b|"
        r"(?:plant|factory|mill|works|facility|supplier)s? (?:near|outside|abroad)|"
        r"(?:near|in|from|outside) (?:shenzhen|hanoi|dhaka|shanghai|guangzhou|delhi|mumbai|istanbul|"
        r"karachi|jakarta|bangkok|"
        r"ho chi minh|manila|taipei|tijuana|guangdong|zhejiang|yiwu|asia|india|turkey|morocco|tunisia|"
        r"romania|poland|bulgaria|cambodia|"
        r"sri lanka|ethiopia|honduras)",
    ),
    _term(
        "handmade",
        r"hand-?(?:made|[a-z]{3,}ed|sewn|spun)|made by hand",
        r"(?:machine|factory|mass)[ -](?:made|produced|sewn|printed|stitched|cut)|industrial|"
        r"production line|made in (?:a|our) factory|by machine|machine does|printed by|automatic|automated|"
        r"robot\w*|cnc|laser|"
        r"injection|mould(?:ed|s)|mold(?:ed|s)",
    ),
    _term(
        "organic or natural",
        r"(?:100% |all[ -]|certified |fully )?(?:organic|natural|vegan|recycled|compostable|"
        r"biodegradable|plastic-free|chemical-free|pesticide-free|cruelty-free)",
        r"(?:non-?organic|not (?:certified|organic|vegan|fully|all|recycled|compostable|natural)|"
        r"conventional(?:ly)?|synthetic|artificial|contains? (?:\w+ (?:and )?){0,2}(?:beeswax|"
        r"honey|lanolin|wool|silk|leather|milk|egg|plastic|pesticides?|dairy|gelatin\w*|"
        r"polyester)|(?:[1-9]\d?) ?% (?:organic|recycled|natural|compostable|vegan)|partly|"
        r"blend (?:of|with)|treated with|sprayed with)",
    ),
    _term(
        "fresh",
        r"(?:fresh(?:ly)?|never frozen)\b(?! (?:start|look|take|ideas?|air|coat|face|new|perspective|"
        r"markdowns?|arrivals?))|"
        r"(?:baked|roasted|picked|caught|pressed|harvested) (?:this morning|today|daily|to order)",
        r"frozen(?! (?:yogurt|margarita))|thawed|vacuum-packed|canned|tinned|from concentrate|long-life|"
        r"(?:roasted|baked|picked|caught|packed|harvested|made) (?:in (?:january|february|march|april|may|"
        r"june|july|august|september|"
        r"october|november|december)|last (?:week|month|season|year)|(?:two|three|several|\d+) (?:weeks|"
        r"months) ago)",
    ),
    _term(
        "no minimum",
        r"no min(?:imum)?(?: (?:order|spend|purchase|stay))?|any (?:order|purchase)|"
        r"without (?:a )?minimum",
        r"min(?:imum|\.) (?:\w+ )?(?:order|spend|purchase|stay|of|is|quantity)|when you spend|"
        r"(?:from|over) [$€£]\d[\d,.]* (?:an|per) order|applies from [$€£]|(?:orders?|purchases?) (?:of|"
        r"over|above) (?:at least )?[$€£]\d|spend (?:at least |"
        r"over )?[$€£]\d",
    ),
    _term(
        "doubled or matched",
        r"(?:your |every |all |each )?(?:gifts?|donations?|dollars?|pounds?|"
        r"contributions?)?[ ,]*(?:will be |is |are |get |gets |be )?(?:doubled|matched|tripled|"
        r"triple|double)(?: (?:today|tonight|now))?|match(?:es|ing)? (?:every|each|all|your|gift|"
        r"grant|fund|challenge)|2x match|3x match|double your (?:gift|donation|impact)|"
        r"triple your (?:gift|donation|impact)",
        r"(?:match|fund|grant) (?:was |has been |is )?(?:already |now )?(?:reached|used up|"
        r"exhausted|met|ended|over|full|spent|closed)|no match(?:ing)?|hope (?:for|to)|"
        r"not (?:be )?match\w*|regardless of|(?:pledged|given|give) (?:\w+ )?(?:whether or not|"
        r"either way|in any case|whatever)|hope to find (?:a )?match|looking for (?:a )?(?:match|"
        r"donor)",
    ),
    _term(
        "all of it",
        r"(?:100%|all|every (?:penny|cent|dollar|pound)) (?:of )?(?:\w+ ){0,3}(?:goes?|proceeds|"
        r"profits?|donat\w+|to (?:the )?(?:children|shelter|charity|families|animals|relief|"
        r"research))|(?:all|100% of) (?:proceeds|profits)",
        r"(?:[1-9]\d?) ?(?:%|percent|per cent|cents?) (?:of|from|per|goes)|(?:part|portion|share|"
        r"some|half|a quarter|a third|percentage) of (?:the |our |each |every |all )?(?:proceeds|"
        r"profits?|sales?|price|gifts?|donations?|it)|after (?:costs|expenses|overheads?|fees)|"
        r"administrat\w+ (?:costs?|fees?)|(?:minus|less|covers?) (?:our )?(?:costs|overheads?|"
        r"fees|running)|[$€£]\d+ (?:from|of) (?:each|every)",
    ),
    _term(
        "lowest price",
        r"(?:lowest|best|cheapest) (?:ever |possible |\w+ )?(?:prices?|rates?|fares?|"
        r"deals?)(?: of the (?:year|season)| ever| guaranteed| anywhere| this year| in town)?|"
        r"unbeatable|price match|cheaper than (?:ever|anywhere)|lowest[ -]price|"
        r"never (?:been )?cheaper",
        r"(?:was|were|had been|sold for|went for|cost|dropped to|as low as|"
        r"down to) (?:even )?(?:lower|cheaper|less)|(?:even )?(?:lower|cheaper|"
        r"less)(?: \w+){0,2} (?:in|last|during|on|this) (?:january|february|march|april|may|june|"
        r"july|august|september|october|november|december|spring|summer|autumn|fall|winter|year|"
        r"black|the)|(?:can|may|might) (?:be |find (?:it |them )?)(?:cheaper|lower)|"
        r"lower prices elsewhere|do not match|don't match|sale price (?:was|in) ",
    ),
    _term(
        "an ending price",
        r"prices? (?:go(?:es)? up|rise|increase|rising|going up|hike|jump)s?(?: \w+)?|(?:raising|"
        r"increasing|putting up) (?:our )?(?:prices?|rates?|fees?)|before (?:the )?prices? (?:go|"
        r"rise|increase)\w*|last chance at (?:this|the old|today's) price|price (?:increase|"
        r"rise)s? (?:is |are )?(?:coming|tomorrow|tonight|soon|on)",
        r"(?:stays?|remains?) (?:at )?[$€£]\d|(?:prices?|rates?|fees?)(?: \w+){0,3} (?:stays?|remains?|"
        r"will stay|will remain|"
        r"unchanged|the same|hold|frozen|not change|won't change|will not (?:change|rise|go up)|"
        r"isn't changing)|(?:no|not any|any) (?:planned )?(?:price )?(?:change|increase|"
        r"rise)s?(?: \w+){0,2} (?:planned|to|in)|price freeze|(?:no|without) (?:plans?|change)",
    ),
    _term(
        "live or in person",
        r"live: |live (?:with|from|on|at|webinar|workshop|q&a|session|class|stream|training|demo|music|"
        r"concert|event|show)|in[ -]person",
        r"pre-?recorded|recorded (?:in|last|session|earlier|webinar|class)|on[ -]demand|not live|"
        r"virtual only|online only|video only|playlist|by video|dj set|filmed|recorded|(?:once more|again|"
        r"repeat(?:ed)?) .{0,30}"
        r"(?:of|from) last|replay",
    ),
    _term(
        "open",
        r"open all day|(?:we're |we are |now |still )?open (?:on |this |every )?(?:sunday|monday|tuesday|"
        r"wednesday|thursday|friday|saturday|thanksgiving|christmas|tomorrow|late|24/7|all day|"
        r"daily|7 days|new year|easter|today|tonight)\w*",
        r"(?:shut|close|closed|shuts|closes)(?: \w+)? at (?:noon|midday|lunch|[1-6] ?p)|we are closed|"
        r"clos(?:ed|es|ing) (?:on |this |all |for |every |over |at (?:noon|[1-6] ?p))?(?:sunday|"
        r"monday|tuesday|wednesday|thursday|friday|saturday|thanksgiving|christmas|the holiday|"
        r"new year|easter|tomorrow|noon|[1-6] ?p|today|day)",
    ),
    _term(
        "no experience or equipment",
        r"no (?:experience|equipment|skills?|card|credit card|sign-?up|registration|login|account|"
        r"download|password|questions?|waiting|appointment|prescription|deposit|credit check|"
        r"purchase|subscription)(?: (?:necessary|needed|required|asked))?|(?:walk-?ins? welcome)|"
        r"(?:no|without) (?:a )?deposit",
        r"(?:experience|equipment|card|credit card|sign-?up|registration|login|account|"
        r"appointment|prescription|deposit|credit check|purchase|subscription|"
        r"card details?)(?: details)?(?: of \S+)? (?:is |are |will be |must be )?(?:required|"
        r"needed|necessary|taken|payable|due|mandatory|only|applies|essential)|(?:requires?|need|"
        r"needs|must have|enter|create|register|leave|pay) (?:a |an |your |"
        r"the )?(?:\w+ )?(?:experience|credit card|card|account|appointment|prescription|deposit|"
        r"subscription|login|registration|purchase)|by appointment|(?:\d+|two|three|"
        r"five) (?:years?|months?)(?: of)? experience|(?:once|after|when) you (?:subscribe|register|"
        r"sign up|log in|join)",
    ),
    _term(
        "for some only",
        r"only for|exclusive(?:ly)?|members[ -]only|invitation only|private (?:sale|event|access)|"
        r"vip|early access|insiders?|(?:members|subscribers|you) (?:see|get|shop|"
        r"hear) (?:it )?first",
        r"open to (?:everyone|all|anyone|the public)|(?:for|available to) (?:everyone|everybody|"
        r"all (?:customers|visitors|shoppers)|anyone|the public|all\b)|everyone (?:can|gets|is|"
        r"may)|no (?:membership|exam|invitation|login|code) (?:is )?(?:needed|required|necessary)|"
        r"public sale|anyone can",
    ),
    _term(
        "full",
        r"(?:is|are) (?:now |already )?(?:full|fully booked|closed)|no (?:places|seats|rooms|"
        r"spots) left|waiting list",
        r"still (?:room|places|space|seats|spots|rooms)|walk-?ins|plenty of|"
        r"places (?:are )?(?:free|open|available|left)|(?:has|have) (?:room|places|spots|space)|"
        r"always (?:places|room)|in all ",
    ),
    _term(
        "closing down",
        r"(?:is|are|we're) closing|closing down|final (?:sale|days)|going out of business|"
        r"store closing|everything must go|liquidation|shutting down|moving sale",
        r"not going anywhere|(?:stay|remain|keep|continue)(?:ing|s)? (?:open|trading|in business)|"
        r"(?:here to stay|not closing|new stock (?:each|every)|reopen\w*|back (?:on|in) (?:monday|"
        r"january|the spring))",
    ),
    _term(
        "included",
        r"(?:breakfast|lunch|dinner|parking|wi-?fi|installation|delivery|shipping|insurance|taxes|"
        r"support|set-?up|training|drinks|meals|registration|assembly)(?: is| are)? (?:included|"
        r"on us|covered|paid)|(?:includes?|including|with) (?:free )?(?:breakfast|lunch|dinner|"
        r"parking|installation|insurance|support|set-?up|training|drinks|meals)|we (?:pay|"
        r"cover) (?:your|the|all)",
        r"can be (?:had|bought|hired|ordered|added|booked) |(?:flights?|transfers?|breakfast|lunch|dinner|"
        r"parking|wi-?fi|installation|delivery|"
        r"shipping|insurance|taxes|support|set-?up|training|drinks|meals|registration|"
        r"assembly)(?: \w+)? (?:is|are|costs?|at|for|of|from) (?:an? )?(?:extra |about |another |"
        r"around )?(?:[$€£]\d|due|extra|charged|payable|not included|additional|available for)|"
        r"(?:fee|charge) (?:of|is) [$€£]\d|(?:due|payable) (?:at|on|upon|before)",
    ),
    _term(
        "two for one",
        r"(?:two|2|three|3)(?: \w+)? for (?:the price of )?(?:one|1|two|2)|2[ -]for[ -]1|"
        r"3[ -]for[ -]2|b[ou]go|buy (?:one|two|1|2),? get (?:one|two|1|2|a third)(?: \w+)? free",
        r"\d+ ?% (?:off )?(?:the|on the|your|a) (?:second|third|next)|(?:second|third|"
        r"next)(?: \w+)? (?:at|for|is|gets?) (?:half|[$€£]?\d)|get (?:one|the second|"
        r"a second) (?:\d+ ?%|half)|half price|not included|selected|excluded",
        but=r"\d ?%|half",
    ),
    _term(
        "a price of one's own",
        r"(?:pay|give|name) (?:what|whatever|as much as|your price|"
        r"your own price)(?: you)?(?: (?:can|will|want|like|wish))?|pay-what-you-\w+|by donation",
        r"(?:is|are|costs?|for|tickets?|at) (?:only |just )?[$€£]\d",
    ),
    _term(
        "the last one",
        r"(?:the )?last (?:one|class|show|tour|run|batch|concert|time|market|session|walk) (?:of|"
        r"this|until|before)|final (?:show|class|tour|run|batch|concert|performance|edition)",
        r"continues? (?:every|all|through|until|into)|(?:every|each) (?:sunday|monday|tuesday|"
        r"wednesday|thursday|friday|saturday|week|month)|all (?:winter|year|season|month|spring)|"
        r"(?:more|extra) (?:shows|dates|classes|tours|batches)|runs? (?:until|through)",
    ),
    _term(
        "closed",
        r"closed (?:today|tomorrow|on|this|for|until)|closing (?:early|at)",
        r"(?:are|we're|is|stay) open (?:today|tomorrow|as usual|as always|on|this|until)",
    ),
    _term(
        "the real thing",
        r"(?:real|genuine|solid|pure|authentic|full[ -]grain|original|100%) (?:leather|gold|"
        r"silver|oak|wood|wool|silk|cashmere|cotton|down|linen|walnut|brass|marble|fur|pearls?|"
        r"diamonds?|\w+)",
        r"faux|imitation|veneer|(?:gold|silver)[ -]plated|synthetic|bonded|replica|laminate|"
        r"a blend\b|blend of|man-?made|polyester|viscose|feels like|acrylic|simulated|look-?alike|"
        r"style reproduction",
    ),
    _term(
        "of one origin",
        r"single[ -](?:origin|farm|estate|malt|vineyard)|estate[ -]grown",
        r"blend(?:ed)? (?:of|from|with)|from (?:several|various|many|different) (?:farms|"
        r"countries|estates|growers)",
    ),
    _term(
        "an award",
        r"award[ -]winning|prize[ -]winning|(?:gold|silver|double gold) (?:medal|for)|"
        r"voted (?:best|#1|number one)|(?:winner|named) (?:of )?the best",
        r"(?:not|never|n't)(?: yet)? (?:been )?(?:entered|won|awarded|judged|voted)|"
        r"deserves? (?:a|an|one|it|to)|no (?:award|medal|prize)|not a medal|"
        r"should (?:have )?w[io]n",
    ),
    _term(
        "their own",
        r"(?:from )?our own|local(?:ly)? (?!time|news|events?|rules?)[a-z]+|estate[ -]bottled",
        r"blend (?:of|from)|bought in|import(?:ed|s)?\b|from (?:other|several|various|"
        r"many) (?:farms|growers|producers|countries|suppliers)|packed for us|non-eu",
    ),
    _term(
        "for everyone",
        r"for (?:everyone|everybody|all (?:customers|members|subscribers|ages|of you|levels)|"
        r"anyone)|open to (?:all|everyone|anyone)|all ages|(?:kid|family|dog|pet|"
        r"child)[ -]friendly|(?:dogs|kids|pets|children) welcome|beginners? welcome",
        r"(?:only (?:for|open to)|limited to|reserved for|exclusive to|"
        r"restricted to) (?:\w+ )?(?:members|subscribers|residents|customers|adults|guests|"
        r"premium|gold|vip|holders|cardholders|account|those|people|new)|adults only|no (?:kids|"
        r"children|dogs|pets|under|minors)|(?:over|aged?) (?:18|21)|(?:18|21)(?: and over|\+|"
        r" or older)|(?:children|kids|dogs|pets)(?: \w+)? (?:are )?not (?:allowed|permitted|"
        r"admitted)|(?:guests|members|customers|subscribers|owners) only|advanced (?:\w+ )?only|"
        r"experts? only|advanced (?:players|students|riders)|"
        r"invitation only|must be (?:18|21|a member|over)|only (?:members|premium|gold|vip|new)",
    ),
    _term(
        "taking place",
        r"tonight|tomorrow|on (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)|"
        r"this (?:evening|weekend|saturday|sunday|friday)|here (?:today|tonight|on)|in store|live|"
        r"meet|see you",
        r"(?<!you )(?:cannot|can't|could not|couldn't|will not|won't|is unable to|isn't able to|"
        r"not able to) (?:be (?:here|there|with us)|come|attend|make it|appear|perform|take place|"
        r"join us|play)|was (?:last|in|on) (?:week|month|monday|tuesday|wednesday|thursday|friday|"
        r"saturday|sunday|january|february|march|april|may|june|july|august|september|october)|"
        r"has already (?:taken place|happened)|(?:has been|is|was) (?:cancell?ed|postponed|"
        r"called off|rescheduled)",
        r"cancel|postpon|called off|reschedul|sorry",
    ),
    _term(
        "on sale",
        r"(?:tickets? |now |are )?on sale (?:now|today)|now on sale|buy now|"
        r"tickets (?:are )?(?:here|out|available)",
        r"(?:go|goes|will be|be) on sale|on sale (?:from|on|in) (?:\w+ )?(?:\d|january|february|"
        r"march|april|may|june|july|august|september|october|november|december|next)|"
        r"not (?:yet )?on sale|coming soon|sale opens",
    ),
    _term(
        "sold out",
        r"sold out|fully booked|booked out|(?:all|tickets|seats) gone",
        r"(?:plenty|many|lots|hundreds|dozens) (?:of )?(?:\w+ )?(?:left|available|remain)|"
        r"still (?:have|available|on sale|places|seats|tickets|rooms|get|order|buy|room)|"
        r"tickets (?:are )?(?:available|on sale|still)|seats (?:are )?(?:available|left|still)|"
        r"(?:buy|get|book) (?:your )?(?:tickets?|seats?|places?) (?:now|here|today|at)|in stock",
    ),
    _term(
        "for life",
        r"for life|lifetime (?:warranty|guarantee|access|membership|price|licen[cs]e|support|plan)|"
        r"lifetime|(?:free|yours|price|rate|deal|access) (?:for ?ever|permanently)|never pay again|"
        r"one[ -]time (?:payment|price|fee)|pay once",
        r"(?:for|during|in) (?:the |your )?first (?:\d+ |two |three |six |twelve )?(?:year|month|"
        r"week|\d+ days|term)s?|first (?:year|month) (?:only|free|is)|renews? (?:at|for|every|"
        r"yearly|annually)|(?:annual|yearly|monthly) (?:renewal|fee|charge|subscription)|(?:then|"
        r"after(?:wards| that)?|thereafter)[, ]+(?:it's |it is |it costs |you pay |we charge |"
        r"billed )*(?:at )?[$€£]\d|(?:expires?|ends?|valid for|lasts?) (?:after |in )?(?:\d+|one|"
        r"two|three|twelve|a) (?:month|year|day)s?|within (?:\d+|twelve|two|the first) (?:months?|"
        r"days|years?|year) of|lifetime of the (?:product|plan|account|company)|(?:covered|warranty|"
        r"guaranteed|lasts|valid|good)(?: \w+){0,3}? "
        r"for (?:\d+|one|two|three|five|six|ten|twelve|eighteen|twenty-four) (?:months?|years?|days)",
    ),
    _term(
        "same price",
        r"no price (?:increase|rise|change|hike)s?|(?:fees|prices|rates|tuition)(?: \w+)? (?:stay|"
        r"remain|are) (?:the same|unchanged|frozen)|(?:same|2025|2024|last year's) prices?|"
        r"prices? (?:frozen|unchanged|freeze)|we(?:'re| are) not raising",
        r"(?:prices?|rates?|fees?)(?: \w+){0,4} (?:rises?|increases?|goes up|go up|will be|up by|"
        r"going up|raised)|(?:in place of|instead of) [$€£]\d|(?:increase|rise) of|new prices?|"
        r"price increase|[$€£][\d.]+ (?:more|"
        r"extra)",
    ),
    _term(
        "safe or fast delivery",
        r"(?:before|by|in time for|for) (?:christmas|the holidays|valentine's day|mother's day|"
        r"hanukkah|father's day|easter|thanksgiving)(?: delivery)?(?: guaranteed)",
        r"cannot (?:guarantee|promise)|can't (?:guarantee|promise)|may (?:arrive|"
        r"be delivered) (?:after|late)|not guaranteed|no guarantee|estimated|"
        r"delays? (?:are )?(?:possible|likely|expected)|allow \d",
    ),
)
