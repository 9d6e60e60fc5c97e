"""What every vector index must do, whatever it is made of."""

import numpy as np
import pytest

from recsys.index.exact import ExactIndex


def clusters(n=2_000, d=16, centres=40, seed=3):
    """Return unit vectors around some centres, read-only as in a bundle."""
    rng = np.random.default_rng(seed)
    middle = rng.standard_normal((centres, d))
    vectors = middle[rng.integers(centres, size=n)] + 0.5 * rng.standard_normal((n, d))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    vectors.flags.writeable = False
    return vectors


class IndexContract:
    """Inherit and give a fixture `build`: vectors -> index."""

    exact = True  # finds all of the true neighbours

    @pytest.fixture
    def vectors(self):
        return clusters()

    @pytest.fixture
    def index(self, build, vectors):
        return build(vectors)

    def test_it_counts_its_vectors(self, index, vectors):
        assert len(index) == len(vectors)

    def test_shapes_and_types(self, index, vectors):
        rows, scores = index.search(vectors[:3], 7)
        assert rows.shape == scores.shape == (3, 7)
        assert rows.dtype == np.int32 and scores.dtype == np.float32

    def test_best_first_unique_and_true_inner_products(self, index, vectors):
        rows, scores = index.search(vectors[:50], 20)
        assert (np.diff(scores, axis=1) <= 0).all()
        assert all(len(set(found)) == 20 for found in rows.tolist())
        true = np.einsum("qkd,qd->qk", vectors[rows], vectors[:50])
        np.testing.assert_allclose(scores, true, atol=1e-5)

    def test_a_vector_finds_itself(self, index, vectors):
        assert index.search(vectors[100:200], 1)[0].ravel().tolist() == list(range(100, 200))

    def test_the_true_neighbours(self, index, vectors):
        queries = vectors[::20] + np.float32(0.01)
        true, _ = ExactIndex(vectors).search(queries, 10)
        found, _ = index.search(queries, 10)
        hits = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(true, found, strict=True)])
        assert hits == 1 if self.exact else hits > 0.95

    def test_the_same_twice(self, index, vectors):
        for first, second in zip(
            index.search(vectors[:9], 5), index.search(vectors[:9], 5), strict=True
        ):
            np.testing.assert_array_equal(first, second)

    def test_no_query(self, index, vectors):
        rows, scores = index.search(vectors[:0], 5)
        assert rows.shape == scores.shape == (0, 5)

    def test_no_neighbour_asked_for(self, index, vectors):
        assert index.search(vectors[:2], 0)[0].shape == (2, 0)

    def test_more_asked_for_than_there_are(self, build):
        few = clusters(80)
        rows, scores = build(few).search(few[:2], 200)
        assert rows.shape == (2, 80)
        assert sorted(rows[0][rows[0] >= 0].tolist()) == sorted(set(rows[0][rows[0] >= 0].tolist()))
        assert np.isneginf(scores[rows < 0]).all()

    def test_zero_vectors_do_no_harm(self, build, vectors):
        some = vectors.copy()
        some[::3] = 0
        rows, scores = build(some).search(some[1:2], 20)
        assert (scores[0] > 0).all() and (rows[0] % 3 != 0).all()
