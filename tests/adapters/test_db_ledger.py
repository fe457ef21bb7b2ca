"""Findings, deals and messages come back as they went, to the last digit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations, permutations
from random import Random

import pytest
from db_nouns import (
    HOUR,
    NOW,
    alert,
    announce,
    announce_articles,
    article,
    deal,
    entry,
    memory_store,
    put,
)
from db_nouns import due as pairs_due
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.adapters.db import cells, codec, open_store
from newsbot.ports import Look, Reach
from newsbot.types import (
    Amount,
    Assessment,
    Capacity,
    Decision,
    Dropped,
    Finding,
    Party,
    Span,
    Summary,
    SummarySentence,
)
from newsbot.vocabulary import AMOUNT_KINDS, BOUNDS, DEAL_TYPES, ROLES, STATUSES


@pytest.fixture
def path(tmp_path):
    return tmp_path / "newsbot.db"


@pytest.fixture
def store(path):
    opened = open_store(path)
    yield opened
    opened.close()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
decimals = st.decimals(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**40)
spans = st.builds(Span, article_id=st.just("article-a"), start=counts, end=counts)
parties = st.builds(
    Party,
    name=texts,
    roles=st.lists(st.sampled_from(ROLES), max_size=3).map(tuple),
    span=spans,
    quote=spans,
)
amounts = st.builds(
    Amount,
    value=decimals,
    currency=texts,
    kind=st.sampled_from(AMOUNT_KINDS),
    bound=st.sampled_from(BOUNDS),
    payer=st.none() | texts,
    span=spans,
    quote=spans,
)
capacities = st.builds(Capacity, value=decimals, unit=texts, span=spans, quote=spans)
drops = st.lists(st.builds(Dropped, claim=texts, reason=texts), max_size=3).map(tuple)
findings = st.builds(
    Finding,
    id=texts,
    article_id=st.just("article-a"),
    status=st.sampled_from(STATUSES),
    status_quote=spans,
    types=st.lists(st.sampled_from(DEAL_TYPES), max_size=3).map(tuple),
    parties=st.lists(parties, max_size=3).map(tuple),
    amounts=st.lists(amounts, max_size=3).map(tuple),
    capacity=st.lists(capacities, max_size=2).map(tuple),
    dropped=drops,
    unsure=st.lists(texts, max_size=3).map(tuple),
    named=st.lists(texts, max_size=3).map(tuple),
)
moments = st.datetimes(
    datetime(1, 1, 2),
    datetime(9999, 12, 30),
    timezones=st.just(UTC),
)
assessments = st.builds(
    Assessment,
    article_id=st.just("article-a"),
    probability=st.floats(0, 1),
    threshold=st.floats(0, 1),
    words=st.lists(texts, max_size=4).map(tuple),
    assessor=texts,
    assessed_at=moments,
)
summaries = st.builds(
    Summary,
    article_id=st.just("article-a"),
    language=st.sampled_from(["de", "en"]),
    sentences=st.lists(
        st.builds(SummarySentence, text=texts, quoted=st.booleans()), max_size=4
    ).map(tuple),
    writer=texts,
    created_at=moments,
)


@settings(deadline=None)
@given(findings)
def test_a_finding_comes_back_to_the_last_digit(noun):
    """Every field of a finding survives the ledger; decimals keep every digit."""
    read = codec.finding(codec.finding_document(noun))
    assert read == noun
    for kept, given_ in zip(
        (*read.amounts, *read.capacity), (*noun.amounts, *noun.capacity), strict=True
    ):
        assert kept.value.as_tuple() == given_.value.as_tuple()


@settings(deadline=None)
@given(assessments, drops, summaries)
def test_judgement_and_summary_come_back(judgement, dropped, summary):
    """What was judged, dropped and written about an article is kept exactly."""
    with memory_store() as store:
        announce_articles(store, article())
        store.ledger.put_assessment(judgement, [], dropped)
        store.ledger.put_summary(summary)
        assert store.ledger.assessment("article-a") == (judgement, dropped)
        assert store.ledger.summary("article-a") == summary


@settings(deadline=None)
@given(moments, moments)
def test_times_sort_as_text(one, other):
    """The order of stored times is the order of time, from year 1 on."""
    assert cells.at_time(cells.at_text(one)) == one
    assert (cells.at_text(one) < cells.at_text(other)) == (one < other)


def test_a_naive_time_is_refused():
    """A time without zone is a mistake, not a guess."""
    with pytest.raises(ValueError, match="naive"):
        cells.at_text(datetime(2026, 1, 1))


@pytest.fixture
def deals(store):
    announce_articles(store, article("a"), article("b"), article("c"))
    put(store, deal("a", ("Nvidia", "OpenAI"), NOW - 48 * HOUR), "a")
    put(store, deal("b", ("Nvidia", "Oracle"), NOW - HOUR), "b")
    put(store, deal("c", ("SAP", "Ionos"), NOW), "c")
    return store.ledger


def test_a_deal_comes_back_with_its_findings(store):
    """A deal is joined from its findings, oldest article first."""
    announce_articles(store, article("a"), article("b", published_at=NOW - HOUR))
    one = put(store, deal(), "a")
    two = put(store, deal(last_seen_at=NOW + HOUR, status="expanded"), "b")
    kept = store.ledger.deal("deal-a")
    assert kept == deal(last_seen_at=NOW + HOUR, status="expanded", findings=(two, one))
    assert store.ledger.verdict("finding-b") == ("deal-a", "new", "first")
    assert store.ledger.verdict("nobody") == (None, None, None)


def within(hours: float, *, talks: float | None = None) -> Reach:
    since = NOW - hours * HOUR
    return Reach(
        since=since,
        until=NOW + HOUR,
        talks_since=since if talks is None else NOW - talks * HOUR,
        event=(NOW - 72 * HOUR, NOW + 72 * HOUR),
    )


def all_far(near):
    """Look at every deal that shares two sides; at others, where *near* says so."""
    return Look(near=near, far=lambda told: True)


NOBODY = all_far(lambda told: False)


def test_candidates_share_two_sides_and_are_recent(deals):
    """Only deals that name two of the parties, since then, are looked at."""

    def ids(reach, *sides):
        return [one.id for one in deals.candidates(sides, reach, NOBODY)[0]]

    assert ids(within(72), ["Nvidia"], ["OpenAI"]) == ["deal-a"]
    assert ids(within(72), ["Nvidia"], ["Oracle", "OpenAI"]) == ["deal-a", "deal-b"]
    assert ids(within(2), ["Nvidia"], ["Oracle", "OpenAI"]) == ["deal-b"]
    assert ids(within(72), ["Nvidia"], ["Ionos"]) == []
    assert ids(within(72), ["Nvidia", "OpenAI"]) == []  # two names of one side
    assert ids(within(72), ["nvidia"], ["OpenAI'; --"]) == []
    assert ids(within(72)) == []


def test_candidates_are_what_a_look_at_every_deal_finds(store):
    """Whoever is in most deals, whatever names a side has, however long they lasted."""
    rng = Random(5)
    names = [
        "OpenAI",
        "Nvidia",
        "Oracle",
        "Oracle Cloud",
        "Ionos",
        "Zelvaro",
        "Quillon",
    ]
    weights = [60, 20, 8, 8, 4, 2, 2]
    announce_articles(store, article("a"))
    known = []
    for number in range(300):
        last = NOW - rng.randrange(400) * HOUR
        told = deal(
            str(number),
            tuple(dict.fromkeys(rng.choices(names, weights, k=rng.choice((2, 3))))),
            last,
            status=rng.choice(("talks", "announced", "announced")),
        )
        told = replace(told, first_seen_at=last - rng.choice((0, 0, 90)) * HOUR)
        put(store, told, "a")
        known.append(told)
    sides = [["Oracle", "Oracle Cloud", "Nobody"], *([name] for name in names)]
    n_found = 0
    for _ in range(200):
        asked = rng.sample(sides, rng.choice((2, 2, 3)))
        reach = replace(
            within(rng.choice((48, 150)), talks=rng.choice((None, 300))),
            until=NOW - rng.randrange(300) * HOUR,
        )
        wanted = {
            one.id
            for one in known
            if any(
                a in side and b in other
                for a, b in permutations([name for name, _ in one.parties], 2)
                for side, other in combinations(asked, 2)
            )
            and one.first_seen_at <= reach.until
            and (
                one.last_seen_at >= reach.since
                or (one.status == "talks" and one.last_seen_at >= reach.talks_since)
            )
        }
        found, _ = store.ledger.candidates(asked, reach, NOBODY)
        assert {one.id for one in found} == wanted
        n_found += len(found)
    assert n_found > 500


def test_a_name_that_an_article_was_not_sure_of_finds_its_deal(store):
    """A party that was overlooked is a side by which the deal is found again."""
    announce_articles(store, article("a"))
    told = deal("a", ("Nvidia", "OpenAI"), NOW)
    noun = put(store, told, "a")
    sides = (["Nvidia"], ["Oracle"])
    assert store.ledger.candidates(sides, within(72), NOBODY)[0] == []
    vague = replace(noun, unsure=("Oracle", "Ionos"))
    store.ledger.put_deal(replace(told, findings=(vague,)), vague, "repeat", "again")
    ((found,), _) = store.ledger.candidates(sides, within(72), NOBODY)
    assert [name for name, _ in found.parties] == ["Nvidia", "OpenAI"]


def test_a_deal_of_these_days_that_shares_one_side_may_be_worth_a_look(store):
    """Only within the days of the event, and where its names may be the others."""
    announce_articles(store, article("a"), article("b"), article("c"))
    put(store, deal("a", ("Nvidia", "Zelvaro Labs"), NOW), "a")
    put(store, deal("b", ("Nvidia", "Zelvaro Labs"), NOW - 200 * HOUR), "b")

    def ids(side, name):
        sides = ([side], ["Zelvaro"])
        found, _ = store.ledger.candidates(
            sides, within(300), all_far(lambda told: name in told)
        )
        return [one.id for one in found]

    assert ids("Nvidia", "Zelvaro Labs") == ["deal-a"]
    assert ids("Nvidia", "Quillon") == []
    # By what begins like a name, though no side is shared; by no other.
    assert ids("Oracle", "Zelvaro Labs") == ["deal-a"]
    found, _ = store.ledger.candidates(
        (["Zelvar"], ["Labs"]), within(300), all_far(bool)
    )
    assert found == []
    put(store, deal("c", ("Zelvaro", "Quillon"), NOW), "c")
    sides = (["Zelvaro Rechenwerke"], ["Quillon Estates"])
    found, _ = store.ledger.candidates(sides, within(300), all_far(bool))
    assert [one.id for one in found] == ["deal-c"]


def test_talks_are_candidates_for_longer(store):
    """What was negotiated last year may be signed today."""
    announce_articles(store, article("a"))
    talks = deal("a", ("Nvidia", "OpenAI"), NOW - 48 * HOUR, status="talks")
    noun = put(store, talks, "a")

    def ids(reach):
        sides = (["Nvidia"], ["OpenAI"])
        return [one.id for one in store.ledger.candidates(sides, reach, NOBODY)[0]]

    assert ids(within(2)) == []
    assert ids(within(2, talks=72)) == ["deal-a"]
    store.ledger.put_deal(replace(talks, status="announced"), noun, "update", "signed")
    assert ids(within(2, talks=72)) == []
    assert ids(within(72)) == ["deal-a"]


def test_a_deal_that_was_absorbed_goes_on_under_the_other(store):
    """Findings and messages go over; the old id still finds the deal."""
    announce_articles(store, article("a"), article("b"), article("c"))
    first = deal("a", ("Nvidia", "OpenAI"), NOW)
    one, two = (
        put(store, first, "a"),
        put(store, deal("b", ("AMD", "OpenAI"), NOW), "b"),
    )
    store.outbox.put(alert("b", deal_id="deal-b"), [], NOW)
    store.ledger.absorb(["deal-b"], "deal-a", NOW)
    kept = store.ledger.deal("deal-a")
    assert {finding.id for finding in kept.findings} == {one.id, two.id}
    assert store.ledger.deal("deal-b") == kept
    assert store.ledger.find_ids("deal-b") == [("deal", "deal-a")]
    assert [found.id for found in store.ledger.deals()] == ["deal-a"]
    put(store, deal("c", ("SAP", "OpenAI"), NOW), "c")
    store.ledger.absorb(["deal-a"], "deal-c", NOW)
    for old in ("deal-a", "deal-b"):
        assert store.ledger.deal(old).id == "deal-c"


def test_decisions_are_kept_and_the_last_holds(store):
    """Two findings, in whatever order, are the same or apart as last decided."""

    def decide(kind, one, other, hours):
        store.ledger.decide(
            Decision(
                kind=kind,
                finding_id=one,
                other_id=other,
                decided_at=NOW + hours * HOUR,
            )
        )

    decide("apart", "finding-a", "finding-b", 0)
    decide("same", "finding-c", "finding-a", 1)
    decide("same", "finding-b", "finding-a", 2)
    said = [(d.kind, d.finding_id, d.other_id) for d in store.ledger.decisions()]
    assert said == [
        ("same", "finding-a", "finding-c"),
        ("same", "finding-a", "finding-b"),
    ]


def test_candidates_tell_what_a_person_parted(store):
    """Pairs that were called different deals come with the deals they are in."""
    announce_articles(store, article("a"), article("b"))
    one = put(store, deal("a", ("Nvidia", "OpenAI"), NOW), "a")
    two = put(store, deal("b", ("Nvidia", "OpenAI"), NOW), "b")
    store.ledger.decide(
        Decision(kind="apart", finding_id=one.id, other_id=two.id, decided_at=NOW)
    )
    found, apart = store.ledger.candidates((["Nvidia"], ["OpenAI"]), within(1), NOBODY)
    assert [deal.id for deal in found] == ["deal-a", "deal-b"]
    assert apart == {frozenset((one.id, two.id))}


def test_a_deal_written_anew_loses_what_was_taken_out(store):
    """After a person moved a finding, parties and findings are as written."""
    announce_articles(store, article("a"), article("b"))
    first = deal("a", ("Nvidia", "OpenAI", "AMD"), NOW)
    one, two = put(store, first, "a"), put(store, first, "b")
    fewer = replace(first, parties=first.parties[:2], findings=(one,))
    other = deal("b", ("AMD", "OpenAI"), NOW, findings=(two,))
    store.ledger.rewrite(other)
    store.ledger.rewrite(fewer)
    assert store.ledger.deal("deal-a") == fewer
    assert store.ledger.deal("deal-b") == other
    sides = (["AMD"], ["OpenAI"])
    assert [d.id for d in store.ledger.candidates(sides, within(1), NOBODY)[0]] == [
        "deal-b"
    ]


def test_deals_are_listed_newest_first(deals):
    """The list begins with what was first seen last."""
    assert [one.id for one in deals.deals()] == ["deal-c", "deal-b", "deal-a"]
    assert [one.id for one in deals.deals(NOW - HOUR)] == ["deal-c", "deal-b"]
    assert deals.deal("nobody") is None


def test_an_id_may_be_shortened(deals):
    """The beginning of an id finds deals and articles; wildcards are text."""
    assert deals.find_ids("deal-b") == [("deal", "deal-b")]
    assert ("article", "article-c") in deals.find_ids("article")
    assert deals.find_ids("%") == []


def test_summaries_are_listed_by_publication(store):
    """A digest reads the summaries of its day, oldest article first."""
    announce_articles(store, article("a"), article("b", published_at=NOW - HOUR))
    for name in "ab":
        store.ledger.put_summary(
            Summary(
                article_id=f"article-{name}",
                language="de",
                sentences=(SummarySentence(text="Kurz.", quoted=True),),
                writer="lead",
                created_at=NOW,
            )
        )
    listed = [one.article_id for one in store.ledger.summaries(NOW - HOUR)]
    assert listed == ["article-b", "article-a"]
    assert [one.article_id for one in store.ledger.summaries(NOW)] == ["article-a"]


@pytest.fixture
def outbox(store):
    announce_articles(store, article("a"))
    put(store, deal(), "a")
    return store.outbox


def due(outbox, at=NOW):
    """Who is to get what now: pairs of recipient and message."""
    return [
        (delivery.recipient, message.id.removeprefix("alert-"))
        for delivery, message in pairs_due(outbox, at)
    ]


def test_a_message_goes_once_to_each_recipient(outbox):
    """The same message to the same recipient over the same channel is one row."""
    everyone = [("telegram", "1"), ("email", "1"), ("telegram", "2")]
    for _ in range(2):
        outbox.put(alert(), everyone, NOW)
    outbox.put(alert(plain="anders"), everyone, NOW)
    assert len(outbox.deliveries()) == 3
    assert outbox.alerts() == [alert()]
    assert outbox.alerts(NOW + HOUR) == []
    assert outbox.alert("nobody") is None


def test_what_was_sent_is_never_due_again(outbox):
    """Neither time, nor a second put, nor a late error sends a message twice."""
    outbox.put(alert(), [("telegram", "1")], NOW)
    assert due(outbox, NOW - HOUR) == []
    ((delivery, message),) = pairs_due(outbox, NOW)
    assert message == alert()
    outbox.sent(delivery.id, "id-7")
    outbox.put(alert(), [("telegram", "1")], NOW)
    outbox.postpone(delivery.id, "late", NOW)
    outbox.failed(delivery.id, "late")
    assert due(outbox, NOW + 999 * HOUR) == []
    (kept,) = outbox.deliveries()
    assert (kept.state, kept.provider_id, kept.n_attempts) == ("sent", "id-7", 1)


def test_what_failed_for_good_is_kept_with_its_reason(outbox):
    """A delivery given up is not due again and says why."""
    outbox.put(alert(), [("telegram", "1")], NOW)
    outbox.failed(outbox.deliveries()[0].id, "blocked \ud800")
    assert due(outbox, NOW + 999 * HOUR) == []
    (kept,) = outbox.deliveries()
    assert (kept.state, kept.error, kept.n_attempts) == ("failed", "blocked ?", 1)


def test_order_per_recipient_outlives_a_delay(outbox):
    """While an earlier message waits, later ones to that recipient wait too."""
    outbox.put(alert("1"), [("telegram", "x"), ("telegram", "y")], NOW)
    later = alert("2", created_at=NOW + HOUR)
    outbox.put(later, [("telegram", "x"), ("telegram", "y"), ("email", "x")], NOW)
    first = next(d for d in outbox.deliveries() if d.recipient == "x")
    outbox.postpone(first.id, "429", NOW + 2 * HOUR)
    assert sorted(due(outbox)) == [("x", "2"), ("y", "1")]  # x by mail
    assert {pair[0].channel for pair in pairs_due(outbox, NOW)} == {"telegram", "email"}
    at_x = [pair for pair in due(outbox, NOW + 2 * HOUR) if pair[0] == "x"]
    assert sorted(at_x) == [("x", "1"), ("x", "2")]
    for name in "12":
        ((first, message),) = [
            d for d in pairs_due(outbox, NOW) if d[0].recipient == "y"
        ]
        assert message.id == f"alert-{name}"
        outbox.sent(first.id, "1")


def test_messages_of_one_moment_keep_their_order(outbox):
    """Messages written at the same time go in the order in which they were written."""
    names = ["q", "c", "x", "a", "m"]
    for name in names:
        outbox.put(alert(name), [("telegram", "1")], NOW)
    for name in names:
        assert due(outbox) == [("1", name)]
        ((first, _),) = pairs_due(outbox, NOW)
        outbox.postpone(first.id, "429", NOW + HOUR)
        assert due(outbox) == []
        ((first, _),) = pairs_due(outbox, NOW + HOUR)
        outbox.sent(first.id, "1")


def test_a_store_has_all_its_parts(store):
    """Feeds, line, ledger and outbox stand on the same connection."""
    with store.connection.atomic():
        announce(store, entry())
        store.line.put_article(article())
        put(store, deal(), "a")
        store.outbox.put(alert(), [("console", "")], NOW)
    assert [message.id for _, message in pairs_due(store.outbox, NOW)] == ["alert-a"]
