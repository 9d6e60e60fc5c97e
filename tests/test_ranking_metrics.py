"""Metrics against hand-computed cases and against ir-measures."""

from __future__ import annotations

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, nDCG

from recsys import ranking_metrics
from recsys.errors import DataError
from recsys.ranking_metrics import Positives


def ranked(
    lists: list[list[int]], positives: list[list[int]]
) -> tuple[ranking_metrics.Values, Positives]:
    relevant = Positives.from_lists(positives)
    return ranking_metrics.list_ranks(np.array(lists, np.int32), relevant), relevant


def test_list_ranks_by_hand() -> None:
    ranks, _ = ranked([[5, 3, 9], [1, -1, -1]], [[9, 4, 5], [7, 1]])
    assert ranks.tolist() == [3, np.inf, 1, np.inf, 1]


def test_item_outside_catalogue_counts_as_missed() -> None:
    ranks, relevant = ranked([[5, 3, -1]], [[5, -1]])
    assert ranks.tolist() == [1, np.inf]
    assert ranking_metrics.recall(ranks, relevant, 3).tolist() == [0.5]


def test_recall_divides_by_all_positives_and_ndcg_by_what_fits() -> None:
    ranks, relevant = ranked([[1, 2, 3]], [[1, 2, 3, 4]])
    assert ranking_metrics.recall(ranks, relevant, 2).tolist() == [0.5]
    assert ranking_metrics.ndcg(ranks, relevant, 2).tolist() == [1.0]


def test_mrr_looks_no_further_than_k() -> None:
    ranks, relevant = ranked([[1, 2, 3], [1, 2, 3]], [[3, 2], [9]])
    assert ranking_metrics.mrr(ranks, relevant, 3).tolist() == [0.5, 0.0]
    assert ranking_metrics.mrr(ranks, relevant, 1).tolist() == [0.0, 0.0]


def test_a_user_without_positives_gets_zero() -> None:
    ranks, relevant = ranked([[1, 2]], [[]])
    for metric in (ranking_metrics.recall, ranking_metrics.ndcg, ranking_metrics.mrr):
        assert metric(ranks, relevant, 2).tolist() == [0.0]


def test_equal_scores_share_the_middle_rank() -> None:
    scores = np.array([[3, 1, 1, 1, 0], [1, 1, 1, 1, 1]], np.float32)
    relevant = Positives.from_lists([[0, 2], [4]])
    assert ranking_metrics.score_ranks(scores, relevant, 5).tolist() == [1, 3, 3]


def test_score_ranks_of_excluded_and_missing_items_are_infinite() -> None:
    scores = np.array([[-np.inf, 2, 1]], np.float32)
    relevant = Positives.from_lists([[0, -1, 2]])
    assert ranking_metrics.score_ranks(scores, relevant, 3).tolist() == [np.inf, np.inf, 2]


def test_score_ranks_agree_with_lists_without_ties() -> None:
    rng = np.random.default_rng(1)
    scores = rng.permuted(np.tile(np.arange(60, dtype=np.float32), (40, 1)), axis=1)
    relevant = Positives.from_lists([sorted(rng.permutation(60)[:5].tolist()) for _ in range(40)])
    listed = ranking_metrics.list_ranks(ranking_metrics.top(scores, 10), relevant)
    by_score = ranking_metrics.score_ranks(scores, relevant, 10)
    assert np.array_equal(listed, np.where(by_score <= 10, by_score, np.inf))


def test_top_keeps_item_order_among_equals_and_pads() -> None:
    scores = np.array([[1, 2, 2, -np.inf], [0, 0, 0, 0]], np.float32)
    assert ranking_metrics.top(scores, 9).tolist() == [[1, 2, 0, -1], [0, 1, 2, 3]]


def test_nan_scores_are_refused() -> None:
    with pytest.raises(DataError, match="popular: 1 of 2 scores"):
        ranking_metrics.require_finite(np.array([1.0, np.nan]), "popular")


@pytest.mark.parametrize("k", [1, 5, 20])
def test_same_as_ir_measures(k: int) -> None:
    rng = np.random.default_rng(k)
    lists = [rng.permutation(50)[:20].tolist() for _ in range(30)]
    positives = [rng.permutation(50)[: rng.integers(1, 9)].tolist() for _ in range(30)]
    ranks, relevant = ranked(lists, positives)
    qrels = {str(u): {str(i): 1 for i in one} for u, one in enumerate(positives)}
    run = {str(u): {str(i): 99.0 - r for r, i in enumerate(one)} for u, one in enumerate(lists)}
    theirs = ir_measures.calc_aggregate([R @ k, nDCG @ k, RR @ k], qrels, run)
    assert ranking_metrics.recall(ranks, relevant, k).mean() == pytest.approx(theirs[R @ k])
    assert ranking_metrics.ndcg(ranks, relevant, k).mean() == pytest.approx(theirs[nDCG @ k])
    assert ranking_metrics.mrr(ranks, relevant, k).mean() == pytest.approx(theirs[RR @ k])


def test_auc_by_hand_ties_half() -> None:
    scores = np.array([3.0, 1.0, 2.0, 2.0])
    liked = np.array([True, False, True, False])
    assert ranking_metrics.auc(scores, liked) == (1 + 1 + 1 + 0.5) / 4
    assert np.isnan(ranking_metrics.auc(scores, np.ones(4, bool)))


def test_user_auc_leaves_out_users_of_one_opinion() -> None:
    user = np.array([7, 3, 7, 3, 5, 7], np.int32)
    scores = np.array([0.9, 0.1, 0.2, 0.5, 0.0, 0.9])
    liked = np.array([True, True, False, False, True, False])
    assert ranking_metrics.user_auc(user, scores, liked).tolist() == [0.0, 0.75]


def test_user_auc_agrees_with_counting_pairs() -> None:
    rng = np.random.default_rng(0)
    user = rng.integers(0, 9, 300).astype(np.int32)
    scores, liked = rng.integers(0, 6, 300).astype(float), rng.random(300) < 0.5
    expected = []
    for one in range(9):
        good, bad = scores[(user == one) & liked], scores[(user == one) & ~liked]
        wins = (good[:, None] > bad).sum() + 0.5 * (good[:, None] == bad).sum()
        expected.append(wins / (len(good) * len(bad)))
    assert ranking_metrics.user_auc(user, scores, liked) == pytest.approx(np.array(expected))


def test_interval_covers_like_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(5, 2, (1000, 1))
    found = ranking_metrics.intervals(values, seed=0)[0]
    half = 1.96 * values.std() / np.sqrt(1000)
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(found.mean - half, abs=0.02)
    assert found.high == pytest.approx(found.mean + half, abs=0.02)
    assert ranking_metrics.intervals(values, seed=0) == [found]


def test_intervals_of_one_user_and_of_none() -> None:
    assert ranking_metrics.intervals(np.array([[0.5]]), 0) == [
        ranking_metrics.Interval(0.5, 0.5, 0.5)
    ]
    assert ranking_metrics.intervals(np.zeros((0, 1)), 0) == [
        ranking_metrics.Interval(0.0, 0.0, 0.0)
    ]


def test_pairing_sees_a_small_steady_gain_in_noise() -> None:
    noise = np.random.default_rng(0).normal(0, 1, 400)
    gain = np.full(400, 0.01)
    gain[::4] = -0.005
    assert ranking_metrics.compare(noise + gain, noise, 0).better == "yes"
    assert ranking_metrics.compare(noise, noise + gain, 0).better == "no"
    assert ranking_metrics.compare(
        noise, np.random.default_rng(1).permutation(noise), 0
    ).better == ("undecided")
