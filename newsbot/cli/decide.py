"""`merge`, `split`: what a person knows better. No later paper undoes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Literal

import click

from newsbot.cli.base import Session

if TYPE_CHECKING:
    from newsbot.adapters.db import Store
    from newsbot.types import Deal, Finding


@click.command()
@click.argument("first")
@click.argument("second")
@click.pass_obj
def merge(session: Session, first: str, second: str) -> None:
    """Make one deal of FIRST and SECOND.

    Ids may be shortened. The deal seen first keeps its id, and the other's still
    finds it. Where both were told, a reply to the later message says so.
    """
    from newsbot.alerts import correct_merged
    from newsbot.errors import UserError
    from newsbot.stages.identify import united

    app = session.app
    one, other = _deal(app.store, first), _deal(app.store, second)
    if one.id == other.id:
        raise UserError(f"{first!r} and {second!r} are the same deal already: {one.id}")
    whole = united(one, other, app.gazetteer)
    gone = other.id if whole.id == one.id else one.id
    with app.store.atomic():
        _decide(app.store, "same", one.findings, other.findings, app.clock())
        app.store.ledger.absorb([gone], whole.id, app.clock())
        app.store.ledger.rewrite(whole)
        correct_merged(app.store, whole, app.clock())
    click.echo(f"{gone} is now part of {whole.id}")


@click.command()
@click.argument("id_", metavar="ID")
@click.argument("findings", nargs=-1, required=True)
@click.pass_obj
def split(session: Session, id_: str, findings: tuple[str, ...]) -> None:
    """Take FINDINGS out of deal ID and make another deal of them.

    `newsbot show ID` lists the findings; ids may be shortened. Where the deal
    was told, a reply to its message says so.
    """
    from newsbot.alerts import correct_split
    from newsbot.errors import UserError
    from newsbot.types import identity

    app = session.app
    deal = _deal(app.store, id_)
    moved = {finding.id: finding for f in findings for finding in [_one(deal, f)]}
    kept = [finding for finding in deal.findings if finding.id not in moved]
    if not kept:
        raise UserError(f"deal {deal.id} has no other findings: nothing to split")
    rest = _rebuilt(session, kept)
    other = _rebuilt(session, list(moved.values()))
    rest = replace(rest, id=deal.id)
    if app.store.ledger.deal(other.id) is not None:
        # The first finding, which gave the deal its id, is what was moved.
        other = replace(other, id=identity("deal", other.id, *sorted(moved)))
    with app.store.atomic():
        _decide(app.store, "apart", kept, list(moved.values()), app.clock())
        app.store.ledger.part(rest, other, app.clock())
        correct_split(app.store, rest, other, app.clock())
    click.echo(f"{len(moved)} of {len(deal.findings)} findings are now deal {other.id}")


def _deal(store: Store, prefix: str) -> Deal:
    from newsbot.errors import UserError

    asked = prefix.strip().lower()
    ids = {full for kind, full in store.ledger.find_ids(asked) if kind == "deal"}
    if not ids or not asked:
        raise UserError(f"no deal {prefix!r}; `newsbot deals` lists them")
    if len(ids) > 1:
        raise UserError(f"{prefix!r} is not unique: {', '.join(sorted(ids)[:5])}")
    deal = store.ledger.deal(ids.pop())
    assert deal is not None
    return deal


def _one(deal: Deal, prefix: str) -> Finding:
    from newsbot.errors import UserError

    asked = prefix.strip().lower()
    found = [f for f in deal.findings if asked and f.id.startswith(asked)]
    if not found:
        raise UserError(
            f"deal {deal.id} has no finding {prefix!r}; "
            f"`newsbot show {deal.id}` lists them"
        )
    if len(found) > 1:
        raise UserError(f"{prefix!r} is not unique among the findings of {deal.id}")
    return found[0]


def _rebuilt(session: Session, findings: Sequence[Finding]) -> Deal:
    from newsbot.stages.identify import rebuilt

    articles = [session.app.store.line.article(f.article_id) for f in findings]
    told = [
        (finding, article.published_at)
        for finding, article in zip(findings, articles, strict=True)
        if article is not None
    ]
    return rebuilt(told, session.app.gazetteer)


def _decide(
    store: Store,
    kind: Literal["same", "apart"],
    ones: Sequence[Finding],
    others: Sequence[Finding],
    now: datetime,
) -> None:
    from newsbot.types import Decision

    for one, other in product(ones, others):
        store.ledger.decide(
            Decision(kind=kind, finding_id=one.id, other_id=other.id, decided_at=now)
        )
