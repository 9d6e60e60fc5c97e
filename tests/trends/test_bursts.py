"""Bursts and floods put into quiet streams."""

import numpy as np
import pytest
from streams import FIRST, MONDAY, burst, counted, joined, poisson, stream, two_tags

from recsys.evaluation.burst_trials import BurstInjection, run_trial
from recsys.evaluation.forecast_backtest import forecast_figures
from recsys.evaluation.injected_bursts import settled
from recsys.trends.bursts import adjusted
from recsys.trends.episode import FADING, PEAK, RISING, episode
from recsys.trends.historical_bursts import People, alarms
from recsys.trends.item_series_membership import KINDS

QUIET = [0.3] * 10
HOUR = 500


def found(stream, labels=None, warm_up=14, **sizes):
    series = counted(stream, labels=labels, **sizes)
    return series, alarms(series, People(stream, labels or {}, series), warm_up)


def named(series, found):
    return [KINDS[series.kind[alarm.place]] + str(series.ref[alarm.place]) for alarm in found]


def test_a_quiet_stream_has_no_bursts():
    series, nothing = found(poisson(QUIET), {"tag": two_tags()}, tag=2)
    assert nothing == []


@pytest.mark.parametrize(("length", "acts"), [(1, 12), (6, 20), (24, 60)])
def test_a_burst_is_seen_while_it_lasts(length, acts):
    series, seen = found(joined(poisson(QUIET), burst(7, HOUR, length, acts)))
    assert named(series, seen) == ["item7"] and not seen[0].author_burst
    assert FIRST + HOUR <= seen[0].first < FIRST + HOUR + max(length, 1)
    assert seen[0].significance >= 3 and seen[0].actors <= seen[0].acts


def test_a_burst_over_many_items_is_one_of_their_tag():
    bursts = [burst(row, HOUR, 6, 8) for row in (0, 2, 4, 6, 8)]
    series, seen = found(joined(poisson([0.5] * 10), *bursts), {"tag": two_tags()}, tag=2)
    assert "tag0" in named(series, seen) and "tag1" not in named(series, seen)


@pytest.mark.parametrize("effective_users", [1, 3])
def test_a_few_people_make_a_flood_and_no_burst(effective_users):
    series, seen = found(joined(poisson(QUIET), burst(7, HOUR, 24, 300, effective_users)))
    assert named(series, seen) == ["item7"] and seen[0].author_burst
    series, seen = found(joined(poisson(QUIET), burst(7, HOUR, 24, 300, 60)))
    assert not seen[0].author_burst


def test_an_item_with_one_event_and_a_single_hour_are_no_bursts():
    series, seen = found(joined(poisson(QUIET), burst(9, HOUR, 1, 1)))
    assert seen == []
    only = burst(0, 0, 1, 5)
    series = counted(only, days=1)
    assert alarms(series, People(only, {}, series), 0) == []


def test_what_comes_after_a_gap_or_a_jump_of_the_clock_is_no_burst():
    whole = poisson([1.0] * 10, days=28)
    hours = (whole.time - MONDAY) / 3600
    heard = (hours < 400) | (hours >= 500)
    torn = stream(whole.time[heard], whole.row[heard])
    assert found(torn)[1] == []
    jumped = np.where(hours >= 480, whole.time + 2 * 3600, whole.time)  # the clock is put forward
    back = np.where(hours >= 480, whole.time - 2 * 3600, whole.time)  # and put back
    assert found(stream(jumped, whole.row))[1] == []
    assert found(stream(back, whole.row))[1] == []


def test_the_false_discovery_rate_by_hand():
    rates = adjusted(np.array([0.01, 0.001, 0.5]), 10)
    assert rates == pytest.approx([0.05, 0.01, 1.0])


def test_the_course_of_a_burst():
    expected = np.full(72, 0.5)
    unique_users = expected.copy()
    rises = np.array([4, 8, 14, 20, 26, 30])
    unique_users[60:66] = rises
    cut = episode(unique_users[:66], expected[:66], 6)
    assert (cut.start, cut.peak, cut.state) == (60, 65, RISING)
    unique_users[66:72] = [30, 29, 30, 29, 30, 30]
    assert episode(unique_users, expected, 6).state == PEAK
    unique_users[66:72] = [16, 8, 6, 4, 3, 2]
    faded = episode(unique_users, expected, 6)
    assert (faded.start, faded.peak, faded.state) == (60, 65, FADING)
    assert episode(np.zeros(24), np.full(24, 0.1), 1).state in (RISING, PEAK, FADING)


def test_a_sleeping_town_does_not_fade():
    expected = 0.5 * np.where(np.arange(78) % 24 < 12, 0.2, 1.8)
    unique_users = expected.copy()
    unique_users[60:] *= 40  # from noon on, and through the night
    assert episode(unique_users, expected, 6).state != FADING
    unique_users[72:] /= 10
    assert episode(unique_users, expected, 6).state == FADING


def test_trials_in_a_steady_world():
    rng = np.random.default_rng(2)
    world = poisson(rng.gamma(1.0, 0.2, 40), days=42, seed=4)
    figures = run_trial(world, {}, {"item": 40}, BurstInjection(per_week=8))
    assert figures["recall"] >= 0.8 and figures["precision"] >= 0.9
    assert figures["other_alarms_per_week"] <= 0.5 and figures["floods_taken_for_bursts"] == 0
    assert figures["delay_hours"]["median"] <= 6


def test_settling_spreads_what_surged_and_keeps_everything_else():
    world = joined(poisson([1.0] * 20), burst(7, HOUR, 6, 60))
    flat = settled(world, np.random.default_rng(0))
    assert np.array_equal(np.bincount(flat.row), np.bincount(world.row))
    assert np.array_equal(flat.time, world.time)
    assert [a for a in found(flat)[1] if not a.author_burst] == []
    assert found(world)[1] != []


def test_the_forecast_beats_last_week_in_a_steady_world():
    figures = forecast_figures(counted(poisson([2.0] * 5, days=42), days=42))
    assert figures["series"] == 5 and figures["mae_ratio"] < 0.8
    assert 0.75 <= figures["coverage"] <= 0.97 and abs(figures["bias"]) < 0.05
    assert forecast_figures(counted(burst(0, 0, 1, 3)))["series"] == 0
