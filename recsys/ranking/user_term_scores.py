"""UserTerms: all score terms bound to one user at one moment, and their sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.ranking.history import History
from recsys.ranking.terms.neighbours import UserNeighbours
from recsys.ranking.terms.protocol import UserContext, UserTerm
from recsys.ranking.terms.registry import TERMS
from recsys.ranking.text_scores import text_scores
from recsys.ranking.user_features import user_features_of
from recsys.serving.live_state import LiveState


@dataclass(frozen=True, slots=True)
class UserTerms:
    """Terms by name, in the order of the registry."""

    live: LiveState
    history: History
    terms: Mapping[str, UserTerm]
    user_features: Mapping[str, float]  # that the weights of a score model may depend on
    tuned: bool = True  # False: another place on the dial, for which no trees were learned

    @classmethod
    def of(cls, history: History, live: LiveState, personal: float | None = None) -> Self:
        """Bind all learned terms to a history.

        `personal`: place on the dial of the score model, see `ScoreModel.at`; None: as tuned.
        """
        tuned = live.model.score_model
        score_model = tuned if personal is None else tuned.at(personal)
        user_features = user_features_of(history, live.created)
        context = UserContext(live, history, score_model, user_features)
        bound = {term.name: term.bind(context) for term in TERMS}
        terms = {name: one for name, one in bound.items() if one is not None}
        return cls(live, history, terms, user_features, score_model is tuned)

    @property
    def neighbours(self) -> UserNeighbours:
        """The term of the neighbours, which always is there."""
        found = self.terms["neighbours"]
        assert isinstance(found, UserNeighbours)
        return found

    @property
    def size(self) -> int:
        """Rows there were when the terms were bound."""
        return len(self.neighbours.sums)

    def scores(
        self, rows: Rows | None = None, now: float = np.inf, personal: bool = False
    ) -> Floats:
        """Return the scores of rows, or of all there were, with item features as of `now`.

        `personal`: leave out the terms that are the same for all users.
        """
        own: Rows = np.arange(self.size, dtype=np.int32) if rows is None else rows
        total = np.zeros(len(own), np.float32)
        for term in TERMS:
            bound = self.terms.get(term.name)
            if bound is None or (personal and not bound.personal):
                continue
            weights = bound.feature_weights
            if len(weights):
                total += weights @ term.item_features(self.live, own, now)
            total += np.float32(bound.constant)
            if bound.scores_rows:
                total += bound.score(own)
            vector = bound.text_vector
            if vector is not None:
                total += text_scores(self.live, vector, rows)[: len(own)]
        return total
