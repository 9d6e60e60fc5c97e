"""Prior weights for the terms of follows that a score model does not use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.ranking.terms.registry import social_terms
from recsys.ranking.terms.social import PRIORS, SHORT
from recsys.serving.score_model import ScoreModel
from recsys.tuning.choice_sets import ChoiceSets
from recsys.tuning.validation_splits import TESTABLE


def with_social_priors(
    score_model: ScoreModel, choice_sets: ChoiceSets | None, spread: float = 1.0
) -> ScoreModel:
    """Return the score model with weights for the terms of follows that it does not use.

    0 where a term was refused on `TESTABLE` users or more whom it concerned; elsewhere the prior.
    `choice_sets`: that the terms were tried on; None: the search ended before them.
    `spread`: of the scores.
    """
    linear = dict(score_model.linear)
    for term in social_terms():
        if term.name in linear:
            continue
        values = None if choice_sets is None else choice_sets.columns.get(term.column())
        tested = 0
        if values is not None and choice_sets is not None:
            tested = len(np.unique(choice_sets.user[values.any(axis=1)]))
        for name in (term.name, term.name + SHORT):
            if tested >= TESTABLE:
                linear[name] = 0.0
            elif name in PRIORS:
                linear[name] = PRIORS[name] * spread
    return replace(score_model, linear=linear)
