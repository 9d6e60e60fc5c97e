"""Trials of the creator floor and of calibrated order on dated acts, against nDCG.

The acts are replayed in the order of time. Before each the user gets a list of twenty by a simple
scorer: cosine neighbours of the first four fifths, and how often items were taken up lately.
Creators are the authors of items, or the items themselves where these have none; new are those
whose first item came in the last 30 days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.explain.filter_bubble import effective
from recsys.ranking.calibrated_order import WIDER, by_score, calibrated, divergence
from recsys.ranking.new_voices import QUANTILE
from recsys.serving.creator_floor import DAY, HOUR, NEW_DAYS, CreatorFloor, with_new_creators

TRAIN = 0.8  # of the acts
PLACES = 20
POOL = 200  # items that calibration chooses from, as in lists of the service
HALF_LIFE = 7 * DAY  # of counts
LATELY = 0.5  # weight of the logarithm of counts
HOUR_LISTS = 1_000  # lists of an hour of the floor


@dataclass(frozen=True, slots=True)
class Acts:
    """Acts in the order of time, each (acts,), and items, each (items,)."""

    user: Rows
    item: Rows
    time: Times
    author: Rows  # of each item
    topic: Rows  # of each item; −1 none

    @property
    def birth(self) -> Times:
        """Time of the first act on each item, (items,); inf without any."""
        found = np.full(len(self.author), np.inf)
        np.minimum.at(found, self.item, self.time)
        return found


@dataclass(slots=True)
class Moment:
    """Before one act: candidates and their scores, best first, and the item that was taken."""

    rows: Rows
    scores: Floats
    target: int
    history: Rows
    now: float


def moments(acts: Acts, most: int) -> Iterator[Moment]:
    """Yield some `most` moments of the last acts, evenly; the acts between them are history."""
    cut = int(TRAIN * len(acts.item))
    similar = _neighbours(acts, cut)
    birth, counts = acts.birth, np.zeros(len(acts.author))
    owned: dict[int, list[int]] = {}
    for user, item in zip(acts.user[:cut].tolist(), acts.item[:cut].tolist(), strict=True):
        owned.setdefault(user, []).append(item)
    last = float(acts.time[cut - 1])
    np.add.at(counts, acts.item[:cut], 0.5 ** ((last - acts.time[:cut]) / HALF_LIFE))
    step = max((len(acts.item) - cut) // most, 1)
    for at in range(cut, len(acts.item)):
        user, item, now = int(acts.user[at]), int(acts.item[at]), float(acts.time[at])
        counts *= 0.5 ** ((now - last) / HALF_LIFE)
        last, mine = now, owned.setdefault(user, [])
        if (at - cut) % step == 0 and mine and birth[item] < now:
            history = np.array(mine, np.int32)
            open_ = np.flatnonzero(birth < now)
            open_ = open_[~np.isin(open_, history)]
            near = np.asarray(similar[history].sum(axis=0)).ravel()[open_]
            scores = near / (near.std() or 1.0) + LATELY * np.log1p(counts[open_])
            order = np.argsort(-scores, kind="stable")
            rows = open_[order].astype(np.int32)
            if item in rows:
                yield Moment(rows, scores[order].astype(np.float32), item, history, now)
        counts[item] += 1
        mine.append(item)


def _neighbours(acts: Acts, cut: int) -> sparse.csr_array:
    shape = (int(acts.user.max()) + 1, len(acts.author))
    ones = np.ones(cut, np.float32)
    matrix = sparse.csr_array((ones, (acts.user[:cut], acts.item[:cut])), shape=shape)
    matrix.data[:] = 1.0
    norms = np.sqrt(np.asarray(matrix.sum(axis=0)).ravel())
    scaled = matrix @ sparse.diags_array(1 / np.maximum(norms, 1.0))
    found = sparse.csr_array(scaled.T @ scaled)
    found.setdiag(0)
    return sparse.csr_array(found)


def _gain(rows: Rows, target: int) -> float:
    place = np.flatnonzero(rows == target)
    return float(1 / np.log2(place[0] + 2)) if len(place) else 0.0


@dataclass(slots=True)
class FloorTrial:
    """Shares of new creators by hour, with the floor and without, and nDCG@20 of both."""

    share: float
    hours: list[float] = field(default_factory=list)
    plain_hours: list[float] = field(default_factory=list)
    gain: list[float] = field(default_factory=list)
    plain_gain: list[float] = field(default_factory=list)

    @property
    def missed(self) -> float:
        """Largest distance below the floor of an hour after the first; 0: none was below."""
        return max((max(self.share - one, 0.0) for one in self.hours[1:]), default=0.0)

    @property
    def exceeded(self) -> float:
        """Largest excess over the floor, or over the share without it, after the first hour."""
        both = zip(self.hours[1:], self.plain_hours[1:], strict=True)
        return max((one - max(self.share, plain) for one, plain in both), default=0.0)

    @property
    def cost(self) -> float:
        """Share of the nDCG that the floor costs."""
        plain = float(np.mean(self.plain_gain))
        return 1 - float(np.mean(self.gain)) / plain if plain else 0.0


def try_floor(acts: Acts, share: float, most: int) -> FloorTrial:
    """Return a replay with a floor; an hour of the floor is `HOUR_LISTS` lists."""
    found, floor, plain = FloorTrial(share), CreatorFloor(share), CreatorFloor(1e-12)
    born = np.full(int(acts.author.max()) + 1, np.inf)
    np.minimum.at(born, acts.author, acts.birth)
    number = 0
    for number, one in enumerate(moments(acts, most)):
        clock = number * HOUR / HOUR_LISTS
        if number % HOUR_LISTS == 0 and number:
            found.hours.append(floor.exposure)
            found.plain_hours.append(plain.exposure)
        new: Mask = born[acts.author] >= one.now - NEW_DAYS * DAY
        shown = one.rows[:PLACES]
        plain.record(new[shown], clock)
        found.plain_gain.append(_gain(shown, one.target))
        if floor.due(clock):
            fine = new[one.rows] & (one.scores >= np.quantile(one.scores, QUANTILE))
            shown, _ = with_new_creators(shown, 0, one.rows[fine], new, floor.level)
        floor.record(new[shown], clock)
        found.gain.append(_gain(shown, one.target))
    return found


@dataclass(frozen=True, slots=True)
class CalibrationTrial:
    """Divergence from the history and nDCG@20 at one weight."""

    weight: float
    divergence: float
    gain: float
    topics: float  # effective number of a list, exp(entropy)


def try_calibration(
    acts: Acts, weights: Sequence[float], most: int, wider: float = WIDER
) -> list[CalibrationTrial]:
    """Return mean divergences (Jensen-Shannon, bits), gains and topics at weights, 0 first.

    `wider`: share of the catalogue's topics in what lists aim at.
    """
    count = int(acts.topic.max()) + 1
    every = np.bincount(acts.topic[acts.topic >= 0], minlength=count)
    every = every / every.sum()
    sums: NDArray[np.floating] = np.zeros((len(weights), 3))
    total = 0
    for one in moments(acts, most):
        topics = acts.topic[one.history]
        if not (topics >= 0).any():
            continue
        own = np.bincount(topics[topics >= 0], minlength=count)
        own = own / own.sum()
        target = (1 - wider) * own + wider * every
        rows, scores = one.rows[:POOL], one.scores[:POOL]
        total += 1
        for place, weight in enumerate(weights):
            shown = rows[:PLACES]
            if weight:
                own_codes = acts.topic[rows]
                picked = calibrated(rows, scores, own_codes, target, weight, PLACES)
                shown = rows[by_score(picked, scores)]
            codes = acts.topic[shown]
            listed = np.bincount(codes[codes >= 0], minlength=count).astype(float)
            sums[place] += divergence(codes, own), _gain(shown, one.target), effective(listed)
    means = sums / max(total, 1)
    return [
        CalibrationTrial(weight, float(row[0]), float(row[1]), float(row[2]))
        for weight, row in zip(weights, means, strict=True)
    ]
