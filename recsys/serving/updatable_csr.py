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
        starts, values = self._base
        newer = self._newer
        if newer and any(number in newer for number in numbers.tolist()):
            first = 0 if most is None else -most
            parts = [self.get(number)[first:] for number in numbers.tolist()]
            joined = np.concatenate(parts) if parts else values[:0]
            return joined, np.array([len(part) for part in parts], np.int64)
        inside = np.minimum(numbers, max(len(starts) - 2, 0))
        known = (numbers >= 0) & (numbers < len(starts) - 1)
        if len(starts) < 2:
            return values[:0], np.zeros(len(numbers), np.int64)
        begins = starts[inside]
        counts = np.where(known, starts[inside + 1] - begins, 0)
        if most is not None:
            begins = begins + np.maximum(counts - most, 0)
            counts = np.minimum(counts, most)
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        places = np.arange(total) + np.repeat(begins - (ends - counts), counts)
        return values[places], counts

    def counts(self, numbers: Values) -> NDArray[np.int64]:
        """Return how many values each of several numbers has."""
        starts, _ = self._base
        inside = np.clip(numbers, 0, max(len(starts) - 2, 0))
        known = (numbers >= 0) & (numbers < len(starts) - 1)
        if len(starts) < 2:
            found = np.zeros(len(numbers), np.int64)
        else:
            found = np.where(known, starts[inside + 1] - starts[inside], 0).astype(np.int64)
        newer = self._newer
        if newer:
            own = np.fromiter(newer, np.int64, len(newer))
            for place in np.flatnonzero(np.isin(numbers, own)).tolist():
                found[place] = len(newer[int(numbers[place])])
        return found

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
