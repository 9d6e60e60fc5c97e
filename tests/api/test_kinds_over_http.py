"""Kinds of event over HTTP: unknown ones are named, and a withdrawal takes effect at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from recsys.data.records import Event
from recsys.store.store import Store

Json = dict[str, Any]
LATER = time.time() + 1


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of a service that shows counts of single users."""
    return make_app(min_people=1).test_client()


def get(client: FlaskClient, url: str) -> Any:
    response = client.get(url)
    assert response.status_code == 200, response.text
    return response.json


def post(client: FlaskClient, *events: Json) -> Json:
    found = client.post("/events", json=list(events))
    assert found.status_code in (200, 201, 202), found.text
    client.application.extensions["service"].worker.follow()  # as its thread does each second
    answer: Json = found.json
    return answer


def act(kind: str, item: str = "chess-3", user: str = "ann", **more: object) -> Json:
    return {"user_id": user, "item_id": item, "event": kind, **more}


def test_kinds_without_a_weight_are_named_with_the_nearest_known_one(client: FlaskClient) -> None:
    posted = post(client, act("likee"), act("likee", "chess-4"), act("scroll_depth_87"))
    named = {one["event"]: one for one in posted["unknown_kinds"]}
    assert named["likee"]["nearest"] == "like"
    listed = get(client, "/event-kinds")["unknown"], get(client, "/stats")["unknown_kinds"]
    for found in listed:
        unknown = {one["event"]: one for one in found}
        assert unknown["likee"] == {"event": "likee", "count": 2, "nearest": "like"}
        assert unknown["scroll_depth_87"]["count"] == 1
        assert "like" not in unknown  # known kinds are not named


def test_kinds_without_a_weight_change_no_list(client: FlaskClient) -> None:
    before = get(client, "/popular?n=60")["items"]
    post(client, *(act("likee", user=f"fan-{n}") for n in range(30)))
    assert get(client, "/popular?n=60")["items"] == before
    assert "chess-3" in [one["item_id"] for one in get(client, "/recommend/fan-1?n=60")["items"]]


def scores(client: FlaskClient, path: str) -> dict[str, float]:
    return {one["item_id"]: one["score"] or 0.0 for one in get(client, path)["items"]}


def test_a_withdrawn_like_is_undone_in_every_answer(client: FlaskClient) -> None:
    lists = ("/popular?n=60", "/recommend/ann?n=60", "/trending?n=60&window=86400")
    before = [scores(client, path) for path in lists]
    post(client, act("like", timestamp=LATER))
    liked = [scores(client, path) for path in lists]
    assert liked[0]["chess-3"] > before[0]["chess-3"] and "chess-3" not in liked[1]
    result = get(client, "/explain/ann/chess-8")["reasons"]
    assert any(one.get("item_id") == "chess-3" for one in result)
    post(client, act("unlike", timestamp=LATER + 1))
    for now, then in zip((scores(client, path) for path in lists), before, strict=True):
        assert now.keys() == then.keys()
        assert now["chess-3"] == pytest.approx(then["chess-3"], rel=1e-3)
    explained = get(client, "/explain/ann/chess-8")
    assert not any(one.get("item_id") == "chess-3" for one in explained["reasons"])
    assert not any(one.get("item_id") == "chess-3" for one in explained["parts"])
    post(client, act("like", timestamp=LATER + 2))
    assert scores(client, lists[0])["chess-3"] == pytest.approx(liked[0]["chess-3"], rel=1e-3)


def test_a_withdrawal_that_arrives_first_holds(client: FlaskClient) -> None:
    before = scores(client, "/popular?n=60")
    post(client, act("unlike", timestamp=LATER + 1))
    post(client, act("like", timestamp=LATER))
    assert scores(client, "/popular?n=60")["chess-3"] == pytest.approx(before["chess-3"])


def test_a_withdrawal_counts_in_a_long_past(home: Path, make_app: Callable[..., Flask]) -> None:
    """More events than one query reads: a record of the past stays in memory."""
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        store.add_events(
            Event("regular", f"bread-{n % 20}", "like", timestamp=1e9 + n) for n in range(1200)
        )
    client = make_app().test_client()
    assert "chess-3" in scores(client, "/recommend/regular?n=60")
    post(client, act("like", user="regular", timestamp=LATER))
    assert "chess-3" not in scores(client, "/recommend/regular?n=60")
    post(client, act("unlike", user="regular", timestamp=LATER + 1))
    assert "chess-3" in scores(client, "/recommend/regular?n=60")
    parts = get(client, "/explain/regular/chess-8")["parts"]
    assert not any(one.get("item_id") == "chess-3" for one in parts)
