"""What the commands share: the config, the app, progress, and writing data."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from newsbot.cli.logs import say

if TYPE_CHECKING:
    from pathlib import Path

    from newsbot.adapters.db import Store
    from newsbot.app import App
    from newsbot.config import Config
    from newsbot.stages.organisations import Gazetteer


#: Of feeds that newsbot reads.
LANGUAGE = click.Choice(["de", "en"])


class Session:
    """One run of the command line; builds the app when a command wants it."""

    def __init__(self, config: str | None) -> None:
        self._option = config
        self._app: App | None = None
        self._store: Store | None = None
        self._gazetteer: Gazetteer | None = None
        self._settings: Config | None = None

    @property
    def config_file(self) -> Path:
        """Where the config file is."""
        from newsbot.config import find_config

        return find_config(self._option)

    def config(self) -> Config:
        """Find, read and check the config file."""
        from newsbot.config import load_config

        return load_config(self.config_file)

    def config_or_default(self) -> Config:
        """Like `config`, but without any file the defaults serve."""
        from newsbot.config import Config, find_config, load_config
        from newsbot.errors import ConfigError

        if self._option:
            return self.config()
        try:
            path = find_config(None)
        except ConfigError:
            return Config()
        return load_config(path)

    @property
    def app(self) -> App:
        """The app of the config file."""
        if self._app is None:
            self._app = self.build(self.config())
        return self._app

    @property
    def store(self) -> Store:
        """The ledger alone: who only reads it waits for no other part to be loaded."""
        if self._app is not None:
            return self._app.store
        if self._store is None:
            from newsbot.adapters.db import open_store

            self._store = open_store(self.settings.database_path)
        return self._store

    @property
    def gazetteer(self) -> Gazetteer:
        """Whom newsbot knows, without the rest of the app, likewise."""
        if self._app is not None:
            return self._app.gazetteer
        if self._gazetteer is None:
            from newsbot.known import known_organisations

            self._gazetteer = known_organisations(self.settings)
        return self._gazetteer

    @property
    def settings(self) -> Config:
        """The config as it was when it was first needed."""
        if self._settings is None:
            self._settings = self.config()
        return self._settings

    def build(self, config: Config) -> App:
        """Build an app that is closed with this session."""
        from newsbot.app import App

        self.close()
        self._app = App(config, progress=ProgressLine())
        return self._app

    def close(self) -> None:
        """Close what was opened."""
        if self._app is not None:
            self._app.close()
            self._app = None
        if self._store is not None:
            self._store.close()
            self._store = None


class ProgressLine:
    """Says on standard error what takes long: one line, rewritten on a terminal."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, stage: str, fraction: float) -> None:
        """Show a stage and its share done."""
        text = f"{stage} {fraction:4.0%}"
        if sys.stderr.isatty():
            width = 24
            filled = int(width * min(max(fraction, 0.0), 1.0))
            bar = "#" * filled + "." * (width - filled)
            end = "\n" if fraction >= 1 else ""
            click.echo(f"\r\x1b[K[{bar}] {text}{end}", err=True, nl=False)
        elif stage != self._last:
            say(f"{stage} ...")
        self._last = stage


def write_json(data: Any, *, pretty: bool = True) -> None:
    """Write data to standard output as JSON."""
    indent = 2 if pretty else None
    click.echo(json.dumps(data, ensure_ascii=False, indent=indent))
