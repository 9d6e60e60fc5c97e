"""Trends, timelines and entities over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from api_world import NOW
from flask import Flask
from flask.testing import FlaskClient

from api.runtime.app_state import AppState

Json = dict[str, Any]


def get(client: FlaskClient, url: str, status: int = 200) -> Any:
    response = client.get(url)
    assert response.status_code == status, response.text
    return response.json


def act(client: FlaskClient, service: AppState, item: str, n: int, people: int = 0) -> None:
    """Let so many users act on an item, in the hour that it is."""
    events = [
        {
            "user_id": f"visitor-{k % (people or n)}",
            "item_id": item,
            "event": "like",
            "timestamp": time.time() - 0.01 * (n - k),
            "text": "I love it, great" if k == 0 else "",
        }
        for k in range(n)
    ]
    assert client.post("/events", json=events).status_code == 201
    service.worker.tick()
    service.serving.trend_monitor.seconds = 0.0


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An app that tells counts of any number of users."""
    return make_app(min_people=0)


def test_counts_of_few_people_are_not_told(make_app: Callable[..., Flask]) -> None:
    app = make_app(min_people=5)
    client, service = app.test_client(), app.extensions["service"]
    get(client, "/recommend/somebody?n=1")
    before = get(client, "/popular?tags=bread&n=60")["items"]
    act(client, service, "bread-7", 1)
    for url in ("/popular?tags=bread&n=60", "/trending?window=3600&n=60"):
        scores = {one["item_id"]: one["score"] for one in get(client, url)["items"]}
        assert scores["bread-7"] is None
    assert [one["item_id"] for one in before][0] in scores
    act(client, service, "bread-7", 8)
    scores = {one["item_id"]: one["score"] for one in get(client, "/popular?n=60")["items"]}
    assert scores["bread-7"] > 0 and scores["chess-11"] is None
    gorse = {one["Id"]: one["Score"] for one in get(client, "/api/popular?n=60")}
    assert gorse["bread-7"] > 0 and gorse["chess-11"] == 0
    topic = topic_of(client, "bread-7")
    points = get(client, f"/topics/{topic}/timeline?last=3")["points"]
    assert points[-1]["people"] is not None
    assert all(one["people"] is None or one["people"] >= 5 for one in points)


@pytest.fixture
def rises(client: FlaskClient, service: AppState) -> FlaskClient:
    """A client of a service in which many take up chess-3."""
    act(client, service, "chess-3", 40)
    return client


def topic_of(client: FlaskClient, item: str) -> int:
    found: int = get(client, f"/items/{item}")["topics"][0]["id"]
    return found


def test_nothing_rises_in_a_quiet_world(client: FlaskClient) -> None:
    found = get(client, "/trends")
    assert found["trends"] == [] and found["next"] is None
    assert found["now"] == pytest.approx(time.time(), abs=5)


def test_an_item_rises_with_its_topic_tags_and_names(rises: FlaskClient) -> None:
    found = get(rises, "/trends?n=100")["trends"]
    named = {(one["kind"], one["id"]): one for one in found}
    item = named["item", "chess-3"]
    assert item["item"]["item_id"] == "chess-3" and item["name"] == item["item"]["title"]
    assert item["state"] == "rising" and item["people"] == pytest.approx(40, abs=1)
    assert item["start"] <= item["peak"] <= time.time() and item["lift"] > 10
    assert sum(item["last_24_hours"]) >= 40
    about = ("topic", str(topic_of(rises, "chess-3")))
    assert {("tag", "chess"), ("category", "chess"), about} <= set(named)
    assert not [one for one in found if "sea" in one["id"]]
    order = [one["significance"] for one in found]
    assert order == sorted(order, reverse=True) and min(order) >= 3


def test_what_rises_in_what_one_follows(rises: FlaskClient) -> None:
    likes = [{"user_id": "player", "item_id": f"chess-{n}", "event": "like"} for n in (1, 2)]
    rises.post("/events", json=[*likes, {**likes[0], "item_id": "sea-1"}])
    found = get(rises, "/trends?user=player&n=100")["trends"]
    result = {(one["kind"], one["id"]): one["followed"] for one in found}
    assert (
        result["category", "chess"] == result["item", "chess-3"] == pytest.approx(2 / 3, abs=0.01)
    )
    assert get(rises, "/trends?n=1")["trends"][0]["followed"] is None
    rises.post("/events", json={**likes[0], "user_id": "sailor", "item_id": "sea-1"})
    assert get(rises, "/trends?user=sailor")["trends"] == []
    mute = {"controls": [{"action": "mute", "kind": "category", "value": "chess"}]}
    assert rises.patch("/users/player/profile", json=mute).status_code == 200
    assert get(rises, "/trends?user=player")["trends"] == []
    get(rises, "/trends?user=nobody", 404)


def test_filters_and_pages(rises: FlaskClient) -> None:
    whole = get(rises, "/trends?n=100")["trends"]
    page, read = get(rises, "/trends?n=2"), []
    while page["trends"]:
        read += page["trends"]
        if page["next"] is None:
            break
        page = get(rises, page["next"])
    assert read == whole and len(whole) > 2
    assert {one["kind"] for one in get(rises, "/trends?kind=tag")["trends"]} == {"tag"}
    assert get(rises, "/trends?state=fading")["trends"] == []
    assert get(rises, "/trends?min_significance=299")["trends"] == []
    get(rises, "/trends?after=tag-999", 409)
    for bad in ("kind=user", "state=up", "min_significance=-1", "n=0"):
        get(rises, f"/trends?{bad}", 400)


def test_a_flood_is_told_apart(client: FlaskClient, service: AppState) -> None:
    act(client, service, "bread-3", 60, people=2)
    assert get(client, "/trends?kind=item")["trends"] == []
    flood = get(client, "/trends?kind=item&flood=1")["trends"]
    assert [one["id"] for one in flood] == ["bread-3"] and flood[0]["people"] < 5


def test_a_hidden_item_is_no_trend(rises: FlaskClient) -> None:
    rises.patch("/items/chess-3", json={"hidden": True})
    assert "chess-3" not in [one["id"] for one in get(rises, "/trends?kind=item")["trends"]]


def test_the_timeline_of_a_topic(rises: FlaskClient) -> None:
    id = topic_of(rises, "chess-3")
    found = get(rises, f"/topics/{id}/timeline")
    assert len(found["points"]) == 72 and len(found["forecast"]) == 24
    assert sum(point["events"] for point in found["points"][-2:]) >= 40
    times = [point["time"] for point in found["points"] + found["forecast"]]
    assert [b - a for a, b in zip(times, times[1:], strict=False)] == [3600] * 95
    assert sum(point["events"] for point in found["points"][:24]) == pytest.approx(20, abs=8)
    assert all(one["low"] <= one["high"] for one in found["forecast"])
    assert found["trend"]["id"] == str(id) and found["kind"] == "topic"


def test_days_and_groups_of_topics(rises: FlaskClient) -> None:
    groups = get(rises, "/topics?level=1")["topics"]
    lines = [get(rises, f"/topics/{g['id']}/timeline?resolution=day&last=7") for g in groups]
    assert all(len(line["points"]) == 7 and len(line["forecast"]) == 1 for line in lines)
    whole = sum(point["events"] for line in lines for point in line["points"])
    assert whole == pytest.approx(40 + 60 * (6 + time.gmtime(NOW).tm_hour / 24), abs=6)
    get(rises, "/topics/999/timeline", 404)
    get(rises, f"/topics/{groups[0]['id']}/timeline?resolution=minute", 400)


class Happy:
    """A user to whom everything sounds the same."""

    def scores(self, texts: list[str]) -> np.ndarray:
        return np.full(len(texts), 0.75)


def test_the_tone_of_what_was_written(make_app: Any) -> None:
    app = make_app()
    service, client = app.extensions["service"], app.test_client()
    service.serving.feed.sentiment_scorer = Happy()
    act(client, service, "chess-3", 5)
    points = get(client, f"/topics/{topic_of(client, 'chess-3')}/timeline")["points"]
    assert [p["tone"] for p in points if p["tone"] is not None] == [0.75]


def test_entities(client: FlaskClient, service: AppState) -> None:
    titles = (
        "Look at #Eclipse now, @ann",
        "Night walk under the #eclipse, bring glasses",
        "Photographs from our garden https://example.org/x #Eclipse",
    )
    for number, title in enumerate(titles):  # of copies, lists show one
        item = {"item_id": f"post-{number}", "title": title}
        assert client.post("/items", json=item).status_code == 201
    found = get(client, "/entities?kind=hashtag")["entities"]
    assert found == [{"name": "#Eclipse", "kind": "hashtag", "items": 3}]
    assert {one["kind"] for one in get(client, "/entities")["entities"]} >= {"mention", "domain"}
    page = get(client, "/entities?n=1")
    assert get(client, page["next"])["entities"][0] != page["entities"][0]
    assert get(client, "/entities?q=clips")["entities"] == found
    get(client, "/entities?after=nobody", 409)
    one = get(client, "/entities/%23eclipse")
    assert one["name"] == "#Eclipse" and one["items"] == 3 and one["trend"] is None
    assert [each["item_id"] for each in one["latest"]] == ["post-2", "post-1", "post-0"]
    get(client, "/entities/nothing", 404)
    listed = get(client, "/latest?entity=%23ECLIPSE&not_entity=nobody")["items"]
    assert {each["item_id"] for each in listed} == {"post-0", "post-1", "post-2"}
    assert get(client, "/latest?entity=nobody")["items"] == []
    assert len(get(client, "/latest?n=100&not_entity=%23eclipse")["items"]) == 60


def test_the_timeline_of_a_name(client: FlaskClient, service: AppState) -> None:
    client.post("/items", json={"item_id": "post", "title": "#eclipse", "author_id": "ann"})
    act(client, service, "post", 30)
    line = get(client, "/entities/%23Eclipse/timeline")
    assert sum(point["events"] for point in line["points"]) == 31  # the posting is an act
    assert line["trend"]["kind"] == "entity" and not line["trend"]["flood"]
    assert get(client, "/entities/%23eclipse")["last_24_hours"] == 31
    get(client, "/entities/nothing/timeline", 404)


def test_related_names(client: FlaskClient) -> None:
    names = get(client, "/entities?kind=phrase")["entities"]
    for one in names[:3]:
        page = get(client, f"/entities/{one['name']}")
        assert page["items"] == one["items"]
        assert all(other["lift"] > 1 and other["items"] >= 2 for other in page["related"])
