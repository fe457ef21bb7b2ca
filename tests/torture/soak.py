"""Days of the whole system in minutes: 500 feeds, kills, floods, greylists, two clock changes.

    python tests/torture/soak.py --minutes 30 --speed 100 --seed 1

`newsbot run` under a clock that goes *speed* times as fast: half of the time around
02:00 of the night in which Berlin's clocks go forward, then, after a stop of seven
months, around that in which they go back. One feed in twenty is hostile. Nothing may be
lost, every reader has one digest per local date, and what the process holds of memory
and files does not grow.

Source:
    Case 76 of docs/security.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

if __name__ == "__main__":  # as a program, the tests' folder has to be found
    sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]

import numpy as np
from servers.feeds import rss
from servers.scripted import (
    Reply,
    Request,
    Script,
    ScriptedServer,
    endless,
    exactly,
    gzip_bomb,
    silent,
)
from servers.telegram import RESET, too_many_requests

from newsbot.stages.local_days import moment
from torture.forked import Sky
from torture.newsroom import CHATS, HTML, RSS, Figures, Newsroom, Story

BERLIN = ZoneInfo("Europe/Berlin")
#: The hours of digests: one that a change of clocks leaves out or brings twice.
HOURS = (time_of_day(2, 30), time_of_day(7, 0))
#: When Berlin's clocks change in 2026.
CHANGES = (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC))
#: Hosts that the feeds lie on.
N_HOSTS = 20
#: Items that a paper's feed shows: more than it prints while newsbot is away.
N_SHOWN = 20
#: Of the time, the part in which nobody kills, at the end: there memory is measured.
QUIET = 0.4
#: Of a quiet life, the part that warms up: caches fill, libraries load.
WARM = 0.4
#: A mail that is looked after every 20 s of the machine's clock is so late at most.
LATE_SECONDS = 45.0
#: How far the clock is set forward at an end: every feed is due, and on the local date
#: that comes then every digest; a mail that was refused for now, after the second time.
AWAY = timedelta(hours=30)
MOST_ENDS = 4
#: Seconds in which the line must come to its end.
END_SECONDS = 600.0
#: What has to be done at an end. Not "feeds": a hostile one never becomes known.
LEFT = ("stories", "messages", "mails", "digests", "mails per alert")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a soak is made of."""

    #: Real ones, without the end, in which what is left is done.
    seconds: float
    speed: float = 100.0
    seed: int = 1
    n_feeds: int = 500
    #: Real seconds between two kills, on average, and between two stories of a deal.
    kill_every: float = 60.0
    story_every: float = 1.0
    every_minutes: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What a process held, over its longest quiet life."""

    seconds: float
    #: MiB at the end of the warm-up by the fitted line, and how many more at its end.
    memory: float
    grown: float
    #: The same of open files.
    files: float
    files_grown: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What became of it."""

    figures: Figures
    drift: Drift
    kills: int
    polls: int
    #: Of them those that were answered 304, and those without any validator.
    unchanged: int
    unconditional: int
    floods: int
    greylisted: int
    orphans: int
    broken: tuple[str, ...]

    def __str__(self) -> str:
        drift = self.drift
        counts = {
            one.name: getattr(self.figures, one.name)
            for one in fields(self.figures)
            if one.name not in ("broken", "digests_due")
        }
        names = "kills polls unchanged unconditional floods greylisted orphans".split()
        counts |= {name: getattr(self, name) for name in names}
        lines = [f"{name.replace('_', ' '):<14} {n}" for name, n in counts.items()]
        lines += [
            f"memory         {drift.memory:.1f} MiB, {drift.grown:+.1f} in "
            f"{drift.seconds:.0f} s",
            f"files          {drift.files:.1f}, {drift.files_grown:+.1f}",
        ]
        return "\n".join([*lines, *(f"BROKEN: {one}" for one in self.broken)])


class Paper:
    """A feed that prints what is new, and answers 304 where nothing is."""

    def __init__(self, room: Newsroom) -> None:
        self._room = room
        self.stories: list[Story] = []
        self.n_polls = self.n_unchanged = self.n_unconditional = 0

    def __call__(self, request: Request) -> Reply:
        reply = self._room.feed(list(reversed(self.stories[-N_SHOWN:])))
        said = request.header("If-None-Match")
        self.n_polls += 1
        self.n_unconditional += said is None
        if said is not None and said == reply.headers["ETag"]:
            self.n_unchanged += 1
            return Reply(304, {"Content-Length": None, "Connection": "close"})
        return reply


def hostile(number: int) -> Script:
    """One of many ways to hurt a reader."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    kinds: list[Script] = [
        Reply(200, {**RSS, "Content-Encoding": "gzip"}, gzip_bomb(2**28)),
        Reply(
            200, RSS, f'<!DOCTYPE r [<!ENTITY l0 "ha">{laughs}]><r>&l9;</r>'.encode()
        ),
        endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
        silent(),
        Reply(200, HTML, b"<html><body>Please log in</body></html>"),
        Reply(500),
        exactly(b"\x00\xff garbage that is no answer \r\n\r\n"),
        Reply(302, {"Location": f"/hostile-{number}"}),
        Reply(429, {"Retry-After": "7200"}),
        Reply(200, RSS, rss("<title>" + "<b>" * 20_000 + "</title>").encode()),
    ]
    return kinds[number % len(kinds)]


@dataclass(slots=True)
class Watch:
    """Looks at the process once a second."""

    room: Newsroom
    #: By process: seconds, bytes resident, open files.
    samples: dict[int, list[tuple[float, int, int]]] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        while not self._done.wait(1.0):
            pid = self.room.pid
            with contextlib.suppress(OSError, IndexError, ValueError):
                resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                n_files = len(os.listdir(f"/proc/{pid}/fd"))
                sample = (
                    time.monotonic(),
                    resident * os.sysconf("SC_PAGE_SIZE"),
                    n_files,
                )
                self.samples.setdefault(pid, []).append(sample)

    def end(self) -> None:
        self._done.set()

    def drift(self) -> Drift:
        """Fit lines, by least squares, to the longest life after its warm-up."""
        life = np.array(max(self.samples.values(), key=len), dtype=float)
        life = life[int(len(life) * WARM) :]
        times = life[:, 0] - life[0, 0]
        (rss_slope, rss), (file_slope, files) = (
            np.polyfit(times, life[:, column], 1) for column in (1, 2)
        )
        seconds = float(times[-1])
        return Drift(
            seconds=seconds,
            memory=rss / 2**20,
            grown=rss_slope * seconds / 2**20,
            files=files,
            files_grown=file_slope * seconds,
        )


class Soak:
    """One soak, from its beginning to its end."""

    def __init__(self, room: Newsroom, plan: Plan) -> None:
        self.room, self.plan = room, plan
        self.dice = random.Random(plan.seed)
        self.papers: list[Paper] = []
        self.n_floods = self.n_greylisted = 0
        #: When newsbot's clock ran: from, to.
        self.spans: list[tuple[datetime, datetime]] = []
        #: To when it was set forward afterwards.
        self.ended_at: list[datetime] = []

    def found(self) -> None:
        """Found the papers, and let the readers in."""
        room, plan = self.room, self.plan
        n_hostile = plan.n_feeds // 20
        for number in range(plan.n_feeds):
            host = room.hosts[number % len(room.hosts)]
            if number < n_hostile:
                room.feeds.append(host.on(f"/hostile-{number}", hostile(number)))
            else:
                paper = Paper(room)
                self.papers.append(paper)
                room.feeds.append(host.on(f"/feed-{number}", paper))
        room.configure()
        for at in HOURS:
            room.enrol(time_zone="Europe/Berlin", at=at)
        room.enrol(time_zone="Europe/Berlin", at=HOURS[0], instant=True)
        for address in room.readers:
            room.mail.on("rcpt", address, "450 4.2.0 greylisted, come back", None)
            self.n_greylisted += 1

    def span(self, began_at: datetime, seconds: float, quiet: float) -> None:
        """Let newsbot live under its clock for a while, and kill it now and then.

        Args:
            began_at: What its clock says first.
            seconds: Real ones.
            quiet: Seconds at the end in which nobody kills.
        """
        room = self.room
        assert room.sky is not None
        room.sky = room.sky.forward(began_at - room.sky())
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            room.start()
            room.until(lambda: room.serves, END_SECONDS)
            left = max(ends_at - time.monotonic(), 0.0)
            wait = self.dice.expovariate(1 / self.plan.kill_every)
            kill_in = wait if wait < left - quiet else left
            self.live(min(kill_in, left))
            if kill_in < left:
                room.kill()
            else:
                room.stop()
        self.spans.append((began_at, room.now()))

    def live(self, seconds: float) -> None:
        """Print news, and let Telegram and the mail server be unkind, for a while."""
        room, dice = self.room, self.dice
        ends_at = time.monotonic() + seconds
        story_at = time.monotonic()
        while (now := time.monotonic()) < ends_at:
            assert room.lives, room.log[-4000:]
            if now >= story_at:
                story_at = now + dice.expovariate(1 / self.plan.story_every)
                dice.choice(self.papers).stories.append(room.write())
            if dice.random() < 0.01:
                self.n_floods += 1
                room.telegram.script(dice.choice(CHATS), too_many_requests(30))
            if dice.random() < 0.002:
                room.telegram.script(dice.choice(CHATS), RESET)
            if dice.random() < 0.005:
                self.n_greylisted += 1
                again = "451 4.3.0 try again later"
                room.mail.on("dot", dice.choice(room.readers), again, None)
            time.sleep(0.05)

    def end(self) -> None:
        """Let days pass, so that all is due; until nothing is on its way."""
        room = self.room
        for _ in range(MOST_ENDS):
            assert room.sky is not None
            room.sky = room.sky.forward(AWAY)
            room.start()
            room.until(lambda: room.serves, END_SECONDS)
            room.until(self.all_polled, END_SECONDS)
            room.until(lambda: not room.waiting("stories", "messages"), END_SECONDS)
            # Mail that was refused for now is due again after the next jump.
            done = room.comes(lambda: not room.waiting(*LEFT), LATE_SECONDS)
            room.stop()
            if done:
                break
        self.ended_at.append(room.now())

    def all_polled(self) -> bool:
        """Whether every paper's last issue was read."""
        with self.room.ledger() as raw:
            (n_known,) = raw.execute("SELECT count(*) FROM entries").fetchone()
        return int(n_known) >= sum(len(paper.stories) for paper in self.papers)

    def dates(self, at: time_of_day) -> tuple[set[date], set[date]]:
        """The local dates that must have a digest, and those that may."""
        late = timedelta(seconds=LATE_SECONDS * self.plan.speed)
        must, may = set(), set()
        for (began_at, stopped_at), ended_at in zip(
            self.spans, self.ended_at, strict=True
        ):
            day = began_at.astimezone(BERLIN).date()
            while (due_at := moment(day, at, BERLIN)) < ended_at:
                may.add(day)
                if began_at <= due_at < stopped_at - late:
                    must.add(day)
                day += timedelta(days=1)
        return must, may

    def wrong_digests(self) -> list[str]:
        """Say which local date has no digest, or one too many."""
        wrong = []
        with self.room.ledger() as raw:
            for address, at in zip(self.room.readers, (*HOURS, HOURS[0]), strict=True):
                found = [
                    date.fromisoformat(day)
                    for (day,) in raw.execute(
                        "SELECT occasion FROM letters "
                        "WHERE kind = 'digest' AND recipient = ?",
                        (address,),
                    )
                ]
                must, may = self.dates(at)
                if not must <= set(found) <= may or len(set(found)) != len(found):
                    wrong.append(
                        f"digests of {address}: {sorted(map(str, found))}, must "
                        f"{sorted(map(str, must))}, may {sorted(map(str, may))}"
                    )
        return wrong


def soak(folder: Path, plan: Plan) -> Soaked:
    """Do what the plan says."""
    with ExitStack() as opened:
        hosts = tuple(opened.enter_context(ScriptedServer()) for _ in range(N_HOSTS))
        sky = Sky(
            began_at=CHANGES[0].isoformat(), began=time.monotonic(), speed=plan.speed
        )
        room = opened.enter_context(
            Newsroom(
                folder,
                seed=plan.seed,
                sky=sky,
                hosts=hosts,
                every_minutes=plan.every_minutes,
            )
        )
        done = Soak(room, plan)
        done.found()
        watch = Watch(room)
        watching = threading.Thread(target=watch)
        watching.start()
        try:
            half = plan.seconds / 2
            before = timedelta(seconds=half * plan.speed / 3)
            done.span(CHANGES[0] - before, half, 0)
            done.end()
            done.span(CHANGES[1] - before, half, plan.seconds * QUIET)
            done.end()
        finally:
            watch.end()
            watching.join()
        figures = room.figures()
        n_unconditional = sum(paper.n_unconditional for paper in done.papers)
        broken = [*figures.broken, *done.wrong_digests()]
        worst = max(paper.n_unconditional for paper in done.papers)
        if worst > 1 + room.n_kills:
            broken.append(f"a feed was asked {worst} times without validators")
        return Soaked(
            figures=figures,
            drift=watch.drift(),
            kills=room.n_kills,
            polls=sum(paper.n_polls for paper in done.papers),
            unchanged=sum(paper.n_unchanged for paper in done.papers),
            unconditional=n_unconditional,
            floods=done.n_floods,
            greylisted=done.n_greylisted,
            orphans=room.launcher.n_orphans(),
            broken=tuple(broken),
        )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--speed", type=float, default=100.0)
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words)
    plan = Plan(
        seconds=60 * asked.minutes,
        speed=asked.speed,
        n_feeds=asked.feeds,
        seed=asked.seed,
    )
    with tempfile.TemporaryDirectory(prefix="newsbot-soak-") as folder:
        done = soak(Path(folder), plan)
    print(done)
    return int(bool(done.broken or done.orphans))


if __name__ == "__main__":
    sys.exit(main())
