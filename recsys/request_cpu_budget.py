"""CPU limit of a request: CPU time that its work may take, checked between parts of the work.

The thread that answers a request sets the budget; code below calls `check` between the items of a
bulk and between the stages of a list. Only CPU time of that thread counts, so that waiting for the
store, for a lock or for another process costs nothing. Where no budget is set, nothing is checked.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from recsys.errors import CpuLimit

SETTING = "RECSYS_REQUEST_CPU_SECONDS"


class _Budget(threading.local):
    """The budget of a thread; each thread starts without one."""

    seconds = 0.0  # as it was set; 0: no budget
    end = math.inf  # CPU time of the thread at which it is used up


_budget = _Budget()


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Give the work inside, on this thread, so much CPU time; 0: no limit."""
    before = _budget.seconds, _budget.end
    _budget.seconds = seconds
    _budget.end = time.thread_time() + seconds if seconds > 0 else math.inf
    try:
        yield
    finally:
        _budget.seconds, _budget.end = before


@contextmanager
def shared_work() -> Iterator[None]:
    """Leave the work inside out of the budget: what is built once, for all later requests."""
    start = time.thread_time()
    try:
        yield
    finally:
        _budget.end += time.thread_time() - start


def check(part: str) -> None:
    """Raise CpuLimit when the budget is used up; `part`: the work that has just been done."""
    if _budget.end < math.inf and time.thread_time() > _budget.end:
        raise CpuLimit(
            f"the request took more than {_budget.seconds:g} s of CPU time ({SETTING}), up to:"
            f" {part}; send fewer or shorter records, or use simpler parameters"
        )


def left() -> float:
    """Return the CPU seconds that are left, 0 at least; infinite without a budget."""
    return max(_budget.end - time.thread_time(), 0.0)


def spend(seconds: float) -> None:
    """Count CPU time that another process has taken for this request."""
    if _budget.end < math.inf:
        _budget.end -= seconds
