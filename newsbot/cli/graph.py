"""`graph`: the deals as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from newsbot.cli.base import Session
from newsbot.cli.chosen import choosing, deals_of

if TYPE_CHECKING:
    from newsbot.stages.asking import Asked
    from newsbot.stages.svg import Theme


@click.command()
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to, .svg or .png.",
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
    "--labels",
    type=click.Choice(["de", "en"]),
    help="Language of words and sums; else that of the alerts.",
)
@choosing
@click.pass_obj
def graph(
    session: Session,
    out: Path,
    theme: Theme | None,
    labels: Literal["de", "en"] | None,
    asked: Asked,
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
    deals = deals_of(session, asked)
    picture = draw(
        deals,
        session.gazetteer,
        language=labels or session.settings.alerts.language,
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
