"""The loop on a tiny model: it learns, and a run that was killed goes on the same."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

import tiny_tuning
import torch
from fakes import NO_HEADS
from tiny_tuning import RECIPE, Bench

from newsbot.errors import UserError
from newsbot.stages.heads import Thresholds
from newsbot.tuning.network import Network
from newsbot.tuning.questionnaire import Example
from newsbot.tuning.train import CHECKPOINT_STEPS, Passes, Recipe, matrices, train

THRESHOLDS = Thresholds(
    article=0.5, party=0.5, amount=0.5, capacity=0.5, types=0.5, name=0.5
)
#: As many steps as a run needs to be killed behind a checkpoint: three a pass.
LONG = replace(RECIPE, epochs=CHECKPOINT_STEPS // 3 + 2)


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Bench:
    return tiny_tuning.bench(tmp_path_factory.mktemp("train") / "base")


@pytest.fixture(scope="module")
def examples(bench) -> list[Example]:
    made = [bench.example(article) for article in tiny_tuning.corpus(12)]
    assert {one.is_deal for one in made} == {True, False}
    return made


class Killed(Exception):
    """The run ends here, as by a power cut."""


class Log:
    """What a run told of itself; may end it after some steps."""

    def __init__(self, kill_after: int | None = None) -> None:
        self.stages: list[str] = []
        self.shares: list[float] = []
        self.kill_after = kill_after

    def __call__(self, stage: str, share: float) -> None:
        self.stages.append(stage)
        self.shares.append(share)
        if len(self.stages) == self.kill_after:
            raise Killed

    @property
    def losses(self) -> list[float]:
        return [float(stage.rpartition(" ")[2]) for stage in self.stages]


def run(
    bench: Bench,
    examples: list[Example],
    checkpoint: Path,
    *,
    recipe: Recipe = RECIPE,
    resume: bool = True,
    first: int = 0,
    rate: float = 1.0,
    log: Log | None = None,
) -> Network:
    network = bench.network(recipe)
    train(
        network,
        recipe,
        Passes(
            examples=lambda n: examples[n % 2 :] + examples[: n % 2],
            n_examples=len(examples),
            first=first,
            n_passes=recipe.epochs,
            rate=rate,
        ),
        checkpoint=checkpoint,
        resume=resume,
        progress=log or Log(),
    )
    return network


def weights(network: Network) -> dict[str, np.ndarray]:
    """All that is tuned: matrices, heads and pairs."""
    found = {}
    for name, (a, b) in matrices(network).items():
        found |= {f"{name}.a": a, f"{name}.b": b}
    told = network.export(THRESHOLDS, NO_HEADS.casting)
    for name, head in told.heads.items():
        found |= {f"{name}.weights": head.weights, f"{name}.bias": head.bias}
    for name, pair in told.pairs.items():
        for part in ("left", "left_bias", "right", "right_bias", "bias"):
            found[f"{name}.{part}"] = getattr(pair, part)
    for part in ("inner", "inner_bias", "outer", "outer_bias"):
        found[f"namer.{part}"] = getattr(told.namer, part)
    return found


def same(one: Network, other: Network) -> bool:
    a, b = weights(one), weights(other)
    assert set(a) == set(b)
    return all(np.array_equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def whole(bench, examples, tmp_path_factory) -> tuple[Network, Log, Path]:
    """One run from beginning to end."""
    log = Log()
    checkpoint = tmp_path_factory.mktemp("runs") / "whole.pt"
    network = run(bench, examples, checkpoint, recipe=LONG, log=log)
    return network, log, checkpoint


def test_the_loss_falls(whole):
    """In a few passes over a dozen articles the mean loss falls by a third and more."""
    _, log, _ = whole
    assert len(log.losses) == 3 * LONG.epochs
    assert np.mean(log.losses[-3:]) < 0.67 * np.mean(log.losses[:3])


def test_progress_tells_the_pass_and_rises(whole):
    """Each step says which pass it is in; the share reaches one."""
    _, log, _ = whole
    assert all(a < b for a, b in pairwise(log.shares))
    assert log.shares[-1] == 1
    assert log.stages[0].startswith("pass 1, loss ")
    assert log.stages[-1].startswith(f"pass {LONG.epochs}, loss ")


def test_everything_that_may_learn_learns_and_the_base_stays(bench, whole):
    """Matrices and heads have moved; the weights of the base are those of the file."""
    network, _, _ = whole
    fresh = bench.network(LONG)
    moved = [
        name
        for name, array in weights(network).items()
        if not np.array_equal(array, weights(fresh)[name])
    ]
    assert {n for n in weights(fresh) if n.endswith(".b")} <= set(moved)
    assert {
        "article.weights",
        "party.bias",
        "payer.bias",
        "belongs.left",
        "namer.inner",
    } <= set(moved)
    frozen = dict(fresh.named_parameters())
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            assert torch.equal(parameter, frozen[name]), name
    assert not network.training


def test_the_same_seed_gives_the_same_weights(bench, examples, whole, tmp_path):
    """Run again, each weight is equal in every bit; another seed gives others."""
    network, _, _ = whole
    assert same(run(bench, examples, tmp_path / "a.pt", recipe=LONG), network)
    short = run(bench, examples, tmp_path / "b.pt")
    other = replace(RECIPE, seed=2)
    assert not same(run(bench, examples, tmp_path / "c.pt", recipe=other), short)


@pytest.mark.parametrize("steps", [CHECKPOINT_STEPS + 1, CHECKPOINT_STEPS + 4, 3])
def test_a_killed_run_goes_on_as_if_it_were_not(
    bench, examples, whole, tmp_path, steps
):
    """Killed within a pass or at its end, and resumed: equal in every bit."""
    network, log, _ = whole
    checkpoint = tmp_path / "run.pt"
    with pytest.raises(Killed):
        run(bench, examples, checkpoint, recipe=LONG, log=Log(kill_after=steps))
    assert checkpoint.is_file() == (steps > CHECKPOINT_STEPS)
    rest = Log()
    resumed = run(bench, examples, checkpoint, recipe=LONG, log=rest)
    done = CHECKPOINT_STEPS if steps > CHECKPOINT_STEPS else 0
    assert rest.stages == log.stages[done:]
    assert same(resumed, network)


def test_a_finished_run_is_not_run_again(bench, examples, whole):
    """What its checkpoint holds is the result; no step is taken."""
    network, _, checkpoint = whole
    log = Log()
    assert same(run(bench, examples, checkpoint, recipe=LONG, log=log), network)
    assert log.stages == []


def test_a_run_may_begin_anew(bench, examples, whole, tmp_path):
    """Without resuming, a checkpoint is not looked at but overwritten."""
    network, log, checkpoint = whole
    again = tmp_path / "again.pt"
    again.write_bytes(b"nonsense")
    told = Log()
    begun = run(bench, examples, again, recipe=LONG, resume=False, log=told)
    assert same(begun, network)
    assert told.stages == log.stages
    assert again.stat().st_size == pytest.approx(checkpoint.stat().st_size, rel=0.01)


def test_another_recipe_s_checkpoint_is_not_gone_on_with(
    bench, examples, whole, tmp_path
):
    """A checkpoint of another recipe, or of another number of steps, is left aside."""
    _, _, checkpoint = whole
    path = tmp_path / "other.pt"
    path.write_bytes(checkpoint.read_bytes())
    log = Log()
    run(bench, examples, path, recipe=replace(RECIPE, epochs=1), log=log)
    assert len(log.stages) == 3
    path.write_bytes(checkpoint.read_bytes())
    log = Log()
    run(bench, examples[:4], path, recipe=replace(LONG, epochs=1), log=log)
    assert len(log.stages) == 1


class Trap:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "pickle", "list", "trap"])
def test_a_damaged_checkpoint_is_one_line(bench, examples, whole, tmp_path, kind):
    """It names the file and the way out, and nothing in it is run."""
    _, _, checkpoint = whole
    path, mark = tmp_path / "run.pt", tmp_path / "ran"
    data = checkpoint.read_bytes()
    if kind == "list":
        torch.save([1, 2], path)
    elif kind == "trap":
        torch.save({"recipe": Trap(mark)}, path)
    else:
        contents = {
            "empty": b"",
            "text": b"no checkpoint at all",
            "cut": data[: len(data) // 2],
            "pickle": pickle.dumps({"recipe": {}}),
        }
        path.write_bytes(contents[kind])
    with pytest.raises(UserError, match="--no-resume") as caught:
        run(bench, examples, path, recipe=LONG)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


def test_a_second_run_counts_on_and_learns_slower(bench, examples, tmp_path):
    """Its passes go by their own numbers; at rate zero nothing is learned."""
    log = Log()
    still = run(bench, examples, tmp_path / "a.pt", first=4, rate=0.0, log=log)
    assert log.stages[0].startswith("pass 5, loss ")
    assert same(still, bench.network())
    slow = run(bench, examples, tmp_path / "b.pt", rate=0.1)
    fast = run(bench, examples, tmp_path / "c.pt")
    fresh = weights(bench.network())

    def way(network: Network) -> float:
        found = weights(network)
        return sum(float(np.abs(found[name] - fresh[name]).sum()) for name in fresh)

    assert 0 < way(slow) < 0.5 * way(fast)


def test_few_articles_are_one_step_a_pass(bench, examples, tmp_path):
    """Fewer articles than one step takes are still learned from."""
    log = Log()
    run(bench, examples[:2], tmp_path / "few.pt", log=log)
    assert len(log.stages) == RECIPE.epochs
