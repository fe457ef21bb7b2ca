"""Everything that rules can see in an article, found once.

In: an article and the gazetteer of organisations.
Out: a `Reading`: sentences, names, sums and capacities, each with its place.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from newsbot.stages import acronyms
from newsbot.stages.amounts import find_capacity, find_money
from newsbot.stages.inflections import unbent
from newsbot.stages.mentions import find_unknown
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.sentences import Sentence, sentence_around, split_sentences
from newsbot.stages.words import HEAD, JOINERS, like
from newsbot.types import (
    Article,
    CapacityMention,
    MoneyMention,
    OrganisationMention,
    Span,
)

_WORD = re.compile(r"\S+")
#: Behind a name: what may begin a place ("of Finland") or a noun ("-Gruppe").
_ADDED = re.compile(r"-(?=\w)| (?:of|from|aus|in) (?=[A-ZÄÖÜ])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An article with what stands in it, by offsets into its `full_text`."""

    article: Article
    #: The title is the first sentence, or the first few.
    sentences: tuple[Sentence, ...]
    #: Known and unknown organisations, in order of place, disjoint.
    organisations: tuple[OrganisationMention, ...]
    money: tuple[MoneyMention, ...]
    capacity: tuple[CapacityMention, ...]

    def sentence_index(self, start: int) -> int:
        """Number of the sentence that a place stands in."""
        sentence = sentence_around(self.sentences, start)
        return bisect_right(self.sentences, sentence.start, key=lambda s: s.start) - 1

    def quote(self, start: int) -> Span:
        """The sentence around a place, as a span."""
        sentence = sentence_around(self.sentences, start)
        return self.span(sentence.start, sentence.end)

    def span(self, start: int, end: int) -> Span:
        """A piece of this article."""
        return Span(article_id=self.article.id, start=start, end=end)

    def text(self, piece: Span | Sentence) -> str:
        """Read a piece back."""
        return self.article.full_text[piece.start : piece.end]


def read_article(article: Article, gazetteer: Gazetteer) -> Reading:
    """Find sentences, organisations, sums and capacities in an article."""
    text = article.full_text
    known = gazetteer.find(text)
    unknown = find_unknown(text, known)
    return Reading(
        article=article,
        sentences=tuple(split_sentences(text)),
        organisations=_linked(article, _merged(known, unknown)),
        money=tuple(find_money(text, article.language)),
        capacity=tuple(find_capacity(text, article.language)),
    )


def with_names(
    reading: Reading,
    named: Sequence[OrganisationMention],
    whole: Set[str] = frozenset(),
) -> Reading:
    """Add names that a model has seen; they win over guessed ones.

    Args:
        reading: An article as rules see it.
        named: In order and disjoint, as `naming.find_names` gives. A listed name that
            one of them holds goes.
        whole: Names of which the model is sure that their first word is a part.
    """
    listed = [m for m in reading.organisations if m.kind != "unknown"]
    guessed = [m for m in reading.organisations if m.kind == "unknown"]
    merged = _merged(_merged(named, listed), guessed)
    return replace(reading, organisations=_linked(reading.article, merged, whole))


def _merged(
    known: Sequence[OrganisationMention], unknown: Sequence[OrganisationMention]
) -> tuple[OrganisationMention, ...]:
    """Put both kinds in order of place; a known name wins over a guessed one."""
    taken = sorted((mention.start, mention.end) for mention in known)

    def is_free(mention: OrganisationMention) -> bool:
        # Known mentions are disjoint: only the last to begin before its end counts.
        before = bisect_left(taken, (mention.end,))
        return before == 0 or taken[before - 1][1] <= mention.start

    free = [mention for mention in unknown if is_free(mention)]
    merged = sorted([*known, *free], key=lambda mention: mention.start)
    return tuple(merged)


def _linked(
    article: Article,
    mentions: Sequence[OrganisationMention],
    whole: Set[str] = frozenset(),
) -> tuple[OrganisationMention, ...]:
    """Give every form of one organisation one name.

    A guessed "Isomorphic" is the listed "Isomorphic Labs" of the same article,
    "Karlsruhe-based Tessarin Compute" ends in the "Tessarin Compute" named elsewhere,
    and "Revontuli of Finland" and the "Revontuli-Cloud" are told of Revontuli.
    """
    text = article.full_text
    mentions = _told_first(text, len(article.title), _spelled(mentions))
    names = Counter(mention.name for mention in mentions)
    longer = _longer(names.keys()) | _ending(names.keys(), whole)
    forms = _Forms(names.keys(), longer, _simpler(names), whole)
    renamed = [
        forms.renamed(text, mention) if mention.kind == "unknown" else mention
        for mention in mentions
    ]
    return tuple(acronyms.linked(text, renamed))


def _spelled(mentions: Sequence[OrganisationMention]) -> list[OrganisationMention]:
    """Give a guessed name in capitals ("ZELVARO"), or bent, its spelling elsewhere."""
    plain = {m.name.upper(): m.name for m in mentions if not m.name.isupper()}
    # A sentence that begins with "ekom21" gives it a capital.
    small = {m.name.upper(): m.name for m in mentions if m.name[:1].islower()}
    return [
        replace(
            m,
            name=unbent(small.get(m.name.upper()) or plain.get(m.name) or m.name),
        )
        if m.kind == "unknown"
        else m
        for m in mentions
    ]


def _told_first(
    text: str, n_title: int, mentions: Sequence[OrganisationMention]
) -> list[OrganisationMention]:
    """Cut what stands behind a guessed name off it, where it is told without before.

    Papers name an organisation in full and then shorten it: of 4,316 names of several
    words in the corpus 113 are told by their first words before, and nearly all of
    these are named like a place, a person or a parent. So "Sprachwerk Lizenzeinnahmen"
    in the third paragraph, or in a headline alone, is the Sprachwerk of the first.
    """
    guessed = [m for m in mentions if m.kind == "unknown"]
    told = Counter(m.name for m in guessed if m.start > n_title)
    first: dict[str, int] = {}
    for mention in guessed:
        if mention.start > n_title:
            first.setdefault(mention.name, mention.start)

    def before(mention: OrganisationMention) -> int:
        """How many of its words are a name that the text told before; 0: none is."""
        words = mention.name.split()
        if told[mention.name] > 1:
            return 0
        here = first.get(mention.name, len(text))
        for n in range(len(words) - 1, 0, -1):
            short = " ".join(words[:n])
            if told[short] > 1 and first[short] < here and not like(HEAD, short):
                return n
        return 0

    def cut(mention: OrganisationMention) -> OrganisationMention:
        n = before(mention) if mention.kind == "unknown" else 0
        places = list(_WORD.finditer(text, mention.start, mention.end)) if n else []
        words = mention.name.split()
        if not n or len(places) != len(words):
            return mention
        return replace(mention, name=" ".join(words[:n]), end=places[n - 1].end())

    return [cut(mention) for mention in mentions]


def _longer(names: Set[str]) -> dict[str, str]:
    """The one other name that begins with a name's words, where there is just one."""
    found: dict[str, list[str]] = {}
    for name in names:
        words = name.split()
        for n in range(1, len(words)):
            if words[n] not in JOINERS:
                found.setdefault(" ".join(words[:n]), []).append(name)
    return {short: whole[0] for short, whole in found.items() if len(whole) == 1}


def _ending(names: Set[str], whole: Set[str]) -> dict[str, str]:
    """The one whole name that ends in another's words: "Norsk Hydro" of "Hydro"."""
    found: dict[str, list[str]] = {}
    for name in whole & names:
        words = name.split()
        for n in range(1, len(words)):
            found.setdefault(" ".join(words[n:]), []).append(name)
    return {short: full[0] for short, full in found.items() if len(full) == 1}


def _simpler(names: Mapping[str, int]) -> dict[str, str]:
    """The name that a longer one adds a place or a noun to, or the reverse.

    Of "Wattmeer" and "Wattmeer-Cloud" the one told more often is the name, of
    "Revontuli" and "Revontuli of Finland" the short one.
    """
    found: dict[str, str] = {}
    for name, count in names.items():
        for cut in _ADDED.finditer(name):
            short = name[: cut.start()]
            is_noun = cut[0] == "-"
            # "Fraunhofer-Institut IGCV" is a part of Fraunhofer, and says which.
            if short in names and not (is_noun and " " in name[cut.end() :]):
                whole = is_noun and names[short] < count
                found[short if whole else name] = name if whole else short
                break
    return found


@dataclass(frozen=True, slots=True)
class _Forms:
    """The names of an article, and which are forms of which."""

    names: Set[str]
    longer: Mapping[str, str]
    simpler: Mapping[str, str]
    whole: Set[str]

    def renamed(self, text: str, mention: OrganisationMention) -> OrganisationMention:
        words = mention.name.split()
        places = [m.start() for m in _WORD.finditer(text, mention.start, mention.end)]
        # The whole name, no short form of it, and perhaps something before it.
        if len(places) == len(words) and mention.name not in self.whole:
            for n in range(1, len(words)):
                shorter = " ".join(words[n:])
                if shorter in self.names:
                    return replace(mention, name=self._form(shorter), start=places[n])
        return replace(mention, name=self._form(mention.name))

    def _form(self, name: str) -> str:
        simple = self.simpler.get(name, name)
        return self.longer.get(simple, simple)
