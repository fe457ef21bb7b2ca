"""`newsbot demo`: the real line over HTTP against the small site."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from newsbot.cli.views import alert_view, deal_view
from newsbot.config import (
    AlertsConfig,
    Config,
    DatabaseConfig,
    FeedConfig,
    NetworkConfig,
)
from newsbot.demo.server import HOST, DemoSite
from newsbot.errors import UserError
from newsbot.stages.digest import render_digest
from newsbot.types import Alert, Article, Summary
from newsbot.vocabulary import Language

if TYPE_CHECKING:
    from newsbot.app import App
    from newsbot.cli.base import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a run of the demo has to show."""

    #: As `--json` prints it.
    document: dict[str, Any]
    #: Site, title and summary of the relevant articles that are no deals.
    summaries: tuple[tuple[str, str, str], ...]
    #: The last lines: what was new, and where things lie.
    closing: str


def default_folder() -> Path:
    """The user's data folder, where the demo keeps its ledger."""
    base = os.environ.get("XDG_DATA_HOME")
    data = Path(base) if base else Path.home() / ".local" / "share"
    return data / "newsbot" / "demo"


def run_demo(
    session: Session,
    folder: Path,
    *,
    language: Language,
    progress: Callable[[str, int], None],
) -> Shown:
    """Start the site, walk the line over it, and gather what came out.

    Args:
        session: Builds and closes the app.
        folder: Holds the ledger and the digest; made if missing.
        language: Of the alerts and the digest.
        progress: Told the stages.

    Raises:
        UserError: The folder cannot be written.
    """
    started = monotonic()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        port = _last_port(folder)
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror or error}") from error
    app = session.build(Config(folder=folder.absolute()))
    now = app.clock()
    with DemoSite(now, port=port) as site:
        app = session.build(_config(folder, site, language))
        app.lock("demo")
        # Not before the lock: a second demo beside this one has another port.
        _write(folder / "port", str(site.port))
        app.sync_feeds()
        known = {alert.id for alert in app.store.outbox.alerts()}
        polled = app.poll(force=True)
        app.walk_and_send(progress=progress)
    alerts = [alert for alert in app.store.outbox.alerts() if alert.id not in known]
    n_new = sum(one.n_new for one in polled)
    return _gather(app, alerts, n_new, now - timedelta(hours=48), started, language)


def _config(folder: Path, site: DemoSite, language: Language) -> Config:
    """Configure as a user would: nothing but the allow entry is special."""
    return Config(
        database=DatabaseConfig(path="demo.db"),
        # Its own site is in no hurry to be left alone.
        network=NetworkConfig(allow=(f"{HOST}:{site.port}",), spacing_ms=0),
        feeds=tuple(
            FeedConfig(url=url, language="de" if code == "de" else "en")
            for url, code in site.feeds
        ),
        alerts=AlertsConfig(language=language, console=False),
        folder=folder.absolute(),
    )


def _last_port(folder: Path) -> int:
    file = folder / "port"
    text = file.read_bytes() if file.is_file() else b""
    return int(text) if re.fullmatch(rb"[0-9]{1,5}", text) and int(text) < 65_536 else 0


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file}: {error.strerror or error}") from error


def _gather(
    app: App,
    alerts: list[Alert],
    n_new: int,
    since: Any,
    started: float,
    language: Language,
) -> Shown:
    store = app.store
    articles: dict[str, Article] = {}
    others: list[Summary] = []
    for summary in store.ledger.summaries(since):
        article = store.line.article(summary.article_id)
        if article is not None and not store.ledger.findings_of(article.id):
            articles[article.id] = article
            others.append(summary)
    page = app.config.folder / "digest.html"
    everything = store.outbox.alerts()
    digest = render_digest(
        everything,
        others,
        articles,
        day=app.clock().date().isoformat(),
        language=language,
    )
    _write(page, digest)
    seconds = round(monotonic() - started, 1)
    deals = store.ledger.deals()
    closing = (
        f"{n_new} new articles, {len(alerts)} alerts, {seconds} seconds"
        if n_new
        else f"nothing new: all articles were read before ({len(deals)} deals known)"
    )
    return Shown(
        document={
            "articles": n_new,
            "alerts": [alert_view(alert) for alert in alerts],
            "deals": [deal_view(deal, store) for deal in deals],
            "seconds": seconds,
            "database": str(app.config.database_path),
        },
        summaries=tuple(
            (articles[s.article_id].site, articles[s.article_id].title, s.text)
            for s in others
        )
        if n_new
        else (),
        closing=(f"{closing}\ndatabase: {app.config.database_path}\ndigest:   {page}"),
    )
