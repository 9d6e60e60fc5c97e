"""`recsys evaluate` from files to JSON, HTML and the table, on a small world."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from jobs.commands.evaluate import command, parse_depths
from recsys.errors import DataError
from recsys.evaluation.evaluate import row_names

QUICK = "popular,trending,item-knn"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """Two tastes, a category each, likes and dislikes, times."""
    rng = np.random.default_rng(0)
    rows = ["user_id,item_id,event,timestamp"]
    for moment in range(600):
        user, item = rng.integers(0, 30), rng.integers(0, 40)
        kind = "like" if user % 2 == item % 2 else "dislike"
        rows.append(f"u{user},i{item},{kind},{1_600_000_000 + 3600 * moment}")
    (tmp_path / "events.csv").write_text("\n".join(rows) + "\n")
    titles = [f"i{n},{'odd' if n % 2 else 'even'} tale {n},c{n % 2}" for n in range(40)]
    (tmp_path / "items.csv").write_text("\n".join(["item_id,title,category", *titles]) + "\n")
    return tmp_path


def evaluate(world: Path, *options: str) -> Result:
    files = ["--items", str(world / "items.csv"), "--events", str(world / "events.csv")]
    found = CliRunner().invoke(command, [*files, *options], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found


def figures(world: Path, *options: str) -> Any:
    evaluate(world, "--json", str(world / "out.json"), *options)
    return json.loads((world / "out.json").read_text())


@pytest.mark.parametrize("protocol", ["time", "leave-last-out", "cold-items", "replay"])
def test_json_has_the_shape_that_scripts_rely_on(world: Path, protocol: str) -> None:
    found = figures(world, "--protocol", protocol, "--models", QUICK, "--k", "5,10", "--seed", "3")
    assert found["protocol"] == protocol
    assert found["seed"] == 3
    assert found["data"]["users"] == 30
    assert found["data"]["items"] == 40
    assert found["data"]["events"] == 600
    assert 0 < found["data"]["test_users"] <= 30
    assert list(found["models"]) == QUICK.split(",")
    for model in found["models"].values():
        assert {"metrics", "fit_seconds", "peak_mb", "chosen"} <= set(model)
        for name in ("recall@5", "ndcg@5", "mrr@5", "recall@10", "ndcg@10", "mrr@10"):
            one = model["metrics"][name]
            assert set(one) == {"mean", "low", "high"}
            assert 0 <= one["low"] <= one["mean"] <= one["high"] <= 1
        personal = {"debiased_ndcg@10", "swap_gap@20", "jaccard@10", "distinct@10"}
        assert personal | {"effective@10", "calibration@10"} <= set(model["metrics"])
        assert ("unexpected_hits@20" in model["metrics"]) == (protocol != "cold-items")
        assert "freshness@10" in model["metrics"]
        if protocol == "replay":
            assert {"auc", "auc_pooled"} <= set(model["metrics"])
        else:
            assert {"coverage@10", "gini@10", "novelty@10"} <= set(model["metrics"])


@pytest.mark.parametrize("protocol", ["time", "leave-last-out", "replay"])
def test_the_service_itself_is_judged(world: Path, protocol: str) -> None:
    (world / "items.csv").write_text("item_id\n" + "".join(f"i{n}\n" for n in range(40)))
    found = figures(world, "--protocol", protocol, "--models", "default,popular")
    ours, theirs = (found["models"][name]["metrics"] for name in ("default", "popular"))
    judged = "auc" if protocol == "replay" else "ndcg@20"
    assert ours[judged]["mean"] > theirs[judged]["mean"]
    assert found["models"]["default"]["chosen"]


def test_given_takes_its_test_from_a_file(world: Path) -> None:
    lines = (world / "events.csv").read_text().splitlines()
    (world / "events.csv").write_text("\n".join(lines[:500]) + "\n")
    (world / "test.csv").write_text("\n".join([lines[0], *lines[500:]]) + "\n")
    found = figures(
        world,
        "--protocol",
        "given",
        "--models",
        "popular",
        "--test-events",
        str(world / "test.csv"),
    )
    assert found["data"]["events"] == 600


def test_personal_rows_beat_popular_where_taste_is_all(world: Path) -> None:
    found = figures(world, "--protocol", "leave-last-out", "--models", "popular,item-knn")
    verdict = found["models"]["item-knn"]["better_than"]["popular"]["ndcg@20"]
    assert verdict["mean"] > 0
    assert verdict["better"] in ("yes", "undecided")
    assert found["models"]["popular"]["better_than"]["item-knn"]["ndcg@20"]["mean"] == (
        -verdict["mean"]
    )


def test_slices_in_which_another_row_is_better_are_named(world: Path) -> None:
    page = world / "report.html"
    found = evaluate(
        world,
        "--models",
        "popular,item-knn",
        "--protocol",
        "leave-last-out",
        "--html",
        str(page),
        "--json",
        str(world / "out.json"),
    )
    bad = json.loads((world / "out.json").read_text())["models"]["popular"]["worse_in"]
    assert bad["long_histories"]["item-knn"]["low"] > 0
    assert "long histories: item-knn is better than popular" in found.output
    assert "worse than another, by ndcg@20" in page.read_text()
    evaluate(world, "--models", "item-knn,popular", "--html", str(page))
    assert "None beyond chance" in page.read_text()


def test_the_same_seed_gives_the_same_figures(world: Path) -> None:
    first, second = (figures(world, "--models", "trending,item-knn") for _ in range(2))
    assert first["models"]["trending"]["metrics"] == second["models"]["trending"]["metrics"]
    assert first["models"]["item-knn"]["metrics"] == second["models"]["item-knn"]["metrics"]


def test_the_report_needs_no_network_and_shows_every_row(world: Path) -> None:
    page = world / "report.html"
    evaluate(world, "--models", QUICK, "--html", str(page))
    text = page.read_text()
    assert not re.search(r"(src|href)\s*=|https?://|@import|url\(", text)
    assert text.count("<svg") >= 2
    for name in QUICK.split(","):
        assert f">{name}</text>" in text


def test_the_table_fits_a_hundred_columns(world: Path) -> None:
    found = evaluate(world, "--models", QUICK)
    assert "better than" in found.output
    assert max(map(len, found.output.splitlines())) <= 100


def test_groups_and_positives_are_honoured(world: Path) -> None:
    found = figures(world, "--models", "popular", "--group", "category", "--positive", "like")
    assert found["models"]["popular"]["metrics"]["recall@20"]["mean"] == 1.0  # 20 in a category


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--models", "magic"], "choose from default, popular"),
        (["--models", "populer"], "is popular meant"),
        (["--models", ","], "no model is named"),
        (["--models", "like-rate"], "is of --protocol replay, not of time"),
        (["--protocol", "weekly"], "choose one of time"),
        (["--positive", ">=7"], "is not understood"),
        (["--positive", "rating>=7"], "kinds here: "),
        (["--k", "five"], "5,10,20"),
        (["--test-share", "2"], "between 0 and 1"),
        (["--protocol", "given"], "needs --test-events"),
        (["--group", "shelf"], "is no column of the items"),
        (["--json", "/no/such/folder/out.json"], "folder does not exist"),
    ],
)
def test_what_is_wrong_is_said(world: Path, options: list[str], words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        evaluate(world, *options)


def test_kinds_without_weight_are_told(world: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = (world / "events.csv").read_text()
    (world / "events.csv").write_text(text + "u1,i1,scroll_75,1700000000\nu1,i2,likee,1700000001\n")
    evaluate(world)
    told = [one.message for one in caplog.records if "unknown kind" in one.message]
    assert len(told) == 2 and any("is 'like' meant?" in one for one in told)


def test_items_alone_are_not_enough(world: Path) -> None:
    with pytest.raises(DataError, match="needs --events"):
        CliRunner().invoke(command, ["--items", str(world / "items.csv")], catch_exceptions=False)


def test_all_means_what_the_protocol_can_tell_apart() -> None:
    assert {"default", "ease", "als", "bpr", "lightfm", "sasrec"} <= set(row_names("all", "time"))
    assert "like-rate" in row_names("all", "replay")
    assert row_names("all", "cold-items") == ("default", "popular", "text", "student")


def test_depths() -> None:
    assert parse_depths("20, 5,5") == (5, 20)
