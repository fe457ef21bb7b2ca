"""Is it a deal, and which? Asked in words, of a model that follows instructions.

In: readings of articles. Out: the same judgements as `assess` gives, so that the
line does not care which kind of model judged.

The model points, rules read: a name or a sum that it writes is looked up among
those found in the text, and what is not there is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from newsbot.errors import ModelOutputError
from newsbot.ports import (
    ChoiceRequest,
    Limits,
    TextAnswer,
    TextModel,
    TextRequest,
)
from newsbot.prompts import Prompt, fenced
from newsbot.stages.amounts import find_money
from newsbot.stages.assess import Judgement
from newsbot.stages.gate import Gated, gate
from newsbot.stages.ground import Draft, DraftAmount, DraftParty, ground
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.reading import Reading
from newsbot.types import Assessment, Dropped, MoneyMention, OrganisationMention
from newsbot.vocabulary import (
    AMOUNT_KINDS,
    DEAL_TYPES,
    ROLES,
    STATUSES,
    AmountKind,
    DealType,
    Role,
    Status,
)

#: A weighed "yes" is a deal from here on.
THRESHOLD = 0.5
#: Tokens for the list of deals: a round-up with four of them.
MAX_TOKENS = 700
#: Deals one article may report; a model that loops writes more.
MAX_DEALS = 6
#: Characters of an answer that is read at all, of one name or sum in it, and of
#: what is kept of either to explain why it was dropped.
MAX_ANSWER = 50_000
MAX_TEXT = 200
MAX_CLAIM = 80

Q = TypeVar("Q")
A = TypeVar("A")
_Read = tuple[list[Draft], list[Dropped]]


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

        An article whose answer is bad is asked for once more; then it keeps its
        probability, without findings, and the reason. The others are not touched.

        Raises:
            ModelOutputError: The model gave no answer at all; later it may.
        """
        gated = [gate(r.article, r.organisations) for r in readings]
        asked = [n for n, decision in enumerate(gated) if decision.passed]
        questions = [self._question(readings[n]) for n in asked]
        weighed = _each(self._model.choose, questions)
        if error := _outage(weighed):
            raise error
        probabilities: dict[int, float] = {}
        drafts: dict[int, _Read] = {}
        for n, verdict in zip(asked, weighed, strict=True):
            if isinstance(verdict, ModelOutputError):
                drafts[n] = _unread("article", verdict)
            else:
                probabilities[n] = verdict[0]
        deals = [n for n, yes in probabilities.items() if yes >= THRESHOLD]
        requests = [self._request(readings[n]) for n in deals]
        answers = _each(self._model.generate, requests)
        if len(deals) > 1 and (error := _outage(answers)):
            raise error
        for n, answer in zip(deals, answers, strict=True):
            drafts[n] = self._drafts(answer, readings[n])
        return [
            self._judgement(
                reading,
                gated[n],
                probabilities.get(n, 0.0),
                drafts.get(n, ([], [])),
                now,
            )
            for n, reading in enumerate(readings)
        ]

    def _drafts(self, answer: TextAnswer | ModelOutputError, reading: Reading) -> _Read:
        """Read an answer; where it cannot be read, ask once more, with more room."""
        try:
            if isinstance(answer, ModelOutputError):
                raise answer
            return read_answer(answer.text, reading, self._gazetteer)
        except ModelOutputError:
            try:
                request = self._request(reading, max_tokens=2 * MAX_TOKENS)
                (again,) = self._model.generate([request])
                return read_answer(again.text, reading, self._gazetteer)
            except ModelOutputError as error:
                return _unread("deals", error)

    def _question(self, reading: Reading) -> ChoiceRequest:
        return ChoiceRequest(
            instruction=self._detect.instruction,
            text=self._detect.fill({"article": fenced(reading.article.full_text)}),
            choices=(" yes", " no"),
        )

    def _request(
        self, reading: Reading, *, max_tokens: int = MAX_TOKENS
    ) -> TextRequest:
        return TextRequest(
            instruction=self._extract.instruction,
            text=self._extract.fill({"article": fenced(reading.article.full_text)}),
            limits=Limits(max_tokens=max_tokens),
            grammar=answer_grammar(reading),
        )

    def _judgement(
        self,
        reading: Reading,
        decision: Gated,
        probability: float,
        drafts: _Read,
        now: datetime,
    ) -> Judgement:
        drafted, lost = drafts
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


def _each(
    call: Callable[[Sequence[Q]], Sequence[A]], requests: Sequence[Q]
) -> list[A | ModelOutputError]:
    """Ask all at once, else one by one: a bad request must not cost the rest."""
    try:
        return list(call(requests)) if requests else []
    except ModelOutputError as error:
        if len(requests) == 1:
            return [error]
        return [answer for one in requests for answer in _each(call, [one])]


def _outage(answers: Sequence[object]) -> ModelOutputError | None:
    """The error of a model that answers nobody and may answer later, if that is so."""
    errors = [one for one in answers if isinstance(one, ModelOutputError)]
    passing = [error for error in errors if error.retry]
    return passing[0] if passing and len(errors) == len(answers) else None


def _unread(what: str, error: ModelOutputError) -> _Read:
    return [], [Dropped(claim=what, reason=_shown(f"no usable answer: {error}"))]


def answer_grammar(reading: Reading) -> str:
    """A grammar of answers in which only names and sums of the text occur.

    Each name and sum that rules found is one alternative, so that an invented
    one cannot be written at all.
    """
    text = reading.article.full_text
    names = {text[m.start : m.end] for m in reading.organisations}
    if len(names) < 2:
        return 'start: "[]"'
    sums = {text[m.start : m.end] for m in reading.money}
    rules = [
        'start: "[" (deal ("," " "? deal)*)? "]"',
        r'deal: "{\"status\": \"" status "\", \"types\": [" types "], "'
        r' "\"parties\": [" party ("," " "? party)+ "], \"amounts\": [" amounts "]}"',
        'types: type ("," " "? type)*',
        r'party: "{\"name\": \"" name "\", \"roles\": [" role ("," " "? role)* "]}"',
        f"status: {_alternatives(set(STATUSES))}",
        rf'type: "\"" ({_alternatives(set(DEAL_TYPES))}) "\""',
        rf'role: "\"" ({_alternatives(set(ROLES))}) "\""',
        f"name: {_alternatives(names)}",
    ]
    if not sums:
        return "\n".join([*rules, 'amounts: ""'])
    rules += [
        'amounts: (amount ("," " "? amount)*)?',
        r'amount: "{\"text\": \"" sum "\", \"kind\": \"" kind "\", "'
        r' "\"payer\": \"" name? "\"}"',
        f"sum: {_alternatives(sums)}",
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
        if len(answer) > MAX_ANSWER:
            raise ValueError("too long")
        deals = json.loads(answer[start : end + 1])
        if not isinstance(deals, list):
            raise ValueError("not a list")
    except (ValueError, RecursionError) as error:
        shown = _shown(ascii(answer[:MAX_CLAIM]))
        raise ModelOutputError(f"not a JSON list: {shown}") from error
    drafts: list[Draft] = []
    dropped: list[Dropped] = []
    for number, deal in enumerate(deals):
        if number == MAX_DEALS:
            claim = f"{len(deals) - MAX_DEALS} more deals"
            dropped.append(Dropped(claim=claim, reason=f"more than {MAX_DEALS}"))
            break
        if not isinstance(deal, dict):
            claim = f"deal {_shown(ascii(deal))}"
            dropped.append(Dropped(claim=claim, reason="not an object"))
            continue
        draft = _draft(deal, reading, gazetteer, dropped)
        if draft is not None:
            drafts.append(draft)
    return drafts, dropped


def _shown(text: str) -> str:
    """What a model wrote, short enough for a row and sure to be writable."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return whole if len(whole) <= MAX_CLAIM else f"{whole[:MAX_CLAIM]}…"


def _draft(
    deal: dict[str, Any],
    reading: Reading,
    gazetteer: Gazetteer,
    dropped: list[Dropped],
) -> Draft | None:
    named: dict[str, tuple[OrganisationMention, tuple[Role, ...]]] = {}
    for item in _objects(deal.get("parties")):
        name = _text_of(item.get("name"))
        mention = _mention(name, reading, gazetteer)
        if mention is None:
            claim = f"party {_shown(name)}"
            dropped.append(Dropped(claim=claim, reason="not in the text"))
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
        text = _text_of(item.get("text"))
        money = _money(text, reading)
        if money is None:
            claim = f"sum {_shown(text)}"
            dropped.append(Dropped(claim=claim, reason="not in the text"))
            continue
        kinds = cast("tuple[AmountKind, ...]", _known([item.get("kind")], AMOUNT_KINDS))
        payer = _mention(_text_of(item.get("payer")), reading, gazetteer)
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
    canonical = gazetteer.canonical(name)
    text = reading.article.full_text
    return next(
        (
            mention
            for mention in reading.organisations
            if name
            and (mention.name == canonical or text[mention.start : mention.end] == name)
        ),
        None,
    )


def _money(text: str, reading: Reading) -> MoneyMention | None:
    """The sum that is written so, or else the first that is worth the same."""
    full = reading.article.full_text
    same = [m for m in reading.money if full[m.start : m.end] == text]
    worth = {
        (found.value, found.currency)
        for found in find_money(text, reading.article.language)
    }
    same += [m for m in reading.money if (m.value, m.currency) in worth]
    return same[0] if same else None


def _text_of(value: object) -> str:
    """A text as the model gave it; anything else, or a novel, is none."""
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else ""


def _objects(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _known(value: object, known: Sequence[str]) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    return tuple(name for name in known if name in items)
