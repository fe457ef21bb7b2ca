"""From a corpus to an adapter on a tiny base, also through the command line."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

import tiny_tuning
import torch
from commands import here
from tiny_tuning import GAZETTEER, RECIPE

from newsbot.adapters.adapter_file import (
    Adapter,
    load_adapter,
    read_card,
    save_adapter,
)
from newsbot.adapters.hf_files import fingerprint
from newsbot.adapters.hf_reader import HfReader, ReaderConfig
from newsbot.errors import UserError
from newsbot.evaluation.gold import GoldArticle, read_gold
from newsbot.evaluation.run import as_article
from newsbot.stages import questions
from newsbot.stages.heads import CLASSES, PAIRS
from newsbot.stages.recall import recall_text
from newsbot.tuning.corpus_files import corpus_files, data_digest
from newsbot.tuning.tune import PARTS, Place, Tuned, is_held_out, tune

SHORT = replace(RECIPE, epochs=2, last_epochs=1)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return tiny_tuning.build(tmp_path_factory.mktemp("tune") / "base")


@pytest.fixture(scope="module")
def corpus() -> list[GoldArticle]:
    """Some of them are left out of the first run, with a deal and without."""
    some = tiny_tuning.corpus(80)
    left_out = [article for article in some if is_held_out(article)]
    kept = [article for article in some if not is_held_out(article)]
    with_deal = [article for article in left_out if article.deals][:2]
    without = [article for article in left_out if not article.deals][:2]
    assert len(with_deal) == len(without) == 2
    return [*kept[:12], *with_deal, *without]


def tuned(
    corpus, base, runs, *, progress=lambda _stage, _share: None, **parts
) -> Tuned:
    place = Place(
        folder=base, base=fingerprint(base), runs=runs, device="cpu", dtype="float32"
    )
    options = {"recipe": SHORT, "resume": True, **parts}
    return tune(corpus, place, GAZETTEER, progress=progress, **options)


@pytest.fixture(scope="module")
def made(corpus, base, tmp_path_factory) -> tuple[Tuned, list[tuple[str, float]], Path]:
    told: list[tuple[str, float]] = []
    runs = tmp_path_factory.mktemp("runs")
    done = tuned(corpus, base, runs, progress=lambda *one: told.append(one))
    return done, told, runs


def test_every_head_is_tuned_and_measured(made):
    """All heads and pairs are there and finite; figures are of held-out articles."""
    done, _, _ = made
    for adapter in (done.adapter, done.held_out_adapter):
        assert set(adapter.heads.heads) == set(CLASSES)
        assert set(adapter.heads.pairs) == set(PAIRS)
        assert all(np.isfinite(h.weights).all() for h in adapter.heads.heads.values())
        assert adapter.layer == SHORT.layers
    assert done.chosen.figures["article"]["n"] == 4
    assert {"party", "roles", "types", "status"} <= set(done.chosen.figures)
    assert not np.array_equal(
        done.adapter.heads["party"].weights,
        done.held_out_adapter.heads["party"].weights,
    )


def test_progress_goes_through_both_runs(made):
    """First without what is left out, then with it; the share reaches one."""
    _, told, _ = made
    names = [stage.split(",")[0] for stage, _ in told]
    assert list(dict.fromkeys(names)) == ["first run", "second run"]
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    passes = list(dict.fromkeys(stage.split(",")[1].strip() for stage, _ in told))
    assert passes == [f"pass {n + 1}" for n in range(SHORT.epochs + SHORT.last_epochs)]


def same(one: Tuned, other: Tuned, folder: Path) -> bool:
    files = []
    for number, adapter in enumerate(
        a for t in (one, other) for a in (t.adapter, t.held_out_adapter)
    ):
        path = folder / f"{number}.safetensors"
        save_adapter(adapter, path)
        files.append(path.read_bytes())
    return files[0] == files[2] and files[1] == files[3]


def test_the_same_corpus_gives_the_same_adapter(corpus, base, made, tmp_path):
    """Tuned anew, both adapters are equal byte for byte."""
    done, _, _ = made
    assert same(done, tuned(corpus, base, tmp_path / "anew"), tmp_path)


def test_a_finished_run_is_taken_as_it_is(corpus, base, made, tmp_path):
    """Called again with its checkpoints, nothing is learned and the result is equal."""
    done, _, runs = made
    told: list[str] = []
    again = tuned(corpus, base, runs, progress=lambda stage, _: told.append(stage))
    assert told == []
    assert same(done, again, tmp_path)


def test_another_text_or_label_is_another_corpus(corpus, base, made):
    """A corpus that was corrected is trained on, though its ids are the old ones."""
    _, _, runs = made
    *rest, last = corpus
    changed = [*rest, replace(last, text=f"{last.text}\n\nMehr folgt.")]
    told: list[str] = []
    tuned(changed, base, runs, progress=lambda stage, _: told.append(stage))
    assert any(stage.startswith("second run") for stage in told)


def test_calibration_is_worked_into_the_article_s_head(corpus, base, made):
    """The adapter's own probability is the calibrated one."""
    done, _, _ = made
    chosen = done.chosen
    assert (chosen.slope, chosen.shift) != (1.0, 0.0)
    reader = HfReader.load(
        ReaderConfig(folder=str(base), device="cpu", dtype="float32"),
        done.held_out_adapter,
    )
    left_out = [article for article in corpus if is_held_out(article)]
    texts = [as_article(article).full_text for article in left_out]
    read = reader.encode(texts, questions.REPORTS)
    known = np.array([recall_text(memory) for (memory,) in read])
    said = done.held_out_adapter.heads["article"].probabilities(known)[:, 0]
    right = np.array([bool(article.deals) for article in left_out])
    brier = float(((said - right) ** 2).mean())
    assert brier == pytest.approx(chosen.figures["article"]["brier"], abs=0.01)


def test_one_story_is_on_one_side():
    """About an eighth is left out; articles of one first story go together."""
    everything = read_gold(corpus_files([]))
    left_out = [article for article in everything if is_held_out(article)]
    assert 0.5 / PARTS < len(left_out) / len(everything) < 2 / PARTS
    assert {bool(article.deals) for article in left_out} == {True, False}
    assert {article.language for article in left_out} == {"de", "en"}
    sides: dict[str, set[bool]] = {}
    for article in everything:
        if article.deals:
            sides.setdefault(article.deals[0].story, set()).add(is_held_out(article))
    assert all(len(side) == 1 for side in sides.values())


def test_too_small_a_corpus_is_refused(corpus, base, tmp_path):
    """Without held-out articles, or without a deal to learn, it ends in one line."""
    kept = [article for article in corpus if not is_held_out(article)]
    left_out = [article for article in corpus if is_held_out(article)]
    no_deal = [article for article in kept if not article.deals]
    dull = [article for article in left_out if not article.deals]
    for few in ([], kept, left_out, [*no_deal, *left_out], [*kept, *dull]):
        with pytest.raises(UserError, match="too few") as caught:
            tuned(few, base, tmp_path / "runs")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "runs").exists()


def loaded(adapter: Adapter, base: Path, folder: Path) -> Adapter:
    save_adapter(adapter, folder / "start.safetensors")
    return load_adapter(folder / "start.safetensors", base=fingerprint(base))


def parts(adapter: Adapter) -> dict[str, np.ndarray]:
    """All numbers of an adapter, by name."""
    heads = adapter.heads
    found = {
        f"{n}.{k}": m for n, ab in adapter.matrices.items() for k, m in enumerate(ab)
    }
    grouped = {
        **heads.heads,
        **heads.pairs,
        "namer": heads.namer,
        "cast": heads.casting,
    }
    for name, one in grouped.items():
        for field in fields(one):
            if isinstance(value := getattr(one, field.name), np.ndarray):
                found[f"{name}.{field.name}"] = value
    return found


def test_it_goes_on_from_an_adapter(corpus, base, made, tmp_path):
    """At rates of nothing it is the adapter of before, with all that was chosen."""
    start = loaded(made[0].adapter, base, tmp_path)
    still = replace(SHORT, learning_rate=0.0, head_learning_rate=0.0)
    done = tuned(corpus, base, tmp_path / "still", recipe=still, start=start)
    before, after = parts(start), parts(done.adapter)
    assert set(before) == set(after)
    assert any(name.startswith("belongs.") for name in before)
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, atol=1e-6, err_msg=name)
    assert done.adapter.heads.thresholds == start.heads.thresholds
    assert done.adapter.heads.words == start.heads.words

    told: list[str] = []
    moved = tuned(corpus, base, tmp_path / "moved", start=start)
    changed = [
        n for n, v in parts(moved.adapter).items() if not np.allclose(v, before[n])
    ]
    assert any(name.startswith("layers.") for name in changed)
    assert "party.weights" in changed
    again = tuned(
        corpus,
        base,
        tmp_path / "moved",
        start=start,
        progress=lambda stage, _: told.append(stage),
    )
    assert told == []
    assert same(moved, again, tmp_path)
    # Another start is another run, in the same folder.
    other = loaded(moved.adapter, base, tmp_path)
    tuned(
        corpus,
        base,
        tmp_path / "moved",
        start=other,
        progress=lambda stage, _: told.append(stage),
    )
    assert any(stage.startswith("second run") for stage in told)


def test_a_start_without_second_readers_gets_them(corpus, base, made, tmp_path):
    """An adapter of before there were any is gone on from likewise."""
    adapter = made[0].adapter
    bare = replace(adapter, heads=replace(adapter.heads, words={}))
    start = loaded(bare, base, tmp_path)
    done = tuned(corpus, base, tmp_path / "runs", start=start)
    assert set(done.adapter.heads.words) == set(adapter.heads.words)


def test_another_rank_or_depth_is_no_start(corpus, base, made, tmp_path):
    """An adapter of other matrices is refused in one line, before anything is run."""
    start = loaded(made[0].adapter, base, tmp_path)
    for recipe in (replace(SHORT, rank=2), replace(SHORT, first=2)):
        with pytest.raises(UserError, match="the adapter to go on from") as caught:
            tuned(corpus, base, tmp_path / "runs", recipe=recipe, start=start)
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="another base model"):
        tuned(corpus, base, tmp_path / "runs", start=replace(start, base="other"))
    assert not (tmp_path / "runs").exists()


def test_the_process_is_left_as_it_was(made):
    """Tuning takes tiny numbers for zero, but only while it runs."""
    assert float(np.float32(1e-40)) > 0
    assert float(torch.tensor(1e-30) * torch.tensor(1e-10)) > 0


# Through the command line.


@pytest.fixture
def home(tmp_path, corpus) -> Path:
    """A user's folder: a config whose cache is here, and the corpus as a file."""
    (tmp_path / "config.toml").write_text(
        '[model]\ncache = "cache"\ndevice = "cpu"\ndtype = "float32"\n'
    )
    chosen = {article.id for article in corpus}
    lines = [
        line
        for file in corpus_files([])
        for line in file.read_text("utf-8").splitlines()
        if json.loads(line)["id"] in chosen
    ]
    assert len(lines) == len(corpus)
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path


def command(home: Path, base: Path, *more, corpus="corpus.jsonl", layers=3):
    return going_on(home, base, "--layers", layers, "--epochs", 1, *more, corpus=corpus)


def going_on(home: Path, base: Path, *more, corpus="corpus.jsonl"):
    return here(
        home,
        *("--config", home / "config.toml", "model", "tune", "--base", base),
        *("--corpus", corpus, "--out", home / "own.safetensors", *more),
    )


def test_tuning_through_the_command_line(home, base):
    """The adapter is written, loads on its base, and its card is printed and kept."""
    done = command(home, base)
    assert done.code == 0, done.err
    out = home / "own.safetensors"
    card = json.loads(done.out)
    assert json.loads(read_card(out)["card"]) == card
    assert card["articles"] == 16
    assert card["data"] == data_digest([home / "corpus.jsonl"])
    assert card["recipe"]["layers"] == 3
    assert card["recipe"]["epochs"] == 1
    assert card["base"] == base.name
    assert "first run, pass 1, loss" in done.err
    assert "second run, pass 2, loss" in done.err
    assert f"written: {out}" in done.err
    adapter = load_adapter(out, base=fingerprint(base))
    assert adapter.matrices
    HfReader.load(ReaderConfig(folder=str(base), device="cpu"), adapter)
    checkpoints = sorted(path.name for path in (home / "cache" / "tuning").iterdir())
    assert len(checkpoints) == 2
    assert all(name.endswith(".pt") for name in checkpoints)

    # The same again goes on from the end, and gives the same bytes.
    first = out.read_bytes()
    out.unlink()
    again = command(home, base)
    assert again.code == 0, again.err
    assert "pass" not in again.err
    assert out.read_bytes() == first
    assert again.out == done.out

    # Anew, it is trained again, to the same bytes.
    anew = command(home, base, "--no-resume")
    assert anew.code == 0, anew.err
    assert "pass 1, loss" in anew.err
    assert out.read_bytes() == first

    # Another seed is another run.
    other = command(home, base, "--seed", 2)
    assert other.code == 0, other.err
    assert out.read_bytes() != first


def test_going_on_through_the_command_line(home, base):
    """Its matrices, half the rates, and a card that names the adapter before."""
    assert command(home, base).code == 0
    (home / "own.safetensors").rename(home / "before.safetensors")
    done = going_on(home, base, "--from", home / "before.safetensors")
    assert done.code == 0, done.err
    card = json.loads(done.out)
    before = load_adapter(home / "before.safetensors", base=fingerprint(base))
    assert card["from"] == before.heads.hash
    was, now = json.loads(before.card)["recipe"], card["recipe"]
    assert {n: now[n] for n in ("layers", "first", "rank")} == {
        n: was[n] for n in ("layers", "first", "rank")
    }
    assert now["learning_rate"] == was["learning_rate"] / 2
    assert now["epochs"] == 2
    own = load_adapter(home / "own.safetensors", base=fingerprint(base))
    assert own.heads.thresholds == before.heads.thresholds
    assert own.heads.hash != before.heads.hash

    line = command(home, base, "--from", home / "before.safetensors").refused(2)
    assert "no --layers" in line
    line = going_on(home, base, "--from", home / "own.safetensors").refused(2)
    assert "another file" in line
    (home / "before.safetensors").write_bytes(b"no adapter")
    line = going_on(home, base, "--from", home / "before.safetensors").refused(3)
    assert "before.safetensors: no usable adapter" in line


def test_a_tuned_adapter_is_what_judging_asks_for(home, base):
    """`model info` tells the adapter that the config names, without loading it."""
    done = command(home, base)
    assert done.code == 0, done.err
    with (home / "config.toml").open("a") as config:
        config.write(f'name = "{base}"\nadapter = "own.safetensors"\n')
    told = here(home, "--config", home / "config.toml", "model", "info", "--json")
    assert told.code == 0, told.err
    facts = json.loads(told.out)
    assert facts["layers"] == 3
    assert facts["card"] == json.loads(done.out)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "too few"),
        ("{}\n", "corpus.jsonl:1: not a gold article"),
        ("no json\n", "corpus.jsonl:1: not a gold article"),
    ],
)
def test_a_bad_corpus_is_one_line(home, base, content, message):
    """Empty, of another form or no JSON: the line says so before anything is run."""
    (home / "corpus.jsonl").write_text(content)
    assert message in command(home, base).refused(2)
    assert not (home / "own.safetensors").exists()


def test_a_missing_corpus_base_or_folder_is_one_line(home, base):
    """What is not there is named: corpus, base, layers, the folder to write to."""
    assert "nowhere" in command(home, base, corpus="nowhere").refused(2)
    assert "nowhere" in command(home, home / "nowhere").refused(3)
    line = command(home, base, layers=9).refused(3)
    assert "it has 4 layers, not 9" in line
    out = home / "nowhere" / "own.safetensors"
    assert "no such folder" in command(home, base, "--out", out).refused(2)
