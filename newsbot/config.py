"""The config file: TOML in, one frozen `Config` out, or one clear error.

A closed form: an unknown key is an error that names the key, its value, the
line and the nearest known key. Secrets are never in the file: it names
environment variables.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
import types
import typing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from newsbot.errors import ConfigError
from newsbot.presets import PresetName
from newsbot.types import Language, OrganisationKind

#: Raised when a key changes its meaning; older files are then migrated.
CONFIG_VERSION = 1

_DURATION = re.compile(r"(\d{1,6})\s*(m|min|h|d)")
#: Longer ones would reach before the first year that a date can name.
_LONGEST = timedelta(days=3650)
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: A key so named holds a secret by mistake: its value is never repeated.
_SECRET = re.compile(r"(?i)token|password|passwort|secret|key|credential")
_DURATION_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseConfig:
    """Where the ledger lies; relative to the config file."""

    path: str = "newsbot.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """How newsbot behaves towards servers."""

    #: ``host:port`` pairs freed from the limits on addresses and ports.
    allow: tuple[str, ...] = ()
    #: Said in the User-Agent, so that a publisher can write to you.
    contact: str = ""
    #: Seconds a whole request may take, redirects included.
    timeout_seconds: int = 30
    #: Largest decoded body, in MiB.
    max_mebibytes: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """A feed to follow."""

    url: str
    language: Language | None = None
    every_minutes: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Which model judges."""

    preset: PresetName = "embedded"
    #: Folder or Hugging Face name, or the server's model name; empty: the preset's.
    name: str = ""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    #: ``auto``: as the preset needs it; bitsandbytes does ``int8``.
    quantisation: Literal["auto", "none", "int8"] = "auto"
    batch_size: int = 8
    #: Tokens a prompt and its answer may take together.
    context: int = 4096
    #: For ``server``: the base URL of an OpenAI-compatible API.
    base_url: str = ""
    #: For ``server``: the environment variable that holds the key.
    api_key_env: str = ""
    #: For ``embedded``: an adapter file of one's own; empty: the one that ships.
    adapter: str = ""
    #: Where converted models are kept; empty: the user's cache folder.
    cache: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramConfig:
    """Alerts to Telegram chats."""

    token_env: str = "TELEGRAM_BOT_TOKEN"
    #: As python-telegram-bot takes it; the token follows directly.
    base_url: str = "https://api.telegram.org/bot"
    chats: tuple[int | str, ...] = ()
    managers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailConfig:
    """The mail server of the daily digest."""

    host: str = ""
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username_env: str = ""
    password_env: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsConfig:
    """What an alert looks like, and which news may alert."""

    language: Language = "en"
    #: On a feed's first poll, older entries are stored without alerts.
    max_age: timedelta = timedelta(hours=48)
    #: Print alerts on standard output as well.
    console: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationConfig:
    """An organisation of the user's own, added to the packaged list."""

    name: str
    kind: OrganisationKind = "software"
    aliases: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    parent: str | None = None
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything a user can set, checked."""

    config_version: int = CONFIG_VERSION
    database: DatabaseConfig = field(default_factory=DatabaseConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    feeds: tuple[FeedConfig, ...] = ()
    model: ModelConfig = field(default_factory=ModelConfig)
    telegram: TelegramConfig = field(default_factory=TelegramConfig)
    email: EmailConfig = field(default_factory=EmailConfig)
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    organisations: tuple[OrganisationConfig, ...] = ()
    #: The folder that relative paths start from.
    folder: Path = Path()

    @property
    def database_path(self) -> Path:
        """The database file, absolute where the config's folder is."""
        return self._place(self.database.path)

    @property
    def adapter_path(self) -> Path | None:
        """The adapter to use instead of the shipped one, if any."""
        return self._place(self.model.adapter) if self.model.adapter else None

    @property
    def cache_path(self) -> Path:
        """The folder for converted models."""
        if self.model.cache:
            return self._place(self.model.cache)
        if named := os.environ.get("NEWSBOT_CACHE"):
            return Path(named)
        base = os.environ.get("XDG_CACHE_HOME")
        return (Path(base) if base else Path.home() / ".cache") / "newsbot"

    def _place(self, named: str) -> Path:
        return self.folder / Path(named).expanduser()


def find_config(option: str | None) -> Path:
    """Pick the config file: option, ``NEWSBOT_CONFIG``, here, or the user's folder.

    Raises:
        ConfigError: There is none; says how to make one.
    """
    named = option or os.environ.get("NEWSBOT_CONFIG")
    if named:
        return Path(named)
    places = [Path("config.toml"), Path.home() / ".config" / "newsbot" / "config.toml"]
    for place in places:
        if place.is_file():
            return place
    raise ConfigError(
        "no config file: run `newsbot init`, or name one with --config FILE"
    )


def load_config(path: Path) -> Config:
    """Read and check a config file.

    Raises:
        ConfigError: Unreadable, not TOML, or a key or value is wrong; the one
            line names file, line, key, value and the nearest known key.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{path}: {reason}; `newsbot init` writes one") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start})") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    reader = _Reader(path=path, text=text)
    version = data.get("config_version", CONFIG_VERSION)
    if isinstance(version, int) and version > CONFIG_VERSION:
        message = f"{version} is newer than {CONFIG_VERSION}"
        raise reader.error(("config_version",), message)
    config = reader.read(Config, data, ())
    assert isinstance(config, Config)
    return dataclasses.replace(config, folder=path.absolute().parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Turns TOML tables into dataclasses, knowing where each key stands."""

    path: Path
    text: str

    def error(self, key: tuple[str | int, ...], message: str) -> ConfigError:
        line = _line_of(self.text, key)
        where = f"{self.path}:{line}" if line else f"{self.path}"
        return ConfigError(f"{where}: {_dotted(key)}: {message}")

    def read(self, kind: type, table: object, key: tuple[str | int, ...]) -> Any:
        if not isinstance(table, dict):
            raise self.error(key, f"{_shown(table)} is not a table")
        hints = typing.get_type_hints(kind)
        hints.pop("folder", None)
        known = {f.name: f for f in dataclasses.fields(kind) if f.name in hints}
        for name, value in table.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                everything = "" if near else f"; known: {', '.join(known)}"
                shown = "hidden" if _SECRET.search(name) else _shown(value)
                raise self.error(
                    (*key, name), f"unknown key (value {shown}){hint}{everything}"
                )
        values: dict[str, Any] = {}
        for name, spec in known.items():
            if name in table:
                values[name] = self.value(hints[name], table[name], (*key, name))
            elif spec.default is spec.default_factory is dataclasses.MISSING:
                raise self.error(key, f"{name!r} is missing")
        self.check(kind, values, key)
        return kind(**values)

    def value(self, hint: Any, value: object, key: tuple[str | int, ...]) -> Any:
        origin = typing.get_origin(hint)
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            return self.read(hint, value, key)
        if origin is tuple:
            inner = typing.get_args(hint)[0]
            if not isinstance(value, list):
                raise self.error(key, f"{_shown(value)} is not a list")
            return tuple(
                self.value(inner, item, (*key, n)) for n, item in enumerate(value)
            )
        if origin is Literal:
            choices = typing.get_args(hint)
            if value not in choices:
                near = difflib.get_close_matches(str(value), choices, n=1)
                wish = f"; did you mean {near[0]!r}?" if near else ""
                listed = ", ".join(repr(choice) for choice in choices)
                raise self.error(key, f"{_shown(value)} is not one of {listed}{wish}")
            return value
        if origin in (typing.Union, types.UnionType):
            kinds = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
            for kind in kinds[:-1]:
                try:
                    return self.value(kind, value, key)
                except ConfigError:
                    continue
            return self.value(kinds[-1], value, key)
        if hint is timedelta:
            return self.duration(value, key)
        # TOML's true is a Python int, too: a flag where a number belongs is wrong.
        if isinstance(value, bool) is not (hint is bool) or not isinstance(value, hint):
            names = {int: "a whole number", str: "a text in quotes", bool: "true/false"}
            raise self.error(key, f"{_shown(value)} is not {names[hint]}")
        return value

    def duration(self, value: object, key: tuple[str | int, ...]) -> timedelta:
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.error(
                key, f'{_shown(value)} is not a duration such as "48h" or "7d"'
            )
        duration = timedelta(**{_DURATION_UNITS[match[2]]: int(match[1])})
        if duration > _LONGEST:
            raise self.error(key, f"{value!r} is longer than {_LONGEST.days}d")
        return duration

    def check(
        self, kind: type, values: dict[str, Any], key: tuple[str | int, ...]
    ) -> None:
        """Hold values against the limits that a type cannot say."""
        for name, (low, high, unit) in _LIMITS.get(kind, {}).items():
            if name in values and not low <= values[name] <= high:
                message = f"{values[name]!r} is outside {low}..{high} {unit}"
                raise self.error((*key, name), message)
        for name in ("url", "base_url"):
            url = values.get(name)
            unset = url == "" and kind is ModelConfig
            if url is not None and not unset and not _is_address(url):
                message = f"{_shown(url)} is not an http or https address"
                raise self.error((*key, name), message)
        for name, value in values.items():
            is_named = name.endswith("_env") and value
            if is_named and not _ENVIRONMENT_NAME.fullmatch(value):
                # Perhaps the secret itself: it must not reach a log.
                message = "the value is not the name of an environment variable"
                raise self.error((*key, name), message)
        for n, entry in enumerate(values.get("allow", ())):
            match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:/]+):(\d{1,5})", entry)
            if match is None or not 1 <= int(match[2]) <= 65_535:
                message = f'{entry!r} is not "host:port"'
                raise self.error((*key, "allow", n), message)


_LIMITS: dict[type, dict[str, tuple[int, int, str]]] = {
    NetworkConfig: {
        "timeout_seconds": (1, 300, "seconds"),
        "max_mebibytes": (1, 200, "MiB"),
    },
    FeedConfig: {"every_minutes": (1, 44_640, "minutes")},
    ModelConfig: {
        "batch_size": (1, 256, "requests"),
        "context": (256, 1_048_576, "tokens"),
    },
    EmailConfig: {"port": (1, 65_535, "")},
    Config: {"config_version": (1, CONFIG_VERSION, "")},
}


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # "http://[::1"
        return False


def _shown(value: object) -> str:
    """Show a value in an error, cut where it would fill the screen."""
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def _dotted(key: tuple[str | int, ...]) -> str:
    dotted = ""
    for part in key:
        if isinstance(part, int):
            dotted += f"[{part}]"
        else:
            name = part if re.fullmatch(r"[\w-]+", part) else repr(part)
            dotted += f".{name}" if dotted else name
    return dotted or "config"


def _line_of(text: str, key: tuple[str | int, ...]) -> int | None:
    """Find the line of a key, or of what it stands in, for an editor to jump there.

    A `[header]`, a `[[list]]` and a `dotted.key =` each name a path; the first line
    with the longest path that leads to *key* is the one.
    """
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    found, length = None, 0
    for number, line in enumerate(text.split("\n"), 1):
        path = table
        if header := re.match(r"\s*(\[\[?)\s*([^\[\]]+)\]", line):
            path = _parts(header[2])
            if header[1] == "[[":
                counts[path] = counts.get(path, -1) + 1
                path = (*path, counts[path])
            table = path
        elif "=" in line:
            path = (*table, *_parts(line.partition("=")[0]))
        if length < len(path) and path == key[: len(path)]:
            found, length = number, len(path)
    return found


def _parts(dotted: str) -> tuple[str | int, ...]:
    return tuple(part.strip(" \t\"'") for part in dotted.split("."))
