"""Builds what needs a model: the judge and the summariser, by `[model]`.

In: the config. Out: a `Brain`. Heavy libraries are imported where a model is built.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from newsbot.adapters.meter import Count, MeteredEncoder, MeteredModel
from newsbot.config import Config, ModelConfig
from newsbot.errors import ConfigError
from newsbot.pipeline import Judge, Summariser
from newsbot.presets import check_gpu, find_preset, preset_of
from newsbot.stages.assess import Judgement
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.types import Finding, Summary

if TYPE_CHECKING:
    from newsbot.adapters.hf import HfModel
    from newsbot.adapters.hf_reader import HfReader
    from newsbot.adapters.server import Post, ServerModel

#: Tells what takes long: stage and fraction, or stage and count.
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brain:
    """The parts that need a model."""

    judge: Judge
    summariser: Summariser
    #: What is printed as the model: name and adapter.
    name: str
    #: What the model was asked so far.
    count: Count
    #: The model itself, unmetered.
    model: HfModel | HfReader | ServerModel


class InTurn:
    """Asks a model for one thread at a time: the line's, and who tries an article."""

    def __init__(self, judge: Judge, summariser: Summariser) -> None:
        self._judge = judge
        self._summariser = summariser
        self._lock = threading.Lock()

    def judge(self, readings: Sequence[Reading], now: datetime) -> list[Judgement]:
        """Judge a batch of articles."""
        with self._lock:
            return self._judge.judge(readings, now)

    def summarise(
        self,
        readings: Sequence[Reading],
        findings: Sequence[Sequence[Finding]],
        now: datetime,
    ) -> list[Summary]:
        """Summarise a batch of articles."""
        with self._lock:
            return self._summariser.summarise(readings, findings, now)


def loaded_once(load: Callable[[], Brain]) -> Callable[[], Brain]:
    """Load a model for whoever asks first; others who ask meanwhile wait for it."""
    lock = threading.Lock()

    def get() -> Brain:
        with lock:
            return load()

    return get


def embedded_brain(config: Config, gazetteer: Gazetteer, progress: Progress) -> Brain:
    """Build the judge that asks the embedded model's tuned layers.

    Raises:
        ModelMissingError: The model, or the extra that loads it, is missing.
    """
    from newsbot.adapters import adapter_file, embedded, hf_files
    from newsbot.adapters.hf_reader import HfReader, ReaderConfig
    from newsbot.stages.assess import HeadJudge
    from newsbot.stages.summarise import QuotingSummariser

    path = config.adapter_path or adapter_file.shipped_adapter()
    if config.model.name:  # another base, with an adapter that was tuned on it
        folder = hf_files.local_folder(config.model.name, offline=True)
        base, name = hf_files.fingerprint(folder), folder.name
    else:
        base, name = embedded.base_sha256(), "gemma3-270m"
    adapter = adapter_file.load_adapter(path, base=base)
    if not config.model.name:
        folder = embedded.prepare(config.cache_path, progress=progress)
    settings = ReaderConfig(
        folder=str(folder),
        device=config.model.device,
        dtype=config.model.dtype,
        batch_size=config.model.batch_size,
    )
    model = HfReader.load(settings, adapter)
    count = Count()
    judge = HeadJudge(MeteredEncoder(model, count), adapter.heads, gazetteer)
    in_turn = InTurn(judge, QuotingSummariser(gazetteer))
    return Brain(
        judge=in_turn,
        summariser=in_turn,
        name=f"embedded {name}, adapter {adapter.heads.hash}",
        count=count,
        model=model,
    )


def prompted_brain(
    settings: ModelConfig, gazetteer: Gazetteer, post: Callable[[], Post]
) -> Brain:
    """Build the judge that asks a model which follows instructions.

    Args:
        settings: ``[model]`` with any preset but the embedded one.
        gazetteer: The organisations.
        post: Gives the way to a server; asked only for preset ``server``.

    Raises:
        ConfigError: A key that the preset needs is empty.
        ModelMissingError: No weights, or they do not fit this machine.
    """
    from newsbot.prompts import load_prompt
    from newsbot.stages.prompted import PromptJudge
    from newsbot.stages.summarise import ModelSummariser

    if not settings.name and not preset_of(settings.preset).repository:
        raise ConfigError(f'model.name is missing for preset "{settings.preset}"')
    is_server = settings.preset == "server"
    model = _server(settings, post) if is_server else _local(settings)
    count = Count()
    metered = MeteredModel(model, count)
    judge = PromptJudge(
        metered, load_prompt("detect_deal"), load_prompt("extract_deal"), gazetteer
    )
    summariser = ModelSummariser(metered, load_prompt("summarise"), gazetteer)
    in_turn = InTurn(judge, summariser)
    return Brain(
        judge=in_turn,
        summariser=in_turn,
        name=model.id,
        count=count,
        model=model,
    )


def with_model(config: Config, name: str) -> Config:
    """Choose another model: a preset, a folder, or a hub name.

    Raises:
        UserError: None of these, and nearly a preset.
    """
    preset = find_preset(name)
    if preset is None:
        model = replace(config.model, preset="transformers", name=name)
    elif preset == config.model.preset:
        model = config.model
    else:  # what was named and set for another preset is not for this one
        kept = config.model.name if preset in ("transformers", "server") else ""
        model = replace(config.model, preset=preset, name=kept)
    return replace(config, model=model)


def _server(settings: ModelConfig, post: Callable[[], Post]) -> ServerModel:
    from newsbot.adapters.server import ServerConfig, ServerModel

    if not settings.base_url:
        raise ConfigError('model.base_url is missing for preset "server"')
    key = os.environ.get(settings.api_key_env) if settings.api_key_env else None
    return ServerModel(
        ServerConfig(base_url=settings.base_url, model=settings.name, api_key=key),
        post(),
    )


def _local(settings: ModelConfig) -> HfModel:
    from newsbot.adapters.hf import HfConfig, HfModel
    from newsbot.adapters.hf_machine import gpu_gib

    preset = preset_of(settings.preset)
    quantisation = settings.quantisation
    on_cpu = settings.device == "cpu"
    if preset.gpu_gib and not on_cpu:
        check_gpu(preset, gpu_gib())
    if quantisation == "auto":
        quantisation = "none" if on_cpu else preset.quantisation
    return HfModel.load(
        HfConfig(
            folder_or_name=settings.name or preset.repository,
            device=settings.device,
            dtype=settings.dtype,
            quantisation=quantisation,
            batch_size=settings.batch_size,
            context=settings.context,
            offline=False,
        )
    )
