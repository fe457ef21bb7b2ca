"""Does every name of a summary stand in its article?

In: a summary, a reading, the gazetteer.
Out: organisations, persons and products that the article does not name. Known ones
match by alias, others by their words after folding case, umlauts and genitives.
"""

from __future__ import annotations

import re
from functools import lru_cache

from newsbot.stages.currencies import CURRENCIES
from newsbot.stages.mentions import find_unknown
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.stages.spelling import fold
from newsbot.stages.unsupported import Unsupported
from newsbot.stages.words import (
    GIVEN,
    LEGAL_FORMS,
    ORDINARY,
    PERSON,
    PLACES,
    ROLE_WORDS,
    STOP,
    SUFFIX,
    TRADE,
    Token,
    is_verb,
    like,
    starts_sentence,
    tokens,
)

#: A capital or digit inside shows a product's name: "OpenGrid", "H200".
_PRODUCT = re.compile(r"[A-Za-z]\w*[a-zäöüß][A-ZÄÖÜ]\w*|[A-Za-z]+\d\w*")
#: Ordinary capitals that summaries use without finding them in the article.
_PLAIN = frozenset("KI AI IT GPUs GPU GW MW Mrd Mio US CEO Chips Dollar Euro".split())


def check_names(text: str, reading: Reading, gazetteer: Gazetteer) -> list[Unsupported]:
    """List names of a summary that its article does not have.

    Args:
        text: The summary, in either language.
        reading: The article.
        gazetteer: Known organisations.
    """
    known = gazetteer.find(text)
    named = {mention.name for mention in reading.organisations}
    found = {
        (mention.start, mention.end): mention.name
        for mention in known
        if not any(gazetteer.related(mention.name, name) for name in named)
    }
    joined, words = _folded(reading.article.full_text)
    for mention in find_unknown(text, known):
        own = text[mention.start : mention.end]
        forms = [fold(word.text) for word in tokens(own)]
        plain = all(_ordinary(word.text) for word in tokens(own))
        if not plain and f" {' '.join(forms)} " not in joined:
            found[mention.start, mention.end] = own
    for word in _strangers(text, words):
        if not any(start <= word.start < end for start, end in found):
            inside = [m for m in known if m.start <= word.start < m.end]
            if not inside:
                found[word.start, word.end] = word.text
    return [
        Unsupported(kind="name", claim=name, reason="the article does not name it")
        for _, name in sorted(found.items())
    ]


# A summary is checked sentence by sentence: its article is read once for all of them.
@lru_cache(maxsize=8)
def _folded(text: str) -> tuple[str, frozenset[str]]:
    """The words of an article, folded: in a row, each within blanks, and as a set."""
    source = [fold(word.text) for word in tokens(text)]
    return f" {' '.join(source)} ", frozenset(source)


def _ordinary(word: str) -> bool:
    ends = like(ORDINARY, word) or like(TRADE, word) or like(PERSON, word)
    plain = word in STOP or word in _PLAIN or word in PLACES or word.islower()
    plain = plain or word in CURRENCIES  # "INR 15bn": `summary_figures` looks at it
    return ends or plain or word.casefold() in LEGAL_FORMS | ROLE_WORDS


def _strangers(text: str, source: frozenset[str]) -> list[Token]:
    """Words that read as part of a name and are not in the article."""
    words = tokens(text)
    german = _is_german(words)
    found = []
    for i, word in enumerate(words):
        if fold(word.text) in source or word.text.isdigit():
            continue
        if _PRODUCT.fullmatch(word.text):
            if word.text not in _PLAIN:
                found.append(word)
            continue
        capital = word.text[:1].isupper() and len(word.text) > 1
        if not capital or _ordinary(word.text) or like(SUFFIX, word.text):
            continue
        if _compound(word.text, source):
            continue
        starts = starts_sentence(words, i)
        before = words[i - 1] if i and not starts else None
        after = words[i + 1] if i + 1 < len(words) else None
        if german:
            # Nouns are capitals, too; but two in a row hardly ever.
            with_before = before is not None and before.text[:1].isupper()
            with_before = with_before and word.gap == " " and i > 1
            with_before = with_before and not starts_sentence(words, i - 1)
            with_after = after is not None and after.text[:1].isupper()
            with_after = with_after and after is not None and after.gap == " "
            named = word.text in GIVEN or (with_before and before is not None)
            named = named or (with_after and not starts)
            if named:
                found.append(word)
        elif not starts or (after is not None and _acts(after)):
            found.append(word)
    return found


def _acts(after: Token) -> bool:
    return after.text == "'" or is_verb(after.text)


def _compound(word: str, source: frozenset[str]) -> bool:
    """Whether a German compound is made of the article's words: "Chipvertrag"."""
    folded = fold(word)
    return any(
        len(part) > 3 and (folded.startswith(part) or folded.endswith(part))
        for part in source
    )


def _is_german(words: list[Token]) -> bool:
    folded = [word.text.casefold() for word in words]
    german = sum(word in _GERMAN for word in folded)
    return german > sum(word in _ENGLISH for word in folded)


_GERMAN = frozenset(
    "der die das und mit von den dem ist ein eine für auf im zu bei künftig über aus "
    "wird hat haben werden nicht sich es um nach zum zur wie am als auch".split()
)
_ENGLISH = frozenset(
    "the of and to a for is that with on has its by it from at are have agreed was in "
    "will be as an said which their this".split()
)
