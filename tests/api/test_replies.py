"""Items that answer others: in feeds, threads and search, and in other lists when asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

LISTS = ("/recommend/ann?n=100&", "/latest?n=100&", "/popular?n=100&", "/trending?n=100&")


def items(client: Any, path: str) -> set[str]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return {one["item_id"] for one in answer.json["items"]}


@pytest.fixture
def thread(client: FlaskClient) -> FlaskClient:
    """A post with an answer, which three users liked, and an answer to what is not there."""
    write(client)
    return client


def write(client: Any) -> None:
    now = time.time()
    rows = [
        {"item_id": "post", "title": "tide at dawn", "author_id": "ada", "created_at": now - 60},
        {"item_id": "answer", "title": "tide at noon", "author_id": "bo", "parent_id": "post"},
        {"item_id": "lone", "title": "tide at dusk", "author_id": "bo", "parent_id": "gone"},
    ]
    rows[1]["created_at"] = rows[2]["created_at"] = now - 30
    assert client.post("/items", json=rows).status_code == 201
    likes = [
        {"user_id": user, "item_id": item, "event": "like"}
        for user in ("cy", "di", "ed")
        for item in ("post", "answer", "lone")
    ]
    assert client.post("/events", json=likes).status_code == 201


@pytest.mark.parametrize("path", LISTS)
def test_an_answer_is_in_general_lists_only_where_it_is_asked_for(
    thread: FlaskClient, path: str
) -> None:
    assert {"post", "lone"} <= items(thread, path) and "answer" not in items(thread, path)
    assert {"post", "lone", "answer"} <= items(thread, path + "replies=1")
    assert "answer" not in items(thread, path + "replies=0")
    if path.startswith("/recommend"):
        why = thread.get("/explain/ann/answer").json
        assert why["closed"] == "reply"


def test_feeds_of_follows_and_threads_and_search_hold_answers(thread: FlaskClient) -> None:
    thread.post("/follows", json={"user_id": "ann", "author_id": "bo"})
    assert items(thread, "/feed/following/ann") == {"answer", "lone"}
    assert "answer" in items(thread, "/feed/following/ann?order=rank")
    assert items(thread, "/feed/following/ann?replies=0") == {"lone"}
    assert "answer" in items(thread, "/search?q=tide%20at%20noon&n=50")
    assert thread.get("/items/post/spread").json["answers"] == 1
    assert thread.get("/latest?replies=some").status_code == 400


def test_a_setting_lets_answers_into_all_lists(make_app: Callable[..., Flask]) -> None:
    client = make_app(replies="on").test_client()
    write(client)
    for path in LISTS:
        assert "answer" in items(client, path)
        assert "answer" not in items(client, path + "replies=0")
