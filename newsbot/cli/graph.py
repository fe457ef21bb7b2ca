"""`graph`: the deals as a picture."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from newsbot.cli.base import Session

if TYPE_CHECKING:
    from newsbot.stages.svg import Theme

_AGE = re.compile(r"(\d{1,5})([hd])")


@click.command()
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to, .svg or .png.",
)
@click.option(
    "--since",
    metavar="WHEN",
    help='Only deals first seen since: "2026-01-31" or "90d".',
)
@click.option(
    "--until", metavar="WHEN", help='Only deals first seen until: the same, or "12h".'
)
@click.option(
    "--light",
    "theme",
    flag_value="light",
    help="On white; a PNG's own choice.",
)
@click.option(
    "--dark",
    "theme",
    flag_value="dark",
    help="On black. With neither, an SVG follows its reader's screen.",
)
@click.option(
    "--lang",
    type=click.Choice(["de", "en"]),
    help="Language of words and sums; else that of the alerts.",
)
@click.pass_obj
def graph(
    session: Session,
    out: Path,
    since: str | None,
    until: str | None,
    theme: Theme | None,
    lang: Literal["de", "en"] | None,
) -> None:
    """Draw who buys from, invests in and supplies whom.

    Sums are as the press writes them; money that comes back to an investor is marked.
    """
    from newsbot.adapters.files import write_whole
    from newsbot.adapters.picture import png_of
    from newsbot.errors import UserError
    from newsbot.stages.graph import draw

    ending = out.suffix.lower()
    if ending not in (".svg", ".png"):
        raise UserError(f"{out}: name a file that ends in .svg or .png")
    app = session.app
    now = app.clock()
    oldest = None if since is None else _moment(since, now, end=False)
    newest = None if until is None else _moment(until, now, end=True)
    if oldest and newest and oldest > newest:
        raise UserError(f"--since {since} is later than --until {until}")
    deals = [
        deal
        for deal in app.store.ledger.deals()
        if (oldest is None or deal.first_seen_at >= oldest)
        and (newest is None or deal.first_seen_at <= newest)
    ]
    picture = draw(
        deals,
        app.gazetteer,
        language=lang or app.config.alerts.language,
        theme=theme or ("auto" if ending == ".svg" else "light"),
    )
    if ending == ".png":
        content = png_of(picture.svg, picture.width, picture.height)
    else:
        content = picture.svg.encode("utf-8")
    write_whole(out, content)
    if not deals:
        click.echo("no deals; the picture says so", err=True)
    click.echo(
        f"written: {out} ({picture.n_deals} deals, {picture.n_organisations} "
        f"organisations, {picture.n_links} links)",
        err=True,
    )


def _moment(text: str, now: datetime, *, end: bool) -> datetime:
    """Read a day, or an age from now; a day's *end* is its last moment, UTC."""
    written = text.strip()
    if match := _AGE.fullmatch(written):
        hours = int(match[1]) * (24 if match[2] == "d" else 1)
        try:
            return now - timedelta(hours=hours)
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise click.BadParameter(
            f'{text!r} is neither a day such as "2026-01-31" nor an age such as "90d"'
        ) from error
    return datetime.combine(day, time.max if end else time.min, tzinfo=UTC)
