"""HistoryProxies: items of the model in place of history items that are newer than the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.serving.live_state import LiveState

N_PROXIES = 5  # known items that stand for a new one in a history
MIN_COSINE = 0.3  # cosine of words below which nothing stands for it


@dataclass(frozen=True, slots=True)
class HistoryProxies:
    """Rows of the model in place of history entries: themselves, or what an unknown one is like."""

    rows: Rows  # (m,)
    weights: Floats  # (m,): what part of its entry each stands for
    entries: Rows  # (m,): the place in the history


def stand_ins(live: LiveState, rows: Rows) -> HistoryProxies:
    """Return the model's rows for a history; an item newer than the model is read by its words.

    A new version stands for its old row. Any other new item is stood for by the model's items
    with the nearest words, in proportion to their likeness; without words, by none.
    """
    base = len(live.model)
    if not len(rows) or rows.max() < base:
        return HistoryProxies(
            rows, np.ones(len(rows), np.float32), np.arange(len(rows), dtype=np.int32)
        )
    known = {new: old for old, new in live.versions.items()}
    found: list[tuple[int, float, int]] = []
    for entry, row in enumerate(rows.tolist()):
        row = known.get(row, row)
        if row < base:
            found.append((row, 1.0, entry))
        else:
            found += [(near, share, entry) for near, share in _nearest(live, row - base)]
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    return HistoryProxies(
        np.array(columns[0], np.int32),
        np.array(columns[1], np.float32),
        np.array(columns[2], np.int32),
    )


def _nearest(live: LiveState, place: int) -> list[tuple[int, float]]:
    vector = live.posted_vectors.words[place]
    if not vector.any():
        return []
    likeness = live.model.words @ vector
    best = np.argpartition(-likeness, min(N_PROXIES, len(likeness) - 1))[:N_PROXIES]
    best = best[likeness[best] > MIN_COSINE]
    return [(int(row), float(likeness[row] / likeness[best].sum())) for row in best]
