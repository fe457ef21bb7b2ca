"""The buttons below an alert: what a reader may say of it, or ask.

In: the deal's id and the reader's language. Out: an inline keyboard whose callback
data carry the id alone: ``fb:yes:ID``, ``fb:no:ID``, ``fb:dup:ID`` say what it is,
``why:ID`` and ``src:ID`` ask.
"""

from __future__ import annotations

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from newsbot.types import Alert
from newsbot.vocabulary import Language

#: Bytes that Telegram takes: https://core.telegram.org/bots/api#inlinekeyboardbutton
MAX_DATA = 64

_ROWS: tuple[tuple[str, ...], ...] = (("fb:yes", "fb:no", "fb:dup"), ("why", "src"))
_LABELS: dict[Language, dict[str, str]] = {
    "en": {
        "fb:yes": "Deal",
        "fb:no": "Not a deal",
        "fb:dup": "Duplicate",
        "why": "Why?",
        "src": "Sources",
    },
    "de": {
        "fb:yes": "Deal",
        "fb:no": "Kein Deal",
        "fb:dup": "Doppelt",
        "why": "Warum?",
        "src": "Quellen",
    },
}


def keyboard(alert: Alert) -> InlineKeyboardMarkup | None:
    """Make the buttons of an alert; None for what tells of no deal."""
    if not alert.deal_id or alert.kind == "correction":
        return None
    labels = _LABELS[alert.language]
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(
                    labels[name], callback_data=f"{name}:{alert.deal_id}"
                )
                for name in row
            ]
            for row in _ROWS
        ]
    )
