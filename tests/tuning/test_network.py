"""The tuned network: one sequence for article and questions, and judging sees the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from itertools import permutations
from random import Random

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

import tiny_tuning
import torch
from fakes import NO_HEADS
from tiny_tuning import GAZETTEER, RECIPE, Bench

from newsbot.adapters.adapter_file import Adapter, load_adapter, save_adapter
from newsbot.adapters.hf_reader import HfReader, ReaderConfig
from newsbot.evaluation.run import as_article
from newsbot.stages import questions
from newsbot.stages.heads import CLASSES, EXCLUSIVE, PAIRS, Thresholds
from newsbot.stages.naming import last_tokens
from newsbot.stages.questions import Question
from newsbot.stages.reading import read_article
from newsbot.stages.recall import recall, recall_text
from newsbot.stages.sentences import token_range
from newsbot.stages.words import tokens
from newsbot.tuning.labelled import NAMED, some_capitals, with_labelled
from newsbot.tuning.network import WEIGHTS, Answers, Network, losses
from newsbot.tuning.questionnaire import Example
from newsbot.tuning.train import matrices

FIELDS = tuple(Answers.__dataclass_fields__)
THRESHOLDS = Thresholds(
    article=0.5, party=0.5, amount=0.5, capacity=0.5, types=0.5, name=0.5
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Bench:
    return tiny_tuning.bench(tmp_path_factory.mktemp("network") / "base")


@pytest.fixture(scope="module")
def articles():
    """Short ones that between them ask everything: many parties, sums, two deals."""
    pool = [article for article in tiny_tuning.corpus(700) if article.deals]
    pool.sort(key=lambda article: len(article.text))
    wanted = (
        lambda article: True,
        lambda article: len(article.deals) > 1,
        lambda article: len(article.deals[0].parties) > 2,
        lambda article: article.deals[0].amounts and article.deals[0].capacity,
        lambda article: len(article.deals[0].amounts) > 1,
    )
    chosen = [next(a for a in pool if fits(a)) for fits in wanted]
    return list({article.id: article for article in chosen}.values())


@pytest.fixture(scope="module")
def examples(bench, articles) -> list[Example]:
    made = [bench.example(article) for article in articles]
    assert len(made) > 2
    assert any(one.sums and one.quantities for one in made)
    assert any(len(one.deals) > 1 for one in made)
    assert any(len(one.organisations) > 3 for one in made)
    return made


@pytest.fixture(scope="module")
def network(bench) -> Network:
    """With matrices as after long training: those of a fresh network change nothing."""
    made = bench.network().eval()
    dice = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=dice) * 0.2)
        for parameter in made.bias.values():
            parameter.copy_(torch.randn(1, generator=dice))
    return made


def answers(network: Network, *examples: Example) -> list[Answers]:
    with torch.inference_mode():
        return network.answers(examples)


def close(one: Answers, other: Answers, *, but=()) -> None:
    for field in FIELDS:
        if field not in but:
            a, b = getattr(one, field), getattr(other, field)
            torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3, msg=field)


def test_every_question_is_answered(network, examples):
    """There is a score for each organisation, sum, capacity, deal, sentence and pair."""
    for example, told in zip(examples, answers(network, *examples), strict=True):
        n_who, n_sums = len(example.organisations), len(example.sums)
        n_both = n_sums + len(example.quantities)
        shapes = {
            "article": (),
            "sentence": (len(example.sentences),),
            "party": (n_who,),
            "deal": (len(example.pairings),),
            "roles": (len(example.parts), CLASSES["roles"]),
            "types": (len(example.deals), CLASSES["types"]),
            "status": (len(example.deals), CLASSES["status"]),
            "amount": (n_sums,),
            "amount_kind": (n_sums, CLASSES["amount_kind"]),
            "capacity": (len(example.quantities),),
            "belongs": (n_both, n_who),
            "payer": (len(example.payments),),
            "name": (len(example.words),),
        }
        assert set(shapes) == set(FIELDS) == {*CLASSES, *PAIRS, "name"}
        for field, shape in shapes.items():
            assert tuple(getattr(told, field).shape) == shape, field
            assert torch.isfinite(getattr(told, field)).all(), field


def test_a_batch_answers_as_each_article_alone(network, examples):
    """Padding and neighbours in a batch move no answer."""
    together = answers(network, *examples)
    for example, told in zip(examples, together, strict=True):
        close(told, answers(network, example)[0])


def test_no_question_sees_another(network, examples):
    """Leaving out or changing other questions moves no answer that is left."""
    example = next(one for one in examples if one.sums and one.deals)
    (whole,) = answers(network, example)
    (fewer,) = answers(network, replace(example, sums=(), deals=()))
    gone = ("types", "status", "amount", "amount_kind", "belongs")
    close(whole, fewer, but=gone)
    first = example.organisations[0]
    longer = replace(first, asked=replace(first.asked, ids=first.asked.ids * 3))
    others = (longer, *example.organisations[1:])
    (moved,) = answers(network, replace(example, organisations=others))
    close(whole, moved, but=("party", "belongs"))
    torch.testing.assert_close(moved.party[1:], whole.party[1:], atol=1e-3, rtol=1e-3)
    assert not torch.isclose(moved.party[0], whole.party[0], atol=1e-3)


def test_every_question_sees_the_article(network, examples):
    """Another first word of the article moves every answer."""
    example = examples[0]
    (whole,) = answers(network, example)
    first = len(example.ids) - 4
    ids = (*example.ids[:first], *(5 for _ in example.ids[first:]))
    (moved,) = answers(network, replace(example, ids=ids))
    for field in ("article", "party", "deal", "roles", "types", "status"):
        a, b = getattr(whole, field), getattr(moved, field)
        assert not torch.isclose(a, b, atol=1e-4).all(), field


def test_every_question_is_about_its_own_places(network, examples):
    """About other tokens of the article, a question has another answer; no other has."""
    example = next(one for one in examples if one.sums and one.deals)
    (whole,) = answers(network, example)
    everything = tuple(range(1, len(example.ids)))
    for field, place in (("party", "organisations"), ("deal", "pairings")):
        first, *rest = getattr(example, place)
        assert first.asked.about != everything
        moved = replace(first, asked=replace(first.asked, about=everything))
        (told,) = answers(network, replace(example, **{place: (moved, *rest)}))
        close(whole, told, but=(field, "belongs"))
        a, b = getattr(whole, field), getattr(told, field)
        torch.testing.assert_close(a[1:], b[1:], atol=1e-3, rtol=1e-3)
        assert not torch.isclose(a[0], b[0], atol=1e-3), field


def test_places_are_one_mean_of_their_states(network, examples):
    """A head that reads the second half alone gives the mean over the tokens' scores."""
    example = next(one for one in examples if len(one.reports.about) > 3)
    made = deepcopy(network)
    with torch.no_grad():
        head = made.heads["article"]
        head.weight[:, : head.in_features // 2] = 0

    def said(*about: int) -> float:
        asked = replace(example.reports, about=about)
        (told,) = answers(made, replace(example, reports=asked))
        return float(told.article)

    assert said(1, 2, 3) == pytest.approx((said(1) + said(2) + said(3)) / 3, abs=1e-3)
    assert len({round(said(n), 3) for n in (1, 2, 3)}) > 1


def exported(network: Network) -> Adapter:
    return Adapter(
        matrices=matrices(network),
        heads=network.export(THRESHOLDS, NO_HEADS.casting),
        base="ab" * 32,
        layer=RECIPE.layers,
        card=json.dumps({}),
    )


def reader(bench: Bench, adapter: Adapter) -> HfReader:
    config = ReaderConfig(folder=str(bench.folder), device="cpu", dtype="float32")
    return HfReader.load(config, adapter)


def party_names(article) -> list[list[str]]:
    return [
        [GAZETTEER.canonical(name) for name, _ in deal.parties]
        for deal in article.deals
    ]


def odds(probabilities):
    return np.log(probabilities) - np.log1p(-probabilities)


def asked_again(bench, asked, made: Iterable[Question]) -> list[Question]:
    """Those of *made* that say what these questions say, in their order."""
    by_text = {question.text: question for question in made}
    return [by_text[bench.tokenizer.decode(list(one.asked.ids))] for one in asked]


def judged(
    bench: Bench, article, example: Example, adapter: Adapter
) -> dict[str, np.ndarray]:
    """What judging computes of an article, as scores, by the names of `Answers`."""
    heads = adapter.heads
    reading = with_labelled(
        article, read_article(as_article(article), GAZETTEER), GAZETTEER
    )
    words = tokens(reading.article.full_text)
    capitals = some_capitals(reading, words, Random(article.id))
    everyone = sorted([*reading.organisations, *capitals], key=lambda m: m.start)
    proposed = replace(reading, organisations=tuple(everyone))
    model = reader(bench, adapter)
    ((memory,),) = model.encode([reading.article.full_text], questions.REPORTS)
    sums = questions.sums(reading.money)
    names = party_names(article)
    who = recall(
        memory,
        [
            questions.about_organisation(reading, one, GAZETTEER)
            for one in questions.candidates(everyone)
        ],
    )
    both = recall(
        memory,
        [
            *(questions.about_sum(reading, one) for one in sums),
            *(
                questions.about_quantity(reading, one)
                for one in questions.quantities(reading.capacity)
            ),
        ],
    )
    deals = recall(
        memory, [questions.about_deal(reading, deal, GAZETTEER) for deal in names]
    )
    parts = recall(
        memory,
        [
            questions.about_role(reading, deal, name, GAZETTEER)
            for deal in names
            for name in deal
        ],
    )
    pairings = asked_again(
        bench,
        example.pairings,
        (
            questions.about_deal(proposed, pair, GAZETTEER)
            for pair in permutations([one.name for one in example.organisations], 2)
        ),
    )
    payments = asked_again(
        bench,
        example.payments,
        (
            questions.about_payer(reading, one, name, GAZETTEER)
            for one in sums
            for name in {name for deal in names for name in deal}
        ),
    )
    sentences = []
    for sentence in reading.sentences:
        first, last = token_range(memory.offsets, sentence.start, sentence.end)
        inside = memory.states[first:last]
        sentences.append(np.concatenate([inside.mean(0), inside[-1]]))
    n_sums = len(sums)

    def scores(name: str, states: np.ndarray) -> np.ndarray:
        return states @ heads[name].weights.T + heads[name].bias

    return {
        "article": scores("article", recall_text(memory)[None, :])[0, 0],
        "sentence": scores("sentence", np.array(sentences))[:, 0],
        "party": scores("party", who)[:, 0],
        "deal": scores("deal", recall(memory, pairings))[:, 0],
        "roles": scores("roles", parts),
        "types": scores("types", deals),
        "status": scores("status", deals),
        "amount": scores("amount", both[:n_sums])[:, 0],
        "amount_kind": scores("amount_kind", both[:n_sums]),
        "capacity": scores("capacity", both[n_sums:])[:, 0],
        "belongs": odds(heads.pairs["belongs"].probabilities(both, who)),
        "payer": scores("payer", recall(memory, payments))[:, 0],
        "name": odds(
            heads.namer.probabilities(memory.states[last_tokens(words, memory.offsets)])
        ),
    }


def test_judging_sees_what_tuning_saw(bench, network, articles, examples, tmp_path):
    """Saved, loaded and added to the base, an adapter gives the network's own scores."""
    path = tmp_path / "adapter.safetensors"
    save_adapter(exported(network), path)
    adapter = load_adapter(path, base="ab" * 32)
    # The file keeps matrices as float16: eleven bits.
    for article, example in zip(articles, examples, strict=True):
        (told,) = answers(network, example)
        said = judged(bench, article, example, adapter)
        for field in FIELDS:
            np.testing.assert_allclose(
                said[field],
                getattr(told, field).numpy(),
                atol=0.03,
                rtol=0.03,
                err_msg=field,
            )


def test_an_adapter_changes_what_is_seen(bench, network, articles, examples):
    """Without its matrices the same heads give other scores: the check above bites."""
    bare = replace(exported(network), matrices={})
    (told,) = answers(network, examples[0])
    said = judged(bench, articles[0], examples[0], bare)
    far = [
        field
        for field in ("article", "sentence", "party", "deal", "roles", "types")
        if np.abs(said[field] - getattr(told, field).numpy()).max() > 0.1
    ]
    assert len(far) >= 4


def test_only_low_rank_matrices_and_heads_learn(bench):
    """The base is frozen; matrices stand in the upper layers only."""
    fresh = bench.network()
    learning = {n for n, p in fresh.named_parameters() if p.requires_grad}
    assert all("lora_" in n or not n.startswith("decoder.") for n in learning)
    changed = matrices(fresh)
    layers = {name.split(".")[1] for name in changed}
    assert layers == {str(n) for n in range(RECIPE.first, RECIPE.layers)}
    assert len(changed) == 7 * len(layers)
    assert all(a.shape[0] == b.shape[1] == RECIPE.rank for a, b in changed.values())
    assert all(not b.any() for _, b in changed.values())  # a fresh one changes nothing


def test_heads_are_exported_as_they_are(network):
    """Names, shapes and the kind of each head; copies, which training moves no more."""
    told = network.export(THRESHOLDS, NO_HEADS.casting)
    heads, pairs = told.heads, told.pairs
    assert told.thresholds == THRESHOLDS
    assert {name: len(head.bias) for name, head in heads.items()} == dict(CLASSES)
    assert {name for name, head in heads.items() if head.exclusive} == EXCLUSIVE
    assert set(pairs) == set(PAIRS)
    kept = heads["party"].bias.copy()
    with torch.no_grad():
        network.heads["party"].bias.add_(1)
    try:
        np.testing.assert_array_equal(heads["party"].bias, kept)
    finally:
        with torch.no_grad():
            network.heads["party"].bias.sub_(1)


def right_answers(example: Example, sure: float) -> Answers:
    """Scores that are right with the given certainty, or wrong where it is negative."""

    def signs(values) -> object:
        return (torch.tensor(values, dtype=torch.float32) * 2 - 1) * sure

    who = example.organisations
    both = [one.deal for one in (*example.sums, *example.quantities)]

    def pick(place: int, n: int):
        return signs([float(k == place) for k in range(n)])

    return Answers(
        article=signs(float(example.is_deal)),
        sentence=signs(example.states),
        party=signs([bool(one.deals) for one in who]),
        deal=signs([pairing.is_deal for pairing in example.pairings]),
        roles=signs([part.roles for part in example.parts]),
        types=signs([deal.types for deal in example.deals]),
        status=torch.stack([pick(d.status, CLASSES["status"]) for d in example.deals]),
        amount=signs([one.deal is not None for one in example.sums]),
        amount_kind=torch.stack(
            [pick(one.kind, CLASSES["amount_kind"]) for one in example.sums]
        ),
        capacity=signs([one.deal is not None for one in example.quantities]),
        belongs=signs([[deal in one.deals for one in who] for deal in both]),
        payer=signs([payment.pays for payment in example.payments]),
        name=signs([named == NAMED for named in example.named]),
    )


def test_right_answers_lose_little_and_wrong_ones_much(examples):
    """Every loss is near zero for a sure right answer, and large for a sure wrong one."""
    example = next(one for one in examples if one.sums and one.deals)
    good = losses(example, right_answers(example, 20.0))
    bad = losses(example, right_answers(example, -20.0))
    assert set(good) == set(bad) <= set(WEIGHTS)
    assert {"article", "sentence", "party", "deal", "roles", "types"} <= set(good)
    assert {"status", "amount", "belongs", "amount_kind", "payer", "name"} == {
        *good
    } - {"article", "sentence", "party", "deal", "roles", "types", "capacity"}
    for name, loss in good.items():
        assert float(loss) < 1e-3, name
        assert float(bad[name]) > 1, name


def test_what_was_not_asked_costs_nothing(bench, network):
    """An article without a deal has the losses of its two questions, and no other."""
    article = next(a for a in tiny_tuning.corpus(12) if not a.deals)
    example = bench.example(article)
    (told,) = answers(network, example)
    assert set(losses(example, told)) == {"article", "sentence"}
