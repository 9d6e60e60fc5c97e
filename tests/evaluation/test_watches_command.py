"""`recsys evaluate-watches` on a tiny stream: its lines, bursts that are found, and bad input."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from jobs.commands.evaluate_watches import command
from recsys.errors import DataError

FIRST, LAST = "2024-03-08", "2024-03-15"
TEXTS = {"-1": "terrible awful hated it", "0": "a train at nine", "1": "lovely great wonderful"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Posts of three categories over ten weeks, and labelled texts."""
    folder, rng = tmp_path_factory.mktemp("watches"), np.random.default_rng(0)
    end = datetime(2024, 3, 15, tzinfo=UTC).timestamp()
    times = np.sort(rng.uniform(end - 74 * 86_400, end, 2_400))
    rows = [f"p{at},word{at % 3}x post,c{at % 3},{moment:.0f}" for at, moment in enumerate(times)]
    (folder / "posts.csv").write_text("\n".join(["item_id,title,category,created_at", *rows]))
    labels = [
        f"{words} {number},{label},tweets"
        for number in range(400)
        for label, words in TEXTS.items()
    ]
    (folder / "labels.csv").write_text("\n".join(["text,label,source", *labels]) + "\n")
    return folder


def evaluate(folder: Path, *more: str) -> Result:
    given = ["--items", str(folder / "posts.csv"), "--labels", str(folder / "labels.csv")]
    given += ["--start", FIRST, "--end", LAST, "--bursts", "4", "--floods", "3", *more]
    return CliRunner().invoke(command, given, catch_exceptions=False)


def test_a_line_for_each_run_and_bursts_that_are_found(files: Path) -> None:
    found = evaluate(files)
    assert found.exit_code == 0, found.output
    plain, bursts, floods = map(json.loads, found.stdout.splitlines())
    assert [one["bursts"] for one in (plain, bursts, floods)] == [0, 4, 0]
    assert [one["floods"] for one in (plain, bursts, floods)] == [0, 0, 3]
    assert plain["posts"] == 2_400 - sum(moment_is_outside(files)) < bursts["posts"]
    assert plain["watches"] == 33  # three categories, thirty groups of them
    assert plain["watch_months"] == pytest.approx(33 * 7 / 30, abs=0.1)
    assert bursts["found"] > 0.5 and bursts["delay_minutes_median"] <= 120
    assert plain["delay_minutes_median"] is None and floods["floods_fired"] == 0


def test_the_same_seed_gives_the_same_lines(files: Path) -> None:
    first, again = (evaluate(files, "--start", "2024-03-14").stdout for _ in range(2))
    assert first == again and first.count("\n") == 3


def moment_is_outside(folder: Path) -> list[bool]:
    first = datetime(2024, 3, 8, tzinfo=UTC).timestamp() - 60 * 86_400
    lines = (folder / "posts.csv").read_text().splitlines()[1:]
    return [float(line.rpartition(",")[2]) < first for line in lines]


def test_bad_input_names_what_is_wrong(files: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no text of the source 'films' is held out"):
        evaluate(files, "--source", "films")
    with pytest.raises(DataError, match=r"none\.npz does not exist"):
        evaluate(files, "--model", str(tmp_path / "none.npz"))
