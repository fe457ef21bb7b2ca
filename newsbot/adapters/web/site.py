"""The status page: which address gives what.

Pages are complete without script, whatever is asked is read by one connection that
cannot write, and what cannot be read or found is one line with its status.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, quote

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsbot.adapters.listening import AsgiApp
from newsbot.adapters.reader_pages import HEADERS, MAX_BODY, Desk, do, show
from newsbot.adapters.web.answers import Answers
from newsbot.adapters.web.drawing import Drawing, style_hashes
from newsbot.adapters.web.guard import FEEDS, READERS, Access, guarded, policy
from newsbot.adapters.web.reading import Listed, Reading
from newsbot.errors import NewsbotError, StoreError, UserError
from newsbot.stages.export import DealRow, write_atom
from newsbot.stages.export_feed import write_json_feed
from newsbot.stages.graph import draw
from newsbot.stages.printable import one_line
from newsbot.stages.site_deals import deal_line, deal_page, heading
from newsbot.stages.site_query import (
    MAX_VALUES,
    PAGE,
    Query,
    read_query,
    wished_language,
)
from newsbot.stages.site_state import StatePage, state_page
from newsbot.stages.site_words import WORDS
from newsbot.types import Deal
from newsbot.vocabulary import Language
from newsbot.watching import Facts, Health

#: Deals of a feed, and of a picture: more boxes than these nobody can read.
FEED, PICTURE = 100, 60
NOTHING = Listed(deals=(), total=0, newer=None, older=None, first=True)
READ_OR_DO = ["GET", "POST"]
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
ATOM, JSON_FEED = "application/atom+xml; charset=utf-8", "application/feed+json"
#: A version stands in its address: what it gives never changes.
FOR_GOOD = "private, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the pages are made with."""

    reading: Reading
    #: Says how the service is, without recipients; raises StoreError.
    look: Callable[[datetime], tuple[Facts, Health]]
    #: Whether a service runs at this moment.
    running: Callable[[], bool]
    #: Where readers of mail confirm and leave; None where there are none.
    desk: Desk | None
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, read."""

    request: Request
    query: Query
    language: Language


class Site:
    """The pages.

    Args:
        parts: What they are made with.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._drawing = Drawing()
        self._answers = Answers(parts.clock)
        self._began = parts.clock()

    def app(self) -> Starlette:
        """Build the application."""
        return Starlette(
            routes=[
                Route("/", self._page(self.deals)),
                Route("/deal/{id}", self._page(self.deal)),
                Route("/graph", self._page(self.graph)),
                Route("/state", self._page(self.state)),
                Route("/feed.atom", self._page(self.atom)),
                Route("/feed.json", self._page(self.json_feed)),
                Route("/static/{name}", self.file),
                # A proxy may put a path before them.
                *(
                    Route(f"{path}/{name}/{{token}}", self.reader, methods=READ_OR_DO)
                    for path in ("", "/{path:path}")
                    for name in READERS
                ),
            ],
            exception_handlers={HTTPException: self._http_error},
        )

    def deals(self, asked: Asked) -> Response:
        """List the deals that fit, a page at a time."""
        limit, state = asked.query.limit or PAGE, None
        reading, now = self._parts.reading, self._parts.clock()
        listed, lines = NOTHING, []
        asked.query.asked.wanted(now)  # nonsense is told without a ledger, too
        if reading.exists:
            with reading.opened() as store:
                listed = reading.listed(store, asked.query, now, limit)
                lines = [
                    deal_line(one, reading.articles(store, one), asked.language)
                    for one in listed.deals
                ]
            if not lines and not asked.query.asked.pairs:
                state = self._state(asked)
        return self._html(asked, "deals", listed=listed, lines=lines, state=state)

    def deal(self, asked: Asked) -> Response:
        """Show one deal, by its id or one that it has absorbed."""
        deal_id = asked.request.path_params["id"]
        if not self._parts.reading.exists:
            raise HTTPException(404)
        with self._parts.reading.opened() as store:
            deal = store.ledger.deal(deal_id)
            if deal is None:
                raise HTTPException(404)
            if deal.id != deal_id:
                address = asked.query.address(f"/deal/{quote(deal.id, safe='')}")
                return RedirectResponse(address, status_code=301)
            page = deal_page(self._parts.reading.told(store, deal), asked.language)
        title = heading(page.item, asked.language)
        return self._html(asked, "deal", page=page, title=title)

    def graph(self, asked: Asked) -> Response:
        """Draw the newest deals that fit."""
        limit = asked.query.limit or PICTURE
        deals, total = self._newest(asked, limit)
        picture = draw(
            deals, self._parts.reading.gazetteer, language=asked.language, theme="auto"
        )
        return self._html(
            asked,
            "graph",
            headers={"content-security-policy": policy(*style_hashes(picture.svg))},
            # Drawn by `stages/graph`, which escapes every name that it writes.
            svg=Markup(picture.svg),
            n_deals=len(deals),
            total=total,
        )

    def state(self, asked: Asked) -> Response:
        """Say how the service is, and why nothing came."""
        state = self._state(asked) if self._parts.reading.exists else None
        return self._html(asked, "state", state=state)

    def atom(self, asked: Asked) -> Response:
        """Give the newest deals that fit as an Atom feed."""
        rows = self._rows(asked)
        body = write_atom(rows, self._began, asked.query.asked.line)
        return self._answers.answer(asked.request, body, ATOM)

    def json_feed(self, asked: Asked) -> Response:
        """Give the newest deals that fit as a JSON Feed."""
        body = write_json_feed(self._rows(asked), asked.query.asked.line)
        return self._answers.answer(asked.request, body, JSON_FEED)

    def file(self, request: Request) -> Response:
        """Give a style sheet, a script or a picture of the pages."""
        one = self._drawing.files.get(request.path_params["name"])
        if one is None:
            raise HTTPException(404)
        now = request.query_params.get("v") == one.version
        headers = {"cache-control": FOR_GOOD} if now else {}
        return self._answers.answer(request, one.body, one.kind, headers)

    async def reader(self, request: Request) -> Response:
        """Let a reader of mail confirm or leave: the only thing that writes."""
        desk, path, now = (
            self._parts.desk,
            str(request.scope["path"]),
            self._parts.clock(),
        )
        if desk is None:
            raise HTTPException(404)
        if request.method == "POST":
            n_read = 0
            try:
                async for part in request.stream():
                    n_read += len(part)
                    if n_read > MAX_BODY:
                        return Response(status_code=413)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody hears it
            answer = await run_in_threadpool(do, desk, path, now)
        else:
            answer = await run_in_threadpool(show, desk, path, now)
        return Response(answer.body, answer.status, dict(HEADERS))

    def _state(self, asked: Asked) -> StatePage:
        facts, health = self._parts.look(self._parts.clock())
        return state_page(facts, health, asked.language)

    def _newest(self, asked: Asked, limit: int) -> tuple[tuple[Deal, ...], int | None]:
        reading, now = self._parts.reading, self._parts.clock()
        asked.query.asked.wanted(now)
        if not reading.exists:
            return (), 0
        with reading.opened() as store:
            listed = reading.listed(store, asked.query, now, limit)
        return listed.deals, listed.total

    def _rows(self, asked: Asked) -> list[DealRow]:
        reading, now = self._parts.reading, self._parts.clock()
        limit = asked.query.limit or FEED
        asked.query.asked.wanted(now)
        if not reading.exists:
            return []
        with reading.opened() as store:
            deals = reading.listed(store, asked.query, now, limit).deals
            return reading.rows(store, deals)

    def _page(
        self, show_page: Callable[[Asked], Response]
    ) -> Callable[[Request], Response]:
        """Read the query for a page, and say in one line what went wrong."""

        def page(request: Request) -> Response:
            language = wished_language(request.headers.get("accept-language", ""))
            query = Query()
            try:
                query = read_query(_pairs(request))
                language = query.language or language
                asked = Asked(request=request, query=query, language=language)
                return show_page(asked)
            except UserError as error:
                status, text = 400, str(error)
            except NewsbotError as error:
                status, text = 503, str(error)
            asked = Asked(request=request, query=query, language=language)
            return self._line(asked, status, text)

        return page

    def _html(
        self,
        asked: Asked,
        template: str,
        headers: dict[str, str] | None = None,
        **given: object,
    ) -> Response:
        body = self._drawn(asked, template, **given)
        return self._answers.answer(asked.request, body, HTML, headers)

    def _drawn(self, asked: Asked, template: str, **given: object) -> bytes:
        try:
            running = self._parts.running()
        except StoreError:
            running = False
        return self._drawing.page(
            template,
            asked.query,
            asked.language,
            path=asked.request.scope["path"],
            exists=self._parts.reading.exists,
            running=running,
            **given,
        )

    def _line(self, asked: Asked, status: int, text: str) -> Response:
        """Say one line: as a page to who wants one, else as it is."""
        headers = {"cache-control": "no-store", "vary": "Accept, Accept-Language"}
        if status == 503:
            headers["retry-after"] = "10"
        text, path = one_line(text, 500), asked.request.scope["path"]
        wants_page = "text/html" in asked.request.headers.get("accept", "")
        if not wants_page or path in FEEDS:
            return Response(f"{text}\n", status, headers, TEXT)
        body = self._drawn(asked, "line", text=text, status=status)
        return Response(body, status, headers, HTML)

    def _http_error(self, request: Request, error: Exception) -> Response:
        """Say that there is no such page, or no such method."""
        assert isinstance(error, HTTPException)
        language = wished_language(request.headers.get("accept-language", ""))
        asked = Asked(request=request, query=Query(), language=language)
        name = "not_found" if error.status_code == 404 else "not_allowed"
        return self._line(asked, error.status_code, WORDS[language][name])


def site_app(parts: Parts, access: Access) -> AsgiApp:
    """Build the status page with its guard."""
    return guarded(Site(parts).app(), access)


def _pairs(request: Request) -> list[tuple[str, str]]:
    """Take a query string apart.

    Raises:
        UserError: It is not UTF-8, or has too many values.
    """
    try:
        written = bytes(request.scope["query_string"]).decode("utf-8")
        return parse_qsl(
            written,
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_VALUES,
        )
    except UnicodeDecodeError as error:
        raise UserError("the query is not UTF-8") from error
    except ValueError as error:
        raise UserError(f"more than {MAX_VALUES} values in one address") from error
