"""`init`: a config to begin with, asked for in a terminal or told by options."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from newsbot.first_config import Answers, StarterFeed

_Read = TypeVar("_Read")


@click.command()
@click.option("--lang", type=click.Choice(["de", "en"]), help="Language of the alerts.")
@click.option(
    "--feeds",
    "feeds",
    metavar="WHICH",
    help="de, en, all, none, numbers of `newsbot feeds starter`, addresses.",
)
@click.option(
    "--telegram-env",
    metavar="NAME",
    help="Environment variable with the bot's token; none: no Telegram.",
)
@click.option("--chats", metavar="IDS", help="Telegram chats that get the alerts.")
@click.option("--email", metavar="ADDRESS", help="For the digest by mail; none.")
@click.option("--smtp-host", metavar="HOST", help="The mail server.")
@click.option(
    "--smtp-port", type=click.IntRange(1, 65_535), help="587, or 465 for TLS at once."
)
@click.option(
    "--smtp-username-env",
    metavar="NAME",
    help="Environment variable with its user name; none: no login.",
)
@click.option(
    "--smtp-password-env",
    metavar="NAME",
    help="Environment variable with its password.",
)
@click.option("--defaults", is_flag=True, help="Ask nothing, in a terminal either.")
@click.pass_context
def init(context: click.Context, /, defaults: bool, **given: str | int | None) -> None:
    """Write a commented config file to begin with; never overwrites one.

    In a terminal it asks for what no option says. Nothing is written before the last
    answer.
    """
    from newsbot.adapters.files import write_new
    from newsbot.errors import UserError
    from newsbot.first_config import compose, example

    assert context.parent is not None
    path = Path(context.parent.params["config"] or "config.toml")
    if path.exists():  # before anything is asked
        raise UserError(f"{path} exists already; it was not touched")
    asks = not defaults and sys.stdin.isatty() and sys.stderr.isatty()
    answers = _answers(given, _Asker(asks=asks))
    write_new(path, compose(example(), answers).encode())
    click.echo(f"written: {path}", err=True)
    _say_what_is_next(answers)


class _Asker:
    """Finds an answer: an option's, else a person's, else nothing.

    Args:
        asks: Whether somebody sits at a terminal.
    """

    def __init__(self, *, asks: bool) -> None:
        self.asks = asks

    def __call__(
        self,
        question: str,
        given: str | int | None,
        read: Callable[[str], _Read],
        *,
        default: str = "",
    ) -> _Read:
        """Read an answer; a person may try again, an option is refused.

        Raises:
            UserError: What an option says cannot be read.
        """
        from newsbot.errors import UserError

        if given is not None:
            return read(str(given))
        if not self.asks:
            return read("")

        def tried(value: str) -> _Read:
            try:
                return read(value)
            except UserError as error:
                raise click.UsageError(str(error)) from error

        answer: _Read = click.prompt(
            question,
            default=default,
            show_default=bool(default),
            value_proc=tried,
            err=True,
        )
        return answer


def _answers(given: dict[str, str | int | None], ask: _Asker) -> Answers:
    """Gather what a config needs; Ctrl-C and the end of input end it all."""
    from newsbot.first_config import Answers, read_chats, read_env_name, read_language

    answers = Answers(
        language=ask(
            "Language of the alerts (de, en)",
            given["lang"],
            read_language,
            default="en",
        ),
        feeds=_chosen_feeds(given["feeds"], ask),
        telegram_env=ask(
            "Telegram: environment variable with the bot's token (empty: no Telegram)",
            given["telegram_env"],
            read_env_name,
        ),
    )
    if answers.telegram_env:
        question = "Telegram: chats that get the alerts (empty: whom you invite)"
        chats = ask(question, given["chats"], read_chats)
        answers = replace(answers, chats=chats)
    elif given["chats"]:
        raise click.UsageError("--chats needs --telegram-env")
    return _with_mail(answers, given, ask)


def _chosen_feeds(given: str | int | None, ask: _Asker) -> tuple[StarterFeed, ...]:
    from newsbot.first_config import read_feeds, starter_feeds

    starter = starter_feeds()
    if given is None and ask.asks:
        for number, feed in enumerate(starter, 1):
            click.echo(f"{number:3}  {feed.language}  {feed.title}", err=True)
    return ask(
        "Feeds (de, en, all, none, numbers such as 1 3-5, addresses)",
        given,
        lambda answer: read_feeds(answer, starter),
        default="all" if ask.asks else "",
    )


def _with_mail(
    answers: Answers, given: dict[str, str | int | None], ask: _Asker
) -> Answers:
    from newsbot.first_config import read_env_name, read_host, read_mailbox, read_port

    email = ask(
        "Digest by mail: your address (empty: none)", given["email"], read_mailbox
    )
    if not email:
        if any(value for name, value in given.items() if name.startswith("smtp_")):
            raise click.UsageError("--smtp-... needs --email")
        return answers
    host = ask("Mail server (SMTP)", given["smtp_host"], read_host)
    port = ask("Its port", given["smtp_port"], read_port, default="587")
    question = "Environment variable with its user name (empty: no login)"
    username_env = ask(question, given["smtp_username_env"], read_env_name)
    password_env = ""
    if username_env or given["smtp_password_env"]:
        question = "Environment variable with its password"
        password_env = ask(question, given["smtp_password_env"], read_env_name)
    if bool(username_env) != bool(password_env):
        raise click.UsageError(
            "a login has both: --smtp-username-env and --smtp-password-env"
        )
    return replace(
        answers,
        email=email,
        smtp_host=host,
        smtp_port=port,
        smtp_username_env=username_env,
        smtp_password_env=password_env,
    )


def _say_what_is_next(answers: Answers) -> None:
    """Say what only the user can do."""
    names = (
        answers.telegram_env,
        answers.smtp_username_env,
        answers.smtp_password_env,
    )
    steps = [f"put the secret into the variable {name}" for name in names if name]
    if not answers.feeds:
        steps.append("add feeds to it")
    steps.append("`newsbot check`")
    if answers.telegram_env and not answers.chats:
        steps.append("`newsbot invite`")
    if answers.email:
        steps.append(f"`newsbot subscribers add {answers.email}`")
    click.echo(f"next: {', then '.join(steps)}", err=True)
