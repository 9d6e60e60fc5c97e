"""Validation splits: the last events cut off, to choose settings and to evaluate models.

The only cuts inside a night; evaluation cuts by the same rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable, ItemTable
from recsys.ranking_metrics import Positives
from recsys.tuning.stable_sampling import event_keys, number_in_user, random_order
from recsys.tuning.validation_set import ValidationSet

SHARE = 0.1  # of the events, the last by time
MOST_REPLAYED = 100_000  # events; a walk through ten times as many takes minutes
CUTS = 2  # in time, at which users are asked where all lists are requested at one moment
PER_TEST = 5  # acts of a user per act held out at random
FEWEST = 30  # users who say what changed since yesterday
FOLD_USERS = 3_000  # whose acts one fold holds out at most
FOLDS = 3  # users are dealt into so many, of which one is asked at a time
FOLD_LISTS = 1_200  # that all folds together ask for, where there are enough
MOST_FOLDS = 9
FURTHER_USERS = 2_000  # of a fold, up to which the other folds are asked about forms, too
SORTED = 0.95  # share of steps upwards from which acts count as sorted by item
TESTABLE = 50  # users; with fewer, each user's last event is the target, or nothing is tested


def replayed_share(n_events: int) -> float:
    """Return the share of so many events, the last by time, that validate: a tenth at most."""
    return min(SHARE, MOST_REPLAYED / max(n_events, 1))


def newest(events: EventTable, after: float = -np.inf) -> Mask:
    """Mark the last tenth of the events, or those after `after` if that is later.

    A tenth, but `MOST_REPLAYED` at most. None without timestamps: their order across users means
    nothing. (events,).
    """
    first = len(events) - round(len(events) * replayed_share(len(events)))
    if not events.timed or first >= len(events):
        return np.zeros(len(events), bool)
    return np.asarray((events.time >= events.time[first]) & (events.time > after), bool)


def cuts_of(events: EventTable) -> list[tuple[EventTable, Mask]]:
    """Return the events before the end of each of the last `CUTS` tenths, and a mask of the tenth.

    Newest first; each mask is over its own events. Empty without timestamps.
    """
    found = list[tuple[EventTable, Mask]]()
    while len(found) < CUTS and (is_test := newest(events)).any():
        found.append((events, is_test))
        events = events.select(~is_test)
    return found


def last_of_each_user(events: EventTable, acts: Mask | None = None) -> Mask:
    """Mark the last of the acts (None: all events are) of each user who has two or more."""
    places = np.arange(len(events)) if acts is None else np.flatnonzero(acts)
    user = events.user[places]
    users, from_end = np.unique(user[::-1], return_index=True)
    counts = np.bincount(user, minlength=len(events.users))
    is_test = np.zeros(len(events), bool)
    is_test[places[(len(user) - 1 - from_end)[counts[users] >= 2]]] = True
    return is_test


def random_of_each_user(events: EventTable, acts: Mask, seed: int) -> Mask:
    """Mark one of every `PER_TEST` acts of each user who has two or more, at least one, at random.

    Where requests lie anywhere among the events, the last ones are no better question than others,
    and more of them leave less to chance. (events,); `acts` (events,): events that weigh something.
    """
    places = np.flatnonzero(acts)
    return _fifth_of_each_user(events, places[random_order(event_keys(events.user)[places], seed)])


def last_fifth_of_each_user(events: EventTable, acts: Mask) -> Mask:
    """Mark one of every `PER_TEST` acts of each user who has two or more, at least one: the last.

    The order is that of the files.
    """
    return _fifth_of_each_user(events, np.flatnonzero(acts)[::-1])


def _fifth_of_each_user(events: EventTable, places: NDArray[np.intp]) -> Mask:
    """Mark the first fifth of each user's events in the order of `places`."""
    user = events.user[places]
    counts = np.bincount(user, minlength=len(events.users))
    number = number_in_user(user)
    held = np.where(counts >= 2, np.maximum(counts // PER_TEST, 1), 0)
    is_test = np.zeros(len(events), bool)
    is_test[places[number < held[user]]] = True
    return is_test


def sorted_by_item(events: EventTable) -> bool:
    """Whether the acts of users stand in the order of their items in the files.

    Such an order is of numbers or names, not of time: the last acts of all users are then on the
    same items.
    """
    order = np.argsort(events.user, kind="stable")
    user, item = events.user[order], events.item[order]
    same = user[1:] == user[:-1]
    if not same.any():
        return False
    names = np.argsort(np.argsort(np.array(list(events.items), dtype=object)))
    numbers = np.array([float(i) if i.isdecimal() else np.nan for i in events.items])
    for rank in (np.arange(len(names)), names, numbers):
        step = np.diff(rank[item])[same]
        if np.isfinite(step).all() and max((step >= 0).mean(), (step <= 0).mean()) > SORTED:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Folds:
    """What each fold holds out, (events,) each."""

    compared: list[Mask]  # engines are compared on their users
    further: list[Mask]  # whose users are asked about forms and weights of engines chosen before


def folds_of(events: EventTable, acts: Mask, seed: int, ordered: bool, ahead: bool = True) -> Folds:
    """Return what each fold holds out: acts of a third of the users, of `FOLD_USERS` at most.

    The last act of a user if `ordered`, else the last fifth of their acts, which lies ahead of the
    others as what is served does; where users are asked again, where files are sorted by item, or
    where what is served is known to lie among the others (`ahead` False), a random fifth. All
    others are learned from whole, so that engines are compared on nearly as many events as are
    served later: with fewer, more regularised ones are ahead. Few users are asked in several folds:
    each once in every three; if `ordered`, once, for a second time would ask the same.

    Where engines are compared on one or two of the three, and a fold has `FURTHER_USERS` at most,
    the others are further folds: engines are many and their fits dear, forms are not.
    """
    counts = np.bincount(events.user[acts], minlength=len(events.users))
    users = np.flatnonzero(counts >= 2)
    size = min(-(-len(users) // FOLDS), FOLD_USERS)
    most = FOLDS if ordered else MOST_FOLDS
    number = min(max(-(-FOLD_LISTS // max(size, 1)), 1), most)
    further = FOLDS - number if number < FOLDS and size <= FURTHER_USERS else 0
    found = list[Mask]()
    at_random = not ordered and (not ahead or sorted_by_item(events))
    for fold in range(number + further):
        if fold % FOLDS == 0:
            users = users[random_order(users, seed + fold)]
        own = np.zeros(len(events.users), bool)
        own[users[(fold % FOLDS) * size : (fold % FOLDS + 1) * size]] = True
        open_ = acts & own[events.user]
        if ordered:
            found.append(last_of_each_user(events, open_))
        elif fold < FOLDS and not at_random:
            found.append(last_fifth_of_each_user(events, open_))
        else:
            found.append(random_of_each_user(events, open_, seed + fold))
    return Folds(found[:number], found[number:])


def validation(
    events: EventTable, items: ItemTable, weights: EventWeights
) -> tuple[Mask, ValidationSet]:
    """Cut off the newest events, or everybody's last where those ask too few users to test."""
    is_test = newest(events)
    check = validation_set_of(events, items, weights, is_test)
    if len(check) < TESTABLE:
        is_test = last_of_each_user(events, weights.acts(events))
        check = validation_set_of(events, items, weights, is_test)
    return is_test, check


def validation_set_of(
    events: EventTable, items: ItemTable, weights: EventWeights, is_test: Mask
) -> ValidationSet:
    """Return users with a history, with the marked events on items new to them as relevant
    items.
    """
    data = Dataset.build(events.select(~is_test), items, weights=weights)
    is_query = is_test & (weights.of_table(events) > 0)
    width = max(len(events.items), 1)
    before = ~is_test & weights.acts(events)  # what was only shown may be taken up yet
    keys = np.setdiff1d(_keys(events, is_query, width), _keys(events, before, width))
    user, item = (keys // width).astype(np.int32), (keys % width).astype(np.int32)
    known = np.isin(user, events.user[before])
    user, item = user[known], item[known]
    users, first = np.unique(user, return_index=True)
    rows: Rows = data.items.rows(events.items)
    relevant = Positives(np.append(first, len(user)).astype(np.int64), rows[item])
    return ValidationSet.of_users(data, users, relevant)


def _keys(events: EventTable, mask: Mask, width: int) -> NDArray[np.int64]:
    return events.user[mask].astype(np.int64) * width + events.item[mask]
