"""Records of a CSV file: header, form of its values, and rows by column name."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from recsys.data.csv_reader import CsvReader
from recsys.data.day_month_order import ORDERS, TIMES, in_iso_form, is_short_date, order_of
from recsys.data.file_opening import (
    MAX_CELL,
    lines_of,
)
from recsys.data.flag_column_detection import with_flag_columns
from recsys.data.header_naming import Naming, Shape, clean_name, named
from recsys.data.item_lists import form_hint, with_item_list_column
from recsys.data.label_separators import BRACKETS, LISTS, label_separator
from recsys.data.label_separators import SEPARATORS as LABEL_SEPARATORS
from recsys.data.parsing import shown
from recsys.data.r_row_names import have_row_names, is_rule
from recsys.data.reading_report import BLANK, HEADER, RULES, Broken, Reading, Rows
from recsys.data.time_column_detection import ROWS, with_time_column
from recsys.errors import DataError

FORM_ROWS, FORM_SIZE = 2_000, 2_000_000  # rows and characters by which the form is recognised
_SQL = ("insert into", "create table", "drop table", "-- mysql", "-- postgresql", "pragma ", "/*!")
DOUBLE_COLON, UNIT = "::", "\x1f"  # `1::1193::5` is read with one sign in place of two
BLANK_SIGN = " "  # between the cells of tables that R writes
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", UNIT: "double colons"}


def csv_records(text: IO[str], path: Path, shape: Shape, reading: Reading) -> Rows:
    """Yield (line, record) of a table; DataError without a header that has the required columns."""
    csv.field_size_limit(MAX_CELL)
    lines = lines_of(text)
    first, before = next(((line, n) for n, line in enumerate(lines) if line.strip()), ("", 0))
    if not first:
        raise DataError(f"{path}: the file is empty")
    result = first.strip().strip('"')
    separator = ""
    if result[:4].lower() == "sep=":
        separator, before = result[4:5] or "\t", before + 1
        first = next(lines, "")
    given = list(reading.options.headers.get(shape.kind, ()))
    head = [first, *_beginning(lines)]
    separator = separator or _separator(head, shape, reading.options.names, len(given))
    if separator != ",":
        reading.form.append(f"{_name_of_sign(separator)} between cells")
    if separator == UNIT:
        head = [line.replace(DOUBLE_COLON, UNIT) for line in head]
        lines = (line.replace(DOUBLE_COLON, UNIT) for line in lines)
    spaced = all(cell[:1] == " " for cell in head[0].split(separator)[1:])
    rows = CsvReader(itertools.chain(head, lines), separator, spaced)
    first_rows = _first_rows(head, separator)
    cells = given or _header_cells(rows, path)
    first_rows = first_rows if given else first_rows[1:]
    quoted = head[0].lstrip("\ufeff")[:1] == '"' and all(line[:1] == '"' for line in head[1:ROWS])
    yield from _table(rows, cells, first_rows, path, shape, reading, before, quoted)
    if rows.backslashes:
        reading.form.append(f"quotes escaped by backslashes in {rows.backslashes:,} rows")


def _name_of_sign(separator: str) -> str:
    return SEPARATORS.get(separator, "blanks" if separator == BLANK_SIGN else repr(separator))


def _beginning(lines: Iterator[str]) -> Iterator[str]:
    """Yield the next lines, as many as it takes to know the form of a file's values."""
    size = 0
    for line in itertools.islice(lines, FORM_ROWS):
        yield line
        size += len(line)
        if size > FORM_SIZE:
            return


def _first_rows(lines: Sequence[str], separator: str) -> list[list[str]]:
    """Return the first rows, the header among them, up to the first that is not CSV."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(csv.reader(lines, delimiter=separator))
    return rows


def _separator(lines: Sequence[str], shape: Shape, given: Mapping[str, str], width: int) -> str:
    """Return the sign between the names of a header, or between the cells of a table without one.

    It is the one by which the required columns are found, or which gives `width` cells (0: there is
    a header) in the most of the first lines; where none does, the one that gives the most cells.
    """
    line = lines[0]
    double = line.count(DOUBLE_COLON) > 1 and UNIT not in line
    if double:
        line = line.replace(DOUBLE_COLON, UNIT)
    if width and (sign := _sign_of_width(lines, width, double)):
        return sign
    names = dict.fromkeys([UNIT, *SEPARATORS] if double else SEPARATORS, 0)
    for sign in names:
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
    if max(names.values()) == 1 and _has_required(line.split(), shape, given):
        return BLANK_SIGN
    return max(names, key=lambda sign: names[sign])


def _has_required(cells: Sequence[str], shape: Shape, given: Mapping[str, str]) -> bool:
    try:
        return set(shape.required) <= {*named(cells, shape, given).columns}
    except DataError:
        return False


def _sign_of_width(lines: Sequence[str], width: int, double: bool) -> str:
    """Return the sign that gives so many cells in the most lines; empty where none does in any.

    `double`: whether two colons may be the sign.
    """
    rows = dict.fromkeys([UNIT, *SEPARATORS] if double else SEPARATORS, 0)
    for sign in rows:
        text = (line.replace(DOUBLE_COLON, UNIT) if sign == UNIT else line for line in lines[:ROWS])
        with contextlib.suppress(csv.Error):
            rows[sign] = sum(len(cells) == width for cells in csv.reader(text, delimiter=sign))
    best = max(rows, key=lambda sign: rows[sign])
    return best if rows[best] else ""


def _table(
    rows: Any,
    cells: list[str],
    first_rows: Sequence[Sequence[str]],
    path: Path,
    shape: Shape,
    reading: Reading,
    skipped_lines: int,
    quoted: bool,
) -> Rows:
    while cells and not clean_name(cells[-1]):
        cells.pop()
    given = shape.kind in reading.options.headers
    if not given and have_row_names(cells, first_rows, quoted, shape.kind != "events"):
        cells = ["", *cells]
        reading.form.append("row names in the first column, which has no name")
    naming = _named(cells, first_rows, path, shape, reading)
    header, width, drop = naming.targets, len(cells), "" in naming.targets
    signs = _label_signs(naming, first_rows[:ROWS], reading)
    orders = _date_orders(naming, first_rows, reading)
    formulas = any(cell[:2] == '="' for row in first_rows for cell in row)
    if formulas:
        reading.form.append('cells written as ="…"')
    line_of_header, own_names = cells, list(header)
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
                    reason = f"the row has {_cells(len(row))}, the header has {width}"
                    yield line, Broken(reason, json.dumps(row))
                elif row[0] == line_of_header[0] and row == line_of_header or row == own_names:
                    reading.skipped[HEADER] += 1
                elif row[-1][-1:] == "-" and is_rule(row):
                    reading.skipped[RULES] += 1
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


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _header_option(shape: Shape) -> str:
    if not shape.kind:
        return ""
    names = ",".join(shape.required)
    return f", and a file without such a line is read with --header {shape.kind}:{names},…"


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
        empty = frozenset(
            clean_name(name)
            for place, name in enumerate(cells)
            if rows and not any(row[place].strip() for row in rows if place < len(row))
        )
        naming = named(cells, shape, reading.options.names, empty=empty)
        values = {
            name: [row[place] for row in rows if place < len(row)]
            for place, name in enumerate(naming.names)
        }
        columns = {name: cells[:ROWS] for name, cells in values.items()}
        naming = with_time_column(naming, shape, reading.options.names, columns)
        naming = with_item_list_column(naming, shape, reading.options.names, columns)
        naming = with_flag_columns(naming, shape, reading.options.names, values)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    missing = [name for name in shape.required if name not in naming.columns]
    if missing and any("\udc80" <= sign <= "\udcff" for sign in "".join(cells)):
        raise DataError(
            f"{path}:1: the names of the columns are not in UTF-8, UTF-16 or GB 18030; name the "
            "encoding of the file, as in --encoding big5 or --encoding cp1252"
        )
    if missing and (form := _no_table(cells)):
        raise DataError(
            f"{path}: holds {form}, not a table: export the rows as CSV, JSON lines or Parquet"
        )
    if missing:
        way = " ".join(f"--map {name}=NAME" for name in missing)
        raise DataError(
            f"{path}:1: the header has no {' and no '.join(missing)}; "
            f"{_said(cells, shape, reading)}; a column of another name is named with "
            f"{way}{_header_option(shape)}{form_hint(naming, missing, values)}"
        )
    twice = sorted({name for name in naming.kept if naming.kept.count(name) > 1})
    if twice:
        raise DataError(f"{path}: the header names {', '.join(twice)} more than once")
    reading.add(naming)
    if shape.kind == "events" and "value" in naming.columns:
        reading.ratings.begin(values[naming.names[naming.targets.index("value")]])
    return naming


def _said(cells: Sequence[str], shape: Shape, reading: Reading) -> str:
    if shape.kind in reading.options.headers:
        return f"--header {shape.kind} names {shown(','.join(cells))}"
    return f"the first line must name the columns, and it is {shown(','.join(cells))}"


def _no_table(cells: Sequence[str]) -> str:
    """Return which other form a first line has: XML or SQL; empty for a table."""
    first = cells[0].lstrip("\ufeff ").casefold() if cells else ""
    if first.startswith("<"):
        return "XML or HTML"
    return "SQL" if first.startswith(_SQL) else ""
