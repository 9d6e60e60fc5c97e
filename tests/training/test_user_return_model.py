"""Who comes back: users of a known seasonality, judged on a week the model has not seen."""

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.records import Event
from recsys.data.table_builder import item_table
from recsys.serving.user_return_model import HORIZON, NAMES, Returning, one_row, table
from recsys.training.user_return_model import auc, calibration_error, fit_returning, past_weeks

DAY = 86_400.0
START = 1_700_000_000.0


def seasons(people=200, days=100, seed=3):
    """Return events of users who come daily, or who came for some days and stayed away."""
    rng, found = np.random.default_rng(seed), []
    for who in range(people):
        last = days if who % 2 == 0 else int(rng.integers(5, days))
        for day in range(last):
            if rng.random() < 0.3:
                at = START + day * DAY + float(rng.uniform(0, DAY))
                found.append(Event(f"p{who}", f"i{day % 9}", "view", timestamp=at))
    return Dataset.build(worlds.event_table(found), item_table([]))


@pytest.fixture(scope="module")
def model():
    return fit_returning(seasons())


def test_the_regular_is_expected_back_and_the_lost_is_not(model):
    now = START + 100 * DAY
    regular = now - DAY * np.arange(60, 0, -3.0)
    lost = regular - 60 * DAY
    assert model.chance(regular, now) > 0.8 and model.chance(lost, now) < 0.05
    parts = model.parts(lost, now)
    assert set(parts) == set(NAMES) and sum(parts.values()) < 0


def test_the_back_test_is_better_than_guessing_and_calibrated(model):
    result = model.measured
    assert result["auc"] > 0.9 and result["auc"] >= result["auc_by_last_visit"] - 0.01
    assert result["brier"] < 0.5 * result["brier_of_the_mean"]
    assert result["calibration_error"] < 0.07
    assert result["expected"] == pytest.approx(result["came"], abs=0.06)


def test_a_week_asks_only_what_was_known_before_it():
    data = seasons()
    weeks = past_weeks(data)
    assert len(weeks) == 9 and [len(came) for _, came in weeks] == sorted(
        (len(came) for _, came in weeks), reverse=True
    )
    features, came = weeks[0]
    start = data.now - HORIZON * DAY
    assert len(came) == len(np.unique(data.user[data.time <= start]))
    cut = Dataset.build(
        worlds.event_table(
            Event(f"p{u}", "i", "view", timestamp=float(t))
            for u, t in zip(data.user, data.time, strict=True)
            if t <= start
        ),
        item_table([]),
    )
    again = table(cut.user, cut.time, start, len(cut.users))
    assert sorted(map(tuple, again.tolist())) == sorted(map(tuple, features.tolist()))


def test_features_of_one_person_are_those_of_many():
    times = START + DAY * np.array([0.05, 0.1, 3.0, 30.0])
    now = START + 32 * DAY
    alone = one_row(times, now)[0]
    both = table(np.array([1, 1, 0, 1, 1]), np.r_[times[:2], times[1], times[2:]], now, 2)
    assert np.allclose(both[1], alone)
    away, days, events, span, week, month, _ = np.expm1(alone)
    assert (round(away), round(days), round(events), round(span)) == (2, 3, 4, 30)
    assert (round(week), round(month)) == (1, 1)
    assert np.allclose(one_row(np.r_[times, np.nan, now + 5], now)[0], alone)


@pytest.mark.parametrize(
    "data",
    [
        worlds.nothing(),
        worlds.one_user_one_item(),
        worlds.odd_even(),
        seasons(people=4),
    ],
)
def test_too_little_to_learn_from_gives_no_model(data):
    assert fit_returning(data) is None


def test_the_arrays_hold_coefficients_only_and_come_back(model):
    arrays = model.arrays()
    assert sum(array.size for array in arrays.values() if array.dtype == np.float64) == 3 * 7
    again = Returning.from_arrays(arrays)
    now = START + 100 * DAY
    times = now - DAY * np.array([9.0, 2.0])
    assert again.chance(times, now) == model.chance(times, now)
    assert Returning.from_arrays({}) is None


def test_measures():
    came = np.array([0.0, 0.0, 1.0, 1.0])
    assert auc(np.array([1.0, 2.0, 3.0, 4.0]), came) == 1.0 and auc(came * 0, came) == 0.5
    assert auc(came, np.ones(4)) == 0.5
    assert calibration_error(np.full(20, 0.5), np.tile([0.0, 1.0], 10)) == 0.0
    assert calibration_error(np.ones(20), np.zeros(20)) == 1.0
