"""Matching: whether a query and an item are near enough for a person to agree."""

from __future__ import annotations

import numpy as np

from recsys.arrays import Mask, Rows
from recsys.ranking import scoring
from recsys.state.live import LiveState

# Cosine from which a query and an item are told to match. The tenth nearest item of queries that
# people would ask stood at .35 to .77 on three catalogues, 2026-11-29 (see RESULTS).
MATCH = 0.35


def search_matches(live: LiveState, query: str, rows: Rows) -> Mask:
    """Return whether the words of rows match a query: by its known words, at MATCH or more."""
    student = live.model.student
    if student is None:
        return np.zeros(len(rows), bool)
    vector = student.encode_known(query)
    return np.asarray(scoring.text_vectors(live, rows) @ vector >= MATCH, bool)
