"""The command line as users meet it: a process, its exit code and what it printed.

`newsbot` starts a process; `here` calls the same entry point inside this one,
which takes milliseconds where only what is printed matters.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from newsbot.cli import main
from newsbot.config import Config

ROOT = Path(__file__).resolve().parents[1]
#: Where this user's converted model lies; a test's own home has none.
CACHE = Config().cache_path.absolute()


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of a command."""

    code: int
    out: str
    err: str

    def refused(self, code):
        """Check that it ended in one clear line; returns that line."""
        assert (self.code, self.out) == (code, ""), self
        assert "Traceback" not in self.err
        return self.err.rstrip("\n").splitlines()[-1]


def environment(folder, **changes):
    """The environment of a user whose home is *folder*."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NEWSBOT_", "XDG_", "TELEGRAM_"))
    }
    paths = {"PYTHONPATH": str(ROOT), "NEWSBOT_CACHE": str(CACHE)}
    return {**kept, **paths, "HOME": str(folder), **changes}


def free_port():
    """A port of the loopback address that nobody listens at."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


def newsbot(folder, *arguments, **changes):
    """Run `python -m newsbot` in *folder* to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "newsbot", *map(str, arguments)],
        cwd=folder,
        env=environment(folder, **changes),
        capture_output=True,
        encoding="utf-8",
        timeout=280,
    )
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


def here(folder, *arguments, **changes):
    """Call the same entry point within this process."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch.object(sys, "argv", ["newsbot", *map(str, arguments)]),
        patch.dict(os.environ, environment(folder, **changes), clear=True),
    ):
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return Done(code=code, out=out.getvalue(), err=err.getvalue())


def config(folder, *servers, more=""):
    """Write a config whose fetcher may reach *servers*; returns its path."""
    allow = ", ".join(f'"{server.netloc}"' for server in servers)
    path = folder / "config.toml"
    path.write_text(f"[network]\nallow = [{allow}]\n{more}", encoding="utf-8")
    return path


class Running:
    """A `newsbot run` beside the test; killed at the end if it still lives."""

    def __init__(self, folder, *arguments, **changes):
        self._log = (folder / "run.log").open("w+", encoding="utf-8")
        self._out = (folder / "run.out").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "newsbot", "-v", *arguments, "run"],
            cwd=folder,
            env=environment(folder, **changes),
            stdout=self._out,
            stderr=self._log,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._log.close()
        self._out.close()

    @property
    def log(self):
        """What it wrote to standard error so far."""
        self._log.seek(0)
        return self._log.read()

    def until(self, condition, seconds=60):
        """Wait for something to become true; says the log if it does not."""
        ends_at = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < ends_at, self.log
            time.sleep(0.05)
        return self

    def started(self):
        """Wait until it serves."""
        return self.until(lambda: "started pid=" in self.log)

    def stop(self):
        """Send SIGTERM; returns exit code and seconds."""
        sent_at = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        return code, time.monotonic() - sent_at
