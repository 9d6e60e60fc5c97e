"""Coverage, Gini, novelty, diversity and calibration on lists worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from recsys.evaluation import beyond_accuracy

LISTS = np.array([[0, 1], [0, -1]], np.int32)


def test_coverage_counts_distinct_items_within_k() -> None:
    assert beyond_accuracy.coverage(LISTS, 2, 4) == 0.5
    assert beyond_accuracy.coverage(LISTS, 1, 4) == 0.25


def test_gini_is_zero_when_all_are_shown_alike_and_high_when_one_is() -> None:
    alike = np.array([[0, 1], [2, 3]], np.int32)
    assert beyond_accuracy.gini(alike, 2, 4) == pytest.approx(0.0)
    assert beyond_accuracy.gini(np.zeros((5, 1), np.int32), 1, 4) == pytest.approx(0.75)


def test_novelty_is_surprise_in_bits() -> None:
    readers = np.array([3, 0, 0, 0])
    assert beyond_accuracy.novelty(LISTS, 2, readers, 7).tolist() == [(1 + 3) / 2, 1.0]


def test_diversity_is_one_minus_cosine_of_pairs() -> None:
    features = sparse.csr_array(np.array([[1, 0], [0, 1], [1, 0]], np.float32))
    lists = np.array([[0, 1], [0, 2], [0, -1]], np.int32)
    assert beyond_accuracy.diversity(lists, 2, features) == pytest.approx(np.array([1.0, 0.0, 0.0]))


def test_calibration_is_zero_for_the_same_mix_and_grows_with_the_gap() -> None:
    labels = sparse.csr_array(np.eye(3, dtype=np.float32))
    history = sparse.csr_array(np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]], np.float32))
    lists = np.array([[0, 1], [0, 1], [0, 1]], np.int32)
    same, other, stranger = beyond_accuracy.calibration(lists, 2, history, labels)
    assert same == pytest.approx(0.0, abs=1e-6)
    assert other == pytest.approx(np.log(1 / 0.01), rel=1e-6)
    assert stranger == 0.0
