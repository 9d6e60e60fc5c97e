"""Parameters and decisions: own fields, letter case, words, own posts, follows, notices."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import api_world as world
import pytest
from conftest import Server, keyed
from flask import Flask
from flask.testing import FlaskClient

from api.runtime.app_state import AppState

LISTS = (
    "/recommend/baker?",
    "/recommend?user=baker&",
    "/similar/bread-3?",
    "/similar?item=bread-3&",
    "/search?q=dough&",
    "/trending?",
    "/latest?",
    "/popular?",
)


def ids(found: Any) -> list[str]:
    return [entry["item_id"] for entry in found["items"]]


def listed(client: FlaskClient, url: str) -> Any:
    response = client.get(url)
    assert response.status_code == 200, response.text
    return response.json


def post_priced(client: FlaskClient) -> None:
    rows = [
        {"item_id": f"p{n}", "title": "dough oven", "category": "Bread", "price": n, "paid": n > 2}
        for n in range(6)
    ]
    assert client.post("/items", json=rows).status_code == 201
    events = [{"user_id": f"u{n}", "item_id": f"p{n % 6}", "event": "like"} for n in range(12)]
    assert client.post("/events", json=events).status_code == 201


@pytest.mark.parametrize("url", LISTS)
def test_every_list_filters_by_own_fields(client: FlaskClient, service: AppState, url: str) -> None:
    post_priced(client)
    service.worker.follow()
    found = ids(listed(client, f"{url}n=50&where=price<2,paid==false"))
    assert set(found) <= {"p0", "p1"}
    assert found or "/similar" in url  # the tiny world tells no users of posted items
    nothing = listed(client, f"{url}n=50&where=price%3E99")
    assert nothing["items"] == [] and "price>99" in nothing["notice"]
    wrong = client.get(f"{url}where=prize%3C2")
    assert wrong.status_code == 400 and "is price meant?" in wrong.json["error"]["message"]
    assert client.get(f"{url}where=price%3C").status_code == 400


def test_bodies_filter_by_own_fields(client: FlaskClient) -> None:
    post_priced(client)
    body = {"items": ["bread-1"], "where": "price<2"}
    assert set(ids(client.post("/recommend", json=body).json)) == {"p0", "p1"}
    body = {"users": ["baker"], "where": "price<2"}
    assert set(ids(client.post("/recommend/batch", json=body).json["results"][0])) == {"p0", "p1"}
    assert client.post("/recommend", json={"where": "prize<2"}).status_code == 400
    assert client.post("/recommend", json={"where": "price<"}).status_code == 422


def test_commas_part_fields_and_excluded_items(client: FlaskClient) -> None:
    post_priced(client)
    found = listed(client, "/latest?n=2&fields=title,category&exclude=p5,p4")
    assert [entry["item"] for entry in found["items"]] == [
        {"title": "dough oven", "category": "Bread"}
    ] * 2
    assert not {"p4", "p5"} & set(ids(found)) and "warnings" not in found
    found = listed(client, "/latest?n=1&fields=title,price,titel")
    assert found["items"][0]["item"] == {"title": "dough oven", "metadata": {"price": 5}}
    assert found["warnings"] == ["fields: no item has a field 'titel'; is title meant?"]


def test_a_filter_that_names_nothing_is_told(client: FlaskClient) -> None:
    found = listed(client, "/popular?category=bred&tags=dough")
    assert found["items"] == [] and found["notice"] == "No item matches these filters"
    assert found["warnings"] == ["category: no item has category 'bred'; is bread meant?"]


def test_labels_are_matched_without_case(client: FlaskClient) -> None:
    found = ids(listed(client, "/recommend/baker?category=BREAD&tags=Dough&n=50"))
    assert found and all(item_id.startswith("bread") for item_id in found)
    control = {"action": "mute", "kind": "category", "value": "Bread"}
    assert "warnings" not in client.patch("/users/baker/profile", json={"controls": [control]}).json
    assert not [i for i in ids(listed(client, "/recommend/baker?n=50")) if i.startswith("bread")]


def test_an_unknown_control_is_stored_and_told(client: FlaskClient) -> None:
    controls = [
        {"action": "mute", "kind": "tag", "value": "doug"},
        {"action": "mute", "kind": "topic", "value": "999"},
        {"action": "less", "kind": "author", "value": "nobody"},
        {"action": "more", "kind": "item", "value": "nothing"},
        {"action": "mute", "kind": "words", "value": "zeppelin"},
        {"action": "mute", "kind": "tag", "value": "dough"},
    ]
    found = client.patch("/users/baker/profile", json={"controls": controls}).json
    assert len(found["controls"]) == 6 and len(found["warnings"]) == 5
    assert found["warnings"][0].startswith("no item has tag 'doug'; is dough meant?")


def test_muted_words_hold_for_what_is_there_and_what_is_posted(
    make_app: Callable[..., Flask],
) -> None:
    client, other = (keyed(make_app()) for _ in range(2))
    body = {"controls": [{"action": "mute", "kind": "word", "value": "Dough"}]}
    found = client.patch("/users/baker/profile", json=body).json
    assert [(c["kind"], c["value"]) for c in found["controls"]] == [("words", "Dough")]
    late = {"item_id": "late", "title": "more DOUGH", "tags": ["bread"]}
    assert client.post("/items", json=late).status_code == 201
    for each in (client, other):
        found = listed(each, "/recommend/baker?n=100")
        words = [f"{e['item']['title']} {e['item']['tags']}" for e in found["items"]]
        assert words and not [text for text in words if "dough" in text.casefold()]
        assert "late" not in ids(found) and "You muted" in found["notice"]
    with client.application.extensions["service"].link.use() as store:
        store.add_items(world.items())  # ingested again
    assert "late" not in ids(listed(client, "/recommend/baker?n=100"))
    exported = client.get("/users/baker/export").json
    assert exported["controls"][0]["kind"] == "words"
    profile = client.get("/users/baker/profile").json
    assert profile["controls"][0]["value"] == "Dough"
    wrong = {"controls": [{"action": "mute", "kind": "words", "value": "?!"}]}
    assert client.patch("/users/baker/profile", json=wrong).status_code == 409


def test_own_posts_are_left_out_by_default(client: FlaskClient) -> None:
    events = [{"user_id": "author-1", "item_id": f"bread-{n}", "event": "like"} for n in (0, 2, 4)]
    client.post("/events", json=events)
    authors = {item.item_id: item.author_id for item in world.items()}
    found = listed(client, "/recommend/author-1?n=100")
    assert "author-1" not in {authors[i] for i in ids(found)} and "own posts" in found["notice"]
    assert "author-1" in {
        authors[i] for i in ids(listed(client, "/recommend/author-1?n=100&own=1"))
    }
    batch = client.post("/recommend/batch", json={"users": ["author-1"], "n": 100}).json
    assert "author-1" not in {authors[i] for i in ids(batch["results"][0])}
    assert client.get("/explain/author-1/bread-1").json["closed"] == "own"


def test_a_list_without_items_says_why(client: FlaskClient) -> None:
    everything = [item.item_id for item in world.items()]
    rows = [{"user_id": "crawler", "item_id": i, "event": "view"} for i in everything]
    assert client.post("/events", json=rows).status_code == 201
    found = listed(client, "/recommend/crawler?n=5")
    assert found["items"] == [] and found["notice"].startswith(
        "You have already seen or used all 60"
    )
    assert "你" in listed(client, "/recommend/crawler?n=5&lang=zh")["notice"]
    again = listed(client, "/recommend/crawler?n=5&repeat=1")
    kinds = {reason["kind"] for entry in again["items"] for reason in entry["reasons"]}
    assert len(again["items"]) == 5 and kinds
    bought = [
        {
            "user_id": "crawler",
            "item_id": "sea-3",
            "event": "purchase",
            "timestamp": time.time() - t,
        }
        for t in range(86_400, 700_000, 86_400)
    ]
    assert client.post("/events", json=bought).status_code == 201
    first = listed(client, "/recommend/crawler?n=5&repeat=1&lang=zh")["items"][0]
    assert (first["item_id"], first["source"]) == ("sea-3", "repeat")
    assert first["reasons"][0]["text"] == "你经常选择它"
    assert listed(client, "/search?q=zzz")["notice"] == "No item has words close to these"


def test_all_that_was_ever_taken_stays_away(client: FlaskClient, service: AppState) -> None:
    now = time.time()
    rows = [{"item_id": f"x{k:03d}", "title": f"oven {k}", "category": "x"} for k in range(750)]
    assert client.post("/items", json=rows).status_code == 201
    likes = [
        {"user_id": "long", "item_id": f"x{k:03d}", "event": "like", "timestamp": now - 8000 + k}
        for k in range(700)
    ]
    assert client.post("/events", json=likes).status_code == 201
    left = {f"x{k:03d}" for k in range(700, 750)}
    assert set(ids(listed(client, "/recommend/long?n=500&category=x"))) == left
    assert client.get("/explain/long/x000").json["closed"] == "seen"
    person = service.past("long")
    assert len({event.item_id for event in person.events}) == 500
    more = [{"user_id": "long", "item_id": "x749", "event": "hide"}]
    assert client.post("/events", json=more).status_code == 201
    assert set(ids(listed(client, "/recommend/long?n=500&category=x"))) == left - {"x749"}
    stored = client.get("/events?user_id=long&n=1").json["events"][0]
    assert client.delete(f"/events/{stored['id']}").status_code == 200
    found = set(ids(listed(client, "/recommend/long?n=500&category=x")))
    assert found == left - {"x749"} | {"x000"}
    views = [
        {"user_id": "page", "item_id": "x001", "event": "view", "timestamp": now - 4000 + k}
        for k in range(1200)
    ]
    early = [
        {"user_id": "page", "item_id": f"x{k:03d}", "event": "like", "timestamp": now - 9000}
        for k in range(2, 40)
    ]
    client.post("/events", json=[*early, *views])
    assert len({event.item_id for event in service.past("page").events}) == 39


def test_who_follows_an_author_sees_more_of_them(client: FlaskClient, service: AppState) -> None:
    from recsys.data.records import Follow

    with service.link.use() as store:
        store.add_follows([Follow("fan", "author-1")])
    authors = {item.item_id: item.author_id for item in world.items()}
    plain = ids(listed(client, "/recommend/stranger?n=12&diversity=0"))
    found = listed(client, "/recommend/fan?n=12&explain=1")
    count = sum(authors[i] == "author-1" for i in ids(found))
    assert count > sum(authors[i] == "author-1" for i in plain)
    mine = next(e for e in found["items"] if authors[e["item_id"]] == "author-1")
    result = {reason["kind"]: reason["text"] for reason in mine["reasons"]}
    assert result["followed"] == "You follow author-1"
    client.post("/items", json={"item_id": "live", "title": "tide", "author_id": "author-1"})
    late = listed(client, "/recommend/fan?n=100&explain=1")["items"]
    kinds = {r["kind"] for e in late if e["item_id"] == "live" for r in e["reasons"]}
    assert "followed" in kinds
    less = {"controls": [{"action": "less", "kind": "author", "value": "author-1"}]}
    client.patch("/users/fan/profile", json=less)
    assert "author-1" not in {authors.get(i) for i in ids(listed(client, "/recommend/fan?n=12"))}


def test_raw_utf8_in_a_query_is_read(serve: Callable[..., Server]) -> None:
    server = serve()
    with server.client() as client:
        client.post("/items", json={"item_id": "zh", "title": "面包 dough", "tags": ["面包"]})
        wanted = client.get("/latest?tags=" + quote("面包")).json()
        assert ids(wanted) == ["zh"]
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port), 10) as raw:
        request = "GET /latest?tags=面包 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        raw.sendall(request.encode())
        answer = b""
        while part := raw.recv(65_536):
            answer += part
    assert b"200 OK" in answer.split(b"\r\n")[0] and b'"zh"' in answer


def test_a_new_bundle_is_ready_for_the_words_and_fields_asked_for(
    client: FlaskClient, service: AppState
) -> None:
    body = {"controls": [{"action": "mute", "kind": "words", "value": "dough"}]}
    client.patch("/users/baker/profile", json=body)
    listed(client, "/latest?where=language==en")
    world.publish(service.settings.home, "two")
    service.worker.take_bundle()
    assert service.serving.version == "two"
    live = service.serving.live
    assert live.metadata.built and live.phrases.phrases() == ["dough"]
