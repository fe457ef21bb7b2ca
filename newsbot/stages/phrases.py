"""What a sentence about a deal is made of, before it is German or English.

In: nothing; these are the nouns that `telling` hands to `german` and `english`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from newsbot.stages.spelling import Name
from newsbot.stages.wording import listed
from newsbot.types import Party
from newsbot.vocabulary import AmountKind, Status

Thing = Literal[
    "compute", "chips", "capacity", "models", "services", "cloud", "technology"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What some of the suppliers give."""

    things: tuple[Thing, ...]
    parties: tuple[Party, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who does what with whom.

    ``trade``: subjects buy `supplies` from objects; ``distribute``: subjects offer
    the objects' models; ``invest``: subjects in objects; ``joint``: subjects work
    on `thing` together.
    """

    kind: Literal["trade", "distribute", "invest", "joint"]
    subjects: tuple[Party, ...]
    objects: tuple[Party, ...] = ()
    supplies: tuple[Supply, ...] = ()
    thing: Thing = "services"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What holds for every sentence about one deal."""

    status: Status
    hedged: bool
    #: By the parties' canonical names.
    names: Mapping[str, Name]

    def plain(self, parties: tuple[Party, ...]) -> list[str]:
        """Names as subjects and objects."""
        return [self.names[party.name].plain for party in parties]

    def dative(self, parties: tuple[Party, ...]) -> list[str]:
        """Names after a preposition."""
        return [self.names[party.name].dative for party in parties]

    def plural(self, parties: tuple[Party, ...]) -> bool:
        """Whether these parties as a subject take a plural verb."""
        return len(parties) > 1 or self.names[parties[0].name].plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Sums of one kind and one payer, written for a sentence."""

    kind: AmountKind
    #: A party's canonical name.
    payer: str | None
    written: tuple[str, ...]


def together(written: Sequence[str], last: str) -> str:
    """Join sums of one payer; a ceiling follows what it is the ceiling of.

    >>> together(["£12 million a year", "up to £65 million"], " and ")
    '£12 million a year, up to £65 million'
    """
    ceiling = written[-1].startswith(("up to ", "bis zu "))
    return listed(written, ", " if ceiling else last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A sentence without its full stop; alone it begins with a capital."""

    text: str
