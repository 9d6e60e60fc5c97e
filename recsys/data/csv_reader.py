"""CsvReader: rows of CSV text; a broken row costs its own line only."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator


class CsvReader:
    """A strict `csv.reader` that goes on in the line after the one where a broken row begins.

    A quote that is never closed makes `csv.reader` read on to the next quote of the file, and all
    rows up to there are lost in one error. Rows whose quotes are escaped by backslashes (Spark,
    MySQL) are read where they are not valid otherwise, and counted in `backslashes`.
    """

    def __init__(self, lines: Iterator[str], delimiter: str, spaced: bool = False) -> None:
        """Read lines; `spaced`: a blank stands before each cell, which is left out."""
        self.line_num = 0  # lines that were read
        self.backslashes = 0  # rows with escaped quotes
        self._lines = _Lines(lines)
        self._delimiter, self._spaced = delimiter, spaced
        self._reader = self._reader_of(self._lines)

    def __iter__(self) -> CsvReader:
        return self

    def __next__(self) -> list[str]:
        """Return the cells of the next row; csv.Error where it is broken."""
        taken = self._lines.taken
        taken.clear()
        try:
            row = next(self._reader)
        except csv.Error:
            repaired = self._unescaped() if any('\\"' in line for line in taken) else None
            if repaired is None:
                self._lines.give_back(taken[1:])
                self.line_num += 1
                raise
            self.backslashes += 1
            row = repaired
        self.line_num += len(taken)
        return row

    def _reader_of(self, lines: Iterator[str]) -> Iterator[list[str]]:
        return csv.reader(
            lines, delimiter=self._delimiter, strict=True, skipinitialspace=self._spaced
        )

    def _unescaped(self) -> list[str] | None:
        """Return the row that begins with the lines taken, its \\" read as quotes; None: broken."""
        taken = self._lines.taken
        self._lines.give_back(taken)
        before = list(taken)
        taken.clear()
        doubled = (line.replace('\\"', '""') for line in self._lines)
        try:
            return next(self._reader_of(doubled))
        except (csv.Error, StopIteration):
            # It may have read fewer lines than before, or more.
            self._lines.give_back(taken)
            taken.clear()
            for _ in before:
                next(self._lines)
            return None


class _Lines:
    """Lines that can be given back; `taken`: those since it was last cleared."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.taken: list[str] = []
        self._lines = lines
        self._back: deque[str] = deque()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._lines)
        self.taken.append(line)
        return line

    def give_back(self, lines: list[str]) -> None:
        self._back.extendleft(reversed(lines))
