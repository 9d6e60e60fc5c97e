"""An erasure while the same user's events are sent, by pages and by a back end, to all workers."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import Server, start
from conftest import key_of
from postgres_server import emptied, running

from recsys.store.events import StoredEvent
from recsys.store.store import Store

SENDERS = 6
ROUNDS = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, pristine: Path, tmp_path: Path
) -> Iterator[tuple[Server, str]]:
    """A server of two workers over each of the databases, and the address of its store."""
    home = tmp_path / "home"
    shutil.copytree(pristine, home)
    if request.param == "sqlite":
        url = f"sqlite:///{home}/store.db"
        server = start(home, 2, RECSYS_RATE_LIMIT="0", RECSYS_STORE=url)
        yield server, url
        server.stop()
        return
    with running() as address:
        url = emptied(address)
        with Store.open(url):
            pass  # the schema
        server = start(home, 2, RECSYS_RATE_LIMIT="0", RECSYS_STORE=url)
        yield server, url
        server.stop()


@dataclass
class Sender:
    """Sends events of one user, distinct ones, over connections to all workers."""

    url: str
    key: str
    path: str
    body: Callable[[int], Any]
    accepted: list[tuple[float, float, float]] = field(default_factory=list)  # event, from, to
    refused: set[int] = field(default_factory=set)
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Sender:
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _send(self, sender: int) -> None:
        headers, number = {"Authorization": f"Bearer {self.key}"}, sender
        while not self._end.is_set():
            begun = time.monotonic()
            # a new connection each time, which may reach any worker
            answer = httpx.post(
                self.url + self.path, json=self.body(number), headers=headers, timeout=20.0
            )
            if answer.status_code == 201:
                self.accepted.append((1e9 + number, begun, time.monotonic()))
            else:
                self.refused.add(answer.status_code)
            number += SENDERS

    def more(self, count: int) -> None:
        """Wait until so many further requests are accepted."""
        wanted, until = len(self.accepted) + count, time.monotonic() + 60
        while len(self.accepted) < wanted:
            assert time.monotonic() < until, self.refused
            time.sleep(0.02)  # between looks


def erased(url: str, key: str, user: str) -> tuple[float, float]:
    """Erase a user; return when the request began and when it was answered."""
    begun = time.monotonic()
    answer = httpx.delete(
        f"{url}/users/{user}", headers={"Authorization": f"Bearer {key}"}, timeout=30.0
    )
    assert answer.status_code == 200, answer.text
    return begun, time.monotonic()


def events_of(store_url: str, user: str) -> list[StoredEvent]:
    with Store.open(store_url) as store:
        return store.events_of(user)


def test_open_pages_do_not_bring_an_erased_user_back(served: tuple[Server, str]) -> None:
    server, store_url = served
    key = key_of(store_url)
    headers = {"Authorization": f"Bearer {key}"}
    for number in range(ROUNDS):
        user = f"page-{number}"
        token = httpx.post(
            f"{server.url}/tokens", json={"user_id": user}, headers=headers, timeout=20.0
        ).json()["token"]
        event = {"user_id": user, "item_id": "sea-1", "event": "like"}
        follow = {"user_id": user, "author_id": "author-1"}
        with (
            Sender(
                server.url, token, "/events", lambda n, e=event: {**e, "timestamp": 1e9 + n}
            ) as pages,
            Sender(server.url, token, "/follows", lambda n, f=follow: f) as follows,
        ):
            pages.more(10)
            follows.more(2)
            _, end = erased(server.url, key, user)
            time.sleep(0.5)  # in which pages go on
        assert [one for one in pages.accepted if one[1] > end] == []
        assert events_of(store_url, user) == []
        with Store.open(store_url) as store:
            assert store.user(user) is None and store.follows_of(user) == []
        assert pages.refused <= {401} and follows.refused <= {401}


def test_of_a_back_end_only_what_came_later_is_there(served: tuple[Server, str]) -> None:
    server, store_url = served
    admin, write = key_of(store_url), key_of(store_url, "write")
    event = {"user_id": "back", "item_id": "sea-1", "event": "like"}
    with Sender(server.url, write, "/events", lambda n: {**event, "timestamp": 1e9 + n}) as back:
        back.more(20)
        begun, end = erased(server.url, admin, "back")
        back.more(20)
    assert back.refused == set()
    kept = {one.timestamp for one in events_of(store_url, "back")}
    before = {at for at, _, answered in back.accepted if answered < begun}
    after = {at for at, asked, _ in back.accepted if asked > end}
    assert before and after
    assert not kept & before and after <= kept
    listed = httpx.get(
        f"{server.url}/events?user_id=back&n=1000",
        headers={"Authorization": f"Bearer {admin}"},
        timeout=20.0,
    ).json()["events"]
    assert {one["timestamp"] for one in listed} == kept
