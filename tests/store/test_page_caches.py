"""Page caches: what connections of SQLite keep is bounded, and given back after a while."""

from __future__ import annotations

import _sqlite3
import ctypes
from pathlib import Path

import pytest
from sqlalchemy import text

from recsys.data.records import Event
from recsys.store import prepared_reads
from recsys.store.store import Store


@pytest.fixture
def url(tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/store.db"
    with Store.open(found, bulk=True) as store:
        for start in range(0, 60_000, 20_000):
            some = range(start, start + 20_000)
            store.add_events([Event(f"u{n % 997}", f"i{n}", "like", timestamp=n) for n in some])
    return found


def kib_of_sqlite() -> int:
    """Return what SQLite holds in this process, in KiB."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_memory_used.restype = ctypes.c_int64
    return int(library.sqlite3_memory_used()) // 1024


def read_all(store: Store, connections: int) -> None:
    """Read a long table by several connections at once."""
    opened = [store.db.engine.connect() for _ in range(connections)]
    for one in opened:
        one.execute(text("SELECT sum(length(item)) FROM events")).all()
        one.rollback()
    for one in opened:
        one.close()


def test_connections_keep_a_megabyte_each_and_give_it_back(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(url) as store:
        before = kib_of_sqlite()
        read_all(store, 4)
        assert 1_000 < kib_of_sqlite() - before < 4 * 1_400
        monkeypatch.setattr(prepared_reads, "FRESH", 0.0)
        read_all(store, 4)
        assert kib_of_sqlite() - before < 400
        for user in range(100):
            store.history(f"u{user}", 500, ())
        assert kib_of_sqlite() - before < 500


def test_a_transaction_that_writes_has_more_room_until_it_ends(url: str) -> None:
    with Store.open(url) as store:
        with store.db.write() as connection:
            assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == -4_096
        with store.db.read() as connection:  # the same connection again
            assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == -1_024
        with pytest.raises(ZeroDivisionError), store.db.write():
            raise ZeroDivisionError
        with store.db.read() as connection:
            assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == -1_024
    with Store.open(url, bulk=True) as store, store.db.write() as connection:
        assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == -262_144
