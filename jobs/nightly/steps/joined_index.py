"""The night's joined index of behaviour factors and text vectors: candidates of large catalogues.

It is built where the score reads behaviour factors, which a request would otherwise compare one by
one, or wherever RECSYS_INDEX=joined requests it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recsys.array_types import Floats
from recsys.bundle import read_bundle, write_bundle
from recsys.index.faiss_index import EXACT_UP_TO, has_faiss
from recsys.index.joined_index import joined_index
from recsys.models.item_factors import Factors
from recsys.ranking.history import History
from recsys.ranking.joined_queries import history_queries
from recsys.ranking.user_term_scores import UserTerms
from recsys.serving.joined_candidate_index import JOINED, JoinedCandidateIndex
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.training.model_builder import TextVectors, known_interactions
from recsys.tuning.engine_catalogue import engine_named

from ..context import NightContext
from ..step_runner import Detail

DIRECTIONS = "directions 128"  # engine whose factors stand in where the score reads none
USERS = 200  # whose queries the recall of the index is measured with
NEWEST = 100  # items of a history that a query is made of
LEAST = 0.8  # recall below which an index that was not requested is not used


def build_joined(night: NightContext, out: Path, exact_up_to: int = EXACT_UP_TO) -> Detail:
    """Write the joined index if it is requested or lowers the cost; return its recall, or why
    not.
    """
    requested = night.settings.index == "joined"
    raw = read_bundle(night.folder / "fit")
    model = Model.from_raw(raw)
    reads = model.behaviour is not None and model.score_model.uses("behaviour")
    because = ""
    if not has_faiss():
        because = "faiss is not installed (extra cpu or gpu)"
    elif not requested and not reads:
        because = "the score has no behaviour factors, candidates come from item neighbours"
    elif not requested and len(model) <= exact_up_to:
        because = f"exact search, as for all catalogues of up to {exact_up_to:,} items"
    if because:
        write_bundle(out, {}, {}, {})
        return {"built": False, "because": because}
    factors = model.behaviour if reads and model.behaviour is not None else _directions(night)
    queries = _queries(night, model, factors)
    index, recall = joined_index(factors.outputs, model.words, queries, night.settings.seed)
    if recall < LEAST and not requested:
        write_bundle(out, {}, {}, {})
        because = (
            f"its recall of {recall:.3f} is below the minimum of {LEAST}, exact search is used"
        )
        return {"built": False, "because": because, "recall": recall}
    write_bundle(out, JoinedCandidateIndex(index, factors).arrays(of_score=reads), {}, {})
    index.write(out / JOINED)
    size = sum(path.stat().st_size for path in out.iterdir())
    return {
        "built": True,
        "recall": recall,
        "cells": int(index.index.nlist),
        "probes": int(index.index.nprobe),
        "mb": size / 1e6,
    }


def joined_blobs(folder: Path) -> dict[str, bytes]:
    """Return the index that a step left in its folder, as a bundle takes it."""
    path = folder / JOINED
    return {JOINED: path.read_bytes()} if path.exists() else {}


def _directions(night: NightContext) -> Factors:
    data = night.data
    known = known_interactions(data, TextVectors.none(len(data.items)))
    found = engine_named(DIRECTIONS).fit(known, night.settings.seed, night.device)
    assert isinstance(found, Factors)
    inputs, outputs = found.inputs.astype(np.float16), found.outputs.astype(np.float16)
    return Factors(inputs.astype(np.float32), outputs.astype(np.float32))  # as a bundle has them


def _queries(night: NightContext, model: Model, factors: Factors) -> tuple[Floats, Floats]:
    """Return what some users' histories ask, behaviour (q, d) and text (q, t)."""
    data, live = night.data, LiveState(model)
    order = np.argsort(data.user, kind="stable")  # of each user, oldest first
    ends = np.searchsorted(data.user[order], np.arange(len(data.users) + 1))
    some = np.flatnonzero(np.diff(ends))
    rng = np.random.default_rng(night.settings.seed)
    found = []
    for user in np.sort(rng.permutation(some)[:USERS]).tolist():
        own = order[ends[user] : ends[user + 1]][-NEWEST:]
        _, last = np.unique(data.item[own][::-1], return_index=True)
        kept = own[np.sort(len(own) - 1 - last)]  # an item once, by its last event
        times = data.time[kept] if data.timed else np.full(len(kept), np.nan)
        history = History(data.item[kept], data.weight[kept], times)
        found.append(history_queries(UserTerms.of(history, live), factors))
    behaviour = [one for one, _ in found] or [np.zeros((0, factors.inputs.shape[1]), np.float32)]
    words = [one for _, one in found] or [np.zeros((0, model.words.shape[1]), np.float32)]
    return np.concatenate(behaviour), np.concatenate(words)
