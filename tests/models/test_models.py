"""Every engine in the world of books; what each alone promises."""

from dataclasses import replace

import numpy as np
import pytest
import worlds
from model_contract import FactorsContract, ItemItemContract
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.data.event_tables import ItemTable
from recsys.data.records import Event
from recsys.models.als import AlsConfig, fit_als
from recsys.models.bpr_and_warp import BprConfig, fit_bpr, linear_in_histories
from recsys.models.ease import EaseConfig, ease_weights, fit_ease
from recsys.models.elsa import ElsaConfig, fit_elsa
from recsys.models.engine_definitions import (
    als,
    blocks,
    ease,
    elsa,
    engine_sum,
    graph_convolution,
    item_knn,
    lowpass,
    sequence_knn,
    slist,
)
from recsys.models.gfcf import LowpassConfig, fit_lowpass
from recsys.models.graph_convolution import GraphConvolutionConfig, fit_graph_convolution
from recsys.models.interaction_matrix import Interactions, distinct_steps
from recsys.models.item_factors import Factors
from recsys.models.item_item_ensemble import SumConfig, spread, summed
from recsys.models.item_knn import ItemKnnConfig, fit_item_knn
from recsys.models.item_to_item_weights import ItemWeights, top_of_rows
from recsys.models.proximity_item_knn import (
    EventsByItem,
    SequenceKnnConfig,
    fit_sequence_knn,
    near_pairs,
)
from recsys.models.randomized_svd import leading_directions
from recsys.models.slist import SlistConfig, fit_slist, moments
from recsys.tuning.engine_catalogue import engine_named


class TestSlist(ItemItemContract):
    @pytest.fixture
    def fit(self):
        return lambda data, seed: fit_slist(data, SlistConfig(regularization=5.0, keep=20))


class TestSymmetricSlist(ItemItemContract):
    @pytest.fixture
    def fit(self):
        config = SlistConfig(directed=False, regularization=5.0, keep=20)
        return lambda data, seed: fit_slist(data, config)


class TestEase(ItemItemContract):
    @pytest.fixture
    def fit(self):
        return lambda data, seed: fit_ease(data.matrix, EaseConfig(regularization=5.0))


class TestLowpass(ItemItemContract):
    @pytest.fixture
    def fit(self):
        return lambda data, seed: fit_lowpass(data.matrix, LowpassConfig(dimensions=4), seed)


class TestSequenceKnn(ItemItemContract):
    @pytest.fixture
    def fit(self):
        return lambda data, seed: fit_sequence_knn(data, SequenceKnnConfig(target_exponent=0.5))


class TestSum(ItemItemContract):
    @pytest.fixture
    def fit(self):
        engine = engine_sum([ease(5.0), elsa(40), item_knn(20)])
        return lambda data, seed: engine.fit(data, seed, "cpu")


class TestElsa(FactorsContract):
    @pytest.fixture
    def fit(self):
        config = ElsaConfig(dimensions=4, epochs=40, batch=16)
        return lambda data, seed: fit_elsa(data.matrix, config, seed)


class TestGraphConvolution(FactorsContract):
    @pytest.fixture
    def fit(self):
        config = GraphConvolutionConfig(dimensions=4, epochs=40, batch=64, negatives=8)
        return lambda data, seed: fit_graph_convolution(data.matrix, config, seed)


def test_a_graph_convolution_sums_normalized_vectors_and_is_finite_without_events():
    matrix = worlds.odd_even().matrix()
    ones = sparse.csr_array((np.ones(matrix.nnz, np.float32), matrix.indices, matrix.indptr))
    config = GraphConvolutionConfig(dimensions=4, epochs=2)
    found = fit_graph_convolution(ones, config, 0)
    degrees = np.maximum(ones.sum(axis=0), 1)
    np.testing.assert_allclose(found.inputs, found.outputs / np.sqrt(degrees)[:, None], rtol=1e-5)
    again, other = (fit_graph_convolution(ones, config, seed) for seed in (0, 1))
    np.testing.assert_array_equal(found.outputs, again.outputs)
    assert not np.allclose(found.outputs, other.outputs)
    nothing = fit_graph_convolution(sparse.csr_array((3, 5), dtype=np.float32), config, 0)
    assert np.isfinite(nothing.inputs).all() and nothing.outputs.shape == (5, 4)


class TestAls(FactorsContract):
    @pytest.fixture
    def fit(self):
        config = AlsConfig(dimensions=4, alpha=10.0, regularization=1.0)
        return lambda data, seed: fit_als(data.matrix, config, seed)


class TestBpr(FactorsContract):
    @pytest.fixture
    def fit(self):
        config = BprConfig(dimensions=4, epochs=200)
        return lambda data, seed: fit_bpr(data.matrix, config, seed)


def test_users_linear_in_histories_have_the_scores_of_exact_user_vectors():
    """Where user vectors are linear in means of histories, scores are theirs times the length."""
    rng = np.random.default_rng(0)
    items, bias = rng.standard_normal((12, 3)), rng.standard_normal(12)
    matrix = sparse.csr_array((rng.random((40, 12)) < 0.6).astype(np.float32))
    matrix = sparse.csr_array(sparse.vstack([matrix, np.zeros((1, 12))], format="csr"))
    lengths = np.maximum(matrix.sum(axis=1), 1)
    users = (matrix @ items) / lengths[:, None] @ rng.standard_normal((3, 3))
    found = linear_in_histories(matrix, users, items, bias)
    exact, ours = users @ items.T + bias, found.project_many(matrix) @ found.outputs.T
    assert np.allclose(ours[:40] / lengths[:40, None], exact[:40], atol=0.05)
    assert not ours[40].any()
    with pytest.raises(FloatingPointError, match="not finite"):
        linear_in_histories(matrix, users, items * np.nan, bias)


def test_the_parts_of_a_sum_weigh_alike_whatever_their_units():
    rng = np.random.default_rng(0)
    users = sparse.csr_array((rng.random((50, 12)) < 0.3).astype(np.float32))
    users = users[np.flatnonzero(np.diff(users.indptr) >= 2)]
    one, other = rng.random((2, 12, 12), np.float32) * (1 - np.eye(12, dtype=np.float32))
    parts = [ItemWeights.from_dense(one, 12), ItemWeights.from_dense(1000 * other, 12)]
    share = spread(parts[0].matrix(), users) / spread(parts[1].matrix(), users)
    found = summed(parts, users).matrix().toarray()
    assert np.allclose(found, (one + 1000 * share * other) / 2, rtol=1e-4)
    flat = ItemWeights.from_dense(np.zeros((12, 12), np.float32), 12)
    assert np.allclose(summed([parts[0], flat], users).matrix().toarray(), one, rtol=1e-5)
    few = summed(parts, users, SumConfig(keep=3))
    assert np.diff(few.indptr).tolist() == [3] * 12
    assert np.array_equal(few.row(0)[0], np.sort(np.argsort(-found[0])[:3]))


def test_linear_factors_take_part_in_a_sum_and_solved_ones_do_not():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((12, 3)).astype(np.float32)
    users = sparse.csr_array((rng.random((50, 12)) < 0.3).astype(np.float32))
    square = vectors @ vectors.T
    np.fill_diagonal(square, 0.0)
    found = summed([Factors(vectors, vectors)], users).matrix().toarray()
    assert np.allclose(found, square, atol=1e-5)
    with pytest.raises(ValueError, match="not linear"):
        summed([Factors(vectors, vectors, np.eye(3, dtype=np.float32), 1.0)], users)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 9])
def test_many_users_are_solved_as_one_is(length):
    """Histories shorter and longer than a vector, with negative weights."""
    rng = np.random.default_rng(length)
    vectors = rng.standard_normal((12, 4)).astype(np.float32)
    factors = Factors(3 * vectors, vectors, vectors.T @ vectors + np.eye(4, dtype=np.float32), 2.0)
    items = np.sort(rng.permutation(12)[:length]).astype(np.int32)
    weights = rng.standard_normal(length).astype(np.float32)
    matrix = sparse.csr_array((weights, items, [0, length]), shape=(1, 12))
    assert np.allclose(factors.project_many(matrix)[0], factors.project(items, weights), atol=1e-4)


@pytest.mark.parametrize("wide", [50, 3_000])
def test_the_largest_weights_of_a_row_stay(wide):
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((9, wide)).astype(np.float32)
    matrix[1] = 0.0
    matrix[2, 7:] = 0.0
    matrix[3] = 2.0
    matrix[4, ::16] *= 1e3  # what is sampled is nothing like the rest
    matrix[5, 1::16] *= 1e3
    kept = top_of_rows(matrix, 40)
    assert np.diff(kept.indptr).tolist() == [40, 0, 7, *[40] * 6]
    for row, own in enumerate(kept.toarray()):
        order = np.sort(np.abs(matrix[row]))[::-1][:40]
        assert np.allclose(np.sort(np.abs(own))[::-1][:40], order)
        assert np.array_equal(own[own != 0], matrix[row][own != 0])
    assert kept.has_sorted_indices


class TestEngineNames:
    @pytest.mark.parametrize(
        "engine",
        [
            slist(8.0),
            slist(8.0, directed=False),
            sequence_knn(0.2),
            ease(100.0),
            lowpass(8),
            blocks(8),
            elsa(1),
            graph_convolution(8),
            als(10.0, 30.0),
        ],
    )
    def test_an_engine_fits_the_kind_its_scorer_names(self, engine):
        known = Interactions.of_dataset(worlds.odd_even())
        fitted = engine.fit(known, 0, "cpu")
        kind = "ItemWeights" if engine.scorer == "neighbours" else "Factors"
        assert type(fitted).__name__ == kind
        assert 0 <= engine.seconds(known) < 60


def test_ease_is_the_closed_form():
    matrix = worlds.odd_even().matrix()
    inverse = np.linalg.inv((matrix.T @ matrix).toarray() + 3.0 * np.eye(worlds.BOOKS))
    relevant = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(relevant, 0.0)
    assert np.allclose(ease_weights(matrix, 3.0), relevant, atol=1e-4)


@pytest.mark.parametrize("dense", [0.0, 1.0])
@pytest.mark.parametrize("directed", [True, False])
def test_slist_is_the_ridge_regression_with_a_zero_diagonal(directed, dense):
    known = ordered_reading((1, 2, 3))
    config = SlistConfig(regularization=5.0, directed=directed, dense=dense)
    pairs = [moments(known, config.decay, config.window)]
    pairs += [] if directed else [moments(known, config.decay, config.window, backwards=True)]
    share = (1 - config.complete) / len(pairs)
    taken = known.matrix.toarray()
    gram = config.complete * taken.T @ taken + share * sum((p.T @ p).toarray() for p, _ in pairs)
    target = config.complete * taken.T @ taken + share * sum((p.T @ f).toarray() for p, f in pairs)
    inverse = np.linalg.inv(gram + 5.0 * np.eye(len(gram)))
    expected = inverse @ target
    expected -= inverse * (np.diag(expected) / np.diag(inverse))
    np.fill_diagonal(expected, 0.0)
    assert np.abs(expected).max() > 0.01
    assert np.allclose(fit_slist(known, config).matrix().toarray(), expected, atol=1e-6)


def test_slist_knows_what_comes_next():
    """Everybody reads 1, 2, 3 in this order: 2 gives to 3 more than to 1."""
    table = worlds.event_table(
        Event(f"reader-{reader}", f"book-{book}", "like", timestamp=worlds.START + book)
        for reader in range(20)
        for book in (1, 2, 3)
    )
    data = Dataset.build(table, ItemTable.empty())
    known = Interactions.of_dataset(data)
    engine = fit_slist(known, SlistConfig(complete=0.0, regularization=1.0))
    first, second, third = data.items.rows(["book-1", "book-2", "book-3"]).tolist()
    assert engine.weight(second, third) > engine.weight(second, first)


def test_moments_hold_the_decayed_past_and_future():
    table = worlds.event_table(
        Event("ann", f"book-{book}", "like", timestamp=worlds.START + book) for book in (1, 2, 3)
    )
    known = Interactions.of_dataset(Dataset.build(table, ItemTable.empty()))
    past, future = moments(known, decay=0.5, window=5)
    assert np.allclose(past.toarray(), [[1, 0, 0], [0.5, 1, 0]])
    assert np.allclose(future.toarray(), [[0, 1, 0.5], [0, 0, 1]])


def ordered_reading(times):
    """Twenty users who take up books 1, 2 and 3 in this order, at these times."""
    table = worlds.event_table(
        Event(f"reader-{reader}", f"book-{book}", "like", timestamp=worlds.START + time)
        for reader in range(20)
        for book, time in zip((1, 2, 3), times, strict=True)
    )
    return Interactions.of_dataset(Dataset.build(table, ItemTable.empty()))


@pytest.mark.parametrize(
    ("directed", "times"), [(False, (1, 2, 3)), (True, (1, 1, 1)), (False, (1, 1, 1))]
)
def test_without_direction_or_at_equal_times_an_item_gives_as_much_back_as_forward(directed, times):
    config = SlistConfig(complete=0.0, regularization=1.0, directed=directed)
    weights = fit_slist(ordered_reading(times), config).matrix().toarray()
    assert weights[1, 2] == pytest.approx(weights[1, 0], rel=1e-4) and weights[1, 2] > 0.1


def test_nearness_counts_without_direction():
    config = SlistConfig(complete=0.0, regularization=1e3, directed=False, decay=0.3)
    weights = fit_slist(ordered_reading((1, 2, 3)), config).matrix().toarray()
    assert weights[0, 1] > weights[0, 2] and weights[2, 1] > weights[2, 0]


def test_moments_at_equal_times_hold_each_other_as_past():
    """Of 0, then 1 and 2 at one time, then 3."""
    items = np.arange(4, dtype=np.int32)
    matrix = sparse.csr_array(np.ones((1, 4), np.float32))
    ends = np.array([0, 4])
    steps = distinct_steps(ends, np.array([10.0, 20.0, 20.0, 50.0]))
    assert steps is not None and steps.tolist() == [0, 1, 1, 2]
    known = Interactions(matrix, ends, items, steps=steps)
    past, future = moments(known, decay=0.5, window=5)
    assert past.toarray().tolist() == [[1, 0, 1, 0], [1, 1, 0, 0], [0.5, 1, 1, 0]]
    assert future.toarray().tolist() == [[0, 1, 0, 0.5], [0, 0, 1, 0.5], [0, 0, 0, 1]]
    past, future = moments(known, decay=0.5, window=5, backwards=True)
    assert past.toarray().tolist() == [[0, 1, 1, 0.5], [0, 0, 1, 1], [0, 1, 0, 1]]
    assert future.toarray().tolist() == [[1, 0, 0, 0], [0.5, 1, 0, 0], [0.5, 0, 1, 0]]


def test_pairs_weigh_less_with_every_distinct_time_between_them():
    """Of 0, then 1 and 2 at one time, then 3; and of 2, then 0."""
    items = np.array([0, 1, 2, 3, 2, 0], np.int32)
    matrix = sparse.csr_array(np.ones((2, 4), np.float32))
    ends = np.array([0, 4, 6])
    steps = distinct_steps(ends, np.array([10.0, 20.0, 20.0, 50.0, 1.0, 2.0]))
    known = Interactions(matrix, ends, items, steps=steps)
    events = EventsByItem.of(known, np.bincount(items, minlength=4))
    sums = near_pairs(events, 0, 4, decay=0.5, window=5)
    assert sums.toarray().tolist() == [[0, 1, 2, 0.5], [1, 0, 1, 1], [2, 1, 0, 1], [0.5, 1, 1, 0]]

    middle = near_pairs(events, 1, 3, decay=0.5, window=5).toarray()
    assert np.array_equal(middle, sums.toarray()[1:3])


def test_a_smaller_exponent_leaves_popular_neighbours_ahead():
    known = ordered_reading((1, 2, 3))
    extra = Interactions(  # one more user, who takes up book 1 only
        sparse.csr_array(sparse.vstack([known.matrix, [[1, 0, 0]]], format="csr")),
        np.append(known.ends, known.ends[-1] + 1),
        np.append(known.items, np.int32(0)),
    )
    for exponent, ahead in ((0.0, False), (1.0, True)):
        weights = fit_sequence_knn(extra, SequenceKnnConfig(target_exponent=exponent))
        row = weights.matrix().toarray()[1]
        assert bool(row[2] > row[0] * 1.01) is ahead


def test_steps_are_counted_within_each_user():
    ends = np.array([0, 0, 2, 4, 5])
    assert distinct_steps(ends, np.array([1.0, 2.0, 2.0, 3.0, 3.0])) is None
    steps = distinct_steps(ends, np.array([1.0, 1.0, 1.0, 7.0, 7.0]))
    assert steps is not None and steps.tolist() == [0, 0, 0, 1, 0]
    assert distinct_steps(np.array([0, 0]), np.zeros(0)) is None


def test_lowpass_finds_the_directions_of_a_full_decomposition():
    matrix = worlds.odd_even().matrix()
    found = leading_directions(matrix, 2, 8, seed=0)
    relevant = np.linalg.svd(matrix.toarray(), full_matrices=False)[2][:2].T
    assert np.allclose(np.abs(found.T @ relevant), np.eye(2), atol=1e-3)


def test_the_strongest_weights_are_kept_whatever_their_sign():
    kept = top_of_rows(np.array([[0.0, -3.0, 1.0, 2.0]] * 4, np.float32), keep=2).toarray()
    assert np.array_equal(kept, [[0, -3, 0, 2]] * 4)


def test_an_item_counts_once_where_it_came_last():
    table = worlds.event_table(
        Event("ann", item, kind, timestamp=worlds.START + place)
        for place, (item, kind) in enumerate(
            [("x", "like"), ("y", "like"), ("x", "like"), ("z", "dislike")]
        )
    )
    data = Dataset.build(table, ItemTable.empty())
    known = Interactions.of_dataset(data)
    assert [data.items[row] for row in known.items] == ["y", "x"]
    assert known.matrix.sum() == 2


def test_items_of_too_few_readers_take_no_part_and_the_others_are_fitted_without_them():
    data = worlds.odd_even(unread=3)
    known = Interactions.of_dataset(data)
    config = SlistConfig(regularization=5.0, keep=20)
    some, rest = fit_slist(known, replace(config, fewest=1)), fit_slist(known, config)
    books = slice(0, worlds.BOOKS)
    assert len(some) == len(data.items) == worlds.BOOKS + 3
    assert np.allclose(some.matrix().toarray()[books, books], rest.matrix().toarray()[books, books])
    item_users = np.bincount(known.items, minlength=len(data.items))
    fewest = int(np.sort(item_users)[-4])  # four books at least are left
    few = fit_slist(known, replace(config, fewest=fewest)).matrix()
    assert not few[item_users < fewest].nnz and not few[:, item_users < fewest].nnz and few.nnz


def test_a_part_of_the_interactions_is_numbered_by_its_own_items():
    known = Interactions.of_dataset(worlds.odd_even())
    part = known.narrowed(np.array([2, 4, 5], np.int32))
    assert part.shape == (known.shape[0], 3)
    for user in range(known.shape[0]):
        mine = known.items[known.ends[user] : known.ends[user + 1]].tolist()
        own = part.items[part.ends[user] : part.ends[user + 1]].tolist()
        assert [(2, 4, 5)[row] for row in own] == [row for row in mine if row in (2, 4, 5)]
        assert sorted(own) == part.matrix[[user]].indices.tolist()


def test_shrunk_similarities_are_those_of_the_formula():
    """Two users took up items 0 and 1, one took up 0 and 2."""
    matrix = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1]], np.float32))
    config = ItemKnnConfig(10, target_exponent=0.0, shrinkage=1.0)
    found = fit_item_knn(matrix, config).matrix().toarray()
    assert found[0, 1] == pytest.approx(2 / 3 * 2 / 3**0.5, rel=1e-3)
    assert found[0, 2] == pytest.approx(1 / 2 * 1 / 3**0.5, rel=1e-3)
    assert found[1, 0] == pytest.approx(2 / 3 * 2 / 2**0.5, rel=1e-3)
    assert not found.diagonal().any() and found[1, 2] == 0
    favoured = fit_item_knn(matrix, ItemKnnConfig(10, target_exponent=0.3)).matrix().toarray()
    assert favoured[1, 0] == pytest.approx(2 / (2**0.5 * 3**0.3), rel=1e-3)
    nearest = fit_item_knn(matrix, ItemKnnConfig(1, shrinkage=2.0)).matrix().toarray()
    assert (nearest[0] > 0).tolist() == [False, True, False]
    assert engine_named("item-knn-shrunk 5 0.2").name == "item-knn-shrunk 5 0.2"


@pytest.mark.parametrize(("each", "rank"), [(1.5, 64), (4.0, 128), (12.0, 256)])
def test_als_has_a_lower_rank_where_rows_have_few_events(each: float, rank: int):
    rng = np.random.default_rng(0)
    shape, count = (300, 500), int(800 * each)
    cells = rng.choice(shape[0] * shape[1], count, replace=False)
    places = (cells // shape[1], cells % shape[1])
    matrix = sparse.csr_array((np.ones(count, np.float32), places), shape=shape)
    assert fit_als(matrix, AlsConfig(epochs=1), 0).outputs.shape == (500, rank)


def test_similarities_count_users_by_how_much_they_take_up():
    """Two users took up items 0 and 1, one of them nothing else; the other one item 2 as well."""
    matrix = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]], np.float32))
    config = ItemKnnConfig(10, target_exponent=0.1, source_exponent=0.3, user_exponent=0.5)
    found = fit_item_knn(matrix, config).matrix().toarray()
    assert found[0, 1] == pytest.approx((2**-0.5 + 3**-0.5) / (2**0.3 * 2**0.1), rel=1e-3)
    assert found[0, 2] == pytest.approx(3**-0.5 / (2**0.3 * 2**0.1), rel=1e-3)
    shrunk = fit_item_knn(matrix, replace(config, shrinkage=1.0)).matrix().toarray()
    assert shrunk[0, 1] == pytest.approx(found[0, 1] * 2 / 3, rel=1e-3)
    assert shrunk[0, 2] == pytest.approx(found[0, 2] / 2, rel=1e-3)
    name = "item-knn-shrunk 0 0.1 0.5 0.3"
    assert engine_named(name).name == name
    assert engine_named("item-knn-shrunk 0 0.1 0 0.5").name == "item-knn-shrunk 0 0.1"
