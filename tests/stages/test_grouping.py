"""Who made a deal with whom, and where the text says so."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import GAZETTEER, read

from newsbot.stages.grouping import (
    HEARD,
    LONELY,
    MAX_PARTIES,
    ONE_MORE,
    PAYING,
    SECOND_PARTY,
    Claim,
    best_mention,
    choose_parties,
    split_deals,
    together,
)
from newsbot.stages.questions import candidates
from newsbot.stages.reading import Reading
from newsbot.types import OrganisationMention


def claim(name: str, start: int = 0, probability: float = 0.9) -> Claim:
    return Claim(
        sentences=frozenset(),
        mention=OrganisationMention(name=name, kind="name", start=start, end=start + 1),
        probability=probability,
        state=np.zeros(2, dtype=np.float32),
    )


def claims_of(*names: str) -> list[Claim]:
    return [claim(name, start=10 * n) for n, name in enumerate(names)]


def alike(n: int, *pairs: tuple[int, int], low: float = -4.0) -> np.ndarray:
    """Log odds that two share a deal: near certain for *pairs*, low for all others."""
    odds = np.full((n, n), low, dtype=np.float32)
    for a, b in pairs:
        odds[a, b] = odds[b, a] = 3.0
    return odds


def groups(
    names: Sequence[str], *pairs: tuple[int, int], low: float = -4.0
) -> list[set[str]]:
    same = alike(len(names), *pairs, low=low)
    found = split_deals(claims_of(*names), same, GAZETTEER.related)
    return [{names[n] for n in group} for group in found]


def test_one_lab_and_two_clouds_that_share_nothing_are_two_deals():
    """A lab may rent from two clouds that have nothing to do with each other."""
    names = ("OpenAI", "Oracle", "CoreWeave")
    assert groups(names, (0, 1), (0, 2)) == [
        {"OpenAI", "Oracle"},
        {"OpenAI", "CoreWeave"},
    ]
    assert groups(names, (0, 1), (0, 2), (1, 2)) == [set(names)]


def test_words_of_several_deals_split_what_one_deal_would_join():
    """Where the text says "two contracts", a lab's two clouds need not be rivals."""
    claims = claims_of("OpenAI", "Oracle", "SAP")
    odds = alike(3, (0, 1), (0, 2))
    odds[1, 2] = odds[2, 1] = 1 - ONE_MORE

    def deals(several: float) -> list[list[int]]:
        return split_deals(claims, odds, GAZETTEER.related, several)

    assert deals(0) == deals(-9) == [[0, 1, 2]]
    assert deals(HEARD) == deals(99) == [[0, 1], [0, 2]]
    # What speaks for one deal joins where a doubt alone would not.
    odds[1, 2] = odds[2, 1] = -ONE_MORE - 1
    assert deals(0) == [[0, 1], [0, 2]]
    assert deals(-HEARD) == [[0, 1, 2]]


def test_words_of_several_deals_lose_no_party():
    """Two that are hardly likely to share a deal do, where each has nobody else."""
    odds = np.full((4, 4), -6.0, dtype=np.float32)
    odds[0, 1] = odds[1, 0] = 3.0
    odds[2, 3] = odds[3, 2] = LONELY + 0.1
    found = split_deals(
        claims_of("OpenAI", "Oracle", "SAP", "Mistral AI"), odds, GAZETTEER.related, 99
    )
    assert found == [[0, 1], [2, 3]]


def test_one_doubt_does_not_split_a_deal_of_four():
    """Where only one of six pairs is missing, it is one deal all the same."""
    names = ("OpenAI", "Oracle", "SoftBank", "Nvidia")
    all_but_one = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]
    assert groups(names, *all_but_one) == [set(names)]


def test_two_pairs_are_two_deals_in_the_order_of_the_text():
    """An article of two unrelated deals gives both, the first told first."""
    names = ("OpenAI", "SAP", "Oracle", "Mistral AI")
    found = groups(names, (1, 3), (0, 2))
    assert found == [{"OpenAI", "Oracle"}, {"SAP", "Mistral AI"}]


def test_a_unit_stands_with_its_parent():
    """Parent and unit are one side: the unit is no deal's missing partner."""
    assert GAZETTEER.related("Google", "Google Cloud")
    names = ("Google", "Google Cloud", "Anthropic")
    assert groups(names, (0, 2), low=LONELY) == [set(names)]
    assert groups(names, (1, 2), low=LONELY) == [set(names)]
    assert groups(names) == [set(names)]


def test_parent_and_unit_do_not_join_two_deals():
    """Two customers of Google and its cloud share one side only, so it is two deals."""
    names = ("Google", "Google Cloud", "Anthropic", "SAP")
    found = groups(names, (0, 2), (1, 2), (0, 3), (1, 3))
    assert found == [
        {"Google", "Google Cloud", "Anthropic"},
        {"Google", "Google Cloud", "SAP"},
    ]


def test_parent_and_unit_alone_are_no_deal():
    """Each has its own partner, or nobody at all: what they share is no deal."""
    names = ("Google", "Google Cloud", "Anthropic", "SAP")
    assert groups(names, (0, 2), (1, 3)) == [
        {"Google", "Anthropic"},
        {"Google Cloud", "SAP"},
    ]
    assert groups(("Google", "Google Cloud")) == []


def test_a_lonely_party_joins_whom_it_fits_best():
    """Whom nothing links, but much speaks for, is put with the one that fits best."""
    same = alike(3, (0, 1))
    same[2, 1] = same[1, 2] = LONELY
    names = ("OpenAI", "Oracle", "Nvidia")
    assert split_deals(claims_of(*names), same, GAZETTEER.related) == [[0, 1], [1, 2]]
    same[2, 1] = same[1, 2] = LONELY - 0.01
    assert split_deals(claims_of(*names), same, GAZETTEER.related) == [[0, 1]]


def test_where_no_two_are_linked_the_likeliest_are():
    """The article reports a deal, so its parties are put together all the same."""
    assert groups(("OpenAI", "Oracle")) == [{"OpenAI", "Oracle"}]
    same = alike(3, low=-9.0)
    same[0, 2] = same[2, 0] = -4.0
    same[1, 2] = same[2, 1] = -5.0
    found = split_deals(
        claims_of("OpenAI", "Oracle", "Nvidia"), same, GAZETTEER.related
    )
    assert found == [[0, 2], [1, 2]]


@pytest.mark.parametrize("names", [(), ("OpenAI",)])
def test_fewer_than_two_are_no_deal(names):
    """Without a second party there is nothing to group."""
    assert groups(names) == []


def pairs_among(n: int):
    return st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)))


POOL = ("OpenAI", "Oracle", "Google", "Google Cloud", "Anthropic", "SAP", "Nvidia")


def test_a_third_party_brings_two_together():
    """One deal of three is likelier than two of two, up to a doubt."""
    everyone = claims_of("Firma1", "Firma2", "Firma3")
    for doubt, deals in (
        (1 - ONE_MORE, [[0, 1, 2]]),
        (-1 - ONE_MORE, [[0, 1], [1, 2]]),
    ):
        odds = alike(3, (0, 1), (1, 2))
        odds[0, 2] = odds[2, 0] = doubt
        assert split_deals(everyone, odds, lambda a, b: a == b) == deals


@settings(max_examples=60, deadline=None)
@given(st.permutations(POOL), st.integers(2, 7), st.data())
def test_every_linked_party_is_in_a_deal_and_every_deal_has_two_sides(names, n, data):
    """Whatever is likely, no link is lost, and no deal is one side's or told twice."""
    names = names[:n]
    linked = data.draw(pairs_among(n))
    found = groups(names, *linked)
    links = [{names[a], names[b]} for a, b in linked]
    deals = [two for two in links if not GAZETTEER.related(min(two), max(two))]
    assert all(any(two <= group for group in found) for two in deals)
    if any(not GAZETTEER.related(a, b) for a in names for b in names):
        assert found
    for group in found:
        assert any(not GAZETTEER.related(a, b) for a in group for b in group)
    assert len({frozenset(group) for group in found}) == len(found)
    assert not any(a < b for a in found for b in found)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_twenty_parties_are_split_at_once(seed, density):
    """The hardest article, as many parties as are kept, takes no second."""
    dice = np.random.default_rng(seed)
    linked = dice.random((MAX_PARTIES, MAX_PARTIES)) < density
    linked |= linked.T
    same = np.where(linked, 3, -3).astype(np.float32)
    everyone = claims_of(*(f"Firma{n}" for n in range(MAX_PARTIES)))
    begun = time.process_time()
    found = split_deals(everyone, same, lambda a, b: a == b)
    assert time.process_time() - begun < 2
    some = {n for n in range(MAX_PARTIES) if linked[n].sum() > linked[n, n]}
    assert {n for group in found for n in group} >= some


def test_the_most_cliques_there_can_be_are_split_at_once():
    """Groups of three strangers each: the graph with the most cliques (Moon, Moser)."""
    n = MAX_PARTIES
    same = np.array([[3.0 * (a // 3 != b // 3) for b in range(n)] for a in range(n)])
    begun = time.process_time()
    found = split_deals(
        claims_of(*(f"Firma{k}" for k in range(n))),
        same.astype(np.float32),
        lambda a, b: a == b,
    )
    assert time.process_time() - begun < 5
    assert found == [list(range(n))]


def test_likely_parties_are_kept_in_their_order():
    """Who reaches the threshold is a party; the order stays that of the text."""
    everyone = [claim("A", 0, 0.6), claim("B", 10, 0.2), claim("C", 20, 0.9)]
    assert choose_parties(everyone, 0.5) == [everyone[0], everyone[2]]
    assert choose_parties(everyone, 0.2) == everyone


def test_a_deal_needs_two_so_the_second_best_stands():
    """Where fewer reach the threshold, the likeliest two are taken."""
    everyone = [claim("A", 0, 0.3), claim("B", 10, 0.2), claim("C", 20, 0.9)]
    names = [one.mention.name for one in choose_parties(everyone, 0.5)]
    assert sorted(names) == ["A", "C"]


def test_a_hopeless_second_party_does_not_stand():
    """Below the least probability the second side is taken for not named."""
    everyone = [claim("A", 0, 0.9), claim("B", 10, SECOND_PARTY - 0.01)]
    assert choose_parties(everyone, 0.5) == everyone[:1]
    assert choose_parties([], 0.5) == []


def test_who_surely_pays_needs_less():
    """The second investor is a party by the sum it pays, a bystander is none."""
    everyone = [claim("A", 0, 0.9), claim("B", 10, 0.8), claim("C", 20, PAYING)]
    hopeless = claim("D", 30, PAYING - 0.01)
    assert choose_parties(everyone, 0.5) == everyone[:2]
    assert choose_parties([*everyone, hopeless], 0.5, {"C", "D"}) == everyone


def test_two_deals_become_one_where_all_their_pairs_outweigh_it():
    """Doubts about four pairs may weigh more than one deal less, and may not."""
    everyone = claims_of("Firma1", "Firma2", "Firma3", "Firma4")
    odds = alike(4, (0, 1), (2, 3), low=-ONE_MORE / 4 - 0.1)
    assert split_deals(everyone, odds, lambda a, b: a == b) == [[0, 1], [2, 3]]
    odds = alike(4, (0, 1), (2, 3), low=-ONE_MORE / 4 + 0.1)
    assert split_deals(everyone, odds, lambda a, b: a == b) == [[0, 1, 2, 3]]


def test_near_names_share_a_deal_and_rivals_hardly_do():
    """The nearer the likelier; no score is sure enough for two rivals far apart."""
    near, next_, far = (together(1.0, steps, rivals=False) for steps in range(3))
    assert near > next_ > 0 > far
    assert together(1.0, 9, rivals=False) == far
    assert together(99.0, 0, rivals=True) > 0 > together(99.0, 2, rivals=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1), max_size=40),
    st.floats(0.05, 0.95),
)
def test_only_the_likeliest_are_parties(probabilities, threshold):
    """At most twenty, none less likely than one left out, and two if there are two."""
    everyone = [claim(f"F{n}", n, p) for n, p in enumerate(probabilities)]
    chosen = choose_parties(everyone, threshold)
    left_out = [one for one in everyone if one not in chosen]
    assert len(chosen) <= MAX_PARTIES
    if chosen and left_out:
        least = min(one.probability for one in chosen)
        assert least >= max(one.probability for one in left_out)
    hopeful = sum(p >= SECOND_PARTY for p in probabilities)
    assert len(chosen) >= min(hopeful, 2)


def place(reading: Reading, name: str, scores: Sequence[float]) -> str:
    """The sentence that holds the best mention."""
    one = next(c for c in candidates(reading.organisations) if c.name == name)
    mention = best_mention(reading, one, scores)
    return reading.text(reading.sentences[reading.sentence_index(mention.start)])


def test_the_best_mention_is_where_the_deal_is_stated():
    """The likeliest sentence of the text wins, not the first and not the headline."""
    reading = read(
        "OpenAI is based in San Francisco. OpenAI will rent servers from Oracle.",
        title="OpenAI signs with Oracle",
    )
    assert len(reading.sentences) == 3
    scores = [0.99, 0.1, 0.8]
    stated = "OpenAI will rent servers from Oracle."
    assert place(reading, "OpenAI", scores) == stated
    assert place(reading, "OpenAI", [0.99, 0.8, 0.1]).endswith("San Francisco.")


def test_a_headline_serves_where_only_it_names_the_party():
    """An organisation that the text itself never names keeps its headline."""
    reading = read(
        "Oracle said so. It is a large deal.", title="OpenAI signs with Oracle"
    )
    scores = [0.1, 0.9, 0.9]
    assert place(reading, "OpenAI", scores) == "OpenAI signs with Oracle"
    assert place(reading, "Oracle", scores) == "Oracle said so."


def test_of_equal_mentions_a_name_comes_before_a_product_and_the_first_before_later():
    """In one sentence the name stands for the party, and its first place."""
    reading = read("ChatGPT is what OpenAI sells, and OpenAI sells it a lot.")
    one = next(c for c in candidates(reading.organisations) if c.name == "OpenAI")
    assert [m.kind for m in one.mentions] == ["product", "name", "name"]
    scores = [0.5] * len(reading.sentences)
    assert best_mention(reading, one, scores) == one.mentions[1]
