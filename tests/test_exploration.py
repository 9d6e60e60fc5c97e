"""Exploration: exact probabilities of draws, by simulation and by hand; the floor; priors."""

import random

import numpy as np
import pytest

from recsys.exploration import EMPTY_POOL, Pool, best_chances, explored, rates_of_new
from recsys.ranking.query import Recommendation


def listed(*ids):
    return [Recommendation(id, 1.0, rank, "neighbours") for rank, id in enumerate(ids, start=1)]


def test_the_chance_to_be_the_best_is_that_of_draws():
    clicks, misses = np.array([2.0, 5.0, 30.0]), np.array([18.0, 40.0, 170.0])
    draws = np.random.default_rng(0).beta(clicks, misses, (200_000, 3)).argmax(axis=1)
    expected = np.bincount(draws, minlength=3) / len(draws)
    assert best_chances(clicks, misses) == pytest.approx(expected, abs=0.005)
    assert best_chances(np.ones(4), np.ones(4)) == pytest.approx(0.25)
    sure = best_chances(np.array([900.0, 1.0]), np.array([100.0, 999.0]))
    assert sure[0] > 0.999 and sure.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("method", ["uniform", "thompson"])
def test_logged_probabilities_are_those_of_the_draws(method):
    rates = {"a": (2.0, 18.0), "b": (6.0, 14.0), "c": (1.0, 19.0)}
    pool, rng = Pool.of(listed("a", "b", "c"), rates), random.Random(0)
    counts, told = {}, {}
    for _ in range(20_000):
        (one,) = explored(listed("x"), pool, 0.4, rng, method)
        counts[one.item.item_id] = counts.get(one.item.item_id, 0) + 1
        told[one.item.item_id] = one.propensity
    assert sum(told.values()) == pytest.approx(1.0)
    for name, chance in told.items():
        assert counts[name] / 20_000 == pytest.approx(chance, abs=0.012)
    assert told["x"] == 0.6
    if method == "thompson":
        assert told["b"] > told["a"] > told["c"] >= 0.4 * 0.1 / 3  # a part is uniform
    else:
        assert told["a"] == told["b"] == told["c"] == pytest.approx(0.4 / 3)


def test_no_item_is_drawn_twice_nor_one_of_the_list():
    pool = Pool.of(listed("a", "b"), {})
    for seed in range(20):
        found = explored(listed("a", "x", "y", "z"), pool, 0.9, random.Random(seed))
        names = [one.item.item_id for one in found]
        assert len(set(names)) == 4 and names.count("a") <= 1
        # "a" is in the list, so that "b" alone may be drawn; after that nothing is left to draw
        after = names[names.index("b") + 1 :] if "b" in names else []
        assert all(one.propensity == 1.0 for one in found[len(names) - len(after) :])
    assert explored(listed("a"), EMPTY_POOL, 0.5, random.Random(0))[0].propensity == 1.0


def test_the_prior_of_a_new_item_is_the_rate_of_its_topic():
    shown = {"good": (200, 60), "bad": (200, 0), "known": (1_000, 300)}
    topics = {"good": 1, "bad": 2, "new-good": 1, "new-bad": 2, "known": 3, "none": 9}
    rates = rates_of_new(shown, topics)
    mean = {name: a / (a + b) for name, (a, b) in rates.items()}
    assert mean["new-good"] > 0.25 and mean["new-bad"] < 0.03
    assert mean["new-bad"] < mean["none"] < mean["new-good"]  # nothing is known of its topic
    assert sum(rates["new-good"]) == pytest.approx(20.0)
    assert sum(rates["known"]) == pytest.approx(1_020.0)
