"""Random samples that hardly change when what is sampled from hardly changes.

A drawing by position gives another sample altogether once one user more has an event that counts,
and with it other figures and another choice. Here every key has a number of its own, and the
lowest numbers are drawn: one key more replaces at most one of the sample.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # constants of SplitMix64 (Steele, Lea, Flood 2014)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def random_numbers(keys: NDArray[np.integer], seed: int) -> NDArray[np.uint64]:
    """Return a pseudo-random number for each key, the same for equal keys and seeds.

    (n,); `keys`: (n,), 0 or more. SplitMix64.
    """
    start = _mixed((np.array([seed], np.uint64) + np.uint64(1)) * GOLDEN)
    return _mixed((keys.astype(np.uint64) + start) * GOLDEN)


def number_in_user(user: Rows) -> NDArray[np.int64]:
    """Return the number of each event among its user's events, from 0, (events,)."""
    order = np.argsort(user, kind="stable")
    counts = np.bincount(user)
    number = np.empty(len(user), np.int64)
    number[order] = np.arange(len(user)) - (np.cumsum(counts) - counts)[user[order]]
    return number


def event_keys(user: Rows) -> NDArray[np.int64]:
    """Return a key of each event that another user's events do not change, (events,)."""
    return (user.astype(np.int64) << 32) + number_in_user(user)


def random_order(keys: NDArray[np.integer], seed: int) -> NDArray[np.intp]:
    """Return the places of the keys in random order; equal keys stay beside each other."""
    return np.argsort(random_numbers(keys, seed), kind="stable")


def sample(keys: NDArray[np.integer], most: int, seed: int) -> NDArray[np.intp]:
    """Return the places of at most so many keys, ascending: those with the lowest numbers."""
    if len(keys) <= most:
        return np.arange(len(keys))
    return np.sort(random_order(keys, seed)[:most])


def half(keys: NDArray[np.integer], seed: int) -> Mask:
    """Say which keys belong to the first of two random halves, (n,)."""
    return np.asarray(random_numbers(keys, seed) & np.uint64(1) == 0)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * FIRST
    values = (values ^ (values >> np.uint64(27))) * SECOND
    return values ^ (values >> np.uint64(31))
