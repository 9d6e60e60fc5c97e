"""A key that was just made is known to every worker, and no older read of the store forgets it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from api.runtime.app_state import AppState

MakeApp = Callable[..., Flask]
UNKNOWN = "rk_0123abcd_never-made"


def service_of(app: Flask) -> AppState:
    found: AppState = app.extensions["service"]
    return found


def make_key(app: Flask, role: str = "read") -> tuple[str, str]:
    """Make a key as another process does, of which the app is not told; return its id and text."""
    with service_of(app).link.use():
        key, token = service_of(app).link.keys().create("test", role)
    return key.key_id, token


def with_key(app: Flask, token: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


@contextmanager
def slow_read(app: Flask, table: str, read: Callable[[], Any]) -> Iterator[None]:
    """Run a read of a table in a thread that has its rows before the block, and uses them after."""
    begun, go = threading.Event(), threading.Event()
    thread = threading.Thread(target=read)

    def wait(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        if threading.current_thread() is thread and f"FROM {table} " in f"{statement} ":
            begun.set()
            assert go.wait(60)

    with service_of(app).link.use() as store:
        engine = store.db.engine
    sa.event.listen(engine, "after_cursor_execute", wait)
    try:
        thread.start()
        assert begun.wait(60)
        yield
    finally:
        go.set()
        thread.join(60)
        sa.event.remove(engine, "after_cursor_execute", wait)


def test_a_key_is_known_at_once_after_an_unknown_one(make_app: MakeApp) -> None:
    app = make_app(auth="on")
    for _ in range(3):
        assert with_key(app, UNKNOWN).get("/recommend/ann").status_code == 401
        _, token = make_key(app)
        assert with_key(app, token).get("/recommend/ann").status_code == 200


def test_a_read_that_began_before_a_key_was_made_does_not_forget_it(make_app: MakeApp) -> None:
    """As when the background thread reads the keys while a request looks for a new one."""
    app = make_app(auth="on")
    make_key(app)
    with slow_read(app, "api_keys", service_of(app).worker.load_keys):
        key_id, token = make_key(app)
        assert with_key(app, token).get("/recommend/ann").status_code == 200
    known = {key.key_id for key in service_of(app).gate.keys}
    assert key_id in known


def test_a_key_that_is_not_known_is_not_refused_while_the_store_is_away(make_app: MakeApp) -> None:
    app = make_app(auth="on")
    _, token = make_key(app)
    service_of(app).link.failed = float("inf")
    answer = with_key(app, token).get("/recommend/ann")
    assert answer.status_code == 503 and answer.get_json()["error"]["code"] == "store_unreachable"
    assert answer.headers["Retry-After"]
    assert with_key(app, "no-key-at-all").get("/recommend/ann").status_code == 401
    service_of(app).link.failed = 0.0
    assert with_key(app, token).get("/recommend/ann").status_code == 200
    service_of(app).link.failed = float("inf")
    assert with_key(app, token).get("/recommend/ann").status_code == 200  # known by now


def test_a_token_of_a_new_key_is_known_to_the_other_worker(make_app: MakeApp) -> None:
    one, other = make_app(auth="on"), make_app(auth="on")
    key_id, key = make_key(one, "write")
    token = with_key(one, key).post("/tokens", json={"user_id": "baker"}).get_json()["token"]
    environ = {"HTTP_AUTHORIZATION": f"Bearer {token}", "PATH_INFO": "/recommend/baker"}
    gate = service_of(other).gate
    assert gate.needs_store(environ)  # so that the event loop does not wait for it
    assert with_key(other, token).get("/recommend/baker").status_code == 200
    assert not gate.needs_store(environ)
    with service_of(one).link.use():
        service_of(one).link.keys().revoke(key_id)
    for app in (one, other):
        service_of(app).worker.load_keys()
        assert with_key(app, token).get("/recommend/baker").status_code == 401


def test_a_session_of_a_new_key_is_known_to_the_other_worker(make_app: MakeApp) -> None:
    one, other = make_app(auth="on"), make_app(auth="on")
    key_id, _ = make_key(one, "support")
    _, cookie = service_of(one).gate.sessions.make(key_id)
    environ = {"PATH_INFO": "/console", "HTTP_COOKIE": f"recsys_console={cookie}"}
    gate = service_of(other).gate
    assert gate.needs_store(environ)
    found = gate.session(environ)
    assert found is not None and found.key_id == key_id and not gate.needs_store(environ)


def test_an_older_read_does_not_replace_pins(make_app: MakeApp) -> None:
    app = make_app()
    client, service = with_key(app, make_key(app, "admin")[1]), service_of(app)
    with slow_read(app, "pins", service.load_pins):
        assert client.post("/pins", json={"item_id": "sea-1", "position": 1}).status_code == 201
    assert [pin.item_id for pin in service.pins.in_force(time.time())] == ["sea-1"]


def test_an_older_read_does_not_end_an_experiment(make_app: MakeApp) -> None:
    app = make_app()
    client, service = with_key(app, make_key(app, "admin")[1]), service_of(app)
    arms = [{"name": "plain", "share": 0.5}, {"name": "varied", "share": 0.5}]
    arms[1]["overrides"] = {"diversity": 0.9}
    body = {"id": "new", "arms": arms, "metrics": {"primary": "click_rate"}}
    assert client.post("/experiments", json=body).status_code == 201
    with slow_read(app, "experiments", service.load_experiments):
        assert client.patch("/experiments/new", json={"state": "running"}).status_code == 200
    assert [one.id for one in service.experiments.active(time.time())] == ["new"]
