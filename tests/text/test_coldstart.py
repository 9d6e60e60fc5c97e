import numpy as np
import pytest
from scipy import sparse
from text_world import word_student

from recsys.text.coldstart import ColdConfig, columns, fit_cold, map_texts, teach, with_pairs

WORDS = ["red", "blue", "green", "nail", "polish", "cream", "hand", "night"]
# Readers of nails read nails, readers of creams read creams; the last two items are unread.
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
    cold = fit_cold(map_texts(TEXTS, word_student(WORDS)), wrap(weights()), COUNTS, ColdConfig())
    given = columns(cold, np.array([6, 7, 8, 9], np.int32)).toarray()
    assert np.isfinite(given).all()
    assert given[0, 0] > given[0, 1] and given[4, 1] > given[4, 0]
    assert not given[:, 2:].any()  # no word known: behaviour alone decides


def test_the_student_agrees_with_the_columns() -> None:
    base = word_student(WORDS)
    cold = fit_cold(map_texts(TEXTS, base), weights(), COUNTS, ColdConfig(rank=6))
    student, inputs = teach(cold, base)
    scores = inputs @ student.encode(["green red nail polish", "hand night cream", "zzz"]).T
    assert scores[0, 0] > scores[0, 1] and scores[4, 1] > scores[4, 0]
    assert not scores[:, 2].any()
    assert teach(cold, base)[0].name == student.name  # repeatable


@pytest.mark.parametrize("texts", [["red"], ["red nail"] * 4, ["", "zzz"]])
def test_small_and_equal_catalogues(texts: list[str]) -> None:
    base = word_student(WORDS)
    n = len(texts)
    cold = fit_cold(
        map_texts(texts, base), np.ones((n, n), np.float32), np.ones(n, int), ColdConfig()
    )
    assert np.isfinite(columns(cold, np.arange(n, dtype=np.int32)).toarray()).all()
    student, inputs = teach(cold, base)
    assert np.isfinite(inputs).all() and np.isfinite(student.encode(texts)).all()


def test_pairs_start_at_zero_and_change_nothing() -> None:
    base = word_student(WORDS)
    wide = with_pairs(base, TEXTS)
    assert len(wide.pairs) and not wide.vectors[wide.n_tokens :].any()
    assert np.allclose(wide.encode(TEXTS), base.encode(TEXTS), atol=1e-5)
