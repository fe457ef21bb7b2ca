"""One turn of a conversation: what a command is given, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from newsbot.adapters.db import Store
from newsbot.front_desk import FrontDesk
from newsbot.stages.bot_texts import say
from newsbot.stages.organisations import Gazetteer
from newsbot.talking import Asked, Button, Job, Reply, Standing, Subscription
from newsbot.trial import Trial
from newsbot.types import Article, Deal
from newsbot.vocabulary import Language

#: The channel of the bot's subscriptions.
CHANNEL = "telegram"
#: What turns a setting off.
OFF = ("off", "aus", "nein", "no")
#: What may be pressed below /help: it does what needs no words, shows what may be
#: chosen, or asks for words. /stop asks first: a thumb that slips deletes nothing.
BUTTONS = (
    ("deals", "deal", "why"),
    ("search", "list", "export"),
    ("sub", "unsub", "filter"),
    ("lang", "timezone", "digest"),
    ("quiet", "mute", "email"),
    ("pause", "resume", "stop"),
)
MANAGER_BUTTONS = ("stats", "feeds", "health", "test", "broadcast")
#: Characters of one message, tags included: Telegram takes 4,096 without them.
MAX_PART = 3_500
Rows = tuple[tuple[Button, ...], ...]


@dataclass(slots=True, kw_only=True)
class Talk:
    """What a command works with; replies are collected, and written with its effect."""

    store: Store
    gazetteer: Gazetteer
    #: Tries a page on the line; takes its time.
    trial: Callable[[str, datetime], Trial]
    now: datetime
    asked: Asked
    language: Language
    #: The chat or topic whose settings are meant.
    target: str
    #: How the person named it; empty for the chat they ask in.
    target_name: str
    standing: Standing | None
    #: Whether the person may subscribe: a group's member may not on that ground alone.
    is_admitted: bool
    is_manager: bool
    managers: tuple[int, ...]
    #: Where an address's owner is asked; None where mail is not configured.
    readers: FrontDesk | None = None
    replies: list[Reply] = field(default_factory=list)
    #: What is to be done after this turn.
    job: Job | None = None
    asks_model: bool = False

    def say(self, key: str, **values: object) -> str:
        """Write a text in this conversation's language."""
        return say(key, self.language, **values)

    def reply(self, html: str, buttons: Rows = ()) -> None:
        """Answer in the chat."""
        self.replies.append(
            Reply(recipient=self.asked.recipient, html=html, buttons=buttons)
        )

    def reply_lines(self, lines: Iterable[str], buttons: Rows = ()) -> None:
        """Answer with lines, in as many messages as it takes: none is cut off."""
        part: list[str] = []
        for line in lines:
            if part and sum(map(len, part)) + len(line) > MAX_PART:
                self.reply("\n".join(part))
                part = []
            part.append(line)
        self.reply("\n".join(part), buttons)

    def prompt(self, key: str) -> None:
        """Ask for words; a reply to it is the command with them."""
        text = self.say(key)
        self.replies.append(Reply(recipient=self.asked.recipient, html=text, asks=True))

    def tell(self, key: str, **values: object) -> None:
        """Answer with one text."""
        self.reply(self.say(key, **values))

    @property
    def subscription(self) -> Subscription | None:
        """The subscription that is meant, if there is one."""
        return self.store.subscriptions.get(CHANNEL, self.target)

    def articles(self, deal: Deal) -> dict[str, Article]:
        """Read the articles that tell of a deal, by id."""
        ids = dict.fromkeys(finding.article_id for finding in deal.findings)
        kept = [self.store.line.article(id_) for id_ in ids]
        return {article.id: article for article in kept if article}

    def button(self, label: str, command: str, words: str) -> Button:
        """Make a button that does what a command does."""
        target = self.target if self.target_name else ""
        return Button(label=label, data=f"set|{command}|{words}|{target}".rstrip("|"))

    def choices(self, command: str, *words: str) -> Rows:
        """Make a row of buttons, one per value of a command."""
        return (
            tuple(
                self.button(self.say("off") if word == "off" else word, command, word)
                for word in words
            ),
        )

    def subscribed(self) -> Subscription | None:
        """Read the subscription that is meant, or say that there is none."""
        there = self.subscription
        if there is None:
            again = self.button(self.say("button sub"), "sub", "")
            self.reply(self.say("not subscribed"), ((again,),))
        return there
