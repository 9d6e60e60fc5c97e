"""Fairness over HTTP: places of new creators, calibrated lists, reports and what creators read."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import keyed
from flask import Flask
from flask.testing import FlaskClient

from api.runtime.app_state import AppState
from jobs.local_recommender import open_service
from recsys.errors import DataError
from recsys.fairness.exposure_report import REPORT, exposure_report
from recsys.settings import Settings
from recsys.store.exposures import Exposure, Shown


def test_new_creators_get_their_places_with_a_reason(make_app: Callable[..., Flask]) -> None:
    app = make_app(creator_floor=0.05)
    client, service = app.test_client(), app.extensions["service"]
    events = [{"user_id": "ann", "item_id": f"bread-{n}", "event": "like"} for n in range(4)]
    assert client.post("/events", json=events).status_code == 201
    before = client.get("/recommend/ann?n=20").json["items"]
    assert not [one for one in before if one["source"] == "new_voice"]
    item = {"title": "dough oven", "category": "bread", "tags": ["bread"], "author_id": "newcomer"}
    new = [item | {"item_id": f"new-{n}", "created_at": time.time() - 60} for n in range(3)]
    assert client.post("/items", json=new).status_code == 201
    service.worker.tick()
    found = client.get("/recommend/ann?n=20").json["items"]
    own = [one for one in found if one["item"]["author_id"] == "newcomer"]
    given = [one for one in found if one["source"] == "new_voice"]
    assert own and given
    for one in given:
        assert one["reasons"][0]["kind"] == "new_voice" and one["rank"] % 10 == 0
        assert one["reasons"][0]["text"] == "It is by somebody who is new here"
    service.worker._write_exposures()
    shown = service.link.exposures().shown_lists(service.pseudonyms.of("ann"))
    kinds = {place.slot_kind for one in shown for place in one.items}
    assert "new_voice" in kinds
    assert service.creator_floor.exposure > 0


def test_a_floor_that_nobody_can_fill_stands_in_health(make_app: Callable[..., Flask]) -> None:
    app = make_app(creator_floor=0.05)
    client, floor = app.test_client(), app.extensions["service"].creator_floor
    client.get("/recommend/ann?n=20")
    assert client.get("/health/ready").json["warnings"] == []
    floor.unmet = True
    assert "creator floor of 5%" in client.get("/health/ready").json["warnings"][0]


def test_calibrated_lists_have_the_topics_of_the_history(client: FlaskClient) -> None:
    events = [
        {"user_id": "eve", "item_id": f"{topic}-{n}", "event": "like"}
        for topic, count in (("sea", 3), ("bread", 3), ("chess", 3))
        for n in range(count)
    ]
    assert client.post("/events", json=events).status_code == 201

    def topics(query: str) -> set[str]:
        found = client.get(f"/recommend/eve?n=9&{query}").json["items"]
        return {one["item"]["category"] for one in found}

    assert topics("calibration=0.95") == {"sea", "bread", "chess"}
    assert client.get("/recommend/nobody?n=9&calibration=0.9").status_code == 200
    assert client.get("/recommend/eve?calibration=2").status_code == 400


def test_one_control_gives_lists_of_more_topics(client: FlaskClient, home: Path) -> None:
    """Somebody of bread, with one act on sea and chess each, is shown bread alone until then."""
    acts = [f"bread-{n}" for n in range(5)] + ["sea-1", "chess-1"]
    events = [{"user_id": "mix", "item_id": item, "event": "like"} for item in acts]
    assert client.post("/events", json=events).status_code == 201

    def topics(path: str) -> int:
        listed = client.get(path).json["items"]
        return len({one["item_id"].partition("-")[0] for one in listed})

    def home_page() -> list[str]:
        row = next(
            row for row in client.get("/home/mix?n=40").json["rows"] if row["kind"] == "for_you"
        )
        return [one["item_id"] for one in row["items"]]

    def change(**body: object) -> list[dict[str, object]]:
        return client.patch("/users/mix/profile", json=body).json["controls"]

    paths = ("/recommend/mix?n=14", "/recommend/mix?n=14&calibration=0")
    assert [topics(path) for path in paths] == [1, 1]
    plain = home_page()
    (control,) = change(controls=[{"action": "widen", "kind": "everything"}])
    assert (control["action"], control["kind"], control["value"]) == ("widen", "everything", "")
    assert change(controls=[{"action": "widen", "kind": "everything"}]) == [control]
    assert all(topics(path) > 1 for path in paths)
    assert home_page() != plain
    with open_service(Settings(home=home)) as engine:
        listed = [one.item_id for one in engine.recommend("mix", 14)]
    assert listed == [one["item_id"] for one in client.get(paths[0]).json["items"]]
    assert client.get("/users/mix/profile").json["controls"] == [control]
    assert change(undo=[control["id"]]) == []
    assert [topics(path) for path in paths] == [1, 1]
    assert home_page() == plain


def test_the_report_of_the_last_night(client: FlaskClient, service: AppState) -> None:
    none = client.get("/fairness").json
    assert none["at"] is None and none["groups"] == []
    with service.link.use() as store:
        store.set_note(REPORT, json.dumps(exposure_report(store.db)))
    found = client.get("/fairness").json
    assert found["at"] > 0 and found["creators"] == 4
    assert keyed(client.application, "read").get("/fairness").status_code == 403


def fill(service: AppState, people: int) -> None:
    held = (Shown("sea-1", 1, "words"), Shown("bread-2", 2, "words"))
    lists = [Exposure(f"{n:032}", time.time(), "one", f"p{n}", "long", held) for n in range(people)]
    with service.link.use():
        service.link.exposures().write(lists, [])


def test_creators_read_their_own_report(client: FlaskClient, service: AppState) -> None:
    fill(service, 19)
    found = client.get("/creators/author-1/report").json
    assert found["items"] == 15 and found["people"] is None
    with service.link.use():
        held = (Shown("sea-1", 1, "words"),)
        own = Exposure("f" * 32, time.time(), "one", "p99", "long", held)
        service.link.exposures().write([own], [])
    found = client.get("/creators/author-1/report").json
    assert (found["people"], found["shown"]) == (20, 20)
    assert len(found["topics"]) == 1 and "author-2" not in json.dumps(found)
    assert client.get("/creators/nobody/report").status_code == 404
    admin = keyed(client.application)
    token = admin.post("/tokens", json={"user_id": "author-1"}).json["token"]
    browser = client.application.test_client()
    browser.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    assert browser.get("/creators/author-1/report").status_code == 200
    assert browser.get("/creators/author-2/report").status_code == 403
    actions = {one["action"] for one in admin.get("/audit").json["entries"]}
    assert "GET /creators/{author_id}/report" in actions


@pytest.mark.parametrize("value", [-0.1, 0.6])
def test_a_floor_of_more_than_half_is_refused(value: float) -> None:
    with pytest.raises(DataError, match="CREATOR_FLOOR"):
        Settings.load({"RECSYS_CREATOR_FLOOR": str(value)})


def test_home_pages_count_toward_the_floor_and_keep_it(make_app: Callable[..., Flask]) -> None:
    app = make_app(creator_floor=0.05)
    client, service = app.test_client(), app.extensions["service"]
    events = [{"user_id": "ann", "item_id": f"bread-{n}", "event": "like"} for n in range(4)]
    item = {"title": "dough oven", "category": "bread", "tags": ["bread"], "author_id": "newcomer"}
    new = [item | {"item_id": f"new-{n}", "created_at": time.time() - 60} for n in range(3)]
    assert client.post("/events", json=events).status_code == 201
    assert client.post("/items", json=new).status_code == 201
    service.worker.tick()
    floor = service.creator_floor
    assert floor.exposure == 0 and floor.due(time.time())
    rows = client.get("/home/ann?n=10").json["rows"]
    shown = [one for row in rows for one in row["items"]]
    given = [one for one in shown if one["source"] == "new_voice"]
    assert given and all(one["reasons"][0]["kind"] == "new_voice" for one in given)
    assert given[0] in rows[0]["items"] and given[0]["rank"] == 10
    places = [1 / math.log2(2 + place) for place in range(len(shown))]
    own = [one["item"]["author_id"] == "newcomer" for one in shown]
    mine = sum(weight for weight, new in zip(places, own, strict=True) if new)
    assert floor.exposure == pytest.approx(mine / sum(places))
    service.worker._write_exposures()
    kept = service.link.exposures().shown_lists(service.pseudonyms.of("ann"))
    assert "new_voice" in {place.slot_kind for one in kept for place in one.items}
