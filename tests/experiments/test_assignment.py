"""Assignment: uniform, independent between layers, the same everywhere; bad splits are refused."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, chisquare

from recsys.errors import DataError
from recsys.experiments.assignment import Split, check_layer, point

UNITS = [f"user-{n}" for n in range(10_000)]


def test_points_are_uniform_and_known():
    counts = np.histogram([point(unit, "a") for unit in UNITS], 20, (0, 1))[0]
    assert chisquare(counts).pvalue > 0.001
    assert point("ann", "layer") == pytest.approx(0.0741350, abs=1e-7)


def test_arms_have_their_shares_and_layers_are_independent():
    first = Split("a", ("x", "y", "z"), (0.5, 0.3, 0.2))
    second = Split("b", ("x", "y"), (0.5, 0.5), layer="other")
    arms = np.array([[first.arm(unit), second.arm(unit)] for unit in UNITS])
    counts = [int((arms[:, 0] == name).sum()) for name in "xyz"]
    assert chisquare(counts, [5_000, 3_000, 2_000]).pvalue > 0.001
    table = [[int(((arms[:, 0] == a) & (arms[:, 1] == b)).sum()) for b in "xy"] for a in "xyz"]
    assert chi2_contingency(table).pvalue > 0.001


def test_units_outside_the_range_of_a_layer_are_in_no_arm():
    low = Split("low", ("x", "y"), (0.5, 0.5), end=0.4)
    high = Split("high", ("x", "y"), (0.5, 0.5), start=0.4)
    found = [(low.arm(unit), high.arm(unit)) for unit in UNITS]
    assert all((a is None) != (b is None) for a, b in found)
    assert 0.38 < np.mean([a is not None for a, _ in found]) < 0.42
    check_layer([low, high])


@pytest.mark.parametrize(
    ("arms", "shares", "words"),
    [
        (("x", "y"), (0.5, 0.6), "add up to 1.1"),
        (("x", "y"), (1.0, 0.0), "share above 0"),
        (("x",), (1.0,), "two arms or more"),
        (("x", "x"), (0.5, 0.5), "a name of its own"),
    ],
)
def test_splits_that_do_not_add_up(arms, shares, words):
    with pytest.raises(DataError, match=words):
        Split("a", arms, shares)


def test_ranges_of_a_layer_and_ids_are_apart():
    with pytest.raises(DataError, match="no part of 0 to 1"):
        Split("a", ("x", "y"), (0.5, 0.5), start=0.5, end=0.4)
    halves = [
        Split("a", ("x", "y"), (0.5, 0.5), end=0.6),
        Split("b", ("x", "y"), (0.5, 0.5), start=0.5),
    ]
    with pytest.raises(DataError, match=r"'a' and 'b' overlap in the layer 'default': 0.5 to 0.6"):
        check_layer(halves)
    with pytest.raises(DataError, match="the id 'a'"):
        check_layer([halves[0], Split("a", ("x", "y"), (0.5, 0.5), layer="other")])
