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


BEHIND = [
    ("Naver vermietet sie für 420 Mrd. Won an Hyundai.", [(420e9, "KRW")]),
    ("Kostenpunkt: 14 Mio. Fr. in fünf Jahren.", [(14e6, "CHF")]),
    (
        "Zu den 46 Millionen Euro kommen jetzt 64 Millionen hinzu.",
        [(46e6, "EUR"), (64e6, "EUR")],
    ),
    (
        "Er gibt 85 Millionen von insgesamt 118 Millionen Euro.",
        [(85e6, "EUR"), (118e6, "EUR")],
    ),
    ("3 Millionen von Nutzern zahlen 5 Millionen Euro.", [(5e6, "EUR")]),
]


@pytest.mark.parametrize(("text", "wanted"), BEHIND)
def test_what_stands_behind_a_german_figure(text, wanted):
    """Won is a verb in English only; a part takes its currency from the whole."""
    found = find_money(text, "de")
    assert [(float(one.value), one.currency) for one in found] == wanted


def test_what_stands_behind_an_english_figure():
    """A sum until a year is a sum; who won a prize won no money."""
    text = "It adds 19 million euros, taking the total to 28 million through 2030."
    assert [float(one.value) for one in find_money(text, "en")] == [19e6, 28e6]
    text = "3 million of its customers pay 5 million euros. 2 million a year ago."
    assert [float(one.value) for one in find_money(text, "en")] == [5e6]
    text = "It pays 30 million of the 50 million dollars. 5 of 10 million won an award."
    assert [float(one.value) for one in find_money(text, "en")] == [30e6, 50e6]
