"""`model` and `tuning`: the model's files, and the adapter tuned on it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsbot.cli.base import ProgressLine, Session, write_json

if TYPE_CHECKING:
    from newsbot.adapters.adapter_file import Adapter
    from newsbot.presets import Preset
    from newsbot.tuning.train import Recipe


@click.group()
def model() -> None:
    """Show, prepare and tune the model."""


@model.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def info(session: Session, as_json: bool) -> None:
    """Show which model judges, whether it is ready, and how its adapter was tuned."""
    from newsbot.adapters import adapter_file, embedded
    from newsbot.presets import PRESETS, preset_of

    config = session.config_or_default()
    cache = config.cache_path
    is_embedded = config.model.preset == "embedded"
    own = "gemma3-270m" if is_embedded else preset_of(config.model.preset).repository
    facts: dict[str, object] = {
        "preset": config.model.preset,
        "name": config.model.name or own,
        "device": config.model.device,
    }
    if is_embedded:
        ready = embedded.is_prepared(cache)
        path = config.adapter_path or adapter_file.shipped_adapter()
        card = adapter_file.read_card(path)
        facts |= {
            "prepared": ready,
            "folder": str(embedded.cache_folder(cache)),
            "adapter": str(path),
            "layers": int(card["layer"]),
            "thresholds": json.loads(card["thresholds"]),
            "card": json.loads(card["card"]),
        }
        manifest = embedded.read_manifest(embedded.cache_folder(cache))
        if manifest is not None:
            facts["dtype"] = manifest.dtype
    if config.database_path.is_file():
        calibration = session.build(config).store.ledger.calibration()
        if calibration is not None:
            facts["calibrated"] = {
                "threshold": calibration.threshold,
                "assessor": calibration.assessor,
            }
    presets = [_preset_row(preset) for preset in PRESETS]
    if as_json:
        write_json({**facts, "presets": presets})
        return
    for name, value in facts.items():
        shown = value if not isinstance(value, dict) else json.dumps(value)
        click.echo(f"{name}: {shown}")
    click.echo("\npresets for [model] preset, or --model:")
    for row in presets:
        click.echo(f"  {row['name']:<13} {row['model'] or row['why']}")
        if row["model"]:
            gpu = f"GPU of {row['gpu_gib']:.0f} GiB" if row["gpu_gib"] else "any CPU"
            how = row["quantisation"] if row["quantisation"] != "none" else "bfloat16"
            click.echo(f"  {'':<13} {row['licence']}; {gpu}, {how}; {row['why']}")


def _preset_row(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "model": preset.repository,
        "licence": preset.licence,
        "weights_gib": preset.weights_gib,
        "quantisation": preset.quantisation,
        "gpu_gib": preset.gpu_gib,
        "why": preset.why,
    }


@model.command()
@click.pass_obj
def prepare(session: Session) -> None:
    """Convert the embedded model once, so that it loads in seconds."""
    from newsbot.adapters import embedded

    config = session.config_or_default()
    folder = embedded.prepare(config.cache_path, progress=ProgressLine())
    click.echo(f"ready: {folder}", err=True)


@model.command()
@click.option(
    "--corpus",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Folder or file of labelled articles; may be given again.",
)
@click.option(
    "--base", "name", help="A model folder to tune instead of the embedded model."
)
@click.option(
    "--from",
    "start",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Go on from this adapter instead of from base weights, at half the rates; its "
    "thresholds are kept. Needs --out.",
)
@click.option(
    "--layers",
    type=click.IntRange(min=1),
    help="Layers of the base to run; else as the recipe says.",
)
@click.option("--epochs", type=click.IntRange(min=1), help="Passes over the corpus.")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides chance.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the adapter; else over the package's own.",
)
@click.option(
    "--resume/--no-resume",
    default=True,
    help="Go on where a stopped run of the same recipe and corpus stood.",
)
@click.pass_obj
def tune(
    session: Session,
    folders: tuple[Path, ...],
    name: str | None,
    start: Path | None,
    layers: int | None,
    epochs: int | None,
    seed: int,
    out: Path | None,
    resume: bool,
) -> None:
    """Tune an adapter on a labelled corpus.

    From base weights it takes two to four hours on two cores; it may be stopped and
    gone on with. To teach an adapter your own labels, go on from it with --from.
    """
    from newsbot.adapters import adapter_file, embedded
    from newsbot.adapters.hf_files import fingerprint, local_folder, model_name
    from newsbot.errors import UserError
    from newsbot.evaluation.gold import read_gold
    from newsbot.tuning.card import EMBEDDED, make_card
    from newsbot.tuning.corpus_files import corpus_files
    from newsbot.tuning.tune import Place
    from newsbot.tuning.tune import tune as tune_adapter

    if start and (out is None or out.resolve() == start.resolve()):
        raise click.UsageError("--from needs --out: another file than its own")
    if start and layers:
        raise click.UsageError("--from takes the layers of its adapter: no --layers")
    path = out or adapter_file.shipped_adapter()
    if not path.parent.is_dir():  # said now, not after an hour
        raise UserError(f"{path.parent}: no such folder")
    files = corpus_files(folders)
    corpus = read_gold(files)
    config = session.config_or_default()
    app = session.build(config)
    progress = ProgressLine()
    if name is None:
        folder = embedded.prepare(config.cache_path, progress=progress)
        base = embedded.base_sha256()
    else:
        folder = local_folder(name, offline=True)
        base = fingerprint(folder)
    adapter = adapter_file.load_adapter(start, base=base) if start else None
    recipe = _recipe(adapter, layers, epochs, seed)
    tuned = tune_adapter(
        corpus,
        Place(
            folder=folder,
            base=base,
            runs=config.cache_path / "tuning",
            device=config.model.device,
            dtype=config.model.dtype,
        ),
        app.gazetteer,
        recipe,
        resume=resume,
        progress=progress,
        start=adapter,
    )
    called = EMBEDDED if name is None else model_name(folder, name)
    card = make_card(tuned.chosen, recipe, corpus, files, base=called, start=adapter)
    adapter_file.save_adapter(replace(tuned.adapter, card=json.dumps(card)), path)
    write_json(card)
    click.echo(f"written: {path}", err=True)


def _recipe(
    start: Adapter | None, layers: int | None, epochs: int | None, seed: int
) -> Recipe:
    from newsbot.tuning.train import Recipe

    recipe = Recipe(seed=seed)
    if start is not None:
        recipe = recipe.going_on(start)
    if layers is not None:  # of few layers, the upper two thirds learn
        recipe = replace(recipe, layers=layers, first=min(recipe.first, layers // 3))
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    return recipe


@click.group()
def tuning() -> None:
    """Look after the corpus that the adapter is tuned on."""


@tuning.command("check")
@click.argument(
    "folders",
    nargs=-1,
    type=click.Path(path_type=Path, exists=True),
    metavar="[DIR...]",
)
@click.option(
    "--gold",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Gold files that must share no story, publisher or text with the corpus.",
)
def check_corpus(folders: tuple[Path, ...], gold: tuple[Path, ...]) -> None:
    """Check that spans read back, sums parse, and nothing is shared with the gold."""
    from newsbot.errors import GateError
    from newsbot.evaluation.gold import read_gold
    from newsbot.stages.organisations import load_organisations
    from newsbot.tuning.check import check
    from newsbot.tuning.corpus_files import corpus_files

    corpus = read_gold(corpus_files(folders))
    problems = check(corpus, read_gold(gold), load_organisations())
    for problem in problems:
        click.echo(problem)
    click.echo(f"{len(corpus)} articles, {len(problems)} problems", err=True)
    if problems:
        raise GateError(f"the corpus has {len(problems)} problems")
