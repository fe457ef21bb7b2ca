"""Which quantities does a text state, and how firmly?

In: the tokens of a text, and a reader that knows the wanted units.
Out: every number with its scale ("30 Mrd."), unit and bound ("bis zu"), in reading
order. In a range ("5 bis 7 Mrd. Euro") each end takes scale and unit from the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from newsbot.stages.bounds import bound_around, bound_before
from newsbot.stages.numerals import (
    ARTICLES,
    BREAK,
    GLUED,
    HYPHENS,
    SPACE,
    VULGAR,
    Token,
    after_hyphen,
    at,
    digit_run,
    listed,
    read_and_half,
    read_digits,
    read_words,
)
from newsbot.vocabulary import Bound

_POWERS = {
    word: power
    for words, power in (
        ("hundred hundert", 2),
        ("tausend tsd thousand", 3),
        ("lakh lakhs", 5),
        ("million millionen millions mio mill mln mn", 6),
        ("crore crores cr", 7),
        ("milliarde milliarden mrd md mia bn bln", 9),
        ("billionen tn trn", 12),
        ("billiarde billiarden", 15),
        ("trillionen", 18),
    )
    for word in words.split()
}
#: Abbreviations that take their full stop with them; "Bio" counts only with it.
_DOTTED = frozenset(listed("mio mrd tsd mill md mia bio"))
#: Letters that are a scale only close to a figure: "$38B", "300k GPUs".
_LETTERS = {"k": 3, "m": 6, "mm": 6, "b": 9, "t": 12}
#: One word for a fraction of a scale: "eine Viertelmilliarde".
_FUSED = {
    f"{prefix}{name}": (Decimal(part), Decimal(10) ** power)
    for prefix, part in (("viertel", "0.25"), ("dreiviertel", "0.75"), ("halb", "0.5"))
    for name, power in (
        ("million", 6),
        ("millionen", 6),
        ("milliarde", 9),
        ("milliarden", 9),
    )
}
#: "Several hundred million" is no figure.
_VAGUE = frozenset(
    listed("""
    mehrere mehreren mehrerer einige einigen einiger etliche etlichen paar
    wenige wenigen viele vielen zig several few many couple dozen dozens
    third thirds fraction drittel siebtel sechstel bruchteil hundertstel
""")
)

_DASHES = HYPHENS | frozenset("–—−")
_ALTERNATIVES = frozenset(listed("und and oder or bzw beziehungsweise statt nach"))
_CHANGES = frozenset(("auf", "to"))


@dataclass(slots=True, kw_only=True)
class Quantity:
    """A number, and once they are known its unit and bound. Indices are of tokens."""

    #: What stands before the scale: 30 in "30 Mrd."
    mantissa: Decimal
    #: A power of ten; None where none is written.
    scale: Decimal | None
    #: Only an article stands for it: "a billion", "ein Gigawatt".
    article: bool
    first: int
    next: int
    unit: str | None = None
    #: Whether the unit stands before the figure, as in "$5".
    unit_first: bool = False
    bound: Bound = "exact"

    @property
    def value(self) -> Decimal:
        """The number in whole units, trailing zeros gone but no exponent."""
        value = self.mantissa * (self.scale or 1)
        whole = value.to_integral_value()
        return Decimal(int(whole)) if value == whole else value.normalize()


#: Finds the unit before a figure at an index: unit and first index.
Before = Callable[[Sequence[Token], int], tuple[str, int] | None]
#: Finds the unit after a quantity: unit and index after it.
After = Callable[[Sequence[Token], Quantity], tuple[str, int] | None]


def _read_scale(
    tokens: Sequence[Token], index: int, language: str, *, near: bool
) -> tuple[Decimal, int] | None:
    """Read "Milliarden", "-billion-", "Mio." or, *near* a currency sign, "$38 B"."""
    index = after_hyphen(tokens, index)
    token = at(tokens, index)
    if token.gap == BREAK or not token.is_word:
        return None
    word = token.folded
    power = _POWERS.get(word)
    if word == "bio" and at(tokens, index + 1).text == ".":
        power = 12
    elif word in ("billion", "billions", "trillion", "trillions"):
        # German writes its nouns large: a small "billion" there is English.
        german = language == "de" and token.text[0].isupper()
        english_power, german_power = (9, 12) if word[0] == "b" else (12, 18)
        power = german_power if german else english_power
    elif word in _LETTERS and (token.gap == GLUED or (near and token.gap == SPACE)):
        glued = token.gap == GLUED
        usual = word in ("m", "b") or (word == "k" and glued)
        power = _LETTERS[word] if usual or (near and glued) else None
    if power is None:
        return None
    index += 1
    if word in _DOTTED and at(tokens, index).text == "." and tokens[index].gap == GLUED:
        index += 1
    scale = Decimal(10) ** power
    if power <= 5:
        larger = _read_scale(tokens, index, language, near=False)
        if larger is not None and larger[0] >= 10**6:
            scale, index = scale * larger[0], larger[1]
    return scale, index


def _is_label(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether a figure belongs to a name: "H100", "GPT-5"."""
    if tokens[index].gap != GLUED:
        return False
    before, second = at(tokens, index - 1), at(tokens, index - 2)
    if before.is_word:
        return True
    # "$5bn-7bn": the letters before the hyphen belong to a figure themselves.
    return (
        before.text in HYPHENS
        and before.gap == GLUED
        and second.is_word
        and not (second.gap == GLUED and at(tokens, index - 3).is_digits)
    )


def read_quantity(
    tokens: Sequence[Token], index: int, language: str, *, near: bool = False
) -> tuple[Quantity | None, int]:
    """Read the number that begins at a token, with its scale.

    Args:
        tokens: The text.
        index: Where it may begin.
        language: ISO 639-1; decides "1.500" and "Billion".
        near: Whether a currency stands right before it.

    Returns:
        The quantity, or None, and the index to go on from.
    """
    token = tokens[index]
    if token.is_digits:
        label = not near and _is_label(tokens, index)
        groups, marks, end = digit_run(tokens, index, blanks=not label)
        found = None if label else _read_scale(tokens, end, language, near=near)
        mantissa = read_digits(groups, marks, language, scaled=found is not None)
        if at(tokens, end).text in VULGAR and tokens[end].gap != BREAK and not marks:
            mantissa = None if mantissa is None else mantissa + VULGAR[tokens[end].text]
            end += 1
            found = _read_scale(tokens, end, language, near=near)
        if mantissa is None or label:
            return None, end
        article = False
    elif token.text in VULGAR:
        mantissa, article, end = VULGAR[token.text], False, index + 1
        found = _read_scale(tokens, end, language, near=near)
    else:
        fused = index + (token.folded in ARTICLES)
        word = at(tokens, fused).folded
        if word in _FUSED:
            mantissa, article, end = _FUSED[word][0], False, fused + 1
            found = (_FUSED[word][1], end)
        else:
            words = read_words(tokens, index)
            if words is None:
                return None, index + 1
            mantissa, article, end = words
            found = _read_scale(tokens, end, language, near=near)
    scale = None
    if found is not None:
        scale, end = found
        part, after = read_and_half(tokens, end)
        if part is not None and article:
            mantissa, end = mantissa + part, after
    of = at(tokens, index - 1).folded == "of"
    if at(tokens, index - 1 - of).folded in _VAGUE:
        return None, end
    quantity = Quantity(
        mantissa=mantissa, scale=scale, article=article, first=index, next=end
    )
    return quantity, end


def collect(
    tokens: Sequence[Token], language: str, before: Before, after: After
) -> list[Quantity]:
    """Find every number of a text, with its unit where it has one.

    Numbers without a unit are kept: a range may give them one. Articles are not.
    """
    found: list[Quantity] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if not (token.is_digits or token.is_word or token.text in VULGAR):
            index += 1
            continue
        unit = before(tokens, index) if token.is_digits else None
        if unit is not None and found and unit[1] < found[-1].next:
            unit = None  # it is the unit of the figure before
        quantity, index = read_quantity(tokens, index, language, near=unit is not None)
        if quantity is None:
            continue
        if unit is not None:
            quantity.unit, quantity.first = unit
            quantity.unit_first = True
        closing = after(tokens, quantity)
        if closing is not None:
            quantity.unit, quantity.next = closing
            index = closing[1]
        if quantity.unit is not None or not quantity.article or quantity.scale:
            found.append(quantity)
    return found


# --- ranges -------------------------------------------------------------------


def words_between(tokens: Sequence[Token], one: Quantity, other: Quantity) -> list[str]:
    """Give the casefolded words and signs between two quantities, hyphens aside."""
    between = tokens[one.next : min(other.first, one.next + 24)]
    return [token.folded for token in between]


def _relation(tokens: Sequence[Token], one: Quantity, other: Quantity) -> str:
    """Name what neighbours are: range, change, pair, alternative or nothing."""
    if at(tokens, one.next).gap == BREAK or other.first - one.next > 6:
        return ""
    words = words_between(tokens, one, other)
    if len(words) == 3 and words[0] in HYPHENS and words[2] in HYPHENS:
        words = words[1:2]
    _, first = bound_before(tokens, one.first)
    before = at(tokens, first - 1).folded
    if len(words) == 1 and words[0] in _DASHES:
        glued = tokens[one.next].gap == GLUED and tokens[other.first].gap == GLUED
        return "range" if glued or (one.scale is None and not one.unit) else ""
    if words == ["bis"] or words == ["bis", "zu"]:
        return "range"
    if words == ["to"]:
        if before == "by" or (
            before == "from"
            and at(tokens, first - 2).folded[:4] not in ("rang", "vary", "anyw")
        ):
            return "change"
        return "range"
    if words in (["und"], ["and"]) and before in ("zwischen", "between"):
        return "range"
    if words[:1] and words[0] in _CHANGES and before in ("von", "um", "from", "by"):
        return "change"
    if words in (["bzw", "."], ["bzw"], ["beziehungsweise"]):
        return "pair"
    if words in (["und"], ["and"]):
        after = [at(tokens, other.next + n).folded for n in range(2)]
        return "pair" if "respectively" in after else ""
    start = 1 if words[:1] == [","] else 0
    if words[start : start + 1] and words[start] in _ALTERNATIVES | _CHANGES:
        _, bound_first = bound_before(tokens, other.first)
        if bound_first == one.next + start + 1:
            return "alternative"
    return ""


def _share(
    one: Quantity, other: Quantity, relation: str, following: Token
) -> tuple[Decimal | None, str | None]:
    """Let neighbours lend each other what only one of them has.

    Returns:
        The scale of *one* and the unit of both; no unit if they are not of one kind.
    """
    scale = one.scale
    if (
        relation != "alternative"
        and scale is None
        and (one.unit is None or one.unit_first)
        and one.mantissa < 1000
    ):
        scale = other.scale
    if one.unit is not None and other.unit is not None:
        return scale, one.unit if one.unit == other.unit else None
    if one.unit is None:
        # "von 2024 bis 5 Mrd. Euro": a figure on another scale is not money.
        plain = relation != "alternative" and other.scale is None
        fits = scale is not None or (plain and not 1900 <= one.mantissa < 2100)
        return scale, other.unit if fits else None
    # "$5bn to 3 million users": what a noun follows is counted, not paid.
    counts = following.is_word and following.gap != BREAK and relation != "range"
    fits = not counts and (other.scale is not None or scale is None)
    return scale, one.unit if fits else None


def link(tokens: Sequence[Token], found: Sequence[Quantity]) -> None:
    """Give every quantity its bound, and the ends of ranges what they share."""
    for quantity in found:
        quantity.bound = bound_around(tokens, quantity.first, quantity.next)
    for one, other in reversed(list(pairwise(found))):
        relation = _relation(tokens, one, other)
        if not relation:
            continue
        scale, unit = _share(one, other, relation, at(tokens, other.next))
        if unit is None:
            continue
        lent = replace(one, scale=scale)
        if relation == "range" and lent.value > other.value:
            continue
        one.scale, one.unit, other.unit = scale, unit, unit
        if relation == "range":
            one.bound, other.bound = "at_least", "up_to"
