"""Shares: the exact split of personal scores over the history."""

from __future__ import annotations

import numpy as np

from recsys.arrays import Floats, Rows
from recsys.ranking.scoring import Profile, loadings_of, outputs_of, pointed_scores, words_of
from recsys.state.blend import Blend
from recsys.state.live import LiveState


def splits(live: LiveState, profile: Profile, blend: Blend, rows: Rows) -> Floats:
    """Return what each history entry gives to the personal scores of some rows, (n, rows).

    What the blend makes of the neighbours' pointing at a row is shared in proportion to the parts
    that speak for it, evenly where none does. `rows`: distinct.
    """
    shares = profile.word_parts @ words_of(live, rows).T
    if blend.uses("behaviour"):
        shares = shares + profile.behaviour_parts @ outputs_of(live, rows).T
    if profile.taste_parts.shape[1]:
        shares = shares + profile.taste_parts @ loadings_of(live, rows).T
    if not blend.uses("neighbours"):
        return np.asarray(shares, np.float32)
    speaking = np.maximum(neighbour_parts(live, profile, rows), 0)
    speaking[:, ~speaking.any(axis=0)] = 1.0
    total = np.maximum(speaking.sum(axis=0), np.float32(1e-30))
    given = pointed_scores(live, profile, blend, rows)
    return np.asarray(shares + speaking / total * given, np.float32)


def neighbour_parts(live: LiveState, profile: Profile, rows: Rows) -> Floats:
    """Return what each history entry gives to the neighbours' sums of distinct rows, (n, rows)."""
    parts, model = np.zeros((len(profile.history), len(rows)), np.float32), live.model
    if profile.reach is None:
        return parts
    older = {new: old for old, new in live.versions.items()}
    targets = np.array([older.get(row, row) for row in rows.tolist()], np.int32)
    standing, known = profile.stand_ins, targets < len(model)
    given = np.zeros((len(standing.rows), len(rows)), np.float32)
    given[:, known] = profile.reach.weights(targets[known])
    if model.reader_inputs is not None and not known.all():
        vectors = live.new_readers[targets[~known] - len(model)]
        given[:, ~known] = model.reader_inputs[standing.rows].astype(np.float32) @ vectors.T
    np.add.at(parts, standing.entries, given * profile.stand_in_weights[:, None])
    return parts
