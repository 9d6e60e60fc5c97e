"""Peak memory of a block of code: the kernel's high-water mark, reset before and read after."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Start anew; where the kernel offers no reset, the peak is that of the process so far."""
    try:
        _RESET.write_text("5")
    except OSError:
        pass


def peak_mb() -> float:
    """Return the most resident memory since the reset, in MB."""
    try:
        line = next(x for x in _STATUS.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
