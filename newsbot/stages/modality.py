"""How far does a sentence say a deal is?

In: a sentence. Out: which of talks, hedged, done, expanded, ended its words say.
Lists of words by hand; `newsbot.stages.cues` counts more of them for the heads.
"""

from __future__ import annotations

import re
from typing import Literal

Mood = Literal["talks", "hedged", "done", "expanded", "ended"]

_WORDS: dict[Mood, str] = {
    "talks": r"""
        talks?|talking|negotiat\w+|discuss\w*|consider(?:s|ing|ed)?|weigh(?:s|ing)?
        |letters?\s+of\s+intent|memorandum\w*|non-binding|explor\w+|in\s+principle
        |mull\w*|eye(?:s|d|ing)|term\s+sheet|close\s+to|nearing|near\s+(?:a|an)
        |\w*verhand\w+|\w*gespräch\w*|sondier\w+|absichtserklärung\w*|unverbindlich\w*
        |erwäg\w+|erwog\w*|prüf(?:t|en)|eckpunkte?\w*|vorvertrag\w*|lot(?:et|en)
        |spr(?:icht|echen|ächen?)|rede[nt]|bereitet?|vor\s+(?:dem\s+)?abschluss""",
    "hedged": r"""
        could|may|might|would|plans?|planning|planned|reportedly|allegedly|expect(?:s|ed)?
        |aims?|aiming|wants?|hop(?:es|ing|e)|intend\w*|propos\w+|possibl[ey]|potential\w*
        |rumou?r\w*|apparently|likely|seek(?:s|ing)?|due\s+to|reported\s+to|said\s+to
        |soll(?:en|te|ten)?|will|wollen|wolle|plan(?:t|en)|geplant\w*|offenbar|angeblich
        |mutmaßlich|könn(?:te|ten)|dürf(?:te|ten)|würden?|erwartet|möglich\w*|womöglich
        |vorgesehen|wohl|vermutlich|anscheinend|stell(?:t|en)\s+in\s+aussicht""",
    "done": r"""
        agreed|signed|sign(?:s|ing)|seal\w*|struck|inked|concluded|sealed|committed
        |entered\s+into|awarded|won|announced|agree(?:s|ment)?|contract\w*|deal|has|have
        |ha(?:t|ben)|vereinba\w+|unterzeichn\w+|unterschr\w+|geschlossen|schließ\w+
        |schloss\w*|einig\w*|besiegel\w*|\w*vertrag\w*|verträge\w*|\w*auftrag\w*|künftig
        |beauftrag\w*|partnerschaft\w*|kooperation\w*""",
    "expanded": r"""
        expan\w+|exten\w+|renew\w*|deepen\w*|enlarg\w*|widen\w*|broaden\w*|top(?:s|ped)\s+up
        |doubl\w+|tripl\w+|quadrupl\w*|add(?:s|ed|ing|itional|itionally)?|raise[ds]?
        |raising|lift\w*|increas\w*|further|more|again|second|bigger|larger|upsiz\w*
        |scal\w+|grow\w*|prolong\w*|boost\w*
        |\w*erweiter\w*|\w*ausgeweit\w*|weite[nt]?\w*|\w*ausweit\w*|\w*stock\w*|\w*läng\w*
        |aus(?:bau\w*|gebaut|zubauen)|vertief\w+|zusätzlich\w*|\w*verdoppel\w*|dehn\w+
        |\w*verdreifach\w*|weiter\w*|mehr|nach(?:bestell\w*|leg\w*|schlag)?|ausgedehnt
        |größer\w*|bau(?:t|en)|zweite[ns]?|wächst|erhöh\w*|aus|noch""",
    "ended": r"""
        terminat\w+|cancel\w*|scrap\w*|end(?:s|ed|ing)?|collaps\w+|dropp?(?:s|ed|ing)?
        |walk(?:s|ed|ing)?\s+(?:away|out)|call(?:s|ed|ing)?\s+off|parting|abandon\w*
        |unw(?:ind|ound)\w*|exit\w*|quit\w*|pull(?:s|ed|ing)?\s+(?:out|the\s+plug)|split
        |break\w*|dissol\w+|withdr\w+|axe[ds]?|no\s+longer|leav(?:es|ing)|divorce
        |\w*beend\w*|beendigung|\w*kündig\w*|\w*platz\w*|auf(?:gelöst|lös\w*|zulösen)
        |lös(?:t|en|te|ten)|\w*scheiter\w*|getrennt|trenn\w*|ende(?:t|n|te)?|vorzeitig\w*
        |abbr\w+|abgebrochen|zurückgezogen|aufgegeben|stopp\w*|eingestellt|schluss
        |nicht\s+(?:mehr|länger)|steigt\s[^.]{0,40}\saus|reißleine|vorbei|auseinander""",
}
_PATTERNS = {
    mood: re.compile(
        rf"(?<!\w)(?:{''.join(line.strip() for line in body.splitlines())})(?!\w)",
        re.IGNORECASE,
    )
    for mood, body in _WORDS.items()
}
#: Words of an end or a beginning that say it by themselves, without "out" or "aus".
_SURE_ENDED = re.compile(
    r"\b(?:terminat\w+|cancel\w*|scrapp\w*|ended|called off|abandon\w*|beend\w+"
    r"|gekündigt|kündig(?:t|en)|aufgelöst|no longer|nicht (?:mehr|länger)"
    r"|betrug|had been worth)\b",
    re.IGNORECASE,
)
_SURE_EXPANDED = re.compile(
    r"\b(?:expand(?:s|ed)?|extend(?:s|ed)?|widened|enlarged|erweiter(?:t|n)|verlänger\w+"
    r"|ausgeweitet|aufgestockt)\b",
    re.IGNORECASE,
)


def moods(sentence: str, language: str) -> set[Mood]:
    """Say what a sentence's words allow it to tell.

    Wide: what counts as a word for an end ("out") may mean something else. Use
    `claims` for what a sentence surely says.
    """
    found = {mood for mood, pattern in _PATTERNS.items() if pattern.search(sentence)}
    if language == "en" and "hedged" in found:
        # English "will" and "plans" differ from German ones: a future is no hedge.
        bare = re.sub(r"\bwill\b", "", sentence, flags=re.IGNORECASE)
        if not _PATTERNS["hedged"].search(bare):
            found.discard("hedged")
    return found


def claims(sentence: str, language: str) -> Mood:
    """Say how far a sentence surely claims that a deal is; "done" where nothing else.

    >>> claims("Oracle is in talks to buy capacity.", "en")
    'talks'
    >>> claims("Oracle bezieht künftig Rechenleistung.", "de")
    'done'
    """
    if _SURE_ENDED.search(sentence):
        return "ended"
    found = moods(sentence, language)
    if "talks" in found:
        return "talks"
    if _SURE_EXPANDED.search(sentence):
        return "expanded"
    return "hedged" if "hedged" in found else "done"
