"""The base model's first layers, low-rank matrices in them, and heads: what is tuned.

In: examples. Out: how wrong the answers are, and the tuned parts as arrays.
Article and questions run as one sequence: every question sees the article and
itself, none sees another, and each stands at the place right behind the article.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from newsbot.adapters.hf_branches import branch_mask, scaled
from newsbot.stages.casting import Casting
from newsbot.stages.heads import (
    CLASSES,
    EXCLUSIVE,
    NAME_UNITS,
    PAIR_WIDTH,
    PAIRS,
    Head,
    HeadSet,
    Namer,
    Pair,
    Thresholds,
)
from newsbot.tuning.labelled import UNCLEAR
from newsbot.tuning.questionnaire import Example

#: Weight of each answer's loss in the sum. Roles and types are several answers in
#: one; what few articles ask must not drown what all ask.
WEIGHTS: Mapping[str, float] = {
    "article": 1.0, "sentence": 0.5, "party": 1.0, "roles": 1.5, "types": 1.5,
    "status": 0.5, "amount": 1.0, "amount_kind": 0.5, "capacity": 0.5,
    "deal": 0.7, "belongs": 0.3, "payer": 0.7, "name": 1.0,
}  # fmt: skip
#: Share of a state that is hidden from the heads while they learn.
DROPOUT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Scores of one example before they become probabilities."""

    article: Tensor
    #: Shape (n_sentences,).
    sentence: Tensor
    #: Shape (n_organisations,).
    party: Tensor
    #: Shape (n_pairings,).
    deal: Tensor
    #: Shape (n_parts, n_classes).
    roles: Tensor
    #: Shape (n_deals, n_classes).
    types: Tensor
    status: Tensor
    #: Shape (n_sums,) and (n_sums, n_classes).
    amount: Tensor
    amount_kind: Tensor
    #: Shape (n_quantities,).
    capacity: Tensor
    #: Shape (n_sums + n_quantities, n_organisations).
    belongs: Tensor
    #: Shape (n_payments,).
    payer: Tensor
    #: Shape (n_words,).
    name: Tensor


class Network(nn.Module):
    """A decoder with heads on its last state.

    Args:
        decoder: The base's first layers, with trainable low-rank matrices.
        width: Numbers in one state.
    """

    def __init__(self, decoder: Any, width: int) -> None:
        super().__init__()
        self.decoder = decoder
        self.heads = nn.ModuleDict(
            {
                name: nn.Linear(2 * width, n_classes)
                for name, n_classes in CLASSES.items()
            }
        )
        self.left = nn.ModuleDict({n: nn.Linear(2 * width, PAIR_WIDTH) for n in PAIRS})
        self.right = nn.ModuleDict({n: nn.Linear(2 * width, PAIR_WIDTH) for n in PAIRS})
        self.bias = nn.ParameterDict({n: nn.Parameter(torch.zeros(1)) for n in PAIRS})
        self.namer = nn.Sequential(
            nn.Linear(2 * width, NAME_UNITS), nn.ReLU(), nn.Linear(NAME_UNITS, 1)
        )
        self.dropout = nn.Dropout(DROPOUT)

    def answers(self, examples: Sequence[Example]) -> list[Answers]:
        """Answer every question of a batch."""
        rows = [_packed(example) for example in examples]
        longest = max(len(row.ids) for row in rows)
        ids = torch.zeros((len(rows), longest), dtype=torch.long)
        places = torch.zeros_like(ids)
        branches = torch.full_like(ids, -1)
        for n, row in enumerate(rows):
            ids[n, : len(row.ids)] = torch.tensor(row.ids)
            places[n, : len(row.ids)] = torch.tensor(row.places)
            branches[n, : len(row.ids)] = torch.tensor(row.branches)
        device = self.bias["belongs"].device
        output = self.decoder(
            input_ids=ids.to(device),
            position_ids=places.to(device),
            attention_mask=branch_mask(
                places.to(device), branches.to(device), self.decoder.config
            ),
            use_cache=False,
        ).last_hidden_state
        states = self.dropout(scaled(output))
        return [
            self._answers(example, states[n], row.ends)
            for n, (example, row) in enumerate(zip(examples, rows, strict=True))
        ]

    def _answers(self, example: Example, states: Tensor, ends: list[int]) -> Answers:
        here = [states[list(one.about)].mean(0) for one in example.asked]
        asked = torch.cat([states[torch.tensor(ends)], torch.stack(here)], 1)
        sizes = [
            1, len(example.organisations), len(example.sums),
            len(example.quantities), len(example.pairings), len(example.deals),
            len(example.parts), len(example.payments),
        ]  # fmt: skip
        article, who, sums, quantities, pairings, deals, parts, payments = torch.split(
            asked, sizes
        )
        sentences = torch.stack(
            [
                torch.cat([states[start:end].mean(0), states[end - 1]])
                for start, end in example.sentences
            ]
        )
        words = states[torch.tensor(example.words, dtype=torch.long)]
        after = torch.cat([words[1:], torch.zeros_like(words[:1])])
        both = torch.cat([sums, quantities])
        return Answers(
            article=self.heads["article"](article)[0, 0],
            sentence=self.heads["sentence"](sentences)[:, 0],
            party=self.heads["party"](who)[:, 0],
            deal=self.heads["deal"](pairings)[:, 0],
            roles=self.heads["roles"](parts),
            types=self.heads["types"](deals),
            status=self.heads["status"](deals),
            amount=self.heads["amount"](sums)[:, 0],
            amount_kind=self.heads["amount_kind"](sums),
            capacity=self.heads["capacity"](quantities)[:, 0],
            belongs=self._pairs("belongs", both, who) + self.bias["belongs"],
            payer=self.heads["payer"](payments)[:, 0],
            name=self.namer(torch.cat([words, after], 1))[:, 0],
        )

    def _pairs(self, name: str, left: Tensor, right: Tensor) -> Tensor:
        scores: Tensor = self.left[name](left) @ self.right[name](right).T
        scaled_down: Tensor = scores / PAIR_WIDTH**0.5
        return scaled_down

    def load(self, kept: HeadSet) -> None:
        """Take heads over, as `export` gives them."""
        with torch.no_grad():
            for name, head in self.heads.items():
                _put(head.weight, kept[name].weights)
                _put(head.bias, kept[name].bias)
            for name, pair in kept.pairs.items():
                _put(self.left[name].weight, pair.left)
                _put(self.left[name].bias, pair.left_bias)
                _put(self.right[name].weight, pair.right)
                _put(self.right[name].bias, pair.right_bias)
                _put(self.bias[name], pair.bias)
            inner, _, outer = self.namer
            _put(inner.weight, kept.namer.inner)
            _put(inner.bias, kept.namer.inner_bias)
            _put(outer.weight, kept.namer.outer)
            _put(outer.bias, kept.namer.outer_bias)

    def export(self, thresholds: Thresholds, casting: Casting) -> HeadSet:
        """Give the heads as arrays, with what was chosen for them."""
        heads = {
            name: Head(
                weights=_array(head.weight),
                bias=_array(head.bias),
                exclusive=name in EXCLUSIVE,
            )
            for name, head in self.heads.items()
        }
        pairs = {
            name: Pair(
                left=_array(self.left[name].weight),
                left_bias=_array(self.left[name].bias),
                right=_array(self.right[name].weight),
                right_bias=_array(self.right[name].bias),
                bias=_array(self.bias[name]),
            )
            for name in PAIRS
        }
        inner, _, outer = self.namer
        namer = Namer(
            inner=_array(inner.weight),
            inner_bias=_array(inner.bias),
            outer=_array(outer.weight),
            outer_bias=_array(outer.bias),
        )
        return HeadSet(
            heads=heads,
            pairs=pairs,
            namer=namer,
            casting=casting,
            thresholds=thresholds,
            hash="unsaved",
        )


def losses(example: Example, answers: Answers) -> dict[str, Tensor]:
    """Weigh how wrong the answers are; what was not asked is left out."""
    binary = functional.binary_cross_entropy_with_logits
    device = answers.article.device

    def targets(values: Any) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=device)

    found = {
        "article": binary(answers.article, targets(example.is_deal)),
        "sentence": binary(answers.sentence, targets(example.states)),
    }
    if example.deals:
        types = targets([deal.types for deal in example.deals])
        status = torch.tensor([deal.status for deal in example.deals], device=device)
        found["types"] = binary(answers.types, types)
        found["status"] = functional.cross_entropy(answers.status, status)
    who = example.organisations
    parties = [n for n, one in enumerate(who) if one.deals]
    if who:
        found["party"] = binary(answers.party, targets([bool(o.deals) for o in who]))
    if example.parts:
        roles = targets([part.roles for part in example.parts])
        found["roles"] = binary(answers.roles, roles)
    if example.pairings:
        real = targets([pairing.is_deal for pairing in example.pairings])
        found["deal"] = binary(answers.deal, real)
    if example.payments:
        pays = targets([payment.pays for payment in example.payments])
        found["payer"] = binary(answers.payer, pays)
    clear = [n for n, named in enumerate(example.named) if named != UNCLEAR]
    if clear:
        named = targets([example.named[n] for n in clear])
        found["name"] = binary(answers.name[clear], named)
    found |= _quantity_losses(example, answers, parties, targets)
    return {name: loss * WEIGHTS[name] for name, loss in found.items()}


def _quantity_losses(
    example: Example,
    answers: Answers,
    parties: list[int],
    targets: Any,
) -> dict[str, Tensor]:
    binary = functional.binary_cross_entropy_with_logits
    device = answers.article.device
    found: dict[str, Tensor] = {}
    if example.sums:
        own = [one.deal is not None for one in example.sums]
        found["amount"] = binary(answers.amount, targets(own))
    if example.quantities:
        own = [one.deal is not None for one in example.quantities]
        found["capacity"] = binary(answers.capacity, targets(own))
    mine = [n for n, one in enumerate(example.sums) if one.deal is not None]
    if mine:
        kinds = torch.tensor([example.sums[n].kind for n in mine], device=device)
        found["amount_kind"] = functional.cross_entropy(
            answers.amount_kind[mine], kinds
        )
    both = [one.deal for one in example.sums]
    both += [one.deal for one in example.quantities]
    pairs = [
        (n, party)
        for n, deal in enumerate(both)
        if deal is not None
        for party in parties
    ]
    if pairs:
        belongs = targets(
            [both[n] in example.organisations[party].deals for n, party in pairs]
        )
        rows, columns = (list(side) for side in zip(*pairs, strict=True))
        found["belongs"] = binary(answers.belongs[rows, columns], belongs)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packed:
    ids: list[int]
    places: list[int]
    #: 0: the article; n: the nth question.
    branches: list[int]
    #: Last token of each question.
    ends: list[int]


def _packed(example: Example) -> _Packed:
    ids = list(example.ids)
    n_article = len(ids)
    places, branches, ends = list(range(n_article)), [0] * n_article, []
    for number, asked in enumerate(example.asked, 1):
        ids += asked.ids
        places += range(n_article, n_article + len(asked.ids))
        branches += [number] * len(asked.ids)
        ends.append(len(ids) - 1)
    return _Packed(ids=ids, places=places, branches=branches, ends=ends)


def _put(parameter: Any, values: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    parameter.copy_(torch.from_numpy(values.copy()).reshape(parameter.shape))


def _array(tensor: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    found: np.ndarray[Any, np.dtype[np.float32]] = tensor.detach().float().cpu().numpy()
    return found.copy()
