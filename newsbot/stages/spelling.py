"""How does an article itself write a name, a sum or a capacity?

In: a party, an amount or a capacity of a finding, and the article's reading.
Out: the words for a sentence about it, in the article's language or the other.

Names stand as the list spells them unless the article never does; figures stand in
the article's own scale and currency where a sentence can take them as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from newsbot.stages.amounts import find_money, format_capacity, format_money
from newsbot.stages.reading import Reading
from newsbot.stages.wording import BOUNDS
from newsbot.types import Amount, Capacity, Party
from newsbot.vocabulary import Bound, Language

_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "’": "'", "ʼ": "'"}
_FOLDED = str.maketrans(_LETTERS)
#: "¥9 billion and ¥6 billion a year": both are yearly.
_SECOND = r"(?: (?:and|und) [$€£¥\dA-Z]{1,4}\d*[^.,;]{1,25}?)?"
#: Figures that a sentence can take over: digits first, no hyphen, one line.
_CLEAN = re.compile(r"(?:[A-Z]{0,3}[$€£¥₹₩] ?|[A-Z]{3} )?\d[\d.,]*[^-\u2010\u2011\n]*")
#: "$9.8 BLN" stands in headlines only.
_LOUD = re.compile(r"\d ?[A-Z]{2,}")
#: What makes a sum one of several: right behind it, or right before its bound.
_PERIODS = (
    (
        "year",
        re.compile(
            _SECOND
            + r"\W{0,2}(?:(?:a|per|each|every|pro|im|je) ?(?:year|Jahr)|annually|yearly"
            r"|jährlich|/ ?(?:Jahr|year))\b",
            re.IGNORECASE,
        ),
        re.compile(r"\b(?:jährlich|annually|pro Jahr|a year)[\w ]{0,12}$", re.I),
    ),
    (
        "month",
        re.compile(
            _SECOND
            + r"\W{0,2}(?:(?:a|per|each|every|pro|im|je) ?(?:month|Monat)|monthly"
            r"|monatlich|/ ?(?:Monat|month))\b",
            re.IGNORECASE,
        ),
        re.compile(r"\b(?:monatlich|monthly|pro Monat)[\w ]{0,12}$", re.I),
    ),
)
_EACH: dict[Language, dict[str, str]] = {
    "de": {"year": " pro Jahr", "month": " pro Monat"},
    "en": {"year": " a year", "month": " a month"},
}
#: Nouns that begin a name and have a gender, where the text shows no article.
_HEADS = {"Land": "das", "Bundesland": "das", "Stadt": "die", "Kanton": "der"}
_DATIVE = {"der": "dem", "das": "dem", "die": "der"}
_ADJECTIVE = re.compile(r"\w+(?:sche|ute|ste)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A party's name as it stands in a sentence, in two cases."""

    #: Subject and object: "die Deutsche Telekom".
    plain: str
    #: After "mit", "von", "bei": "der Deutschen Telekom".
    dative: str
    #: Takes a plural verb: "die ÖBB".
    plural: bool


def fold(word: str) -> str:
    """Fold case, umlauts and genitive, so that spellings of one name are equal.

    >>> fold("Müllers") == fold("MUELLER") == fold("Müller’s")
    True
    """
    folded = word.casefold().translate(_FOLDED)
    for ending in ("'s", "'"):
        folded = folded.removesuffix(ending)
    if len(folded) > 3 and folded.endswith("s") and not folded.endswith("ss"):
        folded = folded[:-1]
    return folded


def party_name(party: Party, reading: Reading, language: Language) -> Name:
    """Write a party's name for a sentence.

    Args:
        party: Of a finding in this article.
        reading: The article.
        language: Of the sentence; German ones take the article's "die", English
            ones its "the", where the article writes the name with one.
    """
    spelled = _spelled(party, reading)
    native = language == reading.article.language
    if language == "en":
        with_the = native and _mostly(reading, spelled, ("the",))
        text = f"the {spelled}" if with_the else spelled
        return Name(plain=text, dative=text, plural=False)
    article, plural = _german_article(reading, spelled) if native else (None, False)
    if article is None:
        return Name(plain=spelled, dative=spelled, plural=plural)
    first, _, rest = spelled.partition(" ")
    bent = f"{first}n" if _ADJECTIVE.fullmatch(first) else first
    dative = "den" if plural else _DATIVE[article]
    return Name(
        plain=f"{article} {spelled}",
        dative=" ".join(filter(None, (dative, bent, rest))),
        plural=plural,
    )


def _spelled(party: Party, reading: Reading) -> str:
    text = reading.article.full_text
    if _stands(party.name, text):
        return party.name
    own = Counter(
        " ".join(text[mention.start : mention.end].split())
        for mention in reading.organisations
        if mention.name == party.name and mention.kind in ("name", "unknown")
    )
    if not own:
        return party.name
    name = max(own, key=lambda form: (not form.isupper(), own[form], len(form)))
    same = [fold(word).rstrip("en") for word in name.split()]
    if same == [fold(word).rstrip("en") for word in party.name.split()]:
        return party.name  # "der Deutschen Telekom" is only bent
    return name


def _stands(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _before(reading: Reading, name: str) -> list[tuple[str, str]]:
    """The words right before and after each place of a name, "" where none is."""
    first, _, rest = re.escape(name).partition(r"\ ")
    bent = rf"{first}n?" if rest else first
    pattern = re.compile(
        rf"(?:\b(\w+) )?(?<!\w)(?<!-){bent}{' ' + rest if rest else ''}(?![\w-])"
        r"(?: (\w+))?"
    )
    found = pattern.finditer(reading.article.text)
    return [(match[1] or "", match[2] or "") for match in found]


def _mostly(reading: Reading, name: str, articles: tuple[str, ...]) -> bool:
    words = [before.casefold() for before, _ in _before(reading, name)]
    return 2 * sum(word in articles for word in words) > len(words)


def _german_article(reading: Reading, name: str) -> tuple[str | None, bool]:
    """Read a name's article off the text, in the nominative, and if it is plural."""
    head = _HEADS.get(name.split(" ")[0])
    if head is not None:
        return head, False
    pairs = [(one.casefold(), after) for one, after in _before(reading, name)]
    words = [one for one, _ in pairs]
    known = ("der", "die", "das", "dem", "den", "des")
    if 2 * sum(word in known for word in words) <= len(words):
        return None, False
    if "das" in words:
        return "das", False
    follows = [after for one, after in pairs if one == "die" and after.islower()]
    plural = "den" in words and "die" in words
    plural = plural or any(word.endswith(("en", "eln")) for word in follows)
    if "die" in words or "der" in words:
        return "die", plural and "die" in words
    return None, False


def written_sum(amount: Amount, reading: Reading, language: Language) -> str:
    """Write a sum with its bound and, where it is one, "pro Jahr".

    In the article's language it stands as the article writes it, else as the press
    of the other language would.
    """
    return BOUNDS[language][amount.bound] + bare_sum(amount, reading, language)


def bare_sum(amount: Amount, reading: Reading, language: Language) -> str:
    """Write a sum without its bound."""
    text = reading.article.full_text
    own = text[amount.span.start : amount.span.end]
    written = format_money(amount.value, amount.currency, language)
    takes = _CLEAN.fullmatch(own) and not _LOUD.search(own)
    if language == reading.article.language and takes:
        read = find_money(own, language)
        if [(one.value, one.currency) for one in read] == [
            (amount.value, amount.currency)
        ]:
            written = " ".join(own.split())
    return written + _each(amount, text, language)


def _each(amount: Amount, text: str, language: Language) -> str:
    behind = text[amount.span.end : amount.span.end + 48]
    before = text[max(0, amount.span.start - 24) : amount.span.start]
    for name, after, ahead in _PERIODS:
        if after.match(behind) or ahead.search(before):
            return _EACH[language][name]
    return ""


def written_capacity(item: Capacity, reading: Reading, language: Language) -> str:
    """Write a capacity with the bound that it has in the article."""
    bound: Bound = next(
        (one.bound for one in reading.capacity if one.start == item.span.start),
        "exact",
    )

    return BOUNDS[language][bound] + format_capacity(item.value, item.unit, language)
