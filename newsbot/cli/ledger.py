"""`show`, `search`: what the ledger knows."""

from __future__ import annotations

from typing import Any

import click

from newsbot.cli.base import Session, write_json


@click.command()
@click.argument("id_", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(session: Session, id_: str, as_json: bool) -> None:
    """Show a deal or an article with every quote, and why.

    ID may be shortened as long as it stays unique.
    """
    from newsbot.cli.views import article_view, shown_deal
    from newsbot.errors import UserError

    store = session.store
    found = store.ledger.find_ids(id_.strip().lower())
    if not found:
        raise UserError(f"no deal or article {id_!r}; `newsbot deals` lists them")
    if len(found) > 1:
        listed = ", ".join(f"{kind} {full}" for kind, full in found[:5])
        raise UserError(f"{id_!r} is not unique: {listed}")
    kind, full = found[0]
    if kind == "deal":
        deal = store.ledger.deal(full)
        assert deal is not None
        view = shown_deal(deal, store)
    else:
        article = store.line.article(full)
        assert article is not None
        view = article_view(article, store)
    if as_json:
        write_json(view)
    elif kind == "deal":
        _print_deal(view)
    else:
        _print_article(view)


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="Articles printed at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def search(session: Session, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find articles that hold every word of WORDS, best first."""
    found = session.store.line.search(" ".join(words), limit)
    if as_json:
        write_json(
            [
                {
                    "id": article.id,
                    "url": article.url,
                    "source": article.site,
                    "title": article.title,
                    "language": article.language,
                    "published": article.published_at.isoformat(),
                }
                for article in found
            ]
        )
        return
    for article in found:
        day = article.published_at.date().isoformat()
        click.echo(f"{article.id}  {day}  {article.site}: {article.title}")
        click.echo(f"{'':16}  {article.url}")
    if not found:
        click.echo("nothing found", err=True)


def _sums(deal: dict[str, Any]) -> list[str]:
    """Each sum as it is stated: bound, kind, payer, and who states it."""
    lines = []
    for amount in deal["amounts"]:
        parts = [_sum(amount), amount["kind"]]
        if amount["payer"]:
            parts.append(f"paid by {amount['payer']}")
        papers = f" ({', '.join(amount['sources'])})" if amount["sources"] else ""
        lines.append(f"{', '.join(parts)}{papers}")
    return lines


def _sum(amount: dict[str, Any]) -> str:
    from decimal import Decimal

    from newsbot.stages.amounts import format_money
    from newsbot.stages.wording import BOUNDS

    value = format_money(Decimal(str(amount["value"])), amount["currency"], "en")
    return f"{BOUNDS['en'][amount['bound']]}{value}"


def _print_deal(view: dict[str, Any]) -> None:
    click.echo(f"deal {view['id']}: {view['status']}, {', '.join(view['types'])}")
    for party in view["parties"]:
        click.echo(f"  {party['name']}: {', '.join(party['roles'])}")
    for line in _sums(view):
        click.echo(f"  sum: {line}")
    for one in view["differences"]:
        figures = [f"{_sum(figure)} ({figure['source']})" for figure in one["figures"]]
        click.echo(f"  figures differ, {one['kind']}: {' / '.join(figures)}")
    for item in view["capacity"]:
        click.echo(f"  capacity: {item['value']} {item['unit']}")
    click.echo(f"  first seen {view['first_seen']}, last seen {view['last_seen']}")
    history = [f"{one['status']} {one['since'][:10]}" for one in view["history"]]
    if history:
        click.echo(f"  history: {', '.join(history)}")
    for one in view["decisions"]:
        said = "one deal" if one["kind"] == "same" else "two deals"
        pair = " and ".join(one["findings"])
        click.echo(f"  a person decided {one['decided'][:10]}: {pair} are {said}")
    if "withdrawn_by" in view:
        click.echo(
            f"  withdrawn by {view['withdrawn_by']}; no other source tells of it"
        )
    for finding in view["findings"]:
        _print_finding(finding)
    for finding in view.get("earlier_findings", ()):
        _print_finding(finding, earlier=True)


def _print_finding(finding: dict[str, Any], *, earlier: bool = False) -> None:
    click.echo("")
    if earlier:
        click.echo(f"as of the earlier version, replaced {finding['replaced']}:")
    click.echo(f"{finding['source']}, {finding['published']}: {finding['title']}")
    click.echo(f"  {finding['url']}")
    click.echo(f"  finding {finding['id']}")
    verdict = finding["verdict"] or "not yet identified"
    click.echo(f"  {finding['status']}; {verdict}: {finding['reason']}")
    quotes: dict[str, list[str]] = {}
    for span in finding["spans"]:
        quotes.setdefault(" ".join(span["quote"].split()), []).append(span["field"])
    named = {
        f"parties.{n}": party["name"] for n, party in enumerate(finding["parties"])
    }
    named |= {f"amounts.{n}": _sum(item) for n, item in enumerate(finding["amounts"])}
    for quote, fields in quotes.items():
        about = ", ".join(named.get(field, field) for field in fields)
        click.echo(f"  > {quote}")
        click.echo(f"    ({about})")
    for item in finding["dropped"]:
        click.echo(f"  dropped {item['claim']}: {item['reason']}")


def _print_article(view: dict[str, Any]) -> None:
    click.echo(f"article {view['id']}: {view['title']}")
    click.echo(f"  {view['source']}, {view['published']}, {view['language']}")
    click.echo(f"  {view['url']}")
    if view["text_origin"] == "summary":
        click.echo("  no full text: the feed's summary stands in")
    for one in view["versions"]:
        newer = "this" if one["replaced_by"] == view["id"] else one["replaced_by"]
        click.echo(f"  version {one['id']}, replaced {one['replaced']} by {newer}")
    reason = f" ({view['reason']})" if view["reason"] else ""
    click.echo(f"  state: {view['state']}{reason}")
    if judged := view["assessment"]:
        verdict = "a deal" if judged["is_deal"] else "no deal"
        click.echo(
            f"  {verdict}: probability {judged['probability']:.2f}, "
            f"threshold {judged['threshold']:.2f}"
        )
        click.echo(f"  words: {', '.join(judged['words'])}")
        click.echo(f"  judged by {judged['assessor']}")
        for item in judged["dropped"]:
            click.echo(f"  dropped {item['claim']}: {item['reason']}")
    if view["summary"]:
        click.echo(f"  summary: {view['summary']}")
    for finding in view["findings"]:
        _print_finding(finding)
