"""Does one way to write an organisation stand at this place of a text?

In: a surface form cut into tokens, and the tokens of a text.
Out: where the mention ends, if it does; case, hyphens and endings as
`newsbot.stages.organisations` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsbot.stages.words import Token
from newsbot.vocabulary import MentionKind

#: Letters; all capitals ("OPENAI") match from here on, so that "TIM" is not "Tim".
MIN_CAPITALS = 5

#: Letters; a shorter word of a description must match as it is ("aus", "the").
MIN_STEM = 5


@dataclass(frozen=True, slots=True)
class Surface:
    """One surface form, cut into tokens; `gaps[i]`: what stands before token i."""

    name: str
    kind: MentionKind
    words: tuple[str, ...]
    gaps: tuple[str, ...]
    plain: bool


def stem(word: str) -> str:
    """Cut German and English endings off a folded word, crudely but alike."""
    return word.rstrip("esnrm") if len(word) >= MIN_STEM else word


def surface_end(words: Sequence[Token], i: int, surface: Surface) -> int | None:
    """Compare a surface with the tokens from *i* on; the mention's end if it fits."""
    stop = i + len(surface.words)
    if stop > len(words):
        return None
    fold = surface.kind == "description"
    capitals = (
        not surface.plain
        and words[i].text.isupper()
        and sum(map(len, surface.words)) >= MIN_CAPITALS
    )
    for n, wanted in enumerate(surface.words):
        here = words[i + n]
        apart = here.joined or here.apart
        # "Patent- und Markenamt"
        exact = surface.gaps[n] in ("", "- ")
        if n and not (here.gap == surface.gaps[n] if exact else apart):
            return None
        if here.text == wanted or (capitals and here.text == wanted.upper()):
            continue
        if fold:
            if stem(here.text.casefold()) != wanted:
                return None
        elif i + n < stop - 1:
            if not (wanted.endswith("e") and here.text[:-1] == wanted):
                return None
        else:
            return here.end - 1 if here.text == f"{wanted}s" else None
    return words[stop - 1].end
