"""Baselines from our own code: popular, trending, item-knn, ease, elsa."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recsys.array_types import Floats, Rows, Times
from recsys.data.dataset import Dataset
from recsys.models.ease import EaseConfig, fit_ease
from recsys.models.item_factors import Factors
from recsys.models.item_knn import ItemKnnConfig, nearest, nearest_by_cosine
from recsys.ranking_metrics import Values
from recsys.tuning.scorer_protocol import Histories, Skip

Options = Mapping[str, float | str]
COUNTS = ("weight", "taken", "liked")
HOUR, DAY = 3600.0, 86400.0
HALF_LIVES = tuple(
    [hours * HOUR for hours in (1, 2, 4, 8, 16)]
    + [days * DAY for days in (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512)]
)


@dataclass(frozen=True, slots=True)
class SameForAll:
    """One score per item, the same for all users."""

    scores: Floats  # (n_items,)

    @property
    def shared_scores(self) -> Floats:
        """The scores that all users share, (n_items,); see `evaluation_queries.answer`."""
        return self.scores

    def score(self, histories: Histories) -> Floats:
        """Return the same row of scores for everyone."""
        return np.tile(self.scores, (len(histories), 1))

    @property
    def nbytes(self) -> int:
        """How much memory the scores take."""
        return self.scores.nbytes


def fit_popular(data: Dataset) -> SameForAll:
    """Count, per item, the users who took it up."""
    return SameForAll(np.asarray(data.matrix().sum(axis=0), np.float32))


@dataclass(slots=True)
class DecayedCounts:
    """How much each item is being taken up: sums of events that decay by half per half-life.

    A sum is kept as of the item's own last event, and compared in log space, so that nothing
    underflows however long ago that was. `add` keeps it live. Several half-lives go together.
    """

    half_lives: Values  # (h,): in the unit of time of the data; infinity: a plain count
    worth: Callable[[float], float]  # what an event of a given weight adds
    amount: Values  # (h, n_items): the decayed sums at `last`
    last: Times  # (n_items,): -inf without an event

    @classmethod
    def of(
        cls, data: Dataset, half_lives: Sequence[float], counts: str = "weight"
    ) -> DecayedCounts:
        """Sum the events with a positive weight; `counts` is one of COUNTS."""
        worth, lives = weighing(counts), np.array(half_lives, np.float64)
        amounts = np.array([worth(weight) for weight in data.weight.tolist()])
        good = amounts > 0
        item, time = data.item[good], data.time[good]
        last = np.full(len(data.items), -np.inf)
        np.maximum.at(last, item, time)
        age = time - last[item]
        sums = [np.bincount(item, amounts[good] * np.exp2(age / h), len(last)) for h in lives]
        return cls(lives, worth, np.array(sums, np.float64), last)  # numpy counts nothing in int

    def add(self, item: int, weight: float, time: float) -> None:
        """Count one more event, not earlier than the item's last; new items get their place."""
        self._reach(item)
        worth = self.worth(weight)
        if worth > 0:
            if np.isfinite(self.last[item]):
                self.amount[:, item] *= np.exp2((self.last[item] - time) / self.half_lives)
            self.amount[:, item] += worth
            self.last[item] = time

    def withdraw(self, item: int, weight: float, time: float) -> None:
        """Take an event that was counted out again; an item without any other is cold again."""
        self._reach(item)
        worth = self.worth(weight)
        if worth > 0 and np.isfinite(self.last[item]):
            left = self.amount[:, item] - worth * np.exp2(
                (time - self.last[item]) / self.half_lives
            )
            self.amount[:, item] = np.maximum(left, 0.0)
            if (left <= 1e-9 * worth).all():
                self.last[item] = -np.inf
            else:  # what remains may have decayed to nothing beside the other half-lives
                self.amount[:, item] = np.maximum(self.amount[:, item], 1e-12 * worth)

    def _reach(self, item: int) -> None:
        extra = item + 1 - len(self.last)
        if extra > 0:
            self.amount = np.pad(self.amount, ((0, 0), (0, extra)))
            self.last = np.append(self.last, np.full(extra, -np.inf))

    def scores(self, now: float, rows: Rows | slice = slice(None)) -> Values:
        """Return the logs of the sums at `now`, (h, len(rows)); cold items share the last place.

        Differences between items do not depend on `now`.
        """
        if not isinstance(rows, slice):
            self._reach(int(rows.max(initial=-1)))
        warm = np.isfinite(self.last[rows])
        found = np.zeros((len(self.half_lives), len(warm)))
        age = now - self.last[rows][warm]
        found[:, warm] = np.log2(self.amount[:, rows][:, warm]) - age / self.half_lives[:, None]
        found[:, ~warm] = found[:, warm].min(axis=1, initial=0.0, keepdims=True) - 1.0
        return found


def weighing(counts: str) -> Callable[[float], float]:
    """Return what an event of a given weight adds to an item's heat.

    `weight`: its weight; `taken`: 1 if that is positive; `liked`: 1 if it is that of a like or
    more, so that a rating below the user's own mean adds nothing.
    """
    if counts == "weight":
        return lambda weight: max(weight, 0.0)
    least = 0.999 if counts == "liked" else 1e-9
    return lambda weight: float(weight > least)


def fit_trending(data: Dataset, half_life: float, counts: str) -> SameForAll:
    """Freeze the heat of every item at the last event."""
    scores = DecayedCounts.of(data, [half_life], counts).scores(data.now)[0]
    order = np.unique(scores, return_inverse=True)[1]  # ranks: float32 would merge close logs
    return SameForAll(order.astype(np.float32))


def half_lives(data: Dataset) -> list[float]:
    """Return the half-lives worth trying: up to the length of the data, and no decay at all."""
    span = float(np.ptp(data.time)) if len(data.time) else 0.0
    tried = HALF_LIVES if data.timed else tuple(span / 2**power for power in range(9, -1, -1))
    return [life for life in tried if 0 < life <= span] + [float("inf")]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Scores by what a history's items give to others: item-knn, EASE."""

    weights: sparse.csr_array  # (n_items, n_items): row h is what history item h gives
    recency: float = np.inf  # half-life of a history's items, in events

    def score(self, histories: Histories) -> Floats:
        """Sum the rows of each history."""
        liked = histories.liked(self.weights.shape[0], self.recency)
        return np.asarray((liked @ self.weights).toarray(), np.float32)

    @property
    def nbytes(self) -> int:
        """How much memory the weights take."""
        return int(self.weights.data.nbytes + self.weights.indices.nbytes)


def fit_item_knn(data: Dataset, weighting: str, neighbours: int) -> Neighbours:
    """Keep, per item, its nearest others by cosine; `weighting`: cosine or tf-idf."""
    config = ItemKnnConfig(neighbours=neighbours, tf_idf=weighting == "tf-idf")
    return Neighbours(nearest_by_cosine(data.matrix(), config))


def fewer(fitted: Neighbours, neighbours: int) -> Neighbours:
    """Return the same model with at most so many neighbours per item."""
    beyond = fitted.weights.shape[0]  # the diagonal is gone by now
    kept = nearest(fitted.weights.copy(), beyond, neighbours)
    return dataclasses.replace(fitted, weights=kept)


def fit_ease_row(data: Dataset, regularization: float) -> Neighbours:
    """Fit EASE, where the square of the catalogue fits in memory."""
    config = EaseConfig(regularization=regularization)
    if len(data.items) > config.largest:
        raise Skip(f"EASE needs the square of {len(data.items)} items (limit {config.largest})")
    return Neighbours(fit_ease(data.matrix(), config).matrix())


@dataclass(frozen=True, slots=True)
class Vectors:
    """Scores by the sum of a history's item vectors: ELSA, text."""

    factors: Factors
    recency: float = np.inf  # half-life of a history's items, in events

    def score(self, histories: Histories) -> Floats:
        """Multiply user vectors with all items."""
        liked = histories.liked(len(self.factors.outputs), self.recency)
        found = self.factors.project_many(liked) @ self.factors.outputs.T
        return np.asarray(found, np.float32)

    @property
    def nbytes(self) -> int:
        """How much memory the vectors take."""
        shared = self.factors.inputs is self.factors.outputs
        return self.factors.outputs.nbytes * (1 if shared else 2)


def fit_elsa_row(data: Dataset, epochs: int, dimensions: int, seed: int, device: str) -> Vectors:
    """Fit ELSA."""
    from recsys.models.elsa import ElsaConfig, fit_elsa  # torch takes seconds to import

    config = ElsaConfig(dimensions=dimensions, epochs=epochs)
    return Vectors(fit_elsa(data.matrix(), config, seed, device))


def text_row(vectors: Floats) -> Vectors:
    """Wrap the word vectors of the items, (n_items, d)."""
    return Vectors(Factors(vectors, vectors))
