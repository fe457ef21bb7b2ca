"""A backfill on many machines: the steps that each of them does.

In: a job that says where the archive lies, and parts of it. Out: shards. Every step is
sent to another process, on a machine that has newsbot, the archive under the same
path, and no ledger: what is known is found out when the shards are imported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from newsbot.adapters.archives.opening import FileKind, open_files
from newsbot.adapters.archives.places import Part
from newsbot.adapters.parsing import ParsingPool
from newsbot.adapters.ray import Steps, run_on_ray
from newsbot.adapters.shard_rows import storable
from newsbot.adapters.shards import Shards, write_shard
from newsbot.app import App
from newsbot.config import Config
from newsbot.errors import NewsbotError, UserError
from newsbot.history import Carried, Choice, Document, Judged, Settled
from newsbot.pipeline import Judge
from newsbot.settling import Settling, settled
from newsbot.stages.reading import read_article

#: Bytes of files that are one portion of work, and how many files at most: a saved page
#: alone is too little to be sent to another machine.
PORTION_BYTES, PORTION_FILES = 16 * 2**20, 1_024
#: Documents that are settled before they are given on.
SETTLED = 512
#: Articles that the model reads together.
JUDGED = 16

T = TypeVar("T")
Row = bytes
#: Builds the judge of a worker; a place of its own, so that a test can bring another.
OpenJudge = Callable[[Config], Judge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What every worker has to know."""

    kind: FileKind
    #: Names the archive and what is wanted of it: rows of other jobs are others.
    name: str
    #: Where the archive lies: an absolute path, the same on every machine.
    source: str
    choice: Choice
    config: Config
    #: Where shards go: likewise.
    folder: Path

    @property
    def source_path(self) -> Path:
        """Where the archive lies."""
        return Path(self.source)


def configured_judge(config: Config) -> Judge:
    """Build the judge that a config names.

    Raises:
        ModelMissingError: There is none on this machine.
    """
    return App(config).brain.judge


def spread(
    job: Job,
    *,
    resume: bool = False,
    stopping: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda _n: None,
    open_judge: OpenJudge = configured_judge,
) -> bool:
    """Turn an archive into shards, on one machine or many.

    Args:
        job: What to do.
        resume: Whether to leave out what is in its folder from beginning to end; else
            shards that the same job wrote there before are removed.
        stopping: Asked after each shard; true ends it there.
        progress: Told after each how many were written.
        open_judge: Builds the judge of a worker.

    Returns:
        Whether every part was read to its end.

    Raises:
        UserError: No such archive, no Ray, no cluster, or a worker's own reason.
    """
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{job.folder}: {error.strerror or error}") from error
    with closing(ParsingPool(n_processes=1)) as parsing:
        parts = open_files(job.kind, job.source_path, parsing).parts
    ended = _ended(job, resume=resume)
    left = [one for one in parts if storable(one.name) not in ended]
    if not left:
        return True
    portions = tuple(_portions(left))
    steps = Steps(
        settle=partial(Settle, job, portions),
        judge=partial(JudgeAll, job, open_judge),
        write=WriteShard(folder=job.folder),
    )
    with closing(run_on_ray(steps, len(portions))) as shards:
        for n_written, _ in enumerate(shards, 1):
            progress(n_written)
            if stopping():
                return False
    return True


def _ended(job: Job, *, resume: bool) -> frozenset[str]:
    """Names of the parts that need not be read again."""
    if not any(one.suffix == ".parquet" for one in job.folder.iterdir()):
        return frozenset()
    shards = Shards([job.folder])
    if resume:
        return frozenset(part for name, part in shards.ended() if name == job.name)
    for path in shards.written_by(job.name):
        path.unlink()
    return frozenset()


def _portions(parts: Sequence[Part]) -> Iterator[tuple[Part, ...]]:
    """Put files together, in their order, until they are worth sending."""
    some: list[Part] = []
    n_bytes = 0
    for one in parts:
        some.append(one)
        n_bytes += one.size
        if n_bytes >= PORTION_BYTES or len(some) >= PORTION_FILES:
            yield tuple(some)
            some, n_bytes = [], 0
    if some:
        yield tuple(some)


class Settle:
    """Reads and settles the documents of portions; links wait for the ledger's machine.

    Args:
        job: What every worker has to know.
        portions: Files that are read by one worker, one after the other.
        n_processes: How many extract at once.
    """

    def __init__(
        self, job: Job, portions: Sequence[Sequence[Part]], n_processes: int
    ) -> None:
        app = App(job.config)
        self._job = job
        self._portions = portions
        self._parsing = ParsingPool(n_processes=n_processes)
        self._work = Settling(
            parsing=self._parsing,
            gazetteer=app.gazetteer,
            choice=job.choice,
            clock=app.clock,
            # Nobody here knows; the import finds out.
            knows=lambda _: False,
            web=None,
        )

    def __call__(self, number: int) -> Iterator[list[Row]]:
        """Settle the portion of a number, some rows at a time.

        Behind each part a row says how many documents it had.
        """
        for part in self._portions[number]:
            archive = open_files(
                self._job.kind, self._job.source_path, self._parsing, [part]
            )
            documents, n_read = archive.documents(""), 0
            while carried := list(
                self._settled(part, islice(documents, SETTLED), n_read)
            ):
                n_read += len(carried)
                yield [as_row(one) for one in carried]
            yield [as_row(self._carried(part, n_read + 1))]

    def close(self) -> None:
        """End the processes that extract; without this they end with their parent."""
        self._parsing.close()

    def _settled(
        self, part: Part, documents: Iterator[Document], n_read: int
    ) -> Iterator[Carried]:
        """Settle documents; those that are links stay as they are."""
        links: list[Carried] = []
        numbers: deque[int] = deque()

        def here() -> Iterator[Document]:
            for number, document in enumerate(documents, n_read + 1):
                if _is_link(document):
                    wanted = replace(document, wanted=self._work.choice)
                    links.append(self._carried(part, number, document=wanted))
                else:
                    numbers.append(number)
                    yield document

        for made, _ in settled(self._work, here()):
            yield self._carried(part, numbers.popleft(), settled=made)
        yield from links

    def _carried(
        self,
        part: Part,
        number: int,
        *,
        settled: Settled | None = None,
        document: Document | None = None,
    ) -> Carried:
        return Carried(
            source=self._job.name,
            part=part.name,
            number=number,
            settled=settled,
            document=document,
        )


class JudgeAll:
    """Lets the model judge what passed the gate; without one, it waits."""

    def __init__(self, job: Job, open_judge: OpenJudge) -> None:
        self._app = App(job.config)
        self._open = open_judge
        self._judge: Judge | None = None
        #: No model could be opened: to look for it at each batch would find none.
        self._missing = False

    def __call__(self, rows: Sequence[Row]) -> list[Row]:
        """Judge a batch of settled documents."""
        carried = [from_row(row) for row in rows]
        waiting = [
            number
            for number, one in enumerate(carried)
            if one.settled is not None and one.settled.state == "relevant"
        ]
        for some in _batched(waiting, JUDGED):
            outcomes = [carried[number].settled for number in some]
            judged = self._judged([one for one in outcomes if one is not None])
            for number, made in zip(some, judged, strict=True):
                carried[number] = replace(carried[number], settled=made)
        return [as_row(one) for one in carried]

    def _judged(self, settled: list[Settled]) -> list[Settled]:
        articles = [one.article for one in settled if one.article is not None]
        if (judge := self._opened()) is None:
            return settled
        app = self._app
        try:
            readings = [read_article(one, app.gazetteer) for one in articles]
            judgements = judge.judge(readings, app.clock())
        except NewsbotError:
            # A server that is down, perhaps: the ledger's machine says so.
            return settled
        return [
            replace(
                one,
                state="assessed",
                judged=Judged(
                    assessment=made.assessment,
                    findings=made.findings,
                    dropped=made.dropped,
                ),
            )
            for one, made in zip(settled, judgements, strict=True)
        ]

    def _opened(self) -> Judge | None:
        """Open the model where there is work for it; None where there is none."""
        if self._judge is None and not self._missing:
            try:
                self._judge = self._open(self._app.config)
            except NewsbotError:
                self._missing = True  # the ledger's machine says so
        return self._judge


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteShard:
    """Writes settled documents where all shards go."""

    folder: Path

    def __call__(self, rows: Sequence[Row]) -> str:
        """Write one shard; returns its name."""
        if not self.folder.is_dir():
            raise UserError(f"{self.folder}: no such folder on this machine")
        return write_shard(self.folder, [from_row(row) for row in rows])


def _batched(items: Iterable[T], n: int) -> Iterator[list[T]]:
    """Like `itertools.batched` of Python 3.12, in lists."""
    source = iter(items)
    while some := list(islice(source, n)):
        yield some


def _is_link(document: Document) -> bool:
    return document.fate is None and document.body is None


def as_row(carried: Carried) -> Row:
    """Write a document so that it crosses to another process."""
    try:
        return msgspec.msgpack.encode(carried)
    except UnicodeError:
        made: Carried = storable(carried)
        return msgspec.msgpack.encode(made)


def from_row(row: Row) -> Carried:
    """Read what `as_row` wrote."""
    return msgspec.msgpack.decode(row, type=Carried)
