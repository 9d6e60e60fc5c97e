"""Bulks of long items, and requests of much CPU time: others do not wait, limits are named."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from api_server import Server, start
from flask import Flask
from flask.testing import FlaskClient

from jobs.environment import own_modules

WORDS = "the tide comes in and sailors wait in the harbour until a wave lifts the anchor again"
SCORER = '''
"""A scorer that waits until its file is there."""

import os
import time
from pathlib import Path


def waits(texts):
    Path(os.environ["TESTS_BEGUN"]).touch()
    while not Path(os.environ["TESTS_GATE"]).exists():
        time.sleep(0.01)
    return [{} for _ in texts]
'''


def long_items(count: int, size: int, name: str = "bulk") -> list[dict[str, Any]]:
    """Return items of so many characters, no two alike."""
    return [
        {"item_id": f"{name}-{n}", "title": f"{name} {n}", "text": f"{n} {WORDS} " * (size // 90)}
        for n in range(count)
    ]


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # between looks


class Bulk(threading.Thread):
    """A POST of items by another client, which tries again after a refusal."""

    def __init__(self, server: Server, rows: list[dict[str, Any]]) -> None:
        super().__init__()
        self._server, self._rows = server, rows
        self.answer: httpx.Response | None = None
        self.refused = False
        self.start()

    def run(self) -> None:
        with httpx.Client(base_url=self._server.url, timeout=120.0) as client:
            answer = client.post("/items", json=self._rows)
            while answer.status_code == 503:
                self.refused = True
                time.sleep(0.05)  # until another has left its place
                answer = client.post("/items", json=self._rows)
            self.answer = answer


def is_refused(client: httpx.Client) -> bool:
    """Whether a further bulk is refused; it may wait in the place of one that is not there yet."""
    try:
        return client.post("/items", json=long_items(36, 2_000), timeout=2.0).status_code == 503
    except httpx.ReadTimeout:
        return False


def test_lists_and_events_are_answered_while_bulks_are_read(home: Path, tmp_path: Path) -> None:
    (tmp_path / "tests_bulk_scorer.py").write_text(SCORER)
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    server = start(
        home,
        PYTHONPATH=f"{tmp_path}{os.pathsep}{own_modules()['PYTHONPATH']}",
        RECSYS_SAFETY_MODEL="tests_bulk_scorer:waits",
        RECSYS_TAIL_SECONDS="0.05",
        TESTS_GATE=str(gate),
        TESTS_BEGUN=str(begun),
    )
    try:
        assert b"MALLOC_ARENA_MAX=1" in _worker_environment(server)
        bulks = [Bulk(server, long_items(36, 2_000, f"bulk{n}")) for n in range(9)]
        until(begun.exists)
        with server.client() as client:
            # the first is read and eight wait: none has a thread that writes or lists need
            waited = 0  # further bulks that got a place before one of the nine
            while not is_refused(client):
                waited += 1
                assert waited < 40
            assert sum(bulk.refused for bulk in bulks) <= waited  # there are places for all nine
            refused = client.post("/items", json=long_items(36, 2_000))
            assert refused.status_code == 503 and refused.headers["Retry-After"] == "1"
            assert refused.json()["error"]["code"] == "busy"
            for number in range(20):
                assert client.get(f"/recommend/u{number}?n=5").status_code == 200
                event = {"user_id": f"u{number}", "item_id": "sea-1", "event": "like"}
                assert client.post("/events", json=event).status_code == 201
            assert all(bulk.answer is None for bulk in bulks)
            gate.touch()
            for bulk in bulks:
                bulk.join(120)
                assert bulk.answer is not None and bulk.answer.status_code == 201
            assert client.get("/items/bulk8-35").status_code == 200
    finally:
        gate.touch()
        server.stop()


def _worker_environment(server: Server) -> list[bytes]:
    parent = server.process.pid
    worker = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0]
    return Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")


def test_a_bulk_is_screened_as_its_items_are_alone(client: FlaskClient) -> None:
    insult = {"title": "You are an idiot", "text": "and everybody who reads this is one too"}
    rows = long_items(60, 2_000)
    rows[7] |= insult
    rows[9] = {**rows[8], "item_id": "copy"}
    assert client.post("/items", json=rows).status_code == 201
    alone = client.post("/items", json={"item_id": "alone", **insult})
    assert alone.status_code == 201

    def noted(item_id: str) -> Any:
        return client.get(f"/items/{item_id}").json["metadata"]

    assert [f["kind"] for f in noted("bulk-7")["flags"]] == ["insult"]
    assert noted("bulk-7")["flags"][0] == noted("alone")["flags"][-1]
    assert noted("copy")["flags"][0]["kind"] == "duplicate"
    assert noted("bulk-3")["language"] == "en"


def test_a_body_beyond_the_cpu_budget_is_refused_whole(make_app: Callable[..., Flask]) -> None:
    client = make_app(request_cpu_seconds=0.05).test_client()
    answer = client.post("/items", json=long_items(400, 2_000))
    assert answer.status_code == 413
    error = answer.json["error"]
    assert error["code"] == "cpu_limit" and "RECSYS_REQUEST_CPU_SECONDS" in error["message"]
    assert client.get("/items/bulk-0").status_code == 404


def test_a_list_beyond_the_cpu_budget_is_refused(make_app: Callable[..., Flask]) -> None:
    client = make_app(request_cpu_seconds=1e-6).test_client()
    answer = client.get("/recommend/ann?n=5")
    assert answer.status_code == 503 and answer.json["error"]["code"] == "cpu_limit"
    assert client.get("/health/live").status_code == 200
    assert make_app(request_cpu_seconds=0).test_client().get("/recommend/ann").status_code == 200
