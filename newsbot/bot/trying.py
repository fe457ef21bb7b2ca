"""/test: what would the line make of this article? Nothing is stored or told.

The page is fetched and the model asked beside the conversation, which goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from newsbot.bot.talk import Talk
from newsbot.errors import ModelMissingError
from newsbot.stages.assess import Judgement
from newsbot.stages.bot_texts import say
from newsbot.stages.compose import compose
from newsbot.stages.identify import rebuilt
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.parse import canonical_url
from newsbot.stages.printable import named, one_line
from newsbot.stages.reasons import said_reason
from newsbot.talking import Reply
from newsbot.trial import Trial
from newsbot.vocabulary import Language

#: Characters of an address.
MAX_URL = 2_000
#: Deals of one article that are shown.
MAX_DEALS = 3


def test(talk: Talk, words: str) -> None:
    """/test: say whether an article tells a deal, and how sure the model is."""
    url = canonical_url(words) if words and len(words) < MAX_URL else None
    if url is None:
        talk.prompt("test how")
        return
    talk.tell("testing", value=url)
    recipient, language, now = talk.asked.recipient, talk.language, talk.now
    store, trial, gazetteer = talk.store, talk.trial, talk.gazetteer

    def work() -> None:
        try:
            texts = list(told(trial(url, now), gazetteer, language, now))
        except ModelMissingError as error:
            texts = [say("test no model", language, value=one_line(str(error), 500))]
        with store.atomic():
            for text in texts:
                store.bot.say(Reply(recipient=recipient, html=text), now)

    talk.job, talk.asks_model = work, True


def told(
    trial: Trial, gazetteer: Gazetteer, language: Language, now: datetime
) -> Iterator[str]:
    """Write what a trial found: one message, and one more for each deal."""
    article = trial.article
    if article is None or trial.reading is None or trial.gate is None:
        yield say("test failed", language, value=one_line(trial.failed, 500))
        return
    names = dict.fromkeys(one.name for one in trial.reading.organisations)
    head = say(
        "test",
        language,
        title=article.title,
        site=article.site,
        told_in=article.language,
        n=len(article.text),
        names=named(list(names), 200, say("and more", language, n="{n}")),
    )
    if trial.judgement is None:
        yield head + say(
            "gate stopped", language, value=said_reason(trial.gate.reason, language)
        )
        return
    yield head + _verdict(trial.judgement, language)
    for finding in trial.judgement.findings[:MAX_DEALS]:
        deal = rebuilt([(finding, article.published_at)], gazetteer)
        yield compose(
            deal,
            {article.id: article},
            kind="new",
            language=language,
            summary=None,
            now=now,
        ).html


def _verdict(judgement: Judgement, language: Language) -> str:
    made = judgement.assessment
    if not judgement.findings:
        over = made.probability >= made.threshold
        key = "test nothing" if over else "test no"
    else:
        key = "test yes"
    return say(
        key,
        language,
        probability=f"{made.probability:.2f}",
        threshold=f"{made.threshold:.2f}",
        n=len(judgement.findings),
    )
