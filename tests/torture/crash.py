"""Kill the whole running system at random moments; hold what arrived against what was due.

    python tests/torture/crash.py --kills 60 --seed 1

`newsbot run` runs as a process of its own; papers, the model's server, Telegram and the
mail server stand on loopback. Papers appear and readers join between its lives; each
life is ended by SIGKILL after so much of its work as the dice say, and the last one may
end its work. Nothing may be lost; twice may be there only what was on its way at a kill.

Source:
    Case 53 of docs/security.md.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

if __name__ == "__main__":  # as a program, the tests' folder has to be found
    sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]

from torture.newsroom import Figures, Newsroom

#: What a life may do before it is killed, in things that servers saw of it: none to
#: somewhat more than a whole one.
MOST_SEEN = 30
#: Seconds in which all that is left must be done, when nobody kills any more.
END_SECONDS = 600.0
#: Seconds between two looks whether a life has anything left to do.
IDLE_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of it all."""

    kills: int
    #: Processes of killed ones that did not end by themselves.
    orphans: int
    figures: Figures

    def __str__(self) -> str:
        counts = {"kills": self.kills, "orphans": self.orphans}
        counts |= {
            one.name: getattr(self.figures, one.name)
            for one in fields(self.figures)
            if one.name != "broken"
        }
        lines = [f"{name.replace('_', ' '):<12} {n}" for name, n in counts.items()]
        return "\n".join([*lines, *(f"BROKEN: {one}" for one in self.figures.broken)])


def crash(
    folder: Path,
    n_kills: int,
    seed: int,
    seconds: float = math.inf,
    *,
    embedded: bool = False,
) -> Report:
    """Let one system live and die, so many times or for so long.

    Args:
        folder: Where its config and ledger are to lie.
        n_kills: How often it is killed.
        seed: Of everything that is left to chance.
        seconds: After which it is killed no more.
        embedded: Whether the embedded model judges.
    """
    ends_at = time.monotonic() + seconds
    with Newsroom(folder, seed=seed, embedded=embedded) as room:
        room.enrol(instant=True)
        while room.n_kills < n_kills and time.monotonic() < ends_at:
            if not room.n_kills or room.dice.random() < 0.6:
                room.publish(room.dice.randrange(1, 4))
            if room.dice.random() < 0.3:
                room.enrol()
            live(room)
        room.finish(END_SECONDS)
        return Report(
            kills=room.n_kills,
            orphans=room.launcher.n_orphans(),
            figures=room.figures(),
        )


def live(room: Newsroom) -> None:
    """One life, until so much was seen of it; or until it has nothing to do."""
    ends_at = seen(room) + room.dice.randrange(MOST_SEEN)
    pause = room.dice.uniform(0, 0.1)
    room.start()
    room.until(lambda: room.serves)
    looked_at = time.monotonic()
    while room.lives and seen(room) < ends_at:
        time.sleep(0.002)
        if time.monotonic() > looked_at + IDLE_SECONDS:
            looked_at = time.monotonic()
            if not room.waiting("stories", "messages", "feeds"):
                break
    time.sleep(pause)
    room.kill()


def seen(room: Newsroom) -> int:
    """How much the servers saw of all lives."""
    return (
        len(room.press.requests)
        + room.model.n_asked
        + len(room.telegram.calls)
        + len(room.mail.commands)
    )


def crash_many(
    folder: Path, n_kills: int, seed: int, n_systems: int, seconds: float = math.inf
) -> list[Report]:
    """Spread the kills over systems that live side by side; each mostly waits."""
    shares = [
        n_kills // n_systems + (n < n_kills % n_systems) for n in range(n_systems)
    ]

    def one(number: int) -> Report:
        own = folder / f"system-{number}"
        own.mkdir()
        return crash(own, shares[number], seed * 1000 + number, seconds)

    with ThreadPoolExecutor(n_systems) as pool:
        return list(pool.map(one, range(n_systems)))


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--systems", type=int, default=3, help="side by side")
    parser.add_argument("--minutes", type=float, default=math.inf, help="at most")
    asked = parser.parse_args(words)
    began_at = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="newsbot-crash-") as folder:
        reports = crash_many(
            Path(folder), asked.kills, asked.seed, asked.systems, 60 * asked.minutes
        )
    print(f"{total(reports)}\n{time.monotonic() - began_at:.0f} s")
    return int(any(one.orphans or one.figures.broken for one in reports))


def total(reports: Sequence[Report]) -> Report:
    """Add up what became of all systems."""
    names = [one.name for one in fields(Figures) if one.name != "broken"]
    sums = {name: sum(getattr(one.figures, name) for one in reports) for name in names}
    broken = tuple(text for one in reports for text in one.figures.broken)
    return Report(
        kills=sum(one.kills for one in reports),
        orphans=sum(one.orphans for one in reports),
        figures=Figures(**sums, broken=broken),
    )


if __name__ == "__main__":
    sys.exit(main())
