"""Candidates: a look at few rows finds what a look at all of them finds."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.records import Event, Item
from recsys.data.table_builder import EventColumns, item_table
from recsys.index.exact import ExactIndex
from recsys.index.inner_product_bounds import TruncatedVectors, fronts_of
from recsys.models.item_to_item_weights import ItemWeights
from recsys.ranking.candidates import candidates
from recsys.ranking.gbdt_rerank import best_places
from recsys.ranking.item_feature_cache import ItemFeatureCache
from recsys.ranking.nonpersonal_lists import similar
from recsys.ranking.query import Filters, Interaction, Query
from recsys.ranking.request_scorer import Request
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.store.user_controls import Control
from recsys.training.model_builder import TextVectors, assemble

SIZE, START = 6_000, 1_700_000_000.0
NEIGHBOURS = Term("neighbours", 8.0, 1.0)
PRIORS = {"share_1d": 1.2, "share_all": 0.3}
BLENDS = {
    "priors": ScoreModel(priors=PRIORS),
    "curves": ScoreModel((NEIGHBOURS,), (LogTerm(0.05, 1.0),), PRIORS),
    "lift": ScoreModel((NEIGHBOURS,), (), PRIORS, lift=0.8),
    "traits": ScoreModel(
        (NEIGHBOURS,), (), PRIORS, {"habit": {"share_1d": -0.9, "share_all": 0.6}}, lift=0.8
    ),
    "passed": ScoreModel(
        (NEIGHBOURS,), (LogTerm(0.05, 1.0),), PRIORS, linear={"exposure_age": -0.4}
    ),
    "waited": ScoreModel((NEIGHBOURS,), (), {"liked": 0.5}, linear={"exposure_age": 0.4}),
    "neighbours alone": ScoreModel((NEIGHBOURS,), (LogTerm(0.05, 1.0),)),
}


def made(score_model):
    """Return a model of items with Zipf's uptake, ages of a year, and neighbours at random."""
    rng = np.random.default_rng(3)
    columns = EventColumns()
    for place, item in enumerate((rng.zipf(1.3, 20_000) % SIZE).tolist()):
        kind = "dislike" if place % 9 == 0 else "like"
        columns.add(Event(f"u{place % 500}", f"i{item}", kind, timestamp=START + 40.0 * place))
    created = START - rng.uniform(0, 3e7, SIZE)
    items = item_table(Item(f"i{n}", created_at=float(created[n])) for n in range(SIZE) if n % 7)
    data = Dataset.build(columns.table(np.inf), items)
    size = len(data.items)
    near = np.sort(rng.integers(0, size, (size, 30)), axis=1).astype(np.int32)
    values = rng.uniform(-0.02, 0.1, size * 30).astype(np.float32)
    ends = np.arange(0, 30 * size + 1, 30, dtype=np.int64)
    words = rng.standard_normal((size, 8)).astype(np.float32)
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    neighbours = ItemWeights(ends, near.ravel(), values)
    return assemble(data, {"neighbours": neighbours}, TextVectors(words, None), score_model)


MODEL = made(ScoreModel())


@pytest.fixture(params=BLENDS, ids=str)
def live(request):
    return LiveState(replace(MODEL, score_model=BLENDS[request.param]))


@pytest.fixture(autouse=True, params=[0, 10**9], ids=["sparse", "dense"])
def few(request, monkeypatch):
    monkeypatch.setattr("recsys.ranking.candidates.FEW", 0)
    monkeypatch.setattr("recsys.ranking.terms.neighbours.SPARSE", request.param)


def history(rng, live, length):
    rows = rng.choice(live.size, length, replace=False)
    times = START + 8e5 + np.sort(rng.uniform(0, 1e4, length))
    return tuple(
        Interaction(live.item_id(row), "like", None, float(time))
        for row, time in zip(rows.tolist(), times.tolist(), strict=True)
    )


def looked(live, standing, query, k=50):
    """Return the best by a look at few rows, by a look at all, and how many were looked at."""
    request = Request.of(query, live, standing)
    mask = np.ones(request.size, bool)
    mask[request.history.rows] = False
    mask[::11] = False
    rows, scores = candidates(request, mask, k)
    everything = np.flatnonzero(mask).astype(np.int32)
    exact = request.scores(everything)
    few = rows[best_places(rows, scores, k)]
    return few, everything[best_places(everything, exact, k)], len(rows)


@pytest.mark.parametrize("length", [0, 1, 20])
def test_few_rows_are_as_good_as_all(live, length):
    rng, standing = np.random.default_rng(length), ItemFeatureCache(live)
    for _ in range(5):
        few, whole, _ = looked(live, standing, Query(history=history(rng, live, length)))
        assert few.tolist() == whole.tolist()


@pytest.mark.parametrize("length", [0, 20])
def test_few_rows_are_as_good_as_all_where_some_are_flagged(live, length):
    rng = np.random.default_rng(length)
    live.marks.some = True
    live.marks.score[: live.size] = rng.random(live.size) * (rng.random(live.size) < 0.3)
    for _ in range(3):
        query = Query(history=history(rng, live, length))
        few, whole, _ = looked(live, ItemFeatureCache(live), query)
        assert few.tolist() == whole.tolist()


@pytest.mark.parametrize("length", [0, 20])
def test_few_rows_are_as_good_as_all_where_some_are_boosted(live, length):
    rng = np.random.default_rng(length)
    for actions in (("boost",), ("less", "boost", "boost"), ("less",)):
        wanted = tuple(
            Control(n, action, "item", f"i{rng.integers(SIZE)}", START)
            for n, action in enumerate(actions)
        )
        query = Query(history=history(rng, live, length), controls=wanted)
        few, whole, _ = looked(live, ItemFeatureCache(live), query)
        assert few.tolist() == whole.tolist()


def test_few_rows_are_looked_at_where_a_boost_reaches_few():
    live = LiveState(replace(MODEL, words=np.zeros_like(MODEL.words), score_model=BLENDS["lift"]))
    boost = Control(1, "boost", "item", "i7", START)
    query = Query(history=history(np.random.default_rng(0), live, 5), controls=(boost,))
    few, whole, seen = looked(live, ItemFeatureCache(live), query)
    assert few.tolist() == whole.tolist() and live.row("i7") in few and seen < SIZE / 2


def test_few_rows_are_looked_at():
    live = LiveState(replace(MODEL, score_model=BLENDS["lift"]))
    query = Query(history=history(np.random.default_rng(0), live, 5))
    assert looked(live, ItemFeatureCache(live), query)[2] < SIZE / 2


def test_what_happens_meanwhile_is_seen(live):
    rng, standing = np.random.default_rng(1), ItemFeatureCache(live)
    standing.look()
    for step in range(400):
        item = f"post-{step}" if step % 3 == 0 else f"i{rng.integers(SIZE)}"
        live.add_event(item, "like", None, START + 8.1e5 + step)
    few, whole, _ = looked(live, standing, Query(history=history(rng, live, 9)))
    assert few.tolist() == whole.tolist()


def test_touched_rows_are_worth_what_all_anew_are(live):
    standing, moment = ItemFeatureCache(live), live.counters.newest
    standing.look()
    for step in range(300):
        live.add_event(f"i{step * 7 % SIZE}", "like", None, moment - step)
    table, rows = standing.look(), np.arange(live.size, dtype=np.int32)
    np.testing.assert_allclose(table.values[:, : live.size], standing.of_rows(rows), atol=1e-6)


def test_without_drift_each_answer_knows_the_last_moment(live):
    service = Recommender(live, drift=0.0)
    live.add_event("i5", "like", None, START + 9e5)
    rows = np.arange(live.size, dtype=np.int32)
    found = service.score(Query()).request.table.values[:, : live.size]
    np.testing.assert_allclose(found, service.item_features.of_rows(rows), atol=1e-6)


def test_words_are_proposed_by_an_index():
    score_model = replace(BLENDS["lift"], terms=(NEIGHBOURS, Term("words", 8.0, 2.0)))
    live = LiveState(replace(MODEL, score_model=score_model, index=ExactIndex(MODEL.words)))
    rng, standing, found = np.random.default_rng(2), ItemFeatureCache(live), 0
    for _ in range(10):
        few, whole, _ = looked(live, standing, Query(history=history(rng, live, 9)), 20)
        found += len(np.intersect1d(few, whole))
    assert found >= 0.98 * 200


def worded(noise, width=32):
    """Return a live state whose words lie near a plane of four dimensions, posted items too."""
    rng = np.random.default_rng(5)
    words = rng.standard_normal((len(MODEL), 4)) @ rng.standard_normal((4, width))
    words += noise * rng.standard_normal(words.shape)
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    words[::50] = 0.0  # nothing is known of these
    score_model = replace(BLENDS["lift"], terms=(NEIGHBOURS, Term("words", 8.0, 2.0)))
    live = LiveState(replace(MODEL, words=words.astype(np.float32), score_model=score_model))
    for number in range(5):
        live.add_item(Item(f"later-{number}"))
        live.posted_vectors.words[number] = words[number * 7]
    return live


@pytest.mark.parametrize("noise", [0.0, 0.1, 10.0])
def test_without_an_index_words_that_leave_no_doubt_are_looked_at_in_front(noise):
    live = worded(noise)
    standing, rng = ItemFeatureCache(live), np.random.default_rng(2)
    assert standing.fronts is not None
    for length in (1, 9, 40):
        few, whole, seen = looked(live, standing, Query(history=history(rng, live, length)))
        assert few.tolist() == whole.tolist()
        assert seen < (0.2 if noise < 1 else 1.0) * SIZE


def test_what_is_behind_the_front_is_bounded():
    vectors = worded(1.0).model.words
    fronts = TruncatedVectors.of(vectors)
    for query in np.random.default_rng(1).standard_normal((20, 32)).astype(np.float32) * 7:
        near, off = fronts.products(query)
        assert (np.abs(vectors @ query - near) <= off).all()
        assert off.mean() < 0.8 * np.linalg.norm(query)
    assert fronts_of(vectors[:100]) is None and len(fronts_of(vectors)) == len(vectors)


def test_a_reader_far_behind_the_writes_looks_at_everything():
    live = LiveState(replace(MODEL, score_model=BLENDS["lift"]))
    standing = ItemFeatureCache(live)
    first = standing.look()
    for _ in range(5_000):
        live.add_event("i1", "like", None, live.counters.newest)
    assert live.dirty_rows.since(first.seen) is None
    assert standing.look() is not first


@pytest.mark.parametrize("name", ["curves", "lift", "passed"])
def test_similar_items_are_found_without_a_look_at_all(name, monkeypatch):
    live = LiveState(replace(MODEL, score_model=BLENDS[name]))
    live.add_item(Item("later", title="later"))
    found = []
    for sparse in (0, 10**9):
        monkeypatch.setattr("recsys.ranking.nonpersonal_lists.MANY", sparse)
        found.append([similar(live, f"i{n}", 20, Filters()) for n in (3, 77, 501)])
    assert found[0] == found[1] and all(found[0])
