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


def act(client: Any, users: list[str], at: float, event: str = "like") -> None:
    rows = [
        {"user_id": user, "item_id": CHESS[5], "event": event, "timestamp": at + place}
        for place, user in enumerate(users)
    ]
    assert client.post("/events", json=rows).status_code == 201


def influence(client: Any, user: str) -> Any:
    return client.get(f"/users/{user}/profile").json["follow_influence"]


def test_who_is_followed_by_ten_and_moves_them_has_influence_in_the_topic(
    two: FlaskClient,
) -> None:
    leader, crowd, day = "lead", [*PLAYERS, *SAILORS], 86_400.0
    start = 1_750_000_000.0
    follow(two, *[(one, leader) for one in crowd])
    assert influence(two, leader) == []
    act(two, [leader], start)
    act(two, crowd[:9], start + 60)
    assert influence(two, leader) == []  # of nine nothing is told
    act(two, crowd[9:12], start + 2 * day)  # later than a day
    act(two, crowd[12:14], start - 60, "dislike")
    assert influence(two, leader) == []
    act(two, crowd[14:17], start + 600)
    (found,) = influence(two, leader)
    assert (found["after"], found["before"], found["followers"]) == (12, 0, 12)
    assert found["score"] == round(12 / 17, 4) and "chess" in (found["value"], found["name"])
    assert not set(crowd) & set(str(found).split("'"))
    act(two, crowd[17:20], start - 600)
    assert influence(two, leader)[0]["before"] == 3
    act(two, crowd[20:26], start - 600)
    assert [one["before"] for one in influence(two, leader)] == [9]
    mutes = [{"action": "mute", "kind": "user", "value": one} for one in crowd[:3]]
    two.patch(f"/users/{leader}/profile", json={"controls": mutes})
    assert influence(two, leader) == []  # nine are left
