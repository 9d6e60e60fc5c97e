"""Files: CSV, JSONL or Parquet, plain or .gz, to records by column name."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from recsys.data.fields import shown
from recsys.errors import DataError

FORMATS = (".csv", ".jsonl", ".parquet")
MAX_CELL = 16_000_000  # characters; csv's own limit, 131,072, is less than a long article

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that breaks a rule: where it is, what is wrong with it, and the row itself."""

    file: str
    line: int  # the line where the row begins; in Parquet the row, from 1
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


def read_records(path: Path, required: tuple[str, ...]) -> Iterator[tuple[int, Record | Broken]]:
    """Yield (line, record) in file order; DataError when the file as a whole cannot be read.

    A CSV header and a Parquet schema must hold the `required` columns. Blank lines are skipped.
    """
    kind = check_file(path)
    with _translated(path):
        with _opened(path) as stream:
            if kind == ".parquet":
                yield from _parquet(stream, path, required)
                return
            # bytes that are not UTF-8 come through as lone surrogates, and the cell is rejected
            text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
            yield from (_csv if kind == ".csv" else _jsonl)(text, path, required)


def check_file(path: Path) -> str:
    """Return the format of a file that is there and not empty; DataError else."""
    kind = format_of(path)
    with _translated(path):
        if not path.exists():
            raise DataError(f"{path}: there is no such file")
        if path.is_dir():
            raise DataError(f"{path}: is a folder, not a file")
        if path.stat().st_size == 0:
            raise DataError(f"{path}: the file is empty")
    return kind


def format_of(path: Path) -> str:
    """Return .csv, .jsonl or .parquet; DataError for another name."""
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    if plain.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise DataError(f"{path}: unknown extension {plain.suffix!r}: {known} are known, or + .gz")
    return plain.suffix.lower()


def _opened(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return io.BufferedReader(gzip.open(path, "rb"), 1 << 20)
    return open(path, "rb", buffering=1 << 20)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path}: is not a whole gzip file ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _csv(
    text: IO[str], path: Path, required: tuple[str, ...]
) -> Iterator[tuple[int, Record | Broken]]:
    csv.field_size_limit(MAX_CELL)
    rows = csv.reader(text, strict=True)
    header = _header(rows, path, required)
    width, before = len(header), rows.line_num
    while True:
        try:
            for cells in rows:
                line, before = before + 1, rows.line_num
                if len(cells) == width:
                    yield line, dict(zip(header, cells, strict=True))
                elif cells:
                    reason = f"the row has {len(cells)} cells, the header has {width}"
                    yield line, Broken(reason, json.dumps(cells))
            return
        except csv.Error as error:
            line, before = before + 1, rows.line_num
            yield line, Broken(f"the row is not CSV ({error})", "")


def _header(rows: Any, path: Path, required: tuple[str, ...]) -> list[str]:
    try:
        cells = next((row for row in rows if row), None)
    except csv.Error as error:
        raise DataError(f"{path}:1: the header is not CSV ({error})") from error
    if cells is None:
        raise DataError(f"{path}: the file is empty")
    header = [cell.strip() for cell in cells]
    header = [cell.lower() if cell.lower() in required else cell for cell in header]
    missing = [name for name in required if name not in header]
    if missing:
        raise DataError(f"{path}:1: {_missing(missing, cells)}")
    _distinct(header, path)
    return header


def _missing(missing: list[str], cells: list[str]) -> str:
    line = cells[0]
    sign = next((sign for sign in (";", "\t", "|") if sign in line), "")
    if len(cells) == 1 and sign:
        return f"the cells are separated by {sign!r}; a comma is needed"
    names = " and ".join(missing)
    return (
        f"the header has no {names}; the first line must name the columns, "
        f"and it is {shown(','.join(cells))}"
    )


def _distinct(header: list[str], path: Path) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"{path}: the header names {', '.join(twice)} more than once")


def _jsonl(
    text: IO[str], path: Path, required: tuple[str, ...]
) -> Iterator[tuple[int, Record | Broken]]:
    seen = False
    for line, raw in enumerate(text, start=1):
        if raw.isspace():
            continue
        seen = True
        try:
            record = json.loads(raw)
        except (ValueError, RecursionError) as error:
            yield line, Broken(f"the line is not JSON ({error})", raw.rstrip("\r\n"))
            continue
        if isinstance(record, dict):
            yield line, record
        else:
            yield line, Broken("the line is not a JSON object", raw.rstrip("\r\n"))
    if not seen:
        raise DataError(f"{path}: the file is empty")


def _parquet(
    stream: IO[bytes], path: Path, required: tuple[str, ...]
) -> Iterator[tuple[int, Record | Broken]]:
    import pyarrow  # here, because it costs some 60 MB that the API has no use for
    import pyarrow.parquet

    source = io.BytesIO(stream.read()) if path.suffix.lower() == ".gz" else stream
    try:
        file = pyarrow.parquet.ParquetFile(source)
        missing = [name for name in required if name not in file.schema_arrow.names]
        if missing:
            raise DataError(f"{path}: there is no column {' and '.join(missing)}")
        _distinct(file.schema_arrow.names, path)
        row = 0
        for batch in file.iter_batches(batch_size=20_000):
            for record in _plain_times(batch).to_pylist():
                row += 1
                # not a number is how many writers spell a number that is missing
                yield row, {k: v for k, v in record.items() if v == v}
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: is not a Parquet file ({error})") from error


def _plain_times(batch: Any) -> Any:
    """Cast nanoseconds to microseconds, which become datetime objects without pandas."""
    import pyarrow

    fields = [
        pyarrow.field(field.name, pyarrow.timestamp("us", field.type.tz))
        if pyarrow.types.is_timestamp(field.type) and field.type.unit == "ns"
        else field
        for field in batch.schema
    ]
    return pyarrow.Table.from_batches([batch]).cast(pyarrow.schema(fields), safe=False)
