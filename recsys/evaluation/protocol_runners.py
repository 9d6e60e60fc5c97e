"""Trials: one protocol on one data set, ready to fit, ask and judge any row of the table."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.array_types import Rows
from recsys.data.dataset import Dataset
from recsys.evaluation.accuracy_metrics import MetricsReport, by_user
from recsys.evaluation.baseline_registry import ENGINES, FitContext
from recsys.evaluation.baseline_tuning import fit_tuned, tune
from recsys.evaluation.evaluation_result import Part, RowResult, pooled_auc, with_intervals
from recsys.evaluation.peak_memory import peak_mb, reset_peak
from recsys.evaluation.replay_baselines import (
    HeatWalker,
    LikeRateWalker,
    ScorerWalker,
    tune_trending,
)
from recsys.metrics import Interval, Values, user_auc
from recsys.serving.live_state import LiveState
from recsys.tuning.evaluation_protocols import Split
from recsys.tuning.evaluation_queries import answer, build_queries
from recsys.tuning.prequential_replay import ReplayModel, ReplayResult, walk_through
from recsys.tuning.scorer_protocol import Scorer

DEFAULT, LIKE_RATE = "default", "like-rate"
JUDGED_AT = 20


def judged_at(ks: Sequence[int]) -> int:
    """Return the depth that rows are compared at: 20 where it is asked for, else the deepest."""
    return JUDGED_AT if JUDGED_AT in ks else max(ks)


@dataclass(frozen=True, slots=True)
class ListTrial:
    """Every protocol but replay: one list per person, all at one time."""

    split: Split
    data: Dataset
    judge: MetricsReport
    means: FitContext
    judged_by: tuple[str, ...]

    @classmethod
    def of(cls, split: Split, data: Dataset, ks: Sequence[int], means: FitContext) -> ListTrial:
        """Prepare the questions."""
        judge = MetricsReport.of(build_queries(split, data), ks, split.rules.seed)
        return cls(split, data, judge, means, (f"ndcg@{judged_at(ks)}",))

    def row(self, name: str) -> RowResult:
        """Fit, ask and judge one row."""
        reset_peak()
        started, used = time.perf_counter(), time.process_time()
        scorer, chosen = fitted_row(name, self.split, self.data, self.means)
        seconds, used = time.perf_counter() - started, time.process_time() - used
        answers = answer(self.judge.questions, scorer, max(self.judge.ks), name)
        per_user = self.judge.per_user(answers)
        return RowResult(
            name=name,
            metrics=self.judge.metrics(answers),
            fit_seconds=seconds,
            cpu_seconds=used,
            peak_mb=peak_mb(),
            chosen=chosen,
            nbytes=scorer.nbytes,
            slices=self.judge.slices(answers, self.judged_by),
            per_user={metric: per_user[metric] for metric in self.judged_by},
        )


def fitted_row(
    name: str, split: Split, data: Dataset, means: FitContext
) -> tuple[Scorer, Mapping[str, Any]]:
    """Tune a row on the validation slice, fit it, and say what was chosen."""
    if name == DEFAULT:
        from recsys.evaluation.service_adapter import ServiceScorer, fit_service  # torch, implicit

        model, choice = fit_service(split, data, means)
        return ServiceScorer.of(model), choice.to_json()
    engine = ENGINES[name]
    tuned = tune(engine, split.validation(), means)
    scorer, tuned = fit_tuned(engine, data, tuned, means)
    return scorer, tuned.to_json()


@dataclass(frozen=True, slots=True)
class WalkTrial:
    """Protocol replay: one question per event, each at its own moment."""

    split: Split
    data: Dataset
    ks: tuple[int, ...]
    means: FitContext
    judged_by: tuple[str, ...]

    @classmethod
    def of(cls, split: Split, data: Dataset, ks: Sequence[int], means: FitContext) -> WalkTrial:
        """Prepare the walk."""
        return cls(split, data, tuple(sorted(ks)), means, (f"ndcg@{judged_at(ks)}", "auc"))

    def row(self, name: str) -> RowResult:
        """Fit a row before the walk, walk, and judge."""
        reset_peak()
        started, used = time.perf_counter(), time.process_time()
        model, chosen, nbytes = self._entered(name)
        seconds, used = time.perf_counter() - started, time.process_time() - used
        allowed = math.inf if name == DEFAULT else 60 * self.means.minutes
        found = walk_through(self.split, self.data, model, name, allowed)
        per_user = self._per_user(found)
        return RowResult(
            name=name,
            metrics=self._metrics(found, per_user),
            fit_seconds=seconds,
            cpu_seconds=used,
            peak_mb=peak_mb(),
            chosen=chosen,
            nbytes=nbytes,
            slices=self._slices(found),
            per_user={metric: per_user[metric] for metric in self.judged_by if metric in per_user},
        )

    def _entered(self, name: str) -> tuple[ReplayModel, Mapping[str, Any], int]:
        data, seed = self.data, self.split.rules.seed
        if name == DEFAULT:
            from recsys.evaluation.service_adapter import ServiceScorer, fit_service
            from recsys.tuning.live_state_replay import ReplayService

            model, choice = fit_service(self.split, data, self.means)
            return (
                ReplayService(LiveState(model), data),
                choice.to_json(),
                ServiceScorer.of(model).nbytes,
            )
        if name == LIKE_RATE:
            return LikeRateWalker(data), {}, 16 * len(data.items)
        if name == "popular":
            return HeatWalker(data, np.inf, "taken"), {}, 16 * len(data.items)
        if name == "trending":
            tuned = tune_trending(self.split.validation(), seed)
            life, counts = float(tuned.options["half_life"]), str(tuned.options["counts"])
            return HeatWalker(data, life, counts), tuned.to_json(), 16 * len(data.items)
        scorer, chosen = fitted_row(name, self.split, data, self.means)
        return ScorerWalker(scorer, len(data.items)), chosen, scorer.nbytes

    def _per_user(self, found: ReplayResult) -> dict[str, Values]:
        columns = self._ranked(found.asked, found.ranks)
        opinions = user_auc(found.judged, found.scores, found.liked)
        return {**columns, "auc": opinions} if len(opinions) else columns

    def _ranked(self, user: Rows, ranks: Values) -> dict[str, Values]:
        gains = {"recall": np.ones(len(ranks)), "ndcg": 1 / np.log2(ranks + 1), "mrr": 1 / ranks}
        return {
            f"{name}@{k}": by_user(user, np.where(ranks <= k, gain, 0.0))
            for name, gain in gains.items()
            for k in self.ks
        }

    def _metrics(self, found: ReplayResult, per_user: Mapping[str, Values]) -> dict[str, Interval]:
        seed, columns = self.split.rules.seed, dict(per_user)
        opinions = columns.pop("auc", None)  # of other users than the rest: only some have both
        metrics = with_intervals(columns, seed)
        if opinions is not None:
            metrics |= with_intervals({"auc": opinions}, seed)
            metrics["auc_pooled"] = pooled_auc(found.judged, found.scores, found.liked, seed)
        return metrics

    def _slices(self, found: ReplayResult) -> dict[str, Part]:
        old = np.isin(found.asked, self.split.train.user)
        slices = {}
        for name, mask in (("new_users", ~old), ("known_users", old)):
            if mask.any():
                columns = self._ranked(found.asked[mask], found.ranks[mask])
                n = len(np.unique(found.asked[mask]))
                kept = {metric: columns[metric] for metric in self.judged_by if metric in columns}
                slices[name] = Part(n, with_intervals(columns, self.split.rules.seed), kept)
        return slices
