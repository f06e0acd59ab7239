"""Orders, bills, accounts and alarms: what a subject says has happened, and the particulars that show it did."""

import re

from mailer.compliance.subjects.body import DIGIT, SELLING, Body
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.times import MONTH, WEEKDAY
from mailer.compliance.subjects.words import shares, stems

NOTICE = re.compile(
    r"\b(?:"
    # order and parcel
    r"(?:your|the) (?:\w+ )?(?:order|package|parcel|shipment|delivery|item|"
    r"purchase)s? (?:#?\w*\d\w* )?(?:of \w+ \d|has|have|is|was|are|could not|couldn't|will be|"
    r"can't|cannot|confirm\w*|update|status|needs|on hold|awaits|number|delayed|from)|"
    r"order (?:#?\w*\d\w* )?(?:confirm\w*|received|shipped|status|update|on hold|cancell?ed|"
    r"delayed|number|#)|(?:delivery|shipping|shipment|package|parcel) (?:attempt\w*|fail\w*|"
    r"notice|notification|update|problem|issue|on hold|pending|exception|confirmation|missed|"
    r"failure)|(?:missed|failed|undeliver\w+) (?:your |a )?(?:delivery|package|parcel)|"
    r"(?:out for|we (?:couldn't|could not|tried to)) deliver\w*|tracking (?:number|update)|"
    r"your (?:\w+ )?(?:technician|driver|courier|car|stay|room|lesson|visit|pick-?up|"
    r"installation|repair|glasses|bike|keys?|trip|report|badge|certificate|photos) (?:is|are|"
    r"has|have|was|arrives?|arrived|will be|moved|confirmed|approved)|we(?:'ve|"
    r" have) (?:saved|held|reserved|booked|kept) (?:you|your)|"
    # anything that is said to have become the reader's
    r"your [\w' -]{3,24} (?:is|are|has been|have been|was|were|"
    r"could not be) (?:now )?(?:over)?(?:due|ready|attached|enclosed|confirmed|approved|"
    r"issued|received|shipped|dispatched|on (?:its|the|their) way|cancell?ed|expired|complete|"
    r"processed|declined|scheduled|booked|reserved|suspended|locked|changed|accepted|"
    r"paid off)\b|your (?:pre-?order|"
    r"order|parcel|package|delivery) has arrived|(?:credit|debit|delivery|consignment) note\b|"
    # money
    r"(?:invoice|receipt|statement(?! of (?:impact|purpose|faith|values|support))|bill) (?:#|no\b|number|for|"
    r"attached|enclosed|from|is|"
    r"overdue|due|unpaid|past|inside|\d)|your (?:\w+ ){0,2}(?:invoice|receipt|statement|bill|"
    r"refund|payment|transfer|deposit|payout|reimbursement|claim|quote|tax refund|transaction|"
    r"direct debit|settlement)s?(?: #?\w*\d\w*)?(?: (?:is|has|was|are|have|from|for|of|needs|"
    r"enclosed|attached|pending|status|could|couldn't|failed|due|overdue|received|ready)|$|"
    r"[:!])|(?:payment|transfer|deposit|refund|funds|transaction|charge|"
    r"purchase) (?:\w+ )?(?:notice|received|pending|failed|declined|confirm\w*|authori[sz]\w*|"
    r"approved|due|overdue|past due|processed|issued|released|unsuccessful|problem|issue|"
    r"alert|required|on hold)|(?:past|over)[ -]?due\b|unpaid|outstanding balance|(?:funds|"
    r"payment|transfer)\b.{0,20}authori[sz]ed|we(?:'ve| have)? (?:received|processed|issued|"
    r"charged|refunded) (?:your|a)|amount due|"
    # account
    r"your (?:\w+ )?(?:account|mailbox|profile|access|licen[cs]e|membership|subscription|"
    r"password|card|storage|policy|coverage|benefits?|domain|registration|warranty|listing|"
    r"login|workspace|plan|service|certificate|e-?mail)(?: \S+)? (?:has|have|is|was|will|"
    r"needs|requires|may|expires?|expired|ends|suspended|locked|limited|on hold|alert|notice|"
    r"update required|at risk|about to|could|verification|been|closes?|closing|deactivat\w+)|"
    r"(?:account|password|security|login|sign-in|mailbox|billing|policy|warranty|subscription|"
    r"membership|renewal|domain) (?:alert|notice|notification|suspen\w+|locked|on hold|"
    r"verification|verified|confirmation|expir\w+|reset|limited|deactivat\w+|statement|"
    r"problem|issue|warning|closure)|"
    r"(?:verify|confirm|validate|update|reactivate|restore|unlock) your (?!early access|exclusive|special|"
    r"savings?|discount|perks?|rewards?|offers?|gifts?|bonus|potential|favou?rite|"
    r"wardrobe|garden|home|style|look|kitchen|skills|routine|space|knowledge|closet|recipe|"
    r"plans for|seat|rsvp|subscription|interest|preferences|attendance|place|spot)[\w ]{3,}|"
    r"(?:action|response|attention|signature|verification|update|immediate (?:action|"
    r"attention)) (?:is )?(?:required|needed|requested)|(?:unusual|suspicious|new|"
    r"unrecogni[sz]ed|unauthori[sz]ed) (?:sign-?in|log-?in|activity|device|access|transaction|"
    r"charge)|(?:security|fraud|data breach|dark web) (?:alert|warning|notice|scan|breach|"
    r"incident)|dark web|data breach|we noticed (?:a|an|some|unusual)|"
    # appointments, notices, law
    r"your (?:\w+ )?(?:appointment|booking|reservation|flight|itinerary|ticket|seat|table|"
    r"interview|meeting|check-in|test results?|results?|prescription|registration|application|"
    r"enrol\w+)s? (?:\w+ )?(?:is|are|has|have|was|confirm\w*|cancell?ed|changed|for|on|at|"
    r"tomorrow|today|reminder|received|approved|complete)|(?:appointment|booking|reservation|"
    r"meeting) (?:confirm\w*|reminder|cancell?ed|changed)|(?:final|second|third|last|legal|"
    r"official|urgent|important|service|important account|account|past due|formal|public|"
    r"cancellation|termination|collection|suspension|eviction|court|tax|expiration|"
    r"overdue) (?:notice|notification|warning|demand)|(?:final|second|third|last) (?:attempt|"
    r"reminder: (?:pay|renew|your))|important (?:information|update|message|"
    r"changes?) (?:about|regarding|to|on|concerning) your|w-?[29]s?\b (?:enclosed|attached|"
    r"form)|1099|tax (?:document|form)|(?:court|jury|legal) (?:summons|action|notice|case)|"
    r"subpoena|lawsuit|case (?:#|number)|voicemail|missed call|(?:document|file|fax|"
    r"contract)s? (?:shared|for (?:your )?signature|attached|enclosed|awaiting)|"
    r"changes to your|respond within|you(?:'re| are) (?:over)?due (?:for|to)|you have (?:\d+|"
    r"an?|one|two|new|unread|pending) (?:new |unread |pending |secure |missed )?(?:messages?|"
    r"notifications?|voicemails?|alerts?|friend requests?|payments?|packages?|documents?|"
    r"faxes|calls?)\b|office of the"
    r")"
)
# What somebody else keeps about a reader; to name it as theirs says that there is one.
RECORD = (
    r"(?:orders?|packages?|parcels?|shipments?|deliver(?:y|ies)|refunds?|payments?|invoices?|receipts?|"
    r"statements?|bills?|accounts?|"
    r"passwords?|(?:credit|debit|membership|bank) cards?|membership|subscription|plan|policy|coverage|"
    r"warranty|lease|loans?|mortgage|"
    r"claims?|applications?|registration|enrol?lment|reservations?|bookings?|appointments?|itinerary|"
    r"flight|interview|"
    r"scholarship|grant|visa|passport|licen[cs]e|permit|prescription|(?:\w+ )?results?|diagnosis|biopsy|"
    r"x-ray|domain|certificate|"
    r"vehicle(?:'s \w+)?|child|son|daughter|student|school report|tax(?:es| return| refund)?|benefits?|"
    r"pension|settlement|"
    r"inheritance|deposit|transfer|transaction|quote|estimate|inquiry|enquiry|complaint|visit|"
    r"lease renewal|unit \w+|"
    r"data|documents?|contract|mailbox|voicemail|compensation|water heater|boiler|roof|chimney|tenancy|"
    r"rent|meter|utilities)"
)
RECORDED = re.compile(
    r"^we (?:couldn't|could not|were unable to|can't|failed to) (?:\w+ )?(?:charge|collect|deliver|process|"
    r"verify|reach|renew|bill)\b|"
    r"^your (?!next\b|new\b|favou?rite\b)(?:\w+ ){1,2}(?:changes?|rises?|goes up|will (?:be (?:off|cut|closed|"
    r"down|changed|higher|lower)|change|rise|stop|end))\b"
    r"(?! (?:the way|how|everything))|"
    r"^(?:account|membership|order|delivery|payment|policy|benefits?|billing) (?:update|information|review|"
    r"summary)\b|"
    r"^(?:regarding|concerning) your\b|^(?:meeting|call) notes\b|\byour (?:parcel|package|order|delivery|"
    r"shipment|bill|invoice|"
    r"statement|technician) (?:arrives|comes|leaves|moves|is ready|was|will)\b|\byour (?:doctor|bank|"
    r"school|landlord|dentist|insurer)"
    r"(?:'s \w+)? (?:has|is|was|moved)\b|"
    rf"^(?:(?:a )?(?:reminder|notice|update|information|important|news|note|question|about|regarding|"
    rf"concerning|re)\W* (?:about |on |of |for |"
    rf"regarding )?)?your (?:\w+ ){{0,2}}{RECORD}(?: (?:for|of|on|with|from|at|in) [\w' ]{{2,24}})?$|"
    rf"\b(?:receipt|statement|invoice|confirmation|copy|notice|notification|reminder) (?:for|of|about|"
    rf"concerning|on) "
    rf"(?:your|the|unit|account|order)\b|"
    r"\bwe(?:'ve| have)? (?:just )?(?:updated|changed|moved|cancell?ed|paused|renewed|closed|received|"
    r"processed|noticed|detected|"
    r"charged|suspended|approved|reviewed|recorded|registered) your\b|"
    r"\bplease (?:sign|verify|review and sign|respond|pay|return|complete)\b|"
    rf"\b(?:checking in|following up|writing) (?:after|on|about) your\b|\babout your (?:question|request|"
    rf"call|visit|e-?mail|letter|{RECORD})|"
    rf"\byour (?:\w+ )?{RECORD} (?:\w+ ){{0,3}}(?:is|are|was|were|has|have|ends?|expires?|attempted|"
    rf"enclosed|attached|renew\w*|due|"
    r"complete\w*|overdue|reported|failed)\b|"
    r"\b(?:delivery|registration|renewal|enrol?lment|application|payment|transfer|pickup) (?:attempted|"
    r"complete\w*|failed|"
    r"missed|confirmed|expir\w+|enclosed|attached|rejected|accepted)\b|"
    r"\b(?:first|second|third|fourth|final|last) (?:attempt|request|reminder|try) (?:to (?:reach|contact|"
    r"deliver)|before|about|regarding)|"
    r"\b(?:court|jury|hearing|tribunal) (?:date|duty|notice|summons|order)|"
    r"^(?!.*\bno \w*notice)(?:\w+ ){0,3}\bnotice\b(?:$|:)|"
    r"\byour (?:child|son|daughter|dog|cat|mother|father|tenant|employee|neighbou?r) (?:was|is|has|"
    r"reported|filed|complained)\b|"
    r"\blease renewal|\bthe (?:biopsy|lab|test|x-ray|inspection|police|accident|autopsy) (?:report|results?)"
)
# “Ihre Bestellung wurde versandt” and its like in the main other languages.
FOREIGN_NOTICE = re.compile(
    r"\b(?:(?:ihre|deine) (?:bestellung|sendung|lieferung|rechnung|zahlung|"
    r"buchung)(?: \S+)? (?:wurde|ist|konnte|wird)|ihr (?:konto|paket|zugang|"
    r"passwort)(?: \S+)? (?:wurde|ist|wird|konnte)|(?:mahnung|letzte mahnung|"
    r"zahlungserinnerung|rechnung nr|kontosperrung|ihre rechnung|handlungsbedarf|"
    r"sie haben gewonnen|herzlichen glückwunsch)|"
    r"(?:votre|ta) (?:commande|facture|livraison|compte|colis|paiement|"
    r"remboursement)(?: \S+)? (?:a été|sera|n'a pas|est (?:expédi|en route|confirm|arriv|pr[eê]te?\b|"
    r"suspend|bloqu|annul))|votre (?:compte|colis|paiement|"
    r"remboursement) (?:a été|est|sera|n'a)|(?:dernier (?:rappel|avis)|mise en demeure|"
    r"action requise|vous avez gagné|facture n°|avis d'imposition)|"
    r"(?:su|tu) (?:pedido|factura|cuenta|paquete|pago|reembolso|envío|"
    r"reserva)(?: \S+)? (?:ha sido|ha|está|será|fue|no)|(?:último aviso|acción requerida|"
    r"ha ganado|has ganado|aviso de pago|factura (?:n|adjunta))|"
    r"(?:il tuo|il suo|la tua|la sua) (?:ordine|conto|account|pacco|fattura|pagamento|"
    r"rimborso)(?: \S+)? (?:è|sarà|non)|(?:ultimo avviso|azione richiesta|hai vinto|ha vinto|"
    r"sollecito di pagamento)|"
    r"(?:uw|je) (?:bestelling|factuur|account|rekening|pakket|betaling)(?: \S+)? (?:is|wordt|"
    r"werd)|(?:laatste herinnering|actie vereist|je hebt gewonnen|u heeft gewonnen|aanmaning)|"
    r"(?:o )?(?:seu|sua) (?:pedido|conta|fatura|encomenda|pagamento|"
    r"reembolso)(?: \S+)? (?:foi|está|será)|(?:último aviso|ação necessária|você ganhou|"
    r"aviso de cobrança)|"
    r"(?:twoje (?:zamówienie|konto)|twoja (?:faktura|paczka|płatność)) (?:zosta\w+|jest)|"
    r"(?:ostateczne wezwanie|wygrałeś)|ваш (?:заказ|аккаунт|счет|счёт) |вы выиграли|您的(?:订单|"
    r"账户|帳戶|訂單)|您已中奖|ご注文|アカウントが|当選)"
)
# Talk about such things that says nothing has happened: “Order by Dec 18”, “Gift receipts: now an option”.
OFFERED = re.compile(
    r"\b(?:now (?:an option|available|with|free|included|also)|optional|new:|tips|how to|made (?:easy|simple|"
    r"easier)|introducing|template|software|for your (?:business|team|shop)|(?:could|would|"
    r"can|should) be\b.*\?|save on|off your|\d ?%|deals?\b|\boffers?\b(?! (?:has|have|was|is) )|\bsale\b|discount|"
    r"coupon|free (?:delivery|shipping)|order (?:by|before|now|today|online|your)|book (?:a|"
    r"your|an|now)|check(?:list)?|plan your|cart|basket|wish ?list|favou?rites?|waitlist|"
    r"points|year in review|review your year)\b"
)
PARTICULARS = re.compile(
    r"(?:\byour \w+ (?:uses|used|has used|holds|is at|stands at|has reached) [$€£]?\d|"
    r"\b(?:order|invoice|booking|reservation|reference|ref|confirmation|tracking|ticket|"
    r"case|claim|policy|receipt|transaction|account|customer|membership|itinerary|quote|"
    r"shipment|parcel)(?: (?:no|number|id|code|reference|ref))?\.?:? ?(?:is |ending (?:in )?|"
    r"was )?#? ?[a-z]{0,6}[- ]?\d[\w-]{1,}|#\d{3,}|"
    r"\bending (?:in )?\d{3,4}\b|\b(?:card|account) (?:ending|number)|\b1z[0-9a-z]{8,}|"
    r"\byou (?:ordered|bought|purchased|booked|paid|changed|requested|asked|cancelled|"
    r"canceled|returned|signed (?:in|up)|registered|subscribed)|\bwe (?:received|refunded|"
    r"charged|issued|shipped|dispatched|delivered|debited|could ?n[o']t (?:renew|charge|"
    r"collect|take)|tried to (?:charge|deliver))|"
    r"\byour (?:\w+ )?(?:trial|plan|subscription|membership|licen[cs]e|policy|contract|lease|"
    r"domain|registration|card|pass|payment|access|storage|mailbox|workspace|"
    r"licence) (?:\S+ ){0,5}?(?:ends|ended|expires?|expired|renews?|will (?:renew|end|expire|"
    r"be|close)|was|is due|runs (?:out|until)|on file|is at|has reached|changes|from|failed)|"
    r"\b(?:was|were|has been|have been) (?:shipped|dispatched|delivered|refunded|charged|"
    r"received|paid|confirmed|changed|rescheduled|cancelled|canceled|declined|credited|"
    r"debited|issued|handed|signed|moved|reset)|\b(?:left (?:our|the)|amount due|"
    r"total (?:paid|charged|due)|due date|balance due|sign-in from|signed in from|new device|"
    r"delivery window|your (?:driver|courier)|we have you down|(?:is|are) ready (?:for|"
    r"to) (?:pick|collect)|attached (?:is|you will find|you'll find)|find attached|see you on|"
    r"(?:our|these) (?:terms|fees|prices|privacy policy) (?:change|will change|for your))|"
    r"from (?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december) \d+,? (?:your|our|the) \w+|affected (?:models?|units|batch)|stop using|serial number)"
)
INVITES = re.compile(
    r"^(?:become|join|get|try|start|open|apply|sign up|shop|order|book|earn|discover|come|give|enjoy|save|"
    r"see|treat|ask|call)\b"
)
AMONG = re.compile(r"(?<![$€£\d.,])\d+ [a-z]")  # “3 boxes left”, against “teams under 200.”
# “Your visa was approved on May 3”, against “we have tables from 5”.
OF_SOMEBODY = re.compile(
    r"\b(?:you|your|yours|was|were|has been|have been|expires?|renews?|attached|enclosed|due|total|balance|"
    r"ref\w*|number|no\.|dated|"
    r"payable|(?:on )?\d{1,2} (?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december)|(?:january|february|march|april|may|june|july|august|september|october|november|december) \d{1,2})\b"
)
FIGURES = re.compile(r"(?<![$€£\d.,])\d+(?:[.,]\d+)?(?! ?%|\d|[.,]\d)")
UNTRUE = re.compile(
    # asked to imagine it, or told that it is none
    r"^(?:picture (?:this|it)|imagine|what if|wouldn't that|suppose)\b|"
    r"\bthis is an? (?:solicitation|offer|advertisement|invitation to)|\bno obligation to pay|"
    r"\bunder no obligation\b|"
    r"\bwe(?:'ve| have| had) (?:no|not yet|neither) (?:\w+ ){0,2}(?:date|record|order|appointment|booking|"
    r"account|case|file)s?\b|"
    r"\b(?:nothing|no \w+) (?:has been|is|was) (?:booked|ordered|decided|wrong)\b|"
    r"\b(?:goes|went|mail(?:ed|ing)|writ(?:e|ing)|sen[dt](?:ing)?) (?:\w+ ){0,2}(?:out )?to (?:all|every|each|"
    r"everyone)\b|"
    r"\bnot (?:all|every) (?:recipients?|readers?)\b|"
    r"\b(?:'ve|have|we) (?:looked at|checked) neither\b|\bdon't (?:actually )?know (?:who|whether|which|"
    r"if) (?:you|lives)\b|"
    r"\b(?:hypothetical|imagine|(?:is|was) just (?:a|our|us)|just kidding|only kidding|"
    r"got your attention|(?:don't|do not|doesn't|does not) (?:actually )?(?:have|need(?! to)|owe|"
    r"exist)(?: an?)?|there is no (?:order|invoice|problem|account|recall)|(?:no|"
    r"not an?) (?:actual|real) (?:order|invoice|bill|account)|nothing is wrong|"
    r"haven't (?:ordered|bought|booked|placed)|(?:could|would|might) be (?:your|yours|"
    r"on its way|shipped|at)|you have(?: not|n't) (?:ordered|bought))\b"
)
# What the reader did, or what was done for them, told as past: “you asked”, “our driver rang”.
DONE = re.compile(
    r"(?<!if )(?<!when )(?<!once )(?<!things )(?<!ever )\byou (?:asked|reached|bought|sent|put|took|gave|"
    r"came|left|"
    r"made|chose|wrote|told|spoke|applied|entered|"
    r"ordered|booked|registered|signed up|joined|visited|called|paid|returned|requested|reported|referred|"
    r"collected|"
    r"earned|tried|donated|downloaded|attended|subscribed|enrolled|deposited|passed|saw|see)\b(?! (?:by|"
    r"to believe))|"
    r"\b(?:our|the|a|your) (?:\w+ )?(?:driver|courier|technician|committee|jury|board|bank|doctor|nurse|"
    r"inspector|team|system|office|landlord|"
    r"balance|application|entry|ticket|card|account|payment|sample|order|delivery|booking|place|plot|room|"
    r"table|seat)\b"
    r"(?: \S+){0,4}? (?:rang|knocked|called|came|tried|gave|passed|moved|was|were|has been|have been|said|"
    r"approved|accepted|declined|"
    r"chose|found|arrived|left|stands|renews|expires|ends|leaves)\b|"
    r"\b(?:bought|entered|booked|sent|chosen|ordered) by you\b|\byour (?:\w+ ){0,2}(?:bill|invoice|payment|"
    r"refund|balance|"
    r"total) (?:is|was|of) [$€£]\d|\bthere (?:was|were|have been) (?:a|an|one|two|three|four|five|\d+) |"
    r"\bour records\b|"
    r"\bwe (?:put|sent|made|moved|saw|found|owe|hold|installed|fitted|repaired|"
    r"changed)\b[^.]{0,40}\b(?:for you|your)\b|"
    r"\byour balance (?:on|of|is|due|at)\b|\byour (?:\w+ ){0,3}(?:plan|line|rate|bill|fee|premium|rent|"
    r"statement) (?:costs|drops|goes|falls|rises|"
    r"is now|changes|is ready)\b|"
    r"\byou(?:'re| are) (?:booked|registered|enrolled|signed up|down|expected|scheduled)\b|"
    r"(?<!would )(?<!could )(?<!do )(?<!if )(?<!when )\byou(?:r)? (?:had|have) [\d,]+ |\byou see (?:dr|mr|"
    r"ms|mrs)\b|\bdear (?:tenant|resident|parent|"
    r"patient|policyholder)"
)


# “Your premium goes from $388 to $402”, “you turned it off on March 2”, “runs out on August 25, 2026”.
CHANGES = re.compile(
    r"\b(?:is|are) (?:attached|enclosed)\b|\b(?:signed|filed|approved|agreed)\b[^.;]{0,30}\b(?:on \w+ \d|"
    r"last night|yesterday|this morning)\b|"
    rf"\b(?:your|our|the) [^.;]{{0,60}}\bfrom (?:[$€£]\d[\d.,]*|\d[\d.,]* ?%) to [$€£]?\d|"
    rf"\b(?:you|we) (?:\w+ ){{0,3}}?[a-z]+(?:ed|ought|ent|eft|ade|ook)\b[^.;]{{0,40}}\b(?:on|since) {MONTH} \d|"
    rf"\b(?:runs? out|expires?|lapses?|is due|falls due|takes effect|was done|is done|is off|stops?)\b"
    rf"[^.;]{{0,24}}\bon "
    rf"(?:{WEEKDAY},? )?{MONTH} \d"
)


def bears_out(body: Body, line: Line) -> bool:
    """Whether the body tells particulars of something that happened between sender and reader.

    It does so at the beginning, or where it speaks of what the line speaks of.
    """
    if body.has(UNTRUE):
        return False
    wanted = stems(line.text)
    told = [*body.lead, *(each for each in body.sentences if shares(each, wanted))]
    if any(PARTICULARS.search(each) or DONE.search(each) or CHANGES.search(each) for each in told):
        return True
    if not body.pitches and any(
        DIGIT.search(each) and OF_SOMEBODY.search(each) and not INVITES.search(each) for each in told
    ):
        return True
    return any(
        FIGURES.search(each)
        and (OF_SOMEBODY.search(each) or AMONG.search(each))
        and shares(each, wanted)
        and each not in body.sold
        and not INVITES.search(each)
        for each in body.lead
    )


def begins_with_particulars(body: Body) -> bool:
    """16 CFR 316.3(a)(2): what happened stands at the beginning, before anything is sold."""
    told = [found.start() for each in (PARTICULARS, CHANGES) if (found := each.search(body.text))]
    sold = SELLING.search(body.text)
    return bool(told) and (sold is None or min(told) < sold.start() or body.sells <= 1)
