"""Which figures does an article tell, and what stands beside them?

In: the reading of an article.
Out: its sums, capacities, shares and counts, each with the noun or verb right beside
it, where the table knows it. What is denied in the same breath is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from newsbot.stages.about_words import Names, Row, body, load_topics, words
from newsbot.stages.numerals import format_number
from newsbot.stages.reading import Reading
from newsbot.stages.spelling import written_capacity, written_sum
from newsbot.stages.summary_figures import Figure, find_figures
from newsbot.types import Amount, Capacity, MoneyMention
from newsbot.vocabulary import Language

#: Characters looked at before a figure, within its sentence.
_BEFORE = 90
#: Smaller counts say little, counts in millions are mostly loose talk.
_LEAST, _MOST = 3, 1_000_000
#: More years than any contract lasts are a date.
_MOST_YEARS = 100
#: Words that deny what stands behind them.
NEGATED: dict[Language, re.Pattern[str]] = {
    "de": words(
        "kein* nicht nie niemals ohne weder dementi* bestreit* bestritt* falsch".split()
    ),
    "en": words("no not never without neither den* deni* false untrue wrong".split()),
}
#: Words of a sentence that tells what only others say; its figures are left out.
_HEARSAY: dict[Language, re.Pattern[str]] = {
    "de": words(
        "behauptet* wonach demzufolge angeblich gerücht* zurückgewiesen".split()
    ),
    "en": words(
        ["claimed that", "had claimed", "rumour*", "rumor*", "allegedly", "purported"]
    ),
}
#: What may stand between a noun or verb and its sum.
_LINKS: dict[Language, str] = {
    "de": """
        von in höhe beträgt betrug betragen lag liegt liege lagen bei rund etwa gut
        knapp über bis zu mehr als weniger fast auf stieg sank wuchs kletterte fiel
        erreichte erzielte mit um die den einem einer insgesamt aktuell zuletzt im wert
    """,
    "en": """
        of at was were is are about around some roughly nearly almost up to more than
        less over worth came come stood stands total totalling reached rose fell grew
        by with slipped climbed a an the just only under for extra another reported
    """,
}
#: "The price target for Oracle from": a name between a noun and its sum.
_NAMED = r"(?:(?:für|for|by|bei|at) [A-ZÄÖÜ]\S+ )?"
#: What may stand between a sum and a noun behind it.
_BEHIND: dict[Language, str] = {"de": "(?:an |am |in |of )?", "en": "(?:of |in )?"}
#: What lasts so many years, and which words show that something does.
_LASTING: Names = {"de": "eine Dauer von {} Jahren", "en": "a term of {} years"}
_YEARS: dict[Language, re.Pattern[str]] = {
    "de": re.compile(r" Jahren?(?![\w-])(?! alt)"),
    "en": re.compile(r"[ -]years?(?![\w-])(?! (?:old|ago|earlier|later|before))"),
}
_LASTS: dict[Language, re.Pattern[str]] = {
    "de": re.compile(
        r"(?:läuft|laufzeit|gilt|für|über|auf|dauert)(?: \w+){0,2} $", re.I
    ),
    "en": re.compile(r"(?:runs|lasts|term|over|for|next|a|the)(?: \w+){0,2} $", re.I),
}
_SHARE: Names = {"de": "einen Anteil von {} Prozent", "en": "a share of {} per cent"}
_PER_CENT = re.compile(r"\s?(?:%|prozent|per cent|percent|pct)(?![\w-])", re.IGNORECASE)
_ONLY_PER_CENT: Names = {"de": " {} Prozent", "en": " {} per cent"}
_RISES: Names = {
    "de": body(
        "stieg stiegen wuchs wuchsen legte legten gewann gewannen kletterte kletterten "
        "sprang plus".split()
    ),
    "en": body("up rose grew climbed jumped gained increased added advanced".split()),
}
_FALLS: Names = {
    "de": body(
        "sank sanken fiel fielen verlor verloren gab gaben minus rutschte büßte".split()
    ),
    "en": body("down fell dropped slid slipped lost tumbled declined sank".split()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFigure:
    """A figure, written for a sentence in one language."""

    #: "einen Umsatz von 96 Millionen Dollar": an accusative, an object.
    text: str
    #: How much is said of it: 0 a sum's or share's meaning, 4 nothing.
    rank: int
    start: int

    @property
    def labelled(self) -> bool:
        """Whether the article says what it is."""
        return self.rank < _BARE


_BARE = 4


@dataclass(frozen=True, slots=True)
class _Beside:
    """What an article is searched for beside its figures, in one language."""

    sums: tuple[tuple[Row, re.Pattern[str], re.Pattern[str]], ...]
    shares: tuple[tuple[Names, re.Pattern[str]], ...]
    moves: tuple[tuple[Names, re.Pattern[str]], ...]
    counts: tuple[tuple[Names, re.Pattern[str]], ...]


def told_figures(reading: Reading, language: Language) -> list[ToldFigure]:
    """Write the figures of an article, those that say most first, each once.

    Args:
        reading: The article.
        language: To write them in.
    """
    found: dict[str, ToldFigure] = {}
    every = (_sums, _shares, _capacities, _counts)
    for one in (one for find in every for one in find(reading, language)):
        found.setdefault(one.text, one)
    return sorted(found.values(), key=lambda one: (one.rank, one.start))


def _own(reading: Reading) -> Language:
    return "de" if reading.article.language == "de" else "en"


@cache
def _beside(own: Language) -> _Beside:
    topics = load_topics()
    sums = []
    for row in topics.sums:
        noun, link = row.bodies[own], body(_LINKS[own].split())
        before = rf"(?<![\w-])(?:{noun}),? {_NAMED}(?:(?:{link}) ){{0,5}}$"
        behind = rf"[ -]{_BEHIND[own]}(?:{noun})(?![\w-])"
        sums.append((row, re.compile(before, re.I), re.compile(behind, re.I)))
    moves = []
    for move in topics.moves:
        for names, verbs in ((move.rise, _RISES[own]), (move.fall, _FALLS[own])):
            moved = (
                rf"(?<![\w-])(?:{move.bodies[own]})(?: \w+){{0,3}} (?:{verbs})"
                r"(?: (?:zuletzt|nachbörslich|further))?(?: (?:um|by))?"
                r"(?: (?:rund|gut|knapp|about|some))? $"
            )
            moves.append((names, re.compile(moved, re.I)))
    return _Beside(
        sums=tuple(sums),
        shares=tuple(
            (row.named, re.compile(rf" (?:{row.bodies[own]})(?!\w)", re.I))
            for row in topics.shares
        ),
        moves=tuple(moves),
        counts=tuple(
            (row.named, re.compile(rf" ?(?:{row.bodies[own]})(?![\w-])", re.I))
            for row in topics.counts
        ),
    )


def _around(reading: Reading, start: int, end: int) -> tuple[str, str]:
    """What stands before and behind a place, within its sentence."""
    sentence = reading.sentences[reading.sentence_index(start)]
    text = reading.article.full_text
    before = " ".join(text[max(sentence.start, start - _BEFORE) : start].split())
    behind = " ".join(f"_{text[end : max(end, sentence.end)]}".split())
    return f"{before} ", behind[1:]


def _denied(before: str, behind: str, own: Language) -> bool:
    """Whether a figure is denied, or only others tell it, in its own sentence."""
    hearsay = _HEARSAY[own].search(f"{before} {behind}")
    return hearsay is not None or NEGATED[own].search(before) is not None


def _label(mention: MoneyMention, reading: Reading, own: Language) -> Row | None:
    before, behind = _around(reading, mention.start, mention.end)
    for row, ahead, after in _beside(own).sums:
        if ahead.search(before) or after.match(behind):
            return row
    return None


def _sums(reading: Reading, language: Language) -> Iterator[ToldFigure]:
    own = _own(reading)
    labels = [(_label(mention, reading, own), mention) for mention in reading.money]
    taken: set[tuple[Decimal, str]] = set()
    for label, mention in sorted(labels, key=lambda item: item[0] is None):
        key = (mention.value, mention.currency)
        before, behind = _around(reading, mention.start, mention.end)
        if not mention.value or key in taken or _denied(before, behind, own):
            continue
        taken.add(key)
        amount = Amount(
            value=mention.value,
            currency=mention.currency,
            kind="total",
            bound=mention.bound,
            payer=None,
            span=reading.span(mention.start, mention.end),
            quote=reading.quote(mention.start),
        )
        text = written_sum(amount, reading, language)
        if label is not None:
            text = f"{label.named[language]} {text}"
        rank = 0 if label is not None else _BARE
        yield ToldFigure(text=text, rank=rank, start=mention.start)


def _capacities(reading: Reading, language: Language) -> Iterator[ToldFigure]:
    taken: set[tuple[Decimal, str]] = set()
    for mention in reading.capacity:
        before, behind = _around(reading, mention.start, mention.end)
        money = any(
            m.start < mention.end and mention.start < m.end for m in reading.money
        )  # "$10bn of chips" counts no chips
        key = (mention.value, mention.unit)
        if money or key in taken or _denied(before, behind, _own(reading)):
            continue
        taken.add(key)
        item = Capacity(
            value=mention.value,
            unit=mention.unit,
            span=reading.span(mention.start, mention.end),
            quote=reading.quote(mention.start),
        )
        text = written_capacity(item, reading, language)
        yield ToldFigure(text=text, rank=1, start=mention.start)


def _plain(reading: Reading) -> Iterator[tuple[Figure, str]]:
    """Exact figures that nothing denies, with what stands before them."""
    own = _own(reading)
    for figure in find_figures(reading.article.full_text, own):
        before, behind = _around(reading, figure.start, figure.end)
        tied = before.rstrip()[-1:] in ("$", "€", "£", "-", "–")
        if figure.bound == "exact" and not tied and not _denied(before, behind, own):
            yield figure, before


def _shares(reading: Reading, language: Language) -> Iterator[ToldFigure]:
    """Percentages of which the words beside them say what they are."""
    own = _own(reading)
    text = reading.article.full_text
    for figure, before in _plain(reading):
        sign = _PER_CENT.match(text, figure.end)
        if sign is None:
            continue
        ways = [
            f"{_SHARE[language]} {names[language]}"
            for names, of in _beside(own).shares
            if of.match(text, sign.end())
        ]
        ways += [
            f"{names[language]}{_ONLY_PER_CENT[language]}"
            for names, by in _beside(own).moves
            if by.search(before)
        ]
        if ways:
            number = format_number(figure.value, language)
            told = ways[0].format(number)
            yield ToldFigure(text=told, rank=0, start=figure.start)


def _counts(reading: Reading, language: Language) -> Iterator[ToldFigure]:
    own = _own(reading)
    text = reading.article.full_text
    for figure, before in _plain(reading):
        if not _LEAST <= figure.value < _MOST:
            continue
        number = format_number(figure.value, language)
        counted = [
            names[language]
            for names, noun in _beside(own).counts
            if noun.match(text, figure.end)
        ]
        lasts = _YEARS[own].match(text, figure.end) and _LASTS[own].search(before)
        if counted:
            told = f"{number} {counted[0]}"
            yield ToldFigure(text=told, rank=2, start=figure.start)
        elif lasts and figure.value < _MOST_YEARS:
            told = _LASTING[language].format(number)
            yield ToldFigure(text=told, rank=3, start=figure.start)
