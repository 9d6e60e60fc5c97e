"""Behaviour factors and texts in one index: lists are those of a look at all items."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("faiss")

from recsys.bundle import read_bundle, write_bundle
from recsys.data.dataset import Dataset
from recsys.data.records import Event, Item
from recsys.data.table_builder import EventColumns, item_table
from recsys.index.joined_index import joined_index
from recsys.models.item_factors import Factors
from recsys.ranking.candidates import candidates
from recsys.ranking.gbdt_rerank import best_places
from recsys.ranking.history import History
from recsys.ranking.item_feature_cache import ItemFeatureCache
from recsys.ranking.joined_queries import history_queries, neighbour_slope
from recsys.ranking.query import Interaction, Query
from recsys.ranking.request_scorer import Request
from recsys.ranking.user_term_scores import UserTerms
from recsys.serving.joined_candidate_index import JOINED, JoinedCandidateIndex
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.training.model_builder import TextVectors, assemble

SIZE, START, NICHES = 4_000, 1_700_000_000.0, 40
SCORES = {
    "factors": ScoreModel((Term("behaviour", 8.0, 1.0),), priors={"share_all": 0.02}),
    "factors and words": ScoreModel((Term("behaviour", 8.0, 1.0), Term("words", 8.0, 0.1))),
}


def history(niche):
    rows = np.flatnonzero(np.arange(SIZE) % NICHES == niche)[:9]
    return tuple(
        Interaction(f"i{row}", "like", timestamp=START + 9e5 + place)
        for place, row in enumerate(rows.tolist())
    )


@pytest.fixture(scope="module")
def model():
    """Return items in niches, whose factors and texts tell the niche."""
    rng = np.random.default_rng(0)
    columns = EventColumns()
    for place, item in enumerate((rng.zipf(1.3, 9_000) % SIZE).tolist()):
        columns.add(Event(f"u{place % 300}", f"i{item}", "like", timestamp=START + 40.0 * place))
    data = Dataset.build(columns.table(np.inf), item_table(Item(f"i{n}") for n in range(SIZE)))
    niche = np.array([int(name[1:]) % NICHES for name in data.items])
    words = rng.standard_normal((NICHES, 8))[niche] + 0.3 * rng.standard_normal((SIZE, 8))
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    outputs = rng.standard_normal((NICHES, 12))[niche] + 0.3 * rng.standard_normal((SIZE, 12))
    outputs *= 0.2 * rng.lognormal(0, 0.6, (SIZE, 1))
    factors = Factors(*[outputs.astype(np.float32)] * 2)
    made = assemble(
        data, {}, TextVectors(words.astype(np.float32), None), SCORES["factors and words"]
    )
    return replace(made, behaviour=factors)


def queries_of(live, factors):
    made = [
        history_queries(UserTerms.of(History.resolve(history(niche), live), live), factors)
        for niche in range(NICHES)
    ]
    return tuple(np.concatenate(parts) for parts in zip(*made, strict=True))


def indexed(model):
    queried = queries_of(LiveState(model), model.behaviour)
    index, recall = joined_index(model.behaviour.outputs, model.words, queried)
    assert recall >= 0.9
    return replace(model, joined=JoinedCandidateIndex(index, model.behaviour))


def best(live, query, k=20):
    """Return the best rows, and how many were looked at."""
    request = Request.of(query, live, ItemFeatureCache(live))
    mask = np.ones(request.size, bool)
    mask[request.seen] = False
    rows, scores = candidates(request, mask, k)
    kept = mask[rows]
    rows, scores = rows[kept], scores[kept]
    return rows[best_places(rows, scores, k)], len(rows)


@pytest.mark.parametrize("name", SCORES)
def test_lists_are_those_of_all_items_by_a_look_at_few(model, name, monkeypatch):
    monkeypatch.setattr("recsys.ranking.candidates.FEW", 0)
    plain = replace(model, score_model=SCORES[name])
    live, whole = LiveState(indexed(plain)), LiveState(plain)
    shared = looked = 0
    for niche in range(20):
        query = Query(history=history(niche))
        few, seen = best(live, query)
        shared += len(np.intersect1d(few, best(whole, query)[0]))
        looked += seen
    assert shared >= 0.95 * 20 * 20
    assert looked < 0.5 * 20 * SIZE  # without the index, factors have no bound: all are scored


def test_an_item_posted_since_is_a_candidate(model, monkeypatch):
    monkeypatch.setattr("recsys.ranking.candidates.FEW", 0)
    live = LiveState(indexed(replace(model, score_model=SCORES["factors"])))
    live.add_item(Item("new"))
    own = history(3)
    row = live.row("new")
    live.posted_vectors.behaviour[row - len(live.model), 1] = (
        100 * live.model.behaviour.outputs[live.row(own[0].item_id)]
    )
    assert best(live, Query(history=own))[0][0] == row


def test_a_bundle_gives_back_the_index_and_a_part_that_does_not_fit_is_left_out(
    model, tmp_path, caplog
):
    made = indexed(model)
    made.joined.index.write(tmp_path / JOINED)
    blobs = {JOINED: (tmp_path / JOINED).read_bytes()}
    arrays = made.joined.arrays(of_score=True)
    assert set(arrays) == {"heads", "scale"}
    assert set(made.joined.arrays(of_score=False)) == {"heads", "scale", "inputs", "outputs"}
    joined = {f"joined/{name}": array for name, array in arrays.items()}
    write_bundle(tmp_path / "b", made.arrays() | joined, blobs, {"model": made.settings()})
    read = Model.from_raw(read_bundle(tmp_path / "b"))
    assert read.joined is not None
    query = Query(history=history(5))
    assert best(LiveState(read), query)[0].tolist() == best(LiveState(made), query)[0].tolist()
    lost = {name: one for name, one in made.arrays().items() if not name.startswith("behaviour")}
    write_bundle(tmp_path / "c", lost | joined, blobs, {"model": made.settings()})
    assert Model.from_raw(read_bundle(tmp_path / "c")).joined is None
    assert "joined" in caplog.text


def test_a_score_of_neighbours_asks_with_its_slope(model):
    score = ScoreModel((Term("neighbours", 8.0, 1.0),), (LogTerm(0.5, 2.0),))
    assert neighbour_slope(score) == 4.0
    live = LiveState(replace(model, score_model=score))
    learned = UserTerms.of(History.resolve(history(1)[:1], live), live)
    behaviour, words = history_queries(learned, model.behaviour)
    row = live.row(history(1)[0].item_id)
    if learned.neighbours.scores_rows:
        expected = 4.0 * learned.neighbours.weights[0] * model.behaviour.inputs[row]
        assert behaviour[0] == pytest.approx(expected, rel=1e-5)
    assert behaviour.any() and not words.any()
    queried = np.ones(words.shape[1], np.float32)
    assert history_queries(learned, model.behaviour, queried)[1].tolist() == [queried.tolist()]
