"""Queries of a joined index: what a history asks of behaviour and text, taste by taste."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.index.joined_index import tastes
from recsys.models.item_factors import Factors
from recsys.ranking.terms.factors import UserFactors
from recsys.ranking.terms.text import UserText
from recsys.ranking.user_term_scores import UserTerms
from recsys.serving.score_model import ScoreModel


def history_queries(
    learned: UserTerms, factors: Factors, query_text: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return behaviour (q, d) and text (q, t) of the tastes of a history, as its score weighs them.

    Without a history one query. `factors`: of the index. `query_text`: (t,), added to every text,
    such as the vector of search words.
    """
    behaviour, text = _behaviour(learned, factors), _text(learned)
    whole = np.concatenate([behaviour, text], axis=1)
    labels = tastes(whole)
    sums = np.zeros((int(labels.max(initial=0)) + 1, whole.shape[1]), np.float32)
    np.add.at(sums, labels, whole)
    width = behaviour.shape[1]
    words = sums[:, width:]
    return sums[:, :width], words if query_text is None else words + query_text


def text_of_history(learned: UserTerms) -> Floats:
    """Return what the history adds to the text vector of a score, (t,)."""
    return np.asarray(_text(learned).sum(axis=0), np.float32)


def neighbour_slope(score_model: ScoreModel) -> float:
    """Return what a small neighbour sum adds to a score, per unit; the lift grows as fast."""
    curves = sum(curve.weight / curve.scale for curve in score_model.curves)
    return float(curves + score_model.lift)


def _behaviour(learned: UserTerms, factors: Factors) -> Floats:
    bound = learned.terms.get("factors")
    if isinstance(bound, UserFactors):
        return bound.parts
    neighbours, rows = learned.neighbours, learned.history.rows
    parts = np.zeros((len(rows), factors.inputs.shape[1]), np.float32)
    if neighbours.scores_rows:
        known = rows < len(factors.inputs)
        slope = np.float32(neighbour_slope(neighbours.score_model))
        parts[known] = factors.parts(rows[known], slope * neighbours.weights[known])
    return parts


def _text(learned: UserTerms) -> Floats:
    bound: object = learned.terms.get("words")
    if isinstance(bound, UserText) and bound.used:
        return np.asarray(bound.vectors * bound.weights[:, None], np.float32)
    return np.zeros((len(learned.history), learned.live.model.words.shape[1]), np.float32)


def proposed_rows(learned: UserTerms, words: Floats, k: int) -> Rows:
    """Return the rows that the model's joined index proposes, ascending, `k` by each taste at most.

    `words`: (t,), the text vector of the whole score, search words included.
    """
    joined = learned.live.model.joined
    if joined is None:
        return np.zeros(0, np.int32)
    query_text = words - text_of_history(learned)
    rows = joined.index.search(*history_queries(learned, joined.factors, query_text), k)[0]
    return np.unique(rows[rows >= 0]).astype(np.int32)
