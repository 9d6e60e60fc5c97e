"""Prequential replay: test events in order of time, with a query before each.

State is what is strictly earlier: all events of one moment are queried before any of them is
passed to the model.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows, Times
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.ids import IdMap
from recsys.errors import DataError
from recsys.ranking_metrics import Values
from recsys.serving.live_event import LiveEvent
from recsys.tuning.evaluation_protocols import Replay, Split, item_groups, positive_steps
from recsys.tuning.evaluation_queries import item_rows
from recsys.tuning.relevant_events import DISLIKED, LIKED
from recsys.tuning.replayed_user_history import ReplayedUserHistory, Timelines
from recsys.tuning.scorer_protocol import Histories, Skip

SAMPLE = 100  # answers after which it is known how long all of them will take


@dataclass(frozen=True, slots=True)
class ReplayEvent:
    """One event of the walk."""

    user: int  # row in the training data's users (which name all users)
    item: int  # row; those from len(data.items) on are items that training did not know
    item_id: str
    kind: str
    value: float | None
    weight: float
    explicit: bool  # an opinion, not a passing by
    time: float
    sentiment: float = 0.0  # of its words, -1 to 1
    withdrawn: tuple[LiveEvent, ...] = ()  # earlier acts that it takes back, `counted` as they were
    withdraws_opinion: bool = False  # whether these state a liking or a dislike


class ReplayModel(Protocol):
    """A row of the table that can be walked with."""

    def observe(self, step: ReplayEvent) -> None:
        """Learn of an event that has happened; the user's history is kept by the walk."""
        ...

    def score(self, histories: Histories, rows: Rows) -> Values:
        """Return one finite score per row for the one user of `histories`, at its `now`.

        (rows,).
        """
        ...


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a walk found."""

    user: Rows  # (n,): of each ranking
    ranks: Values  # (n,): of what was taken up; inf when it did not exist yet
    items: Rows  # (n,): row of what was taken up; -1: not in the training data
    opinion_users: Rows  # (m,): the user of each opinion
    scores: Values  # (m,): given to the item just before the opinion
    liked: Mask  # (m,)
    unread: Mask  # (n,): the item existed, and nobody but its author had acted on it
    among: Values  # (n,): rank among the candidates without an event; inf where not `unread`


@dataclass(frozen=True, slots=True)
class World:
    """Items by row during a walk: those of training, then those that first appear on the way."""

    rows: Rows  # for each item row of the walk's event table, the row here
    ids: IdMap
    by_birth: tuple[Rows, ...]  # per group, item rows in the order in which they came to be
    births: tuple[Times, ...]  # per group, when; ascending
    group: Rows  # (n,): the group of each item
    shown: Rows | None = None  # for each item of `ShownLists`, the row here, -1 none

    @classmethod
    def of(cls, split: Split, replay: Replay, data: Dataset) -> World:
        """Number the items and sort them by when they came to be."""
        rows, names = item_rows(replay.events, data), replay.events.items
        met = np.unique(replay.events.item)
        fresh = met[rows[met] < 0]
        rows[fresh] = len(data.items) + np.arange(len(fresh))
        ids = IdMap.from_ids([*data.items, *(names[int(row)] for row in fresh)])
        birth = np.full(len(ids), np.inf)
        if replay.events.timed:
            dated = np.isfinite(data.table.created)
            birth[np.flatnonzero(dated)] = data.table.created[dated]
        known = rows >= 0
        birth[rows[known]] = np.minimum(birth[rows[known]], replay.first_seen[known])
        group = np.zeros(len(ids), np.int32)
        if split.rules.group:
            named = item_groups(data.table, split.rules.group)
            code = {name: number for number, name in enumerate(dict.fromkeys([*named, ""]))}
            group[:] = code[""]
            group[: len(named)] = [code[name] for name in named]
        members = [np.flatnonzero(group == one) for one in range(int(group.max(initial=0)) + 1)]
        order = [rows_[np.argsort(birth[rows_], kind="stable")] for rows_ in members]
        return cls(
            rows,
            ids,
            tuple(one.astype(np.int32) for one in order),
            tuple(birth[one] for one in order),
            group,
            None if replay.events.shown is None else ids.rows(list(replay.events.shown.ids)),
        )

    def candidates(self, item: int, now: float, replayed_history: ReplayedUserHistory) -> Rows:
        """Return what existed before `now` in the item's group and is new to the user.

        Ascending rows. `now`: Unix seconds.
        """
        group = int(self.group[item])
        alive = self.by_birth[group][: np.searchsorted(self.births[group], now, side="left")]
        seen = np.zeros(len(self.group), bool)
        seen[replayed_history.items] = True
        return alive[~seen[alive]]


@dataclass(frozen=True, slots=True)
class ReplayQuery:
    """A question on the way: where would this item have stood?"""

    place: int  # number of the event in the walk
    histories: Histories  # of the user, at the moment of the question
    rows: Rows  # the candidates; last, if it is none of them, the item itself
    target: int  # where in `rows` the item is
    alive: bool  # the item is a candidate: it existed before

    def rank(self, scores: Values) -> Values:
        """Return the rank of the item in each row of scores (h, n); inf when it is no candidate."""
        if not self.alive:
            return np.full(len(scores), np.inf)
        own = scores[:, self.target, None]
        better, equal = (scores > own).sum(axis=1), (scores == own).sum(axis=1)
        return np.asarray(better + (equal + 1) / 2, np.float64)


def replay_queries(
    split: Split, data: Dataset, observe: Callable[[ReplayEvent], None], queried: Mask
) -> Iterator[ReplayQuery]:
    """Walk the test events, yield the questions and then tell `observe` what happened."""
    assert split.replay is not None
    replay, world = split.replay, World.of(split, split.replay, data)
    weights = split.rules.weights
    timelines = Timelines(data, split.train, weights)
    for moment in _moments(replay.time):
        steps = [
            _step(split.rules.weights, replay, world, data, timelines, place)
            for place in moment.tolist()
        ]
        for place, step in zip(moment.tolist(), steps, strict=True):
            if queried[place]:
                shown = (
                    None if replay.events.shown is None else replay.events.shown.candidates(place)
                )
                yield _question(world, timelines.of(step.user), step, place, shown)
        for step in steps:
            timeline = timelines.of(step.user)
            meaning = weights.meanings[step.kind]
            if meaning.withdraws:
                back = timeline.withdraw(step.item, meaning.withdraws)
                acts = tuple(_act(step, meaning.withdraws, *one) for one in back)
                stated = weights.stated(meaning.withdraws)
                step = replace(step, withdrawn=acts, withdraws_opinion=stated)
            observe(step)
            if weights.heeds(step.kind, step.value):
                timeline.add(step.item, step.weight, step.time, meaning.name)


def _act(step: ReplayEvent, kind: str, weight: float, time: float) -> LiveEvent:
    """Return an act that a step withdraws, with the weight that it was counted with."""
    return LiveEvent(step.item_id, kind, None, time, 0.0, str(step.user), counted=weight)


def _question(
    world: World,
    replayed_history: ReplayedUserHistory,
    step: ReplayEvent,
    place: int,
    shown: Rows | None,
) -> ReplayQuery:
    rows = world.candidates(step.item, step.time, replayed_history)
    if shown is not None and world.shown is not None:
        rows = rows[np.isin(rows, world.shown[shown])]
    found = np.flatnonzero(rows == step.item)
    if not len(found):
        rows = np.append(rows, np.int32(step.item))
    target = int(found[0]) if len(found) else len(rows) - 1
    return ReplayQuery(
        place, replayed_history.histories(step.user, step.time), rows, target, len(found) > 0
    )


def run_replay(
    split: Split,
    data: Dataset,
    model: ReplayModel,
    name: str,
    allowed: float = math.inf,
    inspect: Callable[[ReplayQuery, Values], None] = lambda query, scores: None,
) -> ReplayResult:
    """Walk the test events of a split with a model and note how it ranked and judged.

    Skip when the first answers say that all of them would take more than `allowed` seconds.
    `inspect` receives each query with the scores of its candidates, before the event is observed.
    """
    assert split.replay is not None
    replay = split.replay
    rank = positive_steps(replay)
    opinion = np.isin(replay.opinion, (LIKED, DISLIKED)) & replay.counted
    ranks, scores = np.full(len(replay.events), np.inf), np.zeros(len(replay.events))
    among, read = np.full(len(replay.events), np.inf), _ReadItems(split, data)

    def observe(step: ReplayEvent) -> None:
        model.observe(step)
        read.add(step.item, step.user)

    questions, took = int((rank | opinion).sum()), 0.0
    for number, query in enumerate(replay_queries(split, data, observe, rank | opinion), 1):
        began = time.perf_counter()
        found = model.score(query.histories, query.rows)
        took += time.perf_counter() - began
        if number == SAMPLE and took / SAMPLE * questions > allowed:
            raise Skip(
                f"its answers to {questions:,} questions on the way would take some "
                f"{took / SAMPLE * questions:.0f} s, and a row may take {allowed:.0f} s"
            )
        if not np.isfinite(found).all():
            raise DataError(f"{name}: a score in the replay is NaN or infinite")
        ranks[query.place], scores[query.place] = query.rank(found[None])[0], found[query.target]
        inspect(query, found)
        if not (known := read.of(query.rows))[query.target]:
            others = np.where(known, -np.inf, found)
            among[query.place] = query.rank(others[None])[0]
    user = replay.events.user
    return ReplayResult(
        user[rank],
        ranks[rank],
        item_rows(replay.events, data)[replay.events.item[rank]],
        user[opinion],
        scores[opinion],
        replay.opinion[opinion] == LIKED,
        np.isfinite(among[rank]),
        among[rank],
    )


class _ReadItems:
    """Which items of a walk had an event of any kind so far, by anybody but their author."""

    def __init__(self, split: Split, data: Dataset) -> None:
        authors = data.users.rows(data.table.author)  # -1: not known, or not among the users
        self._author = np.asarray(authors, np.int64)
        rows = item_rows(split.train, data)[split.train.item]
        others = rows >= 0
        others[others] = self._author[rows[others]] != split.train.user[others]
        self._read = np.zeros(len(data.items), bool)
        self._read[rows[others]] = True

    def add(self, item: int, user: int) -> None:
        """Note an event; both are rows."""
        self._reach(item)
        if item >= len(self._author) or self._author[item] != user:
            self._read[item] = True

    def of(self, rows: Rows) -> Mask:
        """Return which of some rows had an event."""
        self._reach(int(rows.max(initial=0)))
        return np.asarray(self._read[rows], bool)

    def _reach(self, row: int) -> None:
        if row >= len(self._read):
            self._read = np.pad(self._read, (0, row + 1 - len(self._read)))


def drawn(mask: Mask, most: int, seed: int) -> Mask:
    """Keep at most so many of what is marked, chosen at random.

    (n,), as `mask`.
    """
    places = np.flatnonzero(mask)
    kept = np.zeros(len(mask), bool)
    kept[np.random.default_rng(seed).choice(places, min(most, len(places)), replace=False)] = True
    return kept


def _moments(times: Times) -> Iterator[NDArray[np.int64]]:
    if len(times):
        yield from np.split(np.arange(len(times)), np.flatnonzero(np.diff(times)) + 1)


def _step(
    weights: EventWeights,
    replay: Replay,
    world: World,
    data: Dataset,
    timelines: Timelines,
    place: int,
) -> ReplayEvent:
    events = replay.events
    user, item = int(events.user[place]), int(world.rows[events.item[place]])
    kind, value = events.kinds[events.kind[place]], float(events.value[place])
    number = value if np.isfinite(value) else None
    weight = weights.of_event(kind, number)
    if weights.rates(kind, number):
        timeline = timelines.of(user)
        timeline.rating_sum, timeline.ratings = timeline.rating_sum + value, timeline.ratings + 1
        weight = weights.of_rating(value, timeline.rating_sum, timeline.ratings, data.rating_scale)
    sentiment = 0.0 if events.sentiment is None else float(events.sentiment[place])
    weight = weights.with_sentiment(kind, weight, sentiment)
    explicit = weights.stated(kind)
    return ReplayEvent(
        user,
        item,
        world.ids[item],
        kind,
        number,
        weight,
        explicit,
        float(replay.time[place]),
        sentiment,
    )
