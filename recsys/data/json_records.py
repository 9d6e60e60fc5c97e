"""Records of JSON objects: one per line, a list of them, or an object that holds one list."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from recsys.data.bulk_requests import FORM as BULK
from recsys.data.bulk_requests import bulk_rows, is_action
from recsys.data.column_aliases import ITEM_NOUNS
from recsys.data.envelopes import opened
from recsys.data.file_opening import (
    MAX_WHOLE,
    lines_of,
)
from recsys.data.flag_column_detection import with_flag_columns
from recsys.data.header_naming import Naming, Shape, named
from recsys.data.item_lists import item_list, with_item_list_column
from recsys.data.json_tables import TableKind, objects_by_id, table_rows
from recsys.data.label_separators import BRACKETS, LISTS, label_separator
from recsys.data.label_separators import SEPARATORS as LABEL_SEPARATORS
from recsys.data.nested_objects import flat_record, flattened, is_nested, without
from recsys.data.reading_report import BLANK, Broken, Reading, Record, Rows
from recsys.data.time_column_detection import with_time_column
from recsys.errors import DataError

EMPTY: tuple[object, ...] = (None, "", [], {})  # values that say nothing
FIRST = 200  # objects by whose values columns are recognised


@dataclass(slots=True)
class JsonObjects:
    """Records of JSON objects; their names are looked up once per set of names."""

    shape: Shape
    reading: Reading
    first: Sequence[Mapping[str, Any]] = ()  # objects by whose values columns are recognised
    known: dict[tuple[tuple[str, ...], frozenset[str]], Naming | str] = field(default_factory=dict)
    signs: dict[str, str] = field(default_factory=dict)  # column of labels -> what separates them

    def records(self, found: dict[str, Any]) -> Iterator[Record | Broken]:
        """Yield the records of an object: one, or one for each item that an event is about."""
        carried = opened(found)
        if isinstance(carried, str):
            yield Broken(carried, json.dumps(found, default=str))
            return
        for inner in carried:
            listed = None
            if self.shape.kind == "events":
                listed = item_list(inner, self.reading.options.names)
            if listed is None:
                yield self.record(inner)
                continue
            self.reading.add_item_list(listed)
            for entry in listed.entries:
                yield self.record({**inner, **entry})

    def record(self, found: dict[str, Any]) -> Record | Broken:
        """Return an object under the columns' own names; fields of objects in it count as its."""
        opened: frozenset[str] = frozenset()
        if is_nested(found):
            found, opened = flat_record(found)
        names = tuple(found)
        naming = self.known.get((names, opened))
        if naming is None:
            naming = self._named(found, opened)
            if len(self.known) < 10_000:
                self.known[names, opened] = naming
        if isinstance(naming, str):
            return Broken(naming, json.dumps(found, default=str))
        if naming.targets == names:
            return self._with_labels(found)
        record = dict(zip(naming.targets, found.values(), strict=True))
        record.pop("", None)
        for name in naming.opened & record.keys():  # metadata holds no field twice
            rest = without(record.pop(name), naming.renamed, f"{name}.")
            if rest:
                record[name] = rest
        return self._with_labels(record)

    def _with_labels(self, record: Record) -> Record:
        """Return a record, lists of labels that are one text (`"Cafes, Bars"`) as `a|b`."""
        for column, sign in self.signs.items():
            text = record.get(column)
            if isinstance(text, str) and "|" not in text and text[:1] not in BRACKETS:
                record = {**record, column: text.replace(sign, "|")}
        return record

    def _is_empty(self, name: str, value: object) -> bool:
        """Whether a field holds nothing, here and in the first objects; they know the field."""
        values = [one[name] for one in self.first if name in one]
        return bool(values) and all(one in EMPTY for one in (value, *values))

    def _named(self, found: dict[str, Any], opened: frozenset[str]) -> Naming | str:
        given = self.reading.options.names
        try:
            empty = frozenset(name for name in found if self._is_empty(name, found[name]))
            naming = named(tuple(found), self.shape, given, opened, empty)
            values = {name: [found.get(name)] for name in naming.unused}
            naming = with_time_column(naming, self.shape, given, values)
            for name in naming.unused:
                values[name].extend(one[name] for one in self.first if name in one)
            naming = with_item_list_column(naming, self.shape, given, values)
            naming = with_flag_columns(naming, self.shape, given, values)
        except DataError as error:
            return str(error)
        self.reading.add(naming)
        if self.shape.kind == "events" and "value" in naming.columns:
            name = naming.names[naming.targets.index("value")]
            self.reading.ratings.begin(one[name] for one in (*self.first, found) if name in one)
        for name, target in zip(naming.names, naming.targets, strict=True):
            if target in LISTS and target not in self.signs:
                texts = [one[name] for one in self.first if isinstance(one.get(name), str)]
                if sign := label_separator(texts):
                    self.signs[target] = sign
                    words = f"{target} with {LABEL_SEPARATORS[sign]} between labels"
                    self.reading.form.append(words)
        return naming


def json_line_records(lines: Iterable[str], path: Path, shape: Shape, reading: Reading) -> Rows:
    """Yield (line, record) of one JSON object per line; DataError for an empty file.

    Of bulk requests (`recsys.data.bulk_requests`) the rows are yielded, without their actions.
    """
    entries = _entries(lines, reading)
    beginning = list(itertools.islice(entries, FIRST))
    if not beginning:
        raise DataError(f"{path}: the file is empty")
    entries = itertools.chain(beginning, entries)
    if is_action(beginning[0][1]):
        reading.form.append(BULK)
        ids = shape.kind in ("items", "users")
        entries = bulk_rows(entries, ids)
        beginning = list(bulk_rows(beginning, ids))
    objects = JsonObjects(shape, reading, _flat(found for _, found in beginning))
    for line, found in entries:
        if isinstance(found, dict):
            for one in objects.records(found):
                yield line, one
        else:
            yield line, found


def _entries(
    lines: Iterable[str], reading: Reading
) -> Iterator[tuple[int, dict[str, Any] | Broken]]:
    """Yield (line, object), or a Broken line in its place; blank lines are counted and left out."""
    for line, raw in enumerate(lines, start=1):
        if raw.isspace():
            reading.skipped[BLANK] += 1
            continue
        found: Any
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError) as error:
            # the lines of a list may end with the commas between its objects
            found = _parsed(raw.rstrip().removesuffix(","))
            if found is None:
                found = Broken(f"the line is not JSON ({error})", raw.rstrip("\r\n"))
        if not isinstance(found, (dict, Broken)):
            found = Broken("the line is not a JSON object", raw.rstrip("\r\n"))
        yield line, found


def json_records(text: IO[str], path: Path, shape: Shape, reading: Reading) -> Rows:
    """Yield (row, record) of a list of objects, of an object that holds one list, or of lines.

    Tables of other forms are those of recsys.data.json_tables. Rows of a list count from 1.
    DataError for JSON of another form.
    """
    lines = lines_of(text)
    first = next((line for line in lines if not line.isspace()), "")
    record = _parsed(first)
    further: list[str] = []
    if isinstance(record, dict) and _only_list(record) is record:
        for line in lines:
            further.append(line)
            if not line.isspace():
                break
        alone = all(line.isspace() for line in further)
        if not alone or _table(record, shape) is None and _is_record(record, shape):
            following = itertools.chain([first], further, lines)
            yield from json_line_records(following, path, shape, reading)
            return
    whole = first + "".join(further) + text.read(MAX_WHOLE)
    if len(whole) >= MAX_WHOLE:
        raise DataError(f"{path}: has more than {MAX_WHOLE:,} characters: use .jsonl")
    found = _parsed(whole)
    if found is None and isinstance(record, dict):
        yield from json_line_records(io.StringIO(whole), path, shape, reading)
        return
    if (table := _table(found, shape)) is not None:
        found, place = table
    else:
        found, place = _records_of(_only_list(found), shape, path)
    if isinstance(found, dict):
        found = [found]  # one record
    if not isinstance(found, list):
        raise DataError(
            f"{path}: holds no list of JSON objects, and no JSON object in each line{_why(whole)}"
        )
    objects = JsonObjects(shape, reading, _flat(found[:FIRST]))
    reading.form.append(place or "a list of JSON objects")
    for row, entry in enumerate(found, start=1):
        if isinstance(entry, dict):
            for one in objects.records(entry):
                yield row, one
        else:
            yield row, Broken("the entry is not a JSON object", json.dumps(entry)[:1000])


def _flat(found: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the records of the objects among values, without objects in them."""
    carried = (opened(one) for one in found if isinstance(one, dict))
    records = (one for several in carried if not isinstance(several, str) for one in several)
    return [flattened(one) if is_nested(one) else one for one in records]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _why(text: str) -> str:
    """Return where a text is no JSON; empty for JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"; it is not JSON ({error})"
    return ""


def _only_list(found: Any) -> Any:
    """Return the one list of objects within an object, one level deeper too; else the object."""
    if not isinstance(found, dict):
        return found
    inner = [value for value in found.values() if isinstance(value, dict)]
    for lists in (_lists(found), [one for value in inner for one in _lists(value)]):
        if len(lists) == 1:
            return lists[0]
    return found


def _records_of(found: Any, shape: Shape, path: Path) -> tuple[Any, str]:
    """Return the list of records in the export of a whole database, and where it is.

    Such an export is an object, or a list of one, with a list for each table. The list with a name
    of the kind of file is meant (`posts` for items); DataError where none or several have one. Of
    other JSON nothing is changed, and the place is empty.
    """
    whole = found[0] if isinstance(found, list) and len(found) == 1 else found
    tables = dict(_tables(whole, "", 3)) if isinstance(whole, dict) else {}
    if len(tables) < 2 or _is_record(whole, shape):
        return found, ""
    wanted = _TABLES_OF.get(shape.kind, frozenset())
    meant = [name for name in tables if name.rpartition(".")[2].lower() in wanted]
    if len(meant) == 1:
        others = [f"{name} ({len(rows):,})" for name, rows in tables.items() if name != meant[0]]
        left = f"; not read: {', '.join(others[:8])}{' …' if len(others) > 8 else ''}"
        return tables[meant[0]], f"the list {meant[0]}{left}"
    names = ", ".join(f"{name} ({len(rows):,})" for name, rows in list(tables.items())[:8])
    raise DataError(
        f"{path}: holds several lists of objects: {names}; write the one that holds the "
        f"{shape.kind or 'records'} into a file of its own"
    )


def _table(found: Any, shape: Shape) -> tuple[list[dict[str, Any]], str] | None:
    """Return the rows of a table in another form than a list of objects, and its form."""
    if not shape.kind:
        return None

    def columns_of(names: Sequence[str]) -> frozenset[str]:
        try:
            return frozenset(named(tuple(names), shape, {}).columns) - set(names).difference(
                shape.columns
            )
        except DataError:  # names of one object that stand for the same column
            return frozenset()

    kinds = TableKind(columns_of, frozenset(shape.required))
    if isinstance(found, dict):
        wanted = _TABLES_OF.get(shape.kind, frozenset())
        for name, value in found.items():
            if name.lower() in wanted and (rows := objects_by_id(value, kinds)) is not None:
                return rows[0], f"objects by id in {name}"
    return table_rows(found, kinds)


def _is_record(found: dict[str, Any], shape: Shape) -> bool:
    flat, objects = flat_record(found)
    try:
        columns = named(tuple(flat), shape, {}, objects).columns
    except DataError:  # names that stand for the same column are those of a record
        return True
    return all(name in columns for name in shape.required)


def _tables(found: dict[str, Any], outer: str, depth: int) -> Iterator[tuple[str, list[Any]]]:
    for name, value in found.items():
        if isinstance(value, dict) and depth:
            yield from _tables(value, f"{outer}{name}.", depth - 1)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{outer}{name}", value


_CONTENTS = ("stories", "news", "statuses", "entries", "nodes", "docs")
_TABLES_OF: Mapping[str, frozenset[str]] = {
    "items": frozenset((*(f"{noun}s" for noun in ITEM_NOUNS), *_CONTENTS)),
    "events": frozenset(
        "events interactions likes favourites favorites votes views clicks ratings feedback".split()
    ),
    "users": frozenset("users members accounts profiles people".split()),
    "follows": frozenset("follows followers following relationships".split()),
}


def _lists(found: dict[str, Any]) -> list[list[Any]]:
    """Return the values of an object that are lists of objects."""
    lists = [value for value in found.values() if isinstance(value, list) and value]
    return [one for one in lists if isinstance(one[0], dict)]
