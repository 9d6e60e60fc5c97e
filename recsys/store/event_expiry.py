"""Retention: events that are older than a number of days are removed for good.

On PostgreSQL a day that is over goes with its partition; what leads to its events is removed
before, in small transactions. Other old events, and all of SQLite, are deleted by ranges of ids.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, func, select

from recsys.errors import StoreBusy
from recsys.store.day_signatures import DAY, day_name
from recsys.store.schema import events, shares
from recsys.store.store import Store
from recsys.store.watches import forget_comments
from recsys.store.write_lock_queue import PAUSE

_CHUNK = 20_000  # ids in one transaction


@dataclass(slots=True)
class Expired:
    """What a retention removed."""

    before: float  # Unix seconds: what happened earlier is gone
    events: int = 0
    partitions: list[str] = field(default_factory=list)  # days, as 2026-11-28
    kept: list[str] = field(default_factory=list)  # days that readers held: the next night tries


def expire(store: Store, before: float) -> Expired:
    """Remove all events that happened before a moment; the archive's files of them go, too."""
    result = Expired(before)
    if not store.db.on_sqlite:
        _drop_days(store, result)
    archived = _archived_days(store, events.c.moment < before)
    _delete(store, result)
    if store.archive is not None:
        store.archive.forget_days(archived)
    store.db.forget_deleted()
    return result


def _drop_days(store: Store, result: Expired) -> None:
    # here: not needed on SQLite
    from recsys.store.partitions.daily_partitions import layout
    from recsys.store.partitions.expiry import prepare_removal, remove_day

    with store.db.read() as connection:
        days = [day for day in layout(connection).days if (day + 1) * DAY <= result.before]
    if days:
        prepare_removal(store.db)
    for day in days:
        here = events.c.moment.between(day * DAY, (day + 1) * DAY)
        archived = _archived_days(store, here)
        try:
            result.events += remove_day(store.db, day)
        except StoreBusy:
            result.kept.append(day_name(day))
            time.sleep(PAUSE)  # in which writers are refused
            continue
        result.partitions.append(day_name(day))
        if store.archive is not None:
            store.archive.forget_days(archived)


def _delete(store: Store, result: Expired) -> None:
    """Delete old events by ranges of ids."""
    old = events.c.moment < result.before
    with store.db.read() as connection:
        least, last = connection.execute(
            select(func.min(events.c.id), func.max(events.c.id)).where(old)
        ).one()
    while least is not None and least <= last:
        some = old & events.c.id.between(least, least + _CHUNK - 1)
        with store.db.write() as connection:
            ids = select(events.c.id).where(some)
            connection.execute(delete(shares).where(shares.c.event.in_(ids)))
            forget_comments(connection, ids)
            result.events += connection.execute(delete(events).where(some)).rowcount
        least += _CHUNK
        time.sleep(0.01)  # others may write


def _archived_days(store: Store, condition: ColumnElement[bool]) -> list[int]:
    if store.archive is None:
        return []
    with store.db.read() as connection:
        return store.archive.days_of(connection, condition)
