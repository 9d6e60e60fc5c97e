"""Record reader: records by column name from CSV, JSON and Parquet files, plain or .gz."""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path

from recsys.data.csv_records import csv_records
from recsys.data.file_opening import (
    HEAD,
    TABLES,
    check_content,
    check_file,
    encoding_of,
    lines_of,
    opened,
    translated,
)
from recsys.data.header_naming import Shape
from recsys.data.json_records import json_line_records, json_records
from recsys.data.parquet_records import parquet_records
from recsys.data.reading_report import Reading, Rows

_LIST = re.compile(rb"\s*\[\s*\{")  # of objects, whatever the name says
ENCODING_NAMES = {"gb18030": "GB 18030", "utf-32": "UTF-32"}


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
            yield from parquet_records(stream, path, shape, reading)
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
            yield from csv_records(text, path, shape, reading)
        elif kind == ".json" or _LIST.match(head.removeprefix(codecs.BOM_UTF8)):
            yield from json_records(text, path, shape, reading)
        else:
            yield from json_line_records(lines_of(text), path, shape, reading)
