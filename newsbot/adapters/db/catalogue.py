"""A page of the ledger's deals, however many there are.

What SQL can tell is left to it, in the order of the pages and no farther than a page
needs; what it cannot tell (related names, sums in other currencies) it narrows, and
`choose` has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection
from newsbot.errors import StoreError
from newsbot.vocabulary import Bound, DealType, Language, Status

#: As the index `deals_first_seen` has them.
_NEWEST_FIRST = "ORDER BY first_seen_at DESC, id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """What deals must have; what is empty or None asks for nothing."""

    #: For each party that is asked for, the names it may go by in the ledger.
    parties: tuple[tuple[str, ...], ...] = ()
    types: tuple[DealType, ...] = ()
    statuses: tuple[Status, ...] = ()
    #: First seen at or after, and before.
    since: datetime | None = None
    until: datetime | None = None
    languages: tuple[Language, ...] = ()
    words: str | None = None
    #: Dollars that all sums of a deal may come to together, at least, at the rates of
    #: `dollars`: of each currency the most that a unit was ever worth.
    least: float | None = None
    dollars: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page begins: beside this deal, newest first."""

    first_seen_at: datetime
    deal_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealLine:
    """A deal as one line of a list: what can be told without reading an article."""

    id: str
    status: Status
    types: tuple[DealType, ...]
    #: Names of its parties.
    parties: tuple[str, ...]
    #: Value in whole units, ISO 4217 code and bound of all papers' figures, each once,
    #: the oldest article's first.
    sums: tuple[tuple[Decimal, str, Bound], ...]
    first_seen_at: datetime
    #: Sites that tell of it.
    n_sites: int
    withdrawn: bool


class _Figure(msgspec.Struct):
    value: Decimal
    currency: str
    #: One of `Bound`, or a word of another version.
    bound: str


class _Figures(msgspec.Struct):
    """Of a finding its figures alone: all of it, as an object, takes ten times as long.

    Of 1,000 deals it is 34 ms; 54 where SQLite picks them out and `json` reads them.
    """

    amounts: list[_Figure]


#: When an article came, its finding's id, its site, its figures.
_Paper = tuple[str, str, str, tuple[tuple[Decimal, str, str], ...]]
_FIGURES = msgspec.json.Decoder(_Figures)


class CatalogueRows:
    """Which of the `deals`, and page by page."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def names(self) -> list[str]:
        """List the names that a deal may be found by, each once: parties and more."""
        # One jump of the index for each name; DISTINCT would read every row.
        rows = self._connection.rows(
            "WITH RECURSIVE one(party) AS (SELECT min(party) FROM deal_parties "
            "UNION ALL SELECT (SELECT min(party) FROM deal_parties "
            "WHERE party > one.party) FROM one WHERE one.party IS NOT NULL) "
            "SELECT party FROM one WHERE party IS NOT NULL"
        )
        return [str(row["party"]) for row in rows]

    def place(self, deal_id: str) -> Place | None:
        """Find where a deal stands."""
        rows = self._connection.rows(
            "SELECT first_seen_at FROM deals WHERE id = ?", (deal_id,)
        )
        if not rows:
            return None
        at = cells.at_time(str(rows[0]["first_seen_at"]))
        return Place(first_seen_at=at, deal_id=deal_id)

    def told_in(self, languages: Sequence[str]) -> frozenset[str]:
        """List the ids of deals that an article in one of these languages tells."""
        marks = ", ".join("?" for _ in languages)
        rows = self._connection.rows(
            "SELECT DISTINCT deal_id FROM findings JOIN articles "
            "ON articles.id = findings.article_id "
            f"WHERE deal_id IS NOT NULL AND articles.language IN ({marks})",
            tuple(languages),
        )
        return frozenset(str(row["deal_id"]) for row in rows)

    def worded(self, words: str) -> frozenset[str]:
        """List the ids of deals of which one article holds every word."""
        query = cells.words_query(words)
        if not query:
            return frozenset()
        rows = self._connection.rows(
            "SELECT DISTINCT deal_id FROM articles_fts "
            "JOIN articles ON articles.number = articles_fts.rowid "
            "JOIN findings ON findings.article_id = articles.id "
            "WHERE articles_fts MATCH ? AND deal_id IS NOT NULL",
            (query,),
        )
        return frozenset(str(row["deal_id"]) for row in rows)

    def page(
        self,
        narrowed: Narrowed,
        limit: int,
        *,
        after: Place | None = None,
        before: Place | None = None,
    ) -> list[str]:
        """List the ids of deals that may fit.

        Args:
            narrowed: What they must have.
            limit: So many at most.
            after: Only deals behind this one, nearest first: newest first.
            before: Only deals ahead of this one, nearest first: oldest first.
        """
        where, parameters = _cheap(narrowed)
        order = _NEWEST_FIRST
        for place, sign, turned in ((after, "<", ">"), (before, ">", "<")):
            if place is None:
                continue
            at = cells.at_text(place.first_seen_at)
            where.append(
                f"(first_seen_at {sign} ? OR (first_seen_at = ? AND id {turned} ?))"
            )
            parameters += [at, at, place.deal_id]
            if place is before:
                order = "ORDER BY first_seen_at, id DESC"
        dear, more = _dear(narrowed)
        sql = f"SELECT id FROM deals{_joined(where)} {order}"
        if dear:
            # A limit within keeps SQLite from asking what costs before it has sorted:
            # it is asked row by row then, until the page is full.
            sql = f"SELECT id FROM ({sql} LIMIT -1) AS deals{_joined(dear)}"
        rows = self._connection.rows(f"{sql} LIMIT ?", (*parameters, *more, limit))
        return [str(row["id"]) for row in rows]

    def lines(self, narrowed: Narrowed, limit: int | None = None) -> list[DealLine]:
        """List deals as lines, newest first.

        Args:
            narrowed: What they must have; parties, words, languages and sums are for
                `choose` to decide.
            limit: So many at most, the newest; None for all.
        """
        where, parameters = _cheap(narrowed)
        if limit is None:
            return list(self._lines(_joined(where), parameters))
        newest = f"SELECT id FROM deals{_joined(where)} {_NEWEST_FIRST} LIMIT ?"
        return list(self._lines(f" WHERE id IN ({newest})", [*parameters, limit]))

    def ids(self, narrowed: Narrowed) -> list[str]:
        """List the ids of all deals that may fit, whatever their articles say."""
        where, parameters = _cheap(narrowed)
        sql = f"SELECT id FROM deals{_joined(where)} {_NEWEST_FIRST}"
        rows = self._connection.rows(sql, tuple(parameters))
        return [str(row["id"]) for row in rows]

    def these(self, deal_ids: Sequence[str]) -> list[DealLine]:
        """List some deals as lines, newest first."""
        where = " WHERE id IN (SELECT value FROM json_each(?))"
        return list(self._lines(where, [json.dumps(list(deal_ids))]))

    def _lines(self, where: str, parameters: Sequence[object]) -> Iterator[DealLine]:
        told = self._told(where, parameters)
        for row in self._connection.rows(
            f"SELECT * FROM deals{where} {_NEWEST_FIRST}",
            tuple(parameters),
        ):
            deal_id = str(row["id"])
            # Sorted here: SQLite would carry every figure through its sorting.
            papers = sorted(told.get(deal_id, ()))
            sums = dict.fromkeys(figure for paper in papers for figure in paper[3])
            yield DealLine(
                id=deal_id,
                status=row["status"],  # type: ignore[arg-type]  # written by `_write`
                types=tuple(json.loads(str(row["types"]))),
                parties=tuple(name for name, _ in json.loads(str(row["parties"]))),
                sums=tuple(sums),  # type: ignore[arg-type]  # likewise
                first_seen_at=cells.at_time(str(row["first_seen_at"])),
                n_sites=len({site for _, _, site, _ in papers}),
                withdrawn=row["withdrawn_by"] is not None,
            )

    def _told(
        self, where: str, parameters: Sequence[object]
    ) -> dict[str, list[_Paper]]:
        """By deal: when its papers came, their findings' ids, sites and figures."""
        told: dict[str, list[_Paper]] = {}
        read = self._connection.each(
            "SELECT findings.deal_id, findings.id, findings.document, "
            "articles.published_at, articles.site "
            "FROM findings JOIN articles ON articles.id = findings.article_id "
            f"WHERE findings.deal_id IN (SELECT id FROM deals{where})",
            tuple(parameters),
        )
        with closing(read):  # a damaged finding must not leave the others locked
            for deal_id, finding_id, document, published_at, site in read:
                figures = _figures(str(finding_id), str(document))
                paper = str(published_at), str(finding_id), str(site), figures
                told.setdefault(str(deal_id), []).append(paper)
        return told

    def count(self, narrowed: Narrowed) -> int:
        """Count the deals that may fit."""
        where, parameters = _cheap(narrowed)
        dear, more = _dear(narrowed)
        rows = self._connection.rows(
            f"SELECT count(*) AS n FROM deals{_joined([*where, *dear])}",
            (*parameters, *more),
        )
        return int(str(rows[0]["n"]))


def _figures(finding_id: str, document: str) -> tuple[tuple[Decimal, str, str], ...]:
    try:
        amounts = _FIGURES.decode(document).amounts
    except msgspec.MsgspecError as error:
        raise StoreError(f"finding {finding_id}: damaged ({error})") from error
    return tuple((one.value, one.currency, one.bound) for one in amounts)


def _joined(where: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(where)}" if where else ""


def _cheap(narrowed: Narrowed) -> tuple[list[str], list[object]]:
    """The conditions that a row of `deals` or one look-up answers; their parameters."""
    where: list[str] = []
    parameters: list[object] = []

    def add(condition: str, *values: object) -> None:
        where.append(condition)
        parameters.extend(values)

    if narrowed.since is not None:
        add("first_seen_at >= ?", cells.at_text(narrowed.since))
    if narrowed.until is not None:
        add("first_seen_at < ?", cells.at_text(narrowed.until))
    if narrowed.statuses:
        marks = ", ".join("?" for _ in narrowed.statuses)
        add(f"status IN ({marks})", *narrowed.statuses)
    if narrowed.types:
        # A list of names in JSON; no name is part of another with its quotes.
        some = " OR ".join("instr(types, ?)" for _ in narrowed.types)
        add(f"({some})", *(json.dumps(type_) for type_ in narrowed.types))
    for names in narrowed.parties:
        # The index also holds whom a deal's articles were not sure of.
        add(
            "id IN (SELECT deal_id FROM deal_parties "
            "WHERE party IN (SELECT value FROM json_each(?))) "
            "AND EXISTS (SELECT 1 FROM json_each(deals.parties) AS told "
            "WHERE json_extract(told.value, '$[0]') IN "
            "(SELECT value FROM json_each(?)))",
            json.dumps(names),
            json.dumps(names),
        )
    if narrowed.words is not None:
        add(
            "id IN (SELECT deal_id FROM articles_fts "
            "JOIN articles ON articles.number = articles_fts.rowid "
            "JOIN findings ON findings.article_id = articles.id "
            "WHERE articles_fts MATCH ? AND deal_id IS NOT NULL)",
            cells.words_query(narrowed.words),
        )
    return where, parameters


def _dear(narrowed: Narrowed) -> tuple[list[str], list[object]]:
    """The conditions for which a deal's articles or findings are read."""
    where: list[str] = []
    parameters: list[object] = []
    if narrowed.languages:
        marks = ", ".join("?" for _ in narrowed.languages)
        where.append(
            "EXISTS (SELECT 1 FROM findings JOIN articles "
            "ON articles.id = findings.article_id WHERE findings.deal_id = deals.id "
            f"AND articles.language IN ({marks}))"
        )
        parameters += narrowed.languages
    if narrowed.least is not None:
        where.append(
            "(SELECT total(json_extract(amount.value, '$.value') * coalesce("
            "json_extract(?, '$.' || json_extract(amount.value, '$.currency')), 0)) "
            "FROM findings, json_each(findings.document, '$.amounts') AS amount "
            "WHERE findings.deal_id = deals.id) >= ?"
        )
        parameters += [json.dumps(dict(narrowed.dollars or {})), narrowed.least]
    return where, parameters
