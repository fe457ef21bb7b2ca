"""Ray: many workers make the ledger that one process makes, whoever of them dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from archives_rig import CONFIG, backfill, fates, rows
from commands import environment
from test_backfill import LEDGER, archive

pytest.importorskip("ray", reason="the extra ray is not installed")


def workers(folder):
    """Processes of Ray below a folder that do a step, by their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            name = (path / "cmdline").read_bytes()
            ours = f"TMPDIR={folder}".encode() in (path / "environ").read_bytes()
        except OSError:
            continue
        if ours and name.startswith(b"ray::MapWorker"):
            found.append(int(path.name))
    return found


def run_on_ray(folder, source, *, kill):
    """Run it as a command; how many workers were killed, and what it said."""
    (folder / "config.toml").write_text(CONFIG)
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
