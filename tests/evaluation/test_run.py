"""Gold through the stages: every line predicted, in order, with honest offsets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.evaluation.gold import GoldArticle
from newsbot.evaluation.report import prediction_line
from newsbot.evaluation.run import Prediction, as_article, claims, predict
from newsbot.stages.assess import Judgement
from newsbot.stages.ground import Draft, DraftAmount, DraftParty, ground
from newsbot.stages.organisations import load_organisations
from newsbot.stages.reading import Reading
from newsbot.stages.summarise import QuotingSummariser
from newsbot.types import Assessment, OrganisationMention

GAZETTEER = load_organisations()
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TITLE = "A\u0308rger um Oracle 👩‍💻"
TEXT = (
    "Auch Oracle und CoreWeave haben sich u\u0308ber 30 Mrd. US-Dollar geeinigt 😀.\n\n"
    "Geliefert werden 2 GW fu\u0308r die Ku\u0308hlung und das Training der KI."
)


class KeywordJudge:
    """Takes the organisations of a text that says "geeinigt" or "agreed" as parties."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def judge(self, readings: Sequence[Reading], now: datetime) -> list[Judgement]:
        self.batches.append(len(readings))
        return [self._one(reading, now) for reading in readings]

    def _one(self, reading: Reading, now: datetime) -> Judgement:
        full = reading.article.full_text
        agreed = "geeinigt" in full or "agreed" in full
        groups = full.count(" & ") + 1
        mentions: dict[str, OrganisationMention] = {}
        for mention in reading.organisations:
            mentions.setdefault(mention.name, mention)
        drafts = [
            Draft(
                sentence=reading.sentences[-1],
                status="ended" if "beendet" in full else "announced",
                types=("compute_purchase",),
                parties=tuple(
                    DraftParty(mention=mention, roles=("partner",), probability=0.9)
                    for mention in list(mentions.values())[n::groups]
                ),
                amounts=tuple(
                    DraftAmount(mention=money, kind="purchase", payer="Oracle")
                    for money in reading.money
                ),
                capacity=reading.capacity,
            )
            for n in range(groups if agreed else 0)
        ]
        findings, dropped = ground(reading, drafts, GAZETTEER.related)
        assessment = Assessment(
            article_id=reading.article.id,
            probability=0.87654321 if agreed else 0.125,
            threshold=0.5,
            words=(),
            assessor="keyword",
            assessed_at=now,
        )
        return Judgement(assessment=assessment, findings=findings, dropped=dropped)


def gold(
    name: str = "g", *, title: str = TITLE, text: str = TEXT, **parts
) -> GoldArticle:
    fields = {
        "url": "https://example.org/1",
        "source": "Example",
        "published_at": DAY,
        "language": "de",
        "deals": (),
        "spans": (),
        **parts,
    }
    return GoldArticle(id=name, title=title, text=text, **fields)


def run(*articles: GoldArticle) -> list[Prediction]:
    return predict(
        articles,
        KeywordJudge(),
        QuotingSummariser(GAZETTEER),
        GAZETTEER,
        progress=lambda _stage, share: None,
    )


def line(prediction: Prediction) -> dict:
    return json.loads(prediction_line(prediction))


# one line


def test_a_line_has_exactly_the_format_s_keys():
    """An outside scorer reads these keys and trusts nothing else."""
    told = line(run(gold())[0])
    assert list(told) == ["id", "probability", "deals", "summary"]
    assert told["id"] == "g"
    assert told["probability"] == 0.876543
    (deal,) = told["deals"]
    assert set(deal) == set(
        "status types parties amounts capacity story alert spans".split()
    )
    assert deal["parties"] == [
        {"name": "Oracle", "roles": ["partner"]},
        {"name": "CoreWeave", "roles": ["partner"]},
    ]
    assert deal["amounts"] == [
        {
            "value": 30_000_000_000,
            "currency": "USD",
            "kind": "purchase",
            "bound": "exact",
            "payer": "Oracle",
        }
    ]
    assert isinstance(deal["amounts"][0]["value"], int)
    assert deal["capacity"] == [{"value": 2, "unit": "GW"}]
    assert deal["alert"] == "new"
    assert set(told["summary"]) == {"language", "text", "quoted"}
    assert told["summary"]["language"] == "de"
    assert told["summary"]["quoted"] is False


def test_spans_are_slices_of_the_text_as_given():
    """Decomposed umlauts and emoji shift nothing: quote equals title, gap and text."""
    (prediction,) = run(gold())
    full = TITLE + "\n\n" + TEXT
    assert prediction.reading.article.full_text == full
    (deal,) = line(prediction)["deals"]
    fields = [span["field"] for span in deal["spans"]]
    assert fields == ["status", "parties.0", "parties.1", "amounts.0", "capacity.0"]
    for span in deal["spans"]:
        assert set(span) == {"field", "start", "end", "quote"}
        assert full[span["start"] : span["end"]] == span["quote"] != ""
    assert "u\u0308ber 30 Mrd. US-Dollar" in deal["spans"][3]["quote"]
    for _, place, quote in claims(prediction.told[0].finding):
        assert full[place.start : place.end] in full[quote.start : quote.end]


marks = st.sampled_from(
    ["a\u0308", "ß", "😀", "👩‍💻", "\u200b", "\u00a0", "\n\n", " ", "x", "\t"]
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(marks, max_size=12).map("".join), st.lists(marks, max_size=12).map("".join)
)
def test_spans_hold_whatever_stands_before_them(title, noise):
    """Any marks in title and text leave offsets in code points of the text as given."""
    text = f"{noise}\n\n{TEXT}"
    told = line(run(gold(title=title, text=text))[0])
    full = title + "\n\n" + text
    assert told["deals"]
    for deal in told["deals"]:
        for span in deal["spans"]:
            assert full[span["start"] : span["end"]] == span["quote"]


def test_a_negative_has_a_line_without_deals():
    """What is no deal is predicted, too, with probability and summary."""
    told = line(run(gold(text="Es regnet seit Tagen in Kassel und Umgebung."))[0])
    assert told["deals"] == []
    assert told["probability"] == 0.125
    assert told["summary"]["text"]


# many lines


def test_predictions_come_in_the_order_read():
    """Deals are met in published order, lines are written as they were read."""
    late = gold("late", published_at=DAY + timedelta(days=1))
    early = gold("early", published_at=DAY - timedelta(days=1), text=TEXT + " Mehr.")
    middle = gold("middle")
    lines = [line(one) for one in run(late, middle, early)]
    assert [one["id"] for one in lines] == ["late", "middle", "early"]
    assert [one["deals"][0]["alert"] for one in lines] == [None, None, "new"]
    assert len({one["deals"][0]["story"] for one in lines}) == 1


def test_equal_times_go_by_the_order_read():
    """Of two articles of one minute the first line alerts."""
    lines = [line(one) for one in run(gold("a"), gold("b"))]
    assert [one["deals"][0]["alert"] for one in lines] == ["new", None]


def test_the_same_id_url_and_text_twice_are_two_predictions():
    """Every line read is assessed and keeps its own deals; only the alert is one."""
    lines = [line(one) for one in run(gold(), gold(), gold(text="Es regnet."))]
    assert [one["id"] for one in lines] == ["g", "g", "g"]
    assert [len(one["deals"]) for one in lines] == [1, 1, 0]
    assert [d["alert"] for one in lines for d in one["deals"]] == ["new", None]
    first, second = (one["deals"][0] for one in lines[:2])
    assert first["story"] == second["story"]
    assert as_article(gold(), number=0).id != as_article(gold(), number=1).id


def test_an_update_is_told_as_one():
    """An end after the deal is an update of the same story."""
    end = gold(
        "end", published_at=DAY + timedelta(days=90), text=TEXT + " Das ist beendet."
    )
    lines = [line(one) for one in run(end, gold())]
    assert lines[0]["deals"][0]["alert"] == "update"
    assert lines[0]["deals"][0]["story"] == lines[1]["deals"][0]["story"]


def test_a_round_up_has_several_deals():
    """Two deals of one article are two stories with their own alerts."""
    text = "Ja, Oracle, Nvidia & CoreWeave, Anthropic haben sich geeinigt: KI aus der Cloud."
    (told,) = [line(one) for one in run(gold(text=text, title="Zwei Verträge"))]
    assert len(told["deals"]) == 2
    assert len({deal["story"] for deal in told["deals"]}) == 2


def test_batches_cover_every_article():
    """More articles than one batch holds are all judged, with progress told."""
    judge, shares = KeywordJudge(), []
    articles = [gold(f"g-{n}") for n in range(19)]
    made = predict(
        articles,
        judge,
        QuotingSummariser(GAZETTEER),
        GAZETTEER,
        progress=lambda _stage, share: shares.append(share),
    )
    assert [one.gold.id for one in made] == [one.id for one in articles]
    assert sum(judge.batches) == 19
    assert max(judge.batches) < 19
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


def test_nothing_is_predicted_of_nothing():
    """An empty file is an empty result."""
    assert run() == []


def test_two_runs_give_the_same_lines():
    """Nothing in a prediction depends on the clock or on chance."""
    articles = [gold("a"), gold("b", published_at=DAY - timedelta(days=3))]
    once = [prediction_line(one) for one in run(*articles)]
    assert once == [prediction_line(one) for one in run(*articles)]


@pytest.mark.parametrize("ending", ["\u2028", "\x85", "\n\n\n"])
def test_a_line_stays_one_line(ending):
    """Line separators in a text do not break JSON Lines."""
    written = prediction_line(run(gold(text=TEXT + ending + "Ende der Nachricht."))[0])
    assert "\n" not in written
    assert json.loads(written)["id"] == "g"
