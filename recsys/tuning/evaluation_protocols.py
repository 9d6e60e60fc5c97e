"""Evaluation protocols: cut of the events, test users, and candidate items.

A Split has the same shape whatever the protocol, and `validation()` cuts its training events in
the same way once more: settings are chosen there, never on the test.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows, Times
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.follow_table import FollowTable
from recsys.data.ids import IdMap
from recsys.data.records import Follow
from recsys.data.unrecorded_items import AUTO, Unrecorded, unlisted, with_records
from recsys.errors import DataError
from recsys.ranking_metrics import Positives
from recsys.serving.metadata_columns import folded
from recsys.tuning.held_out_event_masks import (
    cold_items,
    first_seen,
    known_enough,
    last_slice,
    random_of_each_user,
)
from recsys.tuning.relevant_events import Positive, RelevanceLabels, opinions
from recsys.tuning.validation_splits import last_of_each_user

PROTOCOLS = ("time", "leave-last-out", "cold-items", "given", "replay")
AMONG = 0.25  # share of test events before the last act of their user, from which none lies ahead


@dataclass(frozen=True, slots=True)
class Rules:
    """How to cut."""

    protocol: str
    share: float = 0.1  # of events (time, replay) or items (cold-items) that are the test
    positive: Positive | None = None  # None: an event with a positive weight
    group: str = ""  # column of the items inside whose values is ranked; empty: the catalogue
    seed: int = 0
    weights: EventWeights = field(default_factory=EventWeights)
    unrecorded: str = (
        AUTO  # whether items without a record are listed; see recsys.data.unrecorded_items
    )

    slice_order: str = ""  # item column whose order divides the test; empty: it is not divided

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            known = ", ".join(PROTOCOLS)
            raise DataError(f"protocol {self.protocol!r} is unknown; choose one of {known}")
        if self.slice_order and self.protocol != "leave-last-out":
            raise DataError(
                f"--slice-order {self.slice_order!r} divides protocol leave-last-out,"
                f" not {self.protocol}"
            )
        if not 0 < self.share < 1:
            raise DataError(f"test share {self.share} is not between 0 and 1, as .1 is")


@dataclass(frozen=True, slots=True)
class Cases:
    """The questions of the test: what did this user take up (inside this group)?

    Users and items are rows of the split's event tables. A user has one case, or one per group.
    """

    user: Rows  # (n,)
    relevant: Positives  # n lists of item rows, none of them in the user's training events
    known: Mask  # (n,): the user has acted in training; the others are only a slice
    group: tuple[str, ...] | None  # per case, the group that candidates come from


@dataclass(frozen=True, slots=True)
class Replay:
    """The test events of `replay`, in the order of time."""

    events: EventTable
    time: Times  # (n,): of each event; without timestamps, its number among all events
    opinion: RelevanceLabels  # (n,)
    counted: Mask  # (n,): the user's first act on this item; to be shown it is none
    first_seen: Times  # (n_items,): when each item was created or first seen; inf: never


@dataclass(frozen=True, slots=True)
class Split:
    """Training events and test cases."""

    rules: Rules
    items: ItemTable
    train: EventTable
    opinion: RelevanceLabels  # (n_train,)
    cutoff: float  # first moment of the test, Unix seconds; NaN where the cut is not one in time
    cases: Cases  # for `replay`, the test cases of a model that is not updated on the way
    only: Rows | None  # the item rows that may be recommended; None: all
    replay: Replay | None  # for `replay`
    n_events: int  # in training and test together
    unlisted: Rows | None = None  # item rows without a record and enough users; None: all listed
    unrecorded: Unrecorded | None = None  # what was found of items without a record
    ahead: bool = True  # the test lies after training, as far as times say, see `lies_ahead`

    @property
    def test_users(self) -> int:
        """How many users the headline counts."""
        if self.replay is not None:
            return len(np.unique(self.replay.events.user[positive_steps(self.replay)]))
        return len(np.unique(self.cases.user[self.cases.known]))

    def dataset(self) -> Dataset:
        """Return the training events as all rows of the table get them."""
        return Dataset.build(self.train, self.items, weights=self.rules.weights)

    def with_follows(self, follows: Iterable[Follow]) -> Split:
        """Return the split with the follows of the users of its events, as of always."""
        table = FollowTable.of(follows, self.train.users, self.items.author)
        return replace(self, train=replace(self.train, follows=table))

    def validation(self) -> Split:
        """Cut the training events as the test was cut."""
        cut = _cut(self.train, self.opinion, self.items, self.rules, None)
        found = self.unrecorded
        return cut if found is None else _with_rule(cut, found, self.train)


def make_split(
    events: EventTable, items: ItemTable, rules: Rules, test: EventTable | None = None
) -> Split:
    """Cut events in two by the rules; `test` are the events of protocol `given`."""
    if (test is None) == (rules.protocol == "given"):
        relevant = "needs --test-events F" if test is None else "takes no --test-events"
        raise DataError(f"protocol {rules.protocol} {relevant}")
    events, found = with_records(events, items, rules.unrecorded, rules.weights)
    if test is not None and not found.listed:
        test = test.select(items.ids.rows(test.items)[test.item] >= 0)
    is_test = None
    if test is not None:
        share = len(test) / max(len(events) + len(test), 1)
        rules = replace(rules, share=min(max(share, 1e-9), 0.5))
        events, is_test = _joined(events, test)
    opinion = opinions(events, rules.positive, rules.weights)
    return _with_rule(_cut(events, opinion, items, rules, is_test), found, events)


def _with_rule(split: Split, found: Unrecorded, events: EventTable) -> Split:
    """Return a split of events whose candidates are what a service would list.

    In a replay an item without a record may be listed once enough users acted on it. Where the
    test is of items that leave training, nothing is known of any: all may be listed.
    """
    rules = split.rules
    if not found.listed or split.only is not None:
        return replace(split, unrecorded=found)
    out = np.flatnonzero(unlisted(split.train, split.items, rules.weights.acts(split.train)))
    rows, replay = out.astype(np.int32) if len(out) else None, split.replay
    if replay is not None:
        replay = replace(
            replay, first_seen=known_enough(events, split.items, rules.weights, replay.first_seen)
        )
    return replace(split, unlisted=rows, unrecorded=found, replay=replay)


def item_groups(items: ItemTable, column: str) -> list[str]:
    """Return the group of each item: a column of the items file, its own or one of metadata.

    Letter case makes no difference, neither in the name of the column nor in its values; author
    ids are compared as they are.
    """
    name = column.casefold()
    if name == "author_id":
        return list(items.author)
    if name == "category":
        return [folded(category) for category in items.category]
    own = [{key.casefold(): value for key, value in extra.items()} for extra in items.metadata]
    if len(items) and not any(name in extra for extra in own):
        raise DataError(f"group {column!r} is no column of the items; try category")
    return [folded(str(extra.get(name, ""))) for extra in own]


def group_of_events(events: EventTable, items: ItemTable, column: str) -> NDArray[np.object_]:
    """Return the group's name for every item row of an event table; "" for unknown items.

    (n_items of the table,).
    """
    names = dict(zip(items.ids, item_groups(items, column), strict=True))
    return np.array([names.get(text, "") for text in events.items], object)


def positive_steps(replay: Replay) -> Mask:
    """Say which steps of a walk ask for a ranking: counted and positive.

    (steps,).
    """
    return replay.counted & (replay.opinion > 0)


def _cut(
    events: EventTable,
    opinion: RelevanceLabels,
    items: ItemTable,
    rules: Rules,
    is_test: Mask | None,
) -> Split:
    groups = group_of_events(events, items, rules.group) if rules.group else None
    only = None
    if rules.protocol == "cold-items":
        only = cold_items(events, rules.share, rules.seed)
        is_test = np.isin(events.item, only)
    if is_test is None:
        is_test = _test_mask(events, groups, rules)
    train, test = events.select(~is_test), events.select(is_test)
    in_time = rules.protocol in ("time", "replay") and events.timed and len(test) > 0
    acts = rules.weights.acts(events)
    replay = _replay(events, opinion, items, is_test, acts) if rules.protocol == "replay" else None
    test_positives = test.select(opinion[is_test] > 0)
    known = train.select(rules.weights.acts(train))
    return Split(
        rules=rules,
        items=items,
        train=train,
        opinion=opinion[~is_test],
        cutoff=float(test.time[0]) if in_time else float("nan"),
        cases=_cases(known, test_positives, groups),
        only=only,
        replay=replay,
        n_events=len(events),
        ahead=lies_ahead(known, test),
    )


def _test_mask(events: EventTable, groups: NDArray[np.object_] | None, rules: Rules) -> Mask:
    if rules.protocol == "leave-last-out":
        return last_of_each_user(events, rules.weights.acts(events))
    if rules.protocol == "given":
        return random_of_each_user(events, rules.share, rules.seed)
    if rules.protocol == "replay" and groups is not None:
        is_test = np.zeros(len(events), bool)
        for name in set(groups):
            inside = np.flatnonzero(groups[events.item] == name)
            is_test[inside] = last_slice(events.time[inside], events.timed, rules.share)
        return is_test
    return last_slice(events.time, events.timed, rules.share)


def lies_ahead(train: EventTable, test: EventTable) -> bool:
    """Return whether test events lie after the training events of their users.

    True without times, and where fewer than `AMONG` of the test events of users of the training
    events are earlier than the last one of their user. Both tables have one numbering of users.
    """
    if not train.timed or not test.timed:
        return True
    last = np.full(len(train.users), -np.inf)
    np.maximum.at(last, train.user, train.time)
    known = np.isfinite(last[test.user])
    return not known.any() or float((test.time < last[test.user])[known].mean()) < AMONG


def _keys(events: EventTable) -> NDArray[np.int64]:
    return events.user.astype(np.int64) * len(events.items) + events.item


def _cases(train: EventTable, test_events: EventTable, groups: NDArray[np.object_] | None) -> Cases:
    width = max(len(train.items), 1)
    keys = np.setdiff1d(
        _keys(test_events), _keys(train)
    )  # sorted and distinct: by user, then by item
    user, item = (keys // width).astype(np.int32), (keys % width).astype(np.int32)
    names = groups[item] if groups is not None else np.full(len(item), "", object)
    kinds, code = np.unique(names.astype(str), return_inverse=True)
    order = np.lexsort((item, code, user))
    user, item, code = user[order], item[order], code[order]
    first = np.flatnonzero(np.diff(user, prepend=-1) | np.diff(code, prepend=-1))
    known = np.isin(user[first], train.user)
    relevant = Positives(np.append(first, len(user)).astype(np.int64), item)
    group = tuple(map(str, kinds[code[first]])) if groups is not None else None
    return Cases(user[first], relevant, known, group)


def _replay(
    events: EventTable, opinion: RelevanceLabels, items: ItemTable, is_test: Mask, acts: Mask
) -> Replay:
    first, places = np.zeros(len(events), bool), np.flatnonzero(acts)
    first[places[np.unique(_keys(events)[acts], return_index=True)[1]]] = True
    time = events.time if events.timed else np.arange(len(events), dtype=np.float64)
    return Replay(
        events.select(is_test),
        time[is_test],
        opinion[is_test],
        first[is_test],
        first_seen(events, items),
    )


def _joined(train: EventTable, test: EventTable) -> tuple[EventTable, Mask]:
    """Return both tables as one, numbered alike, and which of its events are the test's."""
    users = IdMap.from_ids([*train.users, *test.users])
    items = IdMap.from_ids([*train.items, *test.items])
    kinds = tuple(dict.fromkeys((*train.kinds, *test.kinds)))
    code = np.array([kinds.index(kind) for kind in test.kinds], np.int16)
    both = EventTable(
        users=users,
        items=items,
        kinds=kinds,
        user=np.concatenate([train.user, users.rows(test.users)[test.user]]),
        item=np.concatenate([train.item, items.rows(test.items)[test.item]]),
        kind=np.concatenate([train.kind, code[test.kind] if len(test) else test.kind]),
        value=np.concatenate([train.value, test.value]),
        time=np.concatenate([train.time, test.time]),
        follows=train.follows,
    )
    return both, np.arange(len(both)) >= len(train)
