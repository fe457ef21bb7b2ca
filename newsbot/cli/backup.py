"""`backup` and `restore`: the ledger into one file, and back."""

from __future__ import annotations

from pathlib import Path

import click

from newsbot.cli.base import Session, write_json


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to; made if missing. Else [backup] to, or `backups` by the database.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    help="How many backups of this database stay in the folder; else all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def backup(
    session: Session, folder: Path | None, keep: int | None, as_json: bool
) -> None:
    """Write the database into one file, checked, while a service may be running."""
    from newsbot.adapters.db.backups import write_backup
    from newsbot.app import utc_now

    config = session.config()
    database = config.database_path
    if folder is None:
        wanted = config.backup.to
        folder = config.place(wanted) if wanted else database.parent / "backups"
    made = write_backup(database, folder, utc_now(), keep=keep)
    if as_json:
        write_json(
            {
                "file": str(made.path),
                "bytes": made.n_bytes,
                "rows": made.n_rows,
                "removed": [str(one) for one in made.removed],
            }
        )
        return
    click.echo(made.path)
    click.echo(f"{made.n_rows} rows, {made.n_bytes} bytes, checked", err=True)
    for one in made.removed:
        click.echo(f"removed: {one}", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def restore(session: Session, file: Path) -> None:
    """Put the backup FILE in the database's place, and keep that one beside it.

    Only while no service runs. Nothing is told again: see docs/operations.md.
    """
    from newsbot.adapters.db.backups import restore_backup
    from newsbot.adapters.lock import hold_lock
    from newsbot.app import utc_now
    from newsbot.errors import StoreError

    database = session.config().database_path
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{database}: {error.strerror or error}") from error
    release = hold_lock(database, "restore")
    try:
        done = restore_backup(file, database, utc_now())
    finally:
        release()
    click.echo(f"restored: {done.path}", err=True)
    if done.replaced is not None:
        click.echo(f"the former database is now {done.replaced}", err=True)
    click.echo(
        f"{done.n_held} messages waited in the backup and may have been sent since: "
        "they are not sent; what feeds announced before now makes no alerts",
        err=True,
    )
