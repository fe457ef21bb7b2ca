"""Where does a site keep its feed?

In: a page of the site. Out: addresses to try, the most likely first.

Source:
    HTML, 4.6.7.1: <link rel="alternate"> with a feed's type. The common places are
    those of WordPress, Hugo, Jekyll, Ghost, Blogger and Drupal.
"""

from __future__ import annotations

import re

from newsbot.stages.markup import attributes
from newsbot.stages.parse import absolute_url

#: Characters of a page that are looked at: heads end long before.
MAX_LOOK = 500_000
#: Links of a page that are taken.
MAX_LINKS = 10
#: Where feeds often are, from the page's own folder and the site's root.
COMMON = (
    "feed", "feed.xml", "rss.xml", "rss", "atom.xml", "index.xml", "feed.json",
    "feeds/posts/default",
)  # fmt: skip

_TAG = re.compile(r"<(link|a)\s([^<>]{1,4000})>", re.IGNORECASE)
_TYPES = re.compile(
    r"application/(x[.-])?(rss|atom|rdf|feed)\+(xml|json)|(text|application)/xml", re.I
)
#: JSON Feed 1.0 had no type of its own; WordPress names its interface alike.
_JSON = re.compile(r"application/json", re.I)
_LIKE_A_FEED = re.compile(
    r"(?i)(?:^|[/._?=&-])(?:rss2?|atom|feeds?)(?:[/._?=&-]|$)|\.(?:rss|atom|xml|rdf)$"
)
_LIKE_A_PAGE = re.compile(r"(?i)^[^?]*(?:/|\.(?:html?|php|aspx?))$")
#: A host with a domain, perhaps a port, a path: nobody types the scheme.
_BARE = re.compile(r"(?:[\w-]{1,63}\.)+[^\W\d_]{2,63}(?::\d{1,5})?(?:[/?#]\S*)?")
#: Comments of an article are no news.
_COMMENTS = re.compile(r"(?i)comment|kommentar")


def full_address(given: str) -> str:
    """Complete what a person types for a site, and bring it into one form.

    What is no address stays as it is, to be refused as it was given.

    >>> full_address("heise.de"), full_address("HTTPS://A.example/Feed#top")
    ('https://heise.de', 'https://a.example/Feed')
    """
    given = given.strip()
    full = f"https://{given}" if _BARE.fullmatch(given) else given
    found = absolute_url(full) or given
    return full if found == f"{full}/" else found


def looks_like_page(url: str) -> bool:
    """Whether an address reads as a site's or page's, not as a feed's.

    >>> looks_like_page("https://a.example"), looks_like_page("https://a.example/feed/")
    (True, False)
    """
    path = _path(url)
    return bool(_LIKE_A_PAGE.search(path)) and not _LIKE_A_FEED.search(path)


def feed_links(html: str, url: str) -> list[str]:
    """List the feeds that a page names: in its head, else in its links.

    Args:
        html: The page.
        url: Where it came from.
    """
    news: list[str] = []
    comments: list[str] = []
    linked: list[str] = []
    for tag, inside in _TAG.findall(html[:MAX_LOOK]):
        values = attributes(inside)
        link = absolute_url(values.get("href", ""), url)
        if link is None:
            continue
        if tag.lower() == "a":
            linked += [link] if _LIKE_A_FEED.search(_path(link)) else []
        elif "alternate" in values.get("rel", "").lower().split() and (
            _TYPES.fullmatch(kind := values.get("type", "").partition(";")[0].strip())
            or (_JSON.fullmatch(kind) and _LIKE_A_FEED.search(_path(link)))
        ):
            about = f"{link} {values.get('title', '')}"
            (comments if _COMMENTS.search(about) else news).append(link)
    return list(dict.fromkeys([*news, *comments] or linked))[:MAX_LINKS]


def common_places(url: str) -> list[str]:
    """List where a site's feed often is, nearest to *url* first."""
    folders = dict.fromkeys(
        (url if url.endswith("/") else f"{url}/", absolute_url("/", url))
    )
    places = [absolute_url(place, base) for base in folders if base for place in COMMON]
    return list(dict.fromkeys(place for place in places if place))


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]
