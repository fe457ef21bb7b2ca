"""`health` and `status`: is the service well, and why did nothing come?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from newsbot.cli.base import Session, write_json

if TYPE_CHECKING:
    from datetime import datetime

    from newsbot.config import Config
    from newsbot.types import Feed
    from newsbot.watching import Facts, Health, Visits

#: Something has to be mended.
UNHEALTHY = 6


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--service", is_flag=True, help="That no service runs is a problem, too.")
@click.pass_obj
def health(session: Session, as_json: bool, service: bool) -> None:
    """Say whether feeds, queue and deliveries are well; exit code 6 if not.

    Reads the database beside a running service, changes nothing, loads no model.
    """
    from newsbot.app import utc_now

    _, found, problems = _look(session.config(), utc_now())
    if service and not found.running:
        problems = ("no service runs on this database", *problems)
    if as_json:
        write_json(
            {
                "ok": not problems,
                "running": found.running,
                "problems": problems,
                "warnings": found.warnings,
            }
        )
    else:
        click.echo("ok" if not problems else "not ok")
        for text in problems:
            click.echo(f"problem: {text}")
        for text in found.warnings:
            click.echo(f"warning: {text}")
        if not found.running:
            click.echo("no service runs", err=True)
    if problems:
        raise click.exceptions.Exit(UNHEALTHY)


def _look(
    config: Config, now: datetime
) -> tuple[Facts | None, Health, tuple[str, ...]]:
    """Look at a ledger that may be missing, or no ledger at all."""
    from newsbot.adapters.lock import service_runs
    from newsbot.errors import StoreError, StoreOutdatedError
    from newsbot.stages.printable import one_line
    from newsbot.upkeep import look
    from newsbot.watching import Health

    path = config.database_path
    running = service_runs(path)
    if not path.parent.is_dir():
        problem = one_line(f"{path}: the folder {path.parent} does not exist", 500)
        return None, Health(running=running, problems=(problem,)), (problem,)
    if not path.exists():
        text = f"there is no database yet at {path}: `newsbot run` makes it"
        found = Health(running=running, warnings=(text,))
        return None, found, ()
    try:
        facts, found = look(config, now)
    except StoreOutdatedError as error:
        return None, Health(running=running, warnings=(one_line(str(error), 500),)), ()
    except StoreError as error:
        problem = one_line(str(error), 500)
        return None, Health(running=running, problems=(problem,)), (problem,)
    return facts, found, tuple(one_line(text, 500) for text in found.problems)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status(session: Session, as_json: bool) -> None:
    """Say when each feed was last seen, what waits, and why nothing came."""
    from newsbot.app import utc_now
    from newsbot.errors import StoreError
    from newsbot.stages.health import reasons

    config = session.config()
    facts, found, problems = _look(config, utc_now())
    if facts is None:
        if problems:
            raise StoreError(problems[0])
        click.echo(found.warnings[0], err=True)
        if as_json:
            write_json({"running": found.running, "database": None})
        return
    lines = reasons(facts, found)
    if as_json:
        write_json(_document(facts, found, lines))
        return
    _print(facts, lines)


def _document(facts: Facts, found: Health, lines: tuple[str, ...]) -> dict[str, Any]:
    from dataclasses import asdict

    from newsbot.stages.printable import without_keys

    return {
        "running": facts.running,
        "feeds": [
            {
                "url": without_keys(one.url),
                "last_polled_at": _iso(one.last_polled_at),
                "next_poll_at": _iso(one.next_poll_at),
                "n_errors": one.n_errors,
                "error": one.error and without_keys(one.error),
            }
            for one in facts.feeds
        ],
        "waiting": {one.stage: one.n for one in facts.waiting},
        "visits": {
            "waiting": facts.visits.n_waiting,
            "next_at": _iso(facts.visits.next_at),
            "asked": facts.visits.n_visits,
            "edited": facts.visits.n_edited,
        },
        "deliveries": {
            "pending": facts.sending.n_pending,
            "sent": facts.sending.n_sent,
            "failed": facts.sending.n_failed,
            "unknown": facts.sending.n_unknown,
            "parked": facts.sending.n_parked,
            "unanswered": facts.sending.n_unanswered,
            "mails_pending": facts.sending.n_mails_pending,
            "mails_sent": facts.sending.n_mails_sent,
            "mails_failed": facts.sending.n_mails_failed,
        },
        "parked": [
            {"channel": one.channel, "recipient": one.recipient, "reason": one.reason}
            for one in facts.parked
        ],
        "last_day": asdict(facts.day),
        "upkeep": {
            one.job: {"done_at": _iso(one.done_at), "error": one.error}
            for one in facts.done
        },
        "why": lines,
        "problems": found.problems,
        "warnings": found.warnings,
    }


def _print(facts: Facts, lines: tuple[str, ...]) -> None:
    from newsbot.stages.health import sending_line
    from newsbot.stages.printable import one_line, without_keys

    click.echo("service: " + ("runs" if facts.running else "does not run"))
    for feed in facts.feeds:
        click.echo(one_line(f"feed: {without_keys(_feed_line(feed))}", 500))
    waiting = ", ".join(f"{one.stage} {one.n}" for one in facts.waiting if one.n)
    click.echo(f"line: {waiting or 'nothing waits'}")
    if line := _visits_line(facts.visits):
        click.echo(f"pages: {line}")
    click.echo(f"messages: {sending_line(facts.sending)}")
    for one in facts.parked:
        text = f"parked: {one.channel} {one.recipient}: {one.reason}"
        click.echo(one_line(text, 500))
    sending = facts.sending
    if sending.n_mails_sent or sending.n_mails_pending or sending.n_mails_failed:
        click.echo(
            f"mails: {sending.n_mails_sent} sent, {sending.n_mails_pending} waiting, "
            f"{sending.n_mails_failed} failed"
        )
    if backup := facts.last("backup"):
        failed = f", failed: {backup.error}" if backup.error else ""
        click.echo(one_line(f"backup: {_minute(backup.done_at)}{failed}", 500))
    click.echo("why:")
    for text in lines:
        click.echo(f"  {one_line(text, 500)}")


def _visits_line(visits: Visits) -> str:
    """Say which pages are asked for again; empty where none was or will be."""
    parts = []
    if visits.n_waiting:
        when = _minute(visits.next_at)
        parts.append(f"{visits.n_waiting} to be asked again, the next {when}")
    if visits.n_visits:
        edited = f"{visits.n_edited} edits found"
        parts.append(f"asked again {visits.n_visits} times, {edited}")
    return "; ".join(parts)


def _feed_line(feed: Feed) -> str:
    seen = _minute(feed.last_polled_at)
    after = feed.courtesy.wait_reason
    next_at = _minute(feed.next_poll_at)
    if feed.error:
        errors = f"{feed.n_errors} errors in a row: {feed.error}"
        return f"{feed.url}: last asked {seen}, next {next_at}; {errors}"
    line = f"{feed.url}: last seen {seen}, next {next_at}"
    return f"{line} ({after})" if after else line


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
