"""Step: vector index for large catalogues, with its recall measured against exact search.

Up to `EXACT_UP_TO` items every vector is compared, which takes a few milliseconds and misses none.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recsys.array_types import Floats
from recsys.index.faiss_index import EXACT_UP_TO, cell_index, has_faiss
from recsys.index.vector_index import VectorIndex
from recsys.serving.model import INDEX

from ..step_runner import Detail


def build_index(
    words: Floats, out: Path, seed: int, exact_up_to: int = EXACT_UP_TO, device: str = "cpu"
) -> Detail:
    """Write an index of the word vectors if there are many; tell its kind and recall@20.

    On a GPU the truth that recall is measured against is found there.
    """
    known = int(np.any(words, axis=1).sum()) if words.shape[1] else 0
    if known <= exact_up_to:
        because = f"exact search, as for all catalogues of up to {exact_up_to:,} items"
        return {"kind": "exact", "recall": 1.0, "because": because}
    if not has_faiss():
        because = "exact search, as faiss is not installed (extra cpu or gpu)"
        return {"kind": "exact", "recall": 1.0, "because": because}
    exact: VectorIndex | None = None
    if device != "cpu":
        from recsys.index.torch_index import TorchIndex  # torch is an extra, and loads slowly

        exact = TorchIndex.of(words, device)
    index, recall = cell_index(words, seed, exact)
    index.write(out / INDEX)
    size = (out / INDEX).stat().st_size
    return {
        "kind": index.kind,
        "recall": recall,
        "cells": int(index.index.nlist),
        "probes": int(index.index.nprobe),
        "mb": size / 1e6,
    }


def index_blobs(folder: Path) -> dict[str, bytes]:
    """Return the index that a step left in its folder, as a bundle takes it."""
    path = folder / INDEX
    return {INDEX: path.read_bytes()} if path.exists() else {}
