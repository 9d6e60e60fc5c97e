"""CPU of reading events from the store and from the archive, and bytes per archived event.

python -m jobs.bench.event_archive_speed --events 1000000
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np
from sqlalchemy import insert

from recsys.data.event_tables import EventTable
from recsys.store.day_signatures import DAY, day_of, signatures
from recsys.store.event_archive import EventArchive
from recsys.store.schema import events, items, kinds, users
from recsys.store.store import Store

_BATCH = 20_000  # rows of one insert
_PER_USER, _PER_ITEM = 33, 20  # events, so many users and items are there
_COLUMNS = ("user", "item", "kind", "value", "time", "numbers")
Result = TypeVar("Result")


@click.command()
@click.option("--events", "count", type=click.IntRange(1_000), default=1_000_000, show_default=True)
@click.option("--days", type=click.IntRange(1), default=90, show_default=True)
def command(count: int, days: int) -> None:
    """Measure a first night and the next one, which finds 1 % new events, on SQLite."""
    top = Path(tempfile.mkdtemp(prefix="recsys-bench-"))
    try:
        print(json.dumps(measured(top, count, days), indent=1))
    finally:
        shutil.rmtree(top)


def measured(top: Path, count: int, days: int) -> dict[str, Any]:
    """Return CPU seconds and figures of the archive of synthetic events in a folder."""
    place = top / "archive"
    with Store.open(f"sqlite:///{top / 'store.db'}", archive=place.as_uri()) as store:
        today = day_of(time.time())
        rng = np.random.default_rng(0)
        _fill(store, count, (today - days) * DAY, today * DAY, rng)
        now = today * DAY + 1.0
        _, plain = _timed(store.event_table)
        (_, use), first = _timed(lambda: store.archived_event_table(now))
        result: dict[str, Any] = {"events": count, "days": days, "store_cpu_seconds": plain}
        result["first"] = {"cpu_seconds": first, "archive": asdict(use)}
        files = list(place.rglob("*.parquet"))
        result["bytes_per_event"] = round(sum(one.stat().st_size for one in files) / count, 2)
        result |= _files(store)
        _fill(store, count // 100, today * DAY, today * DAY + 3_600.0, rng)
        (found, use), following = _timed(lambda: store.archived_event_table(now))
        result["next"] = {"cpu_seconds": following, "archive": asdict(use)}
        right, plain = _timed(store.event_table)
        result["store_cpu_seconds_next"] = plain
        result["equal"] = _equal(found, right)
    return result


def _files(store: Store) -> dict[str, float]:
    """Return the events that are read from files, and written to files, in a CPU second."""
    archive = store.archive
    assert isinstance(archive, EventArchive)
    with store.db.snapshot() as connection:
        found = signatures(connection)
    rows, reading = _timed(lambda: {day: archive.read(day, one) for day, one in found.items()})
    whole = {day: one for day, one in rows.items() if one is not None}
    begun = time.process_time()
    for day, one in whole.items():
        archive.write(day, one)
    writing = max(time.process_time() - begun, 1e-3)
    count = sum(len(one) for one in whole.values())
    return {
        "read_per_cpu_second": round(count / reading),
        "written_per_cpu_second": round(count / writing),
    }


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    begun = time.process_time()
    result = work()
    return result, round(max(time.process_time() - begun, 1e-3), 3)


def _equal(one: EventTable, other: EventTable) -> bool:
    return (
        all(
            np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "numbers")
            for name in _COLUMNS
        )
        and list(one.users) == list(other.users)
        and list(one.items) == list(other.items)
        and one.kinds == other.kinds
    )


def _fill(store: Store, count: int, start: float, end: float, rng: np.random.Generator) -> None:
    """Add events that arrive evenly between two moments, of Zipf users and items."""
    first = store.last_event_id() + 1
    n_users, n_items = max(count // _PER_USER, 10), max(count // _PER_ITEM, 10)
    at = np.sort(rng.uniform(start, end, count))
    columns = {
        "id": np.arange(first, first + count),
        "user": rng.zipf(1.3, count) % n_users + 1,
        "item": rng.zipf(1.2, count) % n_items + 1,
        "kind": rng.integers(1, 3, count),
        "timestamp": at,
        "moment": at,
        "received": at,
        "key": np.arange(first, first + count),
    }
    with store.db.write() as connection:
        if first == 1:
            connection.execute(
                insert(kinds), [{"id": 1, "name": "like"}, {"id": 2, "name": "view"}]
            )
            for table, column, size in ((users, "user_id", n_users), (items, "item_id", n_items)):
                rows = [{"id": n + 1, column: f"{table.name}-{n}"} for n in range(size)]
                connection.execute(insert(table), rows)
        for begin in range(0, count, _BATCH):
            lists = [column[begin : begin + _BATCH].tolist() for column in columns.values()]
            rows = [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]
            connection.execute(insert(events), rows)


if __name__ == "__main__":
    command()
