"""What the model learns from: an article's tokens, its questions, and their answers.

In: a labelled article, what the rules read in it, and the model's tokenizer.
Out: one `Example`. The questions are those that judging asks (`stages.questions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from newsbot.adapters.hf_tokenizer import HfTokenizer
from newsbot.evaluation.gold import GoldArticle
from newsbot.stages import questions
from newsbot.stages.amounts import same_value
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.stages.sentences import token_range
from newsbot.types import AMOUNT_KINDS, DEAL_TYPES, ROLES, STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation's question and answer."""

    ids: tuple[int, ...]
    name: str
    #: Numbers of the deals it is a party of; empty: a bystander.
    deals: frozenset[int]
    #: One per `ROLES`.
    roles: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum's question and answer."""

    ids: tuple[int, ...]
    #: Number of the deal it belongs to; None: background.
    deal: int | None
    #: Place in `AMOUNT_KINDS`; 0 where it belongs to none.
    kind: int = 0
    payer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A capacity's question and answer."""

    ids: tuple[int, ...]
    deal: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """The question about one deal by its parties, and its answer."""

    ids: tuple[int, ...]
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
    reports: tuple[int, ...]
    is_deal: bool
    #: First token of each sentence and the one after its last, counted in `ids`.
    sentences: tuple[tuple[int, int], ...]
    states: tuple[bool, ...]
    #: Empty where the article reports no deal: nothing more is asked then.
    organisations: tuple[Organisation, ...] = ()
    sums: tuple[Sum, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    deals: tuple[Deal, ...] = ()

    @property
    def asked(self) -> list[tuple[int, ...]]:
        """Every question's tokens, in a fixed order: article, who, sums, deals."""
        return [
            self.reports,
            *(one.ids for one in self.organisations),
            *(one.ids for one in self.sums),
            *(one.ids for one in self.quantities),
            *(one.ids for one in self.deals),
        ]

    @property
    def n_tokens(self) -> int:
        """Tokens of the article and all its questions."""
        return len(self.ids) + sum(len(ids) for ids in self.asked)


def make_example(
    article: GoldArticle,
    reading: Reading,
    tokenizer: HfTokenizer,
    gazetteer: Gazetteer,
) -> Example:
    """Turn a labelled article into an example."""
    tokens = tokenizer.encode(reading.article.full_text)
    n_prefix = len(tokenizer.prefix)
    spans = [span for span in article.spans if ".parties." in span.field]
    sentences, states = [], []
    for sentence in reading.sentences:
        start, end = token_range(tokens.offsets, sentence.start, sentence.end)
        sentences.append((start + n_prefix, end + n_prefix))
        states.append(
            any(s.start < sentence.end and sentence.start < s.end for s in spans)
        )

    def ask(question: str) -> tuple[int, ...]:
        return tokenizer.encode(question).ids

    example = Example(
        id=article.id,
        ids=tokenizer.prefix + tokens.ids,
        reports=ask(questions.REPORTS),
        is_deal=bool(article.deals),
        sentences=tuple(sentences),
        states=tuple(states),
    )
    if not article.deals:
        return example
    return Example(
        id=example.id,
        ids=example.ids,
        reports=example.reports,
        is_deal=True,
        sentences=example.sentences,
        states=example.states,
        organisations=tuple(
            _organisation(
                article,
                one,
                ask(questions.about_organisation(reading, one, gazetteer)),
                gazetteer,
            )
            for one in questions.candidates(reading.organisations)
        ),
        sums=tuple(
            _sum(article, one, ask(questions.about_sum(reading, one)), gazetteer)
            for one in questions.sums(reading.money)
        ),
        quantities=tuple(
            _quantity(article, one, ask(questions.about_quantity(reading, one)))
            for one in questions.quantities(reading.capacity)
        ),
        deals=tuple(
            Deal(
                ids=ask(questions.about_deal([name for name, _ in deal.parties])),
                types=tuple(type_ in deal.types for type_ in DEAL_TYPES),
                status=STATUSES.index(deal.status),
            )
            for deal in article.deals
        ),
    )


def _organisation(
    article: GoldArticle,
    candidate: questions.Candidate,
    ids: tuple[int, ...],
    gazetteer: Gazetteer,
) -> Organisation:
    roles: set[str] = set()
    deals = set()
    for number, deal in enumerate(article.deals):
        for name, told in deal.parties:
            if gazetteer.related(candidate.name, gazetteer.canonical(name)):
                deals.add(number)
                roles |= set(told)
    return Organisation(
        ids=ids,
        name=candidate.name,
        deals=frozenset(deals),
        roles=tuple(role in roles for role in ROLES),
    )


def _sum(
    article: GoldArticle,
    one: questions.Sum,
    ids: tuple[int, ...],
    gazetteer: Gazetteer,
) -> Sum:
    first = one.mentions[0]
    for number, deal in enumerate(article.deals):
        for amount in deal.amounts:
            same = amount.currency == first.currency
            if same and same_value(amount.value, first.value):
                return Sum(
                    ids=ids,
                    deal=number,
                    kind=AMOUNT_KINDS.index(amount.kind),
                    payer=amount.payer and gazetteer.canonical(amount.payer),
                )
    return Sum(ids=ids, deal=None)


def _quantity(
    article: GoldArticle, one: questions.Quantity, ids: tuple[int, ...]
) -> Quantity:
    first = one.mentions[0]
    for number, deal in enumerate(article.deals):
        if any(
            _same(value, unit, first.value, first.unit) for value, unit in deal.capacity
        ):
            return Quantity(ids=ids, deal=number)
    return Quantity(ids=ids, deal=None)


def _same(value: Decimal, unit: str, other: Decimal, other_unit: str) -> bool:
    return same_value(value, other) and unit.casefold() == other_unit.casefold()


def payers(
    sums: Sequence[Sum], organisations: Sequence[Organisation], gazetteer: Gazetteer
) -> list[int | None]:
    """Say which organisation pays each sum that belongs to a deal.

    Returns:
        Per sum the place of its payer among the organisations; their number where
        nobody in particular pays; None where the payer is not among them.
    """
    found: list[int | None] = []
    for one in sums:
        if one.deal is None:
            found.append(None)
        elif one.payer is None:
            found.append(len(organisations))
        else:
            found.append(
                next(
                    (
                        place
                        for place, organisation in enumerate(organisations)
                        if organisation.deals
                        and gazetteer.related(organisation.name, one.payer)
                    ),
                    None,
                )
            )
    return found
