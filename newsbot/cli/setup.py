"""`init` and `check`: a config to begin with, and whether everything works."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from newsbot.cli.base import Session, write_json

if TYPE_CHECKING:
    from datetime import datetime

    from newsbot.app import App
    from newsbot.types import Article


@click.command()
@click.option("--lang", type=click.Choice(["de", "en"]), help="Language of the alerts.")
@click.pass_context
def init(context: click.Context, lang: str | None) -> None:
    """Write a commented config file to begin with; never overwrites one."""
    from importlib import resources

    from newsbot.errors import UserError

    assert context.parent is not None
    path = Path(context.parent.params["config"] or "config.toml")
    template = resources.files("newsbot") / "data" / "config.example.toml"
    source = Path(str(template))
    if not source.is_file():  # a checkout keeps it at its top
        source = Path(__file__).parents[2] / "config.example.toml"
    text = source.read_text(encoding="utf-8")
    if lang:
        text = text.replace('language = "en"  #', f'language = "{lang}"  #')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UserError(f"{path} exists already; it was not touched") from error
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    click.echo(f"written: {path}", err=True)
    click.echo("next: add feeds to it, then `newsbot check`", err=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of `newsbot check`."""

    state: Literal["ok", "warn", "fail"]
    part: str
    text: str
    #: How to mend it; empty when all is well.
    fix: str = ""


#: What mends a part whose error does not say so itself.
_FIXES = {
    "database": "set database.path in the config, or free the file",
    "model": "set [model] in the config, or try `newsbot model info`",
    "feeds": "correct [[feeds]] in the config",
    "channels": "correct [telegram] and [[chat]] in the config",
    "deliveries": "free the database's file",
    "mail": "correct [email] and [digest] in the config",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def check(session: Session, as_json: bool) -> None:
    """Try every part for real: config, database, model, a feed, channels."""
    app = session.app  # a config that cannot be read ends here, with its line
    lines = [Line(state="ok", part="config", text=str(app.config.folder))]
    for part, probe in (
        ("database", _database),
        ("model", _model),
        ("feeds", _feeds),
        ("channels", _channels),
        ("deliveries", _deliveries),
        ("mail", _mail),
    ):
        lines.extend(_guarded(part, probe, app))
    if as_json:
        write_json(
            [
                {"state": x.state, "part": x.part, "text": x.text, "fix": x.fix}
                for x in lines
            ]
        )
    else:
        for line in lines:
            click.echo(f"{line.state:<5} {line.part}: {line.text}")
            if line.fix:
                click.echo(f"      → {line.fix}")
    if any(line.state == "fail" for line in lines):
        raise click.exceptions.Exit(3)


def _guarded(
    part: str, probe: Callable[[App], Iterator[Line]], app: App
) -> Iterator[Line]:
    from newsbot.errors import NewsbotError

    try:
        yield from probe(app)
    except NewsbotError as error:
        text = " ".join(str(error).split())
        yield Line(state="fail", part=part, text=text, fix=_FIXES[part])


def _database(app: App) -> Iterator[Line]:
    rows = app.store.connection.rows("PRAGMA integrity_check")
    answer = str(rows[0]["integrity_check"])
    if answer != "ok":
        fix = "restore a backup"
        yield Line(state="fail", part="database", text=answer, fix=fix)
        return
    counts = sum(app.store.line.counts().values())
    text = f"{app.store_name}, {counts} entries"
    yield Line(state="ok", part="database", text=text)


def _model(app: App) -> Iterator[Line]:
    from newsbot.stages.reading import read_article

    if app.config.model.preset == "embedded":
        from newsbot.adapters import embedded

        if not embedded.is_prepared(app.config.cache_path):
            embedded.base_sha256()  # says what is missing, if the extra is
            yield Line(
                state="warn",
                part="model",
                text="not converted yet; the first run does it",
                fix="newsbot model prepare",
            )
            return
    judge = app.brain.judge  # says what is missing before anything is asked
    judge.judge([read_article(_sample(app.clock()), app.gazetteer)], app.clock())
    yield Line(state="ok", part="model", text=f"{app.brain.name} answers")


def _sample(now: datetime) -> Article:
    """An article that every judge has to read."""
    from newsbot.types import Article

    return Article(
        id="check",
        entry_id="check",
        url="https://example.org/check",
        title="Nvidia and Anthropic sign an AI cloud deal",
        text="Anthropic will rent AI chips from Nvidia, both companies said.",
        language="en",
        published_at=now,
        site="example.org",
        author=None,
        text_origin="page",
        fingerprint=0,
    )


def _feeds(app: App) -> Iterator[Line]:
    from newsbot.poll import may_be_forced

    app.sync()
    feeds = app.store.feeds.all()
    if not feeds:
        fix = "newsbot feeds add URL"
        yield Line(state="warn", part="feeds", text="none", fix=fix)
        return
    # A poll like any other, so that no answer is asked for twice.
    feed, now = feeds[0], app.clock()
    if not may_be_forced(feed, now):
        text = f"{len(feeds)} known; {feed.url}: {feed.courtesy.wait_reason}"
        yield Line(state="warn", part="feeds", text=text, fix="newsbot feeds list")
        return
    (polled,) = app.poll_these([feed], now)
    if polled.error is not None:
        fix = f"newsbot feeds test {feed.url}"
        text = f"{feed.url}: {polled.error}"
        yield Line(state="fail", part="feeds", text=text, fix=fix)
        return
    n_entries = f"{polled.n_new} new entries" if polled.n_new else "nothing new"
    text = f"{len(feeds)} known; {feed.url} answers: {n_entries}"
    yield Line(state="ok", part="feeds", text=text)
    failing = [one for one in feeds if one.error]
    if failing:
        yield Line(
            state="warn",
            part="feeds",
            text=f"{len(failing)} with errors",
            fix="newsbot feeds list",
        )


def _channels(app: App) -> Iterator[Line]:
    from newsbot.errors import DeliveryError

    telegram = app.config.telegram
    if not (telegram.chats or telegram.takes_commands):
        yield Line(
            state="warn",
            part="channels",
            text="no Telegram chat; alerts go to the console",
            fix="set telegram.chats or telegram.managers in the config",
        )
    elif not os.environ.get(telegram.token_env):
        yield Line(
            state="fail",
            part="channels",
            text=f"the environment variable {telegram.token_env} is empty",
            fix="put the bot's token there",
        )
        return
    for name, channel in app.channels.items():
        try:
            who = channel.whoami()
        except DeliveryError as error:
            fix = "put the right address or key in place, then restart newsbot"
            yield Line(state="fail", part="channels", text=f"{name}: {error}", fix=fix)
        else:
            yield Line(state="ok", part="channels", text=f"{name}: {who}")


def _deliveries(app: App) -> Iterator[Line]:
    """What became of the messages, and who gets none at present."""
    from newsbot.adapters.db.recipients import parked
    from newsbot.adapters.db.watch import WatchRows
    from newsbot.stages.health import sending_line

    outbox = app.store.outbox
    sending = WatchRows(app.store.connection).sending(app.clock())
    yield Line(state="ok", part="deliveries", text=sending_line(sending))
    for pause in outbox.traffic.pauses(app.clock()):
        state: Literal["warn", "fail"] = "fail" if pause.refused else "warn"
        text = f"{pause.channel} rests since {pause.since:%Y-%m-%d %H:%M} UTC: "
        fix = (
            "put a valid token in place, then restart newsbot" if pause.refused else ""
        )
        yield Line(state=state, part="deliveries", text=text + pause.reason, fix=fix)
    for one in parked(outbox.recipients.all()):
        text = f"{one.channel} {one.recipient} parked: {one.reason}"
        yield Line(state="warn", part="deliveries", text=text)


def _mail(app: App) -> Iterator[Line]:
    mailroom = app.mailroom
    if not mailroom.configured:
        return  # nobody asked for mail
    mailroom.try_out()
    text = (
        f"{app.config.email.host} answers; {len(app.store.subscribers.all())} readers"
    )
    yield Line(state="ok", part="mail", text=text)
