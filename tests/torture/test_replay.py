"""Case 53, the whole line: killed at each commit, it ends with the same ledger.

A day of a small press in two languages, with a correction and a withdrawal, is walked
by processes that end at a commit, as by a kill, and are started again until the step
is done. Nothing may differ from a line that nobody killed, and no message be sent
twice that was marked as sent.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import traceback
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
from fakes import NOW, Bench
from scripted_press import MINUTE, ScriptedJudge, announce, paper

from newsbot.adapters.db import open_store
from newsbot.alerts import COLLECT
from newsbot.stages.extract import prepare

#: What a process that ended at its commit leaves as its exit status.
KILLED = 77
#: What the press does, step by step; at each, every feed is polled and all is walked.
#: Two papers on one deal have steps of their own: which one is told first, and whether
#: the other is told with it or by an edit, hangs on where a batch was cut.
DAY = (
    (
        paper("Handelspost", "Nvidia and Anthropic sign for €6bn"),
        paper("Wetter", "It rains in Hamburg all week"),
    ),
    (
        paper("Abendblatt", "Nvidia und Anthropic vereinbaren €6bn", german=True),
        paper("Kurier", "Nvidia und Mistral AI verhandeln über €2bn", german=True),
    ),
    (
        paper("Handelspost", "Nvidia and Anthropic sign for €600m"),
        paper("Tribune", "Nvidia and Mistral AI sign for €2bn"),
        paper("Ledger", "OpenAI and Oracle sign for €3bn"),
    ),
    (
        paper("Ledger", "It rains in Oxford, the correction says"),
        paper("Abendblatt", "Nvidia und Anthropic vereinbaren €7bn", german=True),
    ),
    (),
)
#: Columns that say how, not what: tries, and numbers in the order of arrival. None for
#: a table of that alone: requests, for the pace.
HOW = {
    "articles": ("number",),
    "deliveries": ("n_attempts", "n_unknown", "error"),
    "edits": ("n_attempts",),
    "news": ("number", "known"),
    "requests": None,
}


class Letterbox:
    """A channel whose messages outlive the process: one line each in a file."""

    name = "console"

    def __init__(self, path):
        self.path = path

    def whoami(self):
        return "a letterbox"

    def send(self, recipient, alert, *, reply_to=None):
        self._write("sent", alert, reply_to)
        return f"id-{alert.id}"

    def edit(self, recipient, provider_id, alert, *, was):
        self._write("edited", alert, provider_id)

    def _write(self, what, alert, about):
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps([what, alert.id, alert.plain, about]) + "\n")

    def read(self):
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]


def step(folder, number, *, live=None):
    """Do a step in a process of its own; whether it came to its end.

    Args:
        folder: Where ledger and letterbox lie.
        number: Of the step.
        live: How many commits it may make; at the next one it is gone.
    """
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, KILLED), f"exit {code}"
        return code == 0
    code = 1
    try:
        _walk(folder, number, live)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _walk(folder, number, live):
    store = open_store(folder / "news.db")
    # A kill loses nothing of this; only a power cut would. Disks are slow.
    store.connection.db.execute("PRAGMA synchronous=OFF")
    if live is not None:
        commit, left = store.connection.db.commit, iter(range(live))

        def counted():
            if next(left, None) is None:
                os._exit(KILLED)
            commit()

        store.connection.db.commit = counted
    bench = Bench(
        store, judge=ScriptedJudge(), channels=[Letterbox(folder / "letterbox")]
    )
    bench.clock.now = NOW + number * MINUTE
    if number == len(DAY) - 1:
        bench.clock.forward(COLLECT + timedelta(hours=1))
    store.outbox.recover(bench.clock())
    for papers in DAY[: number + 1]:
        for one in papers:
            bench.fetcher.pages[one.entry.url] = one.page
    for one in DAY[number]:
        announce(bench, one)
    bench.walk()
    store.close()


def ledger(folder):
    """Everything in a ledger, but how often something was tried."""
    with closing(open_store(folder / "news.db")) as store:
        tables = [
            str(row["name"])
            for row in store.connection.rows(
                "SELECT name FROM sqlite_master WHERE type = 'table' "
                "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%_fts_%' "
                "AND name != '_sqlite_migrations' ORDER BY name"
            )
        ]
        found = {}
        for table in tables:
            left_out = HOW.get(table, ())
            if left_out is None:
                continue
            rows = store.connection.rows(f'SELECT * FROM "{table}"')
            for row in rows:
                for name in left_out:
                    del row[name]
            found[table] = sorted(map(repr, rows))
        assert store.connection.rows("PRAGMA integrity_check") == [
            {"integrity_check": "ok"}
        ]
        assert store.connection.rows("PRAGMA foreign_key_check") == []
        return found


def n_unknown(folder):
    """Tries by message whose answer never came."""
    with closing(open_store(folder / "news.db")) as store:
        rows = store.connection.rows("SELECT alert_id, n_unknown FROM deliveries")
        return Counter({str(row["alert_id"]): int(row["n_unknown"]) for row in rows})


def arrived(folder):
    """How often each message arrived."""
    letters = Letterbox(folder / "letterbox").read()
    return Counter(id_ for what, id_, *_ in letters if what == "sent")


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    """The folder before each step, and after the last, of a line nobody killed."""
    prepare()  # what each process would load anew takes longer than its work
    folder = tmp_path_factory.mktemp("whole")
    kept = []
    for number in range(len(DAY)):
        kept.append(tmp_path_factory.mktemp(f"before-{number}"))
        shutil.copytree(folder, kept[-1], dirs_exist_ok=True)
        assert step(folder, number)
    return [*kept, folder]


def killed_once(days, tmp_path, *, every):
    """Kill each step at every so manieth commit; how many kills there were."""
    n_killed = n_twice = 0
    for number, before in enumerate(days[:-1]):
        wanted, whole = ledger(days[number + 1]), arrived(days[number + 1])
        for live in range(number % every, 10_000, every):
            folder = tmp_path / f"{number}-{live}"
            shutil.copytree(before, folder)
            if step(folder, number, live=live):
                assert live, "a step without a commit tests nothing"
                break
            n_killed += 1
            assert step(folder, number)
            assert ledger(folder) == wanted, (number, live)
            again = arrived(folder) - whole
            assert set(whole) == set(arrived(folder)), (number, live)
            assert not again - n_unknown(folder), (number, live)
            n_twice += again.total()
            shutil.rmtree(folder)
    return n_killed, n_twice


@pytest.mark.case(53, "the line, killed at commits of a day with corrections")
def test_killed_at_some_commits_of_each_step(days, tmp_path, figure):
    """The same ledger; a message twice only where its answer never came."""
    n_killed, n_twice = killed_once(days, tmp_path, every=3)
    figure("kills", n_killed)
    figure("sent twice, counted", n_twice)
    assert n_killed > 30


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.case(53, "the line, killed between every two transactions")
def test_killed_at_every_commit(days, tmp_path, figure):
    """As above, at each commit of each step."""
    n_killed, n_twice = killed_once(days, tmp_path, every=1)
    figure("kills", n_killed)
    figure("sent twice, counted", n_twice)
    assert n_killed > 100


def short_lives(days, tmp_path, seed):
    """Walk the whole day by processes of one to four commits each."""
    rng, n_lives = random.Random(seed), 0
    folder = tmp_path / f"lives-{seed}"
    folder.mkdir()
    for number in range(len(DAY)):
        n_lives += 1
        # The polls of a step come first: a process must outlive them to go on.
        polls = len(DAY[number]) * 2
        while not step(folder, number, live=polls + rng.randint(2, 6)):
            n_lives += 1
            assert n_lives < 1000
    assert ledger(folder) == ledger(days[-1])
    whole = arrived(days[-1])
    assert set(arrived(folder)) == set(whole)
    assert not arrived(folder) - whole - n_unknown(folder)
    return n_lives


@pytest.mark.case(53, "the line, by processes of a few transactions each")
def test_a_day_of_short_lives(days, tmp_path, figure):
    """Killed again and again, the day ends as if nobody had killed anything."""
    n_lives = short_lives(days, tmp_path, seed=1)
    figure("processes", n_lives)
    assert n_lives > 10


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.case(53, "the line, by processes of a few transactions each, 10 days")
def test_many_days_of_short_lives(days, tmp_path, figure):
    """As above, killed elsewhere each day."""
    figure("processes", sum(short_lives(days, tmp_path, seed) for seed in range(10)))


@pytest.mark.case(53, "what the day of the replay tells")
def test_the_day_tells_what_it_should(days):
    """It has a correction, a withdrawal and one alert per deal, or it proves little."""
    texts = [text for what, _, text, _ in Letterbox(days[-1] / "letterbox").read()]
    with closing(open_store(days[-1] / "news.db")) as store:
        deals = {
            tuple(sorted(n for n, _ in d.parties)): d for d in store.ledger.deals()
        }
        alerts = store.outbox.alerts()
    assert len(deals) == 3
    assert deals["OpenAI", "Oracle"].withdrawn_by == "Ledger"
    assert len([one for one in alerts if one.kind == "new"]) == 3
    assert any("Handelspost has corrected: amount now €600m" in one for one in texts)
    assert any("Ledger has withdrawn its report" in one for one in texts)
