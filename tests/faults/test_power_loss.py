"""A power cut at any moment: every acknowledged event is there, and the store opens."""

from __future__ import annotations

import pickle
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import power
import pytest

from jobs.environment import own_modules
from recsys.store.store import Store

SMOKE, THOROUGH = 24, 1_500  # power cuts


def recorded(folder: Path, synchronous: str) -> list[power.Operation]:
    """Return what a process did to the files of its store."""
    home, log = folder / "home", folder / "log"
    home.mkdir()
    command = [sys.executable, power.__file__, str(home), str(log), synchronous]
    done = subprocess.run(command, env=own_modules(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    operations = [power.Operation(*one) for one in pickle.loads(log.read_bytes())]
    assert sum(one.kind == "acknowledged" for one in operations) == power.BATCHES
    assert {one.file for one in operations if one.kind == "sync"} >= {"store.db", "store.db-wal"}
    return operations


def lost(operations: list[power.Operation], folder: Path, cut: random.Random | None) -> list[int]:
    """Return the acknowledged batches that a store has not after a power cut, opened anew."""
    folder.mkdir()
    for name, content in power.left_over(operations, cut).items():
        (folder / name).write_bytes(content)
    with Store.open(f"sqlite:///{folder / 'store.db'}") as store:
        held = {(e.user_id, e.item_id, e.timestamp) for e in store.events_after(0, 10**6)}
        store.add_events(power.batch(power.BATCHES))  # it takes writes
    with sqlite3.connect(folder / "store.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    numbers = [one.offset for one in operations if one.kind == "acknowledged"]
    keys = {n: {(e.user_id, e.item_id, e.timestamp) for e in power.batch(n)} for n in numbers}
    return [number for number in numbers if not keys[number] <= held]


def cuts(operations: list[power.Operation], folder: Path, count: int) -> None:
    # the tables are made before the first acknowledgement
    first = next(n for n, one in enumerate(operations) if one.kind == "acknowledged")
    rng = random.Random(0)
    for number in range(count):
        end = rng.randint(first, len(operations))
        own = random.Random(number) if number % 3 else None
        assert lost(operations[:end], folder / f"cut-{number}", own) == [], (number, end)


def test_no_acknowledged_event_is_lost(tmp_path):
    cuts(recorded(tmp_path, "FULL"), tmp_path, SMOKE)


@pytest.mark.exhaustive
@pytest.mark.timeout(1_800)
def test_no_acknowledged_event_is_lost_at_any_of_many_moments(tmp_path):
    cuts(recorded(tmp_path, "FULL"), tmp_path, THOROUGH)


def test_less_syncing_would_lose_some(tmp_path):
    """The test sees what it is there for: NORMAL does not sync at a commit."""
    operations = recorded(tmp_path, "NORMAL")
    ends = [end for end, one in enumerate(operations, 1) if one.kind == "acknowledged"]
    assert any(lost(operations[:end], tmp_path / f"cut-{end}", None) for end in ends)


def test_the_store_of_a_service_syncs_at_each_commit(tmp_path):
    for bulk in (False, True):
        with Store.open(f"sqlite:///{tmp_path / 'store.db'}", bulk=bulk) as store:
            with store.db.write() as connection:
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
