"""Erasure guard: writes on behalf of an erased user fail; those of others beside them do not."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from recsys.data.records import Event, Follow, User
from recsys.store.erasure import erase
from recsys.store.erasure_guard import ErasureGuard, UserErased, current, unless_erased
from recsys.store.event_writer import Batch, event_key
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store


def like(user: str, at: float = 1.0) -> Event:
    return Event(user, "sea-1", "like", None, "", at)


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Store.open(f"sqlite:///{tmp_path}/store.db") as found:
        yield found


def test_every_write_on_behalf_of_an_erased_user_fails(store: Store, tmp_path: Path) -> None:
    store.add_events([like("ann")])
    person, before = Pseudonyms.of_store(store).of("ann"), time.time()
    with unless_erased(person, before):
        assert store.add_events([like("ann", 2.0)]).new == 1  # not erased yet
    erase(store, tmp_path, "ann")
    with unless_erased(person, before):
        for write in (
            lambda: store.add_events([like("ann", 3.0)]),
            lambda: store.add_follows([Follow("ann", author_id="writer")]),
            lambda: store.add_users([User("ann")]),
        ):
            with pytest.raises(UserErased):
                write()
    assert current() is None and store.user("ann") is None
    with unless_erased(person, time.time()):  # of a page that was opened since
        assert store.add_events([like("ann", 4.0)]).new == 1


def test_of_events_written_together_those_of_others_are_kept(store: Store, tmp_path: Path) -> None:
    store.add_events([like("ann")])
    guard = ErasureGuard(Pseudonyms.of_store(store).of("ann"), 0.0)
    erase(store, tmp_path, "ann")
    batches = [
        Batch([one], [event_key(one, None, 1)], of)
        for one, of in ((like("bob"), None), (like("ann"), guard), (like("cat"), None))
    ]
    outcomes: dict[int, object] = {}

    def bring(place: int) -> None:
        try:
            outcomes[place] = store.appending.add(batches[place]).new
        except UserErased as error:
            outcomes[place] = error

    with store.db.turns.free() as held:  # so that all three wait, and are written together
        assert held
        threads = [threading.Thread(target=bring, args=(place,)) for place in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)  # until they wait
    for thread in threads:
        thread.join()
    assert (outcomes[0], outcomes[2]) == (1, 1) and isinstance(outcomes[1], UserErased)
    assert [one.user_id for one in store.events_after(0, 10)] == ["bob", "cat"]
