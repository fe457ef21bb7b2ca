"""`digest`: how the day looks by mail, without sending it, or to one address."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from newsbot.cli.base import Session

if TYPE_CHECKING:
    from newsbot.mailroom import Preview


@click.command()
@click.option("--preview", is_flag=True, help="Write the digest; nothing is sent.")
@click.option(
    "--send-test",
    "address",
    metavar="ADDRESS",
    help="Send today's digest to ADDRESS, at once; nobody else gets it.",
)
@click.option(
    "--date",
    "day",
    metavar="DAY",
    help='A local day such as "2026-01-31"; else today, up to now.',
)
@click.option(
    "--lang",
    type=click.Choice(["de", "en"]),
    help="Language of the digest; else that of the alerts.",
)
@click.option(
    "--out",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="With --preview: where digest.html, digest.txt and digest.eml go.",
)
@click.pass_obj
def digest(
    session: Session,
    preview: bool,
    address: str | None,
    day: str | None,
    lang: Literal["de", "en"] | None,
    folder: Path | None,
) -> None:
    """Show the digest of a day, or send it to one address to try the mail server.

    The preview needs no mail server, no reader and no network. Without --out, its
    text goes to standard output.
    """
    if preview == (address is not None):
        raise click.UsageError("say either --preview or --send-test ADDRESS")
    if address is not None and (day or folder):
        raise click.UsageError("--date and --out go with --preview")
    chosen = None if day is None else _day(day)
    app = session.app
    language = lang or app.config.alerts.language
    now = app.clock()
    if address is not None:
        answer = app.mailroom.send_test(address, language, now)
        click.echo(f"sent to {address}; the server says: {answer}", err=True)
        return
    if folder is not None:
        _make(folder)
    made = app.mailroom.preview(chosen, language, now)
    if folder is None:
        click.echo(made.content.text, nl=False)
    else:
        _write(folder, made)


def _day(text: str) -> date:
    from newsbot.errors import UserError

    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        message = f'--date {text!r} is no day such as "2026-01-31"'
        raise UserError(message) from error


def _make(folder: Path) -> None:
    from newsbot.errors import UserError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UserError(f"{folder}: {reason or error}") from error


def _write(folder: Path, made: Preview) -> None:
    from newsbot.adapters.files import write_whole
    from newsbot.adapters.pages import content_id

    content = made.content
    viewed = content.html
    for picture in content.pictures:
        write_whole(folder / picture.name, picture.png)
        # A browser knows no parts of a mail: it finds the pictures beside the page.
        viewed = viewed.replace(f"cid:{content_id(picture)}", picture.name)
    for name, data in (
        ("digest.html", content.html.encode()),
        ("digest.txt", content.text.encode()),
        ("digest.eml", made.mail.data),
        ("view.html", viewed.encode()),
    ):
        write_whole(folder / name, data)
    click.echo(f"written: {folder / 'digest.html'}, .txt and .eml", err=True)
    click.echo(f"to look at it in a browser: {folder / 'view.html'}", err=True)
