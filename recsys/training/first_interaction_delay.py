"""Delays between the creation of items and their first interaction.

A post of a news feed that nobody has opened for a day will hardly be opened, a book may wait a
month. Delays are measured where both ends are known: items with a date of their own, created after
the first event, and taken up by somebody other than their author.
"""

from __future__ import annotations

import numpy as np

from recsys.array_types import Mask
from recsys.data.dataset import Dataset

FEWEST = 50  # delays; with fewer, age says nothing
TENTHS = np.arange(1, 10) / 10


def first_use_delays(data: Dataset) -> tuple[float, ...]:
    """Return the nine deciles of the seconds between creation and first use, ascending.

    Of items that were used; () for events without times, and with fewer than `FEWEST` delays.
    """
    if not data.timed or not len(data.item):
        return ()
    used = (data.weight > 0) & ~_by_author(data)
    first = np.full(len(data.items), np.inf)
    np.minimum.at(first, data.item[used], data.time[used])
    created = data.table.created
    known = np.isfinite(created) & np.isfinite(first) & (created >= data.time.min())
    delays = np.maximum(first[known] - created[known], 0.0)
    if len(delays) < FEWEST:
        return ()
    return tuple(float(one) for one in np.quantile(delays, TENTHS))


def _by_author(data: Dataset) -> Mask:
    """Return which events are of the author of their item, (events,)."""
    authors = data.users.rows(data.table.author)  # -1: not among the users, or not known
    return np.asarray(authors[data.item] == data.user, bool)
