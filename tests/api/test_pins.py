"""Pins over HTTP: of a request and of operators, which obey what all items obey."""

from __future__ import annotations

import time
from pathlib import Path

import api_world as world
import pytest
from conftest import keyed
from flask import Flask
from flask.testing import FlaskClient

from recsys.errors import DataError
from recsys.store.pins import Pins
from recsys.store.store import Store


def ids(answer: dict) -> list[str]:
    return [one["item_id"] for one in answer["items"]]


def test_a_pin_of_a_request_stands_at_its_position_on_every_list(client: FlaskClient) -> None:
    for path in ("/recommend/nobody", "/trending", "/latest", "/popular", "/similar/sea-1"):
        plain = ids(client.get(f"{path}?n=6").json)
        pinned = client.get(f"{path}?n=6&pin=bread-7@2").json
        rest = [name for name in plain if name != "bread-7"]
        assert ids(pinned)[1] == "bread-7"
        assert ids(pinned)[:1] + ids(pinned)[2:] == rest[:5]
        one = pinned["items"][1]
        assert one["source"] == "pinned"
        assert [reason["kind"] for reason in one["reasons"]] == ["pinned"]
        assert one["reasons"][0]["text"] == "It is pinned here"
        assert [each["rank"] for each in pinned["items"]] == [1, 2, 3, 4, 5, 6]
        assert "warnings" not in pinned


def test_a_pin_stands_once_over_all_pages(client: FlaskClient) -> None:
    seen, following = list[str](), "/recommend/nobody?n=4&pin=bread-7@6&pin=bread-8@1"
    for _ in range(4):
        answer = client.get(following).json
        seen += ids(answer)
        following = answer["next"]
    assert len(set(seen)) == len(seen) == 16
    assert (seen[0], seen[5]) == ("bread-8", "bread-7")


def test_pins_obey_mutes_filters_and_what_was_seen(client: FlaskClient) -> None:
    mute = {"controls": [{"action": "mute", "kind": "item", "value": "bread-1"}]}
    assert client.patch("/users/ann/profile", json=mute).status_code == 200
    event = {"user_id": "ann", "item_id": "bread-2", "event": "like"}
    assert client.post("/events", json=event).status_code == 201
    assert client.patch("/items/bread-3", json={"hidden": True}).status_code == 200
    pins = "&".join(f"pin={name}@1" for name in ("bread-1", "bread-2", "bread-3", "x", "sea-1"))
    answer = client.get(f"/recommend/ann?n=5&not_category=sea&{pins}").json
    assert not {"bread-1", "bread-2", "bread-3", "sea-1"} & set(ids(answer))
    why = " ".join(answer["warnings"])
    for name, word in (
        ("bread-1", "muted"),
        ("bread-2", "acted on"),
        ("bread-3", "hidden"),
        ("x", "no such item"),
        ("sea-1", "filters"),
    ):
        assert [text for text in answer["warnings"] if text.startswith(f"pin {name}:")], why
        assert word in why
    listed = client.get("/latest?n=5&category=bread&pin=sea-1@1").json
    assert "sea-1" not in ids(listed)
    assert listed["warnings"] == ["pin sea-1: filters or exclude= leave the item out"]


@pytest.mark.parametrize("pin", ["bread-1", "bread-1@0", "bread-1@101", "@1"])
def test_what_is_no_pin_is_refused(client: FlaskClient, pin: str) -> None:
    answer = client.get(f"/recommend/ann?pin={pin}")
    assert answer.status_code == 400
    assert "ID@POSITION" in answer.text


def test_operators_pin_items_for_a_time(client: FlaskClient) -> None:
    now = time.time()
    before = ids(client.get("/recommend/nobody?n=5").json)
    made = client.post("/pins", json={"item_id": "bread-9", "position": 3, "end": now + 3600})
    assert made.status_code == 201
    assert made.json["in_force"] is True
    later = client.post("/pins", json={"item_id": "bread-8", "position": 1, "start": now + 900})
    assert later.json["in_force"] is False
    answer = client.get("/recommend/nobody?n=5").json
    assert ids(answer) == [*before[:2], "bread-9", *before[2:4]]
    queried = client.get("/recommend/nobody?n=5&pin=chess-9@3").json
    assert ids(queried)[2:4] == ["chess-9", "bread-9"]
    rows = client.get("/home/nobody?n=5").json["rows"]
    assert ids(rows[0])[2] == "bread-9"
    assert "bread-9" not in ids(client.get("/trending?n=5").json)
    assert [pin["item_id"] for pin in client.get("/pins").json["pins"]] == ["bread-9", "bread-8"]
    assert client.delete(f"/pins/{made.json['id']}").json == {"deleted": {"pins": 1}}
    assert ids(client.get("/recommend/nobody?n=5").json) == before
    assert client.delete(f"/pins/{made.json['id']}").status_code == 404


def test_a_pin_ends_although_answers_are_kept(client: FlaskClient, home: Path) -> None:
    service = client.application.extensions["service"]
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        end = time.time() + 1.5
        Pins(store.db).add("bread-9", 1, None, end)
    service.load_pins()
    assert ids(client.get("/recommend/nobody?n=3").json)[0] == "bread-9"
    assert service.pins.next_change(time.time()) == end
    time.sleep(max(end - time.time(), 0) + 0.05)
    assert ids(client.get("/recommend/nobody?n=3").json)[0] != "bread-9"


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"item_id": "nobody-knows", "position": 1}, 404, "item"),
        ({"item_id": "bread-3", "position": 1}, 404, "hidden"),
        ({"item_id": "bread-1", "position": 0}, 422, "position"),
        ({"item_id": "bread-1", "position": 1, "end": 1_000_000_000}, 409, "end"),
    ],
)
def test_a_pin_that_cannot_hold_is_refused(
    client: FlaskClient, body: dict, status: int, word: str
) -> None:
    assert client.patch("/items/bread-3", json={"hidden": True}).status_code == 200
    answer = client.post("/pins", json=body)
    assert answer.status_code == status, answer.text
    assert word in answer.text


def test_pins_are_changed_by_operators_and_audited(app: Flask) -> None:
    operator, reader = keyed(app, "operate"), keyed(app, "read")
    body = {"item_id": "bread-1", "position": 1}
    assert reader.post("/pins", json=body).status_code == 403
    assert operator.post("/pins", json=body).status_code == 201
    entries = keyed(app, "admin").get("/audit").json["entries"]
    done = {(entry["action"], entry["outcome"]) for entry in entries}
    assert {("POST /pins", "done"), ("POST /pins", "refused")} <= done


def test_pins_are_logged_as_pinned_and_say_nothing_of_positions(client: FlaskClient) -> None:
    answer = client.get("/recommend/nobody?n=3&pin=bread-7@1&explore=0.5").json
    service = client.application.extensions["service"]
    service.worker.tick()
    one = service.link.exposures().shown_lists(service.pseudonyms.of("nobody"))[-1]
    assert one.recommendation_id == answer["recommendation_id"]
    first = one.items[0]
    assert (first.item_id, first.slot_kind, first.propensity) == ("bread-7", "pinned", None)
    rates = service.link.exposures().rates(0.0)
    assert rates["slot_kind"]["pinned"].shown == 1
    assert "1" not in rates["position"]
    assert sum(rate.shown for rate in rates["position"].values()) == 2


def test_too_many_pins_are_refused(home: Path) -> None:
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        pins = Pins(store.db)
        for number in range(100):
            pins.add(f"item-{number}", 1 + number, None, world.NOW + 86_400.0)
        with pytest.raises(DataError, match="100 pins"):
            pins.add("one-more", 1)
