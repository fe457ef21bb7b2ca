"""A small web server on an address of this machine, until a signal stops it."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any

from newsbot.errors import UserError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_PORT = re.compile(r"(:\d{0,5})?")
#: Seconds that answers in hand have once a signal came.
LEAVING = 3
#: Connections at once; more are told to come back.
MAX_AT_ONCE = 100


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address or name."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Take an address.

    Args:
        host: Of this machine.
        port: 0 for any that is free.

    Raises:
        UserError: It is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{host}, port {port}: {reason}; try --port 0") from error


def serve_until_stopped(
    app: AsgiApp,
    listening: socket.socket,
    ready: Callable[[str], None],
    *,
    lifespan: str = "off",
) -> None:
    """Serve until SIGINT or SIGTERM; answers in hand are finished.

    Args:
        app: What answers.
        listening: Where; closed in the end.
        ready: Told the address, ``http://127.0.0.1:8002``.
        lifespan: ``"on"`` where the app wants to know of beginning and end.
    """
    import uvicorn

    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan=lifespan,
            log_level="warning",
            access_log=False,  # addresses of pages hold tokens
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MAX_AT_ONCE,
            timeout_graceful_shutdown=LEAVING,
        )
    )
    # Uvicorn stops on these and then raises them again: a stop is no failure.
    stops = (signal.SIGINT, signal.SIGTERM)
    with listening:
        before = {number: signal.signal(number, _ignored) for number in stops}
        try:
            ready(f"http://{shown}:{port}")
            server.run(sockets=[listening])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def host_of(scope: Scope) -> str:
    """Read the name that a request asks for, without its port; empty without one."""
    named = [value for name, value in scope["headers"] if name == b"host"]
    if len(named) != 1:
        return ""
    written = str(named[0], "latin-1").lower()
    if written.startswith("["):
        host, _, port = written[1:].partition("]")
    else:
        host, colon, port = written.partition(":")
        port = colon + port
    return host if _PORT.fullmatch(port) else ""


def _ignored(_number: int, _frame: object) -> None:
    """Take a signal that has done its work."""
