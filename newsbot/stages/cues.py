"""Word cues in German and English that heads weigh beside the hidden states.

In: a sentence. Out: one number per group of words. A cue is evidence, never a
decision: which cue counts for what is learned from the corpus.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_GROUPS = {
    "agree": r"""
        sign(?:s|ed|ing)?|agree[ds]?|agreements?|pacts?|deals?|contracts?|accords?
        |partner(?:s|ed|ing|ship)?|unterzeichn\w+|unterschr\w+|vereinbar\w+
        |\w*abkommen|\w*vertr(?:ag|ags|ages|äge|ägen)|\w*kooperation\w*
        |\w*partnerschaft\w*|schließ\w+|geschlossen|besiegel\w+|einig\w+""",
    "invest": r"""
        invest\w*|stakes?|equity|funding|beteilig\w+|steck(?:t|en)|einsteig\w+|steigt
        |kapital\w*|finanzier\w+|back(?:s|ed|ing)|injects?|warrants?|convertible""",
    "buy": r"""
        rent\w*|leas(?:e|es|ed|ing)|buy(?:s|ing)?|purchas\w+|book(?:s|ed)|reserv\w+
        |commit\w*|take[s-]\s?up|offtake|tenants?|miet\w+|\w*abnahme\w*|bezieh\w+|bucht?
        |kauf(?:t|en)|sicher(?:t|te|n)|pacht\w+|reservier\w+|spend(?:s|ing)?""",
    "supply": r"""
        suppl(?:y|ies|ied|ying)|provid\w+|deliver\w*|host\w*|ship(?:s|ped)?|lief\w+
        |stell(?:t|en)|bereit\w*|belief\w+|versorg\w+|betreib\w+|operat\w+""",
    "chips": r"""
        chips?|\w*chips?|gpus?|tpus?|accelerators?|beschleuniger\w*|prozessor\w*
        |processors?|silicon|halbleiter\w*|grafikprozessor\w*|wafers?""",
    "distribute": r"""
        available|offer\w*|marketplace|catalogu?e\w*|resell\w*|verfügbar|angebot\w*
        |anbiet\w+|katalog\w*|vertreib\w+|vertrieb\w*|marktplatz|listed|integrat\w+""",
    "build": r"""
        build(?:s|ing)?|built|campus|data[\s-]cent(?:er|re)s?|rechenzentr\w+|gigawatts?
        |megawatts?|gw|mw|bau(?:t|en|te)?|errichte\w*|standort\w*|sites?""",
    "develop": r"""
        joint(?:ly)?|co-?develop\w*|engineer\w*|research|laborator\w+|labs?
        |gemeinsam\w*|entwickel\w+|forsch\w+|optimi[sz]\w+|tune[ds]?|design\w*""",
    "customer": r"""
        customers?|clients?|employees|adopt\w*|deploy\w*|roll(?:s|ed|ing)?|staff|kund\w+
        |mitarbeit\w+|beschäftigt\w*|einführ\w+|setzt|einsatz|nutz(?:t|en|ung)
        |sachbearbeit\w+|uses?|using|moves?""",
    "talks": r"""
        talks?|negotiat\w+|discuss\w+|consider\w*|weigh(?:s|ing)|letter\s+of\s+intent
        |memorandum|non-binding|sources|insiders?|people\s+familiar|could|may|might
        |verhand\w+|gespräch\w*|sondier\w+|absichtserklärung\w*|unverbindlich\w*|kreisen
        |erwäg\w+|prüf(?:t|en)|eckpunkt\w*|könnte\w*|soll(?:en)?|vorvertrag\w*""",
    "expanded": r"""
        expand\w*|extend\w*|extension|renew\w*|deepen\w*|enlarge\w*|widen\w*|additional
        |top(?:s|ped)\s+up|raise[ds]?|doubl\w+|erweiter\w+|ausgeweitet|weite[nt]\w*
        |aufgestock\w+|stock(?:t|en)|verläng\w+|ausbau\w*|vertief\w+|zusätzlich\w*
        |verdoppel\w+|weitere[nr]?""",
    "ended": r"""
        terminat\w+|cancel\w*|scrap\w*|ends?|ended|ending|collaps\w+|drop(?:s|ped)
        |walk(?:s|ed)?\s+away|exit\w*|unwind\w*|beend\w+|künd\w+|gekündigt|platz\w+
        |geplatzt|trenn\w+|trennung|aufgelöst|löst|auflös\w+|scheiter\w+|aus""",
    "past": r"""
        last\s+(?:year|month|autumn|spring|summer|winter)|earlier|previous(?:ly)?|already
        |since|had|years?\s+ago|in\s+20[012]\d|former(?:ly)?|vergangene[nrs]?|zuvor
        |bereits|seit|damals|früher\w*|vor\s+(?:einem|zwei|drei|\d+)\s+jahr\w*|hatte\w*
        |bisher\w*|im\s+jahr|ursprünglich\w*|so\s+far|until\s+now""",
    "deny": r"""
        den(?:y|ies|ied)|no\s+(?:agreement|deal|talks|plans|contract)|not|never|without
        |dementier\w+|kein\w*|nicht|nie|zurückgewiesen|weist|falsch\w*|baseless|rumou?rs?
        |gerücht\w*|untrue|ohne""",
    "acquire": r"""
        acqui\w+|takeover|merger|merg\w+|übern\w+|fusion\w*|kaufpreis|zukauf\w*|purchase
        \s+price|buys?\s+out|shareholders|aktionär\w*|kartell\w*|antitrust""",
    "money_news": r"""
        revenue|profits?|earnings|quarter\w*|shares?|analysts?|guidance|umsatz\w*|gewinn\w*
        |quartal\w*|aktie\w*|börse\w*|analyst\w*|prognose\w*|bond|anleihe\w*|capex""",
    "rival": r"""
        rivals?|competitors?|unlike|meanwhile|compar\w+|likewise|others|konkurren\w+
        |wettbewerb\w*|rival\w*|dagegen|während|unterdessen|andere\w*|advis\w+|beraten
        |berät|legal|shops?""",
    "said": r"""
        said|says|told|announc\w+|statement|thursday|wednesday|tuesday|monday|friday
        |teilt\w*|mitgeteilt|sagte|erklärt\w*|angekündigt|montag|dienstag|mittwoch
        |donnerstag|freitag|gab\w*|bekannt""",
    "opinion": r"""
        i|we|my|our|should|opinion|column|think|believe|ich|wir|mein\w*|unser\w*|kommentar
        |sollte\w*|meinung|man|guide|how\s+to|ratgeber|tipp\w*|podcast|episode""",
    "is_lab": r"""
        labs?|labor\w*|model\s+(?:maker|developer|builder)s?|developers?|start-?ups?
        |\w*entwickler\w*|modell\w*|sprachmodell\w*|chatbots?|research\s+company
        |ki-unternehmen\w*|ki-firma|ki-labor\w*|ai\s+(?:company|firm|group)""",
    "is_cloud": r"""
        clouds?|\w*cloud|cloud\w*|providers?|operators?|hosts?|hosters?|neoclouds?
        |\w*anbieter\w*|\w*betreiber\w*|hyperscalers?|rechenzentrum\w*|hosting""",
    "is_investor": r"""
        funds?|\w*fonds|investors?|investor\w*|geldgeber\w*|holding|wealth|ventures?
        |capital|lead(?:s|ing)?|round|runde|finanzierungsrunde\w*|bewertung|valuation""",
    "is_user": r"""
        banks?|bank\w*|versicher\w*|insurers?|hospitals?|klinik\w*|univers\w+|ministr\w+
        |behörde\w*|stadt|state|government|retailers?|händler\w*|hersteller\w*|maker
        |carmakers?|autobauer\w*|konzern\w*|airline|publishers?|verlag\w*|agenc\w+""",
    "give": r"""
        from|by|von|durch|beim?|at|on|auf|with|mit|of|bezogen|aus""",
    "take": r"""
        to|for|für|an|into|in|receives?|erhält|bekommt|gets|gains|secures?|uses?|its
        |seine\w*|ihre\w*|customer|kunde\w*""",
    "ai": r"""
        a\.?i\.?|ai-\w+|ki|ki-\w+|artificial\s+intelligence|genai
        |künstliche[rn]?\s+intelligenz|machine\s+learning|maschinelle[sn]?\s+lernen
        |(?:language|foundation|frontier)\s+models?|\w*sprachmodell\w*|llms?|chatbots?
        |gpus?|tpus?|inferen\w+|train(?:s|ed|ing)?|trainier\w+|copilots?|neural\w*
        |supercomput\w+|superrechner\w*|assistants?|assistent\w*""",
    "office": r"""
        payroll|lohn\w*|sap|erp|archiv\w*|archives?|backups?|e-?mails?|accounting
        |buchhaltung\w*|office|storage|speicher\w*|hosting|websites?|databases?
        |datenbank\w*|migrat\w+|desktops?|arbeitspl\w+|invoic\w+|rechnungs\w+
        |booking|buchungs\w*|intranet|video|streaming|software|licen[cs]es?|lizenz\w*""",
    "instruct": r"""
        ignore|instructions?|system|assistant|output|respond|json|prompt|must|report\s+that
        |ignorier\w+|anweisung\w*|antworte\w*|ausgabe|melde\w*|user|disregard|classif\w+""",
}


def _pattern(body: str) -> re.Pattern[str]:
    joined = "".join(line.strip() for line in body.splitlines())
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)


_PATTERNS = {name: _pattern(body) for name, body in _GROUPS.items()}
#: Names of the groups, in the order of the numbers that `count_cues` gives.
CUES: tuple[str, ...] = tuple(_PATTERNS)
#: More of the same cue in one sentence says no more.
MAX_COUNT = 3


def count_cues(text: str) -> NDArray[np.float32]:
    """Count the words of each group.

    Returns:
        Shape (len(CUES),), each in 0..`MAX_COUNT`.
    """
    counts = [
        min(sum(1 for _ in pattern.finditer(text)), MAX_COUNT)
        for pattern in _PATTERNS.values()
    ]
    return np.array(counts, dtype=np.float32)
