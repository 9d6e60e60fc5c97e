"""Settings of the baselines, chosen on the validation slice as those of the service are."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recsys.data.dataset import Dataset
from recsys.evaluation.baselines import Neighbours, Options, Vectors
from recsys.evaluation.engines import RECENCIES, Engine, Means
from recsys.evaluation.questions import answer, ask
from recsys.evaluation.scorer import Scorer
from recsys.evaluation.split import Split
from recsys.metrics import Values, ndcg

K = 20  # nDCG at this depth is what settings are chosen by
PASSES = 6  # of smoothing over half-lives: a bell some two steps wide
MOST_USERS = 4000  # of the validation slice; enough to tell settings apart


@dataclass(frozen=True, slots=True)
class Tuned:
    """The options that did best, and how well."""

    options: Options
    recency: float | None  # None: the engine has none
    ndcg: float | None  # None: there was nothing to validate on
    tried: int

    def to_json(self) -> dict[str, float | str | None]:
        """Return the choice as it stands under `chosen`."""
        found: dict[str, float | str | None] = {
            name: value if value != float("inf") else None for name, value in self.options.items()
        }
        if self.recency is not None:
            found["recency"] = self.recency if self.recency != float("inf") else None
        if self.ndcg is not None:
            found |= {"validation_ndcg@20": self.ndcg, "tried": self.tried}
        return found


def with_recency(scorer: Scorer, recency: float) -> Scorer:
    """Return the scorer with a history that fades; only item-to-item and vector rows can."""
    if isinstance(scorer, Neighbours | Vectors):
        return dataclasses.replace(scorer, recency=recency)
    return scorer


def tune(engine: Engine, split: Split, means: Means) -> Tuned:
    """Try an engine's grid on a validation split until its minutes are over."""
    data = split.dataset()
    grid = engine.grid(data)
    questions = ask(split, data, MOST_USERS, means.seed)
    if not len(questions) or (len(grid) == 1 and not engine.recency):
        return Tuned(grid[0], float("inf") if engine.recency else None, None, 0)
    end, tried = time.monotonic() + 60 * means.minutes, list[Tuned]()
    for options in grid:
        if tried and time.monotonic() > end:
            break
        for recency, scorer in _variants(engine, engine.fit(data, options, means)):
            found = answer(questions, scorer, K, engine.name, listed=False)
            value = float(ndcg(found.ranks, questions.wanted, K).mean())
            tried.append(Tuned(options, recency, value, 0))
    values = np.array([one.ndcg for one in tried])
    if engine.ladder and len(tried) == len(grid):
        values = smoothed(values.reshape(engine.ladder(data), -1)).ravel()
    return dataclasses.replace(tried[int(values.argmax())], tried=len(tried))


def smoothed(values: Values) -> Values:
    """Return values (steps, …) averaged with those of their neighbours along the first axis.

    Half-lives between a third and three times the best do almost equally well, so that the very
    best of them is luck; the middle of the good stretch makes the stronger baseline.
    """
    for _ in range(PASSES):
        wide = np.concatenate([values[:1], values, values[-1:]])
        values = (wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4
    return values


def _variants(engine: Engine, scorer: Scorer) -> Iterator[tuple[float | None, Scorer]]:
    if not engine.recency:
        yield None, scorer
        return
    for recency in RECENCIES:
        yield recency, with_recency(scorer, recency)


def fit_tuned(engine: Engine, data: Dataset, tuned: Tuned, means: Means) -> Scorer:
    """Fit the chosen settings on all training events."""
    scorer = engine.fit(data, tuned.options, means)
    return scorer if tuned.recency is None else with_recency(scorer, tuned.recency)
