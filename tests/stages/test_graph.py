"""Deals as a picture: what is linked, what stands on it, and that nothing overlaps."""

from __future__ import annotations

import random
import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from fakes import GAZETTEER
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import BN, amount, chips, circle, deal, investment, many, models, purchase

from newsbot.stages.graph import draw
from newsbot.stages.graph_words import WORDS
from newsbot.stages.layers import LABEL_SIZE, lay_out
from newsbot.stages.lettering import clean, fitted, width
from newsbot.stages.links import network
from newsbot.stages.spreading import spread


def links(*deals, language="en"):
    return network(deals, GAZETTEER, language).links


def only(*deals):
    (link,) = links(*deals)
    return link


def layout_of(deals):
    net = network(deals, GAZETTEER, "en")
    return lay_out(net, ["2 deals"] * len(net.links), WORDS["en"].columns)


@pytest.mark.parametrize(
    ("one", "ends", "kind"),
    [
        (purchase("p", "OpenAI", "Oracle"), ("OpenAI", "Oracle"), "purchase"),
        (investment("i", "Nvidia", "xAI", BN), ("Nvidia", "xAI"), "investment"),
        (chips("c", "AMD", "OpenAI"), ("AMD", "OpenAI"), "chips"),
        (models("m", "Cohere", "Oracle"), ("Cohere", "Oracle"), "models"),
        (
            deal("t", {"SAP": ["partner"], "Cohere": ["partner"]}, ["technology"]),
            ("Cohere", "SAP"),
            "together",
        ),
    ],
)
def test_links_go_along_money_or_supply(one, ends, kind):
    """Roles and types decide what a link is and which way it points."""
    link = only(one)
    assert ((link.source, link.target), link.kind) == (ends, kind)


def test_a_lab_buys_of_the_cloud_that_a_chip_maker_supplies():
    """Chips go to the cloud between; what the lab pays is no sum for chips."""
    between = deal(
        "b",
        {
            "Nvidia": ["investor", "provider"],
            "Microsoft": ["investor", "provider", "customer"],
            "Anthropic": ["investee", "customer"],
        },
        ["investment", "compute_purchase", "chip_supply"],
        amounts=[amount(30 * BN, payer="Anthropic")],
    )
    found = {(one.source, one.target, one.kind): one.label for one in links(between)}
    assert found["Anthropic", "Microsoft", "purchase"] == "$30bn"
    assert found["Nvidia", "Microsoft", "chips"] == ""
    assert ("Nvidia", "Anthropic", "chips") not in found


def test_a_lab_gives_its_models_to_the_cloud_and_not_to_the_chip_maker():
    """Unless the chip maker alone supplies anything: then it is the platform."""
    roles = {
        "Nvidia": ["provider"],
        "Microsoft": ["provider"],
        "Anthropic": ["customer", "model_provider"],
    }
    types = ["compute_purchase", "model_distribution", "chip_supply"]

    def given(sides):
        found = links(deal("b", sides, types))
        return {one.target for one in found if one.kind == "models"}

    assert given(roles) == {"Microsoft"}
    assert given({n: r for n, r in roles.items() if n != "Microsoft"}) == {"Nvidia"}


def test_deals_of_one_pair_are_joined_and_never_added():
    """The largest firm sum stands; a ceiling beside it only where it is higher."""
    small = purchase("a", "OpenAI", "Oracle", 2 * BN)
    large = purchase("b", "OpenAI", "Oracle", 30 * BN)
    low = purchase("c", "OpenAI", "Oracle", 5 * BN, bound="up_to")
    high = purchase("d", "OpenAI", "Oracle", 40 * BN, bound="up_to")
    assert (only(small, large, low).label, only(small, large, low).n_deals) == (
        "$30bn",
        3,
    )
    assert only(large, high).label == "$30bn, up to $40bn"
    assert only(low).label == "up to $5bn"
    (german,) = links(high, language="de")
    assert german.label == "bis zu 40 Mrd. US-Dollar"


def test_talks_and_ended_deals_have_links_of_their_own():
    """What is not signed, or not any more, lends no sum to what is."""
    found = links(
        purchase("a", "OpenAI", "Oracle", BN),
        purchase("b", "OpenAI", "Oracle", 9 * BN, status="talks"),
        purchase("c", "OpenAI", "Oracle", 7 * BN, status="ended"),
        purchase("d", "OpenAI", "Oracle", 3 * BN, status="expanded"),
    )
    assert {(one.state, one.label, one.n_deals) for one in found} == {
        ("signed", "$3bn", 2),
        ("talks", "$9bn", 1),
        ("ended", "$7bn", 1),
    }


def test_one_sum_for_several_links_is_called_joint():
    """A sum without a payer, of several investors, is no sum of each."""
    roles = {"Nvidia": ["investor"], "Microsoft": ["investor"], "xAI": ["investee"]}
    sums = [amount(15 * BN, kind="investment")]
    found = links(deal("j", roles, ["investment"], amounts=sums))
    assert {one.label for one in found} == {"joint $15bn"}


def test_circular_money_is_found_over_two_and_over_three():
    """An investor that gets its money back is named; talks make no circle."""
    net = network(circle(), GAZETTEER, "en")
    assert [one.names for one in net.circles] == [
        ("Nvidia", "OpenAI"),
        ("Nvidia", "OpenAI", "Oracle"),
    ]
    assert {one.name for one in net.nodes if one.circular} == {
        "Nvidia",
        "OpenAI",
        "Oracle",
    }
    assert (
        "OpenAI buys from Oracle, Oracle buys from Nvidia"
        in draw(circle(), GAZETTEER).svg
    )
    talks = investment("a", "Nvidia", "OpenAI", BN, status="talks")
    assert (
        network([talks, chips("b", "Nvidia", "OpenAI")], GAZETTEER, "en").circles == ()
    )
    trade = [purchase("a", "SAP", "Google"), purchase("b", "Google", "SAP")]
    assert network(trade, GAZETTEER, "en").circles == ()


def test_units_join_their_parent_where_both_occur():
    """A cloud and its parent are one box; alone, a unit keeps its own name."""
    unit = purchase("a", "Anthropic", "Amazon Web Services")
    parent = investment("b", "Amazon", "Anthropic", BN)
    alone = {one.name for one in network([unit], GAZETTEER, "en").nodes}
    both = network([unit, parent], GAZETTEER, "en")
    assert alone == {"Anthropic", "Amazon Web Services"}
    assert {one.name for one in both.nodes} == {"Anthropic", "Amazon"}
    assert [one.names for one in both.circles] == [("Amazon", "Anthropic")]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_overlaps_in_a_large_picture(seed):
    """Of 60 deals, no box meets a box, no label a label, a box or another's line."""
    placed = layout_of(many(60, seed))
    assert len(placed.boxes) > 50
    spots = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in placed.boxes]
    for line in placed.lines:
        if line.label:
            room = width(line.label.text, LABEL_SIZE)
            x = line.label.x - room if line.label.at_end else line.label.x
            y = line.label.y
            spots.append((x, y - 4 - LABEL_SIZE, x + room, y - 2))
    assert len(spots) > 60 + len(placed.boxes) / 2
    for a, b in combinations(spots, 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, (a, b)
    assert all(s[0] >= 0 and s[1] >= -1 and s[2] <= placed.width + 1 for s in spots)


def test_the_order_of_deals_changes_nothing():
    """The same deals give the same bytes, in whatever order they come."""
    deals = many(30)
    shuffled = deals[:]
    random.Random(1).shuffle(shuffled)
    assert draw(shuffled, GAZETTEER) == draw(deals, GAZETTEER)


def test_a_hostile_name_stays_text():
    """Markup, control characters and turning marks of a name do not reach the SVG."""
    name = '<script>x</script>&"\x00\x1b\ud800\u202e\u2066=cmd' + "y" * 300
    drawn = draw([purchase("a", name, "Oracle", 10**40)], GAZETTEER).svg
    root = ElementTree.fromstring(drawn.encode())
    assert not [one for one in root.iter() if one.tag.endswith("script")]
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800\u202e\u2066]", drawn)
    assert "1.0e+40 USD" in drawn


def test_a_picture_speaks():
    """It has a role, a title and a description that says every link."""
    root = ElementTree.fromstring(draw(circle(), GAZETTEER).svg)
    assert root.get("role") == "img"
    title, description = root[0], root[1]
    assert (root.get("aria-labelledby") or "").split() == [
        title.get("id"),
        description.get("id"),
    ]
    assert "OpenAI buys from Oracle ($30bn, 1 deal)" in (description.text or "")


def test_themes_differ_and_auto_follows_the_screen():
    """Only without a theme of its own does a picture ask for the reader's."""
    auto, dark, light = (
        draw(circle(), GAZETTEER, theme=theme).svg
        for theme in ("auto", "dark", "light")
    )
    assert "prefers-color-scheme: dark" in auto
    assert "prefers-color-scheme" not in dark + light
    assert dark != light


def test_an_empty_ledger_and_a_crowd_are_pictures():
    """No deal, a deal of one, and a deal of a thousand parties are all drawn."""
    assert "No deals in this time" in draw([], GAZETTEER).svg
    alone = draw([deal("a", {"SAP": ["partner"]}, ["technology"])], GAZETTEER)
    assert (alone.n_deals, alone.n_links) == (1, 0)
    roles = ["investor", "investee", "provider", "customer", "model_provider"]
    crowd = {f"Firm {n}": [roles[n % 5]] for n in range(1000)}
    drawn = draw([deal("b", crowd, ["investment", "compute_purchase"])], GAZETTEER)
    assert 0 < drawn.n_organisations <= 120
    assert "Left out" in drawn.svg


@settings(max_examples=60)
@given(st.text(max_size=40), st.floats(1, 300))
def test_fitted_text_fits(text, room):
    """What is cut is no wider than its room, but for the ellipsis alone."""
    cut = fitted(clean(text), 10, room)
    assert width(cut, 10) <= max(room, width("…", 10))
    assert clean(clean(text)) == clean(text)


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(1, 50)), max_size=20))
def test_spread_keeps_order_and_distance(things):
    """Nothing overlaps; what already fits stays where it wants to be."""
    wanted, heights = [w for w, _ in things], [h for _, h in things]
    tops = spread(wanted, heights)
    gaps = [b - a for a, b in pairwise(tops)]
    assert all(g >= h - 1e-6 for g, h in zip(gaps, heights, strict=False))
    assert spread(tops, heights) == pytest.approx(tops)
