"""ROUGE-1 and ROUGE-L F1 (Lin, 2004) of lower-case words, without stemming."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from recsys.monitoring.text_tokens import is_han, normalized, words


def rouge_tokens(text: str) -> list[str]:
    """Return the words of a text, Han signs apart."""
    return [
        token for word in words(normalized(text)) for token in (word if is_han(word) else [word])
    ]


def rouge_1(text: str, reference: str) -> float:
    """Return the F1 of common words, 0 to 1."""
    one, other = rouge_tokens(text), rouge_tokens(reference)
    return _f1(sum((Counter(one) & Counter(other)).values()), len(one), len(other))


def rouge_l(text: str, reference: str) -> float:
    """Return the F1 of the longest common subsequence of words, 0 to 1."""
    one, other = rouge_tokens(text), rouge_tokens(reference)
    return _f1(_longest_common(one, other), len(one), len(other))


def _f1(common: int, one: int, other: int) -> float:
    return 2 * common / (one + other) if common else 0.0


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    row = [0] * (len(other) + 1)
    for left in one:
        before = 0
        for at, right in enumerate(other, 1):
            before, row[at] = row[at], before + 1 if left == right else max(row[at], row[at - 1])
    return row[-1]
