"""Events that weigh nothing change no list: unknown kinds, values of 0, withdrawals."""

from __future__ import annotations

import time
from typing import Any

import pytest
from conftest import keyed
from flask.testing import FlaskClient

from api.runtime.app_state import AppState

LISTS = (
    "/recommend/baker?n=60",
    "/recommend/stranger?n=60",
    "/recommend/reader?n=60",
    "/recommend/words?n=60",
    "/popular?n=60",
    "/popular?n=60&window=86400",
    "/trending?n=60&window=3600",
    "/trending?n=60",
    "/latest?n=60",
    "/similar/sea-1?n=40",
    "/search?q=tide&n=40",
)
USERS = ("baker", "stranger", "reader", "words")


def caught_up(service: AppState) -> None:
    """Let the worker see all that is in the store, and look anew at what rises."""
    service.worker.tick()
    service.serving.trend_monitor._looked = (-1, -float("inf"))
    service.worker._due.clear()
    service.worker.tick()


def lists(client: FlaskClient) -> dict[str, list[str]]:
    return {path: [one["item_id"] for one in client.get(path).json["items"]] for path in LISTS}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("glimpse", None), ("glimpse", 5.0), ("impression", None), ("like", 0.0), ("unlike", None)],
)
@pytest.mark.parametrize("prefix", ["sea", "odd"])  # items that are known, and that are not
def test_no_list_moves(make_app, kind: str, value: float | None, prefix: str):
    app = make_app(rate_limit=0, min_people=0, cache_entries=0)
    client, service = keyed(app), app.extensions["service"]
    start = time.time()
    history = [(f"r{n % 30}", f"{('sea', 'chess')[n % 2]}-{n * 7 % 20}") for n in range(200)]
    history += [("reader", f"chess-{n % 20}") for n in range(600)]
    body: list[dict[str, Any]] = [
        {"user_id": user, "item_id": item, "event": "view", "timestamp": start - 9e5 + place}
        for place, (user, item) in enumerate(history)
    ]
    assert client.post("/events", json=body).status_code == 201
    assert client.put("/users/words", json={"interests": ["dough"]}).status_code == 200
    caught_up(service)
    before = lists(client)
    for _ in range(6):  # 120 events for each of the users
        rows = [
            {"user_id": USERS[n % 4], "item_id": f"{prefix}-{n % 20}", "event": kind}
            for n in range(80)
        ]
        rows = rows if value is None else [{**row, "value": value} for row in rows]
        assert client.post("/events", json=rows).status_code == 201
    caught_up(service)
    assert lists(client) == before


def test_a_body_of_unknown_kinds_is_that_of_a_stranger(client: FlaskClient):
    plain = client.post("/recommend", json={"events": []}).json
    found = client.post(
        "/recommend", json={"events": [{"item_id": "sea-1", "event": "glimpse"}]}
    ).json
    assert found["cold_start"] and found["items"] == plain["items"]
