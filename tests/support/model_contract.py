"""Contracts: what every engine keeps to, inherited by the tests of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import worlds
from scipy import sparse

from recsys.array_types import Floats
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_factors import Factors
from recsys.models.item_to_item_weights import ItemWeights

Fit = Callable[[Interactions, int], ItemWeights | Factors]


def mapped(folder: Path, name: str, array: np.ndarray) -> np.ndarray:
    """Return an array as it is in a bundle: on disk, and read-only."""
    path = folder / f"{name}.npy"
    np.save(path, array)
    return np.load(path, mmap_mode="r")


class EngineContract:
    """What item-to-item weights and factors have in common."""

    @pytest.fixture
    def fit(self) -> Fit:
        """Return the engine, with settings fit for a world of twenty items."""
        raise NotImplementedError

    def scores(self, engine: ItemWeights | Factors, history: list[int]) -> Floats:
        """Return the scores of all items for a history of likes, oldest first."""
        rows, weights = np.array(history, np.int32), np.ones(len(history), np.float32)
        if isinstance(engine, Factors):
            return engine.outputs @ engine.project(rows, weights)
        out = np.zeros(len(engine), np.float32)
        engine.add_scores(rows, weights, out)
        return out

    def test_ann_is_told_of_the_odd_book_she_lacks(self, fit):
        data = worlds.odd_even()
        history = data.item[data.user == 0].tolist()
        scores = self.scores(fit(Interactions.of_dataset(data), 0), history)
        assert scores.shape == (worlds.BOOKS,) and np.isfinite(scores).all()
        scores[history] = -np.inf
        assert int(scores.argmax()) == 7 - 1

    def test_one_book_brings_its_own_side(self, fit):
        data = worlds.odd_even()
        scores = self.scores(fit(Interactions.of_dataset(data), 0), [2])  # book 3
        scores[2] = np.nan
        assert np.nanmean(scores[0::2]) > np.nanmean(scores[1::2]) + 0.01
        assert int(np.nanargmax(scores)) % 2 == 0  # an odd book

    def test_the_same_seed_gives_the_same_numbers(self, fit):
        known = Interactions.of_dataset(worlds.odd_even())
        first, again = fit(known, 3), fit(known, 3)
        assert np.array_equal(self.scores(first, [0, 4]), self.scores(again, [0, 4]))

    def test_nothing_is_written_to_the_data(self, fit):
        known = Interactions.of_dataset(worlds.odd_even())
        locked = Interactions(worlds.read_only(known.matrix), known.ends, known.items)
        known.ends.flags.writeable = known.items.flags.writeable = False
        assert np.isfinite(self.scores(fit(locked, 0), [1])).all()

    def test_an_empty_history_scores_nothing(self, fit):
        engine = fit(Interactions.of_dataset(worlds.odd_even()), 0)
        assert not self.scores(engine, []).any()

    @pytest.mark.parametrize("world", [worlds.one_user_one_item, worlds.nothing])
    def test_hardly_any_data_is_enough(self, fit, world):
        data = world()
        scores = self.scores(fit(Interactions.of_dataset(data), 0), [0])
        assert scores.shape == (len(data.items),) and np.isfinite(scores).all()

    def test_an_item_nobody_took_up_is_harmless(self, fit):
        data = worlds.odd_even(unread=2)
        scores = self.scores(fit(Interactions.of_dataset(data), 0), [worlds.BOOKS, 2])
        assert scores.shape == (worlds.BOOKS + 2,) and np.isfinite(scores).all()


class ItemItemContract(EngineContract):
    """Sparse weights from item to item."""

    def test_no_item_recommends_itself(self, fit):
        engine = fit(Interactions.of_dataset(worlds.odd_even()), 0)
        assert len(engine) == worlds.BOOKS
        assert not engine.matrix().diagonal().any()
        assert all(engine.weight(row, row) == 0 for row in range(len(engine)))

    def test_rows_name_each_neighbour_once(self, fit):
        engine = fit(Interactions.of_dataset(worlds.odd_even()), 0)
        for row in range(len(engine)):
            near, values = engine.row(row)
            assert len(near) == len(set(near.tolist())) == len(values)
            assert np.isfinite(values).all()

    def test_arrays_mapped_from_a_disk_give_the_same_answer(self, fit, tmp_path):
        made = fit(Interactions.of_dataset(worlds.odd_even()), 0)
        parts = [("indptr", made.indptr), ("indices", made.indices), ("data", made.data)]
        again = ItemWeights(*(mapped(tmp_path, name, array) for name, array in parts))
        assert np.array_equal(self.scores(again, [0, 5]), self.scores(made, [0, 5]))
        half = ItemWeights(made.indptr, made.narrow(), made.data.astype(np.float16))
        assert half.indices.itemsize == 2 and half.row(0)[0].dtype == np.int32
        assert np.allclose(self.scores(half, [0, 5]), self.scores(made, [0, 5]), atol=1e-3)

    def test_weight_is_what_add_scores_adds(self, fit):
        engine = fit(Interactions.of_dataset(worlds.odd_even()), 0)
        scores = self.scores(engine, [3])
        assert np.array_equal(scores, [engine.weight(3, other) for other in range(len(engine))])
        items = np.array([3, 0, 3, 5], np.int32)
        others = np.random.default_rng(0).permutation(len(engine)).astype(np.int32)
        assert engine.weights(items, others).tolist() == [
            [engine.weight(item, other) for other in others.tolist()] for item in items.tolist()
        ]
        assert engine.weights(items[:0], others).shape == (0, len(engine))
        assert engine.weights(items, others[:0]).shape == (4, 0)


class FactorsContract(EngineContract):
    """Items as vectors."""

    def test_parts_add_up_to_the_user(self, fit):
        engine = fit(Interactions.of_dataset(worlds.odd_even()), 0)
        rows, weights = np.array([0, 3, 6], np.int32), np.array([1.0, -0.5, 0.2], np.float32)
        whole = engine.project(rows, weights)
        assert np.allclose(engine.parts(rows, weights).sum(axis=0), whole, atol=1e-6)
        many = engine.project_many(
            sparse.csr_array((weights, rows, [0, 3, 3]), shape=(2, worlds.BOOKS))
        )
        assert np.allclose(many, [whole, np.zeros_like(whole)], atol=1e-5)

    def test_arrays_mapped_from_a_disk_give_the_same_answer(self, fit, tmp_path):
        made = fit(Interactions.of_dataset(worlds.odd_even()), 0)
        gram = None if made.gram is None else mapped(tmp_path, "gram", made.gram)
        inputs = mapped(tmp_path, "inputs", made.inputs)
        again = Factors(inputs, mapped(tmp_path, "outputs", made.outputs), gram, made.alpha)
        assert np.array_equal(self.scores(again, [0, 5]), self.scores(made, [0, 5]))
