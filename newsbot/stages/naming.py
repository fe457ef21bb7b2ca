"""Which words of an article are an organisation's name, as the tuned model sees it?

In: an article's text, the model's states of it, and the organisations already found.
Out: mentions of kind ``"unknown"`` for further names, whatever their shape: a plain
word, a brand in lower case, a name in a language of its own.
`mentions` looks for names by rules before any model has read; this looks where an
article is said to report a deal, and each name costs the model a question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsbot.stages.inflections import nominative
from newsbot.stages.sentences import token_range
from newsbot.stages.words import (
    DETERMINERS,
    HEAD,
    JOINERS,
    LEGAL_FORMS,
    PLACES,
    ROLE_WORDS,
    STOP,
    TRADE,
    Token,
    begins_anew,
    is_priced,
    is_verb,
    like,
)
from newsbot.types import OrganisationMention

#: Names at most, those told most often first.
MAX_NAMES = 40
#: Words of a name; longer runs are lists and headlines.
MAX_WORDS = 6
_INNER = frozenset(("&", "+", *JOINERS))
#: Words that stand between two names.
_PARTING = frozenset(("und", "and", "oder", "or", "sowie", "with", "mit"))
#: How sure the model must be that such a word joins all the same ("Bank für Handwerk
#: und Gewerbe").
JOINED = 0.8
#: A noun of trade is no part of a name where the model doubts it by this much more than
#: the next word: "die Gesellschaft 9Locks". From `WHOLE` on it is: "die Kraftwerke
#: Samnaun".
DOUBTED, WHOLE = 0.2, 0.8
#: How likely the words of a name are on average that rules saw go on behind its start.
MEAN = 0.35
#: What an institution is, before its name, and a part of it: "Stiftung Pro Genoma".
_HEAD = re.compile(
    HEAD.pattern + r"|Stiftung|Genossenschaft|Bankhaus|Uniklinik\w*|Kraftwerke|"
    r"\w*universität|Institut|Landesbetrieb|Zweckverband|Provinz|Verein|\w+bank|"
    r"Zentrum|\w+zunft|Companhia|Compagnie|Société|Fondazione|Fundación|Association"
)
#: Of 1,163 nouns of trade before a name that stands alone elsewhere in its article, 25
#: were a part of the name, nearly all of them these (the corpus's labels).
_BODY = re.compile(
    r"Bankhaus|Reederei|Stiftung|Haus|\w+haus|Klinik\w*|\w*verbund|\w*betriebe|"
    r"Landesbank|\w+landesbank"
)
#: "Flensburger Nordlicht Datenhallen".
_TOWNSMAN = re.compile(r"[A-ZÄÖÜ]\w+er")
#: Words that open no name; a number may ("Two Sigma"), where the model says so.
_NEVER = STOP - frozenset("One Two Three Four Five Ten".split())
#: Signs that may stand inside a name: "Wa'ed Ventures", "St. Rochus".
_SIGNS = frozenset(("'", "."))


def last_tokens(words: Sequence[Token], offsets: NDArray[np.int64]) -> list[int]:
    """Number of the last model token of each word.

    Args:
        words: In order, none before the first or behind the last model token.
        offsets: Shape (n_tokens, 2): code points of the model's tokens.
    """
    return [token_range(offsets, word.start, word.end)[1] - 1 for word in words]


def find_names(
    text: str,
    words: Sequence[Token],
    likely: NDArray[np.float32],
    threshold: float,
    taken: Sequence[OrganisationMention],
    guessed: Sequence[OrganisationMention] = (),
) -> list[OrganisationMention]:
    """Put words that are likely part of a name together; linear in the text.

    Args:
        text: Title and text.
        words: Its words, or those of a stretch of it.
        likely: Shape (n_words,): how likely each is part of a name.
        threshold: From which on it is.
        taken: Mentions already found, disjoint; none is found twice.
        guessed: Names that rules have seen, disjoint; where one begins with a name of
            the model's, it tells how far that goes.

    Returns:
        Every place of the names, in order and disjoint; at most `MAX_NAMES` names.
    """
    free = _free(words, taken)
    inside = [
        bool(
            free[i]
            and likely[i] >= (JOINED if word.text in _PARTING else threshold)
            and _may_be_inside(word.text)
            and not is_priced(words, i)
        )
        for i, word in enumerate(words)
    ]
    ends = {mention.start: mention.end for mention in guessed}
    signed = _signed(words, guessed)
    runs: list[tuple[int, int]] = []
    last = 0
    for first, stop in _runs(words, inside):
        if stop <= last:  # a part of the name before, which went on
            continue
        begun = _fronted(words, likely, max(first, last), stop)
        begun = _headed(words, free, begun)
        if begun < last:
            tied = words[begun + 1].joined  # "Fraunhofer", then "Institut IGCV"
            begun = runs.pop()[0] if tied else last
        end = ends.get(words[begun].start, 0)
        last = _ended(words, likely, free, (begun, stop), end)
        before = runs[-1][1] if runs else 0
        runs.append((max(min(begun, signed.get(last, begun)), before), last))
    names = [_name(text, words, first, stop) for first, stop in runs]
    told = set(names)
    # "Nebels Vertrag": the name is told without its ending elsewhere.
    cut = [name.endswith("s") and name[:-1] in told for name in names]
    names = [
        name[:-1] if is_cut else name for name, is_cut in zip(names, cut, strict=True)
    ]
    counts = Counter(names)
    often = {name for name, _ in counts.most_common(MAX_NAMES)}
    return [
        OrganisationMention(
            name=name,
            kind="unknown",
            start=words[first].start,
            end=words[stop - 1].end - is_cut,
        )
        for name, (first, stop), is_cut in zip(names, runs, cut, strict=True)
        if name in often
    ]


def _signed(
    words: Sequence[Token], guessed: Sequence[OrganisationMention]
) -> dict[int, int]:
    """First words of the guessed names before a legal form, by the number of that.

    Whoever writes "die Bernhardine Untertage GmbH" gives a name whole.
    """
    starts = {mention.end: mention.start for mention in guessed}
    numbers = {word.start: n for n, word in enumerate(words)}
    return {
        n: numbers[starts[before.end]]
        for n, (before, word) in enumerate(pairwise(words), 1)
        if word.text.casefold() in LEGAL_FORMS and starts.get(before.end) in numbers
    }


def _may_be_inside(word: str) -> bool:
    return any(map(str.isalnum, word)) or word in _INNER or word in _SIGNS


def _fronted(
    words: Sequence[Token], likely: NDArray[np.float32], first: int, stop: int
) -> int:
    """Skip a first word that the model takes for what or where it is, not for a part.

    A town only before two more: "Nürnberger Versicherung" is a whole name.
    """
    while (
        first + 1 < stop
        and likely[first] < WHOLE
        and likely[first] + DOUBTED <= likely[first + 1]
        and (
            like(TRADE, words[first].text)
            or (first + 2 < stop and like(_TOWNSMAN, words[first].text))
        )
        and not like(_HEAD, words[first].text)
        and words[first + 1].text not in _INNER  # "Gesellschaft für ..."
        and not words[first + 1].text.isdigit()
    ):
        first += 1
    return first


def _headed(words: Sequence[Token], free: Sequence[bool], first: int) -> int:
    """Add what an institution is, where it stands before its name.

    "University of" stands before "Texas at Austin", "Fraunhofer-Institut" before
    "IGCV".
    """
    before = first - 1
    if before > 0 and words[before].text in JOINERS and words[before].apart:
        before -= 1
    if not (
        before >= 0
        and free[before]
        and words[first].apart
        and words[first].text[:1].isupper()
        and like(_HEAD, nominative(words[before].text))
    ):
        return first
    if before and words[before].joined and free[before - 1]:
        return before - 1
    return before


def _ended(
    words: Sequence[Token],
    likely: NDArray[np.float32],
    free: Sequence[bool],
    run: tuple[int, int],
    end: int,
) -> int:
    """Go on to where rules saw a name end, if the model does not mind."""
    first, stop = run
    whole = stop
    while whole < len(words) and words[whole].end <= end and free[whole]:
        whole += 1
    plain = [i for i in range(first, whole) if words[i].text not in _INNER]
    return whole if float(likely[plain].mean()) >= MEAN else stop


def _free(words: Sequence[Token], taken: Sequence[OrganisationMention]) -> list[bool]:
    ends = {mention.start: mention.end for mention in taken}
    free, end = [], 0
    for word in words:
        end = max(end, ends.get(word.start, 0))
        free.append(word.start >= end)
    return free


def _runs(words: Sequence[Token], inside: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield runs of words that are inside a name, without what opens or closes them."""
    i = 0
    while i < len(words):
        stop = i + 1
        if inside[i]:
            while (
                stop < len(words)
                and inside[stop]
                and (words[stop].apart or words[stop].joined or not words[stop].gap)
                and not begins_anew(words, i, stop)
            ):
                stop += 1
            yield from _trimmed(words, i, stop)
        i = stop


def _is_noun(word: str) -> bool:
    """Tell whether a word in small letters says what a firm is: "neocloud", "cloud"."""
    return word.islower() and (like(TRADE, word) or word in ROLE_WORDS)


def _is_whose(word: str) -> bool:
    """Tell whether a word before a name is an article, or whose it is: "Omans OIA"."""
    return word in DETERMINERS or (word.endswith("s") and word[:-1] in PLACES)


def _trimmed(
    words: Sequence[Token], first: int, stop: int
) -> Iterator[tuple[int, int]]:
    """Cut signs, joiners and legal forms off both ends."""

    def is_empty(word: str) -> bool:
        return word in _INNER or word in _PARTING or not any(map(str.isalnum, word))

    while first < stop and (
        is_empty(words[first].text)
        or words[first].text in (_NEVER if first + 1 < stop else STOP)
        or _is_noun(words[first].text)
        or (first + 1 < stop and _is_whose(words[first].text))
    ):
        first += 1
    while stop > first and (
        is_empty(words[stop - 1].text)
        or (
            stop - 1 > first
            and (
                words[stop - 1].text.casefold() in LEGAL_FORMS
                # "Seat lagert"; a brand in small letters begins with one.
                or (words[first].text[0].isupper() and is_verb(words[stop - 1].text))
            )
        )
    ):
        stop -= 1
    if first < stop <= first + MAX_WORDS and not words[first].text.isdigit():
        yield first, stop


def continued(
    words: Sequence[Token],
    likely: NDArray[np.float32],
    listed: Sequence[OrganisationMention],
) -> list[OrganisationMention]:
    """Give the listed names that are a part of another.

    They go on ("Lufthansa" in "Lufthansa Cargo", "Fraunhofer" in "Fraunhofer-Institut
    IGCV"), or a hyphen ties them to what stands before ("HP" in "AP-HP").
    """
    ends = {mention.end: mention for mention in listed}
    starts = {mention.start: mention for mention in listed}
    sure = [bool(one) for one in likely >= WHOLE]
    found = []
    for n, (word, after) in enumerate(pairwise(words)):
        if word.end in ends and after.text[:1].isupper():
            is_head = after.joined and like(_HEAD, after.text)
            # Behind what an institution is stands which: "Institut IGCV".
            which = sure[n + 2 : n + 3] == [True] and words[n + 2].apart
            if (sure[n + 1] and (after.apart or is_head)) or (is_head and which):
                found.append(ends[word.end])
        elif after.start in starts and after.joined and sure[n] and sure[n + 1]:
            found.append(starts[after.start])
    return found


def never_alone(
    longer: Sequence[OrganisationMention], listed: Sequence[OrganisationMention]
) -> set[str]:
    """Names that an article tells twice or more, and each time as a part of another."""
    told = Counter(mention.name for mention in listed)
    parts = Counter(mention.name for mention in longer)
    return {name for name, count in parts.items() if 1 < count == told[name]}


def whole_names(
    named: Sequence[OrganisationMention],
    words: Sequence[Token],
    likely: NDArray[np.float32],
) -> frozenset[str]:
    """Names whose first word the model is sure of: nothing is to be cut off them.

    A noun of trade or a town before a name reads like a part of it; where the rest is
    named alone elsewhere ("die Privatbank Rahn Lüthi", then "Rahn Lüthi"), it is none.
    """
    sure = {w.start for w, p in zip(words, likely, strict=True) if p >= WHOLE}
    return frozenset(
        m.name for m in named if m.start in sure and not _is_described(m.name)
    )


def _is_described(name: str) -> bool:
    """Tell whether the first word may say what or where the named one is."""
    first, *rest = name.split()
    if not rest or like(_BODY, first):
        return False
    return like(TRADE, first) or (len(rest) > 1 and like(_TOWNSMAN, first))


def _name(text: str, words: Sequence[Token], first: int, stop: int) -> str:
    """Read a name, white space as single blanks."""
    return " ".join(text[words[first].start : words[stop - 1].end].split())
