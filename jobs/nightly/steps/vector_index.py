"""Step: vector index for large catalogues, with its recall measured against exact search.

Up to `EXACT_UP_TO` items every vector is compared, which takes a few milliseconds and misses none.
"""

from __future__ import annotations

import shutil
from importlib.metadata import version as code_version
from pathlib import Path

import numpy as np

from recsys.array_types import Floats
from recsys.bundle import RawBundle
from recsys.index.faiss_index import EXACT_UP_TO, cell_count, cell_index, has_faiss
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


def kept_index(before: RawBundle | None, words: Floats, out: Path, seed: int) -> Detail | None:
    """Copy the index of the bundle in service where it would be built the same; None where not.

    That is where vectors, seed, number of cells and version of the code are the same.
    """
    if before is None or INDEX not in before.manifest["files"]:
        return None
    manifest = before.manifest
    found: Detail = dict(manifest.get("index", {}))
    made_with = found.get("cells"), manifest.get("seed"), manifest.get("code_version")
    if made_with != (cell_count(len(words)), seed, code_version("recsys")):
        return None
    if not np.array_equal(before.arrays["words"], words):
        return None
    shutil.copyfile(before.path(INDEX), out / INDEX)
    return {**found, "kept": True}


def index_blobs(folder: Path) -> dict[str, bytes]:
    """Return the index that a step left in its folder, as a bundle takes it."""
    path = folder / INDEX
    return {INDEX: path.read_bytes()} if path.exists() else {}
