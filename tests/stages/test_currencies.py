"""What papers shorten currencies to, before a figure."""

from __future__ import annotations

import pytest

from newsbot.stages.amounts import find_money

SHORT = [
    ("SKr1.9bn", 1.9e9, "SEK"),
    ("NKr 3 billion", 3e9, "NOK"),
    ("DKr14bn", 14e9, "DKK"),
    ("ISK 3bn", 3e9, "ISK"),
    ("Dh500m", 500e6, "AED"),
    ("Dhs 500 million", 500e6, "AED"),
    ("QR900m", 900e6, "QAR"),
    ("Kč 2bn", 2e9, "CZK"),
    ("Ft 30bn", 30e9, "HUF"),
    ("TL 5bn", 5e9, "TRY"),
    ("Rmb4bn", 4e9, "CNY"),
    ("Rp 4tn", 4e12, "IDR"),
    ("4 trillion Indonesian rupiah", 4e12, "IDR"),
    ("₱3bn", 3e9, "PHP"),
]


@pytest.mark.parametrize(("text", "value", "currency"), SHORT)
def test_newspapers_short_forms_are_money(text, value, currency):
    """A sign that one region's papers use has its currency."""
    (found,) = find_money(f"They agreed on {text} over five years.", "en")
    assert (float(found.value), found.currency) == (value, currency)


@pytest.mark.parametrize("text", ["QR 12 codes", "TL 5 model", "Ft 30 high"])
def test_letters_before_a_bare_figure_are_none(text):
    """What is also another word needs a scale behind the figure."""
    assert find_money(text, "en") == []
