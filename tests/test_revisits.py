"""Pages with a deal are asked for again, a few times; an edit goes the usual way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes import NOW, Bench
from scripted_press import MINUTE, ScriptedJudge, paper, publish

from newsbot.adapters.db import open_store
from newsbot.adapters.db.watch import WatchRows
from newsbot.errors import FetchError
from newsbot.ports import Response
from newsbot.revisits import AT_ONCE, VISITS, next_visit, revisit

SIX = "Nvidia and Anthropic sign for €6bn"
LESS = "Nvidia and Anthropic sign for €600m"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Follower(Bench):
    """A line whose pages come with validators, and are asked for again."""

    def tell(self, one, *, etag='"1"'):
        self.serve(one, etag=etag)
        self.announce(one.entry)
        self.walk()

    def serve(self, one, *, etag='"1"', status=200):
        headers = {"content-type": "text/html"}
        if etag:
            headers["etag"] = etag
        self.fetcher.pages[one.entry.url] = Response(
            url=one.entry.url,
            status=status,
            headers=headers,
            body=one.page if status == 200 else b"",
        )

    def visit(self, after=HOUR):
        self.clock.forward(after)
        return revisit(self.parts, self.clock())

    def visits(self):
        return WatchRows(self.store.connection).visits()

    def outcome(self):
        (row,) = self.store.connection.rows("SELECT outcome, due_at FROM revisits")
        return row["outcome"], row["due_at"]


@pytest.fixture
def bench():
    one = Follower(open_store(None), judge=ScriptedJudge())
    yield one
    one.store.close()


def test_a_silent_edit_is_found_and_told(bench):
    """The feed says the same, the page another sum: the reader gets the correction."""
    bench.tell(paper("Handelspost", SIX))
    bench.serve(paper("Handelspost", LESS), etag='"2"')
    assert bench.visit(HOUR - MINUTE).n_asked == 0
    visited = bench.visit(MINUTE)
    assert (visited.n_asked, visited.n_changed) == (1, 1)
    n_asked = len(bench.fetcher.asked)
    bench.walk()
    assert len(bench.fetcher.asked) == n_asked, "the page is not asked for twice"
    replies = [alert.plain for _, alert in bench.channels[0].sent[1:]]
    assert len(replies) == 1
    assert "Handelspost has corrected: amount now €600m (was: €6bn)" in replies[0]
    assert bench.visits().n_edited == 1


def test_a_feed_that_keeps_the_old_title_changes_nothing_back(bench):
    """The page's new headline holds, whatever the feed goes on to say."""
    one = paper("Handelspost", SIX)
    bench.tell(one)
    bench.serve(paper("Handelspost", LESS), etag='"2"')
    bench.visit()
    bench.walk()
    for _ in range(3):
        bench.announce(one.entry)
        bench.walk()
    (deal,) = bench.store.ledger.deals()
    (finding,) = deal.findings
    assert bench.store.line.article(finding.article_id).title == LESS
    assert len(bench.channels[0].sent) == 2


def test_it_is_asked_whether_it_changed_and_no_more(bench):
    """The validators go back; a 304 costs nothing and renews what it carries."""
    one = paper("Handelspost", SIX)
    bench.tell(one)
    bench.serve(one, etag='"3"', status=304)
    assert bench.visit().n_changed == 0
    assert bench.fetcher.asked[-1] == (one.entry.url, '"1"', None)
    assert bench.outcome()[0] == "unchanged"
    bench.visit(5 * HOUR)
    assert bench.fetcher.asked[-1] == (one.entry.url, '"3"', None)
    bench.walk()
    assert len(bench.judge.judged) == 1


def test_a_page_is_asked_for_four_times_at_most(bench):
    """At growing distance, within three days; then it is left alone for good."""
    bench.tell(paper("Handelspost", SIX))
    asked = []
    for n in range(24 * 30):
        if bench.visit().n_asked:
            asked.append(timedelta(hours=n + 1))
    assert asked == list(VISITS)
    assert bench.visits().n_visits == len(VISITS)
    assert bench.outcome() == ("unchanged", None)


def test_a_downtime_is_not_made_up_for(bench):
    """Away for two days: one request, then the last one of the plan."""
    bench.tell(paper("Handelspost", SIX))
    assert bench.visit(2 * DAY).n_asked == 1
    assert bench.visit(MINUTE).n_asked == 0
    assert bench.visit(DAY).n_asked == 1
    assert bench.visit(9 * DAY).n_asked == 0


def test_only_pages_that_made_or_changed_a_deal_are_followed(bench):
    """Not dull ones, not what only retells, not old news, not archives."""
    bench.tell(paper("Handelspost", SIX))
    bench.tell(paper("Abendblatt", SIX))
    bench.tell(paper("Wetterbote", "It rains in Hamburg, and that is all there is."))
    bench.tell(paper("Altpapier", "Oracle and OpenAI sign for €1bn", may_alert=False))
    assert bench.visits().n_waiting == 1
    bench.tell(paper("Kurier", "Nvidia, Oracle and Anthropic sign for €6bn"))
    assert bench.visits().n_waiting == 2


def test_a_page_that_differs_in_bytes_alone_is_no_edit(bench):
    """A new advertisement: read again by the rules, judged no second time."""
    one = paper("Handelspost", SIX)
    bench.tell(one)
    page = one.page.replace(b"</body>", b"<!-- served by node 7 --></body>")
    bench.serve(type(one)(entry=one.entry, page=page), etag=None)
    assert bench.visit().n_changed == 1
    bench.walk()
    assert bench.state(one.entry)[0] == "done"
    assert len(bench.judge.judged) == 1
    assert len(bench.channels[0].sent) == 1
    assert bench.visits().n_edited == 0


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_left_alone(bench, status):
    """It takes nothing back, and nobody asks for it again."""
    one = paper("Handelspost", SIX)
    bench.tell(one)
    bench.fetcher.pages[one.entry.url] = FetchError(one.entry.url, "x", status=status)
    assert bench.visit().n_asked == 1
    assert bench.visit(9 * DAY).n_asked == 0
    (deal,) = bench.store.ledger.deals()
    assert deal.withdrawn_by is None


def test_who_wants_to_be_left_alone_is(bench):
    """Retry-After of a 429 holds for the next visit, too."""
    one = paper("Handelspost", SIX)
    bench.tell(one)
    until = NOW + 12 * HOUR
    bench.fetcher.pages[one.entry.url] = FetchError(
        one.entry.url, "too many", status=429, retry=True, retry_at=until
    )
    bench.visit()
    n_asked = len(bench.fetcher.asked)
    for _ in range(10):
        bench.visit()
    assert len(bench.fetcher.asked) == n_asked
    assert bench.visit(2 * HOUR).n_asked == 1


def test_a_site_that_forbids_it_meanwhile_is_obeyed(bench):
    """robots.txt is asked each time; a refusal ends the visits, and is written down."""
    bench.tell(paper("Handelspost", SIX))

    class Closed:
        def refusal(self, url, now):
            return "robots.txt disallows it"

    from dataclasses import replace

    bench.clock.forward(HOUR)
    n_asked = len(bench.fetcher.asked)
    revisit(replace(bench.parts, permission=Closed()), bench.clock())
    assert len(bench.fetcher.asked) == n_asked
    assert bench.outcome() == ("not read: robots.txt disallows it", None)


def test_one_round_is_bounded(bench):
    """A hundred pages due at once are asked for by and by."""
    for n in range(AT_ONCE + 5):
        publish(
            bench, paper(f"Blatt{n}", f"Nvidia and Anthropic sign for €{n * 7 + 1}bn")
        )
    waiting = bench.visits().n_waiting
    first = bench.visit().n_asked
    assert first == min(waiting, AT_ONCE)
    assert bench.visit(MINUTE).n_asked == waiting - first


def test_the_plan(bench):
    """Each visit once; what lies behind is not made up for."""
    assert next_visit(NOW, NOW) == NOW + VISITS[0]
    assert next_visit(NOW, NOW + VISITS[0]) == NOW + VISITS[1]
    assert next_visit(NOW, NOW + 2 * DAY) == NOW + VISITS[-1]
    assert next_visit(NOW, NOW + VISITS[-1]) is None
