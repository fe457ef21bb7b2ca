"""What the log looks like: one event, one line, as text or as JSON."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime
from typing import Any, Literal

import click

from newsbot.stages.printable import one_line, without_keys

#: Code points of one line of the log.
MAX_LOG_LINE = 2_000
_KEYS = re.compile(r"(\w+)=%[sdf.0-9]*[sdf]")
_TEXT = "%(asctime)s %(levelname)s %(message)s"


class OneLine(logging.Formatter):
    """One event, one line: no text of a stranger can forge another, or a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; NEWSBOT_DEBUG adds the traceback."""
        if os.environ.get("NEWSBOT_DEBUG"):
            return without_keys(super().format(record))
        plain = logging.makeLogRecord(record.__dict__)
        plain.exc_info = plain.exc_text = plain.stack_info = None
        line = super().format(plain)
        return _safe(line + _error_of(record))


class JsonLine(logging.Formatter):
    """One event, one JSON object on a line; key=value in an event is a field, too."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; its time is ISO 8601, UTC."""
        event = _safe(record.getMessage() + _error_of(record))
        document: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "event": event,
        }
        # The pattern says what is a key: no stranger's text can name one.
        keys = _KEYS.findall(str(record.msg))
        n_holes = str(record.msg).replace("%%", "").count("%")
        if isinstance(record.args, tuple) and len(keys) == n_holes == len(record.args):
            for key, value in zip(keys, record.args, strict=True):
                plain = isinstance(value, int | float | None)
                shown = value if plain else _safe(str(value))
                document.setdefault(key, shown)
        return json.dumps(document, ensure_ascii=False)


def set_up_log(level: int) -> None:
    """Let the log go to standard error, from this level on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(_TEXT))
    logging.basicConfig(handlers=[handler], level=level)
    # urllib3 logs a broken header with its traceback; our own line says it in one.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def write_log_as(form: Literal["text", "json"]) -> None:
    """Write the log from now on in one of its forms."""
    formatter = JsonLine() if form == "json" else OneLine(_TEXT)
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, OneLine | JsonLine):
            handler.setFormatter(formatter)


def say(text: str, level: int = logging.INFO) -> None:
    """Tell a person on standard error; where the log is JSON, as one event of it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JsonLine):
            event = {"levelno": level, "levelname": logging.getLevelName(level)}
            handler.handle(logging.makeLogRecord({**event, "msg": text}))
            return
    click.echo(without_keys(text), err=True)


def _safe(text: str) -> str:
    """One line without what a stranger could forge, or what opens a private feed."""
    return one_line(without_keys(text), MAX_LOG_LINE)


def _error_of(record: logging.LogRecord) -> str:
    if not record.exc_info or not (error := record.exc_info[1]):
        return ""
    return f": {type(error).__name__}: {error} (NEWSBOT_DEBUG=1 shows where)"
