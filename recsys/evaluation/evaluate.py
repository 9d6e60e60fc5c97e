"""Evaluation of models by name on a split; returns a Result.

Every row is tuned on the same validation slice, fitted to the same training events and given the
same questions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, Protocol

from recsys.errors import DataError, MissingExtra
from recsys.evaluation.baseline_registry import ENGINES, FitContext, load_baselines
from recsys.evaluation.evaluation_result import Result, RowResult
from recsys.evaluation.follow_homophily import follow_homophily
from recsys.evaluation.protocol_runners import (
    DEFAULT,
    JUDGED_AT,
    LIKE_RATE,
    WITHOUT_FOLLOWS,
    ListTrial,
    ReplayTrial,
)
from recsys.tuning.evaluation_protocols import Split
from recsys.tuning.scorer_protocol import Skip

COLD = (DEFAULT, "popular", "text", "student")  # rows that can tell items nobody has taken up


class Observer(Protocol):
    """Receives the beginning and the end of each row."""

    def started(self, name: str) -> None:
        """A row begins."""
        ...

    def finished(self, name: str, seconds: float, detail: Mapping[str, Any], reused: bool) -> None:
        """A row is through."""
        ...


class EvaluationRun(Protocol):
    """One protocol on one data set, ready to judge any row."""

    @property
    def deciding_metrics(self) -> tuple[str, ...]:
        """The metrics that rows are compared by."""
        ...

    def row(self, name: str) -> RowResult:
        """Fit, ask and judge one row; Skip when it cannot be had."""
        ...


def row_names(text: str, protocol: str) -> tuple[str, ...]:
    """Return the rows that `--models` asks for; DataError names the choices."""
    load_baselines()
    every = (DEFAULT, *(name for name in ENGINES if name != "student"))
    every += {"replay": (LIKE_RATE,), "cold-items": ("student",)}.get(protocol, ())
    if text == "all":
        return COLD if protocol == "cold-items" else every
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    known = (*every, "student")
    for name in names:
        if name not in known:
            if name == LIKE_RATE:
                raise DataError(f"model {name!r} is of --protocol replay, not of {protocol}")
            close = get_close_matches(name, known, 1)
            meant = f" (is {close[0]} meant?)" if close else ""
            raise DataError(
                f"model {name!r} is unknown{meant}; choose from {', '.join(known)}, all"
            )
    if not names:
        raise DataError(f"no model is named; choose from {', '.join(known)}, all")
    return names


def run(
    split: Split, names: Sequence[str], ks: Sequence[int], means: FitContext, observer: Observer
) -> Result:
    """Judge the rows one after the other; a row that cannot be had is skipped, and said so."""
    if not split.test_users:
        raise DataError(
            f"protocol {split.rules.protocol} has no queries: no user with training events has a "
            "positive event on another item in the test part"
        )
    data = split.dataset()
    if data.follows is not None and DEFAULT in names:
        place = names.index(DEFAULT) + 1
        names = (*names[:place], WITHOUT_FOLLOWS, *names[place:])
    kind = ListTrial if split.replay is None else ReplayTrial
    trial: EvaluationRun = kind.of(split, data, ks, means)
    rows, skipped = [], {}
    for name in names:
        try:
            with _observed(observer, name) as detail:
                row = trial.row(name)
                detail |= {key: one.mean for key, one in row.metrics.items() if _headline(key)}
            rows.append(row)
        except (Skip, MissingExtra) as error:
            skipped[name] = str(error)
    facts = {
        "users": len(split.train.users),
        "items": len(data.items),
        "events": split.n_events,
        "test_users": split.test_users,
    }
    return Result(
        facts,
        split.rules.protocol,
        split.rules.seed,
        tuple(rows),
        skipped,
        trial.deciding_metrics,
        follow_homophily(data, split.rules.seed),
    )


def _headline(metric: str) -> bool:
    return metric in ("auc", f"ndcg@{JUDGED_AT}", f"recall@{JUDGED_AT}")


@contextmanager
def _observed(observer: Observer, name: str) -> Iterator[dict[str, Any]]:
    started, detail = time.perf_counter(), dict[str, Any]()
    observer.started(name)
    yield detail
    observer.finished(name, time.perf_counter() - started, detail, False)
