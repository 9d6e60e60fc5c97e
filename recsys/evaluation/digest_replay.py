"""Digests in a replay: how much of what they hold is taken up later, beside what is popular.

At a cut in time each user gets a digest of the items that came to be in the days before, and the
same number of those items by how many events they had until then, without what the user acted on:
"most popular missed". What the user acts on in the days after the cut counts. Where few items are
new, both lists hold the same ones: the ceiling is the ratio of a list that knows the future.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recsys.array_types import Floats
from recsys.digest import MOST, digest
from recsys.errors import DataError
from recsys.personal_list import UserState
from recsys.ranking.query import Interaction
from recsys.recommender import Recommender

DAY = 86_400.0
DRAWS = 1_000  # of the bootstrap over users


class Act(NamedTuple):
    """An event."""

    user: str
    item: str
    value: float
    at: float  # Unix seconds


@dataclass(frozen=True, slots=True)
class DigestShares:
    """Per user with a digest: items of it, and how many of each list were taken up later."""

    items: Floats  # (users,)
    taken: Floats  # (users,): of the digest
    taken_popular: Floats  # (users,): of the most popular missed
    takeable: Floats  # (users,): most that a list of the digest's length could hold of later acts
    without: int  # users for whom there was no digest


@dataclass(frozen=True, slots=True)
class DigestFigures:
    """Means over users of the share of items that were taken up later."""

    users: int
    without: int
    share: float
    popular: float
    ratio: float
    ceiling: float  # the ratio of a list that knows what each user takes up later
    low: float  # of the ratio, 95 % bootstrap interval over users
    high: float


def births_of(acts: Sequence[Act]) -> dict[str, float]:
    """Return when each item came to be: the time of its first event."""
    found: dict[str, float] = {}
    for act in sorted(acts, key=lambda one: one.at):
        found.setdefault(act.item, act.at)
    return found


def digest_shares(
    recommender: Recommender,
    acts: Sequence[Act],
    births: Mapping[str, float],
    cut: float,
    days: float,
    most: int = MOST,
    users: int = 0,
    seed: int = 0,
) -> DigestShares:
    """Return what users who were there before a cut took up of their digests.

    `recommender`: of the events until the cut, its items with the dates of `births`. Users count
    who acted before the cut and in the `days` after it; `users` of them, drawn by the seed; 0: all.
    """
    since, until = cut - days * DAY, cut + days * DAY
    history: dict[str, list[Act]] = {}
    later: dict[str, set[str]] = {}
    popular: Counter[str] = Counter()
    new = {item for item, at in births.items() if since <= at <= cut}
    for act in sorted(acts, key=lambda one: one.at):
        if act.at <= cut:
            history.setdefault(act.user, []).append(act)
            popular[act.item] += act.item in new
        elif act.at <= until and act.user in history:
            later.setdefault(act.user, set()).add(act.item)
    ranked = [item for item, count in popular.most_common() if count]
    rows: list[tuple[int, ...]] = []
    without, askable = 0, sorted(later)
    if 0 < users < len(askable):
        drawn = np.random.default_rng(seed).choice(len(askable), users, replace=False)
        askable = [askable[at] for at in sorted(drawn.tolist())]
    for user in askable:
        taken = later[user]
        own = [Interaction(one.item, "rating", one.value, one.at) for one in history[user]]
        made = digest(recommender, UserState(None, tuple(own)), (), since, cut, most)
        if made.why_not:
            without += 1
            continue
        shown, known = made.item_ids, {one.item for one in history[user]}
        missed = [item for item in ranked if item not in known][: len(shown)]
        most_taken = min(len(shown), len((taken & new) - known))
        in_both = len(taken.intersection(shown)), len(taken.intersection(missed))
        rows.append((len(shown), *in_both, most_taken))
    table = np.array(rows, np.float32).reshape(-1, 4)
    return DigestShares(table[:, 0], table[:, 1], table[:, 2], table[:, 3], without)


def digest_figures(cuts: Sequence[DigestShares], seed: int = 0) -> DigestFigures:
    """Return the figures of all cuts together; a user at two cuts counts twice.

    DataError where no user has a digest.
    """
    items, taken, popular, takeable = (
        np.concatenate([getattr(one, name) for one in cuts])
        for name in ("items", "taken", "taken_popular", "takeable")
    )
    if not len(items):
        raise DataError("no user who acted after a cut has a digest at it")
    shares, others = taken / items, popular / items
    drawn = np.random.default_rng(seed).integers(0, len(items), (DRAWS, len(items)))
    ratios = shares[drawn].sum(axis=1) / np.maximum(others[drawn].sum(axis=1), 1e-9)
    low, high = np.quantile(ratios, [0.025, 0.975]).tolist()
    share, other = float(shares.mean()), float(others.mean())
    without = sum(one.without for one in cuts)
    least = max(other, 1e-9)
    ceiling = float((takeable / items).mean()) / least
    return DigestFigures(len(items), without, share, other, share / least, ceiling, low, high)
