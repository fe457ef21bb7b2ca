"""The status page's rooms: what an address asks for, and what pages may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from db_nouns import feed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsbot.errors import UserError
from newsbot.stages.filters import fewest_dollars, most_dollars, names_of, read_sum
from newsbot.stages.organisations import load_organisations
from newsbot.stages.rates import load_rates
from newsbot.stages.site_query import Query, read_query, wished_language
from newsbot.stages.site_state import feed_address, shown
from newsbot.stages.site_words import WORDS
from newsbot.watching import STAGE_OF

TEXT = st.text(max_size=20)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.one_of(
                TEXT,
                st.sampled_from(["party", "type", "after", "limit", "ui", "words"]),
            ),
            TEXT,
        ),
        max_size=4,
    )
)
def test_any_query_is_read_or_refused_in_one_line(pairs):
    """Whatever stands in an address is a query, or one line without a line's end."""
    try:
        query = read_query(pairs)
    except UserError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said
    if said:
        return
    # What was read is written so that it is read again.
    written = query.address("/", after=query.after, before=query.before)
    assert read_query(parse_qsl(written.partition("?")[2])) == query


def test_what_a_form_leaves_empty_asks_for_nothing():
    """Empty fields and underscores are as good as none and hyphens."""
    empty = [
        (name, "")
        for name in (
            "party",
            "type",
            "status",
            "min-amount",
            "since",
            "lang",
            "words",
            "ui",
        )
    ]
    assert read_query(empty) == Query()
    assert read_query([("min_amount", "1bn")]).asked.min_amount == "1bn"
    assert read_query([("words", " a \n b ")]).asked.words == "a b"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE-ch", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("fr,de;q=0.2,en;q=0.1", "de"),
        ("de;q=0", "en"),
        ("de;q=abc,en;q=0.1", "en"),
        ("*", "en"),
        ("deutsch", "en"),
        (",;,;q=1," * 500, "en"),
    ],
)  # fmt: skip
def test_a_browser_gets_the_language_it_likes_best(accepted, language):
    """Of German and English the one with the higher weight; English without either."""
    assert wished_language(accepted) == language


def test_both_languages_have_the_same_words():
    """No page lacks a word in one language, and placeholders are the same."""
    assert WORDS["de"].keys() == WORDS["en"].keys()
    for name, text in WORDS["en"].items():
        for mark in (
            "{n}",
            "{n_entries}",
            "{by}",
            "{site}",
            "{when}",
            "{day}",
            "{all}",
        ):
            assert (mark in text) == (mark in WORDS["de"][name]), name
    assert set(STAGE_OF.values()) <= WORDS["en"].keys()
    # Templates write `w.name`: a dict's own methods would win.
    assert not WORDS["en"].keys() & set(dir({}))


def test_no_reason_tells_what_opens_a_feed_or_who_reads():
    """Passwords, keys in queries and addresses of people are left out of every line."""
    private = feed("a", url="https://me:geheim@paper.example/feed?key=4711")
    assert feed_address(private) == "paper.example/feed"
    line = shown(
        f"{private.url}: 401, see https://x:y@other.example/a?token=9 (a@b.example)",
        private,
    )
    for secret in ("geheim", "4711", "token", "x:y", "a@b"):
        assert secret not in line
    assert "paper.example/feed" in line
    assert feed_address(replace(private, url="https://[")) == private.id


def test_no_name_that_may_fit_is_left_out():
    """A parent finds its units, a unit its parent's deals, and words of unknown names."""
    gazetteer = load_organisations()
    kept = (
        "Google",
        "Google Cloud",
        "Amazon Web Services",
        "Amazon.com, Inc.",
        "Zwirbel Compute",
    )
    canonical = {name: gazetteer.canonical(name) for name in kept}
    assert names_of("google cloud", canonical, gazetteer) == ["Google", "Google Cloud"]
    assert names_of("Amazon", canonical, gazetteer) == [
        "Amazon Web Services",
        "Amazon.com, Inc.",
    ]
    assert names_of("compute", canonical, gazetteer) == ["Zwirbel Compute"]
    assert names_of("nobody", canonical, gazetteer) == []


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP", "JPY"])
def test_sums_are_narrowed_generously(currency):
    """In no quarter is a sum worth less than the least, or a unit more than the most."""
    rates, most = load_rates(), most_dollars(load_rates())
    least = fewest_dollars(replace(read_sum("1bn"), currency=currency), rates)
    for year in (2019, 2022, 2024, 2026):
        dollars = float(
            rates.dollars(
                read_sum("1bn").value, currency, datetime(year, 5, 1, tzinfo=UTC)
            )
        )
        assert least <= dollars * 1.000001
        assert dollars <= 1e9 * most[currency] * 1.000001
    assert fewest_dollars(replace(read_sum("1bn"), currency="XYZ"), rates) is None
