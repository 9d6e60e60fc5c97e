"""Readers of items, events, users and follows from files, row by row, with rejected rows.

A file that cannot be read at all raises DataError. A bad row is yielded as a Reject in its place,
or raises DataError with the same words when `strict` is set. `load_…` read whole files into a
table without a store in between.
"""

from __future__ import annotations

import functools
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from recsys.data.event_flags import may_say_kind
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.file_opening import LINES, TABLES
from recsys.data.header_naming import Shape, says_the_same
from recsys.data.implied_kind import implied_kind
from recsys.data.item_lists import NO_IDS, split_items
from recsys.data.multi_row_items import joined_continuations
from recsys.data.parsing import FieldError
from recsys.data.partial_updates import Row as Partial
from recsys.data.partial_updates import filled_items
from recsys.data.reading_report import Broken, Options, Reading, Record, Reject, Rows
from recsys.data.record_reader import read_records
from recsys.data.records import (
    Event,
    Follow,
    Item,
    User,
    parse_event,
    parse_follow,
    parse_item,
    parse_user,
)
from recsys.data.table_builder import EventColumns, item_table
from recsys.data.timestamps import unit_of
from recsys.data.visitor_id_columns import ANONYMOUS, take_anonymous_id
from recsys.data.written_ratings import may_be_written
from recsys.errors import DataError

log = logging.getLogger(__name__)

SAMPLED = 200  # rows by which the form of a file's times is recognized

T = TypeVar("T")
Row = tuple[int, T | Reject]  # the line, and what stands there


def read_items(
    path: Path | str, strict: bool = False, reading: Reading | None = None
) -> Iterator[Row[Item]]:
    """Yield (line, Item or Reject) in file order; `reading` receives the form of the file."""
    return _read(Path(path), "items", parse_item, strict, reading)


def read_events(
    path: Path | str, strict: bool = False, reading: Reading | None = None
) -> Iterator[Row[Event]]:
    """Yield (line, Event or Reject) in file order; repeated events come as often as they stand."""
    return _read(Path(path), "events", parse_event, strict, reading)


def read_follows(
    path: Path | str, strict: bool = False, reading: Reading | None = None
) -> Iterator[Row[Follow]]:
    """Yield (line, Follow or Reject) in file order."""
    return _read(Path(path), "follows", parse_follow, strict, reading)


def read_partial_items(
    path: Path | str, strict: bool = False, reading: Reading | None = None
) -> Iterator[Row[Partial[Item]]]:
    """Yield items as `read_items` does, each with the columns that its row has.

    Continuation rows (`recsys.data.multi_row_items`) are part of the row before.
    """
    reading = Reading() if reading is None else reading
    rows = _read(Path(path), "items", _partial(parse_item), strict, reading)
    return joined_continuations(rows, reading)


def read_partial_users(
    path: Path | str, strict: bool = False, reading: Reading | None = None
) -> Iterator[Row[Partial[User]]]:
    """Yield (line, User with the columns that its row has, or Reject) in file order."""
    return _read(Path(path), "users", _partial(parse_user), strict, reading)


def load_follows(
    paths: Path | str | Sequence[Path], strict: bool = False, options: Options | None = None
) -> list[Follow]:
    """Return the follows of files, each once.

    Bad rows are left out and counted in one log line per file, or raise DataError with `strict`.
    """
    found: dict[Follow, None] = {}
    for path in _paths(paths):
        rejects, reading = [], Reading(options or Options())
        for _, follow in read_follows(path, strict, reading):
            if isinstance(follow, Reject):
                rejects.append(follow)
            else:
                found[follow] = None
        _report(path, rejects, reading)
    return list(found)


def load_events(
    paths: Path | str | Sequence[Path], strict: bool = False, options: Options | None = None
) -> EventTable:
    """Return the events of files in the order of time, each (user, item, …, text) once.

    An event without a timestamp stands at that of the one before it; where most have none, the
    order of the files stands for them all. The n-th of equal events without a timestamp is the
    same event in every file. Bad rows are left out and counted in one log line per file, or raise
    DataError with `strict`.
    """
    files = _paths(paths)
    columns = EventColumns(several=len(files) > 1)
    for path in files:
        rejects, reading = [], Reading(options or Options())
        columns.next_file()
        for _, event in read_events(path, strict, reading):
            if isinstance(event, Reject):
                rejects.append(event)
            else:
                columns.add(event)
        _report(path, rejects, reading)
    return columns.table(time.time())


def load_items(
    paths: Path | str | Sequence[Path], strict: bool = False, options: Options | None = None
) -> ItemTable:
    """Return the items of files in their order; the last row of an id wins, at the first's place.

    A column that a later row lacks stays as it was. Bad rows are left out and counted in one log
    line per file, or raise DataError with `strict`.
    """
    rows: list[Partial[Item]] = []
    refused: list[tuple[Partial[Item], FieldError]] = []
    for path in _paths(paths):
        rejects, reading = [], Reading(options or Options())
        for _, row in read_partial_items(path, strict, reading):
            if isinstance(row, Reject):
                rejects.append(row)
            else:
                rows.append(row)
        _report(path, rejects, reading)
    items = filled_items(rows, {}, refused)
    for row, error in refused:
        if strict:
            raise DataError(f"item {row.value.item_id}: {error}")
        log.warning("item %s: a row was left out: %s", row.value.item_id, error)
    return item_table(items)


def _paths(paths: Path | str | Sequence[Path]) -> list[Path]:
    return [Path(paths)] if isinstance(paths, (str, Path)) else list(paths)


def _partial(parse: Callable[[Record, float], T]) -> Callable[[Record, float], Partial[T]]:
    known: dict[tuple[str, ...], frozenset[str]] = {}

    def parse_row(record: Record, now: float) -> Partial[T]:
        names = tuple(record)
        held = known.get(names)
        if held is None:
            held = known[names] = frozenset(names)
            if len(known) > 10_000:
                known.clear()
        return Partial(parse(record, now), held)

    return parse_row


def _read(
    path: Path,
    kind: str,
    parse: Callable[[Record, float], T],
    strict: bool,
    reading: Reading | None,
) -> Iterator[Row[T]]:
    now, name = time.time(), str(path)
    reading = Reading() if reading is None else reading
    clock = "created_at" if kind == "items" else "timestamp"
    sampled, implied = 0, ""
    records = read_records(path, Shape.of(kind), reading)
    for line, record in _each_item(records, reading) if kind == "events" else records:
        try:
            if isinstance(record, Broken):
                reject = Reject(name, line, "", record.reason, record.raw)
            else:
                if sampled < SAMPLED:
                    sampled += 1
                    reading.add_time(clock, unit_of(record.get(clock)))
                    if sampled == 1 and kind == "events":
                        implied = implied_kind(reading.columns, reading.renamed)
                        reading.form += [f"{implied}s, as no column says the kind"] * bool(implied)
                if implied:
                    record.setdefault("event", implied)
                if kind == "items":
                    reading.states.close(record, reading.options.names, reading.renamed)
                    reading.languages.fill(record, reading.options.names)
                elif ANONYMOUS in record and take_anonymous_id(record):
                    reading.anonymous += 1
                value = record.get("value") if kind == "events" else None
                if value is not None and reading.ratings.words is not None:
                    record["value"] = reading.ratings.number(value)
                elif may_be_written(value):
                    parsed = parse(record, now)
                    reading.ratings.check(value)
                    yield line, parsed
                    continue
                yield line, parse(record, now)
                continue
        except FieldError as error:
            raw = json.dumps(record, default=str)
            reject = Reject(name, line, error.column, error.reason, raw)
        if strict:
            raise DataError(str(reject))
        yield line, reject


def _each_item(records: Rows, reading: Reading) -> Rows:
    """Yield records of events, one for each item of a cell that holds a list of items."""
    for line, record in records:
        if not isinstance(record, Broken):
            cell = record.get("item_id")
            if cell.__class__ is not int and (cell.__class__ is not str or cell[:1] == "["):
                name = next((n for n, to in reading.renamed.items() if to == "item_id"), "item_id")
                listed = split_items(record, name)
                if listed is not None:
                    if not listed.entries:
                        yield line, Broken(NO_IDS, json.dumps(record, default=str))
                        continue
                    reading.add_item_list(listed)
                    for entry in listed.entries:
                        yield line, {**record, **entry}
                    continue
        yield line, record


def _report(path: Path | str, rejects: list[Reject], reading: Reading) -> None:
    if rejects:
        rows = "1 bad row" if len(rejects) == 1 else f"{len(rejects):,} bad rows"
        log.warning("%s: %s left out; the first: %s", path, rows, rejects[0])
    for line in notes(reading):
        log.info("%s: %s", path, line)


def notes(reading: Reading) -> Iterator[str]:
    """Yield what a user should know of how a file was read, in sentences; none if it is plain."""
    other = {name: to for name, to in reading.renamed.items() if not says_the_same(name)}
    second = [name for name, to in other.items() if to == ANONYMOUS]
    passed_over = {*second, *reading.states.flags}
    other = {name: to for name, to in other.items() if name not in passed_over}
    if other:
        pairs = ", ".join(f"{name} as {_shown_column(column)}" for name, column in other.items())
        yield f"columns read under another name: {pairs}"
    if second and reading.anonymous:
        one = reading.anonymous == 1
        rows = "1 row has" if one else f"{reading.anonymous:,} rows have"
        belong = "belongs" if one else "belong"
        yield f"{rows} no user_id and {belong} to the user that {' or '.join(second)} names"
    if reading.continued:
        rows = "1 row goes" if reading.continued == 1 else f"{reading.continued:,} rows go"
        yield f"{rows} on with the item of the row before: what they fill is added to it"
    unused = [name for name in reading.unused if name not in reading.item_lists]
    if unused:
        yield f"columns not used: {', '.join(unused)}"
    kinds = [name for name in reading.unused if may_say_kind(name)]
    if kinds and not {"event", "value"} & set(reading.columns):
        yield (
            f"{', '.join(kinds)} may say what the users did, but the rows were stored as views: "
            "write the kind of each event into a column event, and leave out what was not done"
        )
    if reading.skipped:
        counts = (
            f"{n:,} {what.removesuffix('s') if n == 1 else what}"
            for what, n in reading.skipped.items()
        )
        yield "passed over: " + ", ".join(counts)
    for name, (count, events) in reading.item_lists.items():
        are = "1 row is" if count == 1 else f"{count:,} rows are"
        into = "1 event" if events == 1 else f"{events:,} events, one for each item"
        yield f"{are} about the items in {name}: read as {into}"
    told = reading.states.sentence(), reading.languages.sentence(), reading.ratings.sentence()
    for sentence in told:
        if sentence:
            yield sentence
    if reading.form:
        yield f"read as {', '.join(reading.form)}"


def _shown_column(column: str) -> str:
    """Return `event` for a column of opinions, `event=vote`; another column as it is."""
    return column.partition("=")[0]


def count_lines(path: Path | str) -> int:
    """Return how many lines a file has, for a progress bar; 0 for a file that is packed.

    Quoted cells with line breaks make it more than the rows.
    """
    path = Path(path)
    if path.suffix not in (*TABLES, *LINES):
        return 0
    with open(path, "rb") as file:
        chunks = iter(functools.partial(file.read, 1 << 20), b"")
        return sum(chunk.count(b"\n") for chunk in chunks)
