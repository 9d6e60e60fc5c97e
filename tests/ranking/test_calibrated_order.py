"""Calibrated order: proportions by hand, prefixes, the divergence, and lists over HTTP."""

import numpy as np
import pytest

from recsys.ranking.calibrated_order import by_score, calibrated, divergence

TARGET = np.array([0.5, 0.3, 0.2])


def world(n=60):
    """Return rows whose scores fall, in which topic 0 leads, then 1, then 2."""
    topics = np.repeat([0, 1, 2], n // 3).astype(np.int32)
    return np.arange(n, dtype=np.int32), np.linspace(1, 0, n).astype(np.float32), topics


def test_topics_come_in_the_proportions_of_the_target():
    rows, scores, topics = world()
    picked = calibrated(rows, scores, topics, TARGET, 0.99, 20)
    assert np.bincount(topics[picked], minlength=3).tolist() == [10, 6, 4]
    plain = calibrated(rows, scores, topics, TARGET, 0.0, 10)
    assert plain.tolist() == list(range(10))
    # of one topic the best come first
    for topic in range(3):
        own = picked[topics[picked] == topic]
        assert (np.diff(own) > 0).all()


def test_more_weight_brings_the_list_nearer_to_the_target():
    rows, scores, topics = world()
    found = [
        divergence(topics[calibrated(rows, scores, topics, TARGET, weight, 20)], TARGET)
        for weight in (0.0, 0.3, 0.6, 0.9)
    ]
    assert found == sorted(found, reverse=True) and found[0] > 0.2 > 0.05 > found[-1]


def test_shorter_lists_begin_longer_ones_and_items_without_topics_may_be_picked():
    rows, scores, topics = world()
    topics[:3] = -1
    long = calibrated(rows, scores, topics, TARGET, 0.5, 20)
    assert calibrated(rows, scores, topics, TARGET, 0.5, 7).tolist() == long[:7].tolist()
    assert len(set(long.tolist())) == 20 and 0 in long
    assert len(calibrated(rows[:0], scores[:0], topics[:0], TARGET, 0.5, 3)) == 0
    assert len(calibrated(rows[:2], scores[:2], topics[:2], TARGET, 0.5, 9)) == 2


def test_the_divergence_is_that_of_jensen_and_shannon():
    assert divergence(np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2]), TARGET) == pytest.approx(0.0)
    assert divergence(np.array([1]), np.array([1.0, 0.0])) == pytest.approx(1.0)
    half = divergence(np.array([0]), np.array([0.5, 0.5]))
    assert half == pytest.approx(0.5 * np.log2(1 / 0.75) + 0.5 * (0.5 * np.log2(0.5 / 0.75) + 0.5))
    assert divergence(np.array([-1]), TARGET) == 1.0


def test_what_was_picked_is_listed_by_score_twenty_by_twenty():
    rows, scores, topics = world()
    picked = calibrated(rows, scores, topics, TARGET, 0.9, 45)
    listed = by_score(picked, scores)
    for start in (0, 20, 40):
        block = listed[start : start + 20]
        assert set(block) == set(picked[start : start + 20]) and (np.diff(scores[block]) <= 0).all()
    assert listed[0] == 0 and len(by_score(picked[:0], scores)) == 0
