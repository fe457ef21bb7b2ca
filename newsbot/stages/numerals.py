"""How does a text write a number?

In: the tokens of a German or English text and the place where one might begin.
Out: its exact value, and where it ends.
Digits ("1.500.000", "38.5") and words ("zwölfeinhalb", "a quarter of a"). The scale
after them ("Mrd.", "bn") and what they count are read elsewhere.

Every reader looks at a bounded number of tokens, so a text costs linear time.
Numbers are `Decimal` from end to end.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

#: Digits in one number; more are an identifier, and keep `Decimal` exact (28).
MAX_DIGITS = 18
#: Letters in one German number word; the longest below a million has 63.
MAX_LETTERS = 72

#: Values of `Token.gap`: what stands between a token and the one before.
GLUED, SPACE, WRAP, BREAK = 0, 1, 2, 3


def listed(text: str) -> list[str]:
    """Split a table of words written as one string."""
    return text.split()


HYPHENS = frozenset("-\u2010\u2011")
ARTICLES = frozenset(listed("a an ein eine einer einem einen eines"))

_TOKEN = re.compile(r"[0-9]+|[^\W\d_½¼¾]+|\S")
#: A fraction in one sign: "1½ billion".
VULGAR = {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}
_APOSTROPHES = frozenset("'\u2019\u02bc")
#: Words before a label number: "Phase 2 300 MW" is not 2300 MW.
_LABELS = frozenset(
    listed("""
    block phase stufe halle version nr nummer number tier kapitel artikel
    abschnitt section part teil modell model gebäude building stage schritt step
    q
""")
)


class Token(NamedTuple):
    """A run of digits, a run of letters, or one other sign."""

    text: str
    #: `text` casefolded: "ß" has become "ss".
    folded: str
    start: int
    end: int
    #: `GLUED`, `SPACE` (one blank), `WRAP` (more, or a line break), `BREAK`.
    gap: int

    @property
    def is_digits(self) -> bool:
        """Whether these are ASCII digits."""
        return "0" <= self.text[:1] <= "9"

    @property
    def is_word(self) -> bool:
        """Whether these are letters."""
        return self.text[:1].isalpha()


_END = Token("", "", -1, -1, BREAK)


def tokenize(text: str) -> list[Token]:
    """Split a text into digits, words and signs; blanks become `Token.gap`.

    >>> [token.text for token in tokenize("350m€, 2.1")]
    ['350', 'm', '€', ',', '2', '.', '1']
    """
    tokens = []
    end = 0
    for match in _TOKEN.finditer(text):
        word, start = match[0], match.start()
        if start == end and start > 0:
            gap = GLUED
        elif start == end + 1 and text[end] not in "\r\n":
            gap = SPACE
        else:
            gap = BREAK if text.count("\n", end, start) > 1 else WRAP
        end = match.end()
        tokens.append(Token(word, word.casefold(), start, end, gap))
    return tokens


def at(tokens: Sequence[Token], index: int) -> Token:
    """Give the token at *index*, or an empty one outside the text."""
    return tokens[index] if 0 <= index < len(tokens) else _END


def after_hyphen(tokens: Sequence[Token], index: int) -> int:
    """Step over a hyphen that joins two words, if one stands here."""
    joined = (
        at(tokens, index).text in HYPHENS
        and tokens[index].gap == GLUED
        and at(tokens, index + 1).gap == GLUED
    )
    return index + 1 if joined else index


# --- digits -------------------------------------------------------------------


def digit_run(
    tokens: Sequence[Token], index: int, *, blanks: bool
) -> tuple[list[str], list[str], int]:
    """Collect the digit groups of one number.

    Args:
        tokens: The text.
        index: Where its first digits stand.
        blanks: Whether a blank may part thousands here ("1 500 000").

    Returns:
        The groups, the marks between them, and the index after them. A blank and
        every kind of apostrophe come back as one mark, "'".
    """
    groups, marks = [tokens[index].text], []
    position = index + 1
    plain = blanks and at(tokens, index - 1).folded not in _LABELS
    while True:
        mark, group = at(tokens, position), at(tokens, position + 1)
        if mark.gap == GLUED and group.gap == GLUED and group.is_digits:
            if mark.text not in _APOSTROPHES and mark.text not in (".", ","):
                break
            marks.append("'" if mark.text in _APOSTROPHES else mark.text)
            groups.append(group.text)
            position += 2
        elif (
            plain
            and mark.is_digits
            and mark.gap == SPACE
            and len(mark.text) == 3
            and len(groups[0]) <= 3
            and (not marks or marks[-1] == "'")
        ):
            marks.append("'")
            groups.append(mark.text)
            position += 1
        else:
            break
    return groups, marks, position


def _is_grouped(groups: Sequence[str]) -> bool:
    """Tell whether digit groups are thousands, western or Indian (1,00,000)."""
    head, last = groups[0], groups[-1]
    if not 1 <= len(head) <= 3 or head.startswith("0") or len(last) != 3:
        return False
    middle = {len(group) for group in groups[1:-1]}
    return middle <= {3} or (middle == {2} and len(head) <= 2)


def read_digits(
    groups: Sequence[str], marks: Sequence[str], language: str, *, scaled: bool
) -> Decimal | None:
    """Decide which mark is the decimal one.

    The only mark of its kind after a different kind is decimal ("1.234,5"). A mark
    that repeats, a blank and an apostrophe are thousands. A single mark is what the
    language makes of it ("1.500" is 1500 in German, 1.5 in English), except where
    that cannot be: "38.5" in German and "2,5" in English are decimal, and ",000"
    in German or ".000" in English is thousands unless a scale word follows.
    """
    if sum(map(len, groups)) > MAX_DIGITS:
        return None
    kinds = set(marks)
    whole, part = groups, ""
    if len(kinds) == 2 and marks[-1] != "'" and marks.count(marks[-1]) == 1:
        whole, part = groups[:-1], groups[-1]
    elif len(kinds) > 1:
        return None
    elif len(marks) == 1 and marks[0] != "'":
        native = marks[0] == ("," if language == "de" else ".")
        if native:
            grouped = groups[1] == "000" and not scaled and _is_grouped(groups)
        else:
            grouped = _is_grouped(groups)
        if not grouped:
            whole, part = groups[:1], groups[1]
    if len(whole) > 1 and not _is_grouped(whole):
        return None
    return Decimal(f"{''.join(whole)}.{part or '0'}")


# --- words --------------------------------------------------------------------


def _german_table() -> dict[str, int]:
    """Spell 1 to 99 in German, with "ss" and with "ue" and "oe"."""
    ones = listed("ein zwei drei vier fünf sechs sieben acht neun")
    teens = listed(
        "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn"
    )
    tens = listed("zwanzig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig")
    table = {word: value for value, word in enumerate(ones + teens, start=1)}
    for ten, word in enumerate(tens, start=2):
        table[word] = ten * 10
        for one, prefix in enumerate(ones, start=1):
            table[f"{prefix}und{word}"] = ten * 10 + one
    table |= {"eins": 1, "zwo": 2, "null": 0}
    plain = {w.replace("ü", "ue").replace("ö", "oe"): n for w, n in table.items()}
    return table | plain


_GERMAN = _german_table()
_ENGLISH = {
    word: value
    for value, word in enumerate(
        listed("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen
    fourteen fifteen sixteen seventeen eighteen nineteen
""")
    )
}
_ENGLISH_TENS = {
    word: value * 10
    for value, word in enumerate(
        listed("twenty thirty forty fifty sixty seventy eighty ninety"), start=2
    )
}
#: Fractions that a decimal holds exactly; a third is no figure.
_FRACTIONS = {
    word: Decimal(value)
    for words, value in (
        ("half halves hälfte", "0.5"),
        ("quarter quarters viertel", "0.25"),
        ("fifth fifths fünftel", "0.2"),
        ("eighth eighths achtel", "0.125"),
        ("tenth tenths zehntel", "0.1"),
    )
    for word in words.split()
}
_MIXED = {
    "anderthalb": Decimal("1.5"),
    "anderthalbe": Decimal("1.5"),
    "anderthalben": Decimal("1.5"),
    "dreiviertel": Decimal("0.75"),
    **dict.fromkeys(listed("halb halbe halben halber halbes"), Decimal("0.5")),
}


def _below_thousand(word: str) -> int | None:
    head, hundred, tail = word.partition("hundert")
    if not hundred:
        return _GERMAN.get(word)
    high = _GERMAN.get(head) if head else 1
    low = _GERMAN.get(tail.removeprefix("und")) if tail else 0
    return None if high is None or low is None else high * 100 + low


def german_number(word: str) -> Decimal | None:
    """Read one casefolded German number word, "einundzwanzig" or "zweieinhalb".

    >>> german_number("zweihundertfünfzigtausend"), german_number("hunderte")
    (Decimal('250000'), None)
    """
    if len(word) > MAX_LETTERS:
        return None
    if word in _MIXED:
        return _MIXED[word]
    for ending, part in (("einhalb", "0.5"), ("einviertel", "0.25")):
        if word.endswith(ending):
            whole = german_number(word.removesuffix(ending))
            return None if whole is None else whole + Decimal(part)
    head, thousand, tail = word.partition("tausend")
    if not thousand:
        value = _below_thousand(word)
        return None if value is None else Decimal(value)
    high = _below_thousand(head) if head else 1
    low = _below_thousand(tail.removeprefix("und")) if tail else 0
    return None if high is None or low is None else Decimal(high * 1000 + low)


def _read_point(tokens: Sequence[Token], index: int) -> tuple[str, int]:
    """Read spoken decimals: "point two five", "Komma fünf"."""
    digits = ""
    if at(tokens, index).folded in ("point", "komma"):
        while len(digits) < MAX_DIGITS // 2:
            word = at(tokens, index + 1).folded
            digit = _ENGLISH.get(word, _GERMAN.get(word, 10))
            if digit > 9:
                break
            digits += str(digit)
            index += 1
    return digits, index + 1 if digits else index


def _read_fraction(tokens: Sequence[Token], index: int) -> tuple[Decimal | None, int]:
    """Read "quarter of a", "Viertel einer" or "half a", if it stands here."""
    index = after_hyphen(tokens, index)
    part = _FRACTIONS.get(at(tokens, index).folded)
    if part is None:
        return None, index
    index = after_hyphen(tokens, index + 1)
    if at(tokens, index).folded == "of":
        index = after_hyphen(tokens, index + 1)
    if at(tokens, index).folded in ARTICLES | {"one"}:
        index = after_hyphen(tokens, index + 1)
    return part, index


def _english_base(tokens: Sequence[Token], index: int) -> tuple[int | None, int]:
    """Read "seven" or "twenty-five"."""
    word = at(tokens, index).folded
    if word in _ENGLISH:
        return _ENGLISH[word], index + 1
    if word not in _ENGLISH_TENS:
        return None, index
    unit = after_hyphen(tokens, index + 1)
    one = _ENGLISH.get(at(tokens, unit).folded, 0)
    if 1 <= one <= 9:
        return _ENGLISH_TENS[word] + one, unit + 1
    return _ENGLISH_TENS[word], index + 1


def read_and_half(tokens: Sequence[Token], index: int) -> tuple[Decimal | None, int]:
    """Read "and a half" or "-and-a-half"."""
    conjunction = after_hyphen(tokens, index)
    article = after_hyphen(tokens, conjunction + 1)
    last = after_hyphen(tokens, article + 1)
    if (at(tokens, conjunction).folded, at(tokens, article).folded) != ("and", "a"):
        return None, index
    part = _FRACTIONS.get(at(tokens, last).folded)
    return part, index if part is None else last + 1


def read_words(tokens: Sequence[Token], index: int) -> tuple[Decimal, bool, int] | None:
    """Read number words: the value, whether only an article, the index after."""
    word = at(tokens, index).folded
    following = at(tokens, index + 1).folded
    if word in ("half", "quarter") or (word in ARTICLES and following in _FRACTIONS):
        part, index = _read_fraction(tokens, index + (word in ARTICLES))
        return (part, False, index) if part is not None else None
    if word in ARTICLES:
        if following in _MIXED:
            return _MIXED[following], False, index + 2
        if following == "hundred":
            return Decimal(100), False, index + 2
        return Decimal(1), True, index + 1
    base, index_after = _english_base(tokens, index)
    value = Decimal(base) if base is not None else german_number(word)
    if value is None:
        return None
    index = index_after if base is not None else index + 1
    hundred = after_hyphen(tokens, index)
    if base is not None and at(tokens, hundred).folded == "hundred":
        value, index = value * 100, hundred + 1
        rest = index + (at(tokens, index).folded == "and")
        low, rest = _english_base(tokens, rest)
        if low is not None:
            value, index = value + low, rest
    digits, index = _read_point(tokens, index)
    if digits:
        return value + Decimal(f"0.{digits}"), False, index
    part, end = _read_fraction(tokens, index)
    if part is not None:
        return value * part, False, end
    part, end = read_and_half(tokens, index)
    return (value, False, index) if part is None else (value + part, False, end)


def format_number(value: Decimal, language: str) -> str:
    """Write a number with the marks of a language, every digit kept.

    Args:
        value: Finite, not negative.
        language: ``"de"`` for "1.234,5", else "1,234.5".

    Raises:
        ValueError: *value* is negative or not finite.

    >>> format_number(Decimal("1234.50"), "de")
    '1.234,5'
    """
    if not value.is_finite() or value < 0:
        raise ValueError(f"value must be finite and not negative, not {value}")
    written = f"{value:,f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    if language == "de":
        written = written.translate(str.maketrans(",.", ".,"))
    return written
