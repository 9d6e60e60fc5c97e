"""Weights of cold users in worlds where it is known what users without a history take up."""

from dataclasses import replace

import numpy as np
import pytest
from choice_columns import factors, share

from recsys.ranking.terms.popularity import NO_UPTAKE, ONE_USER, SHARES
from recsys.ranking.terms.protocol import Column, Parameter
from recsys.ranking.user_features import activity
from recsys.serving.score_model import QUALITY
from recsys.tuning.choice_sets import ChoiceSets
from recsys.tuning.cold_user_weights import FEWEST, choose_cold_user_weights, scores
from recsys.tuning.score_model_form import CandidateForm, CrossValidator

ITEMS = 50
FORM = CandidateForm(("share_1d", "share_all"), factors=(factors("als"),))


def choice_sets_of(people, cold_user_weights, known="share_all", new="share_1d", seed=0):
    """Return choices by one half-life for users with a history, by another for those without."""
    rng = np.random.default_rng(seed)
    columns = {share(name): rng.normal(2, 1, size=(people, ITEMS)) for name in SHARES}
    columns |= {factors("als"): rng.normal(size=(people, ITEMS))}
    columns |= {Column(name, name): np.zeros((people, ITEMS)) for name in QUALITY}
    fresh = np.arange(people) < cold_user_weights
    by = np.where(fresh[:, None], columns[share(new)], columns[share(known)])
    chosen = np.zeros((people, ITEMS), bool)
    chosen[np.arange(people), (2 * by + rng.gumbel(size=by.shape)).argmax(axis=1)] = True
    history = np.where(fresh, activity(0), activity(20)).astype(np.float32)
    return ChoiceSets(
        {column: values.astype(np.float32) for column, values in columns.items()},
        {"activity": history, "habit": np.zeros(people, np.float32)},
        chosen,
        np.zeros((people, ITEMS), np.float32),
        np.ones(people, np.int64),
        np.ones((people, ITEMS), bool),
        np.arange(people),
        np.broadcast_to(np.arange(ITEMS, dtype=np.int32), (people, ITEMS)),
    )


def chosen_for(sets, form=FORM):
    validator = CrossValidator.halves(sets, 0)
    return choose_cold_user_weights(form, sets, form.fit(sets), validator)


def test_users_without_a_history_get_what_such_users_take_up():
    found = chosen_for(choice_sets_of(1200, 300))
    assert found.users == 300
    assert found.weights["share_1d"] > 3 * found.weights.get("share_all", 0.0)
    assert min(found.weights.values()) >= 0 and found.weights["refusals"] > 0
    values = {name: value for name, value, _ in found.values}
    assert values[found.name] > 1.2 * values["of item features alone"]


def test_a_half_life_that_the_form_lacks_is_found():
    found = chosen_for(choice_sets_of(1200, 400, new="share_10d"))
    assert found.name == "of users without a history"
    assert found.weights["share_10d"] > 3 * found.weights["share_1d"]


def test_the_simplest_within_the_noise_is_used():
    found = chosen_for(choice_sets_of(1200, 300, known="share_1d"))
    assert found.name == "of one trend"
    best = max(value for _, value, _ in found.values)
    own = next(one for one in found.values if one[0] == found.name)
    assert best - own[1] <= own[2] + 1e-12


@pytest.mark.parametrize("cold_user_weights", [0, FEWEST - 1])
def test_with_few_users_without_a_history_the_form_decides(cold_user_weights):
    sets = choice_sets_of(800, cold_user_weights)
    weights = FORM.fit(sets)
    found = choose_cold_user_weights(FORM, sets, weights, CrossValidator.halves(sets, 0))
    assert (found.name, found.values) == ("of the form", ())
    for parameter, weight in weights.items():
        if parameter.name in SHARES:
            assert found.weights[parameter.name] == max(weight, 0.0)
    alone = CandidateForm(factors=(factors("als"),), plain=True)
    plain = choose_cold_user_weights(alone, sets, alone.fit(sets))
    assert plain.name == "of item features alone"
    assert sum(w for name, w in plain.weights.items() if name in SHARES) >= 0.5


AGED = replace(FORM, shares=("share_all",), linear=("item_age",))


def aged_choice_sets(cold_users, by_age):
    """Return choices by uptake and age together; the factors of the form are noise."""
    sets = choice_sets_of(1200, cold_users)
    rng = np.random.default_rng(1)
    age = rng.gamma(2.0, 1.0, size=sets.chosen.shape).astype(np.float32)
    by = 1.5 * sets.columns[share("share_all")] + by_age * age + rng.gumbel(size=age.shape)
    chosen = np.zeros_like(sets.chosen)
    chosen[np.arange(len(by)), by.argmax(axis=1)] = True
    return replace(sets, columns={**sets.columns, Column("item_age"): age}, chosen=chosen)


@pytest.mark.parametrize("cold_users", [0, 300])
def test_age_and_uptake_are_learned_together(cold_users):
    """So that an item that nobody took up does not come first only because it is of today."""
    sets = aged_choice_sets(cold_users, by_age=-1.0)
    found = chosen_for(sets, AGED)
    assert found.linear == {"item_age": pytest.approx(-1.0, abs=0.25)}
    assert found.features["share_all"] == pytest.approx(1.5, abs=0.35)
    assert "item_age" not in found.features
    without = {name: w for name, w in found.weights.items() if name != "item_age"}
    np.testing.assert_allclose(
        scores(sets, found.weights) - scores(sets, without),
        found.linear["item_age"] * sets.columns[Column("item_age")],
        atol=1e-4,
    )


def test_the_oldest_never_come_first_for_their_age():
    sets = aged_choice_sets(0, by_age=0.7)
    weights = {**AGED.fit(sets)}
    assert weights[Parameter("item_age")] > 0.3
    found = choose_cold_user_weights(AGED, sets, weights)
    assert found.linear == {} and found.features["share_all"] > 0.5


def test_an_item_of_one_user_counts_as_not_taken_up():
    sets = choice_sets_of(4, 4)
    columns = dict(sets.columns)
    every = np.full((4, ITEMS), 3.0, np.float32)
    every[:, 7] = ONE_USER
    columns[share("share_all")] = every
    found = scores(replace(sets, columns=columns), {"share_1d": 1.0, "share_all": 2.0})
    np.testing.assert_allclose(found[:, 7], 3.0 * NO_UPTAKE, rtol=1e-6)
    np.testing.assert_allclose(found[:, 6], columns[share("share_1d")][:, 6] + 6.0, rtol=1e-5)
