"""A config file is read whole, or refused in one line that says where and why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from newsbot.config import (
    CONFIG_VERSION,
    Config,
    FeedConfig,
    OrganisationConfig,
    load_config,
)
from newsbot.errors import ConfigError

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"


@pytest.fixture
def load(tmp_path):
    """Write a config file and load it."""

    def write_and_load(text):
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(path)

    return write_and_load


@pytest.fixture
def refuse(load, tmp_path):
    """Load a config file that is wrong; the error without the file's name."""

    def load_and_catch(text):
        with pytest.raises(ConfigError) as error:
            load(text)
        message = str(error.value)
        path = str(tmp_path / "config.toml")
        assert message.startswith(path), "the error names the file"
        assert "\n" not in message
        return message.removeprefix(path).removeprefix(":")

    return load_and_catch


def test_an_empty_file_is_all_defaults(load, tmp_path):
    """Nothing has to be set; what is not set has its default."""
    config = load("")
    assert config == Config(folder=tmp_path)
    assert config.feeds == ()
    assert config.alerts.max_age == timedelta(hours=48)
    assert config.model.preset == "embedded"
    assert config.network.timeout_seconds == 30


def test_every_key_can_be_set(load):
    """Tables, lists of tables, lists and single values arrive where they belong."""
    config = load("""
        config_version = 1
        database.path = "ledger.db"

        [network]
        allow = ["localhost:8080", "[::1]:8443", "10.0.0.7:80"]
        contact = "me@example.org"

        [[feeds]]
        url = "https://example.org/feed"
        language = "de"

        [[feeds]]
        url = "http://example.net/rss"
        every_minutes = 60

        [telegram]
        chats = [-100123, "@channel"]
        managers = [7]

        [alerts]
        max_age = "7d"
        console = false

        [[organisations]]
        name = "Zelvaro"
        aliases = ["Zelvaro AG"]
        ambiguous = true
    """)
    assert config.database.path == "ledger.db"
    assert config.network.allow == ("localhost:8080", "[::1]:8443", "10.0.0.7:80")
    assert config.feeds == (
        FeedConfig(url="https://example.org/feed", language="de"),
        FeedConfig(url="http://example.net/rss", every_minutes=60),
    )
    assert config.telegram.chats == (-100123, "@channel")
    assert config.alerts.max_age == timedelta(days=7)
    assert config.alerts.console is False
    assert config.organisations == (
        OrganisationConfig(name="Zelvaro", aliases=("Zelvaro AG",), ambiguous=True),
    )


@pytest.mark.skipif(not EXAMPLE.exists(), reason="config.example.toml is not there")
def test_the_example_loads(tmp_path):
    """The example that ships is a config file that works as it stands."""
    assert load_config(EXAMPLE).config_version == CONFIG_VERSION


def test_a_byte_order_mark_and_windows_lines_are_fine(load, refuse):
    """A file from a Windows editor loads, and its lines are counted right."""
    text = b"\xef\xbb\xbf[network]\r\ncontact = 'x'\r\n"
    assert load(text).network.contact == "x"
    assert refuse(text + b"timeout = 3\r\n").startswith("3: network.timeout:")


# What the error says

WRONG = {
    "unknown key, near one": (
        '[network]\ntimeout_secs = 5\ncontact = "x"\n',
        "2: network.timeout_secs: unknown key (value 5); "
        "did you mean 'timeout_seconds'?",
    ),
    "unknown key, near none": (
        "\n\nzzzzzz = true\n",
        "3: zzzzzz: unknown key (value True); known: config_version, database, ",
    ),
    "unknown table": (
        "[network]\n\n[netwrk]\ncontact = 'x'\n",
        "3: netwrk: unknown key (value {'contact': 'x'}); did you mean 'network'?",
    ),
    "unknown key in the second of a list": (
        "[[feeds]]\nurl = 'http://a.b/'\n\n[[feeds]]\nurl = 'http://a.b/c'\nlang = 1\n",
        "6: feeds[1].lang: unknown key (value 1); did you mean 'language'?",
    ),
    "wrong type, text": (
        "[network]\ncontact = 5\n",
        "2: network.contact: 5 is not a text in quotes",
    ),
    "wrong type, number": (
        "[network]\ntimeout_seconds = '30'\n",
        "2: network.timeout_seconds: '30' is not a whole number",
    ),
    "a flag is no number": (
        "[network]\ntimeout_seconds = true\n",
        "2: network.timeout_seconds: True is not a whole number",
    ),
    "a fraction is no whole number": (
        "[network]\ntimeout_seconds = 1.5\n",
        "2: network.timeout_seconds: 1.5 is not a whole number",
    ),
    "a number is no flag": (
        "[alerts]\nconsole = 1\n",
        "2: alerts.console: 1 is not true/false",
    ),
    "a value where a table belongs": (
        "# first\ndatabase = 'newsbot.db'\n",
        "2: database: 'newsbot.db' is not a table",
    ),
    "one table where a list belongs": (
        "[feeds]\nurl = 'http://a.b/'\n",
        "1: feeds: {'url': 'http://a.b/'} is not a list",
    ),
    "a text where a list belongs": (
        "[network]\nallow = 'localhost:80'\n",
        "2: network.allow: 'localhost:80' is not a list",
    ),
    "an element of a list": (
        "[telegram]\nmanagers = [1,\n  'me']\n",
        "2: telegram.managers[1]: 'me' is not a whole number",
    ),
    "no member of a union": (
        "[telegram]\nchats = [1.5]\n",
        "2: telegram.chats[0]: 1.5 is not a text in quotes",
    ),
    "not one of the choices": (
        "[model]\npreset = 'embeded'\n",
        "2: model.preset: 'embeded' is not one of 'embedded', 'gpu-8gb', 'gpu-24gb', "
        "'gpu-48gb', 'gpu-80gb', 'transformers', 'server'; did you mean 'embedded'?",
    ),
    "an optional choice": (
        "[[feeds]]\nurl = 'http://a.b/'\nlanguage = 'fr'\n",
        "3: feeds[0].language: 'fr' is not one of 'de', 'en'",
    ),
    "a missing key": (
        "[[feeds]]\nurl = 'http://a.b/'\n[[feeds]]\nlanguage = 'de'\n",
        "3: feeds[1]: 'url' is missing",
    ),
    "too small": (
        "[network]\ntimeout_seconds = 0\n",
        "2: network.timeout_seconds: 0 is outside 1..300 seconds",
    ),
    "too large": (
        "[email]\nport = 65536\n",
        "2: email.port: 65536 is outside 1..65535",
    ),
    "not a web address": (
        "[[feeds]]\nurl = 'ftp://a.b/'\n",
        "2: feeds[0].url: 'ftp://a.b/' is not an http or https address",
    ),
    "an empty address": (
        "[[feeds]]\nurl = ''\n",
        "2: feeds[0].url: '' is not an http or https address",
    ),
    "a broken address": (
        "[model]\nbase_url = 'http://[::1'\n",
        "2: model.base_url: 'http://[::1' is not an http or https address",
    ),
    "not host and port": (
        "[network]\nallow = ['localhost:80', 'localhost']\n",
        "2: network.allow[1]: 'localhost' is not \"host:port\"",
    ),
    "a port that is none": (
        "[network]\nallow = ['localhost:70000']\n",
        "2: network.allow[0]: 'localhost:70000' is not \"host:port\"",
    ),
    "not a duration": (
        "[alerts]\nmax_age = '2 weeks'\n",
        '2: alerts.max_age: \'2 weeks\' is not a duration such as "48h" or "7d"',
    ),
    "a number is no duration": (
        "[alerts]\nmax_age = 48\n",
        '2: alerts.max_age: 48 is not a duration such as "48h" or "7d"',
    ),
    "a duration longer than the calendar": (
        "[alerts]\nmax_age = '999999d'\n",
        "2: alerts.max_age: '999999d' is longer than 3650d",
    ),
    "a newer config": (
        "# new\nconfig_version = 2\n",
        "2: config_version: 2 is newer than 1",
    ),
    "no version at all": (
        "config_version = 0\n",
        "1: config_version: 0 is outside 1..1",
    ),
    "a dotted key": (
        "\nnetwork.timeout_seconds = 0\n",
        "2: network.timeout_seconds: 0 is outside 1..300 seconds",
    ),
    "an inline table": (
        "alerts = {}\nfeeds = [{url = 'http://a.b/', langage = 'de'}]\n",
        "2: feeds[0].langage: unknown key (value 'de'); did you mean 'language'?",
    ),
    "the same key in an earlier table": (
        "[network]\ncontact = 'x'\n[email]\ncontact = 'y'\n",
        "4: email.contact: unknown key (value 'y')",
    ),
    "a quoted key over two lines": (
        '"a\\nb" = 1\n',
        " 'a\\nb': unknown key (value 1)",
    ),
    "a very long value": (
        f"database = '{'x' * 500}'\n",
        f"1: database: '{'x' * 76}... is not a table",
    ),
    "a key of the program's own": (
        "folder = '/'\n",
        "1: folder: unknown key (value '/')",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_an_error_says_where_what_and_what_was_meant(refuse, text, message):
    """Every error names file, line, key and value, and the nearest key if any."""
    assert refuse(text).startswith(message)


def test_lines_count_as_an_editor_counts(refuse):
    """A separator inside a text is no new line."""
    assert refuse("# \u2028 \x85\nzzzz = 1\n").startswith("2: zzzz:")


def test_broken_toml_says_where(refuse):
    """A file that is no TOML names line and column."""
    assert "not valid TOML" in refuse("[network]\ncontact = \n")
    assert "line 2" in refuse("[network]\ncontact = \n")


def test_another_encoding_says_where(refuse):
    """A file that is not UTF-8 names the byte."""
    assert refuse(b"[network]\ncontact = '\xfc'\n").strip() == "not UTF-8 (byte 21)"


def test_a_missing_file_says_how_to_make_one(tmp_path):
    """No file, no permission or a folder: one line that says what to do."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match="newsbot init") as error:
            load_config(path)
        assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("telegram", "token"),
        ("telegram", "bot_token"),
        ("email", "password"),
        ("model", "api_key"),
        ("email", "secret"),
        ("telegram", "token_env"),
        ("email", "password_env"),
        ("model", "api_key_env"),
    ],
)
def test_a_secret_is_refused_and_not_repeated(refuse, table, key):
    """A secret in the file, or in place of a variable's name, reaches no log."""
    message = refuse(f"[{table}]\n{key} = '123456:AA-secret'\n")
    assert message.startswith(f"2: {table}.{key}: ")
    assert "AA-secret" not in message


@pytest.mark.parametrize(
    ("key", "meant"),
    [("telegram.token", "token_env"), ("email.password", "password_env")],
)
def test_a_secret_is_told_its_place(refuse, key, meant):
    """Who writes a token is told of the key that names a variable."""
    assert f"did you mean '{meant}'?" in refuse(f"{key} = 'x'\n")
