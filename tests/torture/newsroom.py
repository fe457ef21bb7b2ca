"""A user's whole world on loopback: papers, a model, Telegram, mail; and what was told.

    with Newsroom(folder, seed=1) as room:
        room.publish(3)
        pid = room.start()
        ...
        room.figures()

Every story of a deal is of two companies that no other story names, so that each must
become one alert, for every chat, and one mail for the reader who wants each at once.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from email.utils import format_datetime
from pathlib import Path

from commands import environment
from servers.feeds import item, rss
from servers.mail import MailServer
from servers.model import ModelServer
from servers.scripted import Reply, ScriptedServer
from servers.telegram import TOKEN, TelegramServer

from newsbot.adapters.db import open_store
from newsbot.stages.mail import message_id
from newsbot.subscribing import Subscriber, Wish
from torture.forked import Launcher, Sky, Trap

RSS = {"Content-Type": "application/rss+xml"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
CHATS = ("42", "-1001", "@some_channel")
#: Companies that there are not; each lab signs once with each cloud.
LABS = tuple(f"{a}{b} AI" for a in "Zelv Quar Borm Ived Tusk Ombr Fenj".split()
             for b in "aro izon ellum ovan utrix ynde oska ippa".split())  # fmt: skip
CLOUDS = tuple(f"{a}{b} Compute" for a in "Drax Hylp Nemb Wolt Gurs Kiev Pamp".split()
               for b in "eron inde olys umar adiv yrra oken asti".split())  # fmt: skip
PLACES = (
    "Bremen Leipzig Oslo Turin Dublin Lyon Graz Porto Bergen Malmö Gent Kassel Ulm "
    "Basel Tampere Rotterdam Zagreb Kiel Essen Toulouse Bilbao Cork Leeds Aachen"
).split()
THINGS = (
    "power lines, cooling towers, land, water rights, transformers, a railway siding, "
    "glass fibre, permits, a substation, insurance, staff, training, heat pumps, spare "
    "parts, batteries, steel, concrete, security gates, diesel tanks, wind farms"
).split(", ")
#: What may be on its way, and how many of it are.
WAITING = {
    "stories": "SELECT count(*) FROM entries WHERE state NOT IN "
    "('done', 'irrelevant', 'skipped', 'failed')",
    "messages": "SELECT count(*) FROM deliveries WHERE state = 'pending'",
    "feeds": "SELECT count(*) FROM feeds WHERE first_polled_at IS NULL",
    "mails": "SELECT count(*) FROM letters WHERE state = 'pending'",
    "digests": "SELECT count(*) FROM subscribers WHERE last_date IS NULL",
    "mails per alert": "SELECT count(*) FROM subscribers "
    "WHERE json_extract(wish, '$.instant') "
    "AND instant_since < (SELECT coalesce(max(number), 0) FROM news)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story of a deal, and who made it; or of the weather."""

    name: str
    title: str
    text: str
    published_at: datetime
    #: Lab and cloud; none where there is no deal.
    parties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of everything that was due."""

    alerts_due: int
    delivered: int
    lost: int
    duplicates: int
    #: Tries whose answer never came; no more messages than that may be there twice.
    unknown: int
    digests_due: int
    digests: int
    #: Mails that arrived twice: their answer was lost by a kill.
    mails_twice: int
    #: What breaks a promise, in words; empty where none is broken.
    broken: tuple[str, ...] = ()


@dataclass(slots=True)
class Newsroom:
    """One user with newsbot; a context manager.

    Args:
        folder: Of config and ledger.
        seed: Of everything that is left to chance.
        sky: The clock of newsbot; None for the machine's.
        more: Lines of `[email]`, and of what comes after it.
        every_minutes: How often a feed is asked at most.
        embedded: Whether the embedded model judges; then it says what is a deal.
    """

    folder: Path
    seed: int
    sky: Sky | None = None
    more: str = ""
    every_minutes: int = 15
    embedded: bool = False
    #: Where feeds lie besides `press`; each is a host of its own.
    hosts: tuple[ScriptedServer, ...] = ()
    dice: random.Random = field(init=False)
    press: ScriptedServer = field(init=False)
    telegram: TelegramServer = field(init=False)
    mail: MailServer = field(init=False)
    model: ModelServer = field(init=False)
    launcher: Launcher = field(init=False)
    stories: list[Story] = field(default_factory=list)
    feeds: list[str] = field(default_factory=list)
    readers: list[str] = field(default_factory=list)
    #: The number of the process that runs; 0: none.
    pid: int = 0
    #: Characters that the log had when it began.
    n_logged: int = 0
    n_kills: int = 0
    #: How many mails had been taken of what was sent before each kill.
    taken_at_kills: set[int] = field(default_factory=set)
    _opened: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Newsroom:
        self.dice = random.Random(self.seed)
        # Its clients are killed in mid-sentence; each would be a traceback.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        enter = self._opened.enter_context
        self.press = enter(ScriptedServer())
        self.telegram = enter(TelegramServer())
        self.mail = enter(MailServer())
        roles = dict.fromkeys(LABS, "customer") | dict.fromkeys(CLOUDS, "provider")
        self.model = enter(ModelServer(roles))
        self.launcher = enter(Launcher())
        self._opened.callback(self.kill)
        self.configure()
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    @property
    def database(self) -> Path:
        """The ledger."""
        return self.folder / "newsbot.db"

    def now(self) -> datetime:
        """What newsbot's clock says."""
        return self.sky() if self.sky is not None else datetime.now(UTC)

    # --- what the user does

    def configure(self) -> None:
        """Write the config, as it stands now."""
        servers = (self.press, self.model, *self.hosts)
        allow = ", ".join(f'"{one.netloc}"' for one in servers)
        mail = "".join(
            f"{key} = {value if isinstance(value, int) else repr(value)}\n"
            for key, value in self.mail.options(sender="newsbot@example.org").items()
        )
        known = "".join(
            f'[[organisations]]\nname = "{name}"\nkind = "{kind}"\n'
            for names, kind in ((LABS, "lab"), (CLOUDS, "neocloud"))
            for name in names
        )
        feeds = "".join(
            f'[[feeds]]\nurl = "{url}"\nlanguage = "en"\n'
            f"every_minutes = {self.every_minutes}\n"
            for url in self.feeds
        )
        chats = ", ".join(f'"{chat}"' for chat in CHATS)
        judge = f'preset = "server"\nname = "m"\nbase_url = "{self.model.base_url}"\n'
        if self.embedded:
            judge = 'preset = "embedded"\n'
        (self.folder / "config.toml").write_text(
            f"[network]\nallow = [{allow}]\nspacing_ms = 0\ntimeout_seconds = 5\n"
            f"[model]\n{judge}"
            f"[telegram]\nchats = [{chats}]\npace = 1000.0\n"
            f'base_url = "{self.telegram.base_url}"\n'
            f"[alerts]\nconsole = false\n[email]\n{mail}{self.more}{feeds}{known}",
            encoding="utf-8",
        )

    def enrol(self, **wishes: object) -> str:
        """Let in a reader, two days ago: one whose digest of today is due."""
        address = f"reader{len(self.readers)}@example.org"
        wishes = {"at": time_of_day(0, 0), **wishes}
        wish = Wish(address=address, **wishes)  # type: ignore[arg-type]
        long_ago = self.now() - timedelta(days=2)
        with closing(open_store(self.database)) as store:
            asks = Subscriber(
                id=f"s{address}", wish=wish, state="asked", asked_at=long_ago
            )
            store.subscribers.ask(asks, address)
            since = store.news.last()
            store.subscribers.confirm(
                address, long_ago, since=since, instant_since=since
            )
        self.readers.append(address)
        return address

    # --- what the papers do

    def write(self) -> Story:
        """Write a story: of a deal that was not told yet, or of the rain."""
        number = len(self.stories)
        dice, at = self.dice, self.now()
        places, things = dice.sample(PLACES, 4), dice.sample(THINGS, 6)
        padding = (
            f"The sites are to be in {places[0]} and {places[1]}, where {things[0]}, "
            f"{things[1]} and {things[2]} are at hand. Local councils in {places[2]} "
            f"had asked about {things[3]} and {things[4]}, and about {things[5]}; an "
            f"answer is expected in {places[3]} within {dice.randrange(3, 90)} days."
        )
        if dice.random() < 0.25:
            title = f"Rain in {places[0]} and no end of it, number {number}"
            text = f"It rains in {places[1]} as it has for {number + 2} days. {padding}"
            story = Story(name=f"{number}", title=title, text=text, published_at=at)
        else:
            n_deals = sum(bool(one.parties) for one in self.stories)
            lab = LABS[n_deals % len(LABS)]
            cloud = CLOUDS[(n_deals // len(LABS) + n_deals) % len(CLOUDS)]
            bn = dice.randrange(2, 90)
            title = f"{lab} rents AI computing capacity from {cloud} for ${bn} billion"
            text = (
                f"The AI company {lab} has signed an agreement with the cloud provider "
                f"{cloud}. Under the contract {lab} will rent AI computing capacity "
                f"worth ${bn} billion from {cloud} over {dice.randrange(2, 9)} years, "
                f"both companies announced in {places[0]}. {padding}"
            )
            story = Story(name=f"{number}", title=title, text=text, published_at=at,
                          parties=(lab, cloud))  # fmt: skip
        self.stories.append(story)
        page = (
            f"<html><head><title>{story.title}</title></head><body><article>"
            f"<h1>{story.title}</h1><p>{story.text}</p></article></body></html>"
        )
        self.press.on(f"/{story.name}.html", Reply(200, HTML, page.encode()))
        return story

    def publish(self, n_stories: int) -> str:
        """Found a paper with so many stories; its feed's URL."""
        path = f"/feed-{len(self.feeds)}"
        url = self.press.on(path, self.feed(self.write() for _ in range(n_stories)))
        self.feeds.append(url)
        self.configure()
        return url

    def feed(self, stories: Iterator[Story] | list[Story]) -> Reply:
        """Print a feed."""
        items = [
            item(
                one.name, title=one.title, date=format_datetime(one.published_at)
            ).replace(f"https://news.example/{one.name}", self.page_url(one))
            for one in stories
        ]
        body = rss(*items).encode()
        etag = f'"{zlib.crc32(body):x}"'
        return Reply(200, {**RSS, "ETag": etag}, body)

    def page_url(self, story: Story) -> str:
        """Where a story can be read."""
        return self.press.url(f"/{story.name}.html")

    # --- the process

    def start(self, trap: Trap | None = None, *, bare: bool = False) -> int:
        """Start newsbot; see `Launcher.start`."""
        assert not self.pid
        self.n_logged = len(self.log)
        self.pid = self.launcher.start(
            self.folder,
            environment(self.folder, TELEGRAM_BOT_TOKEN=TOKEN),
            trap=trap,
            sky=self.sky,
            bare=bare,
        )
        return self.pid

    def kill(self) -> bool:
        """Kill newsbot with SIGKILL; whether it had lived until then."""
        if not self.pid:
            return False
        os.kill(self.pid, signal.SIGKILL)
        return self.gone()

    def gone(self) -> bool:
        """Wait until newsbot has been killed, by whomever; whether it was by a kill."""
        code, self.pid = self.launcher.wait(self.pid), 0
        assert code in (0, -signal.SIGKILL), self.log[-4000:]
        if code == -signal.SIGKILL:
            self.n_kills += 1
            # The last line may have left just before the kill and be read just after.
            assert self.mail.has_read_all()
            self.taken_at_kills.add(len(self.mail.taken))
        return code == -signal.SIGKILL

    def dies(self, why: str, seconds: float = 240) -> None:
        """Wait until newsbot has killed itself."""
        ends_at = time.monotonic() + seconds
        while self.lives:
            assert time.monotonic() < ends_at, (
                f"{why}: {self.log[self.n_logged :][-9000:]}"
            )
            time.sleep(0.02)
        assert self.gone(), why

    def finish(self, seconds: float = 240) -> None:
        """Start newsbot, let it do all that is left to do, and stop it."""
        self.start()
        line = ("stories", "messages", "feeds")
        self.until(lambda: self.serves and not self.waiting(*line), seconds)
        # Mail is looked after every 20 s, but soon after a start.
        self.stop()
        self.start()
        self.until(lambda: self.serves and not self.waiting(), seconds)
        self.stop()

    def ends(self, seconds: float = 240) -> int:
        """Wait until newsbot has left by itself; its exit status."""
        ends_at = time.monotonic() + seconds
        while self.lives and time.monotonic() < ends_at:
            time.sleep(0.02)
        assert not self.lives, self.log[-4000:]
        code, self.pid = self.launcher.wait(self.pid), 0
        return code

    def survives(self, seconds: float) -> int:
        """Let newsbot serve for a while, and stop it; its exit status, however it left."""
        ends_at = time.monotonic() + 240
        while self.lives and not self.serves:
            assert time.monotonic() < ends_at, self.log[-4000:]
            time.sleep(0.02)
        ends_at = time.monotonic() + seconds
        while self.lives and time.monotonic() < ends_at:
            time.sleep(0.02)
        if self.lives:
            os.kill(self.pid, signal.SIGTERM)
        return self.ends()

    def told(self, story: Story) -> bool:
        """Whether every chat was told of a story's deal."""
        here = [
            one.chat
            for one in list(self.telegram.accepted)
            if all(name in one.visible for name in story.parties)
        ]
        return set(here) == set(CHATS)

    def stop(self) -> None:
        """Stop newsbot as a service manager does."""
        os.kill(self.pid, signal.SIGTERM)
        code, self.pid = self.launcher.wait(self.pid), 0
        assert code == 0, f"exit status {code}: {self.log[self.n_logged :][-4000:]}"

    @property
    def lives(self) -> bool:
        """Whether newsbot runs."""
        return bool(self.pid) and not self.launcher.ended(self.pid)

    @property
    def log(self) -> str:
        """What all its processes wrote to standard error so far."""
        path = self.folder / "run.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    @property
    def serves(self) -> bool:
        """Whether the process that runs has said that it serves."""
        return "started pid=" in self.log[self.n_logged :]

    def until(self, condition: Callable[[], object], seconds: float = 240) -> None:
        """Wait for something to become true while newsbot runs."""
        assert self.comes(condition, seconds), self.waiting() + self.log[-4000:]

    def comes(self, condition: Callable[[], object], seconds: float) -> bool:
        """Wait for something while newsbot runs; whether it came in time."""
        ends_at = time.monotonic() + seconds
        while not condition():
            assert self.lives, self.log[-4000:]
            if time.monotonic() > ends_at:
                return False
            time.sleep(0.05)
        return True

    @contextmanager
    def ledger(self) -> Iterator[sqlite3.Connection]:
        """The ledger, to look into."""
        with closing(sqlite3.connect(self.database, timeout=30)) as raw:
            yield raw

    def waiting(self, *only: str) -> str:
        """Say what is still on its way; nothing when all has been done.

        Args:
            only: Names of what to look at; else at everything.
        """
        with self.ledger() as raw:
            counts = {
                what: raw.execute(sql).fetchone()[0]
                for what, sql in WAITING.items()
                if not only or what in only
            }
            (n_feeds,) = raw.execute("SELECT count(*) FROM feeds").fetchone()
        counts["feeds not known"] = len(self.feeds) - n_feeds
        return ", ".join(f"{what} {n}" for what, n in counts.items() if n > 0)

    # --- what came of it

    def figures(self) -> Figures:
        """Hold what arrived against what was due; nothing may be on its way."""
        broken = []
        due = [one.parties for one in self.stories if one.parties]
        if self.embedded:
            with self.ledger() as raw:
                told = [plain for (plain,) in raw.execute("SELECT plain FROM alerts")]
            due = [one for one in due if any(_tells(text, one) for text in told)]
        with self.telegram._lock:
            accepted = list(self.telegram.accepted)
        arrived: Counter[tuple[str, tuple[str, ...]]] = Counter()
        named = {frozenset(parties): parties for parties in due}
        for message in accepted:
            here = frozenset(
                name for name in (*LABS, *CLOUDS) if name in message.visible
            )
            if here not in named:
                broken.append(f"no such deal: {message.visible[:200]!r}")
            else:
                arrived[message.chat, named[here]] += 1
        lost = [(c, p) for c in CHATS for p in due if not arrived[c, p]]
        broken += [f"lost: {parties} in {chat}" for chat, parties in lost[:5]]
        n_due = len(CHATS) * len(due)
        duplicates = sum(arrived.values()) - len(arrived)
        n_unknown = self._hold_against_ledger(arrived, broken)
        n_twice = self._hold_mails(due, broken)
        n_digests = self._hold_digests(broken)
        return Figures(
            alerts_due=n_due,
            delivered=n_due - len(lost),
            lost=len(lost),
            duplicates=duplicates,
            unknown=n_unknown,
            digests_due=len(self.readers),
            digests=n_digests,
            mails_twice=n_twice,
            broken=tuple(broken),
        )

    def _hold_against_ledger(
        self, arrived: Counter[tuple[str, tuple[str, ...]]], broken: list[str]
    ) -> int:
        """Each is there once, and once more at most for each answer that was lost."""
        n_unknown = 0
        with self.ledger() as raw:
            for pragma, good in (
                ("integrity_check", [("ok",)]),
                ("foreign_key_check", []),
            ):
                if (found := raw.execute(f"PRAGMA {pragma}").fetchall()) != good:
                    broken.append(f"{pragma}: {found[:3]}")
            rows = raw.execute(
                "SELECT recipient, plain, deliveries.state, n_unknown FROM deliveries "
                "JOIN alerts ON alerts.id = alert_id"
            ).fetchall()
            odd = raw.execute(
                "SELECT url, state, reason FROM entries WHERE state = 'failed'"
            ).fetchall()
        broken += [f"failed: {one}" for one in odd[:5]]
        for recipient, plain, state, unknown in rows:
            n_unknown += unknown
            parties = tuple(
                next((n for n in names if n in plain), "") for names in (LABS, CLOUDS)
            )
            n_times = arrived[recipient, parties]
            if state != "sent" or not 1 <= n_times <= 1 + unknown:
                broken.append(
                    f"{recipient} {parties}: {state}, {n_times} times, {unknown} unknown"
                )
        return n_unknown

    def _hold_mails(self, due: list[tuple[str, ...]], broken: list[str]) -> int:
        """A mail is there twice only if a kill followed its first copy at once."""
        seen: dict[str, int] = {}
        n_twice = 0
        for number, taken in enumerate(self.mail.taken, start=1):
            id_ = str(taken.mail["Message-ID"])
            if id_ in seen:
                n_twice += 1
                if seen[id_] not in self.taken_at_kills:
                    broken.append(f"twice without a kill: {taken.mail['Subject']}")
            seen[id_] = number
        with self.ledger() as raw:
            rows = raw.execute(
                "SELECT address FROM subscribers WHERE json_extract(wish, '$.instant')"
            ).fetchall()
        for (address,) in rows:
            texts = [
                one.mail.get_body(("plain",)).get_content()
                for one in self.mail.taken
                if one.recipient == address
            ]
            missing = [p for p in due if not any(_tells(text, p) for text in texts)]
            broken += [f"lost by mail: {parties}" for parties in missing[:5]]
        return n_twice

    def _hold_digests(self, broken: list[str]) -> int:
        """Every reader has one digest per local date, whatever was killed."""
        with self.ledger() as raw:
            rows = raw.execute(
                "SELECT recipient, occasion, state, count(*) FROM letters "
                "WHERE kind = 'digest' GROUP BY recipient, occasion"
            ).fetchall()
            digests = [
                (message_id(id_, recipient, "example.org"), recipient)
                for id_, recipient in raw.execute(
                    "SELECT id, recipient FROM letters WHERE kind = 'digest'"
                )
            ]
        for recipient, occasion, state, n in rows:
            if (state, n) != ("sent", 1):
                broken.append(f"digest of {occasion} for {recipient}: {n}, {state}")
        without = set(self.readers) - {recipient for recipient, *_ in rows}
        broken += [f"no digest for {one}" for one in sorted(without)[:5]]
        arrived = {str(one.mail["Message-ID"]) for one in self.mail.taken}
        ids = Counter(recipient for said, recipient in digests if said in arrived)
        wanted = Counter(recipient for recipient, *_ in rows)
        if ids != wanted:
            broken.append(f"digests that arrived: {(ids - wanted) + (wanted - ids)}")
        return sum(ids.values())


def _tells(text: str, parties: tuple[str, ...]) -> bool:
    return all(name in text for name in parties)
