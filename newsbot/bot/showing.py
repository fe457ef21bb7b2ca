"""How deals and filters look in a chat."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from newsbot.bot.talk import Rows, Talk
from newsbot.stages.amounts import format_money
from newsbot.stages.bot_texts import literal, say
from newsbot.stages.compose import compose
from newsbot.stages.printable import named, one_line
from newsbot.stages.rates import load_rates
from newsbot.stages.subscriptions import fits
from newsbot.stages.typed import write_filters
from newsbot.stages.wording import STATUS
from newsbot.talking import Button, Filters
from newsbot.types import Alert, Deal
from newsbot.vocabulary import Language

#: Deals that a list shows; more are counted.
MAX_LISTED = 10
#: Deals of the last 30 days that a filter is tried on, the newest.
MAX_TRIED = 300
#: Those that it would have let through and that are shown.
MAX_EXAMPLES = 5
#: Deals that are offered as buttons, and characters of a button's words.
MAX_OFFERED = 5
MAX_LABEL = 40
TRIED_DAYS = timedelta(days=30)
_LABELS: dict[Language, tuple[str, str, str, str, str]] = {
    "en": ("Deal", "Not a deal", "Duplicate", "Why?", "Sources"),
    "de": ("Deal", "Kein Deal", "Doppelt", "Warum?", "Quellen"),
}


def alert_of(talk: Talk, deal: Deal) -> Alert:
    """Write a deal as its alert says it today."""
    first = deal.findings[0].article_id if deal.findings else ""
    return compose(
        deal,
        talk.articles(deal),
        kind="new",
        language=talk.language,
        summary=talk.store.ledger.summary(first),
        now=talk.now,
    )


def deal_buttons(deal: Deal, language: Language) -> Rows:
    """Make the buttons below a deal."""
    yes, no, dup, why, src = _LABELS[language]
    return (
        (
            Button(label=yes, data=f"fb:yes:{deal.id}"),
            Button(label=no, data=f"fb:no:{deal.id}"),
            Button(label=dup, data=f"fb:dup:{deal.id}"),
        ),
        (
            Button(label=why, data=f"why:{deal.id}"),
            Button(label=src, data=f"src:{deal.id}"),
        ),
    )


def deal_line(text: str) -> str:
    """Make a name literal."""
    return literal(text, 120)


def deal_row(deal: Deal, language: Language) -> str:
    """Write a deal on one line, with the command that shows all of it."""
    more = say("and more", language, n="{n}")
    names = named([name for name, _ in deal.parties], 70, more)
    largest: tuple[Decimal, str] | None = None
    for finding in deal.findings:
        for amount in finding.amounts:
            if largest is None or amount.value > largest[0]:
                largest = (amount.value, amount.currency)
    money = f", {format_money(*largest, language)}" if largest else ""
    day = deal.first_seen_at.date().isoformat()
    status = STATUS[language][deal.status]
    line = literal(f"{status}: {names}{money}", 200)
    return f"{day} {line}\n/deal_{literal(deal.id)}"


def offer_deals(talk: Talk, question: str, command: str) -> None:
    """Ask which deal is meant; the latest ones are buttons."""
    found = talk.store.ledger.latest(MAX_OFFERED)
    if not found:
        talk.tell("deals none")
        return
    rows = tuple(
        (talk.button(_label(deal, talk.language), command, deal.id),) for deal in found
    )
    talk.reply(talk.say(question), rows)


def _label(deal: Deal, language: Language) -> str:
    more = say("and more", language, n="{n}")
    names = named([name for name, _ in deal.parties], MAX_LABEL - 15, more)
    return one_line(f"{STATUS[language][deal.status]}: {names}", MAX_LABEL)


def filter_report(talk: Talk, filters: Filters) -> str:
    """Say what a filter is, and what it would have let through lately."""
    ledger, since = talk.store.ledger, talk.now - TRIED_DAYS
    deals, n_all = ledger.latest(MAX_TRIED, since), ledger.count(since)
    fitting = [deal for deal in deals if _fits(talk, filters, deal)]
    written = write_filters(filters)
    head = talk.say("filter", value=written) if written else talk.say("filter none")
    key = "filter would" if n_all == len(deals) else "filter would newest"
    parts = [head, talk.say(key, n=len(deals), all=n_all, fit=len(fitting))]
    parts += [deal_row(deal, talk.language) for deal in fitting[:MAX_EXAMPLES]]
    if more := len(fitting[MAX_EXAMPLES:]):
        parts.append(talk.say("more", n=more))
    parts.append(talk.say("filter how"))
    return "\n".join(parts)


def _fits(talk: Talk, filters: Filters, deal: Deal) -> bool:
    """Try a filter; articles, which take longest to read, only where they matter."""
    bare = replace(filters, languages=(), words=(), without=())
    parts = [bare] if bare == filters else [bare, filters]
    return all(
        fits(
            part,
            deal,
            {} if part is bare else talk.articles(deal),
            gazetteer=talk.gazetteer,
            rates=load_rates(),
        )
        for part in parts
    )
