"""GET /home: rows for one user, nothing twice, stable further pages, nothing that is muted."""

from __future__ import annotations

import time
from pathlib import Path

import api_world as world
import pytest
from flask.testing import FlaskClient

from recsys.data.records import Event, Follow, Item
from recsys.home_page import KINDS
from recsys.store.store import Store
from recsys.store.user_controls import Wish


@pytest.fixture
def filled(home: Path, client: FlaskClient) -> FlaskClient:
    """Return a client of a service that knows a sailor who follows an author."""
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        acts = [("sea-1", "like"), ("sea-2", "like"), ("chess-3", "view")]
        store.add_events(
            Event("ann", name, kind, timestamp=world.NOW - 500.0 + place)
            for place, (name, kind) in enumerate(acts)
        )
        store.add_follows([Follow("ann", author_id="author-3")])
        store.change_controls("ann", [Wish("boost", "category", "bread")])
        store.change_controls("mute", [Wish("mute", "category", name) for name in world.TOPICS])
    return client


def rows_of(client: FlaskClient, query: str = "", user: str = "ann") -> dict[str, dict]:
    answer = client.get(f"/home/{user}?{query}")
    assert answer.status_code == 200, answer.json
    return {row["row"]: row for row in answer.json["rows"]}


def mute(client: FlaskClient, kind: str, value: str) -> None:
    body = {"controls": [{"action": "mute", "kind": kind, "value": value}]}
    assert client.patch("/users/ann/profile", json=body).status_code == 200


def ids(row: dict) -> list[str]:
    return [one["item_id"] for one in row["items"]]


def test_rows_are_chosen_for_the_user_and_hold_nothing_twice(filled: FlaskClient) -> None:
    answer = filled.get("/home/ann?n=4").json
    rows = {row["row"]: row for row in answer["rows"]}
    assert list(rows)[0] == "for_you"
    assert {row["kind"] for row in rows.values()} <= set(KINDS)
    assert {"because_you_liked:sea-2", "new_in_topics", "followed"} <= rows.keys()
    shown = [name for row in rows.values() for name in ids(row)]
    assert len(shown) == len(set(shown))
    assert not {"sea-1", "sea-2", "chess-3"} & set(shown)
    assert all(1 <= len(row["items"]) <= 4 for row in rows.values())
    for row in rows.values():
        assert row["title"] and row["reason"] and row["source"]
        assert [one["rank"] for one in row["items"]] == list(range(1, len(row["items"]) + 1))
    assert all(name.startswith("sea") for name in ids(rows["because_you_liked:sea-2"]))
    assert rows["because_you_liked:sea-2"]["item_id"] == "sea-2"
    assert all(name.startswith("bread") for name in ids(rows["new_in_topics"]))
    assert rows["new_in_topics"]["title"].startswith("New in ")
    assert "follow" not in rows["new_in_topics"]["title"] + rows["new_in_topics"]["reason"]
    authors = {one["item"]["author_id"] for one in rows["followed"]["items"]}
    assert authors == {"author-3"}
    assert answer["cold_start"] is False


def test_titles_and_reasons_come_in_the_language_of_the_reader(filled: FlaskClient) -> None:
    english, chinese = rows_of(filled, "lang=en"), rows_of(filled, "lang=zh")
    assert english["for_you"]["title"] == "For you"
    assert chinese["for_you"]["title"] == "为你推荐"
    assert english["because_you_liked:sea-2"]["title"].startswith("Because you liked “")
    for key, row in english.items():
        assert row["title"] != chinese[key]["title"]
        assert row["reason"] != chinese[key]["reason"]


def test_further_pages_of_all_rows_hold_nothing_twice(filled: FlaskClient) -> None:
    rows = filled.get("/home/ann?n=3&rows=5").json["rows"]
    seen = [name for row in rows for name in ids(row)]
    pages = 0
    for row in rows:
        following = row["next"]
        while following is not None:
            answer = filled.get(following)
            assert answer.status_code == 200, answer.json
            found = answer.json["rows"]
            pages += 1
            if not found:  # the rows before hold what was left
                break
            assert [one["row"] for one in found] == [row["row"]]
            assert found[0]["items"]
            seen += ids(found[0])
            following = found[0]["next"]
    assert pages > 5
    assert len(seen) == len(set(seen)) > 40


def test_filters_hold_for_every_row(filled: FlaskClient) -> None:
    rows = rows_of(filled, "category=sea&language=en&exclude=sea-3")
    shown = [one for row in rows.values() for one in row["items"]]
    assert shown
    assert {one["item"]["category"] for one in shown} == {"sea"}
    assert {int(one["item_id"].split("-")[1]) % 2 for one in shown} == {1}
    assert "sea-3" not in [one["item_id"] for one in shown]
    assert "new_in_topics" not in rows  # bread, which the filter leaves out
    answer = filled.get("/home/ann?where=nothing==1")
    assert answer.status_code == 400
    assert answer.json["error"]["code"] == "unknown_field"


def test_a_stranger_gets_what_is_popular_and_somebody_who_muted_all_gets_a_notice(
    filled: FlaskClient,
) -> None:
    stranger = filled.get("/home/nobody").json
    assert stranger["cold_start"] is True
    assert stranger["rows"][0]["title"] == "Popular here"
    assert "notice" not in stranger
    muted = filled.get("/home/mute").json
    assert muted["rows"] == []
    assert "muted" in muted["notice"]


def test_what_is_muted_or_hidden_is_in_no_row_and_gives_no_row_its_name(
    filled: FlaskClient,
) -> None:
    mute(filled, "category", "sea")
    filled.patch("/items/bread-0", json={"hidden": True})
    rows = rows_of(filled)
    shown = [name for row in rows.values() for name in ids(row)]
    assert shown
    assert not [name for name in shown if name.startswith("sea") or name == "bread-0"]
    assert not [key for key in rows if key.startswith("because_you_liked:sea")]


def test_what_was_shown_is_logged_with_its_row(filled: FlaskClient, home: Path) -> None:
    answer = filled.get("/home/ann?n=2").json
    service = filled.application.extensions["service"]
    service.worker.tick()
    one = service.link.exposures().shown_lists(service.pseudonyms.of("ann"))[-1]
    assert one.recommendation_id == answer["recommendation_id"]
    logged = [(place.row, place.item_id) for place in one.items]
    assert logged == [(row["row"], name) for row in answer["rows"] for name in ids(row)]
    assert [place.position for place in one.items] == list(range(1, len(logged) + 1))


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ("row=for_you", 409, "cursor"),
        ("rows=0", 400, "rows"),
        ("n=51", 400, "n"),
        ("row=for_you&cursor=cAAAAAAAAAAAAAAAAAAAAAAAA", 409, "cursor"),
        ("sort=new", 400, "sort"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    filled: FlaskClient, query: str, status: int, word: str
) -> None:
    answer = filled.get(f"/home/ann?{query}")
    assert answer.status_code == status
    assert word in answer.text


def test_a_cursor_is_of_one_row_and_one_user(filled: FlaskClient) -> None:
    following = filled.get("/home/ann?n=2").json["rows"][0]["next"]
    assert filled.get(following.replace("/home/ann", "/home/bob")).status_code == 409
    assert filled.get(following.replace("row=for_you", "row=rising")).status_code == 409


def test_a_row_that_is_gone_meanwhile_ends(filled: FlaskClient) -> None:
    rows = rows_of(filled, "n=2")
    mute(filled, "author", "author-3")
    answer = filled.get(rows["followed"]["next"])
    assert answer.status_code == 200
    assert answer.json["rows"] == []


def test_an_id_that_a_path_cannot_carry_is_a_parameter(filled: FlaskClient) -> None:
    answer = filled.get("/home?user=a/b&n=2").json
    assert answer["user"] == "a/b"
    following = answer["rows"][0]["next"]
    assert following.startswith("/home?user=a%2Fb&")
    assert filled.get(following).status_code == 200


def test_a_post_of_the_last_minute_is_in_the_rows(filled: FlaskClient) -> None:
    post = Item("post", title="tide sailor", category="bread", author_id="author-3")
    body = {
        "item_id": post.item_id,
        "title": post.title,
        "category": post.category,
        "author_id": post.author_id,
        "created_at": time.time(),
    }
    assert filled.post("/items", json=body).status_code == 201
    rows = rows_of(filled)
    assert [key for key, row in rows.items() if "post" in ids(row)]
