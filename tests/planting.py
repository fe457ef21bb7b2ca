"""One error at a time, put by code into a sentence that its article supports."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from newsbot.evaluation.gold import GoldArticle
from newsbot.stages.amounts import find_money
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.stages.telling import tell
from newsbot.types import Finding, Party
from newsbot.vocabulary import Language

#: Organisations to put in the place of others, where the article has none of them.
OUTSIDE = (
    "Cerebras", "Nscale", "SoftBank", "Databricks", "Cohere", "Equinix", "Groq",
    "Lambda", "Vodafone", "Telefónica", "Zelvaro Compute", "Quarzberg Systems",
)  # fmt: skip
_CURRENCIES = (
    ("US-Dollar", "Euro"), ("Dollar", "Euro"), ("dollars", "euros"), ("Euro", "Dollar"),
    ("Franken", "Euro"), ("Kronen", "Euro"), ("Pfund", "Euro"), ("Yen", "Euro"),
    ("$", "€"), ("€", "$"), ("£", "$"), ("¥", "$"), ("euros", "dollars"),
)  # fmt: skip
_STATUSES = {
    "en": (
        (r"\b(?:is|are) in (?:\w+ )?(?:talks|discussions) to\b", "have agreed to"),
        (r"\b(?:is|are) in (?:\w+ )?(?:talks|discussions)\b", "have signed a contract"),
        (r"\b(?:is|are) negotiating\b", "have signed"),
        (r"\b(?:is|are) considering\b", "have approved"),
        (r"\b(?:could|may|might)\b", "will"),
        (r"\bwould\b", "will"),
        (r"\bplans? to\b", "have begun to"),
        (r"\breportedly ", ""),
        (r"\b(?:has|have) agreed to\b", "is in talks to"),
        (r"\b(?:has|have) signed\b", "is negotiating"),
        (r"\b(?:has|have) (?:terminated|cancelled|ended)\b", "has signed"),
        (r"\b(?:has|have) (?:extended|expanded|widened|enlarged)\b", "has ended"),
    ),
    "de": (
        (r"\bverhandelt(?= \w+ \w+ über| mit | über )", "einigte sich"),
        (r"\bverhandeln(?= \w+ \w+ über| mit | über )", "einigten sich"),
        (r"\bsoll\b", "wird"),
        (r"\bsollen\b", "werden"),
        (r"\bkönnten?\b", "wird"),
        (r"\bplant\b", "baut"),
        (r"\bprüft\b", "beschließt"),
        (r"\b(?:offenbar|angeblich) ", ""),
        (r"\bunterzeichnet\b", "erwogen"),
        (r"\bvereinbart\b", "sondiert"),
        (r"\b(?:beendet|gekündigt|aufgelöst)\b", "unterzeichnet"),
        (r"\b(?:erweitert|ausgeweitet|verlängert)\b", "beendet"),
    ),
}
_LISTED = re.compile(r"[\s,]*(?:und|and|sowie|&|/)?[\s,]*(?:\w+[\s-]+){0,4}")
_GIVING = {"customer", "investor"}
_TAKING = {"provider", "model_provider", "investee"}


def one_digit(
    text: str, reading: Reading, article: GoldArticle, gazetteer: Gazetteer,
    dice: random.Random,
) -> str | None:  # fmt: skip
    places = [m.start() for m in re.finditer(r"\d", text)]
    if not places:
        return None
    place = dice.choice(places)
    digit = str((int(text[place]) + dice.randint(0, 7)) % 9 + 1)
    return None if digit == text[place] else text[:place] + digit + text[place + 1 :]


def one_party(
    text: str, reading: Reading, article: GoldArticle, gazetteer: Gazetteer,
    dice: random.Random,
) -> str | None:  # fmt: skip
    """Put another organisation, half the time one of the article's, for a party."""
    names = {name for deal in article.deals for name, _ in deal.parties}
    named = [
        name
        for name in sorted(names)
        if re.search(rf"(?<![\w-]){re.escape(name)}(?!\w)", text)
    ]
    here = {m.name for m in reading.organisations if m.kind == "name"}
    inside = [n for n in sorted(here - names) if n not in text]
    inside = [n for n in inside if not any(gazetteer.related(n, m) for m in names)]
    outside = [n for n in OUTSIDE if n not in reading.article.full_text]
    pool = inside if inside and dice.random() < 0.5 else outside
    if not named:
        return None
    old = dice.choice(named)
    return re.sub(
        rf"(?<![\w-]){re.escape(old)}(?!\w)", dice.choice(pool), text, count=1
    )


def one_currency(
    text: str, reading: Reading, article: GoldArticle, gazetteer: Gazetteer,
    dice: random.Random,
) -> str | None:  # fmt: skip
    language = reading.article.language
    stated = {(m.value, m.currency) for m in reading.money}
    for mention in find_money(text, language):
        piece = text[mention.start : mention.end]
        for old, new in _CURRENCIES:
            if old not in piece:
                continue
            changed = (
                text[: mention.start] + piece.replace(old, new) + text[mention.end :]
            )
            told = {(m.value, m.currency) for m in find_money(changed, language)}
            return changed if told - stated else None
    return None


def one_direction(
    text: str, reading: Reading, article: GoldArticle, gazetteer: Gazetteer,
    dice: random.Random,
) -> str | None:  # fmt: skip
    """Swap who gives with who takes, where they are no mere list."""
    for deal in article.deals:
        places = []
        for name, roles in deal.parties:
            found = list(re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))
            if len(found) == 1:
                places.append((found[0], {*roles}))
        for one, mine in places:
            for other, theirs in places:
                pays = mine & _GIVING and not mine & _TAKING
                earns = theirs & _TAKING and not theirs & _GIVING
                first, last = sorted((one, other), key=lambda m: m.start())
                between = text[first.end() : last.start()]
                if not (pays and earns) or _LISTED.fullmatch(between):
                    continue
                return (
                    text[: first.start()] + last[0] + between + first[0]
                    + text[last.end() :]
                )  # fmt: skip
    return None


def one_status(
    text: str, reading: Reading, article: GoldArticle, gazetteer: Gazetteer,
    dice: random.Random,
) -> str | None:  # fmt: skip
    fitting = [
        (pattern, new)
        for pattern, new in _STATUSES[reading.article.language]
        if re.search(pattern, text)
    ]
    if not fitting:
        return None
    pattern, new = dice.choice(fitting)
    return re.sub(pattern, new, text, count=1)


Plant = Callable[[str, Reading, GoldArticle, Gazetteer, random.Random], "str | None"]
PLANTS: dict[str, Plant] = {
    "digit": one_digit,
    "party": one_party,
    "currency": one_currency,
    "direction": one_direction,
    "status": one_status,
}


def told_wrong(
    finding: Finding, reading: Reading, language: Language, outside: str
) -> dict[str, str]:
    """Tell a finding with one field wrong: a harder test, as nothing is quoted."""
    wrong: dict[str, Finding] = {}
    first, *others = finding.parties
    amounts = tuple(
        replace(a, payer=outside if a.payer == first.name else a.payer)
        for a in finding.amounts
    )
    renamed = (replace(first, name=outside), *others)
    wrong["party"] = replace(finding, parties=renamed, amounts=amounts)
    if finding.amounts:
        amount, *more = finding.amounts
        value = amount.value * Decimal("1.1")
        wrong["digit"] = replace(finding, amounts=(replace(amount, value=value), *more))
        currency = "EUR" if amount.currency == "USD" else "USD"
        wrong["currency"] = replace(
            finding, amounts=(replace(amount, currency=currency), *more)
        )
    status = {"announced": "talks", "talks": "announced", "expanded": "ended"}
    other = status.get(finding.status, "announced")
    wrong["status"] = replace(finding, status=other)  # type: ignore[arg-type]
    sides = [
        bool({*p.roles} & _GIVING) - bool({*p.roles} & _TAKING) for p in finding.parties
    ]
    if len(finding.parties) == 2 and sorted(sides) == [-1, 1]:
        a, b = finding.parties
        turned: tuple[Party, ...] = (
            replace(a, roles=b.roles), replace(b, roles=a.roles),
        )  # fmt: skip
        wrong["direction"] = replace(finding, parties=turned)
    return {kind: " ".join(tell(one, reading, language)) for kind, one in wrong.items()}
