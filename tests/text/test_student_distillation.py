"""A student that stands in for a transformer, in a world where the transformer is known."""

import numpy as np
from text_world import word_student

from recsys.text.cold_start import map_texts
from recsys.text.encoders.student import unit_rows
from recsys.text.finetuning.student_distillation import conjugate_gradients, imitate

WORDS = ["red", "blue", "green", "nail", "polish", "cream", "hand", "night"]


def texts(n: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 3, replace=False)) for _ in range(n)]


def test_new_texts_get_what_the_teacher_would_have_said() -> None:
    base, teacher = word_student(WORDS), word_student(WORDS, dimensions=12, seed=9)
    seen, new = texts(300, 0), texts(40, 1)
    student = imitate(map_texts(seen, base), base, teacher.encode(seen), "teacher-1")
    assert student.imitates and not base.imitates and student.dimensions == 12
    for one in (student, student.compact()):
        alike = (one.encode(new) * teacher.encode(new)).sum(axis=1)
        assert alike.mean() > 0.97 and alike.min() > 0.8


def test_what_is_not_shown_teaches_nothing() -> None:
    base = word_student(WORDS)
    student = imitate(map_texts(["red nail", ""], base), base, np.zeros((2, 4), "f"), "none")
    assert not student.encode(["red nail", "cream"]).any()


def test_conjugate_gradients_solve() -> None:
    rng = np.random.default_rng(0)
    half = rng.normal(size=(20, 20)).astype(np.float32)
    square = half @ half.T + np.eye(20, dtype=np.float32)
    right = unit_rows(rng.normal(size=(20, 3)).astype(np.float32))
    right[:, 2] = 0
    found = conjugate_gradients(lambda block: square @ block, right, 200, 1e-6)
    assert np.allclose(square @ found, right, atol=1e-3)
