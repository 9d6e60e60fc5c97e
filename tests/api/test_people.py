"""Controls, export and erasure over HTTP: in force at once, listed, reversible, with a receipt."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.logs import JsonFormatter
from api.service import Service

WHO = "erika.mustermann/1@example.org"
URL = "/users/erika.mustermann%2F1@example.org"


def change(client: FlaskClient, user: str, **body: object) -> list[dict[str, object]]:
    answer = client.patch(f"/users/{user}/profile", json=body)
    assert answer.status_code == 200, answer.json
    found: list[dict[str, object]] = answer.json["controls"]
    return found


def test_controls_are_listed_and_taken_back(client: FlaskClient) -> None:
    mute = {"action": "mute", "kind": "author", "value": "author-1"}
    more = {"action": "more", "kind": "item", "value": "sea-3"}
    found = change(client, "baker", controls=[mute, more])
    assert [(c["action"], c["value"], c["name"]) for c in found] == [
        ("mute", "author-1", "author-1"), ("boost", "sea-3", "wave anchor"),
    ]  # fmt: skip
    (left,) = change(client, "baker", undo=[found[0]["id"]])
    assert left == found[1]
    assert change(client, "baker", reset=True) == []
    assert change(client, "somebody new", controls=[mute])[0]["action"] == "mute"


@pytest.mark.parametrize("body, status", [
    ({"undo": [999]}, 409), ({"undo": [0]}, 422), ({"controls": [{"action": "mute"}]}, 422),
    ({"controls": [{"action": "mute", "kind": "everything"}]}, 422),
    ({"controls": [{"action": "adore", "kind": "item", "value": "1"}]}, 422),
    ({"controls": [{"action": "mute", "kind": "item", "value": " "}]}, 422), ({"mute": []}, 422),
])  # fmt: skip
def test_a_wrong_change_is_refused_whole(client: FlaskClient, body: object, status: int) -> None:
    assert client.patch("/users/baker/profile", json=body).status_code == status
    assert change(client, "baker") == []


def test_an_export_holds_all_there_is(client: FlaskClient, service: Service) -> None:
    client.put("/users/baker", json={"name": "B", "interests": ["oven"], "language": "de"})
    change(client, "baker", controls=[{"action": "forget", "kind": "everything"}])
    shown = client.get("/recommend/baker?n=2").json
    click = {"user_id": "baker", "item_id": shown["items"][0]["item_id"], "event": "click",
             "recommendation_id": shown["recommendation_id"]}  # fmt: skip
    client.post("/events", json=click)
    service.worker._write_exposures()
    found = client.get("/users/baker/export").json
    assert found["user"]["interests"] == ["oven"] and found["controls"][0]["action"] == "forget"
    assert [event["event"] for event in found["events"]] == ["like"] * 6 + ["click"]
    (one,) = found["shown"]
    assert len(one["items"]) == 2 and one["outcomes"][0]["event"] == "click"
    assert one["person"] == found["person"] != "baker"
    assert client.get("/users/nobody/export").status_code == 404


def test_a_long_export_comes_in_pages(client: FlaskClient) -> None:
    rows = [{"user_id": "busy", "item_id": f"sea-{n % 20}", "timestamp": 1e9 + n}
            for n in range(2_300)]  # fmt: skip
    client.post("/events", json=rows)
    response = client.get("/users/busy/export")
    assert response.is_streamed
    found = json.loads(response.data)
    assert len(found["events"]) == 2_300 and found["shown"] == []


def test_the_receipt_names_every_place(client: FlaskClient, service: Service) -> None:
    client.post("/events", json={"user_id": WHO, "item_id": "sea-1", "text": "a secret"})
    receipt = client.delete(URL).json
    assert receipt["user"] == WHO and receipt["deleted"]["events"] == 1
    assert {place["place"] for place in receipt["places"]} >= {
        "store", "shown lists", "reject files", "night files", "bundles", "logs",
    }  # fmt: skip
    assert receipt["person"] == service.pseudonyms.of(WHO)


def test_a_second_erasure_and_an_unknown_user_are_told_apart(client: FlaskClient) -> None:
    assert client.delete("/users/baker").status_code == 200
    again, never = client.delete("/users/baker"), client.delete("/users/nobody")
    assert again.status_code == never.status_code == 404
    assert again.json["error"]["code"] == "erased" and "nothing is held" in again.text
    assert never.json["error"]["code"] == "not_found"
    client.post("/events", json={"user_id": "baker", "item_id": "sea-1"})
    assert client.delete("/users/baker").json["deleted"]["events"] == 1


def test_no_file_holds_an_erased_id(
    client: FlaskClient, service: Service, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (home / "rejects").mkdir()
    (home / "rejects" / "events-1.jsonl").write_text(
        json.dumps({"file": "f", "line": 1, "column": "value", "reason": "is wrong",
                    "raw": json.dumps({"user_id": WHO})}) + "\n"
    )  # fmt: skip
    client.post("/events", json={"user_id": WHO, "item_id": "sea-1", "event": "like"})
    client.put(URL, json={"name": "Erika"})
    change(client, URL[7:], controls=[{"action": "mute", "kind": "tag", "value": "rook"}])
    client.get("/recommend?user=erika.mustermann%2F1@example.org")
    service.worker.tick()
    held = [p for p in home.rglob("*") if p.is_file() and WHO.encode() in p.read_bytes()]
    assert {path.name for path in held} >= {"events-1.jsonl"}  # the search finds what is there
    assert client.delete(URL).status_code == 200
    service.worker.tick()
    files = [p for p in home.rglob("*") if p.is_file()]
    assert len(files) > 10 and any("bundles" in str(path) for path in files)
    assert [p for p in files if WHO.encode() in p.read_bytes()] == []
    assert WHO not in "".join(JsonFormatter().format(record) for record in caplog.records)


def test_other_workers_forget_too(make_app: Callable[..., Flask]) -> None:
    one, two = make_app(), make_app()
    service: Service = two.extensions["service"]
    two.test_client().get("/recommend/baker?n=3")
    who = service.pseudonyms.of("baker")
    assert service.exposures.waiting(who) and service.cache._kept
    assert one.test_client().delete("/users/baker").status_code == 200
    service.worker.follow()
    assert not service.exposures.waiting(who) and not service.cache._kept
    assert two.test_client().get("/recommend/baker").json["cold_start"] is True


def test_a_failure_is_logged_without_the_id(app: Flask) -> None:
    with app.test_request_context("/"):
        from flask import g

        g.user = WHO
        try:
            raise KeyError(WHO)
        except KeyError:
            record = logging.getLogger("recsys.api").makeRecord(
                "recsys.api", logging.ERROR, "", 0, "failed", (), __import__("sys").exc_info()
            )
        assert WHO not in JsonFormatter().format(record)
        assert "<user>" in JsonFormatter().format(record)
