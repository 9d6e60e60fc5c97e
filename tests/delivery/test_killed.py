"""Processes that add and deliver notices, killed with kill -9 at every step: nothing is lost."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import killed
import pytest
from killed import ADD, DELIVER, SUBJECTS
from postgres_server import emptied, running
from process_killer import environment
from receivers import Receiver, receiving

from recsys.store.notice_destinations import Destinations
from recsys.store.outbox import Outbox
from recsys.store.store import Store

PROGRAM = killed.__file__


def run(url: str, *given: object) -> bool:
    """Run the program; whether it was killed."""
    command = [sys.executable, PROGRAM, url, *map(str, given)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=250)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def check(url: str, count: int, kills: int, each: int) -> tuple[int, Counter[str]]:
    """Add and deliver notices over kills at each step; return redeliveries and kills by step."""
    killed: Counter[str] = Counter()
    with receiving() as receiver:
        with Store.open(url) as store:
            Destinations(store.db).add_webhook(receiver.url)
        for step in itertools.islice(itertools.cycle(ADD), kills // 2):
            killed[step] += run(url, "add", count, step, count // 2)
        assert not run(url, "add", count, "never", 0)
        steps = itertools.cycle(DELIVER)
        for step in itertools.islice(steps, kills):
            # what is done once in a process is killed there, else after some deliveries
            killed[step] += run(url, "deliver", step, 1 if step in ("taken", "read") else each)
        killed["released"] += run(url, "deliver", "released", 1)  # once all are delivered
        assert not run(url, "deliver", "never", 0)
        with Store.open(url) as store:
            outbox = Outbox(store.db)
            assert outbox.counts() == {"pending": 0, "dead": 0}
            added = outbox.after(0, n=count + 1)
        return nothing_is_lost(receiver, [one.uid for one in added], count), killed


def nothing_is_lost(receiver: Receiver, uids: list[str], count: int) -> int:
    """Check what came in against what was added; return how many came more than once."""
    assert len(uids) == len(set(uids)) == count  # no notice twice, whatever was killed
    bodies = defaultdict(set)
    for request in receiver.requests:
        bodies[request.uid].add(request.body)
    assert set(bodies) == set(uids)  # none lost, none invented
    assert {len(one) for one in bodies.values()} == {1}  # a second copy is the same to the byte
    first = list({request.uid: request for request in receiver.requests}.values())
    assert sorted(int(one.json["data"]["text"]) for one in first) == list(range(count))
    for subject in range(SUBJECTS):  # also with copies: none comes before an earlier notice
        numbers = [
            int(one.json["data"]["text"])
            for one in receiver.requests
            if one.json["subject"] == f"alert:{subject}"
        ]
        assert numbers == sorted(numbers)
    return len(receiver.requests) - count


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def servers(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield ""
    else:
        with running() as server:
            yield server


@pytest.fixture
def url(servers: str, tmp_path: Path) -> str:
    return emptied(servers) if servers else f"sqlite:///{tmp_path}/store.db"


def test_fifty_notices(tmp_path: Path) -> None:
    copies, killed = check(f"sqlite:///{tmp_path}/store.db", 50, len(DELIVER), 3)
    assert all(killed[step] for step in (*DELIVER, *ADD, "released")), killed
    assert 1 <= copies <= len(DELIVER)  # killed after it was sent, before that was noted


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
def test_a_thousand_notices(url: str) -> None:
    copies, killed = check(url, 1_000, 8 * len(DELIVER), 25)
    print(f"\n{sum(killed.values())} kills: {dict(killed)}; {copies} came twice")
    assert all(killed[step] for step in (*DELIVER, *ADD, "released")), killed


def test_two_processes_at_once_send_nothing_twice(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with receiving() as receiver:
        with Store.open(url) as store:
            Destinations(store.db).add_webhook(receiver.url)
        run(url, "add", 40, "never", 0)
        threads = [
            threading.Thread(target=run, args=(url, "deliver", "never", 0, 60)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with Store.open(url) as store:
            uids = [one.uid for one in Outbox(store.db).after(0)]
        assert nothing_is_lost(receiver, uids, 40) == 0
