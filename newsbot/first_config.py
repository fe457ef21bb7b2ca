"""The config that `newsbot init` writes: the commented example, with answers in it.

In: the example's text and what was answered. Out: a text that is valid TOML and keeps
every comment. Answers are read here, too, so that a prompt and an option mean the same.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from newsbot.config import read_config
from newsbot.config_reader import is_chat
from newsbot.errors import ConfigError, UserError
from newsbot.stages.mail import read_address
from newsbot.vocabulary import Language

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RANGE = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")
#: A name, or an IPv6 address, which has two colons at least.
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*")
#: RFC 8314 gives this port to mail that is encrypted from its first byte.
TLS_PORT = 465


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterFeed:
    """A public feed of the packaged list."""

    title: str
    url: str
    language: Language | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a user said; what is empty stays as the example has it."""

    language: Language | None = None
    feeds: tuple[StarterFeed, ...] = ()
    #: Environment variable with the bot's token; empty: no Telegram.
    telegram_env: str = ""
    #: Who gets the alerts; empty: who is let in by `newsbot invite`.
    chats: tuple[str, ...] = ()
    #: Address of the reader of the digest, who also sends and is told of trouble.
    email: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    #: Environment variables with user name and password; empty: no login.
    smtp_username_env: str = ""
    smtp_password_env: str = ""


def example() -> str:
    """Read the commented example, of a wheel or of a checkout."""
    packaged = Path(str(files("newsbot") / "data" / "config.example.toml"))
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    # A checkout keeps it at its top.
    own = Path(__file__).parents[1] / "config.example.toml"
    return own.read_text(encoding="utf-8")


def starter_feeds() -> tuple[StarterFeed, ...]:
    """Read the packaged list of public feeds, in its order."""
    text = files("newsbot").joinpath("data/starter.toml").read_text("utf-8")
    return tuple(
        StarterFeed(title=title, url=url, language="de" if code == "de" else "en")
        for code, named in tomllib.loads(text).items()
        for title, url in named.items()
    )


def read_feeds(answer: str, starter: Sequence[StarterFeed]) -> tuple[StarterFeed, ...]:
    """Read which feeds are wanted.

    Args:
        answer: Words apart by spaces or commas: ``de``, ``en``, ``all``, ``none``,
            numbers of the list from 1 on, ranges (``3-5``), addresses.
        starter: The list.

    Returns:
        Each feed once, in the order of the words.

    Raises:
        UserError: A word is none of these.
    """
    found: dict[str, StarterFeed] = {}
    for word in re.split(r"[\s,]+", answer.strip()):
        for feed in _feeds_of(word, starter):
            found.setdefault(feed.url, feed)
    return tuple(found.values())


def _feeds_of(word: str, starter: Sequence[StarterFeed]) -> Sequence[StarterFeed]:
    lower = word.lower()
    if lower in ("", "none"):
        return ()
    if lower == "all":
        return starter
    if lower in ("de", "en"):
        return [feed for feed in starter if feed.language == lower]
    if match := _RANGE.fullmatch(word):
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= len(starter):
            raise UserError(f"{word} is not within 1-{len(starter)}")
        return starter[first - 1 : last]
    if lower.startswith(("http://", "https://")):
        return [StarterFeed(title="", url=word, language=None)]
    raise UserError(
        f"{word[:80]!r} is no number of the list, no address, "
        "and none of de, en, all, none"
    )


def read_env_name(answer: str) -> str:
    """Read the name of an environment variable; ``none`` and nothing are none.

    Raises:
        UserError: It is no name; the value, perhaps the secret itself, is not shown.
    """
    name = answer.strip()
    if name.lower() == "none":
        return ""
    if name and not _ENVIRONMENT_NAME.fullmatch(name):
        raise UserError(
            "this is not the name of an environment variable; "
            "the secret itself belongs into the variable"
        )
    return name


def read_language(answer: str) -> Language | None:
    """Read ``de`` or ``en``; nothing is none.

    Raises:
        UserError: It is another word.
    """
    word = answer.strip().lower()
    if word == "de":
        return "de"
    if word == "en":
        return "en"
    if word:
        raise UserError(f"{word[:80]!r} is neither de nor en")
    return None


def read_chats(answer: str) -> tuple[str, ...]:
    """Read ids and names of Telegram chats, apart by spaces or commas.

    Raises:
        UserError: One is no chat.
    """
    chats = tuple(word for word in re.split(r"[\s,]+", answer) if word)
    for chat in chats:
        if not is_chat(chat):
            raise UserError(f'{chat[:80]!r} is no chat: 123, @channel, "-100123/7"')
    return chats


def read_mailbox(answer: str) -> str:
    """Read an address of mail; ``none`` and nothing are none.

    Raises:
        UserError: It is no address.
    """
    word = answer.strip()
    if word.lower() in ("", "none"):
        return ""
    if (address := read_address(word)) is None:
        raise UserError(f"{word[:80]!r} is no address of mail")
    return address


def read_host(answer: str) -> str:
    """Read a host's name or address.

    Raises:
        UserError: There is none, or it has more than a name.
    """
    host = answer.strip()
    if not host:
        raise UserError("a digest by mail needs a mail server: --smtp-host HOST")
    if not _HOST.fullmatch(host):
        raise UserError(f"{host[:80]!r} is no host's name; the port is another answer")
    return host


def read_port(answer: str) -> int:
    """Read a TCP port; nothing is that of mail submission (RFC 6409).

    Raises:
        UserError: It is none.
    """
    word = answer.strip() or "587"
    if not re.fullmatch(r"\d{1,5}", word) or not 1 <= int(word) <= 65_535:
        raise UserError(f"{word[:80]!r} is no port")
    return int(word)


def compose(template: str, answers: Answers) -> str:
    """Put answers into the example.

    Args:
        template: The example's text.
        answers: What was said.

    Raises:
        UserError: An answer cannot stand in a config.
    """
    text = template
    if answers.language:
        text = _set(text, "alerts", "language", _quoted(answers.language))
    if answers.feeds:
        # The first table behind the example's own, commented block of a feed.
        blocks = "\n".join(map(_feed_block, answers.feeds))
        text = text.replace("[model]\n", f"{blocks}\n[model]\n", 1)
    if answers.telegram_env:
        text = _set(text, "telegram", "token_env", _quoted(answers.telegram_env))
        if answers.chats:
            chats = ", ".join(map(_chat, answers.chats))
            text = _set(text, "telegram", "chats", f"[{chats}]")
        else:
            text = _set(text, "telegram", "bot", "true")
    if answers.email:
        text = _with_mail(text, answers)
    try:
        read_config(text, Path("config"))
    except ConfigError as error:
        raise UserError(f"these answers make no config: {error}") from error
    return text


def _with_mail(text: str, answers: Answers) -> str:
    text = text.replace("# [email] ", "[email]   ", 1)
    values = {
        "host": _quoted(answers.smtp_host),
        "port": str(answers.smtp_port),
        "security": '"tls"' if answers.smtp_port == TLS_PORT else '"starttls"',
        "sender": _quoted(answers.email),
        "manager": _quoted(answers.email),
    }
    if answers.smtp_username_env:
        values["username_env"] = _quoted(answers.smtp_username_env)
    if answers.smtp_password_env:
        values["password_env"] = _quoted(answers.smtp_password_env)
    for key, value in values.items():
        text = _set(text, "email", key, value)
    return text


def _feed_block(feed: StarterFeed) -> str:
    language = f'language = "{feed.language}"\n' if feed.language else ""
    title = f"  # {feed.title}" if feed.title else ""
    return f"[[feeds]]{title}\nurl = {_quoted(feed.url)}\n{language}"


def _chat(chat: str) -> str:
    return chat if re.fullmatch(r"-?[1-9]\d{0,17}", chat) else _quoted(chat)


def _quoted(value: str) -> str:
    """Write a text as a TOML basic string: JSON's, for all that a config takes."""
    if not value.isprintable():
        raise UserError(f"{value[:80]!r} has characters that cannot be printed")
    return json.dumps(value, ensure_ascii=False)


def _set(text: str, table: str, key: str, value: str) -> str:
    """Give a key of the example its value; its comment stays."""
    pattern = re.compile(
        rf"(^\[{table}\][^\n]*\n(?:(?!\[)[^\n]*\n)*?)"  # the lines before it
        rf"(?:# )?{key} = (?:\"[^\"\n]*\"|\[[^\]\n]*\]|[^\s#]+)",
        re.MULTILINE,
    )
    changed, n_found = pattern.subn(lambda m: f"{m[1]}{key} = {value}", text, count=1)
    assert n_found == 1, f"config.example.toml has no {table}.{key}"
    return changed
