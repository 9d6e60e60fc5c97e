"""Made-up platforms: the files that are written, and the margin of `default`."""

import csv

import pytest

from jobs.bench.default_model_regret import SHAPES, Shape, WorldResult, evaluated, write

TINY = Shape("tiny", 60, 40, 12, 4, words=True)


def rows(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "shape",
    [
        TINY,
        Shape("tiny series", 60, 40, 8, 4, order=0.6),
        Shape("tiny news", 60, 40, 8, 4, dated=True, fresh_days=2.0),
        Shape("tiny ratings", 60, 40, 8, 4, ratings=True),
    ],
    ids=lambda shape: shape.name,
)
def test_a_world_has_the_shape_that_was_asked_for(tmp_path, shape):
    options = write(shape, tmp_path, 0)
    events, test = rows(tmp_path / "events.csv"), rows(tmp_path / "test.csv")
    assert ("timestamp" in events[0]) == shape.dated
    assert bool(test) == ("--test-events" in options) == (shape.protocol == "given")
    pairs = [(row["user_id"], row["item_id"]) for row in events + test]
    assert len(set(pairs)) == len(pairs) and len(pairs) > 60 * 4
    assert all((row["value"] != "") == shape.ratings for row in events)
    assert any(row["title"] for row in rows(tmp_path / "items.csv")) == shape.words
    assert write(shape, tmp_path / "again", 0)[4:6] == options[4:6]
    assert rows(tmp_path / "again" / "events.csv") == events


def test_both_halves_hold_worlds_of_many_shapes():
    assert {shape.half for shape in SHAPES} == {0, 1} and len(SHAPES) >= 10
    assert len({shape.name for shape in SHAPES}) == len(SHAPES)


def test_the_margin_is_against_the_best_single_row():
    values = {"default": 0.3, "popular": 0.1, "ease": 0.24, "als": 0.2}
    pair = {"better": "undecided", "mean": 0.06, "low": -0.012, "high": 0.132}
    found = WorldResult(values, {"ease": pair}, ("ease 50",), 3.0)
    assert (found.best, found.margin) == ("ease", pytest.approx(0.25))
    assert found.interval == (pytest.approx(-0.05), pytest.approx(0.55))


def test_a_world_is_evaluated_with_all_rows(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_ENGINES", "item-knn,ease")  # seconds
    found = evaluated(write(TINY, tmp_path, 0), ("default", "popular", "item-knn"))
    assert set(found.values) == {"default", "popular", "item-knn"}
    assert all(0 < value <= 1 for value in found.values.values())
    low, high = found.interval
    assert low <= found.margin <= high
    assert found.engines
