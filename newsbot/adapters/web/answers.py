"""Answers of the status page that a client can ask for again, cheaply.

An answer has an ETag, the hash of its bytes, and a Last-Modified: when this process
first gave these bytes at this address. So neither can call old what has changed, though
a deal may change without a newer date.

Source:
    RFC 9110, 13.2.2: If-None-Match goes before If-Modified-Since.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

#: Addresses whose last answer is remembered: by hash, some hundred bytes each.
MAX_REMEMBERED = 2_000
#: A page may be kept, but is asked for again each time: 304 costs next to nothing.
REVALIDATE = "private, no-cache"


class Answers:
    """Builds answers with validators, and 304 where a client has them already.

    Args:
        clock: Tells the time, aware, UTC.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._known: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def answer(
        self,
        request: Request,
        body: bytes,
        kind: str,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Give a body, or say that the client has it."""
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        language = request.headers.get("accept-language", "")
        asked = (request.scope["path"], request.scope["query_string"], language)
        modified = self._since(repr(asked), etag)
        standing = {
            "etag": etag,
            "last-modified": format_datetime(modified, usegmt=True),
            "cache-control": REVALIDATE,
            "vary": "Accept-Language",
            **(headers or {}),
        }
        if _has(request, etag, modified):
            return Response(status_code=304, headers=standing)
        return Response(body, media_type=kind, headers=standing)

    def _since(self, key: str, etag: str) -> datetime:
        """Since when an address gives this."""
        name = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
        now = self._clock().replace(microsecond=0)
        with self._lock:
            known = self._known.get(name)
            if known is None or known[0] != etag:
                # Two answers of one second must not look like one.
                later = now if known is None else known[1] + timedelta(seconds=1)
                known = self._known[name] = (etag, max(now, later))
            self._known.move_to_end(name)
            while len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)
        return known[1]


def _has(request: Request, etag: str, modified: datetime) -> bool:
    tags = request.headers.get("if-none-match")
    if tags is not None:
        listed = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return etag in listed or "*" in listed
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return modified <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False  # no date, or one without its zone
