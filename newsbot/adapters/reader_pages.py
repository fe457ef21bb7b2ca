"""The two pages of readers: confirm and leave. A small server behind the user's proxy.

GET only shows a page with a button: scanners and mail programs fetch every link. POST
does it, from that button or from a mail program (RFC 8058). No cookie, no script, no
log line with a token.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from newsbot.errors import ConfigError, NewsbotError
from newsbot.subscribing import Subscriber
from newsbot.types import Language

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
        what, token = self._asked()
        with self._answering():
            if what == "leave" and (one := self.desk.reader_of(token)):
                self._page(one, "leave", form=True)
            elif what == "confirm" and (one := self.desk.awaits(token, self.clock())):
                self._page(one, "confirm", form=True)
            else:
                self._unknown()

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Do what the button says."""
        what, token = self._asked()
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            self._send(413, "")
            return
        self.rfile.read(int(length))
        with self._answering():
            if what == "leave" and (one := self.desk.reader_of(token)):
                self.desk.leave(token)
                self._page(one, "left")
            elif what == "confirm" and self.desk.awaits(token, self.clock()):
                self._page(self.desk.confirm(token, self.clock()), "confirmed")
            else:
                self._unknown()

    def _answering(self) -> _Guard:
        return _Guard(self)

    def _asked(self) -> tuple[str, str]:
        """What and with which token; the proxy may put a path before them."""
        try:
            parts = urlsplit(self.path).path.strip("/").split("/")
        except ValueError:
            return "", ""
        return (parts[-2], unquote(parts[-1])) if len(parts) > 1 else ("", "")

    def _page(self, one: Subscriber, said: str, *, form: bool = False) -> None:
        language = one.wish.language
        words, address = _WORDS[language], html.escape(one.wish.address)
        if form:
            asked = words[f"{said}_text"].format(address=address)
            button = f"<button>{words[f'{said}_button']}</button>"
            body = (
                f"<h1>{words[said]}</h1><p>{asked}</p>"
                f'<form method="post">{button}</form>'
            )
        else:
            body = f"<p>{words[said].format(address=address)}</p>"
        self._send(200, body, language)

    def _unknown(self) -> None:
        texts = "".join(f"<p>{_WORDS[code]['unknown']}</p>" for code in ("en", "de"))
        self._send(404, texts)

    def _send(self, status: int, body: str, language: str = "en") -> None:
        page = (
            f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            '<meta name="robots" content="noindex"><title>newsbot</title>'
            f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
        ).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                "frame-ancestors 'none'",
            ),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)


class _Guard:
    """Answers 503 where the ledger cannot be used just now."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: object, _trace: object) -> bool:
        if not isinstance(error, NewsbotError):
            return False
        with suppress(OSError):
            self._handler._send(503, "<p>newsbot is busy; please try again.</p>")
        return True
