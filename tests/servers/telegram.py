"""A Bot API server of our own, on loopback: what Telegram answers, and when.

It keeps the real URL scheme, body encodings, error texts and the rules of
Telegram's HTML, so that a client that passes here meets no surprise there.
Failures are scripted per chat; what was accepted stands in the ledger.

Source:
    https://core.telegram.org/bots/api (methods, ResponseParameters);
    tdlib, td/telegram/MessageEntity.cpp, `parse_html` (what is bad HTML and
    which words say so); tdlib/telegram-bot-api, Client.cpp (error prefixes).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse
from collections import defaultdict, deque
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

TOKEN = "123456789:AAF-test_token_of_no_bot_0123456789ab"

#: UTF-16 units of a message after its entities are parsed.
MAX_UNITS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message in the ledger: Telegram has it, whatever the client was told."""

    message_id: int
    chat: str
    #: As the client sent it.
    text: str
    #: As the reader sees it.
    visible: str
    parse_mode: str | None
    preview: bool
    reply_to: int | None
    #: `time.monotonic` seconds.
    at: float
    #: The forum's topic; None outside of forums and in the general one.
    thread: int | None = None
    #: Rows of (label, callback data).
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of the server: an error, or something that is no answer."""

    status: int
    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """No answer after the request was read: the line hangs or is reset."""

    reset: bool
    #: Whether the message reached the ledger before.
    accept: bool = True


Reply = Answer | Silence


def failure(status: int, description: str, **parameters: int) -> Answer:
    """Build an error as the Bot API words it."""
    content = {"ok": False, "error_code": status, "description": description}
    extra = {"parameters": parameters} if parameters else {}
    return Answer(status=status, body=json.dumps(content | extra).encode())


def too_many_requests(wait: int) -> Answer:
    return failure(429, f"Too Many Requests: retry after {wait}", retry_after=wait)


def migrated(chat_id: int) -> Answer:
    return failure(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        migrate_to_chat_id=chat_id,
    )


BLOCKED = failure(403, "Forbidden: bot was blocked by the user")
GROUP_DELETED = failure(403, "Forbidden: the group chat was deleted")
NOT_A_MEMBER = failure(403, "Forbidden: bot is not a member of the channel chat")
NO_RIGHTS = failure(
    400, "Bad Request: not enough rights to send text messages to the chat"
)
TOPIC_CLOSED = failure(400, "Bad Request: TOPIC_CLOSED")
THREAD_NOT_FOUND = failure(400, "Bad Request: message thread not found")
BUTTON_DATA_INVALID = failure(400, "Bad Request: BUTTON_DATA_INVALID")
DEACTIVATED = failure(403, "Forbidden: user is deactivated")
NOT_MODIFIED = failure(
    400,
    "Bad Request: message is not modified: specified new message content and reply "
    "markup are exactly the same as a current content and reply markup of the message",
)
EDIT_GONE = failure(400, "Bad Request: message to edit not found")
TOO_OLD = failure(400, "Bad Request: message can't be edited")
KICKED = failure(403, "Forbidden: bot was kicked from the supergroup chat")
CHAT_NOT_FOUND = failure(400, "Bad Request: chat not found")
UNAUTHORIZED = failure(401, "Unauthorized")
CONFLICT = failure(
    409,
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running",
)
BAD_GATEWAY = Answer(
    status=502,
    content_type="text/html",
    body=b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center>"
    b"<h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n"
    b"</body>\r\n</html>\r\n",
)
HANG = Silence(reset=False)
RESET = Silence(reset=True)


class TelegramServer:
    """The server; a context manager that listens while it is open.

    Args:
        token: The one bot it knows; every other token is refused.
    """

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.accepted: list[Accepted] = []
        self._n_messages = 0
        #: Every call: method name and parameters, accepted or not.
        self.calls: list[tuple[str, dict[str, str]]] = []
        self._scripts: dict[str, deque[Reply]] = defaultdict(deque)
        #: What a chat or topic, ``"-100123/7"``, answers until it is taken out.
        self.standing: dict[str, Reply] = {}
        #: Limits that it keeps by itself: (most, seconds) for a chat, a group or
        #: channel, and all; who exceeds them gets 429, which `n_floods` counts.
        self.flood: tuple[tuple[int, float], ...] = ()
        self.n_floods = 0
        self._arrived: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=99))
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._http = _HttpServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}
        )

    @property
    def base_url(self) -> str:
        """As a config names it; the token follows directly."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/bot"

    def script(self, chat: str, *replies: Reply) -> None:
        """Answer the next messages to a chat like this, one each."""
        with self._lock:
            self._scripts[chat].extend(replies)

    def delete(self, message_id: int) -> None:
        """Delete a message as somebody in the chat might."""
        with self._lock:
            self.accepted = [m for m in self.accepted if m.message_id != message_id]

    def messages(self, chat: str) -> list[str]:
        """List what the readers of a chat see, oldest first."""
        with self._lock:
            return [item.visible for item in self.accepted if item.chat == chat]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, token: str, method: str, params: dict[str, str]) -> Reply:
        """Decide what to answer; writes the ledger."""
        with self._lock:
            self.calls.append((method, params))
        if not re.fullmatch(r"[0-9]+:[\w-]+", token):
            return failure(404, "Not Found")
        if token != self.token:
            return UNAUTHORIZED
        return self.dispatch(method.lower(), params)  # as there, in any case

    def dispatch(self, method: str, params: dict[str, str]) -> Reply:
        """Answer one method; a subclass adds its own and asks here for the rest.

        Args:
            method: In lower case.
            params: As texts; what is structured is JSON.
        """
        match method:
            case "getme":
                return result(bot_user(self.token))
            case "sendmessage":
                return self._send_message(params)
            case "editmessagetext":
                return self._edit_message(params)
        return failure(404, "Not Found: method not found")

    def release(self) -> None:
        """Close the connections that hang, now and from now on."""
        self._stopped.set()

    def wait_for_end(self) -> None:
        """Hold a connection until the server stops or releases it."""
        self._stopped.wait()

    def _send_message(self, params: dict[str, str]) -> Reply:
        checked = self._checked(params)
        if not isinstance(checked, tuple):
            return checked
        scripted, shown = checked
        chat = params["chat_id"]
        options = json.loads(params.get("link_preview_options", "{}"))
        reply = json.loads(params.get("reply_parameters", "{}"))
        with self._lock:
            answered = reply.get("message_id")
            if answered and not any(
                (m.message_id, m.chat) == (answered, chat) for m in self.accepted
            ):
                if not reply.get("allow_sending_without_reply", False):
                    return failure(400, "Bad Request: message to be replied not found")
                answered = None
            self._n_messages += 1
            message = Accepted(
                message_id=self._n_messages,
                chat=chat,
                text=params["text"],
                visible=shown,
                parse_mode=params.get("parse_mode"),
                preview=not options.get("is_disabled", False),
                reply_to=answered,
                at=time.monotonic(),
                thread=int(params.get("message_thread_id", 0)) or None,
                buttons=_buttons(params),
            )
            self.accepted.append(message)
        return scripted or self._told(message)

    def _edit_message(self, params: dict[str, str]) -> Reply:
        checked = self._checked(params)
        if not isinstance(checked, tuple):
            return checked
        scripted, shown = checked
        options = json.loads(params.get("link_preview_options", "{}"))
        with self._lock:
            for n, old in enumerate(self.accepted):
                if (str(old.message_id), old.chat) == (
                    params.get("message_id"),
                    params["chat_id"],
                ):
                    new = replace(
                        old,
                        text=params["text"],
                        visible=shown,
                        parse_mode=params.get("parse_mode"),
                        preview=not options.get("is_disabled", False),
                        buttons=_buttons(params),
                    )
                    if new == old:
                        return NOT_MODIFIED
                    self.accepted[n] = new
                    return scripted or self._told(new)
        return EDIT_GONE

    def _checked(self, params: dict[str, str]) -> Reply | tuple[Silence | None, str]:
        """Check chat and text; the scripted silence, if any, and what readers see."""
        chat = params.get("chat_id", "")
        if not chat:
            return failure(400, "Bad Request: chat_id is empty")
        with self._lock:
            script = self._scripts[chat]
            scripted = script.popleft() if script else None
            thread = params.get("message_thread_id", "")
            for place in (chat, f"{chat}/{thread}"):
                scripted = scripted or self.standing.get(place)
            scripted = scripted or self._flooded(chat)
        if isinstance(scripted, Answer):
            return scripted
        for row in _buttons(params):
            if any(not 1 <= len(data.encode()) <= 64 for _, data in row):
                return BUTTON_DATA_INVALID
        text = params.get("text", "")
        html = (params.get("parse_mode") or "").lower() == "html"
        try:
            shown = (visible_text(text) if html else text).strip()
        except MarkupError as error:
            return failure(400, f"Bad Request: can't parse entities: {error}")
        if not shown:
            return failure(400, "Bad Request: message text is empty")
        if len(shown.encode("utf-16-le", "surrogatepass")) // 2 > MAX_UNITS:
            return failure(400, "Bad Request: message is too long")
        if scripted is not None and not scripted.accept:
            return scripted
        return scripted, shown

    def _flooded(self, chat: str) -> Answer | None:
        """Count a request against the limits; 429 where it is one too many."""
        now = time.monotonic()
        group = not chat.isdecimal()
        keys = (chat, f"group {chat}" if group else "", "everything")
        windows = [(k, w) for k, w in zip(keys, self.flood, strict=False) if k]
        for key, (most, seconds) in windows:
            arrived = self._arrived[key]
            if len(arrived) >= most and now - arrived[-most] < seconds:
                self.n_floods += 1
                return too_many_requests(max(1, round(seconds)))
        for key, _ in windows:
            self._arrived[key].append(now)
        return None

    def _told(self, message: Accepted) -> Answer:
        return result(
            {
                "message_id": message.message_id,
                "from": bot_user(self.token),
                "date": int(time.time()),
                "chat": chat_object(message.chat),
                "text": message.visible,
            }
        )


def _buttons(params: dict[str, str]) -> tuple[tuple[tuple[str, str], ...], ...]:
    markup = json.loads(params.get("reply_markup", "{}"))
    return tuple(
        tuple((button["text"], button.get("callback_data", "")) for button in row)
        for row in markup.get("inline_keyboard", ())
    )


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    # The default of 5 drops connections of a burst; their second try is 1 s later.
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed in mid-request is no fault of the server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def result(content: object) -> Answer:
    return Answer(status=200, body=json.dumps({"ok": True, "result": content}).encode())


def bot_user(token: str) -> dict[str, object]:
    return {
        "id": int(token.partition(":")[0]),
        "is_bot": True,
        "first_name": "newsbot",
        "username": "newsbot_test_bot",
    }


def chat_object(chat: str) -> dict[str, object]:
    if chat.startswith("@"):
        return {"id": -1009999999999, "type": "channel", "title": chat[1:]}
    kind = "supergroup" if chat.startswith("-") else "private"
    return {"id": int(chat), "type": kind, "title": "a chat"}


def _handler(server: TelegramServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            params = dict(urllib.parse.parse_qsl(url.query))
            params |= _parameters(self.headers.get_content_type(), body)
            match = re.fullmatch(r"/bot([^/]*)/(\w+)", urllib.parse.unquote(url.path))
            if match is None:
                self._write(failure(404, "Not Found"))
                return
            reply = server.answer(match[1], match[2], params)
            if isinstance(reply, Answer):
                self._write(reply)
            elif reply.reset:
                self._reset()
            else:
                server.wait_for_end()
                self.close_connection = True

        do_GET = do_POST

        def _write(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            with contextlib.suppress(OSError):  # the client may have given up
                self.wfile.write(answer.body)

        def _reset(self) -> None:
            # Lingering for zero seconds makes close() send RST instead of FIN;
            # detached, because socketserver would say FIN before closing.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            os.close(self.connection.detach())
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: the lines would hold tokens."""

    return Handler


def _parameters(content_type: str, body: bytes) -> dict[str, str]:
    if content_type == "application/json":
        # As there, values that are not texts are read as their JSON.
        return {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in json.loads(body or b"{}").items()
        }
    if content_type == "multipart/form-data":
        boundary = body.split(b"\r\n", 1)[0]
        parts = [part.split(b"\r\n\r\n", 1) for part in body.split(boundary)[1:-1]]
        return {
            re.search(r'name="([^"]*)"', head.decode())[1]: value[:-2].decode()
            for head, value in parts
        }
    return dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))


class MarkupError(Exception):
    """The HTML is not what Telegram takes; the text is Telegram's."""


_TAGS = frozenset(
    "a b strong i em s strike del u ins tg-spoiler tg-emoji span pre code "
    "blockquote".split()
)
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ENTITY = re.compile(r"&(?:#(?:x([0-9A-Fa-f]+)|([0-9]+))|([A-Za-z]+));?")
_ATTRIBUTE = re.compile(
    r"""\s*([^\s=>]+)\s*(?:=\s*("[^"]*"|'[^']*'|[\w.-]+(?=[\s>]))|(?<=expandable))"""
)


def visible_text(html: str) -> str:
    """Read Telegram HTML as the server does.

    Raises:
        MarkupError: Telegram would answer "can't parse entities".
    """
    shown: list[str] = []
    open_tags: list[str] = []
    at = 0
    while at < len(html):
        if html[at] == "&" and (decoded := _entity(html, at)):
            shown.append(decoded[0])
            at = decoded[1]
        elif html[at] != "<":
            shown.append(html[at])
            at += 1
        elif html.startswith("</", at):
            at = _end_tag(html, at, open_tags)
        else:
            at = _start_tag(html, at, open_tags)
    if open_tags:
        raise MarkupError(
            f"Can't find end tag corresponding to start tag {open_tags[-1]}"
        )
    return "".join(shown)


def _entity(html: str, at: int) -> tuple[str, int] | None:
    match = _ENTITY.match(html, at)
    if match is None:
        return None
    hexadecimal, decimal, name = match.groups()
    if name is not None:
        return (_NAMED[name], match.end()) if name in _NAMED else None
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    length = len(match[0].removesuffix(";"))
    if code == 0 or code >= 0x10FFFF or length >= 10:
        return None
    return chr(code), match.end()


def _start_tag(html: str, begin: int, open_tags: list[str]) -> int:
    offset = f"at byte offset {len(html[:begin].encode())}"
    match = re.compile(r"<([^\s>]*)").match(html, begin)
    assert match is not None
    name, at = match[1].lower(), match.end()
    if at == len(html):
        raise MarkupError(f"Unclosed start tag {offset}")
    if name not in _TAGS:
        raise MarkupError(f'Unsupported start tag "{name}" {offset}')
    spoiler = False
    while attribute := _ATTRIBUTE.match(html, at):
        at = attribute.end()
        value = (attribute[2] or "").strip("\"'")
        spoiler |= (attribute[1], value) == ("class", "tg-spoiler")
    at = len(html) - len(html[at:].lstrip())
    if at == len(html):
        raise MarkupError(f"Unclosed start tag {offset}")
    if html[at] != ">":
        raise MarkupError(
            "Expected equal sign in declaration of an attribute of the tag "
            f'"{name}" {offset}'
        )
    if name == "span" and not spoiler:
        raise MarkupError(f'Tag "span" must have class "tg-spoiler" {offset}')
    open_tags.append(name)
    return at + 1


def _end_tag(html: str, begin: int, open_tags: list[str]) -> int:
    offset = f"at byte offset {len(html[:begin].encode())}"
    if not open_tags:
        raise MarkupError(f"Unexpected end tag {offset}")
    match = re.compile(r"</([^\s>]*)\s*>").match(html, begin)
    if match is None:
        raise MarkupError(f"Unclosed end tag {offset}")
    name, expected = match[1].lower(), open_tags[-1]
    if name and name != expected:
        raise MarkupError(
            f'Unmatched end tag {offset}, expected "</{expected}>", found "</{name}>"'
        )
    open_tags.pop()
    return match.end()
