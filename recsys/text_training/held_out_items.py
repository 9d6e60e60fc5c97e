"""HeldOut: items excluded from fine-tuning, with their users, by which an encoder is evaluated.

The same items are held out every night, so that yesterday's encoder and tonight's are evaluated on
the same texts, from whose users neither has learned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Mask, Rows
from recsys.data.dataset import Dataset
from recsys.ranking_metrics import Positives, ndcg, score_ranks
from recsys.text.finetuning.history_batches import latest_last

SHARE = 0.1  # of the items
LATEST = 10  # items of a history that a question starts from
DECAY = 0.9  # per step back in a history
AT = 20  # depth of nDCG
BLOCK = 512  # users whose scores are held at once

Embed = Callable[[NDArray[np.int64]], Floats]  # item rows to unit vectors


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Training and validation parts."""

    matrix: sparse.csr_array  # users × items without the held-out items, oldest first
    profile: sparse.csr_array  # (users, n_items): the latest of what a user took up
    candidates: Rows  # the held-out items that somebody took up
    positives: Positives  # places among the candidates, one list per user

    @classmethod
    def of(cls, data: Dataset, readable: Mask, users: int, seed: int) -> HeldOut:
        """Cut a data set; `readable` (n_items,) are the items with words, `users` asked at most.

        Unreadable items are in neither part.
        """
        use = (data.weight > 0) & readable[data.item]
        shape = (len(data.users), len(data.items))
        out = is_held_out(data.items)
        return cls.cut(data.user[use], data.item[use], shape, out, users, seed)

    @classmethod
    def cut(
        cls, user: Rows, item: Rows, shape: tuple[int, int], out: Mask, users: int, seed: int
    ) -> HeldOut:
        """Cut events, oldest first, at the items of a mask."""
        is_held_out_event = out[item]
        matrix = latest_last(user[~is_held_out_event], item[~is_held_out_event], shape)
        candidates = np.unique(item[is_held_out_event]).astype(np.int32)
        relevant = sparse.csr_array(
            (
                np.ones(is_held_out_event.sum(), bool),
                (user[is_held_out_event], item[is_held_out_event]),
            ),
            shape,
        )
        able = np.flatnonzero((np.diff(relevant.indptr) > 0) & (np.diff(matrix.indptr) > 0))
        if len(able) > users:
            able = np.sort(np.random.default_rng(seed).choice(able, users, replace=False))
        lists = [
            np.searchsorted(candidates, np.sort(relevant.indices[start:stop])).tolist()
            for start, stop in zip(relevant.indptr[able], relevant.indptr[able + 1], strict=True)
        ]
        return cls(matrix, _profile(matrix, able), candidates, Positives.from_lists(lists))

    def __len__(self) -> int:
        return len(self.positives)

    def ndcg(self, embed: Embed) -> float:
        """Return nDCG@20 over the held-out items, ranked by likeness to a user's history."""
        read = np.unique(self.profile.indices).astype(np.int64)
        inputs, outputs = embed(read), embed(self.candidates.astype(np.int64))
        profile = self.profile[:, read]
        found = []
        for start in range(0, len(self), BLOCK):
            part = self.positives.part(start, min(start + BLOCK, len(self)))
            scores = (profile[start : start + BLOCK] @ inputs) @ outputs.T
            found.append(ndcg(score_ranks(scores, part, AT), part, AT))
        return float(np.concatenate(found).mean()) if found else 0.0


def is_held_out(ids: Iterable[str], share: float = SHARE) -> Mask:
    """Say for each item id whether it is held out: by its own hash, so the same every night."""
    limit = round(share * 2**32)
    return np.array([_number(text) < limit for text in ids], bool)


def _number(text: str) -> int:
    raw = f"held out:{text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(raw).digest()[:4])


def _profile(matrix: sparse.csr_array, users: NDArray[np.int64]) -> sparse.csr_array:
    """Return the latest items of some users, the very last weighing 1."""
    rows = matrix[users]
    back = np.repeat(rows.indptr[1:], np.diff(rows.indptr)) - 1 - np.arange(len(rows.indices))
    rows.data = np.where(back < LATEST, DECAY**back, 0).astype(np.float32)
    rows.eliminate_zeros()
    return rows
