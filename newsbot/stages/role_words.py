"""What words say of a deal's types and its parties' roles, beside their trades.

In: a reading, a deal's sentences, its parties, and for roles which of them is asked.
Out: words as `stages.word_heads` weighs them, marked by where they stand.

Who pays and who supplies shows in the words next to a name, and in those between it and
another party or a sum: "SELF rents ... from PARTY". The model knows more, and mixes up
the two directions where it is unsure.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import combinations, pairwise

from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.stages.word_heads import PARTY, SUM, Mark, marked_words, words_of_deal

#: What stands for the party asked about, and for who is no party of the deal.
SELF, BYSTANDER = "\u00b6self", "\u00b6org"
#: Words on each side of a party that count, and those of them that are near.
WINDOW, NEAR = 6, 3
#: Words at most from a party to another, or to a sum, that count what is between.
BETWEEN = 12


def trade(name: str, gazetteer: Gazetteer) -> str:
    """What a list knows of an organisation, in a word."""
    known = gazetteer.get(name)
    return known.kind if known else "unlisted"


def words_of_trades(names: Sequence[str], gazetteer: Gazetteer) -> list[str]:
    """What trades a deal's parties are of, each and two by two."""
    trades = sorted(trade(name, gazetteer) for name in names)
    pairs = [f"{one}/{other}" for one, other in combinations(trades, 2)]
    return [f"\u00b6trade {word}" for word in (*trades, *pairs, "+".join(trades))]


def words_of_types(
    reading: Reading, told: Set[int], names: Sequence[str], gazetteer: Gazetteer
) -> list[str]:
    """Words that tell a deal's types: of its sentences, and its parties' trades.

    Args:
        reading: The article.
        told: Numbers of the sentences that state the deal.
        names: Its parties.
        gazetteer: What is known of each.
    """
    words = words_of_deal(reading, told, names)
    return [*words, *words_of_trades(names, gazetteer)]


def words_of_role(
    reading: Reading,
    told: Set[int],
    name: str,
    names: Sequence[str],
    gazetteer: Gazetteer,
) -> list[str]:
    """Words about one party of a deal.

    Args:
        reading: The article.
        told: Numbers of the sentences that state the deal.
        name: The party asked about.
        names: All of them.
        gazetteer: What is known of each.
    """
    others = [one for one in names if one != name]
    mine = trade(name, gazetteer)
    theirs = [trade(one, gazetteer) for one in others]
    found = [
        f"\u00b6mine {mine}",
        f"\u00b6many {min(len(names), 5)}",
        *(f"\u00b6theirs {one}" for one in theirs),
        *(f"\u00b6both {mine}/{one}" for one in theirs),
    ]
    marks: list[Mark] = [(m.start, m.end, SUM) for m in reading.money]
    naming = set()
    for one in reading.organisations:
        if one.name == name or gazetteer.related(one.name, name):
            naming.add(reading.sentence_index(one.start))
            mark = SELF
        else:
            mark = PARTY if one.name in others else BYSTANDER
        marks.append((one.start, one.end, mark))
    marks.sort()
    for number in sorted({*told, *naming}):
        words = marked_words(reading, number, marks)
        places = [n for n, word in enumerate(words) if word == SELF]
        if not places:
            found += [f"\u00b6beside {word}" for word in words]
            continue
        where = "\u00b6told" if number in told else "\u00b6else"
        found += [f"{where} {word}" for word in words]
        found += [f"{where} {one} {other}" for one, other in pairwise(words)]
        for place in places:
            found += _around(words, place)
    return found


def _around(words: Sequence[str], place: int) -> list[str]:
    """Words next to a party, and between it and another or a sum."""
    left, right = words[:place][::-1], words[place + 1 :]
    found = []
    for side, beside in (("<", left), (">", right)):
        found += [f"{side} {word}" for word in beside[:WINDOW]]
        found += [f"{side}{side} {word}" for word in beside[:NEAR]]
        if len(beside) > 1:
            found.append(f"{side}2 {beside[0]} {beside[1]}")
        for n, word in enumerate(beside[:BETWEEN]):
            if word in (PARTY, SUM):
                found.append(f"{side}{word}")
                found += [f"{side}{word} {between}" for between in beside[:n]]
    if left and right:
        found.append(f"<> {left[0]} {right[0]}")
    return found
