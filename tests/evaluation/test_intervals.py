"""Intervals: as wide as the stories are few, and never by the articles alone."""

from __future__ import annotations

from test_report import COST, GAZETTEER, gold_deal, predicted

from newsbot.evaluation.intervals import intervals
from newsbot.evaluation.report import report
from newsbot.evaluation.run import Prediction

NAMES = ("Oracle", "CoreWeave")


def told(story: str, *, found: bool) -> Prediction:
    """An article about a story's deal, which was found or was not."""
    rows = [("d", "new", NAMES)] if found else []
    return predicted(*rows, deals=[gold_deal(story, *NAMES)])


def stories(n: int, articles: int) -> list[Prediction]:
    """Every second story is missed, in all its articles."""
    return [
        told(f"s{number}", found=number % 2 == 0)
        for number in range(n)
        for _ in range(articles)
    ]


def test_what_is_always_right_is_so_in_each_set():
    """No chance in it; and of no article there is no interval."""
    found = intervals([told(f"s{n}", found=True) for n in range(9)], GAZETTEER)
    assert set(found.values()) == {(1.0, 1.0)}
    assert {"detection.recall", "parties.f1", "roles.accuracy"} < set(found)
    assert intervals([], GAZETTEER) == {}


def test_the_ends_are_those_of_a_share():
    """Of 100 stories, half of them found: one half, give or take a tenth."""
    found = intervals(stories(100, 1), GAZETTEER)
    low, high = found["parties.recall"]
    assert abs(low - 0.402) < 0.02  # .5 - 1.96 * sqrt(.5 * .5 / 100)
    assert abs(high - 0.598) < 0.02
    assert found["parties.precision"] == (1.0, 1.0)
    assert found["detection.recall"] == found["parties.recall"]


def test_articles_of_one_story_count_as_one():
    """A hundred articles of ten stories tell no more than ten."""
    apart = intervals(stories(10, 1), GAZETTEER)["parties.recall"]
    assert intervals(stories(10, 10), GAZETTEER)["parties.recall"] == apart
    low, high = intervals(stories(100, 1), GAZETTEER)["parties.recall"]
    assert apart[0] < low
    assert high < apart[1]


def test_stories_that_one_article_tells_are_one():
    """Else what is right in one would be drawn without what is wrong beside it."""
    both = predicted(
        ("d", "new", NAMES),
        deals=[gold_deal("a", *NAMES), gold_deal("b", "Meta", "OpenAI")],
    )
    parts = [told("a", found=True), both, told("b", found=False)]
    assert intervals(parts, GAZETTEER)["parties.recall"] == (0.5, 0.5)


def test_each_figure_of_the_report_lies_within():
    """The names are those of the report and its floors."""
    predictions = [*stories(12, 2), predicted(("d", "new", NAMES))]
    figures = report(predictions, GAZETTEER, COST)
    for name, (low, high) in intervals(predictions, GAZETTEER).items():
        group, figure = name.split(".")
        assert low <= figures[group][figure] <= high


def test_the_same_seed_draws_the_same_sets():
    """Two runs print the same."""
    predictions = stories(7, 2)
    assert intervals(predictions, GAZETTEER) == intervals(predictions, GAZETTEER)
    other = intervals(predictions, GAZETTEER, seed=2)
    assert set(other) == set(intervals(predictions, GAZETTEER))
