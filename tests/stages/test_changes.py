"""Changes: what a reply says is new since the last message, in both languages."""

from __future__ import annotations

import pytest
from deals import amount, article, capacity, deal, finding
from hypothesis import given
from hypothesis import strategies as st

from newsbot.stages.changes import as_told, changes, key, say, told_state
from newsbot.vocabulary import STATUSES

ARTICLES = {name: article(name, day=day) for name, day in
            (("a", 0), ("b", 1), ("c", 100), ("d", 101))}  # fmt: skip


def told(before, after, language="en", **options):
    return [say(one, language) for one in changes(before, after, ARTICLES, **options)]


TALKS = finding("a", amount(20, bound="up_to"), status="talks")
SIGNED = finding("b", amount(30), size=[capacity(2)])


def test_a_status_and_a_sum_are_said_with_what_they_were():
    """ "now signed (was: in talks)", "amount now $30bn (was: up to $20bn)"."""
    before, after = deal(TALKS), deal(TALKS, SIGNED)
    assert told(before, after) == [
        "now signed (was: in talks)",
        "amount now $30bn (was: up to $20bn)",
        "capacity: 2 GW",
    ]
    assert told(before, after, "de") == [
        "jetzt vereinbart (vorher: in Verhandlung)",
        "Summe jetzt 30 Mrd. US-Dollar (vorher: bis zu 20 Mrd. US-Dollar)",
        "Kapazität: 2 GW",
    ]


def test_a_first_amount_has_no_before():
    """A sum where there was none is told alone."""
    assert told(deal(finding("a")), deal(finding("a"), SIGNED))[:1] == ["amount: $30bn"]


def test_a_rounded_or_converted_figure_is_no_news():
    """The same sum in euros, or rounded, changes nothing; made firm, it does."""
    known = deal(finding("a", amount(20)))
    for same in (amount(17, currency="EUR"), amount(20.4), amount(20, kind="total")):
        assert told(known, deal(finding("a", amount(20)), finding("b", same))) == []
    ceiling = deal(finding("a", amount(20, bound="up_to")))
    firm = deal(*ceiling.findings, finding("b", amount(20)))
    assert told(ceiling, firm) == ["amount now $20bn (was: up to $20bn)"]


def test_what_was_negotiated_takes_no_place_of_what_is_signed():
    """A late paper on the talks gives another figure: nobody is told of it."""
    signed = deal(finding("a", amount(20)))
    late = finding("b", amount(23), status="talks")
    assert told(signed, deal(late, *signed.findings)) == []
    plain = deal(finding("a"))
    assert told(plain, deal(late, *plain.findings)) == ["amount: $23bn"]


def test_a_sum_of_another_payer_takes_nobodys_place():
    """What Nvidia adds does not replace what Oracle pays."""
    known = deal(finding("a", amount(20, payer="Oracle")))
    more = deal(*known.findings, finding("b", amount(5, payer="Nvidia")))
    assert told(known, more) == ["amount: $5bn"]


def test_parties_come_and_go():
    """A new party with its role, and one that is named no more."""
    both = (("Oracle", ("customer",)), ("CoreWeave", ("provider",)))
    three = (*both, ("Nvidia", ("investor", "partner")))
    one = finding("a")
    less, more = deal(one, parties=both), deal(one, parties=three)
    assert told(less, more) == ["new party: Nvidia (investor, partner)"]
    assert told(more, less) == ["no longer a party: Nvidia"]
    assert told(less, more, "de") == ["neue Partei: Nvidia (Geldgeber, Partner)"]
    assert told(more, less, "de") == ["nicht mehr Partei: Nvidia"]


def test_a_unit_is_no_new_party():
    """Where somebody knows that two names are one house, nobody has come."""
    one = finding("a")
    google = deal(one, parties=(("Google", ()), ("Oracle", ())))
    cloud = deal(one, parties=(("Google Cloud", ()), ("Oracle", ())))
    assert len(told(google, cloud)) == 2
    related = {"Google", "Google Cloud"}
    alike = lambda a, b: a == b or {a, b} == related  # noqa: E731
    assert told(google, cloud, related=alike) == []


def test_more_capacity_says_how_much_it_was():
    """Two gigawatts become five."""
    small = deal(finding("a", size=[capacity(2)]))
    large = deal(*small.findings, finding("b", size=[capacity(5), capacity(2)]))
    assert told(small, large) == ["capacity now 5 GW (was: 2 GW)"]
    assert told(small, large, "de") == ["Kapazität jetzt 5 GW (vorher: 2 GW)"]


def test_a_second_extension_is_news_its_retelling_is_not():
    """The same status once more, months later, is said; the next day's is not."""
    first, again, retold, late = (finding(n, status="expanded") for n in "acdb")
    assert told(deal(first), deal(first, again)) == ["expanded once more"]
    assert told(deal(first, again), deal(first, again, retold)) == []
    assert told(deal(first), deal(first, late)) == []
    signed = finding("a"), finding("c")
    assert told(deal(signed[0]), deal(*signed)) == []


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("was", STATUSES)
@pytest.mark.parametrize("now", STATUSES)
def test_every_step_has_its_words(language, was, now):
    """From every status to every other one sentence, without a bare code."""
    said = told(
        deal(finding("a"), status=was), deal(finding("a"), status=now), language
    )
    assert len(said) == (was != now)
    assert not any(word in " ".join(said) for word in ("announced", "None", "{"))


sums = st.builds(amount, st.integers(1, 40), bound=st.sampled_from(["exact", "up_to"]))
found = st.lists(
    st.tuples(
        st.sampled_from(STATUSES),
        st.lists(sums, max_size=2),
        st.lists(st.builds(capacity, st.integers(1, 3)), max_size=2),
    ),
    min_size=1,
    max_size=4,
)


@given(found)
def test_nothing_changes_by_being_told(said):
    """A state noted and read back is the same, and no different from itself."""
    findings = [
        finding(name, *amounts, status=status, size=size)
        for name, (status, amounts, size) in zip("abcd", said, strict=False)
    ]
    after = deal(*findings)
    assert as_told(after, told_state(after, "a")) == after
    assert changes(after, after, ARTICLES) == ()
    before = deal(*findings[:1])
    keys = [key(one) for one in changes(before, after, ARTICLES)]
    assert len(keys) == len(set(keys))
    assert as_told(after, told_state(before, "a")).findings == before.findings
