"""Memory and CPU time of another process, from Linux's /proc."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.errors import DataError

_STEP = re.compile(r"(?:nightly|ingest): (\w+) ")
_LOOK = 0.05  # seconds between looks


@dataclass(frozen=True, slots=True)
class Watched:
    """What a command took."""

    seconds: float
    cpu_seconds: float
    peak_mb: float  # resident
    steps: list[dict[str, Any]]  # name, seconds, peak_mb of each line that reported a step


def watch(command: list[str], environment: dict[str, str]) -> Watched:
    """Run a command that logs a line per step; DataError when it fails."""
    start, before = time.perf_counter(), _cpu()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    peaks, seen = [0.0], threading.Event()
    looker = threading.Thread(target=_look, args=(process.pid, peaks, seen))
    looker.start()
    steps, last, lines, since = [], 1, [], start
    for line in process.stderr or ():
        lines.append(line)
        if found := _STEP.search(line):
            now = time.perf_counter()
            peak = max(peaks[last - 1 :])
            steps.append({"name": found[1], "seconds": now - since, "peak_mb": peak})
            last, since = len(peaks), now
    code = process.wait()
    seen.set()
    looker.join()
    if code:
        raise DataError(f"{' '.join(command[1:])} failed: {''.join(lines[-3:])}")
    return Watched(time.perf_counter() - start, _cpu() - before, max(peaks), steps)


def resident_mb(pid: int) -> dict[str, float]:
    """Return the memory of the largest process below `pid`: all of it, and what it shares not."""
    found = [(_status(each, "VmRSS"), each) for each in _family(pid)]
    size, largest = max(found)
    return {"worker_mb": size, "private_mb": _status(largest, "RssAnon")}


def cpu_seconds_of(pid: int) -> float:
    """Return the CPU seconds of a process and all processes below it."""
    ticks = 0
    for each in _family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # user and system time
    return ticks / os.sysconf("SC_CLK_TCK")


def _look(pid: int, peaks: list[float], seen: threading.Event) -> None:
    while not seen.wait(_LOOK):
        peaks.append(_status(pid, "VmRSS"))


def _family(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    children = [int(each) for each in path.read_text().split()] if path.exists() else []
    return [pid, *(below for child in children for below in _family(child))]


def _status(pid: int, name: str) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has ended
        return 0.0
    found = re.search(rf"{name}:\s+(\d+) kB", text)
    return int(found[1]) / 1024 if found else 0.0


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
