"""One serving core: each way to a personal list gives the same list for one user and moment."""

from __future__ import annotations

import time
from pathlib import Path

import api_world as world
import numpy as np
import pytest
from flask import Flask

from jobs.local_recommender import open_service
from recsys.data.records import Event, Follow, User
from recsys.evaluation.service_adapter import ServiceScorer
from recsys.ranking.gbdt_rerank import live_scores
from recsys.ranking.history import History
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.store.user_controls import Wish
from recsys.tuning.scorer_protocol import Histories

NOW = world.NOW
USERS = ("baker", "stranger", "curious", "follower", "steered", "critic", "fresh", "undecided")


def fill(home: Path) -> None:
    """Add users of every kind, and events after the bundle was made."""
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        store.add_users([User("curious", "", ("chess gambit",)), User("baker", "", ("sea tide",))])
        store.add_follows([Follow("follower", author_id="author-2")])
        many = [f"{topic}-{n}" for topic in ("sea", "bread") for n in range(18)]
        acts = [("steered", name, "like", None, "") for name in many[:22]]
        acts += [("critic", name, "comment", None, "this is terrible") for name in many[20:24]]
        acts += [("critic", "chess-3", "rating", 5.0, ""), ("critic", "chess-4", "rating", 1.0, "")]
        acts += [("fresh", "chess-1", "view", None, ""), ("fresh", "chess-2", "like", None, "")]
        acts += [
            ("undecided", "sea-4", "like", None, ""),
            ("undecided", "sea-4", "unlike", None, ""),
        ]
        acts += [("undecided", "bread-4", "dislike", None, "")]
        store.add_events(
            Event(user, item, kind, value, text, timestamp=NOW - 900.0 + place)
            for place, (user, item, kind, value, text) in enumerate(acts)
        )
        store.change_controls(
            "steered",
            [Wish("mute", "category", "sea"), Wish("boost", "words", "gambit")],
        )


@pytest.mark.parametrize("n", [5, 20])
def test_all_routes_and_commands_give_the_same_list(home: Path, app_after: Flask, n: int) -> None:
    client = app_after.test_client()
    batch = client.post("/recommend/batch", json={"users": list(USERS), "n": n}).json["results"]
    with open_service(Settings(home=home)) as engine:
        for place, user in enumerate(USERS):
            answer = client.get(f"/recommend/{user}?n={n}").json
            listed = [one["item_id"] for one in answer["items"]]
            assert len(listed) == n
            assert [one["item_id"] for one in batch[place]["items"]] == listed
            assert client.get(f"/api/recommend/{user}?n={n}").json == listed
            command = engine.recommend(user, n)
            assert [one.item_id for one in command] == listed
            for ours, theirs in zip(command, answer["items"], strict=True):
                assert ours.score == pytest.approx(theirs["score"], rel=1e-3, abs=1e-4)
                assert (ours.rank, ours.source) == (theirs["rank"], theirs["source"])
                result = [(one.kind, one.text) for one in ours.reasons]
                assert result == [(one["kind"], one["text"]) for one in theirs["reasons"]]


@pytest.fixture
def app_after(home: Path, make_app) -> Flask:  # type: ignore[no-untyped-def]
    fill(home)
    return make_app(cache_entries=0)


def test_interests_and_cold_lists_are_not_those_of_nobody(home: Path, app_after: Flask) -> None:
    """Lists of the users above differ, so that equality of two ways says something."""
    with open_service(Settings(home=home)) as engine:
        lists = {user: [one.item_id for one in engine.recommend(user, 10)] for user in USERS}
    assert len(set(map(tuple, lists.values()))) >= 6
    assert not any(item.startswith("sea") for item in lists["steered"])
    assert time.time() > NOW


def test_the_service_row_of_an_evaluation_gives_the_same_list(home: Path) -> None:
    """Its batch arithmetic and that of its replay, for a user with events alone."""
    with open_service(Settings(home=home)) as engine:
        live = engine.recommender.live
        wanted = [one.item_id for one in engine.recommend("baker", 10)]
        history = History.resolve(engine.state("baker").history, live)
        rows = np.arange(len(live.model), dtype=np.int32)
        scores = {"replay": live_scores(live, history, time.time(), rows)}
        events = Histories(
            np.zeros(1, np.int32),
            np.array([0, len(history)]),
            history.rows,
            history.weights,
            history.times,
            time.time(),
        )
        scores["batch"] = ServiceScorer.of(live.model).score(events)[0]
        for name, values in scores.items():
            values[history.rows] = -np.inf
            best = np.lexsort((rows, -values))[:10]
            assert [live.item_id(int(row)) for row in best] == wanted, name
