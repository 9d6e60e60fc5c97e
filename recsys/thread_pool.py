"""Work over blocks of fixed size, several at a time; results do not depend on how many.

BLAS splits a product by the number of its threads and then rounds sums otherwise, so that scores
that are nearly equal may change places. Here the blocks are the same for any number of threads,
each block is computed by one thread (BLAS has one, see jobs/numeric_threads.py), and results are
returned in the order of the blocks. numpy releases the interpreter lock in products, sorts and
elementwise functions; scipy's LAPACK does not, and gains nothing here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = "OMP_NUM_THREADS"  # set by every command to the processors that it may use

Result = TypeVar("Result")


def threads() -> int:
    """Return how many blocks are worked on at once: OMP_NUM_THREADS, else all processors."""
    first = os.environ.get(THREADS, "").split(",")[0].strip()  # further ones are nested levels
    if first.isdigit() and int(first) > 0:
        return int(first)
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
    return len(allowed) or os.cpu_count() or 1


def over_blocks(work: Callable[[slice], Result], size: int, block: int) -> list[Result]:
    """Return `work(slice)` of each block of `block` rows out of `size`, in order.

    The last block may be shorter. Blocks may write to the same array where they do not overlap. The
    first exception of a block is raised.
    """
    blocks = [slice(start, min(start + block, size)) for start in range(0, size, block)]
    workers = min(threads(), len(blocks))
    if workers < 2:
        return [work(one) for one in blocks]
    with ThreadPoolExecutor(workers, "recsys-blocks") as pool:
        return list(pool.map(work, blocks))
