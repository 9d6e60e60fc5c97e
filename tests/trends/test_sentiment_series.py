"""How comments sound, added up by hand."""

import numpy as np
import pytest
from streams import FIRST, MONDAY, two_tags

from recsys.trends.item_series_membership import KINDS
from recsys.trends.sentiment_series import SentimentSeries, count_sentiments
from recsys.trends.trend_model import key_of

TAG = KINDS.index("tag")


def tones():
    time = MONDAY + 3600 * np.array([-5.0, 0.1, 0.2, 3.5, 3.6, np.nan])
    row, sentiment = np.array([2, 2, 0, 2, 5, 2], np.int32), np.array([1, 0.5, -1, 0.0, 0.3, 1])
    return count_sentiments(time, row, sentiment, {"tag": two_tags()}, FIRST)


def test_sums_and_numbers_per_hour():
    total, count = tones().of(key_of(TAG, np.array([0])), FIRST, 5)
    assert total.tolist() == [-0.5, 0, 0, 0, 0] and count.tolist() == [2, 0, 0, 0, 0]
    both = key_of(TAG, np.array([0, 1]))
    assert tones().of(both, FIRST, 1)[1].tolist() == [4]  # rows 0 and 2 have both tags
    item, n = tones().of(key_of(0, np.array([5])), FIRST, 5)
    assert item[3] == pytest.approx(0.3) and n[3] == 1


def test_arrays_bring_them_back_and_nothing_is_nothing():
    again = SentimentSeries.from_arrays(tones().arrays())
    assert again.of(key_of(TAG, np.array([1])), FIRST, 4)[1].tolist() == [2, 0, 0, 0]
    none = count_sentiments(np.zeros(0), np.zeros(0, np.int32), np.zeros(0), {}, FIRST)
    assert none.of(key_of(0, np.array([1])), FIRST, 2)[1].tolist() == [0, 0]
