"""What is an article about that tells of no deal?

In: the reading of an article.
Out: a `Topic`: the kind of news, the subjects, who stands in the middle of it. All of
it is proven by words of a table, in the title or the first sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsbot.stages.about_figures import NEGATED
from newsbot.stages.about_names import Actor, as_actor, find_named
from newsbot.stages.about_words import Bond, NewsKind, Row, load_topics, words
from newsbot.stages.modality import moods
from newsbot.stages.reading import Reading
from newsbot.stages.sentences import Sentence
from newsbot.types import OrganisationMention
from newsbot.vocabulary import Language

#: Sentences of the body that are looked at as its lead.
LEAD = 2
#: Times that a subject's words stand in a text if not in its title.
OFTEN = 2
MAX_KINDS = 2
MAX_SUBJECTS = 3
MAX_MAIN = 3
MAX_OTHERS = 2
_TITLE_WEIGHT = 3
#: Words before one that may deny it.
_NEGATED_WORDS = 4
_FUNCTION = words(
    """
    of in from for by with to von aus bei für an mit in auf und and or oder not nicht
    """.split()
)
_AFTER_OBJECT = re.compile(
    r"\s*(?:$|[.,;:)]|(?:for|in|on|over|to|from|after|as|and|und|für|wegen|vollständig|"
    r"mit|nach|vor|im|aus)\b)"
)
#: What others say is no news of the article's own.
_QUOTED = re.compile(r"[„“\"«»][^„“”\"«»]{1,500}[”“\"«»]")
#: Words between a verb and whom it concerns, at most.
_MOST_BETWEEN = 4
_PLANS: dict[Language, re.Pattern[str]] = {
    "de": words(
        "plant planen geplant* will wollen soll sollen vorgesehen möchte".split()
    ),
    "en": words(
        """
        plans;planning;planned;hopes to;wants to;intends to;aims to;seeks to
        """.strip().split(";")
    ),
}
#: A legal form or an apposition between a name and its verb.
_BESIDE = re.compile(r"^(?: (?:AG|GmbH|SE|Inc\.?|Ltd|plc|SA))?(?:, [^,.;:]{3,90},)?")


_Named = Sequence[OrganisationMention]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What one organisation plainly does to another."""

    bond: Bond
    doer: Actor
    done_to: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What an article is about."""

    #: What the text itself is: an interview, a column.
    form: NewsKind | None
    kinds: tuple[NewsKind, ...]
    #: Whether a kind's words stand in the title.
    in_title: bool
    subjects: tuple[Row, ...]
    deed: Deed | None
    #: Who surely does what the first kind says.
    role: tuple[NewsKind, Actor] | None
    #: Named in the title, else in the lead, and whether it is the title.
    main: tuple[Actor, ...]
    central: bool
    others: tuple[Actor, ...]
    #: Whether the lead tells of plans, talks or hearsay.
    hedged: bool
    #: Whether title or lead plainly tell of plans.
    planned: bool


def find_topic(reading: Reading) -> Topic:
    """Find what an article is about; every field may be empty."""
    own = _own(reading)
    title = reading.article.title
    lead = _lead(reading)
    first = _QUOTED.sub(" ", " ".join(reading.text(s) for s in lead))
    ranked = _kinds(title, first, own)
    forms = [kind for kind, _ in ranked if kind.form]
    kinds = [(kind, score) for kind, score in ranked if not kind.form]
    named = find_named(reading)
    main, central, others = _actors(reading, lead, named)
    return Topic(
        form=forms[0] if forms else None,
        kinds=tuple(kind for kind, _ in kinds[:MAX_KINDS]),
        in_title=bool(kinds) and kinds[0][1] >= _TITLE_WEIGHT,
        subjects=_subjects(reading, lead, own),
        deed=_deed(reading, lead, named),
        role=_role([kind for kind, _ in kinds[:1]], reading, lead, named),
        main=main,
        central=central,
        others=others,
        planned=_PLANS[own].search(" ".join((title, *(reading.text(s) for s in lead))))
        is not None,
        hedged=any(moods(reading.text(s), own) & {"talks", "hedged"} for s in lead),
    )


def _own(reading: Reading) -> Language:
    return "de" if reading.article.language == "de" else "en"


def _lead(reading: Reading) -> list[Sentence]:
    body = [s for s in reading.sentences if s.start > len(reading.article.title)]
    return body[:LEAD]


def _kinds(title: str, lead: str, own: Language) -> list[tuple[NewsKind, int]]:
    """Rank the kinds of news by how often their words stand in title and lead."""
    found = []
    for kind in load_topics().kinds:
        strong, plain = kind.in_title[own], kind.anywhere[own]
        score = _TITLE_WEIGHT if any(_affirmed(strong, title, own)) else 0
        score += len({word.casefold() for word in _affirmed(plain, lead, own)})
        if score:
            found.append((kind, score))
    return sorted(found, key=lambda item: -item[1])  # stable: the table's order


def _affirmed(pattern: re.Pattern[str], text: str, own: Language) -> Iterator[str]:
    """The words of a kind that no negation stands before."""
    for match in pattern.finditer(text):
        before = " ".join(text[: match.start()].split()[-_NEGATED_WORDS:])
        if not NEGATED[own].search(before):
            yield match[0]


def _subjects(
    reading: Reading, lead: Sequence[Sentence], own: Language
) -> tuple[Row, ...]:
    title = reading.article.title
    first = " ".join(reading.text(s) for s in lead[:1])
    found = []
    for subject in load_topics().subjects:
        pattern = subject.words[own]
        n_title = len(pattern.findall(title))
        n_lead = len(pattern.findall(first))
        n_all = len(pattern.findall(reading.article.text))
        if n_title or n_lead or n_all >= OFTEN:
            sure = bool(n_title) or n_all >= OFTEN
            found.append((sure, 2 * n_title + n_lead + n_all, subject))
    found.sort(key=lambda item: (-item[0], -item[1]))
    sure_ones = [subject for sure, _, subject in found if sure]
    # A short text says its words once.
    once = [] if len(sure_ones) > 1 else [s for sure, _, s in found if not sure]
    return (*sure_ones[:MAX_SUBJECTS], *once[: 2 - len(sure_ones)])


def _actors(
    reading: Reading, lead: Sequence[Sentence], named: _Named
) -> tuple[tuple[Actor, ...], bool, tuple[Actor, ...]]:
    end_of_title = len(reading.article.title)
    end_of_lead = lead[-1].end if lead else end_of_title
    counts: dict[str, int] = {}
    first: dict[str, OrganisationMention] = {}
    for mention in named:
        counts[mention.name] = counts.get(mention.name, 0) + 1
        first.setdefault(mention.name, mention)
    in_title = [name for name, m in first.items() if m.end <= end_of_title]
    in_lead = [name for name, m in first.items() if m.end <= end_of_lead]
    main = (in_title or in_lead)[:MAX_MAIN]
    sure = [
        name
        for name, mention in first.items()
        if name not in main
        and (mention.kind == "name" or counts[name] > 1 or name in in_lead)
    ]
    others = sorted(sure, key=lambda name: (name not in in_lead, -counts[name]))
    actors = {
        name: as_actor(name, named, reading) for name in (*main, *others[:MAX_OTHERS])
    }
    return (
        tuple(actors[name] for name in main),
        bool(in_title),
        tuple(actors[name] for name in others[:MAX_OTHERS]),
    )


def _plain(
    reading: Reading, lead: Sequence[Sentence], named: _Named
) -> Iterator[tuple[Sentence, list[OrganisationMention]]]:
    """The sentences of title and lead that tell something as done, with names."""
    own = _own(reading)
    title = [s for s in reading.sentences if s.end <= len(reading.article.title)]
    for sentence in (*title, *lead):
        text = reading.text(sentence)
        if "?" in text or moods(text, own) & {"talks", "hedged", "ended"}:
            continue
        inside = [m for m in named if sentence.start <= m.start < sentence.end]
        yield sentence, inside


def _role(
    kinds: Sequence[NewsKind],
    reading: Reading,
    lead: Sequence[Sentence],
    named: _Named,
) -> tuple[NewsKind, Actor] | None:
    """Find the one right before the verb of a proven kind, in the active."""
    own = _own(reading)
    text = reading.article.full_text
    for kind in kinds:
        if kind.verbs is None:
            continue
        for sentence, inside in _plain(reading, lead, named):
            for mention in inside:
                behind = _BESIDE.sub("", text[mention.end : sentence.end], count=1)
                opens = not _FUNCTION.search(text[sentence.start : mention.start])
                if opens and kind.verbs[own].match(behind.lstrip()):
                    return kind, as_actor(mention.name, named, reading)
    return None


def _deed(reading: Reading, lead: Sequence[Sentence], named: _Named) -> Deed | None:
    """Find the verb of a bond between two names, in the active and without a hedge."""
    for _, inside in _plain(reading, lead, named):
        for one, other in pairwise(inside):
            bond = _bond(reading.article.full_text, one, other, _own(reading))
            if bond is not None and one.name != other.name:
                return Deed(
                    bond=bond,
                    doer=as_actor(one.name, named, reading),
                    done_to=as_actor(other.name, named, reading),
                )
    return None


def _bond(
    text: str, one: OrganisationMention, other: OrganisationMention, own: Language
) -> Bond | None:
    between = text[one.end : other.start]
    if not _AFTER_OBJECT.match(text, other.end):
        return None
    for bond in load_topics().bonds:
        verb = bond.verbs[own].match(between.lstrip())
        if verb is None or between[:1] != " ":
            continue
        rest = between.lstrip()[verb.end() :]
        short = len(rest.split()) <= _MOST_BETWEEN
        if short and not re.search(r"[,;:'’]", rest) and not _FUNCTION.search(rest):
            return bond
    return None
