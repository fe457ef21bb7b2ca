"""Text of strangers shows as what it is, and tables stand straight."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.printable import named, one_line, table, width


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\x1b]0;owned\x07b", "a ]0;owned b"),
        ("a\n\tb\u2028c\x85d", "a b c d"),
        ("moc.\u202eelgoog\u202c", "moc.elgoog"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half\ud800", "half"),
        ("👩\u200d🔬 क्‍ष", "👩\u200d🔬 क्‍ष"),
        ("", ""),
    ],
)
def test_what_nobody_sees_goes(text, line):
    """Control characters, line breaks and direction marks go; joined letters stay."""
    assert one_line(text) == line


@settings(deadline=None)
@given(st.text(), st.integers(2, 30))
def test_a_line_is_a_line_and_no_longer(text, longest):
    """Any text is one printable line within its length, and stays as it is then."""
    line = one_line(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
    assert one_line(line, longest) == line


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=30))
def test_names_that_do_not_fit_are_counted(names):
    """A list is never much wider than asked for, and loses nobody silently."""
    assert width(named(names, 40)) <= 2 * 40 + len(" and 29 more")
    assert named(["a"], 40) == "a"
    assert named(["abc"] * 1000, 20) == "abc, abc, abc, abc and 996 more"


def test_columns_stand_straight_whatever_the_script():
    """Wide and combining letters take the columns that a terminal gives them."""
    lines = table([["name", "n"], ["東京", "1"], ["Zu\u0308rich", "22"]], right=[1])
    assert lines == ["name     n", "東京     1", "Zu\u0308rich  22"]
    assert table([]) == []
