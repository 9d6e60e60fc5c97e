"""Swap gap, overlap, distinct items and debiased nDCG in worlds worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from tables import events, items, timed

from recsys.array_types import Floats, Rows
from recsys.data.dataset import Dataset
from recsys.data.event_tables import ItemTable
from recsys.evaluation import personalization_metrics
from recsys.evaluation.item_features import label_features, word_features
from recsys.evaluation.metric_computation import MetricsReport
from recsys.evaluation.replay_personalization_metrics import ReplayPlan
from recsys.ranking_metrics import (
    Interval,
    Positives,
    Values,
    debiased_ndcg,
    distinct_items,
    list_ranks,
    popularity_weights,
)
from recsys.tuning.debiased_metric_weights import recent_users
from recsys.tuning.evaluation_protocols import Rules, make_split
from recsys.tuning.evaluation_queries import RankedOutputs, answer, build_queries
from recsys.tuning.prequential_replay import ReplayEvent, run_replay
from recsys.tuning.scorer_protocol import Histories

NAN = float("nan")
LISTS = np.array([[0, 1], [1, 2], [3, -1]], np.int32)


def test_jaccard_is_the_mean_over_pairs() -> None:
    assert personalization_metrics.mean_jaccard(LISTS) == pytest.approx((1 / 3 + 0 + 0) / 3)
    same = np.array([[4, 5], [5, 4]], np.int32)
    assert personalization_metrics.mean_jaccard(same) == pytest.approx(1.0)


def test_jaccard_pairs_lists_of_one_group_only() -> None:
    groups = np.array([0, 0, 1], np.int32)
    assert personalization_metrics.mean_jaccard(LISTS, groups) == pytest.approx(1 / 3)
    assert np.isnan(personalization_metrics.mean_jaccard(LISTS, np.arange(3, dtype=np.int32)))


def test_distinct_and_effective_items() -> None:
    assert distinct_items(LISTS) == 4
    even = np.array([[0, 1], [2, 3]], np.int32)
    assert personalization_metrics.effective_number(even) == pytest.approx(4.0)
    uneven = np.array([[0, 0, 0, 1]], np.int32)
    expected = np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert personalization_metrics.effective_number(uneven) == pytest.approx(expected)
    assert personalization_metrics.effective_number(np.full((2, 3), -1, np.int32)) == 0.0


def test_weights_fall_beyond_the_upper_fence() -> None:
    users = np.array([0, 1, 1, 1, 2, 2, 3, 20])
    low, high = np.percentile([1, 1, 1, 2, 2, 3, 20], [25, 75])
    fence = high + 1.5 * (high - low)
    assert popularity_weights(users).tolist() == [1, 1, 1, 1, 1, 1, 1, fence / 20]
    assert popularity_weights(np.zeros(3, int)).tolist() == [1, 1, 1]


def test_debiased_ndcg_scales_the_hit_and_keeps_the_ideal_list() -> None:
    relevant = Positives.from_lists([[7, 8]])
    ranks = list_ranks(np.array([[7, 5, 8]], np.int32), relevant)
    found = debiased_ndcg(ranks, relevant, 3, np.array([0.25, 1.0]))
    assert found.tolist() == pytest.approx([(0.25 + 0.5) / (1 + 1 / np.log2(3))])


def test_recent_users_count_positive_events_of_the_last_tenth() -> None:
    old = [("u0", "old", "like", NAN, float(n)) for n in range(54)]
    new = [(f"u{n % 3}", "hot", "like", NAN, 54.0 + n) for n in range(4)]  # three users
    late = [("u0", "no", "dislike", NAN, 58.0), ("u1", "last", "like", NAN, 59.0)]
    data = Dataset.build(events(*old, *new, *late), ItemTable.empty())
    found = dict(zip(data.items, recent_users(data).tolist(), strict=True))
    assert found == {"old": 0, "hot": 3, "no": 0, "last": 1}


def test_swapped_lists_close_up_where_seen_items_are_removed() -> None:
    lists = np.array([[1, 2, 3], [9, 2, 1]], np.int32)
    relevant = Positives.from_lists([[1], [3]])
    seen = sparse.csr_array(np.eye(2, 10, k=9, dtype=np.float32)[[0, 1]])  # the first has seen 9
    partners = np.array([[1, 0], [1, 0]], np.int32)
    found = personalization_metrics.swapped_ndcg(lists, relevant, seen, partners, 3)
    assert found.tolist() == pytest.approx([1 / np.log2(3), 1 / np.log2(4)])
    shallow = personalization_metrics.swapped_ndcg(lists, relevant, seen, partners, 2)
    assert shallow.tolist() == [0.0, 0.0]  # what follows does not move into the list


def test_partners_are_others_of_the_same_stratum() -> None:
    stratum = personalization_metrics.strata(np.array([1] * 50 + [100] * 45 + [1000]))
    partners = personalization_metrics.swap_partners(stratum, 0)
    assert partners.shape == (personalization_metrics.DRAWS, 96)
    assert (partners[:, 95] == -1).all()
    for draw in partners[:, :95]:
        assert (draw != np.arange(95)).all()
        assert (stratum[draw] == stratum[:95]).all()
    assert personalization_metrics.strata(np.array([1, 5, 9])).tolist() == [0, 0, 0]


class Favourites:
    """Scores by the taste of the owner of a history: items of the kind of its first item."""

    nbytes = 0

    def __init__(self, kinds: int, n_items: int) -> None:
        self.kinds, self.n_items = kinds, n_items

    def score(self, histories: Histories) -> Floats:
        kind = histories.item[histories.starts[:-1]] % self.kinds
        rows = np.arange(self.n_items)
        fresh = rows / (1000.0 * self.n_items)
        return np.asarray((rows % self.kinds == kind[:, None]) + fresh, np.float32)


def figures(shuffled: bool) -> tuple[dict[str, Interval], Values]:
    """Return the figures of 300 users of four tastes, by their own histories or by others'."""
    rng, kinds, per = np.random.default_rng(3), 4, 30
    taste = rng.integers(0, kinds, 300)
    read = rng.permutation(taste) if shuffled else taste
    rows: list[tuple[str, str, float]] = []
    for user, (past, true) in enumerate(zip(read.tolist(), taste.tolist(), strict=True)):
        rows += [(f"u{user}", f"i{past + kinds * n:03}", float(n)) for n in range(3)]
        late = rng.choice(np.arange(per // 2, per), 2, replace=False).tolist()
        rows += [(f"u{user}", f"i{true + kinds * n:03}", 100.0) for n in late]
    rows.sort(key=lambda row: row[2])
    catalogue = items([f"i{n:03}" for n in range(kinds * per)])
    split = make_split(timed(*rows), catalogue, Rules("time", share=0.4))
    data = split.dataset()
    queries = build_queries(split, data)
    report = MetricsReport.of(queries, [20], 0)
    found: RankedOutputs = answer(queries, Favourites(kinds, len(data.items)), report.depth, "it")
    return report.metrics(found, found.ranks), found.ranks


def test_shuffled_histories_have_no_swap_gap() -> None:
    own, mixed = figures(shuffled=False)[0], figures(shuffled=True)[0]
    assert own["swap_gap@20"].low > 0.1
    assert mixed["swap_gap@20"].low < 0 < mixed["swap_gap@20"].high
    assert abs(mixed["swap_gap@20"].mean) < 0.1 * own["swap_gap@20"].mean
    same = pytest.approx(own["jaccard@10"].mean, abs=0.01)
    assert mixed["jaccard@10"].mean == same  # the lists look as personal


class ByUser:
    """In a replay: items of the kind of a history's first item before others, or all the same."""

    def __init__(self, kinds: int, personal: bool) -> None:
        self.kinds, self.personal = kinds, personal

    def observe(self, step: ReplayEvent) -> None:
        """Nothing is learned."""

    def score(self, histories: Histories, rows: Rows) -> Values:
        own = rows % self.kinds == histories.item[0] % self.kinds
        return own * float(self.personal) - rows / 1e3


@pytest.mark.parametrize("personal", [True, False])
def test_a_replay_swaps_lists_at_the_moment_of_the_query(personal: bool) -> None:
    rng, kinds, per = np.random.default_rng(5), 4, 12
    catalogue = items([f"i{n:03}" for n in range(kinds * per)])
    rows: list[tuple[str, str, float]] = []
    for user in range(120):
        kind, later = user % kinds, rng.permutation(np.arange(1, per))[:2]
        rows.append((f"u{user}", f"i{kind:03}", float(user)))
        rows += [
            (f"u{user}", f"i{kind + kinds * n:03}", 1000.0 * (at + 1) + user)
            for at, n in enumerate(later.tolist())
        ]
    rows.sort(key=lambda row: row[2])
    split = make_split(timed(*rows), catalogue, Rules("replay", share=2 / 3))
    data, model = split.dataset(), ByUser(kinds, personal)
    lists = ReplayPlan.of(split, data, None).collector(model)
    run_replay(split, data, model, "by user", inspect=lists)
    found = lists.metrics()
    gap = found["swap_gap@20"]
    if personal:
        assert gap.low > 0.2
        assert found["distinct@10"].mean > 40
        assert found["jaccard@10"].mean < 0.5
    else:
        assert abs(gap.mean) < 0.02
        assert found["jaccard@10"].mean > 0.6
    assert found["freshness@10"].mean == 1.0  # all of it happens within an hour


def test_a_row_has_no_hits_that_its_own_list_lacks() -> None:
    found, _ = figures(shuffled=False)
    assert found["unexpected_hits@20"].mean == 0.0
    assert found["distinct@10"].mean == 40
    assert found["effective@10"].mean == pytest.approx(40, abs=0.5)


def test_freshness_is_the_share_of_items_under_a_week_old() -> None:
    day = 86400.0
    rows = [("ann", "a", 0.0), ("bob", "a", day), ("ann", "b", 20 * day), ("bob", "c", 21 * day)]
    created = [0.0, 20 * day, 15 * day, 2 * day, NAN]
    catalogue = items(["a", "b", "c", "d", "e"], created=created)
    split = make_split(timed(*rows), catalogue, Rules("time", share=0.25))
    queries = build_queries(split, split.dataset())
    report = MetricsReport.of(queries, [2], 0)
    young = {name: bool(report.young[row]) for row, name in enumerate(queries.data.items)}  # type: ignore[index]
    assert young == {"a": False, "b": True, "c": True, "d": False, "e": False}


def test_words_are_clustered_where_items_have_neither_category_nor_tags() -> None:
    titles = ["red nail polish", "blue nail polish", "oak garden chair", "pine garden chair", ""]
    table = items(["a", "b", "c", "d", "e"], title=titles)
    labels = label_features(table, word_features(table), 0)
    assert labels is not None
    topics = labels.toarray()
    assert (topics[0] == topics[1]).all() and (topics[2] == topics[3]).all()
    assert (topics[0] != topics[2]).any()
    assert topics.sum(axis=1).tolist() == [1, 1, 1, 1, 0]
