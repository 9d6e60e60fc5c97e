"""LikeRates: opinions per item, updated live from their values at training.

A vote moves the item's base, and its loadings towards those who voted like this: by one step of
recursive least squares, with the evidence that the item has in place of a matrix of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats
from recsys.models.explicit_mf import ExplicitMF
from recsys.serving.explicit_user_factors import explicit_ratings
from recsys.serving.model import Model
from recsys.serving.user_kalman_filters import UserFilters


@dataclass(slots=True)
class LikeRates:
    """Arrays by row, with room for more rows."""

    explicit_mf: ExplicitMF
    rated: bool  # the platform has ratings with values
    bases: Floats  # (room,): the vote of an average reader
    evidence: Floats  # (room,)
    loadings: Floats  # (room, rank); the first is the same for all
    user_filters: UserFilters | None  # None: only the bases are followed

    @classmethod
    def of(cls, explicit_mf: ExplicitMF, rated: bool, personal: bool = True) -> LikeRates:
        """Begin with what the night learned; the arrays are private.

        `personal`: follow loadings too, at 30 µs a vote.
        """
        user_filters = UserFilters(explicit_mf.loadings.shape[1]) if personal else None
        bases, evidence, loadings = (
            explicit_mf.base.copy(),
            explicit_mf.evidence.copy(),
            explicit_mf.loadings.copy(),
        )
        return cls(explicit_mf, rated, bases, evidence, loadings, user_filters)

    @classmethod
    def of_model(cls, model: Model) -> LikeRates | None:
        """Begin with a model's; None where it has none. No loading moves unless taste is used."""
        score_model = model.score_model
        personal = (
            bool(score_model.personal_rating) or not score_model.priors
        )  # or the score model is still to be learned
        return (
            None if model.explicit_mf is None else cls.of(model.explicit_mf, model.rated, personal)
        )

    def grow(self, extra: int) -> None:
        """Make room for more rows, of items that nobody has voted on."""
        explicit_mf = self.explicit_mf
        self.bases = np.pad(self.bases, (0, extra), constant_values=explicit_mf.new_item_base)
        self.evidence = np.pad(self.evidence, (0, extra))
        self.loadings = np.pad(self.loadings, ((0, extra), (0, 0)))
        self.loadings[-extra:, 0] = explicit_mf.config.agree

    def follow(self, row: int, weight: float, actor: str | None = None) -> None:
        """Let an item learn from one vote; older votes fade. None: somebody unknown voted."""
        if not weight:
            return
        ratings, trust = explicit_ratings(np.array([weight], np.float32), self.rated)
        rating, precision = float(ratings[0]), float(trust[0]) / self.explicit_mf.config.noise
        if self.user_filters is not None and actor is not None:
            rating -= self._placed(row, rating - float(self.bases[row]), precision, actor)
        evidence = self.explicit_mf.config.keep * float(self.evidence[row]) + precision
        step = precision / (evidence + self.explicit_mf.config.tau_base)
        self.evidence[row] = evidence
        self.bases[row] += step * (rating - float(self.bases[row]))

    def unfollow(self, row: int, weight: float) -> None:
        """Let an item forget one vote that was followed: exactly, where it was the latest one.

        What it moved of the loadings, little beside the base, stays until the night.
        """
        ratings, trust = explicit_ratings(np.array([weight], np.float32), self.rated)
        precision = float(trust[0]) / self.explicit_mf.config.noise
        evidence = float(self.evidence[row])
        step = precision / (evidence + self.explicit_mf.config.tau_base)
        base = float(self.bases[row])
        self.bases[row] = (base - step * float(ratings[0])) / (1.0 - step)
        self.evidence[row] = max(evidence - precision, 0.0) / self.explicit_mf.config.keep

    def _placed(self, row: int, surplus: float, precision: float, actor: str) -> float:
        """Move an item's loadings; return what of the surplus is the voter's own taste."""
        assert self.user_filters is not None
        loading = self.loadings[row].astype(np.float64)
        reader = self.user_filters.before(actor, loading, surplus, precision)
        along = reader / (self.explicit_mf.config.tau + float(self.evidence[row]))
        along[0] = 0.0
        missed = surplus - loading @ reader
        loading += along * (precision * missed / (1 + precision * (reader @ along)))
        self.loadings[row] = loading
        return float(loading @ reader)

    def move(self, before: int, row: int) -> None:
        """Give the votes on one row to another."""
        for ratings in (self.bases, self.evidence, self.loadings):
            ratings[row] = ratings[before]
        self.evidence[before] = 0.0
