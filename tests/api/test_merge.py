"""POST /users/<user>/merge and `recsys merge`: a visitor's history becomes the account's."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import keyed
from flask import Flask
from flask.testing import FlaskClient

from jobs.commands.merge_users import command
from recsys.store.store import Store

KILLED = """
import os, signal, sys
from recsys.store import user_merges as merges
from recsys.store.store import Store
merges._log = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
merges.merge_users(Store.open(sys.argv[1]), "ann", "baker")
"""


def ids(client: FlaskClient, user: str) -> list[str]:
    found = client.get(f"/recommend/{user}?n=10").json
    return [entry["item_id"] for entry in found["items"]]


def test_a_visitors_history_is_the_accounts(make_app: Callable[..., Flask]) -> None:
    client, other = (keyed(make_app()) for _ in range(2))
    body = {"controls": [{"action": "mute", "kind": "item", "value": "bread-7"}]}
    client.patch("/users/baker/profile", json=body)
    wanted, before = ids(other, "baker"), ids(other, "ann")
    client.get("/recommend/baker?n=2")  # a list that waits in the memory of a worker
    response = client.post("/users/ann/merge", json={"from": "baker"})
    assert response.status_code == 200, response.text
    found = response.json
    assert (found["user"], found["from"], found["again"]) == ("ann", "baker", False)
    assert (found["moved"]["events"], found["moved"]["controls"]) == (6, 1)
    for each in (client, other):
        assert ids(each, "ann") == wanted != before
        assert each.get("/users/baker").status_code == 404
        assert each.get("/users/baker/profile").status_code == 404
        assert each.get("/users/baker/export").status_code == 404
    for app in (client.application, other.application):
        app.extensions["service"].worker.follow()
        app.extensions["service"].worker._write_exposures()
    exported = client.get("/users/ann/export").json
    assert exported["merged"][0]["from"] == "baker" and len(exported["events"]) == 6
    assert len(exported["shown"]) >= 4 and "bread-7" not in ids(client, "ann")
    again = client.post("/users/ann/merge", json={"from": "baker"})
    assert again.status_code == 200 and again.json["again"]
    erased = client.delete("/users/ann").json
    assert (erased["deleted"]["events"], erased["deleted"]["merges"]) == (6, 1)
    assert client.post("/users/ann/merge", json={"from": "baker"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [({"from": "nobody"}, 404), ({"from": "ann"}, 409), ({}, 422), ({"from": 3}, 422)],
)
def test_what_cannot_be_merged(client: FlaskClient, body: object, status: int) -> None:
    assert client.post("/users/ann/merge", json=body).status_code == status
    assert client.get("/users/ann").status_code == 404


def test_a_long_history_is_known_at_once(client: FlaskClient) -> None:
    likes = [
        {
            "user_id": "v",
            "item_id": f"i{k}",
            "event": "like",
            "timestamp": time.time() - 900 + k / 10,
        }
        for k in range(800)
    ]
    client.post("/items", json={"item_id": "i0", "title": "tide"})
    client.post("/events", json=[*likes, {"user_id": "ann", "item_id": "sea-1", "event": "like"}])
    client.application.extensions["service"].worker.follow()
    assert ids(client, "ann") and ids(client, "v")
    client.post("/users/ann/merge", json={"from": "v"})
    assert client.get("/explain/ann/i0").json["closed"] == "seen"
    assert client.get("/explain/v/i0").json["closed"] == ""


def test_a_killed_merge_moves_nothing(home: Path) -> None:
    url = f"sqlite:///{home / 'store.db'}"
    done = subprocess.run([sys.executable, "-c", KILLED, url], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    with Store.open(url) as store:
        assert len(store.history("baker")) == 6 and store.user("ann") is None


def test_the_command(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(home))
    run = CliRunner().invoke
    done = run(command, ["ann", "--from", "baker", "--json"], catch_exceptions=False)
    assert json.loads(done.output)["moved"]["events"] == 6
    assert "before" in run(command, ["ann", "--from", "baker"]).output
    assert "nothing is held" in str(run(command, ["ann", "--from", "nobody"]).exception)
