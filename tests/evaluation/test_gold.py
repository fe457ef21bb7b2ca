"""Gold files: what is well formed is read as it stands, the rest is named by line."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.errors import UserError
from newsbot.evaluation.gold import GoldArticle, read_gold

ROOT = Path(__file__).parents[2]


def line(**parts: Any) -> dict[str, Any]:
    return {
        "id": "g-1",
        "url": "https://example.org/1",
        "source": "Example",
        "published": "2026-03-02T09:00:00+01:00",
        "language": "de",
        "title": "Titel",
        "text": "Text.",
        "deals": [deal()],
        **parts,
    }


def deal(**parts: Any) -> dict[str, Any]:
    return {
        "story": "s-1",
        "status": "announced",
        "types": ["investment"],
        "parties": [
            {"name": "Oracle", "roles": ["customer"]},
            {"name": "CoreWeave", "roles": ["provider"]},
        ],
        "amounts": [amount()],
        "capacity": [{"value": 2, "unit": "GW"}],
        "not_parties": ["Nvidia"],
        **parts,
    }


def amount(**parts: Any) -> dict[str, Any]:
    return {
        "value": 30_000_000_000,
        "currency": "USD",
        "kind": "purchase",
        "bound": "up_to",
        "payer": "Oracle",
        **parts,
    }


@pytest.fixture
def write(tmp_path):
    path = tmp_path / "gold.jsonl"

    def written(*lines: Any, data: bytes | None = None) -> list[GoldArticle]:
        texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
        path.write_bytes("\n".join(texts).encode() if data is None else data)
        return read_gold([path])

    return written


def test_a_line_becomes_an_article(write):
    """Every field is read; time keeps its offset, numbers lose no digit."""
    (article,) = write(line(), "", "  ")
    assert article.published_at.isoformat() == "2026-03-02T09:00:00+01:00"
    (found,) = article.deals
    assert found.parties == (("Oracle", ("customer",)), ("CoreWeave", ("provider",)))
    assert found.amounts[0].value == Decimal(30_000_000_000)
    assert found.amounts[0].payer == "Oracle"
    assert found.capacity == ((Decimal(2), "GW"),)
    assert article.spans == ()


def test_files_are_read_in_the_order_given(tmp_path):
    """Lines follow files; the same id may stand twice."""
    for name in "ba":
        (tmp_path / name).write_text(json.dumps(line(title=name)) + "\n")
    found = read_gold([tmp_path / "b", tmp_path / "a", tmp_path / "b"])
    assert [article.title for article in found] == ["b", "a", "b"]


def test_text_is_kept_as_given(write):
    """Decomposed umlauts, emoji, line separators and white space are not touched."""
    text = " A\u0308rger 👩‍💻\u2028\u00a0x\r\n\n y "
    data = json.dumps(line(text=text, title="U\u0308"), ensure_ascii=False).encode()
    (article,) = write(data=b"\xef\xbb\xbf" + data)
    assert article.text == text
    assert article.title == "U\u0308"


def test_an_empty_file_is_no_article(write):
    """Nothing is a valid gold file."""
    assert write(data=b"") == write(data=b"\n\n") == []


FAULTS: list[tuple[Any, str]] = [
    ("nonsense", "Expecting value"),
    ("[]", "not an object"),
    ("null", "not an object"),
    ("[" * 100_000, "recursion|Expecting"),
    ({k: v for k, v in line().items() if k != "id"}, "'id' is missing"),
    ({k: v for k, v in line().items() if k != "deals"}, "'deals' is missing"),
    (line(published="yesterday"), "yesterday"),
    (line(published="2026-03-02T09:00:00"), "no offset"),
    (line(published=5), "fromisoformat"),
    (line(language="fr"), "language 'fr' is not one of de, en"),
    (line(title=None), "title is not a text"),
    (line(text="\ud83d"), "surrogate"),
    (line(deals={}), "deals is not a list"),
    (line(deals="none"), "deals is not a list"),
    (line(deals=[3]), "a deal is not an object"),
    (line(deals=[deal(status="signed")]), "status 'signed' is not one of"),
    (line(deals=[deal(types=["merger"])]), "type 'merger'"),
    (line(deals=[deal(types="investment")]), "types is not a list"),
    (line(deals=[deal(parties=[{"name": "X"}])]), "'roles' is missing"),
    (line(deals=[deal(parties=[{"name": "X", "roles": ["boss"]}])]), "role 'boss'"),
    (line(deals=[deal(amounts=[amount(value="much")])]), "'much' is not a number"),
    (line(deals=[deal(amounts=[amount(value=-1)])]), "-1 is not a number"),
    (line(deals=[deal(amounts=[amount(value=float("nan"))])]), "not a number"),
    (line(deals=[deal(amounts=[amount(kind="gift")])]), "kind 'gift'"),
    (line(deals=[deal(amounts=[amount(bound="maybe")])]), "bound 'maybe'"),
    (line(deals=[deal(capacity=[{"value": 1}])]), "'unit' is missing"),
    (line(spans=[{"field": "x", "start": "0", "end": 3}]), "start of a span"),
    (line(spans=[{"field": "x", "start": 0}]), "'end' is missing"),
]


@pytest.mark.parametrize(("bad", "reason"), FAULTS, ids=range(len(FAULTS)))
def test_a_fault_is_named_with_file_and_line(write, tmp_path, bad, reason):
    """The third line's fault is said to be in the third line, in one line."""
    with pytest.raises(UserError, match=reason) as caught:
        write(line(), "", bad, line())
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'gold.jsonl'}:3: not a gold article: ")
    assert "\n" not in message
    assert not message.endswith(": ")


def test_other_bytes_than_utf8_are_named_with_their_line(write, tmp_path):
    """A Latin-1 file says where it stops being UTF-8."""
    good = json.dumps(line()).encode()
    with pytest.raises(UserError, match=r"gold\.jsonl:2: not UTF-8"):
        write(data=good + b"\n" + "Ärger".encode("latin-1") + b"\n")


def test_a_missing_file_is_named(tmp_path):
    """No file and a folder end in one line each."""
    with pytest.raises(UserError, match="nowhere"):
        read_gold([tmp_path / "nowhere"])
    with pytest.raises(UserError, match=tmp_path.name):
        read_gold([tmp_path])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(list(line())),
        st.none()
        | st.integers()
        | st.text(max_size=4)
        | st.lists(st.integers(), max_size=2),
        min_size=1,
        max_size=2,
    )
)
def test_any_wrong_value_is_read_or_refused(tmp_path_factory, parts):
    """No value in any field raises anything but UserError."""
    path = tmp_path_factory.mktemp("gold") / "x.jsonl"
    path.write_text(json.dumps({**line(), **parts}))
    with suppress(UserError):
        assert len(read_gold([path])) == 1


def test_the_repository_s_files_are_well_formed():
    """Gold, demo and corpus are read, and some of each are found."""
    for pattern, least in (
        ("tests/evals/gold/*.jsonl", 40),
        ("newsbot/demo/articles.jsonl", 24),
        ("newsbot/tuning/corpus/*.jsonl", 120),
    ):
        articles = read_gold(sorted(ROOT.glob(pattern)))
        assert len(articles) >= least
        assert {article.language for article in articles} == {"de", "en"}
