"""The demo site itself: six publishers on one loopback port.

In: the time taken as now.
Out: feeds and pages over HTTP, with validators, 304 and gzip as real sites have them.
Everything is rendered once at the start; a request only looks it up.
"""

import gzip
import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from socketserver import TCPServer
from threading import Thread
from types import MappingProxyType, TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from newsbot.demo.feeds import render_feed
from newsbot.demo.material import DemoArticle, load_articles
from newsbot.demo.publishers import PUBLISHERS, Publisher, render_article

#: Loopback only: the demo must not be seen from outside the machine.
HOST: Final = "127.0.0.1"

#: Seconds after which a silent keep-alive connection gives its thread back.
IDLE_SECONDS: Final = 10.0

#: A quality of zero: "not acceptable" (RFC 9110 12.4.2).
_NO_WEIGHT: Final = re.compile(r"q\s*=\s*0(\.0{0,3})?")

_MEDIA_TYPES: Final = MappingProxyType(
    {"rss": "application/rss+xml", "atom": "application/atom+xml"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One document of the site, rendered."""

    media_type: str
    body: bytes
    #: Aware UTC time without a fraction of a second.
    modified_at: datetime

    @property
    def etag(self) -> str:
        """Weak, because the plain and the gzipped body share it (RFC 9110 8.8.3)."""
        return f'W/"{hashlib.sha256(self.body).hexdigest()[:16]}"'

    @property
    def last_modified(self) -> str:
        """`modified_at` as an HTTP date."""
        return format_datetime(self.modified_at, usegmt=True)


def render_site(
    articles: tuple[DemoArticle, ...], *, site_url: str
) -> Mapping[str, Resource]:
    """Render every feed and page of the site.

    Args:
        articles: Shape (n,): all articles, newest first.
        site_url: Scheme and authority, e.g. ``"http://127.0.0.1:8000"``.

    Returns:
        Path, with a leading slash, to what lies there.
    """
    resources: dict[str, Resource] = {}
    for publisher in PUBLISHERS:
        own = [a for a in articles if a.publisher == publisher.slug]
        resources[publisher.feed_path] = Resource(
            media_type=f"{_MEDIA_TYPES[publisher.feed_format]}; charset=utf-8",
            body=render_feed(publisher, own, site_url=site_url),
            modified_at=own[0].published_at,
        )
        for article in own:
            html = render_article(publisher, article, own, site_url=site_url)
            resources[article.path] = Resource(
                media_type="text/html; charset=utf-8",
                body=html.encode("utf-8"),
                modified_at=article.published_at,
            )
    return MappingProxyType(resources)


def is_unchanged(
    resource: Resource, *, if_none_match: str | None, if_modified_since: str | None
) -> bool:
    """Does the client hold this document already?

    Args:
        resource: What the server would send.
        if_none_match: The header's value, or None.
        if_modified_since: The header's value, or None; ignored beside the other.

    Returns:
        True if the answer is 304.

    Source:
        RFC 9110, 13.1.2, 13.1.3 and 13.2.2.
    """
    if if_none_match is not None:
        held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return "*" in held or resource.etag.removeprefix("W/") in held
    if if_modified_since is None:
        return False
    try:
        return resource.modified_at <= parsedate_to_datetime(if_modified_since)
    except (TypeError, ValueError):
        # No date, or one without a zone: as if the header were not there.
        return False


def accepts_gzip(accept_encoding: str | None) -> bool:
    """May the answer be gzipped?

    Args:
        accept_encoding: The header's value, or None.

    Returns:
        True if gzip is named and not refused with ``q=0``.
    """
    for offer in (accept_encoding or "").lower().split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip() == "gzip":
            return _NO_WEIGHT.fullmatch(weight.strip()) is None
    return False


class _Server(ThreadingHTTPServer):
    """The listening socket, with the documents its handlers read."""

    daemon_threads = True
    resources: Mapping[str, Resource] = MappingProxyType({})

    def server_bind(self) -> None:
        """Bind without HTTPServer's name lookup, which may ask a resolver."""
        TCPServer.server_bind(self)
        self.server_name = HOST
        self.server_port = self.server_address[1]

    def handle_error(
        self, request: socket | tuple[bytes, socket], client_address: object
    ) -> None:
        """Say nothing about a client that hung up; anything else is a bug."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD from the server's table."""

    protocol_version = "HTTP/1.1"
    server_version = "newsbot-demo"
    sys_version = ""
    timeout = IDLE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """Answer with the document."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers of the document."""
        self._answer(with_body=False)

    def log_message(self, *_args: object, **_kwargs: object) -> None:
        """Stay silent: the demo's output belongs to the bot."""

    def _answer(self, *, with_body: bool) -> None:
        resource = self.server.resources.get(urlsplit(self.path).path)
        if resource is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        unchanged = is_unchanged(
            resource,
            if_none_match=self.headers["If-None-Match"],
            if_modified_since=self.headers["If-Modified-Since"],
        )
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else HTTPStatus.OK)
        self.send_header("ETag", resource.etag)
        self.send_header("Last-Modified", resource.last_modified)
        self.send_header("Vary", "Accept-Encoding")
        if unchanged:
            self.end_headers()
            return
        body = resource.body
        if accepts_gzip(self.headers["Accept-Encoding"]):
            body = gzip.compress(body, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", resource.media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


class DemoSite:
    """The demo news site, up for as long as its `with` block runs.

    Args:
        now: Aware time; the articles are dated within the thirty hours before it.
        port: Taken where it is free, as the addresses of a second run must be those
            of the first; else, or with 0, any free one.

    Raises:
        ValueError: *now* has no time zone.
    """

    def __init__(self, now: datetime, *, port: int = 0) -> None:
        self._articles = load_articles(now)
        self._wanted_port = port
        self._server: _Server | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        """Bind a free loopback port and start to answer."""
        try:
            self._server = _Server((HOST, self._wanted_port), _Handler)
        except OSError:
            self._server = _Server((HOST, 0), _Handler)
        self._server.resources = render_site(self._articles, site_url=self.url)
        self._thread = Thread(
            target=self._server.serve_forever,
            # Seconds; shutdown waits for one round of the loop.
            kwargs={"poll_interval": 0.05},
            name="demo-site",
            daemon=True,
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop answering and give the port back."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None

    @property
    def port(self) -> int:
        """The bound port.

        Raises:
            RuntimeError: The site is not running.
        """
        if self._server is None:
            raise RuntimeError("the demo site is not running; use it in a with block")
        return self._server.server_port

    @property
    def url(self) -> str:
        """Scheme and authority of the site.

        Raises:
            RuntimeError: The site is not running.
        """
        return f"http://{HOST}:{self.port}"

    @property
    def feeds(self) -> tuple[tuple[str, str], ...]:
        """Shape (n, 2): each publisher's feed address and its ISO language code.

        Raises:
            RuntimeError: The site is not running.
        """
        return tuple((self._address(p), p.language) for p in PUBLISHERS)

    def _address(self, publisher: Publisher) -> str:
        return self.url + publisher.feed_path
