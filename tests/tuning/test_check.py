"""The corpus check: each planted fault is found, and the repository's corpus is clean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from newsbot.errors import UserError
from newsbot.evaluation.gold import (
    GoldAmount,
    GoldArticle,
    GoldDeal,
    GoldSpan,
    read_gold,
)
from newsbot.stages.organisations import load_organisations
from newsbot.tuning.check import check
from newsbot.tuning.corpus_files import corpus_files, data_digest

ROOT = Path(__file__).parents[2]
GAZETTEER = load_organisations()
TITLE = "Oracle mietet bei Zwirbelwerk"
TEXT = "Oracle zahlt Zwirbelwerk 30 Mrd. Euro, davon 400 Millionen sofort, für 2 GW."
START, END = len(TITLE) + 2, len(TITLE) + 2 + len(TEXT)
FIELDS = (
    "deals.0.parties.0",
    "deals.0.parties.1",
    "deals.0.amounts.0",
    "deals.0.amounts.1",
    "deals.0.capacity.0",
)


def amount(
    value: int, currency: str = "EUR", payer: str | None = "Oracle"
) -> GoldAmount:
    return GoldAmount(
        value=Decimal(value),
        currency=currency,
        kind="purchase",
        bound="exact",
        payer=payer,
    )


DEAL = GoldDeal(
    story="oracle-zwirbelwerk",
    status="announced",
    types=("compute_purchase",),
    parties=(("Oracle", ("customer",)), ("Zwirbelwerk", ("provider",))),
    amounts=(amount(30_000_000_000), amount(400_000_000)),
    capacity=((Decimal(2), "GW"),),
)


def article(**parts) -> GoldArticle:
    fields = {
        "id": "c-1",
        "source": "Blatt",
        "title": TITLE,
        "text": TEXT,
        "deals": (DEAL,),
        "spans": tuple(
            GoldSpan(field=field, start=START, end=END, quote=TEXT) for field in FIELDS
        ),
        **parts,
    }
    return GoldArticle(
        url="https://example.org",
        published_at=datetime(2026, 3, 2, tzinfo=UTC),
        language="de",
        **fields,
    )


def problems(*corpus: GoldArticle, gold: Sequence[GoldArticle] = ()) -> list[str]:
    return check(corpus or (article(),), gold, GAZETTEER)


def spans(**changed: GoldSpan | None) -> tuple[GoldSpan, ...]:
    """The good spans, some replaced (by the field's last two parts) or left out."""
    kept = []
    for span in article().spans:
        key = "_".join(span.field.split(".")[2:])
        one = changed.get(key, span)
        if one is not None:
            kept.append(one)
    return tuple(kept)


def span(field: str, start: int, end: int, quote: str | None = None) -> GoldSpan:
    return GoldSpan(field=field, start=start, end=end, quote=quote)


def test_a_good_article_has_no_problem():
    """Right spans, sums that read, an invented name of its own: nothing to say."""
    assert problems() == []
    assert problems(article(deals=(), spans=())) == []


PLANTED = [
    (article(spans=spans(parties_1=None)), "deals.0.parties.1 has no span"),
    (article(spans=spans(amounts_0=None)), "deals.0.amounts.0 has no span"),
    (
        article(spans=(*spans(), span("deals.1.parties.0", START, END))),
        "unknown field deals.1.parties.0",
    ),
    (
        article(spans=(*spans(), span("deals.0.parties.2", START, END))),
        "unknown field deals.0.parties.2",
    ),
    (article(spans=(*spans(), span("title", 0, 3))), "unknown field title"),
    (
        article(spans=spans(parties_0=span(FIELDS[0], END, END + 50))),
        "reads back nothing",
    ),
    (
        article(spans=spans(parties_0=span(FIELDS[0], START, END + 50))),
        "reads back nothing",
    ),
    (article(spans=spans(parties_0=span(FIELDS[0], -9, END))), "reads back nothing"),
    (article(spans=spans(parties_0=span(FIELDS[0], 50, 50))), "reads back nothing"),
    (
        article(spans=spans(parties_0=span(FIELDS[0], START + 1, END, TEXT))),
        "not its quote",
    ),
    (
        article(
            deals=(
                replace(DEAL, amounts=(amount(31_000_000_000), amount(400_000_000))),
            )
        ),
        "31000000000 EUR is not read",
    ),
    (
        article(
            deals=(
                replace(
                    DEAL, amounts=(amount(30_000_000_000, "USD"), amount(400_000_000))
                ),
            )
        ),
        "30000000000 USD is not read",
    ),
    (
        article(spans=spans(amounts_0=span(FIELDS[2], 0, len(TITLE)))),
        "30000000000 EUR is not read",
    ),
    (
        article(
            deals=(
                replace(
                    DEAL,
                    amounts=(amount(30_000_000_000, payer="SAP"), amount(400_000_000)),
                ),
            )
        ),
        "payer 'SAP' is no party",
    ),
    (
        article(
            deals=(replace(DEAL, parties=(("Oracle", ("customer",)),)),),
            spans=spans(parties_1=None),
        ),
        "fewer than two parties",
    ),
    (article(deals=(replace(DEAL, types=()),)), "has no type"),
    (
        article(deals=(replace(DEAL, parties=(("Oracle", ()), DEAL.parties[1])),)),
        "Oracle has no role",
    ),
]


@pytest.mark.parametrize(("planted", "found"), PLANTED, ids=range(len(PLANTED)))
def test_a_planted_fault_is_found_and_named(planted, found):
    """Each fault gives a line that begins with the article's id."""
    told = problems(planted)
    assert any(found in line for line in told), told
    assert all(line.startswith("c-1: ") for line in told)


def test_a_sum_may_have_its_currency_elsewhere():
    """ "400 Millionen" of a sum in euros is labelled in euros; its figure is checked."""
    wrong = replace(DEAL, amounts=(DEAL.amounts[0], amount(410_000_000)))
    assert problems() == []
    assert problems(article(deals=(wrong,)))


def test_articles_that_are_one_are_found():
    """The same id or text twice in the corpus, or in corpus and gold."""
    other = article(id="c-2")
    assert problems(article(), other) == ["c-2: same text as c-1"]
    assert problems(
        article(), article(text=f"Ganz anders. {TEXT}", spans=(), deals=())
    ) == ["c-1: the id stands twice"]
    gold = article(id="g-1", source="Anderes", deals=(), text=TEXT.upper() + "\n")
    assert problems(article(), gold=[gold]) == ["c-1: same text as g-1 of the gold"]


def test_what_corpus_and_gold_share_is_found():
    """Neither stories, publishers nor invented organisations may stand in both."""
    gold = article(id="g-1", source="Anderes", text="Etwas ganz anderes.")
    told = problems(article(), gold=[gold])
    assert "story 'oracle-zwirbelwerk' is in the gold, too" in told
    assert "invented organisation 'Zwirbelwerk' is in the gold, too" in told
    assert not any("Oracle" in line for line in told)
    same = article(id="g-1", deals=(), text="Etwas ganz anderes.")
    assert problems(article(), gold=[same]) == ["publisher 'Blatt' is in the gold, too"]


def test_the_repository_s_corpus_is_clean():
    """All labels read back, all sums parse, and nothing is shared with the gold."""
    corpus = read_gold(corpus_files([]))
    gold = read_gold(sorted((ROOT / "tests" / "evals" / "gold").glob("*.jsonl")))
    assert len(corpus) >= 120
    assert len(gold) >= 40
    assert check(corpus, gold, GAZETTEER) == []


def test_files_are_named_or_the_checkout_s_own(tmp_path):
    """Folders give their files sorted; nowhere to look is a clear error."""
    (tmp_path / "b.jsonl").write_text("b")
    (tmp_path / "a.jsonl").write_text("a")
    (tmp_path / "note.txt").write_text("x")
    found = corpus_files([tmp_path])
    assert [path.name for path in found] == ["a.jsonl", "b.jsonl"]
    assert corpus_files([tmp_path / "b.jsonl"]) == [tmp_path / "b.jsonl"]
    assert [path.name for path in corpus_files([])][:1] == ["part1.jsonl"]
    with pytest.raises(UserError, match="--corpus"):
        corpus_files([tmp_path / "nowhere"])


def test_the_digest_is_of_bytes_in_order(tmp_path):
    """Another byte or order is another corpus."""
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_bytes(b"a")
    two.write_bytes(b"b")
    assert data_digest([one, two]) == data_digest([one, two])
    assert data_digest([one, two]) != data_digest([two, one])
    assert len(data_digest([one])) == 16
