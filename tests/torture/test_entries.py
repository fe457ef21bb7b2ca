"""Cases 20 and 77: one article is one entry, whatever its feed does to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes import Bench
from servers.feeds import item, rss
from servers.polled import World
from servers.scripted import Reply

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as running:
        yield running


class Told:
    """A feed that is told what to say, and polled at once."""

    def __init__(self, world, path="/feed"):
        self.world = world
        self.url = world.server.url(path)
        self.path = path
        world.follow_url(self.url)

    def says(self, *items):
        self.world.server.on(self.path, Reply(200, {}, rss(*items).encode()))
        self.world.now += 2 * HOUR
        (polled,) = [
            one for one in self.world.poll(force=True) if one.feed.url == self.url
        ]
        assert polled.error is None
        return polled.n_new

    def versions(self):
        rows = self.world.app.store.connection.rows(
            "SELECT title FROM entry_versions ORDER BY entry_id, number"
        )
        return [row["title"] for row in rows]


def an_item(
    *,
    title="Nvidia and Anthropic sign a cloud deal",
    link="https://paper.example/deal",
    guid="",
    date="Sun, 01 Mar 2026 10:00:00 GMT",
    summary="Both said so.",
):
    named = f'<guid isPermaLink="false">{guid}</guid>' if guid else ""
    return (
        f"<title>{title}</title><link>{link}</link>{named}"
        f"<pubDate>{date}</pubDate><description>{summary}</description>"
    )


FORMS = {
    "new guid": {"guid": "other"},
    "tracking": {"link": "https://paper.example/deal?utm_source=rss&amp;fbclid=1"},
    "http": {"link": "http://paper.example/deal"},
    "www": {"link": "https://www.paper.example/deal"},
    "final slash": {"link": "https://paper.example/deal/"},
    "fragment": {"link": "https://paper.example/deal#comments"},
    "new date": {"date": "Sun, 01 Mar 2026 11:30:00 GMT"},
    "new address, same guid": {
        "link": "https://paper.example/deal-signed",
        "title": "Update: Nvidia and Anthropic sign a cloud deal",
    },
}


@pytest.mark.case(20, "one article in other forms")
@pytest.mark.parametrize("name", FORMS)
def test_another_form_is_no_other_entry(world, name):
    """Guid, parameters, scheme, host's www, slash, date: nothing new, nothing told."""
    feed = Told(world)
    assert feed.says(an_item(guid="g1")) == 1
    assert feed.says(an_item(**{"guid": "g1", **FORMS[name]})) == 0
    assert feed.says(an_item(guid="g1")) == 0


@pytest.mark.case(20, "one article in other forms")
def test_what_is_another_article_stays_one(world):
    """Other parameters that mean something, other paths, one guid for all: all are new."""
    feed = Told(world)
    base = "https://paper.example/story?id="
    same = [
        an_item(link=f"{base}{n}", guid="constant", title=f"Story {n}")
        for n in range(5)
    ]
    assert feed.says(*same) == 5
    other = an_item(link="https://paper.example/b", guid="g", title="Rain in Hamburg")
    assert feed.says(other) == 1
    reused = an_item(link="https://paper.example/c", guid="g", title="SAP kauft Firma")
    assert feed.says(reused) == 1


@pytest.mark.case(20, "an edited title, twice; dates renewed 100 times")
def test_edits_are_versions_and_churn_is_none(world, figure):
    """Real edits are kept, what was said before comes first; dates make no version."""
    feed = Told(world)
    feed.says(an_item(guid="g", title="Nvidia may sign"))
    feed.says(an_item(guid="g", title="Nvidia signs"))
    feed.says(an_item(guid="g", title="Nvidia signs, Anthropic confirms"))
    assert world.titles == ["Nvidia signs, Anthropic confirms"]
    assert feed.versions() == ["Nvidia may sign", "Nvidia signs"]
    for minute in range(100):
        date = f"Sun, 01 Mar 2026 {10 + minute // 60}:{minute % 60:02}:00 GMT"
        assert feed.says(an_item(guid="g", title=world.titles[0], date=date)) == 0
    assert len(feed.versions()) == 2
    figure("versions after 100 new dates", len(feed.versions()))


@pytest.mark.case(20, "a title that flips 100 times")
def test_a_feed_that_changes_its_mind_is_bounded(world):
    """Back and forth is churn; ever new titles end at 24 versions."""
    feed = Told(world)
    for n in range(30):
        feed.says(an_item(guid="g", title=("Nvidia signs", "Nvidia to sign")[n % 2]))
    assert len(feed.versions()) == 1
    for n in range(30):
        assert feed.says(an_item(guid="g", title=f"Nvidia signs, part {n}")) == 0
    assert len(feed.versions()) == 24


@pytest.mark.case(20, "one article in two feeds")
def test_two_feeds_do_not_edit_each_other(world):
    """A paper's feeds word it differently; it is one entry, and no version a minute."""
    one, two = Told(world, "/one"), Told(world, "/two")
    world.server.on("/two", Reply(200, {}, rss().encode()))
    one.says(an_item(title="Nvidia signs"))
    for _ in range(3):
        assert two.says(an_item(title="Deal of the year")) == 0
        assert one.says(an_item(title="Nvidia signs")) == 0
    assert (world.titles, one.versions()) == (["Nvidia signs"], [])


@pytest.mark.case(20, "no second alert")
def test_one_article_alerts_once(tmp_path):
    """The whole line: five forms of one link are one alert."""
    from db_nouns import memory_store
    from fakes import entry

    with memory_store() as store:
        bench = Bench(store)
        url = "https://news.example/deal"
        bench.announce(entry("deal", url=url))
        bench.walk()
        for form in (
            "http://news.example/deal",
            url + "/",
            "https://www.news.example/deal",
        ):
            again = entry(
                form, url=form, title="Nvidia and Anthropic sign a deal, again"
            )
            bench.announce(again)
            bench.walk()
        assert len(bench.channels[0].sent) == 1


DATES = {
    "1970": "Thu, 01 Jan 1970 00:00:00 GMT",
    "2099": "Thu, 01 Jan 2099 00:00:00 GMT",
    "none": "",
    "bad zone": "Sun, 01 Mar 2026 10:00:00 MESZ-ish",
    "year 0": "Sun, 01 Mar 0000 10:00:00 GMT",
}


@pytest.mark.case(77, "dates of 1970 and 2099, none, bad zones")
def test_claimed_dates_do_not_order_the_line(world):
    """What claims to be of 1970 or 2099 is served by when it was seen."""
    feed = Told(world)
    feed.says(
        *(an_item(link=f"https://paper.example/{n}", date=d) for n, d in DATES.items())
    )
    rows = world.app.store.connection.rows(
        "SELECT url, published_at, first_seen_at FROM entries"
    )
    assert len(rows) == len(DATES)
    for row in rows:
        claimed = row["published_at"]
        assert claimed is None or claimed <= row["first_seen_at"]
    world.now += HOUR
    new = an_item(
        link="https://paper.example/now", date="Sun, 01 Mar 2026 18:00:00 GMT"
    )
    assert feed.says(new) == 1


@pytest.mark.case(77, "guids of a million characters, empty, shared by two feeds")
def test_guids_are_bounded_and_a_feed_s_own(world, figure):
    """A key is 16 characters whatever the guid; the same guid elsewhere is another."""
    one, two = Told(world, "/one"), Told(world, "/two")
    world.server.on("/two", Reply(200, {}, rss().encode()))
    long = "g" * 1_000_000
    assert (
        one.says(
            an_item(guid=long, link="https://a.example/1"),
            an_item(guid=" ", link="https://a.example/2", title="Rain"),
        )
        == 2
    )
    assert two.says(an_item(guid=long, link="https://b.example/1")) == 1
    rows = world.app.store.connection.rows("SELECT guid_hash FROM entries")
    assert max(len(row["guid_hash"] or "") for row in rows) == 16
    figure("longest key", 16, "characters")


@pytest.mark.case(77, "a first poll of 400 old entries")
def test_a_first_poll_is_no_storm(world):
    """Old entries of a new feed are stored in silence."""
    feed = Told(world)
    old = [
        an_item(
            link=f"https://paper.example/{n}",
            title=f"Story {n}",
            date="Mon, 02 Feb 2026 10:00:00 GMT",
        )
        for n in range(400)
    ]
    assert feed.says(*old) == 400
    rows = world.app.store.connection.rows("SELECT sum(may_alert) AS n FROM entries")
    assert rows[0]["n"] == 0


@pytest.mark.case(20, "one article in other forms")
def test_plain_items_still_come_in(world):
    """Beside all that, two plain entries are two."""
    feed = Told(world)
    assert feed.says(item(1), item(2)) == 2
