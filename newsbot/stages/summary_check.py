"""Does a summary say only what its article says?

In: a summary, the reading of its article, the gazetteer, the language asked for.
Out: what is not supported, each with the reason; nothing where all is well.

Rules only, no model: figures, names, who gives and who takes, how far a deal is,
the language, and loops. What rules cannot tell, they let pass.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

from newsbot.stages.extract import detect_language
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.stages.sentences import split_sentences
from newsbot.stages.summary_claims import check_claims
from newsbot.stages.summary_figures import check_figures
from newsbot.stages.summary_names import check_names
from newsbot.stages.unsupported import Kind, Unsupported
from newsbot.vocabulary import LANGUAGES, Language

__all__ = ["KINDS", "Unsupported", "check_summary"]

KINDS: tuple[Kind, ...] = get_args(Kind)
#: Words in a row that a text of three sentences says once, unless it loops. Five
#: occur twice in 0.3 % of the runs of three sentences in the corpus's first half.
LOOP_WORDS = 7
#: Below so many words only German and English are told apart.
LANGUAGE_WORDS = 8
#: The same word in a row.
LOOP_SAME = 3
_MARKUP = re.compile(r"https?://|www\.|[{}<>|\[\]`]|~~~|\*\*|^#", re.MULTILINE)
_WORD = re.compile(r"\w+")


def check_summary(
    text: str,
    reading: Reading,
    gazetteer: Gazetteer,
    *,
    language: Language | None = None,
) -> list[Unsupported]:
    """Check a summary against its article.

    Args:
        text: The summary, one or more sentences.
        reading: The article.
        gazetteer: Known organisations.
        language: The one asked for; the article's own where None.

    Returns:
        What the article does not support, in the order of the checks.
    """
    asked = language or reading.article.language
    found = check_figures(text, reading, asked)
    found += check_names(text, reading, gazetteer)
    found += check_claims(text, reading, gazetteer)
    found += _loops(text)
    told = detect_language(text)
    short = len(_WORD.findall(text)) < LANGUAGE_WORDS
    if told != asked and not (short and told not in LANGUAGES):
        reason = f"it reads as {told}, {asked} was asked for"
        found.append(Unsupported(kind="language", claim=told, reason=reason))
    if (match := _MARKUP.search(text)) is not None:
        found.append(Unsupported(kind="markup", claim=match[0], reason="is no prose"))
    return found


def _loops(text: str) -> list[Unsupported]:
    """Find sentences and runs of words that come again."""
    found = []
    sentences = Counter(
        " ".join(_WORD.findall(text[s.start : s.end].casefold()))
        for s in split_sentences(text)
    )
    found += [sentence for sentence, count in sentences.items() if count > 1]
    words = _WORD.findall(text.casefold())
    if not found:
        runs = Counter(
            tuple(words[n : n + LOOP_WORDS]) for n in range(len(words) - LOOP_WORDS + 1)
        )
        found += [" ".join(run) for run, count in runs.items() if count > 1][:1]
    for n in range(len(words) - LOOP_SAME + 1):
        if len(set(words[n : n + LOOP_SAME])) == 1 and words[n].isalpha():
            found.append(" ".join(words[n : n + LOOP_SAME]))
            break
    return [Unsupported(kind="loop", claim=one, reason="comes again") for one in found]
