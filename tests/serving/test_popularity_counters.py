"""PopularityCounters: one event at a time or all at once, in order or late, in 2013 or now."""

import numpy as np
import pytest
from model_contract import mapped

from recsys.serving.item_popularity_from_events import DAY, HALF_LIVES, HOUR, PAUSE
from recsys.serving.popularity_counters import FEW, PSEUDO, PopularityCounters, few_users

RNG = np.random.default_rng(8)
COUNT, ITEMS = 60, 7
ITEM = RNG.integers(0, ITEMS - 1, COUNT).astype(np.int32)  # the last item gets no event
WEIGHT = RNG.choice(np.array([1.0, 0.5, 1.5, -1.0, 0.0, -2.0], np.float32), COUNT)
EXPLICIT = RNG.random(COUNT) < 0.5
TIME = 1.7e9 + np.sort(RNG.uniform(0, 40 * DAY, COUNT))


def one_by_one(order, shift=0.0):
    counters = PopularityCounters.empty(ITEMS)
    for at in order:
        counters.add(int(ITEM[at]), float(WEIGHT[at]), bool(EXPLICIT[at]), float(TIME[at]) + shift)
    return counters


def at_once(shift=0.0):
    return PopularityCounters.from_events(ITEMS, ITEM, WEIGHT, EXPLICIT, TIME + shift)


def assert_same(found, wanted):
    found.few = wanted.few  # which is read off the first counts
    assert np.allclose(found.log_shares(), wanted.log_shares(), atol=1e-5)
    assert np.allclose(found.like_rate(), wanted.like_rate(), atol=1e-5)
    assert np.array_equal(found.last, wanted.last) and found.newest == wanted.newest
    for life in range(len(HALF_LIVES)):
        assert np.allclose(found.uptake(life, ITEMS), wanted.uptake(life, ITEMS), rtol=1e-6)


def test_one_by_one_is_all_at_once():
    assert_same(one_by_one(range(COUNT)), at_once())


def test_a_late_event_counts_as_if_in_order():
    assert_same(one_by_one([*range(5, COUNT), *range(5)]), at_once())
    assert_same(one_by_one(reversed(range(COUNT))), at_once())


@pytest.mark.parametrize("first", [0, 1, 30])
def test_many_are_as_one_by_one(first):
    counters = one_by_one(range(first))
    order = RNG.permutation(np.arange(first, COUNT))
    counters.add_many(ITEM[order], WEIGHT[order], EXPLICIT[order], TIME[order])
    counters.add_many(ITEM[:0], WEIGHT[:0], EXPLICIT[:0], TIME[:0])
    assert_same(counters, at_once())


def test_many_that_are_the_first_with_a_date():
    one, many = (
        PopularityCounters.from_events(ITEMS, ITEM, WEIGHT, EXPLICIT, None) for _ in range(2)
    )
    for at in range(COUNT):
        one.add(int(ITEM[at]), float(WEIGHT[at]), bool(EXPLICIT[at]), float(TIME[at]))
    many.add_many(ITEM, WEIGHT, EXPLICIT, TIME)
    assert_same(many, one)


def test_a_sample_of_2013_ranks_as_it_did():
    now, then = at_once(), at_once(shift=-11 * 365 * DAY)
    assert np.allclose(now.log_shares(), then.log_shares(), atol=1e-4)
    for life in range(len(HALF_LIVES)):
        assert np.allclose(now.uptake(life, ITEMS), then.uptake(life, ITEMS), rtol=1e-4)


def test_sums_are_what_a_hand_would_add():
    counters = PopularityCounters.from_events(
        2,
        np.array([0, 0, 1], np.int32),
        np.array([1, 1, 0.5], np.float32),
        np.ones(3, bool),
        1.7e9 + np.array([0.0, DAY, 2 * DAY]),
    )
    day, always = HALF_LIVES.index(DAY), HALF_LIVES.index(np.inf)
    assert counters.uptake(day, 2).tolist() == pytest.approx([0.25 + 0.5, 0.5])
    assert counters.uptake(always, 2).tolist() == pytest.approx([2.0, 0.5])
    counters.few = FEW
    shares = counters.log_shares()
    usual = (2 ** (-2 / 30) + 2 ** (-1 / 30)) / 30  # the rate of 30 days, in a day
    excess = 0.75 - usual
    trusted = [usual + excess**2 / (excess + FEW), 0.5 * 0.5 / (0.5 + FEW)]
    assert trusted[0] < 0.75 * 2 / (2 + FEW)
    assert shares[day].tolist() == pytest.approx(np.log(np.add(trusted, PSEUDO)).tolist())
    assert shares[always].tolist() == pytest.approx(np.log([2.0 + PSEUDO, 0.5 + PSEUDO]).tolist())


@pytest.mark.parametrize(("users", "few"), [(1, 0.01), (100, 1.0), (10_000, FEW)])
def test_few_users_are_few_beside_those_of_the_most_used_items(users, few):
    level = np.full(60, -np.inf)
    level[:40] = np.log2(users)
    assert few_users(level) == pytest.approx(few)
    level[40:50] = 0.0  # half of the 50 most used, and more, have as many
    assert few_users(level) == pytest.approx(few)
    assert few_users(np.full(3, -np.inf)) == 0.0


def test_later_acts_do_not_change_how_many_users_are_few():
    counters = at_once()
    before = counters.few
    counters.add_many(
        np.zeros(9, np.int32), np.ones(9, np.float32), np.ones(9, bool), TIME[-1] + np.arange(9.0)
    )
    assert counters.few == before > 0
    assert PopularityCounters.from_arrays(counters.arrays()).few > before


def test_what_nobody_takes_up_counts_as_the_pseudo_events():
    assert np.allclose(at_once().log_shares()[:, -1], np.log(PSEUDO))
    assert np.isfinite(PopularityCounters.empty(3).log_shares()).all()
    assert np.isfinite(PopularityCounters.empty(3).like_rate()).all()


def test_an_earlier_moment_can_be_asked_about():
    """As of a moment, an event at that moment weighs the same whatever the half-life."""
    counters = PopularityCounters.empty(1)
    counters.few = FEW
    counters.add(0, 1.0, True, 1.7e9)
    counters.add(0, 0.0, False, 1.7e9 + 90 * DAY)
    shares = counters.log_shares(now=1.7e9)
    assert np.allclose(shares[:-1], np.log(1 / (1 + FEW) + PSEUDO), atol=1e-5)
    assert shares[-1] == pytest.approx(np.log(1 + PSEUDO), abs=1e-5)
    assert counters.log_shares()[0, 0] == pytest.approx(np.log(PSEUDO), abs=1e-5)
    assert np.isfinite(counters.log_shares(now=0.0)).all()


def test_a_century_neither_overflows_nor_forgets_for_ever():
    counters = PopularityCounters.empty(2)
    counters.add(0, 1.0, True, 0.0)
    counters.add(1, 1.0, True, 100 * 365 * DAY)
    shares = counters.log_shares()
    assert np.isfinite(shares).all() and shares[-1, 0] == shares[-1, 1]
    assert shares[0, 0] < shares[0, 1]


def test_room_is_made_without_loss():
    counters = at_once()
    before = counters.log_shares()
    counters.grow(ITEMS + 5)
    counters.grow(3)
    assert len(counters) == ITEMS + 5
    assert np.array_equal(counters.log_shares()[:, :ITEMS], before)
    assert np.allclose(counters.log_shares()[:, ITEMS:], np.log(PSEUDO))


def test_a_row_that_moves_takes_everything_along():
    counters = at_once()
    shares, likes, dislikes = counters.log_shares(), counters.likes[2], counters.dislikes[2]
    counters.grow(ITEMS + 1)
    counters.move(2, ITEMS)
    assert np.allclose(counters.log_shares()[:, ITEMS], shares[:, 2], atol=1e-6)
    assert np.allclose(counters.log_shares()[:, 2], np.log(PSEUDO))
    assert (counters.likes[ITEMS], counters.dislikes[ITEMS]) == (likes, dislikes)
    assert counters.likes[2] == counters.dislikes[2] == 0


def test_saved_counters_go_on_counting(tmp_path):
    arrays = {name: mapped(tmp_path, name, array) for name, array in at_once().arrays().items()}
    counters = PopularityCounters.from_arrays(arrays)
    assert_same(counters, at_once())
    counters.add(6, 1.0, True, TIME[-1] + HOUR)
    assert counters.uptake(0, ITEMS)[6] == pytest.approx(1.0)
    assert np.isneginf(arrays["level"][:, 6]).all()  # the file is as it was


def test_dislikes_lower_the_odds_and_take_up_nothing():
    counters = PopularityCounters.empty(2)
    counters.add(0, 1.0, True, 1.7e9)
    counters.add(1, -1.0, True, 1.7e9)
    rate = counters.like_rate()
    assert rate[0] > rate[1]
    assert counters.uptake(len(HALF_LIVES) - 1, 2).tolist() == [1.0, 0.0]


def test_the_first_event_with_a_date_sets_the_clock_of_those_without():
    counters = PopularityCounters.from_events(ITEMS, ITEM, WEIGHT, EXPLICIT, None)
    assert np.isneginf(counters.newest) and np.isneginf(counters.last).all()
    numbered = PopularityCounters.from_events(
        ITEMS, ITEM, WEIGHT, EXPLICIT, np.arange(COUNT, dtype=float)
    )
    assert np.allclose(counters.log_shares(), numbered.log_shares(), atol=1e-6)
    again = PopularityCounters.from_arrays(counters.arrays())
    again.add(6, 1.0, True, 1.7e9)
    assert np.allclose(again.log_shares()[:, :6], counters.log_shares()[:, :6], atol=1e-5)
    assert again.uptake(0, 7)[6] == pytest.approx(1.0)
    again.add(6, 1.0, True, 1.7e9 + 90 * DAY)
    assert np.allclose(again.log_shares()[0, :6], np.log(PSEUDO), atol=1e-5)
    assert np.allclose(again.log_shares()[-1, :6], counters.log_shares()[-1, :6], atol=1e-5)


def without_discount(counters):
    """Return the shares as they are where no number of users is few."""
    few, counters.few = counters.few, 0.0
    found = counters.log_shares()
    counters.few = few
    return found


def years_later(time):
    return float(time[-1]) + 13 * 365 * DAY


@pytest.mark.parametrize("live", ["one by one", "together", "at night"])
def test_a_pause_of_years_counts_as_a_week(live):
    """The first event after it leaves the order of all others as it was."""
    rng = np.random.default_rng(2)
    item = rng.choice(50, 600, p=np.arange(1, 51) / 1275).astype(np.int32)
    time = 1.3e9 + np.sort(rng.uniform(0, 20 * DAY, 600))
    weight, no = np.ones(600, np.float32), np.zeros(600, bool)
    counters = PopularityCounters.from_events(51, item, weight, no, time)
    before, exact = counters.log_shares(), without_discount(counters)
    late = years_later(time) + np.arange(2) * 60.0
    new = np.array([50, 0], np.int32)
    if live == "one by one":
        for row, when in zip(new, late, strict=True):
            counters.add(int(row), 1.0, False, float(when))
    elif live == "together":
        counters.add_many(new, weight[:2], no[:2], late)
    else:
        every = np.concatenate([item, new]), np.concatenate([time, late])
        ones, none = np.ones(602, np.float32), no[:1].repeat(602)
        counters = PopularityCounters.from_events(51, every[0], ones, none, every[1])
    after, exact_after = counters.log_shares(), without_discount(counters)
    for life, half_life in enumerate(HALF_LIVES[2:], start=2):
        order = np.argsort(-before[life, 1:50], kind="stable")[:10]
        assert (np.argsort(-after[life, 1:50], kind="stable")[:10] == order).all()
        mass = np.exp(exact[life, 1:50].astype(np.float64)) - PSEUDO
        faded = np.log(mass * 2 ** (-(PAUSE + 60.0) / half_life) + PSEUDO)
        assert exact_after[life, 1:50] == pytest.approx(faded, abs=1e-3)
    assert after[2, 50] > after[2, 1:50].max()


def test_however_events_come_a_pause_is_counted_alike():
    item = np.arange(5, dtype=np.int32)
    time = 1.3e9 + np.array([0.0, 3.0, 200.0, 201.0, 900.0]) * DAY
    weight, no = np.ones(5, np.float32), np.zeros(5, bool)
    night = PopularityCounters.from_events(5, item, weight, no, time)
    live, together = PopularityCounters.empty(5), PopularityCounters.empty(5)
    for row, when in zip(item, time, strict=True):
        live.add(int(row), 1.0, False, float(when))
    together.add_many(item, weight, no, time)
    live.few = together.few = night.few  # which is read off the first counts
    assert live.log_shares() == pytest.approx(night.log_shares(), abs=1e-5)
    assert together.log_shares() == pytest.approx(night.log_shares(), abs=1e-5)
    for moment in time:  # as of a moment in the past, too
        known = int((time <= moment).sum())
        then = PopularityCounters.from_events(
            5, item[:known], weight[:known], no[:known], time[:known]
        )
        rows = slice(0, known)
        assert live.log_shares(rows, moment) == pytest.approx(then.log_shares(rows), abs=1e-5)


def test_a_late_event_from_within_a_pause_counts_as_of_its_end():
    counters, end = PopularityCounters.empty(3), 1.3e9 + 300 * DAY
    for row, when in enumerate((1.3e9, end, end - 60.0)):
        counters.add(row, 1.0, False, when)
    for life in range(len(HALF_LIVES)):
        assert 0.0 < counters.uptake(life, 3)[2] <= 1.0 + 1e-6
