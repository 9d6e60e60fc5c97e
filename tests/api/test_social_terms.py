"""Lists and explanations with what followees took up: who counts, from how many on, and how."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import api_world as world
import pytest
from conftest import keyed
from flask import Flask

ITEM = "sea-5"
PEOPLE = ("pa", "pb", "pc")


@pytest.fixture
def service(make_app: Callable[..., Flask]) -> Callable[..., Any]:
    """Return a maker of clients of a service whose model has learned a term of follows."""

    def make(**settings: Any) -> Any:
        app = make_app(cache_entries=0, rate_limit=0, **settings)
        state = app.extensions["service"]
        live = state.serving.live
        learned = {**live.model.score_model.linear, "followees": 1.0, "followed_authors": 0.5}
        score_model = replace(live.model.score_model, linear=learned)
        live.model = replace(live.model, score_model=score_model)
        client = keyed(app)
        rows = [{"user_id": "fan", "followed_user_id": one} for one in PEOPLE]
        assert client.post("/follows", json=rows).status_code == 201
        return client

    return make


def act(client: Any, user: str, kind: str = "like") -> None:
    answer = client.post("/events", json={"user_id": user, "item_id": ITEM, "event": kind})
    assert answer.status_code == 201, answer.text
    client.application.extensions["service"].worker.tick()


def told(client: Any, language: str = "en") -> str | None:
    """Return the sentence about followees in the explanation of the item, None without one."""
    answer = client.get(f"/explain/fan/{ITEM}?lang={language}")
    assert answer.status_code == 200, answer.text
    every = [*answer.json["reasons"], *answer.json.get("parts", [])]
    return next((one["text"] for one in every if one["kind"] == "followees"), None)


def test_acts_count_and_are_told_from_three_people_on(service: Callable[..., Any]) -> None:
    client = service()
    for one in PEOPLE[:2]:
        act(client, one)
    assert told(client) is None
    act(client, "somebody-else")
    assert told(client) is None
    act(client, PEOPLE[2])
    assert told(client) == "3 people you follow took this up"
    assert told(client, "zh") == "你关注的3个人选择了它"
    listed = client.get("/recommend/fan?n=20&explain=1").json["items"]
    (entry,) = [one for one in listed if one["item_id"] == ITEM]
    assert "3 people you follow took this up" in [one["text"] for one in entry["reasons"]]
    assert not any(name in client.get("/recommend/fan?n=20&explain=1").text for name in PEOPLE)


def test_what_a_setting_calls_public_counts_of_one(service: Callable[..., Any]) -> None:
    client = service(public_kinds=("share",))
    act(client, "pa", "like")
    assert told(client) is None
    act(client, "pb", "share")
    assert told(client) == "Somebody you follow took this up"


@pytest.mark.parametrize("blocker, blocked", [("fan", "pa"), ("pa", "fan")])
def test_a_block_in_either_direction_ends_it(
    service: Callable[..., Any], blocker: str, blocked: str
) -> None:
    client = service()
    for one in PEOPLE:
        act(client, one)
    assert told(client) is not None
    body = {"controls": [{"action": "block", "kind": "user", "value": blocked}]}
    assert client.patch(f"/users/{blocker}/profile", json=body).status_code == 200
    assert told(client) is None


def test_a_muted_followee_counts_no_more_until_the_mute_is_undone(
    service: Callable[..., Any],
) -> None:
    client = service(public_kinds=("share",))
    for one in PEOPLE:
        act(client, one)
    assert told(client) is not None
    body = {"controls": [{"action": "mute", "kind": "user", "value": "pb"}]}
    (mute,) = client.patch("/users/fan/profile", json=body).json["controls"]
    assert told(client) is None
    act(client, "pb", "share")  # an act that counts of one alone
    assert told(client) is None
    act(client, "pa", "share")
    assert told(client) == "Somebody you follow took this up"
    assert client.patch("/users/fan/profile", json={"undo": [mute["id"]]}).status_code == 200
    assert told(client) == "3 people you follow took this up"
    body = {"controls": [{"action": "mute", "kind": "user", "value": "fan"}]}
    client.patch("/users/pc/profile", json=body)  # that they mute the fan hides nothing of theirs
    assert told(client) == "3 people you follow took this up"


def test_an_erased_or_unfollowed_person_counts_no_more(service: Callable[..., Any]) -> None:
    client = service()
    for one in PEOPLE:
        act(client, one)
    assert told(client) is not None
    client.delete("/follows?user_id=fan&followed_user_id=pb")
    assert told(client) is None
    client.post("/follows", json={"user_id": "fan", "followed_user_id": "pb"})
    client.application.extensions["service"].worker.tick()
    assert told(client) is not None
    client.delete("/users/pc")
    client.application.extensions["service"].worker.tick()
    assert told(client) is None


def test_follows_of_people_and_authors_nobody_knows_change_nothing(
    service: Callable[..., Any],
) -> None:
    client = service()
    client.application.extensions["service"].worker.tick()
    before = client.get("/recommend/fan?n=20").json["items"]
    rows = [
        {"user_id": "fan", "followed_user_id": "nobody-knows"},
        {"user_id": "fan", "author_id": "never-wrote"},
    ]
    assert client.post("/follows", json=rows).status_code == 201
    after = client.get("/recommend/fan?n=20").json["items"]
    ids = [one["item_id"] for one in before]
    assert [one["item_id"] for one in after] == ids
    assert [one["score"] for one in after] == pytest.approx([one["score"] for one in before])


def test_an_author_is_named_where_the_weight_was_learned(service: Callable[..., Any]) -> None:
    client = service()
    client.post("/follows", json={"user_id": "fan", "author_id": "author-1"})
    client.application.extensions["service"].worker.tick()
    client.post("/authors", json={"author_id": "author-1", "name": "Ada Writer"})
    answer = client.get("/recommend/fan?n=12&explain=1").json["items"]
    texts = [reason["text"] for one in answer for reason in one["reasons"]]
    assert "You follow Ada Writer" in texts


def test_the_console_and_what_if_count_the_acts_of_followees_as_lists_do(
    service: Callable[..., Any],
) -> None:
    client = service(console="on", min_people=0)
    old = {"user_id": "fan", "item_id": "sea-9", "event": "like", "timestamp": world.NOW - 9e5}
    assert client.post("/events", json=old).status_code == 201
    earlier = time.time() - 3_700  # acts are known by the hour
    for one in PEOPLE:
        act(client, one)
    expected = client.get(f"/explain/fan/{ITEM}").json
    page = client.get(f"/console/why?user=fan&item={ITEM}").text
    assert "3 people you follow took this up" in page
    assert f"<dt>Score</dt><dd>{expected['score']:.3f}</dd>" in page
    assert "3 people you follow took this up" in client.get("/console/user?user=fan").text
    listed = client.get("/recommend/fan?n=20").json["items"]
    found = client.post("/whatif", json={"user": "fan", "as_of": earlier}).json["lists"][0]
    before = found["before"]
    assert [one["item_id"] for one in before] == [one["item_id"] for one in listed]
    assert [one["score"] for one in before] == pytest.approx([one["score"] for one in listed])
    kinds = {
        side: {r["kind"] for one in found[side] for r in one["reasons"]}
        for side in ("before", "after")
    }
    assert "followees" in kinds["before"] and "followees" not in kinds["after"]
