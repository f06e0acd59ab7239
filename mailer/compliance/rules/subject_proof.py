"""“Rated #1”, “clinically tested”, “award-winning”: a fact that somebody else found, and the body says who.

FTC Act section 5 and the substantiation doctrine (FTC Policy Statement, 1984); Endorsement Guides, 16 CFR 255;
15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b) (DUTIES D26, T14). “The best sale ever” is puffery and no fact.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter

RULE = "subject_proof"
SOURCE = "risk under 15 U.S.C. 45; 15 U.S.C. 7704(a)(2); 16 CFR 255"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D26")
FOUND = re.compile(
    r"\b(?:(?:rated|ranked|voted|named|judged)(?: the| our| as)?(?: (?:a|an|country's|nation's|world's|city's|"
    r"area's))? "
    r"(?:#|no\.? ?|number )?(?:1|one|best|top|most|favou?rite|safest|fastest|greenest)|"
    r"(?:#|no\.? ?|number )(?:1|one)[ -](?:rated|ranked|selling|choice|brand|recommended)|"
    r"(?:clinically|scientifically|lab(?:oratory)?|independently|medically|dermatologically|dermatologist)[ -]"
    r"(?:tested|proven|shown|verified|validated|studied)|(?:proven|shown) to \w+|(?:proven|shown|tested) (?:by|"
    r"in) (?:science|studies|"
    r"a study|trials)|"
    r"(?:doctor|dentist|vet|dermatologist|expert|pediatrician|physio(?:therapist)?|chef|editor|nutritionist)s?"
    r"(?:[ -](?:recommended|approved|endorsed|tested|trusted)|(?:'s)? (?:#1 )?choice)|"
    r"award[ -]winning|winner of (?:the|a|an|best)|best[ -]selling \w+ (?:in|of) (?:the )?(?:country|world|"
    r"america|uk|us|state)|"
    r"as (?:seen|featured|heard|reviewed) (?:in|on)|featured (?:in|on|by)|recommended by (?:\d|nine|eight|most|"
    r"doctors|dentists|"
    r"vets|experts)|\d(?:\.\d)?[ -]stars? (?:from|by|out of|in|rating)|rated \d(?:\.\d)?|\d+ out of \d+ (?:\w+ )?"
    r"(?:recommend|agree|prefer|say|dentists|doctors|vets|customers))\b"
)
# Who found it, when, among how many.
SOURCED = re.compile(
    r"\b(?:stud(?:y|ies)\b(?! yet)|trial\b|survey(?:ed)?\b|tested (?:by|at|in|on|over|with|for)|test (?:report|"
    r"results?)|published|"
    r"journal|university|institute|laborator\w+|lab\b|panel|jury|judges|awards?\b|prize|medal|gold|silver|bronze|"
    r"magazine|readers? (?:of|choice)|(?:named|voted|ranked|rated|chose|picked|called|listed|featured|"
    r"recommended|wrote|reviewed)"
    r" (?:us|it|them|our|this|the|by|about)|volunteers|participants|\d[\d,]* (?:\w+ )?(?:reviews?|ratings?|"
    r"dentists|doctors|vets|"
    r"customers|buyers|people|patients|votes|women|men|users|households|parents|cooks)|out of (?:\d+|five|ten)|"
    r"of 5\b|stars?\b|"
    r"(?:in|on) (?:january|february|march|april|may|june|july|august|september|october|november|december) 20\d\d)"
)
DENIED = re.compile(
    r"\b(?:(?:nobody|no one|none) (?:has|have) (?:\w+ )?(?:tested|measured|proven|studied|asked)|(?:not|never|"
    r"n't) (?:yet )?(?:been )?(?:tested|proven|studied|reviewed|rated|verified|evaluated|"
    r"seen by|asked)|"
    r"no (?:stud(?:y|ies)|trials?|awards?|survey|doctor|dentist|vet|expert|test|independent)|"
    r"(?:we|our (?:own )?(?:team|staff|people|customers))(?: \w+)? (?:like|love|think|believe|say|rate|voted|"
    r"recommend|chose)\b|"
    r"our own (?:survey|ranking|opinion|test|view)|in our (?:view|opinion))\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        found = FOUND.search(line.text)
        if not found or letter.speaks_about or not letter.body.speaks:
            continue
        if belied := letter.body.with_words(DENIED):
            words = (
                f"The body says “{belied[0][:100]}”, and the subject “{found[0]}”. Claim what was found, or "
                f"leave it out."
            )
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())
        elif not letter.body.with_words(SOURCED):
            words = (
                f"Nothing says who found “{found[0]}”, or when. Name the source in the body, or leave it out."
            )
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())
