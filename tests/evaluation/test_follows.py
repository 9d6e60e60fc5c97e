"""`recsys evaluate --follows`: rows with and without follows, slices, and what the graph tells."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from worlds import event_table

from jobs.commands.evaluate import command
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import ItemTable
from recsys.data.follow_table import FollowTable
from recsys.data.records import Event, Follow
from recsys.evaluation.follow_homophily import follow_homophily
from recsys.serving.score_model import ScoreModel
from recsys.tuning.social_term_priors import with_social_priors

USERS, ITEMS, GROUPS = 120, 80, 4


def world(seed: int = 3) -> tuple[list[Event], list[Follow], list[Follow]]:
    """Return events of groups with a taste each, follows within groups, and random ones."""
    rng = np.random.default_rng(seed)
    group, kind = rng.integers(0, GROUPS, USERS), rng.integers(0, GROUPS, ITEMS)
    events = []
    for user in range(USERS):
        own = np.flatnonzero(kind == group[user])
        for item in rng.choice(own, min(rng.integers(2, 13), len(own)), replace=False).tolist():
            events.append(Event(f"u{user}", f"i{item}", "like"))
    order = rng.permutation(len(events)).tolist()
    pairs = rng.integers(0, USERS, (2_000, 2)).tolist()
    alike = [(a, b) for a, b in pairs if a != b and group[a] == group[b]]
    others = [(a, b) for a, b in rng.integers(0, USERS, (500, 2)).tolist() if a != b]
    return (
        [events[place] for place in order],
        [Follow(f"u{a}", followed_user_id=f"u{b}") for a, b in dict.fromkeys(alike)],
        [Follow(f"u{a}", followed_user_id=f"u{b}") for a, b in dict.fromkeys(others)],
    )


def data_of(events: list[Event], follows: list[Follow]) -> Dataset:
    table = event_table(events)
    known = FollowTable.of(follows, table.users, ())
    return Dataset.build(replace(table, follows=known), ItemTable.empty(), weights=EventWeights())


def test_follows_within_a_taste_tell_something_and_random_ones_nothing() -> None:
    events, alike, others = world()
    found = follow_homophily(data_of(events, alike), 0)
    assert found is not None and found.telling and found.ratio > 2
    nothing = follow_homophily(data_of(events, others), 0)
    assert nothing is not None and not nothing.telling and 0.7 < nothing.ratio < 1.3
    assert "tells nothing" in nothing.sentence and "tells nothing" not in found.sentence
    strangers = follow_homophily(data_of(events, [Follow("x", followed_user_id="y")]), 0)
    assert strangers is not None and strangers.sentence.startswith("follows: none of the 1 follows")


def test_the_prior_holds_until_a_night_can_judge() -> None:
    linear = with_social_priors(ScoreModel(), None, 2.0).linear
    assert linear["followed_authors"] == 1.5 and linear["followees_short"] > 0
    assert "followees" not in linear  # users with long histories keep their lists
    learned = ScoreModel(linear={"followees": 0.3})
    assert with_social_priors(learned, None).linear["followees"] == 0.3


@pytest.mark.exhaustive
def test_the_command_prints_both_rows_by_length_of_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RECSYS_TUNE_MINUTES", "0.1")
    events, follows, _ = world()
    lines = ["user_id,item_id,event", *(f"{e.user_id},{e.item_id},{e.event}" for e in events)]
    (tmp_path / "events.csv").write_text("\n".join(lines))
    rows = ["user_id,followed_user_id", *(f"{f.user_id},{f.followed_user_id}" for f in follows)]
    (tmp_path / "follows.csv").write_text("\n".join([*rows, "u1,u1"]))  # the last one is refused
    files = ["--events", tmp_path / "events.csv", "--follows", tmp_path / "follows.csv"]
    options = ["--protocol", "leave-last-out", "--models", "default", "--json", tmp_path / "r.json"]
    done = CliRunner().invoke(command, list(map(str, [*files, *options])))
    assert done.exit_code == 0, done.output
    assert "linked users share taste" in done.output.replace("\n", " ")
    found = json.loads((tmp_path / "r.json").read_text())
    assert list(found["models"]) == ["default", "default-without-follows"]
    assert (
        found["follows"]["telling"] and {"all", "history_0_4"} <= found["follows"]["gains"].keys()
    )
    all_users = found["follows"]["gains"]["all"]["ndcg@20"]
    both = [found["models"][name]["metrics"]["ndcg@20"]["mean"] for name in found["models"]]
    assert all_users["mean"] == pytest.approx(both[0] - both[1])
