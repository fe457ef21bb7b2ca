"""The image of the Dockerfile, run as a container engine would, without one.

buildah builds it; `unshare`, a read-only bind mount, `chroot` and `setpriv` run it: another
user, no capabilities, nothing writable but the volume and /tmp. Needs root and Linux.

What a machine needs to reach its package index stands in two environment variables:
NEWSBOT_BUILD_OPTIONS, words for `buildah bud`; NEWSBOT_IMAGE, an image that was built.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path

from commands import ROOT

BASE, IMAGE = "localhost/newsbot-base", os.environ.get("NEWSBOT_IMAGE")
#: Neither root nor the image's own user.
UID = 23456
ENGINE = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}

_RUN = """
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount --bind "$VOLUME" "$ROOT/data"
mount -t tmpfs tmpfs "$ROOT/tmp"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs tmpfs "$ROOT/dev"
for name in null zero random urandom; do
    touch "$ROOT/dev/$name"
    mount --bind "/dev/$name" "$ROOT/dev/$name"
done
exec chroot "$ROOT" /usr/bin/setpriv --reuid "$ID" --regid "$ID" --clear-groups \\
    --bounding-set=-all --inh-caps=-all --no-new-privs \\
    /usr/bin/env -i -C /data "$@"
"""


def missing():
    """Why no container can be built here; empty where one can."""
    needed = ["buildah", "unshare", "setpriv", "chroot"]
    needed += [] if IMAGE else ["debootstrap"]
    lacking = [name for name in needed if shutil.which(name) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    return "" if os.geteuid() == 0 else "not root"


def buildah(*words):
    done = subprocess.run(
        ["buildah", *words],
        cwd=ROOT,
        env={**os.environ, **ENGINE},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def image():
    """The image's name; built where none is named."""
    if IMAGE:
        return IMAGE
    if BASE not in buildah("images", "--format", "{{.Name}}").split():
        script = ROOT / "packaging/debian-base"
        subprocess.run([script, BASE], check=True, env={**os.environ, **ENGINE})
    options = shlex.split(os.environ.get("NEWSBOT_BUILD_OPTIONS", ""))
    words = ["bud", "--pull-never", "--format", "docker", "--target", "cpu"]
    words += ["--build-arg", f"BASE={BASE}", *options, "-t", "localhost/newsbot", "."]
    buildah(*words)
    return "localhost/newsbot"


class Container:
    """A container's root, its settings and its volume."""

    def __init__(self, name, root, volume):
        self.root, self.volume, self.started = root, volume, []
        kept = json.loads(buildah("inspect", "--type", "image", name))
        self.settings = kept["Docker"]["config"]
        volume.mkdir()
        os.chown(volume, UID, UID)

    def command(self, words, environment):
        own = [*self.settings["Env"], *(f"{k}={v}" for k, v in environment.items())]
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return [*unshare, "sh", "-euc", _RUN, "sh", *own, *words]

    def start(self, *words, log, **environment):
        """Start a command beside the test, in a process group of its own."""
        outer = {**os.environ, "ROOT": str(self.root), "VOLUME": str(self.volume)}
        with log.open("w") as file:
            process = subprocess.Popen(
                self.command(words, environment),
                env={**outer, "ID": str(UID)},
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self.started.append(process)
        return process

    def run(self, *words, seconds=900, **environment):
        """Run a command to its end; its exit code and all that it wrote."""
        log = self.volume.with_name("command.log")
        process = self.start(*words, log=log, **environment)
        try:
            code = process.wait(timeout=seconds)
        finally:
            kill(process)
        return code, log.read_text()


def inner(process):
    """The process ids below `unshare`: the container's own, the first one foremost."""
    found, waiting = [], [process.pid]
    while waiting:
        # Each thread has children of its own.
        for path in Path(f"/proc/{waiting.pop(0)}/task").glob("*/children"):
            with suppress(FileNotFoundError):  # a thread that ended meanwhile
                children = [int(one) for one in path.read_text().split()]
                found += children
                waiting += children
    return found


def kill(process):
    """Kill the container's first process, and with it all others of its namespace."""
    for pid in inner(process)[:1]:
        os.kill(pid, signal.SIGKILL)
    process.wait(timeout=60)


def command_line(pid):
    """What a process list shows of a process; nothing once it is gone."""
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_bytes().replace(b"\0", b" ").decode() if path.exists() else ""


def terminate(process):
    """Send SIGTERM to the container's first process, as `docker stop` does."""
    os.kill(inner(process)[0], signal.SIGTERM)


@contextmanager
def container(folder):
    """A container of the image; its root goes at the end, the volume stays."""
    name = image()
    working = buildah("from", "--pull-never", name)
    try:
        box = Container(name, Path(buildah("mount", working)), folder / "volume")
        try:
            yield box
        finally:
            for process in box.started:
                kill(process)
    finally:
        buildah("umount", working)
        buildah("rm", working)
