"""The row `default`: what the service would have answered, made as a night makes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats, Rows
from recsys.data.dataset import Dataset
from recsys.evaluation.engines import Means
from recsys.evaluation.questions import Questions, ask
from recsys.evaluation.replay import Step
from recsys.evaluation.scorer import Histories
from recsys.evaluation.split import Split
from recsys.metrics import Values
from recsys.ranking import batch, priors, scoring
from recsys.ranking.history import History
from recsys.state.live import LiveState
from recsys.state.model import Model
from recsys.training.check import Check
from recsys.training.choice import Choice
from recsys.training.fit import Words, assemble, fit_engines
from recsys.training.menu import CANDIDATES, engine_named
from recsys.training.tune import Budget, tune


def fit_service(split: Split, data: Dataset, means: Means) -> tuple[Model, Choice]:
    """Tune on the validation slice as a night does, then fit the choice to all training events."""
    inner = split.validation()
    check = as_check(ask(inner, inner.dataset()))
    words = _words(check.data, means)
    choice = tune(
        check, words, CANDIDATES, Budget(means.minutes), means.seed, means.device, means.note
    )
    engines = [engine_named(name) for name in choice.engines]
    words = _words(data, means)
    fitted = fit_engines(data, words, engines, means.seed, means.device)
    return assemble(data, fitted, words, choice.blend), choice


def as_check(questions: Questions) -> Check:
    """Return the counted questions in the form that training chooses by."""
    known = np.flatnonzero(questions.known)
    only = None if questions.only is None else np.flatnonzero(questions.only).astype(np.int32)
    whole = Check.of_users(questions.data, questions.user, questions.wanted, only)
    return whole if len(known) == len(whole) else whole.take(known)


def _words(data: Dataset, means: Means) -> Words:
    return means.words(data) if means.words is not None else Words.none(len(data.items))


@dataclass(frozen=True, slots=True)
class ServiceScorer:
    """The model of a night, answering many people at once."""

    model: Model
    features: Floats  # (features, n_items): what the items bring along

    @classmethod
    def of(cls, model: Model) -> ServiceScorer:
        """Compute what all people share."""
        return cls(model, priors.prior_features(LiveState(model)))

    def score(self, histories: Histories) -> Floats:
        """Score the catalogue by the same arithmetic as a request."""
        bounds = zip(histories.starts[:-1], histories.starts[1:], strict=True)
        people = [np.arange(start, stop) for start, stop in bounds]
        gathered = batch.Histories.of_events(
            histories.item, histories.weight, histories.time, people
        )  # fmt: skip
        return batch.score_block(self.model, gathered, self.features)

    @property
    def nbytes(self) -> int:
        """How much memory the model's arrays take."""
        return sum(array.nbytes for array in self.model.arrays().values())


class ServiceWalker:
    """The service in a replay: told of every event, asked before the next."""

    def __init__(self, model: Model) -> None:
        self.live = LiveState(model)
        self.rows = np.arange(len(model), dtype=np.int32)  # walk's row -> live row, -1 none yet

    def observe(self, step: Step) -> None:
        """Count the event as the service does; an item never heard of becomes a row."""
        self.live.add_event(step.item_id, step.kind, step.value, step.time)
        self._reach(step.item)
        self.rows[step.item] = self.live.row(step.item_id)

    def score(self, histories: Histories, rows: Rows) -> Values:
        """Score the rows; one that the service has not heard of yet gets the lowest score."""
        self._reach(int(rows.max(initial=-1)))
        scores = self._scores(self._history(histories))
        found = np.full(len(rows), float(scores.min()) - 1.0)
        inside = self.rows[rows] >= 0
        found[inside] = scores[self.rows[rows[inside]]]
        return found

    def _history(self, histories: Histories) -> History:
        people = [np.arange(len(histories.item))]
        items = self.rows[histories.item]
        found = batch.Histories.of_events(items, histories.weight, histories.time, people)
        return History(found.rows, found.weights, found.times)

    def _scores(self, history: History) -> Floats:
        live = self.live
        profile = scoring.Profile.of(history, live, live.model.blend)
        traits = batch.traits_of(history, live.created)
        weights = live.model.blend.prior_weights(priors.NAMES, traits)
        own = weights @ priors.prior_features(live)
        personal = scoring.personal_scores(live, profile, live.model.blend)
        return np.asarray(personal + own, np.float32)

    def _reach(self, row: int) -> None:
        extra = row + 1 - len(self.rows)
        if extra > 0:
            self.rows = np.append(self.rows, np.full(extra, -1, np.int32))
