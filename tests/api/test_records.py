"""Items, users and events: written, read, listed, deleted; seen by lists at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.runtime.app_state import AppState


def ids(client: FlaskClient, url: str) -> list[str]:
    response = client.get(url)
    assert response.status_code == 200, response.text
    return [entry["item_id"] for entry in response.json["items"]]


def test_a_posted_item_is_retrievable_at_once(client: FlaskClient) -> None:
    item = {"item_id": "new/1", "title": "rook gambit", "category": "chess", "price": 3}
    assert client.post("/items", json=item).json == {"accepted": 1, "new": 1, "duplicates": 0}
    assert "new/1" in ids(client, "/recommend/any?q=rook+gambit&n=60")
    found = client.get("/items/new%2F1").json
    assert found["metadata"] == {"price": 3, "language": "en"} and found["created_at"] > 0
    assert client.get("/items?item_id=new/1").json["items"] == [found]


def test_posting_again_changes_and_keeps_the_date(client: FlaskClient) -> None:
    before = client.get("/items/sea-0").json
    client.post("/items", json={"item_id": "sea-0", "title": "another title"})
    after = client.get("/items/sea-0").json
    assert after["title"] == "another title" and after["created_at"] == before["created_at"]
    shown = client.get("/recommend/x?n=60&fields=title").json["items"]
    assert {"title": "another title"} in [entry["item"] for entry in shown]


@pytest.mark.parametrize("how", ["hidden", "deleted"])
def test_a_hidden_or_deleted_item_vanishes_and_comes_back(client: FlaskClient, how: str) -> None:
    assert "sea-1" in ids(client, "/recommend/x?n=60")
    if how == "hidden":
        assert client.patch("/items/sea-1", json={"hidden": True}).status_code == 200
    else:
        assert client.delete("/items/sea-1").json == {"deleted": {"items": 1}}
    assert "sea-1" not in ids(client, "/recommend/x?n=60")
    assert client.get("/items/sea-1").status_code == 404
    if how == "hidden":
        assert client.patch("/items/sea-1", json={"hidden": False}).json["title"]
    else:
        assert client.delete("/items/sea-1").status_code == 404
        assert client.patch("/items/sea-1", json={"title": "x"}).status_code == 404
        client.post("/items", json={"item_id": "sea-1", "title": "tide"})
    assert "sea-1" in ids(client, "/recommend/x?n=60")
    assert client.get("/items/sea-1").status_code == 200


def test_a_hidden_item_stays_hidden_until_it_is_said(client: FlaskClient) -> None:
    client.patch("/items/sea-1", json={"hidden": True})
    post = {"item_id": "sea-1", "title": "tide again"}
    assert client.post("/items", json=post).status_code == 201
    assert client.put("/items/sea-1", json={"title": "tide"}).json["title"] == "tide"
    assert "sea-1" not in ids(client, "/recommend/x?n=60")
    client.post("/items", json=post | {"hidden": False})
    assert "sea-1" in ids(client, "/recommend/x?n=60")
    client.put("/items/sea-1", json={"title": "tide", "hidden": True})
    assert "sea-1" not in ids(client, "/recommend/x?n=60")
    assert client.get("/items/sea-1").status_code == 404


def test_a_patch_leaves_the_rest(client: FlaskClient) -> None:
    before = client.get("/items/sea-2").json
    after = client.patch("/items/sea-2", json={"title": "tide", "tags": ["a", "a", "b"]}).json
    assert after == {**before, "title": "tide", "tags": ["a", "b"]}


def test_a_null_in_a_patch_empties_the_field(client: FlaskClient) -> None:
    item = {"item_id": "new", "title": "Tide", "text": "Water", "tags": ["sea"], "url": "https://x"}
    client.post("/items", json={**item, "created_at": 1.7e9, "metadata": {"price": 3}})
    names = ("text", "tags", "url", "created_at", "metadata")
    after = client.patch("/items/new", json=dict.fromkeys(names)).json
    assert after["title"] == "Tide" and not {*names} & after.keys()
    assert client.patch("/items/new", json={"hidden": None}).json["title"] == "Tide"


def test_a_field_with_another_name_is_kept_as_metadata_and_told(client: FlaskClient) -> None:
    item = {"item_id": "new", "headline": "A title", "body": "words", "price": 3, "product_id": 7}
    answer = client.post("/items", json=item).json
    assert answer["warnings"] == [
        "headline is kept as metadata; is title meant?",
        "body is kept as metadata; is text meant?",
    ]
    draft = {"item_id": "new", "title": "A title", "post_status": "draft"}
    assert client.post("/items", json=draft).json["warnings"] == [
        "post_status=draft is kept as metadata, and the item is listed: "
        "expires_at, or PUT with hidden=true, keeps it out of lists"
    ]
    ended = {**draft, "expires_at": "2020-01-01T00:00:00Z"}
    assert "warnings" not in client.post("/items", json=ended).json
    both = {"item_id": "new", "title": "A title", "headline": "Another"}
    assert "warnings" not in client.post("/items", json=both).json


def test_put_wants_one_id(client: FlaskClient) -> None:
    assert client.put("/items/p1", json={"title": "tide"}).json["item_id"] == "p1"
    assert client.put("/items/p1", json={"item_id": "p1", "title": "wave"}).json["title"] == "wave"
    assert client.put("/items/p1", json={"item_id": "p2"}).status_code == 409


def test_an_item_seen_in_events_only_is_served_by_id(
    client: FlaskClient, service: AppState
) -> None:
    client.post("/events", json={"user_id": "u", "item_id": "ghost", "event": "like"})
    service.worker.tick()
    assert client.get("/items/ghost").json["item_id"] == "ghost"


def test_items_in_pages_with_etags(client: FlaskClient) -> None:
    url, seen = "/items?n=25", []
    while url:
        page = client.get(url).json
        seen += [item["item_id"] for item in page["items"]]
        url = page["next"]
    assert seen == sorted(seen) and len(seen) == 60
    first = client.get("/items/sea-0")
    again = client.get("/items/sea-0", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""
    client.patch("/items/sea-0", json={"title": "x"})
    changed = client.get("/items/sea-0", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize("shape", ["one", "list", "wrapped", "lines"])
def test_bulk_in_every_shape(client: FlaskClient, shape: str) -> None:
    rows: list[dict[str, Any]] = [{"item_id": f"bulk-{n}", "title": "tide"} for n in range(3)]
    if shape == "lines":
        text = "\n".join(json.dumps(row) for row in rows) + "\n"
        answer = client.post("/items", data=text, content_type="application/x-ndjson")
    else:
        body = {"one": rows[0], "list": rows, "wrapped": {"items": rows}}[shape]
        answer = client.post("/items", json=body)
    assert answer.status_code == 201
    assert answer.json["new"] == (1 if shape == "one" else 3)


def test_events_count_once_and_are_read_back(client: FlaskClient) -> None:
    event = {
        "user_id": "u",
        "item_id": "sea-1",
        "event": "Rating",
        "value": 4,
        "text": "fine",
        "timestamp": "2024-05-01T10:00:00Z",
    }
    assert client.post("/events", json=event).json == {
        "accepted": 1,
        "new": 1,
        "duplicates": 0,
        "unknown_kinds": [],
        "unrecorded_items": [],
    }
    assert client.post("/events", json=event).json == {
        "accepted": 1,
        "new": 0,
        "duplicates": 1,
        "unknown_kinds": [],
        "unrecorded_items": [],
    }
    found = client.get("/events?user_id=u").json
    assert found["next"] is None
    stored = found["events"][0]
    assert stored["event"] == "rating" and stored["value"] == 4.0
    assert stored["timestamp"] == 1714557600.0
    assert client.delete(f"/events/{stored['id']}").json == {"deleted": {"events": 1}}
    assert client.delete(f"/events/{stored['id']}").status_code == 404
    assert client.get("/events?user_id=u").json["events"] == []


def test_events_on_items_without_a_record_are_told(client: FlaskClient) -> None:
    def told(*items: str) -> list[str]:
        rows = [{"user_id": "u", "item_id": id, "event": "view"} for id in items]
        answer = client.post("/events", json=rows)
        assert answer.status_code == 201 and answer.json["new"] == len(items)
        found: list[str] = answer.json["unrecorded_items"]
        return found

    assert told("sea-1", "page:/about", "sea-2", "page:/about") == ["page:/about"]
    assert told("page:/about") == ["page:/about"]  # a row that events made is no record
    assert client.patch("/items/sea-1", json={"hidden": True}).status_code == 200
    assert told("sea-1") == []  # a hidden item has one
    assert (
        client.post("/items", json={"item_id": "page:/about", "title": "About"}).status_code == 201
    )
    assert told("page:/about") == []
    assert client.delete("/items/page:/about").status_code == 200
    assert told("page:/about") == ["page:/about"]
    assert told(*(f"no-{number}" for number in range(150))) == [f"no-{n}" for n in range(100)]


def test_one_wrong_event_stores_none(client: FlaskClient) -> None:
    rows = [{"user_id": "u", "item_id": "sea-1"}, {"user_id": "u"}]
    answer = client.post("/events", json=rows)
    assert answer.status_code == 422
    assert answer.json["error"]["details"][0]["field"] == "1.item_id"
    assert client.get("/events?user_id=u").json["events"] == []


def test_events_in_pages(client: FlaskClient) -> None:
    rows = [{"user_id": "u", "item_id": f"sea-{n}"} for n in range(7)]
    client.post("/events", json=rows)
    url, seen = "/events?user_id=u&n=3", []
    while url:
        page = client.get(url).json
        seen += [event["item_id"] for event in page["events"]]
        url = page["next"]
    assert seen == [f"sea-{n}" for n in range(7)]


def test_users(client: FlaskClient) -> None:
    body = {"name": "Zoe", "interests": ["oven", "oven", "sea"], "language": "en"}
    assert client.put("/users/zoe", json=body).json["interests"] == ["oven", "sea"]
    assert client.get("/users/zoe").json["name"] == "Zoe"
    assert client.get("/users?user_id=zoe").json["users"][0]["user_id"] == "zoe"
    assert client.post("/users", json=[{"user_id": "a"}, {"user_id": "b"}]).json["new"] == 2
    assert [u["user_id"] for u in client.get("/users?n=2").json["users"]] == ["a", "b"]
    assert client.get("/users/nobody").status_code == 404


def test_a_deleted_user_is_gone_everywhere(admin: FlaskClient, service: AppState) -> None:
    admin.get("/recommend/baker?n=3")
    service.worker._write_exposures()
    admin.get("/recommend/baker?n=4")
    deleted = admin.delete("/users/baker").json["deleted"]
    assert deleted["events"] == 6 and deleted["users"] == 1 and deleted["exposures"] == 1
    service.worker._write_exposures()
    who = service.pseudonyms.of("baker")
    assert service.link.exposures().shown_to(who, 0.0) == []
    assert admin.delete("/users/baker").status_code == 404
    assert admin.get("/recommend/baker").json["cold_start"] is True


def test_comments_that_bots_repeat_count_less_and_are_told(
    client: FlaskClient, service: AppState
) -> None:
    ad = "Come and visit my wonderful new shop for cheap shoes"
    rows = [
        {"user_id": f"bot-{n}", "item_id": "sea-3", "event": "comment", "text": ad}
        for n in range(60)
    ]
    others = [
        {**row, "item_id": "chess-3", "text": f"{row['user_id']} has something wonderful to say"}
        for row in rows
    ]
    assert client.post("/events", json=rows + others).json["new"] == 120
    service.worker.follow()
    assert client.get("/stats").json["comments"] == {"repeated": 56, "flood": 0}
    found = {one["item_id"]: one["score"] for one in client.get("/popular?n=500").json["items"]}
    assert found["chess-3"] > 2 * found["sea-3"] > 0
    assert len(client.get("/events?user_id=bot-7").json["events"]) == 2


def test_click_rates_by_source_position_bundle_and_user(
    client: FlaskClient, service: AppState
) -> None:
    shown = client.get("/recommend/baker?n=4").json
    event = {
        "user_id": "baker",
        "item_id": shown["items"][1]["item_id"],
        "event": "click",
        "recommendation_id": shown["recommendation_id"],
    }
    client.post("/events", json=[event, {**event, "event": "like"}])
    other = {**event, "item_id": "never-shown"}
    client.post("/events", json=other)
    service.worker._write_exposures()
    stats = client.get("/stats").json
    assert stats["ctr"]["position"]["2"] == {"shown": 1, "clicked": 1, "ctr": 1.0}
    assert stats["ctr"]["position"]["1"]["clicked"] == 0
    assert stats["ctr"]["bundle"] == {"one": {"shown": 4, "clicked": 1, "ctr": 0.25}}
    assert set(stats["ctr"]["user"]) == {"long"}
    assert stats["counts"]["items"] == 60


def test_what_is_doubtful_is_flagged_and_shown_not_dropped(client: FlaskClient) -> None:
    text = "The harbour master says that the tide will be high and that sailors should stay ashore"
    rows = [
        {"item_id": "first", "text": text},
        {"item_id": "copy", "text": text + "!"},
        {"item_id": "rude", "text": "you stupid idiot"},
    ]
    assert client.post("/items", json=rows).json == {"accepted": 3, "new": 3, "duplicates": 0}
    assert client.post("/items", json=rows).json == {"accepted": 3, "new": 0, "duplicates": 3}
    found = {name: client.get(f"/items/{name}").json for name in ("first", "copy", "rude")}
    flags = {name: one["metadata"].get("flags") for name, one in found.items() if one}
    assert flags["first"] is None and flags["rude"][0]["kind"] == "insult"
    assert flags["copy"] == [
        {"kind": "duplicate", "score": 1.0, "why": "the same text as first", "of": "first"}
    ]
    counted = client.get("/stats").json
    assert counted and counted["flags"]["insult"] == counted["flags"]["duplicate"] == 1
    shown = client.get("/search?q=harbour tide sailors&n=60").json
    assert shown and {one["item_id"] for one in shown["items"]} & {"first", "copy"} == {"first"}
    changed = client.patch("/items/rude", json={"text": "you dear friend"}).json
    assert changed and "flags" not in changed.get("metadata", {})
    again = client.put("/items/copy", json={**(found["copy"] or {}), "title": "x"}).json
    assert again and again["metadata"]["flags"][0]["of"] == "first"


def test_the_tone_of_items_is_told_when_asked_for(client: FlaskClient) -> None:
    rows = [
        {"item_id": "love", "text": "I love this, best day ever"},
        {"item_id": "hate", "text": "I hate this, it is terrible"},
    ]
    client.post("/items", json=rows)
    found = client.get("/items?item_id=love&item_id=hate&tone=1").json
    assert found and [one["tone"] > 0 for one in found["items"]] == [True, False]
    plain = client.get("/items?item_id=love").json
    assert plain and "tone" not in plain["items"][0]


def test_a_scornful_comment_counts_less_in_the_next_list(make_app: Callable[..., Flask]) -> None:
    def first_of(strength: float, words: str) -> list[str]:
        client = make_app(tone_strength=strength).test_client()
        user = f"critic {strength} {words}"
        body = [
            {"user_id": user, "item_id": f"bread-{n}", "event": "comment", "text": words}
            for n in range(4)
        ]
        assert client.post("/events", json=body).status_code == 201
        found = client.get("/recommend", query_string={"user": user, "n": 8}).json
        assert found is not None
        return [one["item_id"].split("-")[0] for one in found["items"]]

    praise, scorn = "I love this, best bread ever", "I hate this, it is terrible"
    assert first_of(2.0, praise).count("bread") == 8
    assert first_of(2.0, scorn).count("bread") == 0
    assert first_of(0.0, scorn).count("bread") == 8


def test_words_that_spell_null_are_words_over_http(client: FlaskClient) -> None:
    assert client.get("/search?q=NULL").status_code == 200
    assert client.post("/items", json={"item_id": "n", "title": "NULL"}).status_code == 201
    assert client.get("/items/n").json["title"] == "NULL"
