"""The status page: what its pages say, and that they only read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import digest_ledger
import feedparser
import pytest
from invented import BN, circle, many, purchase
from invented_ledger import SECRET, fill
from lxml import html
from status_page import GAZETTEER, served

from newsbot.adapters.db import open_store
from newsbot.stages.filters import Wanted, choose, read_sum
from newsbot.stages.rates import load_rates

DE = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """Thirty invented deals, in a file whose name is not fit for a URI."""
    path = tmp_path_factory.mktemp("folder 100%?#") / "our #1 ledger?.db"
    fill(path, many(30))
    return path


@pytest.fixture(scope="module")
def site(ledger):
    with served(ledger) as client:
        yield client


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The day of the digest's tests: several papers, talks, updates, feeds."""
    path = tmp_path_factory.mktemp("told") / "newsbot.db"
    store = open_store(path)
    digest_ledger.fill(store)
    store.close()
    with served(path) as client:
        yield client


def ids(answer):
    """The deals of a list, in its order."""
    assert answer.status_code == 200, answer.text
    found = html.fromstring(answer.text).xpath('//a[@class="deal"]/@href')
    return [re.match(r"/deal/([^?]+)", one)[1] for one in found]


def test_every_page_answers_in_both_languages(site):
    """Pages are complete HTML, name their language, and hold no recipient."""
    for page in ("/", "/graph", "/state", "/deal/deal-a"):
        for headers, language in ((None, "en"), (DE, "de")):
            answer = site.get(page, headers=headers)
            assert answer.status_code == 200
            root = html.fromstring(answer.text)
            assert root.get("lang") == language
            assert root.xpath("//main//text()")
            assert SECRET not in answer.text
    assert html.fromstring(site.get("/?ui=de").text).get("lang") == "de"


def test_every_answer_carries_its_policy(site):
    """Pages, feeds, files and refusals alike: no script or style but their own."""
    for page in ("/", "/graph", "/state", "/feed.atom", "/static/site.css", "/nope"):
        headers = site.get(page).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; "), page
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"]
        assert "server" not in headers


def test_a_deal_shows_facts_quotes_publishers_and_history(told):
    """Every figure stands with its sentence, word for word, and a link to its paper."""
    root = html.fromstring(told.get("/deal/old-3").text)
    text = " ".join(root.xpath("//main")[0].text_content().split())
    assert "Mistral AI and CoreWeave" in text
    quotes = [
        " ".join(one.text_content().split()) for one in root.xpath("//blockquote/p")
    ]
    assert (
        "Mistral AI hat den Vertrag mit CoreWeave unterschrieben und zahlt 1,6 Milliarden Euro."
        in quotes
    )
    assert "amount now €1.6bn (was: up to €2bn)" in text
    steps = [one.text_content() for one in root.xpath('//ol[@class="steps"]/li//span')]
    assert steps == ["in talks", "signed"]
    for link in root.xpath('//div[@class="paper"]//a'):
        assert link.get("href").startswith("https://")
        assert link.get("rel") == "noopener noreferrer"


def test_differing_figures_stand_side_by_side(tmp_path):
    """Two papers with two sums are shown with both, and the deal counts in no total."""
    path = tmp_path / "newsbot.db"
    store = open_store(path)
    for n, (sum_, value) in enumerate((("$30 billion", 30), ("$20 billion", 20))):
        story = digest_ledger.Story(
            deal="d",
            title="A deal",
            text=f"OpenAI pays Oracle {sum_}. More was not said.",
            parties={"OpenAI": "customer", "Oracle": "provider"},
            sums=((sum_, value, "USD", "purchase", "exact", "OpenAI"),),
            site=f"paper{n}.example.org",
        )
        digest_ledger.keep(store, story, n)
    store.close()
    with served(path) as site:
        text = " ".join(
            html.fromstring(site.get("/deal/d").text).text_content().split()
        )
    assert (
        "The sources differ Purchase: $30bn (paper0.example.org) / $20bn (paper1.example.org)"
        in text
    )
    assert "not while sources differ" in text


@pytest.mark.parametrize(
    ("query", "wanted", "languages"),
    [
        ("party=OpenAI", Wanted(parties=("OpenAI",)), ()),
        ("party=nvidia+corp.", Wanted(parties=("nvidia corp.",)), ()),
        ("party=Google", Wanted(parties=("Google",)), ()),
        ("party=forest+labs", Wanted(parties=("forest labs",)), ()),
        ("type=investment&type=chip_supply", Wanted(types=("investment", "chip_supply")), ()),
        ("status=talks", Wanted(statuses=("talks",)), ()),
        ("min-amount=5bn", Wanted(min_amount=read_sum("5bn")), ()),
        ("min_amount=2+Mrd+Euro", Wanted(min_amount=read_sum("2 Mrd Euro")), ()),
        ("since=2026-02-01&until=2026-02-20", Wanted(since=datetime(2026, 2, 1, tzinfo=UTC), until=datetime(2026, 2, 21, tzinfo=UTC)), ()),
        ("lang=de", Wanted(), ("de",)),
        ("lang=de&status=announced&party=", Wanted(statuses=("announced",)), ("de",)),
    ],
)  # fmt: skip
def test_filters_choose_what_the_command_line_chooses(
    site, ledger, query, wanted, languages
):
    """The same filters list the same deals in the same order, in pages of any size."""
    store = open_store(ledger)
    told_in = store.catalogue.told_in(languages) if languages else None
    found = choose(store.ledger.deals(), wanted, GAZETTEER, load_rates(), told_in)
    store.close()
    expected = [one.id for one in found.deals]
    assert expected
    assert ids(site.get(f"/?{query}&limit=200")) == expected
    seen, address = [], f"/?{query}&limit=3"
    while address:
        answer = site.get(address)
        seen += ids(answer)
        (address, *_) = [
            *html.fromstring(answer.text).xpath('//a[@rel="next"]/@href'),
            None,
        ]
    assert seen == expected


def test_pages_lead_back_to_the_first(site):
    """Newer pages are those that older ones came from, and the first one is full."""
    pages, address = [], "/?limit=7"
    while address:
        answer = site.get(address)
        pages.append(ids(answer))
        (address, *_) = [
            *html.fromstring(answer.text).xpath('//a[@rel="next"]/@href'),
            None,
        ]
    assert [len(page) for page in pages] == [7, 7, 7, 7, 2]
    assert "30 deals" in answer.text
    for page in reversed(pages[:-1]):
        (back,) = html.fromstring(answer.text).xpath('//a[@rel="prev"]/@href')
        answer = site.get(back)
        assert ids(answer) == page
    assert not html.fromstring(answer.text).xpath('//a[@rel="prev"]')


def test_words_find_what_articles_say(told):
    """Every word must stand in one article; quotes and operators are text."""
    assert ids(told.get("/", params={"words": "Hallen Ohio"})) == ["new-1"]
    assert ids(told.get("/", params={"words": 'ohio" OR NEAR(* -'})) == []
    assert ids(told.get("/", params={"words": "hydropower"})) == ["old-1"]


def test_feeds_are_those_of_export_and_polled_politely(site):
    """Atom and JSON Feed hold the same deals; who has them already gets 304."""
    atom = site.get("/feed.atom?status=announced")
    parsed = feedparser.parse(atom.content)
    assert not parsed.bozo
    as_json = site.get("/feed.json?status=announced")
    items = as_json.json()["items"]
    assert as_json.headers["content-type"] == "application/feed+json"
    assert [one["id"] for one in items] == [one.id for one in parsed.entries]
    assert ids(site.get("/?status=announced")) == [
        one["id"].rpartition(":")[2] for one in items
    ]
    for answer in (atom, as_json, site.get("/"), site.get("/graph")):
        url, headers = answer.request.url, answer.headers
        for asked in (
            {"If-None-Match": headers["etag"]},
            {"If-None-Match": f'"x", W/{headers["etag"]}'},
            {"If-Modified-Since": headers["last-modified"]},
        ):
            again = site.get(url, headers=asked)
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == headers["etag"]
        for asked in (
            {"If-None-Match": '"x"', "If-Modified-Since": headers["last-modified"]},
            {"If-Modified-Since": "yesterday"},
        ):
            assert site.get(url, headers=asked).status_code == 200


def test_a_change_is_new_within_the_same_second(tmp_path):
    """A deal that changes without a newer date ends the 304, by either validator."""
    path, now = tmp_path / "newsbot.db", datetime(2026, 3, 1, tzinfo=UTC)
    fill(path, circle()[:1])
    with served(path, clock=lambda: now) as site:
        first = site.get("/feed.atom")
        store = open_store(path)
        (deal,) = store.ledger.deals()
        with store.atomic() as db:
            db.execute("UPDATE deals SET status = 'ended' WHERE id = ?", [deal.id])
        store.close()
        for name, value in (
            ("If-None-Match", first.headers["etag"]),
            ("If-Modified-Since", first.headers["last-modified"]),
        ):
            again = site.get("/feed.atom", headers={name: value})
            assert again.status_code == 200
            assert again.headers["etag"] != first.headers["etag"]


def test_nothing_can_be_written(site, ledger):
    """Other methods are refused by name, HEAD is GET without its body."""
    before = ledger.read_bytes()
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = site.request(method, "/")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        assert answer.text.count("\n") == 1
    for page in ("/", "/feed.atom", "/state", "/nope"):
        head, get = site.head(page), site.get(page)
        assert head.content == b""
        assert head.status_code == get.status_code
        assert head.headers["content-length"] == str(len(get.content))
    assert ledger.read_bytes() == before


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("min-amount=abc", "'abc' is not a sum"),
        ("since=gestern", "neither a day"),
        ("since=2026-03-02&until=2026-03-01", "is after until"),
        ("type=merger", "none of investment"),
        ("status=", None),
        ("partei=OpenAI", "is no filter"),
        ("partie=OpenAI", 'did you mean "party"'),
        ("limit=0", "not 1 to 200"),
        ("limit=1000000000", "not 1 to 200"),
        ("after=nosuchdeal", "no deal 'nosuchdeal'"),
        ("after=%27%3B--", "no deal's id"),
        ("after=a&before=b", "only one"),
        ("words=a&words=b", "more than one value"),
        ("party=%FF%FE", "not UTF-8"),
        ("party=...", "is not a name"),
        ("words=" + "x" * 300, "longer than 200"),
        ("&".join(["party=a"] * 41), "more than 40 values"),
        ("party=a%0d%0aSet-Cookie:+x", None),
        ("words=%00%1b%5b31m", None),
    ],
)  # fmt: skip
def test_a_malformed_query_is_one_line(site, query, said):
    """400 with one line, as text, and as a page to a browser; never a traceback."""
    answer = site.get(f"/?{query}")
    if said is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == 400
    assert said in answer.text
    assert answer.text.count("\n") == 1
    page = site.get(f"/?{query}", headers=PAGE)
    assert page.status_code == 400
    assert html.fromstring(page.text).xpath('//*[@role="alert"]')
    assert site.get(f"/feed.atom?{query}", headers=PAGE).text == answer.text


def test_addresses_that_are_none(site):
    """404, 414 and strange paths are told in one line."""
    for path in (
        "/nope",
        "/deal/",
        "/deal/nosuchdeal",
        "/static/../site.css",
        "/static/x",
        "/deal/a%2F..%2F",
        "/%00",
        "/feed",
    ):
        answer = site.get(path)
        assert (answer.status_code, answer.text.count("\n")) == (404, 1), path
    assert site.get("/?words=" + "x" * 5_000).status_code == 414
    elsewhere = site.base_url.copy_with(raw_path=b"//evil.example/?token=x")
    assert site.get(elsewhere).status_code == 404


def test_strangers_texts_stay_text(tmp_path):
    """Names, titles and quotes with markup, bidi marks and foreign schemes are shown."""
    path, evil = (
        tmp_path / "newsbot.db",
        '"><script>alert(1)</script>\u202e<img src=x onerror=y>',
    )
    store = open_store(path)
    story = digest_ledger.Story(
        deal="evil",
        title=evil,
        text=f"{evil} rents from Oracle. More was not said.",
        parties={evil: "customer", "Oracle": "provider", "x" * 5_000: "partner"},
        site=evil,
        url="javascript:alert(1)",
    )
    digest_ledger.keep(store, story, 0)
    store.feeds.add(
        digest_ledger.feed(
            "evil",
            url="https://user:hunter2@feeds.example/<b>?key=geheim",
            error=f"{evil} at https://user:hunter2@feeds.example/<b>?key=geheim",
            n_errors=4,
        )
    )
    store.close()
    with served(path) as site:
        for page in (
            "/",
            "/deal/evil",
            "/graph",
            "/state",
            "/?party=" + "%3Cscript%3E",
        ):
            text = site.get(page, headers=PAGE).text
            root = html.fromstring(text)
            assert {one.get("src", "")[:8] for one in root.xpath("//script")} == {
                "/static/"
            }, page
            assert not root.xpath("//img | //@onerror"), page
            assert "javascript:" not in text
            assert "\u202e" not in text
            for secret in ("hunter2", "geheim"):
                assert secret not in text
        for page in ("/feed.atom", "/feed.json"):
            assert "javascript:" not in site.get(page).text


def test_without_a_ledger_one_line_says_so(tmp_path):
    """Pages name the command that makes it, feeds are empty; then the ledger is seen."""
    path = tmp_path / "newsbot.db"
    with served(path) as site:
        for page in ("/", "/graph", "/state"):
            answer = site.get(page)
            assert answer.status_code == 200
            (line,) = html.fromstring(answer.text).xpath('//p[@class="empty"]/text()')
            assert line == "There is no ledger yet: newsbot run makes it."
        assert feedparser.parse(site.get("/feed.atom").content).entries == []
        assert json.loads(site.get("/feed.json").text)["items"] == []
        assert site.get("/deal/a").status_code == 404
        assert not path.exists()
        fill(path, [purchase("a", "OpenAI", "Oracle", 30 * BN)])
        assert ids(site.get("/")) == ["deal-a"]


def test_a_ledger_that_cannot_be_read_is_one_line(tmp_path):
    """Damaged, foreign, newer: 503, and the reason; the next request tries again."""
    path = tmp_path / "newsbot.db"
    path.write_bytes(b"no database at all, but long enough to look at" * 100)
    with served(path) as site:
        for page in ("/", "/state", "/deal/a", "/feed.atom"):
            answer = site.get(page)
            assert (answer.status_code, answer.text.count("\n")) == (503, 1), page
            assert "damaged, or not a newsbot database" in answer.text
            assert answer.headers["retry-after"] == "10"


def test_state_tells_what_status_tells(told):
    """Feeds that fail come first, with their reason; what waits; why nothing came."""
    root = html.fromstring(told.get("/state").text)
    feeds = [
        one.text_content() for one in root.xpath('//table[@class="feeds"]/tbody/tr')
    ]
    assert len(feeds) == 44
    assert "paper0.example.org/feed.xml" in feeds[0]
    assert "no answer within 30 s" in feeds[0]
    text = " ".join(root.xpath("//main")[0].text_content().split())
    assert "No service runs: newsbot run follows the feeds." in text
    german = " ".join(
        html.fromstring(told.get("/state", headers=DE).text).text_content().split()
    )
    assert "Kein Dienst läuft" in german


def test_the_list_without_deals_says_why(tmp_path):
    """An empty ledger shows the reasons that `newsbot status` gives."""
    path = tmp_path / "newsbot.db"
    store = open_store(path)
    store.feeds.add(digest_ledger.feed("a"))
    store.close()
    with served(path) as site:
        text = html.fromstring(site.get("/").text).text_content()
    assert "No deals yet." in text
    assert "The feeds announced nothing new in the last 24 hours." in text


def test_a_merged_deal_leads_to_the_one_it_became(tmp_path):
    """An address that somebody kept goes on working, with its language."""
    path = tmp_path / "newsbot.db"
    fill(path, circle()[:2])
    store = open_store(path)
    store.ledger.absorb(["deal-b"], "deal-a", datetime(2026, 3, 2, tzinfo=UTC))
    store.close()
    with served(path) as site:
        answer = site.get("/deal/deal-b?ui=de")
        assert (answer.status_code, answer.headers["location"]) == (
            301,
            "/deal/deal-a?ui=de",
        )


def test_whom_an_article_was_not_sure_of_is_no_party_to_ask_for(tmp_path):
    """The index finds the deal by this name, and neither list nor count takes it."""
    from newsbot.adapters.db.catalogue import Narrowed

    path = tmp_path / "newsbot.db"
    fill(path, circle()[:1])
    store = open_store(path)
    (deal,) = store.ledger.deals()
    vague = replace(deal.findings[0], unsure=("Talwerk",))
    store.ledger.put_deal(replace(deal, findings=(vague,)), vague, "repeat", "again")
    assert "Talwerk" in store.catalogue.names()
    for name, n_deals in (("Talwerk", 0), (deal.parties[0][0], 1)):
        narrowed = Narrowed(parties=((name,),))
        assert store.catalogue.count(narrowed) == n_deals
        assert len(store.catalogue.page(narrowed, 9)) == n_deals
    store.close()


def test_many_deals_are_paged_by_what_a_page_needs(tmp_path):
    """A page amid thousands of deals reads its own rows, not all of them."""
    path = tmp_path / "newsbot.db"
    store = open_store(path)
    rows = [
        (
            f"d{n:05}",
            "announced",
            '["investment"]',
            "[]",
            at := f"2026-01-01T00:00:{n % 60:02}.{n:06}Z",
            at,
        )
        for n in range(5_000)
    ]
    with store.atomic() as db:
        db.conn.executemany("INSERT INTO deals VALUES (?, ?, ?, ?, ?, ?, NULL)", rows)
    queries = []
    store.connection.db.conn.set_trace_callback(
        lambda sql: queries.append(sql) if sql.startswith("SELECT") else None
    )
    found = store.catalogue.page(_everything(), 51)
    deals = store.ledger.these(found)
    store.close()
    assert len(deals) == 51
    assert [one.id for one in deals] == found
    assert len(queries) == 3  # the page, its deals, and the findings of all


def _everything():
    from newsbot.adapters.db.catalogue import Narrowed

    return Narrowed(since=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=1))
