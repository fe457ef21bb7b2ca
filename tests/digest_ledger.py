"""A ledger with a day worth a digest: invented deals, papers and quotes, by hand.

Every span points at words that stand in its article, as those of the line do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from db_nouns import assessment

from newsbot.types import (
    Amount,
    Article,
    Deal,
    Entry,
    Feed,
    Finding,
    Party,
    Span,
    Summary,
    SummarySentence,
    identity,
)

#: Saturday, 31 January 2026.
DAY = datetime(2026, 1, 31, tzinfo=UTC)
NOW = DAY + timedelta(hours=20)


@dataclass(frozen=True, kw_only=True)
class Story:
    """One article about one deal: a sentence with its figures, as written in it."""

    deal: str
    text: str
    parties: dict
    #: As written, value in billions, currency, kind, bound, payer.
    sums: tuple = ()
    title: str = ""
    site: str = "ledgerline.example.org"
    language: str = "en"
    at: datetime = DAY + timedelta(hours=9)
    seen_at: datetime | None = None
    status: str = "announced"
    types: tuple = ("compute_purchase",)
    verdict: str = "new"
    summary: str = ""
    may_alert: bool = True
    url: str | None = None


def keep(store, story, number):
    """Put a story into the ledger the way the line does; returns its deal."""
    name = f"{story.deal}-{number}"
    title = story.title or " and ".join(story.parties)
    article = _article(name, title, story)
    _announce(store, article, story)
    start = len(title) + 2
    end = start + (story.text + ". ").index(". ") + 1
    quote = Span(article_id=article.id, start=start, end=end)
    finding = Finding(
        id=f"finding-{name}",
        article_id=article.id,
        status=story.status,
        status_quote=quote,
        types=story.types,
        parties=tuple(
            Party(name=who, roles=tuple(roles.split()), span=quote, quote=quote)
            for who, roles in story.parties.items()
        ),
        amounts=tuple(_amount(article, one) for one in story.sums),
        capacity=(),
    )
    before = store.ledger.deal(story.deal)
    deal = Deal(
        id=story.deal,
        status=story.status,
        types=story.types,
        parties=tuple((who, tuple(r.split())) for who, r in story.parties.items()),
        first_seen_at=before.first_seen_at if before else story.at,
        last_seen_at=story.at,
        findings=(*(before.findings if before else ()), finding),
    )
    store.ledger.put_assessment(assessment(article.id), [finding], ())
    store.ledger.put_deal(deal, finding, story.verdict, "by hand")
    if story.summary:
        _summarise(store, article, story.summary)
    return deal


def notice(store, name, title, summary, **changes):
    """Put an article without a deal into the ledger."""
    story = replace(Story(deal=name, text=summary, parties={}), **changes)
    article = _article(name, title, story)
    _announce(store, article, story)
    store.ledger.put_assessment(assessment(article.id, probability=0.1), [], ())
    _summarise(store, article, summary)


def feed(name, **changes):
    """A feed that was read a few minutes ago."""
    values = {
        "id": f"feed-{name}",
        "url": f"https://{name}.example.org/feed.xml",
        "language": "en",
        "every_minutes": 15,
        "source": "command",
        "first_polled_at": DAY,
        "last_polled_at": NOW - timedelta(minutes=4),
    }
    return Feed(**{**values, **changes})


def fill(store, stories=None, *, feeds=43, ill=2):
    """The whole day, with what came before it."""
    for n in range(feeds):
        error = "no answer within 30 s" if n < ill else None
        store.feeds.add(feed(f"paper{n}", error=error, n_errors=int(n < ill)))
    for number, story in enumerate(STORIES if stories is None else stories):
        keep(store, story, number)
    if stories is None:
        for name, title, summary, language in NOTICED:
            notice(store, name, title, summary, language=language)


def many(store, n, at=DAY + timedelta(hours=6), **changes):
    """So many small deals of one day."""
    with store.atomic():
        for number in range(n):
            who = f"Lab {number}"
            keep(
                store,
                Story(
                    deal=f"small-{number}",
                    text=f"{who} rents computers from Nordwolke for {number + 1} million "
                    "euros. More was not said.",
                    parties={who: "customer", "Nordwolke": "provider"},
                    sums=(
                        (
                            f"{number + 1} million euros",
                            (number + 1) / 1000,
                            "EUR",
                            "purchase",
                            "exact",
                            who,
                        ),
                    ),
                    at=at,
                    site=f"paper{number % 7}.example.org",
                    **changes,
                ),
                number,
            )


def _article(name, title, story):
    return Article(
        id=f"article-{name}",
        entry_id=f"entry-{name}",
        url=story.url or f"https://{story.site}/{name}.html",
        title=title,
        text=story.text,
        language=story.language,
        published_at=story.at,
        site=story.site,
        author=None,
        text_origin="page",
        fingerprint=int(identity("unlike", name), 16),
    )


def _announce(store, article, story):
    entry = Entry(
        id=article.entry_id,
        feed_id=None,
        url=article.url,
        title=article.title,
        summary="",
        published_at=article.published_at,
        first_seen_at=story.seen_at or story.at,
        origin="feed",
        may_alert=story.may_alert,
    )
    host = feed("wire")
    store.feeds.add(host)
    store.feeds.polled(host, [entry], story.at)
    store.line.put_article(article)
    with store.atomic() as db:  # it has walked the line to its end
        db.execute("UPDATE entries SET state = 'done' WHERE id = ?", [entry.id])


def _amount(article, written):
    text, value, currency, kind, bound, payer = written
    full = article.full_text
    start = full.index(text)
    first = max(full.rfind(". ", 0, start) + 2, full.rfind("\n", 0, start) + 1)
    last = (full + ". ").index(". ", start) + 1
    return Amount(
        value=Decimal(str(value)) * 10**9,
        currency=currency,
        kind=kind,
        bound=bound,
        payer=payer,
        span=Span(article_id=article.id, start=start, end=start + len(text)),
        quote=Span(article_id=article.id, start=first, end=min(last, len(full))),
    )


def _summarise(store, article, text):
    sentence = SummarySentence(text=text, quoted=False)
    store.ledger.put_summary(
        Summary(
            article_id=article.id,
            language=article.language,
            sentences=(sentence,),
            writer="facts",
            created_at=article.published_at,
        )
    )


def _ago(days, hour=10):
    return DAY + timedelta(hours=hour) - timedelta(days=days)


STORIES = (
    Story(
        deal="old-1",
        text="Quillon Labs rents the Falun campus of Nordwolke for 12 billion dollars over six years. The campus runs on hydropower.",
        parties={"Quillon Labs": "customer", "Nordwolke": "provider"},
        sums=(("12 billion dollars", 12, "USD", "purchase", "exact", "Quillon Labs"),),
        at=_ago(20),
    ),
    Story(
        deal="old-2",
        text="Amazon invests another 4 billion dollars in Anthropic. The stake stays a minority.",
        parties={"Amazon": "investor", "Anthropic": "investee"},
        sums=(("4 billion dollars", 4, "USD", "investment", "exact", "Amazon"),),
        types=("investment",),
        at=_ago(12),
    ),
    Story(
        deal="old-3",
        text="Mistral AI verhandelt mit CoreWeave über Rechenleistung für bis zu 2 Milliarden Euro. Unterschrieben ist nichts.",
        parties={"Mistral AI": "customer", "CoreWeave": "provider"},
        sums=(
            ("bis zu 2 Milliarden Euro", 2, "EUR", "purchase", "up_to", "Mistral AI"),
        ),
        status="talks",
        language="de",
        site="rechenblatt.example.net",
        at=_ago(5),
    ),
    Story(
        deal="new-1",
        title="OpenAI books $30bn of Oracle capacity",
        text="OpenAI will pay Oracle $30 billion over five years for computing capacity, both companies said. The first halls open in Ohio next summer.",
        parties={"OpenAI": "customer", "Oracle": "provider"},
        sums=(("$30 billion", 30, "USD", "purchase", "exact", "OpenAI"),),
        summary="OpenAI buys computing capacity from Oracle for $30 billion over five years.",
        at=DAY + timedelta(hours=7, minutes=12),
    ),
    Story(
        deal="new-1",
        title="OpenAI mietet bei Oracle für 30 Milliarden Dollar",
        text="OpenAI mietet bei Oracle Rechenleistung für 30 Milliarden Dollar. Die ersten Hallen sollen im Sommer in Ohio öffnen.",
        parties={"OpenAI": "customer", "Oracle": "provider"},
        sums=(("30 Milliarden Dollar", 30, "USD", "purchase", "exact", "OpenAI"),),
        verdict="repeat",
        language="de",
        site="handelspost.example.net",
        summary="OpenAI kauft für 30 Milliarden US-Dollar Rechenleistung bei Oracle.",
        at=DAY + timedelta(hours=8, minutes=3),
    ),
    Story(
        deal="new-2",
        title="Nvidia steigt bei Zephira Labs ein",
        text="Nvidia steigt mit rund 750 Millionen Euro bei Zephira Labs aus Leipzig ein. Dafür kauft Zephira Chips im Wert von 400 Millionen Euro.",
        parties={"Nvidia": "investor provider", "Zephira Labs": "investee customer"},
        sums=(
            ("rund 750 Millionen Euro", 0.75, "EUR", "investment", "about", "Nvidia"),
            ("400 Millionen Euro", 0.4, "EUR", "purchase", "exact", "Zephira Labs"),
        ),
        types=("investment", "chip_supply"),
        language="de",
        site="rechenblatt.example.net",
        summary="Nvidia beteiligt sich an Zephira Labs, das im Gegenzug Chips kauft.",
        at=DAY + timedelta(hours=10, minutes=40),
    ),
    Story(
        deal="new-3",
        title="Claude comes to Stackit",
        text="Anthropic makes its Claude models available on Stackit, the cloud of Schwarz Group. No sum was told.",
        parties={"Anthropic": "model_provider", "Stackit": "provider"},
        types=("model_distribution",),
        site="circuitwire.example.org",
        at=DAY + timedelta(hours=11, minutes=5),
    ),
    Story(
        deal="old-3",
        title="Mistral AI unterschreibt bei CoreWeave",
        text="Mistral AI hat den Vertrag mit CoreWeave unterschrieben und zahlt 1,6 Milliarden Euro. Das teilten beide Firmen mit.",
        parties={"Mistral AI": "customer", "CoreWeave": "provider"},
        sums=(("1,6 Milliarden Euro", 1.6, "EUR", "purchase", "exact", "Mistral AI"),),
        verdict="update",
        language="de",
        site="handelspost.example.net",
        at=DAY + timedelta(hours=12, minutes=30),
    ),
    Story(
        deal="new-4",
        title="Meta said to discuss Google Cloud order",
        text="Meta is in talks to rent Google Cloud's chips for more than $10 billion, people familiar with the matter said. Both declined to comment.",
        parties={"Meta": "customer", "Google Cloud": "provider"},
        sums=(("more than $10 billion", 10, "USD", "purchase", "at_least", "Meta"),),
        status="talks",
        site="circuitwire.example.org",
        at=DAY + timedelta(hours=15, minutes=55),
    ),
)
NOTICED = (
    (
        "note-1",
        "Finnlands Stromnetz wird zum Engpass für Rechenzentren",
        "Der Netzbetreiber rechnet bis 2030 mit doppeltem Bedarf; neue Anschlüsse dauern vier Jahre.",
        "de",
    ),
    (
        "note-2",
        "EU opens consultation on cloud sovereignty",
        "The Commission asks providers until April how a label for sovereign clouds should look.",
        "en",
    ),
)
