"""AnalysisProcess: separate low-priority process for the text analysis of large batches.

    python -P -m recsys.safety.analysis_process --connection 7 --scorer module:function

Python runs one thread at a time: thousands of texts analysed on a thread of the service would make
every list wait. The process is started by the first bulk and ends after a minute without one, or
when its parent is gone.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from recsys import request_cpu_budget
from recsys.errors import CpuLimit, Overloaded
from recsys.safety.text_analysis import TextAnalysis, Words, analyse, chunks
from recsys.safety.text_rules import Scorer, load_scorer

WAITING = 8  # bulks that may wait for the one that is analysed
IDLE = 60.0  # seconds without work after which the process ends
NICE = 5  # by which its priority is lower than that of requests
_PART = "the analysis of texts"
_ENDING = 5.0  # seconds that the process may take to end

Answer = tuple[list[TextAnalysis] | None, float]  # None: the CPU budget was used up; CPU seconds


class AnalysisProcess:
    """Analyses texts in another process, one bulk after the other; any thread may call `analyse`.

    `scorer`: as RECSYS_SAFETY_MODEL; loaded in that process. `waiting`: bulks that may wait.
    """

    def __init__(self, scorer: str = "", waiting: int = WAITING, idle: float = IDLE) -> None:
        self._scorer, self._idle = scorer, idle
        self._most = waiting + 1
        self._held = 0  # bulks that are analysed or wait
        self._guard, self._turn = threading.Lock(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._used = 0.0  # monotonic seconds of the last answer

    @property
    def pid(self) -> int | None:
        """The id of the process; None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def analyse(self, items: Sequence[Words]) -> list[TextAnalysis]:
        """Return the analysis of each item.

        Overloaded at once when too many bulks wait, or when no process can do the work; CpuLimit
        when it takes more CPU time than the budget of the caller has left.
        """
        with self._guard:
            if self._held >= self._most:
                raise Overloaded(f"{self._held} bulks wait for the analysis of their texts")
            self._held += 1
        try:
            with self._turn:
                return [one for part in chunks(items) for one in self._answer(part)]
        finally:
            with self._guard:
                self._held -= 1

    def rest(self) -> None:
        """End the process when it has had nothing to do for a while; to be called now and then."""
        if self._process is None or not self._turn.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self._used > self._idle:
                self._end()
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the process; a later bulk would start a new one."""
        with self._turn:
            self._end()

    def _answer(self, items: Sequence[Words]) -> list[TextAnalysis]:
        for _ in range(2):  # a process may have been ended from outside: then one more is started
            try:
                connection = self._started()
                connection.send((items, request_cpu_budget.left()))
                answer: Answer = connection.recv()
            except (EOFError, OSError):
                if self._end() != -signal.SIGXCPU:
                    continue
                answer = None, math.inf
            self._used = time.monotonic()
            found, seconds = answer
            request_cpu_budget.spend(math.inf if found is None else seconds)
            request_cpu_budget.check(_PART)
            if found is not None:
                return found
        raise Overloaded("the process that analyses texts ended twice without an answer")

    def _started(self) -> Connection:
        if self._connection is None:
            ours, theirs = socket.socketpair()
            with ours, theirs:
                command = [sys.executable, "-P", "-m", __name__, "--scorer", self._scorer]
                self._process = subprocess.Popen(
                    [*command, "--connection", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                )
                self._connection = Connection(ours.detach())
        return self._connection

    def _end(self) -> int | None:
        """Close the connection, upon which the process ends; return its exit status."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            return process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def serve(connection: Connection, scorer: Scorer) -> None:
    """Answer the bulks that come through a connection until it is closed."""
    while True:
        try:
            items, seconds = connection.recv()
        except EOFError:
            return
        start = time.process_time()
        _limit(start + seconds)
        found: list[TextAnalysis] | None
        try:
            with request_cpu_budget.limited(seconds if math.isfinite(seconds) else 0.0):
                found = analyse(items, scorer)
        except CpuLimit:
            found = None
        connection.send((found, time.process_time() - start))


def _limit(end: float) -> None:
    """Let the system end this process (SIGXCPU) should one text alone go beyond the budget."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = hard if math.isinf(end) else math.ceil(end + 0.5)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def main() -> None:
    """Run the process."""
    parser = argparse.ArgumentParser(description="Analyses texts for `recsys serve`.")
    parser.add_argument("--connection", type=int, required=True, help="Number of its socket.")
    parser.add_argument("--scorer", default="", help="See RECSYS_SAFETY_MODEL.")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to end
    os.nice(NICE)
    try:
        serve(Connection(given.connection), load_scorer(given.scorer))
    except BrokenPipeError:
        return  # the parent is gone


if __name__ == "__main__":
    main()
