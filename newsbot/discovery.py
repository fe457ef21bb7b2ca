"""An address that a person gives becomes a feed that can be polled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsbot.errors import FetchError, ParseError, StageError
from newsbot.ports import Response
from newsbot.stages.discover import common_places, feed_links
from newsbot.stages.markup import decode

#: Addresses that are tried for one site.
MAX_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """A feed that was found."""

    url: str
    #: Its answer: the feed's first, and only unconditional, request.
    response: Response
    #: Further feeds that the site names.
    others: tuple[str, ...] = ()


def discover(
    url: str, ask: Callable[[str], Response], parse: Callable[[Response], object]
) -> Discovered:
    """Find the feed at, or of, an address.

    Args:
        url: Of a feed or a page.
        ask: Gets what is tried, each in its host's turn.
        parse: Reads an answer as a feed, or raises ParseError.

    Raises:
        FetchError: The address itself did not answer.
        ParseError: It is no feed, and none was found for it.
    """
    response = ask(url)
    try:
        parse(response)
        return Discovered(url=url, response=response)
    except ParseError:
        pass
    html = decode(response.body, response.headers.get("content-type", ""))
    named = feed_links(html, response.url)
    places = [one for one in common_places(response.url) if one not in named]
    tries = [*named, *places][:MAX_TRIES]
    for place in tries:
        try:
            found = ask(place)
            parse(found)
        except StageError as error:
            if isinstance(error, FetchError) and error.status in (429, 503):
                raise  # it asked to be left alone
            continue
        others = tuple(one for one in named if one != place)
        return Discovered(url=place, response=found, others=others)
    raise ParseError(f"no feed at {url}, nor at {len(tries)} places it may be")
