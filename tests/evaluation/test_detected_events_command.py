"""`recsys evaluate-detected-events` on a tiny stream, and bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from jobs.commands.evaluate_detected_events import command
from recsys.errors import DataError

START = 1_336_000_000.0  # 2012-05-02
DAY = 86_400.0
USUAL = "coffee guitar garden bicycle baking museum camera kitchen library football".split()


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(1)
    with (tmp_path / "items.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["item_id", "title", "created_at"])
        for n, at in enumerate(np.sort(rng.uniform(START, START + 14 * DAY, 500))):
            rows.writerow([f"i{n}", " ".join(rng.choice(USUAL, 3, replace=False)), int(at)])
    with (tmp_path / "posts.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["timestamp", "event_label", "text"])
        for at in np.sort(rng.uniform(START + 10 * DAY, START + 10.5 * DAY, 60)):
            rows.writerow([at, "2012_Harbourtown_floods", "river flooded in Harbourtown"])
    files = ["--labelled", str(tmp_path / "posts.csv"), "--items", str(tmp_path / "items.csv")]
    return [*files, "--start", "2012-05-01", "--end", "2012-06-01"]


def test_an_event_is_found_and_named(arguments: list[str]) -> None:
    found = CliRunner().invoke(command, [*arguments, "--json"], catch_exceptions=False)
    result = json.loads(found.output)
    assert (result["found"], result["labels"], result["named"], result["others"]) == (1, 1, 1, 0)
    shown = CliRunner().invoke(command, arguments, catch_exceptions=False).output
    assert "2012_Harbourtown_floods" in shown and "found: 1" in shown


def test_a_half_without_labels_and_bad_rows(arguments: list[str], tmp_path: Path) -> None:
    found = []
    for half in ("odd", "even"):
        output = CliRunner().invoke(command, [*arguments, "--half", half, "--json"]).output
        found.append(json.loads(output)["labels"])
    assert sorted(found) == [0, 1]
    (tmp_path / "posts.csv").write_text("timestamp,event_label,text\nnoon,a,b\n")
    with pytest.raises(DataError, match=r"posts.csv:2: no timestamp"):
        CliRunner().invoke(command, arguments, catch_exceptions=False)
