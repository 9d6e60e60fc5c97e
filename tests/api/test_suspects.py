"""/suspects: groups with their evidence, ids or pseudonyms as the rights say, and erasure."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import api_world as world
import pytest
from conftest import keyed
from flask import Flask

from api.runtime.app_state import AppState
from recsys.client import Client

MakeApp = Callable[..., Flask]
CROWD = 60


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """An app of a platform with 100 users who like 30 items each within two months."""
    return peopled(make_app())


def peopled(app: Flask) -> Flask:
    """Post what 100 users like."""
    start = time.time() - 60 * 86_400
    items = [one.item_id for one in world.items()]
    events = [
        {
            "user_id": f"member-{user}",
            "item_id": items[(user + 7 * number) % len(items)],
            "event": "like",
            "timestamp": start + 86_400 * (1.7 * number + 0.1 * user) * 0.98,
        }
        for number in range(30)
        for user in range(100)
    ]
    events.sort(key=lambda event: float(event["timestamp"]))
    return result(app, events)


def result(app: Flask, events: list[dict[str, Any]]) -> Flask:
    """Post events and let the worker read them, as its background thread would."""
    assert keyed(app).post("/events", json=events).status_code == 201
    service: AppState = app.extensions["service"]
    with service.link.use() as store:
        service.serving.feed.follow(store)
    return app


def attacked(app: Flask, item: str = "sea-1", crowd: int = CROWD) -> None:
    """Let a crowd of new accounts like one item within a minute."""
    now = time.time() - 120
    events = [
        {"user_id": f"fake-{item}-{n}", "item_id": item, "event": "like", "timestamp": now + n}
        for n in range(crowd)
    ]
    result(app, events)


def test_a_group_is_a_notice_once_whichever_worker_sees_it(make_app: MakeApp) -> None:
    apps = [peopled(make_app()), make_app()]

    def looked() -> int:
        count = 0
        for one in apps:
            service: AppState = one.extensions["service"]
            with service.link.use() as store:
                service.serving.feed.follow(store)
            count += service.suspect_notices.look(service.serving)
        return count

    def notices() -> list[Any]:
        found: list[Any] = (
            keyed(apps[0], "operate").get("/notices?kind=suspicious_group").json["notices"]
        )
        return found

    assert looked() == 0 and notices() == []  # two months of honest likes
    attacked(apps[0])
    assert looked() == 1 and looked() == 0
    (one,) = notices()
    assert one["subject"] == "suspects:sea-1" and one["data"]["voices"] > CROWD / 2
    assert "first" in one["data"]["properties"].split(", ")
    assert "fake-" not in str(one)  # it names nobody
    attacked(apps[0], crowd=CROWD + 30)  # the group grows
    attacked(apps[0], "chess-1")
    assert looked() == 1
    assert [each["data"]["item_id"] for each in notices()] == ["chess-1", "sea-1"]
    apps[0].extensions["service"].suspect_notices._last.clear()  # as after a restart
    assert looked() == 0


def test_a_crowd_is_listed_with_its_evidence(app: Flask) -> None:
    client = keyed(app, "operate")
    assert client.get("/suspects").get_json()["groups"] == []
    attacked(app)
    (group,) = client.get("/suspects").get_json()["groups"]
    assert group["item_id"] == group["item"]["item_id"] == "sea-1"
    assert CROWD / 2 < group["voices"] <= CROWD and group["last"] - group["first"] < 61
    first = next(one for one in group["evidence"] if one["name"] == "first")
    assert first["observed_share"] == 1.0 > 2 * first["expected_share"]
    assert 0 < group["false_alarm_rate"] < 0.05
    assert len(group["accounts"]) > CROWD / 2 and group["more_accounts"] == 0
    one = group["accounts"][0]
    assert one["items"] == 0 and one["since"] == one["at"] and "first" in one["properties"]
    assert {each["user_id"] for each in group["accounts"]} == {None}  # operators read no history
    assert len({each["pseudonym"] for each in group["accounts"]}) == len(group["accounts"])


def test_who_may_list_events_reads_ids_and_the_others_nothing(app: Flask) -> None:
    attacked(app)
    (group,) = keyed(app).get("/suspects").get_json()["groups"]
    assert all(one["user_id"].startswith("fake-sea-1-") for one in group["accounts"])
    for role in ("read", "write", "metrics", "support"):
        assert keyed(app, role).get("/suspects").status_code == 403


def test_groups_come_in_pages_and_the_latest_first(app: Flask) -> None:
    for item in ("sea-1", "chess-2", "sea-3"):
        attacked(app, item)
        time.sleep(0.01)
    client = keyed(app)
    found: list[str] = []
    url = "/suspects?n=1"
    while url:
        page: dict[str, Any] = client.get(url).get_json()
        found += [group["item_id"] for group in page["groups"]]
        url = page["next"]
    assert sorted(found) == ["chess-2", "sea-1", "sea-3"] and found[0] == "sea-3"
    assert client.get("/suspects?after=nothing").status_code == 409


def test_an_erased_account_is_in_no_group_and_nothing_else_is_deleted(app: Flask) -> None:
    attacked(app)
    client = keyed(app)
    before = client.get("/suspects").get_json()["groups"][0]["accounts"]
    gone = before[0]["user_id"]
    assert client.delete(f"/users?user_id={gone}").status_code == 200
    after = client.get("/suspects").get_json()["groups"][0]["accounts"]
    assert {one["user_id"] for one in before} - {one["user_id"] for one in after} == {gone}
    other = before[1]["user_id"]
    assert len(client.get(f"/events?user_id={other}").get_json()["events"]) == 1


def test_without_the_defences_there_are_no_groups(make_app: MakeApp) -> None:
    app = peopled(make_app(defences="off"))
    attacked(app)
    assert keyed(app).get("/suspects").get_json()["groups"] == []


def test_the_client_has_a_method() -> None:
    assert callable(Client.suspects)
