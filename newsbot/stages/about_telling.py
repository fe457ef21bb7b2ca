"""What an article without a deal is about, told in two or three sentences.

In: a reading, and the language to tell it in.
Out: sentences of our own from what `about` and its neighbours have found; each clause
stands only where the check of summaries finds it supported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from newsbot.stages.about import Topic, find_topic
from newsbot.stages.about_figures import told_figures
from newsbot.stages.about_names import Actor
from newsbot.stages.about_people import MAX_PERSONS, Person, find_persons
from newsbot.stages.about_points import find_points
from newsbot.stages.about_times import find_dateline, find_dates
from newsbot.stages.reading import Reading
from newsbot.stages.spelling import Name, party_name
from newsbot.stages.wording import AND, listed
from newsbot.vocabulary import Language

#: Statements that one sentence takes, with figures and without.
_POINTS_BESIDE, _POINTS_ALONE = 1, 2
#: Clauses of a sentence, and names and bare sums in one.
_CLAUSES = 3
MAX_NAMED = 4
MAX_FIGURES = 3
MAX_BARE = 2
#: A move of a share's price is told once.
_MOVED: dict[Language, str] = {"de": "einen Kurs", "en": "a share price"}
_PRICE: dict[Language, str] = {"de": "der Aktie", "en": "the shares"}
Supported = Callable[[str], bool]


class _Wording(NamedTuple):
    """The fixed words of one language."""

    is_a: str
    about: str
    among_others: str
    subject: str
    subjects: str
    central_one: str
    central_many: str
    named_one: str
    named_many: str
    also_one: str
    also_many: str
    quoted_one: str
    quoted_many: str
    in_office_one: str
    in_office_many: str
    figures: str
    sum: str
    sums: str
    sowie: str
    date_one: str
    date_many: str
    dateline: str
    plans: str
    planned: str


_WORDS: dict[Language, _Wording] = {
    "de": _Wording(
        is_a="der Text ist {}",
        about="es geht um {}",
        among_others="es geht unter anderem um {}",
        subject=", thematisch um {}",
        subjects=", thematisch um {}",
        central_one="im Mittelpunkt steht {}",
        central_many="im Mittelpunkt stehen {}",
        named_one="genannt wird {}",
        named_many="genannt werden {}",
        also_one="genannt wird auch {}",
        also_many="genannt werden auch {}",
        quoted_one="zitiert wird {}",
        quoted_many="zitiert werden {}",
        in_office_one="erwähnt wird {}",
        in_office_many="erwähnt werden {}",
        figures="der Text nennt {}",
        sum="den Betrag {}",
        sums="die Beträge {}",
        sowie=" sowie ",
        date_one="als Zeitangabe erscheint {}",
        date_many="als Zeitangaben erscheinen {}",
        dateline="die Meldung kommt aus {}",
        plans="teils geht es um Geplantes",
        planned="{}, und zwar mit Blick auf Geplantes oder Mögliches",
    ),
    "en": _Wording(
        is_a="the text is {}",
        about="the article is about {}",
        among_others="among other things, the article is about {}",
        subject="; its subject is {}",
        subjects="; its subjects are {}",
        central_one="at its centre is {}",
        central_many="at its centre are {}",
        named_one="it mentions {}",
        named_many="it mentions {}",
        also_one="it also mentions {}",
        also_many="it also mentions {}",
        quoted_one="it quotes {}",
        quoted_many="it quotes {}",
        in_office_one="it refers to {}",
        in_office_many="it refers to {}",
        figures="the figures given include {}",
        sum="the sum of {}",
        sums="the sums of {}",
        sowie=" as well as ",
        date_one="the time mentioned is {}",
        date_many="the times mentioned are {}",
        dateline="the report comes from {}",
        plans="part of it is about plans",
        planned="{}, with a view to what is planned or possible",
    ),
}


def tell_about(reading: Reading, language: Language, supported: Supported) -> list[str]:
    """Tell what an article is about.

    Args:
        reading: The article.
        language: To tell it in; the article's own or the other.
        supported: Whether the check finds nothing against a sentence.

    Returns:
        Two or three sentences that say more than names; fewer where there is too
        little that can be grounded, none where there is nothing.
    """
    topic = find_topic(reading)
    persons = find_persons(reading)
    topic = _without_persons(topic, persons)
    about = _first(_abouts(topic, reading, language), supported)
    who = _first(_names(topic, reading, language), supported)
    speakers = _first(_persons(persons, reading, language), supported)
    denied = _disputed(topic)
    figures = "" if denied else _figures(reading, language, supported)
    room = _POINTS_BESIDE if figures else _POINTS_ALONE
    points = [named[language] for named in find_points(reading)][:room]
    if _MOVED[language] in figures:
        points = [point for point in points if _PRICE[language] not in point]
    times = [] if figures or points else [*_times(reading, language)]
    plans = _WORDS[language].plans if topic.planned else ""
    groups = (
        [about, plans if about else ""],
        [who, speakers],
        [figures, *points, *times],
    )
    told = [_joined(group, supported) for group in groups]
    return [sentence for sentence in told if sentence]


def _disputed(topic: Topic) -> bool:
    """Whether the article takes a report back or denies it: its figures, too."""
    kinds = {kind.key for kind in (topic.form, *topic.kinds) if kind is not None}
    return not kinds.isdisjoint(("denial", "correction"))


def _joined(clauses: Sequence[str], supported: Supported) -> str:
    """Join as many clauses as the check lets stand in one sentence."""
    kept: list[str] = []
    for clause in filter(None, clauses):
        if len(kept) < _CLAUSES and supported(_sentence([*kept, clause])):
            kept.append(clause)
    return _sentence(kept) if kept else ""


def _without_persons(topic: Topic, persons: Sequence[Person]) -> Topic:
    """Take surnames out of the organisations."""
    surnames = {word for person in persons for word in person.name.split()}

    def kept(actors: Sequence[Actor]) -> tuple[Actor, ...]:
        return tuple(
            one for one in actors if surnames.isdisjoint(one.party.name.split())
        )

    return replace(topic, main=kept(topic.main), others=kept(topic.others))


def _first(ways: Iterator[str], supported: Supported) -> str:
    return next((way for way in ways if supported(_sentence([way]))), "")


def _sentence(clauses: Sequence[str]) -> str:
    text = "; ".join(clauses)
    return text[:1].upper() + text[1:] + "."


def _abouts(topic: Topic, reading: Reading, language: Language) -> Iterator[str]:
    """Ways to say what it is about, the one that says most first."""
    said = _WORDS[language]
    subjects = [one.named[language] for one in topic.subjects]
    form = said.is_a.format(topic.form.named[language]) if topic.form else ""
    about = said.about if topic.in_title or not topic.kinds else said.among_others

    def joined(kinds: Sequence[str]) -> str:
        text = about.format(listed(kinds or subjects, AND[language]))
        if kinds and subjects:
            way = said.subjects if len(subjects) > 1 else said.subject
            text += way.format(listed(subjects, AND[language]))
        text = text if kinds or subjects else ""
        if language == "en" and form and text:
            text = text.replace("the article is", "it is")
        return "; ".join(filter(None, (form, text)))

    plain = [kind.named[language] for kind in topic.kinds]
    deed = topic.deed
    if deed is not None:
        a, b = (_name(one, reading, language) for one in (deed.doer, deed.done_to))
        named = deed.bond.named[language].format(a=a.dative, b=b.dative)
        if deed.bond.key == "lawsuit":
            named = deed.bond.named[language].format(a=a.dative, b=b.plain)
        elif language == "de":
            named = deed.bond.named[language].format(a=a.plain, b=b.dative)
        rest = [
            kind.named[language] for kind in topic.kinds if kind.key != deed.bond.key
        ]
        about = said.about
        yield joined([named, *rest[:1]])
    if topic.role is not None:
        kind, actor = topic.role
        named = (kind.role or kind.named)[language].format(
            a=_name(actor, reading, language).dative
        )
        about = said.about
        yield joined([named, *plain[1:]])
    about = said.about if topic.in_title or not topic.kinds else said.among_others
    yield joined(plain)
    yield joined(plain[:1])
    yield joined([])


def _name(actor: Actor, reading: Reading, language: Language) -> Name:
    """A listed name takes its article, a guessed one goes without."""
    name = party_name(actor.party, reading, language)
    # "The OpenAI contract" names no "the OpenAI", but "the BBC" is one.
    last = name.plain.split()[-1]
    one_word = language == "en" and " " not in actor.party.name and not last.isupper()
    if actor.listed and not one_word:
        return name
    bare = name.plain
    for article in ("die ", "das ", "der ", "the "):
        bare = bare.removeprefix(article)
    return Name(plain=bare, dative=bare, plural=False)


def _names(topic: Topic, reading: Reading, language: Language) -> Iterator[str]:
    """Ways to say whom it names; who stands in the title stands in the middle."""
    said = _WORDS[language]
    native = language == reading.article.language

    def written(actor: Actor) -> str:
        name = _name(actor, reading, language).plain
        return f"{name} ({actor.described})" if native and actor.described else name

    def plural(actors: Sequence[Actor]) -> bool:
        return len(actors) > 1 or _name(actors[0], reading, language).plural

    def clause(actors: Sequence[Actor], one: str, many: str) -> str:
        names = listed([written(actor) for actor in actors], AND[language])
        return (many if plural(actors) else one).format(names)

    if topic.main and topic.central:
        main = clause(topic.main, said.central_one, said.central_many)
        if topic.others:
            yield f"{main}; {clause(topic.others, said.also_one, said.also_many)}"
        yield main
        if topic.hedged:
            yield said.planned.format(main)
        yield clause(topic.main[:1], said.central_one, said.central_many)
        return
    for most in (MAX_NAMED, 2, 1):
        chosen = (*topic.main, *topic.others)[:most]
        if chosen:
            named = clause(chosen, said.named_one, said.named_many)
            yield named
            if topic.hedged and most > 1:
                yield said.planned.format(named)


def _persons(
    persons: Sequence[Person], reading: Reading, language: Language
) -> Iterator[str]:
    """Ways to say who is quoted, or named with an office."""
    said = _WORDS[language]
    speaking = [person for person in persons if person.speaks]
    one, many = said.quoted_one, said.quoted_many
    if not speaking:
        one, many = said.in_office_one, said.in_office_many
    for most in range(MAX_PERSONS, 0, -1):
        chosen = (speaking or persons)[:most]
        if len(chosen) == most:
            names = [_person(person, reading, language) for person in chosen]
            way = many if most > 1 else one
            yield way.format(listed(names, AND[language]))


def _person(person: Person, reading: Reading, language: Language) -> str:
    if language != reading.article.language:
        return f"{person.name} ({person.called[language]})"
    office = person.office
    if language == "en" and not office.isupper():
        office = office[:1].lower() + office[1:]
    return f"{office} {person.name}"


def _times(reading: Reading, language: Language) -> Iterator[str]:
    said = _WORDS[language]
    dates = find_dates(reading, language)
    if dates:
        way = said.date_many if len(dates) > 1 else said.date_one
        yield way.format(listed(dates, AND[language]))
    if place := find_dateline(reading):
        yield said.dateline.format(place)


def _figures(reading: Reading, language: Language, supported: Supported) -> str:
    said = _WORDS[language]
    kept: list[str] = []
    bare: list[str] = []
    for figure in told_figures(reading, language):
        if supported(_sentence([said.figures.format(figure.text)])):
            (kept if figure.labelled else bare).append(figure.text)
        if len(kept) == MAX_FIGURES:
            break
    if room := min(MAX_FIGURES - len(kept), MAX_BARE, len(bare)):
        way = said.sums if room > 1 else said.sum
        kept.append(way.format(listed(bare[:room], AND[language])))
        return said.figures.format(listed(kept, said.sowie))
    return said.figures.format(listed(kept, AND[language])) if kept else ""
