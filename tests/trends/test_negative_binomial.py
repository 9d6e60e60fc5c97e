"""Tail: the same numbers as SciPy's statistics, which are too slow to load for a service."""

import numpy as np
from scipy.stats import nbinom

from recsys.trends.negative_binomial import interval, upper_tail

RNG = np.random.default_rng(0)
MEAN = np.concatenate([10 ** RNG.uniform(-13, 4, 3000), [0.0, 1e-12]])
SIZE = 10 ** RNG.uniform(-2, 4, len(MEAN))
SUCCESS = SIZE / (SIZE + np.maximum(MEAN, 1e-12))


def test_an_interval_ends_at_the_quantiles():
    low, high = interval(MEAN, SIZE, 0.8)
    assert np.array_equal(low, np.maximum(nbinom.ppf(0.1, SIZE, SUCCESS), 0))
    assert np.array_equal(high, np.maximum(nbinom.ppf(0.9, SIZE, SUCCESS), 0))
    assert (low <= high).all() and (high > 0).any() and (low == 0).any()


def test_a_tail_is_the_chance_of_as_many():
    count = np.floor(3 * MEAN) + 1
    known = MEAN > 1e-6
    wanted = nbinom.sf(count - 1, SIZE, SUCCESS)
    found = upper_tail(count, MEAN, SIZE)
    assert np.allclose(found[known], np.maximum(wanted[known], 1e-300), rtol=1e-6, atol=1e-14)
