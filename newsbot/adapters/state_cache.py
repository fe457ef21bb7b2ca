"""Hidden states kept on disk, so that tuning again need not encode again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from newsbot.ports import Encoded, Encoder
from newsbot.types import identity


class CachedEncoder:
    """An encoder that remembers, by encoder, layer and text."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def id(self) -> str:
        """The encoder's own id."""
        return self._encoder.id

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Read states from disk, or encode and keep them."""
        paths = [self._folder / f"{identity(self.id, text)}.npz" for text in texts]
        missing = [n for n, path in enumerate(paths) if not path.is_file()]
        fresh = self._encoder.encode([texts[n] for n in missing]) if missing else []
        for n, encoded in zip(missing, fresh, strict=True):
            partial = paths[n].with_suffix(f".{os.getpid()}.tmp.npz")
            np.savez(partial, states=encoded.states, offsets=encoded.offsets)
            partial.replace(paths[n])
        found = []
        for path in paths:
            with np.load(path) as arrays:
                found.append(
                    Encoded(states=arrays["states"], offsets=arrays["offsets"])
                )
        return found
