"""An article, shorter, in its own language: ask, read, check against the text.

In: a reading of an article, and what was found in it.
Out: two or three sentences; the model's where every number and every known name
in them stands in the article, else sentences of the article itself, marked so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from newsbot.errors import ModelOutputError
from newsbot.ports import Limits, TextModel, TextRequest
from newsbot.prompts import Prompt, fenced
from newsbot.stages.amounts import find_capacity, find_money, same_value
from newsbot.stages.extract import detect_language
from newsbot.stages.mentions import find_unknown
from newsbot.stages.numerals import tokenize
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.quantities import collect
from newsbot.stages.reading import Reading
from newsbot.stages.sentences import Sentence, split_sentences
from newsbot.types import Finding, Language, Summary, SummarySentence

#: Sentences of a summary.
MAX_SENTENCES = 3
#: Words a sentence needs to say something; "Duisburg." is a dateline.
MIN_WORDS = 6
#: "Both", "the two": counts that no article needs to spell out.
MAX_COUNTED = 2
#: Tokens a model may write: three long German sentences.
MAX_TOKENS = 160
#: Share of a sentence's words that may stand in this order in the article before
#: the sentence counts as quoted.
QUOTED_SHARE = 0.8
_COMPLETE = re.compile(r"[.!?…][\"'”“’»«›‹)\]]*$")
_LANGUAGE_NAMES = {"de": "German", "en": "English"}
_NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
_MARKUP = re.compile(r"https?://|www\.|[{}<>|\[\]`]|~~~|\*\*|^#", re.MULTILINE)


class QuotingSummariser:
    """Summarises by the article's own sentences: the lead and what states the deal."""

    def summarise(
        self,
        readings: Sequence[Reading],
        findings: Sequence[Sequence[Finding]],
        now: datetime,
    ) -> list[Summary]:
        """Pick sentences for each article of a batch."""
        return [
            quote_summary(reading, found, now)
            for reading, found in zip(readings, findings, strict=True)
        ]


class ModelSummariser:
    """Summarises by a model that follows instructions; checks what it wrote."""

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
        """Write one summary per article; quotes where the check fails."""
        answers = self._answers([self._ask(reading) for reading in readings])
        return [
            self._read(answer, reading, found, now)
            for answer, reading, found in zip(answers, readings, findings, strict=True)
        ]

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
        if not sentences or unsupported(written, reading, self._gazetteer):
            return quote_summary(reading, findings, now)
        return Summary(
            article_id=reading.article.id,
            language=_language(reading),
            sentences=tuple(
                SummarySentence(text=s, quoted=is_quoted(s, reading.article.text))
                for s in sentences
            ),
            writer=f"{self._model.id}+{self._prompt.id}",
            created_at=now,
        )


def quote_summary(
    reading: Reading, findings: Sequence[Finding], now: datetime
) -> Summary:
    """Summarise by verbatim sentences: the lead, then those that state the deals."""
    body = [
        sentence
        for sentence in reading.sentences
        if sentence.start > len(reading.article.title)
    ]
    wordy = [s for s in body if len(reading.text(s).split()) >= MIN_WORDS] or body
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


def unsupported(text: str, reading: Reading, gazetteer: Gazetteer) -> list[str]:
    """List what a summary says that its article does not.

    Args:
        text: The summary.
        reading: The article.
        gazetteer: Known organisations.

    Returns:
        Numbers, sums, capacities and organisations without support, a wrong
        language, markup; empty when everything is supported.
    """
    wrong = unsupported_numbers(text, reading)
    wrong += unsupported_names(text, reading, gazetteer)
    if detect_language(text) != reading.article.language:
        wrong.append("language")
    if _MARKUP.search(text):
        wrong.append("markup")
    return wrong


def unsupported_names(text: str, reading: Reading, gazetteer: Gazetteer) -> list[str]:
    """List organisations that a summary names and its article does not."""
    known = gazetteer.find(text)
    named = {mention.name for mention in reading.organisations}
    wrong = [
        mention.name
        for mention in known
        if not any(gazetteer.related(mention.name, name) for name in named)
    ]
    folded = reading.article.full_text.casefold()
    wrong += [
        mention.name
        for mention in find_unknown(text, known)
        if text[mention.start : mention.end].casefold() not in folded
    ]
    return wrong


def unsupported_numbers(text: str, reading: Reading) -> list[str]:
    """List numbers, sums and capacities that a summary has and its article has not."""
    language = reading.article.language
    wrong = _other_numbers(text, reading)
    for money in find_money(text, language):
        if not any(
            money.currency == other.currency
            and same_value(money.value, other.value)
            and money.bound == other.bound
            for other in reading.money
        ):
            wrong.append(f"{money.value} {money.currency}")
    for item in find_capacity(text, language):
        if not any(
            item.unit == other.unit and same_value(item.value, other.value)
            for other in reading.capacity
        ):
            wrong.append(f"{item.value} {item.unit}")
    return wrong


def _other_numbers(text: str, reading: Reading) -> list[str]:
    """Numbers, in digits or words, that the article has neither so nor otherwise."""
    language = reading.article.language
    stated = set(_NUMBER.findall(reading.article.full_text))
    values = set(find_figures(reading.article.full_text, language).values())
    told = find_figures(text, language)
    places = {start for start, _ in told}
    wrong = [
        text[start:end]
        for (start, end), value in told.items()
        if value not in values and value > MAX_COUNTED
    ]
    wrong += [
        match[0]
        for match in _NUMBER.finditer(text)
        if match[0] not in stated and match.start() not in places
    ]
    return wrong


def find_figures(text: str, language: str) -> dict[tuple[int, int], Decimal]:
    """Find the numbers of a text with their scales, whatever they count, by place."""
    tokens = tokenize(text)
    found = collect(tokens, language, lambda _, __: None, lambda _, __: None)
    return {
        (tokens[item.first].start, tokens[item.next - 1].end): item.value
        for item in found
    }


def is_quoted(sentence: str, text: str) -> bool:
    """Whether most of a sentence's words stand in this order in some sentence.

    Measured as the longest common subsequence of words with any one sentence of
    the text, as a share of the sentence's own words.
    """
    words = sentence.casefold().split()
    for source in split_sentences(text):
        theirs = text[source.start : source.end].casefold().split()
        if _common(words, theirs) >= QUOTED_SHARE * len(words):
            return True
    return False


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for one in a:
        diagonal = 0
        for j, other in enumerate(b, 1):
            above = row[j]
            row[j] = diagonal + 1 if one == other else max(above, row[j - 1])
            diagonal = above
    return row[-1]


def _language(reading: Reading) -> Language:
    return "de" if reading.article.language == "de" else "en"
