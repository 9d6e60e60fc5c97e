from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from text_world import word_student

from recsys.text.cold_start import (
    ColdStartConfig,
    ColdStartMap,
    _strongest,
    columns,
    distill_student,
    fit_cold,
    item_input_map,
    map_texts,
    with_pairs,
    with_targets,
)
from recsys.text.cold_start_linear_map import ItemInputMap

WORDS = ["red", "blue", "green", "nail", "polish", "cream", "hand", "night"]
# Users of nails read nails, users of creams read creams; the last two items are unread.
TEXTS = [
    "red nail polish",
    "blue nail polish",
    "green nail",
    "hand cream",
    "night cream",
    "night hand cream",
    "red polish nail",
    "cream night hand",
    "",
    "zzz",
]
COUNTS = np.array([3, 3, 3, 3, 3, 3, 0, 0, 0, 0])


def weights() -> np.ndarray:
    square = np.zeros((10, 10), np.float32)
    square[:3, :3] = square[3:6, 3:6] = 0.5
    np.fill_diagonal(square, 0)
    return square


@pytest.mark.parametrize("wrap", [lambda square: square, sparse.csr_array])
def test_an_unread_text_lands_among_its_future_readers(wrap) -> None:
    cold = fit_cold(
        map_texts(TEXTS, word_student(WORDS)), wrap(weights()), COUNTS, ColdStartConfig()
    )
    given = columns(cold, np.array([6, 7, 8, 9], np.int32)).toarray()
    assert np.isfinite(given).all()
    assert given[0, 0] > given[0, 1] and given[4, 1] > given[4, 0]
    assert np.allclose(given[:, 2], given[:, 3])  # no known word: as the mean of the texts
    assert given[:, :2].min(axis=1).max() <= given[:, 2].max() <= given[:, :2].max()


def test_other_weights_of_the_same_items_are_predicted_without_solving_again(monkeypatch) -> None:
    texts, rows = map_texts(TEXTS, word_student(WORDS)), np.array([6, 7], np.int32)
    cold = fit_cold(texts, weights(), COUNTS, ColdStartConfig())
    columns(cold, rows)
    other = with_targets(cold, 2 * weights()[::-1, ::-1])
    alone = fit_cold(texts, 2 * weights()[::-1, ::-1], COUNTS, ColdStartConfig())
    expected = columns(alone, rows).toarray(), columns(alone, rows[:1]).toarray()

    def refuse(self, right):
        raise AssertionError("solved again")

    with monkeypatch.context() as patch:
        patch.setattr(ColdStartMap, "solve", refuse)
        assert np.allclose(columns(other, rows).toarray(), expected[0])
        with pytest.raises(AssertionError):
            columns(other, rows[:1])
    assert np.allclose(columns(other, rows[:1]).toarray(), expected[1])


@pytest.mark.parametrize("third_view", [False, True])
def test_the_map_predicts_the_columns_in_their_own_size(third_view) -> None:
    base = word_student(WORDS)
    teacher_vectors = base.encode(TEXTS) if third_view else None
    cold = fit_cold(
        map_texts(TEXTS, base, teacher_vectors=teacher_vectors),
        weights(),
        COUNTS,
        ColdStartConfig(rank=6),
    )
    found, inputs = item_input_map(cold, base)
    rows = np.array([6, 7, 8, 9], np.int32)
    texts = [TEXTS[row] for row in rows]
    live = inputs @ found.encode(texts, base.encode(texts)).T
    assert np.allclose(np.maximum(live, 0), columns(cold, rows).toarray(), atol=1e-3)
    again = ItemInputMap.from_arrays(found.arrays())
    assert np.allclose(
        again.encode(texts, base.encode(texts)), found.encode(texts, base.encode(texts)), atol=1e-3
    )
    assert (
        ItemInputMap.from_arrays({k: v for k, v in found.arrays().items() if k != "rarity"}) is None
    )
    assert distill_student(cold, base)[0].name == distill_student(cold, base)[0].name  # repeatable


def test_what_a_large_catalogue_keeps_is_bounded() -> None:
    base = word_student(WORDS)
    config = ColdStartConfig(most=10, numbers=20)  # one cold item and two numbers per item
    cold = fit_cold(map_texts(TEXTS, base), weights(), COUNTS, config)
    rows = np.array([6, 7, 8, 9], np.int32)
    found = columns(cold, rows)
    full = columns(replace(cold, config=ColdStartConfig()), rows).toarray()
    assert (np.diff(found.indptr)[:6] == 1).all()
    assert np.allclose(found.toarray().max(axis=1), full.max(axis=1))
    assert item_input_map(cold, base)[1].shape == (10, 2)


@pytest.mark.parametrize("texts", [["red"], ["red nail"] * 4, ["", "zzz"]])
def test_small_and_equal_catalogues(texts: list[str]) -> None:
    base = word_student(WORDS)
    n = len(texts)
    cold = fit_cold(
        map_texts(texts, base), np.ones((n, n), np.float32), np.ones(n, int), ColdStartConfig()
    )
    assert np.isfinite(columns(cold, np.arange(n, dtype=np.int32)).toarray()).all()
    student, inputs = distill_student(cold, base)
    assert np.isfinite(inputs).all() and np.isfinite(student.encode(texts)).all()


def test_pairs_start_at_zero_and_change_nothing() -> None:
    base = word_student(WORDS)
    wide = with_pairs(base, TEXTS)
    assert len(wide.pairs) and not wide.vectors[wide.n_tokens :].any()
    assert np.allclose(wide.encode(TEXTS), base.encode(TEXTS), atol=1e-5)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ([[3, 1, 2, -9], [-1, -2, -3, -4]], [[3, 0, 2, 0], [0, 0, 0, 0]]),
        ([[1, 1, 1, 0], [0, 5, 4, 5]], [[1, 1, 1, 0], [0, 5, 0, 5]]),  # equal ones stay together
        ([[-1, 2]], [[0, 2]]),  # no more than are kept
        (np.zeros((2, 0)), np.zeros((2, 0))),
    ],
)
def test_the_two_strongest_positive_weights_of_a_row_are_kept(block, expected) -> None:
    found = _strongest(np.array(block, np.float32), 2)
    assert found.toarray().tolist() == np.array(expected).tolist()
    assert found.nnz == np.count_nonzero(expected) and found.has_sorted_indices
