"""A deal in sentences: who does what with whom for how much, by status and language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations, islice

import pytest

from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import Reading, read_article
from newsbot.stages.spelling import fold, party_name, written_sum
from newsbot.stages.telling import Style, tell
from newsbot.types import Amount, Article, Capacity, Finding, Party
from newsbot.vocabulary import AMOUNT_KINDS, DEAL_TYPES, ROLES, STATUSES

GAZETTEER = load_organisations()
ENGLISH = (
    "Oracle has agreed to rent computing capacity from CoreWeave for up to "
    "$30 billion. The contract covers about 2 GW. SoftBank invests $4 billion a year. "
    "The Ministry of Justice follows; the Ministry of Justice is pleased. xAI watches."
)
GERMAN = (
    "Die Deutsche Telekom mietet bei CoreWeave Rechenleistung für rund 1,5 Milliarden "
    "Euro. Die Deutsche Telekom stellt AWS und der Deutschen Telekom 3.000 GPUs hin. "
    "AWS und SoftBank sehen zu; SoftBank zahlt 200 Mio. Euro."
)


def read(text: str, language: str) -> Reading:
    article = Article(
        id="a",
        entry_id="e",
        url="https://example.org/a",
        title="News",
        text=text,
        language=language,
        published_at=datetime(2026, 3, 2, tzinfo=UTC),
        site="example.org",
        author=None,
        text_origin="page",
        fingerprint=0,
    )
    return read_article(article, GAZETTEER)


READINGS = {"en": read(ENGLISH, "en"), "de": read(GERMAN, "de")}


def party(reading: Reading, name: str, *roles) -> Party:
    here = next((m for m in reading.organisations if m.name == name), None)
    span = reading.span(here.start, here.end) if here else reading.span(0, 4)
    return Party(name=name, roles=roles, span=span, quote=reading.quote(span.start))


def amount(reading: Reading, number: int, kind="purchase", payer=None) -> Amount:
    money = reading.money[number]
    span = reading.span(money.start, money.end)
    return Amount(
        value=money.value,
        currency=money.currency,
        kind=kind,
        bound=money.bound,
        payer=payer,
        span=span,
        quote=reading.quote(span.start),
    )


def capacity(reading: Reading) -> Capacity:
    found = reading.capacity[0]
    span = reading.span(found.start, found.end)
    return Capacity(
        value=found.value, unit=found.unit, span=span, quote=reading.quote(span.start)
    )


def deal(reading: Reading, *parties: Party, **fields) -> Finding:
    known = {
        "status": "announced",
        "types": ("compute_purchase",),
        "amounts": (),
        "capacity": (),
        **fields,
    }
    return Finding(
        id="f",
        article_id="a",
        status_quote=reading.quote(0),
        parties=parties,
        **known,
    )


def english(status="announced", **fields) -> Finding:
    reading = READINGS["en"]
    return deal(
        reading,
        party(reading, "Oracle", "customer"),
        party(reading, "CoreWeave", "provider"),
        status=status,
        amounts=(amount(reading, 0, payer="Oracle"),),
        capacity=(capacity(reading),),
        **fields,
    )


def german(status="announced", **fields) -> Finding:
    reading = READINGS["de"]
    return deal(
        reading,
        party(reading, "Deutsche Telekom", "customer"),
        party(reading, "CoreWeave", "provider"),
        status=status,
        amounts=(amount(reading, 0, payer="Deutsche Telekom"),),
        **fields,
    )


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (
            "announced",
            "Oracle has agreed to buy computing capacity from CoreWeave for up to $30 "
            "billion. The deal covers about 2 GW.",
        ),
        (
            "talks",
            "Oracle is in talks to buy computing capacity from CoreWeave for up to $30 "
            "billion. The plan covers about 2 GW.",
        ),
        (
            "expanded",
            "Oracle has expanded an agreement to buy computing capacity from CoreWeave. "
            "Oracle is to pay up to $30 billion. The deal covers about 2 GW.",
        ),
        (
            "ended",
            "An agreement for Oracle to buy computing capacity from CoreWeave has "
            "ended. The contract had been worth up to $30 billion. The deal had covered "
            "about 2 GW.",
        ),
    ],
)
def test_english_follows_the_status(status, told):
    """Talks are told as talks, ends as ends; the sum keeps its bound and spelling."""
    assert " ".join(tell(english(status), READINGS["en"], "en")) == told


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (
            "announced",
            "Die Deutsche Telekom bezieht künftig Rechenleistung von CoreWeave. Der "
            "Preis beträgt rund 1,5 Milliarden Euro.",
        ),
        (
            "talks",
            "Die Deutsche Telekom verhandelt mit CoreWeave über den Bezug von "
            "Rechenleistung. Im Gespräch ist ein Preis von rund 1,5 Milliarden Euro.",
        ),
        (
            "expanded",
            "Die Deutsche Telekom erweitert die Vereinbarung mit CoreWeave über den "
            "Bezug von Rechenleistung. Die Deutsche Telekom zahlt rund 1,5 Milliarden "
            "Euro.",
        ),
        (
            "ended",
            "Die Vereinbarung von der Deutschen Telekom mit CoreWeave über den Bezug "
            "von Rechenleistung ist beendet. Der Vertragswert betrug rund 1,5 "
            "Milliarden Euro.",
        ),
    ],
)
def test_german_follows_the_status(status, told):
    """The article's own article and case come with the name."""
    assert " ".join(tell(german(status), READINGS["de"], "de")) == told


def test_what_is_hearsay_is_told_as_hearsay():
    """A hedged style says "soll" and "is reported to" of deal and price."""
    told = tell(german(), READINGS["de"], "de", Style(hedged=True))
    assert told == [
        "Die Deutsche Telekom soll künftig Rechenleistung von CoreWeave beziehen.",
        "Der Preis soll rund 1,5 Milliarden Euro betragen.",
    ]
    (first, _) = tell(english(), READINGS["en"], "en", Style(hedged=True))
    assert first.startswith("Oracle is reported to have agreed to buy")


def test_an_investor_and_a_customer_in_one_deal():
    """Two acts make two sentences; payers are told one by one."""
    reading = READINGS["en"]
    told = tell(
        deal(
            reading,
            party(reading, "SoftBank", "investor", "provider"),
            party(reading, "Oracle", "investee", "customer"),
            types=("investment", "compute_purchase"),
            amounts=(
                amount(reading, 1, "investment", "SoftBank"),
                amount(reading, 0, "purchase", "Oracle"),
            ),
        ),
        reading,
        "en",
    )
    assert told == [
        "SoftBank has agreed to invest $4 billion a year in Oracle.",
        "Oracle is also to buy computing capacity from SoftBank.",
        "The price is up to $30 billion.",
    ]


def test_what_a_mere_customer_invests_is_told_as_paid():
    """Kind and role disagree, and one of them is wrong: paid it is in either case."""
    reading = READINGS["en"]
    parties = (
        party(reading, "Oracle", "customer"),
        party(reading, "CoreWeave", "provider"),
        party(reading, "SoftBank", "investor"),
    )
    sums = (
        amount(reading, 0, "investment", "Oracle"),
        amount(reading, 1, "investment", "SoftBank"),
    )
    finding = deal(
        reading, *parties, amounts=sums, types=("compute_purchase", "investment")
    )
    told = " ".join(tell(finding, reading, "en", Style()))
    assert "Oracle is to invest" not in told
    assert "$30 billion" in told
    assert "SoftBank is to invest $4 billion" in told or "invest $4 billion" in told


def test_models_offered_by_a_cloud():
    """Without a customer, the provider offers what the model provider makes."""
    reading = READINGS["de"]
    told = tell(
        deal(
            reading,
            party(reading, "Amazon Web Services", "provider"),
            party(reading, "SoftBank", "model_provider"),
            types=("model_distribution",),
        ),
        reading,
        "de",
    )
    assert told[0] == "AWS bietet künftig KI-Modelle von SoftBank an."


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("status", STATUSES)
def test_any_finding_can_be_told(language, status):
    """Two to six parties, any role or none, any types: each party is named, no gap."""
    reading = READINGS["en"]
    names = ("Oracle", "CoreWeave", "SoftBank", "xAI", "Nvidia", "Microsoft")
    n_told = 0
    for n_parties in (2, 3, 6):
        for shift, roles in enumerate([(), *((role,) for role in ROLES)]):
            parties = [
                party(reading, name, *(roles if i == 0 else (ROLES[(i + shift) % 6],)))
                for i, name in enumerate(names[:n_parties])
            ]
            for types in [
                (),
                *combinations(DEAL_TYPES, 1),
                *islice(combinations(DEAL_TYPES, 2), 0, None, 3),
            ]:
                for kind in AMOUNT_KINDS[n_told % 3 :][:1]:
                    finding = deal(
                        reading,
                        *parties,
                        status=status,
                        types=types,
                        amounts=(
                            amount(reading, 0, kind, "Oracle"),
                            amount(reading, 1, kind),
                        ),
                        capacity=(capacity(reading),),
                    )
                    told = tell(finding, reading, language)
                    text = " ".join(told)
                    assert 2 <= len(told) <= 3
                    assert all(name in text for name in names[:n_parties]), text
                    assert "None" not in text
                    assert "_" not in text
                    assert "  " not in text
                    n_told += 1
    assert n_told > 300


def test_without_a_sum_the_telling_says_so():
    """No price is invented; the second sentence says that there is none."""
    bare = replace(english(), amounts=(), capacity=())
    assert (
        tell(bare, READINGS["en"], "en")[1] == "No sum could be verified for this deal."
    )
    quiet = read("Oracle rents halls from CoreWeave in Texas.", "en")
    assert tell(bare, quiet, "en")[1] == "The article gives no financial terms."


def test_names_are_spelled_as_the_article_does():
    """The list's spelling, unless the article never uses it; English names take "the"."""
    reading = READINGS["de"]
    assert (
        party_name(party(reading, "Amazon Web Services"), reading, "de").plain == "AWS"
    )
    telekom = party_name(party(reading, "Deutsche Telekom"), reading, "de")
    assert (telekom.plain, telekom.dative) == (
        "die Deutsche Telekom",
        "der Deutschen Telekom",
    )
    reading = READINGS["en"]
    name = party_name(party(reading, "Ministry of Justice"), reading, "en")
    assert name.plain == "the Ministry of Justice"
    assert fold("Müllers") == fold("MUELLER")


def test_sums_keep_scale_bound_and_period():
    """In its own language a sum stands as written, in the other as the press writes."""
    reading = READINGS["en"]
    assert written_sum(amount(reading, 1), reading, "en") == "$4 billion a year"
    assert written_sum(amount(reading, 1), reading, "de") == "4 Mrd. US-Dollar pro Jahr"
    assert written_sum(amount(reading, 0), reading, "de") == "bis zu 30 Mrd. US-Dollar"
