"""CsrRows: variable-length arrays by number, as one compact base (CSR) and newer rows beside it.

rows = CsrRows.of_pairs(owners, values)      # owners need not be sorted
rows.get(7)                                  # the values of 7, a view: do not write to it
rows.put(7, values)                          # replaces them; readers see the old or the new row
rows.compact()                               # newer rows become part of the base
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
MANY = 8  # times as many numbers as newer rows, from which it is looked up which have one
_ENTRY = 100  # bytes of an entry of the newer rows besides its values: key, slot and array


class CsrRows:
    """Arrays of one type by a number from 0; a number without values has an empty array.

    One writer at a time; readers need no lock: a row is replaced as a whole, and so is the base.
    """

    def __init__(self, starts: Values, values: Values) -> None:
        """`starts`: (n + 1,), where each number's values begin in `values`."""
        self._base = (starts, values)
        self._newer: dict[int, Values] = {}

    @classmethod
    def empty(cls, kind: Any) -> CsrRows:
        """Return no rows of values of one type."""
        return cls(np.zeros(1, np.int64), np.zeros(0, kind))

    @classmethod
    def of_pairs(cls, owners: Values, values: Values) -> CsrRows:
        """Return the rows of (owner, value) pairs; the values of an owner keep their order."""
        size = int(owners.max(initial=-1)) + 1
        starts = np.zeros(size + 1, np.int64)
        np.cumsum(np.bincount(owners, minlength=size), out=starts[1:])
        if (owners[1:] < owners[:-1]).any():
            values = values[np.argsort(owners, kind="stable")]
        return cls(starts, values)

    @classmethod
    def of_parts(cls, parts: Sequence[tuple[int, Values]], kind: Any) -> CsrRows:
        """Return the rows of (number, values), ascending by number."""
        size = parts[-1][0] + 1 if parts else 0
        counts = np.zeros(size, np.int64)
        for number, values in parts:
            counts[number] = len(values)
        starts = np.zeros(size + 1, np.int64)
        np.cumsum(counts, out=starts[1:])
        return cls(starts, np.concatenate([np.zeros(0, kind), *(values for _, values in parts)]))

    @property
    def size(self) -> int:
        """One more than the greatest number that may have values."""
        return max(len(self._base[0]) - 1, max(self._newer, default=-1) + 1)

    @property
    def blank(self) -> bool:
        """Whether no number has values, or had since the base was made."""
        return not self._newer and not len(self._base[1])

    def get(self, number: int) -> Values:
        """Return the values of a number."""
        found = self._newer.get(number)
        if found is not None:
            return found
        starts, values = self._base
        if not 0 <= number < len(starts) - 1:
            return values[:0]
        return values[starts[number] : starts[number + 1]]

    def gather(self, numbers: Values, most: int | None = None) -> tuple[Values, Values]:
        """Return the values of several numbers, one after the other, and how many each has.

        `most`: only so many of the last values of each; None: all.
        """
        at, rows = self._newer_rows(numbers)  # before the base, which may take them in meanwhile
        starts, values = self._base
        begins, counts = _bounds(starts, numbers)
        counts[at] = 0
        if most is not None:
            begins = begins + np.maximum(counts - most, 0)
            counts = np.minimum(counts, most)
            rows = [row[-most:] if len(row) > most else row for row in rows]
        if not rows:
            return values.take(_places(begins, counts)), counts  # of records faster than values[…]
        held = np.zeros_like(counts)
        held[at] = np.fromiter(map(len, rows), np.int64, len(rows))
        ends = np.cumsum(counts + held)
        joined = np.empty(int(ends[-1]), values.dtype)
        firsts = ends - counts - held
        joined[_places(firsts, counts)] = values.take(_places(begins, counts))
        joined[_places(firsts, held)] = _joined(rows, values.dtype)
        return joined, counts + held

    def counts(self, numbers: Values) -> NDArray[np.int64]:
        """Return how many values each of several numbers has."""
        at, rows = self._newer_rows(numbers)
        _, found = _bounds(self._base[0], numbers)
        found[at] = np.fromiter(map(len, rows), np.int64, len(rows))
        return found

    def _newer_rows(self, numbers: Values) -> tuple[NDArray[np.intp], list[Values]]:
        """Return which of several numbers have newer rows, as places, and these rows."""
        newer = self._newer
        places = np.arange(len(numbers) if newer else 0)
        if len(places) > MANY * len(newer):  # one look at each would take longer
            places = np.flatnonzero(np.isin(numbers, np.array(list(newer), np.int64)))
        rows = list(map(newer.get, numbers[places].tolist())) if len(places) else []
        known = [place for place, row in enumerate(rows) if row is not None]
        return places[known], [row for row in rows if row is not None]

    def put(self, number: int, values: Values) -> None:
        """Give a number other values."""
        self._newer[number] = values

    @property
    def newer(self) -> int:
        """The number of rows beside the base."""
        return len(self._newer)

    @property
    def count(self) -> int:
        """The number of values, those replaced left out."""
        starts, values = self._base
        size, total = len(starts) - 1, len(values)
        for number, row in list(self._newer.items()):
            replaced = starts[number + 1] - starts[number] if 0 <= number < size else 0
            total += len(row) - int(replaced)
        return total

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, and of the entries of newer rows."""
        rows: Mapping[int, Values] = self._newer
        newer = sum(row.nbytes + _ENTRY for row in list(rows.values()))
        return sum(part.nbytes for part in self._base) + newer

    def compact(self) -> None:
        """Take the newer rows into the base."""
        starts, values = self._base
        newer = self._newer
        size = max(len(starts) - 1, max(newer, default=-1) + 1)
        counts = np.zeros(size, np.int64)
        counts[: len(starts) - 1] = np.diff(starts)
        for number, row in newer.items():
            counts[number] = len(row)
        begins = np.zeros(size + 1, np.int64)
        np.cumsum(counts, out=begins[1:])
        joined = np.empty(int(begins[-1]), values.dtype)
        kept = np.zeros(size, bool)
        kept[: len(starts) - 1] = True
        kept[list(newer)] = False
        old = np.repeat(kept[: len(starts) - 1], np.diff(starts))
        joined[np.repeat(kept, counts)] = values[old]
        for number, row in newer.items():
            joined[begins[number] : begins[number + 1]] = row
        self._base = (begins, joined)
        self._newer = {}


def _bounds(starts: Values, numbers: Values) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the values of numbers begin in a base, and how many each has there."""
    if len(starts) < 2:
        return np.zeros(len(numbers), np.int64), np.zeros(len(numbers), np.int64)
    inside = np.clip(numbers, 0, len(starts) - 2)
    begins = starts[inside].astype(np.int64)
    known = (numbers >= 0) & (numbers < len(starts) - 1)
    return begins, np.where(known, starts[inside + 1] - begins, 0).astype(np.int64)


def _places(begins: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of rows that begin somewhere and are so long, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    found: NDArray[np.int64] = np.arange(total) + np.repeat(begins - (ends - counts), counts)
    return found


def _joined(rows: Sequence[Values], kind: np.dtype[Any]) -> Values:
    """Return rows of one type as one array.

    Of records as bytes: NumPy compares the fields of each row's type with those of the others.
    """
    if kind.names is None:
        return np.concatenate(rows)
    parts = [np.ascontiguousarray(row).view(np.uint8) for row in rows]
    return np.concatenate(parts).view(kind)
