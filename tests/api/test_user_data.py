"""Controls, export and erasure over HTTP: in force at once, listed, reversible, with a receipt."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import keyed
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.logs import JsonFormatter
from api.runtime.app_state import AppState

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
        ("mute", "author-1", "author-1"),
        ("boost", "sea-3", "wave anchor"),
    ]
    (left,) = change(client, "baker", undo=[float(str(found[0]["id"]))])
    assert left == found[1]
    assert change(client, "baker", reset=True) == []
    assert change(client, "somebody new", controls=[mute])[0]["action"] == "mute"


@pytest.mark.parametrize(
    "body, status",
    [
        ({"undo": [999]}, 409),
        ({"undo": [0]}, 422),
        ({"controls": [{"action": "mute"}]}, 422),
        ({"controls": [{"action": "mute", "kind": "everything"}]}, 422),
        ({"controls": [{"action": "widen", "kind": "topic", "value": "1"}]}, 422),
        ({"controls": [{"action": "adore", "kind": "item", "value": "1"}]}, 422),
        ({"controls": [{"action": "mute", "kind": "item", "value": " "}]}, 422),
        ({"mute": []}, 422),
    ],
)
def test_a_wrong_change_is_refused_whole(client: FlaskClient, body: object, status: int) -> None:
    assert client.patch("/users/baker/profile", json=body).status_code == status
    assert change(client, "baker") == []


def test_an_export_holds_all_there_is(admin: FlaskClient, service: AppState) -> None:
    admin.put("/users/baker", json={"name": "B", "interests": ["oven"], "language": "de"})
    change(admin, "baker", controls=[{"action": "forget", "kind": "everything"}])
    shown = admin.get("/recommend/baker?n=2").json
    click = {
        "user_id": "baker",
        "item_id": shown["items"][0]["item_id"],
        "event": "click",
        "recommendation_id": shown["recommendation_id"],
    }
    admin.post("/events", json=click)
    service.worker._write_exposures()
    found = admin.get("/users/baker/export").json
    assert found["user"]["interests"] == ["oven"] and found["controls"][0]["action"] == "forget"
    assert [event["event"] for event in found["events"]] == ["like"] * 6 + ["click"]
    (one,) = found["shown"]
    assert len(one["items"]) == 2 and one["outcomes"][0]["event"] == "click"
    assert one["variant"].keys() == {"aa"} and one["items"][0]["slot_kind"] == "ranked"
    assert one["items"][0]["propensity"] == one["items"][0]["probability"] == 1.0
    assert one["person"] == found["person"] != "baker"
    assert admin.get("/users/nobody/export").status_code == 404


def test_a_long_export_comes_in_pages(admin: FlaskClient) -> None:
    rows = [
        {"user_id": "busy", "item_id": f"sea-{n % 20}", "timestamp": 1e9 + n} for n in range(2_300)
    ]
    admin.post("/events", json=rows)
    response = admin.get("/users/busy/export")
    assert response.is_streamed
    found = json.loads(response.data)
    assert len(found["events"]) == 2_300 and found["shown"] == []


def test_the_receipt_names_every_place(admin: FlaskClient, service: AppState) -> None:
    admin.post("/events", json={"user_id": WHO, "item_id": "sea-1", "text": "a secret"})
    receipt = admin.delete(URL).json
    assert receipt["user"] == WHO and receipt["deleted"]["events"] == 1
    assert {place["place"] for place in receipt["places"]} >= {
        "store",
        "shown lists",
        "reject files",
        "night files",
        "bundles",
        "logs",
    }
    assert receipt["person"] == service.pseudonyms.of(WHO)


def test_a_second_erasure_and_an_unknown_user_are_told_apart(admin: FlaskClient) -> None:
    assert admin.delete("/users/baker").status_code == 200
    again, never = admin.delete("/users/baker"), admin.delete("/users/nobody")
    assert again.status_code == never.status_code == 404
    assert again.json["error"]["code"] == "erased" and "nothing is held" in again.text
    assert never.json["error"]["code"] == "not_found"
    admin.post("/events", json={"user_id": "baker", "item_id": "sea-1"})
    assert admin.delete("/users/baker").json["deleted"]["events"] == 1


@pytest.mark.parametrize("odd", ["a/profile", "export", "x/export", "/", "a/export/profile", "?"])
def test_a_user_of_an_odd_id_is_seen_and_erased(admin: FlaskClient, odd: str) -> None:
    admin.post("/events", json={"user_id": odd, "item_id": "sea-1"})
    path = f"/users/{quote(odd, safe='')}"
    assert admin.get(f"{path}/export").json["user"]["user_id"] == odd
    assert admin.get(f"{path}/profile").json["user"] == odd
    assert change(admin, quote(odd, safe=""), controls=[control("mute", "tag", "x")])
    assert admin.delete("/users", query_string={"user_id": odd}).json["user"] == odd
    assert admin.put("/users/x/profile", json={}).status_code == 405


def test_no_file_holds_an_erased_id(
    admin: FlaskClient, service: AppState, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (home / "rejects").mkdir()
    (home / "rejects" / "events-1.jsonl").write_text(
        json.dumps(
            {
                "file": "f",
                "line": 1,
                "column": "value",
                "reason": "is wrong",
                "raw": json.dumps({"user_id": WHO}),
            }
        )
        + "\n"
    )
    admin.post("/events", json={"user_id": WHO, "item_id": "sea-1", "event": "like"})
    admin.put(URL, json={"name": "Erika"})
    change(admin, URL[7:], controls=[{"action": "mute", "kind": "tag", "value": "rook"}])
    admin.get("/recommend?user=erika.mustermann%2F1@example.org")
    service.worker.tick()
    held = [p for p in home.rglob("*") if p.is_file() and WHO.encode() in p.read_bytes()]
    assert {path.name for path in held} >= {"events-1.jsonl"}  # the search finds what is there
    assert admin.delete(URL).status_code == 200
    service.worker.tick()
    files = [p for p in home.rglob("*") if p.is_file()]
    assert len(files) > 10 and any("bundles" in str(path) for path in files)
    assert [p for p in files if WHO.encode() in p.read_bytes()] == []
    assert WHO not in "".join(JsonFormatter().format(record) for record in caplog.records)


def test_other_workers_forget_too(make_app: Callable[..., Flask]) -> None:
    one, two = make_app(), make_app()
    service: AppState = two.extensions["service"]
    two.test_client().get("/recommend/baker?n=3")
    who = service.pseudonyms.of("baker")
    assert service.exposures.waiting(who) and service.cache._kept
    assert keyed(one).delete("/users/baker").status_code == 200
    service.worker.follow()
    assert not service.exposures.waiting(who) and not service.cache._kept
    assert keyed(two).get("/recommend/baker").json["cold_start"] is True


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


def control(action: str, kind: str, value: str) -> dict[str, str]:
    return {"action": action, "kind": kind, "value": value}


def listed(client: FlaskClient, query: str = "?n=60") -> list[str]:
    return [entry["item_id"] for entry in client.get("/recommend/baker" + query).json["items"]]


def test_a_mute_holds_in_the_next_answer_of_every_worker(make_app: Callable[..., Flask]) -> None:
    one, two = make_app().test_client(), make_app().test_client()
    before = listed(two)
    assert listed(one) == listed(two) == before
    (mute,) = change(one, "baker", controls=[control("mute", "author", "author-1")])
    for client in (one, two):
        muted = listed(client)
        assert muted and not [item for item in muted if int(item.split("-")[1]) % 4 == 1]
        fresh = client.get("/recommend/baker?n=60&explore=0.5").json["items"]
        assert not [e for e in fresh if e["item"]["author_id"] == "author-1"]
    change(two, "baker", undo=[mute["id"]])
    assert listed(one) == listed(two) == before


def test_a_boost_is_told_in_the_reasons(client: FlaskClient) -> None:
    change(client, "baker", controls=[control("boost", "category", "chess")])
    found = client.get("/recommend/baker?n=60&explain=1").json["items"]
    chess = next(entry for entry in found if entry["item_id"].startswith("chess"))
    result = next(reason for reason in chess["reasons"] if reason["kind"] == "steered")
    assert result["text"] == "You asked for more of chess" and result["share"] > 0
    assert sum(reason["share"] for reason in chess["reasons"]) == pytest.approx(1.0, abs=1e-5)


def test_muting_everything_gives_an_empty_list_that_says_why(client: FlaskClient) -> None:
    names = ("sea", "chess", "bread")
    change(client, "baker", controls=[control("mute", "category", name) for name in names])
    found = client.get("/recommend/baker").json
    assert found["items"] == [] and found["next"] is None
    assert found["notice"].startswith("You muted 60 of 60 items")
    assert client.get("/recommend/baker?lang=zh").json["notice"].startswith("你屏蔽了60项")
    assert change(client, "baker", reset=True) == [] and "notice" not in (
        client.get("/recommend/baker?n=5").json
    )


def test_what_is_forgotten_counts_no_more(client: FlaskClient) -> None:
    nobody = client.get("/recommend/nobody?n=60&diversity=0").json["items"]
    stranger = [entry["item_id"] for entry in nobody]
    change(client, "baker", controls=[{"action": "forget", "kind": "everything"}])
    seen = {f"bread-{n}" for n in range(6)}
    assert listed(client, "?n=60&diversity=0") == [item for item in stranger if item not in seen]


@pytest.mark.parametrize(
    "url",
    [
        "/recommend/baker?explain=1&n=5",
        "/trending?n=5",
        "/similar/sea-1?n=5",
        "/search?q=rook",
        "/latest?n=5",
        "/popular?n=5",
    ],
)
def test_reasons_in_the_language_asked_for(client: FlaskClient, url: str) -> None:
    def texts(answer: TestResponse) -> list[str]:
        return [reason["text"] for entry in answer.json["items"] for reason in entry["reasons"]]

    english, chinese = client.get(url), client.get(url + "&lang=zh-CN")
    by_header = client.get(url, headers={"Accept-Language": "zh-TW,en;q=0.5"})
    assert texts(chinese) == texts(by_header) != texts(english)
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in texts(chinese))
    assert texts(client.get(url + "&lang=fr")) == texts(english)
    assert "Accept-Language" in by_header.headers["Vary"]
    assert client.get(url + "&lang=no+tag").status_code == 400


def test_a_score_is_explained_as_the_list_shows_it(client: FlaskClient) -> None:
    change(client, "baker", controls=[control("boost", "tag", "rook")])
    for entry in client.get("/recommend/baker?n=30").json["items"][::7]:
        found = client.get(f"/explain/baker/{entry['item_id']}").json
        assert found["score"] == pytest.approx(entry["score"], abs=1e-6)
        total = found["base"] + sum(part["value"] for part in found["parts"])
        assert total == pytest.approx(found["score"], abs=1e-5)
        assert found["closed"] == "" and found["item"] == entry["item"]
        assert [reason["share"] for reason in found["reasons"]] == pytest.approx(
            [reason["share"] for reason in entry["reasons"]], abs=1e-5
        )
    assert found["authors"] and {a["value"] for a in found["authors"]} <= {
        f"author-{n}" for n in range(4)
    }
    assert found["change"]["item_id"].startswith("bread") and found["tried"] == 6
    assert client.get("/explain/baker/bread-1?lang=zh").json["closed"] == "seen"


def test_who_and_what_cannot_be_explained(client: FlaskClient) -> None:
    assert client.get("/explain/baker/never-heard-of").status_code == 404
    stranger = client.get("/explain/nobody/sea-1").json
    assert stranger["change"] is None and stranger["tried"] == 0
    by_query = client.get("/explain?user=a%2Fb&item=sea-1")
    assert by_query.status_code == 200 and by_query.json["user"] == "a/b"
    assert client.get("/explain?user=a").status_code == 400


def test_without_the_store_nothing_is_explained(admin: FlaskClient, service: AppState) -> None:
    service.link.failed = float("inf")
    assert admin.get("/recommend/baker").json["degraded"] is True
    for url in ("/explain/baker/sea-1", "/users/baker/profile", "/users/baker/export"):
        answer = admin.get(url)
        assert answer.status_code == 503 and answer.json["error"]["code"] == "store_unreachable"


def test_a_profile_tells_interests_activity_tone_and_controls(client: FlaskClient) -> None:
    words = ["a terrible, awful mess", "I love this, wonderful", "great, thank you"]
    rows = [
        {
            "user_id": "baker",
            "item_id": "chess-1",
            "event": "comment",
            "text": text,
            "timestamp": 1e9 + 10 * n,
        }
        for n, text in enumerate(words)
    ]
    client.post("/events", json=rows)
    client.post("/events", json={"user_id": "baker", "item_id": "sea-2", "event": "dislike"})
    change(client, "baker", controls=[control("mute", "item", "bread-2")])
    found = client.get("/users/baker/profile").json
    best = found["interests"]["categories"][0]
    assert best["value"] == "bread" and best["share"] > 0.6 and best["events"] == 6
    assert {item["item_id"] for item in best["because"]} <= {f"bread-{n}" for n in range(6)}
    assert "bread-2" not in {item["item_id"] for item in best["because"]}
    sea = next(one for one in found["interests"]["categories"] if one["value"] == "sea")
    assert sea["disliked"] == 1.0 and sea["events"] == 0
    assert found["activity"]["events"] == 10 and sum(found["activity"]["hours"]) == (
        pytest.approx(1.0)
    )
    assert found["activity"]["kinds"] == {"like": 6, "comment": 3, "dislike": 1}
    assert found["tone"]["texts"] == 3 and found["tone"]["labels"]["positive"] == 2
    assert any("You like bread" in belief["text"] for belief in found["beliefs"])
    assert found["controls"][0]["value"] == "bread-2"
    assert "bread" in client.get("/users/baker/profile?lang=zh").json["beliefs"][0]["text"]
    assert client.get("/users/nobody/profile").status_code == 404


def test_accounts_are_called_by_their_display_names(app: Flask, admin: FlaskClient) -> None:
    """In a profile, an explanation and pages of the console; ids stay where there is no name."""
    called = {f"author-{k}": f"Writer {k}" for k in range(4)}
    rows = [{"author_id": one, "name": name} for one, name in called.items()]
    assert admin.post("/authors", json=rows).status_code == 201
    assert admin.put("/users/mary", json={"name": "Mary M."}).status_code < 300
    follow = {"user_id": "baker", "author_id": "author-1"}
    assert admin.post("/follows", json=follow).status_code == 201
    change(
        admin, "baker", controls=[control("mute", "user", "mary"), control("boost", "author", "x")]
    )
    found = admin.get("/users/baker/profile").json
    authors = found["interests"]["authors"]
    assert authors and all(one["name"] == called[one["value"]] for one in authors)
    assert not any("author-" in belief["text"] for belief in found["beliefs"])
    assert [one["name"] for one in found["follows"]] == ["Writer 1"]
    assert {one["value"]: one["name"] for one in found["controls"]} == {"mary": "Mary M.", "x": "x"}
    page = admin.get("/console/user?user=baker").text
    assert "Writer 1" in page and "author-" not in page
    item = admin.get("/recommend/baker?n=1").json["items"][0]["item_id"]
    told = admin.get(f"/explain/baker/{item}").json
    assert all(one["name"] == called[one["value"]] for one in told["authors"] if one["value"])
    assert "Writer" in admin.get(f"/console/item?item={item}").text
    assert "Writer" in admin.get("/console/items").text


def test_habits_are_told_by_the_clocks_of_a_zone(client: FlaskClient) -> None:
    late = {"user_id": "owl", "item_id": "sea-2", "event": "like", "timestamp": 1_704_063_600}
    client.post("/events", json=late)  # Sunday 31 December 2023, 23 o'clock UTC
    utc = client.get("/users/owl/profile").json["activity"]
    tokyo = client.get("/users/owl/profile?zone=Asia/Tokyo").json["activity"]
    assert (utc["zone"], utc["hours"][23], utc["weekdays"][6]) == ("UTC", 1.0, 1.0)
    assert (tokyo["zone"], tokyo["hours"][8], tokyo["weekdays"][0]) == ("Asia/Tokyo", 1.0, 1.0)
    for wrong, status in (("Europe/Atlantis", 409), ("Europe", 409), ("../etc/passwd", 400)):
        assert client.get(f"/users/owl/profile?zone={wrong}").status_code == status


def test_a_forgotten_interest_leaves_the_profile(client: FlaskClient) -> None:
    change(client, "baker", controls=[control("forget", "category", "bread")])
    found = client.get("/users/baker/profile").json
    assert found["interests"]["categories"] == [] and found["beliefs"] == []
    assert found["activity"]["events"] == 6 and found["controls"][0]["action"] == "forget"


def test_what_is_inferred_of_the_future_is_told_only_when_asked_for(admin: FlaskClient) -> None:
    url = "/users/baker/profile"
    plain, queried = admin.get(url).json, admin.get(url + "?include=inferences").json
    assert plain["returning"] is None
    assert not any("be back" in one["text"] for one in plain["beliefs"])
    exported = admin.get("/users/baker/export").json
    assert exported["inferences"]["returning"] == queried["returning"]
    assert admin.get(url + "?include=other").status_code == 400
