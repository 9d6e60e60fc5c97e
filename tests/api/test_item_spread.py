"""/items/<item>/spread: the tree of whatever a platform sends, without a name of anybody."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from conftest import Server, keyed
from flask import Flask
from flask.testing import FlaskClient

from api.runtime.app_state import AppState
from recsys.social_network.spread_tree import SpreadNode, SpreadTree
from recsys.store.store import Store

START = 600.0 * (time.time() // 600) - 7_200  # where a window of ten minutes begins


def spread(client: Any, item: str = "story", **query: Any) -> dict[str, Any]:
    answer = client.get(f"/items/{item}/spread", query_string=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def share(client: Any, *chain: tuple[str, str | None, float]) -> dict[str, Any]:
    rows = [
        {
            "user_id": user,
            "item_id": "story",
            "event": "share",
            "timestamp": START + at,
            **({"shared_from": source} if source else {}),
        }
        for user, source, at in chain
    ]
    answer = client.post("/events", json=rows)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def post(
    client: Any, item: str, parent: str | None = None, at: float = 0.0, text: str = ""
) -> None:
    row = {"item_id": item, "title": item, "text": text, "created_at": START + at}
    row |= {"parent_id": parent} if parent else {}
    assert client.post("/items", json=row).status_code == 201


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An app that tells of three users on."""
    return make_app(min_people=3)


@pytest.fixture
def story(client: FlaskClient) -> FlaskClient:
    """A client of a platform with one story."""
    post(client, "story")
    return client


def test_a_tree_of_shares_and_answers_with_its_measures(story: FlaskClient) -> None:
    share(story, ("a", None, 10), ("b", "a", 20), ("c", "b", 30), ("d", "a", 40))
    post(story, "first", "story", 50, "is this confirmed? any source?")
    post(story, "second", "first", 60, "good news")
    found = spread(story)
    assert (found["shares"], found["answers"], found["depth"]) == (4, 2, 3)
    assert found["breadth"] == 3 and found["repairs"] == {"missing": 0, "later": 0, "cycles": 0}
    # distances of the 21 pairs of: root-a, a-b, b-c, a-d, root-first, first-second
    assert found["structural_virality"] == pytest.approx((12 + 10 + 6 + 6 + 10 + 6) / 21, abs=1e-4)
    kinds = [one["kind"] for one in found["tree"]]
    assert kinds == ["item", "share", "share", "share", "share", "answer", "answer"]
    assert [one["parent"] for one in found["tree"]] == [None, 0, 1, 2, 1, 0, 5]
    assert found["tree"][5]["stance"] == "query"
    assert found["levels"][0]["nodes"] == 2 and found["levels"][0]["stances"]["query"] > 0.5
    assert found["next_hour"]["low"] <= found["next_hour"]["size"] <= found["next_hour"]["high"]
    assert found["next_hour"]["low"] >= 6
    text = story.get("/items/story/spread").text
    assert all(f'"{name}"' not in text for name in "abcd")
    assert story.get("/items/first").json["parent_id"] == "story"
    listed = story.get("/latest?n=100&fields=parent_id&replies=1").json
    assert "warnings" not in listed
    parents = {one["item_id"]: one["item"].get("parent_id") for one in listed["items"]}
    assert parents["first"] == "story" and parents["story"] is None
    page = story.get("/console/item?item=first").get_data(as_text=True)
    assert 'href="/console/item?item=story"' in page


def test_a_later_file_adds_the_source_of_a_known_share(story: FlaskClient) -> None:
    share(story, ("a", None, 10), ("b", None, 20), ("c", None, 30))
    assert spread(story)["depth"] == 1
    again = share(story, ("b", "a", 20), ("c", "b", 30))
    assert (again["new"], again["duplicates"]) == (0, 2)
    assert spread(story)["depth"] == 3
    share(story, ("b", None, 20), ("c", "a", 30))  # what is known stays
    assert spread(story)["depth"] == 3


def test_fewer_than_three_sharers_are_not_listed(story: FlaskClient) -> None:
    post(story, "reply", "story", 5, "fine")
    before = spread(story)
    share(story, ("a", None, 10), ("b", "a", 20), ("b", "nobody", 30))
    found = spread(story)
    assert found.pop("shares") is None and before.pop("shares") == 0
    assert found.pop("first_sharers")["users"] is None
    assert before.pop("first_sharers")["users"] == 0
    before.pop("next_hour"), found.pop("next_hour")  # of the moment
    assert found == before  # not their number, nor when and where
    share(story, ("c", None, 30))
    found = spread(story)
    assert (found["shares"], found["first_sharers"]["users"], found["depth"]) == (3, 3, 2)


def test_cycles_late_parents_and_missing_parents_hang_on_the_item(story: FlaskClient) -> None:
    share(story, ("a", "b", 10), ("b", "a", 10), ("c", "d", 20), ("d", None, 30), ("e", "x", 40))
    found = spread(story)
    assert found["shares"] == 5
    assert found["repairs"] == {"missing": 1, "later": 1, "cycles": 1}
    post(story, "one", "two", 50)
    post(story, "two", "one", 60)
    assert spread(story)["answers"] == 0  # nothing leads from the story to them
    assert spread(story, "one")["answers"] == 1
    post(story, "self", "self", 70)
    assert spread(story, "self")["answers"] == 0


def test_shares_of_a_deleted_item_and_a_deleted_answer(story: FlaskClient) -> None:
    post(story, "reply", "story", 10, "fake")
    post(story, "below", "reply", 20, "no, it is true")
    story.delete("/items/reply")
    found = spread(story)
    assert [(one["kind"], one["item_id"]) for one in found["tree"]] == [
        ("item", "story"),
        ("gap", None),
        ("answer", "below"),
    ]
    assert found["depth"] == 2 and "fake" not in str(found)
    story.delete("/items/story")
    share(story, ("a", None, 30), ("b", "a", 40))  # events on it are stored as before
    assert story.get("/items/story/spread").status_code == 404
    assert story.get("/items/nothing/spread").status_code == 404


def test_an_erased_sharer_is_a_gap_in_a_tree_that_stays(app: Flask, story: FlaskClient) -> None:
    share(story, ("a", None, 10), ("b", "a", 20), ("c", "b", 30), ("d", "c", 40))
    before = spread(story)
    admin = keyed(app)
    export = admin.get("/users/b/export").json
    assert [(one["item_id"], one["shared_from"]) for one in export["shares"]] == [("story", "a")]
    receipt = admin.delete("/users/b").json
    assert receipt["deleted"]["shares"] == 1 and receipt["deleted"]["events"] == 1
    after = spread(admin)
    for name in ("depth", "breadth", "structural_virality", "shares"):
        assert after[name] == before[name], name
    assert [one["kind"] for one in after["tree"]] == ["item", "share", "gap", "share", "share"]
    service: AppState = app.extensions["service"]
    with service.link.use() as store:
        assert store.user_number("b") == 0
        assert all(one.user != 0 for one in store.shares_of("story", 10))
    admin.delete("/users/a")
    assert spread(admin)["depth"] == before["depth"]
    merged = admin.post("/users/d2/merge", json={"from": "d"})
    assert merged.status_code == 200 and spread(admin)["depth"] == before["depth"]


def test_a_flood_of_lone_accounts_is_told(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app()
    service: AppState = app.extensions["service"]
    service.worker.follow_graph()  # type: ignore[attr-defined]
    client = app.test_client()
    post(client, "story")
    share(client, *[(f"p{k}", None, 600.0 * k) for k in range(6)])
    rows = [{"user_id": f"p{k}", "followed_user_id": f"p{(k + 1) % 6}"} for k in range(6)]
    client.post("/follows", json=rows)
    assert spread(client)["floods"] == []
    share(client, *[(f"bot{k}", None, 4_000 + k) for k in range(100)])
    (flood,) = spread(client)["floods"]
    assert flood["acts"] >= 90 and flood["without_follows"] > 0.9
    assert spread(client)["first_sharers"]["without_follows"] >= 40


def test_answers_that_deny_and_ask_raise_a_flag_with_evidence(story: FlaskClient) -> None:
    words = ["this is fake", "no proof, hoax", "is it true? any source?", "a lie", "谣言，假的"]
    for number, text in enumerate(words * 3):
        post(story, f"r{number}", "story", number, text)
    found = spread(story, lang="zh")["rumour"]
    assert found["flagged"] and found["evidence"][0].endswith("的回复否认这一说法")
    assert story.get("/items/story").status_code == 200  # never a deletion
    post(story, "calm")
    for number in range(15):
        post(story, f"c{number}", "calm", number, "what a lovely day at the sea")
    assert not spread(story, "calm")["rumour"]["flagged"]


def test_a_chain_of_ten_thousand_and_ties_in_time() -> None:
    nodes = [SpreadNode(k, k - 1 if k > 1 else "root", 5.0) for k in range(1, 10_001)]
    tree = SpreadTree.of(nodes, SpreadNode("root", None, 5.0))
    assert tree.depth == 10_000 and tree.repairs.cycles == 0
    star = SpreadTree.of([SpreadNode(k, "root", k) for k in range(9)], SpreadNode("root", None, 0))
    assert star.structural_virality == pytest.approx(1.8)  # 2 - 2 / n


def test_files_bring_both_columns(tmp_path: Any) -> None:
    from recsys.data.item_and_event_readers import read_events, read_items

    events, items = tmp_path / "e.csv", tmp_path / "i.csv"
    events.write_text("user_id,item_id,event,timestamp,retweeted_from\nb,s,share,1000000000,a\n")
    items.write_text("item_id,title,in_reply_to\nr,x,s\n")
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        store.add_items(row for _, row in read_items(items))  # type: ignore[misc]
        store.add_events(row for _, row in read_events(events))  # type: ignore[misc]
        assert [one.item_id for one in store.answers_to(["s"], 5)] == ["r"]
        (found,) = store.shares_of("s", 5)
        assert store.user_ids([found.shared_from])[found.shared_from] == "a"


def test_real_server_and_client_agree(serve: Callable[..., Server]) -> None:
    server = serve(workers=1)
    with httpx.Client(base_url=server.url) as client:
        client.post("/items", json={"item_id": "story", "title": "x"})
        rows = [{"user_id": f"u{k}", "item_id": "story", "event": "share"} for k in range(5)]
        assert client.post("/events", json=rows).status_code == 201
        assert client.get("/items/story/spread").json()["shares"] == 5


def test_long_answers_are_read_by_their_beginnings(story: FlaskClient, app: Flask) -> None:
    words = "this is fake, awful and terrible, is it true? "
    post(story, "long", "story", 10, "no, " + words * 20_000)
    found = spread(story)
    assert found["answers"] == 1 and found["rumour"]["denials"] > 0.1
    with app.extensions["service"].link.use() as store:
        (answer,) = store.answers_to(["story"], 5)
    assert answer.text.startswith("long\nno, this is fake") and len(answer.text) < 600
