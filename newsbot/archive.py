"""A feed's older pages, walked from its newest to its oldest, when asked.

Each page is stored with where the next one is, in one transaction: a walk that was
stopped or killed goes on at the page it had come to. Old entries never alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from newsbot.courtesy import Secrets
from newsbot.errors import FetchError, StageError
from newsbot.history import Document
from newsbot.ports import Fetcher
from newsbot.stages.parse import ParsedFeed, parse_feed
from newsbot.turns import Hosts, host_of, in_turn
from newsbot.types import Entry, Feed

#: Pages of one walk; another walk goes on from there.
MAX_PAGES = 1_000
#: Why a page is not asked for.
ELSEWHERE = "on another host, not followed"


class ArchiveStore(Protocol):
    """What a walk needs of the ledger."""

    def pages(self, feed_id: str) -> tuple[set[str], str | None]:
        """Tell which pages of a feed were read, and which is next."""
        ...

    def put_page(
        self,
        feed_id: str,
        url: str,
        next_url: str | None,
        entries: Sequence[Entry],
        now: datetime,
    ) -> int:
        """Store a page's entries and where the next is; how many were new."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """How far a walk came."""

    n_pages: int
    n_new: int
    #: Why it ended before the oldest page; None where it reached it.
    gap: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What holds for a whole walk."""

    hosts: Hosts
    secrets: Secrets | None
    max_pages: int = MAX_PAGES
    parse: Callable[..., ParsedFeed] = parse_feed


def walk_archive(
    feed: Feed, fetcher: Fetcher, store: ArchiveStore, now: datetime, how: Walk
) -> Walked:
    """Read a feed's older pages, each once, on its own host only.

    Args:
        feed: Whose pages; its newest one is asked for only where no poll has said
            which is next.
        fetcher: Gets them, under the guard of all requests.
        store: Keeps entries, and where the walk stands.
        now: The time of the walk.
        how: What holds for the whole walk.

    Raises:
        FetchError: Not even the first page came.
        ParseError: It is no feed.

    Source:
        RFC 5005, 3 ("next") and 4 ("prev-archive"); JSON Feed 1.1, next_url.
    """
    seen, url = store.pages(feed.id)
    if url is None:
        older = feed.courtesy.older_url
        if seen or older == "":
            return Walked(n_pages=0, n_new=0, gap=None)
        # What its last poll said; it is not asked for its newest page again.
        url = older or feed.url
    if url != feed.url:
        seen.add(feed.url)
        if host_of(url) != host_of(feed.url):
            return Walked(n_pages=0, n_new=0, gap=f"{url}: {ELSEWHERE}")
    n_pages = n_new = 0
    gap: str | None = None
    for page in older_pages(feed, url, seen, fetcher, now, how):
        gap = page.gap
        if page.read:
            n_new += store.put_page(feed.id, page.url, page.next_url, page.entries, now)
            n_pages += 1
    return Walked(n_pages=n_pages, n_new=n_new, gap=gap)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage:
    """One page of a walk; the last one of all says why the walk ended."""

    url: str
    entries: tuple[Entry, ...] = ()
    next_url: str | None = None
    #: Why the walk ends here, before the oldest page.
    gap: str | None = None
    #: False where the page itself did not come.
    read: bool = True


def older_pages(
    feed: Feed, url: str, seen: set[str], fetcher: Fetcher, now: datetime, how: Walk
) -> Iterator[ArchivePage]:
    """Read a feed's pages from *url* to its oldest; see `walk_archive`.

    Args:
        feed: Whose pages.
        url: The page to begin with.
        seen: Pages that were read before; those read now are added.
        fetcher: Gets them.
        now: The time of the walk.
        how: What holds for the whole walk.

    Yields:
        Pages in their order; the caller keeps one before it asks for the next.

    Raises:
        FetchError: Not even the first page came.
        ParseError: It is no feed.
    """
    n_pages = 0
    at: str | None = url
    while at is not None:
        try:
            parsed = _page(feed, at, fetcher, now, how)
        except StageError as error:
            if not n_pages and not seen:
                raise
            reason = error.reason if isinstance(error, FetchError) else str(error)
            missing = f"{at}: {reason}; what is older was not read"
            yield ArchivePage(url=at, gap=missing, read=False)
            return
        n_pages += 1
        seen.add(at)
        older = parsed.hints.older
        gap: str | None = None
        if older is not None and host_of(older) != host_of(feed.url):
            gap = f"{older}: {ELSEWHERE}"
        elif older in seen:
            gap = f"{older}: was read before, the pages go in a circle"
        following = older if gap is None else None
        if following is not None and n_pages >= how.max_pages:
            gap = f"{how.max_pages} pages read; the next walk goes on from there"
        yield ArchivePage(url=at, entries=parsed.entries, next_url=following, gap=gap)
        at = following if gap is None else None


class FeedArchive:
    """A feed's older pages as an archive of links; see `history.Archive`.

    Args:
        feed: Whose pages.
        fetcher: Gets them.
        clock: Tells the time.
        how: What holds for the whole walk.
    """

    def __init__(
        self, feed: Feed, fetcher: Fetcher, clock: Callable[[], datetime], how: Walk
    ) -> None:
        self._feed = feed
        self._fetcher = fetcher
        self._clock = clock
        self._how = how

    def documents(self, after: str) -> Iterator[Document]:
        """List what the pages announce, newest page first."""
        done, _, begin = after.partition(" ")
        n_done, url = int(done or 0), begin or self._feed.url
        for page in older_pages(
            self._feed, url, set(), self._fetcher, self._clock(), self._how
        ):
            for number, entry in enumerate(page.entries, 1):
                if page.url != begin or number > n_done:
                    yield _announced(f"{number} {page.url}", page.url, entry)
            if page.gap is not None:
                yield Document(
                    cursor=f"{len(page.entries)} {page.url}",
                    place=page.url,
                    url=page.url,
                    body=b"",
                    fate="failed",
                    reason=page.gap,
                )


def _announced(cursor: str, place: str, entry: Entry) -> Document:
    return Document(
        cursor=cursor,
        place=place,
        url=entry.url,
        title=entry.title,
        summary=entry.summary,
        language=entry.language,
        author=entry.author,
        published_at=entry.published_at,
    )


def _page(
    feed: Feed, url: str, fetcher: Fetcher, now: datetime, how: Walk
) -> ParsedFeed:
    def ask(url: str) -> ParsedFeed:
        response = fetcher.fetch(url, secrets=how.secrets, may_follow=how.hosts.follow)
        return how.parse(
            response.body,
            url=response.url,
            content_type=response.headers.get("content-type", ""),
            feed_id=feed.id,
            language=feed.language,
            now=now,
            max_age=timedelta(),
            first_poll=False,
            origin="archive",
        )

    return in_turn(url, ask, how.hosts)
