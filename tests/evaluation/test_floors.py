"""Floors: a figure once reached is held, for the files and the model it belongs to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from newsbot.errors import GateError, UserError
from newsbot.evaluation.floors import check_floors, digest

FIGURES = {
    "articles": 40,
    "detection": {"recall": 0.95, "by_language": {"de": {"recall": 0.9}}},
    "parties": {"f1": 0.8},
}
MODEL = "embedded gemma3-270m, heads 123"


@pytest.fixture
def house(tmp_path):
    """A folder of gold below the floors that name it."""
    gold = tmp_path / "gold"
    gold.mkdir()
    files = [gold / "one.jsonl", gold / "two.jsonl"]
    for file in files:
        file.write_text(file.name)

    def floors(wanted: dict[str, Any], model: str = "embedded") -> list[Path]:
        content = {
            "model": model,
            "gold": {file.name: digest(file) for file in files},
            "floors": wanted,
        }
        (tmp_path / "floors.json").write_text(json.dumps(content))
        return files

    return floors


def test_figures_at_or_above_their_floors_pass(house):
    """A floor may be touched; figures without a floor are free."""
    files = house({"detection": {"recall": 0.95}, "parties": {"f1": 0.5}})
    check_floors(files, FIGURES, MODEL)
    check_floors(list(reversed(files)), FIGURES, MODEL)


def test_a_figure_below_its_floor_is_named_with_both_values(house):
    """Every figure that fell is told, with its place, value and floor."""
    files = house(
        {
            "detection": {"recall": 0.96, "by_language": {"de": {"recall": 0.901}}},
            "parties": {"f1": 0.8},
        }
    )
    with pytest.raises(GateError) as caught:
        check_floors(files, FIGURES, MODEL)
    message = str(caught.value)
    assert "detection.recall 0.9500 < 0.9600" in message
    assert "detection.by_language.de.recall 0.9000 < 0.9010" in message
    assert "parties" not in message
    assert caught.value.exit_code == 5


def test_another_number_type_has_floors_of_its_own(house, tmp_path):
    """The same weights round otherwise there; all other floors stay."""
    files = house({"detection": {"recall": 0.9}, "parties": {"f1": 0.81}})
    path = tmp_path / "floors.json"
    content = json.loads(path.read_text())
    content["in"] = {"float32": {"parties": {"f1": 0.8}}}
    path.write_text(json.dumps(content))
    check_floors(files, FIGURES, MODEL, "float32")
    for dtype in ("bfloat16", ""):
        with pytest.raises(GateError, match=r"parties\.f1"):
            check_floors(files, FIGURES, MODEL, dtype)
    content["floors"]["detection"]["recall"] = 0.96
    path.write_text(json.dumps(content))
    with pytest.raises(GateError, match=r"detection\.recall"):
        check_floors(files, FIGURES, MODEL, "float32")


def test_other_files_have_no_floors(house):
    """A changed file, a subset and one more file are other measurements."""
    files = house({"parties": {"f1": 1.0}})
    check_floors(files[:1], FIGURES, MODEL)
    more = files[0].with_name("three.jsonl")
    more.write_text("three")
    check_floors([*files, more], FIGURES, MODEL)
    files[0].write_text("changed")
    check_floors(files, FIGURES, MODEL)


def test_another_model_has_no_floors(house):
    """What the embedded model reached binds no other."""
    check_floors(house({"parties": {"f1": 1.0}}), FIGURES, "llama@123")


def test_without_floors_nothing_is_held(tmp_path):
    """A gold file from elsewhere, or none at all, is measured freely."""
    file = tmp_path / "gold.jsonl"
    file.write_text("x")
    check_floors([file], FIGURES, MODEL)
    check_floors([], FIGURES, MODEL)


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "{}", '{"model": "embedded", "gold": []}', '{"model": "embedded"}'],
)
def test_broken_floors_are_named(tmp_path, content):
    """Floors that cannot be read are no silent pass."""
    (tmp_path / "floors.json").write_text(content)
    file = tmp_path / "gold.jsonl"
    file.write_text("x")
    with pytest.raises(UserError, match=r"floors\.json"):
        check_floors([file], FIGURES, MODEL)


def test_a_floor_for_an_unknown_figure_is_named(house):
    """A misspelt floor must not pass for ever."""
    with pytest.raises(UserError, match="rekall"):
        check_floors(house({"detection": {"rekall": 0.5}}), FIGURES, MODEL)


def test_the_repository_s_floors_name_its_gold():
    """Where floors are checked in, they are those of the gold files beside them."""
    evals = Path(__file__).parents[1] / "evals"
    path = evals / "floors.json"
    if not path.is_file():
        pytest.skip("no floors yet")
    floors = json.loads(path.read_text(encoding="utf-8"))
    files = {file.name: digest(file) for file in (evals / "gold").glob("*.jsonl")}
    assert files
    assert {Path(name).name: value for name, value in floors["gold"].items()} == files
