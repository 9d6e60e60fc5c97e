"""The model `default`: the service's lists, trained as in a nightly run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from recsys.array_types import Floats
from recsys.data.dataset import Dataset
from recsys.evaluation.baseline_registry import FitContext
from recsys.ranking import popularity_features
from recsys.ranking.dataset_social_graph import SocialGraph
from recsys.ranking.gbdt_rerank import reranked_block
from recsys.ranking.history_batch import HistoryBatch
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.training.model_builder import TextVectors, assemble, fit_engines
from recsys.tuning.engine_catalogue import engine_named
from recsys.tuning.evaluation_protocols import Split
from recsys.tuning.scorer_protocol import Histories
from recsys.tuning.tuner import Scenario, TuningData, tune
from recsys.tuning.tuning_result import TuningResult


def without_follows(model: Model, choice: TuningResult) -> Model:
    """Return a model of `fit_service` with the score that it would have without follows."""
    found = choice.without_follows or choice
    return replace(model, score_model=found.score_model, trees=found.trees)


def fit_service(split: Split, data: Dataset, means: FitContext) -> tuple[Model, TuningResult]:
    """Tune by the tuner of nights for what the protocol asks, then fit the choice to all events."""
    rules = split.rules
    cold = rules.share if rules.protocol == "cold-items" else 0.0
    scenario = Scenario(
        means.minutes,
        rules.group,
        cold,
        None if rules.protocol in ("time", "replay") else False,
        means.seed,
        means.device,
        ordered=rules.protocol != "given",
        ahead=split.ahead,
        engines=means.engines,
        directed=means.directed,
        compare_follows=split.train.follows is not None,
        replayed=rules.protocol != "time",  # all lists of it are requested at one moment
        wall=math.inf,  # a busy machine makes an evaluation longer, not its figures worse
    )
    known = TuningData(split.train, split.items, partial(_words, means=means), rules.weights)
    choice = tune(known, scenario, means.note)
    engines = [engine_named(name) for name in choice.engines]
    words = _words(data, means)
    fitted = fit_engines(data, words, engines, means.seed, means.device)
    # No item is posted later: every item of the catalogue is there, read or unread.
    model = assemble(data, fitted, words, choice.score_model, posts=False, trees=choice.trees)
    return model, choice


def _words(data: Dataset, means: FitContext) -> TextVectors:
    return means.words(data) if means.words is not None else TextVectors.none(len(data.items))


@dataclass(frozen=True, slots=True)
class ServiceScorer:
    """The model of a night, answering many users at once."""

    model: Model
    features: Floats  # (features, n_items): what the items bring along
    social: SocialGraph | None = None  # of the training data; None: no follow is known

    @classmethod
    def of(cls, model: Model, data: Dataset | None = None) -> ServiceScorer:
        """Compute what all users share; `data`: the training data, for follows."""
        social = None if data is None else SocialGraph.of(data)
        return cls(model, popularity_features.prior_features(LiveState(model)), social)

    def score(self, histories: Histories) -> Floats:
        """Score the catalogue by the same arithmetic as a request."""
        bounds = zip(histories.starts[:-1], histories.starts[1:], strict=True)
        users = [np.arange(start, stop) for start, stop in bounds]
        gathered = HistoryBatch.of_events(histories.item, histories.weight, histories.time, users)
        gathered = gathered.with_social(self.social, histories.user)
        closed = np.zeros((len(gathered), len(self.model)), bool)
        return reranked_block(self.model, gathered, self.features, closed)

    @property
    def nbytes(self) -> int:
        """How much memory the model's arrays take."""
        return sum(array.nbytes for array in self.model.arrays().values())
