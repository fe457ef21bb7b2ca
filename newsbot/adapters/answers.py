"""Reading an answer: its headers, its body, its bounds, and what went wrong.

In: a urllib3 response whose headers have arrived, or the exception instead of one.
Out: decoded bytes that never grew past their cap, or one plain line of reason.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import urllib3
from urllib3.response import HTTPResponse

from newsbot.adapters.addresses import Deadline, RefusedError
from newsbot.stages.printable import INVISIBLE

#: gzip members in one body; real servers send one, a bomb sends millions of empty ones.
MAX_MEMBERS = 1_000
#: Bytes read at once, before decoding.
CHUNK = 16 * 2**10
#: Bytes of a redirect's body that are read away to keep its connection.
MAX_DRAIN = 16 * 2**10
#: The longest wait a server may ask for.
MAX_RETRY_AFTER = timedelta(days=31)

# Headers of which the last counts; several others join by comma (RFC 9110, 5.3).
_SINGLE = frozenset(
    "content-length content-type date etag expires last-modified location "
    "retry-after".split()
)
_UNPRINTABLE = re.compile(rf"[\x00-\x1f\x7f-\xa0\u2028\u2029{INVISIBLE}]")


def joined(response: HTTPResponse) -> dict[str, str]:
    """Lower-case names; repeated headers by comma, or the last where one counts."""
    headers = {}
    for name in response.headers:
        values = response.headers.getlist(name)
        key = name.lower()
        headers[key] = values[-1] if key in _SINGLE else ", ".join(values)
    return headers


def drained(response: HTTPResponse) -> bool:
    """Read a short body away; False when the connection is better closed."""
    length = response.length_remaining
    if response.chunked or length is None or length > MAX_DRAIN:
        return False
    for _ in response.stream(CHUNK, decode_content=False):
        pass
    return True


def read_body(response: HTTPResponse, max_bytes: int, deadline: Deadline) -> bytes:
    """Read and decode a body; never holds more than *max_bytes* of it."""
    limit = f"larger than {max_bytes / 2**20:g} MiB"
    codings = response.headers.get("content-encoding", "").lower().strip()
    transfer = response.headers.get("transfer-encoding", "").lower().strip()
    if transfer not in ("", "identity", "chunked"):
        raise RefusedError("transfer coding not accepted")
    if codings not in ("", "identity", "gzip", "x-gzip"):
        raise RefusedError(f"content coding {shown(codings)[:40]} not accepted")
    if (response.length_remaining or 0) > max_bytes:
        raise RefusedError(limit)
    chunks = _raw(response, max_bytes, limit)
    if "gzip" in codings:
        chunks = _gunzipped(chunks)
    body = io.BytesIO()
    for chunk in chunks:
        if body.tell() + len(chunk) > max_bytes:
            raise RefusedError(limit)
        body.write(chunk)
        deadline.left()
    return body.getvalue()


def _raw(response: HTTPResponse, max_bytes: int, limit: str) -> Iterator[bytes]:
    n_read = 0
    for chunk in response.stream(CHUNK, decode_content=False):
        n_read += len(chunk)
        if n_read > max_bytes:
            raise RefusedError(limit)
        yield chunk


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decode gzip in pieces of bounded size, member after member (RFC 1952, 2.2)."""
    decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    n_members, started = 1, False
    for chunk in chunks:
        data = chunk
        while data:
            if decoder.eof:
                if not data.startswith(b"\x1f"):
                    break  # padding after the last member is common, and ignored
                n_members += 1
                if n_members > MAX_MEMBERS:
                    raise RefusedError(f"more than {MAX_MEMBERS} gzip members")
                decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
            started = True
            piece = decoder.decompress(data, 4 * CHUNK)
            data = decoder.unconsumed_tail or decoder.unused_data
            if piece:
                yield piece
        while not decoder.eof and (piece := decoder.decompress(b"", 4 * CHUNK)):
            yield piece
    if started and not decoder.eof:
        raise EOFError


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read until when a server wants to be left alone.

    Args:
        headers: Lower-case names.
        now: Aware UTC.

    Returns:
        The time, at most `MAX_RETRY_AFTER` ahead; None where the server names
        none, or none that can be read.

    Source:
        RFC 9110, 10.2.3. A date is taken relative to the server's own Date, so
        that a wrong server clock does no harm.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+", value):
        seconds = int(value) if len(value) < 10 else 10**9
        return now + min(timedelta(seconds=seconds), MAX_RETRY_AFTER)
    moment = _http_date(value)
    if moment is None:
        return None
    wait = moment - (_http_date(headers.get("date", "")) or now)
    return now + min(max(wait, timedelta()), MAX_RETRY_AFTER)


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def reason_of(error: BaseException) -> str:
    """Name a transport's failure in plain words; the outermost that fits wins."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        if cause in causes:
            break
        causes.append(cause)
    for cause in causes:
        for kinds, reason in _REASONS:
            if isinstance(cause, kinds):
                return reason(cause) if callable(reason) else reason
    return f"no usable answer ({type(error).__name__})"


_EARLY_END = "the answer ended early"
_REASONS: tuple[
    tuple[tuple[type[BaseException], ...], str | Callable[..., str]], ...
] = (
    ((RefusedError,), lambda error: error.reason),
    ((socket.gaierror,), "host name not found"),
    (
        (ssl.SSLCertVerificationError,),
        lambda error: f"certificate not accepted: {shown(error.verify_message)}",
    ),
    ((TimeoutError,), "no answer in time"),
    ((ssl.SSLError,), "no secure connection"),
    ((http.client.RemoteDisconnected,), "connection closed without an answer"),
    ((http.client.IncompleteRead, urllib3.exceptions.IncompleteRead), _EARLY_END),
    ((EOFError,), _EARLY_END),
    ((ConnectionRefusedError,), "connection refused"),
    ((ConnectionError,), "connection lost"),
    ((zlib.error,), "the gzip body is damaged"),
    ((http.client.LineTooLong,), "headers with a line that is too long"),
    ((http.client.HTTPException,), "not an HTTP answer"),
    ((urllib3.exceptions.InvalidHeader,), "contradictory headers"),
    ((urllib3.exceptions.ProtocolError,), _EARLY_END),
    ((OSError,), lambda error: shown(error.strerror or "no connection").lower()),
)


def shown(text: str, longest: int = 300) -> str:
    """Make foreign text fit for one log line: no controls, no user name, bounded."""
    text = re.sub(r"//[^/?#]*@", "//", text)
    text = _UNPRINTABLE.sub("?", text[: longest + 1])
    return text if len(text) <= longest else text[: longest - 1] + "…"
