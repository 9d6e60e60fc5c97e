"""Feedback over nights: a small world of two tastes, with models that learn from the clicks."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import worlds

from jobs.bench.feedback import changes, feedback_table
from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.errors import DataError
from recsys.evaluation.feedback_simulation import DEPTH, FeedbackConfig, FeedbackSimulation
from recsys.models.ease import EaseConfig, fit_ease
from recsys.serving.model import Model
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.training.model_builder import TextVectors, assemble

USERS, ITEMS, ACTS = 60, 160, 6
CONFIG = FeedbackConfig(
    nights=3, people=50, lists=4, new_items=5, clicks_per_list=0.5, reserved=0.2, seed=1
)


def popular(data: Dataset) -> Model:
    """Return a model that ranks by what is taken up in three days."""
    words = TextVectors.none(len(data.items))
    return assemble(data, {}, words, ScoreModel(priors={"share_3d": 1.0}))


def simulation(config: FeedbackConfig = CONFIG, fit=popular) -> FeedbackSimulation:
    """Return people who like items of even numbers, or of odd ones."""
    rng = np.random.default_rng(0)
    events = [
        Event(f"u{user}", f"i{item}", "like", timestamp=worlds.START + 3_600.0 * user + place)
        for user in range(USERS)
        for place, item in enumerate(2 * rng.choice(ITEMS // 2, ACTS, replace=False) + user % 2)
    ]
    items = item_table(Item(f"i{n}", title=f"item {n}", tags=(f"t{n % 2}",)) for n in range(ITEMS))
    factors = np.zeros((ITEMS, 3), np.float32)
    factors[np.arange(ITEMS), np.arange(ITEMS) % 2] = 1.0
    table = worlds.event_table(events)
    return FeedbackSimulation(table, items, factors, fit, EventWeights(), config)


def test_nights_are_repeatable_and_clicks_become_events():
    one, other = simulation(), simulation()
    nights = list(one.run())
    assert nights == list(other.run()) and [night.night for night in nights] == [1, 2, 3]
    assert len(one.events) == USERS * ACTS + sum(night.clicks for night in nights)
    assert (np.diff(one.events.time) >= 0).all()
    assert len(one.items) == ITEMS + 2 * CONFIG.new_items == len(one.factors)
    first = nights[0]
    assert first.expected == pytest.approx(CONFIG.clicks_per_list, rel=0.15)
    assert first.new_share == 0 < nights[1].new_share < 0.2
    assert all(0 < night.gini < 1 and night.distinct >= 20 for night in nights)


def test_lists_hold_nothing_twice_and_nothing_that_was_taken_up():
    world = simulation()
    list(world.run())
    data = Dataset.build(world.events, world.items, weights=world.weights)
    ranking = world.rankings(data)
    assert ranking.shape == (CONFIG.people, DEPTH)
    for person, own in zip(world.people.tolist(), ranking, strict=True):
        assert len(set(own.tolist())) == DEPTH
        assert not set(own.tolist()) & set(data.item[data.user == person].tolist())


def test_personal_lists_have_a_swap_gap_and_popular_ones_none():
    def personal(data: Dataset) -> Model:
        weights = fit_ease(data.matrix(), EaseConfig(5.0))
        score = ScoreModel((Term("neighbours", np.inf, 1.0),), (LogTerm(1.0, 1.0),))
        return assemble(data, {"neighbours": weights}, TextVectors.none(len(data.items)), score)

    gaps = [next(simulation(fit=fit).run()).swap_gap for fit in (personal, popular)]
    assert gaps[0] > 0.1 > abs(gaps[1])


def test_the_gap_is_a_share_of_the_best_list_that_is_left():
    """Expected clicks fall as people take up what they like best; a share of the best does not."""
    world = simulation()
    next(world.run())
    data = Dataset.build(world.events, world.items, weights=world.weights)
    best = world._best(data)
    taken = {(u, i) for u, i in zip(data.user.tolist(), data.item.tolist(), strict=True)}
    for person, own in zip(world.people.tolist(), best.tolist(), strict=True):
        assert not {(person, item) for item in own} & taken
        assert sum(item % 2 == person % 2 for item in own) >= 19


def test_models_are_tuned_anew_after_some_nights():
    tuned: list[int] = []
    world = simulation(replace(CONFIG, nights=5, tune_days=2))
    world.tune = lambda events, items: tuned.append(len(items))
    list(world.run())
    assert tuned == [ITEMS + 2 * CONFIG.new_items, ITEMS + 4 * CONFIG.new_items]


def test_what_is_demanded_of_the_last_night():
    nights = list(simulation().run())
    assert changes([nights[0], nights[0]], 7)["held"] is True
    found = changes(nights, 7)
    assert found["gini_change"] == nights[-1].gini - nights[0].gini


def test_the_swap_gap_has_intervals_of_single_nights_and_of_those_between_two_tunings():
    night = next(simulation().run())
    nights = [replace(night, swap_gap=gap) for gap in (0.08, 0.09, 0.08, 0.09, 0.08, 0.07)]
    one, three = changes(nights, 3)["swap_gap_intervals"]
    assert (one["nights"], three["nights"]) == (1, 3) and not one["fell"] and not three["fell"]
    assert one["change"] == pytest.approx(-0.01) and one["low"] < -0.01 < 0 < one["high"]
    assert changes(nights[:2], 3)["swap_gap_intervals"] == []
    found = {**changes(nights, 3), "nights": [asdict(one) for one in nights]}
    assert "last 3 nights against first: -0.0033" in str(feedback_table(found).caption)


def test_too_few_people_and_undated_events_are_refused():
    with pytest.raises(DataError, match="60 users have 3 acts, not 61"):
        simulation(FeedbackConfig(people=61))
    with pytest.raises(DataError, match="have a time"):
        FeedbackSimulation(
            worlds.event_table([Event("ann", "x", "like")]),
            item_table([]),
            np.zeros((0, 2), np.float32),
            popular,
            EventWeights(),
            CONFIG,
        )
