"""Numbers that a transaction gave out and took back are remembered by nobody."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from recsys.data.records import Event
from recsys.errors import StoreBusy
from recsys.store.schema import items
from recsys.store.store import Store
from recsys.store.write_lock_queue import WriterTurns


def test_an_event_written_right_after_a_rollback_keeps_its_item(tmp_path):
    """Another writer comes after the rollback and before whatever the one that failed does next."""
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        other = Store(replace(store.db, turns=WriterTurns(30.0)))  # the same memory of numbers
        came = []

        @event.listens_for(store.engine, "checkin")
        def write(*_):
            if not came:
                came.append(True)
                other.add_events([Event("bob", "the-item", "like")])

        with pytest.raises(RuntimeError), store.db.write() as connection:
            store.db.numbers(connection, items.c.item_id, ["the-item"])
            raise RuntimeError("undone")
        assert came
        assert [one.item_id for one in store.history("bob")] == ["the-item"]


def test_a_committed_number_is_remembered(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.add_events([Event("bob", "the-item", "like")])
        with store.db.write() as connection:
            assert store.db.known.of(connection, items.c.item_id) == {"the-item": 1}


def test_writers_are_refused_at_once_after_one_that_waited_in_vain():
    turns = WriterTurns(30.0)
    with pytest.raises(StoreBusy), turns.taken():
        raise StoreBusy("a foreign lock")
    assert turns.failing
    with pytest.raises(StoreBusy, match="a moment ago"), turns.taken():
        raise AssertionError("it was let in")
