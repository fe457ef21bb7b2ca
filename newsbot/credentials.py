"""What private and paid feeds and a proxy ask for, read from the environment."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence

from newsbot.config import FeedConfig, NetworkConfig
from newsbot.courtesy import Secrets
from newsbot.errors import ConfigError
from newsbot.types import identity


def feed_secrets(feeds: Sequence[FeedConfig]) -> dict[str, Secrets]:
    """Read what private and paid feeds ask for from the environment.

    Returns:
        By feed id; each is bound to the address that the config names.

    Raises:
        ConfigError: A variable is named, but empty, or a header is none; says which
            variable, never its value.
    """
    secrets = {}
    for feed in feeds:
        headers = {}
        if feed.username_env or feed.password_env:
            pair = f"{_secret(feed.username_env)}:{_secret(feed.password_env)}"
            # RFC 7617, 2.1: as UTF-8.
            token = base64.b64encode(pair.encode("utf-8", "surrogateescape")).decode()
            headers["Authorization"] = f"Basic {token}"
        if feed.header_env:
            name, colon, value = _secret(feed.header_env).partition(":")
            if not colon or not name.strip() or not value.strip():
                raise ConfigError(
                    f"the environment variable {feed.header_env} (header_env) is no "
                    'header such as "X-Api-Key: ..."'
                )
            headers[name.strip()] = value.strip()
        if headers:
            url = feed.url.strip()
            secrets[identity("feed", url)] = Secrets(url=url, headers=headers)
    return secrets


def proxy_address(network: NetworkConfig) -> str:
    """Read the address of the proxy from the environment; empty where none is named.

    Raises:
        ConfigError: The environment variable is empty.
    """
    return _secret(network.proxy_env, "network.proxy_env")


def _secret(variable: str, named_by: str = "[[feeds]]") -> str:
    if variable and not os.environ.get(variable):
        raise ConfigError(
            f"the environment variable {variable}, which {named_by} names, is empty"
        )
    return os.environ.get(variable, "") if variable else ""
