"""One process reads the ends of PostgreSQL's logs for others; here each object stands for one."""

import os
import time

import pytest

from recsys.data.records import Event, Item
from recsys.store import shared_log_tail
from recsys.store.erasure import erase
from recsys.store.shared_log_tail import SharedLogTail


@pytest.fixture
def store(postgres_store):
    return postgres_store


@pytest.fixture
def tails(tmp_path):
    """A process that reads for all, and one that does not."""
    first, second = SharedLogTail(tmp_path), SharedLogTail(tmp_path)
    assert first.take_lead() and not second.take_lead() and first.take_lead()
    yield first, second
    first.close()
    second.close()


class NoStore:
    """Of a reader that should not need the store."""


def added(store, count, user="ann"):
    """Add events, and return all that are stored."""
    store.add_events([Event(user, f"{user}-{n}", "like", 2.5, "wörds") for n in range(count)])
    return store.events_after(0, 10**6)


def test_what_one_process_read_another_one_takes_from_it(store, tails):
    first, second = tails
    assert second.stamp() is None
    added(store, 3)
    first.look(store)
    stamp = second.stamp()
    assert stamp is not None and stamp == first.stamp()
    start = store.last_event_id()
    assert second.events_after(NoStore(), start, 9) == []
    whole = added(store, 5)
    assert second.stamp() == stamp and second.events_after(NoStore(), start, 9) == []
    first.look(store)
    assert second.stamp() != stamp
    assert second.events_after(NoStore(), start, 99) == whole[3:]
    assert second.acts_after(NoStore(), start, 99) == store.numbered_acts_after(start, 99)
    whole = added(store, 5)
    first.look(store)
    assert second.events_after(NoStore(), start, 7) == whole[3:10]
    assert second.events_after(NoStore(), start + 4, 99) == whole[7:]
    assert second.events_after(store, 0, 4) == whole[:4]  # before what is handed on
    stamps = {second.stamp()}
    store.add_items([Item("ann-1", "a title")])
    first.look(store)
    stamps.add(second.stamp())
    store.add_follows([])
    first.look(store)
    assert len(stamps) == 2 and second.stamp() in stamps


def test_another_process_takes_over_and_nothing_is_left_out(store, tails):
    first, second = tails
    added(store, 2)
    first.look(store)
    whole = added(store, 4)
    start = whole[1].id
    first.close()  # as the kernel does where it is killed
    assert second.take_lead() and not first.take_lead()
    second.look(store)
    assert first.events_after(NoStore(), start, 9) == whole[2:]
    second.close()
    whole = added(store, shared_log_tail._CHUNK + 7)
    assert first.take_lead()
    first.look(store)
    assert second.events_after(NoStore(), whole[5].id, 10**6) == whole[6:]
    assert second.events_after(store, start, 10**6) == whole[2:]  # the blocks of the one before


def test_what_is_old_is_not_handed_on(store, tails, monkeypatch):
    first, second = tails
    first.look(store)
    whole = added(store, 4)
    first.look(store)
    old = time.time_ns() - int(1.5e9 * shared_log_tail.FRESH)
    os.utime(first._path, ns=(old, old))  # it is suspended, or cannot reach the store
    assert second.stamp() is None and second.events_after(store, 0, 9) == whole
    whole = added(store, 1)
    assert second.events_after(store, 0, 9) == whole and len(whole) == 5
    first.look(store)
    assert second.events_after(NoStore(), whole[0].id, 9) == whole[1:]
    monkeypatch.setattr(shared_log_tail, "MOST", 3)
    whole = added(store, 2)
    first.look(store)
    assert second.events_after(NoStore(), whole[-3].id, 9) == whole[-2:]
    assert second.events_after(store, whole[0].id, 9) == whole[1:]
    monkeypatch.setattr(shared_log_tail, "KEPT", 0.0)
    first.look(store)
    assert b"ann" not in first._path.read_bytes() and second.stamp() is not None
    assert second._rows == {}


def test_an_erasure_takes_events_out_of_it(store, tails, tmp_path):
    first, second = tails
    first.look(store)
    start = store.last_event_id()
    added(store, 4)
    first.look(store)
    assert len(second.events_after(NoStore(), start, 9)) == 4
    assert b"ann" in first._path.read_bytes()
    assert first._path.stat().st_mode & 0o077 == 0
    assert erase(store, tmp_path, "ann").removed["events"] == 4
    first.look(store)
    assert b"ann" not in first._path.read_bytes()
    second.stamp()
    assert second._rows == {}
    assert second.events_after(store, start, 9) == []


def test_where_it_cannot_be_written_or_read_all_read_for_themselves(store, tmp_path, caplog):
    folder = tmp_path / "folder"
    folder.mkdir()
    first, second = SharedLogTail(folder), SharedLogTail(folder)
    assert first.take_lead()
    first.look(store)
    whole = added(store, 3)
    first._path.write_bytes(b'{"stamp": 1, "la')
    assert second.stamp() is None and second.events_after(store, 0, 9) == whole
    for each in folder.iterdir():
        each.unlink()
    folder.rmdir()
    for _ in range(3):
        first.look(store)
    assert caplog.text.count("cannot be read for other processes") == 1
    assert second.stamp() is None and second.events_after(store, 0, 9) == whole
    assert not second.take_lead()
    folder.mkdir()
    first.look(store)
    assert second.stamp() is not None and second.events_after(NoStore(), whole[-1].id, 9) == []
    first.close()
