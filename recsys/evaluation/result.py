"""Result: the figures of an evaluation, and the JSON that other people's scripts read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from recsys.metrics import Comparison, Interval, Values, compare, intervals


@dataclass(frozen=True, slots=True)
class Part:
    """A slice of the test: some users, or only some of the items they took up."""

    users: int
    metrics: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row of the table."""

    name: str
    metrics: Mapping[str, Interval]
    fit_seconds: float  # tuning included
    peak_mb: float  # resident memory of the whole process, at its highest during this row
    chosen: Mapping[str, Any]
    nbytes: int = 0  # of the fitted model
    slices: Mapping[str, Part] = field(default_factory=dict)
    per_user: Mapping[str, Values] = field(default_factory=dict)  # what pairs are compared by

    def to_json(self) -> dict[str, Any]:
        """Return the row as it stands under `models`."""
        return {
            "metrics": {name: asdict(one) for name, one in self.metrics.items()},
            "fit_seconds": round(self.fit_seconds, 2),
            "peak_mb": round(self.peak_mb),
            "bytes": self.nbytes,
            "chosen": dict(self.chosen),
            "slices": {name: asdict(part) for name, part in self.slices.items()},
        }


@dataclass(frozen=True, slots=True)
class Result:
    """A whole evaluation."""

    data: Mapping[str, int]  # users, items, events, test_users
    protocol: str
    seed: int
    rows: tuple[RowResult, ...]
    skipped: Mapping[str, str]  # rows that were asked for and could not be had, and why
    judged_by: str  # the metric that rows are compared by

    def comparisons(self, name: str) -> dict[str, Comparison]:
        """Compare one row with every other, pairing the users."""
        by_name = {row.name: row.per_user[self.judged_by] for row in self.rows}
        own = by_name.pop(name)
        return {other: compare(own, values, self.seed) for other, values in by_name.items()}

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` writes."""
        models = {}
        for row in self.rows:
            pairs = self.comparisons(row.name)
            better = {
                other: {"metric": self.judged_by, "better": one.better, **asdict(one.difference)}
                for other, one in pairs.items()
            }
            models[row.name] = {**row.to_json(), "better_than": better}
        return {
            "data": dict(self.data), "protocol": self.protocol, "seed": self.seed,
            "models": models, "skipped": dict(self.skipped),
        }  # fmt: skip


def with_intervals(columns: Mapping[str, Values], seed: int) -> dict[str, Interval]:
    """Return the mean over users of each column and its interval."""
    if not columns:
        return {}
    found = intervals(np.column_stack(list(columns.values())), seed)
    return dict(zip(columns, found, strict=True))


def exact(value: float) -> Interval:
    """Return a figure of the whole test, which is no mean over users, as an interval."""
    return Interval(value, value, value)
