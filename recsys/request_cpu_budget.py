"""CPU limit of a request: CPU time that its work may take, checked between parts of the work.

The thread that answers a request sets the budget; code below calls `check` between the items of a
bulk and between the stages of a list. Only CPU time of that thread counts, so that waiting for the
store, for a lock or for another process costs nothing. Where no budget is set, nothing is checked.
A thread uses no more CPU time than time passes, so that the CPU clock, whose reading is a system
call, is read only when more time has passed than was left.
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
    sure = math.inf  # value of `time.perf_counter` until which it cannot be used up


_budget = _Budget()


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Give the work inside, on this thread, so much CPU time; 0: no limit."""
    before = _budget.seconds, _budget.end, _budget.sure
    _budget.seconds, _budget.end, _budget.sure = seconds, math.inf, math.inf
    if seconds > 0:
        _budget.sure = time.perf_counter() + seconds
        _budget.end = time.thread_time() + seconds
    try:
        yield
    finally:
        _budget.seconds, _budget.end, _budget.sure = before


@contextmanager
def shared_work() -> Iterator[None]:
    """Leave the work inside out of the budget: what is built once, for all later requests."""
    start = time.thread_time()
    try:
        yield
    finally:
        taken = time.thread_time() - start
        _budget.end += taken
        _budget.sure += taken


def check(part: str) -> None:
    """Raise CpuLimit when the budget is used up; `part`: the work that has just been done."""
    if time.perf_counter() <= _budget.sure:
        return
    left_over = _budget.end - time.thread_time()
    if left_over < 0:
        raise CpuLimit(
            f"the request took more than {_budget.seconds:g} s of CPU time ({SETTING}), up to:"
            f" {part}; send fewer or shorter records, or use simpler parameters"
        )
    _budget.sure = time.perf_counter() + left_over


def left() -> float:
    """Return the CPU seconds that are left, 0 at least; infinite without a budget."""
    return max(_budget.end - time.thread_time(), 0.0)


def spend(seconds: float) -> None:
    """Count CPU time that another process has taken for this request."""
    if _budget.end < math.inf:
        _budget.end -= seconds
        _budget.sure -= seconds
