"""Records by column name from the rows of CSV, JSON and Parquet files, plain or .gz."""

from __future__ import annotations

import codecs
import contextlib
import csv
import functools
import io
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from recsys.data.column_aliases import Naming, Shape, clean_name, named
from recsys.data.csv_reader import CsvReader
from recsys.data.day_month_order import ORDERS, TIMES, in_iso_form, is_short_date, order_of
from recsys.data.file_opening import (
    HEAD,
    TABLES,
    check_content,
    check_file,
    encoding_of,
    opened,
    translated,
)
from recsys.data.label_separators import BRACKETS, LISTS, label_separator
from recsys.data.label_separators import SEPARATORS as LABEL_SEPARATORS
from recsys.data.nested_objects import containers, flattened, is_nested, without
from recsys.data.parquet_values import values_of_column
from recsys.data.parsing import shown
from recsys.data.time_column_detection import ROWS, with_time_column
from recsys.errors import DataError

MAX_CELL = 16_000_000  # characters; csv's own limit, 131,072, is less than a long article
MAX_LINE = 4 * MAX_CELL  # characters
FORM_ROWS, FORM_SIZE = 2_000, 2_000_000  # rows and characters by which the form is recognised
MAX_WHOLE = 2_000_000_000  # bytes of a file that is read at once: .json, .parquet.gz
ENCODING_NAMES = {"gb18030": "GB 18030", "utf-32": "UTF-32"}
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
BLANK, HEADER = "blank lines", "repeated headers"

Record = dict[str, Any]
Rows = Iterator[tuple[int, "Record | Broken"]]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that breaks a rule: where it is, what is wrong with it, and the row itself."""

    file: str
    line: int  # the line where the row begins; in Parquet and .json the row, from 1
    column: str  # empty when the row as a whole is wrong
    reason: str
    raw: str  # the row as JSON, or the line as it came

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: "
        return place + (f"{self.column} {self.reason}" if self.column else self.reason)


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that is no record at all: a line that is not JSON, a row with a cell too many."""

    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller says about files that they do not say themselves."""

    names: Mapping[str, str] = field(default_factory=dict)  # column -> name in the file
    encoding: str = ""  # empty: UTF-8, UTF-16 or GB 18030, as the bytes show
    dates: str = ""  # DAY_FIRST or MONTH_FIRST; empty: as the first rows show

    def __post_init__(self) -> None:
        try:
            codecs.lookup(self.encoding or "utf-8").incrementaldecoder  # noqa: B018
        except LookupError:
            raise DataError(
                f"encoding {self.encoding!r} is not known: gb18030, big5, cp1252, utf-16, …"
            ) from None


@dataclass(slots=True)
class Reading:
    """What is found out about a file while it is read."""

    options: Options = field(default_factory=Options)
    form: list[str] = field(default_factory=list)  # what differs from UTF-8 and commas
    columns: list[str] = field(default_factory=list)  # in the order of the file
    renamed: dict[str, str] = field(default_factory=dict)  # name in the file -> column
    unused: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # become metadata
    skipped: Counter[str] = field(default_factory=Counter)  # BLANK, HEADER -> rows

    def add(self, naming: Naming) -> None:
        """Note what the names of a header, or of one JSON object, stand for."""
        self.renamed.update(naming.renamed)
        for into, names in (
            (self.columns, naming.columns),
            (self.unused, naming.unused),
            (self.kept, naming.kept),
        ):
            into.extend(name for name in dict.fromkeys(names) if name not in into)

    def add_time(self, column: str, unit: str) -> None:
        """Note in which form, worth telling, a column holds times; empty for none."""
        if unit and (words := f"{column} in {unit}") not in self.form:
            self.form.append(words)


def read_records(path: Path, shape: Shape, reading: Reading | None = None) -> Rows:
    """Yield (line, record) in file order; DataError when the file as a whole cannot be read.

    A header, and a Parquet schema, must hold the required columns of the shape, under their own or
    another known name; a record has the columns' own names. Blank rows and repeated headers are
    passed over and counted in `reading`.
    """
    reading = Reading() if reading is None else reading
    kind = check_file(path)
    with translated(path), opened(path) as stream:
        if kind == ".parquet":
            yield from _parquet(stream, path, shape, reading)
            return
        head = stream.peek(HEAD)
        check_content(head, path)
        marked = head.startswith(codecs.BOM_UTF8)
        encoding = "utf-8-sig" if marked else reading.options.encoding or encoding_of(head)
        if encoding.startswith("utf-16"):
            reading.form.append("UTF-16")
        elif not encoding.startswith("utf-8"):
            reading.form.append(ENCODING_NAMES.get(encoding, encoding))
        # bytes that are not UTF-8 come through as lone surrogates, and the cell is rejected
        errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
        text = io.TextIOWrapper(stream, encoding, errors=errors, newline="")
        if kind in TABLES:
            yield from _csv(text, path, shape, reading)
        elif kind == ".json":
            yield from _json(text, path, shape, reading)
        else:
            yield from _jsonl(_lines(text), path, shape, reading)


def _lines(text: IO[str]) -> Iterator[str]:
    """Return the lines of a text; one of more than MAX_LINE comes in parts, which are rejected."""
    return iter(functools.partial(text.readline, MAX_LINE), "")


def _csv(text: IO[str], path: Path, shape: Shape, reading: Reading) -> Rows:
    csv.field_size_limit(MAX_CELL)
    lines = _lines(text)
    first, before = next(((line, n) for n, line in enumerate(lines) if line.strip()), ("", 0))
    if not first:
        raise DataError(f"{path}: the file is empty")
    result = first.strip().strip('"')
    separator = ""
    if result[:4].lower() == "sep=":
        separator, before = result[4:5] or "\t", before + 1
        first = next(lines, "")
    separator = separator or _separator(first, shape, reading.options.names)
    if separator != ",":
        reading.form.append(f"{SEPARATORS.get(separator, repr(separator))} between cells")
    head = [first, *_beginning(lines)]
    spaced = all(cell[:1] == " " for cell in first.split(separator)[1:])
    rows = CsvReader(itertools.chain(head, lines), separator, spaced)
    first_rows = _first_rows(head, separator)
    yield from _table(rows, first_rows, path, shape, reading, before)
    if rows.backslashes:
        reading.form.append(f"quotes escaped by backslashes in {rows.backslashes:,} rows")


def _beginning(lines: Iterator[str]) -> Iterator[str]:
    """Yield the next lines, as many as it takes to know the form of a file's values."""
    size = 0
    for line in itertools.islice(lines, FORM_ROWS):
        yield line
        size += len(line)
        if size > FORM_SIZE:
            return


def _first_rows(lines: Sequence[str], separator: str) -> list[list[str]]:
    """Return the rows below the header, up to the first that is not CSV."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(csv.reader(lines, delimiter=separator))
    return rows[1:]


def _separator(line: str, shape: Shape, given: Mapping[str, str]) -> str:
    """Return the sign between the names of a header.

    It is the one by which the required columns are found; where none is, the one that gives the
    most names.
    """
    names = dict.fromkeys(SEPARATORS, 0)
    for sign in SEPARATORS:
        try:
            cells = next(csv.reader([line], delimiter=sign))
            names[sign] = len(cells)
            naming = named(cells, shape, given)
        except (csv.Error, StopIteration):
            continue
        except DataError:  # names claim the same column: they were distinguished
            return sign
        if all(name in naming.columns for name in shape.required):
            return sign
    return max(names, key=lambda sign: names[sign])


def _table(
    rows: Any,
    first_rows: Sequence[Sequence[str]],
    path: Path,
    shape: Shape,
    reading: Reading,
    skipped_lines: int,
) -> Rows:
    cells = _header_cells(rows, path)
    while cells and not clean_name(cells[-1]):
        cells.pop()
    naming = _named(cells, first_rows, path, shape, reading)
    header, width, drop = naming.targets, len(cells), "" in naming.targets
    signs = _label_signs(naming, first_rows[:ROWS], reading)
    orders = _date_orders(naming, first_rows, reading)
    formulas = any(cell[:2] == '="' for row in first_rows for cell in row)
    if formulas:
        reading.form.append('cells written as ="…"')
    line_of_header = cells
    before = rows.line_num
    while True:
        try:
            for row in rows:
                line, before = before + 1 + skipped_lines, rows.line_num
                if len(row) > width and not any(map(str.strip, row[width:])):
                    row = row[:width]
                if formulas:
                    row = [_of_formula(cell) for cell in row]
                if not row or width > 1 and not row[0].strip() and not any(map(str.strip, row)):
                    reading.skipped[BLANK] += 1
                elif len(row) != width:
                    reason = f"the row has {len(row)} cells, the header has {width}"
                    yield line, Broken(reason, json.dumps(row))
                elif row[0] == line_of_header[0] and row == line_of_header:
                    reading.skipped[HEADER] += 1
                else:
                    record = dict(zip(header, row, strict=True))
                    if drop:
                        del record[""]
                    for column, sign in signs.items():
                        if "|" not in record[column] and record[column][:1] not in BRACKETS:
                            record[column] = record[column].replace(sign, "|")
                    for column, order in orders.items():
                        record[column] = in_iso_form(record[column], order)
                    yield line, record
            return
        except csv.Error as error:
            line, before = before + 1 + skipped_lines, rows.line_num
            yield line, Broken(f"the row is not CSV ({error})", "")


def _date_orders(naming: Naming, rows: Sequence[Sequence[str]], reading: Reading) -> dict[str, str]:
    """Return the order of day and month of each column of times that has such dates."""
    orders = {}
    for place, column in enumerate(naming.targets):
        if column in TIMES:
            cells = [row[place] for row in rows if place < len(row)]
            order = reading.options.dates or order_of(cells)
            if order and any(map(is_short_date, cells)):
                orders[column] = order
                reading.form.append(f"{column} with {ORDERS[order]}")
    return orders


def _label_signs(naming: Naming, rows: Sequence[Sequence[str]], reading: Reading) -> dict[str, str]:
    """Return the sign between labels of each column whose lists are not written `a|b`."""
    signs = {}
    for place, column in enumerate(naming.targets):
        if column in LISTS:
            sign = label_separator([row[place] for row in rows if place < len(row)])
            if sign:
                signs[column] = sign
                reading.form.append(f"{column} with {LABEL_SEPARATORS[sign]} between labels")
    return signs


def _of_formula(cell: str) -> str:
    """Return 00123 for ="00123", by which a spreadsheet is kept from reading a number."""
    return cell[2:-1] if cell[:2] == '="' and cell[-1] == '"' and len(cell) > 2 else cell


def _header_cells(rows: Any, path: Path) -> list[str]:
    try:
        cells = next((row for row in rows if any(map(str.strip, row))), None)
    except csv.Error as error:
        raise DataError(f"{path}:1: the header is not CSV ({error})") from error
    if cells is None:
        raise DataError(f"{path}: the file is empty")
    return list(cells)


def _named(
    cells: Sequence[str],
    rows: Sequence[Sequence[str]],
    path: Path,
    shape: Shape,
    reading: Reading,
) -> Naming:
    """Return what a header stands for, above these first rows.

    DataError when a required column is missing.
    """
    try:
        naming = named(cells, shape, reading.options.names)
        columns = {
            name: [row[place] for row in rows[:ROWS] if place < len(row)]
            for place, name in enumerate(naming.names)
        }
        naming = with_time_column(naming, shape, reading.options.names, columns)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    missing = [name for name in shape.required if name not in naming.columns]
    if missing and any("\udc80" <= sign <= "\udcff" for sign in "".join(cells)):
        raise DataError(
            f"{path}:1: the names of the columns are not in UTF-8, UTF-16 or GB 18030; name the "
            "encoding of the file, as in --encoding big5 or --encoding cp1252"
        )
    if missing:
        way = " ".join(f"--map {name}=NAME" for name in missing)
        raise DataError(
            f"{path}:1: the header has no {' and no '.join(missing)}; the first line must name the "
            f"columns, and it is {shown(','.join(cells))}; a column of another name is named with "
            f"{way}"
        )
    twice = sorted({name for name in naming.kept if naming.kept.count(name) > 1})
    if twice:
        raise DataError(f"{path}: the header names {', '.join(twice)} more than once")
    reading.add(naming)
    return naming


@dataclass(slots=True)
class _Objects:
    """Names of JSON objects, looked up once per set of names."""

    shape: Shape
    reading: Reading
    known: dict[tuple[tuple[str, ...], frozenset[str]], Naming | str] = field(default_factory=dict)

    def record(self, found: dict[str, Any]) -> Record | Broken:
        """Return an object under the columns' own names; fields of objects in it count as its."""
        opened: frozenset[str] = frozenset()
        if is_nested(found):
            found = flattened(found)
            opened = containers(found)
        names = tuple(found)
        naming = self.known.get((names, opened))
        if naming is None:
            naming = self._named(found, opened)
            if len(self.known) < 10_000:
                self.known[names, opened] = naming
        if isinstance(naming, str):
            return Broken(naming, json.dumps(found, default=str))
        if naming.targets == names:
            return found
        record = dict(zip(naming.targets, found.values(), strict=True))
        record.pop("", None)
        for name in naming.opened & record.keys():  # metadata holds no field twice
            rest = without(record.pop(name), naming.renamed, f"{name}.")
            if rest:
                record[name] = rest
        return record

    def _named(self, found: dict[str, Any], opened: frozenset[str]) -> Naming | str:
        given = self.reading.options.names
        try:
            naming = named(tuple(found), self.shape, given, opened)
            values = {name: [found.get(name)] for name in naming.unused}
            naming = with_time_column(naming, self.shape, given, values)
        except DataError as error:
            return str(error)
        self.reading.add(naming)
        return naming


def _jsonl(lines: Iterable[str], path: Path, shape: Shape, reading: Reading) -> Rows:
    objects, seen = _Objects(shape, reading), False
    for line, raw in enumerate(lines, start=1):
        if raw.isspace():
            reading.skipped[BLANK] += 1
            continue
        seen = True
        try:
            record = json.loads(raw)
        except (ValueError, RecursionError) as error:
            yield line, Broken(f"the line is not JSON ({error})", raw.rstrip("\r\n"))
            continue
        if isinstance(record, dict):
            yield line, objects.record(record)
        else:
            yield line, Broken("the line is not a JSON object", raw.rstrip("\r\n"))
    if not seen:
        raise DataError(f"{path}: the file is empty")


def _json(text: IO[str], path: Path, shape: Shape, reading: Reading) -> Rows:
    """Read a list of objects, an object that holds one such list, or an object per line."""
    lines = _lines(text)
    first = next((line for line in lines if not line.isspace()), "")
    record = _parsed(first)
    if isinstance(record, dict) and _only_list(record) is record:
        yield from _jsonl(itertools.chain([first], lines), path, shape, reading)
        return
    whole = first + text.read(MAX_WHOLE)
    if len(whole) >= MAX_WHOLE:
        raise DataError(f"{path}: has more than {MAX_WHOLE:,} characters: use .jsonl")
    found = _parsed(whole)
    if found is None and isinstance(record, dict):
        yield from _jsonl(io.StringIO(whole), path, shape, reading)
        return
    found = _only_list(found)
    if not isinstance(found, list):
        raise DataError(f"{path}: holds no list of JSON objects, and no JSON object in each line")
    objects = _Objects(shape, reading)
    reading.form.append("a list of JSON objects")
    for row, entry in enumerate(found, start=1):
        if isinstance(entry, dict):
            yield row, objects.record(entry)
        else:
            yield row, Broken("the entry is not a JSON object", json.dumps(entry)[:1000])


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _only_list(found: Any) -> Any:
    """Return the one list of objects within an object, one level deeper too; else the object."""
    if not isinstance(found, dict):
        return found
    inner = [value for value in found.values() if isinstance(value, dict)]
    for lists in (_lists(found), [one for value in inner for one in _lists(value)]):
        if len(lists) == 1:
            return lists[0]
    return found


def _lists(found: dict[str, Any]) -> list[list[Any]]:
    """Return the values of an object that are lists of objects."""
    lists = [value for value in found.values() if isinstance(value, list) and value]
    return [one for one in lists if isinstance(one[0], dict)]


def _with_times_of(file: Any, naming: Naming, shape: Shape, reading: Reading) -> Naming:
    """Return the naming of a Parquet file, a column of times found by its first rows."""
    columns = {}
    if naming.unused and file.metadata.num_rows:
        batch = next(file.iter_batches(batch_size=ROWS))
        columns = {
            name: values_of_column(batch.column(naming.names.index(name))) for name in naming.unused
        }
    return with_time_column(naming, shape, reading.options.names, columns)


def _parquet(stream: IO[bytes], path: Path, shape: Shape, reading: Reading) -> Rows:
    import pyarrow  # here, because it costs some 60 MB that the API has no use for
    import pyarrow.parquet

    source: Any = stream
    if path.suffix.lower() == ".gz":
        source = io.BytesIO(stream.read(MAX_WHOLE))
        if source.getbuffer().nbytes >= MAX_WHOLE:
            raise DataError(f"{path}: has more than {MAX_WHOLE:,} bytes: unpack it first")
    try:
        file = pyarrow.parquet.ParquetFile(source)
        names = file.schema_arrow.names
        if any(map(_is_struct, file.schema_arrow.types)):
            yield from _structs(file, names, _Objects(shape, reading))
            return
        naming = _with_times_of(file, named(names, shape, reading.options.names), shape, reading)
        missing = [name for name in shape.required if name not in naming.columns]
        if missing:
            raise DataError(
                f"there is no column {' and '.join(missing)}; there are {', '.join(names)}"
            )
        reading.add(naming)
        used = [place for place, name in enumerate(naming.targets) if name]
        targets = [naming.targets[place] for place in used]
        row = 0
        for batch in file.iter_batches(batch_size=20_000):
            columns = [values_of_column(batch.column(place)) for place in used]
            for values in zip(*columns, strict=True):
                row += 1
                yield row, dict(zip(targets, values, strict=True))
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: is not a Parquet file ({error})") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _is_struct(kind: Any) -> bool:
    import pyarrow

    listed = pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)
    return bool(pyarrow.types.is_struct(kind.value_type if listed else kind))


def _structs(file: Any, names: Sequence[str], objects: _Objects) -> Rows:
    """Yield the rows of a Parquet file with nested columns, read as JSON objects are."""
    row = 0
    for batch in file.iter_batches(batch_size=20_000):
        columns = [values_of_column(batch.column(place)) for place in range(len(names))]
        for values in zip(*columns, strict=True):
            row += 1
            yield row, objects.record(dict(zip(names, values, strict=True)))
