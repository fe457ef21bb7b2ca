"""The loop: examples in, tuned matrices and heads out; stopped and gone on with.

Every step draws its chance from the seed and its own number, and a checkpoint is
written every few steps: a run that was killed and resumed gives the same weights as
one that was not.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from newsbot.adapters.adapter_file import Adapter
from newsbot.errors import UserError
from newsbot.tuning.network import Network, losses
from newsbot.tuning.questionnaire import Example

#: Modules of a layer that get low-rank matrices.
MODULES = "q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj"
#: Steps between two checkpoints: a minute or two.
CHECKPOINT_STEPS = 25
#: What a cut or foreign file makes torch and the reader of its content raise.
_DAMAGE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, EOFError,
    pickle.UnpicklingError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How an adapter is tuned; kept in its card.

    Compared on a fifth of the corpus; the table stands in docs/tuning.md.
    """

    #: Layers of the base that are run.
    layers: int = 12
    #: First layer that is changed: below it no gradient is needed.
    first: int = 4
    rank: int = 16
    #: Passes over the first run's articles, and over all of them in the second.
    epochs: int = 3
    last_epochs: int = 1
    learning_rate: float = 5e-4
    head_learning_rate: float = 2e-3
    #: Share of both rates in the second run.
    last_rate: float = 0.5
    weight_decay: float = 0.01
    #: Articles of one optimiser step, and of one pass within it.
    batch: int = 8
    rows: int = 4
    seed: int = 1

    def going_on(self, adapter: Adapter) -> Recipe:
        """The recipe for what goes on from an adapter: its matrices, lower rates."""
        numbers = [
            int(name.split("layers.")[1].split(".")[0]) for name in adapter.matrices
        ]
        return replace(
            self,
            layers=adapter.layer,
            first=min(numbers, default=self.first),
            rank=min((len(a) for a, _ in adapter.matrices.values()), default=self.rank),
            epochs=2,
            learning_rate=self.learning_rate * self.last_rate,
            head_learning_rate=self.head_learning_rate * self.last_rate,
        )


def make_network(decoder: Any, recipe: Recipe, width: int) -> Network:
    """Freeze a decoder and put trainable low-rank matrices into its upper layers.

    Raises:
        UserError: The extra `tune` is missing.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise UserError('peft is not installed: pip install "newsbot[tune]"') from error
    torch.manual_seed(recipe.seed)
    numbers = "|".join(str(n) for n in range(recipe.first, recipe.layers))
    tuned = get_peft_model(
        decoder,
        LoraConfig(
            r=recipe.rank,
            lora_alpha=2 * recipe.rank,
            target_modules=rf"layers\.({numbers})\..*({MODULES})",
        ),
        # In the base's own type: mixed types cost a third of the time. The optimiser
        # works on float32 copies.
        autocast_adapter_dtype=False,
    )
    return Network(tuned.base_model.model, width)


def matrices(
    network: Network,
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Read the low-rank matrices, the scale multiplied into B."""
    found = {}
    for name, module in _tuned(network).items():
        a = module.lora_A["default"].weight.detach().float().cpu().numpy()
        b = module.lora_B["default"].weight.detach().float().cpu().numpy()
        found[name] = (a, b * np.float32(module.scaling["default"]))
    return found


def put_matrices(
    network: Network,
    kept: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]],
) -> None:
    """Write low-rank matrices, as `matrices` reads them, into a network.

    Raises:
        UserError: They are of other layers, or of another rank.
    """
    there = _tuned(network)
    if set(there) != set(kept):
        raise UserError("the adapter to go on from changes other layers of the base")
    for name, module in there.items():
        a, b = kept[name]
        low, high = module.lora_A["default"].weight, module.lora_B["default"].weight
        if low.shape != a.shape or high.shape != b.shape:
            raise UserError(
                f"the adapter to go on from is of rank {len(a)}, not {len(low)}"
            )
        with torch.no_grad():
            low.copy_(torch.from_numpy(a))
            high.copy_(torch.from_numpy(b / np.float32(module.scaling["default"])))


def _tuned(network: Network) -> dict[str, Any]:
    """The modules that have low-rank matrices, by name."""
    return {
        name: module
        for name, module in network.decoder.named_modules()
        if hasattr(module, "lora_A") and "default" in module.lora_A
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes:
    """What one run goes over, and how fast it learns."""

    #: Gives the examples of a pass by its number; always the same ones.
    examples: Callable[[int], Sequence[Example]]
    n_examples: int
    #: Number of the first pass, and how many there are.
    first: int
    n_passes: int
    #: Share of the recipe's learning rates.
    rate: float = 1.0


def train(
    network: Network,
    recipe: Recipe,
    passes: Passes,
    *,
    checkpoint: Path,
    resume: bool,
    progress: Callable[[str, float], None],
) -> None:
    """Tune a network in place.

    Args:
        network: From `make_network`.
        recipe: How.
        passes: Over what.
        checkpoint: File that is written on the way and removed by nobody.
        resume: Whether to go on from it where it fits the recipe.
        progress: Told what is being done, with the mean loss, and the share done.
    """
    run = _Run(network, recipe, passes)
    if resume:
        run.load(checkpoint)
    network.train()
    while run.step < run.n_steps:
        number = passes.first + run.step // run.steps_per_epoch
        examples = passes.examples(number)
        batches = list(_batches(examples, recipe, number))
        for batch in batches[run.step % run.steps_per_epoch : run.steps_per_epoch]:
            loss = run.take(batch)
            done = run.step / run.n_steps
            progress(f"pass {number + 1}, loss {loss:.2f}", done)
            if run.step % CHECKPOINT_STEPS == 0 or run.step == run.n_steps:
                run.save(checkpoint)
    network.eval()


class _Run:
    """Optimiser, schedule and where a run stands."""

    def __init__(self, network: Network, recipe: Recipe, passes: Passes) -> None:
        self._network = network
        self._recipe = recipe
        self.step = 0
        self.steps_per_epoch = max(passes.n_examples // recipe.batch, 1)
        self.n_steps = self.steps_per_epoch * passes.n_passes
        named = [(n, p) for n, p in network.named_parameters() if p.requires_grad]
        self._low_rank = [p for n, p in named if "lora_" in n]
        self._heads = [p for n, p in named if "lora_" not in n]
        self._copies = [
            p.detach().float().clone().requires_grad_(True) for p in self._low_rank
        ]
        self._optimiser = torch.optim.AdamW(
            [
                {"params": self._copies, "lr": recipe.learning_rate},
                {"params": self._heads, "lr": recipe.head_learning_rate},
            ],
            weight_decay=recipe.weight_decay,
        )
        self._rates = [
            recipe.learning_rate * passes.rate,
            recipe.head_learning_rate * passes.rate,
        ]

    def take(self, batch: Sequence[Example]) -> float:
        """Take one step; gives the mean loss."""
        recipe = self._recipe
        torch.manual_seed(recipe.seed * 1_000_003 + self.step)
        total = 0.0
        for start in range(0, len(batch), recipe.rows):
            rows = batch[start : start + recipe.rows]
            answers = self._network.answers(rows)
            loss = torch.stack(
                [
                    torch.stack(list(losses(one, told).values())).sum()
                    for one, told in zip(rows, answers, strict=True)
                ]
            ).sum() / len(batch)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            total += float(loss.detach())
        for parameter, copy in zip(self._low_rank, self._copies, strict=True):
            if parameter.grad is not None:
                copy.grad = parameter.grad.float()
        torch.nn.utils.clip_grad_norm_([*self._copies, *self._heads], 1.0)
        share = _schedule(self.step, self.n_steps)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * share
        self._optimiser.step()
        self._network.zero_grad()
        self._spread()
        self.step += 1
        return total

    def _spread(self) -> None:
        with torch.no_grad():
            for parameter, copy in zip(self._low_rank, self._copies, strict=True):
                parameter.copy_(copy)

    def save(self, path: Path) -> None:
        """Write everything that is needed to go on, atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        torch.save(
            {
                "recipe": asdict(self._recipe),
                "n_steps": self.n_steps,
                "step": self.step,
                "copies": [copy.detach() for copy in self._copies],
                "heads": [head.detach() for head in self._heads],
                "optimiser": self._optimiser.state_dict(),
            },
            partial,
        )
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on where a run of the same recipe and length stopped, if one did."""
        if not path.is_file():
            return
        try:
            saved = torch.load(path, weights_only=True)
            fits = saved["recipe"] == asdict(self._recipe)
            if not fits or saved["n_steps"] != self.n_steps:
                return
            with torch.no_grad():
                for copy, old in zip(self._copies, saved["copies"], strict=True):
                    copy.copy_(old)
                for head, old in zip(self._heads, saved["heads"], strict=True):
                    head.copy_(old)
            self._optimiser.load_state_dict(saved["optimiser"])
            self.step = int(saved["step"])
        except _DAMAGE as error:
            raise UserError(
                f"{path}: no usable checkpoint ({type(error).__name__}); "
                "use --no-resume"
            ) from error
        self._spread()


def _schedule(step: int, n_steps: int) -> float:
    """Warm up over a twentieth, then fall along a cosine."""
    warm = max(n_steps // 20, 1)
    if step < warm:
        return (step + 1) / warm
    return max(0.02, 0.5 * (1 + math.cos(math.pi * step / n_steps)))


def _batches(
    examples: Sequence[Example], recipe: Recipe, number: int
) -> Iterator[list[Example]]:
    """Shuffle; articles of like length share a pass, so that little is padding."""
    rng = Random(f"{recipe.seed}-{number}")
    order = list(examples)
    rng.shuffle(order)
    chunk = recipe.batch * 8
    batches = []
    for start in range(0, len(order), chunk):
        near = sorted(order[start : start + chunk], key=lambda one: one.n_tokens)
        rows = [near[n : n + recipe.rows] for n in range(0, len(near), recipe.rows)]
        rng.shuffle(rows)
        flat = [one for row in rows for one in row]
        batches += [
            flat[n : n + recipe.batch] for n in range(0, len(flat), recipe.batch)
        ]
    rng.shuffle(batches)
    yield from batches
