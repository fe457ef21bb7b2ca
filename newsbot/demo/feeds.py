"""The demo publishers' feeds.

In: a publisher and its articles.
Out: an RSS 2.0 or Atom 1.0 document as bytes.

Source:
    RSS 2.0 specification (rssboard.org); RFC 4287 for Atom; RFC 4151 for tag URIs.
"""

from collections.abc import Sequence
from email.utils import format_datetime
from html import escape

from newsbot.demo.material import WINDOW_END, DemoArticle
from newsbot.demo.publishers import Publisher


def render_feed(
    publisher: Publisher, articles: Sequence[DemoArticle], *, site_url: str
) -> bytes:
    """Write a publisher's feed in the format it uses.

    Args:
        publisher: Whose feed it is.
        articles: Shape (n,), n > 0: its articles, newest first.
        site_url: Scheme and authority, e.g. ``"http://127.0.0.1:8000"``.

    Returns:
        The document, UTF-8.

    Raises:
        ValueError: *articles* is empty; Atom needs a time of last change.
    """
    if not articles:
        raise ValueError(f"{publisher.slug} has no articles")
    if publisher.feed_format == "rss":
        document = _rss(publisher, articles, site_url)
    else:
        document = _atom(publisher, articles, site_url)
    return document.encode("utf-8")


def guid(publisher: Publisher, article: DemoArticle) -> str:
    """Name an entry for good: the port changes with every start, this does not.

    Args:
        publisher: Who published the article.
        article: The article.

    Returns:
        A tag URI.
    """
    return f"tag:{publisher.domain},{WINDOW_END:%Y}:{article.id}"


def _rss(publisher: Publisher, articles: Sequence[DemoArticle], site_url: str) -> str:
    """Write RSS 2.0, with the self link that validators ask for."""
    items = "".join(
        "<item>"
        f"<title>{escape(article.title)}</title>"
        f"<link>{escape(site_url + article.path)}</link>"
        f"<description>{escape(article.teaser)}</description>"
        f"<dc:creator>{escape(publisher.author(article))}</dc:creator>"
        f'<guid isPermaLink="false">{escape(guid(publisher, article))}</guid>'
        f"<pubDate>{format_datetime(article.published_at)}</pubDate>"
        "</item>\n"
        for article in articles
    )
    feed_url = escape(site_url + publisher.feed_path)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>\n'
        f"<title>{escape(publisher.name)}</title>\n"
        f"<link>{escape(site_url)}/{escape(publisher.slug)}/</link>\n"
        f"<description>{escape(publisher.motto)}</description>\n"
        f"<language>{escape(publisher.language)}</language>\n"
        f"<lastBuildDate>{format_datetime(articles[0].published_at)}</lastBuildDate>\n"
        f'<atom:link href="{feed_url}" rel="self" type="application/rss+xml"/>\n'
        f"{items}</channel></rss>\n"
    )


def _atom(publisher: Publisher, articles: Sequence[DemoArticle], site_url: str) -> str:
    """Write Atom 1.0; `updated` is the time of publication, nothing is edited here."""
    entries = "".join(
        "<entry>"
        f"<title>{escape(article.title)}</title>"
        f'<link rel="alternate" href="{escape(site_url + article.path)}"/>'
        f"<id>{escape(guid(publisher, article))}</id>"
        f"<published>{article.published_at.isoformat()}</published>"
        f"<updated>{article.published_at.isoformat()}</updated>"
        f"<author><name>{escape(publisher.author(article))}</name></author>"
        f'<summary type="text">{escape(article.teaser)}</summary>'
        "</entry>\n"
        for article in articles
    )
    feed_url = escape(site_url + publisher.feed_path)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom"'
        f' xml:lang="{escape(publisher.language)}">\n'
        f"<title>{escape(publisher.name)}</title>\n"
        f"<subtitle>{escape(publisher.motto)}</subtitle>\n"
        f"<id>tag:{escape(publisher.domain)},{WINDOW_END:%Y}:feed</id>\n"
        f'<link rel="self" href="{feed_url}"/>\n'
        f'<link rel="alternate" href="{escape(site_url)}/{escape(publisher.slug)}/"/>\n'
        f"<updated>{articles[0].published_at.isoformat()}</updated>\n"
        f"{entries}</feed>\n"
    )
