"""`invite`, `labels`, `calibrate`: who may talk to the bot, and what they taught it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsbot.cli.base import Session, write_json

if TYPE_CHECKING:
    from newsbot.adapters.db import Store
    from newsbot.stages.calibrate import Quality, Scored


@click.command()
@click.option(
    "--days",
    type=click.IntRange(1, 365),
    default=7,
    show_default=True,
    help="How long it may be used.",
)
@click.pass_obj
def invite(session: Session, days: int) -> None:
    """Print a link that lets one person talk to the bot, once.

    Only a hash of it is kept.
    """
    import secrets

    from newsbot.adapters.telegram.trouble import bot_name
    from newsbot.front_desk import secret_hash
    from newsbot.outlets import bot_token

    app = session.app
    telegram = app.config.telegram
    name = bot_name(bot_token(telegram), telegram.base_url)
    # 192 random bits, in the signs that a link's start parameter takes.
    secret = secrets.token_urlsafe(24)
    now = app.clock()
    app.store.bot.put_invite(secret_hash(secret), now, now + timedelta(days=days))
    if not telegram.takes_commands:
        click.echo("the bot takes no commands yet: set telegram.bot = true", err=True)
    click.echo(f"https://t.me/{name}?start={secret}")


@click.group()
def labels() -> None:
    """What people said of the deals that they were told of."""


@labels.command("export")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file instead of standard output.",
)
@click.pass_obj
def export_labels(session: Session, out: Path | None) -> None:
    """Write the labelled articles as gold, for `newsbot evaluate`.

    Deals that a person merged or split are labelled by that: which articles tell one
    story is the label. Articles of which a deal is not labelled, or disputed, are
    left out.
    """
    from newsbot.adapters.files import write_whole
    from newsbot.evaluation.labels import gold_lines

    store = session.app.store
    verdicts = {**_decided(store), **_verdicts(store)}
    ids = dict.fromkeys(
        finding.article_id
        for deal_id in verdicts
        if (deal := store.ledger.deal(deal_id)) is not None
        for finding in deal.findings
    )
    articles = []
    for article_id in ids:
        article = store.line.article(article_id)
        if article is not None:
            findings = [
                (finding, store.ledger.verdict(finding.id)[0])
                for finding in store.ledger.findings_of(article_id)
            ]
            articles.append((article, findings))
    lines = list(gold_lines(articles, verdicts))
    text = "".join(f"{line}\n" for line in lines)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_whole(out, text.encode("utf-8", "replace"))
    left = len(articles) - len(lines)
    click.echo(
        f"{len(lines)} articles of {len(verdicts)} labelled deals"
        + (f"; {left} left out, as a deal of theirs is not labelled" if left else ""),
        err=True,
    )


@click.command()
@click.option("--apply", "applies", is_flag=True, help="Take the threshold.")
@click.option("--reset", is_flag=True, help="Go back to the model's own threshold.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def calibrate(session: Session, applies: bool, reset: bool, as_json: bool) -> None:
    """Show how people's labels would move the threshold for alerts.

    Nothing changes without --apply. Only what was told can be labelled, so the
    threshold can only rise.
    """
    from newsbot.errors import UserError
    from newsbot.stages import calibrate as room
    from newsbot.types import Calibration

    if applies and reset:
        raise click.UsageError("--apply and --reset exclude each other")
    store = session.app.store
    if reset:
        store.ledger.calibrate(None)
        click.echo("the model's own threshold holds again", err=True)
        return
    scored, assessor, threshold = _scored(store)
    if not room.enough(scored):
        n_deals = sum(one.is_deal for one in scored)
        raise UserError(
            f"{len(scored)} labelled deals ({n_deals} yes, {len(scored) - n_deals} no) "
            f"are too few: {room.MIN_LABELS} are needed, {room.MIN_OF_EACH} of each"
        )
    before, after = room.propose(scored, threshold)
    if as_json:
        figures = {
            "labels": len(scored),
            "assessor": assessor,
            "before": _figures(before),
            "after": _figures(after),
            "applied": applies,
        }
        write_json(figures)
    else:
        click.echo(f"{len(scored)} labelled deals")
        click.echo(_line("now", before))
        click.echo(_line("proposed", after))
    if applies:
        store.ledger.calibrate(
            Calibration(threshold=after.threshold, assessor=assessor)
        )
        click.echo("taken: the next articles are held to it", err=True)
    elif after.threshold > before.threshold:
        click.echo("`newsbot calibrate --apply` takes it", err=True)


def _verdicts(store: Store) -> dict[str, bool]:
    from newsbot.stages.calibrate import settled

    return settled((one.deal_id, one.kind) for one in store.labels.all())


def _decided(store: Store) -> dict[str, bool]:
    """The deals that persons have merged or split, but for disputed ones.

    Who says which articles tell one deal says that they tell one.
    """
    said = {one.deal_id for one in store.labels.all()}
    told = dict.fromkeys(
        store.ledger.verdict(finding_id)[0]
        for one in store.ledger.decisions()
        for finding_id in (one.finding_id, one.other_id)
    )
    return {deal_id: True for deal_id in told if deal_id and deal_id not in said}


def _scored(store: Store) -> tuple[list[Scored], str, float]:
    """Score the labelled deals by the judge that assessed most lately.

    Another judge's probabilities mean something else.
    """
    from newsbot.stages.calibrate import Scored

    found = []
    for deal_id, is_deal in _verdicts(store).items():
        deal = store.ledger.deal(deal_id)
        for finding in deal.findings if deal else ():
            judged = store.ledger.assessment(finding.article_id)
            if judged is not None:
                found.append((deal_id, is_deal, judged[0]))
    if not found:
        return [], "", 0.0
    last = max((one for _, _, one in found), key=lambda one: one.assessed_at)
    best: dict[str, Scored] = {}
    thresholds = []
    for deal_id, is_deal, assessment in found:
        if assessment.assessor != last.assessor:
            continue
        thresholds.append(assessment.threshold)
        there = best.get(deal_id)
        if there is None or assessment.probability > there.probability:
            best[deal_id] = Scored(probability=assessment.probability, is_deal=is_deal)
    # The judge's own is the lowest: a calibrated one lies above it.
    return list(best.values()), last.assessor, min(thresholds)


def _figures(one: Quality) -> dict[str, float]:
    return {
        "threshold": one.threshold,
        "precision": round(one.precision, 4),
        "recall": round(one.recall, 4),
    }


def _line(name: str, one: Quality) -> str:
    return (
        f"{name:<9} threshold {one.threshold:.3f}  "
        f"precision {one.precision:.3f}  recall {one.recall:.3f}"
    )
