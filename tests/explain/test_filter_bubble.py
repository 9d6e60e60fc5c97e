"""Bubble meter: effective numbers of topics and distances by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from recsys.explain.filter_bubble import bubble, effective, jensen_shannon
from recsys.ranking.history import History

LIVE = SimpleNamespace(
    size=40,
    topics=np.repeat(np.arange(4), 10).astype(np.int32),
    gone=np.zeros(40, bool),
    model=SimpleNamespace(topics=SimpleNamespace(ids=[1, 2, 3, 4])),
)


def history(*rows, weight=1.0):
    own = np.array(rows, np.int32)
    return History(own, np.full(len(own), weight, np.float32), np.full(len(own), np.nan))


def test_the_effective_number_is_the_exponential_of_the_entropy():
    assert effective(np.array([1.0, 1.0, 1.0, 0.0])) == pytest.approx(3.0)
    assert effective(np.array([5.0, 0.0])) == 1.0
    assert effective(np.array([0.9, 0.1])) == pytest.approx(np.exp(0.325083), rel=1e-5)
    assert effective(np.zeros(3)) == 0.0


def test_one_topic_of_four_is_a_bubble():
    shown = np.zeros(20, np.int32)  # twenty places of topic 0
    found = bubble(LIVE, history(0, 1, 2, 3, 4), shown)
    assert (found.shown, found.taken, found.distance) == (1.0, 1.0, 0.0)
    assert found.available == pytest.approx(4.0)
    wide = bubble(LIVE, history(0, 1, 2, 3, 4), np.arange(40, dtype=np.int32))
    assert wide.shown == pytest.approx(4.0)
    assert wide.distance == pytest.approx(jensen_shannon(np.ones(4), np.array([1.0, 0, 0, 0])))
    assert jensen_shannon(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(1.0)


def test_too_few_items_tell_nothing():
    shown = np.arange(20, dtype=np.int32)
    assert bubble(LIVE, history(0, 1, 2, 3), shown) is None
    assert bubble(LIVE, history(0, 1, 2, 3, 4), shown[:19]) is None
    assert bubble(LIVE, history(0, 1, 2, 3, 4), np.full(50, -1, np.int32)) is None
    assert bubble(LIVE, history(0, 1, 2, 3, 4, weight=-1.0), shown) is None
    plain = SimpleNamespace(**{**vars(LIVE), "model": SimpleNamespace(topics=None)})
    assert bubble(plain, history(0, 1, 2, 3, 4), shown) is None
