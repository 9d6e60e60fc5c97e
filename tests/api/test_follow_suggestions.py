"""/users/<user>/suggestions: who is suggested and why, who never is, and that it is live."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from conftest import Server
from flask import Flask
from flask.testing import FlaskClient

from api.runtime.app_state import AppState


def suggested(client: Any, user: str, **query: Any) -> dict[str, list[str]]:
    """Return the kinds of reasons by id, in the order of the answer."""
    answer = client.get(f"/users/{user}/suggestions", query_string={"n": 50, **query})
    assert answer.status_code == 200, answer.text
    return {
        one["user_id"] or one["author_id"]: [each["kind"] for each in one["reasons"]]
        for one in answer.json["suggestions"]
    }


def follow(client: Any, *pairs: tuple[str, str]) -> None:
    rows = [{"user_id": one, "followed_user_id": other} for one, other in pairs]
    assert client.post("/follows", json=rows).status_code == 201


@pytest.fixture
def both(make_app: Callable[..., Flask]) -> tuple[FlaskClient, FlaskClient]:
    """Clients of two workers that have read the follow graph."""
    found = []
    for _ in range(2):
        app = make_app()
        service: AppState = app.extensions["service"]
        service.worker.follow_graph()  # type: ignore[attr-defined]
        found.append(app.test_client())
    return found[0], found[1]


def ring(client: Any) -> None:
    """Let ann follow three friends, who all follow zoe; yan follows two friends and ann."""
    friends = ["f1", "f2", "f3"]
    follow(client, *[("ann", one) for one in friends], *[(one, "zoe") for one in friends])
    follow(client, ("yan", "f1"), ("yan", "f2"), ("yan", "ann"))


def test_reasons_name_counts_from_three_on_and_answers_are_live(
    both: tuple[FlaskClient, FlaskClient],
) -> None:
    here, there = both
    ring(here)
    found = suggested(there, "ann")
    assert found["zoe"][0] == "followed_by_followees"
    assert found["yan"][0] == "mutual" and "same_followees" not in found["yan"]
    assert not {"ann", "f1", "f2", "f3"} & set(found)
    answer = there.get("/users/ann/suggestions?n=50&lang=zh").json["suggestions"]
    texts = [each["text"] for one in answer for each in one["reasons"]]
    assert "你关注的3个账号关注了对方" in texts and "对方关注了你" in texts
    follow(here, ("yan", "f3"))
    assert suggested(there, "ann")["yan"][:2] == ["mutual", "same_followees"]
    here.post("/users", json={"user_id": "zoe", "name": "Zoë"})
    answer = there.get("/users/ann/suggestions?n=50").json
    assert {one["name"] for one in answer["suggestions"] if one["user_id"] == "zoe"} == {"Zoë"}
    assert (answer["newcomer"], answer["degraded"]) == (False, False)
    follow(here, ("ann", "zoe"))
    assert "zoe" not in suggested(there, "ann")


def test_muted_blocked_and_dismissed_accounts_are_not_suggested(
    both: tuple[FlaskClient, FlaskClient],
) -> None:
    here, there = both
    ring(here)
    follow(here, *[(one, "xu") for one in ("f1", "f2", "f3")])
    assert {"zoe", "yan", "xu"} <= set(suggested(there, "ann"))
    wishes = [
        {"action": "dismiss", "kind": "user", "value": "zoe"},
        {"action": "mute", "kind": "user", "value": "yan"},
    ]
    done = here.patch("/users/ann/profile", json={"controls": wishes}).json["controls"]
    found = suggested(there, "ann")
    assert "xu" in found and not {"zoe", "yan"} & set(found)
    here.patch("/users/ann/profile", json={"undo": [done[0]["id"]]})
    assert "zoe" in suggested(there, "ann")
    block = [{"action": "block", "kind": "user", "value": "ann"}]
    here.patch("/users/xu/profile", json={"controls": block})
    assert "xu" not in suggested(there, "ann") and "ann" not in suggested(there, "xu")


def test_to_dismiss_stands_beside_other_controls_and_concerns_accounts_only(
    client: FlaskClient,
) -> None:
    author = {"kind": "author", "value": "author-1"}
    both = [{"action": "boost", **author}, {"action": "dismiss", **author}]
    found = client.patch("/users/ann/profile", json={"controls": both}).json["controls"]
    assert [one["action"] for one in found] == ["boost", "dismiss"]
    assert "author-1" not in suggested(client, "ann")
    wrong = {"controls": [{"action": "dismiss", "kind": "tag", "value": "sea"}]}
    assert client.patch("/users/ann/profile", json=wrong).status_code == 409


def test_a_newcomer_gets_authors_by_interests(both: tuple[FlaskClient, FlaskClient]) -> None:
    here, there = both
    here.post("/users", json={"user_id": "new", "interests": ["chess"]})
    answer = there.get("/users/new/suggestions?n=3&kind=authors").json
    assert answer["newcomer"] and answer["suggestions"]
    first = answer["suggestions"][0]
    assert first["author_id"] and {one["kind"] for one in first["reasons"]} <= {"topic", "list"}
    assert suggested(there, "new", kind="users") == {}
    assert there.get("/users/new/suggestions?n=0").status_code == 400
    assert there.get("/users/new/suggestions?kind=cats").status_code == 400


def test_an_erased_account_is_suggested_no_more(both: tuple[FlaskClient, FlaskClient]) -> None:
    here, there = both
    ring(here)
    service: AppState = here.application.extensions["service"]
    assert "zoe" in suggested(there, "ann")
    with service.link.use() as store:
        store.delete_user("zoe")
    assert "zoe" not in suggested(there, "ann")
    assert suggested(there, "zoe", kind="users") == suggested(there, "nobody", kind="users")


def test_ten_thousand_new_followers_in_a_minute_make_nobody_popular(
    both: tuple[FlaskClient, FlaskClient],
) -> None:
    """Accounts that follow one account and nothing else do not count for newcomers."""
    here, there = both
    crowd = [(f"c{k}", "star") for k in range(60)]
    follow(here, *crowd, *[(f"c{k}", f"c{(k + j) % 60}") for k in range(60) for j in (1, 2, 3)])
    before = suggested(there, "new", kind="users")
    assert before["star"] == ["popular"]
    rows = [{"user_id": f"bot{k}", "followed_user_id": "flooded"} for k in range(10_000)]
    started = time.monotonic()
    for start in range(0, len(rows), 1_000):
        assert here.post("/follows", json=rows[start : start + 1_000]).json["new"] == 1_000
    service: AppState = there.application.extensions["service"]
    service.popular_accounts._at = -1e9  # as a minute later
    after = suggested(there, "new", kind="users")
    assert "star" in after and "flooded" not in after
    graph = service.follow_graph()
    assert graph is not None
    with service.link.use() as store:
        assert len(graph.followers(store.user_number("flooded"))) == 10_000
    assert time.monotonic() - started < 250  # far above what it takes: work is bounded


def test_real_server_and_client_agree(serve: Callable[..., Server]) -> None:
    server = serve(workers=1)
    rows = [{"user_id": "ann", "followed_user_id": f"f{k}"} for k in range(3)]
    rows += [{"user_id": f"f{k}", "followed_user_id": "zoe"} for k in range(3)]
    assert httpx.post(f"{server.url}/follows", json=rows).status_code == 201
    deadline = time.monotonic() + 30
    found: list[str | None] = []
    while "zoe" not in found and time.monotonic() < deadline:  # until the graph is read
        answer = httpx.get(f"{server.url}/users/ann/suggestions").json()
        found = [one["user_id"] for one in answer["suggestions"]]
        time.sleep(0.1)
    assert "zoe" in found
