"""One article's questions, in tokens, and their right answers.

Made by `tuning.examples`; a network answers them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question in tokens."""

    ids: tuple[int, ...]
    #: Tokens of the article that it is about, counted in `Example.ids`.
    about: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation's question and answer."""

    asked: Asked
    name: str
    #: Numbers of the deals it is a party of; empty: a bystander.
    deals: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum's question and answer."""

    asked: Asked
    #: Number of the deal it belongs to; None: background.
    deal: int | None
    #: Place in `AMOUNT_KINDS`; 0 where it belongs to none.
    kind: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A capacity's question and answer."""

    asked: Asked
    deal: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """The question whether two organisations made a deal together."""

    asked: Asked
    is_deal: bool
    #: Whether both are parties, of different deals.
    parted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """The question whether one party pays a sum of its deal."""

    asked: Asked
    pays: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The question about one party's roles in one deal."""

    asked: Asked
    #: Number of the deal.
    deal: int
    #: One per `ROLES`.
    roles: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """The question about one deal by its parties, and its answer."""

    asked: Asked
    #: One per `DEAL_TYPES`.
    types: tuple[bool, ...]
    #: Place in `STATUSES`.
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One article with everything that is asked about it."""

    id: str
    #: With begin-of-sequence.
    ids: tuple[int, ...]
    reports: Asked
    is_deal: bool
    #: First token of each sentence and the one after its last, counted in `ids`.
    sentences: tuple[tuple[int, int], ...]
    states: tuple[bool, ...]
    #: Empty where the article reports no deal: nothing more is asked then.
    organisations: tuple[Organisation, ...] = ()
    sums: tuple[Sum, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    pairings: tuple[Pairing, ...] = ()
    deals: tuple[Deal, ...] = ()
    parts: tuple[Part, ...] = ()
    payments: tuple[Payment, ...] = ()
    #: Last token of each word, counted in `ids`, and whether the word is part of a
    #: name, as `tuning.labelled` says.
    words: tuple[int, ...] = ()
    named: tuple[int, ...] = ()

    @property
    def asked(self) -> list[Asked]:
        """Every question, in the order of the fields above."""
        return [
            self.reports,
            *(one.asked for one in self.organisations),
            *(one.asked for one in self.sums),
            *(one.asked for one in self.quantities),
            *(one.asked for one in self.pairings),
            *(one.asked for one in self.deals),
            *(one.asked for one in self.parts),
            *(one.asked for one in self.payments),
        ]

    @property
    def n_tokens(self) -> int:
        """Tokens of the article and all its questions."""
        return len(self.ids) + sum(len(asked.ids) for asked in self.asked)
