"""Which currency is a figure without one of?

In: a text's words and its figures. Out: the same, and those that can be nothing but
money have the currency of the sums beside them: "Die Bank zahlt 350 Millionen Euro.
Nvidia schießt bis zu 200 Millionen zu."
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise, takewhile

from newsbot.stages.bounds import bound_before
from newsbot.stages.conversions import converts
from newsbot.stages.numerals import BREAK, GLUED, HYPHENS, Token, at, listed
from newsbot.stages.quantities import Quantity, words_between

#: Smallest scale that takes its currency from elsewhere in the sentence.
MIN_CARRIED = Decimal(10) ** 6
#: Sentences back to the sum that lends its currency: "Die Bank zahlt 350 Millionen
#: Euro. Nvidia schießt bis zu 200 Millionen zu."
MAX_SENTENCES = 2
#: Tokens between a figure and the next sum of its list, which lends its currency:
#: "Microsoft mit bis zu 5 Milliarden, Nvidia mit bis zu 10 Milliarden Dollar".
MAX_LISTED = 10
#: What parts the members of such a list.
_LISTING = frozenset((",", ";", "und", "and", "sowie", "while", "plus"))
#: "85 Millionen von insgesamt 118 Millionen Euro": a part and its whole.
_OF = frozenset(("von", "of"))
_WHOLE = frozenset(listed("of von insgesamt den the a total up to bis zu rund about"))
#: Words before a figure among which one for something counted makes it no sum.
MAX_APART = 7
#: Letters of a currency's code or sign.
MAX_CODE = 4
#: Beginnings of words for other things that come in millions.
_COUNTED = tuple(
    listed("""
    nutzer user kund customer client abonnent subscriber token parameter aktie share
    einwohner mensch people person haushalt household home gerät device zeile line
    dokument document datensatz datensätz record download aufruf quer anfrag request
    bürger citizen mitglied member watt gigawatt megawatt gpu tpu chip prozessor
    processor beschleuniger accelerator kilowatt stunde hour tonne liter gallon quadrat
    square fahrzeug vehicle car patient schüler student unternehmen arbeitsplätze
""")
)
#: Ends of words for who makes such things: "Chiphersteller" is no chip.
_MAKERS = tuple(
    listed("""
    hersteller konzern bauer firma entwickler anbieter schmiede riese unternehmer
    maker makers designer designers
""")
)
#: Beginnings of words for money that changes hands: where the whole text knows one
#: currency alone, "60 Millionen zuschießen" is of that. Not "zahlen": who pays may be
#: what is counted.
_PAID = tuple(
    listed("""
    beisteuer zuschieß zuschiess zahlt überweis reservier investi fällig einbring
    aufbring aufwend einschieß einschiess
    pay paid contribut invest commit inject
""")
)
#: How many words off such a word stands at most.
MAX_PAID = 3
#: "Paid for by 20 million": behind these stands who pays.
_PAYERS = frozenset(listed("by from of von"))
#: "Zwei Milliarden davon": part of the sum before, be it a sentence earlier.
_PARTS = frozenset(("davon", "hiervon"))
_NOT_COUNTED = _PARTS | frozenset(
    listed("""
    in im für an am auf aus bis von vom bei beim und oder als über um zu zum zur nach
    durch mit pro je sofort später jährlich werden wird sind ist sollen soll fließen
    fliessen entfallen entfällt stammen kommen kommt gehen geht zahlt zahlen
    sowie dazu zuschießen aufbringen beisteuern beitragen ein zusätzlich
    fällig bezahlen bezahlt beisteuert beigesteuert beiträgt zuschießt zuschiesst
    zugeschossen reserviert investiert investieren überweist überweisen einbringt
    einbringen aufbringt aufgebracht aufwendet ausgibt ausgeben bereitstellt
    übernimmt trägt beträgt kosten kostet wert steckt stecken
    hinzu drauf obendrauf bereit zurück hinein
    for by to on at over from and or as per if when with which while upfront up more
    a an of that is are will would this next each annually later now
    through until via into onto towards plus
""")
)


def _is_sentence_end(tokens: Sequence[Token], index: int) -> bool:
    following = at(tokens, index + 1)
    return tokens[index].text in (".", "!", "?") and (
        following.gap == BREAK or (following.gap > 0 and following.text[:1].isupper())
    )


def carry(tokens: Sequence[Token], found: Sequence[Quantity], language: str) -> None:
    """Lend "bei Verlängerung bis zu 140 Millionen" the currency of the sum before.

    Only where nothing else can be meant: millions at least, the sums of the paragraph
    all in one currency and the last of them near, or this a part of it ("davon"); or
    the sums of the whole text in one, and a word for paying beside the figure. No word
    for what else is counted in millions, and behind the figure a sign or a word that
    cannot be counted.
    """
    everywhere = _only(tokens, found)
    last: Quantity | None = None
    common: str | None = None
    position = n_sentences = 0
    counted_at = maker_at = -MAX_APART - 1
    for item in found:
        for index in range(position, item.first + 1):
            if tokens[index].gap == BREAK:
                last, common = None, None
            if index == item.first:
                break
            n_sentences += _is_sentence_end(tokens, index)
            if _is_counted(tokens[index]):
                counted_at = index
            elif tokens[index].folded.startswith(_COUNTED):
                maker_at = index
        position = item.next
        if item.unit is not None:
            if not converts(tokens, last, item):
                common = item.unit if common in (None, item.unit) else ""
            last, n_sentences = item, 0
            continue
        if (item.scale or 0) < MIN_CARRIED:
            continue
        before = at(tokens, item.first - 1)
        part = not _PARTS.isdisjoint((before.folded, at(tokens, item.next).folded))
        paid = _is_paid(tokens, item)
        near = last is not None and (part or n_sentences <= MAX_SENTENCES)
        unit = (common if near else None) or (everywhere if paid else None)
        blocked = counted_at if part or paid else max(counted_at, maker_at)
        counted = item.first - blocked <= MAX_APART
        foreign = _looks_like_code(before.text, language)
        if unit and not (counted or foreign) and _stands_alone(tokens, item):
            item.unit = unit


def _only(tokens: Sequence[Token], found: Sequence[Quantity]) -> str | None:
    """The one currency of a text's sums, conversions aside."""
    sums = [item for item in found if item.unit is not None]
    own = {item.unit for item in sums[:1]} | {
        item.unit for last, item in pairwise(sums) if not converts(tokens, last, item)
    }
    return own.pop() if len(own) == 1 else None


def _is_counted(token: Token) -> bool:
    """Whether a word is for something else that comes in millions."""
    return token.folded.startswith(_COUNTED) and not token.folded.endswith(_MAKERS)


def _may_pay(token: Token) -> bool:
    return token.is_word and not _is_counted(token)


def _is_paid(tokens: Sequence[Token], item: Quantity) -> bool:
    """Whether a word for paying stands beside a figure, in its clause."""
    _, first = bound_before(tokens, item.first)
    if at(tokens, first - 1).folded in _PAYERS:
        return False
    before = [at(tokens, n) for n in range(first - 1, first - 1 - MAX_PAID, -1)]
    behind = [at(tokens, n) for n in range(item.next, item.next + MAX_PAID)]
    return any(
        token.folded.startswith(_PAID)
        for side in (before, behind)
        for token in takewhile(_may_pay, side)
    )


def carry_back(tokens: Sequence[Token], found: Sequence[Quantity]) -> None:
    """Lend the first figures of a list the currency that stands behind its last.

    Only where both come in millions at least, the list goes on right behind the
    figure, and nothing counted stands before it.
    """
    for item, last in reversed(list(pairwise(found))):
        if item.unit is not None or last.unit is None or last.unit_first:
            continue
        if min(item.scale or 0, last.scale or 0) < MIN_CARRIED:
            continue
        between = range(item.next, last.first + 1)
        ends = any(
            tokens[n].gap == BREAK or _is_sentence_end(tokens, n) for n in between
        )
        listed_on = at(tokens, item.next).folded in _LISTING or _is_part(
            tokens, item, last
        )
        before = tokens[max(item.first - MAX_APART, 0) : item.first]
        counted = any(map(_is_counted, before))
        foreign = _is_code(at(tokens, item.first - 1).text)
        near = len(between) <= MAX_LISTED
        if listed_on and near and not (ends or counted or foreign):
            item.unit = last.unit


def _looks_like_code(word: str, language: str) -> bool:
    """Whether a word before a lone figure may be a currency nobody here knows."""
    # German writes every noun large, and names its payers there.
    return _is_code(word) or (language != "de" and word[:1].isupper())


def _is_code(word: str) -> bool:
    """Whether a word is written as currencies are: "KSh"."""
    return 1 < len(word) <= MAX_CODE and sum(map(str.isupper, word)) > 1


def _stands_alone(tokens: Sequence[Token], item: Quantity) -> bool:
    """Tell whether nothing that could be counted follows a figure."""
    following = at(tokens, item.next)
    if following.gap != BREAK and following.is_word:
        return following.folded in _NOT_COUNTED
    hyphen = following.text in HYPHENS and following.gap == GLUED
    return not hyphen and following.text not in ("%", "°", "/")


def _is_part(tokens: Sequence[Token], item: Quantity, whole: Quantity) -> bool:
    """Tell whether a figure is told as a part of the one that follows."""
    between = words_between(tokens, item, whole)
    return bool(between) and between[0] in _OF and _WHOLE.issuperset(between)
