"""How much compute or power does a text speak of?

In: a German or English text.
Out: its quantities of power (GW, MW, kW), chips (GPU, TPU, accelerator, chip),
racks and exaflops, as written: MW stays MW.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from newsbot.stages.numerals import (
    BREAK,
    GLUED,
    HYPHENS,
    Token,
    after_hyphen,
    at,
    format_number,
    listed,
    tokenize,
)
from newsbot.stages.quantities import Quantity, collect, link
from newsbot.types import CapacityMention

#: Written exactly so: "mw" would be a milliwatt.
_SIGNS = {"GW": "GW", "MW": "MW", "kW": "kW", "KW": "kW", "EFLOPS": "exaflop"}
_POWER = {
    f"{word}{ending}": unit
    for word, unit in (("gigawatt", "GW"), ("megawatt", "MW"), ("kilowatt", "kW"))
    for ending in ("", "s")
} | {"exaflop": "exaflop", "exaflops": "exaflop", "eflops": "exaflop"}
#: Things one can count; a longer German word may end in these ("KI-Chips").
_COUNTED = {
    word: unit
    for words, unit in (
        ("gpu gpus grafikprozessor grafikprozessoren grafikchip grafikchips", "GPU"),
        ("grafikkarte grafikkarten grafikbeschleuniger", "GPU"),
        ("tpu tpus tensorprozessor tensorprozessoren", "TPU"),
        ("chips prozessoren processors halbleiter halbleitern", "chip"),
        ("accelerators beschleuniger beschleunigern", "accelerator"),
        ("beschleunigerkarten beschleunigerchips", "accelerator"),
        ("racks serverschränke serverschränken", "rack"),
    )
    for word in words.split()
}
_ENDINGS = tuple(word for word in _COUNTED if len(word) > 4)
#: Only after a hyphen: "a 10,000-chip cluster".
_JOINED = {"chip": "chip", "accelerator": "accelerator", "rack": "rack"}
#: "Graphics processors", "tensor processing units": unit of the first word.
_KINDS = {"graphics": "GPU", "graphic": "GPU", "tensor": "TPU"}
_KIND_NOUNS = frozenset(listed("processors chips cards processing units"))
#: Kinds of work or machine that a unit only describes: "GPU hours", "GPU servers".
_DESCRIBED = frozenset(
    listed("""
    hours hour stunden stunde servers server nodes node designers designer
    makers maker firms firm companies customers days tage minutes minuten per
    instances instanzen clusters
""")
)
#: Chip makers, families and adjectives that may stand between figure and unit.
_MODIFIERS = frozenset(
    listed("""
    nvidia nvidias amd amds google googles amazon amazons aws intel intels
    cerebras groq qualcomm broadcom huawei microsoft meta marvell graphcore
    blackwell hopper rubin vera grace feynman ultra instinct trainium inferentia
    gaudi ascend maia ironwood trillium superchip s ai ki next generation new
    more additional further advanced latest newest custom high end performance
    powerful cutting edge of its the their own a our state art specialised
    specialized dedicated leading such other modern top weitere weiteren
    weiterer zusätzliche zusätzlichen neue neuen neuer neueste neuesten moderne
    modernen moderner spezielle speziellen spezialisierte spezialisierten eigene
    eigenen eigener der die des den leistungsfähige leistungsfähigen hochmoderne
    hochmodernen aktuelle aktuellen jüngsten generation data center centre
    server grade class so called sogenannte sogenannten individual physical
    google's liquid cooled training inference wafer scale in house in-house von
    vom typ modell insgesamt
""")
)
_MAX_MODIFIERS = 9
#: Model names that stand for GPUs: "3.200 H200", "100,000 GB300s".
_MODEL_LETTERS = frozenset(listed("h b gb gh a mi l vr r"))
_MODEL_DIGITS = re.compile(r"[1-9][0-9]{1,3}")


def _is_model(tokens: Sequence[Token], index: int) -> bool:
    letters, digits = at(tokens, index), at(tokens, index + 1)
    return (
        letters.folded in _MODEL_LETTERS
        and letters.text.isupper()
        and digits.gap == GLUED
        and _MODEL_DIGITS.fullmatch(digits.text) is not None
    )


def _is_product(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether "E2" or "MTIA" with a figure may name a kind of chip."""
    letters, digits = at(tokens, index), at(tokens, index + 1)
    short = len(letters.text) <= 5 and letters.text.isupper()
    return short and digits.is_digits and digits.gap == GLUED


def _after_model(tokens: Sequence[Token], index: int) -> int:
    """Step over "GB300", "MI355X" or "H100s"."""
    index += 2
    ending = at(tokens, index)
    return index + (ending.gap == GLUED and ending.folded in ("x", "s", "xs"))


def _is_described(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether the unit only describes what follows it: "GPU-Stunden"."""
    following = after_hyphen(tokens, index)
    token = at(tokens, following)
    return token.gap != BREAK and token.folded in _DESCRIBED


def _read_counted(
    tokens: Sequence[Token], index: int, *, joined: bool
) -> tuple[str, int] | None:
    """Read a countable unit at exactly this token."""
    word = at(tokens, index).folded
    unit = _COUNTED.get(word)
    if unit is None and len(word) <= 40:
        ending = next((end for end in _ENDINGS if word.endswith(end)), None)
        unit = None if ending is None else _COUNTED[ending]
    if unit is None and joined:
        unit = _JOINED.get(word)
    if unit is None and word in _KINDS:
        noun = after_hyphen(tokens, index + 1)
        if at(tokens, noun).folded in _KIND_NOUNS:
            unit, index = _KINDS[word], noun
            index += at(tokens, noun + 1).folded == "units"
    if unit is None or _is_described(tokens, index + 1):
        return None
    hyphen = at(tokens, index + 1)
    if not joined and hyphen.text in HYPHENS and hyphen.gap == GLUED:
        return None  # "300 Chip-Ingenieure"
    return unit, index + 1


def _read_unit(tokens: Sequence[Token], quantity: Quantity) -> tuple[str, int] | None:
    """Find the unit after a quantity, past makers and adjectives."""
    index = after_hyphen(tokens, quantity.next)
    joined = index > quantity.next
    token = at(tokens, index)
    if token.gap == BREAK:
        return None
    power = _SIGNS.get(token.text) or _POWER.get(token.folded)
    if power is not None:
        # "a gigawatt-scale site" gives no figure, "a gigawatt" does.
        hyphen = at(tokens, index + 1)
        scale_only = hyphen.text in HYPHENS and hyphen.gap == GLUED
        return None if quantity.article and scale_only else (power, index + 1)
    if quantity.article and quantity.scale is None:
        return None
    model: int | None = None
    for _ in range(_MAX_MODIFIERS):
        if at(tokens, index).gap == BREAK:
            break
        unit = _read_counted(tokens, index, joined=joined)
        if unit is not None:
            return unit
        if _is_model(tokens, index):
            index = model = _after_model(tokens, index)
        elif at(tokens, index).folded in _MODIFIERS:
            index += 1
            index += at(tokens, index).is_digits and tokens[index].gap == GLUED
        elif _is_product(tokens, index):
            index += 2
        elif at(tokens, index).text not in HYPHENS | {"'", "\u2019"}:
            break
        else:
            index += 1
    if model is None or _is_described(tokens, model):
        return None
    return "GPU", model


def _carry(tokens: Sequence[Token], found: Sequence[Quantity]) -> None:
    """Lend "30,000 of them" the unit of what was counted last in its paragraph."""
    unit: str | None = None
    position = 0
    for item in found:
        span = tokens[position : item.first + 1]
        position = item.next
        if any(token.gap == BREAK for token in span):
            unit = None
        if item.unit is not None:
            unit = item.unit if item.unit in _PLURALS else unit
        elif unit is not None:
            following = [at(tokens, item.next + offset) for offset in range(2)]
            anaphor = [token.folded for token in following] == ["of", "them"]
            if anaphor or following[0].folded == "davon":
                item.unit = unit


def _no_unit(tokens: Sequence[Token], index: int) -> None:
    """Say that no unit of capacity stands before its figure."""


def find_capacity(text: str, language: str) -> list[CapacityMention]:
    """Find every quantity of power or computing hardware in a text.

    Args:
        text: Any text; offsets are its code points.
        language: ISO 639-1; decides what "1.500" and "Billion" mean.

    Returns:
        The mentions, sorted and disjoint. `unit` is "GW", "MW", "kW", "GPU", "TPU",
        "chip", "accelerator", "rack" or "exaflop"; a model name counts as GPU. A span
        reaches from the figure to the unit, without the bound ("bis zu").

    >>> [(str(m.value), m.unit) for m in find_capacity("2.5 GW, 3,000 GPUs", "en")]
    [('2.5', 'GW'), ('3000', 'GPU')]
    """
    tokens = tokenize(text)
    found = collect(tokens, language, _no_unit, _read_unit)
    link(tokens, found)
    _carry(tokens, found)
    return [
        CapacityMention(
            value=quantity.value,
            unit=quantity.unit,
            bound=quantity.bound,
            start=tokens[quantity.first].start,
            end=tokens[quantity.next - 1].end,
        )
        for quantity in found
        if quantity.unit is not None and quantity.value > 0
    ]


_PLURALS = {
    "GPU": {"de": "GPUs", "en": "GPUs"},
    "TPU": {"de": "TPUs", "en": "TPUs"},
    "chip": {"de": "Chips", "en": "chips"},
    "accelerator": {"de": "Beschleuniger", "en": "accelerators"},
    "rack": {"de": "Racks", "en": "racks"},
    "exaflop": {"de": "Exaflops", "en": "exaflops"},
}


def format_capacity(value: Decimal, unit: str, language: str) -> str:
    """Write a capacity as the press does, without losing a digit.

    Args:
        value: How many; finite, not negative.
        unit: A unit of `find_capacity`; another is written as it is.
        language: ``"de"`` or ``"en"``.

    Raises:
        ValueError: *value* is negative or not finite.

    >>> format_capacity(Decimal("2.5"), "GW", "de")
    '2,5 GW'
    >>> format_capacity(Decimal(3000), "GPU", "en")
    '3,000 GPUs'
    """
    plural = _PLURALS.get(unit, {}).get("de" if language == "de" else "en", unit)
    return f"{format_number(value, language)} {plural}"
