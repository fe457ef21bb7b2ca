"""Is this folder a model we dare to load, and which one is it?

In: a folder or a hub name. Out: a local folder, checked, and its fingerprint.
Weights are read from safetensors only: a pickle runs code when it is opened, and
so does a config with `auto_map`. Nothing here imports torch.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from newsbot.adapters.embedded import BASE_SHA256, FIX, read_manifest
from newsbot.errors import ModelMissingError

#: What is fetched from a hub; never a pickle, never Python.
HUB_PATTERNS = ("*.safetensors", "*.json", "*.jinja", "tokenizer.model")
#: What would be fetched twice: Mistral's weights once more, in its own format.
HUB_EXCEPT = ("consolidated*", "original/*")
#: Endings of weights that are pickles.
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
#: JSON files that may name code to run.
CONFIGS = ("config.json", "tokenizer_config.json", "generation_config.json")
#: Bytes and number of the samples that make the fingerprint of a weight file:
#: 16 MiB of each file, so that naming a 16 GB model takes no minute.
SAMPLE_BYTES, N_SAMPLES = 65_536, 256


def local_folder(folder_or_name: str, *, offline: bool) -> Path:
    """Find the model's folder, fetching it where that is allowed.

    Args:
        folder_or_name: A folder, or ``"owner/name"`` on the Hugging Face hub.
        offline: Whether only what already lies on this machine may be used.

    Returns:
        A folder whose files `check` has passed.

    Raises:
        ModelMissingError: Not there, not fetchable, or refused by `check`.
    """
    folder = Path(folder_or_name).expanduser()
    if not folder.is_dir():
        folder = _from_hub(folder_or_name, offline=offline)
    check(folder)
    return folder.resolve()


def check(folder: Path) -> None:
    """Refuse a folder that is no model, holds only pickles or brings its own code.

    Args:
        folder: An existing folder.

    Raises:
        ModelMissingError: Names the file and what to do.
    """
    config = folder / "config.json"
    if not config.is_file():
        raise ModelMissingError(f"{config}: missing; not a transformers model folder")
    for name in CONFIGS:
        path = folder / name
        if not path.is_file():
            continue
        try:
            content = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ModelMissingError(f"{path}: not readable as JSON: {error}") from error
        if _has_key(content, "auto_map"):
            raise ModelMissingError(
                f"{path}: names code of its own (auto_map), which newsbot never runs; "
                "choose a model that transformers knows"
            )
    if any(folder.glob("*.safetensors")):
        return
    pickles = sorted(path for path in folder.iterdir() if path.suffix in PICKLES)
    if pickles:
        raise ModelMissingError(
            f"{pickles[0]}: pickled weights can run code and are not loaded; "
            "convert them to safetensors"
        )
    raise ModelMissingError(f"{folder}: no *.safetensors in it")


def fingerprint(folder: Path) -> str:
    """Name a model by its content, in 12 hexadecimal digits.

    The embedded model answers with the SHA-256 of its GGUF. Of others, config and
    tokenizer are hashed whole, weights by size, header and evenly spread samples.

    Args:
        folder: A checked folder.

    Returns:
        ``"a5fd3b62230a"``.
    """
    manifest = read_manifest(folder)
    if manifest is not None and manifest.base_sha256 == BASE_SHA256:
        return BASE_SHA256[:12]
    digest = hashlib.sha256()
    for name in ("config.json", "tokenizer.json", "tekken.json", "chat_template.jinja"):
        if (folder / name).is_file():
            digest.update(name.encode() + b"\0" + (folder / name).read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name}\0{size}\0".encode())
        step = max(SAMPLE_BYTES, size // N_SAMPLES)
        with path.open("rb") as file:
            for start in [*range(0, size, step), max(0, size - SAMPLE_BYTES)]:
                file.seek(start)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()[:12]


def model_name(folder: Path, folder_or_name: str) -> str:
    """Name a model for people: hub name, or the folder's without its hash."""
    manifest = read_manifest(folder)
    if manifest is not None and manifest.base_sha256 == BASE_SHA256:
        return "gemma3-270m"
    if not Path(folder_or_name).expanduser().is_dir():
        return folder_or_name
    return folder.name


def _from_hub(name: str, *, offline: bool) -> Path:
    try:
        from huggingface_hub import errors, snapshot_download
    except ImportError as error:
        raise ModelMissingError(f"{error.name} is not installed: {FIX}") from error
    try:
        return Path(
            snapshot_download(
                name,
                allow_patterns=list(HUB_PATTERNS),
                ignore_patterns=list(HUB_EXCEPT),
                local_files_only=offline,
            )
        )
    # The hub's own errors, httpx's and files': all mean that it did not come.
    except Exception as error:
        if isinstance(error, errors.GatedRepoError):
            hint = (
                f"wants its licence accepted at https://huggingface.co/{name}, and "
                "your token in HF_TOKEN"
            )
        elif isinstance(
            error, errors.RepositoryNotFoundError | errors.HFValidationError
        ):
            hint = "is neither a folder nor a model on the hub"
        elif offline:
            hint = "is no folder, and the network is not allowed for models"
        else:
            hint = (
                "is not on this machine, and the Hugging Face hub cannot be reached; "
                f"where it can: hf download {name} --exclude 'consolidated*'"
            )
        raise ModelMissingError(f"{name!r} {hint}") from error


def _has_key(value: object, key: str) -> bool:
    if isinstance(value, dict):
        return key in value or any(_has_key(inner, key) for inner in value.values())
    if isinstance(value, list):
        return any(_has_key(inner, key) for inner in value)
    return False
