"""Thread settings of the numeric libraries: number per command, no busy waiting.

The libraries (BLAS, OpenMP in torch, FAISS and implicit, MKL) read the environment once, when they
are loaded, and by default start a thread per processor of the machine, whatever a container allows,
and wait for each other in loops. Beside other work a thread that waits then takes the processor of
the one that it waits for: a step of 10 s of CPU took 235 s.

BLAS gets one thread, whatever the caller has set: with more of them it rounds sums otherwise, and
lists would depend on the number. What takes long is split into blocks instead
(recsys/thread_pool.py), of which OMP_NUM_THREADS are worked on at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path

COUNTS = ("OMP_NUM_THREADS",)
BLAS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
WAITING = {
    "OMP_WAIT_POLICY": "PASSIVE",  # any OpenMP
    "GOMP_SPINCOUNT": "0",  # that of GCC
    "KMP_BLOCKTIME": "0",  # that of Intel and LLVM
    "OPENBLAS_THREAD_TIMEOUT": "4",  # the log of the processor cycles that a thread spins for
}


def set_threads(environ: MutableMapping[str, str] | None = None) -> None:
    """Set what the libraries read, before they are loaded; what the caller has set stays.

    But for the threads of BLAS, of which there is one.
    `threadpoolctl` and torch can change the counts later, but not how threads wait.
    """
    environ = os.environ if environ is None else environ
    for name in COUNTS:
        environ.setdefault(name, str(processors()))
    for name in BLAS:
        environ[name] = "1"
    for name, value in WAITING.items():
        environ.setdefault(name, value)


def processors(root: Path = Path("/")) -> int:
    """Return how many processors this process may use at once: by affinity and by cgroup quota.

    `root`: where /proc and /sys are found.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quotas = [int(quota) for quota in _quotas(root)]
    return max(1, min([allowed or 1, *quotas]))


def _quotas(root: Path) -> Iterator[float]:
    """Yield processors by the quotas of the process's cgroups and of all above them."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:  # no Linux
        return
    mounted = root / "sys/fs/cgroup"
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2
            yield from _upwards(mounted, path, _version_2)
        elif "cpu" in controllers.split(","):
            for name in {controllers, "cpu", "cpu,cpuacct"}:
                yield from _upwards(mounted / name, path, _version_1)


def _upwards(mounted: Path, path: str, read: Callable[[Path], float | None]) -> Iterator[float]:
    # in a container the path may be that of the host, of which only the top is mounted
    parts = [part for part in path.split("/") if part not in ("", "..")]
    for depth in range(len(parts), -1, -1):
        try:
            quota = read(mounted.joinpath(*parts[:depth]))
        except (OSError, ValueError):  # the top of version 2 has no quota
            continue
        if quota is not None:
            yield quota


def _version_2(folder: Path) -> float | None:
    quota, period = (folder / "cpu.max").read_text().split()
    return None if quota == "max" else float(quota) / float(period)


def _version_1(folder: Path) -> float | None:
    quota = float((folder / "cpu.cfs_quota_us").read_text())
    return None if quota <= 0 else quota / float((folder / "cpu.cfs_period_us").read_text())
