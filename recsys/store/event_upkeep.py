"""Upkeep: what a night does to the table of events before it reads it."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy.exc import DBAPIError

from recsys.errors import StoreError
from recsys.store.day_signatures import DAY, day_name, day_of
from recsys.store.event_expiry import expire
from recsys.store.store import Store

log = logging.getLogger(__name__)


def keep_up(store: Store, keep_days: int, now: float) -> dict[str, Any]:
    """Make partitions ahead, trim the latest events of users, and remove what is too old.

    `keep_days`: days whose events are kept, 0: all. Returns what was done, for the record of the
    night; `problem` where the store did not allow all of it, which does not stop a night.
    """
    done: dict[str, Any] = {}
    try:
        if not store.db.on_sqlite:
            done |= _prepare(store, now)
        if keep_days:
            # a day is kept whole
            expired = expire(store, (day_of(now) - keep_days) * DAY)
            done["expired"] = {
                "before": day_name(day_of(expired.before)),
                "events": expired.events,
                "partitions": expired.partitions,
                "kept": expired.kept,
            }
    except StoreError as error:
        log.warning("the upkeep of the events is left to the next night: %s", error)
        done["problem"] = str(error)
    return done


def _prepare(store: Store, now: float) -> dict[str, Any]:
    # here: not needed on SQLite
    from recsys.store.partitions.daily_partitions import AHEAD, layout, make_days
    from recsys.store.partitions.recent import trim
    from recsys.store.partitions.tail import forget_batches

    today = day_of(now)
    with store.db.write() as connection:
        forget_batches(connection, now)
        try:
            with connection.begin_nested():
                make_days(connection, today, today + AHEAD + 1)
        except DBAPIError as error:
            log.warning("no partitions were made ahead: %s", error.orig)
        days = layout(connection).days
    return {"days": len(days), "trimmed_users": trim(store.db)}
