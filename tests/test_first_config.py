"""The first config: answers of a person or of options, and nothing half written."""

from __future__ import annotations

import os
import stat
import tomllib

import pytest
from commands import here, newsbot
from hypothesis import given
from hypothesis import strategies as st
from terminal import CTRL_C, CTRL_D, typed

from newsbot.config import Config, load_config, read_config
from newsbot.errors import UserError
from newsbot.first_config import (
    Answers,
    compose,
    example,
    read_env_name,
    read_feeds,
    starter_feeds,
)

STARTER = starter_feeds()


def everything():
    return Answers(
        language="de",
        feeds=STARTER[:2],
        telegram_env="MY_TOKEN",
        chats=("123", "@channel", "-100123/7"),
        email="me@example.org",
        smtp_host="smtp.example.org",
        smtp_port=465,
        smtp_username_env="MAIL_USER",
        smtp_password_env="MAIL_PASSWORD",
    )


def test_no_answer_leaves_the_example_as_it_is():
    """Whoever answers nothing gets the commented example, which is all defaults."""
    assert compose(example(), Answers()) == example()


def test_answers_stand_in_the_config_and_comments_stay(tmp_path):
    """Every answer is read back from the file; no comment of the example is lost."""
    text = compose(example(), everything())
    config = read_config(text, tmp_path / "config.toml")
    assert config.alerts.language == "de"
    assert [one.url for one in config.feeds] == [one.url for one in STARTER[:2]]
    assert [one.language for one in config.feeds] == ["en", "en"]
    telegram, email = config.telegram, config.email
    assert telegram.token_env == "MY_TOKEN"
    assert telegram.chats == (123, "@channel", "-100123/7")
    assert not telegram.bot
    assert (email.host, email.port, email.security) == ("smtp.example.org", 465, "tls")
    assert email.sender == email.manager == "me@example.org"
    assert (email.username_env, email.password_env) == ("MAIL_USER", "MAIL_PASSWORD")
    kept = text.splitlines()
    comments = [line.rpartition("#")[2] for line in example().splitlines()]
    told = [one for one in comments if one and " = " not in one]
    assert len(told) > 50
    assert [one for one in told if not any(one in line for line in kept)] == []


def test_a_bot_without_chats_lets_people_in():
    """A token alone means that the bot takes commands of those who are invited."""
    config = read_config(compose(example(), Answers(telegram_env="T")), "x")
    assert config.telegram.bot
    assert config.telegram.takes_commands


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_answer_breaks_the_config(url, host):
    """Whatever is typed, the config is valid TOML with the answer in it, or refused."""
    from newsbot.first_config import StarterFeed

    feed = StarterFeed(title="", url=f"https://a.example/{url}", language=None)
    answers = Answers(feeds=(feed,), email="a@b.example", smtp_host=host or "h")
    try:
        text = compose(example(), answers)
    except UserError:
        return
    data = tomllib.loads(text)
    assert data["feeds"] == [{"url": feed.url}]
    assert data["email"]["host"] == (host or "h")


def test_feeds_are_chosen_by_language_number_range_and_address():
    """Words may be mixed; each feed comes once, in the order of the words."""
    both = read_feeds("de en", STARTER)
    assert {feed.url for feed in both} == {feed.url for feed in STARTER}
    assert both[0].language == "de"
    assert read_feeds("all", STARTER) == STARTER
    assert read_feeds("none", STARTER) == read_feeds("", STARTER) == ()
    picked = read_feeds("3, 1-2 3 https://own.example/feed", STARTER)
    assert [feed.url for feed in picked] == [
        STARTER[2].url,
        STARTER[0].url,
        STARTER[1].url,
        "https://own.example/feed",
    ]
    for wrong in ("0", "99", "5-3", "3-99", "nonsense", "ftp://a.example"):
        with pytest.raises(UserError):
            read_feeds(wrong, STARTER)


def test_a_secret_in_place_of_a_name_is_not_repeated():
    """Who pastes the token itself hears what is wanted, and does not read it again."""
    with pytest.raises(UserError) as caught:
        read_env_name("123456:AAexample-of-a-token")
    assert "123456" not in str(caught.value)
    assert read_env_name(" none ") == read_env_name("") == ""


def test_options_answer_everything(tmp_path):
    """Every question has an option; the file is its owner's alone and `check` reads it."""
    done = newsbot(
        tmp_path,
        *("init", "--lang", "de", "--feeds", "de", "--telegram-env", "TOKEN"),
        *("--chats", "-100123", "--email", "me@example.org"),
        *("--smtp-host", "127.0.0.1", "--smtp-port", "2525"),
        *("--smtp-username-env", "U", "--smtp-password-env", "P"),
    )
    assert (done.code, done.out) == (0, "")
    path = tmp_path / "config.toml"
    config = load_config(path)
    assert len(config.feeds) == sum(feed.language == "de" for feed in STARTER) > 10
    assert config.telegram.chats == (-100123,)
    assert config.email.port == 2525
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["config.toml"]
    for said in ("TOKEN", "newsbot check", "subscribers add me@example.org"):
        assert said in done.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--feeds", "99"], "99"),
        (["--telegram-env", "1:secret"], "name of an environment variable"),
        (["--chats", "1"], "--telegram-env"),
        (["--telegram-env", "T", "--chats", "nobody"], "nobody"),
        (["--email", "nobody", "--smtp-host", "h"], "nobody"),
        (["--email", "a@b.example"], "--smtp-host"),
        (["--smtp-host", "h"], "--email"),
        (["--email", "a@b.example", "--smtp-host", "h:25"], "h:25"),
        (
            ["--email", "a@b.example", "--smtp-host", "h", "--smtp-username-env", "U"],
            "--smtp-password-env",
        ),
    ],
)
def test_options_that_cannot_be_are_refused(tmp_path, words, named):
    """A wrong option is one line and exit code 2, and nothing is written."""
    assert named in here(tmp_path, "init", *words).refused(2)
    assert os.listdir(tmp_path) == []


def test_a_terminal_is_asked(tmp_path):
    """Language, feeds, Telegram and mail are asked for; a wrong answer is asked again."""
    done = typed(
        tmp_path,
        "init",
        keys=[
            *(b"fr\n", b"de\n", b"1 17\n", b"1:secret\n", b"TOKEN\n", b"@channel\n"),
            *(b"me@example.org\n", b"smtp.example.org\n", b"\n", b"\n"),
        ],
    )
    assert (done.code, done.out) == (0, "")
    config = load_config(tmp_path / "config.toml")
    assert config.alerts.language == "de"
    assert [one.url for one in config.feeds] == [STARTER[0].url, STARTER[16].url]
    assert config.telegram.chats == ("@channel",)
    assert (config.email.host, config.email.port) == ("smtp.example.org", 587)
    assert config.email.username_env == ""
    assert "neither de nor en" in done.err
    assert STARTER[3].title in done.err


def test_enter_alone_is_a_good_beginning(tmp_path):
    """All defaults in a terminal: English alerts, every starter feed, nothing else."""
    done = typed(tmp_path, "init", keys=[b"\n"] * 4)
    assert done.code == 0
    config = load_config(tmp_path / "config.toml")
    assert len(config.feeds) == len(STARTER)
    assert config.telegram == Config().telegram
    assert config.email == Config().email


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_whoever_stops_leaves_nothing(tmp_path, key):
    """Ctrl-C and the end of input end it at the last question, and no file is there."""
    keys = [b"\n", b"\n", b"\n", key]
    done = typed(tmp_path, "--config", "new/a.toml", "init", keys=keys)
    assert done.code == 130
    assert done.err.endswith("stopped\n")
    assert os.listdir(tmp_path) == []


def test_what_is_told_is_not_asked(tmp_path):
    """In a terminal, too, options are answers, and only the rest is asked for."""
    assert (
        typed(tmp_path, "--config", "a.toml", "init", "--defaults", keys=[]).code == 0
    )
    words = ["--lang", "en", "--feeds", "none", "--telegram-env", "none"]
    done = typed(tmp_path, "--config", "b.toml", "init", *words, keys=[b"\n"])
    assert done.code == 0
    assert done.err.count("(empty") == 1
    first, second = (tmp_path / name for name in ("a.toml", "b.toml"))
    assert first.read_text() == second.read_text() == example()
