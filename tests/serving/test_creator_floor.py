"""The creator floor: kept hour by hour, only as far as needed; places; what cannot be filled."""

from types import SimpleNamespace

import numpy as np
import pytest

from recsys.serving.creator_floor import DAY, HOUR, CreatorFloor, with_new_creators

NOW = 1_700_000_000.0 // HOUR * HOUR
ITEMS, NEW = 1_000, 100  # the last 100 are of new creators


def world(new_age=5.0):
    """Return a live state of 200 creators of five items each; the last 20 are new."""
    created = np.full(ITEMS, NOW - 300 * DAY)
    created[-NEW:] = NOW - new_age * DAY
    authors = (np.arange(ITEMS) // 5).astype(np.int32)
    return SimpleNamespace(size=ITEMS, labels={"author": authors}, created=created)


def shares(floor, live, penalty, hours=6, lists=2_000, eligible=True):
    """Return the share of new creators in each hour; items of theirs score lower by `penalty`."""
    rng, found = np.random.default_rng(0), []
    new = floor.new_rows(live, NOW)
    for hour in range(hours):
        for number in range(lists):
            now = NOW + hour * HOUR + number * HOUR / lists
            scores = rng.normal(size=ITEMS) - penalty * new
            order = np.argsort(-scores).astype(np.int32)
            shown = order[:20]
            if floor.due(now):
                some = order[new[order]] if eligible else order[:0]
                if not len(some):
                    floor.missed()
                shown, given = with_new_creators(shown, 0, some, new, floor.level)
                assert len(given) <= 2 and new[list(given)].all()
            floor.record(new[shown], now)
        found.append(floor.exposure)
    return found


@pytest.mark.parametrize("penalty", [0.6, 1.0, 3.0])
def test_each_hour_keeps_the_floor_within_half_a_point(penalty):
    plain = shares(CreatorFloor(1e-9), world(), penalty, hours=1)[0]
    assert plain < 0.045  # without the floor they have less
    found = shares(CreatorFloor(0.05), world(), penalty)
    assert all(abs(share - 0.05) <= 0.005 for share in found[1:]), found


def test_who_has_more_than_the_floor_anyway_is_left_alone():
    found = shares(CreatorFloor(0.05), world(), 0.0, hours=2, lists=500)
    assert all(0.08 < share < 0.12 for share in found)


def test_a_floor_that_nobody_can_fill_is_said():
    floor = CreatorFloor(0.05)
    shares(floor, world(), 5.0, hours=2, lists=200, eligible=False)
    assert floor.unmet
    shares(floor, world(new_age=5.0), 1.0, hours=2, lists=2_000)
    assert not CreatorFloor(0.0).due(NOW) and not CreatorFloor(0.05).unmet


def test_creators_are_new_by_their_first_item():
    live = world()
    live.created[0] = NOW - 5 * DAY  # a new item of an old creator
    live.labels["author"][-1] = -1  # nobody's
    new = CreatorFloor(0.05).new_rows(live, NOW)
    assert not new[0] and not new[-1] and new[-2] and new.sum() == NEW - 1
    assert not CreatorFloor(0.05).new_rows(world(new_age=40.0), NOW).any()


def test_one_place_of_each_ten_is_given_and_what_stood_there_moves_down():
    ranking, new = np.arange(20, dtype=np.int32), np.zeros(100, bool)
    new[50:] = True
    eligible = np.array([60, 70, 80], np.int32)
    found, given = with_new_creators(ranking, 0, eligible, new, 0)
    assert found[9] == 60 and found[19] == 70 and given == {60, 70}
    assert [row for row in found.tolist() if row < 50] == list(range(18))
    earlier, _ = with_new_creators(ranking, 0, eligible, new, 7)
    assert earlier[2] == 60 and earlier[12] == 70
    second, _ = with_new_creators(ranking[:10], 10, eligible, new, 0)
    assert second[9] == 60
    part, _ = with_new_creators(ranking[:5], 5, eligible, new, 0)
    assert part.tolist() == [0, 1, 2, 3, 60]
    low = np.array([*range(17), 60, 61, 17], np.int32)
    raised, given = with_new_creators(low, 0, np.array([60, 61], np.int32), new, 0)
    assert raised[9] == 60 and given == {60} and sorted(raised.tolist()) == sorted(low.tolist())
    held = np.array([0, 1, 55, *range(3, 20)], np.int32)
    assert with_new_creators(held, 0, eligible, new, 0)[0][9] == 9  # this ten has one already
    assert with_new_creators(ranking, 0, eligible[:0], new, 0)[1] == frozenset()
