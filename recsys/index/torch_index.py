"""Exact search in blocks by torch, on a GPU or a CPU; not used in the API.

The way of a GPU machine without FAISS for it, and of nights that rank a whole catalogue for many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from recsys.array_types import Floats, Rows

SHARE = 0.25  # of the free memory of a GPU that the scores of one block may take
CPU_SCORES = 64_000_000  # scores held at once on a CPU, a quarter of a gigabyte


@dataclass(frozen=True, slots=True)
class TorchIndex:
    """Vectors on a device. Scores are float32 inner products, whatever the vectors' own type."""

    vectors: torch.Tensor  # (n, d), float32 or a half type
    block: int = 0  # vectors compared at once; 0: as many as memory allows

    @classmethod
    def of(cls, vectors: Floats, device: str, block: int = 0) -> TorchIndex:
        """Put vectors on a device."""
        return cls(torch.from_numpy(np.array(vectors, np.float32)).to(device), block)

    def __len__(self) -> int:
        return len(self.vectors)

    def search(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        """Return rows and scores, (q, min(k, n)) each, best first; ties by row.

        Out of memory, the blocks halve.
        """
        k = min(k, len(self))
        if not k or not len(queries):
            return np.zeros((len(queries), k), np.int32), np.zeros((len(queries), k), np.float32)
        query_block = torch.from_numpy(np.array(queries, np.float32)).to(self.vectors.device)
        block = self.block or self._room(len(queries))
        while True:
            try:
                return self._search(query_block, k, block)
            except torch.OutOfMemoryError:
                torch.cuda.empty_cache()
                if block <= k:
                    raise
                block = max(k, block // 2)

    def _room(self, queries: int) -> int:
        if self.vectors.is_cuda:
            free = torch.cuda.mem_get_info(self.vectors.device)[0]
            return max(1, int(SHARE * free / (4 * queries)))
        return max(1, CPU_SCORES // queries)

    def _search(self, queries: torch.Tensor, k: int, block: int) -> tuple[Rows, Floats]:
        values = torch.full((len(queries), 0), 0.0, device=queries.device)
        rows = torch.zeros((len(queries), 0), dtype=torch.int64, device=queries.device)
        for start in range(0, len(self), block):
            part = self.vectors[start : start + block]
            scores = queries @ part.float().T
            best, at = scores.topk(min(k, len(part)), dim=1, sorted=False)
            values, rows = torch.cat([values, best], 1), torch.cat([rows, at + start], 1)
            if values.shape[1] > k:
                values, at = values.topk(k, dim=1, sorted=False)
                rows = rows.gather(1, at)
        found, scores_ = rows.cpu().numpy().astype(np.int32), values.cpu().numpy()
        order = np.lexsort((found, -scores_), axis=1)
        return (
            np.take_along_axis(found, order, axis=1),
            np.take_along_axis(scores_, order, axis=1).astype(np.float32),
        )
