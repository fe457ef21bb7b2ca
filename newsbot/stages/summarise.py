"""An article, shorter, in its own language: tell or ask, check against the text.

In: a reading of an article, and what was found in it.
Out: two or three sentences. A deal is told from its verified fields; what any other
article is about is told from what words prove, or a model writes it, where there is
one. Where the check finds too little supported, a sentence of the article's own stands
in, in quotation marks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from newsbot.errors import ModelOutputError
from newsbot.ports import Limits, TextModel, TextRequest
from newsbot.prompts import Prompt, fenced
from newsbot.stages.about_telling import tell_about
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.quoting import is_quoted
from newsbot.stages.reading import Reading
from newsbot.stages.sentences import Sentence, split_sentences
from newsbot.stages.summary_check import check_summary
from newsbot.stages.telling import Style, tell
from newsbot.types import Finding, Summary, SummarySentence
from newsbot.vocabulary import Language

#: Sentences of a summary.
MAX_SENTENCES = 3
#: Sentences that are no summary yet; one of the article's own then follows.
MIN_SENTENCES = 2
#: Words a sentence needs to say something; "Duisburg." is a dateline.
MIN_WORDS = 6
#: Tokens a model may write: three long German sentences.
MAX_TOKENS = 160
#: Ways to tell a deal, the best first: the first one that the article supports and
#: that is no sentence of its own is taken.
STYLES = tuple(
    Style(hedged=hedged, inline=inline, merged=merged)
    for hedged in (False, True)
    for merged in (False, True)
    for inline in (True, False)
)
_COMPLETE = re.compile(r"[.!?…][\"'”“’»«›‹)\]]*$")
_LANGUAGE_NAMES = {"de": "German", "en": "English"}


_SAYS: dict[Language, tuple[str, str]] = {
    "de": ("Der Artikel beginnt so: „", "“"),
    "en": ("The article begins: “", "”"),
}


class QuotingSummariser:
    """Tells deals from their fields, and of the rest what it is about; quotes else."""

    def __init__(self, gazetteer: Gazetteer):
        self._gazetteer = gazetteer

    def summarise(
        self,
        readings: Sequence[Reading],
        findings: Sequence[Sequence[Finding]],
        now: datetime,
    ) -> list[Summary]:
        """Summarise each article of a batch."""
        return [
            tell_summary(reading, found, self._gazetteer, now)
            or _without_model(reading, found, self._gazetteer, now)
            for reading, found in zip(readings, findings, strict=True)
        ]


class ModelSummariser:
    """Tells deals, too; of the rest a model that follows instructions writes."""

    def __init__(self, model: TextModel, prompt: Prompt, gazetteer: Gazetteer):
        self._model = model
        self._prompt = prompt
        self._gazetteer = gazetteer

    def summarise(
        self,
        readings: Sequence[Reading],
        findings: Sequence[Sequence[Finding]],
        now: datetime,
    ) -> list[Summary]:
        """Write one summary per article; told by rules where the check fails.

        A deal is told without the model, which is asked for the others only.
        """
        told = [
            tell_summary(reading, found, self._gazetteer, now)
            for reading, found in zip(readings, findings, strict=True)
        ]
        asked = [n for n, summary in enumerate(told) if summary is None]
        answers = self._answers([self._ask(readings[n]) for n in asked])
        for n, answer in zip(asked, answers, strict=True):
            told[n] = self._read(answer, readings[n], findings[n], now)
        return [summary for summary in told if summary is not None]

    def _answers(self, requests: Sequence[TextRequest]) -> list[str]:
        """Ask all at once, else one by one: one bad article must not cost the rest."""
        try:
            return [answer.text for answer in self._model.generate(requests)]
        except ModelOutputError:
            if len(requests) < 2:
                return [""] * len(requests)
            return [text for one in requests for text in self._answers([one])]

    def _ask(self, reading: Reading) -> TextRequest:
        language = _LANGUAGE_NAMES[reading.article.language]
        text = self._prompt.fill(
            {"article": fenced(reading.article.full_text), "language": language}
        )
        return TextRequest(
            instruction=self._prompt.instruction,
            text=text,
            limits=Limits(max_tokens=MAX_TOKENS, stop=("\n\n", "~~~")),
        )

    def _read(
        self,
        answer: str,
        reading: Reading,
        findings: Sequence[Finding],
        now: datetime,
    ) -> Summary:
        text = " ".join(answer.split())
        sentences = [text[s.start : s.end] for s in split_sentences(text)]
        if sentences and not _COMPLETE.search(sentences[-1]):
            sentences.pop()  # cut off by the limit on tokens
        sentences = sentences[:MAX_SENTENCES]
        written = " ".join(sentences)
        if not sentences or check_summary(written, reading, self._gazetteer):
            return _without_model(reading, findings, self._gazetteer, now)
        return Summary(
            article_id=reading.article.id,
            language=_language(reading),
            sentences=tuple(_marked(sentence, reading) for sentence in sentences),
            writer=f"{self._model.id}+{self._prompt.id}",
            created_at=now,
        )


def tell_summary(
    reading: Reading,
    findings: Sequence[Finding],
    gazetteer: Gazetteer,
    now: datetime,
    *,
    language: Language | None = None,
) -> Summary | None:
    """Summarise an article's deals from their verified fields.

    Args:
        reading: The article.
        findings: Its deals; of several each has one sentence.
        gazetteer: Known organisations.
        now: When this is written.
        language: To tell it in; the article's own where None.

    Returns:
        Two or three sentences, marked as quoted where they share 80 % of their words
        in order with one of the article's; None where there is no deal, or where the
        check does not find it supported, neither as it stands nor as hearsay.
    """
    own = _language(reading)
    asked = language or own
    sentences: list[SummarySentence] = []
    for style in STYLES:
        told = _told(reading, findings, asked, style)
        text = " ".join(told)
        if not told or check_summary(text, reading, gazetteer, language=asked):
            continue
        marked = [_marked(sentence, reading) for sentence in told]
        new = not any(sentence.quoted for sentence in marked)
        if new or not sentences:
            sentences = marked
        if new:
            break
    if not sentences:
        return _tell_some(reading, findings, gazetteer, now, asked)
    if len(sentences) < MIN_SENTENCES and asked == own:
        quotes = quote_summary(reading, findings, now).sentences
        sentences.extend(quotes[: MIN_SENTENCES - len(sentences)])
    return Summary(
        article_id=reading.article.id,
        language=asked,
        sentences=tuple(sentences),
        writer="facts",
        created_at=now,
    )


def _tell_some(
    reading: Reading,
    findings: Sequence[Finding],
    gazetteer: Gazetteer,
    now: datetime,
    language: Language,
) -> Summary | None:
    """Tell those of several deals that the article supports one by one."""
    if len(findings) < 2:
        return None
    kept = [
        one
        for one in findings
        if tell_summary(reading, [one], gazetteer, now, language=language) is not None
    ]
    if not 0 < len(kept) < len(findings):
        return None
    return tell_summary(reading, kept, gazetteer, now, language=language)


def _told(
    reading: Reading, findings: Sequence[Finding], language: Language, style: Style
) -> list[str]:
    findings = [one for one in findings if len(one.parties) > 1]
    if len(findings) == 1:
        return tell(findings[0], reading, language, style)
    firsts = [tell(one, reading, language, style)[0] for one in findings]
    return list(dict.fromkeys(firsts))[:MAX_SENTENCES]


def _marked(sentence: str, reading: Reading) -> SummarySentence:
    quoted = is_quoted(sentence, reading.article.full_text)
    return SummarySentence(text=sentence, quoted=quoted)


def _without_model(
    reading: Reading, findings: Sequence[Finding], gazetteer: Gazetteer, now: datetime
) -> Summary:
    """Tell what an article is about; quote what states a deal that cannot be told."""
    if findings:
        return quote_summary(reading, findings, now)
    told = about_summary(reading, gazetteer, now)
    return told or quote_summary(reading, findings, now)


def about_summary(
    reading: Reading,
    gazetteer: Gazetteer,
    now: datetime,
    *,
    language: Language | None = None,
) -> Summary | None:
    """Summarise an article without a deal from what its words prove.

    Args:
        reading: The article.
        gazetteer: Known organisations.
        now: When this is written.
        language: To tell it in; the article's own where None.

    Returns:
        Two or three sentences. Where there is too little to tell, the last one is the
        article's first, in quotation marks and marked as quoted; in the other language
        than the article's None then, as where the check finds the whole unsupported.
    """
    own = _language(reading)
    asked = language or own

    def supported(text: str) -> bool:
        found = check_summary(text, reading, gazetteer, language=asked)
        return all(one.kind == "language" for one in found)  # of a clause, no judge

    sentences = tell_about(reading, asked, lambda _: True)
    if check_summary(" ".join(sentences), reading, gazetteer, language=asked):
        # Something in it does not hold: look at every clause alone, which takes long.
        sentences = tell_about(reading, asked, supported)
    told = [_marked(one, reading) for one in sentences]
    if len(told) < MIN_SENTENCES:
        quote = _first_words(reading) if asked == own else ""
        if not quote:
            return None
        told.append(SummarySentence(text=quote, quoted=True))
    text = " ".join(one.text for one in told)
    if check_summary(text, reading, gazetteer, language=asked):
        return None
    return Summary(
        article_id=reading.article.id,
        language=asked,
        sentences=tuple(told),
        writer="topic" if len(told) > 1 else "quotes",
        created_at=now,
    )


def _first_words(reading: Reading) -> str:
    """An article's first sentence as a quote that says so; empty where none is."""
    before, behind = _SAYS[_language(reading)]
    for sentence in _wordy(reading):
        return f"{before}{' '.join(reading.text(sentence).split())}{behind}"
    return ""


def _wordy(reading: Reading) -> list[Sentence]:
    """The sentences of the body that say something; all where none is long enough."""
    body = [
        sentence
        for sentence in reading.sentences
        if sentence.start > len(reading.article.title)
    ]
    return [s for s in body if len(reading.text(s).split()) >= MIN_WORDS] or body


def quote_summary(
    reading: Reading, findings: Sequence[Finding], now: datetime
) -> Summary:
    """Summarise by verbatim sentences: the lead, then those that state the deals."""
    wordy = _wordy(reading)
    wanted: list[Sentence] = []
    stating = _stating(findings)
    for sentence in sorted(wordy, key=lambda s: (-stating.get(s.start, 0), s.start)):
        if stating.get(sentence.start) and len(wanted) < MAX_SENTENCES - 1:
            wanted.append(sentence)
    for sentence in wordy:
        if len(wanted) == (MAX_SENTENCES if findings else MAX_SENTENCES - 1):
            break
        if sentence not in wanted:
            wanted.append(sentence)
    wanted.sort(key=lambda sentence: sentence.start)
    texts = [" ".join(reading.text(s).split()) for s in wanted]
    if not texts:
        texts = [reading.article.title]
    return Summary(
        article_id=reading.article.id,
        language=_language(reading),
        sentences=tuple(SummarySentence(text=text, quoted=True) for text in texts),
        writer="quotes",
        created_at=now,
    )


def _stating(findings: Sequence[Finding]) -> dict[int, int]:
    """How many facts each sentence states, by where it starts."""
    counts: dict[int, int] = {}
    for finding in findings:
        for item in finding.claims:
            counts[item.quote.start] = counts.get(item.quote.start, 0) + 1
    return counts


def _language(reading: Reading) -> Language:
    return "de" if reading.article.language == "de" else "en"
