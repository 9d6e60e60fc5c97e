"""Attack trial: effect of an attack on the lists of uninvolved users.

The night's model is fitted to what lies before the last week. A live state then follows that week
with the attack in it, or without (the control run). For the time after a night the model is fitted
to all of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

import numpy as np

from recsys.array_types import Rows
from recsys.data.account_mix_anomalies import births_of
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.ids import IdMap
from recsys.errors import DataError
from recsys.evaluation.attack_scenarios import ATTACKS, NUKE, REAL, TRAFFIC, Planted, Scene
from recsys.ranking.query import Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model

SHARE = 0.01  # of the users: accounts of an attack
WEEK = 7 * 86_400.0
DEPTH = 10  # of the lists
LEAST = 3  # events of a user whose list is looked at
READERS = (1, 10, 100)  # of the items that are attacked, next to a new one
POPULAR = 50  # place by popularity of another one
SHOWN = 20  # lists that a nuked item is in at least, so that places can be lost
NEW = "item-of-the-attack"
BATCH = 200  # acts that a live state counts at once

Fit = Callable[[Dataset], Model]


@dataclass(frozen=True, slots=True)
class Lists:
    """What users and a stranger are shown."""

    user_lists: tuple[frozenset[str], ...]  # item ids of each user's list
    new_user_list: tuple[str, ...]  # best first

    def share(self, item: str) -> float:
        """Return the share of lists that show an item."""
        return sum(item in one for one in self.user_lists) / max(len(self.user_lists), 1)

    def place(self, item: str) -> int | None:
        """Return the place of an item for a stranger, from 1; None: not shown."""
        return self.new_user_list.index(item) + 1 if item in self.new_user_list else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attack on one target did."""

    attack: str
    when: str  # live, or night: after the next night
    defences: bool
    target: str  # new, 1 reader, …
    control: float  # share of the lists that show the item without the attack
    attacked: float  # and with it
    stranger: int | None  # place for a stranger
    stranger_control: int | None

    @property
    def excess(self) -> float:
        """Share of the lists that show the item because of the attack."""
        return max(self.attacked - self.control, 0.0)

    @property
    def lost(self) -> float:
        """Share of its places that the item lost."""
        return max(1.0 - self.attacked / self.control, 0.0) if self.control else 0.0

    @property
    def intrudes(self) -> bool:
        """Whether the item is in a stranger's list because of the attack."""
        return self.stranger is not None and self.stranger_control is None


@dataclass
class AttackTrial:
    """A platform's events, and the users whose lists are looked at."""

    events: EventTable
    items: ItemTable
    weights: EventWeights
    fit: Fit
    n_users: int = 400
    seed: int = 0
    end: float = field(init=False)
    queries: list[Query] = field(init=False)
    _controls: dict[tuple[str, bool], Lists] = field(init=False, default_factory=dict)
    _model: Model | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if not self.events.timed:
            raise DataError("an attack is tried on events that all have a time")
        self.end = float(self.events.time[-1]) + 1.0
        self.items = _with_new(self.items, self.end - 3_600.0)
        self._week = self.events.time >= self.end - WEEK
        self._users, self._names = list(self.events.users), list(self.events.items)
        counts = np.bincount(self.events.user, minlength=len(self._users))
        able = np.flatnonzero(counts >= LEAST)
        if not len(able):
            raise DataError(f"no user has {LEAST} events, so there are no lists to compare")
        rng = np.random.default_rng(self.seed)
        chosen = np.sort(rng.choice(able, min(self.n_users, len(able)), replace=False))
        self.queries = [
            Query(history=one, n=DEPTH, reasons=False, now=self.end)
            for one in self._histories(chosen)
        ]
        user_counts = np.bincount(_pairs(self.events)[1], minlength=len(self._names))
        self._by_popularity = np.argsort(-user_counts, kind="stable")
        self._user_counts = user_counts[self._by_popularity]
        self._by_popularity = self._by_popularity[self._user_counts > 0]
        self._user_counts = self._user_counts[self._user_counts > 0]

    def _histories(self, users: Rows) -> Iterator[tuple[Interaction, ...]]:
        events, order = self.events, np.argsort(self.events.user, kind="stable")
        starts = np.searchsorted(events.user[order], users)
        ends = np.searchsorted(events.user[order], users, "right")
        for start, stop in zip(starts, ends, strict=True):
            yield tuple(
                Interaction(
                    self._names[events.item[at]],
                    events.kinds[events.kind[at]],
                    _value(events.value[at]),
                    float(events.time[at]),
                )
                for at in order[start:stop].tolist()[-500:]
            )

    @property
    def accounts(self) -> int:
        """The number of accounts of an attack."""
        return max(round(SHARE * len(self._users)), 1)

    @property
    def targets(self) -> dict[str, str]:
        """The items that are pushed, by what they are."""
        found = {"new": NEW}
        for n_users in READERS:
            near = int(np.argmin(np.abs(self._user_counts - n_users)))
            count = int(self._user_counts[near])
            name = self._names[int(self._by_popularity[near])]
            found[f"{count} reader{'s' * (count != 1)}"] = name
        place = min(POPULAR, len(self._by_popularity))
        found[f"place {place}"] = self._names[int(self._by_popularity[place - 1])]
        return found

    def nuked(self, when: str, defences: bool) -> dict[str, str]:
        """The items that are nuked: the three that most lists of the control run show."""
        counts: dict[str, int] = {}
        for one in self.control(when, defences).user_lists:
            for item in one:
                counts[item] = counts.get(item, 0) + 1
        best = sorted(counts, key=lambda item: (-counts[item], item))[:3]
        least = min(SHOWN, len(self.queries) // 20)
        return {f"shown {n + 1}": item for n, item in enumerate(best) if counts[item] >= least}

    def _scene(self, target: str, rng: np.random.Generator) -> Scene:
        names, popular = self._names, self._by_popularity
        seed = int(popular[min(20, len(popular) - 1)])
        user, item = _pairs(self.events)
        fans = np.unique(user[item == seed])
        both = np.bincount(item[np.isin(user, fans)], minlength=len(names))
        segment = np.argsort(-both, kind="stable")[:40]
        return Scene(
            target=target,
            accounts=self.accounts,
            end=self.end,
            week=WEEK,
            items=[names[row] for row in popular.tolist()],
            segment=[names[row] for row in segment.tolist()],
            first_acts=self._first_acts(),
            rng=rng,
        )

    def _first_acts(self) -> list[tuple[str, bool]]:
        """Return user and newness of the latest tenth of the first acts on an item."""
        user, _ = _pairs(self.events)
        _, first = np.unique(user, return_index=True)
        new = np.zeros(len(user), bool)
        new[first] = True
        some = range(len(user) - len(user) // 10 - 1, len(user))
        return [(self._users[user[at]], bool(new[at])) for at in some]

    def planted(self, attack: str, target: str) -> list[Planted]:
        """Return the events of an attack, in the order of time; the same for the same seed."""
        number = [*ATTACKS].index(attack)
        rng = np.random.default_rng([self.seed, 1, number])
        found = ATTACKS[attack](self._scene(target, rng))
        return sorted(found, key=attrgetter("time"))

    def control(self, when: str, defences: bool) -> Lists:
        """Return the lists without an attack."""
        if (when, defences) not in self._controls:
            self._controls[when, defences] = self._lists(when, defences, ())
        return self._controls[when, defences]

    def _lists(self, when: str, defences: bool, planted: Sequence[Planted]) -> Lists:
        state = self.live(defences, planted) if when == "live" else self.night(defences, planted)
        return self.lists(state)

    def run(self, attack: str, when: str, defences: bool) -> list[Outcome]:
        """Return what an attack does to each of its targets.

        Each target is attacked by itself, but by pushes after a night: it is given all of them at
        once, each attacked by accounts of its own.
        """
        alone = attack in (*NUKE, TRAFFIC)
        targets = self.nuked(when, defences) if alone else self.targets
        plans = {name: self.planted(attack, item) for name, item in targets.items()}
        control = self.control(when, defences)
        if when == "live" or alone:
            seen = {name: self._lists(when, defences, plan) for name, plan in plans.items()}
        else:
            together = list(heapq.merge(*plans.values(), key=attrgetter("time")))
            seen = dict.fromkeys(plans, self._lists(when, defences, together))
        return [
            Outcome(
                attack,
                when,
                defences,
                name,
                control.share(item),
                seen[name].share(item),
                seen[name].place(item),
                control.place(item),
            )
            for name, item in targets.items()
        ]

    def lists(self, live: LiveState) -> Lists:
        """Return what the users and a stranger are shown."""
        recommender = Recommender(live)
        user_lists = recommender.recommend_many(self.queries)
        (new_user_list,) = recommender.recommend_many([Query(n=DEPTH, reasons=False, now=self.end)])
        found = tuple(frozenset(one.item_id for one in each) for each in user_lists)
        return Lists(found, tuple(one.item_id for one in new_user_list))

    def live(self, defences: bool, planted: Iterable[Planted] = ()) -> LiveState:
        """Return the night's model after the last week, with planted events in it."""
        events = self.events
        weights = replace(self.weights, account_tests=defences)
        if self._model is None:
            self._model = self.fit(self._dataset(events.select(~self._week), True))
        live = LiveState(self._model, weights)
        births = births_of(events.user[~self._week], events.time[~self._week], len(self._users))
        first_act = {self._users[u]: float(births[u]) for u in np.flatnonzero(np.isfinite(births))}
        both = heapq.merge(self._week_acts(), _acts(planted), key=attrgetter("timestamp"))
        acts = [act._replace(first_act=first_act.get(act.actor or "")) for act in both]
        for start in range(0, len(acts), BATCH):
            live.add_events(acts[start : start + BATCH])
        return live

    def _week_acts(self) -> Iterator[LiveEvent]:
        events = self.events
        for at in np.flatnonzero(self._week).tolist():
            yield LiveEvent(
                self._names[events.item[at]],
                events.kinds[events.kind[at]],
                _value(events.value[at]),
                float(events.time[at]),
                actor=self._users[events.user[at]],
            )

    def night(self, defences: bool, planted: Sequence[Planted] = ()) -> LiveState:
        """Return the state after a night that read all events, with planted ones among them."""
        data = self._dataset(with_planted(self.events, planted), defences)
        return LiveState(self.fit(data), replace(self.weights, account_tests=defences))

    def _dataset(self, events: EventTable, defences: bool) -> Dataset:
        return Dataset.build(
            events, self.items, weights=replace(self.weights, account_tests=defences)
        )


def _acts(planted: Iterable[Planted]) -> Iterator[LiveEvent]:
    for one in planted:
        yield LiveEvent(one.item, one.event, None, one.time, actor=one.user)


def _value(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _pairs(events: EventTable) -> tuple[Rows, Rows]:
    """Return user and item of each first act of a user on an item, in the order of time."""
    key = events.user.astype(np.int64) * max(len(events.items), 1) + events.item
    first = np.sort(np.unique(key, return_index=True)[1])
    return events.user[first], events.item[first]


def _with_new(items: ItemTable, created: float) -> ItemTable:
    return ItemTable(
        ids=IdMap.from_ids([*items.ids, NEW]),
        title=[*items.title, "an item of which nothing is known"],
        text=[*items.text, ""],
        tags=[*items.tags, ()],
        category=[*items.category, ""],
        author=[*items.author, ""],
        created=np.append(items.created, created),
        url=[*items.url, ""],
        metadata=[*items.metadata, {}],
    )


def with_planted(events: EventTable, planted: Sequence[Planted]) -> EventTable:
    """Return a table with more events, in the order of time."""
    if not planted:
        return events
    users = IdMap.from_ids([*events.users, *(one.user for one in planted)])
    items = IdMap.from_ids([*events.items, *(one.item for one in planted)])
    kinds = tuple(dict.fromkeys([*events.kinds, *(one.event for one in planted)]))
    time = np.concatenate([events.time, [one.time for one in planted]])
    order, extra = np.argsort(time, kind="stable"), len(planted)
    columns = {
        "user": users.rows([one.user for one in planted]),
        "item": items.rows([one.item for one in planted]),
        "kind": np.array([kinds.index(one.event) for one in planted], np.int16),
        "value": np.full(extra, np.nan, np.float32),
    }
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(events, name), more])[order] for name, more in columns.items()
    }
    sentiment, share = events.sentiment, events.share
    return replace(
        events,
        users=users,
        items=items,
        kinds=kinds,
        time=time[order],
        sentiment=None
        if sentiment is None
        else np.append(sentiment, np.zeros(extra, np.float32))[order],
        share=None if share is None else np.append(share, np.ones(extra, np.float32))[order],
        comments={},
        numbers=None,
        **joined,
    )


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome that moved most; of a real burst the one that reached least."""
    if outcomes[0].attack == REAL:
        return min(outcomes, key=lambda one: one.attacked)
    if outcomes[0].attack in (*NUKE, TRAFFIC):
        return max(outcomes, key=lambda one: one.lost)
    return max(outcomes, key=lambda one: (one.excess, one.intrudes))
