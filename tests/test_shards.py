"""Shards: what other machines made of an archive becomes the same ledger, once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archives_rig import CONFIG, DEAL, WEATHER, backfill, fates, record, rows, story
from commands import environment, here
from fakes import GAZETTEER, FakeJudge
from servers.scripted import Reply, ScriptedServer
from test_backfill import LEDGER, archive, page

from newsbot.adapters.archives.opening import open_files
from newsbot.adapters.parsing import ParsingPool
from newsbot.adapters.shards import MARK, Shards
from newsbot.app import App
from newsbot.backfill import run_backfill
from newsbot.config import load_config
from newsbot.errors import UserError
from newsbot.history import Choice, Document
from newsbot.importing import gather_import
from newsbot.spread import (
    Job,
    JudgeAll,
    Settle,
    WriteShard,
)
from newsbot.stages.sifting import sift
from newsbot.types import Calibration


def job_of(folder, source, **changes):
    """What workers get to know; the config is that of the folder."""
    config = folder / "config.toml"
    if not config.exists():
        config.write_text(CONFIG)
    values = {
        "kind": "warc",
        "name": str(source),
        "source": str(source),
        "choice": Choice(),
        "config": load_config(config),
        "folder": folder / "shards",
    }
    return Job(**{**values, **changes})


def make_shards(job, open_judge=None, n_rows=64):
    """Do in this process, one after the other, what workers do."""
    job.folder.mkdir(exist_ok=True)
    with closing(ParsingPool(n_processes=1)) as parsing:
        parts = open_files(job.kind, job.source_path, parsing).parts
    settle = Settle(job, [[part] for part in parts], 1)
    write = WriteShard(folder=job.folder)
    judge = JudgeAll(job, open_judge) if open_judge else list
    made = []
    for number in range(len(parts)):
        for rows_ in settle(number):
            made += judge(rows_)
    settle.close()
    return [write(made[n : n + n_rows]) for n in range(0, len(made), n_rows)]


def two_files(folder):
    """Two WARC files that share links: as deals, as weather, in a foreign language."""
    source = folder / "crawl"
    source.mkdir()
    archive(source, 60, "a.warc")
    records = [story(number, WEATHER, "2024-06-01") for number in range(50, 90)]
    (source / "b.warc").write_bytes(b"".join([*records, b"garbage\r\n\r\n"]))
    return source


def imported(folder, *paths):
    """Run `newsbot import --json`; the figures and what became of the command."""
    done = here(folder, "import", *paths, "--json")
    assert "Traceback" not in done.err, done.err
    return json.loads(done.out.splitlines()[-1]), done


def test_shards_give_the_ledger_of_a_backfill(tmp_path):
    """In any order and under any name; twice is once, and a copy is no second one."""
    source = two_files(tmp_path)
    whole, far = tmp_path / "whole", tmp_path / "far"
    whole.mkdir()
    far.mkdir()
    figures, _ = backfill(whole, "warc", source)
    job = job_of(far, source)
    make_shards(job)
    paths = sorted(job.folder.iterdir())
    assert len(paths) >= 2
    random.Random(3).shuffle(paths)
    for number, path in enumerate(paths):
        path.rename(job.folder / f"{number}.parquet")
    (job.folder / "copy.parquet").write_bytes((job.folder / "0.parquet").read_bytes())
    found, done = imported(far, *sorted(job.folder.iterdir(), reverse=True))
    assert fates(found) == fates(figures), done.err
    assert done.code == 4
    assert [rows(far, query) for query in LEDGER] == [
        rows(whole, query) for query in LEDGER
    ]
    before = [rows(far, query) for query in LEDGER[:2]]
    again, _ = imported(far, job.folder)
    assert (again["kept"], again["documents"]) == (0, found["documents"])
    assert [rows(far, query) for query in LEDGER[:2]] == before


def test_an_interrupted_import_goes_on(tmp_path):
    """Stopped in the middle, the same command ends with the same counts and ledger."""
    source = two_files(tmp_path)
    whole = tmp_path / "whole"
    whole.mkdir()
    figures, _ = backfill(whole, "warc", source)
    job = job_of(tmp_path, source)
    make_shards(job)
    app = App(job.config)
    gathering = gather_import(app, [job.folder])
    assert not run_backfill(gathering.backfill, "", limit=40)
    gathering.close()
    app.close()
    assert rows(tmp_path, "SELECT documents FROM archive_runs") == [(40,)]
    found, _ = imported(tmp_path, job.folder)
    assert fates(found) == fates(figures)
    for query in LEDGER:
        assert rows(tmp_path, query) == rows(whole, query)


def test_what_was_judged_elsewhere_is_not_judged_again(tmp_path):
    """Findings come with the articles, held to the ledger's own threshold."""
    path = archive(tmp_path, 8)
    job = job_of(tmp_path, path)
    make_shards(job, lambda _config: FakeJudge("Anthropic", "Nvidia"))
    (shard,) = job.folder.iterdir()
    judged = [
        one.settled.judged
        for one in Shards([shard]).carried()
        if one.settled and one.settled.judged
    ]
    assert [len(one.findings) for one in judged] == [1, 1]
    app = App(job.config)
    stricter = Calibration(threshold=0.95, assessor=judged[0].assessment.assessor)
    app.store.ledger.calibrate(stricter)
    gathering = gather_import(app, [shard])
    run_backfill(gathering.backfill, "")
    gathering.close()
    states = "SELECT state, count(*) FROM entries GROUP BY state ORDER BY state"
    assert ("assessed", 2) in rows(tmp_path, states)
    for one in judged:
        id_ = one.assessment.article_id
        assessment, dropped = app.store.ledger.assessment(id_)
        assert assessment.threshold == 0.95
        assert dropped
        assert app.store.ledger.findings_of(id_) == []
    app.close()


def test_damaged_shards_cost_a_line_each(tmp_path):
    """Cut off, foreign, newer, of random bytes: named with the reason; the rest comes."""
    path = archive(tmp_path, 40)
    job = job_of(tmp_path, path)
    make_shards(job, n_rows=20)
    good = sorted(job.folder.iterdir())
    data = good[0].read_bytes()
    n_rows = [pq.read_metadata(one).num_rows for one in good]
    (job.folder / "noise.parquet").write_bytes(random.Random(4).randbytes(5_000))
    pq.write_table(pa.table({"a": [1]}), job.folder / "strange.parquet")
    table = pq.read_table(good[0])
    head = json.loads(table.schema.metadata[MARK]) | {"version": 99}
    newer = table.replace_schema_metadata({MARK: json.dumps(head)})
    pq.write_table(newer, job.folder / "newer.parquet")
    good[0].write_bytes(data[: len(data) // 2])
    found, done = imported(tmp_path, job.folder)
    assert done.code == 4
    for words in ("no Parquet", "no shard of newsbot", "upgrade newsbot"):
        assert words in done.err
    # A marker says where the archive's file ends; it is no document.
    assert found["documents"] == sum(n_rows[1:]) - 1 + 4
    good[0].write_bytes(data)
    found, done = imported(tmp_path, good[0])
    assert found["kept"] + found["duplicates"] > 10
    reason = here(tmp_path, "import", job.folder / "strange.parquet").refused(2)
    assert "no shard of newsbot" in reason
    assert "no such file" in here(tmp_path, "import", "nowhere").refused(2)


def test_a_changed_byte_is_found(tmp_path):
    """Pages carry checksums: whatever byte is flipped, no wrong row comes in."""
    path = archive(tmp_path, 12)
    job = job_of(tmp_path, path)
    make_shards(job)
    (shard,) = job.folder.iterdir()
    data = bytearray(shard.read_bytes())
    texts = {one.settled.article.text for one in kept(shard)}
    for place in random.Random(5).sample(range(4, len(data) - 8), 60):
        broken = bytearray(data)
        broken[place] ^= 0x55
        shard.write_bytes(broken)
        try:
            found = list(Shards([shard]).carried())
        except UserError:
            continue
        for one in found:
            if one.settled and one.settled.article:
                assert one.settled.article.text in texts


def kept(shard):
    return [
        one for one in Shards([shard]).carried() if one.settled and one.settled.article
    ]


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("entry", lambda noun: {**noun, "may_alert": True}),
        ("entry", lambda noun: {**noun, "url": "https://other.example/"}),
        ("article", lambda noun: {**noun, "language": "fr"}),
        ("article", lambda noun: {**noun, "entry_id": "0" * 16}),
        ("article", lambda noun: {**noun, "text": 7}),
        ("article", lambda noun: None),
    ],
)
def test_a_row_that_does_not_hold_together_fails(tmp_path, column, change):
    """A forged row is one failed document: it never alerts, and never lies."""
    path = archive(tmp_path, 3)
    job = job_of(tmp_path, path)
    make_shards(job)
    (shard,) = job.folder.iterdir()
    table = pq.read_table(shard)
    values = table.to_pylist()
    at = next(n for n, row in enumerate(values) if row["article"])
    noun = change(json.loads(values[at][column]))
    values[at][column] = None if noun is None else json.dumps(noun)
    pq.write_table(pa.Table.from_pylist(values, schema=table.schema), shard)
    reasons = [one.settled.reason for one in Shards([shard]).carried() if one.settled]
    assert [reason for reason in reasons if reason.startswith(f"row {at + 1}:")]
    found, _ = imported(tmp_path, shard)
    assert found["failed"] == 1


class Links:
    """An archive with pages that have to be asked for, and one that has its page."""

    name = "links"

    def __init__(self, *urls):
        self._urls = urls

    def documents(self, _after):
        for url in self._urls:
            yield Document(cursor="", place=url, url=url)
        yield Document(cursor="", place="c", url="https://a.example/c", body=page(3))


@pytest.mark.parametrize(("language", "n_kept"), [("de", 3), ("en", 0)])
def test_links_are_asked_for_where_the_ledger_is(
    tmp_path, monkeypatch, language, n_kept
):
    """A link that a worker leaves is fetched by the import, as its job wanted it."""
    with ScriptedServer() as server:
        url = server.on("/a", Reply(200, {"Content-Type": "text/html"}, page(1)))
        other = server.on("/b", Reply(200, {"Content-Type": "text/html"}, page(2)))
        (tmp_path / "config.toml").write_text(
            f'{CONFIG}[network]\nallow = ["{server.netloc}"]\nspacing_ms = 0\n'
        )
        job = job_of(tmp_path, tmp_path, choice=Choice(language=language))
        job.folder.mkdir()
        settle = Settle(job, [[Links(url, other)]], 1)
        monkeypatch.setattr("newsbot.spread.open_files", lambda *args: args[-1][0])
        rows_ = [row for some in settle(0) for row in some]
        settle.close()
        WriteShard(folder=job.folder)(rows_)
        (shard,) = job.folder.iterdir()
        links = [one for one in Shards([shard]).carried() if one.document]
        assert [(one.number, one.settled) for one in links] == [(1, None), (2, None)]
        assert server.requests == []
        found, done = imported(tmp_path, job.folder)
        assert fates(found) == (n_kept, 0, 3 - n_kept, 0), done.err
        assert {"/a", "/b"} <= {one.target for one in server.requests}


def test_the_gate_is_the_same_everywhere(tmp_path):
    """A worker's decision is that of the stage."""
    path = tmp_path / "a.warc"
    path.write_bytes(story(1, DEAL) + record("https://a.example/2", page(2)))
    job = job_of(tmp_path, path)
    make_shards(job)
    (shard,) = job.folder.iterdir()
    for one in kept(shard):
        passed = sift(one.settled.article, GAZETTEER).passed
        assert one.settled.state == ("relevant" if passed else "irrelevant")
    assert len(kept(shard)) == 2


def test_parts_that_are_whole_are_known(tmp_path):
    """Only what is there from beginning to end is not read again."""
    source = two_files(tmp_path)
    job = job_of(tmp_path, source)
    names = make_shards(job, n_rows=16)
    assert {part for _, part in Shards([job.folder]).ended()} == {"a.warc", "b.warc"}
    assert len(Shards([job.folder]).written_by(job.name)) == len(names)
    assert Shards([job.folder]).written_by("another") == []
    assert Shards([job.folder]).gaps() == []
    (job.folder / names[0]).unlink()
    _, done = imported(tmp_path, job.folder)
    assert "a.warc: 16 of its documents are in none of these shards" in done.err
    assert {part for _, part in Shards([job.folder]).ended()} == {"b.warc"}


def test_wishes_that_ray_cannot_grant_are_one_line(tmp_path):
    """The web, limits, shards without Ray; Ray and pyarrow that are not installed."""
    (tmp_path / "config.toml").write_text(CONFIG)
    path = archive(tmp_path, 2)
    for words, reason in (
        (("sitemap", "https://a.example/", "--engine", "ray"), "reads files"),
        (("warc", path, "--engine", "ray", "--limit", "1"), "no --limit"),
        (("warc", path, "--engine", "ray", "--order", "newest"), "no --order"),
        (("warc", path, "--shards", "x"), "needs --engine ray"),
        (("warc", path, "--order", "newest"), "read as it stands"),
        (("wayback", "a.example/*", "--order", "oldest"), "give --from and --to"),
        (("feed", "https://a.example/", "--order", "oldest"), "newest page"),
    ):
        assert reason in here(tmp_path, "backfill", *words).refused(2)
    for missing, command, hint in (
        ("ray", ["backfill", "warc", str(path), "--engine", "ray"], "newsbot[ray]"),
        ("pyarrow", ["import", str(path)], "newsbot[parquet]"),
    ):
        code = f"import sys\nsys.modules[{missing!r}] = None\nfrom newsbot.cli import main\nmain()"
        done = subprocess.run(
            [sys.executable, "-c", code, *command],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert hint in done.stderr
