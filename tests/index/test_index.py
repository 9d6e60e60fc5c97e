"""Exact search, FAISS flat, FAISS cells: one contract; then what only an index of cells has."""

import functools
import sys

import numpy as np
import pytest
from index_contract import IndexContract, clusters

from recsys.errors import MissingExtra
from recsys.index.exact import ExactIndex
from recsys.index.faiss_index import (
    CODED_FROM,
    FaissIndex,
    added,
    cell_index,
    choose_probes,
    faiss,
    has_faiss,
    product_code,
)
from recsys.index.vector_index import recall_of


class TestExact(IndexContract):
    @pytest.fixture
    def build(self):
        return ExactIndex


def flat_index(vectors):
    index = faiss().IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return FaissIndex(index, vectors)


class TestFlat(IndexContract):
    @pytest.fixture
    def build(self):
        return flat_index


class TestCells(IndexContract):
    exact = False

    @pytest.fixture
    def build(self):
        return lambda vectors: cell_index(vectors)[0]


class TestCellsFromAFile(IndexContract):
    exact = False

    @pytest.fixture
    def build(self, tmp_path):
        def build(vectors):
            path = tmp_path / "words.faiss"
            cell_index(vectors)[0].write(path)
            return FaissIndex.read(path, vectors)

        return build


class TestCodedCells(IndexContract):
    exact = False

    @pytest.fixture
    def vectors(self):
        return clusters(CODED_FROM)

    @pytest.fixture
    def build(self):
        return lambda vectors: cell_index(vectors, coded_above=0)[0]

    @pytest.fixture
    def index(self):
        return coded_cells()


@functools.cache  # it takes seconds: one index for the tests that only search
def coded_cells():
    return cell_index(clusters(CODED_FROM), coded_above=0)[0]


@pytest.mark.exhaustive  # a minute: FAISS learns the codes; TestCodedCells has the smoke cases
def test_large_catalogues_hold_codes_and_lose_no_neighbour(tmp_path):
    vectors = clusters(12_000, 64)
    coded, recall = cell_index(vectors, coded_above=vectors.size - 1)
    plain, _ = cell_index(vectors, coded_above=vectors.size)
    assert (coded.kind, plain.kind) == ("IVF,PQ16", "IVF,SQ8") and recall >= 0.98
    assert recall == recall_of(coded, vectors, coded_queries(vectors), 20)
    for index in (coded, plain):
        index.write(tmp_path / index.kind)
    sizes = [(tmp_path / index.kind).stat().st_size for index in (coded, plain)]
    assert sizes[0] < 0.5 * sizes[1]
    again = FaissIndex.read(tmp_path / coded.kind, vectors)
    np.testing.assert_array_equal(again.search(vectors[:9], 5)[0], coded.search(vectors[:9], 5)[0])


def coded_queries(vectors):
    """Return what `cell_index` measures recall on."""
    drawn = np.random.default_rng(0).permutation(len(vectors))[:300]
    return vectors[np.sort(drawn)]


@pytest.mark.parametrize(
    ("dimensions", "code"), [(256, "PQ64"), (384, "PQ96"), (512, "PQ64"), (4, "PQ1"), (3, "SQ8")]
)
def test_codes_that_a_gpu_knows_too(dimensions, code):
    assert product_code(dimensions) == code


def test_a_mapped_index_answers_as_the_one_that_was_written(tmp_path):
    vectors = clusters()
    built, recall = cell_index(vectors, seed=5)
    built.write(tmp_path / "i.faiss")
    read = FaissIndex.read(tmp_path / "i.faiss", vectors)
    assert read.index.nprobe == built.index.nprobe and recall >= 0.98
    for first, second in zip(
        built.search(vectors[:99], 20), read.search(vectors[:99], 20), strict=True
    ):
        np.testing.assert_array_equal(first, second)


def test_recall_is_one_for_exact_search_and_low_for_a_broken_index():
    vectors = clusters()
    assert recall_of(ExactIndex(vectors), vectors, vectors[:70], 20) == 1.0
    broken, _ = cell_index(vectors)
    broken.index.nprobe = 1
    half = ExactIndex(np.where(np.arange(len(vectors))[:, None] % 2, vectors, np.float32(0)))
    assert recall_of(broken, vectors, vectors[:70], 20) < 1.0
    assert 0.3 < recall_of(half, vectors, vectors[:70], 20) < 0.7


def test_recall_of_vectors_that_are_equal_does_not_depend_on_which_came():
    vectors = np.repeat(np.eye(4, dtype=np.float32), 100, axis=0)
    turned = ExactIndex(vectors[::-1].copy())
    assert recall_of(turned, vectors, vectors[::50], 20) == 1.0
    assert recall_of(turned, vectors, np.zeros((3, 4), np.float32), 20) == 1.0


class CountedIndex(ExactIndex):
    """Exact search that counts its queries."""

    def search(self, queries, k):
        COUNTED.append(len(queries))
        return super().search(queries, k)


COUNTED: list[int] = []


def test_the_true_neighbours_are_found_once_however_often_cells_are_doubled():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((3_000, 32)).astype(np.float32)  # which form no clusters
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    COUNTED.clear()
    index, recall = cell_index(vectors, exact=CountedIndex(vectors))
    assert index.index.nprobe > 16 and sum(COUNTED) == 300
    assert recall == recall_of(index, vectors, coded_queries(vectors), 20) >= 0.995


@pytest.mark.parametrize("metric", ["METRIC_INNER_PRODUCT", "METRIC_L2"])
def test_a_vector_lies_in_the_cell_that_the_library_chooses(metric):
    vectors = clusters(2_000)
    built = []
    for by_library in (True, False):
        index = faiss().index_factory(vectors.shape[1], "IVF40,SQ8", getattr(faiss(), metric))
        index.train(vectors)
        numbers = np.arange(len(vectors))
        if by_library:
            index.add_with_ids(vectors, numbers)
        else:
            added(faiss(), index, index, [(vectors[:1_500], numbers[:1_500])])
            added(faiss(), index, index, [(vectors[1_500:], numbers[1_500:])])
        index.nprobe = 2
        built.append((index.ntotal, *index.search(vectors[:200], 10)))
    assert built[0][0] == built[1][0] == 2_000
    assert (built[0][2] == built[1][2]).mean() > 0.999  # but for ties of two centres


class Cells:
    """Some cells, and a recall that grows with them."""

    def __init__(self, enough_at):
        self.nprobe, self.enough_at = 0, enough_at

    def recall(self):
        return 1.0 if self.nprobe >= self.enough_at else 0.5


@pytest.mark.parametrize(("enough_at", "probes"), [(5, 8), (40, 48), (50, 64), (90, 64)])
def test_cells_are_doubled_and_then_a_quarter_fewer_where_these_are_enough(enough_at, probes):
    cells = Cells(enough_at)
    assert choose_probes(cells, 64, 0.9, cells.recall) == (0.5 if enough_at > 64 else 1.0)
    assert cells.nprobe == probes


def test_without_faiss_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert not has_faiss()
    with pytest.raises(MissingExtra, match=r"recsys\[cpu\]"):
        cell_index(clusters(50))


@pytest.mark.skipif(not has_faiss() or faiss().get_num_gpus() == 0, reason="no GPU")
def test_a_gpu_builds_what_a_cpu_reads():
    vectors = clusters()
    built, recall = cell_index(vectors)
    assert not hasattr(built.index, "getDevice") and recall >= 0.98
