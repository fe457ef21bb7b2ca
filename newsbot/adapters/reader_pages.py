"""The two pages of readers: confirm and leave.

GET only shows a page with a button: scanners and mail programs fetch every link. POST
does it, from that button or from a mail program (RFC 8058). No cookie, no script, no
log line with a token. `newsbot run` serves them here, behind the user's proxy;
`newsbot serve` gives the same answers beside its own pages.
"""

from __future__ import annotations

import html
import threading
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from newsbot.errors import ConfigError, NewsbotError
from newsbot.subscribing import Subscriber
from newsbot.vocabulary import Language

#: Octets of a form that are read: what is longer is none of ours.
MAX_BODY = 4_096
#: Seconds that a request may take to arrive.
PATIENCE = 10
#: Requests served at once; more wait in the system's queue.
MAX_AT_ONCE = 8

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "leave": "No more mail?",
        "leave_text": "newsbot sends AI-cloud deals to {address}.",
        "leave_button": "Unsubscribe",
        "left": "Done: {address} is forgotten, and gets no more mail.",
        "confirm": "The digest of AI-cloud deals",
        "confirm_text": "Send it to {address}?",
        "confirm_button": "Yes, send it",
        "confirmed": "Done: the digest comes to {address}.",
        "unknown": "This link is not good any more. Perhaps it was used already.",
    },
    "de": {
        "leave": "Keine Mails mehr?",
        "leave_text": "newsbot schickt KI-Cloud-Abkommen an {address}.",
        "leave_button": "Abbestellen",
        "left": "Erledigt: {address} ist vergessen und bekommt nichts mehr.",
        "confirm": "Der Überblick über KI-Cloud-Abkommen",
        "confirm_text": "An {address} schicken?",
        "confirm_button": "Ja, schicken",
        "confirmed": "Erledigt: Der Überblick kommt an {address}.",
        "unknown": "Dieser Link gilt nicht mehr. Vielleicht wurde er schon benutzt.",
    },
}
_STYLE = (
    "body{font:17px/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;"
    "padding:0 1rem;color-scheme:light dark}button{font:inherit;padding:.5rem 1.2rem}"
)


class Desk(Protocol):
    """What the pages ask of the mailroom."""

    def reader_of(self, token: str) -> Subscriber | None:
        """Find whose token to leave by this is."""
        ...

    def leave(self, address_or_token: str) -> bool:
        """Forget a reader."""
        ...

    def awaits(self, token: str, now: datetime) -> Subscriber | None:
        """Find who may confirm with a token."""
        ...

    def confirm(self, token: str, now: datetime) -> Subscriber:
        """Take a token back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page for a reader."""

    status: int
    body: bytes = b""


def asked_of(path: str) -> tuple[str, str]:
    """Read what is asked, and with which token; a proxy may put a path before them."""
    try:
        parts = urlsplit(path).path.strip("/").split("/")
    except ValueError:
        return "", ""
    return (parts[-2], unquote(parts[-1])) if len(parts) > 1 else ("", "")


def show(desk: Desk, path: str, now: datetime) -> Answer:
    """Give the page with its button; changes nothing."""
    what, token = asked_of(path)
    try:
        if what == "leave" and (one := desk.reader_of(token)):
            return _answer(one, "leave", form=True)
        if what == "confirm" and (one := desk.awaits(token, now)):
            return _answer(one, "confirm", form=True)
    except NewsbotError:
        return _BUSY
    return _UNKNOWN


def do(desk: Desk, path: str, now: datetime) -> Answer:
    """Do what the button says."""
    what, token = asked_of(path)
    try:
        if what == "leave" and (one := desk.reader_of(token)):
            desk.leave(token)
            return _answer(one, "left")
        if what == "confirm" and desk.awaits(token, now):
            return _answer(desk.confirm(token, now), "confirmed")
    except NewsbotError:
        return _BUSY
    return _UNKNOWN


def _answer(one: Subscriber, said: str, *, form: bool = False) -> Answer:
    language = one.wish.language
    words, address = _WORDS[language], html.escape(one.wish.address)
    if not form:
        body = f"<p>{words[said].format(address=address)}</p>"
        return Answer(status=200, body=_page(body, language))
    asked = words[f"{said}_text"].format(address=address)
    button = f"<button>{words[f'{said}_button']}</button>"
    body = f'<h1>{words[said]}</h1><p>{asked}</p><form method="post">{button}</form>'
    return Answer(status=200, body=_page(body, language))


def _page(body: str, language: str = "en") -> bytes:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="robots" content="noindex"><title>newsbot</title>'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    ).encode()


_UNKNOWN = Answer(
    status=404,
    body=_page("".join(f"<p>{_WORDS[code]['unknown']}</p>" for code in ("en", "de"))),
)
_BUSY = Answer(status=503, body=_page("<p>newsbot is busy; please try again.</p>"))
#: Headers of every answer; the style sheet is known by its hash (CSP 3, 8.4).
HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    (
        "Content-Security-Policy",
        "default-src 'none'; "
        f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
)


class ReaderPages:
    """Serves the pages from a thread while its block runs.

    Args:
        listen: ``host:port``; port 0 picks one.
        desk: What the pages do.
        clock: Tells the time, aware.

    Raises:
        ConfigError: The address cannot be listened on.
    """

    def __init__(self, listen: str, desk: Desk, clock: Callable[[], datetime]) -> None:
        host, _, port = listen.rpartition(":")
        handler = type(
            "Handler", (_Handler,), {"desk": desk, "clock": staticmethod(clock)}
        )
        try:
            self._server = _Server((host.strip("[]"), int(port)), handler)
        except (OSError, ValueError, OverflowError) as error:
            raise ConfigError(f"email.listen: {listen!r}: {error}") from error
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> ReaderPages:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        self._places = threading.BoundedSemaphore(MAX_AT_ONCE)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a request once there is a place for it."""
        self._places.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a request and give its place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who hangs up is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    desk: Desk
    clock: Callable[[], datetime]
    timeout = PATIENCE
    server_version = "newsbot"
    sys_version = ""

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: addresses of pages hold tokens."""

    def do_GET(self) -> None:
        """Show the page with its button."""
        self._send(show(self.desk, self.path, self.clock()))

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Do what the button says."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            self._send(Answer(status=413))
            return
        self.rfile.read(int(length))
        self._send(do(self.desk, self.path, self.clock()))

    def _send(self, answer: Answer) -> None:
        with suppress(ConnectionError):  # who hangs up is no error of ours
            self.send_response(answer.status)
            for name, value in (
                *HEADERS,
                ("Content-Length", str(len(answer.body))),
            ):
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
