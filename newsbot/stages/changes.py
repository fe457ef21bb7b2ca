"""What has changed between two states of a deal, in values and in words?

In: the deal as it was told and as it now is. Out: the changes, most important first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from newsbot.stages.amounts import format_capacity, format_money
from newsbot.stages.figures import same_figure
from newsbot.stages.likeness import SAME_DEAL_DAYS
from newsbot.stages.wording import AND, BOUNDS, ROLES, STATES, listed
from newsbot.types import Amount, Article, Capacity, Deal, Told
from newsbot.vocabulary import Language, Role, Status

Related = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """The deal has come farther; both equal where it was extended once more."""

    now: Status
    was: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyChange:
    """A party that was not named before, or, without roles, is named no more."""

    name: str
    roles: tuple[Role, ...]
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountChange:
    """A figure that was not told before."""

    now: Amount
    #: The figures of this role that were; empty where there was none.
    was: tuple[Amount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityChange:
    """A capacity that was not told before."""

    now: Capacity
    #: The last one in this unit; None for the first.
    was: Capacity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureGone:
    """A figure that nobody tells any more, and that no other one replaces."""

    was: Amount | Capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The only report was taken back."""

    #: The publisher's name.
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAgain:
    """A deal whose only report was taken back is reported once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAsTwo:
    """Our mistake: what was told as another deal is this one."""

    #: Parties of what was told as another one.
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAsOne:
    """Our mistake: two deals were told as this one."""

    #: Parties of the other one.
    names: tuple[str, ...]


Change = (
    StatusChange
    | PartyChange
    | AmountChange
    | CapacityChange
    | FigureGone
    | Withdrawal
    | ToldAgain
    | ToldAsTwo
    | ToldAsOne
)


def told_state(deal: Deal, article_id: str) -> Told:
    """Note what a message about a deal tells, and whose article was the occasion."""
    return Told(
        article_id=article_id,
        status=deal.status,
        parties=deal.parties,
        finding_ids=tuple(finding.id for finding in deal.findings),
    )


def as_told(deal: Deal, told: Told) -> Deal:
    """Give back the state of a deal that a message told.

    One that told no finding said that the deal was withdrawn.
    """
    ids = set(told.finding_ids)
    return replace(
        deal,
        status=told.status,
        parties=told.parties,
        findings=tuple(finding for finding in deal.findings if finding.id in ids),
        withdrawn_by=None if ids else deal.withdrawn_by or "",
    )


def changes(
    before: Deal,
    after: Deal,
    articles: Mapping[str, Article],
    *,
    related: Related = str.__eq__,
) -> tuple[Change, ...]:
    """Say what is new in a deal: status, parties, amounts, capacity, in this order.

    Args:
        before: The deal as it was.
        after: The deal as it is.
        articles: The findings' articles by id, as far as they are kept; they tell a
            second extension from the retelling of the first.
        related: Whether two names are the same, or parent and unit.

    Returns:
        The changes; none where it only was told once more. A figure is new unless
        it is a known one rounded or converted.
    """
    if after.withdrawn_by is not None:
        taken_back = Withdrawal(by=after.withdrawn_by)
        return () if before.withdrawn_by is not None else (taken_back,)
    found: list[Change] = []
    if before.withdrawn_by is not None:
        found.append(ToldAgain())
    again = (
        after.status == "expanded"
        and extensions(after, articles) > extensions(before, articles) > 0
    )
    if after.status != before.status or again:
        found.append(StatusChange(now=after.status, was=before.status))
    found.extend(_parties(before, after, related))
    found.extend(_amounts(before, after))
    found.extend(_capacity(before, after))
    found.extend(_gone(before, after, found))
    return tuple(found)


def extensions(deal: Deal, articles: Mapping[str, Article]) -> int:
    """Count how often a deal came to its present status; retellings are not counted."""
    told = sorted(
        articles[finding.article_id].published_at
        for finding in deal.findings
        if finding.status == deal.status and finding.article_id in articles
    )
    gaps = sum((b - a).days > SAME_DEAL_DAYS for a, b in pairwise(told))
    return gaps + 1 if told else 0


def say(change: Change, language: Language) -> str:
    """Put a change into words, e.g. ``"now signed (was: in talks)"``."""
    words = _WORDS[language]
    match change:
        case StatusChange(now=now, was=was) if now == was:
            return words["again"].format(now=STATES[language][now])
        case StatusChange(now=now, was=was):
            states = STATES[language]
            return words["status"].format(now=states[now], was=states[was])
        case PartyChange(name=name, gone=True):
            return words["gone"].format(name=name)
        case PartyChange(name=name, roles=roles):
            told = ", ".join(ROLES[language][role] for role in roles)
            return words["party"].format(name=name) + (f" ({told})" if told else "")
        case AmountChange(now=figure, was=figures):
            text = written(figure, language)
            if not figures:
                return words["first amount"].format(now=text)
            known = listed([written(one, language) for one in figures], AND[language])
            return words["amount"].format(now=text, was=known)
        case CapacityChange(now=item, was=earlier):
            text = format_capacity(item.value, item.unit, language)
            if earlier is None:
                return words["first capacity"].format(now=text)
            known = format_capacity(earlier.value, earlier.unit, language)
            return words["capacity"].format(now=text, was=known)
        case FigureGone(was=figure):
            if isinstance(figure, Amount):
                return words["no amount"].format(was=written(figure, language))
            text = format_capacity(figure.value, figure.unit, language)
            return words["no capacity"].format(was=text)
        case Withdrawal(by=by):
            return words["withdrawn"].format(by=by)
        case ToldAgain():
            return words["told again"]
        case ToldAsTwo(names=names):
            return words["told as two"].format(names=listed(names, AND[language]))
        case ToldAsOne(names=names):
            return words["told as one"].format(names=listed(names, AND[language]))


def key(change: Change) -> str:
    """Name a change so that two messages about two changes have two ids."""
    match change:
        case StatusChange(now=now):
            return now
        case PartyChange(name=name, gone=gone):
            return f"{'-' if gone else '+'}{name}"
        case AmountChange(now=figure):
            return f"{figure.kind} {figure.bound} {figure.value} {figure.currency}"
        case CapacityChange(now=item):
            return f"{item.value} {item.unit}"
        case FigureGone(was=figure):
            unit = figure.currency if isinstance(figure, Amount) else figure.unit
            return f"-{figure.value} {unit}"
        case Withdrawal(by=by):
            return f"withdrawn by {by}"
        case ToldAgain():
            return "told again"
        case ToldAsTwo(names=names):
            return f"same as {' '.join(names)}"
        case ToldAsOne(names=names):
            return f"apart from {' '.join(names)}"


def written(amount: Amount, language: Language) -> str:
    """Write a figure with its bound."""
    bound = BOUNDS[language][amount.bound]
    return bound + format_money(amount.value, amount.currency, language)


def _parties(before: Deal, after: Deal, related: Related) -> list[Change]:
    def missing(these: Deal, those: Deal) -> list[tuple[str, tuple[Role, ...]]]:
        return [
            (name, roles)
            for name, roles in these.parties
            if not any(
                name == other or related(name, other) for other, _ in those.parties
            )
        ]

    found: list[Change] = [
        PartyChange(name=name, roles=roles) for name, roles in missing(after, before)
    ]
    found.extend(
        PartyChange(name=name, roles=(), gone=True)
        for name, _ in missing(before, after)
    )
    return found


def _amounts(before: Deal, after: Deal) -> list[Change]:
    known = [amount for finding in before.findings for amount in finding.amounts]
    old = {finding.id for finding in before.findings}
    new: list[Amount] = []
    for finding in after.findings:
        # What a late paper says of the talks is no other figure of what is signed.
        late_talks = finding.status == "talks" != after.status
        if finding.id in old or (late_talks and known):
            continue
        for amount in finding.amounts:
            if not any(same_figure(amount, other) for other in (*known, *new)):
                new.append(amount)
    # What was corrected takes the place of what its own paper said before.
    kept = {finding.id for finding in after.findings}
    gone = [a for one in before.findings if one.id not in kept for a in one.amounts]
    return [
        AmountChange(
            now=amount, was=_counterparts(amount, gone) or _counterparts(amount, known)
        )
        for amount in new
    ]


def _counterparts(amount: Amount, known: Sequence[Amount]) -> tuple[Amount, ...]:
    """The figures that a new one takes the place of, each once, in order."""
    rivals = [
        other
        for other in known
        if other.kind == amount.kind
        and (not other.payer or not amount.payer or other.payer == amount.payer)
    ]
    kept: list[Amount] = []
    for other in rivals:
        if not any(same_figure(other, one) for one in kept):
            kept.append(other)
    return tuple(kept)


def _capacity(before: Deal, after: Deal) -> list[Change]:
    known = [item for finding in before.findings for item in finding.capacity]
    seen = {(item.value, item.unit) for item in known}
    last = {item.unit: item for item in known}
    found: list[Change] = []
    for finding in after.findings:
        for item in finding.capacity:
            if (item.value, item.unit) not in seen:
                seen.add((item.value, item.unit))
                found.append(CapacityChange(now=item, was=last.get(item.unit)))
    return found


def _gone(before: Deal, after: Deal, found: Sequence[Change]) -> list[Change]:
    """Figures that no finding tells any more; a newer one in their place says so."""
    kept = {finding.id for finding in after.findings}
    told = [finding for finding in before.findings if finding.id not in kept]
    sums = [amount for finding in after.findings for amount in finding.amounts]
    room = {(item.value, item.unit) for one in after.findings for item in one.capacity}
    gone: list[Amount | Capacity] = []
    for change in found:
        if isinstance(change, AmountChange):
            sums.extend(change.was)
        elif isinstance(change, CapacityChange) and change.was is not None:
            room.add((change.was.value, change.was.unit))
    for finding in told:
        for amount in finding.amounts:
            if not any(same_figure(amount, other) for other in sums):
                sums.append(amount)
                gone.append(amount)
        for item in finding.capacity:
            if (item.value, item.unit) not in room:
                room.add((item.value, item.unit))
                gone.append(item)
    return [FigureGone(was=one) for one in gone]


_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "status": "now {now} (was: {was})",
        "again": "{now} once more",
        "party": "new party: {name}",
        "gone": "no longer a party: {name}",
        "amount": "amount now {now} (was: {was})",
        "first amount": "amount: {now}",
        "capacity": "capacity now {now} (was: {was})",
        "first capacity": "capacity: {now}",
        "no amount": "no amount any more (was: {was})",
        "no capacity": "no capacity any more (was: {was})",
        "withdrawn": "{by} has withdrawn its report, and no other source tells of it",
        "told again": "told again, after the first report was withdrawn",
        "told as two": "told as two deals by mistake, it is one; the other one was: "
        "{names}",
        "told as one": "two deals told as one by mistake; the other one is: {names}",
    },
    "de": {
        "status": "jetzt {now} (vorher: {was})",
        "again": "noch einmal {now}",
        "party": "neue Partei: {name}",
        "gone": "nicht mehr Partei: {name}",
        "amount": "Summe jetzt {now} (vorher: {was})",
        "first amount": "Summe: {now}",
        "capacity": "Kapazität jetzt {now} (vorher: {was})",
        "first capacity": "Kapazität: {now}",
        "no amount": "keine Summe mehr (vorher: {was})",
        "no capacity": "keine Kapazität mehr (vorher: {was})",
        "withdrawn": "{by} hat den Bericht zurückgezogen, und keine andere Quelle "
        "meldet ihn",
        "told again": "wieder gemeldet, nachdem der erste Bericht zurückgezogen wurde",
        "told as two": "irrtümlich als zwei Abkommen gemeldet, es ist eines; das "
        "andere war: {names}",
        "told as one": "irrtümlich als ein Abkommen gemeldet, es sind zwei; das "
        "andere ist: {names}",
    },
}
