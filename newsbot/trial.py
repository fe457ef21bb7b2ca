"""What would the line make of this page? Tried from end to end; nothing is kept.

In: an address. Out: what the fetcher, the rules and the model say of it, as the line
would ask them: robots.txt first, hostile documents where they do no harm, the gate
before the model, which takes its turn with the line's own batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsbot.errors import StageError
from newsbot.pages import page_of
from newsbot.pipeline import Parts
from newsbot.robots import ask_page
from newsbot.stages.assess import Judgement
from newsbot.stages.calibrate import held_to
from newsbot.stages.extract import Skipped, extract
from newsbot.stages.gate import Gated
from newsbot.stages.reading import Reading, read_article
from newsbot.stages.sifting import sift
from newsbot.turns import in_turn
from newsbot.types import Article, Entry, identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How far a page would come, and what would be found in it."""

    #: Why there is no article; empty where there is one.
    failed: str = ""
    article: Article | None = None
    reading: Reading | None = None
    gate: Gated | None = None
    #: None where the gate keeps the article from the model.
    judgement: Judgement | None = None


def try_page(parts: Parts, url: str, now: datetime) -> Trial:
    """Try a page.

    Args:
        parts: Of the line.
        url: An http or https address.
        now: The time, aware UTC.

    Raises:
        ModelMissingError: There is no model to ask.
    """
    entry = Entry(
        id=identity("entry", url),
        feed_id=None,
        url=url,
        title="",
        summary="",
        published_at=None,
        first_seen_at=now,
        origin="archive",
        may_alert=False,
    )
    found = _article(parts, entry, now)
    if not isinstance(found, Article):
        return Trial(failed=found)
    reading = read_article(found, parts.gazetteer)
    decision = sift(found, parts.gazetteer)
    if not decision.passed:
        return Trial(article=found, reading=reading, gate=decision)
    (made,) = parts.judge().judge([reading], now)
    judgement = held_to(made, parts.store.ledger.calibration())
    return Trial(article=found, reading=reading, gate=decision, judgement=judgement)


def _article(parts: Parts, entry: Entry, now: datetime) -> Article | str:
    """Fetch and read a page; else why there is nothing to read."""
    try:
        answer, withheld = in_turn(
            entry.url,
            lambda url: ask_page(url, parts.fetcher, parts.permission, now),
            parts.hosts,
        )
        if withheld is not None:
            return f"not read: {withheld}"
        page = page_of(entry, answer, now)
        found = parts.parsing.run(extract, page, entry, now)
    except StageError as error:
        return str(error)
    return found.reason if isinstance(found, Skipped) else found
