"""What-if lists over HTTP: exact, deterministic, of one user or many, of this bundle or another."""

from __future__ import annotations

import time
from pathlib import Path

import api_world as world
import pytest
from conftest import keyed
from flask.testing import FlaskClient

from recsys.bundle_store import BundleStore

USERS = [f"reader-{number}" for number in range(30)]


@pytest.fixture
def client(client: FlaskClient) -> FlaskClient:
    """A client of an app with thirty users of three tastes."""
    events = [
        {"user_id": name, "item_id": f"{topic}-{number}", "event": "like", "timestamp": at}
        for place, name in enumerate(USERS)
        for topic in [list(world.TOPICS)[place % 3]]
        for number, at in ((1, world.NOW - 900), (2, world.NOW - 300))
    ]
    assert client.post("/events", json=events).status_code == 201
    return client


def ids(entries: list[dict]) -> list[str]:
    return [one["item_id"] for one in entries]


def ask(client: FlaskClient, **body: object) -> dict:
    answer = client.post("/whatif", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_settings_that_are_otherwise(client: FlaskClient) -> None:
    found = ask(client, user="reader-0", n=10, overrides={"personal": 0.0})
    (pair,) = found["lists"]
    assert ids(pair["before"]) == ids(client.get("/recommend/reader-0?n=10").json["items"])
    queried = client.get("/recommend/reader-0?n=10&personal=0").json["items"]
    assert ids(pair["after"]) == ids(queried)
    for one in pair["after"]:
        place = ids(pair["before"]).index(one["item_id"]) + 1 if one["rank_before"] else None
        assert one["rank_before"] == place
    assert set(pair["gone"]) == set(ids(pair["before"])) - set(ids(pair["after"]))
    assert found["summary"]["reasons"] and found["after"]["overrides"] == {"personal": 0.0}
    again = ask(client, user="reader-0", n=10, overrides={"personal": 0.0})
    assert [ids(again["lists"][0][side]) for side in ("before", "after")] == [
        ids(pair[side]) for side in ("before", "after")
    ]


def test_the_same_settings_change_nothing(client: FlaskClient) -> None:
    found = ask(client, user="reader-0", overrides={"diversity": 0.0})
    assert found["summary"]["unchanged"] == found["summary"]["jaccard"] == 1.0
    assert all(row["before"] == pytest.approx(row["after"]) for row in found["summary"]["topics"])


def test_an_event_that_did_not_happen(client: FlaskClient) -> None:
    like = {"user_id": "reader-0", "item_id": "bread-5", "event": "like"}
    before = ask(client, user="reader-0", as_of=time.time() - 1)["lists"][0]["before"]
    client.post("/events", json=like)
    events = client.get("/events?user_id=reader-0&n=9").json["events"]
    (event,) = [one["id"] for one in events if one["item_id"] == "bread-5"]
    found = ask(client, user="reader-0", without=[event])["lists"][0]
    assert ids(found["before"]) != ids(before)
    # the popularity that the event added stays: the order among the user's own topic is as before
    assert set(ids(found["after"])) - {"bread-5"} <= set(ids(before))
    other = client.post("/whatif", json={"user": "reader-1", "without": [event]})
    assert other.status_code == 409 and "no event" in other.text
    past = ask(client, user="reader-0", as_of=world.NOW - 600)["lists"][0]
    assert "sea-2" in ids(past["after"]) and "sea-1" not in ids(past["after"])


def test_a_hundred_users_have_a_summary(client: FlaskClient) -> None:
    found = ask(client, sample=100, n=5, overrides={"personal": 0.0})
    known = len(client.get("/users?n=1000").json["users"])
    assert found["users"] == known >= 30 and found["lists"] == []
    told = found["summary"]
    for name in ("topics", "authors"):
        for side in ("before", "after"):
            assert sum(row[side] for row in told[name]) == pytest.approx(1.0, abs=1e-6)
    assert 0 < told["jaccard"] < 1 and told["unchanged"] < 1
    some = ask(client, users=[*USERS[:25], "stranger"], n=5, overrides={"personal": 0.0})
    assert (some["users"], some["unknown_users"]) == (25, 1)


def test_another_bundle(client: FlaskClient, home: Path) -> None:
    known = BundleStore(home).open("one").manifest
    logs = {name: known[name] for name in ("last_event_id", "last_change_id")}
    world.publish(home, "two", **logs)
    BundleStore(home).rollback("one")
    found = ask(client, user="reader-0", bundle="two")
    assert (found["before"]["model_version"], found["after"]["model_version"]) == ("one", "two")
    assert found["summary"]["unchanged"] == 1.0  # both have the same model
    missing = client.post("/whatif", json={"user": "reader-0", "bundle": "nine"})
    assert missing.status_code == 409 and "no bundle 'nine'" in missing.text
    strange = client.post("/whatif", json={"user": "stranger", "bundle": "two"})
    assert strange.status_code == 404


def test_users_of_whom_nothing_is_held(client: FlaskClient) -> None:
    admin = keyed(client.application)
    body = {"user": "reader-0", "overrides": {"diversity": 0.5}}
    assert admin.post("/whatif", json=body | {"user": "stranger"}).status_code == 404
    assert admin.delete("/users/reader-0").status_code == 200
    erased = admin.post("/whatif", json=body)
    assert erased.status_code == 404 and erased.json["error"]["code"] == "erased"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"user": "reader-0"}, 409, "nothing is otherwise"),
        ({"overrides": {"diversity": 0.5}}, 409, "name users"),
        ({"user": "a", "users": ["b"], "overrides": {"diversity": 0.5}}, 409, "not both"),
        ({"user": "a", "sample": 5, "overrides": {"diversity": 0.5}}, 409, "one of both"),
        ({"users": ["a", "b"], "without": [1]}, 409, "one user"),
        ({"user": "a", "overrides": {"speed": 1}}, 422, "speed"),
        ({"user": "a", "overrides": {"diversity": 2}}, 422, "diversity"),
        ({"users": [str(n) for n in range(1_001)]}, 422, "users"),
    ],
)
def test_requests_that_are_wrong(client: FlaskClient, body: dict, status: int, words: str) -> None:
    answer = client.post("/whatif", json=body)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_a_look_is_audited_and_needs_the_right(client: FlaskClient) -> None:
    app = client.application
    body = {"user": "reader-0", "overrides": {"diversity": 0.5}}
    assert keyed(app, "operate").post("/whatif", json=body).status_code == 403
    assert keyed(app, "support").post("/whatif", json=body).status_code == 200
    entries = keyed(app).get("/audit").json["entries"]
    assert any(one["action"] == "POST /whatif" and one["subject"] for one in entries)


def test_authors_are_called_by_their_display_names(client: FlaskClient, home: Path) -> None:
    """In reasons and in the table of authors, whichever process makes the lists."""
    known = BundleStore(home).open("one").manifest
    world.publish(home, "two", **{k: known[k] for k in ("last_event_id", "last_change_id")})
    BundleStore(home).rollback("one")
    wish = {"controls": [{"action": "more", "kind": "author", "value": "author-2"}]}
    assert client.patch("/users/reader-0/profile", json=wish).status_code == 200
    client.post("/authors", json={"author_id": "author-2", "name": "Ada Writer"})
    for bundle in ({}, {"bundle": "two"}):
        found = ask(client, user="reader-0", n=50, overrides={"personal": 0.5}, **bundle)
        (pair,) = found["lists"]
        for side in ("before", "after"):
            texts = [reason["text"] for one in pair[side] for reason in one["reasons"]]
            assert "You asked for more of Ada Writer" in texts
            assert not any("author-2" in text for text in texts)
        named = {row["name"]: row["display_name"] for row in found["summary"]["authors"]}
        assert named["author-2"] == "Ada Writer" and named["author-1"] is None
