"""Pictures as files, and the command that draws them."""

from __future__ import annotations

import struct
import sys

import pytest
from commands import config, here
from invented import circle, many
from invented_ledger import fill


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    config(folder)
    fill(folder / "newsbot.db", [*circle(), *many(12)[5:]])
    return folder


def test_graph_writes_svg_and_png(drawn):
    """Both formats hold the picture; the same ledger gives the same bytes."""
    for name in ("a.svg", "b.svg", "a.png", "b.PNG"):
        done = here(drawn, "graph", "--out", name)
        assert (done.code, done.out) == (0, ""), done
        assert f"written: {name} (12 deals" in done.err
    svg = (drawn / "a.svg").read_bytes()
    png = (drawn / "a.png").read_bytes()
    assert svg == (drawn / "b.svg").read_bytes()
    assert png == (drawn / "b.PNG").read_bytes()
    assert png.startswith(b"\x89PNG")
    wide = int(svg.partition(b'width="')[2].partition(b'"')[0])
    assert struct.unpack(">I", png[16:20]) == (2 * wide,)
    here(drawn, "graph", "--out", "dark.png", "--dark")
    assert (drawn / "dark.png").read_bytes() != png


def test_graph_takes_a_time(drawn):
    """Days are whole and inclusive; ages count from now; German is German."""
    words = ("--since", "2026-01-06", "--until", "2026-01-07", "--labels", "de")
    done = here(drawn, "graph", "--out", "t.svg", *words)
    assert "(2 deals" in done.err
    assert "2 Abkommen zwischen" in (drawn / "t.svg").read_text("utf-8")
    none = here(drawn, "graph", "--out", "t.svg", "--until", "2025-12-31")
    assert (none.code, "no deals" in none.err) == (0, True)
    assert "12 deals" in here(drawn, "graph", "--out", "t.svg", "--since", "99999d").err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", "x.gif"], "ends in .svg or .png"),
        (["--out", "no/such/x.svg"], "no/such/x.svg"),
        (["--out", "x.svg", "--since", "soon"], '"7d"'),
        (["--out", "x.svg", "--since", "2026-02-30"], '"7d"'),
        (["--out", "x.svg", "--since", "2026-03-01", "--until", "2026-02-01"], "after"),
        ([], "--out"),
    ],
)
def test_graph_refuses_nonsense_in_one_line(drawn, words, told):
    """What cannot be drawn is a user's mistake, named."""
    assert told in here(drawn, "graph", *words).refused(2)


def test_a_missing_extra_is_named(drawn, monkeypatch):
    """Without the library that draws, one line says what to install; SVG needs none."""
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    assert 'pip install "newsbot[graph]"' in here(
        drawn, "graph", "--out", "x.png"
    ).refused(2)
    assert not (drawn / "x.png").exists()
    assert here(drawn, "graph", "--out", "x.svg").code == 0
