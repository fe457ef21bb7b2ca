"""The desk: who may ask, how often, and that everything is done exactly once.

An update's number is stored in the transaction of what it causes and of what is to be
answered. A kill before it leaves nothing, and Telegram repeats the update; a kill
after it leaves the answer in its row. Strangers leave a counter, and nothing else.
"""

from __future__ import annotations

import hmac
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsbot.adapters.db import Store
from newsbot.bot import feedback, reading
from newsbot.bot.allowance import MAX_KNOWN, Allowance
from newsbot.bot.by_mail import follow
from newsbot.bot.menus import list_menus
from newsbot.bot.rights import refusal_of
from newsbot.bot.talk import CHANNEL, Talk
from newsbot.bot.wishes import (
    EVERY,
    LEAVING,
    SETTINGS,
    Wish,
    read_wish,
)
from newsbot.errors import StoreError
from newsbot.front_desk import FrontDesk, secret_hash
from newsbot.mailing import chat_of
from newsbot.pace import is_group
from newsbot.stages.bot_texts import say
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.typed import language_of
from newsbot.talking import Asked, Job, Menu, Outcome, Reply, Standing
from newsbot.trial import Trial
from newsbot.vocabulary import Language

log = logging.getLogger("newsbot")

#: Commands and presses of one person in a minute.
QUOTA = 20
#: Wrong invites of one person in an hour.
GUESSES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who is let in."""

    managers: tuple[int, ...]
    #: Everybody.
    open: bool
    #: Of who has no subscription and no app in German or English.
    language: Language


class BotDesk:
    """Answers what people ask the bot.

    Args:
        store: A connection of its own.
        gazetteer: Spellings, parents and units.
        trial: Tries a page on the line, model and all.
        access: Who is let in.
        clock: Tells the time, aware, UTC.
        readers: Where an address's owner is asked whether they want the digest; None
            where mail is not configured.
    """

    def __init__(
        self,
        store: Store,
        gazetteer: Gazetteer,
        trial: Callable[[str, datetime], Trial],
        access: Access,
        clock: Callable[[], datetime],
        readers: FrontDesk | None = None,
    ) -> None:
        self._store = store
        self._readers = readers
        self._gazetteer = gazetteer
        self._trial = trial
        self._access = access
        self._clock = clock
        self._allowance = Allowance(QUOTA, timedelta(minutes=1))
        self._guesses = Allowance(GUESSES, timedelta(hours=1))
        #: Chats that have had the one line for strangers.
        self._refused: OrderedDict[int, None] = OrderedDict()

    def lookup(self, asked: Asked) -> str | int | None:
        """Name the chat whose `Standing` the answer needs; None for none."""
        wish = read_wish(asked)
        if asked.kind == "moved" or wish is None or not self._known(asked):
            return None
        if self._allowance.spent(_who(asked), _moment(asked, self._clock())):
            return None  # a flood of commands must not become one of requests
        if wish.target and asked.chat_kind == "private":
            return int(wish.target) if wish.target[0] == "-" else wish.target
        asks_admin = wish.command in SETTINGS and asked.user_id is not None
        return asked.chat_id if asks_admin and asked.chat_kind != "private" else None

    def answer(self, asked: Asked, standing: Standing | None) -> Outcome:
        """Do what is asked, once; what is answered waits in `replies`.

        Raises:
            StoreError: Nothing was done; ask again later.
        """
        now, store = self._clock(), self._store
        if store.bot.heard(asked.update_id):
            return Outcome()
        if asked.kind == "moved":
            self._move(asked, now)
            return Outcome()
        if n_over := self._allowance.take(_who(asked), _moment(asked, now)):
            text = say("quota", self._language(asked))
            return Outcome(at_once=self._aloud(asked, text) if n_over == 1 else ())
        if not self._known(asked):
            return self._meet_stranger(asked, now)
        try:
            return self._serve(asked, standing, now)
        except StoreError:
            raise
        except Exception as error:
            # What nobody foresaw must not come back with every poll for ever.
            kind = type(error).__name__
            log.error("bot update=%d error=%s", asked.update_id, kind)
            log.debug("bot update=%d", asked.update_id, exc_info=True)
            with store.atomic():
                store.bot.hear(asked.update_id, now)
            failed = say("failed", self._language(asked))
            return Outcome(at_once=self._aloud(asked, failed))

    def replies(
        self, limit: int, but: Set[str] = frozenset()
    ) -> Sequence[tuple[int, Reply]]:
        """List answers whose time has come, with their numbers, oldest first."""
        if self.resting():
            return []
        return self._store.bot.replies(self._clock(), limit, but)

    def said(self, number: int) -> None:
        """Forget an answer: it was said, or never can be.

        A group's limit counts it, also after a restart; of people nothing is kept.
        """
        with self._store.atomic():
            chat = chat_of(self._store.bot.said(number) or "")
            if chat and is_group(chat):
                self._store.outbox.traffic.noted(CHANNEL, chat, self._clock())

    def put_off(self, number: int, seconds: float) -> None:
        """Say an answer later; given up after some tries."""
        self._store.bot.put_off(number, seconds, self._clock())

    def put_aside(self, number: int, seconds: float) -> None:
        """Say an answer when its turn comes; that was no try."""
        self._store.bot.put_aside(number, seconds, self._clock())

    def moved(self, old: str, new: str) -> None:
        """A chat has another id from now on; all that is kept about it goes along."""
        with self._store.atomic():
            if self._store.outbox.recipients.knows(CHANNEL, old):
                self._store.outbox.move(CHANNEL, old, new, self._clock())

    def rest(self, seconds: float, reason: str) -> None:
        """Ask nothing of the service for so long: messages wait as well."""
        now = self._clock()
        until = now + timedelta(seconds=seconds)
        self._store.outbox.traffic.pause(CHANNEL, reason, until, now, refused=False)

    def resting(self) -> bool:
        """Whether the service wants to be left alone just now."""
        return self._store.outbox.traffic.rests(CHANNEL, self._clock())

    def menus(self) -> Sequence[Menu]:
        """List the menus of commands, per language and kind of chat."""
        return list_menus(self._access.managers)

    def _move(self, asked: Asked, now: datetime) -> None:
        """Follow a group that became a supergroup; of a stranger's, nothing is kept."""
        store, old = self._store, str(asked.chat_id)
        with store.atomic():
            if not store.outbox.recipients.knows(CHANNEL, old):
                return
            if store.bot.hear(asked.update_id, now):
                store.outbox.move(CHANNEL, old, asked.text, now)

    def _serve(self, asked: Asked, standing: Standing | None, now: datetime) -> Outcome:
        store = self._store
        with store.atomic():
            if not store.bot.hear(asked.update_id, now):
                return Outcome()
            talk = self._talk(asked, standing, now)
            if asked.kind == "press" and not asked.text.startswith("set|"):
                feedback.press(talk)
            else:
                self._obey(talk)
            for reply in talk.replies:
                store.bot.say(reply, now)
        job = talk.job and self._careful(talk, talk.job)
        return Outcome(job=job, asks_model=talk.asks_model)

    def _careful(self, talk: Talk, job: Job) -> Job:
        """Let a job that fails say so."""

        def work() -> None:
            try:
                job()
            except Exception as error:
                log.error("bot job error=%s", type(error).__name__)
                failed = Reply(recipient=talk.asked.recipient, html=talk.say("failed"))
                self._store.bot.say(failed, self._clock())

        return work

    def _talk(self, asked: Asked, standing: Standing | None, now: datetime) -> Talk:
        wish = read_wish(asked)
        elsewhere = wish.target if wish and asked.chat_kind == "private" else ""
        target = self._recipient(asked)
        if elsewhere and standing is not None and standing.answered:
            target = str(standing.chat_id)
            if self._store.subscriptions.get(CHANNEL, elsewhere) is not None:
                target = elsewhere
        return Talk(
            store=self._store,
            gazetteer=self._gazetteer,
            trial=self._trial,
            now=now,
            asked=asked,
            language=self._language(asked),
            target=target,
            target_name=elsewhere,
            standing=standing,
            is_admitted=self._admitted(asked),
            is_manager=asked.user_id in self._access.managers,
            managers=self._access.managers,
            readers=self._readers,
        )

    def _obey(self, talk: Talk) -> None:
        """Do a command, typed or pressed, if this person may."""
        asked, wish = talk.asked, read_wish(talk.asked)
        if wish is None:
            if asked.kind == "press":
                feedback.toast(talk, talk.say("forged"))
            elif asked.chat_kind == "private":
                talk.tell("unknown")
            return
        command = (EVERY)[wish.command]
        refusal = refusal_of(talk, wish)
        if refusal is None:
            command(talk, wish.words)
            if wish.command in SETTINGS:
                follow(talk)
        if asked.kind == "press":
            self._show_pressed(talk, wish, refusal)
        elif refusal is not None:
            talk.reply(refusal)

    def _show_pressed(self, talk: Talk, wish: Wish, refusal: str | None) -> None:
        """Put the first answer in the place of the message whose button it was.

        What is only read comes as a message of its own: the buttons stay.
        """
        again = wish.command == "deals" and bool(wish.words)
        in_place = wish.command in SETTINGS or again or bool(talk.target_name)
        message_id, first = talk.asked.message_id, talk.replies[:1]
        if first and message_id is not None and in_place and not first[0].asks:
            talk.replies[0] = replace(first[0], kind="edit", message_id=message_id)
        feedback.toast(talk, refusal or "")

    def _known(self, asked: Asked) -> bool:
        """Whether somebody is served at all."""
        if self._admitted(asked):
            return True
        rows = self._store.subscriptions
        there = rows.of_chat(CHANNEL, str(asked.chat_id))
        there += rows.of_chat(CHANNEL, asked.chat_name) if asked.chat_name else []
        if asked.chat_kind == "private":
            # Whoever lost access still gets what was subscribed, and may end that.
            configured = any(one.source == "config" for one in there)
            return configured or (bool(there) and _leaves(asked))
        return bool(there)

    def _admitted(self, asked: Asked) -> bool:
        who = asked.user_id
        if who is None:
            return False
        access = self._access
        return access.open or who in access.managers or self._store.bot.admitted(who)

    def _recipient(self, asked: Asked) -> str:
        """Name a chat as its subscription does: by id, or as the config's file does."""
        rows = self._store.subscriptions
        named = asked.chat_name
        if named and rows.get(CHANNEL, asked.recipient) is None:
            return named if rows.get(CHANNEL, named) else asked.recipient
        return asked.recipient

    def _language(self, asked: Asked) -> Language:
        there = self._store.subscriptions.get(CHANNEL, self._recipient(asked))
        if there is not None:
            return there.language
        return language_of(asked.language_code, self._access.language)

    def _meet_stranger(self, asked: Asked, now: datetime) -> Outcome:
        """Redeem an invite, or refuse: one line for a chat, and one more counted."""
        language = self._language(asked)
        wish = read_wish(asked)
        redeems = (
            asked.kind == "command"
            and asked.chat_kind == "private"
            and asked.user_id is not None
            and wish is not None
            and wish.command == "start"
            and wish.words
        )
        if redeems and wish is not None and asked.user_id is not None:
            # Not even compared, beyond what a person mistypes.
            if self._guesses.take(asked.user_id, now):
                return Outcome()
            if self._redeem(asked, wish.words, now):
                return Outcome()
            self._store.bot.count_stranger()
            return Outcome(at_once=self._aloud(asked, say("invite bad", language)))
        self._store.bot.count_stranger()
        if asked.chat_id in self._refused and asked.kind != "press":
            return Outcome()
        self._refused[asked.chat_id] = None
        while len(self._refused) > MAX_KNOWN:
            self._refused.popitem(last=False)
        return Outcome(at_once=self._aloud(asked, say("stranger", language)))

    def _redeem(self, asked: Asked, secret: str, now: datetime) -> bool:
        """Let in who brings an invite; it is used up, the greeting waits."""
        hashed = secret_hash(secret)
        # Every hash is compared, each in the same time whatever it begins with.
        found = [
            one
            for one in self._store.bot.invites(now)
            if hmac.compare_digest(one, hashed)
        ]
        if not found or asked.user_id is None:
            return False
        with self._store.atomic():
            if not self._store.bot.hear(asked.update_id, now):
                return True
            if not self._store.bot.use_invite(found[0], now):
                return False
            self._store.bot.admit(asked.user_id, now)
            talk = self._talk(replace(asked, text="/start"), None, now)
            reading.start(talk, "")
            for reply in talk.replies:
                self._store.bot.say(reply, now)
        return True

    def _aloud(self, asked: Asked, text: str) -> tuple[Reply, ...]:
        """Make an answer that is said at once and kept nowhere."""
        press = asked.kind == "press"
        return (
            Reply(
                recipient=asked.recipient,
                html=text,
                kind="toast" if press else "message",
                callback_id=asked.callback_id,
            ),
        )


def _moment(asked: Asked, now: datetime) -> datetime:
    """When something was asked: what waited for us is no flood of this minute."""
    return now if asked.sent_at is None else min(asked.sent_at, now)


def _leaves(asked: Asked) -> bool:
    """Whether somebody only wants less of what comes to their own chat."""
    wish = read_wish(asked)
    return wish is not None and wish.command in LEAVING and not wish.target


def _who(asked: Asked) -> int:
    """Who is counted: the person, or the group whose name hides one."""
    return asked.chat_id if asked.user_id is None else asked.user_id
