"""Counting in streams small enough to count by hand."""

import numpy as np
import pytest
from streams import FIRST, MONDAY, counted, stream, two_tags

from recsys.trends.effective_users import effective, inside
from recsys.trends.item_series_membership import KINDS, Labels
from recsys.trends.series import HOUR, Series, Stream, count

TAG = KINDS.index("tag")


def of(series, kind, ref):
    """Return {hour: (acts, unique users)} of one series."""
    place = np.flatnonzero((series.kind == KINDS.index(kind)) & (series.ref == ref))
    assert len(place) == 1
    part = slice(int(series.ends[place[0]]), int(series.ends[place[0] + 1]))
    columns = (series.hour[part], series.acts[part], series.unique_users[part])
    return {h: (a, v) for h, a, v in zip(*map(np.ndarray.tolist, columns), strict=True)}


def test_acts_and_voices_per_hour():
    times = MONDAY + HOUR * np.array([0.1, 0.2, 0.9, 2.0, 2.5])
    found = counted(stream(times, [3, 3, 3, 3, 2], [7, 7, 8, 7, 7]), labels={"tag": two_tags()})
    assert of(found, "item", 3) == {0: (3, 2), 2: (1, 1)}
    assert of(found, "tag", 1) == {0: (3, 2), 2: (2, 1)}  # rows 2 and 3, one user at hour 2
    assert of(found, "tag", 0) == {2: (1, 1)}
    assert found.total[:4].tolist() == [2, 0, 1, 0]
    acts, unique_users = found.dense(np.flatnonzero(found.kind == TAG))
    assert acts[1, :3].tolist() == [3, 0, 2] and unique_users[1, :3].tolist() == [2, 0, 1]


def test_unknown_people_are_each_another():
    found = counted(stream(np.full(4, MONDAY + 1.0), [0] * 4, [-1, -1, 5, 5]))
    assert of(found, "item", 0) == {0: (4, 3)}


def test_the_effective_number_of_people():
    assert effective(np.array([1, 2, 3, -1, -1])) == pytest.approx(5)
    assert effective(np.repeat([1, 2, 3], 50)) == pytest.approx(3)
    assert effective(np.r_[np.repeat([1, 2, 3], 100), 8, 9]) < 3.3
    assert effective(np.zeros(0, np.int64)) == 0


def test_a_posting_counts_for_its_labels_and_not_for_itself():
    posts = Stream.of_acts(np.array([MONDAY + 5.0]), np.array([0], np.int32), np.array([1]))
    posts = posts.with_posts(np.array([np.nan, MONDAY + 9.0]), np.array([-1, 1], np.int32))
    found = counted(posts, labels={"tag": Labels.single(np.array([0, 0], np.int32))})
    assert of(found, "tag", 0) == {0: (2, 2)}  # author 1 is not user 1
    assert (found.kind == KINDS.index("item")).sum() == 1


def test_rare_series_are_left_out():
    acts = stream(MONDAY + HOUR * np.arange(6.0), [0] * 3 + [1] * 2 + [2])
    assert count(acts, {}, FIRST, 672, [9] + [0] * 5, least=3).ref.tolist() == [0]
    assert len(count(acts, {}, FIRST, 672, [9] + [0] * 5, least=4)) == 0


def test_some_series_and_some_hours():
    found = counted(stream(MONDAY + HOUR * np.arange(6.0), [0, 1, 2, 0, 1, 2]), days=1)
    some = found.select(np.array([True, False, True]))
    assert some.ref.tolist() == [0, 2] and of(some, "item", 2) == {2: (1, 1), 5: (1, 1)}
    late = found.trimmed(20)
    assert late.first == FIRST + 4 and late.end == found.end
    assert of(late, "item", 1) == {0: (1, 1)} and np.diff(late.ends).tolist() == [0, 1, 1]


def test_other_hours_and_undated_acts_are_left_out():
    times = np.array([MONDAY - 1.0, np.nan, MONDAY + 28 * 24 * HOUR, MONDAY + 1.0])
    assert counted(Stream.of_acts(times, np.zeros(4, np.int32), np.arange(4))).acts.tolist() == [1]


def test_arrays_bring_it_back():
    five = stream(MONDAY + HOUR * np.arange(5.0), [0, 1, 2, 3, 4])
    found = counted(five, labels={"tag": two_tags()})
    again = Series.from_arrays(found.arrays())
    assert np.array_equal(again.dense()[1], found.dense()[1]) and again.end == found.end


def test_labels():
    labels = two_tags()
    assert labels.rows_of(0).tolist() == [0, 2, 4, 6, 8]
    assert labels.rows_of(1).tolist() == [0, 1, 2, 3] and labels.rows_of(9).tolist() == []
    place, codes = labels.expand(np.array([2, 5, 99, 1]))
    assert place.tolist() == [0, 0, 3] and codes.tolist() == [0, 1, 1]
    assert inside(np.array([3, 4, 9]), labels.rows_of(0)).tolist() == [False, True, False]
    assert not inside(np.array([3]), np.zeros(0, np.int32)).any()
