"""Tuning of baselines on the validation slice that also tunes the service's model."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from recsys.data.dataset import Dataset
from recsys.evaluation.baseline_registry import RECENCIES, Baseline, FitContext
from recsys.evaluation.baselines import Neighbours, Options, Vectors
from recsys.ranking_metrics import Values, ndcg
from recsys.tuning.cpu_budget import cpu_seconds
from recsys.tuning.evaluation_protocols import Split
from recsys.tuning.evaluation_queries import EvaluationQueries, answer, build_queries
from recsys.tuning.scorer_protocol import Scorer, Skip

K = 20  # nDCG at this depth is what settings are chosen by
PASSES = 6  # of smoothing over half-lives: a bell some two steps wide
PATIENCE = 3  # looks without a new best after which training ends
NOTED = 2.0  # seconds between two looks from which they are reported
EPOCHS = 10  # of training without validation users
MOST_USERS = 4000  # of the validation slice; enough to tell settings apart


@dataclass(frozen=True, slots=True)
class Tuned:
    """The options that did best, and how well."""

    options: Options
    recency: float | None  # None: the engine has none
    ndcg: float | None  # None: there was nothing to validate on
    tried: int
    left_out: int = 0  # points of the grid that there was no time for
    unfinished: bool = False  # time ended the training before it stopped getting better

    def to_json(self) -> dict[str, float | str | None]:
        """Return the choice as it stands under `chosen`."""
        found: dict[str, float | str | None] = {
            name: value if value != float("inf") else None for name, value in self.options.items()
        }
        if self.recency is not None:
            found["recency"] = self.recency if self.recency != float("inf") else None
        if self.ndcg is not None:
            found |= {"validation_ndcg@20": self.ndcg, "tried": self.tried}
        found |= {"left_out": self.left_out} if self.left_out else {}
        found |= {"unfinished": True} if self.unfinished else {}
        return found


def with_recency(scorer: Scorer, recency: float) -> Scorer:
    """Return the scorer with a history that fades; only item-to-item and vector rows can."""
    if isinstance(scorer, Neighbours | Vectors):
        return dataclasses.replace(scorer, recency=recency)
    return scorer


def tune(engine: Baseline, split: Split, means: FitContext) -> Tuned:
    """Try an engine's grid on a validation split until its minutes of CPU time are over.

    Skip where one fit is expected to take longer. What is trained step by step is evaluated on the
    way, until it has not become better for a while.
    """
    data = split.dataset()
    grid, allowed = engine.grid(data), 60 * means.minutes
    _refuse_if_dear(engine, data, allowed)
    questions = build_queries(split, data, MOST_USERS, means.seed)
    if not len(questions) or (len(grid) == 1 and not engine.recency and not engine.trained):
        return Tuned(_untuned(engine, grid[0]), math.inf if engine.recency else None, None, 0)
    trials = Trials(engine, data, questions, means, cpu_seconds() + allowed)
    begun = sum(trials.tried_out(options) for options in grid)
    values = np.array([one.ndcg for one in trials.tried])
    if engine.ladder and begun == len(grid):
        values = smoothed(values.reshape(engine.ladder(data), -1)).ravel()
    best = trials.tried[int(values.argmax())]
    return dataclasses.replace(best, tried=len(trials.tried), left_out=len(grid) - begun)


def _refuse_if_dear(engine: Baseline, data: Dataset, allowed: float) -> None:
    expected = engine.seconds(data)
    if expected > allowed:
        raise Skip(
            f"one fit of {engine.name} is expected to take {expected:.0f} s, and a row may take "
            f"{allowed:.0f} s (RECSYS_TUNE_MINUTES)"
        )


def _untuned(engine: Baseline, options: Options) -> Options:
    return {**options, "epochs": EPOCHS} if engine.trained else options


@dataclass(slots=True)
class Trials:
    """What has been tried of one engine, and the time that there is for more."""

    engine: Baseline
    data: Dataset
    questions: EvaluationQueries
    means: FitContext
    end: float  # CPU seconds of this process at which no further point is tried
    tried: list[Tuned] = field(default_factory=list)
    longest: float = 0.0  # CPU seconds between two looks so far

    def tried_out(self, options: Options) -> bool:
        """Try one point of the grid, at every length of training; False when time is short."""
        if self.tried and cpu_seconds() + self.longest > self.end:
            return False
        looks: list[float] = []
        began = cpu_seconds()
        for reached, scorer in self.engine.fits(self.data, options, self.means):
            looks.append(max(self._evaluated(reached, scorer)))
            now = cpu_seconds()
            self.longest, began = max(self.longest, now - began), now
            if self.longest > NOTED:
                result = " ".join(f"{name} {value}" for name, value in reached.items())
                self.means.note(f"{self.engine.name} {result}: {looks[-1]:.4f}")
            if max(looks[-PATIENCE:]) < max(looks):
                break
            if now + self.longest > self.end:
                self._cut_short(reached)
                break
        return True

    def _cut_short(self, reached: Options) -> None:
        if self.engine.trained:
            self.tried = [
                dataclasses.replace(one, unfinished=True) if one.options == reached else one
                for one in self.tried
            ]

    def _evaluated(self, options: Options, scorer: Scorer) -> list[float]:
        found = []
        for recency, variant in _variants(self.engine, scorer):
            answers = answer(self.questions, variant, K, self.engine.name, listed=False)
            value = float(ndcg(answers.ranks, self.questions.relevant, K).mean())
            self.tried.append(Tuned(options, recency, value, 0))
            found.append(value)
        return found


def smoothed(values: Values) -> Values:
    """Return values (steps, …) averaged with those of their neighbours along the first axis.

    Half-lives between a third and three times the best do almost equally well, so that the very
    best of them is luck; the middle of the good stretch makes the stronger baseline.
    """
    for _ in range(PASSES):
        wide = np.concatenate([values[:1], values, values[-1:]])
        values = (wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4
    return values


def _variants(engine: Baseline, scorer: Scorer) -> Iterator[tuple[float | None, Scorer]]:
    if not engine.recency:
        yield None, scorer
        return
    for recency in RECENCIES:
        yield recency, with_recency(scorer, recency)


def fit_tuned(
    engine: Baseline, data: Dataset, tuned: Tuned, means: FitContext
) -> tuple[Scorer, Tuned]:
    """Fit the chosen settings on all training events; return what was reached with it.

    What is trained step by step stops at the chosen number of epochs, or when its minutes are
    over: then the settings say how far it came.
    """
    end, n_epochs = cpu_seconds() + 60 * means.minutes, float(tuned.options.get("epochs", 0))
    fits = engine.fits(data, tuned.options, means)
    reached, scorer = next(fits)
    while float(reached.get("epochs", 0)) < n_epochs and cpu_seconds() < end:
        reached, scorer = next(fits)
    unfinished = tuned.unfinished or float(reached.get("epochs", 0)) < n_epochs
    tuned = dataclasses.replace(tuned, options=reached, unfinished=unfinished)
    return scorer if tuned.recency is None else with_recency(scorer, tuned.recency), tuned
