"""Word pieces of many texts: the ids of the library, with each distinct ASCII word cut once."""

import random

import numpy as np
import pytest
from text_world import word_student
from tokenizers import Tokenizer

from recsys.text.clean import clean
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.student import LONGEST_TOKENS, MANY, Student
from recsys.text.encoders.vocabulary_extension import widened
from recsys.text.encoders.word_pieces import WordPieces

SIGNS = "abcXYZ019 \t-_'#@.,!?[]{}()/\\^~`\x00\x07\x1f\x7f\xa0 éß漢字ıİÅ\u0301\u200b\u200dлак😀"
ODD = ["[UNK] here", "a [MASK] b", "[cls]", "x" * 150 + " y", "word " * 700, "a." * 600, "", " "]


class CountedTokenizer:
    """A tokenizer that counts the texts it receives."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer, self.texts = tokenizer, 0
        self.model = tokenizer.model

    def encode_batch_fast(self, texts, add_special_tokens):
        self.texts += len(texts)
        return self.tokenizer.encode_batch_fast(texts, add_special_tokens=add_special_tokens)


@pytest.fixture(scope="module")
def student() -> Student:
    return packaged_word_vectors()


def cut_by_the_library(student: Student, texts: list[str]) -> list[list[int]]:
    """Ids as the library gives them to one text at a time."""
    tokenizer = Tokenizer.from_str(student.tokenizer_json.decode())
    tokenizer.enable_truncation(LONGEST_TOKENS)
    return [tokenizer.encode(clean(text), add_special_tokens=False).ids for text in texts]


def test_the_ids_are_those_of_the_library(student: Student) -> None:
    rng = random.Random(0)
    texts = ["".join(rng.choices(SIGNS, k=rng.randint(0, 60))) for _ in range(600)]
    texts += ODD + [clean(text) for text in texts]
    cutter = WordPieces.of(student.tokenizer_json, student._tokenizer, LONGEST_TOKENS)
    assert cutter.ids([clean(text) for text in texts]) == cut_by_the_library(student, texts)
    assert cutter.ids(["\x07bell\x1f"]) == cut_by_the_library(student, ["bell"])


def test_each_ascii_word_is_cut_once_and_other_texts_go_through_the_library(
    student: Student,
) -> None:
    counted = CountedTokenizer(student._tokenizer)
    cutter = WordPieces.of(student.tokenizer_json, counted, LONGEST_TOKENS)
    cutter.ids(["red nail polish, red", "Red polish!", "rot und schön", "[MASK]"])
    assert counted.texts == 2
    assert sorted(cutter.known) == ["!", ",", "nail", "polish", "red"]


def test_other_tokenizers_go_through_the_library() -> None:
    words = word_student(["red", "nail"])
    counted = CountedTokenizer(words._tokenizer)
    cutter = WordPieces.of(words.tokenizer_json, counted, LONGEST_TOKENS)
    assert cutter.ids(["red nail", "red"]) == [[1, 2], [1]] and counted.texts == 2


def test_many_texts_have_the_vectors_of_few(student: Student) -> None:
    texts = [f"qzxvjk vkqxzj {number} naïve" for number in range(MANY)]
    wide = widened(student, texts)
    assert wide.n_tokens == student.n_tokens + 2  # the two made-up words
    many, few = wide.encode(texts), wide.encode(texts[: MANY // 2])
    assert np.array_equal(many[: MANY // 2], few)
