"""Does a summary tell who deals with whom, which way and how far, as its article?

In: a summary, a reading, the gazetteer.
Out: swapped parties, swapped directions, and hedges told as done. A sentence close
to one of the article's is laid beside it; any other is compared with what the
article's sentences about the same organisations say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache

from newsbot.stages.directions import Relation, find_relations
from newsbot.stages.mentions import find_unknown
from newsbot.stages.modality import Mood, claims, moods
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.quoting import share
from newsbot.stages.reading import Reading
from newsbot.stages.sentences import Sentence, split_sentences
from newsbot.stages.spelling import fold
from newsbot.stages.unsupported import Kind, Unsupported
from newsbot.types import OrganisationMention

#: Share of words in order from which a sentence is laid beside the article's one.
CLOSE_SHARE = 0.6
#: Share from which their hedges must be the same, too.
SAME_SHARE = 0.7
#: Words that one change may take on either side; longer ones are another clause.
MAX_CHANGED = 5
_PIECE = re.compile(r"\d+(?:[.,'’]\d+)*|[^\W\d]+")
_GIVES = frozenset("from by von bei at durch".split())
_GETS = frozenset("to for an für into".split())
_LIST = frozenset(("and", "und", "sowie", "&", ","))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word, a figure, or a name as one."""

    #: Case folded; of a name its canonical form.
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    mentions: tuple[OrganisationMention, ...]
    pieces: tuple[_Piece, ...]

    @property
    def names(self) -> list[str]:
        return [mention.name for mention in self.mentions]


def check_claims(
    text: str, reading: Reading, gazetteer: Gazetteer
) -> list[Unsupported]:
    """List claims of a summary that its article makes otherwise.

    Args:
        text: The summary, in either language.
        reading: The article.
        gazetteer: Known organisations.
    """
    known = gazetteer.find(text)
    full_names = {m.name for m in reading.organisations}
    own = sorted(
        (_as_article(m, full_names) for m in [*known, *find_unknown(text, known)]),
        key=lambda m: m.start,
    )
    told = [_cut(text, s.start, s.end, own) for s in split_sentences(text)]
    source, relations = _source(
        reading.article.full_text, reading.sentences, reading.organisations
    )
    known_ones = _Known(relations, gazetteer)
    found: list[Unsupported] = []
    for one in told:
        best = _closest(one, source)
        language = reading.article.language
        told_ones = find_relations(one.text, one.mentions)
        most = 0.0
        if best is not None:
            most = _alike(one, best)
            changed = _changed(one, best, gazetteer, language, most)
            # "A rents to B" for "B rents from A": turned twice is right.
            right = bool(told_ones) and all(map(known_ones.has, told_ones))
            found.extend(c for c in changed if not (right and c.kind == "direction"))
        if most < SAME_SHARE:
            found.extend(_status(one, source, gazetteer, language))
        found.extend(_turned(told_ones, known_ones))
    return found


# A summary is checked sentence by sentence: its article is read once for all of them.
@lru_cache(maxsize=8)
def _source(
    text: str,
    sentences: tuple[Sentence, ...],
    mentions: tuple[OrganisationMention, ...],
) -> tuple[tuple[_Sentence, ...], frozenset[Relation]]:
    """An article's sentences, cut, and the relations that they state."""
    cut = tuple(_cut(text, s.start, s.end, mentions) for s in sentences)
    stated = (r for one in cut for r in find_relations(one.text, one.mentions))
    return cut, frozenset(stated)


def _as_article(mention: OrganisationMention, names: set[str]) -> OrganisationMention:
    """Give a short form the article's full name: "Akagi" for "Akagi Holdings"."""
    if mention.kind != "unknown" or mention.name in names:
        return mention
    words = {fold(word) for word in mention.name.split()}
    longer = [n for n in names if words <= {fold(word) for word in n.split()}]
    return replace(mention, name=longer[0]) if len(longer) == 1 else mention


def _cut(
    text: str, start: int, end: int, mentions: Sequence[OrganisationMention]
) -> _Sentence:
    inside = tuple(
        OrganisationMention(
            name=m.name, kind=m.kind, start=m.start - start, end=m.end - start
        )
        for m in mentions
        if start <= m.start and m.end <= end
    )
    piece = text[start:end]
    names = {m.start: m for m in inside}
    pieces: list[_Piece] = []
    position = 0
    while match := _PIECE.search(piece, position):
        mention = next(
            (m for at, m in names.items() if at <= match.start() < m.end), None
        )
        if mention is not None:
            pieces.append(_Piece(mention.name, "name"))
            position = mention.end
            continue
        kind = "figure" if match[0][0].isdigit() else "word"
        pieces.append(_Piece(match[0].casefold(), kind))
        position = match.end()
    return _Sentence(piece, inside, tuple(pieces))


def _closest(one: _Sentence, source: Sequence[_Sentence]) -> _Sentence | None:
    """The article's sentence that a summary's one is close to, if there is one."""
    best, most = None, CLOSE_SHARE
    for other in source:
        alike = _alike(one, other)
        if alike >= most and (best is None or alike > most):
            best, most = other, alike
    return best


def _alike(one: _Sentence, other: _Sentence) -> float:
    words = [piece.text for piece in one.pieces]
    return share(words, [piece.text for piece in other.pieces])


def _changed(
    one: _Sentence, best: _Sentence, gazetteer: Gazetteer, language: str, alike: float
) -> list[Unsupported]:
    """Compare a sentence, word by word, with the one it is close to."""
    old, new = best.pieces, one.pieces
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    found = []
    for operation, a, b, c, d in matcher.get_opcodes():
        if operation == "equal" or max(b - a, d - c) > MAX_CHANGED:
            continue
        before, after = old[a:b], new[c:d]
        was, is_ = _texts(before), _texts(after)
        swap: Kind | None = None
        if operation == "replace":
            if _other_name(before, after, gazetteer):
                swap = "direction" if set(one.names) == set(best.names) else "name"
            elif _other_figure(before, after):
                swap = "figure"
            elif _opposite(before, after):
                swap = "direction"
        same = alike >= SAME_SHARE
        if (
            swap is None
            and same
            and _other_mood(was, is_, one.text, best.text, language)
        ):
            swap = "status"
        if swap is not None:
            reason = f"the article has {was!r} here"
            found.append(Unsupported(kind=swap, claim=is_ or was, reason=reason))
    if not found and _reordered(one, best):
        reason = "the article names them the other way round"
        claim = ", ".join(one.names)
        found.append(Unsupported(kind="direction", claim=claim, reason=reason))
    return found


def _texts(pieces: Sequence[_Piece]) -> str:
    return " ".join(piece.text for piece in pieces)


def _other_name(
    before: Sequence[_Piece], after: Sequence[_Piece], gazetteer: Gazetteer
) -> bool:
    was = [piece.text for piece in before if piece.kind == "name"]
    now = [piece.text for piece in after if piece.kind == "name"]
    return bool(was and now) and not any(
        gazetteer.related(a, b) or _overlap(a, b) for a in was for b in now
    )


def _overlap(a: str, b: str) -> bool:
    """Whether two names share a word: "Akagi" and "Akagi Holdings"."""
    return not {fold(word) for word in a.split()}.isdisjoint(map(fold, b.split()))


def _other_figure(before: Sequence[_Piece], after: Sequence[_Piece]) -> bool:
    was = {piece.text for piece in before if piece.kind == "figure"}
    now = {piece.text for piece in after if piece.kind == "figure"}
    about = {"about", "around", "roughly", "rund", "etwa", "knapp", "gut"}
    rounded = not about.isdisjoint(piece.text for piece in after)
    return bool(was and now) and was.isdisjoint(now) and not rounded


def _opposite(before: Sequence[_Piece], after: Sequence[_Piece]) -> bool:
    was = {piece.text for piece in before}
    now = {piece.text for piece in after}
    return bool((was & _GIVES and now & _GETS) or (was & _GETS and now & _GIVES))


def _other_mood(was: str, is_: str, new: str, old: str, language: str) -> bool:
    """Whether a change takes a hedge away, puts one in, or ends what was not ended."""
    before, after = moods(was, language), moods(is_, language)
    soft: set[Mood] = {"talks", "hedged"}
    if bool(before & soft) != bool(after & soft):
        # Another hedge may remain, but not of the same kind.
        return moods(old, language) & soft != moods(new, language) & soft or bool(
            was and is_
        )
    return bool(was and is_) and ("ended" in before) != ("ended" in after)


def _reordered(one: _Sentence, best: _Sentence) -> bool:
    """Whether the same names stand in another order, and not in one list."""
    if sorted(one.names) != sorted(best.names) or one.names == best.names:
        return False
    moved = [
        n for n, (a, b) in enumerate(zip(one.names, best.names, strict=True)) if a != b
    ]
    first, last = best.mentions[moved[0]], best.mentions[moved[-1]]
    between = _PIECE.findall(best.text[first.end : last.start])
    named = {
        word
        for m in best.mentions
        for word in _PIECE.findall(best.text[m.start : m.end])
    }
    return not {word.casefold() for word in between if word not in named} <= _LIST


@dataclass(frozen=True, slots=True)
class _Known:
    """The relations that an article's sentences state."""

    relations: frozenset[Relation]
    gazetteer: Gazetteer

    def has(self, one: Relation) -> bool:
        """Whether a sentence states this relation, maybe of a parent or unit."""
        related = self.gazetteer.related
        return any(
            r.kind == one.kind
            and related(r.payer, one.payer)
            and related(r.payee, one.payee)
            for r in self.relations
        )


def _turned(told: set[Relation], known: _Known) -> list[Unsupported]:
    """Find relations that the article has the other way round, and only so."""
    found = []
    for one in sorted(told):
        turned = Relation(one.kind, one.payee, one.payer)
        if known.has(turned) and not known.has(one):
            reason = f"in the article the money goes from {one.payee} to {one.payer}"
            claim = f"{one.payer} pays {one.payee}"
            found.append(Unsupported(kind="direction", claim=claim, reason=reason))
    return found


def _status(
    one: _Sentence, source: Sequence[_Sentence], gazetteer: Gazetteer, language: str
) -> list[Unsupported]:
    """Compare how far a sentence says a deal is with the article's sentences on it."""
    names = list(dict.fromkeys(one.names))
    if len(names) < 2:
        return []

    def shared(other: _Sentence) -> int:
        return sum(any(gazetteer.related(n, m) for m in other.names) for n in names)

    counts = [shared(other) for other in source]
    both = [s for s, n in zip(source, counts, strict=True) if n > 1]
    about = [
        s
        for i, s in enumerate(source)
        if i == 0
        or counts[i]
        or (i and counts[i - 1])
        or counts[min(i + 1, len(source) - 1)]
    ]
    told = claims(one.text, "de" if _german(one) else "en")
    evidence = [moods(s.text, language) for s in both or about]
    wide = [moods(s.text, language) for s in about]
    wrong = ""
    if told == "ended" and not any("ended" in found for found in evidence):
        wrong = "nothing in the article says that it ended"
    elif told == "expanded" and not any("expanded" in found for found in wide):
        wrong = "nothing in the article says that it grew"
    elif told == "talks" and not any("talks" in found for found in evidence):
        wrong = "the article tells it as agreed"
    elif told in ("done", "expanded"):
        surely = [claims(s.text, language) for s in both or about]
        n_soft = sum(mood in ("talks", "hedged") for mood in surely)
        n_talks = surely.count("talks")
        if (both and "ended" in surely) or {*surely} == {"ended"}:
            wrong = "the article tells it as ended"
        elif n_soft == len(surely) or 2 * n_talks >= len(surely):
            wrong = "the article tells it as talks or plans"
    if not wrong:
        return []
    return [Unsupported(kind="status", claim=" and ".join(names), reason=wrong)]


def _german(one: _Sentence) -> bool:
    words = {piece.text for piece in one.pieces}
    return not words.isdisjoint(
        ("künftig", "mit", "über", "von", "und", "die", "der", "das", "soll", "an")
    )
