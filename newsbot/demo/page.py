"""What a publisher's template may show: one article, ready for HTML.

In: an article, its neighbours, and what the publisher adds.
Out: a `Page` whose texts are escaped, so that a template only places them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from newsbot.demo.material import DemoArticle

_MONTHS_DE: Final = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)
_MONTHS_EN: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaser:
    """A pointer to another article, HTML-escaped."""

    title: str
    href: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One article as a template sees it; every text is HTML-escaped."""

    title: str
    #: One sentence, for descriptions and shares.
    teaser: str
    paragraphs: tuple[str, ...]
    author: str
    #: Absolute address of the page.
    url: str
    #: ISO 8601 with offset.
    published_iso: str
    #: As a reader of the page's language writes it.
    published_text: str
    #: schema.org NewsArticle as JSON, safe inside a script element.
    json_ld: str
    #: Other articles of the same publisher, newest first.
    teasers: tuple[Teaser, ...]
    #: A whole HTML comment, or nothing.
    hidden: str


def build_page(
    article: DemoArticle,
    others: Sequence[DemoArticle],
    *,
    site_url: str,
    publisher_name: str,
    author: str,
) -> Page:
    """Prepare one article for its publisher's template.

    Args:
        article: The article to show.
        others: Shape (n,): more articles of the publisher, newest first.
        site_url: Scheme and authority, e.g. ``"http://127.0.0.1:8000"``.
        publisher_name: As the page prints it.
        author: The byline.

    Returns:
        The page, all of its texts escaped.
    """
    url = site_url + article.path
    published_iso = article.published_at.isoformat()
    facts = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "description": article.teaser,
        "datePublished": published_iso,
        "inLanguage": article.language,
        "mainEntityOfPage": url,
        "author": {"@type": "Person", "name": author},
        "publisher": {"@type": "Organization", "name": publisher_name},
    }
    return Page(
        title=escape(article.title),
        teaser=escape(article.teaser),
        paragraphs=tuple(escape(text, quote=False) for text in article.paragraphs),
        author=escape(author),
        url=escape(url),
        published_iso=published_iso,
        published_text=_spoken(article.published_at, article.language),
        # A "</script>" in a title would end the element.
        json_ld=json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c"),
        teasers=tuple(
            Teaser(
                title=escape(other.title),
                href=escape(other.path),
                text=escape(other.teaser),
            )
            for other in others
        ),
        hidden=f"<!-- {article.hidden_comment} -->" if article.hidden_comment else "",
    )


def _spoken(moment: datetime, language: str) -> str:
    """Write a time as a page of that language prints it, in UTC."""
    if language == "de":
        month = _MONTHS_DE[moment.month - 1]
        return f"{moment.day}. {month} {moment.year}, {moment:%H:%M} Uhr (UTC)"
    month = _MONTHS_EN[moment.month - 1]
    return f"{moment.day} {month} {moment.year}, {moment:%H:%M} UTC"
