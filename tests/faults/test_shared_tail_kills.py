"""The process that reads PostgreSQL's logs for all others is killed: no reader misses an event."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgres_server import emptied, running

from recsys.data.records import Event
from recsys.store.store import Store

TOP = Path(__file__).parents[2]
READERS = 3
PATIENCE = 60.0  # seconds in which every reader has to be at the end


class Readers:
    """Processes that follow one store with one folder in common."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._processes = [self._start(n) for n in range(READERS)]

    def _record(self, number: int) -> Path:
        return self._folder / f"record-{number}"

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        script = TOP / "tests" / "support" / "log_reader.py"
        command = [sys.executable, str(script), self._url, str(self._folder), "2"]
        env = {**os.environ, "PYTHONPATH": str(TOP), "OMP_NUM_THREADS": "1"}
        record = str(self._record(number))
        return subprocess.Popen([*command, record], stdin=subprocess.PIPE, env=env)

    def leader(self) -> int:
        """Return the number of the process that reads for all, once there is one that lives."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            lock = self._folder / "log_tail.lock"
            pid = lock.read_text().strip() if lock.exists() else ""
            for number, process in enumerate(self._processes):
                if pid == str(process.pid) and process.poll() is None:
                    return number
            time.sleep(0.02)
        raise AssertionError("nobody reads for all")

    def kill_leader(self) -> None:
        number = self.leader()
        self._end(number)
        self._processes[number] = self._start(number)

    @contextmanager
    def leader_suspended(self) -> Iterator[list[int]]:
        """Suspend the process that reads for all; give the numbers of the others."""
        number = self.leader()
        os.kill(self._processes[number].pid, signal.SIGSTOP)
        yield [other for other in range(READERS) if other != number]
        os.kill(self._processes[number].pid, signal.SIGCONT)

    def reach(self, last: int, numbers: list[int]) -> None:
        """Wait until some readers have read up to an id."""
        until = time.monotonic() + PATIENCE
        for number in numbers:
            while self.read(number)[-1:] != [last]:
                assert self._processes[number].poll() is None, "a reader ended"
                assert time.monotonic() < until, (number, self.read(number)[-1:], last)
                time.sleep(0.05)

    def read(self, number: int) -> list[int]:
        record = self._record(number)
        return [int(line) for line in record.read_text().split()] if record.exists() else []

    def stop(self) -> None:
        for number in range(READERS):
            self._end(number)

    def _end(self, number: int) -> None:
        process = self._processes[number]
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Store, Readers]]:
    with running() as server, Store.open(emptied(server)) as store:
        store.add_events([Event("ann", "1", "view")])
        readers = Readers(store.engine.url.render_as_string(hide_password=False), tmp_path)
        try:
            yield store, readers
        finally:
            readers.stop()


@contextmanager
def written(store: Store) -> Iterator[Callable[[], None]]:
    """Add events all the time; give a function that waits until more are there."""
    end, batches = threading.Event(), threading.Semaphore(0)

    def write() -> None:
        number = 0
        while not end.is_set():
            count = 1 + number % 40
            store.add_events(
                [Event(f"u{n}", f"i{number}", "like", None, "x") for n in range(count)]
            )
            batches.release()
            number += 1
            end.wait(0.01)

    def more() -> None:
        for _ in range(20):
            assert batches.acquire(timeout=PATIENCE), "no events are written"
        while batches.acquire(blocking=False):
            pass

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield more
    finally:
        end.set()
        thread.join()


def outlived(store: Store, readers: Readers, kills: int) -> int:
    """Kill the leader so often, and suspend it once; return how many events were read by each."""
    with written(store) as more:
        more()
        for _ in range(kills):
            readers.kill_leader()
            more()
        with readers.leader_suspended() as others:
            more()
            at = store.last_event_id()
            until = time.monotonic() + PATIENCE
            while min((readers.read(one) or [0])[-1] for one in others) < at:
                assert time.monotonic() < until, "the others wait for one that is suspended"
                time.sleep(0.05)
        more()
    expected = [event.id for event in store.events_after(0, 10**7)]
    readers.reach(expected[-1], list(range(READERS)))
    for number in range(READERS):
        assert readers.read(number) == expected
    return len(expected)


def test_three_kills_of_the_reading_process_lose_and_double_nothing(place):
    outlived(*place, 3)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_twenty_kills_of_the_reading_process_lose_and_double_nothing(place):
    print(f"{outlived(*place, 20)} events read by each of {READERS} processes")
