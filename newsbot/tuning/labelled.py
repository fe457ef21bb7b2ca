"""A labelled article as its labeller reads it: every organisation that the labels name.

In: a labelled article and what the rules read in it.
Out: the reading with the labelled names that the rules miss, and which words of the
text are part of a name. Tuning must not learn from the rules what the rules overlook.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from newsbot.evaluation.gold import GoldArticle
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.stages.words import PLACES, STOP, Token
from newsbot.tuning.names import short_form
from newsbot.types import OrganisationMention

#: What a word is: part of a name, none, or nobody knows. The rules' guesses that no
#: label confirms are of the last kind: labels list who matters, not all who are named.
NAMED, PLAIN, UNCLEAR = 1, 0, -1
#: Capitals that are no names, asked about in each article: what the model will propose.
N_CAPITALS = 3


def labelled_names(article: GoldArticle) -> list[str]:
    """List the organisations that an article's labels name, longest first."""
    names = {
        name
        for deal in article.deals
        for name in (*(name for name, _ in deal.parties), *deal.not_parties)
    }
    return sorted(names, key=lambda name: (-len(name), name))


def with_labelled(
    article: GoldArticle, reading: Reading, gazetteer: Gazetteer
) -> Reading:
    """Add the places of labelled names that the rules have missed or cut wrongly."""
    text = reading.article.full_text
    listed = [m for m in reading.organisations if m.kind != "unknown"]
    taken = [(m.start, m.end) for m in listed]
    found: list[OrganisationMention] = []
    seen = {m.name for m in listed}
    missed = [n for n in labelled_names(article) if gazetteer.canonical(n) not in seen]
    for form, name in _forms(missed):
        either = f"{re.escape(form)}|{re.escape(form.upper())}"  # a ticker's capitals
        for match in re.finditer(rf"(?<!\w)(?:{either})(?=s?(?!\w))", text):
            start, end = match.span()
            if all(end <= a or b <= start for a, b in taken):
                taken.append((start, end))
                found.append(
                    OrganisationMention(name=name, kind="unknown", start=start, end=end)
                )
    guessed = [
        m
        for m in reading.organisations
        if m.kind == "unknown" and all(m.end <= a or b <= m.start for a, b in taken)
    ]
    merged = sorted([*listed, *found, *guessed], key=lambda m: m.start)
    return replace(reading, organisations=tuple(merged))


def _forms(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what to look for, whole names first, and the name that it stands for."""
    for name in names:
        yield name, name
    shorts = [short_form(name) for name in names]
    for short, name in zip(shorts, names, strict=True):
        plain = short in STOP or short in PLACES
        if short != name and shorts.count(short) == 1 and not plain:
            yield short, name


def named_words(
    article: GoldArticle, reading: Reading, words: Sequence[Token], gazetteer: Gazetteer
) -> list[int]:
    """Say of each word whether it is part of an organisation's name.

    Args:
        article: Labelled.
        reading: From `with_labelled`.
        words: Of its full text.
        gazetteer: The organisations.

    Returns:
        `NAMED`, `PLAIN` or `UNCLEAR` for each word.
    """
    labelled = set(labelled_names(article))
    starts = [word.start for word in words]
    found = [PLAIN] * len(words)
    for mention in reading.organisations:
        sure = mention.kind == "name" or mention.name in labelled
        i = bisect_left(starts, mention.start)
        while i < len(words) and words[i].start < mention.end:
            found[i] = NAMED if sure else UNCLEAR
            i += 1
    return found


def some_capitals(
    reading: Reading, words: Sequence[Token], rng: Random
) -> list[OrganisationMention]:
    """Pick a few capitals that are part of no name, with all their places."""
    inside = {
        n
        for mention in reading.organisations
        for n in range(mention.start, mention.end)
    }
    free = [
        word
        for word in words
        if word.text[:1].isupper()
        and len(word.text) > 2
        and word.text not in STOP
        and word.start not in inside
    ]
    names = {word.text for word in rng.sample(free, min(N_CAPITALS, len(free)))}
    return [
        OrganisationMention(
            name=word.text, kind="unknown", start=word.start, end=word.end
        )
        for word in free
        if word.text in names
    ]
