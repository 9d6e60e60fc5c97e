"""Rejects: JSON lines file of the input rows that were rejected, with the reason."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, TypeVar

from recsys.data.item_and_event_readers import Row
from recsys.data.reading_report import Reject
from recsys.errors import StoreError
from recsys.store.file_locks import alone_with

T = TypeVar("T")
MOST, OTHERS = 50, "other reasons"
_VALUE = re.compile(r"""^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s'"]+)…? (?=is|holds|lies)""")
_DIGITS = re.compile(r"\d+")


def summary(reject: Reject) -> str:
    """Return why a row was rejected as other rows may be: without its value, cut at the advice."""
    reason = _VALUE.sub("", reject.reason).split(": ")[0].split(" (")[0]
    if not reject.column:
        reason = _DIGITS.sub("…", reason)
    return f"{reject.column} {reason}".strip()


class Rejects:
    """The file of the bad rows of one file; it is there only when there are any."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.first: Reject | None = None
        self.reasons: Counter[str] = Counter()  # column and reason, without the value
        self.examples: dict[str, Reject] = {}  # the first of each reason
        self._file: IO[str] | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Forget the rejects of an earlier run of the same file, and close the file at the end."""
        self.path.unlink(missing_ok=True)
        try:
            yield
        finally:
            self._close()

    def taken_out(self, rows: Iterator[Row[T]]) -> Iterator[tuple[int, T]]:
        """Yield the good rows, and write the others down."""
        for line, row in rows:
            if isinstance(row, Reject):
                self.add(row)
            else:
                yield line, row

    def add(self, reject: Reject) -> None:
        """Write a row down."""
        line = json.dumps(asdict(reject), ensure_ascii=False)
        try:
            while not self._written(line):  # an erasure has cut the file meanwhile
                self._close()
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written ({error.strerror})") from error
        self.first = self.first or reject
        self.count += 1
        reason = summary(reject)
        if reason in self.reasons or len(self.reasons) < MOST:
            self.reasons[reason] += 1
            self.examples.setdefault(reason, reject)
        else:
            self.reasons[OTHERS] += 1

    def _written(self, line: str) -> bool:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "a", encoding="utf-8", errors="backslashreplace")
        with alone_with(self._file) as there:
            if there:
                print(line, file=self._file, flush=True)
        return there

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # every line was flushed, or its failure was reported
                file.close()
