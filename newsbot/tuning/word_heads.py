"""Learns what words say of deals and sums: the second reader beside the heads.

In: labelled articles. Out: a `WordHead` for each of `READERS`.
It takes half a minute.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from newsbot.evaluation.gold import GoldArticle
from newsbot.stages.amounts import same_value
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.stages.role_words import words_of_role, words_of_types
from newsbot.stages.word_heads import (
    READERS,
    WordHead,
    weighed,
    words_of_article,
    words_of_sum,
)
from newsbot.vocabulary import AMOUNT_KINDS, DEAL_TYPES, ROLES

#: Texts that a word or pair has to stand in.
LEAST = 3
#: Weight of the squared weights beside the summed loss, by head.
PENALTY: Mapping[str, float] = {
    "types": 0.05, "roles": 0.1, "amount_kind": 0.025, "several": 0.05,
}  # fmt: skip
#: Share of its scores that is added to the head's. On part 21, which neither reader had
#: met, anything from a tenth on was better than none for types and sums; on parts 23 to
#: 26 roles were best from 1 to 1.5.
SHARE: Mapping[str, float] = {
    "types": 0.5, "roles": 1.2, "amount_kind": 1.0, "several": 1.0,
}  # fmt: skip
#: Readers whose scores thresholds and casting are chosen with.
CHOSEN_BY = ("types", "roles")
#: Parties of an article that may tell of several deals.
SIDES = 3
#: Steps of the search at most.
STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A text's words, and what is right of it."""

    words: tuple[str, ...]
    #: One per class.
    right: tuple[bool, ...]


def rows_of(
    article: GoldArticle, reading: Reading, gazetteer: Gazetteer
) -> dict[str, list[Read]]:
    """What a labelled article teaches, by reader: its deals in order, its sums, itself.

    Args:
        article: With spans.
        reading: With the names that the labels have.
        gazetteer: The organisations.
    """
    rows: dict[str, list[Read]] = {name: [] for name in READERS}
    everyone = {
        gazetteer.canonical(name) for deal in article.deals for name, _ in deal.parties
    }
    if len(everyone) >= SIDES:
        words = words_of_article(reading, everyone)
        several = len(article.deals) > 1
        rows["several"].append(Read(words=tuple(words), right=(several,)))
    for number, deal in enumerate(article.deals):
        names = [gazetteer.canonical(name) for name, _ in deal.parties]
        spans = [s for s in article.spans if s.field.startswith(f"deals.{number}.")]
        told = {reading.sentence_index(span.start) for span in spans}
        rows["types"].append(
            Read(
                words=tuple(words_of_types(reading, told, names, gazetteer)),
                right=tuple(type_ in deal.types for type_ in DEAL_TYPES),
            )
        )
        rows["roles"] += [
            Read(
                words=tuple(words_of_role(reading, told, name, names, gazetteer)),
                right=tuple(role in roles for role in ROLES),
            )
            for name, (_, roles) in zip(names, deal.parties, strict=True)
        ]
        for n, amount in enumerate(deal.amounts):
            places = [
                mention
                for span in spans
                if span.field == f"deals.{number}.amounts.{n}"
                for mention in reading.money
                if span.start <= mention.start < span.end
                and mention.currency == amount.currency
                and same_value(mention.value, amount.value)
            ]
            rows["amount_kind"] += [
                Read(
                    words=tuple(words_of_sum(reading, mention, names)),
                    right=tuple(kind == amount.kind for kind in AMOUNT_KINDS),
                )
                for mention in places[:1]
            ]
    return rows


def joined_rows(some: Iterable[Mapping[str, Sequence[Read]]]) -> dict[str, list[Read]]:
    """Put the rows of articles together, head by head."""
    rows: dict[str, list[Read]] = defaultdict(list)
    for one in some:
        for name, more in one.items():
            rows[name] += more
    return rows


def by_words(
    reader: WordHead | None, name: str, rows: Sequence[Read]
) -> NDArray[np.float32]:
    """What a reader of `READERS` says of texts, shape (n_rows, n_classes).

    Where there is none, nothing: an adapter of before goes on without.
    """
    shape = (len(rows), READERS[name])
    if reader is None:
        return np.zeros(shape, np.float32)
    said = [reader.scores(row.words) for row in rows]
    return np.array(said, np.float32).reshape(shape)


def learn_words(rows: Mapping[str, Sequence[Read]]) -> dict[str, WordHead]:
    """Learn a second reader for each head of which there is a row."""
    return {name: _learn(name, some) for name, some in rows.items() if some}


def _learn(name: str, rows: Sequence[Read]) -> WordHead:
    often = Counter(word for row in rows for word in set(row.words))
    known = sorted(word for word, count in often.items() if count >= LEAST)
    vocabulary = {word: n for n, word in enumerate(known)}
    counts = np.array([often[word] for word in known], dtype=np.float32)
    rarity = np.log((1 + len(rows)) / (1 + counts)).astype(np.float32) + 1
    weights, bias = _search(
        [weighed(row.words, vocabulary, rarity) for row in rows],
        np.array([row.right for row in rows], dtype=np.float32),
        len(known),
        name,
    )
    if name == "several":
        # What the words add to the odds: how often articles tell of several deals is
        # known where these are grouped.
        told = float(np.mean([row.right[0] for row in rows]))
        bias = bias - np.log(max(told, 1e-6) / max(1 - told, 1e-6))
    # As they are kept, so that what is saved is what was measured.
    kept = (SHARE[name] * weights).astype(np.float16).astype(np.float32)
    return WordHead(
        vocabulary=vocabulary,
        rarity=rarity,
        weights=kept,
        bias=(SHARE[name] * bias).astype(np.float32),
    )


def _search(
    vectors: Sequence[tuple[NDArray[np.int64], NDArray[np.float32]]],
    right: NDArray[np.float32],
    n_words: int,
    name: str,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logistic regression: of classes that exclude one another, or each by itself."""
    lines = np.repeat(np.arange(len(vectors)), [len(places) for places, _ in vectors])
    inputs = torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([lines, np.concatenate([p for p, _ in vectors])])),
        torch.from_numpy(np.concatenate([values for _, values in vectors])),
        (len(vectors), n_words),
        check_invariants=True,
    ).coalesce()
    targets = torch.from_numpy(right)
    weights = torch.zeros(n_words, right.shape[1], requires_grad=True)
    bias = torch.zeros(right.shape[1], requires_grad=True)
    search = torch.optim.LBFGS(
        [weights, bias], max_iter=STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        search.zero_grad()
        scores = torch.sparse.mm(inputs, weights) + bias
        if name == "amount_kind":
            wrong = functional.cross_entropy(scores, targets.argmax(1), reduction="sum")
        else:
            wrong = functional.binary_cross_entropy_with_logits(
                scores, targets, reduction="sum"
            )
        total = wrong + PENALTY[name] * (weights**2).sum()
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return float(total.detach())

    search.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach().numpy().T, bias.detach().numpy()
