"""Keep the bot's token out of logs and errors: it stands in every request's URL."""

from __future__ import annotations

import logging
import re
import urllib.parse

#: Libraries on the way to Telegram that log; a record may hold URL or error.
LOGGER_FAMILIES = ("anyio", "asyncio", "h11", "httpcore", "httpx", "telegram")


class Redactor(logging.Filter):
    """Takes the token out of texts and out of log records.

    Installed on each logger by name, for a filter on a parent logger does not
    see what its children log. DEBUG records of python-telegram-bot are dropped
    whole: they hold every parameter and so the article's text.
    """

    def __init__(self, token: str) -> None:
        super().__init__()
        secret = token.partition(":")[2]
        # What follows the colon is the secret part, 35 characters in real tokens.
        # A very short one could be an everyday word and would shred log lines.
        texts = [token, urllib.parse.quote(token, safe="")]
        texts += [secret] if len(secret) >= 8 else []
        self._pattern = re.compile("|".join(map(re.escape, texts)))

    def redact(self, text: str) -> str:
        """Take the token out of a text."""
        return self._pattern.sub("<token>", text)

    def install(self) -> None:
        """Begin to watch the libraries' loggers."""
        for logger in _loggers():
            logger.addFilter(self)

    def remove(self) -> None:
        """Watch them no longer."""
        for logger in _loggers():
            logger.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record, or drop it."""
        family = record.name.partition(".")[0]
        if family == "telegram" and record.levelno < logging.INFO:
            return False
        # Rendered here and now: the arguments hold URL objects and errors whose
        # text nobody else would look through.
        record.msg = self.redact(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = self.redact(
                logging.Formatter().formatException(record.exc_info)
            )
            record.exc_info = None
        return True


def _loggers() -> list[logging.Logger]:
    """List every logger of the libraries between newsbot and Telegram."""
    names = [
        name
        for name in list(logging.root.manager.loggerDict)
        if name.partition(".")[0] in LOGGER_FAMILIES
    ]
    return [logging.getLogger(name) for name in {*names, *LOGGER_FAMILIES}]
