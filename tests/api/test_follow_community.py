"""The community of follows in a profile, and communities that an item reached: never of few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import api_world as world
import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.runtime.app_state import AppState

CHESS = [item.item_id for item in world.items() if item.category == "chess"]
SEA = [item.item_id for item in world.items() if item.category == "sea"]
PLAYERS = [f"p{k:02d}" for k in range(14)]
SAILORS = [f"s{k:02d}" for k in range(12)]


def follow(client: Any, *pairs: tuple[str, str]) -> None:
    rows = [{"user_id": one, "followed_user_id": other} for one, other in pairs]
    assert client.post("/follows", json=rows).status_code == 201


def community(client: Any, user: str) -> Any:
    answer = client.get(f"/users/{user}/profile")
    assert answer.status_code == 200, answer.text
    return answer.json["follow_community"]


@pytest.fixture
def two(make_app: Callable[..., Flask]) -> FlaskClient:
    """Two groups who follow those of their own group, and one follow between them."""
    app = make_app(min_people=3)
    service: AppState = app.extensions["service"]
    service.worker.follow_graph()  # type: ignore[attr-defined]
    client = app.test_client()
    for group, items in ((PLAYERS, CHESS), (SAILORS, SEA)):
        size = len(group)
        follow(
            client, *[(group[k], group[(k + d) % size]) for k in range(size) for d in range(1, 8)]
        )
        likes = [
            {"user_id": user, "item_id": item, "event": "like"}
            for user in group
            for item in items[:4]
        ]
        assert client.post("/events", json=likes).status_code == 201
    follow(client, (PLAYERS[0], SAILORS[0]))
    return client


def test_a_profile_tells_the_own_community_and_what_it_takes_up(two: FlaskClient) -> None:
    found = community(two, PLAYERS[0])
    assert found["users"] == len(PLAYERS)
    (topic,) = found["topics"]
    assert topic["users"] == len(PLAYERS) and "chess" in (topic["value"], topic["name"])
    assert community(two, SAILORS[3])["users"] == len(SAILORS)
    assert not {*PLAYERS[1:], *SAILORS} & set(str(found).split("'"))


def test_who_is_blocked_is_no_member_and_few_are_not_told(two: FlaskClient) -> None:
    blocks = [{"action": "block", "kind": "user", "value": one} for one in PLAYERS[1:5]]
    assert two.patch(f"/users/{PLAYERS[0]}/profile", json={"controls": blocks}).status_code == 200
    found = community(two, PLAYERS[0])
    assert found is not None and found["users"] == len(PLAYERS) - 4
    assert community(two, PLAYERS[9])["users"] in (len(PLAYERS), len(PLAYERS) + 1)
    more = [{"action": "mute", "kind": "user", "value": one} for one in PLAYERS[5:7]]
    two.patch(f"/users/{PLAYERS[0]}/profile", json={"controls": more})
    assert community(two, PLAYERS[0]) is None
    two.post("/users", json={"user_id": "lone"})
    assert community(two, "lone") is None


def test_spread_tells_how_many_communities_were_reached(two: FlaskClient) -> None:
    rows = [
        {"user_id": user, "item_id": CHESS[0], "event": "share"}
        for user in (*PLAYERS[1:9], *SAILORS[:2])
    ]
    assert two.post("/events", json=rows[:2]).status_code == 201
    assert two.get(f"/items/{CHESS[0]}/spread").json["communities"] is None
    two.post("/events", json=rows[2:])
    found = two.get(f"/items/{CHESS[0]}/spread").json["communities"]
    assert found == {"reached": 1, "users": [8]}
