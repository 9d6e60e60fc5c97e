"""Rows of item-to-item weights as work of a runner: histories are sent to the stripes of rows that
they touch.

A stripe is a run of consecutive blocks of the plan. Its rows are computed by the same function as
in one process, `recsys.models.block_plan.rows_of_blocks`, from the same histories in the same
order, so that sums are rounded alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Rows
from recsys.block_runner_protocol import Arrays, BlockRunner
from recsys.models.block_plan import BlockPlan, rows_of_blocks
from recsys.models.item_to_item_weights_blockwise import IdealFilter

PART_ITEMS = 2_000_000  # of the histories of a part of the input
ITEM_BYTES = 4  # of an item of a history
_IDEAL = ("directions", "lengths", "gain", "lift")
_PLAN = ("items", "starts", "pairs", "heads")


@dataclass(frozen=True, slots=True)
class Ready:
    """What every stripe needs."""

    plan: BlockPlan
    ideal: IdealFilter
    stripes: NDArray[np.int64]  # (stripes + 1,): blocks of stripe s are stripes[s]:stripes[s + 1]


@dataclass(frozen=True, slots=True)
class BlockRowWork:
    """The numbers of a plan; its arrays are shared."""

    keep: int
    item_users: int
    best_heads: int
    name: str = "rows"

    def prepare(self, shared: Arrays) -> Ready:
        """Return plan and filter over the shared arrays."""
        plan = BlockPlan(
            **{name: shared[name] for name in _PLAN},
            keep=self.keep,
            item_users=self.item_users,
            best_heads=self.best_heads,
        )
        return Ready(plan, IdealFilter(*(shared[name] for name in _IDEAL)), shared["stripes"])

    def spread(self, part: Arrays, ready: Ready) -> Iterator[tuple[int, Arrays]]:
        """Yield for each stripe the histories that have an item of it."""
        counts, items = part["counts"].astype(np.int64), part["items"]
        user = np.repeat(np.arange(len(counts)), counts)
        rows = ready.plan.starts[ready.stripes]
        stripe = np.searchsorted(rows, items, side="right") - 1
        ends = np.concatenate([[0], np.cumsum(counts)])
        pairs = np.unique(stripe * len(counts) + user)
        stripe, user = np.divmod(pairs, len(counts))
        for one in np.unique(stripe).tolist():
            own = user[stripe == one]
            yield one, encoded(own + part["first"], counts[own], _taken(items, ends, own))

    def compute(self, block: int, parts: Sequence[Arrays], ready: Ready) -> dict[str, Any]:
        """Return the rows of a stripe: counts of each, columns and weights."""
        plan = ready.plan
        blocks = range(int(ready.stripes[block]), int(ready.stripes[block + 1]))
        low, high = plan.starts[blocks.start], plan.starts[blocks.stop]
        if not parts:
            none = np.zeros(0, np.int32)
            counts = np.zeros(int(high - low), np.int32)
            return {"counts": counts, "columns": none, "weights": none.astype(np.float32)}
        users, counts, items = (
            np.concatenate(own) for own in zip(*map(decoded, parts), strict=True)
        )
        ends = np.concatenate([[0], np.cumsum(counts)])
        shape = (len(users), len(plan.items))
        ones = np.ones(len(items), np.float32)
        histories = sparse.csr_array((ones, items, ends), shape=shape)
        found = rows_of_blocks(histories, plan, ready.ideal, blocks, users)
        return {
            "counts": np.concatenate([np.diff(one.indptr) for one in found]).astype(np.int32),
            "columns": np.concatenate([one.indices for one in found]).astype(np.int32),
            "weights": np.concatenate([one.data for one in found]),
        }


def distributed_rows(
    runner: BlockRunner, histories: sparse.csr_array, plan: BlockPlan, ideal: IdealFilter
) -> list[sparse.csr_array]:
    """Return the rows of all blocks, computed by a runner, as `rows_of_blocks` does."""
    n_items, histories = len(plan.items), histories.sorted_indices()
    # a history reaches each stripe once at most, and as many as it has items
    lengths = np.diff(histories.indptr).astype(np.float64)
    most = float((lengths**2).sum()) * ITEM_BYTES
    stripes = stripes_of(plan, runner.blocks_for(most))
    shared = {name: getattr(plan, name) for name in _PLAN} | {"stripes": stripes}
    shared |= {name: getattr(ideal, name) for name in _IDEAL}
    work = BlockRowWork(plan.keep, plan.item_users, plan.best_heads)
    found = []
    for one in runner.run(work, history_parts(histories), shared, len(stripes) - 1):
        ends = np.concatenate([[0], np.cumsum(one["counts"], dtype=np.int64)])
        shape = (len(one["counts"]), n_items)
        found.append(sparse.csr_array((one["weights"], one["columns"], ends), shape=shape))
    return found


def stripes_of(plan: BlockPlan, most: int) -> NDArray[np.int64]:
    """Return where stripes of about equally many pairs begin, in blocks, and the number of blocks.

    (stripes + 1,); at most `most` stripes.
    """
    blocks = len(plan.starts) - 1
    before = np.concatenate([[0], np.cumsum(plan.pairs + 1)])[plan.starts]
    cuts = before[-1] * np.arange(1, max(most, 1)) / max(most, 1)
    places = np.searchsorted(before, cuts, side="left")
    return np.unique(np.concatenate([[0], places, [blocks]])).astype(np.int64)


def history_parts(histories: sparse.csr_array) -> Iterator[Arrays]:
    """Yield the histories of users × items in runs of users, with the number of the first."""
    ends = histories.indptr.astype(np.int64)
    first, users = 0, histories.shape[0]
    while first < users:
        end = int(np.searchsorted(ends, ends[first] + PART_ITEMS, side="right")) - 1
        end = min(max(end, first + 1), users)
        own = slice(int(ends[first]), int(ends[end]))
        yield {
            "first": np.array([first]),
            "counts": np.diff(ends[first : end + 1]).astype(np.int32),
            "items": histories.indices[own].astype(np.int32, copy=False),
        }
        first = end


def encoded(users: NDArray[np.int64], counts: NDArray[np.int64], items: Rows) -> Arrays:
    """Return histories in a form that compresses well: differences, and their bytes by place.

    `items`: of one user after the other, ascending within each.
    """
    starts = (np.cumsum(counts) - counts)[counts > 0]
    steps = np.diff(items, prepend=np.int32(0))
    steps[starts] = items[starts]
    return {
        "users": _planes(np.diff(users, prepend=0).astype(np.int32)),
        "counts": _planes(counts.astype(np.int32)),
        "items": _planes(steps.astype(np.int32)),
    }


def decoded(part: Arrays) -> tuple[NDArray[np.int64], NDArray[np.int64], Rows]:
    """Return users, the lengths of their histories and all items, from `encoded`."""
    users = np.cumsum(_joined(part["users"]), dtype=np.int64)
    counts = _joined(part["counts"]).astype(np.int64)
    sums = np.cumsum(_joined(part["items"]), dtype=np.int64)
    before = np.concatenate([[0], sums])[np.cumsum(counts) - counts]
    return users, counts, (sums - np.repeat(before, counts)).astype(np.int32)


def _planes(numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(numbers.view(np.uint8).reshape(-1, 4).T)


def _joined(planes: NDArray[np.uint8]) -> NDArray[np.int32]:
    return np.ascontiguousarray(planes.T).view(np.int32).ravel()


def _taken(items: Rows, ends: NDArray[np.int64], rows: NDArray[np.int64]) -> Rows:
    """Return the items of some rows, one after the other."""
    counts = ends[rows + 1] - ends[rows]
    start = np.repeat(ends[rows] - (np.cumsum(counts) - counts), counts)
    return items[start + np.arange(int(counts.sum()))]
