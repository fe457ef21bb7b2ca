"""Scripted stand-ins for what the line works with.

Each keeps the contract of the real part; `test_pipeline.py` and `test_poll.py`
hold both against it. A script is used up in turn, one item per call; an error in
it is raised.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

import numpy as np

from newsbot.deliver import Courier
from newsbot.errors import StageError
from newsbot.pipeline import Parts, walk
from newsbot.ports import Response
from newsbot.stages.assess import Judgement
from newsbot.stages.casting import N_KNOWN, Casting
from newsbot.stages.heads import NAME_UNITS, HeadSet, Namer, Thresholds
from newsbot.stages.organisations import load_organisations
from newsbot.types import (
    Assessment,
    Entry,
    Feed,
    Finding,
    Party,
    Summary,
    SummarySentence,
    identity,
)
from newsbot.vocabulary import ROLES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GAZETTEER = load_organisations()
#: Heads that weigh nothing, for what looks at an adapter's matrices only.
NO_HEADS = HeadSet(
    heads={},
    pairs={},
    namer=Namer(
        inner=np.zeros((NAME_UNITS, 2), dtype=np.float32),
        inner_bias=np.zeros(NAME_UNITS, dtype=np.float32),
        outer=np.zeros((1, NAME_UNITS), dtype=np.float32),
        outer_bias=np.zeros(1, dtype=np.float32),
    ),
    casting=Casting(
        sets=np.eye(len(ROLES), dtype=np.float32),
        weights=np.zeros((len(ROLES), N_KNOWN), dtype=np.float32),
        trust=np.ones(1, dtype=np.float32),
    ),
    thresholds=Thresholds(
        article=0.5, party=0.5, amount=0.5, capacity=0.5, types=0.5, name=0.5
    ),
    hash="0",
)
URL = "https://news.example"


class Script:
    """Answers and errors, used up in turn."""

    def __init__(self, *items):
        self.items = deque(items)

    def next(self, otherwise=None):
        item = self.items.popleft() if self.items else otherwise
        if isinstance(item, BaseException):
            raise item
        return item


class FakeFetcher:
    """Serves from a table of URLs: bytes, a `Response`, an error, or a list of them."""

    def __init__(self, pages=None):
        self.pages = dict(pages or {})
        self.asked = []

    def fetch(
        self, url, *, etag=None, last_modified=None, secrets=None, may_follow=None
    ):
        self.asked.append((url, etag, last_modified))
        found = self.pages[url]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, BaseException):
            raise found
        if isinstance(found, Response):
            return found
        kind = "text/html" if b"<html" in found else "application/rss+xml"
        return Response(url=url, status=200, headers={"content-type": kind}, body=found)


class InlineParsing:
    """Calls functions here and now: no process, no limit."""

    def run(self, function, /, *args, **kwargs):
        return function(*args, **kwargs)

    def each(self, function, calls):
        for call in calls:
            try:
                yield self.run(function, *call)
            except StageError as error:
                yield error


class AnyPage:
    """Every page may be read, at once."""

    def refusal(self, url, now):
        return None

    def follow(self, url):
        return 0.0


class FakeJudge:
    """Takes an article for a deal of all *names* when it names every one of them."""

    def __init__(self, *names, script=()):
        self.names = names
        self.script = Script(*script)
        #: Titles, call by call.
        self.judged = []

    def judge(self, readings, now):
        self.judged.append([reading.article.title for reading in readings])
        self.script.next()
        return [self._one(reading, now) for reading in readings]

    def _one(self, reading, now):
        article = reading.article
        places = {name: article.full_text.find(name) for name in self.names}
        is_deal = bool(places) and min(places.values()) >= 0
        findings = ()
        if is_deal:
            quote = reading.quote(min(places.values()))
            parties = tuple(
                Party(
                    name=name,
                    roles=("partner",),
                    span=reading.span(start, start + len(name)),
                    quote=reading.quote(start),
                )
                for name, start in places.items()
            )
            found = Finding(
                id=identity("finding", article.id, *self.names),
                article_id=article.id,
                status="announced",
                status_quote=quote,
                types=("customer",),
                parties=parties,
                amounts=(),
                capacity=(),
            )
            findings = (found,)
        assessment = Assessment(
            article_id=article.id,
            probability=0.9 if is_deal else 0.1,
            threshold=0.5,
            words=("ai",),
            assessor="fake",
            assessed_at=now,
        )
        return Judgement(assessment=assessment, findings=findings, dropped=())


class FakeSummariser:
    """Says of every article that it was read."""

    def __init__(self, *script):
        self.script = Script(*script)

    def summarise(self, readings, findings, now):
        self.script.next()
        return [
            Summary(
                article_id=reading.article.id,
                language=reading.article.language,
                sentences=(SummarySentence(text="It was read.", quoted=False),),
                writer="fake",
                created_at=now,
            )
            for reading, _ in zip(readings, findings, strict=True)
        ]


class FakeChannel:
    """Takes every message that its script does not refuse."""

    def __init__(self, name="console", script=()):
        self.name = name
        self.script = Script(*script)
        #: Recipient and alert of every message that arrived.
        self.sent = []
        #: What each of them answers.
        self.replies = []
        #: Recipient, the message's id, and its newer text.
        self.edited = []

    def whoami(self):
        return "a fake"

    def send(self, recipient, alert, *, reply_to=None):
        self.script.next()
        self.sent.append((recipient, alert))
        self.replies.append(reply_to)
        return str(len(self.sent))

    def edit(self, recipient, provider_id, alert, *, was):
        self.script.next()
        self.edited.append((recipient, provider_id, alert.plain))


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now

    def forward(self, by):
        self.now += by


class Bench:
    """The whole line on one store, with fakes; counts what was sent."""

    def __init__(self, store, pages=None, *, judge=None, summariser=None, channels=()):
        self.clock = Clock()
        self.store = store
        self.fetcher = FakeFetcher(pages)
        self.parsing = InlineParsing()
        self.judge = judge or FakeJudge("Nvidia", "Anthropic")
        self.summariser = summariser or FakeSummariser()
        self.channels = list(channels) or [FakeChannel()]
        #: Pairs of channel and recipient; None for one at each channel.
        self.recipients = None

    @property
    def parts(self):
        return Parts(
            store=self.store,
            fetcher=self.fetcher,
            parsing=self.parsing,
            permission=AnyPage(),
            gazetteer=GAZETTEER,
            judge=lambda: self.judge,
            summariser=lambda: self.summariser,
            recipients=self.recipients
            or tuple((channel.name, "-") for channel in self.channels),
            language="en",
        )

    def announce(self, *entries):
        """Bring entries to the head of the line, and say which pages they have."""
        for entry in entries:
            self.fetcher.pages.setdefault(entry.url, story(entry.title))
        self.store.feeds.add(feed())
        self.store.feeds.polled(feed(), entries, self.clock())

    def walk(self, **options):
        walk(self.parts, self.clock, composed=self.deliver, **options)

    def deliver(self):
        channels = {channel.name: channel for channel in self.channels}
        return Courier(self.store.outbox, channels, self.clock).serve()

    def state(self, entry):
        return self.store.line.state(entry.id)


def feed(name="a", **changes):
    """A feed that was never polled."""
    url = f"https://{name}.example/feed"
    values = {
        "id": identity("feed", url),
        "url": url,
        "language": None,
        "every_minutes": 15,
        "source": "command",
    }
    return Feed(**{**values, **changes})


def entry(name="a", **changes):
    """An entry whose page is a story of its title."""
    url = f"{URL}/{name}"
    values = {
        "id": identity("entry", url),
        "feed_id": None,
        "url": url,
        "title": f"Nvidia and Anthropic sign an AI cloud deal, says {name}",
        "summary": "",
        "published_at": NOW,
        "first_seen_at": NOW,
        "origin": "feed",
        "may_alert": True,
    }
    return Entry(**{**values, **changes})


def story(title, *, more=""):
    """A page that reports what its title says."""
    text = (
        "The companies said on Sunday that the agreement covers computing capacity "
        "in several data centres and runs for many years, with the first machines "
        "going into service before the summer. Neither side named a price, and both "
        "declined to say how many chips will be installed over the term."
    )
    return (
        f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>"
        f"<p>{title}. {more}</p><p>{text}</p></article></body></html>"
    ).encode()


def rows(store):
    """Everything that lasts in a ledger, comparable between two ways to it."""
    tables = {
        "entries": "id, state, n_errors, reason",
        "articles": "id, entry_id, title, text",
        "assessments": "article_id, probability",
        "findings": "id, article_id, deal_id, verdict",
        "deals": "id, status, parties, first_seen_at, last_seen_at",
        "summaries": "article_id, sentences",
        "alerts": "id, deal_id, kind, plain",
        "deliveries": "id, state",
        "edits": "delivery_id, state",
    }
    return {
        table: store.connection.rows(f"SELECT {columns} FROM {table} ORDER BY 1")
        for table, columns in tables.items()
    }
