"""Defaults for the parts of a bundle that earlier versions did not write."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from recsys.bundle import WAY_OUT, RawBundle
from recsys.errors import BundleError, DataError
from recsys.serving.catalogue import Array, under

Part = TypeVar("Part")
MISFIT = (KeyError, TypeError, ValueError, IndexError, AttributeError, DataError)

log = logging.getLogger(__name__)


class Parts:
    """Reads the parts of one bundle, and keeps the names of those that could not be read."""

    def __init__(self, raw: RawBundle) -> None:
        self.raw = raw
        self.unread: list[str] = []

    def needed(self, name: str, build: Callable[[], Part]) -> Part:
        """Return a part without which nothing can be served; BundleError says what is wrong."""
        try:
            return build()
        except MISFIT as error:
            raise BundleError(
                f"{self.raw.folder}: {name} cannot be read ({_reason(error)}): it was written by"
                f" another version of recsys; {WAY_OUT}"
            ) from error

    def optional(
        self, name: str, build: Callable[[Mapping[str, Array]], Part | None]
    ) -> Part | None:
        """Return a part; None where there is none, or, with a warning, where it cannot be read.

        `build` is given the arrays below the part's name, which are named without it.
        """
        arrays = under(name, self.raw.arrays)
        if not arrays:
            return None
        try:
            return build(arrays)
        except MISFIT as error:
            self.leave_out(name, _reason(error))
            return None

    def array(self, name: str) -> Array | None:
        """Return an array that is a part by itself, None where there is none."""
        return self.raw.arrays.get(name)

    def leave_out(self, name: str, reason: str) -> None:
        """Warn that a part is not used."""
        self.unread.append(name)
        log.warning(
            "bundle %s is served without its part %r (%s); the next night writes it anew",
            self.raw.version,
            name,
            reason,
        )


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError) and error.args:
        return f"{error.args[0]!r} is missing"
    return str(error) or type(error).__name__


def of_length(name: str, array: Any, length: int) -> None:
    """Raise ValueError when an array has another length."""
    if len(array) != length:
        raise ValueError(f"{name} has {len(array)} rows instead of {length}")


def below(name: str, numbers: Array, limit: int) -> None:
    """Raise ValueError when a number is not one of -1 (none) to `limit` - 1."""
    if len(numbers) and not -1 <= int(np.min(numbers)) <= int(np.max(numbers)) < limit:
        raise ValueError(f"{name} holds numbers beyond {limit - 1}")
