"""`newsbot model tune`: from the corpus and the base's states to a set of heads.

Every figure that chooses something (penalty, threshold) comes from folds of the
corpus, split by story; the gold plays no part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from newsbot.evaluation.gold import GoldArticle, GoldDeal
from newsbot.evaluation.run import as_article
from newsbot.evaluation.score import area_under_curve
from newsbot.ports import Encoder
from newsbot.stages.amounts import same_value
from newsbot.stages.features import Features
from newsbot.stages.grouping import best_mention
from newsbot.stages.heads import EXCLUSIVE, NAMES, Head, HeadSet
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import read_article
from newsbot.tuning.fit import fit_head
from newsbot.types import AMOUNT_KINDS, DEAL_TYPES, ROLES, STATUSES, MoneyMention

Matrix = NDArray[np.float32]

#: Folds of the corpus, split by story.
FOLDS = 5
#: Weight of the squared weights. Swept 0.003..0.3 for every head on the folds:
#: held-out figures move by less than 0.01 up to 0.1, so one value serves them all.
PENALTY = 0.03
#: F scores this close are equal: a few articles of the corpus either way.
PLATEAU = 0.005
#: Weight of recall against precision for each threshold. A false party or sum stands
#: in an alert; a party below the threshold still counts where a deal needs two.
BETAS = {"article": 1.0, "party": 0.5, "amount": 0.5}


@dataclass(slots=True)
class _Table:
    """Vectors and labels of one head, with the fold of each row."""

    vectors: list[Matrix] = field(default_factory=list)
    labels: list[list[float]] = field(default_factory=list)
    folds: list[int] = field(default_factory=list)

    def add(self, vector: Matrix, labels: Sequence[float], fold: int) -> None:
        self.vectors.append(vector)
        self.labels.append([float(label) for label in labels])
        self.folds.append(fold)

    def arrays(self) -> tuple[Matrix, Matrix, NDArray[np.int64]]:
        return (
            np.array(self.vectors, dtype=np.float32),
            np.array(self.labels, dtype=np.float32),
            np.array(self.folds),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """A set of heads and how well each did on held-out folds."""

    heads: Mapping[str, Head]
    threshold: float
    party_threshold: float
    amount_threshold: float
    #: Head to figures on held-out folds, e.g. ``{"auc": 0.94, "f1": 0.88}``.
    figures: Mapping[str, Mapping[str, float]]


def tune(
    corpus: Sequence[GoldArticle],
    encoder: Encoder,
    gazetteer: Gazetteer,
    *,
    progress: Callable[[str, float], None],
) -> Tuned:
    """Tune every head.

    Args:
        corpus: Labelled articles with `spans`.
        encoder: Gives the base's hidden states at the layer to be used.
        gazetteer: The organisations, as the line will see them.
        progress: Told what is being done and the share done.

    Returns:
        The heads with thresholds and held-out figures.
    """
    features = _features(corpus, encoder, gazetteer, progress)
    folds = [_fold(article) for article in corpus]
    progress("sentences", 0.0)
    sentences = _sentence_table(corpus, features, folds)
    scores = _held_out(sentences, exclusive=False)[:, 0]
    per_article = _by_article(features, scores)
    tables = _tables(corpus, features, per_article, folds, gazetteer)
    tables["sentence"] = sentences
    heads: dict[str, Head] = {}
    figures: dict[str, dict[str, float]] = {}
    held: dict[str, Matrix] = {}
    for number, name in enumerate(NAMES):
        progress(f"head {name}", number / len(NAMES))
        exclusive = name in EXCLUSIVE
        vectors, labels, _ = tables[name].arrays()
        held[name] = _held_out(tables[name], exclusive=exclusive)
        figures[name] = _figures(held[name], labels, exclusive=exclusive)
        heads[name] = fit_head(vectors, labels, penalty=PENALTY, exclusive=exclusive)
    plateaus = {
        name: _plateau(held[name][:, 0], tables[name].arrays()[1][:, 0], beta=beta)
        for name, beta in BETAS.items()
    }
    return Tuned(
        heads=heads,
        # A missed deal stays unseen, a false alert is seen and put aside: of equals
        # the lowest. A false party or sum is not seen as such: the middle.
        threshold=plateaus["article"][0],
        party_threshold=sum(plateaus["party"]) / 2,
        amount_threshold=sum(plateaus["amount"]) / 2,
        figures=figures,
    )


def as_head_set(tuned: Tuned, *, base: str, layer: int) -> HeadSet:
    """Make tuned heads usable at once, before they are written to a file."""
    return HeadSet(
        heads=tuned.heads,
        threshold=tuned.threshold,
        party_threshold=tuned.party_threshold,
        amount_threshold=tuned.amount_threshold,
        base=base,
        layer=layer,
        hash="unsaved",
    )


def _features(
    corpus: Sequence[GoldArticle],
    encoder: Encoder,
    gazetteer: Gazetteer,
    progress: Callable[[str, float], None],
) -> list[Features]:
    features: list[Features] = []
    for start in range(0, len(corpus), 8):
        progress("states", start / len(corpus))
        readings = [
            read_article(as_article(article), gazetteer)
            for article in corpus[start : start + 8]
        ]
        encoded = encoder.encode([r.article.full_text for r in readings])
        features.extend(
            Features(reading, states, gazetteer)
            for reading, states in zip(readings, encoded, strict=True)
        )
    return features


def _fold(article: GoldArticle) -> int:
    """One story, one fold: a hash, so that new articles move no old ones."""
    story = article.deals[0].story if article.deals else article.id
    return int(hashlib.sha256(story.encode()).hexdigest(), 16) % FOLDS


def _sentence_table(
    corpus: Sequence[GoldArticle], features: Sequence[Features], folds: Sequence[int]
) -> _Table:
    table = _Table()
    for article, one, fold in zip(corpus, features, folds, strict=True):
        spans = [s for s in article.spans if ".parties." in s.field]
        for index, sentence in enumerate(one.reading.sentences):
            states = any(
                span.start < sentence.end and sentence.start < span.end
                for span in spans
            )
            table.add(one.sentence(index), [states], fold)
    return table


def _by_article(features: Sequence[Features], scores: Matrix) -> list[list[float]]:
    """Cut held-out sentence scores into articles: later heads see honest ones."""
    cut, start = [], 0
    for one in features:
        end = start + len(one.reading.sentences)
        cut.append([float(score) for score in scores[start:end]])
        start = end
    return cut


def _tables(
    corpus: Sequence[GoldArticle],
    features: Sequence[Features],
    scores: Sequence[list[float]],
    folds: Sequence[int],
    gazetteer: Gazetteer,
) -> dict[str, _Table]:
    tables = {name: _Table() for name in NAMES}
    rows = zip(corpus, features, scores, folds, strict=True)
    for article, one, article_scores, fold in rows:
        tables["article"].add(one.article(article_scores), [bool(article.deals)], fold)
        if not article.deals:
            continue
        _add_parties(tables, article, one, article_scores, fold, gazetteer)
        _add_quantities(tables, article, one, article_scores, fold)
        for number, deal in enumerate(article.deals):
            _add_deal(tables, article, number, deal, one, article_scores, fold)
    return tables


def _add_parties(
    tables: dict[str, _Table],
    article: GoldArticle,
    one: Features,
    scores: list[float],
    fold: int,
    gazetteer: Gazetteer,
) -> None:
    for candidate in one.candidates:
        roles: set[str] = set()
        for deal in article.deals:
            for name, party_roles in deal.parties:
                if gazetteer.related(candidate.name, gazetteer.canonical(name)):
                    roles |= set(party_roles)
        mention = best_mention(one, candidate, scores)
        vector = one.party(mention, scores)
        tables["party"].add(vector, [bool(roles)], fold)
        if roles:
            tables["roles"].add(vector, [role in roles for role in ROLES], fold)


def _add_quantities(
    tables: dict[str, _Table],
    article: GoldArticle,
    one: Features,
    scores: list[float],
    fold: int,
) -> None:
    for mention in one.reading.money:
        vector = one.money(mention, scores)
        kind = _kind(article, mention)
        tables["amount"].add(vector, [kind is not None], fold)
        if kind is not None:
            labels = [kind == known for known in AMOUNT_KINDS]
            tables["amount_kind"].add(vector, labels, fold)
    for item in one.reading.capacity:
        stated = any(
            same_value(value, item.value) and unit.casefold() == item.unit.casefold()
            for deal in article.deals
            for value, unit in deal.capacity
        )
        tables["capacity"].add(one.quantity(item, scores), [stated], fold)


def _kind(article: GoldArticle, mention: MoneyMention) -> str | None:
    for deal in article.deals:
        for amount in deal.amounts:
            if amount.currency == mention.currency and same_value(
                amount.value, mention.value
            ):
                return amount.kind
    return None


def _add_deal(
    tables: dict[str, _Table],
    article: GoldArticle,
    number: int,
    deal: GoldDeal,
    one: Features,
    scores: list[float],
    fold: int,
) -> None:
    spans = [
        span
        for span in article.spans
        if span.field.startswith(f"deals.{number}.parties.")
    ]
    indexes = sorted({one.reading.sentence_index(span.start) for span in spans})
    if not indexes:
        return
    vector = one.deal(indexes, [name for name, _ in deal.parties], scores)
    tables["types"].add(vector, [type_ in deal.types for type_ in DEAL_TYPES], fold)
    tables["status"].add(vector, [deal.status == status for status in STATUSES], fold)


def _held_out(table: _Table, *, exclusive: bool) -> Matrix:
    """Predict each row by a head that saw no row of its fold."""
    vectors, labels, folds = table.arrays()
    held = np.zeros_like(labels)
    for fold in sorted(set(folds.tolist())):
        rest, mine = folds != fold, folds == fold
        head = fit_head(
            vectors[rest], labels[rest], penalty=PENALTY, exclusive=exclusive
        )
        held[mine] = head.probabilities(vectors[mine])
    return held


def _figures(held: Matrix, labels: Matrix, *, exclusive: bool) -> dict[str, float]:
    if exclusive:
        right = held.argmax(1) == labels.argmax(1)
        return {"accuracy": float(right.mean()), "n": float(len(labels))}
    scored = list(
        zip(held.ravel().tolist(), (labels.ravel() > 0.5).tolist(), strict=True)
    )
    threshold, _ = _plateau(held.ravel(), labels.ravel(), beta=1.0)
    return {
        "auc": area_under_curve(scored),
        "f1": _f_score(held.ravel() >= threshold, labels.ravel() > 0.5, beta=1.0),
        "brier": float(((held - labels) ** 2).mean()),
        "n": float(len(labels)),
    }


def _plateau(scores: Matrix, labels: Matrix, *, beta: float) -> tuple[float, float]:
    """The lowest and highest threshold of those whose F score is about the best."""
    grid = np.linspace(0.05, 0.95, 91)
    right = labels > 0.5
    values = np.array([_f_score(scores >= t, right, beta=beta) for t in grid])
    best = grid[values >= values.max() - PLATEAU]
    return round(float(best.min()), 3), round(float(best.max()), 3)


def _f_score(
    said: NDArray[np.bool_], right: NDArray[np.bool_], *, beta: float
) -> float:
    """F score; *beta* below 1 favours precision (van Rijsbergen 1979)."""
    hits = float((said & right).sum())
    total = float(said.sum()) + beta**2 * float(right.sum())
    return (1 + beta**2) * hits / total if total else 1.0
