"""Cost of requests in calls and statements, which do not depend on the speed of the machine.

Calls are those of Python and C functions, in this thread, of a request that was made before, so
that what is kept is kept. A bound is a tenth to a sixth above what was counted with CPython 3.11;
what exceeds it is mended or, with a reason in DESIGN.md, given a new bound.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, FrameType
from typing import Any

import pytest
from flask import Flask

ROUNDS = 3
HISTORY = 30  # events of the user whose list is made

LIST = "/recommend/reader?n=20"
BOUNDS = {  # path -> calls, SQL statements
    LIST: (6_500, 4),
    "/similar/sea-3?n=20": (3_600, 2),
    "/popular?n=20": (3_300, 1),
    "/health/live": (1_250, 0),
}
POSTED = 6_400, 8  # the same of a POST of 100 events
KEPT = 1_750, 1  # and of a list that is kept


def counted(work: Callable[[], object]) -> tuple[int, int]:
    """Return the calls and the SQL statements of some work: the least of some rounds."""
    found = []
    for _ in range(ROUNDS):
        calls = statements = 0

        def note(_: FrameType, event: str, argument: Any) -> None:
            nonlocal calls, statements
            if event == "call":
                calls += 1
            elif event == "c_call":
                calls += 1
                statements += _is_statement(argument)

        sys.setprofile(note)
        try:
            work()
        finally:
            sys.setprofile(None)
        found.append((calls, statements))
    return min(found)


def _is_statement(function: BuiltinFunctionType) -> bool:
    on_sqlite = isinstance(function.__self__, (sqlite3.Connection, sqlite3.Cursor))
    return on_sqlite and function.__name__ in ("execute", "executemany")


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An app that computes each answer, without limits of rates, with a user who has a history."""
    app = make_app(rate_limit=0, anonymous_rate_limit=0, cache_entries=0, access_log=False)
    learn(app)
    return app


def learn(app: Flask) -> None:
    kinds = ("like", "view", "click")
    rows = [
        {"user_id": "reader", "item_id": f"sea-{n % 20}", "event": kinds[n % 3]}
        for n in range(HISTORY)
    ]
    assert app.test_client().post("/events", json=rows).status_code == 201
    settle(app)


def settle(app: Flask) -> None:
    """Read the logs to their ends, and write what waits, as the background threads do."""
    for _ in range(2):
        app.extensions["service"].worker.tick()


def get(app: Flask, path: str) -> Callable[[], object]:
    client = app.test_client()

    def ask() -> None:
        assert client.get(path).status_code == 200

    for _ in range(3):
        ask()
    settle(app)
    ask()
    return ask


@pytest.mark.parametrize("path", BOUNDS)
def test_a_read_stays_within_its_calls_and_statements(app: Flask, path: str) -> None:
    calls, statements = counted(get(app, path))
    most, most_statements = BOUNDS[path]
    assert calls <= most, f"{path} takes {calls} calls"
    assert statements <= most_statements, f"{path} takes {statements} statements"


def test_a_kept_list_is_hardly_any_work(make_app: Callable[..., Flask]) -> None:
    app = make_app(rate_limit=0, anonymous_rate_limit=0, access_log=False)
    learn(app)
    calls, statements = counted(get(app, LIST))
    assert calls <= KEPT[0] and statements <= KEPT[1], f"{calls} calls, {statements} statements"


def test_a_hundred_events_are_written_in_few_statements(app: Flask) -> None:
    client, number = app.test_client(), 0

    def post() -> None:
        nonlocal number
        number += 1
        rows = [
            {"user_id": f"u{n}", "item_id": f"sea-{n % 20}", "event": "click", "value": number}
            for n in range(100)
        ]
        assert client.post("/events", json=rows).status_code == 201

    post()
    settle(app)
    calls, statements = counted(post)
    assert calls <= POSTED[0] and statements <= POSTED[1], f"{calls} calls, {statements} statements"
