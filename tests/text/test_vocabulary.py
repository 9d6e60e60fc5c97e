"""Words that the starting vocabulary lacks: added once texts share them, the same every night."""

import json

import numpy as np
import pytest
from text_world import word_student

from recsys.text.encoders.student import Student
from recsys.text.encoders.vocabulary_extension import widened

RED_NAIL = ["红色 指甲", "红色 指甲 油", "nail", "قلم جديد", "قلم جديد", "حبر"]


def pieces(words: list[str]) -> Student:
    """A student that cuts words into pieces, as BERT's vocabulary does."""
    base = word_student(words)
    spec = json.loads(base.tokenizer_json)
    spec["model"] |= {
        "type": "WordPiece",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
    }
    spec["pre_tokenizer"] = {"type": "BertPreTokenizer"}
    return Student(json.dumps(spec).encode(), base.vectors)


def test_shared_words_of_any_script_become_alike() -> None:
    start = word_student(["nail"])
    assert not start.encode(RED_NAIL)[[0, 1, 3]].any()
    wide = widened(start, RED_NAIL)
    vectors = wide.encode(RED_NAIL)
    assert vectors[0] @ vectors[1] > 0.5 and np.allclose(vectors[3], vectors[4])
    assert not vectors[5].any()  # a word of one text only tells nothing
    assert np.allclose(vectors[2], start.encode(["nail"])[0])


def test_a_word_has_the_same_vector_whatever_stands_beside_it() -> None:
    start = word_student(["nail"])
    tonight, tomorrow = widened(start, RED_NAIL), widened(start, ["новый"] * 9 + RED_NAIL)
    assert np.allclose(tonight.encode(["قلم"]), tomorrow.encode(["قلم"]), atol=1e-6)


def test_words_cut_into_letters_are_read_whole_and_others_stay() -> None:
    start = pieces(["л", "##а", "##к", "polish", "##es"])
    wide = widened(start, ["лак polishes", "лак"])
    added = wide.n_tokens - start.n_tokens
    assert added == 1  # лак is letters; polishes is two honest pieces
    assert len(wide.tokens(["лак polishes"])[0]) == 3


def test_pairs_keep_their_vectors() -> None:
    base = word_student(["red", "nail"])
    key = np.array([1 * len(base.vectors) + 2], np.int64)
    rows = np.concatenate([base.vectors, np.full((1, 8), 5, np.float32)])
    start = Student(base.tokenizer_json, rows, "tuned", key)
    wide = widened(start, RED_NAIL)
    assert wide.n_tokens > start.n_tokens
    assert np.allclose(wide.encode(["red nail"]), start.encode(["red nail"]), atol=1e-6)


@pytest.mark.parametrize("texts", [[], ["", "nail"], ["\x00", "\ud800", "nail nail"]])
def test_nothing_missing_changes_nothing(texts: list[str]) -> None:
    start = word_student(["nail"])
    assert widened(start, texts) is start
