"""Is an article worth the model's time?

In: an article's text and the organisations found in it.
Out: yes or no, the words and names that led there, and a score for the queue.

Cheap and recall first: it may pass nonsense, it must not lose a deal. A deal
needs a word of AI or cloud, a word of agreement, and somebody to agree. Words
are whole words; German compounds count by their head ("Milliardenvertrag"
is a Vertrag) or by a whole first part before a hyphen ("KI-Modelle").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsbot.types import Article, OrganisationMention

#: Weight of a word in the title against one in the text, for the queue only.
TITLE_WEIGHT = 3.0
#: Distinct words kept to explain a decision.
MAX_WORDS = 24

_TOPIC = r"""
a\.?i\.?|ki|agi|llms?|gpus?|tpus?|npus?|asics?|hbm
|genai|gen-ai|artificial\s+intelligence|machine\s+learning|deep\s+learning
|künstliche[rn]?\s+intelligenz|maschinelle[sn]?\s+lernen
|foundation\s+models?|language\s+models?|frontier\s+models?|models?
|\w*modell(?:e|en|s|anbieter|entwickler|familie)?
|neural|inference|inferenz|training\s+runs?|supercomput\w+|hyperscal\w+|neoclouds?
|cloud|clouds|cloud-?\w+|\w+cloud|compute|computing|servers?|\w*serverfarm(?:en)?
|data[\s-]?cent(?:er|re)s?|server\s+farms?|\w*rechenzentr(?:um|ums|en)
|rechen\w+|grossrechner|großrechner|hochleistungsrechn\w+|superrechner\w*
|chips?|\w*chip(?:s|e|hersteller|konzern|entwickler)?|\w*halbleiter\w*
|semiconductors?|accelerators?|\w*beschleuniger[ns]?|processors?|\w*prozessor(?:en|s)?
|grafik(?:karten|prozessoren|chips)|chatbots?|copilots?|assistants?|assistent(?:en)?
|gigawatts?|megawatts?|gw|mw|tokens?|platforms?|plattform(?:en)?
"""
_AGREEMENT = r"""
deals?|agree(?:s|d|ment|ments|ing)?|accords?|pacts?|partner(?:s|ed|ing|ship|ships)?
|allianc\w+|alliances?|collaborat\w+|cooperat\w+|co-?operat\w+|team(?:s|ed|ing)?\s+up
|joins?\s+forces|joint(?:ly)?|together|sign(?:s|ed|ing)?|ink(?:s|ed)?|seal(?:s|ed)?
|contract(?:s|ed|ing)?|commit(?:s|ted|ment|ments|ting)?|pledg\w+|order(?:s|ed|ing)?
|invest(?:s|ed|ing|ment|ments|or|ors)?|stakes?|fund(?:s|ed|ing)?|back(?:s|ed|ing|ers?)
|rent(?:s|ed|ing|al)?|leas(?:e|es|ed|ing)|buy(?:s|ing)?|bought|purchas\w+|book(?:s|ed)?
|suppl(?:y|ies|ied|ying|iers?)|provid(?:e|es|ed|ing|ers?)|host(?:s|ed|ing)?
|adopt(?:s|ed|ing)?|deploy(?:s|ed|ing|ment)?|choos\w+|chose|chosen|pick(?:s|ed)?
|select(?:s|ed)?|tap(?:s|ped)?|secur(?:e|es|ed|ing)|reserv\w+|land(?:s|ed)?|w(?:on|ins?)
|talks?|negotiat\w+|letter\s+of\s+intent|memorandum|mou|term\s+sheet|framework
|ventures?|consortium|expand(?:s|ed|ing)?|expansion|extend(?:s|ed|ing)?|extension
|renew(?:s|ed|al)?|terminat\w+|cancel\w*|scrap(?:s|ped)?|end(?:s|ed|ing)?|exit(?:s|ed)?
|offer(?:s|ed|ing)?|available|integrat\w+|move(?:s|d)?|migrat\w+|run(?:s|ning)?
|rely|relies|turn(?:s|ed)?\s+to|bring(?:s|ing)?|spend(?:s|ing)?|worth|build(?:s|ing)?
|capacity|billions?|millions?|warrants?|offtake|anchor\s+tenant|customers?|clients?
|\w*vertr(?:ag|ags|ages|äge|ägen|aglich|agspartner)|\w*abkommen|\w*vereinbarung(?:en)?
|vereinbar(?:t|te|ten|en)|\w*partner(?:n|s|schaft|schaften)?|kooper\w+
|\w*kooperation(?:en)?|\w*zusammenarbeit|\w*allianz(?:en)?|\w*bündnis(?:se|ses)?
|\w*pakt(?:s|es|e)?|\w*auftr(?:ag|ags|äge|ägen)|beauftrag\w+|\w*bestellung(?:en)?
|bestell(?:t|te|ten|en)|\w*absichtserklärung(?:en)?|\w*verhand(?:eln|elt|elte|elten)
|\w*verhandlung(?:en)?|\w*gespräch(?:e|en)?|sondier\w+|unterschr\w+|unterzeich\w+
|besiegel\w+|schlie(?:ß|ss)(?:t|en)|schloss(?:en)?|geschlossen|abschluss|\w*deals?
|invest(?:iert|ierte|ierten|ieren|or|oren|ition|itionen)|\w*beteiligung(?:en)?
|beteilig\w+|steck(?:t|en|te|ten)|einstieg|steigt|steigen|finanzier\w+|miet\w+
|\w*miete(?:n|t|r)?|pacht\w+|kauf(?:t|en|te|ten)|bezieh(?:t|en)|bezog(?:en)?
|\w*abnahme\w*|reservier\w+|sicher(?:t|te|ten|n)|buch(?:t|en|te|ten)|gebucht
|\w*lief(?:ert|erte|erten|ern|erung|erungen|erant|eranten)|beliefer\w+|versorg\w+
|bereitstell\w+|stell(?:t|en|te|ten)|nutz(?:t|en|te|ten|ung)|setz(?:t|en|te|ten)
|verläng\w+|erweiter\w+|\w*erweiterung(?:en)?|ausgeweitet|weiten|\w*ausbau|aufstock\w+
|aufgestock\w+|beend\w+|künd(?:igt|igte|igten|igen|igung)|gekündigt|platz(?:t|en|te)
|geplatzt|trenn\w+|trennung|ende|aus|verläss\w+|verlagert?|wechsel(?:t|te|n)?
|zieh(?:t|en)|zog(?:en)?|gemeinsam\w*|zusammen|bau(?:t|en|te|ten)|betreib\w+|betrieb
|entwickel\w+|\w*konsorti(?:um|en)|\w*angebot(?:e|s)?|angeboten|biet(?:et|en)|verfügbar
|einführ\w+|führt|integrier\w+|vertreib\w+|vertrieb\w*|kund(?:e|en|in)|\w*kunde(?:n)?
|milliarden?|mrd|millionen?|mio|kapazität(?:en)?|zuschlag|setzen|verpflicht\w+|zusage\w*
"""


def _words(pattern: str) -> re.Pattern[str]:
    joined = "".join(line.strip() for line in pattern.splitlines())
    # A word begins and ends where no letter or digit touches it.
    return re.compile(rf"(?<![\w])(?:{joined})(?![\w])", re.IGNORECASE)


_TOPICS = _words(_TOPIC)
_AGREEMENTS = _words(_AGREEMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """What the gate decided about one article."""

    passed: bool
    #: How promising, for the order of the queue; larger is sooner.
    score: float
    #: The words and names that led there, in order of appearance.
    words: tuple[str, ...]
    reason: str


def gate(article: Article, organisations: Sequence[OrganisationMention]) -> Gated:
    """Decide whether the model reads an article.

    Args:
        article: The article.
        organisations: Mentions in `Article.full_text`, known and unknown ones.

    Returns:
        The decision, with the words and names behind it.
    """
    text = article.full_text
    topics = _found(_TOPICS, text)
    agreements = _found(_AGREEMENTS, text)
    names = list(dict.fromkeys(mention.name for mention in organisations))
    missing = [
        what
        for what, found in (
            ("word of AI or cloud", topics),
            ("word of agreement", agreements),
            ("organisation", names),
        )
        if not found
    ]
    in_title = len(_found(_TOPICS, article.title)) + len(
        _found(_AGREEMENTS, article.title)
    )
    words = tuple([*names[:8], *topics[:8], *agreements[:8]][:MAX_WORDS])
    score = TITLE_WEIGHT * in_title + min(len(topics), 8) + min(len(names), 4)
    return Gated(
        passed=not missing,
        score=0.0 if missing else score,
        words=words,
        reason=f"no {', no '.join(missing)}" if missing else "passed",
    )


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(match[0].lower() for match in pattern.finditer(text)))
