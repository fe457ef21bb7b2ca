"""Who may read the status page, and what stands on every answer.

Around the pages, so that none of them can forget it: the name that is asked for, the
token where one is demanded, the methods, the headers.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode

from newsbot.adapters.listening import (
    AsgiApp,
    Message,
    Receive,
    Scope,
    Send,
    host_of,
    is_loopback,
)
from newsbot.adapters.reader_pages import asked_of
from newsbot.stages.printable import one_line
from newsbot.stages.site_query import MAX_QUERY

log = logging.getLogger("newsbot")

COOKIE = "newsbot_web"
#: Seconds that a browser stays let in.
COOKIE_AGE = 30 * 86_400
#: Readers of feeds keep no cookie: they may go on naming the token.
FEEDS = ("/feed.atom", "/feed.json")
#: Where readers of mail confirm and leave, with tokens of their own.
READERS = ("leave", "confirm")

#: What proxies add: who sent such a request sits elsewhere, whatever name it asks for.
FORWARDED = frozenset(
    (
        *(b"forwarded", b"via", b"x-real-ip"),
        *(b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"),
    )
)

Headers = Sequence[tuple[bytes, bytes]]


def policy(*styles: str) -> str:
    """Say what a page may load: files of its own, and style sheets by their hashes."""
    allowed = " ".join(("'self'", *styles))
    return (
        f"default-src 'none'; style-src {allowed}; "
        "script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


#: On every answer; a page that needs another policy or lifetime says so itself.
_STANDING: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", policy().encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may read."""

    #: The address that is listened on.
    host: str
    #: What lets in who does not sit at this machine; never shown.
    token: str = field(default="", repr=False)
    #: Names by which others may ask, as a proxy passes them on.
    hosts: frozenset[str] = frozenset()
    #: The name under which readers of mail confirm and leave; nothing else.
    public_host: str = ""

    @property
    def cookie(self) -> str:
        """What a browser keeps instead of the token."""
        return hmac.digest(self.token.encode(), b"newsbot serve", "sha256").hex()

    def knows(self, host: str) -> bool:
        """Whether one may ask under this name.

        Addresses are no names: nobody can point one at another machine (DNS
        rebinding).
        """
        if is_loopback(host) or host in self.hosts or host == self.host.lower():
            return True
        return not is_loopback(self.host) and _is_address(host)

    def is_open(self, host: str, headers: Headers) -> bool:
        """Whether who asks under this name sits at this machine."""
        passed_on = any(name in FORWARDED for name, _ in headers)
        return is_loopback(self.host) and is_loopback(host) and not passed_on

    def opens(self, token: str) -> bool:
        """Whether a token is the right one, in constant time."""
        return bool(self.token) and _same(token, self.token)

    def admits(self, headers: Headers) -> bool:
        """Whether a request carries the token, or the cookie it was changed for."""
        if not self.token:
            return False
        for name, value in headers:
            text = str(value, "latin-1")
            if name == b"authorization":
                scheme, _, rest = text.partition(" ")
                if scheme.lower() == "bearer" and self.opens(rest.strip()):
                    return True
                if scheme.lower() == "basic" and self.opens(_password(rest)):
                    return True
            elif name == b"cookie":
                for pair in text.split(";"):
                    key, _, kept = pair.strip().partition("=")
                    if key == COOKIE and _same(kept, self.cookie):
                        return True
        return False


def guarded(app: AsgiApp, access: Access) -> AsgiApp:
    """Put the guard around the pages."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun = False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in _STANDING if pair[0] not in own),
                ]
            await send(message)

        refused = _refusal(scope, access)
        if refused is not None:
            await _answer(dressed, refused)
            return
        try:
            await app(scope, receive, dressed)
        except Exception as error:
            # The address may hold a token: only what went wrong is told.
            log.error("page failed: %s: %s", type(error).__name__, one_line(str(error)))
            if not begun:
                await _answer(dressed, Refusal(status=500, text="something went wrong"))

    return checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One line instead of a page."""

    status: int
    text: str = ""
    headers: Headers = ()


def _refusal(scope: Scope, access: Access) -> Refusal | None:
    """What is wrong with a request; takes the token out of a feed's address."""
    path, method = str(scope["path"]), str(scope["method"])
    if not path.startswith("/") or path.startswith("//"):
        return Refusal(status=404, text="there is no such page")
    if len(scope["query_string"]) > MAX_QUERY:
        return Refusal(status=414, text=f"a query is {MAX_QUERY} characters at most")
    host = host_of(scope)
    is_reader = asked_of(path)[0] in READERS
    if not access.knows(host) and not (is_reader and host == access.public_host):
        return Refusal(status=403, text="ask for this machine by its own name")
    allowed = "GET, HEAD, POST" if is_reader else "GET, HEAD"
    if method not in allowed.split(", "):
        return Refusal(
            status=405,
            text="this page is only read: GET or HEAD",
            headers=((b"allow", allowed.encode()),),
        )
    if is_reader:
        return None
    return _login(scope, access, host)


def _login(scope: Scope, access: Access, host: str) -> Refusal | None:
    query = str(scope["query_string"], "latin-1")
    pairs = parse_qsl(query, keep_blank_values=True) if "token=" in query else []
    tokens = [value for name, value in pairs if name == "token"]
    headers = scope["headers"]
    is_open = access.is_open(host, headers) or access.admits(headers)
    if not is_open and not (len(tokens) == 1 and access.opens(tokens[0])):
        return Refusal(
            status=401,
            text="a token is needed: Authorization: Bearer TOKEN, or ?token=TOKEN once",
            # The second lets a browser ask: any name, the token as the password.
            headers=(
                (b"www-authenticate", b'Bearer realm="newsbot"'),
                (b"www-authenticate", b'Basic realm="newsbot", charset="UTF-8"'),
            ),
        )
    if not tokens:
        return None
    rest = urlencode([pair for pair in pairs if pair[0] != "token"])
    if scope["path"] in FEEDS:
        scope["query_string"] = rest.encode("latin-1")
        return None
    place = bytes(scope["raw_path"]) + (b"?" + rest.encode() if rest else b"")
    own = [(b"location", place)]
    if access.token and not is_open:
        own.append((b"set-cookie", _cookie(scope, access)))
    return Refusal(status=303, headers=own)


def _cookie(scope: Scope, access: Access) -> bytes:
    over_tls = any(
        name == b"x-forwarded-proto" and value.strip().lower() == b"https"
        for name, value in scope["headers"]
    )
    # Lax: a link in a chat or a mail leads in; nothing here is changed by a cookie.
    written = (
        f"{COOKIE}={access.cookie}; Path=/; Max-Age={COOKIE_AGE}; HttpOnly; "
        f"SameSite=Lax{'; Secure' if over_tls else ''}"
    )
    return written.encode()


async def _answer(send: Send, refused: Refusal) -> None:
    body = f"{refused.text}\n".encode() if refused.text else b""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *refused.headers,
    ]
    await send(
        {"type": "http.response.start", "status": refused.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": body})


def _password(encoded: str) -> str:
    try:
        return b64decode(encoded.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _same(given: str, right: str) -> bool:
    """Compare by hashes: neither content nor length shows in the time it takes."""
    one, other = (
        hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        for text in (given, right)
    )
    return hmac.compare_digest(one, other)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
