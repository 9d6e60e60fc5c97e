"""Budget: CPU time of a search, with a wall-clock limit for a busy machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

WALL = 4.0  # times the CPU minutes: seconds by the clock after which the budget is spent as well


def cpu_seconds() -> float:
    """Return the CPU seconds of this process, all its threads, and its children that ended."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


@dataclass(slots=True)
class Budget:
    """CPU minutes that tuning may take, from the moment the budget was made.

    A machine that is busy with other work makes a search longer, not poorer; only where the clock
    has gone on by `WALL` times as long is the budget spent by the clock.
    """

    minutes: float = 4.0
    cpu: Callable[[], float] = cpu_seconds
    clock: Callable[[], float] = time.monotonic
    wall: float = WALL  # times the CPU minutes; infinity: the clock ends nothing
    began: tuple[float, float] = field(init=False)  # CPU seconds, seconds by the clock

    def __post_init__(self) -> None:
        self.began = self.cpu(), self.clock()

    @property
    def seconds(self) -> float:
        """The CPU seconds that there were at the start."""
        return 60.0 * self.minutes

    def spent(self) -> float:
        """Return the CPU seconds that are gone, or those by the clock over `wall` if more."""
        cpu, wall = self.cpu() - self.began[0], self.clock() - self.began[1]
        return max(cpu, wall / self.wall)

    def left(self) -> float:
        """Return the CPU seconds left; negative when more was spent."""
        return self.seconds - self.spent()
