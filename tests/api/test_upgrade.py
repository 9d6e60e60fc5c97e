"""A home that an earlier version made serves at once, and goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import old_home
import pytest
from conftest import key_of

from recsys.store.api_keys import Keys
from recsys.store.store import Store

OLD = "20261129T005618Z-1"


def ids(found: dict) -> list[str]:
    return [entry["item_id"] for entry in found["items"]]


def run(home: Path, module: str, *arguments: str) -> str:
    """Run a command of today over a home; return what it printed."""
    named = {"RECSYS_HOME": str(home), "RECSYS_ENCODER": str(home / "tiny")}
    environment = {**os.environ, **named, "RECSYS_TUNE_MINUTES": "0.2", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", f"jobs.{module}", *arguments],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return old_home.unpack(tmp_path / "home")


@pytest.mark.slow
def test_a_home_of_an_earlier_version_serves_at_once_and_goes_on(
    home: Path, tmp_path: Path, serve: Callable[..., Any]
) -> None:
    server = serve()
    token = key_of(f"sqlite:///{home / 'store.db'}")
    with server.client() as http:
        # the home has a key, so that every caller needs one
        assert http.get("/recommend/person-0").status_code == 401
        http.headers["Authorization"] = f"Bearer {token}"
        ready = http.get("/health/ready")
        assert (ready.status_code, ready.json()["model_version"]) == (200, OLD)
        found = http.get("/recommend/person-0?n=5&explain=1").json()
        assert len(ids(found)) == 5 and found["items"][0]["reasons"]
        assert not found["cold_start"]
        assert all(
            not item.startswith("chess")
            for item in ids(http.get("/recommend/person-2?n=10").json())
        )
        for route in (
            "/similar/bread-0",
            "/search?q=sourdough",
            "/popular",
            "/latest",
            "/trending",
        ):
            assert ids(http.get(route).json()), route
        assert http.get("/topics").json()["topics"]
        assert http.get("/users/person-0/profile").status_code == 200
        assert len(http.get("/events?user_id=person-0").json()["events"]) == 9
        event = {"user_id": "person-0", "item_id": "boats-1", "event": "like"}
        assert http.post("/events", json=event).json()["accepted"] == 1

        rows = [{"user_id": "person-0", "item_id": "chess-2", "event": "like"}]
        (tmp_path / "more.jsonl").write_text("\n".join(map(json.dumps, rows)))
        run(home, "ingest", "--events", str(tmp_path / "more.jsonl"))
        result = json.loads(run(home, "nightly", "--json"))
        assert result["status"] == "published"
        deadline = time.monotonic() + 60
        while http.get("/health/ready").json()["model_version"] != result["version"]:
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.1)  # between looks
        assert len(ids(http.get("/recommend/person-0?n=5").json())) == 5
    server.stop()
    assert "cannot be" not in server.log.read_text() and "refused" not in server.log.read_text()
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        assert store.counts() == {"items": 60, "events": 812, "users": 90}
        assert [key.name for key in Keys(store.db).list()] == ["fixture", "test"]
