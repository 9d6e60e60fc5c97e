"""LabelAffinity: how much more often a user takes up an item's category or author than all do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recsys.array_types import Floats, Rows, Times
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.terms.protocol import Attribution, UserContext
from recsys.ranking.terms.single_weight_base import LinearTerm, UserLinear
from recsys.serving.label_interaction_shares import label_uptake
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model

PSEUDO = 3.0  # events of an average user that are added to each history


@dataclass(frozen=True, slots=True)
class UserLabelAffinity(UserLinear):
    """The term of one user; its score belongs to the events of the history with the same label."""

    label: str  # category or author

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return the score of each row in equal parts on the events that share its label."""
        if not self.weight or not len(self.history):
            return Attribution()
        codes = self.live.labels[self.label][rows]
        own = self.live.labels[self.label][self.history.rows]
        same = (own[:, None] == codes) & (codes >= 0) & (self.history.weights > 0)[:, None]
        each = self.score(rows) / np.maximum(same.sum(axis=0), 1)
        return Attribution(history=np.where(same, each, 0.0).astype(np.float32))


class LabelAffinity(LinearTerm):
    """Weight · log(1 + positive events of the user on the label / (3 · the label's usual share)).

    0 for an item without the label, and for a label that the user never took up. `usual share`: of
    all uptake, as of the model.
    """

    name_of_label: ClassVar[str]

    def bind(self, context: UserContext) -> UserLabelAffinity | None:
        """Return the term with the learned weight; None where it is 0."""
        weight = context.score_model.linear.get(self.name, 0.0)
        if not weight:
            return None
        return UserLabelAffinity(self, context.live, context.history, weight, self.name_of_label)

    def live_values(self, live: LiveState, history: History, times: Times, rows: Rows) -> Floats:
        """Return the values of rows."""
        labels = live.labels[self.name_of_label]
        own = labels[history.rows[history.weights > 0]]
        return _values(own, labels[rows], live.label_uptake[self.name_of_label])

    def model_values(self, model: Model, history: History) -> Floats:
        """Return the values of all the model's items."""
        usual = label_uptake(model.catalogue, model.counters)[self.name_of_label]
        labels = model.catalogue.labels[self.name_of_label]
        return _values(labels[history.rows[history.weights > 0]], labels, usual)

    def _many(self, model: Model, histories: HistoryBatch) -> Floats:
        usual = label_uptake(model.catalogue, model.counters)[self.name_of_label]
        labels = model.catalogue.labels[self.name_of_label]
        found = [_values(labels[one.rows[one.weights > 0]], labels, usual) for one in histories]
        return np.stack(found) if found else np.zeros((0, len(model)), np.float32)

    def bound(
        self, weight: float, live: LiveState, history: History, table: ItemFeatureTable
    ) -> Floats | float:
        """Return the greatest value of the history's own items, or 0: other labels have 0."""
        own = self.live_values(live, history, history.times, history.rows)
        return max(weight * float(own.max(initial=0.0)), 0.0)


class CategoryAffinity(LabelAffinity):
    """Affinity to the category of an item."""

    name = "category_affinity"
    name_of_label = "category"


class AuthorAffinity(LabelAffinity):
    """Affinity to the author of an item."""

    name = "author_affinity"
    name_of_label = "author"


def _values(own: Rows, codes: Rows, usual: Floats) -> Floats:
    """Return the values of items by their codes, for the codes of a user's positive events."""
    found = np.zeros(len(codes), np.float32)
    known, count = np.unique(own[own >= 0], return_counts=True)
    if not len(known):
        return found
    share = usual[np.minimum(known, len(usual) - 1)]
    values = np.log1p(count / (PSEUDO * share)).astype(np.float32)
    place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    same = known[place] == codes
    found[same] = values[place[same]]
    return found
