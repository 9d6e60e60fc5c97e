"""Event table of a night, read from the archive as far as it agrees with the store."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from recsys.data.event_tables import EventTable
from recsys.errors import ObjectStoreError
from recsys.store.database import Database
from recsys.store.day_signatures import DaySignature, day_of, on_day, signatures
from recsys.store.event_archive import EventArchive, key_of
from recsys.store.event_columns import EventRows, read_rows
from recsys.store.event_parquet import can_be_archived
from recsys.store.event_table_reader import on_live_items, table_of
from recsys.store.schema import events

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ArchiveUse:
    """Days and events that a night read from the archive, and what it wrote there."""

    days_read: int
    events_read: int
    events_from_store: int
    days_written: int
    problem: str = ""  # why the archive was not used, or is not up to date; empty: it is


def archived_event_table(
    db: Database, archive: EventArchive, now: float
) -> tuple[EventTable, ArchiveUse]:
    """Return the same table as `read_table` without a limit, and how it was read.

    Days that are over are written to the archive. While it cannot be reached, or takes no writes,
    the table comes from the store, with a warning. Memory: all events, twice.
    """
    with db.snapshot() as connection:
        found = signatures(connection)
        there, kept, problem = _read(archive, found)
        texts = _texts(connection, kept)
        new: dict[int, EventRows] = {}
        for day in found.keys() - kept.keys():
            new[day], words = read_rows(connection, on_day(connection, day, found[day]))
            texts |= words
        parts = {**kept, **new}
        rows = EventRows.joined([EventRows.empty(), *(parts[day] for day in sorted(parts))])
        table = table_of(connection, on_live_items(connection, rows), texts)
    over = {day: one for day, one in new.items() if day < day_of(now) and can_be_archived(one)}
    written = 0
    if not problem:
        written, problem = _write(db, archive, over, found, there)
    if problem:
        log.warning("the archive is not up to date, the night goes on: %s", problem)
    read, from_store = (sum(len(one) for one in some.values()) for some in (kept, new))
    return table, ArchiveUse(len(kept), read, from_store, written, problem)


def _read(
    archive: EventArchive, found: Mapping[int, DaySignature]
) -> tuple[dict[str, int], dict[int, EventRows], str]:
    """Return the files that are there, the events of days that agree, and what went wrong."""
    kept: dict[int, EventRows] = {}
    try:
        there = archive.keys()
        for day, signature in found.items():
            if key_of(day, signature) in there:
                rows = archive.read(day, signature)
                if rows is not None:
                    kept[day] = rows
    except ObjectStoreError as error:
        return {}, {}, str(error)
    return there, kept, ""


def _texts(connection: Connection, kept: Mapping[int, EventRows]) -> dict[int, str]:
    """Return the words of archived events, which the store alone holds."""
    worded = [rows.id[rows.worded] for rows in kept.values() if rows.worded.any()]
    if not worded:
        return {}
    first, last = min(int(ids[0]) for ids in worded), max(int(ids[-1]) for ids in worded)
    query = select(events.c.id, events.c.text).where(
        events.c.text.is_not(None), events.c.id.between(first, last)
    )
    return {id: text for id, text in connection.execute(query)}


def _write(
    db: Database,
    archive: EventArchive,
    over: Mapping[int, EventRows],
    found: Mapping[int, DaySignature],
    there: Mapping[str, int],
) -> tuple[int, str]:
    """Write the days that are over; return how many, and what went wrong.

    What was erased, merged or deleted meanwhile is found by a second look at the store, and goes
    at once. Files that do not agree with the store are removed.
    """
    written = 0
    try:
        for day, rows in over.items():
            archive.write(day, rows)
            with db.snapshot() as connection:
                seen = signatures(connection, on_day(connection, day, found[day]))
            if seen.get(day) == found[day]:
                written += 1
            else:
                archive.forget([day])
        right = {key_of(day, one) for day, one in found.items()}
        archive.remove([key for key in there if key not in right])
    except ObjectStoreError as error:
        return written, str(error)
    return written, ""
