"""Records from tables of other libraries: pandas, polars and arrow tables, lists of dicts, paths.

A frame is recognised by its interface (`__arrow_c_stream__`, `to_arrow`, `__dataframe__`), so that
no frame library is imported here. Names of columns and forms of values are those of files, see
recsys.data.column_aliases and recsys.data.records: a file and a frame of the same cells give equal
tables.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from recsys.data.day_month_order import TIMES, in_iso_form, order_of
from recsys.data.event_tables import EventTable
from recsys.data.flag_column_detection import with_flag_columns
from recsys.data.header_naming import Naming, Shape, named
from recsys.data.item_and_event_readers import read_events, read_partial_items, read_partial_users
from recsys.data.item_lists import item_list, split_items, with_item_list_column
from recsys.data.json_records import JsonObjects
from recsys.data.label_separators import LISTS, label_separator
from recsys.data.language_columns import LanguageColumns
from recsys.data.nested_objects import is_nested
from recsys.data.parquet_values import is_struct, values_of_column
from recsys.data.parsing import FieldError, native
from recsys.data.partial_updates import Row, filled_items, filled_users
from recsys.data.publication_state import PublicationStates
from recsys.data.reading_report import Broken, Options, Reading, Record, Reject
from recsys.data.records import Event, Item, User, parse_event, parse_item, parse_user
from recsys.data.table_builder import EventColumns
from recsys.data.time_column_detection import CLOCK, with_time_column
from recsys.data.timestamps import OF_FILES
from recsys.data.visitor_id_columns import ANONYMOUS, take_anonymous_id
from recsys.data.written_ratings import number_of_word, word_scale
from recsys.errors import DataError

OnError = Literal["raise", "skip"]
Source = Any  # a frame, a list of mappings, a path or a list of paths
INTERFACES = ("__arrow_c_stream__", "to_arrow", "__dataframe__")
WAYS = "pass a pandas, polars or arrow table, a list of dicts, or the path of a file"

log = logging.getLogger(__name__)

T = TypeVar("T", Event, Item, User)


def events_of(
    source: Source, names: Mapping[str, str] | None = None, on_error: OnError = "raise"
) -> list[Event]:
    """Return the events of a frame, of mappings or of files, in their order.

    `names`: column -> name in the source, where it is not found by itself. `on_error`: a row that
    breaks a rule raises DataError, which names column and row, or is left out with a warning.
    """
    rows = _rows(source, "events", parse_event, read_events, names, on_error)
    return [row.value for row in rows]


def items_of(
    source: Source, names: Mapping[str, str] | None = None, on_error: OnError = "raise"
) -> list[Item]:
    """Return the items of a frame, of mappings or of files; the last row of an id holds."""
    rows = _rows(source, "items", parse_item, read_partial_items, names, on_error)
    return filled_items(rows, {})


def users_of(
    source: Source, names: Mapping[str, str] | None = None, on_error: OnError = "raise"
) -> list[User]:
    """Return the users of a frame, of mappings or of files; the last row of an id holds."""
    rows = _rows(source, "users", parse_user, read_partial_users, names, on_error)
    return filled_users(rows, {})


def event_table(events: Iterable[Event]) -> EventTable:
    """Return events as `item_and_event_readers.load_events` returns those of one file."""
    columns = EventColumns()
    for event in events:
        columns.add(event)
    return columns.table(time.time())


def column_names(source: Source) -> frozenset[str] | None:
    """Return the names of the columns of a frame or of dicts; None for files and for others."""
    if isinstance(source, (list, tuple)):
        rows = [row for row in source if isinstance(row, Mapping)]
        return frozenset(str(name) for row in rows for name in row) if rows else None
    for name in ("column_names", "columns"):
        if any(hasattr(source, one) for one in INTERFACES) and hasattr(source, name):
            names = getattr(source, name)
            return None if callable(names) else frozenset(map(str, names))
    return None


def _rows(
    source: Source,
    kind: str,
    parse: Callable[[Record, float], T],
    read: Callable[..., Iterator[tuple[int, Any]]],
    names: Mapping[str, str] | None,
    on_error: OnError,
) -> list[Row[T]]:
    if on_error not in ("raise", "skip"):
        raise DataError(f"on_error={on_error!r} is neither 'raise' nor 'skip'")
    if (paths := _paths(source)) is not None:
        return _of_files(paths, read, Options(dict(names or {})), on_error)
    found: list[Row[T]] = []
    rejected: list[str] = []
    now = time.time()
    states = PublicationStates()
    languages = LanguageColumns()
    records = enumerate(_records(source, kind, names or {}))
    for place, record in _each_item(records) if kind == "events" else records:
        if kind == "items":
            states.close(record, names or {})
            languages.fill(record, names or {})
        elif ANONYMOUS in record:
            take_anonymous_id(record)
        try:
            found.append(Row(parse(record, now), frozenset(record)))
        except FieldError as error:
            why = error.reason.removesuffix(OF_FILES)  # an option of commands is no way out here
            reason = f"{kind}: row {place}, column {error.column}: {why}"
            if on_error == "raise":
                way = "correct or drop the row, or pass on_error='skip' to leave such rows out"
                raise DataError(f"{reason}; rows count from 0; {way}") from None
            rejected.append(reason)
    if rejected:
        count = "1 bad row" if len(rejected) == 1 else f"{len(rejected):,} bad rows"
        log.warning("%s left out; the first: %s", count, rejected[0])
    if sentence := states.sentence():
        log.warning("%s", _of_columns(sentence))
    return found


def _paths(source: Source) -> list[Path] | None:
    """Return the paths that a source is; None for any other source."""
    if isinstance(source, (str, Path)):
        return [Path(source)]
    if isinstance(source, (list, tuple)) and source:
        if all(isinstance(one, (str, Path)) for one in source):
            return [Path(one) for one in source]
    return None


def _of_files(
    paths: Sequence[Path],
    read: Callable[..., Iterator[tuple[int, Any]]],
    options: Options,
    on_error: OnError,
) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    for path in paths:
        for _, row in read(path, on_error == "raise", Reading(options)):
            if isinstance(row, Reject):
                log.warning("a bad row is left out: %s", row)
            else:
                found.append(row if isinstance(row, Row) else Row(row, frozenset()))
    return found


def _records(source: Source, kind: str, names: Mapping[str, str]) -> Iterator[Record]:
    """Yield the rows of a frame or of mappings by the columns' own names."""
    shape = Shape.of(kind)
    if any(hasattr(source, name) for name in INTERFACES):
        yield from _frame_records(source, kind, shape, names)
        return
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        meant = "; call its method collect() first" if hasattr(source, "collect") else f"; {WAYS}"
        raise DataError(f"{kind}: {type(source).__name__} is no table{meant}")
    known: dict[tuple[str, ...], Naming] = {}
    objects = JsonObjects(shape, Reading(Options(dict(names))))
    for place, row in enumerate(source):
        if not isinstance(row, Mapping):
            raise DataError(f"{kind}: row {place} is a {type(row).__name__}, not a dict; {WAYS}")
        if is_nested(row) or kind == "events" and item_list(row, names) is not None:
            yield from _nested_records(row, f"{kind}: row {place}", objects)
            continue
        header = tuple(map(str, row))
        if header not in known:
            known[header] = _naming(header, kind, shape, names)
        record = dict(zip(known[header].targets, map(native, row.values()), strict=True))
        record.pop("", None)
        yield record


def _each_item(records: Iterable[tuple[int, Record]]) -> Iterator[tuple[int, Record]]:
    """Yield records of events, one for each item of a cell that holds a list of items."""
    for place, record in records:
        listed = split_items(record)
        if listed is None:
            yield place, record
            continue
        for entry in listed.entries or [{"item_id": ""}]:
            yield place, {**record, **entry}


def _nested_records(row: Mapping[str, Any], place: str, objects: JsonObjects) -> Iterator[Record]:
    """Yield the records of a row that holds objects; their fields count as columns, as in files."""
    for record in objects.records({str(name): native(value) for name, value in row.items()}):
        if isinstance(record, Broken):
            raise DataError(f"{place}: {_of_columns(record.reason)}")
        yield record


def _naming(header: Sequence[str], kind: str, shape: Shape, names: Mapping[str, str]) -> Naming:
    try:
        found = named(header, shape, names)
    except DataError as error:
        raise DataError(f"{kind}: {_of_columns(str(error))}") from None
    missing = [name for name in shape.required if name not in found.columns]
    if missing:
        there = ", ".join(map(repr, header)) or "none"
        raise DataError(
            f"{kind}: there is no column {' and '.join(missing)}; the columns are {there}; rename"
            f" one, or pass columns={{{missing[0]!r}: NAME}}"
        )
    return found


def _of_columns(text: str) -> str:
    """Return a message about a header with the way out of this interface."""
    return text.replace("the header names", "the columns name").replace("--map ", "columns: ")


def _frame_records(
    frame: Any, kind: str, shape: Shape, names: Mapping[str, str]
) -> Iterator[Record]:
    header, columns, nested = _columns(frame, kind)
    if nested:
        objects = JsonObjects(shape, Reading(Options(dict(names))))
        rows = zip(*map(columns, range(len(header))), strict=True)
        for place, row in enumerate(rows):
            cells = dict(zip(header, row, strict=True))
            yield from _nested_records(cells, f"{kind}: row {place}", objects)
        return
    naming = _naming(header, kind, shape, names)
    if CLOCK in shape.columns:
        unused = {name: columns(header.index(name)) for name in naming.unused if name in header}
        try:
            naming = with_time_column(naming, shape, names, unused)
            naming = with_item_list_column(naming, shape, names, unused)
            naming = with_flag_columns(naming, shape, names, unused)
        except DataError as error:
            raise DataError(f"{kind}: {_of_columns(str(error))}") from None
    used = [place for place, target in enumerate(naming.targets) if target]
    targets = [naming.targets[place] for place in used]
    read = (_in_form(naming.targets[place], columns(place)) for place in used)
    for values in zip(*read, strict=True):
        yield dict(zip(targets, values, strict=True))


def _in_form(column: str, values: list[Any]) -> list[Any]:
    """Return the values of a column, dates and labels in the forms that parsers know.

    The order of day and month, and the sign between labels, are those that the values show.
    """
    texts = [value for value in values if isinstance(value, str)]
    if column in TIMES and (order := order_of(texts)):
        return [in_iso_form(one, order) if isinstance(one, str) else one for one in values]
    if column == "value" and (words := word_scale(values)) is not None:
        return [number_of_word(words, one) for one in values]
    if column in LISTS and (sign := label_separator(texts)):
        return [one.replace(sign, "|") if isinstance(one, str) else one for one in values]
    return values


def _columns(frame: Any, kind: str) -> tuple[list[str], Callable[[int], list[Any]], bool]:
    """Return the names of a frame's columns, the function that reads one of them, and whether any
    holds objects.

    A column that arrow has no type for (1 beside "1") is read value by value.
    """
    import pyarrow

    try:
        table = _table(frame)
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        header = [str(name) for name in getattr(frame, "columns", ())]
        if not header or not hasattr(frame, "iloc"):
            raise DataError(f"{kind}: the table cannot be read: {error}; {WAYS}") from None
        return header, lambda place: _python_values(frame.iloc[:, place].tolist()), False
    header = [str(name) for name in table.column_names]
    opaque = _opaque_columns(frame)

    def column(place: int) -> list[Any]:
        if header[place] in opaque:
            return _python_values(frame.get_column(header[place]).to_list())
        return _values(table.column(place))

    return header, column, any(map(is_struct, table.schema.types))


def _opaque_columns(frame: Any) -> frozenset[str]:
    """Return the columns of Python objects in a polars frame, of which arrow gets addresses."""
    if not hasattr(frame, "get_column"):
        return frozenset()
    return frozenset(name for name, kind in frame.schema.items() if str(kind) == "Object")


def _table(frame: Any) -> Any:
    import pyarrow
    import pyarrow.interchange

    if isinstance(frame, pyarrow.Table):
        return frame
    if hasattr(frame, "__arrow_c_stream__"):
        return pyarrow.table(frame)
    if hasattr(frame, "to_arrow"):
        return frame.to_arrow()
    return pyarrow.interchange.from_dataframe(frame)


def _values(column: Any) -> list[Any]:
    return [value for chunk in column.chunks for value in values_of_column(chunk)]


def _python_values(values: list[Any]) -> list[Any]:
    """Return values of an object column: numpy scalars and missing marks as plain Python."""
    found = []
    for value in values:
        if hasattr(value, "item") and not isinstance(value, (str, bytes)):
            value = value.item()
        found.append(None if _is_missing(value) else value)
    return found


def _is_missing(value: object) -> bool:
    """Whether a value is None, NaN, NaT or NA, of which the last cannot be compared."""
    try:
        return value is None or bool(value != value)
    except TypeError:
        return True
