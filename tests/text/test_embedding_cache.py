from collections.abc import Sequence
from pathlib import Path

import numpy as np
from text_world import word_student

from recsys.array_types import Floats
from recsys.text.encoders.embedding_cache import CachedEncoder
from recsys.text.encoders.student import Student


class Counting:
    """An encoder that remembers which texts it was asked for."""

    def __init__(self, student: Student, name: str = "counting") -> None:
        self.student, self.name, self.queried = student, name, list[str]()

    @property
    def dimensions(self) -> int:
        return self.student.dimensions

    def encode(self, texts: Sequence[str]) -> Floats:
        self.queried += texts
        return self.student.encode(texts)


def test_each_text_is_encoded_once(tmp_path: Path) -> None:
    inner = Counting(word_student(["red", "blue"]))
    cached = CachedEncoder(inner, tmp_path)
    texts = ["red", "blue", "red", "", "\ud800"]
    first = cached.encode(texts)
    assert np.array_equal(first, inner.student.encode(texts))
    assert sorted(inner.queried) == ["", "blue", "red", "\ud800"]
    inner.queried.clear()
    assert np.array_equal(cached.encode([*texts, "red blue"])[:5], first)
    assert inner.queried == ["red blue"]
    inner.queried.clear()
    assert cached.encode_new([*texts, "red blue"])[1] == 0 and inner.queried == []
    assert cached.encode_new([])[1] == 0


def test_the_version_in_use_outlives_two_that_are_only_tried(tmp_path: Path) -> None:
    student = word_student(["red"])
    for name in ("kept", "tried", "kept", "another", "kept"):
        CachedEncoder(Counting(student, name), tmp_path).encode(["red"])
    assert "kept" in {path.stem for path in tmp_path.iterdir()}


def test_damage_and_old_versions(tmp_path: Path) -> None:
    student = word_student(["red", "blue"])
    wanted = student.encode(["red"])
    for name in ("one", "two", "three"):
        CachedEncoder(Counting(student, name), tmp_path).encode(["red"])
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["three", "two"]
    (tmp_path / "three.npz").write_bytes(b"PK half")
    assert np.array_equal(
        CachedEncoder(Counting(student, "three"), tmp_path).encode(["red"]), wanted
    )
