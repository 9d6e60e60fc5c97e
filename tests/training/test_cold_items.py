"""Cold items: what nobody has read yet is placed by its words."""

import tracemalloc
from dataclasses import replace

import numpy as np
import worlds
from scipy import sparse

from recsys.models.item_to_item_weights import ItemWeights
from recsys.text.cold_start import ColdStartConfig, columns
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.training import model_builder
from recsys.training.cold_item_neighbours import (
    ColdStartSolver,
    cold_map,
    completed,
    config_of,
    newest_unread,
    texts_read,
    user_counts,
    with_unread,
)
from recsys.training.model_builder import TextVectors, assemble, known_interactions, word_weights

UNREAD = [number + at for at in (0, worlds.EACH) for number in range(28, worlds.EACH)]


def behaviour_only():
    """Return neighbours without what words say."""
    return worlds.plain(worlds.topics(), worlds.WHOLE).neighbours


def test_the_last_texts_of_each_topic_are_unread():
    assert np.flatnonzero(user_counts(worlds.topics()) == 0).tolist() == UNREAD


def test_unread_items_stand_with_their_topic():
    data, before = worlds.topics(), behaviour_only()
    cold = cold_map(data, before, worlds.student())
    after = completed(data, before, cold).matrix().toarray()
    read = np.setdiff1d(np.arange(len(data.items)), UNREAD)
    given = after[np.ix_(read, UNREAD)]
    topic = (read[:, None] >= worlds.EACH) == (np.array(UNREAD)[None, :] >= worlds.EACH)
    assert given[topic].mean() > 3 * max(given[~topic].mean(), 1e-6)
    assert not before.matrix().toarray()[:, UNREAD].any()
    assert np.allclose(after[np.ix_(read, read)], before.matrix().toarray()[np.ix_(read, read)])


def test_the_prediction_replaces_what_the_engine_guessed_of_an_unread_item():
    data, before = worlds.topics(), behaviour_only()
    cold = cold_map(data, before, worlds.student())
    guessed = before.matrix().tolil()
    guessed[0, UNREAD[0]] = 5.0
    found = completed(data, ItemWeights.from_matrix(guessed.tocsr()), cold).matrix().toarray()
    assert np.allclose(found, completed(data, before, cold).matrix().toarray(), atol=1e-6)


def test_neighbours_are_predicted_of_the_history_items_that_are_asked_for():
    data, before = worlds.topics(), behaviour_only()
    cold = cold_map(data, before, worlds.student())
    whole = completed(data, before, cold).matrix().toarray()
    asked = np.array([0, 3, worlds.EACH + 2], np.int32)
    some = completed(data, before, cold, asked).matrix().toarray()
    others = np.setdiff1d(np.arange(len(data.items)), asked)
    assert whole[np.ix_(asked, UNREAD)].any()
    assert np.array_equal(some[asked], whole[asked])
    assert np.array_equal(some[others], before.matrix().toarray()[others])
    none = completed(data, before, cold, asked[:0]).matrix().toarray()
    assert np.array_equal(none, before.matrix().toarray())


def test_of_too_many_unread_items_the_newest_are_predicted():
    data = worlds.topics()
    created = np.full(len(data.items), np.nan)
    created[UNREAD[1]], created[UNREAD[0]] = worlds.START, worlds.START - 1.0
    dated = replace(data, table=replace(data.table, created=created))
    assert newest_unread(dated, len(UNREAD)).tolist() == UNREAD
    assert newest_unread(dated, 2).tolist() == UNREAD[:2]
    assert newest_unread(dated, 1).tolist() == UNREAD[1:2]
    assert not len(newest_unread(dated, 0))


def test_a_bound_on_solving_leaves_older_unread_items_to_their_words():
    data, student, before = worlds.topics(), worlds.student(), behaviour_only()
    whole = ColdStartSolver(data, student)
    with_unread(whole, before, 0, posts=False)
    teachers = len(whole.solved.teachers)
    for count in (0, 1, len(UNREAD)):
        config = ColdStartConfig(solved=float(count * teachers**2))
        solver = ColdStartSolver(data, student, config=config)
        found = with_unread(solver, before, 0, posts=False)[0].matrix().toarray()
        assert int(found[:, UNREAD].any(axis=0).sum()) == count
    for pairs, count in ((0.0, 0), (1.0 * len(data.items), 1), (6e9, len(UNREAD))):
        solver = ColdStartSolver(data, student, config=ColdStartConfig(pairs=pairs))
        found = with_unread(solver, before, 0, posts=False)[0].matrix().toarray()
        assert int(found[:, UNREAD].any(axis=0).sum()) == count
    assert config_of(50_000, tried=True) == config_of(120_000) == ColdStartConfig()
    assert config_of(50_001, tried=True).solved < config_of(120_001).solved < np.inf


def test_of_a_large_catalogue_the_texts_that_may_matter_are_read():
    data, student, before = worlds.topics(), worlds.student(), behaviour_only()
    counts = user_counts(data)
    few = ColdStartConfig(largest=3, texts=6 + len(UNREAD) + 4)
    some = texts_read(data, counts, few)
    assert len(some) == few.texts and (np.diff(some) > 0).all()
    assert set(UNREAD) <= set(some.tolist())
    popular = np.argsort(-counts, kind="stable")[:6]
    assert set(popular.tolist()) <= set(some.tolist())
    assert texts_read(data, counts, ColdStartConfig(texts=len(data.items))) is None
    read = []

    class Reader(type(student)):
        def tokens(self, texts):
            read.append(len(texts))
            return super().tokens(texts)

    counting = Reader(student.tokenizer_json, student.vectors, student.label, student.pairs)
    config = ColdStartConfig(largest=25, texts=len(data.items) - 4)
    found = cold_map(data, before, counting, config=config)
    assert read == [config.texts]
    whole = cold_map(data, before, student, config=ColdStartConfig(largest=25))
    assert found.teachers.tolist() == whole.teachers.tolist()
    likeness = found.texts.kernel(found.teachers, np.array(UNREAD, np.int32))
    truth = whole.texts.kernel(found.teachers, np.array(UNREAD, np.int32))
    assert np.corrcoef(likeness.ravel(), truth.ravel())[0, 1] > 0.95


def test_a_post_is_placed_as_an_unread_item_is():
    data, student = worlds.topics(), worlds.student()
    done, taught, inputs = with_unread(
        ColdStartSolver(data, student), behaviour_only(), 0, posts=True
    )
    assert inputs.shape == (len(data.items), taught.width)
    texts = ["海浪", "棋局"]
    sea = inputs @ taught.encode(texts, student.encode(texts)).T
    sailors = np.arange(20)
    assert sea[sailors, 0].mean() > sea[sailors, 1].mean()
    assert with_unread(ColdStartSolver(data, student), behaviour_only(), 0, posts=False)[1:] == (
        None,
        None,
    )


def test_one_solution_serves_every_engine():
    data, student, before = worlds.topics(), worlds.student(), behaviour_only()
    other = ItemWeights.from_matrix(before.matrix() * 0.5)
    shared = ColdStartSolver(data, student)
    with_unread(shared, before, 0, posts=False)
    factor = shared.solved.factor
    again = with_unread(shared, other, 0, posts=False)[0].matrix().toarray()
    alone = with_unread(ColdStartSolver(data, student), other, 0, posts=False)[0].matrix().toarray()
    assert np.allclose(again, alone) and shared.solved.factor is factor
    assert shared.map_of(other).factor is factor


def test_nothing_is_solved_where_every_item_is_read():
    shared = ColdStartSolver(worlds.odd_even(), worlds.student())
    near = worlds.plain(shared.data, worlds.WHOLE).neighbours
    assert with_unread(shared, near, 0, posts=False)[0] is near and not shared.tried


def test_without_words_or_with_few_items_nothing_is_guessed():
    small = worlds.odd_even()
    near = ItemWeights.from_dense(np.ones((len(small.items), len(small.items)), "f"), 5)
    assert with_unread(ColdStartSolver(small, None), near, 0, posts=True) == (near, None, None)
    assert with_unread(ColdStartSolver(small, worlds.student()), near, 0, posts=True) == (
        near,
        None,
        None,
    )


def test_factors_of_unread_items_follow_their_words():
    model = worlds.model()
    outputs = model.behaviour.outputs
    sea, chess = outputs[:28].mean(axis=0), outputs[32:60].mean(axis=0)
    for row in UNREAD:
        own, other = (sea, chess) if row < worlds.EACH else (chess, sea)
        assert outputs[row] @ own > outputs[row] @ other


def test_a_catalogue_without_words_is_assembled():
    data = worlds.nothing()
    model = assemble(data, {}, TextVectors.none(len(data.items)), worlds.WHOLE)
    assert model.neighbours is None and model.bridge is None and model.cutoff == 0.0


def test_rare_words_weigh_more_and_rows_have_length_one():
    weights = word_weights(["tide wave", "tide pawn", "tide", "zzz"], worlds.student()).toarray()
    assert np.allclose(np.linalg.norm(weights, axis=1), [1, 1, 1, 0])
    words = np.flatnonzero(weights[0])
    assert weights[0, words].max() > weights[0, words].min()


def test_words_with_a_common_piece_have_nothing_in_common():
    """Films like "Intolerable Cruelty" were "Intouchables" and "Into the Wild"."""
    titles = ["Intolerable Cruelty", "Intouchables", "Into the Wild", "Cruelty"]
    weights = word_weights(titles, packaged_word_vectors())
    likeness = (weights @ weights.T).toarray()[0]
    assert likeness[3] > 0 and likeness[1:3].tolist() == [0.0, 0.0]


def test_engines_of_a_large_catalogue_get_no_words(monkeypatch):
    data, words = worlds.topics(), worlds.words_of(worlds.topics())
    monkeypatch.setattr(model_builder, "FEATURES_UP_TO", len(data.items))
    assert known_interactions(data, words).features.shape[0] == len(data.items)
    monkeypatch.setattr(model_builder, "FEATURES_UP_TO", len(data.items) - 1)
    assert known_interactions(data, words).features is None


def wide_neighbours(n_items: int, each: int, cold):
    """Return random neighbours of more items than there are, and a map with targets of them."""
    rng = np.random.default_rng(0)
    shape = (n_items, n_items)
    rows = np.repeat(np.arange(n_items), each)
    entries = (rng.random(len(rows), np.float32), (rows, rng.integers(n_items, size=len(rows))))
    neighbours = ItemWeights.from_matrix(sparse.csr_array(entries, shape=shape))
    targets = rng.random((n_items, len(cold.teachers)), np.float32) - np.float32(0.8)
    return neighbours, replace(cold, targets=sparse.csr_array(np.maximum(targets, 0)), known={})


def test_predictions_join_the_neighbours_of_many_items_as_in_one_sum():
    data, before = worlds.topics(), behaviour_only()
    cold = cold_map(data, before, worlds.student())
    neighbours, cold = wide_neighbours(2_500, 4, cold)  # more than two blocks
    unread = newest_unread(data, 100)
    expected = neighbours.matrix().tolil()
    expected[:, unread] = 0
    found = columns(cold, unread).toarray()
    expected[:, unread] = found
    after = completed(data, neighbours, cold)
    assert found.any() and np.allclose(after.matrix().toarray(), expected.toarray())
    assert after.matrix().has_sorted_indices and after.indptr.dtype == np.int64


def test_predictions_are_joined_without_holding_the_neighbours_several_times():
    data, before = worlds.topics(), behaviour_only()
    neighbours, cold = wide_neighbours(20_000, 100, cold_map(data, before, worlds.student()))
    tracemalloc.start()
    try:
        after = completed(data, neighbours, cold)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.2 * (after.data.nbytes + after.indices.nbytes)
