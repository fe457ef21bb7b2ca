"""`check`: whether everything works, and how to mend what does not."""

from __future__ import annotations

from dataclasses import replace

import click

from newsbot.cli.base import Session, write_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--no-model", is_flag=True, help="Leave the model out: it takes a while.")
@click.pass_obj
def check(session: Session, as_json: bool, no_model: bool) -> None:
    """Try every part for real; exit code 3 if one fails.

    Config, folders, disk, database, model, channels, a feed, the clock, deliveries,
    mail. Sends nothing to anybody.
    """
    from newsbot import checking
    from newsbot.stages.printable import without_keys

    app = session.app  # a config that cannot be read ends here, with its line
    lines = []
    for tried in checking.check(app, session.config_file, with_model=not no_model):
        text, fix = without_keys(tried.text), without_keys(tried.fix)
        line = replace(tried, text=text, fix=fix)
        lines.append(line)
        if as_json:
            continue
        click.echo(f"{line.state:<5} {line.part}: {line.text}")
        if line.fix:
            click.echo(f"      → {line.fix}")
    if as_json:
        write_json(
            [
                {"state": x.state, "part": x.part, "text": x.text, "fix": x.fix}
                for x in lines
            ]
        )
    if any(line.state == "fail" for line in lines):
        raise click.exceptions.Exit(3)
