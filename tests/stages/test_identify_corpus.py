"""The corpus replayed as a ledger: 826 of its stories are told two times or more.

The findings are made from the labels, so that only identity is measured.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

import pytest
from corpus_findings import findings, read

from newsbot.evaluation.gold import GoldArticle, read_gold
from newsbot.stages.identify import identify
from newsbot.stages.likeness import reach
from newsbot.stages.organisations import load_organisations
from newsbot.stages.questions import candidates
from newsbot.stages.sides import families, look, same_side
from newsbot.tuning.corpus_files import corpus_files
from newsbot.types import Deal, Finding

GAZETTEER = load_organisations()
#: Labelled as two stories, told by unlike hands who did not know of each other: the
#: same two parties within weeks, the later time with other facts. Nobody could tell.
ALIKE = (
    {"tesco-oracle-2022", "tesco-cohere-oracle"},
    {"lufthansa-infomaniak", "lufthansa-infomaniak-2025"},
    {"ionos-sana-2025", "sana-ionos-undine-2025"},
    {"galaxy-physical-intelligence-2026", "galaxy-physicalintelligence-2025"},
    {"ionos-cohere-2026", "ionos-cohere-ende-2026", "cohere-ionos-catalog-2026"},
    {"bfl-crusoe-2026", "black-forest-labs-crusoe-talks-2026"},
    # The first names no sum, the second extends what the two have.
    {"trumpf-google-cloud", "trumpf-google-cloud-2026"},
    # Talks of three for 96 million euros, and a year later their contract for 64.
    {"ba-stackit-pharia-2026", "c5-ba-alephalpha-stackit"},
    # Two of three, 16 days apart, one for up to 96 and one with a part of up to 95.
    {"arbeitsagentur-stackit-2026", "ba-unterberg-stackit-2026"},
    # Two or three of the other's parties, weeks apart, and no sum that differs.
    {"c21c-datev-hyperbel-noris-2026", "datev-noris-2024"},
    {"c21c-amd-bfl-2026", "bfl-humain-pif-amd-2026"},
    {"c21b-mistral-salesforce-stc-groq", "stc-groq-2026"},
    {"c21a-fonderia-vultr-amd", "c21h-amd-vultr-2026"},
    {"c21a-meghdoot-jio-google-siemens", "healthineers-googlecloud-2026"},
    # The seller is the buyer: read wrongly too often to part two deals by it.
    {"c21f-hetzner-mietet-rotkehl", "c21f-rotkehl-verdoppelt"},
    {"c21f-peal-leases-to-coreweave", "c21f-peal-leaves-coreweave"},
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One article with its findings and the stories they are labelled with."""

    published_at: datetime
    findings: tuple[Finding, ...]
    stories: tuple[str, ...]


#: From part 22 on, each hand tells of the same few real companies as the others, in the
#: same months and with other facts: a world of its own, of which its ids name the hand.
HAND = re.compile(r"h\d+(?=-)")


@pytest.fixture(scope="module")
def worlds() -> dict[str, list[Told]]:
    """The articles of each world, oldest first; the first parts are one, ``""``."""
    found: dict[str, list[Told]] = defaultdict(list)
    for article in read_gold(corpus_files([])):
        if article.deals:
            hand = HAND.match(article.id)
            found[hand.group() if hand else ""].append(_told(article))
    return {
        name: sorted(some, key=lambda one: one.published_at)
        for name, some in found.items()
    }


@pytest.fixture(scope="module")
def told(worlds) -> list[Told]:
    assert len(worlds[""]) > 1000
    return worlds[""]


def _told(article: GoldArticle) -> Told:
    reading = read(article, GAZETTEER)
    asked = dict.fromkeys(one.name for one in candidates(reading.organisations))
    found = [
        replace(finding, named=tuple(asked.keys() - names_of(finding)))
        for finding in findings(article, reading, GAZETTEER)
    ]
    return Told(
        published_at=article.published_at,
        findings=tuple(found),
        stories=tuple(deal.story for deal in article.deals),
    )


def names_of(finding: Finding) -> set[str]:
    return {party.name for party in finding.parties}


def replay(told: list[Told]) -> tuple[dict[str, set[str]], dict[str, int]]:
    """Let the articles arrive; gives each deal's stories and each story's first alerts."""
    deals: dict[str, Deal] = {}
    by_party: dict[str, set[str]] = defaultdict(set)
    by_word: dict[str, set[str]] = defaultdict(set)
    stories: dict[str, set[str]] = defaultdict(set)
    n_new: dict[str, int] = defaultdict(int)
    for one in told:
        names = {n for f in families(one.findings, GAZETTEER) for n in f}
        begin, end = reach(one.findings, one.published_at).event
        seen = look(one.findings, GAZETTEER)
        # As the ledger does: by name, and in these days by what names begin with.
        near_ids = {id_ for name in names for id_ in by_party[name] if id_ in deals}
        begun = {name.split()[0] for name in names}
        near_ids |= {
            id_
            for word in begun
            for id_ in by_word[word]
            if id_ in deals
            and begin <= deals[id_].last_seen_at <= end
            and seen.near([name for name, _ in deals[id_].parties])
        }
        known = [deals[id_] for id_ in sorted(near_ids)]
        found = identify(one.findings, one.published_at, known, GAZETTEER)
        for story, result in zip(one.stories, found, strict=True):
            joined = deals.get(result.deal.id)
            if joined and not begin <= joined.last_seen_at <= end:
                # The ledger looks at no other deal of another time.
                assert seen.far([name for name, _ in joined.parties])
            for gone in result.absorbed:
                del deals[gone]
                stories[result.deal.id] |= stories.pop(gone)
            deals[result.deal.id] = result.deal
            stories[result.deal.id].add(story)
            n_new[story] += result.verdict == "new"
            for name, _ in result.deal.parties:
                by_party[name].add(result.deal.id)
                by_word[name.split()[0]].add(result.deal.id)
    return stories, n_new


def test_each_story_is_alerted_once_and_no_two_are_joined(told):
    """A hundredth of the retold stories at most is told twice; no others are merged."""
    stories, n_new = replay(told)
    n_told = defaultdict(int)
    for one in told:
        for story in one.stories:
            n_told[story] += 1
    retold = [story for story, n in n_told.items() if n > 1]
    assert len(retold) > 150
    twice = [story for story in retold if n_new[story] > 1]
    assert len(twice) <= 0.01 * len(retold), twice
    joined = [together for together in stories.values() if len(together) > 1]
    assert all(together in ALIKE for together in joined), joined


def test_nor_are_those_of_one_hand(worlds):
    """Likewise in the worlds of those who wrote as the press writes of these years."""
    hands = [some for name, some in worlds.items() if name]
    assert len(hands) >= 12
    for some in hands:
        stories, n_new = replay(some)
        # Each hand of part 28 tells eight stories or more four times, of parts 29 to 33
        # twelve, up to three times each.
        assert len(n_new) >= {32: 8, 28: 12, 25: 12, 24: 12}.get(len(some), 26)
        assert [together for together in stories.values() if len(together) > 1] == []
        assert [story for story, n in n_new.items() if n != 1] == []


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_a_day_s_arrivals_makes_no_other_deals(told, seed):
    """Shuffled within each day, the articles give the same deals of the same stories."""
    rng = Random(seed)
    shuffled = sorted(told, key=lambda one: (one.published_at.date(), rng.random()))
    assert shuffled != told
    plain, _ = replay(told)
    again, _ = replay(shuffled)

    def groups(stories: dict[str, set[str]]) -> set[frozenset[str]]:
        return {frozenset(together) for together in stories.values()}

    assert groups(plain) == groups(again)


def misread(name: str, rng: Random) -> str:
    """A name as it may be read: cut, with a word too many, or in capitals."""
    first, *_, last = (name.split()[0], *name.split())
    ways = [
        name.removesuffix(f" {last}"),
        name.removeprefix(f"{first} "),
        f"{name} {rng.choice(('Ausfallrisiken', 'Ost', 'widens'))}",
        f"{rng.choice(('Betreiber', 'Stromversorger', 'Konzern'))} {name}",
        name.upper(),
    ]
    return rng.choice(ways)


def test_misread_names_make_hardly_any_other_deals(told):
    """Every tenth name that no list knows is misread: few are told twice, none joined."""
    rng = Random(0)
    n_told = defaultdict(int)
    planted = []
    n_misread = 0
    for one in told:
        found = []
        for finding in one.findings:
            parties = [
                replace(party, name=misread(party.name, rng))
                if GAZETTEER.get(party.name) is None and rng.random() < 0.1
                else party
                for party in finding.parties
            ]
            n_misread += tuple(parties) != finding.parties
            found.append(replace(finding, parties=tuple(parties)))
        planted.append(replace(one, findings=tuple(found)))
        for story in one.stories:
            n_told[story] += 1
    assert n_misread > 200
    stories, n_new = replay(planted)
    retold = [story for story, n in n_told.items() if n > 1]
    twice = [story for story in retold if n_new[story] > 1]
    # 4 % when it was measured, 24 % before names were compared.
    assert len(twice) <= 0.06 * len(retold), len(twice)
    joined = [together for together in stories.values() if len(together) > 1]
    assert all(any(together <= like for like in ALIKE) for together in joined), joined


def mistaken(finding: Finding, rng: Random) -> Finding | None:
    """A telling as a judge errs: a party missed, a bystander taken for one, no sum."""
    kept = [party for party in finding.parties if rng.random() >= 0.1]
    missed = sorted(names_of(finding) - {party.name for party in kept})
    doubted = [name for name in missed if rng.random() < 0.5]
    bystanders = [
        name
        for name in sorted(finding.named)
        if not any(same_side(name, one, GAZETTEER) for one in names_of(finding))
    ]
    if bystanders and rng.random() < 0.1:
        kept.append(replace(finding.parties[0], name=rng.choice(bystanders)))
    sure = {party.name for party in kept}
    if len(sure) < 2:
        return None
    return replace(
        finding,
        parties=tuple(kept),
        amounts=tuple(one for one in finding.amounts if rng.random() >= 0.2),
        unsure=tuple(doubted),
        named=tuple({*finding.named, *missed} - {*sure, *doubted}),
    )


def test_a_judge_that_errs_makes_few_other_deals(told):
    """Parties missed and invented, sums missed: one in twenty is told twice."""
    rng = Random(1)
    n_told: dict[str, int] = defaultdict(int)
    planted = []
    for one in told:
        made = [mistaken(finding, rng) for finding in one.findings]
        pairs = [
            (finding, story)
            for finding, story in zip(made, one.stories, strict=True)
            if finding is not None
        ]
        if pairs:
            found, stories = zip(*pairs, strict=True)
            planted.append(replace(one, findings=found, stories=stories))
            for story in stories:
                n_told[story] += 1
    joined_before, _ = replay(told)
    stories, n_new = replay(planted)
    retold = [story for story, n in n_told.items() if n > 1]
    assert len(retold) > 600
    twice = [story for story in retold if n_new[story] > 1]
    # 5.1 % when it was measured, and 5.3 over four seeds; 5.6 before mentions counted.
    assert len(twice) <= 0.065 * len(retold), len(twice)
    joined = [together for together in stories.values() if len(together) > 1]
    known = [together for together in joined_before.values() if len(together) > 1]
    others = [one for one in joined if not any(one <= like for like in known)]
    assert len(others) <= 12, others
