"""Which organisations made one deal together, and where does the text say so?

In: organisations weighed as parties, and how likely each two of them share a deal.
Out: groups, one per deal, and the place that names each party best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from newsbot.stages.organisations import Gazetteer
from newsbot.stages.questions import Candidate
from newsbot.stages.reading import Reading
from newsbot.types import OrganisationMention

Array = NDArray[np.float32]
#: Least probability of a party that is needed to make two. Below, the article's
#: second side is not named, or not seen.
SECOND_PARTY = 0.02
#: Parties of one article at most, the likeliest: a list of names is no list of deals.
MAX_PARTIES = 20
#: Who stands in sentences only that hardly state the news is likely background: below
#: this score of the likeliest of them the probability is halved. Who stands in one that
#: does state it, from `STATED` on, gets the benefit of the doubt. On held-out articles
#: parties F1 was .821 without, .847 with the first and .851 with both.
BACKGROUND, DOUBT = 0.05, 0.5
STATED, BENEFIT = 0.5, 1.2
#: Probability from which a name that is no party may be one: where another article
#: names it as such, both may tell one deal. Of 29 retold stories that are held out, 7
#: were told twice without, 4 from 0.15 and 3 from 0.1 on; no two stories became one.
MAYBE = 0.1
#: Probability of a party from which whoever surely pays a sum of the deal is one, and
#: when that is sure. A chip maker is nearly always a bystander, and now and then the
#: second investor. On held-out articles sums F1 was .859 at 0.5 and .869 at 0.85. From
#: 0.1 to 0.2 nothing changes in 1,560 of them; 0.1 keeps an investor in the demo.
PAYING, SURE = 0.1, 0.85
#: Log odds that two parties made a deal together, of which the model's own score, up to
#: `SAYS` either way, counts as `TRUST` of itself: it has learned from few articles with
#: two deals, and is surer than it is right. What counts most is how near they stand, in
#: steps, see `steps_apart`. Two of one trade are rivals, who rarely sign together: on
#: the labels of the corpus 2 of 3 other pairs do, and 1 of 5 of these. Fitted by
#: logistic regression to the pairs of 600 articles that the adapter had not met, but
#: `RIVALS`, -1.9 there: where one deal is likelier than two, see `ONE_MORE`, more must
#: keep them apart. Fitted anew to parts 28 to 31 the others are no better.
TRUST, SAYS = 0.5, 5.0
TOGETHER = (0.85, 0.45, -1.7)
RIVALS = -3.0
RIVAL_KINDS: Set[str] = frozenset(
    ("cloud", "neocloud", "lab", "chips", "telecom", "datacentre")
)
#: What one deal more must be worth, in log odds: most articles tell of one, and two
#: pairs of one deal of three look like two deals. What the words of an article say of
#: several deals ("zwei Verträge", "separately"), in log odds up to `HEARD` either way,
#: counts `WORTH` times against it.
#: A party that shares no deal joins the likeliest other from `LONELY` on; below, it is
#: none, where others are.
#: Of 366 articles with three parties or more by 24 hands that neither adapter nor
#: readers of words had met (parts 28 to 31 of the corpus), 340 have as many deals as
#: were told, 28 too many and 31 missed; parties F1 on the four parts is .868, .882,
#: .885 and .920. Before (1.5, 2, -1.7, rivals -1.9, and the words counted against each
#: pair, too; fitted to articles by the hands that those words were learned from) it
#: was 297, 98, 25; .845, .843, .836, .893. 4.5 for the first has .892 for .889 on
#: average, but makes one deal of a lab's with two clouds in one sentence.
ONE_MORE = 3.5
HEARD, WORTH = 2.0, 1.0
LONELY = -1.0

#: What each step between the nearest mentions of a party and a sum takes off the
#: likelihood that they belong together, and how many count; a step is a sentence or a
#: paragraph further.
APART, MAX_APART = 0.55, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claim:
    """An organisation as a party, where the text states it best."""

    mention: OrganisationMention
    probability: float
    #: Numbers of the sentences that name it.
    sentences: frozenset[int]
    #: What the model's state is after being asked about it, shape (width,).
    state: Array


def weighed(probability: float, score: float) -> float:
    """Weigh a party by the sentences that name it.

    Args:
        probability: That it made the agreement, in [0, 1].
        score: Of the sentence likeliest to state the agreement, in [0, 1].
    """
    if score < BACKGROUND:
        return probability * DOUBT
    if score < STATED:
        return probability
    return min(probability + BENEFIT * probability * (1 - probability), 1.0)


def choose_parties(
    claims: Sequence[Claim], threshold: float, paying: Set[str] = frozenset()
) -> list[Claim]:
    """Keep the organisations that are likely parties, and two in any case.

    Who surely pays a sum of the deal, one of *paying*, needs `PAYING` only.

    The article was judged to report a deal, and a deal has two sides: where fewer
    reach the threshold, the likeliest two stand, unless they are hopeless.
    """
    ranked = sorted(claims, key=lambda claim: -claim.probability)
    likely = {
        id(c)
        for c in ranked[:MAX_PARTIES]
        if c.probability >= threshold
        or (c.probability >= PAYING and c.mention.name in paying)
    }
    if len(likely) >= 2:
        return [claim for claim in claims if id(claim) in likely]
    return [claim for claim in ranked[:2] if claim.probability >= SECOND_PARTY]


def best_mention(
    reading: Reading, candidate: Candidate, scores: Sequence[float] | Array
) -> OrganisationMention:
    """The mention in the sentence likeliest to state the deal, the first of equals.

    A headline states a deal without its grammar: the text's own sentence wins
    unless only the headline names the organisation.
    """
    index = reading.sentence_index
    n_title = len(reading.article.title)

    def rank(mention: OrganisationMention) -> tuple[bool, float, bool, int]:
        named = mention.kind in ("name", "unknown")
        score = float(scores[index(mention.start)])
        return mention.start > n_title, score, named, -mention.start

    return max(candidate.mentions, key=rank)


def sentences_of(reading: Reading, starts: Sequence[int]) -> frozenset[int]:
    """Numbers of the sentences that hold mentions, by where these begin.

    A headline puts two deals in one line: the text counts where it has a mention.
    """
    inside = [start for start in starts if start > len(reading.article.title)]
    return frozenset(reading.sentence_index(start) for start in inside or starts)


def steps_apart(reading: Reading, here: Set[int], there: Set[int]) -> int:
    """Steps between the nearest of two sets of sentences, `MAX_APART` at most.

    0 where they share one; each sentence and each paragraph further is one.
    """
    sentences, text = reading.sentences, reading.article.full_text

    def steps(a: int, b: int) -> int:
        first, last = sorted((a, b))
        between = text[sentences[first].end : sentences[last].start]
        return last - first + between.count("\n\n")

    near = [
        steps(a, b)
        for a in here
        for b in range(a - MAX_APART + 1, a + MAX_APART)
        if b in there
    ]
    return min([*near, MAX_APART])


def left_out(
    everyone: Sequence[Claim], parties: Sequence[Claim]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name who is no party but may be one, and who hardly is, the likeliest first."""
    ranked = sorted(everyone, key=lambda claim: -claim.probability)
    left = [claim for claim in ranked if claim not in parties][:MAX_PARTIES]
    n_unsure = sum(claim.probability >= MAYBE for claim in left)
    names = [claim.mention.name for claim in left]
    return tuple(names[:n_unsure]), tuple(names[n_unsure:])


def together(score: float, steps: int, rivals: bool) -> float:
    """Log odds that two parties made one deal.

    Args:
        score: The model's log odds.
        steps: Between their nearest mentions, see `steps_apart`.
        rivals: Whether both are of one of `RIVAL_KINDS`.
    """
    said = TRUST * min(max(score, -SAYS), SAYS)
    return said + TOGETHER[min(steps, len(TOGETHER) - 1)] + RIVALS * rivals


def are_rivals(name: str, other: str, gazetteer: Gazetteer) -> bool:
    """Tell whether two organisations are of one of `RIVAL_KINDS`."""
    kinds = {org.kind if (org := gazetteer.get(n)) else "" for n in (name, other)}
    return len(kinds) == 1 and kinds <= RIVAL_KINDS


def split_deals(
    claims: Sequence[Claim],
    odds: Array,
    related: Callable[[str, str], bool],
    several: float = 0.0,
) -> list[list[int]]:
    """Group parties into deals; one party may have made several.

    An article may tell of one lab's deals with two clouds that have nothing in common.
    The groups begin as the largest sets in which every two are likely to share a deal
    (cliques), and two become one as long as what speaks for their pairs outweighs it:
    one deal of three is more likely than two of two.

    Args:
        claims: The parties.
        odds: Shape (n, n), symmetric: log odds that two share a deal, see `together`.
        related: Whether two names are one organisation, or a unit and its parent;
            such two are one side of whatever deal either is in.
        several: What else speaks for several deals, in log odds.

    Returns:
        Places in *claims*, by deal, in the order of the text; every deal has two
        sides.
    """
    n = len(claims)
    heard = min(max(several, -HEARD), HEARD)
    names = [claim.mention.name for claim in claims]
    kin = [
        {b for b in range(n) if b == a or related(names[a], names[b])} for a in range(n)
    ]
    friends = [{b for b in range(n) if odds[a, b] > 0} | kin[a] for a in range(n)]
    signed = any(friends[a] - kin[a] for a in range(n))
    for a in range(n):
        others = set(range(n)) - kin[a]
        # Nobody makes a deal alone.
        if others and not friends[a] & others:
            best = max(sorted(others), key=lambda b: float(odds[a, b]))
            if signed and odds[a, best] < LONELY:
                continue
            friends[a].add(best)
            friends[best].add(a)
    cliques = _cliques([friends[a] - {a} for a in range(n)])
    deals = _merged([clique for clique in cliques if _is_two_sided(clique, kin)], kin)
    deals = _joined(deals, odds, kin, ONE_MORE - WORTH * heard)
    return sorted(
        (sorted(deal) for deal in deals),
        key=lambda deal: min(claims[m].mention.start for m in deal),
    )


def _joined(
    deals: list[set[int]], odds: Array, kin: Sequence[set[int]], one_less: float
) -> list[set[int]]:
    """Make one of two deals, the likeliest first, as long as that is likelier."""
    while len(deals) > 1:
        gains = [
            (one_less + _newly_shared(one, other, deals, odds, kin), one, other)
            for one, other in combinations(deals, 2)
        ]
        gain, one, other = max(gains, key=lambda found: found[0])
        if gain <= 0:
            break
        rest = [deal for deal in deals if deal is not one and deal is not other]
        deals = _merged([*rest, one | other], kin)
    return deals


def _newly_shared(
    one: Set[int],
    other: Set[int],
    deals: Sequence[Set[int]],
    odds: Array,
    kin: Sequence[Set[int]],
) -> float:
    """Log odds of all pairs that share a deal only if these two are one."""
    return sum(
        float(odds[a, b])
        for a in one - other
        for b in other - one
        if b not in kin[a] and not any(a in deal and b in deal for deal in deals)
    )


def _is_two_sided(group: set[int], kin: Sequence[set[int]]) -> bool:
    """Whether a group is more than an organisation with its parent or units."""
    return any(not group <= kin[a] for a in group)


def _merged(cliques: Sequence[set[int]], kin: Sequence[set[int]]) -> list[set[int]]:
    """Join sets that share two sides: one deal, with a doubt about one party."""
    merged: list[set[int]] = []
    for clique in cliques:
        whole = set(clique)
        while near := [other for other in merged if _is_two_sided(other & whole, kin)]:
            merged = [other for other in merged if other not in near]
            whole = whole.union(*near)
        merged.append(whole)
    return merged


def _cliques(friends: Sequence[set[int]]) -> list[set[int]]:
    """List the maximal cliques of a small graph.

    Source: Bron & Kerbosch, "Algorithm 457", Communications of the ACM 16 (1973),
    with a pivot.
    """
    found: list[set[int]] = []

    def grow(clique: set[int], open_: set[int], done: set[int]) -> None:
        if not open_ and not done:
            found.append(clique)
            return
        pivot = max(open_ | done, key=lambda v: len(friends[v] & open_))
        for vertex in sorted(open_ - friends[pivot]):
            grow(clique | {vertex}, open_ & friends[vertex], done & friends[vertex])
            open_ = open_ - {vertex}
            done = done | {vertex}

    grow(set(), set(range(len(friends))), set())
    return found
