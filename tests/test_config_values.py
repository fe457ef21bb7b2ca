"""What a config file sets arrives; paths and files are found in a known order."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.config import (
    Config,
    find_config,
    load_config,
)
from newsbot.errors import ConfigError


@pytest.fixture
def load(tmp_path):
    """Write a config file and load it."""

    def write_and_load(text):
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(path)

    return write_and_load


def attempt(path):
    """Load a config file; the config, or what the error says."""
    try:
        return load_config(path)
    except ConfigError as error:
        return str(error)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("48h", timedelta(hours=48)),
        ("7d", timedelta(days=7)),
        ("90 min", timedelta(minutes=90)),
        ("15m", timedelta(minutes=15)),
        ("0h", timedelta()),
    ],
)
def test_durations_carry_their_unit(load, text, duration):
    """A duration is a whole number and a unit."""
    assert load(f"alerts.max_age = '{text}'").alerts.max_age == duration


@settings(deadline=None)
@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(tmp_path_factory, text):
    """No text in a duration's place gets through as something else."""
    path = tmp_path_factory.getbasetemp() / "duration.toml"
    quoted = "".join(f"\\U{ord(c):08x}" for c in text if not 0xD800 <= ord(c) < 0xE000)
    path.write_text(f'alerts.max_age = "{quoted}"\n', encoding="utf-8")
    outcome = attempt(path)
    if isinstance(outcome, Config):
        assert timedelta() <= outcome.alerts.max_age <= timedelta(days=3650)
    else:
        assert "\n" not in outcome


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_config_or_one_line(tmp_path_factory, content):
    """Whatever the file holds, the answer is a config or one clear line."""
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(content)
    outcome = attempt(path)
    assert isinstance(outcome, Config) or "\n" not in outcome


def test_the_database_lies_beside_the_config(load, tmp_path):
    """A relative path starts at the config's folder, whatever the current one is."""
    assert load("").database_path == tmp_path / "newsbot.db"
    assert load("database.path = 'd/x.db'").database_path == tmp_path / "d" / "x.db"
    assert load("database.path = '/d/x.db'").database_path == Path("/d/x.db")
    home = load("database.path = '~/x.db'").database_path
    assert home == Path.home() / "x.db"


def test_a_config_named_by_a_relative_path(load, tmp_path, monkeypatch):
    """Where the program was started does not matter once the config is read."""
    load("")
    monkeypatch.chdir(tmp_path)
    config = load_config(Path("config.toml"))
    monkeypatch.chdir("/")
    assert config.database_path == tmp_path / "newsbot.db"


def test_the_cache_is_picked_in_order(load, tmp_path, monkeypatch):
    """The file beats NEWSBOT_CACHE, which beats XDG_CACHE_HOME, then the home."""
    monkeypatch.delenv("NEWSBOT_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert load("").cache_path == Path.home() / ".cache" / "newsbot"
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert load("").cache_path == Path("/xdg/newsbot")
    monkeypatch.setenv("NEWSBOT_CACHE", "/mine")
    assert load("").cache_path == Path("/mine")
    assert load("model.cache = 'models'").cache_path == tmp_path / "models"


def test_the_config_file_is_found_in_order(tmp_path, monkeypatch):
    """The option, then NEWSBOT_CONFIG, then ./config.toml, then the user's folder."""
    monkeypatch.delenv("NEWSBOT_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="newsbot init"):
        find_config(None)
    own = tmp_path / "home" / ".config" / "newsbot" / "config.toml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert find_config(None) == own
    Path("config.toml").touch()
    assert find_config(None) == Path("config.toml")
    monkeypatch.setenv("NEWSBOT_CONFIG", "named.toml")
    assert find_config(None) == Path("named.toml")
    assert find_config("option.toml") == Path("option.toml")


def test_every_default_is_a_value_the_file_may_hold(load):
    """Writing a default into the file is allowed, so that an example can show it."""
    for table in dataclasses.fields(Config):
        defaults = getattr(Config(), table.name)
        if not dataclasses.is_dataclass(defaults):
            continue
        for field in dataclasses.fields(defaults):
            value = getattr(defaults, field.name)
            if isinstance(value, str | bool | int):
                written = repr(value)
                if isinstance(value, bool):
                    written = written.lower()
                config = load(f"{table.name}.{field.name} = {written}\n")
                assert getattr(config, table.name) == defaults


def test_chats_and_services_arrive_as_they_are_named(load):
    """Ids, names and topics of Telegram, a pace, and other services by variable."""
    config = load(
        '[telegram]\nchats = [42, "@channel", "-1001234567890/7"]\npace = 50\n'
        '[[chat]]\nurl_env = "HOOK"\nformat = "plain"\n[[chat]]\nurl_env = "OTHER"\n'
    )
    assert config.telegram.chats == (42, "@channel", "-1001234567890/7")
    assert config.telegram.pace == 50.0
    assert [(one.url_env, one.format) for one in config.chat] == [
        ("HOOK", "plain"),
        ("OTHER", "markdown"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[telegram]\nchats = ["channel"]', "'channel' is no chat"),
        ('[telegram]\nchats = [1, "-100/x"]', "telegram.chats[1]"),
        ("[telegram]\nchats = [0]", "0 is no chat"),
        ("[telegram]\npace = 0", "outside"),
        ("[telegram]\npace = true", "True is not a number"),
        ('[telegram]\npace = "fast"', "'fast' is not a number"),
        ("[telegram]\npace = nan", "outside"),
        ('[[chat]]\nformat = "plain"', "'url_env' is missing"),
        ('[[chat]]\nurl_env = "slack://T/B/secret"', "not the name of an environment"),
    ],
)
def test_what_is_no_chat_or_pace_is_said_in_one_line(load, text, reason):
    """A wrong chat, pace or service is named, and never a secret."""
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)
