"""The one door to the web: GET a page or feed, POST to a model server.

In: a URL. Out: a whole, decoded, bounded answer, or one `FetchError` whose reason
is one line. Every hop of a redirect passes the same guard. There are no cookies,
no referrer, no proxies from the environment, and one deadline for everything.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from newsbot.adapters.addresses import (
    Deadline,
    Guard,
    RefusedError,
    Resolver,
    Target,
    follow,
    parse_url,
    read_allow,
)
from newsbot.adapters.answers import (
    drained,
    joined,
    read_body,
    reason_of,
    retry_at,
    shown,
)
from newsbot.adapters.connections import (
    Connect,
    Connection,
    Connections,
    arm,
    headers_done,
)
from newsbot.courtesy import MayFollow, Secrets
from newsbot.errors import FetchError
from newsbot.ports import Response

#: Redirects followed for one request; browsers take 20, feeds rarely need 2.
MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
#: Bytes of a validator that is sent back; servers refuse header lines above 8 kB.
MAX_VALIDATOR = 8 * 2**10

#: Characters of a redirect's address that an error shows.
MAX_HOP = 120

_BAD_VALUE = re.compile(r"[\x00-\x1f\x7f]|[^\x00-\xff]")
_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one hop gave; `body` is decoded."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class _Way:
    """How far redirects have led; where it broke off, an error says so."""

    hop: str
    deadline: Deadline
    #: Where permanent ones alone led.
    moved_to: str | None = None


class HttpFetcher:
    """Gets pages and feeds; posts to model servers. Thread-safe.

    Args:
        allow: ``host:port`` pairs freed from the limits on addresses and ports.
        contact: Said in the User-Agent, so that a publisher can write.
        timeout_seconds: For a whole request, redirects included.
        max_bytes: Largest body, decoded.
        version: Of newsbot, said in the User-Agent.
        now: The clock that Retry-After is read by.
        resolver: Called as `socket.getaddrinfo`.
        connect: Called as `socket.create_connection` with a numeric address.
        tls: Checks certificates; the system's by default. Do not share it.
    """

    def __init__(
        self,
        *,
        allow: Sequence[str] = (),
        contact: str = "",
        timeout_seconds: float = 30,
        max_bytes: int = 15 * 2**20,
        version: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolver: Resolver = socket.getaddrinfo,
        connect: Connect = socket.create_connection,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._now = now
        agent = f"newsbot/{version} (+{contact})" if contact else f"newsbot/{version}"
        self._agent = _BAD_VALUE.sub("", agent)
        self._guard = Guard(allow=frozenset(map(read_allow, allow)), resolver=resolver)
        self._connections = Connections(guard=self._guard, connect=connect, tls=tls)

    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        secrets: Secrets | None = None,
        may_follow: MayFollow | None = None,
    ) -> Response:
        """GET *url*, conditionally where validators are given.

        Args:
            url: Absolute http(s) URL.
            etag: Sent back as If-None-Match, byte for byte; dropped whole when
                it cannot stand in a header or is longer than `MAX_VALIDATOR`.
            last_modified: Likewise, as If-Modified-Since.
            secrets: Headers that only their own scheme, host and port get, wherever
                redirects lead; they never reach an error's text.
            may_follow: Called with each address that a redirect leads to, before it
                is asked; what it raises ends the request, and the seconds that it
                gives are added to the deadline.

        Returns:
            The answer, status 200 or 304.

        Raises:
            FetchError: No answer in time, too large, refused, or any other status;
                or what *may_follow* raised.
        """
        headers = self._headers({"Accept": "*/*"})
        for name, value in (
            ("If-None-Match", etag),
            ("If-Modified-Since", last_modified),
        ):
            if value and len(value) <= MAX_VALIDATOR and not _BAD_VALUE.search(value):
                headers[name] = value
        target, answer, moved_to = self._followed(url, headers, secrets, may_follow)
        if answer.status not in (200, 304):
            raise self._status_error(url, answer)
        return Response(
            url=target.url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            moved_to=moved_to,
        )

    def fetch_part(self, url: str, start: int, length: int) -> tuple[bytes, int]:
        """GET a part of a large file, of which the whole is never asked for.

        Args:
            url: Absolute http(s) URL, under the same guard as pages.
            start: The part's first byte, from 0 on.
            length: Of the part, in bytes.

        Returns:
            The part, shorter only at the file's end, and the size of the whole.

        Raises:
            FetchError: As `fetch` says; or the server does not give parts.

        Source:
            RFC 9110, 14.
        """
        wanted = {"Range": f"bytes={start}-{start + length - 1}"}
        own = {"Accept": "*/*", "Accept-Encoding": "identity", **wanted}
        _, answer, _ = self._followed(url, self._headers(own), None, None)
        if answer.status == 200 and start == 0 and len(answer.body) <= length:
            return answer.body, len(answer.body)
        if answer.status not in (200, 206):
            raise self._status_error(url, answer)
        given = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if given is None or answer.status == 200 or int(given[1]) != start:
            raise FetchError(shown(url), "the server gives no parts of a file")
        size = int(given[2])
        if len(answer.body) != min(length, size - start):
            raise FetchError(shown(url), "another part than the one asked for")
        return answer.body, size

    def _followed(
        self,
        url: str,
        headers: Mapping[str, str],
        secrets: Secrets | None,
        may_follow: MayFollow | None,
    ) -> tuple[Target, _Answer, str | None]:
        """GET what *url* leads to: where that was, and where it has moved for good."""
        way = _Way(hop=url, deadline=Deadline.after(self._timeout_seconds))
        try:
            target, answer = self._walk(way, headers, secrets, may_follow)
        except FetchError:
            raise
        except Exception as error:
            raise self._error(url, way.hop, error, way.deadline) from error
        return target, answer, way.moved_to

    def _walk(
        self,
        way: _Way,
        headers: Mapping[str, str],
        secrets: Secrets | None,
        may_follow: MayFollow | None,
    ) -> tuple[Target, _Answer]:
        """Ask, and follow redirects; what answered last, and what it said."""
        owner, private = _read_secrets(secrets)
        target, permanent = parse_url(way.hop), True
        for _ in range(MAX_REDIRECTS + 1):
            own = private if target.origin == owner else {}
            answer = self._get(target, {**headers, **own}, way.deadline)
            if answer.status not in REDIRECTS:
                return target, answer
            way.hop = follow(target, answer.headers.get("location", ""))
            target = parse_url(way.hop)
            # A chain that ends in a temporary hop has moved as far as that; and what
            # asks for secrets stays where it gets them.
            permanent = permanent and answer.status in (301, 308)
            if permanent and owner in (None, target.origin):
                way.moved_to = target.url
            self._guard.check(target)
            if may_follow is not None:
                way.deadline = way.deadline.later(may_follow(target.url))
        raise RefusedError(f"more than {MAX_REDIRECTS} redirects")

    def post_json(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_seconds: float | None = None,
    ) -> tuple[int, bytes]:
        """POST *body* to a model server; redirects are answers, not followed.

        Args:
            url: Absolute http(s) URL, under the same guard as pages.
            body: JSON.
            headers: Added to the request; their values never reach an error's text.
            timeout_seconds: For the whole request; the fetcher's own by default.

        Returns:
            Status and decoded body, whatever the status.

        Raises:
            FetchError: No answer in time, too large, or refused.
        """
        deadline = Deadline.after(timeout_seconds or self._timeout_seconds)
        own = {"Content-Type": "application/json", "Connection": "close", **headers}
        for name, value in own.items():
            if _BAD_VALUE.search(value) or not re.fullmatch(r"[!-9;-~]+", name):
                reason = (
                    f"header {shown(name)} has a character that headers cannot carry"
                )
                raise FetchError(shown(url), reason, retry=False)
        try:
            target = parse_url(url)
            # A POST is not repeated, so it gets no connection that may have gone
            # stale (RFC 9112, 9.3.1).
            connection = self._connections.fresh(target, deadline)
            request = self._headers(own)
            answer = self._exchange(connection, target, request, deadline, body=body)
        except Exception as error:
            raise self._error(url, url, error, deadline) from error
        return answer.status, answer.body

    def refusal(self, url: str) -> str | None:
        """Tell why *url* will never be fetched, as far as nobody need be asked.

        Returns:
            One line; None where the name's addresses will decide.
        """
        try:
            self._guard.check(parse_url(url))
        except RefusedError as error:
            return error.reason
        return None

    def close(self) -> None:
        """Close the connections that were kept for reuse."""
        self._connections.close()

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        # gzip alone: its decoder can be bounded; "br" and "zstd" would be optional.
        own = {"User-Agent": self._agent, "Accept-Encoding": "gzip"}
        return {**own, **more}

    def _get(
        self, target: Target, headers: Mapping[str, str], deadline: Deadline
    ) -> _Answer:
        if connection := self._connections.kept(target):
            try:
                return self._exchange(connection, target, headers, deadline)
            except ConnectionError:
                # Closed by the server while idle; a GET may be sent again
                # (RFC 9110, 9.2.2).
                deadline.left()
        connection = self._connections.fresh(target, deadline)
        return self._exchange(connection, target, headers, deadline)

    def _exchange(
        self,
        connection: Connection,
        target: Target,
        headers: Mapping[str, str],
        deadline: Deadline,
        *,
        body: bytes | None = None,
    ) -> _Answer:
        """Send one request and read its answer to the end."""
        done = False
        try:
            arm(connection, deadline)
            sock = connection.sock
            connection.request(
                "GET" if body is None else "POST",
                target.path,
                body=body,
                headers={"Host": target.authority, **headers},
                preload_content=False,
                decode_content=False,
            )
            response = connection.getresponse()
            headers_done(sock)
            if body is None and response.status == 304:
                # It has no body (RFC 9110, 15.4.5), whatever its headers say of one;
                # http.client would wait for chunks that were announced, or take them
                # for as long as they come.
                done = not response.chunked
                content = response.read() if done else b""
            elif body is None and response.status not in (200, 206):
                content, done = b"", drained(response)
            else:
                content, done = read_body(response, self._max_bytes, deadline), True
            if done:
                self._connections.keep(target, connection)
            return _Answer(
                status=response.status, headers=joined(response), body=content
            )
        finally:
            if not done:
                connection.close()

    def _status_error(self, url: str, answer: _Answer) -> FetchError:
        try:
            status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        except ValueError:
            status = str(answer.status)
        return FetchError(
            shown(url),
            f"server answered {status}",
            status=answer.status,
            retry_at=retry_at(answer.headers, self._now()),
        )

    def _error(
        self, url: str, hop: str, error: Exception, deadline: Deadline
    ) -> FetchError:
        """Say in one line what went wrong; the cause is chained."""
        retry = not isinstance(error, RefusedError) or error.retry
        reason = reason_of(error)
        if deadline.expired:
            reason, retry = f"no answer within {deadline.seconds:g} s", True
        if hop != url:
            reason = f"redirected to {shown(hop, MAX_HOP)}: {reason}"
        return FetchError(shown(url), reason, retry=retry)


def _read_secrets(
    secrets: Secrets | None,
) -> tuple[tuple[str, str, int] | None, Mapping[str, str]]:
    """Who may get which headers; nobody, and none, without secrets."""
    if secrets is None:
        return None, {}
    for name, value in secrets.headers.items():
        if _BAD_VALUE.search(value) or not re.fullmatch(r"[!-9;-~]+", name):
            raise RefusedError("a secret has a character that headers cannot carry")
    return parse_url(secrets.url).origin, secrets.headers
