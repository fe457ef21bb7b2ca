"""Archives on the web: sitemaps, and the Wayback Machine's index of captures.

Lists come over the guarded fetcher; so do the pages, which the backfill asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from newsbot.adapters.archives.bounded import inflate
from newsbot.adapters.archives.places import MAX_BYTES, Cursor, read_cursor
from newsbot.errors import FetchError, ParseError, UserError
from newsbot.history import Document, Order
from newsbot.ports import Parsing, Response
from newsbot.stages.parse import absolute_url
from newsbot.stages.sitemaps import Sitemap, SitemapLink, read_sitemap

#: Sitemaps of one site; the largest papers have some thousands.
MAX_SITEMAPS = 5_000
#: Indexes within indexes; the protocol allows none.
MAX_DEPTH = 3
#: Captures of one answer of the index.
PAGE = 1_000

#: Asks for an address in its host's turn.
Ask = Callable[[str], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days that are asked for; both ends may be open."""

    since: datetime | None = None
    until: datetime | None = None


class SitemapArchive:
    """A site's sitemaps: one, or an index and all that it lists.

    Args:
        url: Of the sitemap or index, plain or gzipped.
        ask: Gets it.
        parsing: Reads it where it can do no harm.
        period: Sitemaps of an index that were not changed since are passed over.
        order: By the dates that each list gives; None as they stand.
    """

    def __init__(
        self,
        url: str,
        ask: Ask,
        parsing: Parsing,
        period: Period,
        order: Order | None = None,
    ) -> None:
        address = absolute_url(url)
        if address is None:
            raise UserError(f"{url!r} is not an http or https address")
        self._url = address
        self._ask = ask
        self._parsing = parsing
        self._period = period
        self._order = order

    def documents(self, after: str) -> Iterator[Document]:
        """List the pages; see `history.Archive`."""
        cursor = read_cursor(after)
        passing = bool(cursor.part)
        for url, found in self._sitemaps():
            if passing and url != cursor.part:
                continue  # settled before: only its place in the order is needed
            n_done, passing = cursor.n_done if passing else 0, False
            links, broken = self._ordered(found.links), _lost(found)
            for number, link in enumerate(links, 1):
                if number > n_done:
                    yield _of_link(url, number, link)
            if broken and len(links) + 1 > n_done:
                yield _damaged(Cursor(part=url, n_done=len(links) + 1), url, broken)

    def _sitemaps(self) -> Iterator[tuple[str, Sitemap]]:
        """Read the sitemaps that list pages, in an order that stays."""
        todo, seen = [(self._url, 0)], {self._url}
        while todo:
            url, depth = todo.pop(0)
            try:
                found = self._read(url)
            except (FetchError, ParseError, ValueError) as error:
                reason = error.reason if isinstance(error, FetchError) else str(error)
                if url == self._url:
                    raise UserError(f"{url}: {reason}") from error
                yield url, Sitemap(kind="pages", links=(), broken=reason)
                continue
            if found.kind == "pages":
                yield url, found
                continue
            listed = self._ordered(found.links)
            fresh = [one.url for one in listed if self._may_hold(one)]
            more = [one for one in dict.fromkeys(fresh) if one not in seen]
            n_most = MAX_SITEMAPS - len(seen) if depth < MAX_DEPTH else 0
            lost, more = _lost(found, len(more[n_most:])), more[:n_most]
            seen.update(more)
            todo = [(one, depth + 1) for one in more] + todo
            if lost:
                yield url, Sitemap(kind="pages", links=(), broken=lost)

    def _ordered(self, links: Sequence[SitemapLink]) -> Sequence[SitemapLink]:
        """Links by their dates; those without one come last, as they stand."""
        if self._order is None:
            return links
        dated = [(_date(one), one) for one in links]
        known = [(at, one) for at, one in dated if at is not None]
        newest = self._order == "newest"
        known.sort(key=lambda pair: pair[0], reverse=newest)
        return [*(one for _, one in known), *(one for at, one in dated if at is None)]

    def _may_hold(self, link: SitemapLink) -> bool:
        since = self._period.since
        return since is None or link.changed_at is None or link.changed_at >= since

    def _read(self, url: str) -> Sitemap:
        body = self._ask(url).body
        if body.startswith(b"\x1f\x8b"):
            body = inflate(body, 5 * MAX_BYTES)
        return self._parsing.run(read_sitemap, body, url)


def _lost(found: Sitemap, n_left: int = 0) -> str:
    """Why not all that a sitemap lists is read; empty where it is.

    Args:
        found: What was read of it.
        n_left: Of an index, sitemaps that are not read: too deep, or too many.
    """
    reasons = [found.broken] if found.broken else []
    if found.n_dropped:
        reasons.append(f"{found.n_dropped} entries without an address, or too many")
    if n_left:
        reasons.append(f"{n_left} of its sitemaps too deep within others, or too many")
    return "; ".join(reasons)


def _date(link: SitemapLink) -> datetime | None:
    return link.published_at or link.changed_at


def _of_link(url: str, number: int, link: SitemapLink) -> Document:
    return Document(
        cursor=str(Cursor(part=url, n_done=number)),
        place=f"{url}, entry {number}",
        url=link.url,
        title=link.title,
        published_at=link.published_at,
        # Not after this; that it was saved then, nobody says.
        captured_at=link.changed_at,
    )


def _damaged(cursor: Cursor, place: str, reason: str) -> Document:
    return Document(
        cursor=str(cursor),
        place=place,
        url=place,
        body=b"",
        fate="failed",
        reason=reason,
    )


class WaybackArchive:
    """What the Wayback Machine, or another server of its interface, saved of a site.

    Args:
        pattern: Host or address; ``*`` at its end stands for all below.
        base: Of the service: ``"https://web.archive.org"``.
        ask: Gets an answer of it.
        period: Captures of these days; what was published then may be saved later.
        order: The index stands in the order of addresses; to read it by dates, it is
            asked month by month.

    Source:
        https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server
    """

    def __init__(
        self,
        pattern: str,
        base: str,
        ask: Ask,
        period: Period,
        order: Order | None = None,
    ) -> None:
        if not pattern.strip() or any(one.isspace() for one in pattern.strip()):
            raise UserError(f"{pattern!r} is no host or address")
        self._pattern = pattern.strip()
        self._base = base.rstrip("/")
        self._ask = ask
        self._months = _months(period, order)

    def documents(self, after: str) -> Iterator[Document]:
        """List the captures; see `history.Archive`."""
        cursor = read_cursor(after)
        month, _, key = cursor.part.partition(" ")
        names = [one.name for one in self._months]
        first = names.index(month) if month in names else 0
        n_done = cursor.n_done
        for one in self._months[first:]:
            yield from self._captures(one, key, n_done)
            key, n_done = "", 0

    def _captures(self, month: _Month, key: str, n_done: int) -> Iterator[Document]:
        seen = {key}
        while True:
            captures, following = self._page(month, key)
            for number, capture in enumerate(captures, 1):
                if number > n_done:
                    cursor = Cursor(part=f"{month.name} {key}", n_done=number)
                    yield self._document(cursor, capture)
            if not following or following in seen:
                return
            seen.add(following)
            key, n_done = following, 0

    def _page(self, month: _Month, key: str) -> tuple[list[object], str]:
        """One answer of the index, and the key of the next."""
        query = {
            "url": self._pattern,
            "output": "json",
            "fl": "timestamp,original",
            "filter": "statuscode:200",
            "collapse": "urlkey",
            "limit": str(PAGE),
            "showResumeKey": "true",
        }
        if month.begins:
            query["from"] = month.begins
        if month.ends:
            query["to"] = month.ends
        if key:
            query["resumeKey"] = key
        url = (
            f"{self._base}/cdx/search/cdx?{urlencode(query)}&filter=mimetype:text/html"
        )
        try:
            rows = json.loads(self._ask(url).body or b"[]")
            if not isinstance(rows, list):
                raise ValueError("no list")
        except FetchError as error:
            raise UserError(
                f"{self._base}: {error.reason}; --resume goes on"
            ) from error
        except (ValueError, RecursionError) as error:
            raise UserError(f"{self._base}: no index of captures") from error
        following = ""
        if len(rows) >= 2 and rows[-2] == [] and isinstance(rows[-1], list):
            following = str(rows[-1][0]) if rows[-1] else ""
            rows = rows[:-2]
        return rows[1:], following

    def _document(self, cursor: Cursor, row: object) -> Document:
        if (
            not isinstance(row, list)
            or len(row) != 2
            or not all(isinstance(one, str) for one in row)
            or not row[0].isdecimal()
        ):
            return _damaged(cursor, self._base, "a capture that is none")
        stamp, original = row
        try:
            moment = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return _damaged(cursor, self._base, "a capture without a time")
        # ``id_`` gives the page as it was, without the archive's own frame.
        capture = (
            f"{self._base}/web/{stamp}id_/{quote(original, safe='!$&()*+,-./:;=?@_~%')}"
        )
        return Document(
            cursor=str(cursor),
            place=capture,
            url=original,
            capture_url=capture,
            captured_at=moment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    """Captures that are asked for together; all of them where no order is wanted."""

    name: str
    #: As the index writes times, cut off where that says enough; empty for no bound.
    begins: str = ""
    ends: str = ""


def _months(period: Period, order: Order | None) -> list[_Month]:
    """List the months of a period, in order; one piece where none is wanted.

    A page of the period may have been saved after it: no end is asked for.

    Raises:
        UserError: There is no first or last day.
    """
    since = period.since
    begins = f"{since:%Y%m%d%H%M%S}" if since else ""
    if order is None:
        return [_Month(name="all", begins=begins)]
    if since is None or period.until is None:
        raise UserError("--order asks the index by months: give --from and --to")
    first = since.year * 12 + since.month - 1
    last = period.until.year * 12 + period.until.month - 1
    names = [f"{n // 12:04d}{n % 12 + 1:02d}" for n in range(first, last + 1)]
    found = [_Month(name=name, begins=name, ends=name) for name in names]
    found[0] = _Month(name=names[0], begins=begins, ends=names[0])
    # What was saved later still, in one piece.
    later = f"{last // 12 + (last % 12 + 1) // 12:04d}{(last + 1) % 12 + 1:02d}"
    found.append(_Month(name="later", begins=later))
    return found if order == "oldest" else found[::-1]
