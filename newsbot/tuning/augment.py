"""The same article with other names, sums, currencies and days.

In: a labelled article and what the rules read in it.
Out: another labelled article. A model that meets each story in ever new names
learns the sentence and not who tends to sign with whom.

Labels are not computed but read again: a sum's new value is what `find_money` reads
at its place. Where anything does not come out as it went in, the article stays as
it was.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from newsbot.evaluation.gold import GoldAmount, GoldArticle, GoldDeal, GoldSpan
from newsbot.stages.amounts import find_money, same_value
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.questions import Candidate, candidates
from newsbot.stages.reading import Reading
from newsbot.tuning.names import invent_name, short_form

#: Share of the articles of one pass that get other names, sums, currencies, days.
SWAP_NAMES, SWAP_SUMS, SWAP_CURRENCIES, SWAP_DAYS = 0.6, 0.4, 0.15, 0.3
#: Share of the known organisations that an invented name replaces.
INVENTED = 0.4
_DIGITS = re.compile(r"\d+")
_DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday".split(),
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag".split(),
}
_CURRENCIES = {
    "en": (("$", "€"), ("US dollars", "euros"), ("dollars", "euros"), ("USD", "EUR")),
    "de": (("US-Dollar", "Euro"), ("Dollar", "Euro"), ("$", "€"), ("USD", "EUR")),
}


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A piece of the full text that gets other words."""

    start: int
    end: int
    text: str


def augment(
    article: GoldArticle, reading: Reading, gazetteer: Gazetteer, rng: Random
) -> GoldArticle:
    """Tell the article again with other names, sums, currencies and days.

    Args:
        article: Labelled.
        reading: Of the same article.
        gazetteer: The organisations.
        rng: Decides; the same state gives the same article.

    Returns:
        Another article under the same id, or the same one.
    """
    edits: list[Edit] = []
    renamed: dict[str, str] = {}
    if rng.random() < SWAP_NAMES:
        edits += _names(reading, gazetteer, rng, renamed)
    if rng.random() < SWAP_SUMS:
        edits += _sums(reading, rng)
    elif rng.random() < SWAP_CURRENCIES:
        edits += _currencies(reading)
    if rng.random() < SWAP_DAYS:
        edits += _days(reading, rng)
    edits = _disjoint(edits)
    return apply(article, edits, renamed, gazetteer) if edits else article


def apply(
    article: GoldArticle,
    edits: Sequence[Edit],
    renamed: Mapping[str, str],
    gazetteer: Gazetteer,
) -> GoldArticle:
    """Make edits in an article and carry its labels over.

    Args:
        article: Labelled.
        edits: Disjoint, in order; none may span the end of the title.
        renamed: Canonical names that the edits replace, with the new ones.
        gazetteer: The organisations.

    Returns:
        The edited article; the one given where a label does not come through.
    """
    full = f"{article.title}\n\n{article.text}"
    n_title = len(article.title)
    pieces, moved, last = [], _moves(edits), 0
    for edit in edits:
        if edit.start < n_title + 2 and edit.end > n_title:
            return article
        pieces += [full[last : edit.start], edit.text]
        last = edit.end
    written = "".join([*pieces, full[last:]])
    title = written[: moved(n_title)]
    text = written[len(title) + 2 :]
    before = find_money(full, article.language)
    after = {m.start: m for m in find_money(written, article.language)}

    def amount(told: GoldAmount) -> GoldAmount | None:
        payer = _renamed(told.payer, renamed, gazetteer) if told.payer else None
        for mention in before:
            if mention.currency == told.currency and same_value(
                mention.value, told.value
            ):
                found = after.get(moved(mention.start))
                if found is None:
                    return None
                value, currency = found.value, found.currency
                return replace(told, value=value, currency=currency, payer=payer)
        return replace(told, payer=payer)

    deals: list[GoldDeal] = []
    for deal in article.deals:
        amounts = [amount(told) for told in deal.amounts]
        kept = tuple(one for one in amounts if one is not None)
        parties = tuple(
            (_renamed(name, renamed, gazetteer), roles) for name, roles in deal.parties
        )
        if len(kept) < len(amounts) or any(
            name not in written for name, _ in parties if name in renamed.values()
        ):
            return article
        others = tuple(_renamed(n, renamed, gazetteer) for n in deal.not_parties)
        deals.append(replace(deal, parties=parties, amounts=kept, not_parties=others))
    spans = tuple(
        GoldSpan(field=s.field, start=moved(s.start), end=moved(s.end))
        for s in article.spans
    )
    return replace(article, title=title, text=text, deals=tuple(deals), spans=spans)


def _renamed(name: str, renamed: Mapping[str, str], gazetteer: Gazetteer) -> str:
    return renamed.get(gazetteer.canonical(name), name)


def _moves(edits: Sequence[Edit]) -> Callable[[int], int]:
    """Where a place of the old text lies in the new one."""
    ends = [edit.end for edit in edits]
    shifts = [0]
    for edit in edits:
        shifts.append(shifts[-1] + len(edit.text) - (edit.end - edit.start))

    def moved(place: int) -> int:
        n = bisect_right(ends, place)
        inside = n < len(edits) and edits[n].start < place
        return (edits[n].start if inside else place) + shifts[n]

    return moved


def _disjoint(edits: Sequence[Edit]) -> list[Edit]:
    kept: list[Edit] = []
    for edit in sorted(edits):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept


def _names(
    reading: Reading, gazetteer: Gazetteer, rng: Random, renamed: dict[str, str]
) -> list[Edit]:
    """Give organisations other names of their trade, or invented ones."""
    edits: list[Edit] = []
    everyone = candidates(reading.organisations)
    taken = {candidate.name for candidate in everyone}
    for candidate in everyone:
        surfaces = _surfaces(reading, candidate)
        if surfaces is None or rng.random() < 0.25:
            continue
        if any(
            other != candidate.name and gazetteer.related(other, candidate.name)
            for other in taken
        ):
            continue  # a parent and its unit stay a family
        new = _another(candidate.name, reading.article.language, gazetteer, rng, taken)
        if new is None:
            continue
        taken.add(new)
        renamed[candidate.name] = new
        short = short_form(new)
        edits += [
            Edit(m.start, m.end, short if surfaces[m.start] else new)
            for m in candidate.mentions
        ]
    return edits


def _surfaces(reading: Reading, candidate: Candidate) -> dict[int, bool] | None:
    """Tell for each mention whether it is a short form; None: leave this one be."""
    text, found = reading.article.full_text, {}
    for mention in candidate.mentions:
        surface = text[mention.start : mention.end]
        if mention.kind not in ("name", "unknown"):
            return None
        # "Cloud" of "Nordlicht Cloud-Verträge" must not be left without its name.
        if text[mention.end : mention.end + 1] == "-":
            return None
        whole = surface == candidate.name or mention.kind == "name"
        if not whole and surface not in candidate.name:
            return None
        found[mention.start] = not whole
    return found


def _another(
    name: str, language: str, gazetteer: Gazetteer, rng: Random, taken: set[str]
) -> str | None:
    known = gazetteer.get(name)
    if known is None or rng.random() < INVENTED:
        return invent_name(name if known is None else None, language, rng)
    pool = [
        other
        for other in gazetteer.of_kind(known.kind)
        if other not in taken and not gazetteer.related(other, name)
    ]
    return rng.choice(pool) if pool else None


def _sums(reading: Reading, rng: Random) -> list[Edit]:
    """Give sums other digits, the same for the same digits."""
    text = reading.article.full_text
    new: dict[str, str] = {}
    edits = []
    # A sum that the text also writes in words would be two sums.
    worded = {
        (mention.value, mention.currency)
        for mention in reading.money
        if not _DIGITS.search(text, mention.start, mention.end)
    }
    for mention in reading.money:
        if (mention.value, mention.currency) in worded:
            continue
        for match in _DIGITS.finditer(text, mention.start, mention.end):
            digits = match[0]
            if digits.startswith("0") or (set(digits[1:]) == {"0"} and len(digits) > 3):
                continue  # "1,000" and "0.5": groups and fractions stay readable
            if digits not in new:
                first = str(rng.randint(1, 9))
                rest = "".join(
                    "0" if d == "0" else str(rng.randint(1, 9)) for d in digits[1:]
                )
                new[digits] = first + rest
            edits.append(Edit(match.start(), match.end(), new[digits]))
    return edits


def _currencies(reading: Reading) -> list[Edit]:
    """Turn dollars into euros or the reverse, where all sums are of one currency."""
    text = reading.article.full_text
    if {m.currency for m in reading.money} not in ({"USD"}, {"EUR"}):
        return []
    pairs = list(_CURRENCIES[reading.article.language])
    if reading.money[0].currency == "EUR":
        pairs = [(b, a) for a, b in pairs]
    edits = []
    for mention in reading.money:
        surface = text[mention.start : mention.end]
        for old, new in pairs:
            if old in surface:
                start = mention.start + surface.index(old)
                edits.append(Edit(start, start + len(old), new))
                break
    return edits


def _days(reading: Reading, rng: Random) -> list[Edit]:
    """Let everything happen on other days of the week."""
    days = _DAYS[reading.article.language]
    turned = days[:]
    rng.shuffle(turned)
    new = dict(zip(days, turned, strict=True))
    pattern = re.compile(rf"\b({'|'.join(days)})\b")
    return [
        Edit(match.start(), match.end(), new[match[0]])
        for match in pattern.finditer(reading.article.full_text)
    ]
