"""Commands that read the ledger, and change nothing."""

from __future__ import annotations

import html
from dataclasses import replace

from newsbot.bot.settings import subscribe
from newsbot.bot.showing import (
    MAX_LISTED,
    alert_of,
    deal_buttons,
    deal_row,
    offer_deals,
)
from newsbot.bot.talk import BUTTONS, CHANNEL, MANAGER_BUTTONS, Talk
from newsbot.stages.bot_help import COMMANDS, MANAGER_COMMANDS, help_lines
from newsbot.stages.bot_texts import literal
from newsbot.stages.export import deal_row as export_row
from newsbot.stages.export import write_csv
from newsbot.stages.filters import read_moment
from newsbot.stages.lines import web_url
from newsbot.stages.printable import named
from newsbot.stages.rates import load_rates
from newsbot.stages.reasons import said_reason
from newsbot.stages.typed import read_span
from newsbot.stages.wording import PLACES
from newsbot.talking import Reply
from newsbot.types import Assessment, Deal

#: Articles that a search shows.
N_FOUND = 10
#: Characters of a search; nobody types longer ones.
MAX_SEARCH = 300
#: Articles that tell why, and sources, in one message.
MAX_TOLD = 8
#: Characters of one quote.
MAX_QUOTE = 300
#: Bytes of a document: Telegram takes 50 MB (https://core.telegram.org/bots/api).
MAX_DOCUMENT = 45_000_000


def start(talk: Talk, _words: str) -> None:
    """/start: greet; a private chat is subscribed by it."""
    talk.tell("welcome")
    there = talk.subscription
    if there is not None and not there.paused:
        # Who blocked the bot, or threw it out, and has it back gets what waits.
        talk.store.outbox.unpark(CHANNEL, talk.target, talk.now)
    if talk.asked.chat_kind == "private":
        if there is None or there.paused:
            subscribe(talk, "")
        else:
            talk.tell("already")
    talk.tell("commands")


def help_(talk: Talk, _words: str) -> None:
    """/help: the commands."""
    shown = [one for one in COMMANDS if one not in MANAGER_COMMANDS or talk.is_manager]
    rows = (*BUTTONS, MANAGER_BUTTONS) if talk.is_manager else BUTTONS
    keyboard = tuple(
        tuple(talk.button(f"/{name}", name, "") for name in row) for row in rows
    )
    talk.reply(help_lines(tuple(shown), talk.language), keyboard)


def deals(talk: Talk, words: str) -> None:
    """/deals: the latest deals, or those of a while."""
    since = None
    if words:
        since = read_moment(words, talk.now)
        if since is None and (span := read_span(words)) is not None:
            since = talk.now - span
        if since is None:
            talk.tell("deals bad")
            return
    ledger = talk.store.ledger
    found, n = ledger.latest(MAX_LISTED, since), ledger.count(since)
    choices = talk.choices("deals", "24h", "7d", "30d")
    if not found:
        talk.reply(talk.say("deals none"), choices)
        return
    lines = [talk.say("deals", n=n)]
    lines += [deal_row(deal, talk.language) for deal in found]
    if n > len(found):
        lines.append(talk.say("more", n=n - len(found)))
    talk.reply("\n".join(lines), choices)


def deal(talk: Talk, words: str) -> None:
    """/deal: one deal as its alert says it today."""
    if not words:
        offer_deals(talk, "deal which", "deal")
    elif found := find_deal(talk, words):
        talk.reply(alert_of(talk, found).html, deal_buttons(found, talk.language))


def find_deal(talk: Talk, words: str) -> Deal | None:
    """Find a deal by the beginning of its id, or say why not."""
    asked = words.strip().lower()
    ledger = talk.store.ledger
    exact = ledger.deal(asked) if asked else None
    if exact is not None:
        return exact
    listed = ledger.find_ids(asked[:64]) if asked else []
    ids = {full for kind, full in listed if kind == "deal"}
    if len(ids) > 1:
        talk.tell("deal ambiguous", value=words)
        return None
    found = ledger.deal(ids.pop()) if ids else None
    if found is None:
        talk.tell("deal bad", value=words)
    return found


def search(talk: Talk, words: str) -> None:
    """/search: articles that hold every word; operators and quotes are text."""
    if not words:
        talk.prompt("search how")
        return
    if len(words) > MAX_SEARCH:
        talk.tell("search long")
        return
    found = talk.store.line.search(words, N_FOUND)
    if not found:
        talk.tell("search none")
        return
    lines = [talk.say("found", n=len(found))]
    for article in found:
        title = literal(article.title, 160)
        if url := web_url(article.url):
            title = f'<a href="{html.escape(url)}">{title}</a>'
        day = article.published_at.date().isoformat()
        lines.append(f"{day} {literal(article.site, 60)}: {title}")
        for finding in talk.store.ledger.findings_of(article.id):
            deal_id, _, _ = talk.store.ledger.verdict(finding.id)
            if deal_id:
                lines.append(f"/deal_{literal(deal_id)}")
    talk.reply_lines(lines)


def why(talk: Talk, words: str) -> None:
    """/why: what made a deal of it, article by article; or why an article is none."""
    if not words:
        offer_deals(talk, "why which", "why")
        return
    if _why_article(talk, words.strip().lower()):
        return
    found = find_deal(talk, words)
    if found is None:
        return
    articles = talk.articles(found)
    lines = [talk.say("why", value=found.id)]
    for finding in found.findings[:MAX_TOLD]:
        article = articles.get(finding.article_id)
        judged = talk.store.ledger.assessment(finding.article_id)
        if article is None or judged is None:
            continue
        assessment, _ = judged
        lines.append(_judged(talk, article.site, assessment))
        _, _, reason = talk.store.ledger.verdict(finding.id)
        if reason:
            lines.append(
                talk.say("why reason", value=said_reason(reason, talk.language))
            )
        span = finding.status_quote
        quote = literal(article.full_text[span.start : span.end], MAX_QUOTE)
        lines.append(f"<blockquote>{quote}</blockquote>" if quote else "")
    if more := len(found.findings[MAX_TOLD:]):
        lines.append(talk.say("more", n=more))
    talk.reply_lines(filter(None, lines))


def _why_article(talk: Talk, asked: str) -> bool:
    """Say what became of an article; false where no single one begins so."""
    listed = talk.store.ledger.find_ids(asked[:64]) if asked else []
    if [kind for kind, _ in listed] != ["article"]:
        return False
    article = talk.store.line.article(listed[0][1])
    if article is None:
        return False
    state, reason, _ = talk.store.line.state(article.entry_id)
    lines = [
        talk.say(
            "why article",
            title=article.title,
            site=article.site,
            state=PLACES[talk.language].get(state, state),
            reason=said_reason(reason or "", talk.language),
        )
    ]
    if judged := talk.store.ledger.assessment(article.id):
        lines.append(_judged(talk, article.site, judged[0]))
    talk.reply_lines(lines)
    return True


def _judged(talk: Talk, site: str, assessment: Assessment) -> str:
    return talk.say(
        "why judged",
        site=site,
        p=f"{assessment.probability:.2f}",
        t=f"{assessment.threshold:.2f}",
        words=", ".join(assessment.words[:8]),
    )


def why_short(talk: Talk, deal: Deal) -> str:
    """Say in one line how sure the judge was of the paper that it was surest of."""
    judged = [talk.store.ledger.assessment(one.article_id) for one in deal.findings]
    made = [one[0] for one in judged if one is not None]
    if not made:
        return ""
    surest = max(made, key=lambda one: one.probability)
    return talk.say(
        "why short",
        p=f"{surest.probability:.2f}",
        t=f"{surest.threshold:.2f}",
        words=", ".join(surest.words[:8]),
    )


def sources_short(talk: Talk, deal: Deal) -> str:
    """Name in one line who tells of a deal."""
    articles = talk.articles(deal).values()
    names = dict.fromkeys(f"{one.site} ({one.language.upper()})" for one in articles)
    more = talk.say("and more", n="{n}")
    return talk.say("sources short", names=named(list(names), 150, more))


def sources(talk: Talk, words: str) -> None:
    """The sources button: who tells of a deal, with links."""
    found = find_deal(talk, words)
    if found is None:
        return
    articles = list(talk.articles(found).values())
    lines = [talk.say("sources", value=found.id)]
    for article in articles[:MAX_TOLD]:
        title = literal(article.title, 160)
        if url := web_url(article.url):
            title = f'<a href="{html.escape(url)}">{title}</a>'
        site = literal(article.site, 60)
        lines.append(f"• {site} ({literal(article.language.upper())}): {title}")
    if more := len(articles[MAX_TOLD:]):
        lines.append(talk.say("more", n=more))
    talk.reply_lines(lines)


def export(talk: Talk, _words: str) -> None:
    """/export: the ledger as a CSV document; written after this turn."""
    # Not in the turn's transaction: a large ledger would hold up the line.
    recipient, language = talk.asked.recipient, talk.language
    turn = replace(talk, replies=[])

    def write() -> None:
        rates, related = load_rates(), turn.gazetteer.related
        rows = [
            export_row(one, turn.articles(one), rates, related)
            for one in turn.store.ledger.deals()
        ]
        n, written = len(rows), write_csv(rows)
        while len(written.encode("utf-8", "replace")) > MAX_DOCUMENT:
            rows = rows[: len(rows) // 2]
            written = write_csv(rows)
        key = "export" if len(rows) == n else "export part"
        document = Reply(
            recipient=recipient,
            kind="document",
            html=turn.say(key, n=len(rows), all=n),
            document=written,
            file_name=f"newsbot-{turn.now.date().isoformat()}-{language}.csv",
        )
        turn.store.bot.say(document, turn.now)

    talk.job = write
