"""The config file: TOML in, one frozen `Config` out, or one clear error.

A closed form: an unknown key is an error that names the key, its value, the
line and the nearest known key. Secrets are never in the file: it names
environment variables.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from newsbot.config_reader import Limits, Reader
from newsbot.config_steps import CONFIG_VERSION, current_text
from newsbot.errors import ConfigError
from newsbot.presets import PresetName
from newsbot.vocabulary import Language, OrganisationKind


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
    #: Milliseconds between two requests to one host.
    spacing_ms: int = 500
    #: The environment variable that holds the address of a proxy for feeds and pages.
    proxy_env: str = ""
    #: Ask for pages with a deal again, four times in three days: they may be edited.
    revisit: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivesConfig:
    """The archives that `newsbot backfill` reads."""

    #: The Wayback Machine, or another server of its interface.
    wayback_url: str = "https://web.archive.org"
    #: Milliseconds between two requests to it.
    wayback_spacing_ms: int = 1_500
    #: MiB for each core from which on `--engine ray` starts Ray on this machine alone;
    #: a smaller archive is read sooner without it. 0 is always.
    ray_from_mebibytes: int = 1_024

    @property
    def wayback_spacing(self) -> float:
        """Seconds between two requests."""
        return self.wayback_spacing_ms / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """A feed to follow."""

    url: str
    language: Language | None = None
    every_minutes: int = 15
    #: For private and paid feeds: environment variables that hold a user name and a
    #: password, or a whole header; sent to the feed's own host alone.
    username_env: str = ""
    password_env: str = ""
    header_env: str = ""


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
    """Alerts to Telegram chats, and the bot that people talk to."""

    token_env: str = "TELEGRAM_BOT_TOKEN"
    #: As python-telegram-bot takes it; the token follows directly.
    base_url: str = "https://api.telegram.org/bot"
    #: Who gets the alerts without asking: subscriptions like any other. ``123``,
    #: ``"@channel"``; ``"-100123/7"`` for a topic of a forum.
    chats: tuple[int | str, ...] = ()
    #: Take commands; managers and `open` say so as well.
    bot: bool = False
    #: Numeric ids of the people who run this bot.
    managers: tuple[int, ...] = ()
    #: Whether everybody may subscribe, without an invite.
    open: bool = False
    #: How many times as fast as Telegram's own limits; above 1 for a server of one's
    #: own that allows it.
    pace: float = 1.0

    @property
    def takes_commands(self) -> bool:
        """Whether people may talk to the bot."""
        return self.bot or self.open or bool(self.managers)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatConfig:
    """Alerts to another chat service, through Apprise."""

    #: The environment variable that holds the service's address, which is a secret.
    url_env: str
    format: Literal["markdown", "plain"] = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailConfig:
    """The mail server of the daily digest."""

    host: str = ""
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username_env: str = ""
    password_env: str = ""
    #: Address that mail comes from.
    sender: str = ""
    sender_name: str = "newsbot"
    #: Who is told what a machine cannot mend; empty: the log alone.
    manager: str = ""
    #: PEM file trusted besides the system's certificates.
    ca_file: str = ""
    #: Where readers confirm and leave by a click, as they reach it; empty: by mail.
    public_url: str = ""
    #: ``host:port`` where those pages are served, behind `public_url`.
    listen: str = "127.0.0.1:8025"
    #: PEM file of the key that mail is signed with; empty: not signed.
    dkim_key: str = ""
    dkim_selector: str = "newsbot"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestConfig:
    """What digests look like, and when a day is over."""

    #: IANA name; of readers who name none, and of `newsbot digest`.
    time_zone: str = "UTC"
    #: A day without any news: a mail that says so, or none. Faults are always told.
    empty_days: Literal["send", "skip"] = "send"
    #: Folder with templates of one's own; empty: those that ship.
    templates: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsConfig:
    """What an alert looks like, and which news may alert."""

    language: Language = "en"
    #: On a feed's first poll, older entries are stored without alerts.
    max_age: timedelta = timedelta(hours=48)
    #: Print alerts on standard output as well.
    console: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupConfig:
    """Backups that the service makes by itself."""

    #: Folder, relative to the config file; empty: `newsbot backup` alone makes any.
    to: str = ""
    every: timedelta = timedelta(days=1)
    #: How many stay.
    keep: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionConfig:
    """Days that are kept; 0 for ever. Deals and the sentences behind them stay."""

    #: Pages as servers gave them; articles were read out of them already.
    pages: int = 30
    #: Texts of articles; of those with a deal the quoted sentences stay.
    texts: int = 0
    #: What people pressed below alerts.
    feedback: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsConfig:
    """Figures for Prometheus, on this machine alone."""

    #: TCP port on 127.0.0.1; 0: none.
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """The status page of `newsbot serve`."""

    #: Address to listen on; others than this machine's own need a token.
    host: str = "127.0.0.1"
    #: TCP port; 0: any that is free.
    port: int = 8002
    #: The environment variable that holds the token.
    token_env: str = ""
    #: Names under which a proxy passes requests on; they need the token, too.
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatConfig:
    """An address that is asked for while all is well; its silence is the alarm."""

    #: The environment variable that holds the address, which is a secret.
    url_env: str = ""
    every: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """What `newsbot run` writes to standard error."""

    format: Literal["text", "json"] = "text"


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
    archives: ArchivesConfig = field(default_factory=ArchivesConfig)
    feeds: tuple[FeedConfig, ...] = ()
    model: ModelConfig = field(default_factory=ModelConfig)
    telegram: TelegramConfig = field(default_factory=TelegramConfig)
    chat: tuple[ChatConfig, ...] = ()
    email: EmailConfig = field(default_factory=EmailConfig)
    digest: DigestConfig = field(default_factory=DigestConfig)
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    backup: BackupConfig = field(default_factory=BackupConfig)
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    web: WebConfig = field(default_factory=WebConfig)
    heartbeat: HeartbeatConfig = field(default_factory=HeartbeatConfig)
    log: LogConfig = field(default_factory=LogConfig)
    organisations: tuple[OrganisationConfig, ...] = ()
    #: The folder that relative paths start from.
    folder: Path = Path()

    @property
    def database_path(self) -> Path:
        """The database file, absolute where the config's folder is."""
        return self.place(self.database.path)

    @property
    def adapter_path(self) -> Path | None:
        """The adapter to use instead of the shipped one, if any."""
        return self.place(self.model.adapter) if self.model.adapter else None

    @property
    def cache_path(self) -> Path:
        """The folder for converted models."""
        if self.model.cache:
            return self.place(self.model.cache)
        if named := os.environ.get("NEWSBOT_CACHE"):
            return Path(named)
        base = os.environ.get("XDG_CACHE_HOME")
        return (Path(base) if base else Path.home() / ".cache") / "newsbot"

    def place(self, named: str) -> Path:
        """Find a file that the config names; relative to the config's folder."""
        return self.folder / Path(named).expanduser()


#: What a type cannot say: lowest and highest value, and their unit.
LIMITS: Limits = {
    NetworkConfig: {
        "timeout_seconds": (1, 300, "seconds"),
        "max_mebibytes": (1, 200, "MiB"),
        "spacing_ms": (0, 60_000, "milliseconds"),
    },
    ArchivesConfig: {
        "wayback_spacing_ms": (0, 600_000, "milliseconds"),
        "ray_from_mebibytes": (0, 1_048_576, "MiB"),
    },
    FeedConfig: {"every_minutes": (1, 44_640, "minutes")},
    ModelConfig: {
        "batch_size": (1, 256, "requests"),
        "context": (256, 1_048_576, "tokens"),
    },
    TelegramConfig: {"pace": (0.01, 1000, "times Telegram's limits")},
    EmailConfig: {"port": (1, 65_535, "")},
    BackupConfig: {
        "every": (timedelta(minutes=1), timedelta(days=365), ""),
        "keep": (1, 10_000, "files"),
    },
    RetentionConfig: {
        "pages": (0, 36_500, "days"),
        "texts": (0, 36_500, "days"),
        "feedback": (0, 36_500, "days"),
    },
    MetricsConfig: {"port": (0, 65_535, "")},
    WebConfig: {"port": (0, 65_535, "")},
    HeartbeatConfig: {"every": (timedelta(minutes=1), timedelta(days=1), "")},
    Config: {"config_version": (1, CONFIG_VERSION, "")},
}


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
    """Read and check a config file; one of an older version is brought up to date.

    Raises:
        ConfigError: Unreadable, not TOML, or a key or value is wrong; the one
            line names file, line, key, value and the nearest known key.
    """
    text = current_text(path, lambda fresh: read_config(fresh, path))
    return dataclasses.replace(read_config(text, path), folder=path.absolute().parent)


def read_config(text: str, path: Path) -> Config:
    """Read and check a config's text.

    Args:
        text: TOML.
        path: What its errors name.

    Raises:
        ConfigError: As `load_config`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    reader = Reader(path=path, text=text, limits=LIMITS)
    version = data.get("config_version", CONFIG_VERSION)
    if isinstance(version, int) and version > CONFIG_VERSION:
        message = f"{version} is newer than {CONFIG_VERSION}"
        raise reader.error(("config_version",), message)
    config = reader.read(Config, data, ())
    assert isinstance(config, Config)
    return config
