"""The sentences about a deal in English.

In: acts, sums and capacities of one deal. Out: clauses as the press writes them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from newsbot.stages.phrases import Act, Clause, Scene, Sums, Thing, together
from newsbot.stages.wording import AND, ROLES, listed
from newsbot.types import Party

_AND = AND["en"]
_THINGS: dict[Thing, str] = {
    "compute": "computing capacity",
    "chips": "AI chips",
    "capacity": "data-centre capacity",
    "models": "AI models",
    "services": "AI services",
    "cloud": "cloud services",
    "technology": "AI technology",
}
_JOINT: dict[Thing, str] = {
    "chips": "develop AI chips together",
    "capacity": "build AI infrastructure together",
    "technology": "develop AI technology together",
    "services": "work together on AI",
}


def between(low: str, high: str) -> str:
    """Write a range of sums."""
    return f"between {low} and {high}"


def act(one: Act, scene: Scene, sum_: str) -> Clause:
    """Say who does what with whom, and for how much where *sum_* is not empty."""
    who = listed(scene.plain(one.subjects), _AND)
    what = _do(one, scene, sum_)
    many = scene.plural(one.subjects)
    be, have = ("are", "have") if many else ("is", "has")
    if scene.status == "talks":
        return Clause(text=f"{who} {be} in talks to {what}")
    if scene.status == "ended":
        end = "is reported to have ended" if scene.hedged else "has ended"
        return Clause(text=f"an agreement for {who} to {what} {end}")
    done = "agreed to" if scene.status == "announced" else "expanded an agreement to"
    if scene.hedged:
        return Clause(text=f"{who} {be} reported to have {done} {what}")
    return Clause(text=f"{who} {have} {done} {what}")


def further(one: Act, scene: Scene) -> Clause:
    """Say what else the parties do."""
    who = listed(scene.plain(one.subjects), _AND)
    what = _do(one, scene, "")
    if scene.status == "talks":
        return Clause(text=f"under the proposal, {who} would also {what}")
    if scene.status == "ended":
        return Clause(text=f"{who} had also been due to {what}")
    be = "are" if scene.plural(one.subjects) else "is"
    if scene.hedged:
        return Clause(text=f"{who} {be} also reported to {what}")
    return Clause(text=f"{who} {be} also to {what}")


def _do(one: Act, scene: Scene, sum_: str) -> str:
    """What the subjects do, as an infinitive."""
    price = f" for {sum_}" if sum_ else ""
    if one.kind == "trade":
        given = {thing for supply in one.supplies for thing in supply.things}
        verb = "buy" if given <= {"compute", "chips"} else "use"
        if given == {"capacity"}:
            verb = "take"
        things = listed(
            [
                f"{listed([_THINGS[t] for t in supply.things], _AND)} from "
                f"{listed(scene.plain(supply.parties), _AND)}"
                for supply in one.supplies
            ],
            ", and " if any(len(s.parties) > 1 for s in one.supplies) else _AND,
        )
        return f"{verb} {things}{price}"
    whom = listed(scene.plain(one.objects), _AND)
    if one.kind == "distribute":
        return f"offer AI models from {whom}"
    if one.kind == "invest":
        return f"invest {sum_} in {whom}" if sum_ else f"invest in {whom}"
    return _JOINT[one.thing]


def others(parties: Sequence[Party], scene: Scene) -> Clause:
    """Name the parties of whom no act was told."""
    named = []
    for party in parties:
        roles = [role for role in party.roles if role in ("investor", "provider")]
        role = f" ({ROLES['en'][roles[0]]})" if roles else ""
        named.append(scene.names[party.name].plain + role)
    verb = "are" if len(named) > 1 else "is"
    if scene.status == "ended":
        verb = "were" if len(named) > 1 else "was"
    return Clause(text=f"{listed(named, _AND)} {verb} also involved")


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
        clauses.append(_payers(paid, scene, "pay"))
    if put:
        clauses.append(_payers(put, scene, "invest"))
    for one in told:
        if one in paid or one in put:
            continue
        sum_ = together(one.written, _AND)
        noun = {"investment": "investment", "total": "deal", "purchase": "order"}
        if scene.status == "talks":
            clauses.append(f"the talks concern {sum_}")
        elif one.kind == "investment":
            tail = "is reported to come to" if scene.hedged else "comes to"
            clauses.append(f"the {noun[one.kind]} {tail} {sum_}")
        else:
            tail = "is reported to be worth" if scene.hedged else "is worth"
            whole = " in total" if one.kind == "total" else ""
            clauses.append(f"the {noun[one.kind]} {tail} {sum_}{whole}")
    return [Clause(text=listed(clauses, ", and "))] if clauses else []


def _payers(told: Sequence[Sums], scene: Scene, verb: str) -> str:
    pieces: list[str] = []
    for one in told:
        assert one.payer is not None
        name, sum_ = scene.names[one.payer].plain, together(one.written, _AND)
        if pieces:
            pieces.append(f"{name} {sum_}")
            continue
        will = "is reported to" if scene.hedged else "is to"
        will = "would" if scene.status == "talks" else will
        pieces.append(f"{name} {will} {verb} {sum_}")
    return listed(pieces, _AND)


def _price(one: Sums, scene: Scene) -> str:
    verb = "would be" if scene.status == "talks" else "is"
    if scene.hedged:
        verb = "is reported to be"
    return f"the price {verb} {together(one.written, _AND)}"


def _ended(told: Sequence[Sums]) -> str:
    sum_ = together([sum_ for one in told for sum_ in one.written], _AND)
    if told[0].kind == "investment":
        return f"investments of {sum_} had been planned"
    return f"the contract had been worth {sum_}"


def capacity(written: Sequence[str], scene: Scene) -> Clause:
    """Say how much compute or power it is about."""
    verb = {"ended": "the deal had covered", "talks": "the plan covers"}
    return Clause(
        text=f"{verb.get(scene.status, 'the deal covers')} {listed(written, _AND)}"
    )


def no_sum(*, anywhere: bool) -> Clause:
    """Say that no sum is known: of this deal, or *anywhere* in the article."""
    if anywhere:
        return Clause(text="the article gives no financial terms")
    return Clause(text="no sum could be verified for this deal")
