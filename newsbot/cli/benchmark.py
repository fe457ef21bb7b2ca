"""`benchmark`: how fast a model is on this machine, within about a minute."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from newsbot.cli.base import ProgressLine, Session, write_json

if TYPE_CHECKING:
    from newsbot.app import App
    from newsbot.evaluation.speed import Bench, Speed
    from newsbot.types import Article

#: What is printed for people: key, name, unit.
_ROWS = (
    ("model", "model", ""),
    ("device", "device", ""),
    ("dtype", "number type", ""),
    ("quantisation", "quantisation", ""),
    ("load_seconds", "loading", "s"),
    ("prefill_tokens_per_second", "reading", "tokens/s"),
    ("decode_tokens_per_second_1", "writing, batch of 1", "tokens/s"),
    ("decode_tokens_per_second_8", "writing, batch of 8", "tokens/s"),
    ("encoded_articles_per_second", "encoding", "articles/s"),
    ("articles_per_second", "judging, end to end", "articles/s"),
    ("n_articles", "articles judged", ""),
    ("peak_memory_gib", "peak memory", "GiB"),
)


@click.command()
@click.option(
    "--model", "name", help="A preset, a model folder, or a Hugging Face name."
)
@click.option(
    "--seconds",
    type=click.IntRange(5, 3600),
    default=45,
    show_default=True,
    help="How long to measure, about; loading comes before.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def benchmark(session: Session, name: str | None, seconds: int, as_json: bool) -> None:
    """Measure tokens and articles per second of a model on this machine.

    Judges articles that come with newsbot; nothing is stored or sent.
    """
    from newsbot.brain import with_model

    config = session.config_or_default()
    app = session.build(with_model(config, name) if name else config)
    progress = ProgressLine()
    if app.config.model.preset == "embedded":
        from newsbot.adapters import embedded

        embedded.prepare(app.config.cache_path, progress=progress)  # once, not timed
    progress("load", 0.0)
    started = time.perf_counter()
    _ = app.brain
    facts: dict[str, object] = {"model": app.brain.name}
    loaded = time.perf_counter() - started
    facts |= _machine(app)
    facts["load_seconds"] = None if facts["dtype"] is None else loaded
    facts |= asdict(_measure(app, _bench(app, seconds, progress)))
    facts["peak_memory_gib"] = _peak_gib(app)
    if as_json:
        write_json(facts)
        return
    for key, label, unit in _ROWS:
        value = facts[key]
        if value is not None:
            shown = f"{value:.2f}" if isinstance(value, float) else value
            click.echo(f"{label + ':':<22}{shown} {unit}".rstrip())


def _machine(app: App) -> dict[str, object]:
    from newsbot.adapters.server import ServerModel

    model = app.brain.model
    if isinstance(model, ServerModel):
        return {"device": "server", "dtype": None, "quantisation": None}
    return {
        "device": model.device,
        "dtype": model.dtype,
        "quantisation": model.quantisation,
    }


def _peak_gib(app: App) -> float | None:
    from newsbot.adapters.server import ServerModel

    model = app.brain.model
    return None if isinstance(model, ServerModel) else model.peak_bytes / 2**30


def _bench(app: App, seconds: int, progress: ProgressLine) -> Bench:
    from newsbot.evaluation.speed import Bench

    return Bench(
        articles=_articles(app),
        judge=app.brain.judge,
        gazetteer=app.gazetteer,
        seconds=seconds,
        batch_size=app.config.model.batch_size,
        now=app.clock(),
        stopwatch=time.perf_counter,
        progress=progress,
    )


def _measure(app: App, bench: Bench) -> Speed:
    from newsbot.evaluation.speed import encoder_speed, text_speed
    from newsbot.prompts import load_prompt

    model = app.brain.model
    if app.config.model.preset == "embedded":
        from newsbot.adapters.hf_reader import HfReader

        assert isinstance(model, HfReader)
        return encoder_speed(model, bench)
    from newsbot.adapters.hf_reader import HfReader

    assert not isinstance(model, HfReader)
    return text_speed(model, load_prompt("detect_deal"), bench)


def _articles(app: App) -> list[Article]:
    """The demo's articles, as the line would have stored them."""
    from newsbot.demo.material import load_articles
    from newsbot.stages.extract import fingerprint
    from newsbot.types import Article

    return [
        Article(
            id=article.id,
            entry_id=article.id,
            url=f"https://{article.publisher}.example{article.path}",
            title=article.title,
            text=article.text,
            language="de" if article.language == "de" else "en",
            published_at=article.published_at,
            site=article.publisher,
            author=None,
            text_origin="page",
            fingerprint=fingerprint(article.text),
        )
        for article in load_articles(app.clock())
    ]
