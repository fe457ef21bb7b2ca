"""What was typed or pressed, taken apart, and the tables of commands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from newsbot.bot import (
    by_mail,
    filtering,
    listing,
    managing,
    reading,
    settings,
    trying,
)
from newsbot.bot.talk import BUTTONS, MANAGER_BUTTONS, Talk
from newsbot.talking import Asked

#: Another chat that is meant: a channel's name, or a chat's id.
_TARGET = re.compile(r"@[A-Za-z]\w{3,31}|-\d{5,20}")

Command = Callable[[Talk, str], None]
READING: dict[str, Command] = {
    "start": reading.start,
    "help": reading.help_,
    "deals": reading.deals,
    "deal": reading.deal,
    "search": reading.search,
    "why": reading.why,
    "export": reading.export,
    "list": listing.listing,
}
SETTINGS: dict[str, Command] = {
    "sub": settings.subscribe,
    "unsub": settings.unsubscribe,
    "filter": filtering.filters,
    "lang": settings.language,
    "digest": settings.digest,
    "email": by_mail.email,
    "quiet": settings.quiet,
    "mute": settings.mute,
    "pause": settings.pause,
    "resume": settings.resume,
    "timezone": settings.timezone,
    "stop": settings.stop,
}
MANAGING: dict[str, Command] = {
    "stats": managing.stats,
    "feeds": managing.feeds,
    "health": managing.health,
    "test": trying.test,
    "broadcast": managing.broadcast,
}
EVERY = READING | SETTINGS | MANAGING
#: By these less comes to a chat, or nothing.
LEAVING = ("unsub", "stop", "pause", "mute")
#: Of these the words are typed, never pressed.
_TYPED = ("test", "broadcast")
#: Channels as people copy their address: ``"https://t.me/channel"``.
_LINK = re.compile(r"(?:https?://)?t\.me/(?=[A-Za-z])", re.IGNORECASE)
_PRESSED = {*(one for row in BUTTONS for one in row), *MANAGER_BUTTONS, "help"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was typed or pressed, taken apart."""

    command: str
    words: str
    #: The other chat that is meant: ``"@channel"``; empty for this one.
    target: str


def read_wish(asked: Asked) -> Wish | None:
    """Take a command or a setting's button apart; None where it is neither."""
    if asked.chat_kind == "channel":
        return None  # whoever reads one must not make the bot post there
    if asked.kind == "press":
        parts = asked.text.split("|")
        if parts[0] != "set" or not 2 <= len(parts) <= 4 or parts[1] not in _PRESSED:
            return None
        parts += [""] * (4 - len(parts))
        if parts[1] in _TYPED and parts[2]:
            return None
        target = parts[3] if _TARGET.fullmatch(parts[3]) else ""
        return (
            None
            if parts[3] and not target
            else Wish(command=parts[1], words=parts[2], target=target)
        )
    # Parted by any blank: a new line, or one that phones keep words together with.
    head, *rest = asked.text.split(maxsplit=1) or [""]
    name = head.partition("@")[0].removeprefix("/").lower()
    words = "".join(rest).strip()
    for tapped in ("deal", "why"):
        if name.startswith(f"{tapped}_"):
            name, words = tapped, name.removeprefix(f"{tapped}_")
    if name not in EVERY:
        return None
    first, *others = words.split(maxsplit=1) or [""]
    first = _LINK.sub("@", first)
    if (name in SETTINGS or name == "list") and _TARGET.fullmatch(first):
        return Wish(command=name, words="".join(others), target=first)
    return Wish(command=name, words=words, target="")
