"""Masks of test events, one function per protocol."""

from __future__ import annotations

import hashlib

import numpy as np

from recsys.array_types import Mask, Rows, Times
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.unrecorded_items import NEEDED
from recsys.tuning.stable_sampling import number_in_user


def last_slice(times: Times, timed: bool, share: float) -> Mask:
    """Mark the last events; those at the very moment of the cut are all in the test.

    `times` (n,), ascending where `timed`; `share`: of the events, 0 to 1.
    """
    n = len(times)
    first = n - round(n * share)
    if first >= n:
        return np.zeros(n, bool)
    return times >= times[first] if timed else np.arange(n) >= first


def random_of_each_user(events: EventTable, share: float, seed: int) -> Mask:
    """Mark the same share of each user's events at random, never all of them.

    (events,).
    """
    order = np.random.default_rng(seed).permutation(len(events))
    user = events.user[order]
    place, count = number_in_user(user), np.bincount(user, minlength=1)[user]
    is_test = np.zeros(len(events), bool)
    is_test[order] = place < np.minimum(np.round(share * count), count - 1)
    return is_test


def cold_items(events: EventTable, share: float, seed: int) -> Rows:
    """Return the items that leave training: those with the smallest sha256 of "seed:item_id".

    Rows, ascending; `share`: of the items that have events.
    """
    seen = np.unique(events.item).tolist()
    texts = {row: f"{seed}:{events.items[row]}" for row in seen}
    chosen = sorted(seen, key=lambda row: _sha256(texts[row]))[: round(share * len(seen))]
    return np.array(sorted(chosen), np.int32)


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def first_seen(events: EventTable, items: ItemTable) -> Times:
    """Return when each item was created or first seen, whichever is earlier; inf: never.

    (n_items of the events' table,), Unix seconds; places of events where they have no times.
    """
    times = events.time if events.timed else np.arange(len(events), dtype=np.float64)
    found = np.full(len(events.items), np.inf)
    np.minimum.at(found, events.item, times)
    if events.timed:  # without timestamps, a date cannot be compared with an event's number
        rows = events.items.rows(items.ids)
        dated = (rows >= 0) & np.isfinite(items.created)
        np.minimum.at(found, rows[dated], items.created[dated])
    return found


def known_enough(
    events: EventTable, items: ItemTable, weights: EventWeights, since: Times
) -> Times:
    """Return from when on each item may be listed, (len(events.items),); inf: never.

    `since` for items with a record; for the others the act of the last of NEEDED users.
    """
    found = since.copy()
    without = np.flatnonzero(items.ids.rows(events.items) < 0)
    found[without] = np.inf
    acts = np.flatnonzero(weights.acts(events))
    item, user = events.item[acts].astype(np.int64), events.user[acts].astype(np.int64)
    times = events.time[acts] if events.timed else acts.astype(np.float64)
    _, first = np.unique(item * max(len(events.users), 1) + user, return_index=True)
    first = first[np.argsort(times[first], kind="stable")]  # each user's first act on each item
    first = first[np.argsort(item[first], kind="stable")]
    starts = np.searchsorted(item[first], without)
    ends = np.searchsorted(item[first], without, side="right")
    enough = ends - starts >= NEEDED
    found[without[enough]] = times[first[starts[enough] + NEEDED - 1]]
    return found
