"""Trees in service: one answer by every path, told in full."""

from dataclasses import replace

import numpy as np
import pytest
from api_world import NOW, items, model, publish

from recsys.bundle_store import BundleStore
from recsys.ranking import popularity_features
from recsys.ranking.batch_scoring import score_block
from recsys.ranking.gbdt_features import names
from recsys.ranking.gbdt_rerank import best, reranked_block
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.query import Filters, Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.gbdt_model import Gbdt
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model

RNG = np.random.default_rng(5)


def stump_forest(count=12):
    """Return trees of one split each, on features drawn at random."""
    nodes = 3 * count
    feature, value = np.zeros(nodes, np.int32), np.zeros(nodes)
    threshold, left, right = np.zeros(nodes), np.arange(nodes), np.arange(nodes)
    roots = np.arange(0, nodes, 3)
    feature[roots] = RNG.integers(0, len(names()), count)
    threshold[roots] = RNG.normal(size=count)
    left[roots], right[roots] = roots + 1, roots + 2
    value[roots + 1], value[roots + 2] = RNG.uniform(-0.2, 1.0, size=(2, count))
    shape = (roots, feature, threshold, left, right, value)
    kinds = (np.int32, np.int32, np.float64, np.int32, np.int32, np.float64)
    return Gbdt(names(), *(v.astype(k) for v, k in zip(shape, kinds, strict=True)), 1)


MODEL = replace(model(), trees=stump_forest())
READ = (
    Interaction("chess-3", "like", None, NOW - 9000.0),
    Interaction("sea-1", "like", None, NOW - 5000.0),
    Interaction("bread-7", "like", None, NOW - 100.0),
)


def histories(live, *people):
    ends = np.cumsum([0, *map(len, people)]).astype(np.int64)
    events = [each for person in people for each in person]
    return HistoryBatch(
        ends,
        np.array([live.row(each.item_id) for each in events], np.int32),
        np.array([live.weights.of_kind(each.event) for each in events], np.float32),
        np.array([each.timestamp for each in events]),
    )


@pytest.mark.parametrize("read", [(), READ[:1], READ], ids=len)
def test_a_request_and_a_batch_give_the_same_list(read):
    live = LiveState(MODEL)
    shared = popularity_features.prior_features(live)
    closed = np.zeros((2, len(MODEL)), bool)
    scores = reranked_block(MODEL, histories(live, READ[1:], read), shared, closed)[1]
    rows = np.setdiff1d(np.arange(len(MODEL)), [live.row(each.item_id) for each in read])
    wanted = best(rows.astype(np.int32), scores, 20)
    found = Recommender(live).recommend(Query(history=read, n=20))
    listed = [live.row(each.item_id) for each in found]
    # Items of this world that share their words tie, so that rows may change places.
    np.testing.assert_allclose(scores[listed], scores[wanted], rtol=1e-5)
    np.testing.assert_allclose([each.score for each in found], scores[wanted], rtol=1e-5)


def test_trees_change_the_list():
    query = Query(history=READ, n=20)
    without = Recommender(LiveState(replace(MODEL, trees=None))).recommend(query)
    corrected = Recommender(LiveState(MODEL)).recommend(query)
    assert [each.item_id for each in without] != [each.item_id for each in corrected]


def test_without_trees_a_batch_is_the_blend():
    plain = replace(MODEL, trees=None)
    live = LiveState(plain)
    queried, shared = histories(live, READ), popularity_features.prior_features(live)
    closed = np.zeros((1, len(plain)), bool)
    np.testing.assert_array_equal(
        reranked_block(plain, queried, shared, closed), score_block(plain, queried, shared)
    )


def test_what_may_not_be_shown_takes_no_place_in_the_pool(monkeypatch):
    monkeypatch.setattr("recsys.ranking.gbdt_rerank.POOL", 5)
    live = LiveState(MODEL)
    shared, queried = popularity_features.prior_features(live), histories(live, READ)
    closed = np.zeros((1, len(MODEL)), bool)
    closed[0, : len(MODEL) // 2] = True
    added = reranked_block(MODEL, queried, shared, closed) - score_block(MODEL, queried, shared)
    assert np.count_nonzero(added) == 5 and not added[closed].any()
    query = Query(history=READ, n=5, filters=Filters(category=frozenset({"bread"})))
    assert len(Recommender(live).recommend(query)) == 5


def test_pages_join_without_gap_or_repeat():
    recommender = Recommender(LiveState(MODEL))
    whole = recommender.recommend(Query(history=READ, n=40))
    pages = [recommender.recommend(Query(history=READ, n=10, offset=10 * k)) for k in range(4)]
    assert [e.item_id for e in whole] == [e.item_id for page in pages for e in page]


def test_the_trees_part_is_told_and_the_parts_add_up():
    recommender = Recommender(LiveState(MODEL))
    found = recommender.recommend(Query(history=READ, n=20, explain=True))
    assert any(reason.kind == "context" for each in found for reason in each.reasons)
    for each in found:
        assert sum(reason.share for reason in each.reasons) == pytest.approx(1.0)
    query = Query(history=READ)
    scored = recommender.score(query)
    assert scored.corrections.any()
    parts = [sum(r.value for r in recommender.parts(scored, row)) for row in range(len(MODEL))]
    base = scored.scores - np.array(parts)
    assert np.ptp(base) < 1e-4


def test_an_item_posted_since_is_judged_too():
    live = LiveState(MODEL)
    live.add_item(replace(items()[0], item_id="new", created_at=NOW))
    found = Recommender(live).recommend(Query(history=READ, n=60))
    assert any(each.item_id == "new" and np.isfinite(each.score) for each in found)


def test_trees_are_saved_with_the_bundle(tmp_path, monkeypatch):
    monkeypatch.setattr("api_world.model", lambda version: MODEL)
    publish(tmp_path)
    again = Model.from_raw(BundleStore(tmp_path).open_current())
    assert again.trees is not None and again.trees.names == names()
    np.testing.assert_array_equal(again.trees.value, MODEL.trees.value)
