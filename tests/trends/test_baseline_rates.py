"""What is expected in streams whose seasonality and levels are known."""

import numpy as np
import pytest
from streams import FIRST, MONDAY, burst, counted, joined, poisson, stream, two_tags

from recsys.trends.baseline_updates import days_of
from recsys.trends.forecast import forecast
from recsys.trends.negative_binomial import interval, joined_size, upper_tail
from recsys.trends.seasonality import gaps, week_seasonality

DAYTIME = np.where((np.arange(24) >= 8) & (np.arange(24) < 20), 1.8, 0.2)


def last(series):
    return list(days_of(series))[-1]


def test_the_rhythm_of_day_and_week_is_found_and_gaps_say_nothing():
    day = np.tile(DAYTIME * 40, 56).astype(np.float32)
    day.reshape(8, 7, 24)[:, 5:] *= 2  # FIRST is a Monday: twice as much on weekends
    whole = week_seasonality(day, FIRST)
    hour = (FIRST + np.arange(168)) % 168
    assert whole[hour[12]] / whole[hour[2]] == pytest.approx(9, rel=0.15)
    assert whole[hour[5 * 24 + 12]] / whole[hour[12]] == pytest.approx(2, rel=0.1)
    torn = day.copy()
    torn[300:640] = 0
    assert np.allclose(week_seasonality(torn, FIRST), whole, rtol=0.05)
    assert gaps(torn).sum() == 340 and not gaps(day).any()
    assert np.array_equal(week_seasonality(np.zeros(50, np.float32), FIRST), np.ones(168))
    shifted = week_seasonality(day, FIRST + 5)  # the same platform five time zones away
    assert np.allclose(np.roll(shifted, -5), whole, atol=0.1)


def test_levels_and_rhythm_are_learned():
    day = last(counted(poisson([0.5, 5.0] * 5, rhythm=DAYTIME)))
    noon, night = day.expected[:, 24 + 12], day.expected[:, 24 + 3]
    assert np.mean(noon / ([0.9, 9.0] * 5)) == pytest.approx(1, rel=0.2)
    assert np.mean(night / ([0.1, 1.0] * 5)) == pytest.approx(1, rel=0.3)


def test_an_outage_lowers_no_level_and_everybodys_surge_is_nobodys():
    steady = poisson([2.0] * 8, days=28)
    hours = (steady.time - MONDAY) / 3600
    heard = (hours < 500) | (hours > 560)
    torn = stream(steady.time[heard], steady.row[heard])
    assert last(counted(torn)).expectation.rate == pytest.approx([2.0] * 8, rel=0.25)
    surge = joined(steady, poisson([20.0] * 8, days=1, seed=3, start=MONDAY + 27 * 86_400))
    day = last(counted(surge))
    assert day.unique_users[:, 24:].mean() == pytest.approx(22, rel=0.1)
    assert day.expected[:, 24:].mean() == pytest.approx(22, rel=0.25)


def test_a_burst_teaches_little_and_a_new_level_is_learned():
    steady = poisson([2.0] * 4)
    after = joined(steady, burst(0, 500, 12, 600))
    assert last(counted(after)).expectation.rate[0] < 2.6
    risen = joined(steady, poisson([8.0], days=14, seed=5, start=MONDAY + 14 * 86_400))
    assert last(counted(risen)).expectation.rate[0] > 6.0


def test_rare_items_share_what_their_kind_has():
    rates = np.random.default_rng(1).gamma(0.5, 0.02, 200)
    series = counted(poisson(rates), items=1_000, least=1)
    now = last(series).expectation
    true = rates.sum() / 1_000
    assert now.prior_rate[0] == pytest.approx(true, rel=0.3)
    assert now.prior_shape[0] < 0.5


def test_tail_by_hand():
    poisson_like = upper_tail(np.array([1.0, 3.0]), np.array([0.5, 0.5]), np.array([1e7, 1e7]))
    assert poisson_like == pytest.approx([1 - np.exp(-0.5), 1 - np.exp(-0.5) * 1.625], rel=1e-3)
    one = upper_tail(np.array([2.0]), np.array([1.0]), np.array([1.0]))  # geometric, 1/2 each
    assert one == pytest.approx(0.25)
    assert upper_tail(np.array([0.0, 1e5]), np.array([1.0, 1e-9]), np.array([1.0, 1.0]))[0] == 1
    assert joined_size(4.0, 4.0) == 2.0
    low, high = interval(np.array([100.0]), np.array([1e6]), 0.8)
    assert 100 - low == pytest.approx(12.8, abs=1.1) and high - 100 == pytest.approx(12.8, abs=1.1)


def test_the_forecast_knows_the_hour_and_the_news():
    day = last(counted(poisson([4.0, 4.0], days=35, rhythm=DAYTIME), days=35))
    after = int(day.hours[-1]) + 1
    quiet = forecast(day.expectation, day.unique_users[:, 24:], day.expected[:, 24:], after)
    assert quiet.mean[:, 12] == pytest.approx([7.2, 7.2], rel=0.25)
    assert quiet.mean[:, 3] == pytest.approx([0.8, 0.8], rel=0.4)
    low, high = quiet.interval()
    assert (low <= quiet.mean).all() and (quiet.mean <= high).all()
    loud = day.unique_users[:, 24:].copy()
    loud[0, 18:] *= 4
    news = forecast(day.expectation, loud, day.expected[:, 24:], after)
    assert news.mean[0, 0] > 1.2 * quiet.mean[0, 0] and news.mean[1, 0] == quiet.mean[1, 0]
    assert news.mean[0, 23] < 1.35 * quiet.mean[0, 23]  # it fades
    low_news, high_news = news.interval()
    assert (high_news - low_news)[0].sum() > (high - low)[0].sum()
    both = quiet.together()
    assert both.mean[0] == pytest.approx(quiet.mean.sum(axis=0))
    day = quiet.together(24)
    assert day.mean.shape == (1, 1) and day.mean[0, 0] == pytest.approx(quiet.mean.sum())
    (bottom,), (top,) = day.interval()
    assert bottom[0] < quiet.mean.sum() < top[0] < high.sum()


def test_the_interval_holds_what_it_promises():
    series = counted(poisson([6.0] * 6, days=42, rhythm=DAYTIME), days=42)
    inside = []
    for day in list(days_of(series))[-10:]:
        past = (day.unique_users[:, :24], day.expected[:, :24])
        found = forecast(day.expectation, *past, int(day.hours[24]))
        truth = day.unique_users[:, 24:]
        low, high = found.interval()
        inside.append(((truth >= low) & (truth <= high)).mean())
    assert 0.75 <= np.mean(inside) <= 0.97


def test_tags_are_series_too():
    day = last(counted(poisson([1.0] * 10), labels={"tag": two_tags()}, tag=2))
    assert day.expectation.rate[-2:] == pytest.approx([5.0, 4.0], rel=0.15)
