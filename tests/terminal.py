"""A person at a terminal: a command in a pseudo-terminal, and what is typed into it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time

from commands import Done, environment

CTRL_C, CTRL_D = b"\x03", b"\x04"


def typed(folder, *arguments, keys, seconds=60):
    """Run `newsbot` in a terminal and type each of *keys* at its next question.

    A question is what ends in a colon and a space, as click writes it. What goes to
    the terminal comes back as `err`.
    """
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "newsbot", *map(str, arguments)],
        cwd=folder,
        env=environment(folder),
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        # Its own session, with this terminal: so that Ctrl-C reaches it alone.
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(slave)
    waiting, shown, fresh, typed_last = list(keys), b"", b"", b""
    ends_at = time.monotonic() + seconds
    try:
        while time.monotonic() < ends_at:
            if not select.select([master], [], [], 1)[0]:
                if typed_last == CTRL_C and b"stopped" not in fresh:
                    # It came in the moment before the read: a person presses again.
                    os.write(master, CTRL_C)
                continue
            try:
                read = os.read(master, 65536)
            except OSError:  # Linux says EIO once nobody writes to the other side
                break
            if not read:
                break
            shown, fresh = shown + read, fresh + read
            if fresh.endswith(b": ") and waiting:
                typed_last, fresh = waiting.pop(0), b""
                os.write(master, typed_last)
        code = process.wait(timeout=max(ends_at - time.monotonic(), 1))
        out = process.stdout.read().decode()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
        os.close(master)
    assert not waiting, (waiting, shown)
    return Done(code=code, out=out, err=shown.decode().replace("\r\n", "\n"))


def _take_terminal():
    import fcntl
    import signal
    import termios

    # A shell's job may have been started deaf to it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
