"""Static vectors kept from night to night: unchanged texts are not encoded again."""

from pathlib import Path

import numpy as np
import pytest

from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.student import Student
from recsys.text.encoders.vocabulary_extension import widened
from recsys.text_training.incremental_encoding import encode_static

TEXTS = ["red nail polish", "qzxvjk one", "vkqxzj two", "vkqxzj three", "", "red nail polish"]


@pytest.fixture(scope="module")
def encoder() -> Student:
    return packaged_word_vectors()


def checked(texts: list[str], encoder: Student, folder: Path) -> int:
    """Return how many texts were encoded, after comparing with all of them encoded at once."""
    vectors, student, encoded = encode_static(texts, encoder, folder)
    whole = widened(encoder, texts)
    assert student.tokenizer_json == whole.tokenizer_json
    assert np.array_equal(student.vectors, whole.vectors)
    np.testing.assert_allclose(vectors, whole.encode(texts), atol=1e-6)
    return encoded


def test_only_new_texts_and_those_whose_words_changed_are_encoded(
    encoder: Student, tmp_path: Path
) -> None:
    assert checked(TEXTS, encoder, tmp_path) == 5  # one stands there twice
    assert checked(TEXTS, encoder, tmp_path) == 0
    assert checked([*TEXTS[::-1], "a plain new text"], encoder, tmp_path) == 1
    # A second text with the word: it gets a vector of its own, which changes the first text.
    assert checked([*TEXTS, "qzxvjk four"], encoder, tmp_path) == 2
    assert checked(TEXTS, encoder, tmp_path) == 1  # and lost it again
    assert checked(TEXTS[:3], encoder, tmp_path) == 1  # vkqxzj stands in one text only
    assert checked(TEXTS[:3], encoder, tmp_path) == 0


def test_how_often_a_text_stands_there_counts(encoder: Student, tmp_path: Path) -> None:
    assert checked(TEXTS, encoder, tmp_path) == 5
    assert checked([*TEXTS, "qzxvjk one"], encoder, tmp_path) == 1  # now two items have the word
    assert checked(TEXTS, encoder, tmp_path) == 1


def test_a_word_of_a_single_text_is_not_kept_as_it_is_written(
    encoder: Student, tmp_path: Path
) -> None:
    checked(TEXTS, encoder, tmp_path)
    (file,) = tmp_path.iterdir()
    assert b"vkqxzj" in file.read_bytes() and b"qzxvjk" not in file.read_bytes()


@pytest.mark.parametrize("damage", ["cut off", "overwritten", "other vectors"])
def test_a_damaged_file_counts_as_empty(damage: str, encoder: Student, tmp_path: Path) -> None:
    checked(TEXTS, encoder, tmp_path)
    (file,) = tmp_path.iterdir()
    whole = bytearray(file.read_bytes())
    if damage == "cut off":
        whole = whole[: len(whole) // 2]
    elif damage == "overwritten":
        whole[len(whole) // 3 : len(whole) // 3 + 99] = bytes(99)
    else:
        vectors = encoder.vectors.copy()
        vectors[2_000] = 1
        other = Student(encoder.tokenizer_json, vectors, encoder.label, scale=encoder.scale)
        assert checked(TEXTS, other, tmp_path) == 5
        assert [path for path in tmp_path.iterdir() if path != file]
        assert not file.exists()
        return
    file.write_bytes(bytes(whole))
    assert checked(TEXTS, encoder, tmp_path) == 5
    assert checked(TEXTS, encoder, tmp_path) == 0


def test_no_text_at_all(encoder: Student, tmp_path: Path) -> None:
    assert checked([], encoder, tmp_path) == 0
    assert checked(["red"], encoder, tmp_path) == 1
    assert checked([], encoder, tmp_path) == 0
