"""A real server process under real clients: the two whole paths, faults, swaps under load."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import api_world as world
import psutil
import pytest
from conftest import Server, key_of

from recsys.client import Client, ClientError
from recsys.store.store import Store

Serve = Callable[..., Server]


def test_the_two_paths(serve: Serve) -> None:
    server = serve()
    key = key_of(f"sqlite:///{server.home / 'store.db'}")
    with Client(server.url, key) as recsys:
        assert recsys.ready()
        item = {"item_id": "new/😀 item", "title": "rook gambit", "category": "chess"}
        assert recsys.add_items([item])["new"] == 1
        assert recsys.item("new/😀 item")["title"] == "rook gambit"  # type: ignore[index]
        assert recsys.recommend("ann", n=5)["cold_start"] is True
        event = {"user_id": "ann", "item_id": "new/😀 item", "event": "like"}
        assert recsys.add_events([event])["accepted"] == 1
        found = recsys.recommend("ann", n=5, explain=True, not_category=["bread"])
        assert {entry["item"]["category"] for entry in found["items"]} == {"chess"}
        reason = found["items"][0]["reasons"][0]
        assert (reason["kind"], reason["item_id"]) == ("because_you", "new/😀 item")
        shown = [e["item_id"] for page in recsys.pages(found) for e in page["items"]]
        assert len(shown) == len(set(shown)) == 40
        assert recsys.similar("chess-1", n=3)["items"][0]["item_id"].startswith("chess")
        assert recsys.search("rook gambit", n=1)["items"][0]["item_id"] == "new/😀 item"
        assert recsys.latest(n=1)["items"][0]["item_id"] == "new/😀 item"
        assert recsys.trending(n=1)["items"][0]["item_id"].startswith("sea")
        assert recsys.recommend_session(items=["bread-1"], n=1)["items"]
        assert [r["user"] for r in recsys.recommend_batch(["ann", "bob"])] == ["ann", "bob"]
        assert recsys.put_user("bob", interests=["dough"])["interests"] == ["dough"]
        assert recsys.change_item("chess-1", hidden=True)
        with pytest.raises(ClientError, match="404") as refused:
            recsys.similar("chess-1")
        assert refused.value.code == "not_found"
        with pytest.raises(ClientError, match="unknown parameter: limit"):
            recsys.recommend("ann", limit=3)
        assert recsys.delete_item("new/😀 item")
        mute = {"action": "mute", "kind": "category", "value": "bread"}
        assert recsys.change_controls("ann", mute)["controls"][0]["value"] == "bread"
        assert recsys.explain("ann", "bread-1", lang="zh")["closed"] == "muted"
        assert recsys.profile("ann")["controls"] and recsys.export_user("ann")["events"]
        assert recsys.change_controls("ann", reset=True)["controls"] == []
        assert recsys.delete_user("ann")["deleted"]["events"] == 1
    assert server.stop() == 0
    assert '"route": "GET /recommend"' in server.log.read_text()


def test_the_client_stores_the_right_rows_of_a_batch_and_names_the_others(serve: Serve) -> None:
    server = serve()
    key = key_of(f"sqlite:///{server.home / 'store.db'}")
    wrong = {"user_id": "ann", "item_id": "chess-2", "event": "like", "timestamp": "soon"}
    events = [{"user_id": "ann", "item_id": "chess-1", "event": "like"}, wrong]
    with Client(server.url, key) as recsys:
        with pytest.raises(ClientError, match="422"):
            recsys.add_events(events)
        with pytest.raises(ClientError, match="404"):  # nothing of the batch is stored
            recsys.export_user("ann")
        answer = recsys.add_events(events, partial=True)
        assert answer["accepted"] == 1
        assert [row["row"] for row in answer["rejected"]] == [1]
        assert [e["item_id"] for e in recsys.export_user("ann")["events"]] == ["chess-1"]
        items = [{"item_id": "", "title": "no id"}, {"item_id": "chess-new", "title": "A gambit"}]
        answer = recsys.add_items(items, partial=True)
        assert answer["new"] == 1 and [row["row"] for row in answer["rejected"]] == [0]
        assert recsys.item("chess-new")
        users = [{"user_id": "eve", "name": "Eve"}, {"user_id": "eva", "interests": 7}]
        answer = recsys.add_users(users, partial=True)
        assert [row["row"] for row in answer["rejected"]] == [1]
        assert recsys.export_user("eve")["user"]["name"] == "Eve"


def test_workers_agree_at_once(serve: Serve) -> None:
    server = serve(workers=2)
    wait_for_workers(server, 2)
    for number in range(20):
        item = {"item_id": f"quick-{number}", "title": "rook gambit"}
        with server.client() as one:
            assert one.post("/items", json=item).status_code == 201
        # every connection may reach either worker, and none is asked twice
        answers = [fresh(server, "/latest?n=5") for _ in range(6)]
        assert all(f"quick-{number}" in ids for ids in answers)


def fresh(server: Server, url: str) -> list[str]:
    """Ask over a new connection."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    try:
        connection.request("GET", url)
        found = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return [entry["item_id"] for entry in found["items"]]


def wait_for_workers(server: Server, count: int) -> list[psutil.Process]:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        found = [
            child
            for child in psutil.Process(server.process.pid).children(recursive=True)
            if "resource_tracker" not in " ".join(child.cmdline())
        ]
        if len(found) >= count and server.log.read_text().count("bundle in service") >= count:
            return found
        time.sleep(0.1)  # between looks
    raise AssertionError(server.log.read_text())


class Load(threading.Thread):
    """Asks without a pause and keeps what was answered."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.server, self.done = server, threading.Event()
        self.codes: list[int] = []
        self.versions: list[str] = []

    def run(self) -> None:
        with self.server.client() as client:
            number = 0
            while not self.done.is_set():
                number += 1
                response = client.get(f"/recommend/user-{number}?n=10")
                self.codes.append(response.status_code)
                self.versions.append(response.json().get("model_version", ""))

    def stop(self) -> None:
        self.done.set()
        self.join(timeout=20)


def test_bundles_swap_under_load_without_a_failed_request(serve: Serve, home: Path) -> None:
    server = serve(workers=2)
    wait_for_workers(server, 2)
    loads = [Load(server) for _ in range(2)]
    for load in loads:
        load.start()
    for number in range(5):
        version = f"swap-{number}"
        world.publish(home, version)
        assert until(lambda v=version: all(load.versions[-1:] == [v] for load in loads))
    assert until(lambda: sum(len(load.codes) for load in loads) > 100)
    for load in loads:
        load.stop()
        assert set(load.codes) == {200}
        assert load.versions[-1] == "swap-4"


def test_kill_of_a_worker_loses_no_accepted_event(serve: Serve, home: Path) -> None:
    server = serve(workers=2)
    workers = wait_for_workers(server, 2)
    accepted: list[str] = []
    done = threading.Event()

    def post() -> None:
        number = 0
        while not done.is_set():
            number += 1
            event = {"user_id": f"u{number}", "item_id": "sea-1", "event": "like"}
            if posted(server, event) == 201:
                accepted.append(f"u{number}")

    thread = threading.Thread(target=post, daemon=True)
    thread.start()
    for worker in workers:
        ten_more(accepted)
        assert worker.is_running()
        os.kill(worker.pid, signal.SIGKILL)
    ten_more(accepted)  # others have taken their places
    done.set()
    thread.join(timeout=30)
    assert len(accepted) >= 30
    store = Store.open(f"sqlite:///{home / 'store.db'}")
    lost = [user for user in accepted if len(store.history(user)) != 1]
    store.close()
    assert lost == []


def ten_more(accepted: list[str]) -> None:
    before = len(accepted)
    assert until(lambda: len(accepted) >= before + 10)


def until(check: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Look again and again until a check holds; say whether it did in time."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)  # between looks
    return True


def posted(server: Server, event: dict[str, str]) -> int:
    """Post an event over a new connection; return the status, 0 when none came back."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    try:
        body = json.dumps(event)
        connection.request("POST", "/events", body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def test_sigterm_writes_the_exposures(serve: Serve, home: Path) -> None:
    server = serve(RECSYS_EXPOSURE_SECONDS="3600")
    with server.client() as client:
        for number in range(7):
            assert client.get(f"/recommend/u{number}?n=2").status_code == 200
    server.stop()
    from recsys.store.exposures import Exposures

    store = Store.open(f"sqlite:///{home / 'store.db'}")
    rates = Exposures(store.db).rates(0.0)
    store.close()
    assert rates["bundle"]["one"].shown == 14


def test_clients_that_hang_keep_nobody_waiting(serve: Serve) -> None:
    # a thread of the server stays with each of them until the connection ends, so there are four
    server = serve(RECSYS_BODY_SECONDS="0.5")
    host, port = "127.0.0.1", int(server.url.rsplit(":", 1)[1])
    hanging = []
    for _ in range(3):
        connection = socket.create_connection((host, port))
        connection.sendall(
            b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000\r\n\r\n{"
        )
        connection.settimeout(20.0)
        hanging.append(connection)
    with server.client() as client:
        assert client.get("/recommend/baker?n=1", timeout=10.0).status_code == 200
    for connection in hanging:
        connection.close()
    with server.client() as client:
        assert client.get("/recommend/baker?n=1", timeout=10.0).status_code == 200


def test_raw_requests(serve: Serve) -> None:
    server = serve()
    with server.client() as client:
        assert client.get("/recommend/%ff").status_code == 400
        assert client.get("/recommend/a%2Fb").json()["user"] == "a/b"
        assert client.get("/recommend/50%25").json()["user"] == "50%"
        assert client.get("/recommend/" + "x" * 10_000).status_code == 400
        assert client.get("/recommend/a%00b").status_code == 400
        big = client.post(
            "/events", content=b"x" * 10_000_001, headers={"Content-Type": "application/json"}
        )
        assert big.status_code == 413
        chunked = client.post(
            "/events",
            content=iter([b'[{"user_id": "u", ', b'"item_id": "i"}]']),
            headers={"Content-Type": "application/json"},
        )
        assert chunked.status_code == 201
