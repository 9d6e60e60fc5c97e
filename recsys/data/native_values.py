"""Native values: scalars of numpy and pandas as Python's own."""

from __future__ import annotations

from typing import Any


def native(value: object) -> Any:
    """Return 7 for `numpy.int64(7)`; any other value as it is."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return item()
    return value
