"""Papers whose headline says everything, and a judge who reads headlines.

publish(bench, paper("Handelspost", "Nvidia and Anthropic sign for €6bn"))
edit(bench, paper("Handelspost", "Nvidia and Anthropic sign for €600m"))
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from fakes import NOW, FakeJudge, entry, feed, story

from newsbot.pipeline import walk
from newsbot.types import Amount, Entry, identity

MINUTE = timedelta(minutes=1)
#: Whom the judge knows.
NAMES = ("Nvidia", "Anthropic", "Mistral AI", "OpenAI", "Oracle")
#: A page in German.
GERMAN = (
    "<html><head><title>{title}</title></head><body><article><h1>{title}</h1>"
    "<p>{title}. {more} Das erfuhr {site} am Sonntag von beiden Seiten.</p><p>Die "
    "Vereinbarung umfasst Rechenleistung in mehreren Rechenzentren und läuft über "
    "viele Jahre, hieß es; die ersten Anlagen sollen vor dem Sommer in Betrieb gehen. "
    "Wie viele Chips verbaut werden, wollte keine der beiden Seiten sagen.</p>"
    "</article></body></html>"
)
_SUM = re.compile(r"(?P<up_to>up to |bis zu )?€(?P<value>\d+)(?P<unit>bn|m)")
_UNITS = {"bn": Decimal(10**9), "m": Decimal(10**6)}


class ScriptedJudge(FakeJudge):
    """Takes a headline that names two it knows for a deal, with status and sum."""

    def _one(self, reading, now):
        title = reading.article.title
        self.names = tuple(name for name in NAMES if name in title)
        if len(self.names) < 2:
            self.names = ()
        judgement = super()._one(reading, now)
        status = "talks" if re.search("talks|verhandeln", title) else "announced"
        findings = tuple(
            replace(found, status=status, amounts=tuple(_sums(reading, title)))
            for found in judgement.findings
        )
        return replace(judgement, findings=findings)


def _sums(reading, title):
    for found in _SUM.finditer(title):
        yield Amount(
            value=Decimal(found["value"]) * _UNITS[found["unit"]],
            currency="EUR",
            kind="purchase",
            bound="up_to" if found["up_to"] else "exact",
            payer=None,
            span=reading.span(found.start("value") - 1, found.end()),
            quote=reading.quote(found.start()),
        )


@dataclass(frozen=True, kw_only=True)
class Paper:
    """An entry as a feed gives it, and the page behind it."""

    entry: Entry
    page: bytes


def paper(site, says, *, more="", german=False, **changes):
    """An article of a paper; the same site again is the same article, edited."""
    url = f"https://{site.lower()}.example/deal"
    values = {
        "id": identity("entry", url),
        "url": url,
        "title": says,
        "site": site,
        "feed_id": feed().id,
        "published_at": NOW,
        **changes,
    }
    page = story(says, more=f"{more} {site} was told so by both sides on Sunday.")
    if german:
        page = GERMAN.format(title=says, more=more, site=site).encode()
    return Paper(entry=entry(site.lower(), **values), page=page)


def announce(bench, one):
    """Let the feed give this article now, and its page."""
    bench.fetcher.pages[one.entry.url] = one.page
    bench.announce(one.entry)


def publish(bench, one, language="en"):
    """Let an article appear, and walk it to the end of the line."""
    announce(bench, one)
    parts = replace(bench.parts, language=language)
    walk(parts, bench.clock, composed=bench.deliver)


#: The same, where it has appeared before.
edit = publish
