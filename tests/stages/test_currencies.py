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


WORLD = [
    ("In Brasilien wird das 14 Milliarden Real kosten.", "de", 14e9, "BRL"),
    ("5 billion Brazilian real for a data centre", "en", 5e9, "BRL"),
    ("5,2 Milliarden Kenia-Schilling", "de", 5.2e9, "KES"),
    ("In Nairobi the state pays 5.2 billion shillings.", "en", 5.2e9, "KES"),
    ("Kampala zahlt 900 Milliarden Schilling.", "de", 900e9, "UGX"),
    ("3,4 Mrd. mexikanische Pesos", "de", 3.4e9, "MXN"),
    ("400 million pesos for a hall in Manila", "en", 400e6, "PHP"),
    ("210 Milliarden chilenische Pesos", "de", 210e9, "CLP"),
    ("20 billion Egyptian pounds", "en", 20e9, "EGP"),
    ("3 Mrd. pakistanische Rupien", "de", 3e9, "PKR"),
    ("7 billion naira", "en", 7e9, "NGN"),
    ("500 million Ukrainian hryvnias", "en", 500e6, "UAH"),
]


@pytest.mark.parametrize(("text", "language", "value", "currency"), WORLD)
def test_names_that_several_countries_share_are_told_apart(
    text, language, value, currency
):
    """By an adjective, a country or a capital city in the text."""
    (found,) = find_money(text, language)
    assert (float(found.value), found.currency) == (value, currency)


NOBODYS = [
    ("2 Mrd. Schilling von 1995", "de"),
    ("400 Mio. Pesos", "de"),
    ("Philipp Justus nennt 20 Millionen Pesos.", "de"),
    ("3 Mrd. serbische Dinar", "de"),
    ("40 Mrd. kolumbianische Pesos", "de"),
    ("In Bogotá zahlt er 40 Mrd. Pesos.", "de"),
    ("Es kauft für 300 Millionen Real-Märkte von Metro.", "de"),
    ("Metro verkauft 300 Millionen Real.", "de"),
    ("Brazil has 5 billion real users.", "en"),
    ("Brazil: 5 Million Real Users", "en"),
    ("COP 30 in Belém, COP30 and the COP 28 summit", "en"),
    ("COP 29 pledged 300 billion.", "en"),
]


@pytest.mark.parametrize(("text", "language"), NOBODYS)
def test_whose_money_nobody_can_tell_is_none(text, language):
    """Rather no sum than another country's; and a conference is none."""
    assert find_money(text, language) == []


LENT = [
    ("Für 80 Millionen Euro kauft Nebius ein.\n\nDazu kommt Geld, das ISIF gibt: "
     "ISIF ist der Fonds, der in dieser Runde 60 Millionen zuschießt.", [80e6, 60e6]),
    ("Er kostet 1,1 Milliarden Euro.\n\nDafür werden im Jahr nur 210 Millionen fällig.",
     [1.1e9, 210e6]),
    ("240 Millionen Euro gehen an den Chiphersteller, davon 150 Millionen vom Kunden.",
     [240e6, 150e6]),
    ("2,6 Milliarden Euro, umgerechnet 2,9 Milliarden Dollar, kostet die Miete. "
     "180 Millionen davon steuert der neue Großkunde bei.", [2.6e9, 180e6]),
    # Of two currencies nobody knows which; and what is counted is no money.
    ("5 Mio. Euro und 7 Mio. Franken.\n\nDer Fonds will 60 Millionen zuschießen.",
     [5e6, 7e6]),
    ("Er zahlt 5 Mio. Euro.\n\nBisher zahlen 3 Millionen Nutzer.", [5e6]),
    ("Er zahlt 5 Mio. Euro.\n\n10 Millionen zahlende Kunden hat er.", [5e6]),
    ("Er zahlt 5 Mio. Euro.\n\nDie Zahl wuchs auf 750 Millionen im Oktober.", [5e6]),
    ("Er zahlt 5 Mio. Euro.\n\nFür ChatGPT zahlen mittlerweile 50 Millionen.", [5e6]),
    ("Er zahlt 5 Mio. Euro.\n\nIm Modell stecken 80 Milliarden.", [5e6]),
    ("Er zahlt 5 Mio. Euro.\n\nDie Steuern auf 10 Millionen steigen.", [5e6]),
    ("Er zahlt 3 Mio. Euro. Der Chiphersteller liefert 5 Millionen im Jahr.", [3e6]),
    # A conversion brings back no currency that was ruled out.
    ("Er zahlt 5 Mio. Euro und 7 Mio. Franken, umgerechnet 7,9 Mio. Dollar. Dazu "
     "kommen 60 Millionen.", [5e6, 7e6]),
    ("Er zahlt 5 Mio. Euro.\n\nDas wären umgerechnet 5,5 Mio. Dollar. Dazu kommen "
     "60 Millionen.", [5e6]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), LENT)
def test_what_is_paid_has_the_only_currency_of_the_text(text, wanted):
    """A word for paying beside a figure makes it money, paragraphs later."""
    assert [float(one.value) for one in find_money(text, "de")] == wanted


@pytest.mark.parametrize(
    "text",
    ["The service is paid for by 20 million.", "Contributions from over 20 million.",
     "It counts contributors of more than 20 million."],
)  # fmt: skip
def test_who_pays_is_no_money(text):
    """Behind "by" and "from" stand those who pay."""
    found = find_money(f"It costs $5 million.\n\n{text}", "en")
    assert [float(one.value) for one in found] == [5e6]
