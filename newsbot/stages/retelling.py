"""What a digest tells, in its reader's language, also where no article is in it.

In: what is told, with summaries in the languages of the articles. Out: the same, with
summaries in the reader's language wherever words and verified fields can be told in
it; the others stay as they are. Nothing is translated: it is told anew, and checked.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from newsbot.stages.edition import DealNews, Noticed, Told
from newsbot.stages.edition_page import ROOMS
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import read_article
from newsbot.stages.summarise import about_summary, tell_summary
from newsbot.types import Article, Finding, Summary
from newsbot.vocabulary import Language

#: Of a section that many are in, those that a page can show with a summary.
_MOST = ROOMS[0].full
#: Articles of one deal that are tried, the last news first.
_TRIES = 3


def in_language(told: Told, language: Language, gazetteer: Gazetteer) -> Told:
    """Give what a digest tells its summaries in one language.

    Args:
        told: What it tells.
        language: The reader's.
        gazetteer: Known organisations.
    """
    return replace(
        told,
        new=_deals(told.new, language, gazetteer),
        updates=_deals(told.updates, language, gazetteer),
        talks=_deals(told.talks, language, gazetteer),
        noticed=(
            *(_noticed(one, language, gazetteer) for one in told.noticed[:_MOST]),
            *told.noticed[_MOST:],
        ),
    )


def deal_in_language(
    news: DealNews, language: Language, gazetteer: Gazetteer
) -> DealNews:
    """Give one deal a summary in a language, where it has none in it."""
    if any(one.language == language for one in news.summaries):
        return news
    for kept in news.summaries[:_TRIES]:
        article = news.articles.get(kept.article_id)
        findings = tuple(
            one for one in news.deal.findings if one.article_id == kept.article_id
        )
        if article is None or not findings:
            continue
        told = _retold(article, findings, language, gazetteer)
        if told is not None:
            return replace(news, summaries=(told, *news.summaries))
    return news


def _deals(
    found: tuple[DealNews, ...], language: Language, gazetteer: Gazetteer
) -> tuple[DealNews, ...]:
    shown = (deal_in_language(one, language, gazetteer) for one in found[:_MOST])
    return (*shown, *found[_MOST:])


def _noticed(one: Noticed, language: Language, gazetteer: Gazetteer) -> Noticed:
    if one.summary.language == language:
        return one
    told = _retold(one.article, (), language, gazetteer)
    return one if told is None else replace(one, summary=told)


# Groups of readers with other choices are told much the same.
@lru_cache(maxsize=256)
def _retold(
    article: Article,
    findings: tuple[Finding, ...],
    language: Language,
    gazetteer: Gazetteer,
) -> Summary | None:
    reading = read_article(article, gazetteer)
    # When it is written is shown nowhere; the same is written whenever it is asked.
    at = article.published_at
    if findings:
        return tell_summary(reading, findings, gazetteer, at, language=language)
    return about_summary(reading, gazetteer, at, language=language)
