"""Rank: small trees that correct a blend, learned from pools by LightGBM's lambdarank.

They are boosted from the blend's own score, so no tree at all is the blend, and each tree is a
correction of it. How many trees help is asked of people whom the trees have not seen; where they
do not help clearly, there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from recsys.arrays import Floats, Mask
from recsys.ranking import features
from recsys.ranking.rerank import POOL
from recsys.state.trees import Trees
from recsys.training.design import Design
from recsys.training.pool import Pool

MARGIN = 1.005  # times the blend's nDCG@20 on people not learned from, or the blend is used
ROUNDS = (20, 40, 60)  # numbers of trees that are tried
FEWEST = 200  # people with something chosen; fewer teach no tree
SETTINGS: Mapping[str, Any] = {
    "objective": "lambdarank", "num_leaves": 15, "max_depth": 8, "learning_rate": 0.05,
    "min_data_in_leaf": 300, "feature_fraction": 0.7, "lambda_l2": 10.0,
    "lambdarank_truncation_level": 25, "deterministic": True, "verbose": -1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lesson:
    """A pool with the score that the trees start from."""

    pool: Pool
    start: Floats  # (people, places)
    features: Floats  # (people, places, features)

    @classmethod
    def of(cls, pool: Pool, design: Design, weights: Mapping[str, float]) -> Lesson:
        """Score a pool by a design with weights that were learned elsewhere, or here."""
        return cls(pool, design.scores(pool, dict(weights)), pool_features(pool, design))

    def judged(self) -> Mask:
        """Mark the places that trees may learn from.

        A chosen item that no column ranks high is in the pool for being chosen: the trees would
        learn that low features are a virtue.
        """
        return self.pool.inside & np.isfinite(self.pool.offset)

    def reranked(self, added: Floats) -> Floats:
        """Return the scores with the trees' part added where a request would add it."""
        open_ = np.where(np.isfinite(self.pool.offset), self.start, -np.inf)
        if open_.shape[1] <= POOL:
            return np.asarray(self.start + added, np.float32)
        edge = -np.partition(-open_, POOL - 1, axis=1)[:, POOL - 1 : POOL]
        return np.asarray(self.start + np.where(open_ >= edge, added, 0.0), np.float32)

    def gain(self, added: Floats) -> float:
        """Return nDCG@20 with the trees' part over that without."""
        before = float(self.pool.ndcg(self.start).mean())
        after = float(self.pool.ndcg(self.reranked(added)).mean())
        return after / before if before else 1.0


def pool_features(pool: Pool, design: Design) -> Floats:
    """Return the features of every place of a pool, (people, places, features)."""
    none = np.zeros(pool.chosen.shape, np.float32)
    raw = {name: pool.columns.get(name, none) for name in features.NAMES}
    raw["neighbours"] = pool.columns[design.neighbours] if design.neighbours else none
    raw["words"] = pool.columns.get(f"words~{features.WORD_LIFE:g}", none)
    raw |= {name: values[:, None] for name, values in pool.traits.items()}
    return features.table(raw)


def fit_trees(lessons: Sequence[Lesson], rounds: int, seed: int = 0) -> lightgbm.Booster:
    """Boost trees from the starting scores of all lessons."""
    parts = [_rows(lesson) for lesson in lessons]
    data = lightgbm.Dataset(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        group=np.concatenate([part[2] for part in parts]),
        init_score=np.concatenate([part[3] for part in parts]),
        feature_name=list(features.NAMES),
    )
    return lightgbm.train({**SETTINGS, "num_threads": 1, "seed": seed}, data, rounds)


def _rows(lesson: Lesson) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64], Floats]:
    places = lesson.judged()
    places &= (places & lesson.pool.chosen).any(axis=1)[:, None]
    sizes = places.sum(axis=1)
    chosen = lesson.pool.chosen[places].astype(np.int64)
    return lesson.features[places], chosen, sizes[sizes > 0], lesson.start[places]


def enough(lessons: Iterable[Lesson]) -> bool:
    """Whether there are people enough to learn trees from."""
    return sum(len(_rows(lesson)[2]) for lesson in lessons) >= FEWEST


@dataclass(frozen=True, slots=True)
class Trial:
    """How many trees help people they have not seen, and by how much."""

    rounds: int  # 0: the blend alone
    gain: float  # nDCG@20 over that of the blend

    @property
    def helps(self) -> bool:
        """Whether the trees beat the blend by the margin."""
        return self.rounds > 0 and self.gain >= MARGIN


def tried(learn: Sequence[Lesson], ask: Sequence[Lesson], seed: int = 0) -> dict[int, list[float]]:
    """Return the gain of each number of trees on each lesson asked."""
    booster = fit_trees(learn, max(ROUNDS), seed)
    return {
        rounds: [lesson.gain(_added(booster, lesson, rounds)) for lesson in ask]
        for rounds in ROUNDS
    }


def _added(booster: lightgbm.Booster, lesson: Lesson, rounds: int) -> Floats:
    found = np.zeros(lesson.start.shape, np.float32)
    places = np.isfinite(lesson.pool.offset)
    found[places] = booster.predict(lesson.features[places], num_iteration=rounds)
    return found


def chosen_rounds(trials: Sequence[Mapping[int, Sequence[float]]]) -> Trial:
    """Return the number of trees with the best mean gain over all trials."""
    means = {
        rounds: float(np.mean([gain for trial in trials for gain in trial[rounds]]))
        for rounds in ROUNDS
    }
    best = max(means, key=lambda rounds: means[rounds])
    return Trial(best, means[best]) if means[best] >= MARGIN else Trial(0, 1.0)


def from_booster(booster: lightgbm.Booster, rounds: int) -> Trees:
    """Return the first trees of a booster as flat arrays."""
    found = booster.dump_model(num_iteration=rounds)
    nodes: list[tuple[int, float, int, int, float]] = []
    roots, deepest = [], 0
    for tree in found["tree_info"]:
        roots.append(len(nodes))
        deepest = max(deepest, _add(tree["tree_structure"], nodes))
    feature, threshold, left, right, value = zip(*nodes, strict=True) if nodes else ((),) * 5
    return Trees(
        tuple(found["feature_names"]), np.array(roots, np.int32), np.array(feature, np.int32),
        np.array(threshold, np.float64), np.array(left, np.int32), np.array(right, np.int32),
        np.array(value, np.float64), deepest,
    )  # fmt: skip


def _add(node: Mapping[str, Any], nodes: list[tuple[int, float, int, int, float]]) -> int:
    """Append a node and all below it; return its depth."""
    place = len(nodes)
    if "leaf_value" in node:
        nodes.append((0, 0.0, place, place, float(node["leaf_value"])))
        return 0
    nodes.append((0, 0.0, 0, 0, 0.0))
    left = len(nodes)
    deepest = _add(node["left_child"], nodes)
    right = len(nodes)
    deepest = max(deepest, _add(node["right_child"], nodes))
    nodes[place] = (int(node["split_feature"]), float(node["threshold"]), left, right, 0.0)
    return deepest + 1
