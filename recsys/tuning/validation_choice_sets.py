"""Choice sets of the validation users, collected at cuts in time or during a replay."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from recsys.array_types import Rows
from recsys.ranking.popularity_features import prior_features
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.choice_sets import ChoiceSets, joined
from recsys.tuning.choice_sets_at_cut import choice_sets_at_cut
from recsys.tuning.cpu_budget import Budget
from recsys.tuning.engine_selection import Log
from recsys.tuning.replay_choice_sets import ReplayChoiceSets, ReplayStep, collect_choice_sets
from recsys.tuning.validation_set import ValidationSet

PEOPLE = 4_000  # of the validation set that are evaluated
HALF_LIVES = (1.0, 2.2, 5.0, 20.0, math.inf)  # events back; how fast a history fades
WALKED = 0.5  # of the time left is for the search after a walk
SEARCHED = 0.1  # the same while a walk has fewer than `FEWEST_LISTS`, on which it is short
FEWEST_LISTS = 200  # lists of a replay; one that was interrupted with fewer is not used
SURE_LISTS = 1_000  # a walk that ends after so many has lost no more than precision
ReplaySource = Callable[[Sequence[LiveState]], Iterable[ReplayStep]]


def asked_at_cut(checks: Sequence[ValidationSet], seed: int) -> list[ValidationSet]:
    """Return the users of each fold who are asked at one cut, at most `PEOPLE` together."""
    return [check.sample(PEOPLE // len(checks), seed) for check in checks]


def lists_text(count: int) -> str:
    """Return a number of lists in words: 1 list, 2,369 lists."""
    return f"{count:,} list" if count == 1 else f"{count:,} lists"


def time_over(budget: Budget) -> Callable[[int], bool]:
    """Return a function: whether lists end for lack of time, given how many there are.

    Half of the time that is left now is for the search, but only once there are `FEWEST_LISTS`:
    a search on fewer would be in vain.
    """
    whole = budget.left()
    return lambda lists: budget.left() < whole * (WALKED if lists >= FEWEST_LISTS else SEARCHED)


def validation_choice_sets(
    checks: Sequence[ValidationSet],
    models: Sequence[Mapping[str, Model]],
    seed: int,
    on_the_way: ReplaySource | None,
    budget: Budget,
    log: Log,
    further: int = 0,
) -> ReplayChoiceSets:
    """Return what users choose among at the cut of each fold, or on the way of a replay.

    `further`: so many folds, the last ones, whose users may be left out without being called a
    lack of time.
    """
    enough = time_over(budget)
    if on_the_way is not None:
        lives = {name: LiveState(model) for name, model in models[0].items()}
        found = collect_choice_sets(
            on_the_way(tuple(lives.values())), lives, HALF_LIVES, seed, enough
        )
        if found.ended and len(found.choice_sets) < SURE_LISTS:
            log.hurried(
                f"the replay stopped after {lists_text(len(found.choice_sets))}:"
                " the rest of the time is for the search"
            )
        elif found.ended:
            log.note(
                f"the replay stops after {lists_text(len(found.choice_sets))}:"
                " the rest of the time is for the search"
            )
        return found
    some = asked_at_cut(checks, seed)
    pools: list[tuple[ChoiceSets, Rows | None]] = []
    for fold, own in zip(some, models, strict=True):
        known = sum(len(pool) for pool, _ in pools)
        if known >= FEWEST_LISTS and enough(known):
            break
        features = prior_features(LiveState(next(iter(own.values()))))

        def over(lists: int, known: int = known) -> bool:
            return known + lists >= FEWEST_LISTS and enough(known + lists)

        pool = choice_sets_at_cut(fold, own, HALF_LIVES, features, seed, over)
        pools.append((pool, fold.users))
    pooled, wanted = joined([pool for pool, _ in pools]), sum(map(len, some))
    if all(users is not None for _, users in pools):  # else one fold, and places in it
        users = [users[pool.user] for pool, users in pools if users is not None]
        pooled = replace(pooled, user=np.concatenate(users).astype(np.int64))
    if len(pools) > 1:
        if checks[0].data.timed:
            periods = [np.full(len(pool), number) for number, (pool, _) in enumerate(pools)]
            pooled = replace(pooled, period=np.concatenate(periods).astype(np.int64))
    if len(pooled) < wanted:
        needed = sum(map(len, some[: len(some) - further]))
        tell = log.hurried if len(pooled) < needed else log.note
        tell(
            f"{len(pooled)} of {wanted} users were evaluated:"
            " the rest of the time is for the search"
        )
    return ReplayChoiceSets(pooled, None)
