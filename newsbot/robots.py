"""Pages, asked for only where their site allows it.

What a site allows is asked at most once a day and remembered in the ledger.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from newsbot.courtesy import Permission, SiteFile
from newsbot.errors import FetchError, WithheldError
from newsbot.ports import Fetcher, Response
from newsbot.stages.permission import (
    MAX_ROBOTS,
    crawl_delay,
    reservation,
    robots_refusal,
    tdmrep_refusal,
)
from newsbot.stages.timing import max_age, validator
from newsbot.stages.wrapped import is_ticket, named_address
from newsbot.turns import Hosts, host_of

#: How long a site's word is taken for its own (RFC 9309, 2.4), and at least.
LONGEST, SHORTEST = timedelta(hours=24), timedelta(hours=1)
#: How soon a robots.txt that answered with an error of the server is asked for again.
AFTER_ERROR = timedelta(minutes=30)


class SiteStore(Protocol):
    """What is remembered of sites."""

    def file(self, url: str) -> SiteFile | None:
        """Read what a site's file said last."""
        ...

    def put_file(self, file: SiteFile) -> None:
        """Keep what a site says."""
        ...


def ask_page(
    url: str,
    fetcher: Fetcher,
    permission: Permission,
    now: datetime,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
) -> tuple[Response, str | None]:
    """Get a page, unless its site or the page itself forbids reading it.

    Args:
        url: The page's.
        fetcher: Asks for it.
        permission: What its site allows.
        now: The time.
        etag: What it was marked with the last time; the answer may then be a 304.
        last_modified: Likewise.

    Returns:
        The answer, empty where it was not asked for, and why it may not be read.

    Raises:
        FetchError: It did not arrive.
    """
    answer, reason = _ask(url, fetcher, permission, now, (etag, last_modified))
    if reason is None and is_ticket(answer.url):
        named = named_address(answer.body)
        if named is None:
            return answer, "Google News does not say where it leads"
        permission.follow(named)
        return _ask(named, fetcher, permission, now)
    return answer, reason


def _ask(
    url: str,
    fetcher: Fetcher,
    permission: Permission,
    now: datetime,
    validators: tuple[str | None, str | None] = (None, None),
) -> tuple[Response, str | None]:
    def allowed(address: str) -> None:
        if (reason := permission.refusal(address, now)) is not None:
            raise WithheldError(address, reason)

    def may_follow(address: str) -> float:
        # It may lead to a page, or a site, with other rules.
        waited = permission.follow(address)
        allowed(address)
        return waited

    etag, last_modified = validators
    try:
        allowed(url)
        answer = fetcher.fetch(
            url,
            etag=etag,
            last_modified=last_modified,
            may_follow=may_follow,
        )
    except WithheldError as error:
        return Response(url=error.url, status=0, headers={}, body=b""), error.reason
    return answer, reservation(answer.headers, answer.body)


class Robots:
    """Asks sites what they allow; see `courtesy.Permission`.

    Args:
        fetcher: Gets robots.txt and tdmrep.json.
        store: Remembers them.
        hosts: Told of a site that wants more distance between requests.
    """

    def __init__(self, fetcher: Fetcher, store: SiteStore, hosts: Hosts) -> None:
        self._fetcher = fetcher
        self._store = store
        self._hosts = hosts

    def refusal(self, url: str, now: datetime) -> str | None:
        """Say in a few words why a page may not be asked for; None: it may.

        Raises:
            FetchError: The site cannot be reached just now.
        """
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        robots = self._file(f"{site}/robots.txt", now)
        reason = robots_refusal(robots.status, robots.body, url)
        if reason is not None:
            return reason
        if robots.status == 200 and (delay := crawl_delay(robots.body)):
            self._hosts.slow_down(host_of(url), delay)
        rules = self._file(f"{site}/.well-known/tdmrep.json", now)
        return tdmrep_refusal(rules.body, url) if rules.status == 200 else None

    def follow(self, url: str) -> float:
        """Wait until it is the turn of where a redirect leads; see `Hosts.follow`."""
        return self._hosts.follow(url)

    def _file(self, url: str, now: datetime) -> SiteFile:
        """A site's file, from the ledger while it is fresh."""
        known = self._store.file(url)
        if known is not None and now < known.expires_at:
            return known
        asked = SiteFile(
            url=url,
            status=0,
            body=b"",
            etag=None,
            last_modified=None,
            fetched_at=now,
            expires_at=now + LONGEST,
        )
        try:
            answer = self._fetcher.fetch(
                url,
                etag=known.etag if known else None,
                last_modified=known.last_modified if known else None,
            )
        except FetchError as error:
            file = self._without(asked, known, error)
        else:
            headers = answer.headers
            body = answer.body[:MAX_ROBOTS]
            if answer.status == 304 and known is not None:
                body = known.body
            file = replace(
                asked,
                status=200,
                body=body,
                etag=validator(headers.get("etag")),
                last_modified=validator(headers.get("last-modified")),
                expires_at=now + min(max(max_age(headers), SHORTEST), LONGEST)
                if "cache-control" in headers
                else now + LONGEST,
            )
            if answer.status == 304 and known is not None:
                file = replace(
                    file,
                    etag=file.etag or known.etag,
                    last_modified=file.last_modified or known.last_modified,
                )
        self._store.put_file(file)
        # What comes next is asked of the same host, in the same turn.
        self._hosts.pause()
        return file

    def _without(
        self, asked: SiteFile, known: SiteFile | None, error: FetchError
    ) -> SiteFile:
        """What holds where a site's file did not come (RFC 9309, 2.3.1)."""
        status = error.status
        if status is None and not error.retry:
            # More redirects than five, too large, a private address: as if there were
            # none (2.3.1.2). The page itself is under the same guard.
            return replace(asked, status=404)
        if status is not None and status < 500 and status != 429:
            return replace(asked, status=status)
        if status is None and known is None:
            raise error  # the host is down; so is the page
        if known is not None and known.status == 200:
            # An old word is better than none while the site is ill (2.4).
            return replace(known, expires_at=asked.fetched_at + AFTER_ERROR)
        expires_at = max(
            error.retry_at or asked.fetched_at, asked.fetched_at + AFTER_ERROR
        )
        return replace(asked, status=status or 0, expires_at=expires_at)
