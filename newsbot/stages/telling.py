"""A finding, told in two or three sentences from its verified fields alone.

In: a finding, the reading of its article, and the language to tell it in.
Out: sentences: who does what with whom for how much; talks as talks, ended as ended.

This room decides what is said in which sentence; `newsbot.stages.german` and
`newsbot.stages.english` say it. Roles and types decide the verb; where they do not
tell who gives and who takes, the parties "work together".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsbot.stages import english, german
from newsbot.stages.phrases import Act, Clause, Scene, Sums, Supply, Thing
from newsbot.stages.reading import Reading
from newsbot.stages.spelling import (
    bare_sum,
    party_name,
    written_capacity,
    written_sum,
)
from newsbot.types import Amount, Finding, Party
from newsbot.vocabulary import AmountKind, Language, Role

#: Sentences a deal is told in.
MAX_TOLD = 3
_VOICES = {"de": german, "en": english}
#: What a provider gives, by type; the first ones say enough without the last.
_GIVEN: tuple[tuple[str, Thing], ...] = (
    ("compute_purchase", "compute"),
    ("chip_supply", "chips"),
    ("infrastructure", "capacity"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """In which of several true ways a deal is told."""

    #: The article only knows it from others: "soll", "is reported to".
    hedged: bool = False
    #: The first sentence takes the price, where there is one.
    inline: bool = True
    #: Figures share the first sentence; else they have their own.
    merged: bool = False


#: As a message would say it.
PLAIN = Style()


def tell(
    finding: Finding,
    reading: Reading,
    language: Language,
    style: Style = PLAIN,
) -> list[str]:
    """Tell a deal.

    Args:
        finding: Grounded in the article.
        reading: The article; spells names and figures where it is in *language*.
        language: To tell it in; the article's own or the other.
        style: The way to tell it.

    Returns:
        Two or three sentences; one where the style says so.
    """
    voice = _VOICES[language]
    scene = Scene(
        status=finding.status,
        hedged=style.hedged,
        names={p.name: party_name(p, reading, language) for p in finding.parties},
    )
    acts = _acts(finding)
    alone = [act.subjects for act in acts if act.kind == "trade"]
    buyers = {subjects[0].name for subjects in alone if len(subjects) == 1}
    sums = _sums(finding, reading, language, scene)
    capacity = [written_capacity(item, reading, language) for item in finding.capacity]
    inline = _inline(acts[0], sums, finding) if style.inline else None
    rest = [one for one in sums if one is not inline]
    others = _others(finding, acts)
    first = voice.act(acts[0], scene, inline.written[0] if inline else "")
    more = [voice.further(act, scene) for act in acts[1:]]
    if others:
        more.append(voice.others(others, scene))
    figures = [*voice.sums(rest, scene, buyers)]
    if capacity:
        figures.append(voice.capacity(capacity, scene))
    if not more and not figures and inline:
        first = voice.act(acts[0], scene, "")
        figures = [*voice.sums([inline], scene, buyers)]
    if not more and not figures:
        joint = Act(kind="joint", subjects=finding.parties, thing="technology")
        if "technology" in finding.types and acts[0].thing != "technology":
            more.append(voice.further(joint, scene))
        else:
            more.append(voice.no_sum(anywhere=not reading.money))
    spelled = tuple(name.plain for name in scene.names.values())
    groups = _squeezed([first, *more, *figures], 1 if style.merged else MAX_TOLD)
    return [_sentence(clauses, spelled) for clauses in groups]


def _squeezed(clauses: Sequence[Clause], most: int) -> list[list[Clause]]:
    """Let the last clauses share a sentence where there are too many."""
    groups = [[clause] for clause in clauses]
    while len(groups) > most:
        last = groups.pop()
        groups[-1].extend(last)
    return groups


def _sentence(clauses: Sequence[Clause], names: tuple[str, ...]) -> str:
    first, *others = clauses
    text = first.text
    if not text.startswith(names) or text.startswith(("the ", "die ", "das ", "der ")):
        text = text[0].upper() + text[1:]  # but "xAI" and "plusserver" stay
    return "; ".join([text, *(clause.text for clause in others)]) + "."


def _with(finding: Finding, *roles: Role) -> tuple[Party, ...]:
    return tuple(p for p in finding.parties if not {*roles}.isdisjoint(p.roles))


def _without(parties: Sequence[Party], others: Sequence[Party]) -> tuple[Party, ...]:
    return tuple(party for party in parties if party not in others)


def _acts(finding: Finding) -> list[Act]:
    """Decide what the parties do: one act, or an investment and a second one."""
    types: set[str] = set(finding.types)
    investors, investees = _with(finding, "investor"), _with(finding, "investee")
    givers, takers = _without(investors, investees), _without(investees, investors)
    acts: list[Act] = []
    if givers and takers and ("investment" in types or not types):
        acts.append(Act(kind="invest", subjects=givers, objects=takers))
    customers = _with(finding, "customer")
    suppliers = _without(_with(finding, "provider", "model_provider"), customers)
    kinds = {amount.kind for amount in finding.amounts}
    sides = (*customers, *suppliers)
    equals = "technology" in types and "purchase" not in kinds
    equals = equals and all("partner" in party.roles for party in sides)
    trades = types - {"technology", "investment"} and not equals
    if customers and suppliers and trades:
        supplies = _supplies(suppliers, types)
        acts.append(
            Act(kind="trade", subjects=customers, objects=suppliers, supplies=supplies)
        )
    elif not customers and "model_distribution" in types:
        models = _with(finding, "model_provider")
        sellers = _without(_with(finding, "provider", "partner"), models)
        if models and sellers:
            act = Act(kind="distribute", subjects=sellers, objects=models)
            acts.append(act)
    if not acts:
        acts.append(
            Act(kind="joint", subjects=finding.parties, thing=_joint_thing(types))
        )
    if len(acts) > 1 and "investment" not in kinds and "purchase" in kinds:
        acts.reverse()
    return acts


def _supplies(suppliers: Sequence[Party], types: set[str]) -> tuple[Supply, ...]:
    """Group suppliers by what they give: models, and what the types say."""
    given = [thing for type_, thing in _GIVEN if type_ in types]
    if "compute" in given and "capacity" in given:
        given.remove("capacity")
    models = [party for party in suppliers if "model_provider" in party.roles]
    plain = [party for party in suppliers if party not in models]
    hosting: list[Thing] = ["cloud" if models else "services"]
    supplies = []
    if models:
        alone = not plain and any("provider" in party.roles for party in models)
        both = [*given] if alone else []
        supplies.append(Supply(things=("models", *both), parties=tuple(models)))
    if plain:
        supplies.append(Supply(things=tuple(given or hosting), parties=tuple(plain)))
    return tuple(supplies)


def _joint_thing(types: set[str]) -> Thing:
    if "chip_supply" in types:
        return "chips"
    if not types.isdisjoint(("infrastructure", "compute_purchase")):
        return "capacity"
    if "technology" in types:
        return "technology"
    return "services"


def _others(finding: Finding, acts: Sequence[Act]) -> tuple[Party, ...]:
    told = [party for act in acts for party in (*act.subjects, *act.objects)]
    return _without(finding.parties, told)


def _sums(
    finding: Finding, reading: Reading, language: Language, scene: Scene
) -> list[Sums]:
    """Group sums by kind and payer, each figure once, two ends of a range as one.

    Where an investment would be a mere customer's, kind and role disagree: it is told
    as paid, which is true of either.
    """
    buyers = {
        party.name
        for party in finding.parties
        if "customer" in party.roles and "investor" not in party.roles
    }
    groups: dict[tuple[AmountKind, str | None], list[Amount]] = {}
    seen: set[tuple[object, str]] = set()
    for amount in finding.amounts:
        if (amount.value, amount.currency) not in seen:
            seen.add((amount.value, amount.currency))
            payer = amount.payer if amount.payer in scene.names else None
            invests = amount.kind == "investment" and payer not in buyers
            kind = amount.kind if invests or amount.kind == "total" else "purchase"
            groups.setdefault((kind, payer), []).append(amount)
    told = []
    for (kind, payer), group in groups.items():
        group.sort(key=lambda one: one.bound == "up_to")
        written = tuple(written_sum(one, reading, language) for one in group)
        bounds = [one.bound for one in group]
        if bounds == ["at_least", "up_to"] and group[0].currency == group[1].currency:
            low, high = (bare_sum(one, reading, language) for one in group)
            written = (_VOICES[language].between(low, high),)
        told.append(Sums(kind=kind, payer=payer, written=written))
    return told


def _inline(act: Act, sums: Sequence[Sums], finding: Finding) -> Sums | None:
    """The one sum that the first sentence takes: what its subject pays for it."""
    if finding.status not in ("announced", "talks"):
        return None
    wanted = {"invest": "investment", "trade": "purchase"}.get(act.kind)
    subjects = [party.name for party in act.subjects]
    fitting = [one for one in sums if one.kind == wanted]
    if len(fitting) != 1 or len(fitting[0].written) != 1:
        return None
    if fitting[0].written[0].startswith(("zwischen ", "between ")):
        return None
    return fitting[0] if fitting[0].payer in (None, *subjects) else None
