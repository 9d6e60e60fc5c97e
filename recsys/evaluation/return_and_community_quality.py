"""Accuracy of user profiles: return probability, and prediction of items by communities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.array_types import Mask
from recsys.data.dataset import Dataset
from recsys.training.item_clusters import CommunityConfig, fit_communities
from recsys.training.user_return_model import fit_returning

LEAST = 10  # events of a user who is evaluated
HELD_OUT = 5  # the last fifth of a user's events is held out


def returning_figures(data: Dataset, seed: int = 0) -> dict[str, float]:
    """Return how the likelihood to return fared in the last week; empty without a model."""
    found = fit_returning(data, seed)
    return {} if found is None else dict(found.measured)


def community_figures(data: Dataset, seed: int = 0) -> dict[str, float]:
    """Return how often users' later likes lie in the community they were most at home in.

    Communities are fitted without each user's last fifth of events. `by_chance`: how often the
    likes of all lie there.
    """
    later = _last_fifth(data)
    before, after = _part(data, ~later), _part(data, later & (data.weight > 0))
    communities = fit_communities(before, CommunityConfig(seed=seed))
    label = communities.items[after.item] if len(communities) else np.full(len(after.item), -1)
    known = label >= 0
    if not known.any():
        return {}
    usual = np.bincount(label[known], minlength=len(communities)) / known.sum()
    hits = chance = users = events = 0.0
    for user in np.unique(after.user[known]).tolist():
        mine = np.flatnonzero(before.user == user)
        shares = communities.of_history(before.item[mine], before.weight[mine])
        if shares.any():
            home, own = int(shares.argmax()), label[known & (after.user == user)]
            hits, chance = hits + float((own == home).sum()), chance + float(usual[home] * len(own))
            users, events = users + 1, events + len(own)
    return {
        "communities": float(len(communities)),
        "people": users,
        "likes": events,
        "at_home": hits / max(events, 1),
        "by_chance": chance / max(events, 1),
    }


def _last_fifth(data: Dataset) -> Mask:
    """Mark the last fifth of the events of everybody who has enough."""
    order = np.argsort(data.user, kind="stable")
    counts = np.bincount(data.user, minlength=len(data.users))
    ends = np.cumsum(counts)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    from_end = ends[data.user] - 1 - place
    enough = counts[data.user] >= LEAST
    return np.asarray(enough & (from_end < counts[data.user] // HELD_OUT), np.bool_)


def _part(data: Dataset, mask: Mask) -> Dataset:
    return replace(
        data,
        user=data.user[mask],
        item=data.item[mask],
        weight=data.weight[mask],
        explicit=data.explicit[mask],
        time=data.time[mask],
    )
