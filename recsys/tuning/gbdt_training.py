"""Training of reranking trees by LightGBM's LambdaRank on choice sets.

They are boosted from the score model's own score, so no tree at all is the score model, and each
tree is a correction of it. How many trees help is decided on users whom the trees have not seen;
where they do not help clearly, there are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask
from recsys.ranking import gbdt_features as features
from recsys.ranking.gbdt_rerank import POOL
from recsys.ranking.terms.protocol import Parameter
from recsys.ranking.terms.registry import TERMS
from recsys.ranking_metrics import Values
from recsys.serving.gbdt_model import Gbdt
from recsys.tuning.choice_sets import AGE, ChoiceSets
from recsys.tuning.score_model_form import CandidateForm
from recsys.tuning.stable_sampling import half

if TYPE_CHECKING:
    import lightgbm

MARGIN = 1.005  # times the linear nDCG@20 on held-out users, or no trees
ROUNDS = (20, 40, 60, 90)  # numbers of trees that are tried
NEARLY = 0.9  # of the best gain
SURE = 1.64  # standard errors that the mean gain must lie above zero
FEWEST = 200  # users with something chosen; with fewer no tree is fitted
SETTINGS: Mapping[str, Any] = {
    "objective": "lambdarank",
    "num_leaves": 15,
    "max_depth": 8,
    "learning_rate": 0.05,
    "min_data_in_leaf": 300,
    "feature_fraction": 0.7,
    "lambda_l2": 10.0,
    "lambdarank_truncation_level": 25,
    "deterministic": True,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class GbdtFit:
    """Choice sets with the score that the trees start from."""

    choice_sets: ChoiceSets
    start: Floats  # (users, places)
    features: Floats  # (users, places, features)

    @classmethod
    def of(
        cls, choice_sets: ChoiceSets, design: CandidateForm, weights: Mapping[Parameter, float]
    ) -> GbdtFit:
        """Score choice sets by a design with weights that were learned elsewhere, or here."""
        return cls(
            choice_sets,
            design.scores(choice_sets, weights),
            choice_set_features(choice_sets, design),
        )

    def judged(self) -> Mask:
        """Return which places trees may learn from, (users, places).

        A chosen item that no column ranks high is a candidate only because it was chosen; trees
        would learn from it that low features raise a score.
        """
        return self.choice_sets.inside & np.isfinite(self.choice_sets.offset)

    def reranked(self, added: Floats) -> Floats:
        """Return the scores with the trees' part added where a request would add it.

        `added`: (users, places).
        """
        open_ = np.where(np.isfinite(self.choice_sets.offset), self.start, -np.inf)
        if open_.shape[1] <= POOL:
            return np.asarray(self.start + added, np.float32)
        edge = -np.partition(-open_, POOL - 1, axis=1)[:, POOL - 1 : POOL]
        return np.asarray(self.start + np.where(open_ >= edge, added, 0.0), np.float32)


def choice_set_features(choice_sets: ChoiceSets, design: CandidateForm) -> Floats:
    """Return the features of every place of choice sets, (users, places, features)."""
    found: dict[str, Floats] = {"age": choice_sets.columns.get(AGE, np.zeros((1, 1), np.float32))}
    found |= {name: values[:, None] for name, values in choice_sets.user_features.items()}
    for term in TERMS:
        found |= term.gbdt_columns(design, choice_sets.choices)
    return np.broadcast_to(
        features.table(found), (*choice_sets.chosen.shape, len(features.names()))
    )


def fit_trees(training_sets: Sequence[GbdtFit], rounds: int, seed: int = 0) -> lightgbm.Booster:
    """Boost trees from the starting scores of all lessons."""
    parts = [_rows(training_set) for training_set in training_sets]
    import lightgbm  # here, because it takes most of a second and few nights fit trees

    data = lightgbm.Dataset(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        group=np.concatenate([part[2] for part in parts]),
        init_score=np.concatenate([part[3] for part in parts]),
        feature_name=list(features.names()),
    )
    return lightgbm.train({**SETTINGS, "num_threads": 1, "seed": seed}, data, rounds)


def _rows(gbdt_fit: GbdtFit) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64], Floats]:
    inside = gbdt_fit.judged()
    has_choice = np.flatnonzero(np.any(inside & gbdt_fit.choice_sets.chosen, axis=1))
    places = np.zeros_like(inside)
    places[has_choice] = inside[has_choice]
    sizes = places.sum(axis=1)
    chosen = gbdt_fit.choice_sets.chosen[places].astype(np.int64)
    return gbdt_fit.features[places], chosen, sizes[sizes > 0], gbdt_fit.start[places]


@dataclass(frozen=True, slots=True)
class Learned:
    """Trees that help, or none; and how they did for those they were not learned from."""

    trees: Gbdt | None
    rounds: int  # the fewest with nearly the best result
    gain: float  # nDCG@20 over that of the score model, at so many rounds


def fit_gbdt_if_better(
    choice_sets: ChoiceSets, design: CandidateForm, in_time: bool, seed: int = 0
) -> Learned:
    """Learn trees on top of a design from choice sets, if they help where they have not learned.

    Trees (and a score model) learned from each half of the choice sets are evaluated on the other:
    halves in time where the choice sets are moments one after the other, else of the users.
    """
    folds = [_fold(*fold, design, seed) for fold in _folds(choice_sets, in_time, seed)]
    if not folds or any(fold is None for fold in folds):
        return Learned(None, 0, 1.0)
    sure = [fold for fold in folds if fold is not None]
    gains = [
        [fold[1][place].mean() / max(fold[0].mean(), 1e-9) for fold in sure]
        for place in range(len(ROUNDS))
    ]
    best = _has_enough_data(np.mean(gains, axis=1))
    gain = float(np.mean(gains[best]))
    changes = np.concatenate([fold[1][best] - fold[0] for fold in sure])
    sureness = changes.mean() / max(changes.std() / np.sqrt(len(changes)), 1e-12)
    if gain < MARGIN or min(gains[best]) <= 1.0 or sureness < SURE:
        return Learned(None, ROUNDS[best], gain)
    training_set = GbdtFit.of(choice_sets, design, design.fit(choice_sets))
    booster = fit_trees([training_set], ROUNDS[best], seed)
    return Learned(from_booster(booster, ROUNDS[best]), ROUNDS[best], gain)


def _has_enough_data(gains: Values) -> int:
    """Return the place of the fewest trees that give nearly the best gain; more learn the noise."""
    return int(np.argmax(gains - 1.0 >= NEARLY * (gains.max() - 1.0)))


def _folds(
    choice_sets: ChoiceSets, in_time: bool, seed: int
) -> list[tuple[ChoiceSets, ChoiceSets]]:
    if in_time:
        first = np.arange(len(choice_sets)) < len(choice_sets) // 2
    else:
        first = half(choice_sets.user, seed)
    halves = choice_sets.take(np.flatnonzero(first)), choice_sets.take(np.flatnonzero(~first))
    return [halves, halves[::-1]]


def _fold(
    learn: ChoiceSets, held_out: ChoiceSets, design: CandidateForm, seed: int
) -> tuple[Values, list[Values]] | None:
    """Return nDCG@20 of the validation users, without trees and with each number of them."""
    weights = design.fit(learn)
    training_set, exam = (
        GbdtFit.of(choice_sets, design, weights) for choice_sets in (learn, held_out)
    )
    if not len(held_out) or len(_rows(training_set)[2]) < FEWEST:
        return None
    booster = fit_trees([training_set], max(ROUNDS), seed)
    scored = [exam.reranked(_added(booster, exam, rounds)) for rounds in ROUNDS]
    return held_out.ndcg(exam.start), [held_out.ndcg(scores) for scores in scored]


def _added(booster: lightgbm.Booster, gbdt_fit: GbdtFit, rounds: int) -> Floats:
    found = np.zeros(gbdt_fit.start.shape, np.float32)
    places = np.isfinite(gbdt_fit.choice_sets.offset)
    found[places] = np.asarray(booster.predict(gbdt_fit.features[places], num_iteration=rounds))
    return found


def from_booster(booster: lightgbm.Booster, rounds: int) -> Gbdt:
    """Return the first trees of a booster as flat arrays."""
    found = booster.dump_model(num_iteration=rounds)
    nodes: list[tuple[int, float, int, int, float]] = []
    roots, deepest = [], 0
    for tree in found["tree_info"]:
        roots.append(len(nodes))
        deepest = max(deepest, _add(tree["tree_structure"], nodes))
    feature, threshold, left, right, value = zip(*nodes, strict=True) if nodes else ((),) * 5
    return Gbdt(
        tuple(found["feature_names"]),
        np.array(roots, np.int32),
        np.array(feature, np.int32),
        np.array(threshold, np.float64),
        np.array(left, np.int32),
        np.array(right, np.int32),
        np.array(value, np.float64),
        deepest,
    )


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
