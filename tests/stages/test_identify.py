"""New, update or repeat: the same deal is one deal, whoever tells it and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tellings import BILLION, DAY, GAZETTEER, TRIO, days, finding, tell, verdicts

from newsbot.stages.currencies import CURRENCIES
from newsbot.stages.identify import identify
from newsbot.stages.likeness import close
from newsbot.stages.sides import families, look


def test_the_first_telling_is_a_new_deal():
    """With nothing known, a finding opens a deal of its own parties and types."""
    one = finding(*TRIO, sums=[(30, "USD")])
    (result,) = tell(one)
    assert result.verdict == "new"
    assert [name for name, _ in result.deal.parties] == list(TRIO)
    assert result.deal.findings == (one,)
    assert result.deal.first_seen_at == result.deal.last_seen_at == DAY


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(finding(*TRIO, sums=[(30, "USD")]), id="the same"),
        pytest.param(finding(*reversed(TRIO), sums=[(30, "USD")]), id="another order"),
        pytest.param(finding(*TRIO[1:], sums=[(30, "USD")]), id="fewer parties"),
        pytest.param(finding(*TRIO), id="no sum"),
        pytest.param(finding(*TRIO[::2]), id="fewer parties, no sum"),
        pytest.param(finding(*TRIO, sums=[(29.5, "USD")]), id="rounded"),
        pytest.param(finding(*TRIO, sums=[(26, "EUR")]), id="converted to euros"),
        pytest.param(finding(*TRIO, sums=[(22.8, "GBP")]), id="converted to pounds"),
        pytest.param(finding(*TRIO, sums=[(4600, "JPY")]), id="converted to yen"),
        pytest.param(
            finding(*TRIO, sums=[(30, "USD")], types=["investment"]), id="another side"
        ),
        pytest.param(
            finding("Microsoft Azure", "Nvidia", "Anthropic", sums=[(30, "USD")]),
            id="a product's name",
        ),
    ],
)
@pytest.mark.parametrize("later", [timedelta(), days(1), days(20)])
def test_the_same_deal_told_again_is_a_repeat(again, later):
    """Other words, fewer parties, a rounded, converted or missing sum: one deal."""
    first = finding(*TRIO, sums=[(30, "USD")])
    results = tell(first, (again, later))
    assert [result.verdict for result in results] == ["new", "repeat"], results[
        1
    ].reason
    assert results[0].deal.id == results[1].deal.id
    assert len(results[1].deal.findings) == 2


@pytest.mark.parametrize(
    ("again", "news"),
    [
        pytest.param(
            finding(*TRIO, "Oracle", sums=[(30, "USD")]), "party Oracle", id="party"
        ),
        pytest.param(finding(*TRIO, sums=[(45, "USD")]), "another sum", id="sum"),
        pytest.param(finding(*TRIO, status="expanded"), "expanded", id="status"),
    ],
)
def test_what_a_paper_adds_is_an_update(again, news):
    """A party, a figure or a status that nobody told before is news of the deal."""
    first = finding(*TRIO, "Zelvaro", sums=[(30, "USD")])
    again = replace(again, parties=(*again.parties, first.parties[-1]))
    results = tell(first, (again, days(1)), (replace(again, id="other"), days(2)))
    assert results[1].verdict == "update"
    assert news in results[1].reason
    assert results[1].deal.id == results[0].deal.id


def test_the_first_sum_is_an_update_and_its_retelling_none():
    """Who knew of the deal wants to know what it costs, once."""
    assert verdicts(
        finding("Oracle", "Zelvaro"),
        finding("Oracle", "Zelvaro"),
        finding("Oracle", "Zelvaro", sums=[(3, "USD")]),
        finding("Oracle", "Zelvaro", sums=[(3.02, "USD")]),
    ) == ["new", "repeat", "update", "repeat"]


def test_one_who_signs_rarely_makes_one_deal_a_week():
    """One paper tells the year's rent, another the whole: both figures are kept."""
    whole = finding("Oracle", "Zelvaro", sums=[(310, "EUR")])
    year = finding("Oracle", "Zelvaro", sums=[(52, "EUR")])
    results = tell(whole, (year, days(5)))
    assert [result.verdict for result in results] == ["new", "update"]
    sums = [a.value for f in results[1].deal.findings for a in f.amounts]
    assert sums == [310 * BILLION, 52 * BILLION]
    assert verdicts(whole, (year, days(20))) == ["new", "new"]


def test_a_parent_and_its_unit_are_one_side_only():
    """Amazon and its cloud shared are one party shared: another lab is another deal."""
    first = finding("Amazon", "Amazon Web Services", "Zelvaro", sums=[(1, "USD")])
    other = finding("Amazon", "Quillon Labs", sums=[(1, "USD")])
    assert verdicts(first, (other, days(1))) == ["new", "new"]
    assert verdicts(other, (first, days(1))) == ["new", "new"]


def test_two_suppliers_of_two_labs_make_two_deals():
    """The same two giants put equal sums into two labs within weeks."""
    first = finding("Microsoft", "Nvidia", "Zelvaro", sums=[(5, "USD"), (3, "USD")])
    other = finding("Microsoft", "Nvidia", "Quillon", sums=[(11, "USD"), (3, "USD")])
    assert verdicts(first, (other, days(30))) == ["new", "new"]


def test_talks_with_one_who_signs_rarely_may_last_a_year():
    """Who negotiated with this very firm signs with it fourteen months later."""
    talks = finding("AMD", "Zelvaro", sums=[(9, "USD")], status="talks")
    signed = finding("AMD", "Zelvaro", sums=[(9.8, "USD")])
    assert verdicts(talks, (signed, days(420))) == ["new", "update"]


def test_an_extension_may_change_a_partner():
    """Two that sign rarely are the deal; who joins or leaves them changes."""
    first = finding("Bosch", "Zelvaro", "AMD", sums=[(2, "EUR")])
    later = finding("Bosch", "Zelvaro", "MGX", sums=[(1, "EUR")], status="expanded")
    assert verdicts(first, (later, days(200))) == ["new", "update"]


def test_the_findings_of_an_article_find_their_deals_together():
    """The better pair comes first, whatever the order in the article."""
    small = finding("Oracle", "OpenAI", sums=[(10, "USD")])
    large = finding("Oracle", "OpenAI", sums=[(300, "USD")])
    known = [tell(one)[0].deal for one in (small, large)]
    vague = finding("Oracle", "OpenAI")
    exact = replace(
        finding("Oracle", "OpenAI", sums=[(300, "USD")]), article_id=vague.article_id
    )
    for pair in ((vague, exact), (exact, vague)):
        found = {
            one.finding.id: one.deal.id
            for one in identify(pair, DAY + days(1), known, GAZETTEER)
        }
        assert found == {exact.id: known[1].id, vague.id: known[0].id}


@pytest.mark.parametrize("centre", ["Zelvaro", "OpenAI"])
def test_a_paper_that_tells_all_joins_two_halves(centre):
    """Each of two papers saw one of two partners; had all come first, it was one deal."""
    halves = finding(centre, "Oracle"), finding(centre, "AMD")
    whole = finding(centre, "Oracle", "AMD")
    results = tell(*halves, (whole, days(1)))
    assert [result.verdict for result in results] == ["new", "new", "repeat"]
    joined = results[2]
    assert {f.id for f in joined.deal.findings} == {f.id for f in (*halves, whole)}
    assert {joined.deal.id, *joined.absorbed} == {r.deal.id for r in results[:2]}


@pytest.mark.parametrize(
    ("halves", "later"),
    [
        pytest.param(
            (finding("Zelvaro", "Oracle"), finding("Zelvaro", "AMD")), 9, id="late"
        ),
        pytest.param(
            (
                finding("Zelvaro", "Oracle", sums=[(1, "USD")]),
                finding("Zelvaro", "AMD", sums=[(7, "USD")]),
            ),
            1,
            id="sums",
        ),
    ],
)
def test_a_paper_that_tells_of_two_deals_joins_none(halves, later):
    """Other days or other sums: two deals stay two."""
    names = {party.name: None for half in halves for party in half.parties}
    results = tell(*halves, (finding(*names), days(later)))
    assert results[2].absorbed == ()


def test_a_paper_joins_no_deals_of_which_it_does_not_name_all_sides():
    """Fewer parties fit two deals; it is told with one of them, and they stay two."""
    one, other = finding(*TRIO), finding(*TRIO[::2], "Oracle")
    results = tell(one, other, (finding(*TRIO[::2]), days(1)))
    assert [result.verdict for result in results] == ["new", "new", "repeat"]
    assert results[2].absorbed == ()


def test_what_a_person_parted_stays_apart():
    """No paper joins what a person has called two deals, nor goes back to the first."""
    one, other = finding("Zelvaro", "Oracle"), finding("Zelvaro", "AMD")
    known = [tell(half)[0].deal for half in (one, other)]
    apart = frozenset({frozenset((one.id, other.id))})
    whole = finding("Zelvaro", "Oracle", "AMD")
    (joined,) = identify([whole], DAY, known, GAZETTEER)
    (parted,) = identify([whole], DAY, known, GAZETTEER, apart)
    assert joined.absorbed
    assert parted.absorbed == ()
    again = replace(one, id="again", article_id="again")
    refused = frozenset({frozenset(("again", one.id))})
    (found,) = identify([again], DAY, known[:1], GAZETTEER, refused)
    assert found.verdict == "new"


def test_a_unit_stands_for_its_parent():
    """Google Cloud's deal and Google's deal are one, and named as first told."""
    results = tell(
        finding("Google Cloud", "Anthropic", sums=[(10, "USD")]),
        finding("Google", "Anthropic", sums=[(10, "USD")]),
        finding("Amazon", "Anthropic", sums=[(10, "USD")]),
    )
    assert [result.verdict for result in results] == ["new", "repeat", "new"]
    assert [name for name, _ in results[1].deal.parties] == [
        "Google Cloud",
        "Anthropic",
    ]


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("Universität Zelvaro", "University of Zelvaro"),
        ("Stadt Zelvaro", "City of Zelvaro"),
        ("Universitätsklinikum Zelvaro", "Zelvaro University Hospital"),
        ("Zelvarisches Gesundheitsministerium", "Zelvarian Ministry of Health"),
        ("Kanton Zelvaro", "Canton of Zelvaro"),
        ("Landkreis Zelvaro", "Zelvaro district"),
        ("Regierung von Zelvaro", "Government of Zelvaro"),
        ("Zelvaro-Stiftung", "Zelvaro Foundation"),
        ("Region Venetien", "Veneto region"),
        ("Universität zu Köln", "University of Cologne"),
        ("Freistaat Sachsen", "Free State of Saxony"),
        ("Land Niedersachsen", "State of Lower Saxony"),
        ("Bundesnetzagentur", "German Federal Network Agency"),
        ("Bundesagentur für Arbeit", "Federal Employment Agency"),
    ],
)
def test_a_public_body_is_one_in_both_languages(german, english):
    """Papers translate its name; it is one side, and no news."""
    first = finding(german, "Oracle", sums=[(1, "EUR")])
    again = finding(english, "Oracle", sums=[(1, "EUR")])
    for pair in ((first, again), (again, first)):
        results = tell(pair[0], (pair[1], days(1)))
        assert [one.verdict for one in results] == ["new", "repeat"]
        assert len(results[1].deal.parties) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Universität Zelvaro", "University of Quillon"),
        ("Ministry of Health", "Ministry of Defence"),
        ("Gesundheitsministerium", "Ministry of Defence"),
        ("Stadt Zelvaro", "University of Zelvaro"),
        ("Zelvaro", "City of Quillon"),
        ("Kanton Zelvaro", "Zelvaro district"),
        ("Freistaat Sachsen", "State of Lower Saxony"),
        ("Universität zu Köln", "University of Munich"),
        ("Bundesnetzagentur", "Federal Employment Agency"),
    ],
)
def test_two_public_bodies_stay_two(one, other):
    """Another place, another portfolio or another kind is another body."""
    sums = [(1, "EUR")]
    told = finding(one, "Oracle", "SAP", sums=sums), finding(other, "Oracle", "SAP")
    assert verdicts(*told) == ["new", "new"]


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("Reederei Zelvaro", "Zelvaro"),
        ("Pensionskasse Quillon", "Quillon"),
        ("Zelvaro Labs", "Zelvaro"),
        ("Quillon Data Centers", "Quillon"),
    ],
)
def test_a_firm_goes_without_the_word_for_its_trade(long, short):
    """One paper says what the firm does, another calls it by its name alone."""
    third = "Universität Murnitz"
    for pair in ((long, short), (short, long)):
        first, again = (finding(name, third, "Brask") for name in pair)
        results = tell(first, (again, days(9)))
        assert [one.verdict for one in results] == ["new", "repeat"]
        assert len(results[1].deal.parties) == 3
        asked = families([again], GAZETTEER)[0]
        assert pair[0] in asked


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Stadtwerke Zelvaro", "Zelvaro"),
        ("Reederei Zelvaro", "Brauerei Zelvaro"),
        ("Reederei Zelvaro", "Quillon"),
        ("Verlag Oracle", "Oracle"),
        ("Werft AB", "AB"),
        ("Zelvaro Labs", "Zelvaro Cloud"),
        ("Deutsche Cloud", "Deutsche"),
    ],
)
def test_other_firms_of_like_names_stay_two(one, other):
    """A utility is not its town, two trades are two firms, and a list knows better."""
    told = finding(one, "Brask", "Murnitz"), finding(other, "Brask", "Murnitz")
    assert verdicts(*told) == ["new", "new"]


def test_the_ledger_is_asked_for_both_names_of_a_university():
    """What cannot be found by one name is by the other; a company is not translated."""
    (names, others) = families([finding("Universität Zelvaro", "Quillon")], GAZETTEER)
    assert set(names) >= {"Universität Zelvaro", "University of Zelvaro"}
    assert "Quillon" in others
    assert "University of Quillon" not in others


def test_parts_and_their_sum_are_one_deal():
    """ "15 billion from both" is "5 billion and 10 billion" of another paper."""
    parts = finding(*TRIO, sums=[(5, "USD"), (10, "USD")], kind="investment")
    whole = finding(*TRIO, sums=[(15, "USD")], kind="investment")
    assert verdicts(parts, (whole, days(5))) == ["new", "repeat"]
    assert verdicts(whole, (parts, days(5))) == ["new", "repeat"]


def test_papers_of_one_day_may_stress_different_sides():
    """Without sums and without a common type, one day's reports are still one deal."""
    a = finding("Oracle", "OpenAI", types=["infrastructure"])
    b = finding("Oracle", "OpenAI", types=["technology"])
    assert verdicts(a, (b, days(1))) == ["new", "repeat"]
    assert verdicts(a, (b, days(20))) == ["new", "new"]


@pytest.mark.parametrize(
    ("second", "later"),
    [
        pytest.param(
            finding("Oracle", "OpenAI", sums=[(300, "USD")]), 0, id="sum, same day"
        ),
        pytest.param(finding("Oracle", "OpenAI", sums=[(300, "USD")]), 20, id="sum"),
        pytest.param(
            finding("Oracle", "OpenAI", sums=[(300, "EUR")]), 0, id="currency"
        ),
        pytest.param(finding("Oracle", "OpenAI", sums=[(10, "USD")]), 90, id="month"),
        pytest.param(finding("Oracle", "OpenAI"), 60, id="month, no sum"),
        pytest.param(finding("Oracle", "Meta", sums=[(10, "USD")]), 0, id="one shared"),
        pytest.param(
            finding("Oracle", "OpenAI", sums=[(300, "USD")], status="talks"),
            30,
            id="talks",
        ),
    ],
)
def test_different_deals_of_the_same_parties_stay_apart(second, later):
    """Another sum, another month or another partner is another deal."""
    first = finding("Oracle", "OpenAI", sums=[(10, "USD")])
    results = tell(first, (second, days(later)))
    assert [result.verdict for result in results] == ["new", "new"], results[1].reason
    assert results[0].deal.id != results[1].deal.id


@pytest.mark.parametrize("later", [0, 1, 20])
@pytest.mark.parametrize(
    "shared",
    [
        pytest.param(("Microsoft", "Nvidia"), id="two giants"),
        pytest.param(("Zelvaro", "Quillon"), id="two that sign rarely"),
        pytest.param(("Microsoft", "Nvidia", "Oracle", "Zelvaro", "MGX"), id="five"),
    ],
)
def test_however_much_two_deals_share_another_party_makes_two(shared, later):
    """The same suppliers, the same money, the same day, but another lab."""
    sums = [(30, "USD"), (5, "USD"), (10, "USD")]
    one = finding(*shared, "Tamarisk Labs", sums=sums)
    other = finding(*shared, "Percebe", sums=sums)
    assert verdicts(one, (other, days(later))) == ["new", "new"]
    assert verdicts(other, (one, days(later))) == ["new", "new"]


def test_another_party_that_one_paper_was_not_sure_of_makes_one_deal():
    """Each takes a bystander for a party, but one holds the other's for possible."""
    sums = [(30, "USD")]
    one = finding("Microsoft", "Nvidia", "Tamarisk Labs", sums=sums)
    other = finding("Microsoft", "Tamarisk Labs", "Dell", sums=sums, unsure=["Nvidia"])
    assert verdicts(one, (other, days(1))) == ["new", "repeat"]
    assert verdicts(other, (one, days(1))) == ["new", "update"]


def test_two_deals_of_the_same_parties_get_their_own_repeats():
    """A retelling joins the deal whose sum it names."""
    small = finding("Oracle", "OpenAI", sums=[(10, "USD")])
    large = finding("Oracle", "OpenAI", sums=[(300, "USD")])
    again = finding("Oracle", "OpenAI", sums=[(10.2, "USD")])
    results = tell(small, (large, days(3)), (again, days(5)))
    assert results[2].deal.id == results[0].deal.id


@pytest.mark.parametrize("later", [0, 10, 120])
def test_talks_that_are_signed_are_an_update(later):
    """What was negotiated and is now announced is news, months later, too."""
    results = tell(
        finding("Oracle", "Meta", status="talks"),
        (finding("Oracle", "Meta", sums=[(20, "USD")]), days(later)),
    )
    assert [result.verdict for result in results] == ["new", "update"]
    assert results[1].deal.status == "announced"


@pytest.mark.parametrize(("value", "wanted"), [(12, "repeat"), (20, "new")])
def test_papers_of_one_event_may_round_far(value, wanted):
    """A fifth more is one deal in its days, also where a paper names fewer sides."""
    whole = finding("SAP", "Anthropic", "Oracle", sums=[(10, "EUR")])
    fewer = finding("SAP", "Anthropic", sums=[(value, "EUR")])
    again = verdicts(whole, (fewer, days(1)))
    assert again[0] == "new"
    assert (again[1] == "new") is (wanted == "new")
    assert verdicts(whole, (fewer, days(9))) == ["new", "new"]


def test_what_is_signed_may_differ_from_what_was_negotiated():
    """A sum that moved by a tenth between talks and signing is the same deal's."""
    talks = finding("MGX", "Ionos", sums=[(2.0, "EUR")], status="talks")
    signed = finding("MGX", "Ionos", sums=[(2.2, "EUR")])
    assert verdicts(talks, (signed, days(90))) == ["new", "update"]
    assert verdicts(signed, (talks, days(1))) == ["new", "repeat"]
    other = finding("MGX", "Ionos", sums=[(20, "EUR")])
    assert verdicts(talks, (other, days(90))) == ["new", "new"]


@pytest.mark.parametrize(
    ("signed", "verdict"), [(17, "update"), (6, "update"), (38, "new"), (3, "new")]
)
def test_giants_sign_for_up_to_twice_or_half_of_what_they_negotiated(signed, verdict):
    """Within a factor of two the contract is that of the talks; beyond, another one."""
    talks = finding("Amazon", "OpenAI", sums=[(10, "USD")], status="talks")
    contract = finding("Amazon", "OpenAI", sums=[(signed, "USD")])
    assert verdicts(talks, (contract, days(60))) == ["new", verdict]
    other = finding("Amazon", "OpenAI", "Oracle", sums=[(signed, "USD")])
    assert verdicts(talks, (other, days(60))) == ["new", "new"]


def test_two_deals_of_one_article_are_two():
    """A round-up tells its deals apart, whatever they share."""
    one = finding("ZF", "Jurakante", "Schaeffler")
    two = replace(finding("ZF", "Jurakante"), article_id=one.article_id)
    assert verdicts(one, two) == ["new", "new"]
    assert verdicts(two, one) == ["new", "new"]


def test_years_later_an_equal_sum_is_chance():
    """Another customer's extension with the same suppliers is no sequel of this deal."""
    first = finding("Siemens", "Anthropic", "Oracle", sums=[(1, "USD")])
    other = finding(
        "Bosch", "Anthropic", "Oracle", sums=[(1, "USD")], status="expanded"
    )
    assert verdicts(first, (other, days(340))) == ["new", "new"]


def test_a_signed_deal_does_not_return_to_talks():
    """A late paper that still speaks of talks changes nothing."""
    results = tell(
        finding("Oracle", "Meta"), (finding("Oracle", "Meta", status="talks"), days(1))
    )
    assert [result.verdict for result in results] == ["new", "repeat"]
    assert results[1].deal.status == "announced"


def test_the_order_of_arrival_does_not_decide_the_status():
    """A signing published before, but read after, a report on talks still counts."""
    results = tell(
        (finding("Oracle", "Meta", status="talks"), days(1)), finding("Oracle", "Meta")
    )
    assert results[1].deal.status == "announced"
    assert results[1].verdict == "update"


@pytest.mark.parametrize("status", ["expanded", "ended"])
@pytest.mark.parametrize("later", [3, 200, 900])
def test_extension_and_end_are_updates_of_the_deal(status, later):
    """They come years later, with another sum, and belong to the known deal."""
    results = tell(
        finding("Oracle", "OpenAI", sums=[(10, "USD")]),
        (finding("Oracle", "OpenAI", sums=[(40, "USD")], status=status), days(later)),
    )
    assert [result.verdict for result in results] == ["new", "update"]
    assert results[1].deal.id == results[0].deal.id
    assert results[1].deal.status == status


def test_a_second_extension_is_an_update_and_its_retelling_is_none():
    """Each extension is told once, however many papers tell it."""
    assert verdicts(
        finding("Oracle", "OpenAI", sums=[(10, "USD")]),
        (finding("Oracle", "OpenAI", sums=[(14, "USD")], status="expanded"), days(60)),
        (finding("Oracle", "OpenAI", sums=[(14, "USD")], status="expanded"), days(61)),
        (finding("Oracle", "OpenAI", sums=[(20, "USD")], status="expanded"), days(200)),
        (finding("Oracle", "OpenAI", sums=[(20, "USD")], status="expanded"), days(201)),
    ) == ["new", "update", "repeat", "update", "repeat"]


def test_an_end_is_told_once_and_stays():
    """After the end, papers that retell the signing change nothing."""
    results = tell(
        finding("Oracle", "OpenAI"),
        (finding("Oracle", "OpenAI", status="ended"), days(30)),
        (finding("Oracle", "OpenAI", status="ended"), days(31)),
        (finding("Oracle", "OpenAI"), days(31)),
    )
    assert [r.verdict for r in results] == ["new", "update", "repeat", "repeat"]
    assert results[-1].deal.status == "ended"


def test_the_same_finding_twice_is_kept_once():
    """A batch repeated after a kill adds nothing."""
    one = finding("Oracle", "OpenAI", sums=[(10, "USD")])
    results = tell(one, one)
    assert results[1].verdict == "repeat"
    assert results[1].deal == results[0].deal


def test_nothing_known_is_lost():
    """Joining adds parties, roles, types and times; it takes none away."""
    results = tell(
        finding("Microsoft", "Anthropic", types=["investment"]),
        (finding(*TRIO, types=["chip_supply", "investment"]), days(-1)),
    )
    deal = results[1].deal
    assert {name for name, _ in deal.parties} == set(TRIO)
    assert set(deal.types) == {"investment", "chip_supply"}
    assert deal.first_seen_at == DAY - days(1)
    assert deal.last_seen_at == DAY


@pytest.mark.parametrize("code", sorted(CURRENCIES.keys() - {"USD"}))
def test_every_currency_converts_by_the_one_table(code):
    """The rates are those that read the texts; none is kept twice."""
    dollars = Decimal(30) * BILLION
    converted = dollars * CURRENCIES[code].per_dollar
    assert close(dollars, "USD", converted, code)
    assert close(converted * Decimal("1.1"), code, dollars, "USD")
    assert not close(converted * Decimal("1.5"), code, dollars, "USD")


def test_an_unknown_currency_equals_only_itself():
    """A code without a rate is compared by its own value alone."""
    assert close(Decimal(100), "KES", Decimal(103), "KES")
    assert not close(Decimal(100), "KES", Decimal(100), "USD")


@settings(deadline=None)
@given(st.decimals(1, 10**13, places=0), st.decimals(1, 10**13, places=0))
def test_closeness_has_no_direction(a, b):
    """Two sums are one figure whichever is asked about first."""
    for currency in ("USD", "EUR"):
        assert close(a, "USD", b, currency) == close(b, currency, a, "USD")


def test_a_name_one_paper_was_not_sure_of_joins_it_with_the_other():
    """Told with a product's name for the maker's, a deal is alerted once, either way."""
    vague = finding("Percebe", "Bajamar", sums=[(0.08, "EUR")], unsure=["Nvidia"])
    plain = finding("Bajamar", "Nvidia", sums=[(0.07, "USD")])
    assert verdicts(vague, (plain, days(1))) == ["new", "update"]
    # What the doubtful telling names instead is no news.
    assert verdicts(plain, (vague, days(1))) == ["new", "repeat"]
    (_, joined) = tell(plain, (vague, days(1)))
    assert "unsure" in joined.reason


@pytest.mark.parametrize(
    ("first", "second", "later"),
    [
        pytest.param(
            finding("OpenAI", "Oracle", sums=[(30, "USD")], unsure=["CoreWeave"]),
            finding("OpenAI", "CoreWeave", sums=[(11, "USD")]),
            1,
            id="two clouds of one lab, unlike sums",
        ),
        pytest.param(
            finding("OpenAI", "Oracle", unsure=["CoreWeave"]),
            finding("OpenAI", "CoreWeave"),
            0,
            id="two clouds of one lab, no sums",
        ),
        pytest.param(
            finding("Percebe", "Bajamar", unsure=["Nvidia"]),
            finding("Bajamar", "Nvidia"),
            9,
            id="days later",
        ),
        pytest.param(
            finding("Percebe", "Galicia Compute", unsure=["Bajamar", "Nvidia"]),
            finding("Bajamar", "Nvidia"),
            0,
            id="no sure party in common",
        ),
    ],
)
def test_a_doubtful_name_alone_joins_no_two_deals(first, second, later):
    """Giants that sign daily, other days, or doubt on every side: two deals."""
    assert verdicts(first, (second, days(later))) == ["new", "new"]
    assert verdicts(second, (first, days(later))) == ["new", "new"]


def test_a_name_that_one_paper_only_mentions_joins_where_a_rare_firm_signs():
    """The judge took a bystander for the cloud: with the sum it is one deal, no news."""
    plain = finding("Bajamar", "Oracle", sums=[(0.3, "USD")])
    other = finding("Bajamar", "AMD", sums=[(0.28, "EUR")], named=["Oracle"])
    assert verdicts(plain, (other, days(1))) == ["new", "repeat"]
    assert verdicts(other, (plain, days(1)))[1] == "update"  # Oracle is news there
    # The ledger finds it by the firm that signs rarely.
    assert look([other], GAZETTEER).near(["Bajamar", "Oracle"])
    assert not look([finding("OpenAI", "AMD")], GAZETTEER).near(["OpenAI", "Oracle"])
    english = finding("University of Rostock", "AMD")
    assert look([english], GAZETTEER).near(["Universität Rostock", "Oracle"])


@pytest.mark.parametrize(
    ("first", "second", "later"),
    [
        pytest.param(
            finding("Bajamar", "Oracle"),
            finding("Bajamar", "AMD", named=["Oracle"]),
            0,
            id="no sums",
        ),
        pytest.param(
            finding("Bajamar", "Oracle", sums=[(0.3, "USD")]),
            finding("Bajamar", "AMD", sums=[(0.9, "USD")], named=["Oracle"]),
            0,
            id="unlike sums",
        ),
        pytest.param(
            finding("OpenAI", "Oracle", sums=[(30, "USD")]),
            finding("OpenAI", "AMD", sums=[(30, "USD")], named=["Oracle"]),
            0,
            id="a lab that signs often",
        ),
        pytest.param(
            finding("Bajamar", "Oracle", sums=[(0.3, "USD")]),
            finding("Bajamar", "AMD", sums=[(0.3, "USD")]),
            0,
            id="not named at all",
        ),
        pytest.param(
            finding("Bajamar", "Oracle", sums=[(0.3, "USD")]),
            finding("Bajamar", "AMD", sums=[(0.3, "USD")], named=["Oracle"]),
            9,
            id="days later",
        ),
    ],
)
def test_a_mere_mention_alone_joins_no_two_deals(first, second, later):
    """Without a rare firm, an equal sum or the same days: two deals, in either order."""
    assert verdicts(first, (second, days(later))) == ["new", "new"]
    assert verdicts(second, (first, days(later))) == ["new", "new"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gegenseitige Zelvaro", "Verein Gegenseitigen Zelvaro"),
        ("Landesbetrieb Quillon", "Landesbetrieb Quillon Nord"),
        ("Zelvaro Estates", "Zelvaro"),
        ("Cipher Mining", "Cipher"),
        ("Stromversorger Zelvaro", "Zelvaro"),
        ("Hypothekenbank Van Zelvaro Ausfallrisiken", "Van Zelvaro"),
        ("Zelvarische Kreditkasse", "ZKK"),
        ("Želvåro Energi", "Zelvaro Energi"),
        ("Zelvöge", "Zelvoege"),
        ("Zelvöge Werk", "ZELVOGE"),
        ("Zelvaro Wealth Authority", "ZWA"),
    ],
)
def test_a_name_read_in_two_ways_is_one_in_the_days_of_the_event(one, other):
    """More or fewer words, or a case's ending; at any time with two other sides."""
    for pair in ((one, other), (other, one)):
        first, again = (finding(name, "Oracle", sums=[(1, "EUR")]) for name in pair)
        results = tell(first, (again, days(1)))
        assert [result.verdict for result in results] == ["new", "repeat"]
        assert [name for name, _ in results[1].deal.parties] == [pair[0], "Oracle"]
        assert look([again], GAZETTEER).near([*pair[:1], "Oracle"])
        assert verdicts(first, (again, days(9))) == ["new", "new"]
        first, again = (finding(n, "Oracle", "SAP", sums=[(1, "EUR")]) for n in pair)
        assert verdicts(first, (again, days(9))) == ["new", "repeat"]
        assert look([again], GAZETTEER).far([pair[0], "Oracle", "SAP"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zelvaro Cloud", "Quillon Cloud"),
        ("Zelvaro", "Zelvarotis"),
        ("Sparkasse Zelvaro", "Zelvaro"),
        ("Universität Zelvaro", "Zelvaro"),
        ("Oracle Zelvaro", "Oracle"),
        ("Labs", "Zelvaro Labs"),
        ("ZWA", "Zelvaro Lending Authority"),
        ("AMD", "Alster Media Dienste"),
    ],
)
def test_names_that_share_a_word_stay_two(one, other):
    """A common word, the beginning of another word, or a place is no name."""
    first, again = (finding(name, "SAP", sums=[(1, "EUR")]) for name in (one, other))
    assert verdicts(first, (again, days(1))) == ["new", "new"]
    assert not look([again], GAZETTEER).near([one, "SAP"])


@pytest.mark.parametrize("later", [1, 9])
def test_all_names_may_be_short(later):
    """A paper that shortens both sides tells the same deal, in the days of the event."""
    long = finding("Zelvaro Estates", "Quillon Rechenwerke", sums=[(1, "EUR")])
    short = finding("Zelvaro", "Quillon", sums=[(1, "EUR")])
    for first, again in ((long, short), (short, long)):
        wanted = ["new", "repeat" if later == 1 else "new"]
        assert verdicts(first, (again, days(later))) == wanted
        assert look([again], GAZETTEER).near([party.name for party in first.parties])


def test_two_like_names_of_one_telling_are_two_parties():
    """A parent and its unit that both sign stay two, whoever tells it again."""
    told = ("Zelvaro", "Zelvaro Energie", "Oracle")
    results = tell(finding(*told), (finding(*told), days(1)))
    assert [result.verdict for result in results] == ["new", "repeat"]
    assert [name for name, _ in results[1].deal.parties] == list(told)
