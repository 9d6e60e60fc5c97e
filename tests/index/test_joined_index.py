"""Joined index: sums of two products, whatever each counts for; tastes; the same from a file."""

import numpy as np
import pytest

pytest.importorskip("faiss")

from recsys.index.joined_index import JoinedIndex, joined_index, joined_rows, tastes

N, BEHAVIOUR, TEXT = 6_000, 12, 8


@pytest.fixture(scope="module")
def vectors():
    """Factors whose lengths are those of popularity, and texts of length one, in sixty niches."""
    rng = np.random.default_rng(0)
    niche = rng.integers(60, size=N)
    outputs = rng.standard_normal((60, BEHAVIOUR))[niche] + 0.5 * rng.standard_normal(
        (N, BEHAVIOUR)
    )
    outputs *= rng.lognormal(-3, 0.8, (N, 1))
    words = rng.standard_normal((60, TEXT))[niche] + 0.5 * rng.standard_normal((N, TEXT))
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    return outputs.astype(np.float32), words.astype(np.float32)


@pytest.fixture(scope="module")
def queries(vectors):
    """What histories of five items ask: texts weigh little."""
    outputs, words = vectors
    rows = np.random.default_rng(1).integers(N, size=(80, 5))
    return outputs[rows].sum(axis=1), np.float32(0.002) * words[rows].sum(axis=1)


@pytest.fixture(scope="module")
def made(vectors, queries):
    return joined_index(*vectors, queries)


def best(vectors, queries, k):
    """Return the k best rows of each query by exact sums, best first, and the sums."""
    scores = queries[0] @ vectors[0].T + queries[1] @ vectors[1].T
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(scores, order, axis=1)


def test_it_finds_what_exact_search_finds_and_scores_are_exact(made, vectors, queries):
    index, recall = made
    assert recall >= 0.95
    rows, scores = index.search(*queries, 20)
    true_rows, true_scores = best(vectors, queries, 20)
    hits = [np.isin(own, found).mean() for own, found in zip(true_rows, rows, strict=True)]
    assert np.mean(hits) >= 0.95
    for place, own in enumerate(rows):
        exact = vectors[0][own] @ queries[0][place] + vectors[1][own] @ queries[1][place]
        assert scores[place] == pytest.approx(exact, abs=1e-5)
        assert (np.diff(scores[place]) <= 0).all() and len(set(own.tolist())) == 20


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0), (1.0, 20.0)])
def test_weights_are_those_of_the_query(made, vectors, queries, weights):
    index, _ = made
    probes = index.index.nprobe
    index.index.nprobe = index.index.nlist  # every cell: what is tested is the sum
    queried = np.float32(weights[0]) * queries[0], np.float32(weights[1]) * queries[1]
    scores = index.search(*queried, 10)[1]
    index.index.nprobe = probes
    true = best(vectors, queried, 10)[1]
    assert scores.sum() >= 0.98 * true.sum() and (scores[:, 0] <= true[:, 0] + 1e-5).all()


def test_a_file_holds_the_same_index(made, vectors, queries, tmp_path):
    index, _ = made
    index.write(tmp_path / "joined.faiss")
    again = JoinedIndex.read(tmp_path / "joined.faiss", *vectors, index.heads, index.scale)
    for one, two in zip(index.search(*queries, 20), again.search(*queries, 20), strict=True):
        assert np.array_equal(one, two)


def test_all_vectors_in_the_index_are_equally_long(vectors):
    rows = joined_rows(*vectors, np.arange(100), 50.0, 0.1)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(50.0, rel=1e-5)


def test_without_texts_it_is_an_index_of_factors(vectors, queries):
    outputs, none = vectors[0], np.zeros((N, 0), np.float32)
    queried = queries[0], np.zeros((len(queries[0]), 0), np.float32)
    index, recall = joined_index(outputs, none, queried)
    assert index.scale == 1.0 and recall >= 0.95
    assert index.search(queried[0][:0], queried[1][:0], 5)[0].shape == (0, 5)


def test_a_history_of_two_tastes_is_told_apart():
    one, other = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    rng = np.random.default_rng(0)
    history = np.stack([one, other] * 10) + 0.1 * rng.standard_normal((20, 2))
    labels = tastes(history.astype(np.float32))
    assert len(set(labels[::2].tolist()) & set(labels[1::2].tolist())) == 0
    assert tastes(history[:9]).tolist() == [0] * 9  # too short for two
    assert len(tastes(np.zeros((0, 2)))) == 0
    assert tastes(np.zeros((40, 2))).max() < 4
