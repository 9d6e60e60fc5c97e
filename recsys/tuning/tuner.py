"""Tuner: chooses engines and score weights from training events and usage facts; the only tuner.

A night, `recsys evaluate` and `recsys.fit` call `tune`. The validation set, the number of its
queries and the engines depend on the data and the scenario alone, so that equal events give equal
choices for every caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from recsys.array_types import Rows
from recsys.data.dataset import Dataset, extended
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.ids import IdMap
from recsys.data.unrecorded_items import ON
from recsys.models.engine_definitions import Engine
from recsys.ranking.terms.registry import load_terms
from recsys.training.model_builder import TextVectors
from recsys.tuning.choice_sets_at_cut import LARGE
from recsys.tuning.cpu_budget import WALL, Budget
from recsys.tuning.engine_catalogue import Family, candidates
from recsys.tuning.evaluation_protocols import Rules, make_split
from recsys.tuning.evaluation_queries import build_queries
from recsys.tuning.live_state_replay import replay_validation, to_validation_set
from recsys.tuning.model_selection import choose, fixed_choice
from recsys.tuning.tuning_result import TuningResult
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import (
    TESTABLE,
    cuts_of,
    folds_of,
    replayed_share,
    validation,
)
from recsys.tuning.validation_splits import validation_set_of as validation_of

QUERIES = 2_500  # of the replay of the newest events; a night's time pays for so many
FIRST_QUERIES = 1_000  # the same in the first night of a home, which is to give lists soon


@dataclass(frozen=True, slots=True)
class TuningData:
    """Training events and items, and the encoder of the items' texts."""

    events: EventTable
    items: ItemTable
    words: Callable[[Dataset], TextVectors]  # text vectors in the numbering of a data set
    weights: EventWeights = field(default_factory=EventWeights)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The use of a model, as far as it is known before tuning.

    Dated events are replayed one by one, as a service receives them, unless all lists are requested
    at one moment (`replayed` False: users are asked at cuts in time) or not after all of them in
    time (`dated` False: the last of each user is held out).
    """

    minutes: float = 4.0  # of CPU time for fitting engines and searching
    group: str = ""  # item column; lists are requested among the items of one value. "": no column
    new_items: float = 0.0  # share of items held out where only items without events are shown
    dated: bool | None = None  # None: as the events are; False: requests lie anywhere in time
    seed: int = 0
    device: str = "cpu"
    engines: Sequence[Engine | Family] | None = None  # None: the catalogue of engines
    ordered: bool = True  # False: requests lie anywhere among the events of a user
    ahead: bool = True  # False: so they do by their times, and what is held out is drawn at random
    directed: bool = True  # False: engines may use nearness in histories, but not direction
    wall: float = WALL  # times as many minutes by the clock end the search too
    queries: int = QUERIES  # of a replay at most
    compare_follows: bool = False  # return the choice without the terms of follows as well
    compare_engines: bool = True  # before a replay; False: the usual ones alone, for a quick result
    replayed: bool = True  # False: no event arrives between the first list and the last


def tune(
    data: TuningData,
    scenario: Scenario,
    note: Callable[[str], None] = lambda text: None,
    advance: Callable[[float, float], None] = lambda spent, seconds: None,
) -> TuningResult:
    """Return the engines and the score model with the highest nDCG@20 on a validation set.

    The validation set is cut inside `data`, whose items without a record may be listed: the newest
    tenth of dated events, replayed, or that tenth and the one before at a cut each; else the last
    event, or the last fifth of the events, of a third of the users at a time, in more folds the
    fewer users there are (see `folds_of`). With fewer than `TESTABLE` users in it, a fixed choice
    is returned. `note` receives a sentence per result, `advance` the CPU seconds spent and allowed.
    """
    load_terms()
    data = canonical(data)
    engines: Sequence[Engine | Family] = (
        candidates() if scenario.engines is None else scenario.engines
    )
    if not scenario.directed:
        engines = [one.undirected() if isinstance(one, Family) else one for one in engines]
    seed, device = scenario.seed, scenario.device
    way, cut, more, further = None, None, list[ValidationSet](), list[ValidationSet]()
    if scenario.new_items:
        rules = Rules(
            "cold-items", scenario.new_items, group=scenario.group, seed=seed, weights=data.weights
        )
        split = make_split(data.events, data.items, rules)
        check = to_validation_set(build_queries(split, split.dataset()))
        words = data.words(check.data)
    else:
        dated = data.events.timed and scenario.dated is not False
        replayed = scenario.replayed or bool(scenario.group)  # groups are asked in a replay alone
        if dated and replayed:
            _, check = validation(data.events, data.items, data.weights)
        elif dated:
            check, *more = _at_cuts(data)
        else:
            (check, *more), further = _undated(data, scenario)
        if len(np.unique(np.concatenate([one.users for one in (check, *more)]))) < TESTABLE:
            return fixed_choice()
        if dated and replayed:
            cut = check  # what is asked there first reads no words
            share = replayed_share(len(data.events))
            rules = Rules(
                "replay", share, group=scenario.group, weights=data.weights, unrecorded=ON
            )
            split = make_split(data.events, data.items, rules)
            check, way = replay_validation(split, seed, scenario.queries)
        words = data.words(check.data)
    budget = Budget(scenario.minutes, wall=scenario.wall)

    def log_line(text: str) -> None:
        note(text)
        advance(budget.spent(), budget.seconds)

    return choose(
        check,
        words,
        engines,
        budget,
        seed,
        device,
        log_line,
        way,
        cut,
        more,
        scenario.compare_follows,
        scenario.compare_engines,
        further,
    )


def _undated(
    data: TuningData, scenario: Scenario
) -> tuple[list[ValidationSet], list[ValidationSet]]:
    """Return a validation set per fold that engines are compared on, and per further fold.

    All have the same numbers of users and items.
    """
    acts = data.weights.acts(data.events)
    folds = folds_of(data.events, acts, scenario.seed, scenario.ordered, scenario.ahead)
    items = data.items
    if len(folds.compared) + len(folds.further) > 1:
        # an item whose only events one fold holds out is there all the same
        items = extended(items, IdMap.from_ids([*items.ids, *data.events.items]))
    compared, further = (
        [validation_of(data.events, items, data.weights, fold) for fold in some]
        for some in (folds.compared, folds.further)
    )
    return compared, further


def _at_cuts(data: TuningData) -> list[ValidationSet]:
    """Return a validation set per cut in time, newest first, with the same users and items.

    In a large catalogue there is one: another would take the time of the first.
    """
    items = extended(data.items, IdMap.from_ids([*data.items.ids, *data.events.items]))
    cuts = cuts_of(data.events)[: 1 if len(items) > LARGE else None]
    found = [validation_of(events, items, data.weights, is_test) for events, is_test in cuts]
    found = [check for check in found if len(check) >= TESTABLE]
    return found or [validation(data.events, data.items, data.weights)[1]]


def canonical(data: TuningData) -> TuningData:
    """Return the same data in one numbering: users by first event, items by id.

    A store and a file number them differently; samples and ties would depend on it.
    """
    events, items = data.events, data.items
    _, first, inverse = np.unique(events.user, return_index=True, return_inverse=True)
    place = np.empty(len(first), np.int32)
    place[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    names, item = _sorted_ids(events.items, events.item)
    follows = events.follows
    if follows is not None:
        numbers = np.full(len(events.users), -1, np.int32)
        numbers[np.unique(events.user)] = place
        follows = follows.renumbered(numbers)
    events = replace(
        events,
        users=IdMap.from_ids(map(str, range(len(first)))),
        items=names,
        user=place[inverse],
        item=item,
        comments={},
        numbers=None,
        follows=follows,
    )
    order = sorted(range(len(items)), key=items.ids.__getitem__)
    columns: dict[str, Any] = {"ids": IdMap.from_ids(items.ids[row] for row in order)}
    for column in fields(items)[1:]:
        values = getattr(items, column.name)
        listed = isinstance(values, list)
        columns[column.name] = (
            [values[row] for row in order] if listed else None if values is None else values[order]
        )
    items = ItemTable(**columns)
    return replace(data, events=events, items=items)


def _sorted_ids(ids: IdMap, rows: Rows) -> tuple[IdMap, Rows]:
    """Return the used ids in ascending order, and the rows in that numbering."""
    used = np.unique(rows)
    names = [ids[row] for row in used.tolist()]
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.full(len(ids), -1, np.int32)
    place[used[order]] = np.arange(len(order), dtype=np.int32)
    return IdMap.from_ids(names[at] for at in order), place[rows]
