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
        "--follows",
        write(tmp_path / "f.csv", ["user_id", "followed_user_id"], follows),
        "--events",
        write(tmp_path / "e.csv", ["user_id", "item_id", "event"], acts),
    )
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


def test_cascades_along_edges_are_foreseen_and_sizes_told(tmp_path: Path) -> None:
    rng = random.Random(5)
    followers = {user: rng.sample(range(60), 4) for user in range(60)}
    rows = []
    for item in range(80):
        split = "train" if item < 60 else "valid" if item < 70 else "test"
        user, seen, time = rng.randrange(60), list[int](), 1000.0 * item
        quick = item % 2
        for place in range(16):
            seen.append(user)
            rows.append((item, split, place, user, time))
            time += rng.uniform(1, 60) if quick else rng.uniform(3_000, 9_000)
            user = next((f for f in followers[user] if f not in seen), -1)
            if user < 0:
                user = next(k for k in range(60) if k not in seen)
    edges = [(follower, user) for user, own in followers.items() for follower in own]
    found = run(
        "--cascades",
        write(tmp_path / "c.csv", ["item_id", "split", "position", "user_id", "timestamp"], rows),
        "--follows",
        write(tmp_path / "f.csv", ["user_id", "followed_user_id"], edges),
    )
    assert found["next_sharer"]["with_edges"]["hits@10"] > 50
    assert found["next_sharer"]["cascades"] == 10
    assert found["size"]["ratio"] < 0.5


def test_stances_are_learned_kept_and_read(tmp_path: Path, monkeypatch: Any) -> None:
    from recsys.social_network.stance import StanceModel, StanceText

    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    rows = []
    says = [("deny", "gibberishword never"), ("support", "gladword sure"), ("comment", "so so")]
    for thread in range(30):
        split = "test" if thread % 5 == 0 else "train"
        rows.append((split, f"t{thread}", "", 1, "support", "true", "a claim"))
        for number, (stance, text) in enumerate(says):
            reply = (split, f"t{thread}-{number}", f"t{thread}", 2, stance, "", text)
            rows.append(reply)
    header = ["split", "item_id", "parent_id", "timestamp", "stance", "veracity", "text"]
    path = write(tmp_path / "t.csv", header, rows)
    found = run("--threads", path, "--save")["threads"]
    assert found["stance"]["accuracy"] > 0.9 > found["stance_without_training"]["accuracy"]
    model = StanceModel.of_home(tmp_path / "home")
    chances = model.probabilities([StanceText("gibberishword never", 1, "a claim")])
    assert model.trained and int(chances.argmax()) == 2
    (tmp_path / "home" / "stance" / "stance.json").write_text("[1]")
    with pytest.raises(DataError, match="no model of stances"):
        StanceModel.of_home(tmp_path / "home")
