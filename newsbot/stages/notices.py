"""Lines for the managers of newsbot, that are about no deal."""

from __future__ import annotations

import html
from datetime import datetime

from newsbot.types import Alert, Language

_PAUSED: dict[Language, str] = {
    "en": "Paused: {recipient} gets no messages any more, they wait. Reason: {reason}",
    "de": "Angehalten: {recipient} bekommt keine Nachrichten mehr, sie warten. "
    "Grund: {reason}",
}


def paused_text(recipient: str, reason: str, language: Language) -> str:
    """Say that a recipient is paused, and why.

    >>> paused_text("-100/7", "the topic is closed", "en")
    'Paused: -100/7 gets no messages any more, they wait. Reason: the topic is closed'
    """
    return _PAUSED[language].format(recipient=recipient, reason=reason)


def notice_message(id_: str, text: str, language: Language, now: datetime) -> Alert:
    """Put a line into the form that channels take; it is about no deal."""
    return Alert(
        id=id_,
        deal_id="",
        kind="notice",
        language=language,
        html=html.escape(text, quote=False),
        plain=text,
        created_at=now,
    )
