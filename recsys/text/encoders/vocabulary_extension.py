"""Vocabulary extension of a static student: one vector for each word that it lacks.

A tokenizer made for English drops most Chinese characters and cuts Cyrillic or Arabic words into
letters. The words of the catalogue itself tell what is missing. An added word's vector is drawn at
random, the same one every night: two texts that share the word are alike, and what else it means
users teach.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from recsys.array_types import Floats, Mask
from recsys.text.clean import clean
from recsys.text.encoders.student import BLOCK, LONGEST_TOKENS, Student

RAREST = 2  # texts that must hold a word for it to be added
MOST = 100_000  # words added at most, the most frequent ones
LONGEST = 50  # letters of a word that is added; longer ones are addresses and the like
SHATTERED = 2.0  # letters per piece below which a word is read as one that the vocabulary lacks
CUT_INTO_WORDS = ("WordPiece", "WordLevel")  # other kinds spell out what they do not know


def widened(student: Student, texts: Sequence[str], rarest: int = RAREST) -> Student:
    """Return the student with a vector for each word that texts share and it cannot read.

    The student itself where nothing is missing, or where its tokenizer spells out every word.
    """
    spec = json.loads(student.tokenizer_json)
    if spec["model"].get("type") not in CUT_INTO_WORDS:
        return student
    words = _missing(student, spec["model"], texts, rarest)
    if not words:
        return student
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


def _missing(
    student: Student, model: dict[str, Any], texts: Sequence[str], rarest: int
) -> list[str]:
    """Return the words, the most frequent first, that `rarest` texts hold and the model lacks."""
    vocabulary: dict[str, int] = model["vocab"]
    unknown = vocabulary.get(model.get("unk_token", "[UNK]"), -1)
    prefix = model.get("continuing_subword_prefix", "")
    tokenizer = Tokenizer.from_str(student.tokenizer_json.decode("utf-8"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST_TOKENS)
    suspect = np.zeros(student.n_tokens, bool)  # pieces that words hardly consist of
    for word, at in vocabulary.items():
        suspect[at] = len(word) == len(prefix) + 1 and word.startswith(prefix) and bool(prefix)
    suspect[unknown] = True
    spread: Counter[str] = Counter()
    normalizer, cut = tokenizer.normalizer, tokenizer.pre_tokenizer
    for text in _unread(tokenizer, texts, suspect):
        normal = normalizer.normalize_str(text) if normalizer else text
        spread.update({word for word, _ in cut.pre_tokenize_str(normal)} if cut else {normal})
    shared = sorted((-count, word) for word, count in spread.items() if count >= rarest)
    words = (word for _, word in shared if _is_lacking(tokenizer, word, vocabulary, unknown))
    return list(islice(words, MOST))


def _unread(tokenizer: Tokenizer, texts: Sequence[str], suspect: Mask) -> Iterator[str]:
    """Yield the clean texts with a piece that is unknown or a single letter out of a word."""
    for start in range(0, len(texts), BLOCK):
        some = [clean(text) for text in texts[start : start + BLOCK]]
        found = tokenizer.encode_batch_fast(some, add_special_tokens=False)
        yield from (text for text, one in zip(some, found, strict=True) if suspect[one.ids].any())


def _is_lacking(tokenizer: Tokenizer, word: str, vocabulary: dict[str, int], unknown: int) -> bool:
    """Return whether a word is unknown, or cut into pieces of hardly a letter."""
    if word in vocabulary or len(word) > LONGEST:
        return False
    ids = tokenizer.model.tokenize(word)
    return any(piece.id == unknown for piece in ids) or len(word) < SHATTERED * len(ids)


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
