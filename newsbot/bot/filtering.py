"""/filter: which deals arrive, typed or pressed."""

from __future__ import annotations

from dataclasses import replace

from newsbot.bot.showing import filter_report
from newsbot.bot.talk import OFF, Rows, Talk
from newsbot.stages import typed
from newsbot.stages.wording import TYPES
from newsbot.talking import Button, Filters, Subscription
from newsbot.vocabulary import DEAL_TYPES


def filters(talk: Talk, words: str) -> None:
    """/filter: which deals arrive, and what that would have let through."""
    there = talk.subscribed()
    if there is None:
        return
    if words.lower() in OFF:
        there = replace(there, filters=Filters())
        talk.store.subscriptions.put(there)
    elif words.startswith("+"):
        there = replace(there, filters=_toggled(there.filters, words[1:]))
        talk.store.subscriptions.put(there)
    elif words:
        try:
            there = replace(there, filters=typed.read_filters(words))
        except typed.FilterError as error:
            talk.reply(talk.say("filter bad", value=error))
            talk.tell("filter how")
            return
        talk.store.subscriptions.put(there)
    talk.reply(filter_report(talk, there.filters), _filter_keyboard(talk, there))


def _toggled(filters_: Filters, name: str) -> Filters:
    """Turn one part of a filter on or off, as its button says."""
    if name == "confirmed":
        on = filters_.statuses == typed.CONFIRMED
        return replace(filters_, statuses=() if on else typed.CONFIRMED)
    for type_ in DEAL_TYPES:
        if name == type_:
            kept = tuple(one for one in filters_.types if one != type_)
            on = len(kept) < len(filters_.types)
            return replace(filters_, types=kept if on else (*kept, type_))
    if name.startswith("min"):
        try:
            least = typed.read_filters(f"min:{name[3:]}").min_amount
        except typed.FilterError:
            return filters_
        same = least == filters_.min_amount
        return replace(filters_, min_amount=None if same else least)
    return filters_


def _filter_keyboard(talk: Talk, there: Subscription) -> Rows:
    def box(label: str, name: str, on: bool) -> Button:
        return talk.button(f"{'☑' if on else '☐'} {label}", "filter", f"+{name}")

    chosen = there.filters
    names = TYPES[talk.language]
    types = [box(names[type_], type_, type_ in chosen.types) for type_ in DEAL_TYPES]
    confirmed = chosen.statuses == typed.CONFIRMED
    sums = [
        box(
            f"≥ {name}",
            f"min{name}",
            chosen.min_amount == typed.read_filters(f"min:{name}").min_amount,
        )
        for name in ("100m", "1bn", "10bn")
    ]
    return (
        (box(talk.say("button confirmed"), "confirmed", confirmed),),
        *(tuple(types[n : n + 2]) for n in range(0, len(types), 2)),
        tuple(sums),
        (talk.button(talk.say("button all"), "filter", "off"),),
    )
