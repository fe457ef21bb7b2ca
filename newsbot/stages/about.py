"""What is an article about that tells of no deal?

In: the reading of an article.
Out: a `Topic`: the kind of news, the subjects, who stands in the middle of it. All of
it is proven by words of a table, in the title or the first sentences.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from newsbot.stages.about_kinds import (
    BONDS,
    ROLES,
    Role,
    FORMS,
    KIND_WORDS,
    NEWS_KINDS,
    Bond,
    NewsKind,
    words,
)
from newsbot.stages.about_figures import NEGATED
from newsbot.stages.about_subjects import SUBJECT_WORDS, SUBJECTS, Subject
from newsbot.stages.modality import moods
from newsbot.stages.reading import Reading
from newsbot.stages.sentences import Sentence
from newsbot.stages.words import GIVEN, ORDINARY, PERSON, SUFFIX, TRADE, tokens
from newsbot.types import Language, OrganisationMention, Party

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
_NEGATED_WORDS = 3
_FUNCTION = words(
    "of in from for by with to von aus bei für an mit in auf und and or oder not nicht"
)
_AFTER_OBJECT = re.compile(
    r"\s*(?:$|[.,;:)]|(?:for|in|on|over|to|from|after|as|and|und|für|wegen|vollständig|"
    r"mit|nach|vor|im|aus)\b)"
)
_APPOSED: dict[Language, re.Pattern[str]] = {
    "de": re.compile(r"(?: (?:AG|GmbH|SE))?, (eine? [^,.;:–—\d\n]{6,60}),"),
    "en": re.compile(
        r"(?: (?:SA|Inc\.?|Ltd|plc|AG|Corp\.?))?, ((?:an?|the) [^,.;:–—\d\n]{6,60})[,.]"
    ),
}
#: Letters of a guessed name.
MIN_NAME = 3
_SHAPE = re.compile(r"[a-zäöü][A-ZÄÖÜ]|[a-z]\d|[&.]\w")
_LEGAL = re.compile(r" (?:AG|GmbH|SE|KG|Inc|Corp|Ltd|plc|SA|NV|AB|Holdings?)\b")
_CALENDAR = words(
    "montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz "
    "april juni juli august september oktober november dezember monday tuesday "
    "wednesday thursday friday saturday sunday january february march june july october "
    "december"
)
#: What stands before a noun or a first name, but not before a company's name.
_DETERMINED = re.compile(
    r"\b(?:de[rmns]|die|das|eine?[rmns]?|im|am|ins?|zu[mr]|vo[mn]|bei|beim|aus|nach|in|near|at|from|outside|of|the|an?|"
    r"Herrn?|Frau|Mrs?|Ms|Dr|Prof|\w+er|\w+[Cc]hef(?:in)?|\w*[Ss]precher(?:in)?)\.? $"
)
#: A legal form or an apposition between a name and its verb.
_BESIDE = re.compile(r"^(?: (?:AG|GmbH|SE|Inc\.?|Ltd|plc|SA))?(?:, [^,.;:]{3,90},)?")
#: Nouns of trade that say next to nothing.
_BARE_NOUNS = words(
    "firma unternehmen konzern tochter mutter partner kunde haus gruppe rivale konkurrent "
    "company firm group unit arm partner customer client rival business start-up startup "
    "operator supplier"
)
_NOUN_BEFORE = re.compile(r"(?<![\w-])((?:\w+-)*(\w{3,}))\s$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An organisation that an article names, with what it calls it."""

    #: Without roles; `spelling.party_name` writes it.
    party: Party
    #: "Gehäusebauer", "a maker of chips": in the article's language; may be empty.
    described: str
    #: Whether a list knows it.
    listed: bool


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
    subjects: tuple[Subject, ...]
    deed: Deed | None
    #: Who surely does what the first kind says.
    role: tuple[Role, Actor] | None
    #: Named in the title, else in the lead, and whether it is the title.
    main: tuple[Actor, ...]
    central: bool
    others: tuple[Actor, ...]
    #: Whether the lead tells of plans, talks or hearsay.
    hedged: bool


def find_topic(reading: Reading) -> Topic:
    """Find what an article is about; every field may be empty."""
    own: Language = "de" if reading.article.language == "de" else "en"
    title = reading.article.title
    lead = _lead(reading)
    ranked = _kinds(title, " ".join(reading.text(s) for s in lead), own)
    forms = [kind for kind, _ in ranked if kind.key in FORMS]
    kinds = [(kind, score) for kind, score in ranked if kind.key not in FORMS]
    main, central, others = _actors(reading, lead, own)
    return Topic(
        form=forms[0] if forms else None,
        kinds=tuple(kind for kind, _ in kinds[:MAX_KINDS]),
        in_title=bool(kinds) and kinds[0][1] >= _TITLE_WEIGHT,
        subjects=_subjects(reading, lead, own),
        deed=_deed(reading, lead, own),
        role=_role([kind.key for kind, _ in kinds[:1]], reading, lead, own),
        main=main,
        central=central,
        others=others,
        hedged=any(moods(reading.text(s), own) & {"talks", "hedged"} for s in lead),
    )


def _lead(reading: Reading) -> list[Sentence]:
    body = [s for s in reading.sentences if s.start > len(reading.article.title)]
    return body[:LEAD]


def _kinds(title: str, lead: str, own: Language) -> list[tuple[NewsKind, int]]:
    """Rank the kinds of news by how often their words stand in title and lead."""
    found = []
    for kind, (strong, plain) in zip(NEWS_KINDS, KIND_WORDS[own], strict=True):
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
) -> tuple[Subject, ...]:
    title = reading.article.title
    first = " ".join(reading.text(s) for s in lead[:1])
    found = []
    for subject, pattern in zip(SUBJECTS, SUBJECT_WORDS[own], strict=True):
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
    return tuple((*sure_ones[:MAX_SUBJECTS], *once[: 2 - len(sure_ones)]))


def _named(reading: Reading) -> Iterator[OrganisationMention]:
    """The mentions by name: a product alone stands for nobody here."""
    text = reading.article.full_text
    sums = (*reading.money, *reading.capacity)
    lower = {token.text for token in tokens(text) if token.text.islower()}
    for mention in reading.organisations:
        if mention.kind == "name" or (
            mention.kind == "unknown"
            and not any(m.start < mention.end and mention.start < m.end for m in sums)
            and _is_sure(mention, text, lower)
        ):
            yield mention


def _is_sure(mention: OrganisationMention, text: str, lower: Container[str]) -> bool:
    """Whether a guessed name is surely one: here nobody asks a model."""
    written = mention.name.split()
    last = written[-1].rpartition("-")[2]
    if len(mention.name) < MIN_NAME or _CALENDAR.search(mention.name):
        return False
    if any(word.casefold() in lower for word in written) or TRADE.fullmatch(last):
        return False
    if ORDINARY.fullmatch(last) and not SUFFIX.fullmatch(last):
        return False
    if PERSON.fullmatch(written[0]):
        return False
    before = _NOUN_BEFORE.search(text[max(0, mention.start - 60) : mention.start])
    evidence = (
        SUFFIX.fullmatch(last) and len(written) > 1,
        _SHAPE.search(mention.name),
        before is not None and TRADE.fullmatch(before[2]),
        _LEGAL.match(text, mention.end),
        *(pattern.match(text, mention.end) for pattern in _APPOSED.values()),
    )
    if any(evidence):
        return True
    if any(f"{given} {mention.name}" in text for given in GIVEN):
        return False
    places = [m.start() for m in re.finditer(re.escape(mention.name), text)]
    bare = [n for n in places if not _DETERMINED.search(text[max(0, n - 40) : n])]
    inner = [n for n in places if text[max(0, n - 1) : n] == " " and text[n - 2] != "."]
    return len(places) > 1 and len(bare) == len(places) and bool(inner)


def _actors(
    reading: Reading, lead: Sequence[Sentence], own: Language
) -> tuple[tuple[Actor, ...], bool, tuple[Actor, ...]]:
    end_of_title = len(reading.article.title)
    end_of_lead = lead[-1].end if lead else end_of_title
    counts: dict[str, int] = {}
    first: dict[str, OrganisationMention] = {}
    for mention in _named(reading):
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
        name: _actor(name, reading, own) for name in (*main, *others[:MAX_OTHERS])
    }
    return (
        tuple(actors[name] for name in main),
        bool(in_title),
        tuple(actors[name] for name in others[:MAX_OTHERS]),
    )


def _actor(name: str, reading: Reading, own: Language) -> Actor:
    mentions = [m for m in _named(reading) if m.name == name]
    first = mentions[0]
    party = Party(
        name=name,
        roles=(),
        span=reading.span(first.start, first.end),
        quote=reading.quote(first.start),
    )
    described = next(filter(None, (_described(m, reading, own) for m in mentions)), "")
    return Actor(party=party, described=described, listed=first.kind == "name")


def _described(mention: OrganisationMention, reading: Reading, own: Language) -> str:
    """What stands beside a name in apposition, in a form that bends nowhere."""
    text = reading.article.full_text
    apposed = _APPOSED[own].match(text, mention.end)
    if apposed is not None:
        return apposed[1]
    before = _NOUN_BEFORE.search(text[max(0, mention.start - 60) : mention.start])
    if before is None or not TRADE.fullmatch(before[2]):
        return ""
    noun = before[1]
    if _BARE_NOUNS.fullmatch(noun):
        return ""
    if own == "de":
        fits = noun[0].isupper() and (
            noun.endswith("unternehmen") or not noun.endswith(("s", "n", "e"))
        )
    else:
        fits = noun.islower() and not noun.endswith("s")
    return noun if fits else ""


def _plain(
    reading: Reading, lead: Sequence[Sentence], own: Language
) -> Iterator[tuple[Sentence, list[OrganisationMention]]]:
    """The sentences of title and lead that tell something as done, with names."""
    title = [s for s in reading.sentences if s.end <= len(reading.article.title)]
    for sentence in (*title, *lead):
        text = reading.text(sentence)
        if "?" in text or moods(text, own) & {"talks", "hedged", "ended"}:
            continue
        inside = [
            m for m in _named(reading) if sentence.start <= m.start < sentence.end
        ]
        yield sentence, inside


def _role(
    keys: Sequence[str], reading: Reading, lead: Sequence[Sentence], own: Language
) -> tuple[Role, Actor] | None:
    """Find the one right before the verb of a proven kind, in the active."""
    text = reading.article.full_text
    for key in keys:
        role = ROLES.get(key)
        if role is None:
            continue
        for sentence, inside in _plain(reading, lead, own):
            for mention in inside:
                behind = _BESIDE.sub("", text[mention.end : sentence.end], count=1)
                opens = not _FUNCTION.search(text[sentence.start : mention.start])
                if opens and role.verbs[own].match(behind.lstrip()):
                    return role, _actor(mention.name, reading, own)
    return None


def _deed(reading: Reading, lead: Sequence[Sentence], own: Language) -> Deed | None:
    """Find a verb of `BONDS` between two names, in the active and without a hedge."""
    for _, inside in _plain(reading, lead, own):
        for one, other in zip(inside, inside[1:], strict=False):
            bond = _bond(reading.article.full_text, one, other, own)
            if bond is not None and one.name != other.name:
                return Deed(
                    bond=bond,
                    doer=_actor(one.name, reading, own),
                    done_to=_actor(other.name, reading, own),
                )
    return None


def _bond(
    text: str, one: OrganisationMention, other: OrganisationMention, own: Language
) -> Bond | None:
    between = text[one.end : other.start]
    if not _AFTER_OBJECT.match(text, other.end):
        return None
    for bond in BONDS:
        verb = words(bond.verbs[own]).match(between.lstrip())
        if verb is None or between[:1] != " ":
            continue
        rest = between.lstrip()[verb.end() :]
        if len(rest.split()) <= 4 and not re.search(r"[,;:'’]", rest):
            if not _FUNCTION.search(rest):
                return bond
    return None
