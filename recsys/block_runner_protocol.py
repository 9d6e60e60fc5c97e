"""BlockRunner: where work that falls into independent blocks is computed, here or elsewhere.

A night's co-occurrence rows, histories, counters and text vectors are pure functions of arrays. By
default they are called in this process. Inside `using(runner)` a runner calls the same functions in
other processes and returns equal arrays, so, like the number of threads (`recsys.thread_pool`), it
is no parameter of what is fitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class BlockWork(Protocol):
    """Pure functions of one kind of work: parts of the input are spread over blocks of the result.

    Instances are pickled, and their class is imported where the work is done.
    """

    @property
    def name(self) -> str:
        """Name in messages and files: rows."""

    def prepare(self, shared: Arrays) -> Any:
        """Return what every part and block needs, made once per process.

        `shared`: read-only arrays.
        """

    def spread(self, part: Arrays, ready: Any) -> Iterator[tuple[int, Arrays]]:
        """Yield (block, arrays) for each block that needs something of a part of the input."""

    def compute(self, block: int, parts: Sequence[Arrays], ready: Any) -> dict[str, NDArray[Any]]:
        """Return a block of the result from what the parts gave to it, in the order of the parts.

        `parts` is empty for a block that no part gave anything to.
        """


class BlockRunner(Protocol):
    """Computes blocks somewhere else."""

    @property
    def name(self) -> str:
        """As a record of the night has it: spark local[2], PySpark 4.3.0."""

    def pays(self, cost: float) -> bool:
        """Return whether work of so many CPU seconds here is worth the way to the runner."""

    def blocks_for(self, n_bytes: float) -> int:
        """Return a number of blocks that keeps all processes busy and each block in memory.

        `n_bytes`: of what all blocks are made from together.
        """

    def run(
        self,
        work: BlockWork,
        parts: Iterable[Arrays],
        shared: Arrays,
        blocks: int | None = None,
    ) -> Iterator[dict[str, NDArray[Any]]]:
        """Yield the arrays of each block, in order.

        `blocks`: how many there are; None: each part is a block of its own and is not spread.
        """


_CURRENT: ContextVar[BlockRunner | None] = ContextVar("block_runner", default=None)


def runner_for(cost: float) -> BlockRunner | None:
    """Return the runner for work of so many CPU seconds; None: it is done in this process."""
    runner = _CURRENT.get()
    return runner if runner is not None and runner.pays(cost) else None


@contextmanager
def using(runner: BlockRunner | None) -> Iterator[None]:
    """Let a runner do the work of this block of code; None: this process does it."""
    token = _CURRENT.set(runner)
    try:
        yield
    finally:
        _CURRENT.reset(token)
