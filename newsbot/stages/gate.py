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
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from newsbot.stages.words import PLACES, STOP
from newsbot.types import Article, OrganisationMention

#: Weight of a word in the title against one in the text, for the queue only.
TITLE_WEIGHT = 3.0
#: Distinct words kept to explain a decision.
MAX_WORDS = 24

_TOPIC = r"""
ai|ki|agi|llms?|gpus?|tpus?|npus?|asics?|hbm|genai|models?
|\w*modell(?:e|en|s)?
|modell(?:anbieter|entwickler|familie|firma|haus|katalog|labor|schmiede|training)s?
|neural|inference|inferenz|supercomput\w+|hyperscal\w+|neoclouds?
|cloud(?!y|ier|iest|iness|less|burst)\w*|\w+cloud|compute|computing|servers?
|\w*serverfarm(?:en)?|datacent(?:er|re)s?|\w*rechenzentr(?:um|ums|en)
|rechen(?!schaft)\w+|rechner\w*|rechnen|gerechnet|serverr[aä]um\w*|cluster\w*
|azure|bedrock|aws|grossrechner|großrechner|hochleistungsrechn\w+|superrechner\w*
|chips?|\w*chip(?:s|e|hersteller|konzern|entwickler)?|\w*halbleiter\w*
|semiconductors?|accelerators?|\w*beschleuniger[ns]?|processors?|\w*prozessor(?:en|s)?
|grafik(?:karten|prozessoren|chips)|chatbots?|copilots?|assistants?|assistent(?:en)?
|gigawatts?|megawatts?|gw|mw|boards?|racks?|machines|tokens?|platforms?|plattform(?:en)?
|generativ\w*|workloads?|compilers?|servern|lernende[mnrs]?|steckkarten|blackwell|trainium|h[12]00s?|[gb]b?[23]00s?
|equinix|coreweaves?|nscales?|crusoes?|yottas?|groqs?|cerebras|xais?|aleph|claude
"""
_TOPIC_PHRASE = r"""
a\.i\.?|artificial\s+intelligence|machine\s+learning|deep\s+learning
|künstliche[rn]?\s+intelligenz|maschinelle[sn]?\s+lernen|training\s+runs?
|data[\s-]cent(?:er|re)s?|labor\s+für|gemietet\w*\s+maschinen
|digital\s+realty|windowless\s+(?:halls?|buildings?)
|mi[-\s]?series|mi\d{3}x?|capacity\s+(?:arrangement|deal|contract|agreement)s?
"""
_AGREEMENT = r"""
deals?|agree(?:s|d|ment|ments|ing)?|accords?|pacts?|partner(?:s|ed|ing|ship|ships)?
|allianc\w+|alliances?|collaborat\w+|cooperat\w+|joint(?:ly)?|together|sign(?:s|ed|ing)?|ink(?:s|ed)?|seal(?:s|ed)?
|contract(?:s|ed|ing)?|commit(?:s|ted|ment|ments|ting)?|pledg\w+|order(?:s|ed|ing)?
|invest(?:s|ed|ing|ment|ments|or|ors)?|stakes?|fund(?:s|ed|ing)?|back(?:s|ed|ing|ers?)
|borrow(?:s|ed|ing)?|lend(?:s|ing)?|lent|rent(?:s|ed|ing|al)?|leas(?:e|es|ed|ing)|buy(?:s|ing)?|bought|purchas\w+|book(?:s|ed)?
|suppl(?:y|ies|ied|ying|iers?)|provid(?:e|es|ed|ing|ers?)|host(?:s|ed|ing)?
|adopt(?:s|ed|ing)?|deploy(?:s|ed|ing|ment)?|choos\w+|chose|chosen|pick(?:s|ed)?
|select(?:s|ed)?|tap(?:s|ped)?|secur(?:e|es|ed|ing)|reserv\w+|land(?:s|ed)?|w(?:on|ins?)
|talks?|negotiat\w+|memorandum|mou|framework
|ventures?|consortium|expand(?:s|ed|ing)?|expansion|extend(?:s|ed|ing)?|extension
|renew(?:s|ed|al)?|terminat\w+|cancel\w*|scrap(?:s|ped)?|end(?:s|ed|ing)?|exit(?:s|ed)?
|offer(?:s|ed|ing)?|available|integrat\w+|move(?:s|d)?|migrat\w+|run(?:s|ning)?
|rely|relies|bring(?:s|ing)?|spend(?:s|ing)?|worth|build(?:s|ing)?
|capacity|billions?|millions?|warrants?|offtake|customers?|clients?
|pay(?:s|ing)?|paid|settle[ds]?|let(?:s|ting)?|tenants?|sales?|sells?|sold|fees?|services?
|\w*vertr(?:ag|ags|ages|äge|ägen|aglich|agspartner)|\w*abkommen|\w*vereinbarung(?:en)?
|vereinbar(?:t|te|ten|en)|\w*partner(?:n|s|schaft|schaften)?|kooper\w+
|\w*kooperation(?:en)?|\w*zusammenarbeit|\w*allianz(?:en)?|\w*bündnis(?:se|ses)?
|\w*pakt(?:s|es|e)?|\w*auftr(?:ag|ags|äge|ägen)|beauftrag\w+|\w*bestellung(?:en)?
|bestell(?:t|te|ten|en)|\w*absichtserklärung(?:en)?|\w*verhand(?:eln|elt|elte|elten)
|\w*verhandlung(?:en)?|\w*gespräch(?:e|en)?|sondier\w+|unterschr\w+|unterzeich\w+
|besiegel\w+|schlie(?:ß|ss)(?:t|en)|schloss(?:en)?|geschlossen|abschluss|\w*deals?
|invest(?:iert|ierte|ierten|ieren|or|oren|ition|itionen)|\w*beteiligung(?:en)?
|beteilig\w+|steck(?:t|en|te|ten)|einstieg|steigt|steigen|finanzier\w+|miet\w+|verpacht\w+|errichte\w+
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
|verk(?:auf|äuf)\w*|eingemietet|abruf\w*|vorgemerkt|vormerk\w+|leih(?:t|en)|geliehen|\w+summe
|zahl(?:t|en|te|ten)|bezahl\w+|anteile?n?|eingestiegen|bring(?:t|en)|brachte[n]?
|milliarden?|mrd|millionen?|mio|kapazität(?:en)?|zuschlag|setzen|verpflicht\w+|zusage\w*|entgelt\w*
"""
_AGREEMENT_PHRASE = r"""
co-operat\w+|co-develop\w*|codevelop\w*|team(?:s|ed|ing)?\s+up|joins?\s+forces|letter\s+of\s+intent|term\s+sheet
|(?:companies|firms|sides|partners)\s+(?:said|say)
|turn(?:s|ed)?\s+to|anchor\s+tenant|hand(?:s|ed|ing)?\s+over|t(?:ear|ore|orn)\w*\s+up
"""
_WORD = re.compile(r"\w+")
_NO_NAMES = STOP | PLACES
#: A capital or a digit behind another word of its sentence.
_CAPITAL = re.compile(r"(?<=[\w,] )(?:[^\W\d_a-zà-ÿß]|\d+[^\W\d_])\w+")
#: Letters; no longer word is one of ours. Bounds what `_Vocabulary` remembers.
_LONGEST = 60


class _Vocabulary:
    """Words and phrases of one kind, found in a text in one pass each."""

    def __init__(self, words: str, phrases: str) -> None:
        pattern = re.compile("".join(words.split()), re.IGNORECASE)
        # News repeats itself: one look per distinct word, not one per place.
        self._holds = lru_cache(50_000)(
            lambda word: pattern.fullmatch(word) is not None
        )
        joined = "".join(phrases.split())
        # A phrase begins and ends where no letter or digit touches it.
        self._phrases = re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)
        self._beginnings = beginnings(joined)

    def holds(self, word: str) -> bool:
        """Whether a word is one of these."""
        return len(word) <= _LONGEST and self._holds(word)

    def occurs(self, text: str, words: Set[str]) -> bool:
        """Whether `found` would find any: quicker, as most texts hold none.

        Args:
            text: Where to look for phrases.
            words: The distinct words of the text, in lower case.
        """
        return any(map(self.holds, words)) or (
            self._may_hold_phrases(text) and self._phrases.search(text) is not None
        )

    def found(self, text: str) -> list[str]:
        """List the distinct words and phrases of a text in order of appearance."""
        places = [(match.start(), match[0].lower()) for match in _WORD.finditer(text)]
        places = [(start, word) for start, word in places if self.holds(word)]
        if self._may_hold_phrases(text):
            places += [(m.start(), m[0].lower()) for m in self._phrases.finditer(text)]
        return list(dict.fromkeys(word for _, word in sorted(places)))

    def _may_hold_phrases(self, text: str) -> bool:
        """Look for the letters that phrases begin with: quicker than for phrases."""
        lower = text.lower()
        return any(one in lower for one in self._beginnings)


def beginnings(pattern: str) -> tuple[str, ...]:
    """List the letters that each alternative of a pattern must begin with.

    >>> beginnings(r"a\\.i\\.?|data[\\s-]cent(?:er|re)s?|joins?\\s+forces")
    ('a.i', 'data', 'join')
    """
    # Alternatives within brackets are none of the pattern's own.
    own = re.sub(r"\((?:[^()]|\([^()]*\))*\)", "(", pattern).split("|")
    found = (re.match(r"(?:(?:\\[.-]|[\w-])(?![?*{]))*", one) for one in own)
    return tuple(dict.fromkeys(one[0].replace("\\", "") for one in found if one))


_TOPICS = _Vocabulary(_TOPIC, _TOPIC_PHRASE)
_AGREEMENTS = _Vocabulary(_AGREEMENT, _AGREEMENT_PHRASE)


def _has_a_name(text: str) -> bool:
    """Whether any capital inside a sentence may be a name that no rule has seen."""
    return any(
        not (_TOPICS.holds(word) or _AGREEMENTS.holds(word) or word in _NO_NAMES)
        for word in (match[0] for match in _CAPITAL.finditer(text))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """What the gate decided about one article."""

    passed: bool
    #: How promising, for the order of the queue; larger is sooner.
    score: float
    #: The words and names that led there, in order of appearance.
    words: tuple[str, ...]
    reason: str


def missing_words(article: Article) -> list[str]:
    """List which words a deal needs and an article lacks; names are not looked for."""
    text = article.full_text
    words = {word.lower() for word in set(_WORD.findall(text))}
    return [
        what
        for what, vocabulary in (
            ("word of AI or cloud", _TOPICS),
            ("word of agreement", _AGREEMENTS),
        )
        if not vocabulary.occurs(text, words)
    ]


def gate(article: Article, organisations: Sequence[OrganisationMention]) -> Gated:
    """Decide whether the model reads an article.

    Args:
        article: The article.
        organisations: Mentions in `Article.full_text`, known and unknown ones.

    Returns:
        The decision, with the words and names behind it.
    """
    text = article.full_text
    topics = _TOPICS.found(text)
    agreements = _AGREEMENTS.found(text)
    names = list(dict.fromkeys(mention.name for mention in organisations))
    # No rule sees every name: where all else speaks for a deal, a capital will do.
    somebody = bool(names) or (topics and agreements and _has_a_name(text))
    missing = [
        what
        for what, found in (
            ("word of AI or cloud", topics),
            ("word of agreement", agreements),
            ("organisation", somebody),
        )
        if not found
    ]
    in_title = len(_TOPICS.found(article.title)) + len(_AGREEMENTS.found(article.title))
    words = tuple([*names[:8], *topics[:8], *agreements[:8]][:MAX_WORDS])
    score = TITLE_WEIGHT * in_title + min(len(topics), 8) + min(len(names), 4)
    return Gated(
        passed=not missing,
        score=0.0 if missing else score,
        words=words,
        reason=f"no {', no '.join(missing)}" if missing else "passed",
    )
