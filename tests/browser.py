"""Headless Chromium: what a page looks like, and whether it fits.

The page stands in a frame of the wanted width: a window of Chromium is never as narrow
as a telephone. Nothing is fetched: the page is given whole.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def _run(folder, wrapper, arguments, *, dark):
    page = folder / "wrapper.html"
    page.write_text(wrapper, encoding="utf-8")
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--allow-file-access-from-files",
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--virtual-time-budget=3000",
            *arguments,
            page.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return done.stdout.decode("utf-8", "replace")


def _framed(page, width, height, script=""):
    return (
        '<!doctype html><meta charset="utf-8"><body style="margin:0">'
        f'<iframe id="f" style="border:0;width:{width}px;height:{height}px" '
        f'srcdoc="{html.escape(page)}"></iframe>{script}'
    )


def measured(folder, page, width, *, dark=False, question=""):
    """Ask a page how wide and high it is, and what *question*, JavaScript, says."""
    script = (
        '<script>document.getElementById("f").onload = function () {'
        "var d = this.contentDocument, e = d.documentElement, w = this.contentWindow;"
        "var told = {width: e.scrollWidth, height: e.scrollHeight,"
        "ground: w.getComputedStyle(d.body).backgroundColor,"
        f"answer: {question or 'null'}}};"
        'document.body.innerHTML = "<pre>" + JSON.stringify(told) + "</pre>";'
        "};</script>"
    )
    wrapper = _framed(page, width, 800, script)
    told = _run(folder, wrapper, ["--dump-dom"], dark=dark)
    found = re.search(r"<pre>(\{.*\})</pre>", told, re.S)
    assert found, told[-2000:]
    return json.loads(html.unescape(found[1]))


def screenshot(folder, page, width, file, *, dark=False, height=None):
    """Draw a page as PNG; all of it, unless a height is named."""
    height = height or measured(folder, page, width, dark=dark)["height"]
    arguments = [f"--screenshot={file}", f"--window-size={max(width, 500)},{height}"]
    _run(folder, _framed(page, width, height), arguments, dark=dark)
    return file
