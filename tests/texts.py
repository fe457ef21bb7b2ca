"""An article of a given text, and what the rules read in it."""

from __future__ import annotations

from datetime import UTC, datetime

from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import Reading, read_article
from newsbot.types import Article

GAZETTEER = load_organisations()


def article(text: str, *, title: str = "News", language: str = "en") -> Article:
    """An article that holds *text*; nothing else of it matters."""
    return Article(
        id="a",
        entry_id="e",
        url="https://example.org/a",
        title=title,
        text=text,
        language=language,
        published_at=datetime(2026, 3, 1, tzinfo=UTC),
        site="example.org",
        author=None,
        text_origin="page",
        fingerprint=0,
    )


def read(text: str, *, title: str = "News", language: str = "en") -> Reading:
    """What the rules read in such an article."""
    return read_article(article(text, title=title, language=language), GAZETTEER)
