"""Word counts of texts, and the words that characterize each topic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.array_types import Floats
from recsys.text.clean import clean
from recsys.text.language.detect import detect
from recsys.text.language.function_words import FUNCTION_WORDS
from recsys.text.language.nouns import chinese_word, english_noun
from recsys.text.language.stop_words import STOP_WORDS
from recsys.text.topics.han_words import han_words

LONGEST_READ = 4_000  # characters of a text that count
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:['\u2019](?!s\b)[^\W_]+|-[^\W\d_]+)*|[\u3400-\u9fff]")
_HAN = re.compile(r"[\u3400-\u9fff]{2,}")
_COUNTS = Counter(word for words in FUNCTION_WORDS.values() for word in words)
_EMPTY = frozenset(_COUNTS)
# Function words of two letters or of several languages. The language of a short title is often not
# detected, so that they are left in texts; they tell nobody what a topic is about.
_TELLING_NOTHING = frozenset(w for w, n in _COUNTS.items() if len(w) <= 2 or n > 1)


def words(text: str, listed: Callable[[str], bool] = chinese_word) -> list[str]:
    """Return the words that may tell a topic, in lower case.

    `listed`: whether a run of Han signs is a word. Chinese is cut at listed words, see
    `recsys.text.topics.han_words`.
    """
    text = clean(text[: 2 * LONGEST_READ])[:LONGEST_READ].lower().replace("\u2019", "'")
    runs = _HAN.findall(text)
    found = [word for run in runs for word in han_words(run, listed)]
    plain = _HAN.sub(" ", text) if runs else text
    kept = [w for w in _WORD.findall(plain) if len(w) > 1 and w not in STOP_WORDS]
    if not _EMPTY.isdisjoint(kept):  # else the language decides nothing, and takes long to detect
        empty = FUNCTION_WORDS.get(detect(text).code, frozenset())
        kept = [word for word in kept if word not in empty]
    return found + kept


def in_han(text: str) -> bool:
    """Return whether at least half of the letters of a text are Han signs."""
    start = text[:LONGEST_READ]
    letters = sum(map(str.isalpha, start))
    return bool(letters) and 2 * sum(map(len, _HAN.findall(start))) >= letters


def vocabulary(
    read: Sequence[Sequence[str]], least: int, most_share: float, largest: int
) -> list[str]:
    """Return words of at least `least` texts and at most that share of them, most frequent first.

    The order is the same for the same texts.
    """
    seen = Counter(word for text in read for word in set(text))
    most = max(most_share * len(read), least)
    kept = [(-n, word) for word, n in seen.items() if least <= n <= most]
    return [word for _, word in sorted(kept)[:largest]]


def occurrences(read: Sequence[Sequence[str]], row_of: Mapping[str, int]) -> csr_array:
    """Return (n_texts, n_words) with a one where a text has a word."""
    found = [sorted({row_of[word] for word in text if word in row_of}) for text in read]
    ends = np.concatenate([[0], np.cumsum([len(rows) for rows in found])]).astype(np.int64)
    columns = np.fromiter((row for rows in found for row in rows), np.int64, int(ends[-1]))
    return csr_array(
        (np.ones(len(columns), np.float32), columns, ends), shape=(len(read), len(row_of))
    )


def evidence(counts: NDArray[np.floating], smoothing: float) -> Floats:
    """Return (n_words, k) log odds of a word in a topic against everywhere.

    `counts` is (n_words, k). The smoothing is in words: a topic with few words says little.
    """
    everywhere = counts.sum(1, keepdims=True) + 1
    everywhere = everywhere / max(float(everywhere.sum()), 1)
    inside = (counts + smoothing * everywhere) / (counts.sum(0) + smoothing)
    return np.ascontiguousarray(np.log(inside) - np.log(everywhere), np.float32)


def names(counts: NDArray[np.floating], known: Sequence[str], n: int = 8) -> list[list[str]]:
    """Return the words that tell each topic from the others, by class-based TF-IDF.

    A word's frequency in the topic times log(1 + mean words per topic / its frequency everywhere),
    as in BERTopic (Grootendorst 2022). Of a word and its plural, and of
    Chinese pairs that overlap, the more telling one stays. Function words are left out,
    but for those that are English nouns (man, son).
    """
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    rare = np.log1p(counts.sum() / len(counts) / np.maximum(counts.sum(0), 1))
    weight = share * rare
    return [_informative(row, known, n) for row in weight]


def _informative(weight: NDArray[np.floating], known: Sequence[str], n: int) -> list[str]:
    kept: list[str] = []
    for at in np.argsort(-weight, kind="stable")[: 3 * n]:
        word = known[at]
        stems = {word, word + "s", word.removesuffix("s"), word + "es"}
        if word in _TELLING_NOTHING and not english_noun(word):
            continue
        if weight[at] > 0 and not stems & set(kept) and not _overlapping(word, kept):
            kept.append(word)
    return kept[:n]


def _overlapping(word: str, kept: Sequence[str]) -> bool:
    """Whether a pair of Chinese signs goes on from a kept one, or into it: 工智 beside 人工."""
    if not _HAN.fullmatch(word):
        return False
    return any(_HAN.fullmatch(k) and (k[-1] == word[0] or k[0] == word[-1]) for k in kept)
