"""Shards become articles of the ledger, in one process and once.

In: an archive that many machines read, or shards that they wrote. Out: a backfill that
is ready to run: what it reads was settled elsewhere, and goes the way of all archives.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from newsbot.adapters.archives.opening import FILE_KINDS, FileKind, open_files
from newsbot.adapters.parsing import ParsingPool
from newsbot.adapters.processors import n_processors
from newsbot.adapters.ray import joins_cluster, need_ray
from newsbot.adapters.shards import ShardArchive, Shards
from newsbot.app import App
from newsbot.errors import UserError
from newsbot.gather import (
    Asked,
    Gathering,
    begin,
    gathered,
    on_the_web,
    place_of,
    run_key,
)
from newsbot.history import Choice, Judged
from newsbot.spread import Job, spread
from newsbot.stages.assess import Judgement
from newsbot.stages.calibrate import held_to
from newsbot.types import identity


def ray_pays(app: App, asked: Asked, folder: Path | None) -> bool:
    """Whether an archive is worth the start of Ray.

    Ray takes seconds to start, and on one machine it reads no faster than the processes
    of the other engine: it is started for a cluster, for shards that are to stay, for a
    run that began with it, and for what takes long.

    Args:
        app: The config that says from which size on.
        asked: What a user asked for.
        folder: Where shards go and stay, if they do.

    Raises:
        UserError: It is no archive of files, cannot be read, or Ray is missing.
    """
    kind = _file_kind(asked)
    need_ray()
    if folder is not None or joins_cluster():
        return True
    if asked.resume and shard_folder(app, asked).is_dir():
        return True
    with closing(ParsingPool(n_processes=1)) as parsing:
        parts = open_files(kind, Path(place_of(asked)), parsing).parts
    least = app.config.archives.ray_from_mebibytes * 2**20 * n_processors()
    return sum(part.size for part in parts) >= least


def make_shards(
    app: App,
    asked: Asked,
    folder: Path | None,
    *,
    stopping: Callable[[], bool],
    progress: Callable[[int], None],
) -> Path | None:
    """Let many machines read an archive.

    Args:
        app: The config that they work by; its ledger stays closed.
        asked: What a user asked for.
        folder: Where shards go; None for one beside the ledger, which is emptied
            unless an earlier run is gone on with.
        stopping: Asked now and then; true ends it there.
        progress: Told how many shards were written.

    Returns:
        The folder, with the whole archive in it; None where it was stopped.

    Raises:
        UserError: It is no archive of files, or cannot be read.
    """
    kind = _file_kind(asked)
    if folder is None:
        folder = shard_folder(app, asked)
        if not asked.resume:
            shutil.rmtree(folder, ignore_errors=True)
    job = Job(
        kind=kind,
        name=f"{place_of(asked)} {run_key(asked)}",
        source=place_of(asked),
        choice=asked.choice,
        config=app.config,
        folder=folder.absolute(),
    )
    ended = spread(job, resume=asked.resume, stopping=stopping, progress=progress)
    return folder if ended else None


def _file_kind(asked: Asked) -> FileKind:
    kind = asked.kind
    if kind not in FILE_KINDS or on_the_web(asked):
        raise UserError(
            f"--engine ray reads files; of a {kind} on the web, the hosts set the "
            "pace, however many ask: leave --engine out"
        )
    return kind


def shard_folder(app: App, asked: Asked) -> Path:
    """Where shards lie that go to the ledger at once: beside it."""
    ledger = app.config.database_path.absolute()
    return ledger.with_name(f"{ledger.name}.{run_key(asked, 'ray')}.shards")


def gather_shards(app: App, asked: Asked, folder: Path) -> Gathering:
    """Prepare the import of what `make_shards` wrote, as the backfill it is.

    Raises:
        UserError: No shard can be read.
        StoreError: The ledger cannot be opened.
    """
    return _gathering(app, asked, [folder], run_key(asked, "ray"))


def gaps_of(paths: Sequence[Path]) -> list[str]:
    """Say what of their archives is in none of these shards, a line for each part.

    Raises:
        UserError: No shard can be read.
    """
    return Shards(paths).gaps()


def gather_import(app: App, paths: Sequence[Path]) -> Gathering:
    """Prepare an import, or take up the last one of the same shards.

    Args:
        app: Whose ledger is filled.
        paths: Shards, or folders of them, in any order.

    Raises:
        UserError: No shard can be read.
        StoreError: The ledger cannot be opened.
    """
    asked = Asked(kind="shards", source=", ".join(map(str, paths)), choice=Choice())
    return _gathering(app, asked, paths, None)


def _gathering(
    app: App, asked: Asked, paths: Sequence[Path], key: str | None
) -> Gathering:
    shards = Shards(paths)
    if key is None:
        key = identity("import", shards.id)
        last = app.store.history.last(key)
        # Where it was interrupted it goes on; what is done is done again, in vain.
        resume = last is not None and last.finished_at is None
        asked = replace(asked, resume=resume)
    calibration = app.store.ledger.calibration()

    def weigh(judged: Judged) -> Judged:
        made = Judgement(
            assessment=judged.assessment,
            findings=judged.findings,
            dropped=judged.dropped,
        )
        held = held_to(made, calibration)
        return Judged(
            assessment=held.assessment, findings=held.findings, dropped=held.dropped
        )

    pool = ParsingPool(n_processes=n_processors())
    run = begin(app, asked, key)
    return gathered(app, ShardArchive(shards, weigh), pool, run, asked)
