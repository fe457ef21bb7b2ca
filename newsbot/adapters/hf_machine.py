"""What this machine can do for a model: device, number type, cores, memory.

In: the wishes of a config. Out: torch's device and type, and batches that fit.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch

from newsbot.adapters.embedded import read_manifest
from newsbot.adapters.processors import n_cores
from newsbot.errors import ModelMissingError, ModelOutputError

#: What torch says when memory ran out, besides its own error class; lower case.
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")

GIB = 2**30

Item = TypeVar("Item")
Result = TypeVar("Result")


def choose_device(name: str) -> torch.device:
    """Turn ``"auto"``, ``"cuda"`` or ``"cpu"`` into a device that is there.

    Raises:
        ModelMissingError: A GPU is asked for and torch sees none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ModelMissingError("device cuda asked for, but torch sees no GPU")
    return torch.device(name)


def choose_dtype(name: str, device: torch.device, measured: str | None) -> torch.dtype:
    """Turn a type's name into a type; ``"auto"`` into the fastest.

    Args:
        name: ``"auto"``, ``"bfloat16"``, ``"float16"`` or ``"float32"``.
        device: Where the model will run.
        measured: What was measured as faster on this machine's CPU, if anything.

    Raises:
        ValueError: Another name.
    """
    if name == "auto":
        if device.type == "cuda":
            name = "bfloat16"
        elif measured is not None:
            name = measured
        else:
            native = torch.ops.mkldnn._is_mkldnn_bf16_supported()
            name = "bfloat16" if native else "float32"
    dtypes = {
        "bfloat16": torch.bfloat16,
        "float16": torch.float16,
        "float32": torch.float32,
    }
    if name not in dtypes:
        raise ValueError(f"dtype must be auto or one of {sorted(dtypes)}, not {name!r}")
    return dtypes[name]


def set_up(folder: Path, device: str, dtype: str) -> tuple[torch.device, torch.dtype]:
    """Take every core there is, and choose where and how a model is to compute.

    Args:
        folder: The model's; a conversion has measured which type is faster here.
        device: As in the config; see `choose_device`.
        dtype: As in the config; see `choose_dtype`.

    Raises:
        ModelMissingError: A GPU is asked for and torch sees none.
        ValueError: No such type.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(n_cores())
    where = choose_device(device)
    manifest = read_manifest(folder)
    measured = manifest.dtype if manifest is not None else None
    return where, choose_dtype(dtype, where, measured)


def gpu_gib() -> float | None:
    """Tell how much memory the GPU has in all, in GiB; None where there is none."""
    if not torch.cuda.is_available():
        return None
    return float(torch.cuda.mem_get_info()[1]) / GIB


def memory_bytes(device: torch.device) -> int | None:
    """Tell how much memory is free where a model shall lie; None if nobody says.

    Args:
        device: The GPU, or the processor with the machine's own memory.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        text = Path("/proc/meminfo").read_text()
        line = next(x for x in text.splitlines() if x.startswith("MemAvailable:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def device_name(device: torch.device) -> str:
    """Name a device for people, as ``"cpu"`` or ``"cuda (NVIDIA L4)"``."""
    if device.type != "cuda":
        return str(device.type)
    return f"cuda ({torch.cuda.get_device_name(device)})"


def peak_bytes(device: torch.device) -> int:
    """Tell the most memory this process ever held there, in bytes.

    Args:
        device: A GPU: what torch allocated on it; else the process's resident peak.
    """
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux says KiB


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error).lower() for words in OUT_OF_MEMORY
    )


def in_batches(
    size: int,
    items: Sequence[Item],
    length: Callable[[Item], int],
    work: Callable[[Sequence[Item]], list[Result]],
) -> list[Result]:
    """Work on items of like length together; halve the batch when memory runs out.

    Args:
        size: Items in one batch.
        items: In the caller's order.
        length: Tokens of an item.
        work: Gives one result per item, in order.

    Returns:
        One result per item, in the caller's order.

    Raises:
        ModelOutputError: One item alone is too much.
    """
    # The longest first: what does not fit is found out at once.
    order = sorted(range(len(items)), key=lambda index: -length(items[index]))
    results: dict[int, Result] = {}
    done = 0
    while done < len(order):
        part = order[done : done + size]
        try:
            found = work([items[index] for index in part])
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            if len(part) == 1:
                raise ModelOutputError(
                    f"out of memory with a single text of {length(items[part[0]])} "
                    "tokens"
                ) from error
            size = len(part) // 2
            found = None
        if found is None:  # only here, for the error held the tensors
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            continue
        results.update(zip(part, found, strict=True))
        done += len(part)
    return [results[index] for index in range(len(items))]
