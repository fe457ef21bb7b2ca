"""The parsing processes: what ordinary documents see, and what ends with a bad one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from commands import environment
from fakes import NOW, InlineParsing, entry, story
from servers.feeds import item, rss

from newsbot.adapters import parsing_wire as wire
from newsbot.adapters.parsing import WAITING, ParsingLimits, ParsingPool
from newsbot.errors import ParseError, ParserError
from newsbot.stages.extract import Skipped, extract
from newsbot.stages.opml import OpmlFeed, read_opml, write_opml
from newsbot.stages.parse import parse_feed
from newsbot.types import Article, Page

#: One tag that keeps trafilatura busy for minutes.
ENDLESS = (
    b"<html><body><article><p "
    + b" ".join(b"a%d=1" % n for n in range(200_000))
    + b">x</p></article></body></html>"
)


@pytest.fixture(scope="module")
def pool():
    made = ParsingPool(n_processes=2, limits=ParsingLimits(seconds=5))
    yield made
    made.close()


def page(body, **changes):
    values = {
        "entry_id": entry().id,
        "url": entry().url,
        "status": 200,
        "content_type": "text/html",
        "body": body,
        "fetched_at": NOW,
    }
    return Page(**{**values, **changes})


def feed(parsing, body):
    return parsing.run(
        parse_feed,
        body,
        url="https://news.example/feed",
        content_type="",
        feed_id="f",
        language=None,
        now=NOW,
        max_age=timedelta(hours=48),
        first_poll=True,
    )


def processes(pool):
    return [place._process._popen for place in pool._places if place._process]


def test_processes_answer_as_the_functions_do(pool):
    """Pages, feeds and lists come back as the very nouns, errors as the same words."""
    here = InlineParsing()
    good = page(story("Nvidia and Anthropic sign a deal"))
    opml = write_opml([OpmlFeed(url="https://a.example/ü", title="Ä & B")])
    for way in (here, pool):
        assert isinstance(way.run(extract, good, entry(), NOW), Article)
        assert isinstance(way.run(extract, page(b""), entry(), NOW), Skipped)
    assert pool.run(extract, good, entry(), NOW) == extract(good, entry(), NOW)
    assert feed(pool, rss(item(1), item(2)).encode()) == feed(
        here, rss(item(1), item(2)).encode()
    )
    assert pool.run(read_opml, opml) == read_opml(opml)
    for body in (b"", b"<html>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><rss/>"):
        with pytest.raises(ParseError) as direct:
            feed(here, body)
        with pytest.raises(ParseError, match=str(direct.value)):
            feed(pool, body)


def test_each_keeps_the_order_and_goes_on_after_errors(pool):
    """Many documents at once come back in order; a bad one is an error in its place."""
    calls = [
        (page(story(f"Story number {n}")), entry(title=""), NOW) for n in range(30)
    ]
    titles = [found.title for found in pool.each(extract, calls)]
    assert titles == [f"Story number {n}" for n in range(30)]
    lists = [(write_opml([]) if n % 3 else b"x",) for n in range(9)]
    kinds = [type(found).__name__ for found in pool.each(read_opml, lists)]
    assert kinds == ["ParseError", "OpmlResult", "OpmlResult"] * 3


@pytest.mark.parametrize(("n_bytes", "expected"), [(100, 3 * WAITING + 1), (2**22, 4)])
def test_each_reads_ahead_by_count_and_by_bytes(n_bytes, expected):
    """Behind a page that takes long there is work for all, and no memory full of it."""
    n_pulled = 0

    def calls():
        nonlocal n_pulled
        for n in range(100):
            n_pulled += 1
            body = ENDLESS if n == 0 else story(f"Story {n}") + b" " * n_bytes
            yield page(body), entry(title=""), NOW

    with closing(ParsingPool(n_processes=2, limits=ParsingLimits(seconds=1.5))) as slow:
        answers = slow.each(extract, calls())
        assert isinstance(next(answers), ParseError)
        assert n_pulled == expected
        assert next(answers).title == "Story 1"
        answers.close()


def test_a_process_is_used_again(pool):
    """A hundred documents of one thread are read by one and the same process."""
    feed(pool, rss(item(1)).encode())
    before = {process.pid for process in processes(pool)}
    for n in range(100):
        feed(pool, rss(item(n)).encode())
    assert {process.pid for process in processes(pool)} == before


def test_too_slow_and_too_large_documents_end_their_process_only():
    """Both are one line; the next document is read by a new process."""
    for limits, body, reason in (
        (ParsingLimits(seconds=1), ENDLESS, "took more than 1 s"),
        (
            ParsingLimits(seconds=30, memory=100 * 2**20),
            b"<html><body>" + b"<a/>" * 2_000_000,
            "needed more than 100 MiB of memory",
        ),
    ):
        pool = ParsingPool(n_processes=1, limits=limits)
        with pytest.raises(ParseError, match=reason) as caught:
            pool.run(extract, page(body), entry(), NOW)
        assert not caught.value.retry
        assert isinstance(
            pool.run(extract, page(story("A title")), entry(), NOW), Article
        )
        pool.close()


def test_a_process_that_was_killed_is_replaced_unnoticed(pool):
    """Somebody else's kill, idle or at work, costs nothing but time."""
    for process in processes(pool):
        process.kill()
    time.sleep(0.1)
    assert feed(pool, rss(item(1)).encode()).entries
    quick = ParsingPool(n_processes=1, limits=ParsingLimits(seconds=3))
    quick.run(extract, page(b""), entry(), NOW)
    (process,) = processes(quick)
    threading.Timer(0.5, process.kill).start()
    with pytest.raises(ParseError, match="took more than 3 s"):
        quick.run(extract, page(ENDLESS), entry(), NOW)  # tried again, and too slow
    assert process.poll() == -signal.SIGKILL
    quick.close()


def test_stops_are_the_parents_affair():
    """Ctrl-C and SIGTERM to a process change nothing."""
    pool = ParsingPool(n_processes=1)
    pool.run(read_opml, write_opml([]))
    (process,) = processes(pool)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert pool.run(read_opml, write_opml([])).feeds == ()
    assert processes(pool) == [process]
    assert process.poll() is None
    pool.close()


def test_a_closed_pool_starts_nothing():
    """Who waits for an answer is let go at once; who asks later is told."""
    pool = ParsingPool(n_processes=1, limits=ParsingLimits(seconds=60))
    pool.run(extract, page(b""), entry(), NOW)
    (process,) = processes(pool)
    threading.Timer(0.5, pool.close).start()
    started = time.monotonic()
    with pytest.raises(ParserError) as caught:
        pool.run(extract, page(ENDLESS), entry(), NOW)
    assert time.monotonic() - started < 30
    assert caught.value.retry
    assert process.poll() is not None
    with pytest.raises(ParserError):
        pool.run(read_opml, b"")


def test_a_process_that_cannot_start_is_an_error_that_may_pass(monkeypatch):
    """No interpreter, no answer; the document is not at fault."""
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    pool = ParsingPool(n_processes=1)
    with pytest.raises(ParserError, match="cannot start") as caught:
        pool.run(read_opml, b"")
    assert caught.value.retry
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(ParserError, match="does not start"):
        pool.run(read_opml, b"")


@pytest.mark.parametrize(
    "said",
    [
        "print('hello, this is no answer at all')",
        "import os; os.write(1, b'\\xff\\xff\\xff\\xff')",
        "import os; os.write(1, b'\\x00\\x00\\x00\\x02{}')",
        "import os; os.write(1, b'\\x00\\x00\\x00\\x01\\xc0')",
        "import os; os.write(1, b'\\x00\\x00')",
    ],
)
def test_garbage_is_no_answer(tmp_path, monkeypatch, said):
    """Whatever a process writes, its parent reads an answer or ends it."""
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{said}"\n')
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    pool = ParsingPool(n_processes=1)
    with pytest.raises((ParserError, ParseError)):
        pool.run(read_opml, b"")
    assert processes(pool) == []
    pool.close()


def test_results_are_read_by_type_alone():
    """A result of another kind, or with a field of another type, is none."""
    import msgspec

    good = wire.write_result(Skipped(reason="x"), leaving=False)
    assert wire.read_result(extract, good) == Skipped(reason="x")
    for answer in (
        wire.write_result(OpmlFeed(url="x", title="y"), leaving=False),
        wire.Answer(kind="Skipped", value=msgspec.Raw(b"\x81\xa6reason\x01")),
        wire.Answer(kind="Article", value=msgspec.Raw(b"\x80")),
        wire.Answer(kind="os.system", value=msgspec.Raw(b"\xc0")),
    ):
        with pytest.raises(msgspec.MsgspecError):
            wire.read_result(extract, answer)
    with pytest.raises(TypeError, match="not among the functions"):
        wire.write_call(os.system, ("true",), {})


PROBE = """
import os, socket, subprocess, sys
from newsbot.adapters import parsing_child as child
parser = child._Parser(seconds=5, memory=2**28)
parser.load("read_opml")
sys.addaudithook(child._refuse)
def tried(step):
    try:
        step()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "done"
print(
    tried(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
    tried(lambda: socket.getaddrinfo("localhost", 80)),
    tried(lambda: subprocess.run(["true"])),
    tried(os.fork),
    tried(lambda: os.write(os.open("written", os.O_CREAT | os.O_WRONLY), b"x" * 9)),
    tried(lambda: bytearray(2**29)),
)
"""


def test_a_process_reaches_nothing(tmp_path):
    """No wire, no process of its own, no file, and no memory beyond its share."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    *refused, memory = done.stdout.split()
    assert refused[:4] == ["PermissionError"] * 4
    assert refused[4] == "OSError"
    assert memory == "MemoryError" or sys.platform == "darwin"


def test_a_process_knows_no_secret(monkeypatch, pool):
    """Tokens and passwords of the environment stay with the parent."""
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123:secret")
    mine = ParsingPool(n_processes=1)
    mine.run(read_opml, write_opml([]))
    (process,) = processes(mine)
    file = Path(f"/proc/{process.pid}/environ")
    if file.exists():
        assert b"secret" not in file.read_bytes()
        assert b"PYTHONPATH" in file.read_bytes()
    mine.close()


ORPHANS = """
import sys, threading, time
sys.path[:0] = sys.argv[1:]
from test_parsing import ENDLESS, page, processes
from fakes import NOW, entry
from newsbot.adapters.parsing import ParsingLimits, ParsingPool
from newsbot.stages.extract import extract
pool = ParsingPool(n_processes=2, limits=ParsingLimits(seconds=60))
pool.run(extract, page(b""), entry(), NOW)
for _ in range(2):
    threading.Thread(target=pool.run, args=(extract, page(ENDLESS), entry(), NOW), daemon=True).start()
while len(processes(pool)) < 2 or not all("extract" in p._process._loaded for p in pool._places):
    time.sleep(0.05)
time.sleep(0.5)
print(*(process.pid for process in processes(pool)), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_stop_leaves_an_orphan(number, tmp_path):
    """However the parent ends, its processes end with it, in the middle of a page."""
    tests = Path(__file__).parent
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, str(tests), str(tests.parent)],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.send_signal(number)
    parent.wait(30)
    ends_at = time.monotonic() + 5
    while any(map(_lives, pids)) and time.monotonic() < ends_at:
        time.sleep(0.05)
    assert not any(map(_lives, pids))
    parent.stdout.close()


def _lives(pid):
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        # What nobody waited for is gone all the same.
        return not (state.exists() and state.read_text().rpartition(")")[2][1] == "Z")
    except (ProcessLookupError, FileNotFoundError):
        return False
