"""Columns of item metadata fields, built once per bundle and extended by posted items.

A column holds the distinct values of a field and, for each value that an item has, its row and the
value's code. Lists give one entry per element, nested objects one column per dotted path.
"""

from __future__ import annotations

import json
import math
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys import request_cpu_budget
from recsys.array_types import Mask, Rows
from recsys.data.parsing import parse_number, parse_time
from recsys.data.records import Item
from recsys.errors import DataError
from recsys.serving.catalogue import Catalogue

Scalar = str | int | float | bool
MAX_DEPTH = 3  # levels of nested objects that become dotted names
MAX_FIELDS = 2_000  # columns; fields that appear later are not indexed
KEPT = 32  # masks of the latest comparisons, one byte per item each
_START = b', "metadata": {'  # unescaped, so it cannot occur inside a JSON string
_DECODER = json.JSONDecoder()
_LAST = 253_402_300_800.0  # the year 10000


@dataclass(slots=True)
class Column:
    """The values of one metadata field."""

    values: list[Scalar] = field(default_factory=list)  # distinct, by code
    _codes: dict[tuple[type, Scalar], int] = field(default_factory=dict)
    _new: list[tuple[int, int]] = field(default_factory=list)  # (row, code) not in `entries` yet
    _entries: NDArray[np.int32] = field(default_factory=lambda: np.zeros((2, 0), np.int32))
    _views: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    _texts: list[str] = field(default_factory=list)

    def add(self, row: int, value: Scalar) -> None:
        """Note that the item of a row has a value."""
        key = (type(value), value)
        code = self._codes.get(key)
        if code is None:
            code = self._codes[key] = len(self.values)
            self.values.append(value)
        self._new.append((row, code))

    def entries(self) -> tuple[Rows, Rows]:
        """Return rows, ascending, and codes of all values."""
        if self._new:
            added = np.array(self._new, np.int32).T
            self._entries = np.concatenate([self._entries, added], axis=1)
            self._new = []
        return self._entries[0], self._entries[1]

    def numbers(self) -> NDArray[np.float64]:
        """Return the distinct values as numbers, by code; NaN where one is none."""
        return self._view("numbers", _number)

    def flags(self) -> NDArray[np.float64]:
        """Return the distinct values as truth, by code: 1 true, 0 false, NaN neither."""
        return self._view("flags", _flag)

    def times(self) -> NDArray[np.float64]:
        """Return the distinct values as Unix seconds, by code; NaN where one is no time."""
        return self._view("times", _time)

    def texts(self) -> list[str]:
        """Return the distinct values as text without case, by code."""
        self._texts += [folded(value) for value in self.values[len(self._texts) :]]
        return self._texts

    def odd(self, kind: str) -> list[Scalar]:
        """Return the distinct values that are no number, truth or time, whichever `kind` says."""
        view = {"number": self.numbers, "truth": self.flags, "time": self.times}[kind]()
        return [self.values[code] for code in np.flatnonzero(np.isnan(view)).tolist()]

    def _view(self, name: str, read: Callable[[Scalar], float]) -> NDArray[np.float64]:
        known = self._views.get(name, np.zeros(0))
        if len(known) < len(self.values):
            added = np.array([read(value) for value in self.values[len(known) :]], np.float64)
            known = self._views[name] = np.concatenate([known, added])
        return known


class MetadataColumns:
    """The metadata of the items of a live state by column; empty until first requested."""

    def __init__(self, catalogue: Catalogue, posted: Sequence[Item]) -> None:
        self._catalogue, self._posted = catalogue, posted
        self._columns: dict[str, Column] = {}
        self._upto = 0  # rows that are in the columns
        self._masks: dict[object, tuple[int, Mask]] = {}
        self._lock = threading.Lock()

    @property
    def built(self) -> bool:
        """Whether a column was requested before."""
        return self._upto > 0

    def names(self) -> list[str]:
        """Return the names of all fields that an item has, in the order of first appearance."""
        with self._lock:
            self._update()
            return list(self._columns)

    def numbers(self, name: str, size: int) -> NDArray[np.float64] | None:
        """Return (size,) the numbers of a field, NaN where an item has none; None: no such field.

        Of several numbers of an item the last holds.
        """
        with self._lock:
            self._update()
            column = self._columns.get(name)
            if column is None:
                return None
            rows, codes = column.entries()
            values = column.numbers()[codes]
        found = np.full(max(size, self._upto), np.nan)
        found[rows] = values
        return found[:size]

    def odd(self, name: str, kind: str) -> list[Scalar]:
        """Return the distinct values of a field that are of another kind; see `Column.odd`."""
        with self._lock:
            self._update()
            column = self._columns.get(name)
            return [] if column is None else column.odd(kind)

    def mask(self, key: object, size: int, test: Callable[[Mapping[str, Column]], Rows]) -> Mask:
        """Return which of the first `size` rows pass a test; kept under `key` until items come.

        `test` returns the rows that pass, given the columns. The array must not be written to.
        """
        with self._lock:
            self._update()
            kept = self._masks.pop(key, None)
            if kept is None or kept[0] != self._upto:
                rows = test(self._columns)
                found = np.zeros(self._upto, bool)
                found[rows] = True
                kept = (self._upto, found)
            self._masks[key] = kept  # the latest stands last
            if len(self._masks) > KEPT:
                del self._masks[next(iter(self._masks))]
        whole = kept[1]
        if len(whole) < size:  # items that came while this ran: not known to pass
            return np.concatenate([whole, np.zeros(size - len(whole), bool)])
        return whole[:size]

    def _update(self) -> None:
        base = len(self._catalogue)
        if self._upto < base:
            with request_cpu_budget.shared_work():
                self._read_catalogue()
            self._upto = base
        for item in self._posted[self._upto - base :]:
            self._index(self._upto, item.metadata)
            self._upto += 1

    def _read_catalogue(self) -> None:
        for row, known in _documents(self._catalogue):
            self._index(row, known)

    def _index(self, row: int, metadata: Mapping[str, object]) -> None:
        for name, value in _flattened(metadata):
            column = self._columns.get(name)
            if column is None:
                if len(self._columns) >= MAX_FIELDS:
                    continue
                column = self._columns[name] = Column()
            column.add(row, value)


def folded(value: object) -> str:
    """Return a value as text to compare: NFC, trimmed, without case; true and false in words."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return unicodedata.normalize("NFC", text).strip().casefold()


def _documents(catalogue: Catalogue) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yield row and metadata of the items that have some; the rest of a document is not parsed."""
    whole, ends = catalogue.documents, catalogue.document_ends
    for row, (start, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        part = whole[start:end].tobytes()
        place = part.find(_START)
        if place >= 0:
            text = part[place + len(_START) - 1 :].decode("utf-8", "surrogatepass")
            yield row, _DECODER.raw_decode(text)[0]  # dates and the parent stand after it


def _flattened(
    metadata: Mapping[str, object], prefix: str = "", depth: int = MAX_DEPTH
) -> Iterator[tuple[str, Scalar]]:
    for name, value in metadata.items():
        path = prefix + unicodedata.normalize("NFC", name).strip()
        if isinstance(value, dict) and depth > 1:
            yield from _flattened(value, path + ".", depth - 1)
        elif isinstance(value, list):
            for each in dict.fromkeys(one for one in value if isinstance(one, (str, int, float))):
                yield path, each
        elif isinstance(value, (str, int, float)):
            yield path, value


def _number(value: Scalar) -> float:
    if isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan
    except ValueError:
        return _written_number(str(value))


def _written_number(text: str) -> float:
    """Return 22,41 and 1.234,50 as numbers, as files have them; NaN for all that is none."""
    try:
        found = parse_number(text, "number")
    except DataError:
        return math.nan
    return math.nan if found is None else found


def _flag(value: Scalar) -> float:
    if isinstance(value, str):
        return {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}.get(value.strip().lower(), math.nan)
    return float(value) if value in (0, 1) else math.nan


def _time(value: Scalar) -> float:
    if isinstance(value, bool):
        return math.nan
    try:
        found = parse_time(value, "time", max(time.time(), _LAST))
    except DataError:
        return math.nan
    return math.nan if found is None else found
