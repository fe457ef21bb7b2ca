"""Grounding: what a draft claims stands in the text, or it goes with a reason."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import GAZETTEER, read

from newsbot.stages.ground import Draft, DraftAmount, DraftParty, ground, joined
from newsbot.stages.reading import Reading
from newsbot.stages.sentences import Sentence
from newsbot.types import CapacityMention, MoneyMention, OrganisationMention
from newsbot.vocabulary import AMOUNT_KINDS, DEAL_TYPES, ROLES, Role

TITLE = "Oracle rents from CoreWeave"
TEXT = (
    "Oracle has agreed to rent 2 GW of capacity from CoreWeave for $30 billion. "
    "OpenAI is not involved.\n\n"
    "Amazon Web Services lost a bid of up to $12 billion, as Amazon confirmed. "
    "Oracle pays the $30 billion over five years, and Google Cloud watches."
)


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(TEXT, title=TITLE)


def named(reading: Reading, name: str) -> OrganisationMention:
    return next(m for m in reading.organisations if m.name == name)


def party(
    reading: Reading, name: str, *roles: Role, probability: float = 0.9
) -> DraftParty:
    return DraftParty(
        mention=named(reading, name),
        roles=roles or ("partner",),
        probability=probability,
    )


def draft(reading: Reading, *parties: DraftParty, **parts) -> Draft:
    fields = {
        "sentence": reading.sentences[1],
        "status": "announced",
        "types": ("infrastructure", "compute_purchase"),
        "amounts": (),
        "capacity": (),
        **parts,
    }
    return Draft(parties=parties, **fields)


def both(reading: Reading) -> tuple[DraftParty, DraftParty]:
    return (
        party(reading, "CoreWeave", "provider"),
        party(reading, "Oracle", "partner", "customer"),
    )


def test_what_stands_in_the_text_is_kept_and_reads_back(reading):
    """Parties, sum, capacity and status carry spans that hold what they claim."""
    amount = DraftAmount(mention=reading.money[0], kind="purchase", payer="Oracle")
    whole = draft(reading, *both(reading), amounts=(amount,), capacity=reading.capacity)
    (finding,), dropped = ground(reading, [whole], GAZETTEER.related)
    assert dropped == finding.dropped == ()
    read = {p.name: reading.text(p.span) for p in finding.parties}
    assert read == {"Oracle": "Oracle", "CoreWeave": "CoreWeave"}
    (kept,) = finding.amounts
    assert (kept.value, kept.currency) == (Decimal(30_000_000_000), "USD")
    assert (kept.kind, kept.payer) == ("purchase", "Oracle")
    assert reading.text(kept.span) == "$30 billion"
    assert reading.text(finding.capacity[0].span) == "2 GW"
    for item in (*finding.parties, *finding.amounts, *finding.capacity):
        assert reading.text(item.span) in reading.text(item.quote)
    assert reading.text(finding.status_quote).startswith("Oracle has agreed")


def test_types_and_roles_come_in_the_format_s_order(reading):
    """Two judges that agree give the same rows, whatever order they think in."""
    (finding,), _ = ground(reading, [draft(reading, *both(reading))], GAZETTEER.related)
    assert finding.types == ("compute_purchase", "infrastructure")
    roles = {p.name: p.roles for p in finding.parties}
    assert roles["Oracle"] == ("customer", "partner")


@pytest.mark.parametrize("place", [(0, 3), (10_000, 10_009), (-5, -1)])
def test_a_party_outside_the_text_goes_with_a_reason(reading, place):
    """A mention that rules did not find is no party, wherever it points."""
    start, end = place
    invented = DraftParty(
        mention=OrganisationMention(name="Nvidia", kind="name", start=start, end=end),
        roles=("provider",),
        probability=1.0,
    )
    (finding,), dropped = ground(
        reading, [draft(reading, *both(reading), invented)], GAZETTEER.related
    )
    assert {p.name for p in finding.parties} == {"Oracle", "CoreWeave"}
    assert [(d.claim, d.reason) for d in dropped] == [
        ("party Nvidia", "not in the text")
    ]


def test_sums_and_capacities_outside_the_text_go_with_a_reason(reading):
    """A figure that the article does not hold cannot get into a finding."""
    sum_ = replace(reading.money[0], value=Decimal(50_000_000_000))
    capacity = CapacityMention(
        value=Decimal(9), unit="GW", bound="exact", start=3, end=7
    )
    whole = draft(
        reading,
        *both(reading),
        amounts=(DraftAmount(mention=sum_, kind="total", payer=None),),
        capacity=(capacity,),
    )
    (finding,), dropped = ground(reading, [whole], GAZETTEER.related)
    assert finding.amounts == finding.capacity == ()
    assert {d.claim for d in dropped} == {"sum 50000000000 USD", "capacity 9 GW"}
    assert {d.reason for d in dropped} == {"not in the text"}
    assert finding.dropped == dropped


def test_a_sentence_outside_the_text_goes_with_its_deal(reading):
    """A status that no sentence of the article states is no evidence."""
    outside = draft(reading, *both(reading), sentence=Sentence(start=5, end=99_999))
    findings, dropped = ground(reading, [outside], GAZETTEER.related)
    assert findings == ()
    assert dropped[0].reason == "its sentence is not in the text"


def test_fewer_than_two_parties_are_no_deal(reading):
    """One name, the same name twice, or parent and unit alone agree with nobody."""
    oracle = party(reading, "Oracle")
    aws = party(reading, "Amazon Web Services")
    for parties in ((), (oracle,), (oracle, oracle), (aws, party(reading, "Amazon"))):
        findings, dropped = ground(
            reading, [draft(reading, *parties)], GAZETTEER.related
        )
        assert findings == ()
        assert dropped[-1].reason == "fewer than two parties"


def test_of_parent_and_unit_the_surer_one_stays(reading):
    """Amazon and its cloud arm are one party; what went says for whom."""
    for sure, unsure in (
        ("Amazon Web Services", "Amazon"),
        ("Amazon", "Amazon Web Services"),
    ):
        parties = (
            party(reading, unsure, probability=0.6),
            party(reading, sure, probability=0.8),
            party(reading, "Oracle"),
        )
        (finding,), dropped = ground(
            reading, [draft(reading, *parties)], GAZETTEER.related
        )
        assert {p.name for p in finding.parties} == {sure, "Oracle"}
        assert dropped[0].claim == f"party {unsure}"
        assert sure in dropped[0].reason


def test_a_payer_is_a_party_or_nobody(reading):
    """A unit's parent pays as the party; a stranger pays nothing, and is told."""
    mention = reading.money[0]
    for payer, kept in (("Oracle", "Oracle"), ("OpenAI", None), (None, None)):
        amount = DraftAmount(mention=mention, kind="purchase", payer=payer)
        (finding,), dropped = ground(
            reading,
            [draft(reading, *both(reading), amounts=(amount,))],
            GAZETTEER.related,
        )
        assert finding.amounts[0].payer == kept
        assert [d.claim for d in dropped] == (
            ["payer OpenAI"] if payer == "OpenAI" else []
        )
    parties = (party(reading, "Google Cloud"), party(reading, "Oracle"))
    amount = DraftAmount(mention=mention, kind="purchase", payer="Google")
    (finding,), _ = ground(
        reading, [draft(reading, *parties, amounts=(amount,))], GAZETTEER.related
    )
    assert finding.amounts[0].payer == "Google Cloud"


def test_a_sum_told_twice_stands_once_at_its_first_place(reading):
    """The same figure of the same kind is one amount."""
    twice = [m for m in reading.money if m.value == Decimal(30_000_000_000)]
    assert len(twice) == 2
    amounts = tuple(
        DraftAmount(mention=m, kind="purchase", payer="Oracle") for m in reversed(twice)
    )
    (finding,), _ = ground(
        reading, [draft(reading, *both(reading), amounts=amounts)], GAZETTEER.related
    )
    (kept,) = finding.amounts
    assert kept.span.start == twice[0].start


def test_the_same_parties_twice_are_one_finding(reading):
    """An id is made of article and parties: a second draft of them is told and gone."""
    one, two = draft(reading, *both(reading)), draft(reading, *reversed(both(reading)))
    findings, dropped = ground(reading, [one, two], GAZETTEER.related)
    assert len(findings) == 1
    assert dropped[0].reason == "stated twice"
    again, _ = ground(reading, [two], GAZETTEER.related)
    assert again[0].id == findings[0].id


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_nothing_ungrounded_survives(reading, data):
    """Whatever a draft points at, all that is kept is read back from the text."""
    anywhere = st.integers(-10, len(TEXT) + 40)
    strangers = st.builds(
        OrganisationMention,
        name=st.sampled_from(["Oracle", "Nvidia", "Amazon", ""]),
        kind=st.just("name"),
        start=anywhere,
        end=anywhere,
    )
    mentions = st.one_of(st.sampled_from(reading.organisations), strangers)
    sums = st.one_of(
        st.sampled_from(reading.money),
        st.builds(
            MoneyMention,
            value=st.decimals(0, 10**12, places=0),
            currency=st.sampled_from(["USD", "EUR"]),
            bound=st.just("exact"),
            start=anywhere,
            end=anywhere,
        ),
    )
    names = st.sampled_from([*GAZETTEER.family(["Amazon"]), "Oracle", "Nvidia"])
    drafts = st.builds(
        Draft,
        sentence=st.sampled_from(reading.sentences),
        status=st.just("announced"),
        types=st.lists(st.sampled_from(DEAL_TYPES)).map(tuple),
        parties=st.lists(
            st.builds(
                DraftParty,
                mention=mentions,
                roles=st.lists(st.sampled_from(ROLES)).map(tuple),
                probability=st.floats(0, 1),
            ),
            max_size=5,
        ).map(tuple),
        amounts=st.lists(
            st.builds(
                DraftAmount,
                mention=sums,
                kind=st.sampled_from(AMOUNT_KINDS),
                payer=st.none() | names,
            ),
            max_size=4,
        ).map(tuple),
        capacity=st.just(reading.capacity),
    )
    findings, dropped = ground(
        reading, data.draw(st.lists(drafts, max_size=3)), GAZETTEER.related
    )
    assert len({finding.id for finding in findings}) == len(findings)
    places = {(m.name, m.start, m.end) for m in reading.organisations}
    money = {(m.value, m.currency, m.start, m.end) for m in reading.money}
    for finding in findings:
        parties = [p.name for p in finding.parties]
        assert len(parties) >= 2
        for n, one in enumerate(parties):
            assert not any(GAZETTEER.related(one, other) for other in parties[n + 1 :])
        for p in finding.parties:
            assert (p.name, p.span.start, p.span.end) in places
        for a in finding.amounts:
            assert (a.value, a.currency, a.span.start, a.span.end) in money
            assert a.payer is None or a.payer in parties
        for item in (*finding.parties, *finding.amounts, *finding.capacity):
            assert reading.text(item.span)
            assert item.quote.start <= item.span.start < item.quote.end
    assert all(d.claim and d.reason for d in dropped)


def test_a_deal_told_in_two_stretches_of_an_article_is_one(reading):
    """Parties, sums and capacity of both; a unit stands for its parent."""
    bare = draft(reading, *both(reading), types=("infrastructure",))
    amount = DraftAmount(mention=reading.money[0], kind="purchase", payer="Oracle")
    again = replace(amount, mention=reading.money[-1])
    assert again.mention.value == amount.mention.value
    richer = draft(
        reading,
        *both(reading)[::-1],
        party(reading, "Google Cloud", "partner"),
        types=("compute_purchase",),
        amounts=(amount,),
        capacity=reading.capacity,
    )
    (one,) = joined([bare], [richer], GAZETTEER.related)
    assert [p.mention.name for p in one.parties] == [
        "CoreWeave",
        "Oracle",
        "Google Cloud",
    ]
    assert one.sentence == bare.sentence
    assert set(one.types) == {"infrastructure", "compute_purchase"}
    assert one.amounts == (amount,)
    assert one.capacity == reading.capacity
    (same,) = joined([one], [replace(richer, amounts=(again,))], GAZETTEER.related)
    assert same.amounts == (amount,)


def test_deals_that_share_one_party_stay_two(reading):
    """Another stretch may tell of another deal of the same lab."""
    first = draft(reading, *both(reading))
    other = draft(
        reading,
        party(reading, "Oracle", "customer"),
        party(reading, "Google Cloud", "provider"),
    )
    assert joined([first], [other], GAZETTEER.related) == [first, other]
    assert joined([], [first], GAZETTEER.related) == [first]
