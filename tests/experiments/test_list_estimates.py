"""Estimates of whole lists: unbiased where what is read depends on what stands above."""

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.experiments.list_estimates import ListLog, cascade_doubly_robust, cascade_ips

LOGGED, TARGET = np.array([0.7, 0.3]), np.array([0.2, 0.8])  # of two items, at each place
PLACES = 3


def clicks(items: np.ndarray) -> np.ndarray:
    """Return the chance of a click at each place: less after each item 1 above."""
    above = np.cumsum(items, axis=1) - items
    return (0.1 + 0.3 * items) * 0.75**above


def value(chances: np.ndarray) -> float:
    """Return the expected clicks of a list whose items are drawn by some chances."""
    lists = np.array(np.meshgrid(*[[0, 1]] * PLACES)).reshape(PLACES, -1).T
    return float((chances[lists].prod(axis=1) * clicks(lists).sum(axis=1)).sum())


def logged(seed: int, n: int = 2_000) -> ListLog:
    rng = np.random.default_rng(seed)
    items = rng.choice(2, (n, PLACES), p=LOGGED)
    reward = (rng.random(items.shape) < clicks(items)).astype(float)
    model = np.array([0.08, 0.25])  # of an item, wherever it stands
    return ListLog(
        np.ones(items.shape, bool),
        reward,
        LOGGED[items],
        TARGET[items],
        np.ones(items.shape),
        model[items],
        np.full(items.shape, float(TARGET @ model)),
    )


def test_lists_are_estimated_without_bias_and_the_model_takes_variance_off():
    truth, found, covered = value(TARGET), [], 0
    for seed in range(200):
        answers = [of(logged(seed)) for of in (cascade_ips, cascade_doubly_robust)]
        found.append([one.value for one in answers])
        covered += answers[1].low <= truth <= answers[1].high
    assert abs(value(LOGGED) / truth - 1) > 0.15
    np.testing.assert_allclose(np.mean(found, axis=0), truth, rtol=0.02)
    assert np.std(found, axis=0)[1] < np.std(found, axis=0)[0]
    assert covered > 180
    single = logged(0)  # places by themselves take those above as they were logged
    apart = float((single.weights * single.reward).sum(axis=1).mean())
    assert abs(apart / truth - 1) > 0.03


def test_places_without_a_decision_change_nothing():
    whole = logged(1)
    arrays = {
        name: np.column_stack([getattr(whole, name), np.full(len(whole.held), fill)])
        for name, fill in (
            ("held", False),
            ("reward", 7.0),
            ("logged", 0.0),
            ("target", 0.5),
            ("support", 0.0),
            ("predicted", 3.0),
            ("expected", 3.0),
        )
    }
    wider = ListLog(**arrays)
    for of in (cascade_ips, cascade_doubly_robust):
        assert of(wider) == of(whole)
    with pytest.raises(DataError, match="arrays of the shapes"):
        ListLog(**{**arrays, "reward": whole.reward})
