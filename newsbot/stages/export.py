"""Deals as rows, for spreadsheets, feed readers and data frames.

In: deals, their articles and what they are worth. Out: one `DealRow` each, and rows
as CSV or as an Atom feed. Names and titles come from strangers: a cell is never a
formula, and markup never more than text.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from lxml import etree  # type: ignore[import-untyped]

from newsbot.stages.amounts import format_capacity, format_money
from newsbot.stages.lines import web_url
from newsbot.stages.printable import named, one_line
from newsbot.stages.rates import Rates
from newsbot.stages.totals import Sums, comparable, sums_of
from newsbot.stages.wording import BOUNDS, STATUS, TYPES
from newsbot.stages.worth import LeftOut, Related, worth
from newsbot.types import Article, Deal, identity
from newsbot.vocabulary import ROLES, AmountKind, Bound, DealType, Role, Status

ATOM = "http://www.w3.org/2005/Atom"
#: Ids of feed and entries (RFC 4151). Nobody owns a name under `.invalid`
#: (RFC 2606), so that they can be no one else's; they never change.
TAG = "tag:newsbot.invalid,2026"
#: Columns of a feed entry's title that names take.
MAX_TITLE = 120
#: Parts of one cell. A comma or semicolon would part cells where a spreadsheet
#: takes the other one for its separator.
SEPARATOR = " | "
#: What a spreadsheet may take for the beginning of a formula, at the start of a cell
#: and after a semicolon, which parts cells in German spreadsheets
#: (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = re.compile(r"(^|;)([\s\"]*)(?=[=+\-@＝＋－＠])")
#: What XML 1.0 cannot hold.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A sum as papers state it, without its place in a text."""

    value: Decimal
    currency: str
    kind: AmountKind
    bound: Bound
    payer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An article that tells of a deal."""

    url: str
    site: str
    title: str
    language: str
    published_at: datetime
    #: The sentence that states the deal.
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealRow:
    """A deal on one row."""

    id: str
    status: Status
    types: tuple[DealType, ...]
    parties: tuple[tuple[str, tuple[Role, ...]], ...]
    #: Every figure of every paper, each wording once.
    amounts: tuple[Figure, ...]
    #: Value and unit.
    capacity: tuple[tuple[Decimal, str], ...]
    #: What counts in totals; None where nothing does.
    sums: Sums | None
    #: Why nothing counts; ``"no_rate"`` where no currency could be compared.
    left_out: LeftOut | str | None
    first_seen_at: datetime
    last_seen_at: datetime
    sources: tuple[Source, ...]

    def in_role(self, role: Role) -> tuple[str, ...]:
        """Name the parties that have a role."""
        return tuple(name for name, roles in self.parties if role in roles)


def deal_row(
    deal: Deal, articles: Mapping[str, Article], rates: Rates, related: Related
) -> DealRow:
    """Put a deal on one row.

    Args:
        deal: With all its findings.
        articles: The findings' articles by id, those that are still kept.
        rates: For the comparison in dollars.
        related: Whether two names are the same, or parent and unit.
    """
    told = worth(deal, rates, related)
    figures = comparable(told, rates, deal.first_seen_at)
    sums = sums_of([(one, deal.first_seen_at) for one in figures], rates)
    amounts = dict.fromkeys(
        Figure(
            value=one.value,
            currency=one.currency,
            kind=one.kind,
            bound=one.bound,
            payer=one.payer,
        )
        for finding in deal.findings
        for one in finding.amounts
    )
    capacity = dict.fromkeys(
        (one.value, one.unit) for finding in deal.findings for one in finding.capacity
    )
    sources = []
    for finding in deal.findings:
        article = articles.get(finding.article_id)
        if article is not None:
            place = finding.status_quote
            sources.append(
                Source(
                    url=article.url,
                    site=article.site,
                    title=article.title,
                    language=article.language,
                    published_at=article.published_at,
                    quote=article.full_text[place.start : place.end],
                )
            )
    return DealRow(
        id=deal.id,
        status=deal.status,
        types=deal.types,
        parties=deal.parties,
        amounts=tuple(amounts),
        capacity=tuple(capacity),
        sums=sums if figures else None,
        left_out=told.left_out or (None if figures else "no_rate"),
        first_seen_at=deal.first_seen_at,
        last_seen_at=deal.last_seen_at,
        sources=tuple(sources),
    )


def figure_text(figure: Figure) -> str:
    """Write a figure with its bound: "up to $10bn"."""
    written = format_money(figure.value, figure.currency, "en")
    return f"{BOUNDS['en'][figure.bound]}{written}"


# --- CSV


def _dollars(bound: str) -> Callable[[DealRow], str]:
    def written(row: DealRow) -> str:
        return "" if row.sums is None else f"{getattr(row.sums, bound).dollars:.0f}"

    return written


def _in_role(role: Role) -> Callable[[DealRow], str]:
    return lambda row: _cell(row.in_role(role))


#: Name and content of every column, in order. Programs read them by name: add at the
#: end, change none.
COLUMNS: tuple[tuple[str, Callable[[DealRow], str]], ...] = (
    ("id", lambda row: row.id),
    ("first_seen", lambda row: utc_text(row.first_seen_at)),
    ("last_seen", lambda row: utc_text(row.last_seen_at)),
    ("status", lambda row: row.status),
    ("types", lambda row: SEPARATOR.join(row.types)),
    ("parties", lambda row: _cell([name for name, _ in row.parties])),
    *((f"{role}s", _in_role(role)) for role in ROLES),
    ("amounts", lambda row: _cell([_figure_cell(one) for one in row.amounts])),
    ("capacity", lambda row: _cell([f"{v:f} {unit}" for v, unit in row.capacity])),
    ("firm_usd", _dollars("firm")),
    ("about_usd", _dollars("about")),
    ("at_least_usd", _dollars("at_least")),
    ("up_to_usd", _dollars("up_to")),
    ("left_out", lambda row: row.left_out or ""),
    ("languages", lambda row: _cell(each(one.language for one in row.sources))),
    ("sources", lambda row: _cell(each(one.site for one in row.sources))),
    ("titles", lambda row: _cell([one.title for one in row.sources])),
    ("urls", lambda row: _cell([one.url for one in row.sources])),
)


def write_csv(rows: Sequence[DealRow]) -> str:
    """Write rows as CSV (RFC 4180) with a head; no cell is a formula."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([name for name, _ in COLUMNS])
    writer.writerows([content(row) for _, content in COLUMNS] for row in rows)
    return written.getvalue()


def safe_cell(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate.

    >>> safe_cell("=cmd|' /C calc'!A0")
    "'=cmd|' /C calc'!A0"
    """
    return _FORMULA.sub(r"\1\2'", one_line(text))


def _cell(parts: Sequence[str]) -> str:
    return SEPARATOR.join(safe_cell(part) for part in parts)


def each(texts: object) -> list[str]:
    """List texts, each once."""
    return list(dict.fromkeys(texts))  # type: ignore[call-overload]


def _figure_cell(figure: Figure) -> str:
    """Write a figure for programs: "up_to 10000000000 USD investment (Nvidia)"."""
    payer = f" ({figure.payer})" if figure.payer else ""
    money = f"{figure.value:f} {figure.currency}"
    return f"{figure.bound} {money} {figure.kind}{payer}"


def utc_text(moment: datetime) -> str:
    """Write a time as RFC 3339 has it, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# --- Atom


def write_atom(rows: Sequence[DealRow], now: datetime, asked: str = "") -> bytes:
    """Write rows as an Atom 1.0 feed (RFC 4287), in the order given.

    Args:
        rows: Newest first.
        now: When an empty feed was updated; a full one was with its last deal.
        asked: The filters in words; feeds of other filters are other feeds.

    Returns:
        UTF-8 XML with its declaration. Ids never change while a deal lives; an
        entry's `updated` is the time of the last article.
    """
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    part = f":{identity('feed', asked)}" if asked else ""
    _add(feed, "id", f"{TAG}:deals{part}")
    _add(feed, "title", "AI-cloud deals")
    if asked:
        _add(feed, "subtitle", asked)
    _add(
        feed, "updated", utc_text(max((row.last_seen_at for row in rows), default=now))
    )
    author = etree.SubElement(feed, f"{{{ATOM}}}author")
    _add(author, "name", "newsbot")
    _add(feed, "generator", "newsbot")
    for row in rows:
        _add_entry(feed, row)
    written: bytes = etree.tostring(
        feed, xml_declaration=True, encoding="UTF-8", pretty_print=True
    )
    return written


def _add_entry(feed: etree._Element, row: DealRow) -> None:
    entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
    names = named([name for name, _ in row.parties], MAX_TITLE)
    _add(entry, "id", f"{TAG}:deal:{row.id}")
    _add(entry, "title", f"{STATUS['en'][row.status]}: {names}")
    _add(entry, "published", utc_text(row.first_seen_at))
    _add(entry, "updated", utc_text(row.last_seen_at))
    urls = each(url for one in row.sources if (url := web_url(one.url)))
    for n, url in enumerate(urls):
        # More than one alternate of a type is not allowed (RFC 4287, 4.1.2).
        _add(entry, "link", rel="related" if n else "alternate", href=url)
    for type_ in row.types:
        _add(entry, "category", term=type_, label=TYPES["en"][type_])
    _add(entry, "content", content_html(row), type="html")


def content_html(row: DealRow) -> str:
    """The facts and the quotes as HTML, before it is escaped once more for XML."""
    facts = [f"{one_line(n)}: {', '.join(roles)}" for n, roles in row.parties]
    for one in row.amounts:
        payer = f", paid by {one_line(one.payer)}" if one.payer else ""
        facts.append(f"{one.kind}: {figure_text(one)}{payer}")
    facts += [format_capacity(value, unit, "en") for value, unit in row.capacity]
    lines = ["<ul>", *(f"<li>{html.escape(fact)}</li>" for fact in facts), "</ul>"]
    for source in row.sources:
        label = html.escape(one_line(f"{source.site}: {source.title}"))
        if url := web_url(source.url):
            label = f'<a href="{html.escape(url)}">{label}</a>'
        quote = html.escape(one_line(source.quote))
        lines.append(f"<blockquote>{quote}</blockquote><p>{label}</p>")
    return "\n".join(lines)


def _add(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str
) -> None:
    child = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    if text is not None:
        child.text = _NO_XML.sub("", text)
    for key, value in attributes.items():
        child.set(key, _NO_XML.sub("", value))
