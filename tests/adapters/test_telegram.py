"""The Telegram channel against a Bot API server on loopback."""

import html
import inspect
import json
import logging
import socket
import threading
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import UTC, datetime

import pytest
import telegram.error
from hypothesis import given
from hypothesis import strategies as st
from servers import telegram as api
from servers.telegram import TelegramServer, visible_text

from newsbot.adapters.telegram import redactor
from newsbot.adapters.telegram.channel import TelegramChannel, delivery_error
from newsbot.adapters.telegram.text import fit_html, fit_plain
from newsbot.errors import ConfigError, DeliveryError
from newsbot.mailing import Channel
from newsbot.stages.printable import utf16_units
from newsbot.types import Alert

CHAT = "-1001234567890"


def alert(html_text: str = "<b>Deal</b>", plain: str = "Deal") -> Alert:
    return Alert(
        id="a",
        deal_id="d",
        kind="new",
        language="en",
        html=html_text,
        plain=plain,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.fixture
def channel(server: TelegramServer) -> Iterator[TelegramChannel]:
    opened = TelegramChannel(api.TOKEN, server.base_url, timeout_seconds=1)
    yield opened
    opened.close()


def refused(channel: TelegramChannel, message: Alert | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        channel.send(CHAT, message or alert())
    return caught.value


def test_alert_arrives_as_html_without_preview(server, channel):
    """A chat gets the alert as HTML, no link preview, and its message id comes back."""
    port: Channel = channel
    text = '<b>AT&amp;T – „Köln“ 😀</b>\n<a href="https://x.example/?a=1&amp;b=2">Quelle</a>'
    assert port.name == "telegram"
    assert port.send(CHAT, alert(text)) == "1"
    assert port.send("@channel", alert()) == "2"
    first, second = server.accepted
    assert (first.chat, first.text, first.parse_mode) == (CHAT, text, "HTML")
    assert first.visible == "AT&T – „Köln“ 😀\nQuelle"
    assert not first.preview
    assert second.chat == "@channel"


def test_long_alert_is_shortened_not_refused(server, channel):
    """5,000 emoji, twice as many UTF-16 units, go out as one valid message."""
    channel.send(CHAT, alert("<b>" + "😀 &amp; " * 5000 + "</b>"))
    (message,) = server.accepted
    assert message.parse_mode == "HTML"
    assert message.visible.endswith("…")
    assert 4000 < utf16_units(message.visible) <= 4096


def test_refused_markup_goes_out_once_as_plain_text(server, channel):
    """HTML that Telegram refuses is sent as plain text, in one more request."""
    channel.send(CHAT, alert("<b>x", plain="x < y " + "z" * 5000))
    (message,) = server.accepted
    assert message.parse_mode is None
    assert message.visible.startswith("x < y z")
    assert [method for method, _ in server.calls] == ["sendMessage"] * 2


def test_refused_plain_text_is_not_tried_a_third_time(server, channel):
    """If the plain text is refused as well, the message is given up."""
    error = refused(channel, alert("<b>x", plain=" "))
    assert not error.retry
    assert "message text is empty" in str(error).casefold()
    assert len(server.calls) == 2


def test_surrogate_halves_do_not_stop_the_queue(server, channel):
    """Text that UTF-8 cannot carry is repaired, not retried for ever."""
    channel.send(CHAT, alert("a\ud83d b \ud83d\ude00"))
    assert server.messages(CHAT) == ["a\ufffd b 😀"]


def test_many_threads_share_one_channel(server, channel):
    """Eight threads send fifty messages; each arrives once and has its own id."""
    with ThreadPoolExecutor(8) as pool:
        texts = [alert(str(n)) for n in range(50)]
        ids = set(pool.map(lambda text: channel.send(CHAT, text), texts))
    assert len(ids) == len(server.accepted) == len(set(server.messages(CHAT))) == 50


def test_proxies_of_the_environment_are_ignored(server, monkeypatch):
    """A proxy in the environment, dead or malformed, is not asked."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "nonsense://proxy")
    # White space around a token, as files leave it, is dropped on the way.
    channel = TelegramChannel(f" {api.TOKEN}\n", server.base_url)
    assert channel.send(CHAT, alert()) == "1"
    channel.close()


@pytest.mark.parametrize(
    ("reply", "retry", "retry_after", "says"),
    [
        (api.too_many_requests(30), True, 30, "wait 30 s"),
        (api.BLOCKED, False, None, "blocked by the user"),
        (api.DEACTIVATED, False, None, "deactivated"),
        (api.KICKED, False, None, "kicked"),
        (api.CHAT_NOT_FOUND, False, None, "chat not found"),
        (api.migrated(-1009876543210), True, None, "-1009876543210"),
        (api.UNAUTHORIZED, True, 300, "token was refused"),
        (api.CONFLICT, True, None, "a second instance"),
        (api.BAD_GATEWAY, True, None, "502"),
        (api.failure(500, "Internal Server Error"), True, None, "Internal"),
    ],
)
def test_refusals_are_mapped(server, channel, reply, retry, retry_after, says):
    """Each refusal says whether and when to try again; the next message passes."""
    server.script(CHAT, reply)
    error = refused(channel)
    assert (error.retry, error.retry_after) == (retry, retry_after)
    assert not error.unknown
    assert says.casefold() in str(error).casefold()
    assert len(str(error)) <= 300
    assert server.accepted == []
    channel.send(CHAT, alert())


@pytest.mark.parametrize(
    "reply",
    [api.HANG, api.RESET]
    + [api.Answer(status=200, body=body) for body in (b"<p>hi", b'{"ok":true}', b"[]")],
)
def test_no_usable_answer_is_unknown(server, channel, reply):
    """A hang, a reset or a 200 that is no Bot API answer: it may have arrived."""
    server.script(CHAT, reply)
    error = refused(channel)
    assert error.retry
    assert error.unknown
    assert len(server.accepted) == isinstance(reply, api.Silence)


# Port 1 (tcpmux) listens nowhere.
@pytest.mark.parametrize("host", ["127.0.0.1:1", "nosuch.invalid"])
def test_unreached_server_is_known_not_to_have_it(host):
    """A refused connection and an unknown host: tried again, surely not sent."""
    channel = TelegramChannel(api.TOKEN, f"http://{host}/bot")
    error = refused(channel)
    channel.close()
    assert error.retry
    assert not error.unknown


def test_dripping_server_holds_neither_queue_nor_exit():
    """An answer that comes byte by byte is given up after twice the limit, or on close."""

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                connection.sendall(b"x")
                time.sleep(0.05)

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        ThreadPoolExecutor() as pool,
    ):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/bot"
        channel = TelegramChannel(api.TOKEN, url, timeout_seconds=0.4)
        late = pool.submit(refused, channel)
        pool.submit(drip, listener.accept()[0])
        assert late.result(timeout=5).unknown
        cut = pool.submit(refused, channel)
        pool.submit(drip, listener.accept()[0])
        channel.close()
        assert "closed while sending" in str(cut.result(timeout=5))
        assert cut.result().unknown


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_every_library_error_has_its_own_case():
    """A class that a later python-telegram-bot adds fails here, not in production."""
    classes = [
        kind
        for _, kind in inspect.getmembers(telegram.error, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == "telegram.error"
    ]
    assert len(classes) == 11
    assert {kind.__name__ for kind in classes} == set(telegram.error.__all__)
    for kind in classes:
        assert kind in delivery_error.registry, kind
        argument = 5 if kind.__name__ in ("RetryAfter", "ChatMigrated") else "text"
        assert isinstance(delivery_error(kind(argument)), DeliveryError)


def test_retry_after_may_be_a_duration(server, channel, monkeypatch):
    """Under PTB_TIMEDELTA the library gives a duration; it means the same."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    server.script(CHAT, api.too_many_requests(7))
    assert refused(channel).retry_after == 7


@pytest.fixture
def everything_logged() -> Iterator[list[str]]:
    """Collect what a handler on the root logger would print, at every level."""
    lines: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record) + repr(record.__dict__))

    handler = Collect(level=0)
    level = logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel(1)
    yield lines
    logging.root.removeHandler(handler)
    logging.root.setLevel(level)


def test_token_is_in_no_error_and_no_log(server, everything_logged):
    """Whatever goes wrong, at whatever level one logs, the token stays inside."""
    echo = b"<p>/bot" + server.token.encode() + b"/sendMessage was not found</p>"
    server.script(
        CHAT,
        *(api.UNAUTHORIZED, api.BAD_GATEWAY, api.HANG, api.RESET, api.BLOCKED),
        *(api.Answer(status=status, body=echo) for status in (200, 404, 500)),
    )
    texts: list[str] = []
    channel = TelegramChannel(api.TOKEN, server.base_url, timeout_seconds=0.3)
    try:
        raise OSError(f"{server.base_url}{api.TOKEN}/getMe")
    except OSError:
        logging.getLogger("httpcore.http11").exception("event")
    for _ in range(8):
        error = refused(channel)
        assert error.__cause__ is None
        assert error.__context__ is None
        texts += [str(error), repr(error)]
        trace = traceback.TracebackException.from_exception
        texts += trace(error, capture_locals=True).format()
    channel.send(CHAT, alert())
    channel.close()
    everything = "\n".join([repr(channel), *texts, *everything_logged])
    for seen in ("<token>", "HTTP Request: POST", "Can not load invalid JSON"):
        assert seen in everything
    assert api.TOKEN.partition(":")[2] not in everything
    assert "parse_mode" not in "".join(everything_logged)


def test_every_logger_on_the_way_is_watched(channel, server):
    """No library logger exists that the filter does not stand before, until closed."""
    channel.send(CHAT, alert())
    loggers = logging.root.manager.loggerDict
    families = [n for n in loggers if n.partition(".")[0] in redactor.LOGGER_FAMILIES]
    watched = [logging.getLogger(name) for name in families]
    assert {"httpx", "telegram.Bot", "httpcore.http11"} <= set(families)
    assert all(isinstance(logger.filters[0], redactor.Redactor) for logger in watched)
    channel.close()
    assert not any(logger.filters for logger in watched)


@pytest.mark.parametrize("token", ["", " \n", "12:a b", "12:a/b", "12:ä", "12:{token}"])
def test_impossible_token_is_a_config_error(token):
    """A token that cannot be one is said so at once, without quoting it."""
    with pytest.raises(ConfigError) as caught:
        TelegramChannel(token, "http://127.0.0.1:1/bot")
    assert "12:" not in str(caught.value)


def test_closing_twice_or_unused_is_harmless(server):
    """A closed channel stays closed and says so; nothing is sent."""
    TelegramChannel(api.TOKEN, server.base_url).close()
    channel = TelegramChannel(api.TOKEN, server.base_url)
    channel.send(CHAT, alert())
    channel.close()
    channel.close()
    assert refused(channel).retry
    assert len(server.accepted) == 1
    assert not any(thread.name == "telegram" for thread in threading.enumerate())


LEAF = st.text(max_size=12).map(html.escape) | st.sampled_from(
    ["&#128512;", "&#x1F600;", "&nbsp;", "&amp", "👩‍👩‍👧", "🇩🇪🇫🇷", "é", " ", "&#0;"]
)
TAG = st.sampled_from(["b", "code", 'a href="https://x.example/?a>b"', "a href='>'"])


def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Put some pieces of HTML into a tag."""
    return st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        TAG,
        st.lists(inner, max_size=4),
    )


TELEGRAM_HTML = st.lists(st.recursive(LEAF, wrapped), max_size=6).map("".join)


@given(TELEGRAM_HTML, st.integers(1, 60))
def test_fitted_html_stays_valid(source: str, limit: int):
    """Whatever is cut, the rest is valid, fits, and starts like the whole."""
    whole = visible_text(source)
    fitted = fit_html(source, limit)
    shown = visible_text(fitted)
    assert utf16_units(shown) <= limit
    if utf16_units(whole) <= limit:
        assert fitted == source
    else:
        assert shown.endswith("…")
        assert whole.startswith(shown[:-1])
    assert fit_html(fitted, limit) == fitted


@given(st.text(), st.integers(1, 20))
def test_fitted_plain_text_fits(source: str, limit: int):
    """Plain text is a prefix with an ellipsis, or itself."""
    fitted = fit_plain(source, limit)
    assert utf16_units(fitted) <= limit
    assert fitted == source or source.startswith(fitted.removesuffix("…"))


@given(st.text(alphabet="<>&'\"/ab =#;", max_size=40), st.integers(-1, 20))
def test_malformed_html_breaks_nothing(source: str, limit: int):
    """What is not HTML is Telegram's to refuse; only an impossible limit is an error."""
    with pytest.raises(ValueError, match="at least 1") if limit < 1 else nullcontext():
        assert isinstance(fit_html(source, limit), str)


@pytest.mark.parametrize(
    ("source", "limit", "expected"),
    [
        ("<b>one two</b> three", 8, "<b>one two…</b>"),
        ("a <i>b <b>cdef</b></i>", 4, "a <i>b…</i>"),
        ("x&amp;&amp;&amp;", 3, "x&amp;…"),
        ("abc😀😀", 6, "abc😀…"),
        ("ab👩‍👩‍👧c", 6, "ab…"),
        ("abc", 3, "abc"),
        ("abcd", 1, "…"),
        ("w" * 5000, 4096, "w" * 4095 + "…"),
        ("<a href='x:/>'>wwwwww</a>", 4, "<a href='x:/>'>www…</a>"),
    ],
)
def test_cuts_fall_where_they_should(source, limit, expected):
    """Between words, never inside an entity, an emoji or a tag."""
    assert fit_html(source, limit) == expected


SERVER_ANSWERS = {
    "": "message text is empty",
    "x" * 4097: "message is too long",
    "ä<p>x": 'can\'t parse entities: Unsupported start tag "p" at byte offset 2',
    "ä</b>": "can't parse entities: Unexpected end tag at byte offset 2",
    "<b><i>x</b></i>": "can't parse entities: Unmatched end tag at byte offset 7, "
    'expected "</i>", found "</b>"',
}


@pytest.mark.parametrize(("text", "words"), SERVER_ANSWERS.items())
def test_server_answers_like_telegram(server, text, words):
    """The server takes JSON bodies, too, and has Telegram's words for each error."""
    request = urllib.request.Request(
        f"{server.base_url}{api.TOKEN}/sendMessage",
        data=json.dumps({"chat_id": 5, "text": text, "parse_mode": "HTML"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError, match="400") as caught:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)
    assert json.load(caught.value)["description"] == f"Bad Request: {words}"
