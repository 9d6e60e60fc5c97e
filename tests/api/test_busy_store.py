"""A store that takes no writes: lists and health go on, writers are told early."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from api_server import Server, start
from conftest import key_of
from flask import Flask
from postgres_server import emptied
from sqlalchemy import create_engine, text
from test_slow_clients import status_of

EVENT = {"user_id": "ann", "item_id": "sea-1", "event": "like"}


class Holder:
    """Another process with a connection to the store, that holds what a statement takes."""

    def __init__(self, path: Path, *statements: str) -> None:
        code = (
            "import sqlite3, sys\n"
            "c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)\n"
            "for s in sys.argv[2:]: c.execute(s).fetchall()\n"
            "print('held', flush=True); sys.stdin.read()"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(path), *statements],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"held\n"

    def let_go(self) -> None:
        self.process.communicate(timeout=60)


def ready(server: Server, purpose: str = "lists") -> tuple[int, dict[str, Any]]:
    with server.client() as client:
        found = client.get(f"/health/ready?for={purpose}")
    return found.status_code, found.json()


def until(check: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.1)  # between looks


@pytest.mark.parametrize("lock", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
def test_a_foreign_lock_stops_neither_lists_nor_health(
    serve: Callable[..., Server], home: Path, lock: str
) -> None:
    server = serve()
    holder = Holder(home / "store.db", lock)
    # more writers than there are threads for reads
    code = "import sys, urllib.request as u\ntry: u.urlopen(u.Request(sys.argv[1], sys.argv[2]"
    code += ".encode(), {'Content-Type': 'application/json'}), timeout=60)\n"
    code += "except Exception as error: print(error.code, error.headers['Retry-After'])"
    body = '{"user_id": "ann", "item_id": "sea-1"}'
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, f"{server.url}/events", body], stdout=subprocess.PIPE
        )
        for _ in range(6)
    ]
    try:
        until(lambda: not ready(server)[1]["writes"])  # noticed without a writer, too
        for number in range(10):
            with server.client() as client:
                found = client.get(f"/recommend/baker?n={number + 1}").json()
                assert found["degraded"] is False
                assert client.get("/health/live").status_code == 200
        status, result = ready(server)
        assert (status, result["status"], result["store"]) == (200, "degraded", True)
        assert ready(server, "writes")[0] == 503
        for writer in writers:
            assert writer.communicate(timeout=60)[0].split() == [b"503", b"1"]
        with server.client() as client:
            refused = client.post("/events", json=EVENT)
            assert refused.status_code == 503 and refused.headers["Retry-After"] == "1"
            assert refused.json()["error"]["code"] == "store_busy"
            assert "recsys_store_writes 0.0" in client.get("/metrics").text
    finally:
        holder.let_go()
        for writer in writers:
            writer.kill()
            writer.communicate()
    until(lambda: ready(server, "writes")[0] == 200)
    assert ready(server)[1]["status"] == "ready"
    assert status_of(server, "/events", EVENT) == 201


def test_a_server_starts_while_others_write(home: Path, serve: Callable[..., Server]) -> None:
    holder = Holder(home / "store.db", "BEGIN EXCLUSIVE")
    server = serve()
    until(lambda: ready(server)[1]["store"])
    assert status_of(server, "/recommend/baker?n=1") == 200
    holder.let_go()


def test_an_erasure_waits_for_no_reader_and_tells_when_the_log_is_empty(
    serve: Callable[..., Server], home: Path
) -> None:
    server = serve()
    assert status_of(server, "/events", {**EVENT, "user_id": "to-be-erased"}) == 201
    reader = Holder(home / "store.db", "BEGIN", "SELECT * FROM events")
    key = key_of(f"sqlite:///{home / 'store.db'}")
    with server.client() as client:
        client.headers["X-API-Key"] = key
        receipt = client.delete("/users/to-be-erased").json()
        assert receipt["deleted"]["events"] == 1 and receipt["log_emptied"] is None
        for _ in range(20):  # writers go on
            assert client.post("/events", json=EVENT).status_code == 201
        assert ready(server)[1]["writes"] is True
        again = client.delete("/users/to-be-erased").json()["error"]
        assert again["code"] == "erased" and "still holds" in again["message"]
        assert b"to-be-erased" in (home / "store.db-wal").read_bytes()
        reader.let_go()
        until(lambda: b"to-be-erased" not in (home / "store.db-wal").read_bytes())
        until(
            lambda: "still" not in client.delete("/users/to-be-erased").json()["error"]["message"]
        )
    assert "holds no deleted rows any more" in server.log.read_text()


def test_an_erasure_without_readers_tells_the_moment(client: Any, home: Path) -> None:
    before, result = time.time(), {"X-API-Key": key_of(f"sqlite:///{home / 'store.db'}")}
    client.post("/events", json={**EVENT, "user_id": "short"})
    assert (
        before <= client.delete("/users/short", headers=result).json["log_emptied"] <= time.time()
    )


@pytest.mark.parametrize("mode", ["SHARE", "ACCESS EXCLUSIVE"])
def test_a_lock_on_the_events_of_postgresql(
    make_app: Callable[..., Flask], postgres: Any, mode: str
) -> None:
    client = make_app(store=emptied(postgres), background=True, write_seconds=0.5).test_client()
    assert client.post("/events", json=EVENT).status_code == 201
    engine = create_engine(postgres)
    with engine.begin() as holder:
        holder.execute(text(f"LOCK TABLE events IN {mode} MODE"))
        until(lambda: client.get("/health/ready").json["writes"] is False)
        for number in range(5):
            assert client.get(f"/recommend/baker?n={number + 1}").status_code == 200
        for _ in range(30):  # looks at the store and exposures that are written do not hide it
            found = client.get("/health/ready")
            assert (found.status_code, found.json["status"]) == (200, "degraded")
            time.sleep(0.1)  # three looks, of one a second
        assert client.get("/health/ready?for=writes").status_code == 503
        refused = client.post("/events", json=EVENT)
        assert refused.status_code == 503 and refused.headers["Retry-After"]
    engine.dispose()
    until(lambda: client.get("/health/ready?for=writes").status_code == 200)
    assert client.post("/events", json=EVENT).status_code == 201


def test_a_full_disk_ends_no_worker_and_lists_go_on(pristine: Path, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a file system of its own cannot be mounted here")
    try:
        shutil.copytree(pristine, place / "home")
        server = start(place / "home", workers=2, RECSYS_ACCESS_LOG="off")
        try:
            _lists_go_on(server, place)
        finally:
            server.stop()
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _lists_go_on(server: Server, place: Path) -> None:
    import psutil

    before = {child.pid for child in psutil.Process(server.process.pid).children()}
    with (place / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError):
        while True:
            filler.write(b"x" * 4096)
    for number in range(60):  # over new connections, so that both workers are reached
        assert status_of(server, f"/recommend/reader-{number}?n=5") == 200
        assert status_of(server, "/metrics") == 200
    refused = status_of(server, "/events", [{**EVENT, "text": "x" * 9000}] * 500)
    assert refused == 507
    until(lambda: not ready(server)[1]["writes"])
    assert ready(server)[0] == 200
    after = {child.pid for child in psutil.Process(server.process.pid).children()}
    assert after == before
    (place / "filler").unlink()
    until(lambda: ready(server, "writes")[0] == 200)
    assert status_of(server, "/events", EVENT) == 201
