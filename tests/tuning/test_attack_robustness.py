"""A planted attack moves no lists where it can be told from the platform, and many where not."""

from __future__ import annotations

import numpy as np
import pytest
import worlds

from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.serving.score_model import ScoreModel
from recsys.training.model_builder import TextVectors, assemble
from recsys.tuning import attack_robustness
from recsys.tuning.attack_robustness import (
    FEWEST,
    FEWEST_PEOPLE,
    MOST,
    PEOPLE,
    AttackTest,
    planted_attack,
)
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import validation

USERS, ITEMS, READ = 1_200, 60, 6
BLEND = ScoreModel(priors={"share_3d": 1.0})


def queried(pause: float) -> ValidationSet:
    """Return the check of a platform where users act at once, or with days in between."""
    rng = np.random.default_rng(2)
    share = 1.0 / np.arange(1.0, ITEMS + 1)
    events = []
    for user in range(USERS):
        began = 120 * 86_400 * rng.random()
        times = np.cumsum(np.concatenate([[0.0], rng.exponential(pause, READ - 1)]))
        chosen = rng.choice(ITEMS, READ, replace=False, p=share / share.sum())
        events += [
            Event(f"u{user}", f"i{item}", "like", timestamp=worlds.START + began + later)
            for item, later in zip(chosen.tolist(), times.tolist(), strict=True)
        ]
    events.sort(key=lambda event: event.timestamp or 0.0)
    table = worlds.event_table(events)
    items = item_table(Item(f"i{n}", title=f"item {n}") for n in range(ITEMS))
    return validation(table, items, EventWeights())[1]


@pytest.mark.parametrize(("pause", "passed"), [(8 * 86_400.0, True), (60.0, False)])
def test_an_attack_is_told_from_people_who_come_back_only(pause, passed):
    """Where everybody comes once, for minutes, the accounts of an attack are like all others."""
    check = queried(pause)
    model = assemble(check.data, {}, TextVectors.none(len(check.data.items)), BLEND)
    found = planted_attack(model, EventWeights(), check, USERS, 0)
    assert found.accounts == 12 and found.people > 50
    assert found.passed is passed
    assert (max(found.taken, found.moved - found.control) < MOST) is passed
    assert found.taken <= found.moved and found.control > 0
    assert f"takes {found.taken:.1%} of the entries" in found.description()
    assert f"changes {found.moved:.1%}; as many" in found.description()
    again = planted_attack(model, EventWeights(), check, USERS, 0)
    assert again == found


def test_of_a_large_catalogue_fewer_lists_are_compared(monkeypatch):
    check = queried(60.0)
    model = assemble(check.data, {}, TextVectors.none(len(check.data.items)), BLEND)
    assert planted_attack(model, EventWeights(), check, USERS, 0).people == PEOPLE
    monkeypatch.setattr(attack_robustness, "SCORES", 150 * ITEMS)
    assert planted_attack(model, EventWeights(), check, USERS, 0).people == 150
    monkeypatch.setattr(attack_robustness, "SCORES", ITEMS)
    assert planted_attack(model, EventWeights(), check, USERS, 0).people == FEWEST_PEOPLE


def test_nothing_is_tried_without_defences_or_with_few_users():
    check = queried(8 * 86_400.0)
    model = assemble(check.data, {}, TextVectors.none(len(check.data.items)), BLEND)
    for weights, users in (
        (EventWeights(account_tests=False), USERS),
        (EventWeights(), 90 * FEWEST),
    ):
        found = planted_attack(model, weights, check, users, 0)
        assert (
            found.passed and not found.people and "no attack was simulated" in found.description()
        )


@pytest.mark.parametrize(
    ("taken", "moved", "control", "passed"),
    [
        (0.0, 0.3, 0.28, True),  # no more than a day of real users
        (0.0, 0.3, 0.2, False),
        (0.06, 0.3, 0.3, False),  # all of what moved goes to the attacked item
        (0.04, 0.04, 0.0, True),
        (0.0, 0.1, 0.2, True),
    ],
)
def test_the_limit_is_above_the_control(taken, moved, control, passed):
    assert AttackTest(12, 100, taken, moved, control).passed is passed
