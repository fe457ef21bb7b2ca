"""Articles told again with other names and sums: the labels go with the text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest

from newsbot.evaluation.gold import (
    GoldAmount,
    GoldArticle,
    GoldDeal,
    GoldSpan,
    read_gold,
)
from newsbot.evaluation.run import as_article
from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import Reading, read_article
from newsbot.tuning.augment import Edit, apply, augment
from newsbot.tuning.check import check
from newsbot.tuning.corpus_files import corpus_files
from newsbot.tuning.labelled import with_labelled

GAZETTEER = load_organisations()
N_ARTICLES = 60
SEEDS = range(4)


def read(article: GoldArticle) -> Reading:
    return read_article(as_article(article), GAZETTEER)


@pytest.fixture(scope="module")
def told_again() -> list[tuple[GoldArticle, Reading, GoldArticle, Reading]]:
    """Corpus articles of all parts, each told again by several seeds."""
    everything = read_gold(corpus_files([]))
    some = everything[:: len(everything) // N_ARTICLES][:N_ARTICLES]
    assert {article.language for article in some} == {"de", "en"}
    found = []
    for article in some:
        reading = read(article)
        for seed in SEEDS:
            rng = Random(f"{seed}-{article.id}")
            again = augment(article, reading, GAZETTEER, rng)
            found.append((article, reading, again, read(again)))
    return found


def test_articles_change(told_again):
    """Most are told otherwise: names, sums and days do change, in title and text."""
    changed = [a for a, _, again, _ in told_again if again.text != a.text]
    assert len(changed) > len(told_again) / 2
    assert any(again.title != a.title for a, _, again, _ in told_again)
    renamed = [
        (a, again)
        for a, _, again, _ in told_again
        if [d.parties for d in a.deals] != [d.parties for d in again.deals]
    ]
    assert len(renamed) > len(told_again) / 8
    revalued = [
        (a, again)
        for a, _, again, _ in told_again
        if [d.amounts for d in a.deals] != [d.amounts for d in again.deals]
    ]
    assert len(revalued) > 10


def test_what_is_told_again_is_a_good_article(told_again):
    """Spans read back, every sum is read at its place, payers are parties."""
    good = [pair for pair in told_again if check([pair[0]], [], GAZETTEER) == []]
    assert len(good) > 0.97 * len(told_again)
    for _, _, again, _ in good:
        assert check([again], [], GAZETTEER) == [], again.text


def test_renamed_parties_are_found_in_the_new_text(told_again):
    """A party under its new name is found there, and its old name is gone."""
    n_renamed = n_found = 0
    for article, before, again, after in told_again:
        old = {GAZETTEER.canonical(m.name) for m in before.organisations}
        new = {GAZETTEER.canonical(m.name) for m in after.organisations}
        for deal, same in zip(article.deals, again.deals, strict=True):
            for (a, roles), (b, kept) in zip(deal.parties, same.parties, strict=True):
                assert kept == roles
                if a == b or GAZETTEER.canonical(a) not in old:
                    continue
                n_renamed += 1
                n_found += GAZETTEER.canonical(b) in new
                seen = {
                    GAZETTEER.canonical(m.name)
                    for m in with_labelled(again, after, GAZETTEER).organisations
                }
                assert GAZETTEER.canonical(b) in seen
                assert b in f"{again.title}\n\n{again.text}"
                assert GAZETTEER.canonical(a) not in new
    assert n_renamed > 50
    # Rules alone miss many: the names are of every shape.
    assert 0.75 * n_renamed < n_found < n_renamed


def test_spans_stay_at_their_sentences(told_again):
    """The sentence that stated a thing still does, under its old number."""
    # After a stop, "xAI did" begins no sentence, but another name does.
    alike = [
        one for one in told_again if len(one[1].sentences) == len(one[3].sentences)
    ]
    assert len(alike) > 0.97 * len(told_again)
    n_spans = 0
    for article, before, again, after in alike:
        for old, new in zip(article.spans, again.spans, strict=True):
            n_spans += 1
            assert new.field == old.field
            a, b = (
                {reading.sentence_index(place) for place in (span.start, span.end - 1)}
                for reading, span in ((before, old), (after, new))
            )
            assert a == b, (article.id, old.field)
    assert n_spans > 200


def test_what_is_no_name_sum_or_day_stays(told_again):
    """Id, source, date, language, and a deal's story, kinds and status are kept."""
    for article, _, again, _ in told_again:
        bare = replace(again, title="", text="", deals=(), spans=())
        assert bare == replace(article, title="", text="", deals=(), spans=())
        for deal, same in zip(article.deals, again.deals, strict=True):
            assert (same.story, same.status, same.types, same.capacity) == (
                deal.story,
                deal.status,
                deal.types,
                deal.capacity,
            )
            for one, other in zip(deal.amounts, same.amounts, strict=True):
                assert (one.kind, one.bound) == (other.kind, other.bound)


def test_the_same_chance_tells_the_same_article(told_again):
    """A pass that is repeated after a kill sees the very same articles."""
    for article, reading, again, _ in told_again[: 3 * len(SEEDS) : 2]:
        seeds = [Random(f"{seed}-{article.id}") for seed in SEEDS]
        assert again in [augment(article, reading, GAZETTEER, rng) for rng in seeds]


TITLE = "Oracle mietet bei Zwirbelwerk"
TEXT = "Oracle zahlt Zwirbelwerk am Montag 30 Mrd. Euro. Zwirbelwerk freut sich."


def gold(**parts) -> GoldArticle:
    first = TEXT.index(" Zwirbelwerk freut")
    n_title = len(TITLE) + 2
    spans = tuple(
        GoldSpan(field=f"deals.0.{field}", start=n_title, end=n_title + first)
        for field in ("parties.0", "parties.1", "amounts.0")
    )
    fields = {
        "title": TITLE,
        "text": TEXT,
        "language": "de",
        "deals": (
            GoldDeal(
                story="s",
                status="announced",
                types=("compute_purchase",),
                parties=(("Oracle", ("customer",)), ("Zwirbelwerk", ("provider",))),
                amounts=(
                    GoldAmount(
                        value=Decimal(30_000_000_000),
                        currency="EUR",
                        kind="purchase",
                        bound="exact",
                        payer="Oracle",
                    ),
                ),
                capacity=(),
            ),
        ),
        "spans": spans,
        **parts,
    }
    return GoldArticle(
        id="c-1",
        url="https://example.org",
        source="Blatt",
        published_at=datetime(2026, 3, 2, tzinfo=UTC),
        **fields,
    )


def edits_of(article: GoldArticle, **words: str) -> list[Edit]:
    """Edits that put other words for words, wherever they stand."""
    full, found = f"{article.title}\n\n{article.text}", []
    for old, new in words.items():
        start = full.find(old)
        while start >= 0:
            found.append(Edit(start, start + len(old), new))
            start = full.find(old, start + 1)
    return sorted(found)


def test_edits_carry_labels_over():
    """Party, payer, sum and span follow, also where the words grow longer."""
    article = gold()
    edits = edits_of(article, Oracle="Nordlicht Rechenzentren", **{"30": "470"})
    again = apply(article, edits, {"Oracle": "Nordlicht Rechenzentren"}, GAZETTEER)
    assert again.title == "Nordlicht Rechenzentren mietet bei Zwirbelwerk"
    assert again.text.startswith("Nordlicht Rechenzentren zahlt Zwirbelwerk am Montag")
    (deal,) = again.deals
    assert [name for name, _ in deal.parties] == [
        "Nordlicht Rechenzentren",
        "Zwirbelwerk",
    ]
    assert deal.amounts[0].value == Decimal(470_000_000_000)
    assert deal.amounts[0].payer == "Nordlicht Rechenzentren"
    full = f"{again.title}\n\n{again.text}"
    stated = "Nordlicht Rechenzentren zahlt Zwirbelwerk am Montag 470 Mrd. Euro."
    assert {full[span.start : span.end] for span in again.spans} == {stated}


def test_a_label_that_does_not_come_through_leaves_the_article():
    """A sum that is none any more, a lost name, an edit of the blank line: no change."""
    article = gold()
    for words, renamed in (
        ({"30": "dreißigerlei"}, {}),
        ({"Mrd. Euro": "Äpfel"}, {}),
        ({"Oracle": "Nordlicht"}, {"Oracle": "Nordlicht AI"}),
        ({"Zwirbelwerk\n\nOracle": "Zwirbelwerk. Oracle"}, {}),
    ):
        edits = edits_of(article, **words)
        assert edits
        assert apply(article, edits, renamed, GAZETTEER) is article


def test_a_sum_that_words_tell_too_stays():
    """Digits that change beside "eighteen million" would make two sums of one."""
    article = gold(
        title="Eighteen million euros for a lab",
        text="The contract is worth €18m. Its rival took €37m.",
        language="en", deals=(), spans=(),
    )  # fmt: skip
    told = [augment(article, read(article), GAZETTEER, Random(n)) for n in range(8)]
    assert all("€18m" in again.text or "$18m" in again.text for again in told)
    assert not all("37m" in again.text for again in told)


def test_an_article_without_names_sums_and_days_stays():
    """Where there is nothing to change, every seed gives the article itself."""
    plain = gold(
        title="Es regnet", text="Es regnet seit gestern sehr.", deals=(), spans=()
    )
    reading = read(plain)
    assert reading.organisations == ()
    for seed in range(30):
        assert augment(plain, reading, GAZETTEER, Random(seed)) is plain


def test_every_kind_of_change_happens():
    """Names, sums, currencies and days: each changes for some seed, and labels agree."""
    article = gold()
    reading = read(article)
    found = {augment(article, reading, GAZETTEER, Random(seed)) for seed in range(60)}
    values = {one.deals[0].amounts[0].value for one in found}
    currencies = {one.deals[0].amounts[0].currency for one in found}
    names = {one.deals[0].parties[1][0] for one in found}
    assert len(values) > 3
    assert currencies == {"EUR", "USD"}
    assert len(names) > 3
    assert len({one.text.split(" am ")[1].split()[0] for one in found}) > 3
    assert all(check([one], [], GAZETTEER) == [] for one in found)
