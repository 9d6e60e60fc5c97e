"""Processes that watch, killed with kill -9 at every step: nothing is lost or counted twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import killed_watcher
import pytest
from killed_watcher import STEPS
from postgres_server import emptied, running
from process_killer import environment
from sqlalchemy import select
from sqlalchemy.engine import URL

from recsys.data.records import Event, Item
from recsys.monitoring.watch_worker import WatchWorker
from recsys.store.schema import leases
from recsys.store.store import Store
from recsys.store.text_log import WatchedLog
from recsys.store.watches import ALL, HOUR, Watches
from recsys.text.sentiment.scorer import SentimentScorer

DAYS = 6  # of the first posts: older than texts are kept, and younger
QUERIES = {4: "harbour", 7: "terrible OR bad"}  # added after these parts


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.exhaustive)],
)
def server(request: pytest.FixtureRequest) -> Iterator[URL | None]:
    if request.param == "sqlite":
        yield None
    else:
        with running() as found:
            yield found


@pytest.fixture
def url(server: URL | None, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db" if server is None else emptied(server)


def start(url: str, home: Path, step: str = "never", count: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, killed_watcher.__file__, url, str(home), step, str(count)]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment(), **pipes)


def killed(process: subprocess.Popen[str]) -> bool:
    """Wait for a process; whether it was killed."""
    _, told = process.communicate(timeout=250)
    assert process.returncode in (0, -signal.SIGKILL), told
    return process.returncode != 0


def write(store: Store, now: float, part: int, items: int = 40, days: int = 2) -> None:
    """Add posts of some days, a comment on each second one, by twenty people."""
    first = part * items
    store.add_items(
        Item(
            f"post-{at}",
            title=("Terrible harbour" if at % 3 else "Lovely harbour") if at % 2 else "A train",
            author_id=f"writer-{at % 20}",
            created_at=now - (at * 997) % (days * 24) * HOUR - 60,
        )
        for at in range(first, first + items)
    )
    store.add_events(
        Event(f"u-{at % 20}", f"post-{at}", "comment", text=f"bad {at}", timestamp=now - at)
        for at in range(first, first + items, 2)
    )


def watch(store: Store, query: str) -> int:
    last = WatchedLog(store.db).last_item() + 1, store.last_event_id() + 1
    values = {"name": query, "query": query, "level": "eager", "least_people": 3, "digest": "none"}
    return Watches(store.db).add(values, *last).id


def counts(store: Store, watch: int, since: float) -> list[tuple[Any, ...]]:
    """Return the counts by hour; people of hours whose texts are kept only, others are sums."""
    names = ("hour", "script", "texts", "negative", "positive")
    people = ("people", "negative_people")
    return sorted(
        tuple(getattr(one, name) for name in (*names, *(people if one.hour > since else ())))
        for one in Watches(store.db).counts(watch, 0, 1 << 30)
    )


def calm(url: str, home: Path, now: float) -> dict[int, list[tuple[Any, ...]]]:
    """Return the counts of a process that nobody kills, one round after each part."""
    with Store.open(url) as store:
        found = WatchWorker(store, SentimentScorer(home))
        for part in range(4, 5 + len(STEPS)):
            write(store, now, *((part,) if part > 4 else (0, 200, DAYS)))
            if part in QUERIES:
                watch(store, QUERIES[part])
            assert found.run(None, store.last_change_id(), store.last_event_id())
        assert all(one.backfilled == 1 for one in found.watches.every())
        return {one: counts(store, one, now // HOUR - 60) for one in (ALL, 1, 2)}


def test_kills_at_every_step_change_no_count(url: str, tmp_path: Path) -> None:
    now = time.time()
    with Store.open(url) as store:
        write(store, now, 0, 200, DAYS)
        watch(store, QUERIES[4])
        for part, step in enumerate(STEPS, start=5):
            # what happens with every chunk is killed at the second one
            often = 2 if step in ("counted", "kept") else 1
            assert killed(start(url, tmp_path, step, often)), step
            write(store, now, part)
            if part in QUERIES:
                watch(store, QUERIES[part])
        assert not killed(start(url, tmp_path))
        found = {one: counts(store, one, now // HOUR - 60) for one in (ALL, 1, 2)}
    assert found == calm(f"sqlite:///{tmp_path / 'calm.db'}", tmp_path, now)
    posts = 200 + 40 * len(STEPS)
    assert sum(row[2] for row in found[ALL]) == posts + posts // 2


def holder(store: Store) -> str:
    with store.db.read() as connection:
        return str(connection.execute(select(leases.c.holder)).scalar())


def test_another_process_takes_over_from_one_that_is_killed(url: str, tmp_path: Path) -> None:
    now = time.time()
    with Store.open(url) as store:
        write(store, now, 0)
        watch(store, "harbour")
        first = start(url, tmp_path, "stay")
        while f":{first.pid}:" not in holder(store):
            assert first.poll() is None
            time.sleep(0.02)
        write(store, now, 1)
        second = start(url, tmp_path)
        assert second.stdout is not None and second.stdout.readline() == "ready\n"
        assert f":{first.pid}:" in holder(store)
        first.kill()
        assert killed(first) and not killed(second)
        assert f":{second.pid}:" in holder(store)
        assert sum(row[2] for row in counts(store, ALL, 0.0)) == 120
        assert sum(row[2] for row in counts(store, 1, 0.0)) == 40  # comments are on the other posts
