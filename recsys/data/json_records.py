"""Records of JSON objects: one per line, a list of them, or an object that holds one list."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from recsys.data.file_opening import (
    MAX_WHOLE,
    lines_of,
)
from recsys.data.flag_column_detection import with_flag_columns
from recsys.data.header_naming import Naming, Shape, named
from recsys.data.nested_objects import containers, flattened, is_nested, without
from recsys.data.reading_report import BLANK, Broken, Reading, Record, Rows
from recsys.data.time_column_detection import with_time_column
from recsys.errors import DataError

FIRST = 200  # objects by whose values columns are recognised


@dataclass(slots=True)
class JsonObjects:
    """Records of JSON objects; their names are looked up once per set of names."""

    shape: Shape
    reading: Reading
    first: Sequence[Mapping[str, Any]] = ()  # objects by whose values columns are recognised
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
            for name in naming.unused:
                values[name].extend(one[name] for one in self.first if name in one)
            naming = with_flag_columns(naming, self.shape, given, values)
        except DataError as error:
            return str(error)
        self.reading.add(naming)
        return naming


def json_line_records(lines: Iterable[str], path: Path, shape: Shape, reading: Reading) -> Rows:
    """Yield (line, record) of one JSON object per line; DataError for an empty file."""
    lines = iter(lines)
    beginning = list(itertools.islice(lines, FIRST))
    objects, seen = JsonObjects(shape, reading, _flat(map(_parsed, beginning))), False
    for line, raw in enumerate(itertools.chain(beginning, lines), start=1):
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


def json_records(text: IO[str], path: Path, shape: Shape, reading: Reading) -> Rows:
    """Yield (row, record) of a list of objects, of an object that holds one list, or of lines.

    Rows of a list count from 1. DataError for JSON of another form.
    """
    lines = lines_of(text)
    first = next((line for line in lines if not line.isspace()), "")
    record = _parsed(first)
    if isinstance(record, dict) and _only_list(record) is record:
        yield from json_line_records(itertools.chain([first], lines), path, shape, reading)
        return
    whole = first + text.read(MAX_WHOLE)
    if len(whole) >= MAX_WHOLE:
        raise DataError(f"{path}: has more than {MAX_WHOLE:,} characters: use .jsonl")
    found = _parsed(whole)
    if found is None and isinstance(record, dict):
        yield from json_line_records(io.StringIO(whole), path, shape, reading)
        return
    found = _only_list(found)
    if not isinstance(found, list):
        raise DataError(f"{path}: holds no list of JSON objects, and no JSON object in each line")
    objects = JsonObjects(shape, reading, _flat(found[:FIRST]))
    reading.form.append("a list of JSON objects")
    for row, entry in enumerate(found, start=1):
        if isinstance(entry, dict):
            yield row, objects.record(entry)
        else:
            yield row, Broken("the entry is not a JSON object", json.dumps(entry)[:1000])


def _flat(found: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the objects among values, without objects in them."""
    return [flattened(one) if is_nested(one) else one for one in found if isinstance(one, dict)]


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
