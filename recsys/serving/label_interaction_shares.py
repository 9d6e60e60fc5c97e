"""Share of all positive interactions per category and author, as of a model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.serving.catalogue import Array, Catalogue

SHARED = ("category", "author")  # labels of which an item has one at most


def label_uptake(catalogue: Catalogue, counters: Mapping[str, Array]) -> dict[str, Floats]:
    """Return the smoothed share of uptake by code, per name of `SHARED`, (codes + 1,).

    One uptake is added to each code; the last entry is that of codes which are newer than the
    model. `counters`: those of the model, as `PopularityCounters.arrays` saves them.
    """
    level = counters["level"][-1] if "level" in counters else np.zeros((0,))
    taken: NDArray[np.float64] = np.zeros(len(catalogue))
    known = min(len(level), len(taken))
    taken[:known] = np.exp2(level[:known])
    found = {}
    for name in SHARED:
        codes, size = catalogue.labels[name], len(catalogue.names[name])
        total = np.bincount(codes + 1, taken, size + 1)[1:] + 1.0
        shares = np.append(total, 1.0) / (total.sum() + 1.0)
        found[name] = shares.astype(np.float32)
    return found
