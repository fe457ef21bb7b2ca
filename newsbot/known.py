"""Whom newsbot knows: the packaged organisations, and those of the config."""

from __future__ import annotations

from newsbot.config import Config
from newsbot.errors import ConfigError
from newsbot.stages.organisations import Gazetteer, Organisation, load_organisations


def known_organisations(config: Config) -> Gazetteer:
    """Read the packaged organisations and add the user's own.

    Raises:
        ConfigError: One of the user's own claims another one's name, or lacks a parent.
    """
    try:
        return load_organisations(
            [
                Organisation(
                    name=own.name,
                    kind=own.kind,
                    aliases=own.aliases,
                    products=own.products,
                    descriptions=own.descriptions,
                    parent=own.parent,
                    ambiguous=own.ambiguous,
                )
                for own in config.organisations
            ]
        )
    except ValueError as error:
        raise ConfigError(f"[[organisations]]: {error}") from error
