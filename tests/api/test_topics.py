"""Topics: listed, shown with items, filtered by, and counted as they are at this moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import api_world as world
import pytest
from api_world import EACH, TOPICS
from flask import Flask
from flask.testing import FlaskClient

from recsys.data.records import Event
from recsys.store.store import Store

Json = dict[str, Any]


def get(client: FlaskClient, url: str, status: int = 200) -> Any:
    response = client.get(url)
    assert response.status_code == status, response.text
    return response.json


def id_of(client: FlaskClient, item: str) -> int:
    found: int = get(client, f"/items/{item}")["topics"][0]["id"]
    return found


def test_three_topics_named_in_their_words_with_items_of_their_own(client: FlaskClient) -> None:
    found = get(client, "/topics")
    assert found["next"] is None and len(found["topics"]) == 3
    for topic in found["topics"]:
        subject = topic["items"][0]["item_id"].split("-")[0]
        assert set(topic["words"]) <= {subject, *TOPICS[subject]} and topic["words"]
        assert topic["name"] in topic["words"]
        told = topic["description"]
        assert told["made"] == "template" and told["text"].startswith(f"{EACH} items about ")
        assert topic["items"][0]["title"] in told["text"]
        assert topic["size"] == EACH and topic["level"] == 2 and topic["parent"]["name"]
        assert {one["item_id"].split("-")[0] for one in topic["items"]} == {subject}
        assert {one["id"] for one in topic["neighbours"]} <= {t["id"] for t in found["topics"]}


def test_two_levels(client: FlaskClient) -> None:
    groups = get(client, "/topics?level=1")["topics"]
    assert len(groups) == 2 and sum(group["size"] for group in groups) == 3 * EACH
    for group in groups:
        assert group["description"]["text"].startswith(f"{group['size']} items in this group")
        below = get(client, f"/topics?parent={group['id']}")["topics"]
        assert [one["id"] for one in below] == [one["id"] for one in group["topics"]]
        assert all(one["parent"]["id"] == group["id"] for one in below)
        listed = get(client, f"/latest?n=60&topic={group['id']}")["items"]
        assert len(listed) == group["size"] == sum(one["size"] for one in below)
        assert get(client, f"/topics/{group['id']}")["words"] == group["words"]
    assert get(client, "/topics?level=1&parent=1")["topics"] == []
    assert get(client, "/topics?parent=999")["topics"] == []


def test_pages(client: FlaskClient) -> None:
    whole = [topic["id"] for topic in get(client, "/topics")["topics"]]
    page, read = get(client, "/topics?n=2"), []
    while True:
        read += [topic["id"] for topic in page["topics"]]
        if page["next"] is None:
            break
        page = get(client, page["next"])
    assert read == whole
    assert get(client, "/topics?after=999", 409)["error"]["code"] == "conflict"


def test_one_topic_and_none(client: FlaskClient) -> None:
    bread = id_of(client, "bread-3")
    found = get(client, f"/topics/{bread}")
    assert len(found["items"]) == EACH and found["items"][0]["title"]
    assert (
        get(client, "/topics/999", 404)["error"]["message"] == "there is no topic of this id: '999'"
    )


def test_lists_show_topics_and_filter_by_them(client: FlaskClient) -> None:
    bread, sea = id_of(client, "bread-3"), id_of(client, "sea-3")
    found = get(client, f"/recommend/baker?topic={bread}&n=5")["items"]
    assert len(found) == 5 and {one["item"]["topics"][0]["id"] for one in found} == {bread}
    both = get(client, f"/latest?topic={bread}|{sea}&n=60")["items"]
    assert {one["item_id"].split("-")[0] for one in both} == {"bread", "sea"}
    rest = get(client, f"/latest?not_topic={bread}&not_topic={sea}&n=60")["items"]
    assert {one["item_id"].split("-")[0] for one in rest} == {"chess"}
    bare = get(client, "/latest?n=1&fields=topics")["items"][0]["item"]
    assert list(bare) == ["topics"]
    body = {"items": ["bread-1"], "topic": [sea], "n": 3}
    steered = client.post("/recommend", json=body).json
    assert steered and {one["item_id"][:3] for one in steered["items"]} == {"sea"}
    assert client.post("/recommend", json={"topic": ["sea"]}).status_code == 422
    assert get(client, "/latest?topic=999")["items"] == []


@pytest.mark.parametrize("query", ["topic=sea", "topic=-1", "topic=1.5", "topic=99999999999"])
def test_what_is_no_id_is_refused(client: FlaskClient, query: str) -> None:
    assert get(client, f"/latest?{query}", 400)["error"]["code"] == "bad_parameter"


def test_posted_changed_and_deleted_items_count_at_once(client: FlaskClient) -> None:
    sea, chess = id_of(client, "sea-0"), id_of(client, "chess-0")
    assert client.post("/items", json={"item_id": "new", "title": "anchor tide"}).status_code == 201
    assert id_of(client, "new") == sea
    assert get(client, f"/topics/{sea}")["size"] == EACH + 1
    changed = client.patch("/items/new", json={"title": "rook pawn"}).json
    assert changed and changed["topics"][0]["id"] == chess
    stands_for = get(client, f"/topics/{sea}")["items"][0]["item_id"]
    client.delete(f"/items/{stands_for}")
    after = get(client, f"/topics/{sea}")
    assert after["size"] == EACH - 1
    assert stands_for not in [one["item_id"] for one in after["items"]]


def test_an_item_without_a_known_word_has_no_topic(client: FlaskClient) -> None:
    client.post("/items", json={"item_id": "riddle", "title": "???"})
    assert "topics" not in get(client, "/items/riddle")


def test_the_document_tells_of_topics(client: FlaskClient) -> None:
    paths = get(client, "/openapi.json")["paths"]
    assert {"/topics", "/topics/{topic_id}"} <= set(paths)
    query = {p["name"]: p["schema"] for p in paths["/latest"]["get"]["parameters"]}
    assert query["topic"]["items"]["type"] == "integer"


@pytest.fixture
def nameless(home: Path, make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of a service whose topics have no names; something about chess rises."""
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        now = time.time()
        store.add_events(
            Event(f"fan-{n}", f"chess-{n % 6}", "like", timestamp=now - n) for n in range(60)
        )
        marks = {"last_event_id": 0, "last_change_id": store.last_change_id()}
    world.publish(home, "two", named=False, **marks)
    return make_app().test_client()


def test_titles_stand_for_a_topic_without_a_name_wherever_it_is_shown(
    nameless: FlaskClient,
) -> None:
    topic = nameless.get("/items/bread-3").json["topics"][0]
    number = topic["id"]
    titles = [f"{words} {other}" for words in TOPICS["bread"] for other in TOPICS["bread"]]

    def stands(found: Json) -> None:
        assert found["name"] == "" and 1 <= len(found["titles"]) <= 3, found
        assert set(found["titles"]) <= set(titles)

    stands(topic)
    shown = get(nameless, f"/topics/{number}")
    stands(shown)
    assert shown["parent"]["name"] == "" and shown["parent"]["titles"]
    assert all(one["name"] == "" and one["titles"] for one in shown["neighbours"])
    stands(get(nameless, f"/topics/{number}/timeline"))
    group = get(nameless, f"/topics/{shown['parent']['id']}/timeline")
    assert group["name"] == "" and group["titles"]
    stands(get(nameless, "/users/baker/profile")["interests"]["topics"][0])
    explained = get(nameless, "/explain/baker/bread-9")["topics"]
    stands(next(one for one in explained if one["value"] == str(number)))
    wish = {"controls": [{"action": "more", "kind": "topic", "value": str(number)}]}
    control = nameless.patch("/users/baker/profile", json=wish).json["controls"][0]
    stands(control)
    stands(get(nameless, "/users/baker/profile")["controls"][0])


def test_titles_stand_for_a_trending_topic_without_a_name(nameless: FlaskClient) -> None:
    found = get(nameless, "/trends?kind=topic&min_significance=3")["trends"]
    assert found and all(one["name"] == "" and one["titles"] for one in found)


def test_a_control_of_a_topic_without_a_name_is_told_by_its_titles(nameless: FlaskClient) -> None:
    chess = id_of(nameless, "chess-3")
    wish = {"controls": [{"action": "more", "kind": "topic", "value": str(chess)}]}
    assert nameless.patch("/users/baker/profile", json=wish).status_code == 200
    found = get(nameless, f"/recommend/baker?topic={chess}&explain=1")["items"][0]["reasons"]
    texts = [one["text"] for one in found if one["kind"] == "steered"]
    assert len(texts) == 1 and texts[0].startswith("You asked for more like “")


def test_a_name_makes_titles_needless(client: FlaskClient) -> None:
    topic = get(client, "/items/bread-3")["topics"][0]
    assert topic["name"] and topic["titles"] == []


def test_titles_follow_the_items(nameless: FlaskClient) -> None:
    first = get(nameless, "/items/sea-3")["topics"][0]["titles"]
    gone = [
        one["item_id"]
        for one in get(nameless, f"/topics/{id_of(nameless, 'sea-3')}")["items"]
        if one["title"] == first[0]
    ]
    for item in gone:
        assert nameless.delete(f"/items/{item}").status_code in (200, 204)
    assert first[0] not in get(nameless, "/items/sea-3")["topics"][0]["titles"]
