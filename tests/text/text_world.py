"""A tiny world of words: a word-level tokenizer and hand-made vectors, without any download."""

from __future__ import annotations

import json

import numpy as np

from recsys.text.student import Student


def word_student(words: list[str], dimensions: int = 8, seed: int = 0) -> Student:
    """A student whose tokens are exactly these words; all others are unknown."""
    vocabulary = {"[UNK]": 0} | {word: at + 1 for at, word in enumerate(words)}
    spec = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }  # fmt: skip
    vectors = np.random.default_rng(seed).normal(size=(len(vocabulary), dimensions))
    vectors[0] = 0
    return Student(json.dumps(spec).encode(), vectors.astype(np.float32))
