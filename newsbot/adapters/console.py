"""Alerts on the terminal, for trying newsbot out without any service."""

from __future__ import annotations

import unicodedata
from typing import TextIO

from newsbot.errors import DeliveryError
from newsbot.types import Alert

RULE = "-" * 72

#: Embeddings, overrides and isolates that turn the reading direction of what
#: follows: with them a headline can show another domain than it names.
_DIRECTION = frozenset(
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


class ConsoleChannel:
    """Writes each alert between rules to a text stream; its edits as single lines.

    Headlines come from strangers: control characters are stripped, so that no
    article can colour, clear or retitle the reader's terminal. What the
    stream's encoding lacks is shown as "?".

    Args:
        stream: Where to write, usually `sys.stdout`.
    """

    name = "console"

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def whoami(self) -> str:
        """Say where the alerts appear."""
        return "standard output"

    def send(self, recipient: str, alert: Alert, *, reply_to: str | None = None) -> str:
        """Write one alert.

        Args:
            recipient: Ignored; there is one reader.
            alert: Its plain text is written.
            reply_to: Ignored; what is written stands where it stands.

        Returns:
            ``"console"``: a terminal gives no message ids.

        Raises:
            DeliveryError: The stream is closed, full or broken.
        """
        self._write(f"{RULE}\n{_harmless(alert.plain)}\n{RULE}\n")
        return self.name

    def edit(self, recipient: str, provider_id: str, alert: Alert, *, was: str) -> None:
        """Write one line: which deal it is about, and what is new in its message.

        Args:
            recipient: Ignored.
            provider_id: Ignored.
            alert: Its plain text is compared.
            was: The plain text that was written before.

        Raises:
            DeliveryError: The stream is closed, full or broken.
        """
        known = set(_lines(was))
        headline, *lines = _lines(alert.plain) or [""]
        fresh = [line for line in lines if line not in known]
        if fresh or (headline and headline not in known):
            told = "; ".join([headline, *fresh])
            self._write(f"~ {_harmless(told)}\n")

    def _write(self, text: str) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        text = text.encode(encoding, "replace").decode(encoding)
        try:
            # One write, so that alerts of two threads do not interleave.
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError) as error:
            # Python says ValueError for a stream that is closed.
            raise DeliveryError(f"console: {error}", retry=True) from error


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _harmless(text: str) -> str:
    return "".join(
        char
        for char in text.strip()
        if char in "\n\t"
        or not (unicodedata.category(char) == "Cc" or char in _DIRECTION)
    )
