"""A soak: memory of its own that a service takes, and that nothing fails."""

from __future__ import annotations

import numpy as np
import pytest
import soak

MOST = 5.0  # MB an hour that the upper bound may reach


def test_a_minute_of_load_fails_nowhere():
    found = soak.run(minutes=0.15, warm=0.0, rate=40.0, items=1_000)
    assert found.errors == [] and found.requests > 0  # how many is a matter of the machine


def test_the_slope_is_that_of_the_figures():
    rng = np.random.default_rng(0)
    hours = np.arange(60) / 60
    growth, upper = soak.slope(hours, 200 + 12 * hours + rng.normal(0, 0.3, 60))
    assert growth == pytest.approx(12, abs=0.6) and 12 < upper < 13
    growth, upper = soak.slope(hours, 200 + rng.normal(0, 0.3, 60))
    assert abs(growth) < 0.5 and upper < 1


@pytest.mark.soak
@pytest.mark.timeout(6_000)
def test_a_service_does_not_grow():
    found = soak.run(minutes=60, warm=15, rate=20.0)
    growth, upper = found.slope(15)
    assert found.errors == []
    assert upper <= MOST, f"{growth:+.2f} MB an hour, at most {upper:+.2f}"
