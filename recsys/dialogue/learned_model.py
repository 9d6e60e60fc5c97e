"""Learned model: the segments of a message, their intents and targets, in numpy.

Three linear models over hashed features: where a segment begins (logistic regression), what it asks
(multinomial regression; comparisons and "for good" are logistic regressions beside it) and which of
its tokens are the target (softmax over spans, given the intent). Trained offline by
`recsys.text_training.command_training`; the model that comes with the package is `commands.npz`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.dialogue.learned_features import (
    boundary_features,
    end_features,
    inner_features,
    pair_features,
    segment_features,
    spans,
    start_features,
)
from recsys.dialogue.message_tokens import TokenizedMessage
from recsys.dialogue.pattern_readings import PatternReading, pattern_reading
from recsys.errors import DataError

FILE = Path(__file__).with_name("data") / "commands.npz"
BAD = "none"  # the intent of a range of tokens that is no segment
LEAST_BOUNDARY = 0.05  # probability from which a boundary is tried
MOST_BOUNDARIES = 4  # that are tried
MOST_SEGMENTS = 3
MOST_TOKENS = 90  # of a message that is read

Hashes = NDArray[np.uint32]


def hashes(features: Iterable[str]) -> Hashes:
    """Return the CRC-32 of features."""
    return np.fromiter((crc32(one.encode()) for one in features), np.uint32)


@dataclass(frozen=True)
class LinearBlock:
    """Weights by feature."""

    features: Hashes  # (n_features,) ascending
    weights: NDArray[np.int8]  # (n_features, n_columns)
    scale: Floats  # (n_columns,)
    bias: Floats  # (n_columns,)

    def score(self, found: Hashes, unit: bool = False) -> Floats:
        """Return (n_columns,) the sum of the weights of features. `unit`: as a unit vector."""
        total = self.weights[self.rows(found)].sum(axis=0, dtype=np.float32) * self.scale
        if unit:
            total = total / np.float32(max(len(found), 1) ** 0.5)
        return np.asarray(total + self.bias, np.float32)

    def sums(self, found: Sequence[Hashes], columns: Sequence[int]) -> Floats:
        """Return (n,) the sums of the weights of several sets of features over some columns."""
        sizes = [len(one) for one in found]
        everything = np.concatenate(found)
        at = np.searchsorted(self.features, everything)
        at[at == len(self.features)] = 0
        known = np.flatnonzero(self.features[at] == everything)
        owner = np.repeat(np.arange(len(found)), sizes)[known]
        some = self.weights[at[known]][:, columns] @ self.scale[list(columns)]
        total = np.bincount(owner, some, len(found)) + self.bias[list(columns)].sum()
        return np.asarray(total, np.float32)

    def rows(self, found: Hashes) -> NDArray[np.intp]:
        """Return the rows of the known ones among features."""
        at = np.searchsorted(self.features, found)
        at[at == len(self.features)] = 0
        known: NDArray[np.intp] = at[self.features[at] == found]
        return known


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a message: its tokens, what it asks, and its target."""

    first: int
    end: int
    intent: str
    chance: float  # probability of the intent
    flags: Mapping[str, float]  # probability of each
    target: tuple[int, int] | None = None
    target_chance: float = 1.0


@dataclass(frozen=True)
class LearnedModel:
    """The three models, and the names of their columns."""

    intents: tuple[str, ...]
    flags: tuple[str, ...]
    groups: tuple[str, ...]  # intents with a target
    boundary: LinearBlock
    segment: LinearBlock  # columns: intents, then flags
    span: LinearBlock  # columns: all groups, then each

    def boundaries(self, message: TokenizedMessage) -> Floats:
        """Return (n_tokens,) the probability that a segment begins at a token; 0 for the first."""
        found = np.zeros(len(message.tokens), np.float32)
        places = [at for at in range(1, len(found)) if message.tokens[at].is_word]
        if places:
            of = [hashes(boundary_features(message, at)) for at in places]
            found[places] = 1 / (1 + np.exp(-self.boundary.sums(of, (0,))))
        return found

    def intents_of(
        self, message: TokenizedMessage, first: int, end: int, reading: PatternReading
    ) -> Floats:
        """Return (n_intents + n_flags,) logarithms of probabilities of a segment."""
        features = hashes(segment_features(message, first, end, reading))
        scores = self.segment.score(np.unique(features), unit=True)
        count = len(self.intents)
        whole = scores[:count] - scores[:count].max()
        scores[:count] = whole - np.log(np.exp(whole).sum())
        scores[count:] = -np.log1p(np.exp(-scores[count:]))
        return scores

    def target(
        self,
        message: TokenizedMessage,
        first: int,
        end: int,
        intent: str,
        reading: PatternReading,
    ) -> tuple[tuple[int, int] | None, float]:
        """Return the tokens of a segment that are its target, and their probability."""
        choices = spans(message, first, end)
        if not choices or intent not in self.groups:
            return None, 1.0
        column = 1 + self.groups.index(intent)

        def sums(features: Iterable[Iterable[str]]) -> Floats:
            return self.span.sums([hashes(one) for one in features], (0, column))

        start = sums(start_features(message, first, at, reading) for at in range(first, end))
        stop = sums(end_features(message, end, at, reading) for at in range(first + 1, end + 1))
        inner = sums(inner_features(message, at) for at in range(first, end))
        before = np.concatenate([[0.0], np.cumsum(inner)])
        left, right = np.array(choices).T - first
        scores = start[left] + stop[right - 1] + before[right] - before[left]
        scores = scores + sums(pair_features(message, *one, reading) for one in choices)
        best = int(scores.argmax())
        return choices[best], float(1 / np.exp(scores - scores[best]).sum())

    def read(self, message: TokenizedMessage) -> tuple[Segment, ...]:
        """Return the segments of a message in their order; empty: it has no word, or too many."""
        count = len(message.tokens)
        if not 0 < count <= MOST_TOKENS:
            return ()
        begins = self.boundaries(message)
        tried = [int(at) for at in np.argsort(-begins, kind="stable")[:MOST_BOUNDARIES]]
        tried = sorted(at for at in tried if begins[at] > LEAST_BOUNDARY)
        known: dict[tuple[int, int], Floats] = {}
        readings: dict[tuple[int, int], PatternReading] = {}

        def logs(first: int, end: int) -> Floats:
            if (first, end) not in known:
                readings[first, end] = pattern_reading(message, first, end)
                known[first, end] = self.intents_of(message, first, end, readings[first, end])
            return known[first, end]

        own = [place for place, name in enumerate(self.intents) if name != BAD]
        best: tuple[int, ...] = ()
        least = -np.inf
        for cuts in (part for size in range(MOST_SEGMENTS) for part in combinations(tried, size)):
            edges = (0, *cuts, count)
            total = sum(
                float(np.log(begins[at] if at in cuts else 1 - begins[at] + 1e-6)) for at in tried
            )
            for first, end in zip(edges, edges[1:], strict=False):
                total += float(logs(first, end)[own].max())
            if total > least:
                best, least = edges, total
        found = []
        for first, end in zip(best, best[1:], strict=False):
            scores = logs(first, end)
            place = max(own, key=lambda one: scores[one])
            intent = self.intents[place]
            span, sure = self.target(message, first, end, intent, readings[first, end])
            flags = dict(zip(self.flags, np.exp(scores[len(self.intents) :]).tolist(), strict=True))
            found.append(
                Segment(first, end, intent, float(np.exp(scores[place])), flags, span, sure)
            )
        return tuple(found)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        names = "\n".join(" ".join(part) for part in (self.intents, self.flags, self.groups))
        found: dict[str, NDArray[Any]] = {"names": np.frombuffer(names.encode(), np.uint8)}
        for name in ("boundary", "segment", "span"):
            block: LinearBlock = getattr(self, name)
            for field in ("features", "weights", "scale", "bias"):
                found[f"{name}_{field}"] = getattr(block, field)
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> LearnedModel:
        """Return the model of arrays; KeyError where one lacks."""
        intents, flags, groups = (
            tuple(line.split()) for line in arrays["names"].tobytes().decode().split("\n")
        )
        blocks = [
            LinearBlock(
                arrays[f"{name}_features"],
                arrays[f"{name}_weights"],
                arrays[f"{name}_scale"],
                arrays[f"{name}_bias"],
            )
            for name in ("boundary", "segment", "span")
        ]
        return cls(intents, flags, groups, *blocks)


@cache
def shipped_model() -> LearnedModel:
    """Return the model that comes with the package; DataError where it cannot be read."""
    try:
        with np.load(FILE, allow_pickle=False) as arrays:
            return LearnedModel.from_arrays(dict(arrays))
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{FILE}: not a model of commands: {error}") from error
