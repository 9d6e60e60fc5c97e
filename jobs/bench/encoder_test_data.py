"""Test data of the encoder benchmarks: texts, the users of each text, and queries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Mask, Rows
from recsys.data.event_tables import EventTable
from recsys.data.item_and_event_readers import load_events, load_items
from recsys.ranking_metrics import Positives, ndcg, recall, score_ranks
from recsys.text.clean import document
from recsys.tuning.held_out_event_masks import cold_items
from recsys.tuning.validation_splits import last_of_each_user

DECAY = 0.9  # per step back in a history


@dataclass(frozen=True, slots=True)
class World:
    """Texts, and who took them up."""

    texts: list[str]
    events: EventTable
    item: Rows  # (n_events,): rows of `texts`
    disliked: tuple[Rows, Rows]  # user and item rows of dislikes, where likes alone were kept

    @classmethod
    def load(cls, items: Path, events: Path, category: str = "", liked: bool = False) -> World:
        """Read files in the project's format; keep one category, or likes alone, where
        requested.
        """
        table, read = load_items(items), load_events(events)
        item = table.ids.rows(read.items)[read.item]
        kept = item >= 0
        if category:
            kept &= np.array(table.category, object)[item] == category
        kinds = np.array(read.kinds, object)[read.kind]
        against = kept & (kinds == "dislike") & liked
        if liked:
            kept &= kinds == "like"
        parts = zip(table.title, table.text, table.tags, table.category, strict=True)
        texts = [document(*part) if category in ("", part[-1]) else "" for part in parts]
        disliked = read.user[against], item[against]
        return cls(texts, read.select(kept), item[kept], disliked)


@dataclass(frozen=True, slots=True)
class Question:
    """Training events, users to ask for, and what they took up in the test."""

    user: Rows
    item: Rows
    shape: tuple[int, int]
    queried_users: NDArray[np.int64]
    candidates: Rows
    positives: Positives
    seen: bool  # whether a user's own items are among the candidates

    def profile(self) -> sparse.csr_array:
        """Return (n_asked, n_items): each history item's weight, the latest weighing 1."""
        order = np.argsort(self.user, kind="stable")
        user, item = self.user[order], self.item[order]
        ends = np.cumsum(np.bincount(user, minlength=self.shape[0]))
        back = ends[user] - 1 - np.arange(len(user))
        weight = (DECAY**back).astype(np.float32)
        return sparse.csr_array((weight, (user, item)), shape=self.shape)[self.queried_users]

    def measure(self, inputs: Floats, outputs: Floats) -> tuple[float, float]:
        """Return Recall@20 and nDCG@20 of input · output over histories."""
        profile = self.profile()
        found: list[NDArray[np.float64]] = []
        for start in range(0, len(self.queried_users), 1024):
            part = self.positives.part(start, min(start + 1024, len(self.queried_users)))
            scores = (profile[start : start + 1024] @ inputs) @ outputs[self.candidates].T
            if self.seen:
                scores[profile[start : start + 1024][:, self.candidates].nonzero()] = -np.inf
            ranks = score_ranks(scores, part, 20)
            found.append(np.stack([recall(ranks, part, 20), ndcg(ranks, part, 20)]))
        both = np.concatenate(found, axis=1).mean(axis=1)
        return float(both[0]), float(both[1])


def question(events: EventTable, n_items: int, item: Rows, protocol: str, seed: int) -> Question:
    """Cut the events as the protocol does; `item` are rows of the catalogue."""
    cold = cold_items(events, 0.2, seed)
    is_test: Mask = np.isin(events.item, cold) if protocol == "cold" else last_of_each_user(events)
    shape = (len(events.users), n_items)
    train, test = ~is_test, is_test
    history = np.bincount(events.user[train], minlength=shape[0]) > 0
    relevant: dict[int, set[int]] = {}
    for user, row in zip(events.user[test].tolist(), item[test].tolist(), strict=True):
        if history[user]:
            relevant.setdefault(user, set()).add(row)
    everything = np.unique(item[test]) if protocol == "cold" else np.arange(n_items)
    candidates = everything.astype(np.int32)
    lists = [np.searchsorted(candidates, sorted(rows)).tolist() for rows in relevant.values()]
    user_numbers = np.array(list(relevant), np.int64)
    return Question(
        events.user[train],
        item[train],
        shape,
        user_numbers,
        candidates,
        Positives.from_lists(lists),
        protocol == "warm",
    )
