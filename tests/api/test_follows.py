"""/follows and /authors, mutes and blocks of users: what lists show, and what is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import api_world as world
import numpy as np
import pytest
from conftest import Server, key_of, keyed
from flask import Flask
from flask.testing import FlaskClient

from api.handlers.personal_list import Recommend
from api.runtime.app_state import AppState
from recsys.personal_list import ListRequest, query_of
from recsys.ranking.followed_places import contenders

AUTHORS = {item.item_id: item.author_id for item in world.items()}


def listed(client: Any, user: str, n: int = 12) -> list[str]:
    answer = client.get(f"/recommend/{user}?n={n}&diversity=0")
    assert answer.status_code == 200, answer.text
    body = answer.json if isinstance(answer.json, dict) else answer.json()
    return [one["item_id"] for one in body["items"]]


def by_author(items: list[str], author: str) -> int:
    return sum(AUTHORS.get(item) == author for item in items)


def test_a_follow_counts_with_the_next_answer_of_every_worker(
    make_app: Callable[..., Flask],
) -> None:
    here, there = make_app().test_client(), make_app().test_client()
    before = by_author(listed(there, "fan"), "author-1")
    row = {"user_id": "fan", "author_id": "author-1"}
    answer = here.post("/follows", json=row)
    assert (answer.status_code, answer.json) == (201, {"accepted": 1, "new": 1, "duplicates": 0})
    assert by_author(listed(there, "fan"), "author-1") > before
    again = here.post("/follows", json={"follows": [row, row]}).json
    assert again == {"accepted": 2, "new": 0, "duplicates": 2}
    here.post("/authors", json={"author_id": "author-1", "name": "Ada Writer"})
    assert "You follow Ada Writer" in there.get("/recommend/fan?n=12&explain=1").text
    found = there.get("/follows?user_id=fan").json
    assert found == {
        "follows": [{**row, "followed_user_id": None, "name": "Ada Writer"}],
        "next": None,
    }
    assert here.delete("/follows", json=[row]).json == {"deleted": {"follows": 1}, "missing": 0}
    assert by_author(listed(there, "fan"), "author-1") == before
    assert there.get("/follows?user_id=fan").json["follows"] == []


def test_all_forms_of_a_body_and_pages(client: FlaskClient) -> None:
    rows = [{"user_id": "ann", "followed_user_id": f"u{k}"} for k in range(5)]
    lines = "\n".join(map(json.dumps, rows))
    headers = {"Content-Type": "application/x-ndjson"}
    assert client.post("/follows", data=lines, headers=headers).json["new"] == 5
    client.post("/follows", json=[{"user_id": 7, "followed_user_id": "ann"}])
    client.post("/follows", json=[{"user_id": "7", "author_id": "ann"}])
    seen, path = list[str](), "/follows?user_id=ann&n=2"
    while path:
        page = client.get(path).json
        seen += [one["followed_user_id"] for one in page["follows"]]
        path = page["next"]
    assert seen == [f"u{k}" for k in range(5)]
    first = client.get("/follows?user_id=ann&direction=followers&n=1").json
    second = client.get(first["next"]).json
    found = [*first["follows"], *second["follows"]]
    assert [(one["user_id"], one["author_id"]) for one in found] == [("7", None), ("7", "ann")]
    assert second["next"] is None
    answer = client.delete("/follows?user_id=ann&followed_user_id=u3")
    assert answer.json == {"deleted": {"follows": 1}, "missing": 0}


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"user_id": "ann", "followed_user_id": "ann"}, 409),
        ({"user_id": "ann", "author_id": "ann"}, 409),
        ({"user_id": "ann"}, 422),
        ({"user_id": "ann", "author_id": "a", "followed_user_id": "b"}, 422),
        ({"user_id": "ann", "author_id": None}, 422),
        ({"user_id": "", "author_id": "a"}, 422),
        ({"user_id": "ann", "author_id": "a", "since": 3}, 422),
        ({"author_id": "a"}, 422),
        ({}, 422),
    ],
)
def test_what_is_no_follow(client: FlaskClient, row: dict[str, Any], status: int) -> None:
    good = {"user_id": "ann", "author_id": "author-1"}
    for method in ("POST", "DELETE"):
        answer = client.open("/follows", method=method, json=row)
        assert answer.status_code == status, (method, answer.text)
    assert client.post("/follows", json=[good, row]).status_code == status
    assert client.get("/follows?user_id=ann").json["follows"] == []
    partly = client.post("/follows?partial=1", json=[good, row]).json
    assert partly["new"] == 1 and [one["row"] for one in partly["rejected"]] == [1]


def test_to_unfollow_what_was_not_followed_changes_nothing(client: FlaskClient) -> None:
    for row in (
        {"user_id": "baker", "author_id": "author-1"},
        {"user_id": "nobody", "followed_user_id": "baker"},
    ):
        answer = client.delete("/follows", json=row)
        assert answer.json == {"deleted": {"follows": 0}, "missing": 1}
    assert client.get("/users/nobody").status_code == 404
    assert client.delete("/follows").status_code == 422
    both = client.delete("/follows?user_id=a&author_id=b", json={"user_id": "a", "author_id": "b"})
    assert both.status_code == 409
    assert client.get("/follows?user_id=ann&after=w").status_code == 400


def test_a_follow_of_somebody_unknown_is_stored_and_told(client: FlaskClient) -> None:
    row = {"user_id": "fan", "author_id": "nobody"}
    other = {"user_id": "fan", "followed_user_id": "baker"}
    answer = client.post("/follows", json=[row, other]).json
    assert answer["new"] == 2
    assert answer["warnings"] == ["nothing is known of the author 'nobody': the follow is stored"]
    client.post("/items", json={"item_id": "late", "title": "tide", "author_id": "nobody"})
    found = client.get("/recommend/fan?n=100&explain=1").json["items"]
    result = {one["item_id"]: [reason["text"] for reason in one["reasons"]] for one in found}
    assert "You follow nobody" in result["late"]


def test_a_newcomer_sees_new_posts_of_the_one_author_they_follow(client: FlaskClient) -> None:
    """Three of eight posts of nobody's taste so far, among the first 20; a long history decides."""
    words = "tide rook dough wave bishop yeast anchor gambit".split()
    posts = [{"item_id": f"new-{k}", "title": w, "author_id": "ada"} for k, w in enumerate(words)]
    client.post("/items", json=posts)
    follows = [{"user_id": user, "author_id": "ada"} for user in ("fan", "baker", "many")]
    client.post("/follows", json=follows)
    likes = [{"user_id": "many", "item_id": f"chess-{k}", "event": "like"} for k in range(10)]
    client.post("/events", json=likes)
    for n in (20, 40):
        places = [k for k, item in enumerate(listed(client, "fan", n)) if item[:3] == "new"]
        assert places[:3] == [3, 9, 15], n
    found = client.get("/recommend/fan?n=20&explain=1").json["items"]
    assert "You follow ada" in [reason["text"] for reason in found[3]["reasons"]]
    assert sum(item[:3] == "new" for item in listed(client, "baker", 20)) >= 3
    assert not any(item[:3] == "new" for item in listed(client, "stranger", 20))
    assert client.get("/explain/fan/" + found[3]["item_id"]).json["rank"] == 4
    service: AppState = client.application.extensions["service"]
    for user, count in (("fan", 8), ("many", 0)):
        query = query_of(Recommend(service).user_state(user), ListRequest())
        request = service.serving.recommender.request(query)
        assert len(contenders(request, np.ones(request.size, bool))) == count, user


def test_a_place_that_a_follow_gave_says_so_where_follows_have_no_weight(
    client: FlaskClient,
) -> None:
    posts = [{"item_id": f"new-{k}", "title": "tide", "author_id": "ada"} for k in range(8)]
    client.post("/items", json=posts)
    client.post("/authors", json={"author_id": "ada", "name": "Ada Writer"})
    client.post("/follows", json={"user_id": "fan", "author_id": "ada"})
    assert isinstance(client.application, Flask)
    service: AppState = client.application.extensions["service"]
    live = service.serving.live
    linear = {**live.model.score_model.linear, "followed_authors": 0.0}
    live.model = replace(live.model, score_model=replace(live.model.score_model, linear=linear))
    found = client.get("/recommend/fan?n=20&diversity=0").json["items"]
    new = [one for one in found if one["item_id"][:3] == "new"]
    assert len(new) >= 3
    for one in new:
        assert one["reasons"][0]["text"] == "You follow Ada Writer" and one["source"] == "followed"


def test_names_of_authors(client: FlaskClient) -> None:
    rows = [{"author_id": f"author-{k}", "name": f"Author {k}"} for k in range(3)]
    assert client.post("/authors", json=rows).json["new"] == 3
    assert client.post("/authors", json=rows).json == {"accepted": 3, "new": 0, "duplicates": 3}
    page = client.get("/authors?n=2").json
    assert page["authors"] == rows[:2] and client.get(page["next"]).json["authors"] == rows[2:]
    assert client.get("/authors?author_id=author-1").json["authors"] == [rows[1]]
    assert client.get("/authors?author_id=none").json == {"authors": [], "next": None}


def test_reasons_name_authors_by_their_display_names(client: FlaskClient) -> None:
    """Also in the list right after a name was given, and of an author of new posts alone."""
    posts = [{"item_id": f"new-{k}", "title": "tide", "author_id": "ada"} for k in range(4)]
    client.post("/items", json=posts)
    likes = [{"user_id": "fan", "item_id": f"new-{k}", "event": "like"} for k in range(2)]
    client.post("/events", json=likes)
    wish = {"controls": [{"action": "more", "kind": "author", "value": "ada"}]}
    assert client.patch("/users/fan/profile", json=wish).status_code == 200

    def texts() -> str:
        found = client.get("/recommend/fan?n=20&explain=1").json["items"]
        reasons = [reason for one in found for reason in one["reasons"]]
        assert any(reason.get("author") == "ada" for reason in reasons)
        return " | ".join(reason["text"] for reason in reasons)

    assert "You asked for more of ada" in texts()
    client.post("/authors", json={"author_id": "ada", "name": "Ada Writer"})
    assert "You asked for more of Ada Writer" in texts() and "of ada" not in texts()
    client.post("/authors", json={"author_id": "ada", "name": "Ada Author"})
    assert "You asked for more of Ada Author" in texts()


def control(client: FlaskClient, user: str, action: str, other: str) -> int:
    body = {"controls": [{"action": action, "kind": "user", "value": other}]}
    return int(client.patch(f"/users/{user}/profile", json=body).status_code)


def test_who_is_muted_or_blocked_is_neither_shown_nor_named(
    make_app: Callable[..., Flask],
) -> None:
    here, there = (keyed(make_app()) for _ in range(2))
    here.post("/follows", json={"user_id": "fan", "followed_user_id": "author-1"})
    assert by_author(listed(there, "fan", 60), "author-1")
    assert control(here, "fan", "mute", "author-1") == 200
    assert not by_author(listed(there, "fan", 60), "author-1")
    assert "author-1" not in there.get("/recommend/fan?n=60&explain=1").text.replace(
        '"author_id":"author-1"', ""
    )
    assert by_author(listed(there, "author-1", 60), "author-1") == 0  # their own items
    # a block works both ways: author-2 writes, and reads what author-3 writes
    assert by_author(listed(there, "author-3", 60), "author-2")
    assert control(here, "author-2", "block", "author-3") == 200
    assert not by_author(listed(there, "author-3", 60), "author-2")
    assert not by_author(listed(there, "author-2", 60), "author-3")
    home = there.get("/home/author-3").json
    shown = [e["item_id"] for row in home["rows"] for e in row["items"]]
    assert shown and not by_author(shown, "author-2")
    assert here.patch("/users/author-2/profile", json={"reset": True}).status_code == 200
    assert by_author(listed(there, "author-3", 60), "author-2")


def test_what_is_no_control_of_a_user(client: FlaskClient) -> None:
    assert control(client, "ann", "boost", "bob") == 409
    assert control(client, "ann", "forget", "bob") == 409
    assert control(client, "ann", "mute", "ann") == 409
    body = {"controls": [{"action": "block", "kind": "author", "value": "bob"}]}
    assert client.patch("/users/ann/profile", json=body).status_code == 409


def test_an_event_block_concerns_an_item_still(client: FlaskClient) -> None:
    row = {"user_id": "baker", "item_id": "sea-1", "event": "block"}
    assert client.post("/events", json=row).json["new"] == 1
    assert "sea-1" not in listed(client, "baker", 60)
    assert by_author(listed(client, "baker", 60), AUTHORS["sea-1"])


def feed(client: Any, user: str, **parameters: object) -> dict[str, Any]:
    answer = client.get(f"/feed/following/{user}", query_string=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_a_feed_holds_what_followees_wrote_the_newest_first(client: FlaskClient) -> None:
    assert feed(client, "fan")["items"] == []
    assert feed(client, "fan")["notice"] == "You follow nobody yet"
    assert feed(client, "fan", lang="zh")["notice"] == "你还没有关注任何人"
    follows = [{"user_id": "fan", "author_id": "author-1"}]
    follows.append({"user_id": "fan", "followed_user_id": "author-2"})
    client.post("/follows", json=follows)
    client.post("/items", json={"item_id": "late", "title": "tide", "author_id": "author-2"})
    client.post("/events", json={"user_id": "fan", "item_id": "late", "event": "like"})
    first = feed(client, "fan", n=20)
    items = [one["item_id"] for one in first["items"]]
    assert items[0] == "late" and first["items"][0]["reasons"][0]["text"] == "You follow author-2"
    rest = client.get(first["next"]).json
    items += [one["item_id"] for one in rest["items"]]
    wrote = [item for item in world.items() if item.author_id in ("author-1", "author-2")]
    wrote.sort(key=lambda item: -(item.created_at or 0))
    assert items == ["late", *(item.item_id for item in wrote)] and rest["next"] is None
    ranked = [one["item_id"] for one in feed(client, "fan", order="rank", n=100)["items"]]
    assert sorted(ranked) == sorted(item.item_id for item in wrote)  # less what was seen
    assert ranked != items[1:]
    only = feed(client, "fan", n=100, author="author-1", category="sea")["items"]
    assert {AUTHORS[one["item_id"]] for one in only} == {"author-1"} and len(only) == 5
    assert feed(client, "fan", author="author-3")["items"] == []
    control(client, "fan", "mute", "author-2")
    assert not by_author([o["item_id"] for o in feed(client, "fan", n=100)["items"]], "author-2")
    assert client.get("/feed/following/fan?order=best").status_code == 400


def test_a_feed_that_ends_says_what_it_held(client: FlaskClient) -> None:
    """Seen items are in the feed by time, so nothing is told of them there."""
    client.post("/follows", json={"user_id": "fan", "author_id": "author-1"})
    wrote = [item.item_id for item in world.items() if item.author_id == "author-1"]
    client.post("/events", json={"user_id": "fan", "item_id": wrote[0], "event": "like"})
    told = f"Those you follow wrote {len(wrote)} of {len(world.items())} items"
    assert feed(client, "fan", n=100)["notice"].startswith(told)
    assert "seen" not in feed(client, "fan", n=100)["notice"]
    assert "seen or used 1 of" in feed(client, "fan", n=100, order="rank")["notice"]
    assert feed(client, "fan", n=100, lang="zh")["notice"].startswith(f"{len(world.items())} 项")
    assert "match these filters" in feed(client, "fan", n=100, category="sea")["notice"]
    silent = [{"user_id": "ann", "author_id": f"nobody-{number}"} for number in range(3)]
    client.post("/follows", json=silent)
    assert feed(client, "ann")["notice"].startswith("Nothing by those you follow")
    before = feed(client, "fan", n=100)
    client.post("/follows", json=[one | {"user_id": "fan"} for one in silent])
    after = feed(client, "fan", n=100)
    assert [one["item_id"] for one in after["items"]] == [one["item_id"] for one in before["items"]]
    assert after["notice"] == before["notice"]


def test_a_feed_is_logged_as_shown(admin: FlaskClient) -> None:
    admin.post("/follows", json={"user_id": "fan", "author_id": "author-1"})
    shown = feed(admin, "fan", n=3)
    admin.application.extensions["service"].worker.tick()
    (logged,) = admin.get("/users/fan/export").json["shown"]
    assert logged["recommendation_id"] == shown["recommendation_id"]
    assert [one["source"] for one in logged["items"]] == ["followed"] * 3


def test_every_worker_holds_the_graph_of_follows(make_app: Callable[..., Flask]) -> None:
    apps = [make_app() for _ in range(2)]
    here, there = (app.extensions["service"] for app in apps)
    client = keyed(apps[0])
    client.post("/follows", json={"user_id": "fan", "followed_user_id": "baker"})
    assert there.follow_graph() is None  # not read yet
    for one in (here, there):
        one.worker.tick()
    with there.link.use() as store:
        fan, baker = store.user_number("fan"), store.user_number("baker")
    assert there.follow_graph().following(fan).tolist() == [baker]
    assert there.graph.figures()["acts"] == 6
    client.delete("/follows?user_id=fan&followed_user_id=baker")
    assert there.follow_graph().following(fan).tolist() == []
    client.post("/follows", json={"user_id": "fan", "followed_user_id": "baker"})
    client.delete("/users/baker")
    assert there.follow_graph().following(fan).tolist() == []
    there.worker.tick()
    assert there.graph.figures()["acts"] == 0
    assert 'recsys_follow_graph{what="edges"}' in client.get("/metrics").text


def test_export_merge_and_erasure_hold_follows(make_app: Callable[..., Flask]) -> None:
    client = keyed(make_app())
    client.post(
        "/follows",
        json=[
            {"user_id": "visitor", "author_id": "author-1"},
            {"user_id": "fan", "followed_user_id": "visitor"},
        ],
    )
    control(client, "visitor", "block", "baker")
    moved = client.post("/users/ann/merge", json={"from": "visitor"}).json["moved"]
    assert (moved["follows"], moved["controls"]) == (1, 1)
    exported = client.get("/users/ann/export").json
    assert [one["author_id"] for one in exported["follows"]] == ["author-1"]
    assert exported["controls"][0]["kind"] == "user"
    followers = client.get("/follows?user_id=ann&direction=followers").json["follows"]
    assert [one["user_id"] for one in followers] == ["fan"]
    assert client.delete("/users/ann").json["deleted"]["follows"] == 2
    assert client.get("/follows?user_id=fan").json["follows"] == []


def test_a_flood_of_followers_and_100_000_followees(
    serve: Callable[..., Server], home: Path
) -> None:
    """10,000 new followers within a minute, and somebody who follows 100,000 users."""
    server = serve(RECSYS_AUTH="on")
    key = key_of(f"sqlite:///{home}/store.db")
    headers = {"Authorization": f"Bearer {key}"}
    with server.client() as client:
        begun = time.monotonic()
        for part in range(10):
            rows = [
                {"user_id": f"bot-{part}-{k}", "followed_user_id": "star"} for k in range(1_000)
            ]
            answer = client.post("/follows", json=rows, headers=headers)
            assert answer.status_code == 201 and answer.json()["new"] == 1_000, answer.text
            assert client.get("/recommend/baker?n=5", headers=headers).status_code == 200
        assert time.monotonic() - begun < 60
        for part in range(10):
            rows = [
                {"user_id": "many", "followed_user_id": f"u{part * 10_000 + k}"}
                for k in range(9_999)
            ] + [{"user_id": "many", "author_id": f"author-{part % 2}"}]
            answer = client.post("/follows", json=rows, headers=headers)
            assert answer.status_code == 201, answer.text
        found = client.get("/recommend/many?n=10&diversity=0", headers=headers).json()["items"]
        authors = [AUTHORS[one["item_id"]] for one in found]
        assert sum(one in ("author-0", "author-1") for one in authors) >= 8
