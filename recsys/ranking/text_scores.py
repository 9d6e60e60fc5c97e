"""Text scores: text vectors of rows and their inner products, also for items newer than the
model.
"""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.index.exact import top_k
from recsys.serving.live_state import LiveState

BLOCK = 1_024  # vectors looked at together


def has_texts(words: Floats) -> bool:
    """Return whether any text vector is not zero; a look at the first ones usually tells."""
    return any(words[at : at + BLOCK].any() for at in range(0, len(words), BLOCK))


def text_vectors(live: LiveState, rows: Rows) -> Floats:
    """Return the text vectors of rows, (rows, t)."""
    return gather(live.model.words, live.posted_vectors.words, rows)


def text_scores(live: LiveState, vector: Floats, rows: Rows | None = None) -> Floats:
    """Return the products of a vector with the text vectors of rows, or of all there are."""
    if rows is not None:
        return text_vectors(live, rows) @ vector
    base, size = len(live.model), live.size
    return np.concatenate(
        [live.model.words @ vector, live.posted_vectors.words[: size - base] @ vector]
    )


def near_words(live: LiveState, vector: Floats, k: int) -> Floats:
    """Return the likeness of words of every row; zero past the `k` nearest where an index knows."""
    if live.model.index is None:
        return text_scores(live, vector)
    size, base = live.size, len(live.model)
    scores = np.zeros(size, np.float32)
    rows, values = live.model.index.search(vector[None], k)
    scores[rows[rows >= 0]] = values[rows >= 0]
    scores[base:] = live.posted_vectors.words[: size - base] @ vector
    return scores


def nearest_texts(live: LiveState, vector: Floats, k: int) -> Rows:
    """Return the `k` rows whose text vectors have the largest products with a vector, best first.

    Fewer where there are fewer; of the model's rows those that its index finds, if it has one.
    """
    if live.model.index is None:
        best: Rows = top_k(text_scores(live, vector)[None, : live.size], k)[0][0]
        return best
    base, size = len(live.model), live.size
    near, values = live.model.index.search(vector[None], k)
    later = live.posted_vectors.words[: size - base] @ vector
    rows = np.concatenate([near[0], np.arange(base, size, dtype=np.int32)])
    order = np.argsort(-np.concatenate([values[0], later]), kind="stable")[:k]
    return np.asarray(rows[order][rows[order] >= 0], np.int32)


def gather(base: Floats, new: Floats, rows: Rows) -> Floats:
    """Return rows of two arrays as if they were one, (rows, d); `new` follows `base`."""
    if not len(rows) or rows.max() < len(base):
        return np.asarray(base[rows], np.float32)
    found = np.empty((len(rows), base.shape[1]), np.float32)
    known = rows < len(base)
    found[known] = base[rows[known]]
    found[~known] = new[rows[~known] - len(base)]
    return found
