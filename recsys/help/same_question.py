"""Probability that two questions ask the same, from the words that they do and do not share."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from recsys.help.help_tokens import help_tokens, stem
from recsys.monitoring.text_tokens import is_han, normalized, words

# Logistic regression on LCQMC's dev part (RESULTS.md): intercept and one weight per feature of
# `pair_features`.
INTERCEPT = -5.35
WEIGHTS = (0.4, 2.3, -0.5, -1.2, 2.5, -0.6)
LEAST_SHARED = 0.6  # share of the words that two questions without Han signs have in common
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
NEGATIONS = frozenset("not no never without none cannot nor n't 不 没 无 别 非 未 勿".split())


@dataclass(slots=True)
class TermWeights:
    """Inverse document frequencies of the tokens of some texts."""

    texts: int = 0
    frequency: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, texts: Iterable[str]) -> TermWeights:
        """Return the weights by a collection of texts."""
        found = cls()
        for text in texts:
            found.texts += 1
            found.frequency.update(set(help_tokens(text)))
        return found

    def idf(self, token: str) -> float:
        """Return the weight of a token, above 0; the highest for one that no text has."""
        return math.log1p((self.texts + 0.5) / (self.frequency[token] + 0.5))

    @property
    def rarest(self) -> float:
        """The highest weight there is."""
        return math.log1p((self.texts + 0.5) / 0.5)


def pair_features(one: str, other: str, weights: TermWeights) -> list[float]:
    """Return what tells whether two questions ask the same.

    Cosine of their weighted tokens; smaller share of their weight that is shared; weight of single
    tokens (words, Han signs) that only one has, in all and the largest of each, in units of the
    highest weight; number of single tokens in tens; whether numbers or negations differ.
    """
    counts = [Counter(help_tokens(text)) for text in (one, other)]
    idf = {token: weights.idf(token) for token in {*counts[0], *counts[1]}}
    first, second = ({t: n * idf[t] for t, n in count.items()} for count in counts)
    shared = sum(idf[token] for token in first.keys() & second.keys())
    masses = [sum(idf[token] for token in own) or 1.0 for own in (first, second)]
    single = [_single_tokens(text) for text in (one, other)]
    missing = [[idf[t] for t in set(a) - set(b)] for a, b in (single, single[::-1])]
    return [
        _cosine(first, second),
        shared / max(masses),
        sum(map(sum, missing)) / weights.rarest,
        sum(max(own, default=0.0) for own in missing) / weights.rarest,
        sum(map(len, single)) / 10,
        float(numbers_of(one) != numbers_of(other) or is_negated(one) != is_negated(other)),
    ]


def same_probability(one: str, other: str, weights: TermWeights) -> float:
    """Return the probability that two questions ask the same, 0 to 1."""
    features = pair_features(one, other, weights)
    score = INTERCEPT + sum(a * b for a, b in zip(WEIGHTS, features, strict=True))
    return 1 / (1 + math.exp(-min(max(score, -30.0), 30.0)))


def is_same(one: str, other: str, weights: TermWeights) -> bool:
    """Whether two questions ask the same; without Han signs by the share of common words."""
    if is_han(one) or is_han(other):
        return same_probability(one, other, weights) >= 0.5
    first, second = (set(_single_tokens(text)) for text in (one, other))
    return len(first & second) >= LEAST_SHARED * max(len(first | second), 1)


def numbers_of(text: str) -> tuple[str, ...]:
    """Return the numbers of a text in digits, sorted."""
    return tuple(sorted(_NUMBER.findall(normalized(text))))


def is_negated(text: str) -> bool:
    """Whether a text holds a negation an odd number of times."""
    plain = normalized(text)
    count = sum(plain.count(sign) for sign in NEGATIONS if is_han(sign))
    count += sum(w in NEGATIONS or w.endswith("n't") for w in words(plain))
    return count % 2 == 1


def _single_tokens(text: str) -> list[str]:
    found: list[str] = []
    for word in words(normalized(text)):
        found += word if is_han(word) else [stem(word)]
    return found


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    lengths = [sum(w * w for w in own.values()) for own in (one, other)]
    product = sum(weight * other[token] for token, weight in one.items() if token in other)
    return product / math.sqrt(lengths[0] * lengths[1]) if all(lengths) else 0.0
