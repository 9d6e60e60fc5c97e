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
    cell_index,
    faiss,
    flat_index,
    has_faiss,
    product_code,
)
from recsys.index.vector_index import recall_of


class TestExact(IndexContract):
    @pytest.fixture
    def build(self):
        return ExactIndex


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


def test_large_catalogues_hold_codes_and_lose_no_neighbour(tmp_path):
    vectors = clusters(12_000, 64)
    coded, recall = cell_index(vectors, coded_above=len(vectors) * 64 - 1)
    plain, _ = cell_index(vectors, coded_above=len(vectors) * 64)
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


def test_without_faiss_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert not has_faiss()
    with pytest.raises(MissingExtra, match=r"recsys\[cpu\]"):
        flat_index(clusters(50))


@pytest.mark.skipif(not has_faiss() or faiss().get_num_gpus() == 0, reason="no GPU")
def test_a_gpu_builds_what_a_cpu_reads():
    vectors = clusters()
    built, recall = cell_index(vectors)
    assert not hasattr(built.index, "getDevice") and recall >= 0.98
