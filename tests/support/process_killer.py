"""Killer: ends its own process at a step, as `kill -9` would."""

import os
import signal


class Killer:
    """Kills this process when a step comes for the n-th time."""

    def __init__(self, step: str, count: int) -> None:
        self.step, self.left = step, count

    def at(self, step: str) -> None:
        if step == self.step:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
