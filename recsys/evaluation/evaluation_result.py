"""Result: metrics of an evaluation and their stable JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from recsys.array_types import Mask, Rows
from recsys.evaluation.follow_homophily import FollowHomophily
from recsys.ranking_metrics import Comparison, Interval, Values, compare, intervals


@dataclass(frozen=True, slots=True)
class Part:
    """A slice of the test: some users, or only some of the items they took up."""

    users: int
    metrics: Mapping[str, Interval]
    per_user: Mapping[str, Values] = field(default_factory=dict)  # what pairs are compared by

    def to_json(self) -> dict[str, Any]:
        """Return the slice as it stands under `slices`."""
        return {"users": self.users, "metrics": {k: asdict(v) for k, v in self.metrics.items()}}


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row of the table."""

    name: str
    metrics: Mapping[str, Interval]
    fit_seconds: float  # tuning included
    cpu_seconds: float  # of the same, all threads; what other work on the machine cannot change
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
            "fit_cpu_seconds": round(self.cpu_seconds, 2),
            "peak_mb": round(self.peak_mb),
            "bytes": self.nbytes,
            "chosen": dict(self.chosen),
            "slices": {name: part.to_json() for name, part in self.slices.items()},
        }


@dataclass(frozen=True, slots=True)
class Result:
    """A whole evaluation."""

    data: Mapping[str, int]  # users, items, events, test_users
    protocol: str
    seed: int
    rows: tuple[RowResult, ...]
    skipped: Mapping[str, str]  # rows that were requested and could not be made, and why
    deciding_metrics: tuple[str, ...]  # the metrics that rows are compared by
    linked_taste: FollowHomophily | None = None  # None: no follows were given

    def comparisons(self, name: str, metric: str) -> dict[str, Comparison]:
        """Compare one row with every other, pairing the users; empty where there is nothing to."""
        by_name = {r.name: r.per_user[metric] for r in self.rows if metric in r.per_user}
        own = by_name.pop(name, None)
        if own is None:
            return {}
        return {other: compare(own, values, self.seed) for other, values in by_name.items()}

    def better_than(self, name: str) -> dict[str, Any]:
        """Return, per other row and metric, the verdict and the paired difference, as JSON."""
        found: dict[str, Any] = {}
        for metric in self.deciding_metrics:
            for other, one in self.comparisons(name, metric).items():
                verdict = {"better": one.better, **asdict(one.difference)}
                found.setdefault(other, {})[metric] = verdict
        return found

    def follow_gains(self) -> dict[str, dict[str, Any]]:
        """Return what the terms of follows change: slice -> metric -> gain, users paired.

        `share`: of the mean without them; the whole test is the slice `all`. Empty where one of
        the two rows is missing.
        """
        by_name = {row.name: row for row in self.rows}
        if not {"default", "default-without-follows"} <= by_name.keys():
            return {}
        own, bare = by_name["default"], by_name["default-without-follows"]
        pairs = {"all": (own.per_user, bare.per_user)}
        for name in own.slices.keys() & bare.slices.keys():
            if name.startswith("history_"):
                pairs[name] = (own.slices[name].per_user, bare.slices[name].per_user)
        found: dict[str, dict[str, Any]] = {}
        for name, (ours, theirs) in sorted(pairs.items()):
            for metric in ours.keys() & theirs.keys():
                one = compare(ours[metric], theirs[metric], self.seed)
                mean = float(theirs[metric].mean()) or 1.0
                share = [value / mean for value in asdict(one.difference).values()]
                found.setdefault(name, {})[metric] = {
                    **asdict(one.difference),
                    "share": dict(zip(("mean", "low", "high"), share, strict=True)),
                }
        return found

    def worse_in(self, name: str) -> dict[str, dict[str, Interval]]:
        """Return the bad slices of a row: slice -> other row -> by how much that one is better.

        Only what is beyond chance, by the first metric that rows are compared by, users paired.
        """
        own = next((row.slices for row in self.rows if row.name == name), {})
        metric, found = self.deciding_metrics[0], dict[str, dict[str, Interval]]()
        for other in self.rows:
            for part in own.keys() & other.slices.keys() if other.name != name else ():
                ours, theirs = own[part].per_user, other.slices[part].per_user
                if metric in ours and metric in theirs:
                    one = compare(theirs[metric], ours[metric], self.seed)
                    if one.better == "yes":
                        found.setdefault(part, {})[other.name] = one.difference
        return dict(sorted(found.items()))

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` writes."""
        models = {
            row.name: {**row.to_json(), "better_than": self.better_than(row.name)}
            for row in self.rows
        }
        follows: dict[str, Any] = {}
        if self.linked_taste is not None:
            follows = {"follows": {**self.linked_taste.to_json(), "gains": self.follow_gains()}}
        for row in self.rows[:1]:  # the one that the table is about
            models[row.name]["worse_in"] = {
                part: {other: asdict(gap) for other, gap in others.items()}
                for part, others in self.worse_in(row.name).items()
            }
        found: dict[str, Any] = plain(
            {
                "data": dict(self.data),
                "protocol": self.protocol,
                "seed": self.seed,
                "models": models,
                "skipped": dict(self.skipped),
                **follows,
            }
        )
        return found


def with_intervals(columns: Mapping[str, Values], seed: int) -> dict[str, Interval]:
    """Return the mean over users of each column and its interval."""
    if not columns:
        return {}
    found = intervals(np.column_stack(list(columns.values())), seed)
    return dict(zip(columns, found, strict=True))


def plain(value: Any) -> Any:
    """Return what JSON can hold: numbers of Python, null for what is not finite, lists, texts."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value if value is None else str(value)


def exact(value: float) -> Interval:
    """Return a figure of the whole test, which is no mean over users, as an interval."""
    return Interval(value, value, value)


def pooled_auc(user: Rows, scores: Values, liked: Mask, seed: int, samples: int = 1000) -> Interval:
    """Return the AUC over the opinions of all users together, users resampled for the interval."""
    users, code = np.unique(user, return_inverse=True)
    order = np.argsort(scores, kind="stable")
    code, good = code[order], liked[order]
    runs = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)  # of equal scores

    def auc_of(times: Values) -> float:
        weight = times[code]
        up = np.add.reduceat(np.where(good, weight, 0.0), runs)
        down = np.add.reduceat(np.where(good, 0.0, weight), runs)
        below = np.cumsum(down) - down / 2
        pairs = up.sum() * down.sum()
        return float(up @ below / pairs) if pairs else np.nan

    rng, n = np.random.default_rng(seed), len(users)
    drawn = [
        auc_of(np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64))
        for _ in range(samples)
    ]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Interval(auc_of(np.ones(n)), float(low), float(high))
