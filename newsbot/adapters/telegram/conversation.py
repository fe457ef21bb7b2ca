"""Hear what people tell the bot, and say what the desk answers.

In: getUpdates, long polled. Out: messages, toasts, edits, documents.

The library's own `Updater` acknowledges updates when it has read them, and what was
not handled yet would be lost with the process. Here an update is acknowledged by the
poll after its effect was stored; what comes twice, the desk knows by its number.

A thread of its own runs the event loop; the database is asked from another one, so
that neither a model nor a long transaction holds up who listens.

Source:
    https://core.telegram.org/bots/api#getting-updates (offset, order, a day's memory);
    python-telegram-bot 22.8, ext/_updater.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from telegram import Bot, Update, User
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from newsbot.adapters.telegram.beside import Worker
from newsbot.adapters.telegram.hearing import heard
from newsbot.adapters.telegram.offering import set_menus
from newsbot.adapters.telegram.pacing import Pacing
from newsbot.adapters.telegram.redactor import Redactor
from newsbot.adapters.telegram.refusals import delivery_error
from newsbot.adapters.telegram.speaking import speak
from newsbot.adapters.telegram.standing import ask_standing
from newsbot.adapters.telegram.trouble import Trouble, Waits
from newsbot.errors import ConfigError, NewsbotError
from newsbot.mailing import chat_of
from newsbot.talking import Desk, Job, Outcome, Reply

log = logging.getLogger("newsbot")
_T = TypeVar("_T")

#: What is asked for: no edits, no channel posts, no inline queries.
ALLOWED_UPDATES = ("message", "callback_query")
#: Answers that are read at once, and recipients that are spoken to at once.
BATCH = 50
N_VOICES = 16
#: Seconds that a stop waits for what is being said.
CLOSE_SECONDS = 5.0
#: Times that an update which nobody can handle is tried before it is left out.
MAX_HEARINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Later:
    """An answer that is to be said again, or at all, in so many seconds."""

    seconds: float
    #: Whether it was a try of this answer: after some it is given up.
    counted: bool = True


class BotConversation:
    """The bot that people talk to, on a thread of its own.

    Args:
        token: The bot's token.
        base_url: As for `TelegramChannel`.
        desk: Decides what is answered.
        waits: How long it waits for what.
        pacing: Gives answers their turn within Telegram's limits; None where nobody
            else sends.
        closing: Called once nothing asks the desk any more.

    Raises:
        ConfigError: *token* is empty.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        desk: Desk,
        *,
        waits: Waits | None = None,
        pacing: Pacing | None = None,
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        if not token.strip():
            raise ConfigError("the Telegram bot token is empty")
        self._waits = waits or Waits()
        self._desk = desk
        self._pacing = pacing
        self._closing = closing
        self._redactor = Redactor(token.strip())
        self._redactor.install()
        self._requests = [self._request(0), self._request(self._waits.poll)]
        self._bot = Bot(
            token.strip(),
            base_url=base_url,
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        # One thread for the database, one for what takes long, and one that may wait
        # for the model.
        self._clerk = ThreadPoolExecutor(1, thread_name_prefix="bot-clerk")
        self._worker, self._trials = Worker("bot-worker"), Worker("bot-trials")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        #: What is done beside listening.
        self._tasks: set[asyncio.Task[object]] = set()
        #: The update that could not be handled, and how often that was tried.
        self._stumbled: dict[int, int] = {}
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bot", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening; what was heard and not answered is answered next time."""
        if self._thread.is_alive():
            self._begun.wait(CLOSE_SECONDS)
            loop, main = self._loop, self._main
            if loop is not None and main is not None and not loop.is_closed():
                loop.call_soon_threadsafe(main.cancel)
            self._thread.join(CLOSE_SECONDS)
        self._clerk.shutdown(wait=True, cancel_futures=True)
        self._worker.close()
        self._trials.close()
        self._closing()
        self._redactor.remove()

    def _request(self, more: float) -> HTTPXRequest:
        wait = self._waits.request
        return HTTPXRequest(
            connection_pool_size=N_VOICES * 2,
            read_timeout=wait + more,
            write_timeout=wait,
            connect_timeout=wait,
            pool_timeout=wait,
            httpx_kwargs={"trust_env": False},
        )

    def _run(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._main = asyncio.current_task()
            self._said_something, self._wrote = asyncio.Event(), asyncio.Event()
            self._begun.set()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listen())
                    tasks.create_task(self._talk())
            finally:
                beside = set(self._tasks)
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
                for request in self._requests:
                    await request.shutdown()

        try:
            asyncio.run(main())
        except asyncio.CancelledError:
            return
        except BaseException as error:
            self._begun.set()
            log.error("bot stopped error=%s", self._redactor.redact(repr(error)))

    async def _listen(self) -> None:
        """Poll for ever; who the bot is is asked first."""
        me: User | None = None
        offset: int | None = None
        trouble = Trouble(self._waits, self._redactor)
        while True:
            try:
                if me is None:
                    me = await self._bot.get_me()
                    waits, redact = self._waits.longest, self._redactor.redact
                    menus = self._desk.menus()
                    self._beside(
                        set_menus(self._bot, menus, self._wrote, waits, redact)
                    )
                updates = await self._bot.get_updates(
                    offset,
                    timeout=int(self._waits.poll),
                    allowed_updates=ALLOWED_UPDATES,
                    read_timeout=self._waits.poll + self._waits.request,
                )
                trouble.over()
                for update in updates:
                    await self._hear_or_leave(update, me)
                    # Acknowledged by the next poll, now that its effect is stored.
                    offset = update.update_id + 1
            except Exception as error:
                # The library's errors, a busy database, and what the library stumbles
                # over where an answer is none of the Bot API's.
                await asyncio.sleep(trouble.wait(error))

    async def _hear_or_leave(self, update: Update, me: User) -> None:
        """Hear an update; one that nobody can handle must not make the bot deaf."""
        try:
            await self._hear(update, me)
        except (NewsbotError, TelegramError):
            raise  # it may pass: the update comes again
        except Exception as error:
            number = update.update_id
            n_tried = self._stumbled.get(number, 0) + 1
            self._stumbled = {number: n_tried}
            if n_tried < MAX_HEARINGS:
                raise
            kind = type(error).__name__
            log.error("bot update=%d left out error=%s", number, kind)

    async def _hear(self, update: Update, me: User) -> None:
        asked = heard(update, me)
        if asked is None:
            return
        self._wrote.set()
        chat = await self._ask(lambda: self._desk.lookup(asked))
        standing = None
        if chat is not None:
            seconds, redact = self._waits.standing, self._redactor.redact
            standing = await ask_standing(self._bot, chat, asked, me, seconds, redact)
        outcome: Outcome = await self._ask(lambda: self._desk.answer(asked, standing))
        for reply in outcome.at_once:
            # Nobody waits for what a stranger is told.
            self._beside(self._say_at_once(reply))
        if outcome.job is not None:
            worker = self._trials if outcome.asks_model else self._worker
            self._loop_in(outcome.job, worker)
        self._said_something.set()

    def _loop_in(self, job: Job, worker: Worker) -> None:
        """Do what takes long beside the conversation, and say what comes of it."""
        assert self._loop is not None
        loop, done = self._loop, self._said_something

        def work() -> None:
            try:
                job()
            except Exception as error:
                log.error("bot job error=%s", type(error).__name__)
            with contextlib.suppress(RuntimeError):  # the bot has ended meanwhile
                loop.call_soon_threadsafe(done.set)

        worker.submit(work)

    async def _talk(self) -> None:
        """Say what waits; whoever cannot be reached holds up nobody else."""
        voices = asyncio.Semaphore(N_VOICES)
        #: Who is just spoken to: their next answers wait for that.
        busy: set[str] = set()
        while True:
            try:
                others = partial(self._desk.replies, BATCH, frozenset(busy))
                waiting = await self._ask(others)
                chats: dict[str, list[tuple[int, Reply]]] = {}
                for number, reply in waiting:
                    chats.setdefault(reply.recipient, []).append((number, reply))
                for recipient, replies in chats.items():
                    busy.add(recipient)
                    self._beside(self._speak_to(recipient, replies, voices, busy))
                if waiting:
                    continue
            except NewsbotError as error:
                log.warning("bot %s", error)
            except Exception as error:
                # What nobody foresaw must not strike the bot dumb for ever.
                log.error("bot replies error=%s", type(error).__name__)
                await asyncio.sleep(self._waits.longest)
            try:
                async with asyncio.timeout(self._waits.look):
                    await self._said_something.wait()
            except TimeoutError:
                pass
            self._said_something.clear()

    async def _speak_to(
        self,
        recipient: str,
        replies: list[tuple[int, Reply]],
        voices: asyncio.Semaphore,
        busy: set[str],
    ) -> None:
        """Say what waits for one chat or topic, and let its next answers come."""
        try:
            async with voices:
                await self._say_all(replies)
        except Exception as error:
            # What nobody foresaw must not strike the bot dumb, nor make it stutter.
            known = isinstance(error, NewsbotError)
            log.log(
                logging.WARNING if known else logging.ERROR,
                "bot replies error=%s %s",
                type(error).__name__,
                error if known else "",
            )
            await asyncio.sleep(self._waits.look)
        finally:
            busy.discard(recipient)
            self._said_something.set()

    def _beside(self, doing: Coroutine[object, object, object]) -> None:
        """Do something beside the rest; held, or the loop would let go of it."""
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _say_all(self, replies: list[tuple[int, Reply]]) -> None:
        later: _Later | None = None
        for number, reply in replies:
            if later is None:
                if aside := await self._turn(reply):
                    later = _Later(seconds=aside, counted=False)
                else:
                    later = await self._say(reply)
            # What comes later waits as well: the order is kept.
            if later is None:
                await self._ask(partial(self._desk.said, number))
            else:
                put = self._desk.put_off if later.counted else self._desk.put_aside
                await self._ask(partial(put, number, later.seconds))

    async def _say_at_once(self, reply: Reply) -> None:
        """Say now or never what is kept nowhere."""
        if not await self._ask(self._desk.resting) and not await self._turn(reply):
            await self._say(reply)

    async def _turn(self, reply: Reply) -> float:
        """Take an answer's turn; else the seconds until it comes."""
        return 0.0 if self._pacing is None else await self._pacing.turn(reply)

    async def _say(self, reply: Reply) -> _Later | None:
        """Say one answer, whose turn it is.

        Returns:
            None when it was said, or never can be.
        """
        try:
            async with asyncio.timeout(2 * self._waits.request):
                await speak(self._bot, reply)
        except (BadRequest, Forbidden) as error:
            # Blocked, kicked, too late for a toast: nobody is there to hear it.
            log.info("bot reply dropped: %s", self._redactor.redact(str(error)))
        except RetryAfter as error:
            # Nobody may ask anything before, messages included.
            told = delivery_error(error)
            seconds = float(told.retry_after or self._waits.failed)
            await self._ask(partial(self._desk.rest, seconds, str(told)))
            return _Later(seconds=seconds, counted=False)
        except ChatMigrated as error:
            old, new = chat_of(reply.recipient), str(error.new_chat_id)
            await self._ask(partial(self._desk.moved, old, new))
            return _Later(seconds=self._waits.failed)
        except InvalidToken:
            # Said once by who polls; with another token it goes on.
            return _Later(seconds=self._waits.longest, counted=False)
        except (TelegramError, TimeoutError) as error:
            log.info("bot reply waits: %s", self._redactor.redact(str(error)))
            return _Later(seconds=self._waits.longest)
        finally:
            if self._pacing is not None:
                self._pacing.over(reply)
        return None

    async def _ask(self, question: Callable[[], _T]) -> _T:
        """Ask the desk, on the thread that may wait for the database."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._clerk, question)
