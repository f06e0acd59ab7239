"""Results that nobody can promise: of body, purse and harvest."""

import re

FAST = (
    r"(?:overnight|instant(?:ly)?|immediate(?:ly)?|fast|in (?:just |only )?(?:\d+|one|two|"
    r"three|seven|ten|thirty) (?:days?|hours?|minutes?|weeks?|nights?|sessions?|months?)|"
    r"by (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|christmas|"
    r"summer|next week|the weekend|new year)|this (?:week|weekend|month)|effortless(?:ly)?|"
    r"without (?:effort|diet\w*|exercise|trying|lifting|work\w*|risk)|while you sleep|"
    r"guaranteed|for good|forever|permanently|no (?:effort|diet|exercise|work|risk)|from home|"
    r"a (?:day|week|month)|per (?:day|week|month)|every (?:day|week|month))"
)
OUTCOME = re.compile(
    rf"\b(?:lose (?:up to )?\d+|los(?:e|ing) (?:\w+ ){{0,3}}(?:weight|pounds|lbs|kilos|inches|"
    rf"belly|fat)\b|(?:melt|burn|shed|drop) (?:away )?(?:\w+ ){{0,2}}(?:fat|pounds|lbs|inches|"
    rf"weight|belly|kilos|dress sizes)|(?:cure|cures|relieves?|heals?|reverses?|eliminates?|"
    rf"erases?|banish(?:es)?|ends?|stops?|gets? rid of) (?:your |all |the )?(?:\w+ )?(?:pain|"
    rf"diabetes|cancer|arthritis|anxiety|depression|wrinkles|tinnitus|insomnia|acne|hair loss|"
    rf"baldness|ageing|aging|adhd|dementia|alzheimer's|covid|flu|allergies|snoring|debt|"
    rf"migraines?|eczema|asthma|high blood pressure)|"
    rf"(?:miracle|(?:doctor|vet|dentist|dermatologist|expert|pediatrician|lab|scientist|"
    rf"nasa)s?[ -](?:approved|recommended)|clinically proven|scientifically proven|"
    rf"fda[ -]approved|doctors? (?:hate|recommended|don't)|medical(?:ly)? proven)\b.{{0,30}}|"
    rf"\bcure\b for|(?:look|feel) \d+ years younger|regrow (?:your )?hair|(?:earn|make|making|"
    rf"earning|get paid) (?:up to |over |an extra |extra |"
    rf"at least )?[$€£]\d[\d,k]*(?!\d)(?: (?:{FAST}))|(?:earn|make) (?:money|cash|thousands|"
    rf"millions|a fortune|passive income|six figures) ?(?:{FAST}|online)?|get rich|"
    rf"financial freedom|quit your (?:day )?job|passive income|"
    rf"guarante\w+ [\w -]{{3,30}} (?:{FAST})|guarante\w+ (?:\w+ ){{0,3}}(?:returns?|profits?|"
    rf"income|results?|approval|win\w*|success|growth|loan|yield|rank\w*|leads?|roi|weight|"
    rf"jobs?|placement|admission|pass|savings|sales|customers|cure|acceptance|relief)|"
    rf"(?:returns?|profits?|approval|results?|income|success|placement|admission|ranking|leads|"
    rf"roi|relief|acceptance|job|pass|yield)s? (?:is |are )?guaranteed|guaranteed (?:\d+x|"
    rf"\d+ ?%|to \w+)|\d+x (?:returns?|your|more|roi|the|faster|sales|revenue|leads)|"
    rf"(?:double(?! (?:points|miles|stamps|rewards|the points))|triple(?! (?:points|miles|stamps))|"
    rf"quadruple|10x|boost|skyrocket|explode|multiply|increase|raise|improve|"
    rf"fix|repair|grow|cut|slash|halve|lower) (?:your )?(?:\w+ ){{0,3}}?(?:{FAST})|(?:double|"
    rf"triple|quadruple|skyrocket|explode) your (?:\w+ )?(?:money|income|savings|sales|revenue|"
    rf"harvest|traffic|profits?|followers|score|investment|donations|leads|bookings|memory|"
    rf"energy|salary|yield|conversions?|productivity|pipeline)|"
    rf"(?:risk[ -]free|no[ -]risk|zero[ -]risk) (?:returns?|profits?|investment|income|trading|"
    rf"gains|money)|(?:instantly|immediately) (?:increase|raise|boost|improve|fix|erase|double|"
    rf"lower)|(?:erase|wipe out|eliminate) (?:your |all (?:your )?)?(?:\w+ )?debt|"
    rf"save \d+ (?:hours?|minutes|days) (?:a|per|every|each)|#1 on google|never (?:be|get|have|"
    rf"feel|pay|worry about) (?:\w+ )?(?:sick|ill|tired|bald|pain|taxes|hungry|stress\w*|"
    rf"weeds?|old|rejected)\b|(?:100|99)% (?:success|effective|safe|guaranteed|natural cure|"
    rf"approval|pass)|(?:visible |real |fast |amazing )?results in (?:just |only )?(?:\d+|one|"
    rf"two|three|seven) (?:days?|weeks?|minutes?|hours?|nights?)|no more (?:wrinkles|pain|debt|"
    rf"back pain|diabetes|insomnia|allergies|acne|migraines?|joint pain|anxiety)|(?:works|"
    rf"work) (?:overnight|instantly|in minutes|for everyone)|immortal)"
)
SUBSTANTIATED = re.compile(
    r"\b(?:we (?:replace|refund|pay|return) |no questions asked|stud(?:y|ies)|trial of|"
    r"randomi[sz]ed|peer[ -]reviewed|published in|university|"
    r"survey of|case (?:study|file)|audited|measured|we (?:measured|tested|tracked|compared)|"
    r"data from|sample of|on average|average of|median|according to|source:|sources|"
    r"methodology|\d+ (?:customers|participants|patients|plots|growers|teams|companies|"
    r"households|people|shops|students|clients|gardeners)|before and after figures|"
    r""
    r"(?<!not )tested (?:by(?! (?:our|us|ourselves)\b)|at|over|on \d)|"
    r"records? (?:show|of)|report(?:ed|s)? (?:a|an|by))\b"
)
BELIED = re.compile(
    r"\b(?:results? (?:not typical|may vary|vary|will vary|are not typical|differ|"
    r"not guaranteed)|individual results|not (?:been )?evaluated|no guarantee|"
    r"not (?:a )?guarantee\w*|cannot (?:promise|guarantee)|can't (?:promise|guarantee)|"
    r"not (?:intended )?to (?:diagnose|treat|cure)|(?:may|can|could|might) (?:help|support|"
    r"take (?:up to )?(?:\w+ )?(?:months|weeks|years))|past performance|"
    r"capital (?:is )?at risk|lose (?:some|all|money)|hypothetical|not medical advice|"
    r"for entertainment|most (?:people|users|customers|members) (?:see|earn|make|lose|take|"
    r"get|need)|typical(?:ly)? (?:\w+ )?(?:result|earn|loss|customer|member|user|take|see|"
    r"lose|make))\b"
)
# A result that a line promises in figures or in time, milder than OUTCOME: it only falls by a body that doubts it.
PROMISED = re.compile(
    rf"\b(?:sleep|feel|look|run|learn|speak|pass|cut|halve|lower|reduce|save|gain|grow|boost|double|"
    rf"improve|raise|stop|end|cures?|beat|fix|"
    rf"clear|win|get|earn|whiten|strengthen|relieves?|prevents?|protects?|lasts?|works?|heals?|better|"
    rf"faster|twice|younger|[a-z]+-free|no more|fewer|less|stronger|clearer|fitter)\b.{{0,40}}"
    rf"(?:\bfrom \d+ \w+ to \d+|\b(?:in|within) (?:a|an|one|two|three|four|five|six|\d+) (?:minutes?|"
    rf"hours?|days?|nights?|weeks?|"
    rf"months?|sessions?)|"
    rf"\bby (?:a |one )?(?:third|half|quarter|\d+ ?%)|\b\d+ (?:words|pounds|points|lbs|inches|kilos|"
    rf"customers|leads)|\bfirst time|"
    rf"\bas (?:many|much|fast)|\b(?:blood pressure|cholesterol|colds?|flu|pain|skin|bills?|score|exam|test|"
    rf"wrinkles|sleep|memory|weight|through the night)\b|{FAST})"
)
DOUBTED = re.compile(
    r"\b(?:hard to say|(?:may|might|can) help you (?:to )?|somewhat\b|it varies|need(?:s)? (?:several|many|"
    r"some) (?:weeks|"
    r"months|years|sessions)|notice nothing|no (?:study|figures|data|physician|doctor)|"
    r"n't (?:yet )?(?:been )?(?:tested|proven|"
    r"shown|studied|promise)|give it time|not a medical|"
    r"depends? on|will (?:vary|depend)|(?:vary|varies|different) (?:with|from|for|by)|may (?:take|"
    r"need|see)|can take|takes? (?:about |up to |around )?"
    r"(?:half a|a|several|many|three|six|\d+) (?:months?|years?|weeks?)|most (?:\w+ ){1,2}(?:need|see|take|"
    r"get|lose|earn|save|find)|"
    r"no guarantee|not (?:been )?(?:tested|proven|shown|studied|reviewed)|cannot promise|can't promise|"
    r"no (?:promise|proof|evidence|study)|"
    r"hope(?:s|d)?|everyone's \w+ is different|we (?:think|believe)|before you see|some (?:\w+ )?never)\b"
)
# What a shop gives, sends or counts by the week is no result of body or purse: “Get it by Christmas”, “Earn 3x points
# this weekend”, “Save 20% this month”.
OF_THE_SHOP = re.compile(
    r"\b(?:get|save|win|earn|look|run|end|stop)s?\b.{0,40}(?:\b(?:it|yours|them|these|points?|miles|stars|"
    r"stamps|rewards?|"
    r"cash ?back|tickets?|gifts?|free|delivered|delivery|shipped|off|deals?|orders?)\b|[$€£]\d|\d ?%)"
)
# A choice of goods that differs from shop to shop doubts no result.
OF_THE_RANGE = re.compile(
    r"\b(?:selections?|styles?|sizes?|prices?|availability|hours|colou?rs|offers?|products?|menus?|stores?|"
    r"items|"
    r"assortments?|shipping|delivery)\b"
)
NO_STUDY = re.compile(r"\b(?:no|not a|without any) (?:\w+ )?(?:study|studies|trial|data|figures)\b")
STRONG = re.compile(
    r"\b(?:[a-z]+[ -](?:approved|recommended)|cures?|miracle|doctor|fda|guarante\w+|overnight|"
    r"instant\w*|double|triple|\d+x|get rich|lose|earn|make (?:money|\$)|risk|secret|erase|"
    r"reverse|100%|99%|melt|burn|shed|never|#1|skyrocket|explode|passive income|quit your|"
    r"heals?|eliminates?|no more)"
)
MONEY_BACK = re.compile(
    r"\b(?:(?:(?P<days>\d+)[ -]day |full |100% )?(?:money[ -]back|refund|satisfaction|"
    r"return) guarantee|(?:your |full )?money back|satisfaction guaranteed|"
    r"(?P<days2>\d+)[ -]day (?:returns?|refunds?)|"
    r"guaranteed (?:delivery|by|fresh|to arrive)|price (?:match )?guarantee)"
)
NO_REFUND = re.compile(
    r"\b(?:money is not returned|(?:not|never) return(?:ed)? (?:the |your )?money|we exchange (?:it|them)|"
    r"exchanges? only|"
    r"no refunds?|non-?refundable|all sales (?:are )?final|final sale|store credit only|"
    r"(?:isn't|aren't|not) refunded|(?:give|get|offer) (?:you )?(?:a )?(?:store )?credit|restocking fee|"
    r"cannot be returned|no returns|only (?:if|for) (?:unopened|unused|faulty|"
    r"defective))\b"
)
