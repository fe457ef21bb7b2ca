"""Asks pip-audit whether a package of requirements.lock has a known vulnerability.

    pip install pip-audit && python packaging/audit.py

PyPI's own advisories are asked first, and OSV's (https://osv.dev) of what they cannot
look up. It is clean only where one of them answered for every package. Exit code 0:
none is known; 1: there is one; 4: a package, or all of them, could not be looked up,
which is printed as *not checked*.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
FOUND, NOT_CHECKED = 1, 4
#: As pip-audit calls them.
SERVICES = ("pypi", "osv")


def main() -> int:
    """Ask about every package of the lock; the exit code."""
    pins = dict(re.findall(r"^([\w.-]+)==([^\s\\]+)", LOCK.read_text("utf-8"), re.M))
    answers: dict[str, dict[str, Any]] = {}
    for service in SERVICES:
        known = {name for name, answer in answers.items() if "vulns" in answer}
        if left := {name: pins[name] for name in pins if name not in known}:
            answers |= _asked(left, service)
    code = 0
    for name, version in pins.items():
        answer = answers.get(name)
        if answer is None or "vulns" not in answer:
            reason = (answer or {}).get("skip_reason", "no answer")
            print(f"{name}: not checked: {' '.join(str(reason).split())}")
            code = code or NOT_CHECKED
        for one in (answer or {}).get("vulns", ()):
            mended = ", ".join(one.get("fix_versions") or ()) or "no version"
            print(f"{name} {version}: {one['id']}, mended in {mended}")
            code = FOUND
    if code == 0:
        print(f"{len(pins)} packages looked up: no known vulnerability")
    return code


def _asked(pins: dict[str, str], service: str) -> dict[str, dict[str, Any]]:
    """Ask a service by pip-audit; whatever is no answer to a question is left out."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        # The advisory service knows versions without the build's mark.
        file.writelines(f"{k}=={v.partition('+')[0]}\n" for k, v in pins.items())
        file.flush()
        # --strict would stop at the first that it cannot look up and say nothing of the
        # others; this exit code is as strict.
        words = ["--no-deps", "--disable-pip", "--format", "json", "-s", service]
        try:
            done = subprocess.run(
                ["pip-audit", *words, "--requirement", file.name],
                capture_output=True,
                text=True,
            )
        except OSError as error:
            print(f"pip-audit: {error.strerror}: pip install pip-audit")
            return {}
    try:
        told = json.loads(done.stdout)["dependencies"]
        return {one["name"]: one for one in told}
    except (ValueError, KeyError, TypeError):
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        print(f"pip-audit, {service}: {last[:300]}")
        return {}


if __name__ == "__main__":
    sys.exit(main())
