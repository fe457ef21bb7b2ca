"""Headless Chromium on a real site: what a page looks like, and what it says of itself.

Spoken to over a pipe (Chrome DevTools Protocol), so that a page is looked at as it is
served: its own address, its policy, any width, light or dark.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One window; its pages share nothing with other windows."""

    def __init__(self, folder):
        there, self._in = os.pipe()
        self._out, back = os.pipe()
        self._number = 0
        self._read = b""
        #: What pages wrote to the console, and what their policy refused.
        self.complaints = []
        self._process = subprocess.Popen(
            [
                "bash",
                "-c",
                f'exec "$@" 3<&{there} 4>&{back}',
                "bash",
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-background-networking",
                "--remote-debugging-pipe",
                f"--user-data-dir={folder / 'profile'}",
                "about:blank",
            ],
            pass_fds=(there, back),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(there)
        os.close(back)
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._call("Browser.close")
            self._process.wait(timeout=20)
        finally:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def look(self, width, *, dark=False, height=900, languages="en"):
        """Set how wide the window is, which colours and languages its user likes."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": languages})

    def open(self, address):
        """Open a page and wait until all of it is there."""
        self.complaints.clear()
        self.call("Page.navigate", url=address)
        self._until("Page.loadEventFired")

    def ask(self, expression):
        """Evaluate JavaScript in the page; promises are waited for."""
        done = self.call(
            "Runtime.evaluate",
            expression=expression, returnByValue=True, awaitPromise=True,
        )  # fmt: skip
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, key, code):
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key,
                windowsVirtualKeyCode=code, text="\r" if key == "Enter" else "",
            )  # fmt: skip

    def until_loaded(self):
        """Wait for the page that a click or key has opened."""
        self._until("Page.loadEventFired")

    def shot(self, file, *, whole=True):
        """Draw the page, all of it or the window, as PNG."""
        drawn = self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole,
            **({"clip": self._clip()} if whole else {}),
        )  # fmt: skip
        file.write_bytes(base64.b64decode(drawn["data"]))

    def call(self, method, **parameters):
        """Call a method of the protocol for this page."""
        return self._call(method, session=self._session, **parameters)

    def _clip(self):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {
            "x": 0,
            "y": 0,
            "scale": 1,
            "width": size["width"],
            "height": size["height"],
        }

    def _call(self, method, session=None, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._in, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]

    def _until(self, event):
        while self._next().get("method") != event:
            pass

    def _next(self):
        while b"\0" not in self._read:
            part = os.read(self._out, 1 << 16)
            assert part, "the browser is gone"
            self._read += part
        line, _, self._read = self._read.partition(b"\0")
        told = json.loads(line)
        if told.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
            self.complaints.append(json.dumps(told["params"]))
        return told
