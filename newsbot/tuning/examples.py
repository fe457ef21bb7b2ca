"""What the model learns from: an article's tokens, its questions, and their answers.

In: a labelled article, what the rules read in it, and the model's tokenizer.
Out: one `Example`. The questions are those that judging asks (`stages.questions`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, cycle
from random import Random
from typing import TypeVar

from newsbot.adapters.hf_tokenizer import HfTokenizer
from newsbot.evaluation.gold import GoldAmount, GoldArticle, GoldDeal
from newsbot.stages import questions
from newsbot.stages.amounts import same_value
from newsbot.stages.naming import last_tokens
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.questions import Question
from newsbot.stages.reading import Reading
from newsbot.stages.recall import places_in
from newsbot.stages.sentences import token_range
from newsbot.stages.words import tokens as read_words
from newsbot.tuning.labelled import named_words, some_capitals, with_labelled
from newsbot.tuning.questionnaire import (
    Asked,
    Deal,
    Example,
    Organisation,
    Pairing,
    Part,
    Payment,
    Quantity,
    Sum,
)
from newsbot.vocabulary import AMOUNT_KINDS, DEAL_TYPES, ROLES, STATUSES

#: Pairs of parties, and of a party and a bystander, that are asked about an article.
MAX_PAIRS, MAX_BYSTANDERS = 12, 3
#: Questions about who pays.
MAX_PAYMENTS = 12
#: What one pass asks about an article besides its parties and their sums: each pass
#: draws anew, and a question costs as much as a sentence.
N_BYSTANDERS, N_BACKGROUND, N_PAIRINGS, N_PAYMENTS = 6, 2, 5, 4

Item = TypeVar("Item")
#: Turns a question into tokens.
Ask = Callable[[Question], Asked]


def make_example(
    article: GoldArticle,
    reading: Reading,
    tokenizer: HfTokenizer,
    gazetteer: Gazetteer,
) -> Example:
    """Turn a labelled article into an example.

    Args:
        article: Labelled.
        reading: What the rules read in it.
        tokenizer: The base model's.
        gazetteer: The organisations.
    """
    reading = with_labelled(article, reading, gazetteer)
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

    def ask(question: Question) -> Asked:
        about = places_in(tokens.offsets, question.places) + n_prefix
        return Asked(
            ids=tokenizer.encode(question.text).ids, about=tuple(about.tolist())
        )

    example = Example(
        id=article.id,
        ids=tokenizer.prefix + tokens.ids,
        reports=ask(Question(text=questions.REPORTS, places=())),
        is_deal=bool(article.deals),
        sentences=tuple(sentences),
        states=tuple(states),
    )
    if not article.deals:
        return example
    words = list(read_words(reading.article.full_text))
    example = replace(
        example,
        words=tuple(last + n_prefix for last in last_tokens(words, tokens.offsets)),
        named=tuple(named_words(article, reading, words, gazetteer)),
    )
    capitals = some_capitals(reading, words, Random(article.id))
    # Judging finds all that it asks about in its reading.
    everyone = sorted([*reading.organisations, *capitals], key=lambda m: m.start)
    proposed = replace(reading, organisations=tuple(everyone))
    example = _about_names(example, article, proposed, gazetteer, ask)
    example = _about_deals(example, article, reading, gazetteer, ask)
    return _about_sums(example, article, reading, gazetteer, ask)


def _about_names(
    example: Example,
    article: GoldArticle,
    reading: Reading,
    gazetteer: Gazetteer,
    ask: Ask,
) -> Example:
    """Add the questions about each organisation, and about two at a time."""
    who = tuple(
        _organisation(
            article,
            one,
            ask(questions.about_organisation(reading, one, gazetteer)),
            gazetteer,
        )
        for one in questions.candidates(reading.organisations)
    )
    pairings = tuple(
        Pairing(
            asked=ask(questions.about_deal(reading, [a.name, b.name], gazetteer)),
            is_deal=bool(a.deals & b.deals),
            parted=bool(a.deals and b.deals) and not a.deals & b.deals,
        )
        for a, b in _pairs(who)
    )
    return replace(example, organisations=who, pairings=pairings)


def _about_deals(
    example: Example,
    article: GoldArticle,
    reading: Reading,
    gazetteer: Gazetteer,
    ask: Ask,
) -> Example:
    """Add the questions about each deal, and about its parties' roles."""
    deals, parts = [], []
    for number, deal in enumerate(article.deals):
        names = _names(deal, gazetteer)
        deals.append(
            Deal(
                asked=ask(questions.about_deal(reading, names, gazetteer)),
                types=tuple(type_ in deal.types for type_ in DEAL_TYPES),
                status=STATUSES.index(deal.status),
            )
        )
        parts += [
            Part(
                asked=ask(questions.about_role(reading, names, name, gazetteer)),
                deal=number,
                roles=tuple(role in roles for role in ROLES),
            )
            for name, (_, roles) in zip(names, deal.parties, strict=True)
        ]
    return replace(example, deals=tuple(deals), parts=tuple(parts))


def _about_sums(
    example: Example,
    article: GoldArticle,
    reading: Reading,
    gazetteer: Gazetteer,
    ask: Ask,
) -> Example:
    """Add the questions about each sum and capacity, and about who pays."""
    sums = questions.sums(reading.money)
    payments = [
        Payment(
            asked=ask(questions.about_payer(reading, one, name, gazetteer)), pays=pays
        )
        for one in sums
        for name, pays in _payers(article, one, gazetteer)
    ]
    return replace(
        example,
        sums=tuple(
            _sum(article, one, ask(questions.about_sum(reading, one))) for one in sums
        ),
        quantities=tuple(
            _quantity(article, one, ask(questions.about_quantity(reading, one)))
            for one in questions.quantities(reading.capacity)
        ),
        payments=tuple(payments[:MAX_PAYMENTS]),
    )


def thinned(example: Example, rng: Random) -> Example:
    """Ask less: about every party and sum of a deal, and about some of the rest."""

    def some(items: Sequence[Item], n: int, own: Callable[[Item], bool]) -> list[Item]:
        others = [k for k, item in enumerate(items) if not own(item)]
        kept = set(rng.sample(others, min(n, len(others))))
        return [item for k, item in enumerate(items) if own(item) or k in kept]

    return replace(
        example,
        organisations=tuple(
            some(example.organisations, N_BYSTANDERS, lambda one: bool(one.deals))
        ),
        sums=tuple(some(example.sums, N_BACKGROUND, lambda one: one.deal is not None)),
        # Few articles have these, and no other pair is as hard to tell.
        pairings=tuple(some(example.pairings, N_PAIRINGS, lambda one: one.parted)),
        payments=tuple(some(example.payments, N_PAYMENTS, lambda _: False)),
    )


def _payers(
    article: GoldArticle, one: questions.Sum, gazetteer: Gazetteer
) -> list[tuple[str, bool]]:
    """The parties of a sum's deal, and which of them pays it."""
    told = _told(article, one)
    if told is None:
        return []
    number, amount = told
    payer = amount.payer and gazetteer.canonical(amount.payer)
    names = _names(article.deals[number], gazetteer)
    return [(name, name == payer) for name in names]


def _names(deal: GoldDeal, gazetteer: Gazetteer) -> list[str]:
    return [gazetteer.canonical(name) for name, _ in deal.parties]


def _pairs(
    who: Sequence[Organisation],
) -> list[tuple[Organisation, Organisation]]:
    """Every two parties, up to `MAX_PAIRS`, and some of a party and a bystander."""
    parties = [one for one in who if one.deals]
    others = [one for one in who if not one.deals]
    pairs = list(combinations(parties, 2))[:MAX_PAIRS]
    mixed = zip(cycle(parties), others, strict=False) if parties else ()
    # In the order of the text, as judging asks: the order must tell nothing.
    place = {one.name: n for n, one in enumerate(who)}
    bystanders = [(a, b) if place[a.name] < place[b.name] else (b, a) for a, b in mixed]
    return [*pairs, *bystanders[:MAX_BYSTANDERS]]


def _organisation(
    article: GoldArticle,
    candidate: questions.Candidate,
    asked: Asked,
    gazetteer: Gazetteer,
) -> Organisation:
    deals = frozenset(
        number
        for number, deal in enumerate(article.deals)
        for name in _names(deal, gazetteer)
        if gazetteer.related(candidate.name, name)
    )
    return Organisation(asked=asked, name=candidate.name, deals=deals)


def _told(article: GoldArticle, one: questions.Sum) -> tuple[int, GoldAmount] | None:
    """The number of the deal that a sum belongs to, and its label."""
    first = one.mentions[0]
    for number, deal in enumerate(article.deals):
        for amount in deal.amounts:
            same = amount.currency == first.currency
            if same and same_value(amount.value, first.value):
                return number, amount
    return None


def _sum(article: GoldArticle, one: questions.Sum, asked: Asked) -> Sum:
    told = _told(article, one)
    if told is None:
        return Sum(asked=asked, deal=None)
    number, amount = told
    return Sum(asked=asked, deal=number, kind=AMOUNT_KINDS.index(amount.kind))


def _quantity(article: GoldArticle, one: questions.Quantity, asked: Asked) -> Quantity:
    first = one.mentions[0]
    for number, deal in enumerate(article.deals):
        if any(
            same_value(value, first.value) and unit.casefold() == first.unit.casefold()
            for value, unit in deal.capacity
        ):
            return Quantity(asked=asked, deal=number)
    return Quantity(asked=asked, deal=None)
