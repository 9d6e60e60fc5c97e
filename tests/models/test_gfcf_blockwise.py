"""Rows by blocks: equal to the filter over all pairs, bounded, the same however they are cut."""

import numpy as np
import pytest
import worlds
from model_contract import ItemItemContract
from scipy import sparse

from jobs.bench.niche_world import NicheConfig, niche_world
from recsys.data.dataset import Dataset
from recsys.models.block_plan import BlockConfig, weights_kept
from recsys.models.gfcf import LowpassConfig, fit_lowpass, normalized
from recsys.models.gfcf_blockwise import fit_blocks, joined_rows
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_to_item_weights import ItemWeights
from recsys.models.item_to_item_weights_blockwise import (
    IdealFilter,
    block_bounds,
    block_rows,
    limited_users,
    strongest,
    strongest_of_rows,
)


class TestBlocks(ItemItemContract):
    @pytest.fixture
    def fit(self):
        return lambda data, seed: fit_blocks(data, BlockConfig(dimensions=4, most_rows=3), seed)


@pytest.fixture(scope="module")
def platform() -> Interactions:
    """400 items and 300 users with 18 events each, in the order of time."""
    events, items = niche_world(NicheConfig(400, 5_400, 300), texts=False)
    return Interactions.of_dataset(Dataset.build(events, items))


def by_definition(data: Interactions, config: BlockConfig) -> np.ndarray:
    """Return the weights of all pairs that share a user, by dense products."""
    normal, items = normalized(data.matrix)
    together = (normal.T @ normal).toarray()
    _, _, right = np.linalg.svd(normal.toarray())
    v = right[: config.dimensions].T
    ideal = config.ideal * (v @ v.T) * np.sqrt(items[None, :] / items[:, None])
    weights = np.where(together > 0, together + ideal, 0.0)
    np.fill_diagonal(weights, 0.0)
    return weights


def test_rows_are_the_filter_on_the_pairs_that_share_a_reader(platform):
    config = BlockConfig(dimensions=12, passes=150, history=10_000, keep=400, best_heads=0)
    found = fit_blocks(platform, config, seed=0).matrix().toarray()
    assert np.allclose(found, by_definition(platform, config), atol=1e-4)


def test_where_all_items_share_a_reader_the_rows_are_those_of_the_low_pass_filter():
    everything = [1] * 30
    table = worlds.read_only(
        sparse.csr_array(np.array([everything] + [[*np.eye(30)[n]] for n in range(30)] * 2))
    )
    ends = table.indptr.astype(np.int64)
    data = Interactions(table.astype(np.float32), ends, table.indices.astype(np.int32))
    exact = fit_lowpass(data.matrix, LowpassConfig(dimensions=6, keep=30), 0)
    found = fit_blocks(data, BlockConfig(dimensions=6), 0)
    assert np.allclose(found.matrix().toarray(), exact.matrix().toarray(), atol=1e-5)


def test_the_cut_into_blocks_changes_nothing(platform):
    whole = fit_blocks(platform, BlockConfig(dimensions=8), 0)
    small = fit_blocks(platform, BlockConfig(dimensions=8, most_rows=7, most_pairs=500), 0)
    assert np.array_equal(whole.indptr, small.indptr)
    assert np.array_equal(whole.indices, small.indices)
    assert np.allclose(whole.data, small.data, rtol=1e-5)


def test_the_newest_items_of_a_history_make_pairs():
    items = np.arange(6, dtype=np.int32)[::-1].copy()  # one user, item 0 last
    matrix = sparse.csr_array(np.ones((1, 6), np.float32))
    data = Interactions(matrix, np.array([0, 6]), items)
    found = fit_blocks(data, BlockConfig(dimensions=0, history=3), 0).matrix().toarray()
    assert found[:3, :3].astype(bool).sum() == 6 and not found[3:].any() and not found[:, 3:].any()


def test_no_row_has_more_weights_than_are_kept_and_these_are_the_largest(platform):
    every = fit_blocks(platform, BlockConfig(dimensions=4, keep=400), 0).matrix().toarray()
    few = fit_blocks(platform, BlockConfig(dimensions=4, keep=9), 0).matrix().toarray()
    assert (np.count_nonzero(few, axis=1) <= 9).all() and (few[few != 0] == every[few != 0]).all()
    assert np.allclose(np.sort(np.abs(few))[:, -9:], np.sort(np.abs(every))[:, -9:])


def test_larger_catalogues_keep_fewer_weights():
    kept = [weights_kept(size) for size in (40_000, 120_000, 300_000, 1_000_000, 10_000_000)]
    assert kept == sorted(kept, reverse=True) and kept[0] == 500 and kept[-1] == 100


def test_blocks_cover_all_rows_within_their_limits():
    pairs = np.array([3, 0, 5, 1, 1, 1, 40, 2])
    blocks = list(block_bounds(pairs, most_pairs=8, most_rows=3))
    assert blocks == [(0, 3), (3, 6), (6, 7), (7, 8)]
    assert [int(pairs[a:b].sum()) for a, b in blocks] == [8, 3, 40, 2]  # one row is too large


def test_pairs_beyond_two_to_the_31_are_counted():
    pairs = np.full(3_000, 2_000_000, np.int32)  # 6 billion in all
    blocks = list(block_bounds(pairs, most_pairs=1_000_000_000, most_rows=10_000))
    assert len(blocks) == 6 and blocks[-1][1] == len(pairs)
    assert all(end - first == 500 for first, end in blocks)


def test_one_user_with_a_long_history_and_one_item_that_nearly_all_read_are_bounded():
    n_items, n_users = 450, 400
    rng = np.random.default_rng(0)
    rows = [rng.permutation(n_items)]  # who took up everything
    rows += [np.unique([0, *rng.integers(1, n_items, 4)]) for _ in range(n_users - 1)]
    items = np.concatenate(rows).astype(np.int32)
    ends = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    user = np.repeat(np.arange(n_users), np.diff(ends))
    ones = np.ones(len(items), np.float32)
    data = Interactions(
        sparse.csr_array((ones, (user, items)), shape=(n_users, n_items)), ends, items
    )
    exact = fit_blocks(data, BlockConfig(dimensions=4, item_users=1_000), 0)
    drawn = fit_blocks(data, BlockConfig(dimensions=4, item_users=100), 0)
    assert np.diff(exact.indptr).max() < n_items and np.isfinite(exact.data).all()
    assert 0 < np.diff(drawn.indptr)[0] <= np.diff(exact.indptr)[0]
    rest = slice(exact.indptr[1], None)  # other rows do not depend on the users of item 0
    assert np.array_equal(exact.indices[rest], drawn.indices[drawn.indptr[1] :])
    own = [one.data[: one.indptr[1]].sum() for one in (exact, drawn)]
    assert own[1] == pytest.approx(own[0], rel=0.2)


def test_drawn_readers_are_the_same_in_every_block():
    matrix = sparse.csr_array(np.ones((3, 50), np.float32))
    found = limited_users(matrix, 20)
    assert np.diff(found.indptr).tolist() == [20, 20, 20] and np.allclose(found.data, 2.5)
    assert np.array_equal(found.indices[:20], limited_users(matrix[:1], 20).indices)
    assert limited_users(matrix, 50) is matrix


def test_equal_weights_are_cut_by_column():
    weights, columns = np.array([1, 2, 1, -1, 0], np.float32), np.array([9, 5, 3, 7, 1])
    for keep, kept in ((0, []), (2, [3, 5]), (3, [3, 5, 7]), (9, [1, 3, 5, 7, 9])):
        assert sorted(columns[strongest(weights, columns, keep)].tolist()) == kept
    row = sparse.csr_array((weights.copy(), columns.copy(), [0, 5]), shape=(1, 10))
    found = strongest_of_rows(row, 3)
    assert found.indices.tolist() == [3, 5, 7] and found.data.tolist() == [1, 2, -1]
    row = sparse.csr_array((weights.copy(), columns.copy(), [0, 5]), shape=(1, 10))
    assert strongest_of_rows(row, 9).indices.tolist() == [3, 5, 7, 9]  # zeros are no weights


def test_further_candidates_get_the_weight_of_the_filter():
    histories = sparse.csr_array(np.array([[1, 1, 0, 0], [0, 0, 1, 1]], np.float32))
    ideal = IdealFilter.of(np.eye(4, 1, dtype=np.float32) + 0.5, np.ones(4, np.float32), 0.3)
    more = sparse.csr_array(np.array([[0, 1, 1, 0]], np.float32))
    item_users = sparse.csr_array(histories.T)[:1]
    found = block_rows(item_users, histories, 0, 4, ideal, more).toarray()
    assert np.allclose(found, [[0, 1 + 0.3 * 1.5 * 0.5, 0.3 * 1.5 * 0.5, 0]])


def test_blocks_are_joined_in_order_and_none_is_a_catalogue_without_items():
    parts = [sparse.csr_array(np.eye(2, 3, dtype=np.float32)), sparse.csr_array((1, 3))]
    assert np.array_equal(
        joined_rows(parts).matrix().toarray(), np.eye(3, dtype=np.float32) * [1, 1, 0]
    )
    assert len(joined_rows([])) == 0


def test_the_filter_as_factors_gives_the_same_weights():
    rng = np.random.default_rng(0)
    item_users = rng.integers(1, 9, 12).astype(np.float32)
    ideal = IdealFilter.of(rng.standard_normal((12, 3)).astype(np.float32), item_users, 0.3)
    factors = ideal.factors()
    others, weights = np.arange(12, dtype=np.int32), np.zeros(12, np.float32)
    ideal.add(4, others, weights)
    assert factors.outputs @ factors.inputs[4] == pytest.approx(weights, abs=1e-5)


def test_the_matrix_of_weights_shares_their_arrays():
    """Rows and columns of one type of number, else SciPy copies both, eight bytes each."""
    weights = ItemWeights.from_matrix(sparse.csr_array(np.tri(5, dtype=np.float32)))
    assert weights.indptr.dtype == np.int64
    matrix = weights.matrix()
    assert np.shares_memory(matrix.indices, weights.indices)
    assert np.shares_memory(matrix.data, weights.data)
    assert matrix.indptr.tolist() == weights.indptr.tolist()
