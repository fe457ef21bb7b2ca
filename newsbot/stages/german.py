"""The sentences about a deal in German.

In: acts, sums and capacities of one deal. Out: clauses as the press writes them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from newsbot.stages.phrases import Act, Clause, Scene, Sums, Thing, together
from newsbot.stages.wording import AND, ROLES, listed
from newsbot.types import Party

_AND = AND["de"]
_THINGS: dict[Thing, str] = {
    "compute": "Rechenleistung",
    "chips": "KI-Chips",
    "capacity": "Rechenzentrumskapazität",
    "models": "KI-Modelle",
    "services": "KI-Dienste",
    "cloud": "Cloud-Dienste",
    "technology": "KI-Technik",
}
#: After "von": only these change.
_DATIVE: dict[Thing, str] = {
    "models": "KI-Modellen",
    "services": "KI-Diensten",
    "cloud": "Cloud-Diensten",
}
#: Joint acts: finite verb, its separable part, infinitive, and what one agrees "über".
_JOINT: dict[Thing, tuple[str, str, str, str]] = {
    "chips": (
        "entwickeln gemeinsam KI-Chips",
        "",
        "gemeinsam KI-Chips entwickeln",
        "die gemeinsame Entwicklung von KI-Chips",
    ),
    "capacity": (
        "bauen gemeinsam KI-Infrastruktur",
        " auf",
        "gemeinsam KI-Infrastruktur aufbauen",
        "den gemeinsamen Aufbau von KI-Infrastruktur",
    ),
    "technology": (
        "entwickeln gemeinsam KI-Technik",
        "",
        "gemeinsam KI-Technik entwickeln",
        "die gemeinsame Entwicklung von KI-Technik",
    ),
    "services": (
        "arbeiten bei KI",
        " zusammen",
        "bei KI zusammenarbeiten",
        "eine Zusammenarbeit bei KI",
    ),
}


def between(low: str, high: str) -> str:
    """Write a range of sums."""
    return f"zwischen {low} und {high}"


def act(one: Act, scene: Scene, sum_: str) -> Clause:
    """Say who does what with whom, and for how much where *sum_* is not empty."""
    who = listed(scene.plain(one.subjects), _AND)
    many = scene.plural(one.subjects)
    partners = listed(scene.dative(one.objects), _AND)
    topic = _topic(one, sum_)
    if scene.status == "talks":
        verb = "verhandeln" if many else "verhandelt"
        whom = f" mit {partners}" if partners else ""
        return Clause(text=f"{who} {verb}{whom} über {topic}")
    if scene.status == "ended":
        sides = f"zwischen {listed(scene.dative(one.subjects), _AND)}"
        if partners:
            sides = f"von {listed(scene.dative(one.subjects), _AND)} mit {partners}"
        end = "soll beendet sein" if scene.hedged else "ist beendet"
        return Clause(text=f"die Vereinbarung {sides} über {topic} {end}")
    shall = "sollen" if many else "soll"
    if scene.status == "expanded":
        whom = f" mit {partners}" if partners else ""
        what = f"die Vereinbarung{whom} über {topic}"
        if scene.hedged:
            return Clause(text=f"{who} {shall} {what} erweitern")
        verb = "erweitern" if many else "erweitert"
        return Clause(text=f"{who} {verb} {what}")
    finite, middle, infinitive, rest = _verb(one, scene, sum_, many)
    if scene.hedged:
        return Clause(text=_words(who, shall, middle, infinitive))
    return Clause(text=_words(who, finite, middle, rest))


def further(one: Act, scene: Scene) -> Clause:
    """Say what else the parties do."""
    who = listed(scene.plain(one.subjects), _AND)
    many = scene.plural(one.subjects)
    if scene.status == "talks":
        return Clause(text=f"verhandelt wird auch über {_whole(one, scene)}")
    if scene.status in ("expanded", "ended"):
        verb = "umfasst" if scene.status == "expanded" else "umfasste"
        topic = _whole(one, scene)
        return Clause(text=f"die Vereinbarung {verb} auch {topic}")
    finite, middle, infinitive, rest = _verb(one, scene, "", many)
    middle = middle.removeprefix("künftig ")
    if scene.hedged:
        shall = "sollen" if many else "soll"
        return Clause(text=_words(who, shall, "außerdem", middle, infinitive))
    head, _, tail = finite.partition(" ")
    return Clause(text=_words(who, head, "außerdem", tail, middle, rest))


def _verb(one: Act, scene: Scene, sum_: str, many: bool) -> tuple[str, str, str, str]:
    """Finite verb, middle of the sentence, infinitive, and the verb's other part."""
    whom = scene.dative(one.objects)
    if one.kind == "trade":
        things = listed(
            [
                f"{listed([_THINGS[t] for t in supply.things], _AND)} von "
                f"{listed(scene.dative(supply.parties), _AND)}"
                for supply in one.supplies
            ],
            " sowie ",
        )
        price = f"für {sum_} " if sum_ else ""
        finite = "beziehen" if many else "bezieht"
        return finite, f"künftig {price}{things}", "beziehen", ""
    if one.kind == "distribute":
        finite = "bieten" if many else "bietet"
        middle = f"künftig KI-Modelle von {listed(whom, _AND)}"
        return finite, middle, "anbieten", "an"
    if one.kind == "invest":
        if not sum_:
            middle = f"an {listed(whom, _AND)}"
            finite = "beteiligen sich" if many else "beteiligt sich"
            return finite, middle, "einsteigen", ""
        finite = "investieren" if many else "investiert"
        middle = f"{sum_} in {listed(scene.plain(one.objects), _AND)}"
        return finite, middle, "investieren", ""
    verb, part, infinitive, _ = _JOINT[one.thing]
    return verb, "", infinitive, part.strip()


def _whole(one: Act, scene: Scene) -> str:
    """What one agrees "über", and between whom."""
    topic = _topic(one, "")
    who = listed(scene.plain(one.subjects), _AND)
    if one.kind == "trade":
        whom = listed(scene.dative(one.objects), _AND)
        return f"{topic} durch {who} bei {whom}"
    if one.kind == "invest":
        whom = listed(scene.plain(one.objects), _AND)
        return f"{topic} von {listed(scene.dative(one.subjects), _AND)} in {whom}"
    if one.kind == "distribute":
        whom = listed(scene.dative(one.objects), _AND)
        return f"{topic} von {whom} durch {who}"
    return topic


def _topic(one: Act, sum_: str) -> str:
    """What one agrees "über", in the accusative."""
    of = f" von {sum_}" if sum_ else ""
    if one.kind == "trade":
        things = dict.fromkeys(t for supply in one.supplies for t in supply.things)
        named = listed([_DATIVE.get(t, _THINGS[t]) for t in things], _AND)
        return f"den Bezug von {named}" + (f" für {sum_}" if sum_ else "")
    if one.kind == "distribute":
        return "den Vertrieb von KI-Modellen"
    if one.kind == "invest":
        return f"eine Investition{of}"
    return _JOINT[one.thing][3]


def others(parties: Sequence[Party], scene: Scene) -> Clause:
    """Name the parties of whom no act was told."""
    named = []
    for party in parties:
        roles = [role for role in party.roles if role in ("investor", "provider")]
        role = f" ({ROLES['de'][roles[0]]})" if roles else ""
        named.append(scene.names[party.name].plain + role)
    verb = "sind" if len(named) > 1 else "ist"
    place = "an den Gesprächen " if scene.status == "talks" else ""
    if scene.status == "ended":
        verb = "waren" if len(named) > 1 else "war"
    return Clause(text=f"{place}beteiligt {verb} auch {listed(named, _AND)}")


def sums(told: Sequence[Sums], scene: Scene, buyers: Set[str]) -> list[Clause]:
    """Say who pays or invests what, and what it comes to.

    What the only buyer of a deal pays is its price: *buyers* are those.
    """
    if scene.status == "ended":
        kinds = (("investment",), ("purchase", "total"))
        alike = [[one for one in told if one.kind in kind] for kind in kinds]
        return [Clause(text=_ended(some)) for some in alike if some]
    clauses: list[str] = []
    paid = [one for one in told if one.payer and one.kind == "purchase"]
    put = [one for one in told if one.payer and one.kind == "investment"]
    alone = len(paid) == 1 and paid[0].payer in buyers
    if alone and scene.status != "expanded":
        clauses.append(_price(paid[0], scene))
    elif paid:
        clauses.append(_payers(paid, scene, "zahlt", "zahlen"))
    if put:
        clauses.append(_payers(put, scene, "investiert", "investieren"))
    for one in told:
        if one in paid or one in put:
            continue
        sum_ = together(one.written, _AND)
        if scene.status == "talks":
            clauses.append(f"es geht um {sum_}")
        elif one.kind == "investment":
            verb = "sollen" if scene.hedged else "werden"
            end = " investiert werden" if scene.hedged else ""
            head = (
                f"{sum_} {verb}{end}" if scene.hedged else f"investiert {verb} {sum_}"
            )
            clauses.append(head)
        else:
            what = "der Gesamtwert" if one.kind == "total" else "der Auftragswert"
            tail = f"soll {sum_} betragen" if scene.hedged else f"beträgt {sum_}"
            clauses.append(f"{what} {tail}")
    return [Clause(text=", ".join(clauses))] if clauses else []


def _payers(told: Sequence[Sums], scene: Scene, finite: str, infinitive: str) -> str:
    would = {"talks": "würde"}.get(scene.status, "soll" if scene.hedged else "")
    pieces: list[str] = []
    for one in told:
        assert one.payer is not None
        name, sum_ = scene.names[one.payer], together(one.written, _AND)
        if pieces:
            pieces.append(f"{name.plain} {sum_}")
        elif would:
            many = {"würde": "würden", "soll": "sollen"}[would]
            verb = many if name.plural else would
            pieces.append(f"{name.plain} {verb} {sum_} {infinitive}")
        else:
            verb = infinitive if name.plural else finite
            pieces.append(f"{name.plain} {verb} {sum_}")
    return ", ".join(pieces)


def _price(one: Sums, scene: Scene) -> str:
    sum_ = together(one.written, _AND)
    if scene.status == "talks":
        return f"im Gespräch ist ein Preis von {sum_}"
    return f"der Preis {f'soll {sum_} betragen' if scene.hedged else f'beträgt {sum_}'}"


def _ended(told: Sequence[Sums]) -> str:
    sum_ = together([sum_ for one in told for sum_ in one.written], _AND)
    if told[0].kind == "investment":
        return f"vorgesehen waren Investitionen von {sum_}"
    return f"der Vertragswert betrug {sum_}"


def capacity(written: Sequence[str], scene: Scene) -> Clause:
    """Say how much compute or power it is about."""
    verbs = {"ended": "vereinbart waren", "talks": "geplant sind"}
    verb = verbs.get(scene.status, "es geht um")
    return Clause(text=f"{verb} {listed(written, _AND)}")


def no_sum(*, anywhere: bool) -> Clause:
    """Say that no sum is known: of this deal, or *anywhere* in the article."""
    if anywhere:
        return Clause(text="Angaben zu Summen macht der Artikel nicht")
    return Clause(text="eine Summe ist dafür nicht belegt")


def _words(*words: str) -> str:
    return " ".join(word for word in words if word)
