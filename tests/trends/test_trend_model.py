"""What a night hands over to the day."""

import numpy as np
import pytest
from streams import FIRST, MONDAY, burst, joined, poisson, stream, two_tags

from recsys.trends.item_series_membership import KINDS
from recsys.trends.trend_model import Trends, fit_trends, key_of, parts_of

POPULATION = [10, 0, 2, 0, 0, 0]


def test_the_busiest_are_kept_by_hour_and_the_rest_by_level():
    world = poisson([0.1, 0.2, 3.0, 4.0, 0.5])
    found = fit_trends(world, {"tag": two_tags()}, POPULATION, most=2)
    assert parts_of(found.keys)[1].tolist() == [2, 3, 0, 1] and len(found.rest_keys) == 3
    whole = fit_trends(world, {"tag": two_tags()}, POPULATION)
    for row in (0, 1, 4):  # a level by hand is the one that was learned
        key = key_of(KINDS.index("item"), [row])
        known, rest = whole.expecting(key), found.expecting(key)
        assert whole.places(key)[0] >= 0 and found.places(key)[0] == -1
        assert rest.rate == pytest.approx(known.rate, rel=0.2)
    unknown = found.expecting(key_of(0, [9]))
    assert unknown.rate[0] < 0.1


def test_the_last_day_is_not_learned():
    calm = fit_trends(poisson([0.5] * 10), {}, POPULATION)
    late = fit_trends(joined(poisson([0.5] * 10), burst(0, 28 * 24 - 20, 19, 200)), {}, POPULATION)
    assert late.expectation.rate[0] == pytest.approx(calm.expectation.rate[0], rel=0.02)
    assert late.expectation.hour == FIRST + 27 * 24 and late.series.end == FIRST + 28 * 24


def test_arrays_bring_it_back():
    found = fit_trends(poisson([0.5] * 10), {"tag": two_tags()}, POPULATION, most=3)
    again = Trends.from_arrays(found.arrays())
    keys = np.concatenate([found.keys, found.rest_keys])
    assert again.expecting(keys).rate == pytest.approx(found.expecting(keys).rate, rel=1e-5)
    assert np.array_equal(again.keys, found.keys)
    assert np.array_equal(again.series.volume, found.series.volume)
    older = {k: v for k, v in found.arrays().items() if not k.endswith("/volume")}
    whole = fit_trends(poisson([0.5] * 10), {"tag": two_tags()}, POPULATION)
    plain = {k: v for k, v in whole.arrays().items() if not k.endswith("/volume")}
    assert np.array_equal(Trends.from_arrays(plain).series.volume, whole.series.volume)
    assert Trends.from_arrays(plain).expectation.volume == pytest.approx(
        whole.expectation.volume, rel=1e-5
    )
    assert Trends.from_arrays(older).series.volume.sum() < found.series.volume.sum()


def test_too_little_is_nothing():
    assert fit_trends(burst(0, 0, 20, 30), {}, POPULATION) is None
    assert fit_trends(stream(np.zeros(0), np.zeros(0, np.int32)), {}, POPULATION) is None
    assert fit_trends(burst(0, 0, 100, 3), {}, POPULATION) is not None  # nothing has enough acts
    assert fit_trends(stream([MONDAY, MONDAY + 9e8], [0, 0]), {}, POPULATION) is not None
