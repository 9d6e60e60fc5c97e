"""Work over blocks: the order of results, and models that are equal for any number of threads."""

import threading

import numpy as np
import pytest
from scipy import sparse

from recsys.models.gfcf import LowpassConfig, fit_lowpass
from recsys.models.interaction_matrix import Interactions
from recsys.models.slist import SlistConfig, fit_slist
from recsys.text.encoders.bert import BATCH, Bert
from recsys.thread_pool import THREADS, over_blocks, threads


@pytest.mark.parametrize(("value", "expected"), [("3", 3), ("4,2", 4), (" 2 ", 2)])
def test_the_number_of_threads_is_that_of_the_environment(monkeypatch, value, expected):
    monkeypatch.setenv(THREADS, value)
    assert threads() == expected


@pytest.mark.parametrize("value", ["", "0", "many"])
def test_without_a_number_all_processors_are_used(monkeypatch, value):
    monkeypatch.setenv(THREADS, value)
    assert threads() >= 1


@pytest.mark.parametrize("count", ["1", "3"])
def test_results_have_the_order_of_the_blocks(monkeypatch, count):
    monkeypatch.setenv(THREADS, count)
    assert over_blocks(lambda own: (own.start, own.stop), 10, 4) == [(0, 4), (4, 8), (8, 10)]
    assert over_blocks(lambda own: own, 0, 4) == []


def test_blocks_are_worked_on_at_the_same_time(monkeypatch):
    monkeypatch.setenv(THREADS, "2")
    both = threading.Barrier(2, timeout=30)
    assert sorted(over_blocks(lambda own: both.wait(), 2, 1)) == [0, 1]


def test_the_exception_of_a_block_is_raised(monkeypatch):
    monkeypatch.setenv(THREADS, "2")
    with pytest.raises(ZeroDivisionError):
        over_blocks(lambda own: 1 // own.start, 4, 2)


def interactions(n_users=300, n_items=700):
    rng = np.random.default_rng(0)
    ends = np.arange(n_users + 1) * 8
    items = np.concatenate([rng.choice(n_items, 8, replace=False) for _ in range(n_users)])
    ones, rows = np.ones(len(items), np.float32), np.repeat(np.arange(n_users), 8)
    matrix = sparse.csr_array((ones, (rows, items)), shape=(n_users, n_items))
    return Interactions(matrix, ends, items.astype(np.int32))


def bert(width=16):
    rng = np.random.default_rng(0)
    shapes = {
        "attention.self.query": (width, width),
        "attention.self.key": (width, width),
        "attention.self.value": (width, width),
        "attention.output.dense": (width, width),
        "intermediate.dense": (4 * width, width),
        "output.dense": (width, 4 * width),
    }
    norms = ("embeddings.LayerNorm",)
    norms += tuple(f"encoder.layer.0.{part}.LayerNorm" for part in ("attention.output", "output"))
    found = {f"encoder.layer.0.{name}.weight": shape for name, shape in shapes.items()}
    found |= {f"encoder.layer.0.{name}.bias": shape[:1] for name, shape in shapes.items()}
    found |= {f"{name}.{part}": (width,) for name in norms for part in ("weight", "bias")}
    for name, rows in (("word", 50), ("position", 3), ("token_type", 1)):
        found[f"embeddings.{name}_embeddings.weight"] = (rows, width)
    weights = {name: rng.standard_normal(shape, np.float32) for name, shape in found.items()}
    return Bert(weights, 1, 2, np.float32(1e-12))


def outputs():
    data = interactions()
    lowpass = fit_lowpass(data.matrix, LowpassConfig(dimensions=16, keep=20), 0)
    slist = fit_slist(data, SlistConfig(keep=20))
    tokens = np.random.default_rng(1).integers(50, size=(3 * BATCH + 5, 3))
    return [lowpass.data, lowpass.indices, slist.data, bert().mean_outputs(tokens)]


def test_models_are_equal_for_any_number_of_threads(monkeypatch):
    monkeypatch.setenv(THREADS, "1")
    alone = outputs()
    monkeypatch.setenv(THREADS, "3")
    for one, other in zip(alone, outputs(), strict=True):
        assert np.isfinite(one).all() and np.array_equal(one, other)
