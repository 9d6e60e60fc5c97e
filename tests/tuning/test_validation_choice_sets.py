"""Validation choice sets: which folds may be left out, and what counts as a lack of time."""

from dataclasses import replace

import numpy as np
import worlds

from recsys.ranking_metrics import Positives
from recsys.tuning.cpu_budget import Budget
from recsys.tuning.engine_selection import Log
from recsys.tuning.validation_choice_sets import FEWEST_LISTS, validation_choice_sets
from recsys.tuning.validation_set import ValidationSet

USERS = FEWEST_LISTS + 10


def fold(first):
    """Return users of a large world of two sides, each asked for an item that they have not had."""
    data = worlds.odd_even(2 * USERS)
    users = np.arange(first, first + USERS, dtype=np.int32)
    seen = [set(data.item[data.user == user].tolist()) for user in users]
    wanted = [[row for row in range(len(data.items)) if row not in own][:1] for own in seen]
    return ValidationSet.of_users(data, users, Positives.from_lists(wanted))


class LateModels(dict):
    """Models that are reached when the time is over."""

    def __init__(self, models, now):
        super().__init__(models)
        self.now = now

    def values(self):
        self.now[0] = 59.0
        return super().values()


def evaluated(further):
    checks, now = [fold(0), fold(USERS)], [0.0]
    model = worlds.plain(checks[0].data, worlds.WHOLE)
    models = {"ease": replace(model, behaviour=None)}
    budget = Budget(1.0, cpu=lambda: now[0], clock=lambda: 0.0)
    notes = list[str]()
    log = Log(notes.append)
    found = validation_choice_sets(
        checks, [models, LateModels(models, now)], 0, None, budget, log, further
    )
    return len(found.choice_sets), notes, log.pressure


def test_users_of_further_folds_are_no_lack_of_time():
    count, notes, pressure = evaluated(further=1)
    assert USERS <= count < 2 * USERS
    assert any(f"{count} of {2 * USERS} users were evaluated" in note for note in notes)
    assert not pressure


def test_users_of_the_folds_that_engines_were_compared_on_are():
    count, notes, pressure = evaluated(further=0)
    assert USERS <= count < 2 * USERS and pressure == [note for note in notes if "of" in note]
