"""Protocol runners: one protocol on one data set, for fitting and evaluating any model."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.array_types import Rows
from recsys.data.dataset import Dataset
from recsys.evaluation.baseline_registry import ENGINES, FitContext
from recsys.evaluation.baseline_tuning import Tuned, fit_tuned, tune
from recsys.evaluation.evaluation_result import Part, RowResult, pooled_auc, with_intervals
from recsys.evaluation.item_features import label_features, word_features
from recsys.evaluation.metric_computation import MetricsReport, by_user
from recsys.evaluation.peak_memory import peak_mb, reset_peak
from recsys.evaluation.replay_baselines import (
    DecayedCountsReplay,
    LikeRateWalker,
    ScorerWalker,
    tune_trending,
)
from recsys.evaluation.replay_personalization_metrics import ReplayPlan, unexpected_hits
from recsys.ranking_metrics import Interval, Values, user_auc
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.debiased_metric_weights import item_weights
from recsys.tuning.evaluation_protocols import Split
from recsys.tuning.evaluation_queries import answer, build_queries
from recsys.tuning.prequential_replay import ReplayModel, ReplayResult, run_replay
from recsys.tuning.scorer_protocol import Scorer
from recsys.tuning.tuning_result import TuningResult

DEFAULT, LIKE_RATE, TRENDING = "default", "like-rate", "trending"
WITHOUT_FOLLOWS = "default-without-follows"  # row beside `default` where follows are given
JUDGED_AT = 20


def deciding_depth(ks: Sequence[int]) -> int:
    """Return the depth that rows are compared at: 20 where it is requested, else the deepest."""
    return JUDGED_AT if JUDGED_AT in ks else max(ks)


@dataclass(frozen=True, slots=True)
class FittedRow:
    """A row of the table, tuned and fitted, and what that cost."""

    scorer: Scorer
    chosen: Mapping[str, Any]
    seconds: float
    cpu_seconds: float

    @classmethod
    def of(cls, name: str, split: Split, data: Dataset, means: FitContext) -> FittedRow:
        """Tune and fit a row."""
        started, used = time.perf_counter(), time.process_time()
        scorer, chosen = fitted_row(name, split, data, means)
        return cls(scorer, chosen, time.perf_counter() - started, time.process_time() - used)


@dataclass(slots=True)
class ServiceRows:
    """The rows of the service, with and without follows: one tuning and one fit for both."""

    split: Split
    data: Dataset
    means: FitContext
    _fitted: tuple[Model, TuningResult] | None = None

    def model(self, name: str) -> tuple[Model, TuningResult]:
        """Return the model of a row and what was chosen for it."""
        from recsys.evaluation.service_adapter import fit_service, without_follows  # torch

        if self._fitted is None:
            self._fitted = fit_service(self.split, self.data, self.means)
        model, choice = self._fitted
        if name == WITHOUT_FOLLOWS:
            return without_follows(model, choice), choice.without_follows or choice
        return model, choice

    def row(self, name: str) -> FittedRow:
        """Return a row, tuned and fitted; the second one costs nothing."""
        from recsys.evaluation.service_adapter import ServiceScorer

        started, used = time.perf_counter(), time.process_time()
        model, choice = self.model(name)
        scorer = ServiceScorer.of(model, self.data)
        seconds, used = time.perf_counter() - started, time.process_time() - used
        return FittedRow(scorer, choice.to_json(), seconds, used)


@dataclass(frozen=True, slots=True)
class ListTrial:
    """Every protocol but replay: one list per user, all at one time."""

    split: Split
    data: Dataset
    report: MetricsReport
    means: FitContext
    deciding_metrics: tuple[str, ...]
    reference: FittedRow | None  # trending; None: no candidate has an event, all trend alike
    trending: Values | None  # rank of each positive in its lists
    services: ServiceRows

    @classmethod
    def of(cls, split: Split, data: Dataset, ks: Sequence[int], means: FitContext) -> ListTrial:
        """Prepare the questions."""
        rules = split.rules
        queries = build_queries(split, data, means.test_users, rules.seed)
        report = MetricsReport.of(queries, ks, rules.seed, rules.slice_order)
        reference, trending = None, None
        if split.only is None:
            reference = FittedRow.of(TRENDING, split, data, means)
            found = answer(report.questions, reference.scorer, report.depth, TRENDING, listed=False)
            trending = found.ranks
        deciding = (f"ndcg@{deciding_depth(ks)}",)
        services = ServiceRows(split, data, means)
        return cls(split, data, report, means, deciding, reference, trending, services)

    def row(self, name: str) -> RowResult:
        """Fit, ask and judge one row."""
        reset_peak()
        known = self.reference if name == TRENDING else None
        if name in (DEFAULT, WITHOUT_FOLLOWS):
            known = self.services.row(name)
        fitted = known or FittedRow.of(name, self.split, self.data, self.means)
        answers = answer(self.report.questions, fitted.scorer, self.report.depth, name)
        per_user = self.report.per_user(answers)
        kept = self.deciding_metrics
        if self.split.train.follows is not None:
            kept = (*kept, *(f"recall@{k}" for k in self.report.ks))
        return RowResult(
            name=name,
            metrics=self.report.metrics(answers, self.trending),
            fit_seconds=fitted.seconds,
            cpu_seconds=fitted.cpu_seconds,
            peak_mb=peak_mb(),
            chosen=fitted.chosen,
            nbytes=fitted.scorer.nbytes,
            slices=self.report.slices(answers, kept),
            per_user={metric: per_user[metric] for metric in kept},
        )


def fitted_row(
    name: str, split: Split, data: Dataset, means: FitContext
) -> tuple[Scorer, Mapping[str, Any]]:
    """Tune a row on the validation slice, fit it, and say what was chosen."""
    engine = ENGINES[name]
    tuned = tune(engine, split.validation(), means)
    scorer, tuned = fit_tuned(engine, data, tuned, means)
    return scorer, tuned.to_json()


@dataclass(frozen=True, slots=True)
class ReplayTrial:
    """Protocol replay: one question per event, each at its own moment."""

    split: Split
    data: Dataset
    ks: tuple[int, ...]
    means: FitContext
    deciding_metrics: tuple[str, ...]
    plan: ReplayPlan
    weights: Values  # (n_items,): of a hit on the item in debiased nDCG
    half_life: Tuned  # of live trending
    trending: Values  # rank of what was taken up by live trending, per query
    services: ServiceRows

    @classmethod
    def of(cls, split: Split, data: Dataset, ks: Sequence[int], means: FitContext) -> ReplayTrial:
        """Prepare the walk."""
        seed = split.rules.seed
        labels = label_features(data.table, word_features(data.table), seed)
        plan, tuned = ReplayPlan.of(split, data, labels), tune_trending(split.validation(), seed)
        trending = run_replay(split, data, _live_trending(data, tuned), TRENDING).ranks
        deciding_metrics, depths = (f"ndcg@{deciding_depth(ks)}", "auc"), tuple(sorted(ks))
        return cls(
            split,
            data,
            depths,
            means,
            deciding_metrics,
            plan,
            item_weights(data),
            tuned,
            trending,
            ServiceRows(split, data, means),
        )

    def row(self, name: str) -> RowResult:
        """Fit a row before the walk, walk, and judge."""
        reset_peak()
        started, used = time.perf_counter(), time.process_time()
        model, chosen, nbytes = self._entered(name)
        seconds, used = time.perf_counter() - started, time.process_time() - used
        service = name in (DEFAULT, WITHOUT_FOLLOWS)
        allowed = math.inf if service else 60 * self.means.minutes
        lists = self.plan.collector(model)
        found = run_replay(self.split, self.data, model, name, allowed, lists)
        per_user = self._per_user(found)
        return RowResult(
            name=name,
            metrics=self._metrics(found, per_user) | lists.metrics(),
            fit_seconds=seconds,
            cpu_seconds=used,
            peak_mb=peak_mb(),
            chosen=chosen,
            nbytes=nbytes,
            slices=self._slices(found),
            per_user={
                metric: per_user[metric] for metric in self.deciding_metrics if metric in per_user
            },
        )

    def _entered(self, name: str) -> tuple[ReplayModel, Mapping[str, Any], int]:
        data = self.data
        if name in (DEFAULT, WITHOUT_FOLLOWS):
            from recsys.evaluation.service_adapter import ServiceScorer
            from recsys.tuning.live_state_replay import ReplayService

            model, choice = self.services.model(name)
            return (
                ReplayService(LiveState(model), data),
                choice.to_json(),
                ServiceScorer.of(model).nbytes,
            )
        if name == LIKE_RATE:
            return LikeRateWalker(data), {}, 16 * len(data.items)
        if name == "popular":
            return DecayedCountsReplay(data, np.inf, "taken"), {}, 16 * len(data.items)
        if name == TRENDING:
            walker = _live_trending(data, self.half_life)
            return walker, self.half_life.to_json(), 16 * len(data.items)
        scorer, chosen = fitted_row(name, self.split, data, self.means)
        return ScorerWalker(scorer, len(data.items)), chosen, scorer.nbytes

    def _per_user(self, found: ReplayResult) -> dict[str, Values]:
        columns = self._ranked(found.user, found.ranks, self._weights(found))
        columns |= unexpected_hits(found.ranks, self.trending, found.user)
        opinions = user_auc(found.opinion_users, found.scores, found.liked)
        return {**columns, "auc": opinions} if len(opinions) else columns

    def _weights(self, found: ReplayResult) -> Values:
        """Return the weight of each hit; 1 for items that training did not know."""
        return np.append(self.weights, 1.0)[found.items]

    def _ranked(self, user: Rows, ranks: Values, weights: Values) -> dict[str, Values]:
        gain = 1 / np.log2(ranks + 1)
        gains = {"recall": np.ones(len(ranks)), "ndcg": gain, "debiased_ndcg": gain * weights}
        gains["mrr"] = 1 / ranks
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
            metrics["auc_pooled"] = pooled_auc(found.opinion_users, found.scores, found.liked, seed)
        return metrics

    def _slices(self, found: ReplayResult) -> dict[str, Part]:
        old = np.isin(found.user, self.split.train.user)
        parts = {
            "new_users": (~old, found.ranks),
            "known_users": (old, found.ranks),
            "unread_items": (found.unread, found.ranks),
            "among_unread_items": (found.unread, found.among),
        }
        slices = {}
        for name, (mask, ranks) in parts.items():
            if mask.any():
                weights = self._weights(found)[mask]
                columns = self._ranked(found.user[mask], ranks[mask], weights)
                n = len(np.unique(found.user[mask]))
                kept = {
                    metric: columns[metric] for metric in self.deciding_metrics if metric in columns
                }
                slices[name] = Part(n, with_intervals(columns, self.split.rules.seed), kept)
        return slices


def _live_trending(data: Dataset, tuned: Tuned) -> DecayedCountsReplay:
    return DecayedCountsReplay(
        data, float(tuned.options["half_life"]), str(tuned.options["counts"])
    )
