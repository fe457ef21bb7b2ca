"""Presses on an alert's buttons: labels, reasons, sources."""

from __future__ import annotations

import re

from newsbot.adapters.db.labels import Label
from newsbot.bot import reading
from newsbot.bot.talk import Talk
from newsbot.talking import LabelKind, Reply

#: ``fb:yes:ID``, ``why:ID``, ``src:ID``.
_DATA = re.compile(r"(?:fb:(?P<kind>yes|no|dup)|(?P<ask>why|src)):(?P<id>[\w-]{1,40})")
_KINDS: dict[str, LabelKind] = {"yes": "yes", "no": "no", "dup": "dup"}


def press(talk: Talk) -> None:
    """Do what an alert's button says, if it is one of ours in a chat of ours."""
    asked = talk.asked
    match = _DATA.fullmatch(asked.text)
    deal = talk.store.ledger.deal(match["id"]) if match else None
    if match is None or deal is None or asked.user_id is None:
        toast(talk, talk.say("forged"))
        return
    if match["kind"]:
        kind = _KINDS[match["kind"]]
        talk.store.labels.put(
            Label(
                deal_id=deal.id,
                user_id=asked.user_id,
                kind=kind,
                labelled_at=talk.now,
            )
        )
        toast(talk, talk.say(f"label {kind}"))
        return
    if asked.chat_kind == "channel":
        # For the one who asks: what is posted there everybody would have to read.
        short = reading.why_short if match["ask"] == "why" else reading.sources_short
        toast(talk, short(talk, deal), stays=True)
        return
    toast(talk, "")
    (reading.why if match["ask"] == "why" else reading.sources)(talk, deal.id)


def toast(talk: Talk, text: str, *, stays: bool = False) -> None:
    """Answer the press itself, so that its button stops waiting."""
    talk.replies.insert(
        0,
        Reply(
            recipient=talk.asked.recipient,
            kind="toast",
            html=text,
            callback_id=talk.asked.callback_id,
            stays=stays,
        ),
    )
