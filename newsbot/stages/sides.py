"""Whom do two tellings name, and which names are one side of a deal?

In: names. Out: which of them are one side, and how many sides two tellings share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from newsbot.ports import Look
from newsbot.stages.acronyms import are_initials
from newsbot.stages.institutions import translated, translations
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.short_names import is_short_for, other_lengths, reads_like
from newsbot.types import Finding
from newsbot.vocabulary import OrganisationKind

#: Who sells to everybody signs twice a week: two deals of these are no surprise.
_BUSY: frozenset[OrganisationKind] = frozenset(
    ("lab", "cloud", "neocloud", "chips", "datacentre", "investor", "software")
)


def families(findings: Sequence[Finding], gazetteer: Gazetteer) -> list[list[str]]:
    """List each party with its parents and units: whom a known deal may name.

    Behind the parties stand the names that may be some. A university or a city goes by
    its name in the other language, too, and a firm that no list knows without the word
    for its trade.
    """
    parties = [party.name for finding in findings for party in finding.parties]
    unsure = [name for finding in findings for name in finding.unsure]
    return [
        gazetteer.family(_called(name, gazetteer))
        for name in dict.fromkeys((*parties, *unsure))
    ]


# Names of giants are compared in hundreds of deals.
@lru_cache(maxsize=50_000)
def same_side(one: str, other: str, gazetteer: Gazetteer) -> bool:
    """Whether two names are one side: kin, translated, or short for the other."""
    if gazetteer.related(one, other) or translated(one, other):
        return True
    return not (gazetteer.get(one) or gazetteer.get(other)) and is_short_for(one, other)


def _called(name: str, gazetteer: Gazetteer) -> list[str]:
    """How papers may call an organisation, its parents and units aside."""
    return [name, *translations(name), *_lengths(name, gazetteer)]


def _lengths(name: str, gazetteer: Gazetteer) -> list[str]:
    """How else a firm may be called, and written, if no list knows it."""
    if gazetteer.get(name) is not None:
        return []
    small, large = (f(name[:1]) + name[1:] for f in (str.lower, str.upper))
    return [*other_lengths(name), small, large, name.upper()]


def alike(one: str, other: str, gazetteer: Gazetteer) -> bool:
    """Whether two names may be one, read in two ways.

    A list knows better; only the longer may be on it: papers shorten "Cipher Mining"
    to what no list may take for a firm. Initials are a name, too: "ÖGK".
    """
    short, long = sorted((one, other), key=len)
    listed = [name for name in (one, other) if gazetteer.get(name)]
    if listed and listed != [long]:
        return False
    return reads_like(one, other) or are_initials(short, long)


def with_one_spelling(
    here: Sequence[str], there: Sequence[str], gazetteer: Gazetteer
) -> list[str]:
    """Write names of one telling as the other has them, where they read alike.

    A name that the other tells as it is stays, and none of the other's stands for two.
    """
    free = [n for n in there if not any(same_side(n, name, gazetteer) for name in here)]
    spelt = []
    for name in here:
        known = any(same_side(name, other, gazetteer) for other in there)
        like = [] if known else [n for n in free if alike(name, n, gazetteer)]
        if like:
            free.remove(like[0])
        spelt.append(like[0] if like else name)
    return spelt


def look(findings: Sequence[Finding], gazetteer: Gazetteer) -> Look:
    """Tell by names alone which known deals the findings may tell of."""
    return Look(near=_near(findings, gazetteer), far=_far(findings, gazetteer))


def _near(
    findings: Sequence[Finding], gazetteer: Gazetteer
) -> Callable[[Sequence[str]], bool]:
    """Whether a deal has a party that signs rarely, or may be another, read otherwise.

    In the days of the event: there one shared side may do.
    """
    names = {party.name for finding in findings for party in finding.parties}
    rarely = [name for name in names if is_rare({name}, gazetteer)]
    rare = frozenset(
        gazetteer.family(one for name in rarely for one in _called(name, gazetteer))
    )

    def fits(told: Sequence[str]) -> bool:
        if not rare.isdisjoint(told):
            return True
        others = [name for name in told if name not in names]
        return any(alike(a, b, gazetteer) for a in sorted(names) for b in others)

    return fits


def _far(
    findings: Sequence[Finding], gazetteer: Gazetteer
) -> Callable[[Sequence[str]], bool]:
    """Whether a deal has the sides of a finding, or a finding those of the deal.

    Two who sign rarely may have changed a third partner. It lets through whatever
    `likeness` may call the same, and more.
    """
    parties = [[party.name for party in finding.parties] for finding in findings]

    def is_told(names: list[str], told: Sequence[str]) -> bool:
        sides = matched(names, told, gazetteer)
        if sides.fit or len(sides.shared) < 2:
            return sides.fit
        if sides.n_rare > 1:
            return True
        spelt = with_one_spelling(names, told, gazetteer)
        return spelt != names and matched(spelt, told, gazetteer).fit

    return lambda told: any(is_told(names, told) for names in parties)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Whom two tellings name; a unit and its parent are one side."""

    #: A name of each side that both tell.
    shared: tuple[str, ...]
    #: How many sides only one of them tells.
    n_only_here: int
    n_only_there: int
    #: Shared sides that sign rarely.
    n_rare: int

    @property
    def same(self) -> bool:
        """Whether both name the same sides."""
        return self.n_only_here == self.n_only_there == 0

    @property
    def crossing(self) -> bool:
        """Whether each names a side that the other does not."""
        return self.n_only_here > 0 and self.n_only_there > 0

    @property
    def fit(self) -> bool:
        """Whether two sides are shared, and one telling has all sides of the other."""
        return len(self.shared) > 1 and not self.crossing


def matched(here: Sequence[str], there: Sequence[str], gazetteer: Gazetteer) -> Sides:
    """Match names; who is related to whom is one side, however often it is named."""
    groups: list[set[str]] = []
    for name in dict.fromkeys((*here, *there)):
        kin = [g for g in groups if any(same_side(name, o, gazetteer) for o in g)]
        groups = [g for g in groups if g not in kin]
        groups.append({name}.union(*kin))
    ours, theirs = set(here), set(there)
    shared = [g for g in groups if g & ours and g & theirs]
    return Sides(
        shared=tuple(min(g & ours, key=here.index) for g in shared),
        n_only_here=sum(not g & theirs for g in groups),
        n_only_there=sum(not g & ours for g in groups),
        n_rare=sum(is_rare(g, gazetteer) for g in shared),
    )


def among(names: Sequence[str], told: Sequence[str], gazetteer: Gazetteer) -> list[str]:
    """Names that are, or are related to, one of those told."""
    return [n for n in names if any(same_side(n, name, gazetteer) for name in told)]


def is_rare(names: Set[str], gazetteer: Gazetteer) -> bool:
    """Whether a side signs rarely: nobody whom the list knows as one who sells."""
    listed = [known for name in names if (known := gazetteer.get(name)) is not None]
    return not any(one.kind in _BUSY for one in listed)
