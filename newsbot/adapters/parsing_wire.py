"""What crosses to a process that parses, and back: frames, arguments, answers.

In: a function of the stages with its arguments, or what it returned.
Out: MessagePack with a length before it, and typed nouns again. What comes back is
checked field by field against the function's own annotations: the process has read
hostile bytes, so nothing of it is taken on trust, and nothing is unpickled.
"""

from __future__ import annotations

import inspect
import struct
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, get_args, get_type_hints

import msgspec

from newsbot.stages.printable import one_line

#: What may be called: its module, and libraries that must be there before a document's
#: time begins. A module's `prepare`, where it has one, is called then, too.
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "parse_feed": ("newsbot.stages.parse", "feedparser"),
    "extract": ("newsbot.stages.extract",),
    "headline": ("newsbot.stages.extract",),
    "read_opml": ("newsbot.stages.opml",),
    "read_sitemap": ("newsbot.stages.sitemaps",),
    "read_mhtml": ("newsbot.stages.saved",),
    "read_mail": ("newsbot.stages.saved",),
}
#: Bytes of an answer: 10,000 feeds of a list, or 500 entries, all of full length.
MAX_ANSWER = 64 * 2**20
#: Code points of a reason.
MAX_REASON = 300
#: The kind of an answer that is no result but the reason why there is none.
REFUSED = "refused"

_LENGTH = struct.Struct(">I")
HEAD = _LENGTH.size


class Request(msgspec.Struct, frozen=True):
    """One call, or the wish to load what it needs."""

    name: str
    #: MessagePack of a map: the arguments by name.
    arguments: msgspec.Raw = msgspec.Raw(b"\xc0")
    only_load: bool = False


class Answer(msgspec.Struct, frozen=True):
    """One result, or the reason why there is none."""

    #: Name of the result's type, or `REFUSED`.
    kind: str
    value: msgspec.Raw
    #: The process ends after this answer; the next call needs another one.
    leaving: bool = False


def frame(message: Request | Answer) -> bytes:
    """Write a message behind its length."""
    data = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(data)) + data


def length_of(head: bytes) -> int:
    """Read the length, in bytes, of the message behind *head*."""
    (length,) = _LENGTH.unpack(head)
    return int(length)


def load(name: str) -> Callable[..., Any]:
    """Import a function and what it needs.

    Raises:
        KeyError: It is none of `FUNCTIONS`.
    """
    module, *libraries = FUNCTIONS[name]
    for library in libraries:
        import_module(library)
    room = import_module(module)
    getattr(room, "prepare", lambda: None)()
    found: Callable[..., Any] = getattr(room, name)
    return found


def write_call(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Request:
    """Put a call into a request.

    Raises:
        ValueError: An argument cannot be written: a lone surrogate.
    """
    name = function.__name__
    if FUNCTIONS.get(name, ("",))[0] != function.__module__:
        raise TypeError(f"{name} is not among the functions that may be called")
    bound = _signature(function).bind(*args, **kwargs)
    arguments = msgspec.msgpack.encode(bound.arguments)
    return Request(name=name, arguments=msgspec.Raw(arguments))


def read_call(function: Callable[..., Any], arguments: msgspec.Raw) -> dict[str, Any]:
    """Read a call's arguments, typed as the function's annotations say."""
    read = msgspec.msgpack.decode(arguments, type=_arguments(function))
    return {name: getattr(read, name) for name in read.__struct_fields__}


def write_result(result: Any, *, leaving: bool) -> Answer:
    """Put a result into an answer.

    Raises:
        ValueError: It cannot be written: a lone surrogate.
    """
    value = msgspec.Raw(msgspec.msgpack.encode(result))
    return Answer(kind=type(result).__name__, value=value, leaving=leaving)


def write_refusal(reason: str, *, leaving: bool) -> Answer:
    """Put a reason into an answer."""
    value = msgspec.msgpack.encode(reason.encode("utf-8", "replace").decode())
    return Answer(kind=REFUSED, value=msgspec.Raw(value), leaving=leaving)


def read_answer(data: bytes) -> Answer:
    """Read an answer's envelope.

    Raises:
        msgspec.MsgspecError: It is none.
    """
    return msgspec.msgpack.decode(data, type=Answer)


def read_reason(answer: Answer) -> str:
    """Read why there is no result, as one line that does no harm.

    Raises:
        msgspec.MsgspecError: It is not of that form.
    """
    return one_line(msgspec.msgpack.decode(answer.value, type=str), MAX_REASON)


def read_result(function: Callable[..., Any], answer: Answer) -> Any:
    """Read a result: one of the types that the function says it returns.

    Raises:
        msgspec.MsgspecError: It is not of that form.
    """
    kind = _results(function).get(answer.kind)
    if kind is None:
        raise msgspec.ValidationError("no such result")
    return msgspec.msgpack.decode(answer.value, type=kind)


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


@cache
def _arguments(function: Callable[..., Any]) -> Any:
    hints = get_type_hints(function)
    fields: list[Any] = []
    for name, parameter in _signature(function).parameters.items():
        if parameter.default is parameter.empty:
            fields.append((name, hints[name]))
        else:
            fields.append((name, hints[name], parameter.default))
    return msgspec.defstruct("Arguments", fields, kw_only=True)


@cache
def _results(function: Callable[..., Any]) -> dict[str, Any]:
    returned = get_type_hints(function)["return"]
    return {kind.__name__: kind for kind in get_args(returned) or (returned,)}
