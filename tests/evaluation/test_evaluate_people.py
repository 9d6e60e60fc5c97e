"""`recsys evaluate-people`: planted structure is found, what is not there is said."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jobs.commands.evaluate_people import command
from recsys.errors import DataError
from recsys.evaluation.who_to_follow import follow_data, linked_likeness


def write(path: Path, header: list[str], rows: list[tuple[Any, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def run(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(command, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def clusters(rng: random.Random, alike: bool) -> tuple[list[Any], list[Any]]:
    """Return follows within ten groups of 20, and acts on the items of one's own group, or any."""
    follows, acts = [], []
    for user in range(200):
        group = user // 20
        followees = rng.sample([k for k in range(20 * group, 20 * group + 20) if k != user], 8)
        follows += [(user, other) for other in followees]
        own = group if alike else rng.randrange(10)
        acts += [(user, f"i{own}-{rng.randrange(12)}", "like") for _ in range(6)]
    return follows, acts


def test_groups_are_found_and_their_taste_is_told(tmp_path: Path) -> None:
    follows, acts = clusters(random.Random(3), True)
    arguments = (
        "--follows", write(tmp_path / "f.csv", ["user_id", "followed_user_id"], follows),
        "--events", write(tmp_path / "e.csv", ["user_id", "item_id", "event"], acts),
    )  # fmt: skip
    found = run(*arguments)["who_to_follow"]
    assert found["recall@10"] > 0.5 and found["adamic_adar_recall@10"] > 0.4
    assert found["likeness"]["ratio"] > 3 and "alike" in found["likeness"]["verdict"]
    other = run(*arguments, "--validation")["who_to_follow"]
    assert other["held_out_edges"] != found["held_out_edges"]
    assert run(*arguments)["who_to_follow"] == found


def test_a_graph_that_tells_nothing_is_said_to_tell_nothing() -> None:
    follows, acts = clusters(random.Random(4), False)
    from recsys.data.records import Follow

    rows = [Follow(str(one), "", str(other)) for one, other in follows]
    found = linked_likeness(follow_data(rows, [(str(user), item) for user, item, _ in acts]))
    assert found["verdict"] == "the graph tells nothing of taste"
    assert 0.7 < found["ratio"] < 1.4


def test_files_without_follows_among_users_are_refused() -> None:
    with pytest.raises(DataError, match="nothing to judge"):
        follow_data([], [("a", "b")])
    result = CliRunner().invoke(command, [])
    assert isinstance(result.exception, DataError) and "--follows" in str(result.exception)
