"""Exact search by torch: the contract, in one block, in many, and short of memory."""

import numpy as np
import pytest
import torch
from index_contract import IndexContract, clusters

from recsys.index.exact import ExactIndex
from recsys.index.torch_index import TorchIndex
from recsys.index.vector_index import recall_of

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("device", DEVICES)
class TestInOneBlock(IndexContract):
    @pytest.fixture
    def build(self, device):
        return lambda vectors: TorchIndex.of(vectors, device)


@pytest.mark.parametrize("device", DEVICES)
class TestInManyBlocks(IndexContract):
    @pytest.fixture
    def build(self, device):
        return lambda vectors: TorchIndex.of(vectors, device, block=37)


def test_equal_scores_stand_by_row():
    vectors = np.ones((9, 2), np.float32)
    rows, _ = TorchIndex.of(vectors, "cpu", block=4).search(vectors[:1], 9)
    assert rows.tolist() == [[*range(9)]]


def test_it_tells_what_another_index_misses():
    vectors = clusters(300)
    half = ExactIndex(np.where(np.arange(300)[:, None] % 2, vectors, np.float32(0)))
    by_torch = recall_of(half, vectors, vectors[:20], 10, TorchIndex.of(vectors, "cpu"))
    assert by_torch == recall_of(half, vectors, vectors[:20], 10)
    assert 0.2 < by_torch < 0.9


class _Small(torch.Tensor):
    """A tensor of a machine that holds the products of few rows."""

    most = 100

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func in (torch.matmul, torch.Tensor.__matmul__, torch.Tensor.matmul):
            if args[1].shape[-1] > cls.most:
                raise torch.OutOfMemoryError("a GPU that holds the scores of 100 vectors")
        return super().__torch_function__(func, types, args, kwargs or {})


def test_out_of_memory_halves_the_blocks():
    vectors = clusters(500)
    small = TorchIndex(torch.from_numpy(vectors.copy()).as_subclass(_Small))
    true, found = ExactIndex(vectors).search(vectors[:5], 10), small.search(vectors[:5], 10)
    np.testing.assert_array_equal(true[0], found[0])


def test_a_machine_too_small_for_one_answer_says_so(monkeypatch):
    monkeypatch.setattr(_Small, "most", 0)
    small = TorchIndex(torch.from_numpy(clusters(50).copy()).as_subclass(_Small))
    with pytest.raises(torch.OutOfMemoryError):
        small.search(clusters(50)[:2], 5)
