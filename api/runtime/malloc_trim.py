"""Return of freed memory to the system: glibc's malloc keeps it in its arenas otherwise.

A large array that is freed between smaller live ones leaves a gap that no larger array fits into,
so an arena grows while half of it is free. The pages of such gaps are returned to the system here.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any


def release_free_pages() -> bool:
    """Return the whole free pages of all arenas to the system; False where malloc cannot do so.

    Other threads wait for their next allocation meanwhile: about a millisecond per 50 MB of heap.
    """
    trim = _trim()
    return trim is not None and bool(trim(0))


@cache
def _trim() -> Any:
    """Return glibc's malloc_trim, or None on another C library."""
    if not sys.platform.startswith("linux"):
        return None
    found = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if found is not None:
        found.argtypes, found.restype = [ctypes.c_size_t], ctypes.c_int
    return found
