"""Is it a deal, and which? Asked in words, of a model that follows instructions.

In: readings of articles. Out: the same judgements as `assess` gives, so that the
line does not care which kind of model judged.

The model points, rules read: a name or a sum that it writes is looked up among
those found in the text, and what is not there is dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from newsbot.errors import ModelOutputError
from newsbot.ports import ChoiceRequest, Limits, TextModel, TextRequest
from newsbot.prompts import Prompt
from newsbot.stages.assess import Judgement
from newsbot.stages.gate import Gated, gate
from newsbot.stages.ground import Draft, DraftAmount, DraftParty, ground
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.types import (
    AMOUNT_KINDS,
    DEAL_TYPES,
    ROLES,
    STATUSES,
    AmountKind,
    Assessment,
    DealType,
    Dropped,
    Finding,
    MoneyMention,
    OrganisationMention,
    Role,
    Status,
)

#: A weighed "yes" is a deal from here on.
THRESHOLD = 0.5
#: Tokens for the list of deals: a round-up with four of them.
MAX_TOKENS = 700
#: Deals one article may report; a model that loops writes more.
MAX_DEALS = 6


class PromptJudge:
    """Judges by asking a text model."""

    def __init__(
        self, model: TextModel, detect: Prompt, extract: Prompt, gazetteer: Gazetteer
    ):
        self._model = model
        self._detect = detect
        self._extract = extract
        self._gazetteer = gazetteer

    @property
    def id(self) -> str:
        """Model and prompts with their hashes, kept beside every output."""
        return f"{self._model.id}+{self._detect.id}+{self._extract.id}"

    def judge(self, readings: Sequence[Reading], now: datetime) -> list[Judgement]:
        """Judge a batch of articles.

        Raises:
            ModelOutputError: The model gave no answer at all.
        """
        gated = [gate(r.article, r.organisations) for r in readings]
        asked = [n for n, decision in enumerate(gated) if decision.passed]
        weighed = self._model.choose([self._question(readings[n]) for n in asked])
        probabilities = dict(zip(asked, (yes for yes, _ in weighed), strict=True))
        deals = [n for n in asked if probabilities[n] >= THRESHOLD]
        answers = self._model.generate([self._request(readings[n]) for n in deals])
        drafts = {
            n: read_answer(answer.text, readings[n], self._gazetteer)
            for n, answer in zip(deals, answers, strict=True)
        }
        return [
            self._judgement(
                reading, gated[n], probabilities.get(n, 0.0), drafts, n, now
            )
            for n, reading in enumerate(readings)
        ]

    def _question(self, reading: Reading) -> ChoiceRequest:
        return ChoiceRequest(
            instruction=self._detect.instruction,
            text=self._detect.fill({"article": fenced(reading)}),
            choices=(" yes", " no"),
        )

    def _request(self, reading: Reading) -> TextRequest:
        return TextRequest(
            instruction=self._extract.instruction,
            text=self._extract.fill({"article": fenced(reading)}),
            limits=Limits(max_tokens=MAX_TOKENS),
            grammar=answer_grammar(reading),
        )

    def _judgement(
        self,
        reading: Reading,
        decision: Gated,
        probability: float,
        drafts: dict[int, tuple[list[Draft], list[Dropped]]],
        number: int,
        now: datetime,
    ) -> Judgement:
        findings: tuple[Finding, ...] = ()
        dropped: tuple[Dropped, ...] = ()
        if number in drafts:
            drafted, lost = drafts[number]
            findings, ungrounded = ground(reading, drafted, self._gazetteer.related)
            dropped = (*lost, *ungrounded)
        assessment = Assessment(
            article_id=reading.article.id,
            probability=probability,
            threshold=THRESHOLD,
            words=decision.words,
            assessor=self.id,
            assessed_at=now,
        )
        return Judgement(assessment=assessment, findings=findings, dropped=dropped)


def fenced(reading: Reading) -> str:
    """The article as data: it cannot close the fence around it."""
    return re.sub(r"~{3,}", "~", reading.article.full_text)


def answer_grammar(reading: Reading) -> str:
    """A grammar of answers in which only names and sums of the text occur.

    Each name and sum that rules found is one alternative, so that an invented
    one cannot be written at all.
    """
    text = reading.article.full_text
    names = _alternatives({text[m.start : m.end] for m in reading.organisations})
    sums = _alternatives({text[m.start : m.end] for m in reading.money})
    rules = [
        'start: "[" (deal ("," " "? deal)*)? "]"',
        r'deal: "{\"status\": \"" status "\", \"types\": [" types "], "'
        r' "\"parties\": [" party ("," " "? party)+ "], \"amounts\": [" amounts "]}"',
        'types: type ("," " "? type)*',
        r'party: "{\"name\": \"" name "\", \"roles\": [" role ("," " "? role)* "]}"',
        f"status: {_alternatives(set(STATUSES))}",
        rf'type: "\"" ({_alternatives(set(DEAL_TYPES))}) "\""',
        rf'role: "\"" ({_alternatives(set(ROLES))}) "\""',
        f"name: {names}",
    ]
    if not sums:
        return "\n".join([*rules, 'amounts: ""'])
    rules += [
        'amounts: (amount ("," " "? amount)*)?',
        r'amount: "{\"text\": \"" sum "\", \"kind\": \"" kind "\", "'
        r' "\"payer\": \"" name? "\"}"',
        f"sum: {sums}",
        f"kind: {_alternatives(set(AMOUNT_KINDS))}",
    ]
    return "\n".join(rules)


def _alternatives(texts: set[str]) -> str:
    """Write texts as alternatives of JSON strings' insides."""
    inside = sorted(json.dumps(text, ensure_ascii=False)[1:-1] for text in texts)
    return " | ".join(json.dumps(text, ensure_ascii=False) for text in inside)


def read_answer(
    answer: str, reading: Reading, gazetteer: Gazetteer
) -> tuple[list[Draft], list[Dropped]]:
    """Read a list of deals, trusting nothing in it.

    Returns:
        Drafts that point at mentions found in the text, and what pointed nowhere.

    Raises:
        ModelOutputError: Not a JSON list of objects.
    """
    start, end = answer.find("["), answer.rfind("]")
    try:
        deals = json.loads(answer[start : end + 1])
        if not isinstance(deals, list):
            raise ValueError("not a list")
    except (ValueError, RecursionError) as error:
        raise ModelOutputError(f"not a JSON list: {answer[:80]!r}") from error
    drafts: list[Draft] = []
    dropped: list[Dropped] = []
    for deal in deals[:MAX_DEALS]:
        if isinstance(deal, dict):
            draft = _draft(deal, reading, gazetteer, dropped)
            if draft is not None:
                drafts.append(draft)
    return drafts, dropped


def _draft(
    deal: dict[str, Any],
    reading: Reading,
    gazetteer: Gazetteer,
    dropped: list[Dropped],
) -> Draft | None:
    named: dict[str, tuple[OrganisationMention, tuple[Role, ...]]] = {}
    for item in _objects(deal.get("parties")):
        name = str(item.get("name", ""))
        mention = _mention(name, reading, gazetteer)
        if mention is None:
            dropped.append(Dropped(claim=f"party {name}", reason="not in the text"))
            continue
        roles = cast("tuple[Role, ...]", _known(item.get("roles"), ROLES))
        named[mention.name] = (mention, roles or ("partner",))
    if not named:
        return None
    placed = _together([mention for mention, _ in named.values()], reading)
    parties = tuple(
        DraftParty(mention=placed[name], roles=roles, probability=1.0)
        for name, (_, roles) in named.items()
    )
    amounts = []
    for item in _objects(deal.get("amounts")):
        money = _money(str(item.get("text", "")), reading)
        if money is None:
            claim = f"sum {item.get('text', '')}"
            dropped.append(Dropped(claim=claim, reason="not in the text"))
            continue
        kinds = cast("tuple[AmountKind, ...]", _known([item.get("kind")], AMOUNT_KINDS))
        payer = _mention(str(item.get("payer") or ""), reading, gazetteer)
        amounts.append(
            DraftAmount(
                mention=money,
                kind=kinds[0] if kinds else "total",
                payer=payer.name if payer else None,
            )
        )
    statuses = cast("tuple[Status, ...]", _known([deal.get("status")], STATUSES))
    types = cast("tuple[DealType, ...]", _known(deal.get("types"), DEAL_TYPES))
    first = min(parties, key=lambda party: party.mention.start)
    return Draft(
        sentence=reading.sentences[reading.sentence_index(first.mention.start)],
        status=statuses[0] if statuses else "announced",
        types=types or ("technology",),
        parties=parties,
        amounts=tuple(amounts),
        capacity=reading.capacity,
    )


def _together(
    mentions: Sequence[OrganisationMention], reading: Reading
) -> dict[str, OrganisationMention]:
    """Place each name in the sentence that names most of the others, too."""
    names = {mention.name for mention in mentions}
    inside: dict[int, set[str]] = {}
    for mention in reading.organisations:
        if mention.name in names:
            index = reading.sentence_index(mention.start)
            inside.setdefault(index, set()).add(mention.name)
    placed: dict[str, OrganisationMention] = {}
    for mention in reading.organisations:
        if mention.name not in names:
            continue
        index = reading.sentence_index(mention.start)
        best = placed.get(mention.name)
        here = (index > 0, len(inside[index]))
        if best is None:
            placed[mention.name] = mention
            continue
        there_index = reading.sentence_index(best.start)
        if here > (there_index > 0, len(inside[there_index])):
            placed[mention.name] = mention
    return placed


def _mention(
    name: str, reading: Reading, gazetteer: Gazetteer
) -> OrganisationMention | None:
    canonical = gazetteer.canonical(name) if name else ""
    text = reading.article.full_text
    return next(
        (
            mention
            for mention in reading.organisations
            if mention.name == canonical or text[mention.start : mention.end] == name
        ),
        None,
    )


def _money(text: str, reading: Reading) -> MoneyMention | None:
    full = reading.article.full_text
    return next(
        (m for m in reading.money if text and text in full[m.start : m.end]), None
    )


def _objects(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _known(value: object, known: Sequence[str]) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    return tuple(name for name in known if name in items)
