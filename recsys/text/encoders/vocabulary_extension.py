"""Vocabulary extension of a static student: one vector for each word that it lacks.

A tokenizer made for English drops most Chinese characters and cuts Cyrillic or Arabic words into
letters. The words of the catalogue itself tell what is missing. An added word's vector is drawn at
random, the same one every night: two texts that share the word are alike, and what else it means
users teach.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np

from recsys.array_types import Floats
from recsys.text.encoders.out_of_vocabulary_detection import OutOfVocabularyWords
from recsys.text.encoders.student import Student

RAREST = 2  # texts that must hold a word for it to be added
MOST = 100_000  # words added at most, the most frequent ones


def widened(student: Student, texts: Sequence[str], rarest: int = RAREST) -> Student:
    """Return the student with a vector for each word that texts share and it cannot read.

    The student itself where nothing is missing, or where its tokenizer spells out every word.
    """
    found = OutOfVocabularyWords.of(student, texts)
    if found is None:
        return student
    return with_words(student, found.frequent(np.ones(len(found), np.int64), rarest, MOST))


def with_words(student: Student, words: Sequence[str]) -> Student:
    """Return the student with a vector for each of some words, which it lacks."""
    if not words:
        return student
    spec = json.loads(student.tokenizer_json)
    first = student.n_tokens
    spec["model"]["vocab"] |= {word: first + at for at, word in enumerate(words)}
    rows = student.rows(slice(None))
    added = _drawn(words, rows[:first])
    left, right = np.divmod(student.pairs, first)
    return Student(
        json.dumps(spec, ensure_ascii=False).encode("utf-8"),
        np.concatenate([rows[:first], added, rows[first:]]),
        student.label,
        left * (first + len(words)) + right,
    )


def _drawn(words: Sequence[str], known: Floats) -> Floats:
    """Return a random row per word, drawn from the word itself, as long as a known row usually."""
    lengths = np.linalg.norm(known, axis=1)
    usual = float(np.median(lengths[lengths > 0])) if (lengths > 0).any() else 1.0
    rows = np.empty((len(words), known.shape[1]), np.float32)
    for at, word in enumerate(words):
        seed = hashlib.blake2b(word.encode("utf-8"), digest_size=8).digest()
        rows[at] = np.random.default_rng(int.from_bytes(seed)).standard_normal(rows.shape[1])
    rows *= usual / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows
