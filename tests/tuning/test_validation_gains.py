"""Order of engines by what users gain: nDCG first, debiased nDCG among what is level."""

import numpy as np
import pytest

from recsys.tuning.validation_gains import Gains, ranked

RNG = np.random.default_rng(0)
BASE = RNG.random(400)


def gains(ndcg: float, debiased: float, noise: float = 0.0) -> Gains:
    """Return gains of 400 users, `ndcg` above the base in the mean."""
    values = BASE + ndcg + noise * RNG.normal(size=400)
    return Gains(values, np.full(400, debiased))


def test_of_engines_that_are_level_the_least_biased_comes_first() -> None:
    order = ranked(
        {
            "best": gains(0.002, 0.1, 0.2),
            "level": gains(0.0, 0.3, 0.2),
            "far": gains(-0.2, 0.9, 0.2),
        }
    )
    assert order[0] == "level" and order[-1] == "far"


@pytest.mark.parametrize("debiased", [0.05, 0.5])
def test_a_sure_loss_counts_whatever_is_gained_besides(debiased: float) -> None:
    assert ranked({"worse": gains(-0.01, debiased), "best": gains(0.0, 0.1)}) == ["best", "worse"]


def test_the_others_follow_by_ndcg() -> None:
    every = {"a": gains(-0.3, 0.9), "b": gains(-0.1, 0.1), "c": gains(0.0, 0.1)}
    assert ranked(every) == ["c", "b", "a"]


def test_nobody_was_asked() -> None:
    none = Gains(np.zeros(0), np.zeros(0))
    assert ranked({}) == [] and ranked({"a": none, "b": none}) == ["a", "b"]
