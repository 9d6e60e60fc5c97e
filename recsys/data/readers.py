"""Readers: files to items, events, users and follows, row by row, with rejects in between.

A file that cannot be read at all raises DataError. A bad row is yielded as a Reject in its place,
or raises DataError with the same words when `strict` is set. `load_…` read a whole file into a
table without a store in between.
"""

from __future__ import annotations

import functools
import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from recsys.data.columns import EventColumns, item_table
from recsys.data.fields import FieldError
from recsys.data.files import Broken, Record, Reject, read_records
from recsys.data.schema import (
    Event,
    Follow,
    Item,
    User,
    parse_event,
    parse_follow,
    parse_item,
    parse_user,
)
from recsys.data.tables import EventTable, ItemTable
from recsys.errors import DataError

log = logging.getLogger(__name__)

T = TypeVar("T")
Row = tuple[int, T | Reject]  # the line, and what stands there


def read_items(path: Path | str, strict: bool = False) -> Iterator[Row[Item]]:
    """Yield (line, Item or Reject) in file order."""
    return _read(Path(path), ("item_id",), parse_item, strict)


def read_events(path: Path | str, strict: bool = False) -> Iterator[Row[Event]]:
    """Yield (line, Event or Reject) in file order; repeated events come as often as they stand."""
    return _read(Path(path), ("user_id", "item_id"), parse_event, strict)


def read_users(path: Path | str, strict: bool = False) -> Iterator[Row[User]]:
    """Yield (line, User or Reject) in file order."""
    return _read(Path(path), ("user_id",), parse_user, strict)


def read_follows(path: Path | str, strict: bool = False) -> Iterator[Row[Follow]]:
    """Yield (line, Follow or Reject) in file order."""
    return _read(Path(path), ("user_id",), parse_follow, strict)


def load_events(path: Path | str, strict: bool = False) -> EventTable:
    """Return the events of a file in the order of time, each (user, item, …, text) once.

    An event without a timestamp stands at that of the one before it; where most have none, the
    order of the file stands for the whole file. Bad rows are left out and counted in one log
    line, or raise DataError with `strict`.
    """
    columns, rejects = EventColumns(), []
    for _, event in read_events(path, strict):
        if isinstance(event, Reject):
            rejects.append(event)
        else:
            columns.add(event)
    _report(path, rejects)
    return columns.table(time.time())


def load_items(path: Path | str, strict: bool = False) -> ItemTable:
    """Return the items of a file in its order; the last row of an id wins, at the first's place.

    Bad rows are left out and counted in one log line, or raise DataError with `strict`.
    """
    items: dict[str, Item] = {}
    rejects = []
    for _, item in read_items(path, strict):
        if isinstance(item, Reject):
            rejects.append(item)
        else:
            items[item.item_id] = item
    _report(path, rejects)
    return item_table(items.values())


def _read(
    path: Path,
    required: tuple[str, ...],
    parse: Callable[[Record, float], T],
    strict: bool,
) -> Iterator[Row[T]]:
    now, name = time.time(), str(path)
    for line, record in read_records(path, required):
        try:
            if isinstance(record, Broken):
                reject = Reject(name, line, "", record.reason, record.raw)
            else:
                yield line, parse(record, now)
                continue
        except FieldError as error:
            raw = json.dumps(record, default=str)
            reject = Reject(name, line, error.column, error.reason, raw)
        if strict:
            raise DataError(str(reject))
        yield line, reject


def _report(path: Path | str, rejects: list[Reject]) -> None:
    if rejects:
        log.warning("%s: %d bad rows left out; the first: %s", path, len(rejects), rejects[0])


def count_lines(path: Path | str) -> int:
    """Return how many lines a file has, for a progress bar; 0 for a file that is packed.

    Quoted cells with line breaks make it more than the rows.
    """
    path = Path(path)
    if path.suffix not in (".csv", ".jsonl"):
        return 0
    with open(path, "rb") as file:
        chunks = iter(functools.partial(file.read, 1 << 20), b"")
        return sum(chunk.count(b"\n") for chunk in chunks)
