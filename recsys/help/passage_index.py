"""Index of passages: BM25, character runs and word vectors, joined into one similarity.

The similarity of a question and a passage is the mean of eight parts, each from 0 to 1:

- BM25 of the title, and of title and text (Robertson and Zaragoza, 2009), as shares of the most
  that the question's terms could give;
- soft coverage: the share of the question's weight (inverse document frequencies) that words of
  the title, or of title and text, cover, where a word covers another by the cosine of their
  vectors; and the share of the title's weight that the question covers;
- cosine of the vectors of question and title, as they are and less the mean of all titles;
- cosine of TF-IDF of the runs of three and four characters of question and title.

A question in Han signs has the mean of those without vectors of texts: the word vectors know few
of these signs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.help.help_tokens import content_tokens, stem, trigrams
from recsys.monitoring.text_tokens import is_han
from recsys.text.encoders.student import Student
from recsys.text.language.stop_words import STOP_WORDS

Arrays = Mapping[str, NDArray[Any]]
K1, B = 1.2, 0.75  # of BM25
LEAST_COSINE = 0.45  # of two words that cover each other
MOST_NEIGHBOURS = 30  # words that one word of a question may be covered by
BUCKETS = 1 << 18  # of character runs
LONGEST_QUESTION = 300  # characters that are read
LONGEST_RUN_TITLE = 200  # characters of a title whose runs are counted
PARTS = 8
_STOP_TOKENS = frozenset(map(stem, STOP_WORDS))
_OF_SIGNS = [0, 1, 2, 3, 4, 7]  # parts without vectors of texts


@dataclass(frozen=True, slots=True)
class Question:
    """A question made ready for one index."""

    codes: list[int]  # of its distinct tokens; -1: no passage has it
    idf: Floats  # (n,): weights of its tokens
    covers: list[tuple[NDArray[np.int64], Floats]]  # per token: codes of words it covers, cosines
    vector: Floats
    runs: dict[int, float]  # TF-IDF of its character runs by bucket, length 1


class PassageIndex:
    """Finds passages by a question; the arrays may be read-only and memory-mapped."""

    def __init__(self, terms: Sequence[str], arrays: Arrays, student: Student) -> None:
        self.arrays = arrays
        self._codes = {term: code for code, term in enumerate(terms)}
        self._student = student
        self._n = len(arrays["title_vectors"])

    def __len__(self) -> int:
        return self._n

    def similarities(self, text: str) -> Floats:
        """Return the similarity of a question to each passage, (n,), from 0 to 1."""
        parts = self.parts(text)
        return np.asarray((parts[_OF_SIGNS] if is_han(text) else parts).mean(0), np.float32)

    def parts(self, text: str) -> Floats:
        """Return the eight parts of the similarity, (8, n); see the module for their order."""
        question = self._question(text[:LONGEST_QUESTION])
        found = np.zeros((PARTS, self._n), np.float32)
        total = float(question.idf.sum())
        if not total:
            return found
        for place, name in enumerate(("title", "whole")):
            best = np.zeros(self._n, np.float32)
            for code, idf, (words, cosines) in zip(
                question.codes, question.idf.tolist(), question.covers, strict=True
            ):
                if code >= 0:
                    rows, weights = self._postings(name, code)
                    found[place, rows] += idf / total / (K1 + 1) * weights
                best[:] = 0
                for word, cosine in zip(words[::-1].tolist(), cosines[::-1].tolist(), strict=True):
                    best[self._postings(name, word)[0]] = cosine  # ascending: the highest stays
                found[2 + place] += idf / total * best
        found[4] = self._title_coverage(question)
        titles = self.arrays["title_vectors"]
        raw = np.asarray(titles @ question.vector)
        found[5] = np.clip(raw, 0, 1)
        found[6] = np.clip(self._centred(question.vector, raw), 0, 1)
        for bucket, weight in question.runs.items():
            rows, weights = self._postings("runs", bucket)
            found[7, rows] += weight * weights
        np.clip(found, 0, 1, out=found)
        return found

    def content_coverage(self, text: str) -> Floats:
        """Return the share of a question's weight that passages cover, (n,), without stop words.

        1 for a question of nothing but stop words. Words of vectors near to it cover a word, too.
        """
        asked = dict.fromkeys(content_tokens(text[:LONGEST_QUESTION]))
        tokens = [one for one in asked if one not in _STOP_TOKENS]
        if not tokens:
            return np.ones(self._n, np.float32)
        codes, weights = self._weighed(tokens)
        found, best = np.zeros(self._n, np.float32), np.zeros(self._n, np.float32)
        for idf, (words, cosines) in zip(
            weights.tolist(), self._covered(tokens, codes), strict=True
        ):
            best[:] = 0
            for word, cosine in zip(words[::-1].tolist(), cosines[::-1].tolist(), strict=True):
                best[self._postings("whole", word)[0]] = cosine  # ascending: the highest stays
            found += idf * best
        return np.asarray(found / float(weights.sum()), np.float32)

    def _title_coverage(self, question: Question) -> Floats:
        covered: dict[int, float] = {}
        for words, cosines in question.covers:
            for word, cosine in zip(words.tolist(), cosines.tolist(), strict=True):
                covered[word] = max(covered.get(word, 0.0), cosine)
        found = np.zeros(self._n, np.float32)
        for word, cosine in covered.items():
            found[self._postings("title", word)[0]] += cosine * self.arrays["idf"][word]
        return np.asarray(found / np.maximum(self.arrays["title_mass"], 1e-9), np.float32)

    def _centred(self, vector: Floats, raw: Floats) -> Floats:
        mean = self.arrays["title_mean"]
        own = vector - mean
        length = float(np.linalg.norm(own))
        if not vector.any() or length < 1e-6:
            return np.zeros(self._n, np.float32)
        products = raw - float(mean @ vector) - self.arrays["title_shift"]
        return np.asarray(products / (length * self.arrays["title_lengths"]), np.float32)

    def _postings(self, name: str, code: int) -> tuple[NDArray[np.int32], Floats]:
        start, end = self.arrays[f"{name}_starts"][code : code + 2].tolist()
        return self.arrays[f"{name}_rows"][start:end], self.arrays[f"{name}_weights"][start:end]

    def _question(self, text: str) -> Question:
        tokens = list(dict.fromkeys(content_tokens(text)))
        codes, idf = self._weighed(tokens)
        return Question(
            codes,
            idf,
            self._covered(tokens, codes),
            self._student.encode([text])[0],
            _unit(_run_weights(text, self.arrays["run_idf"])),
        )

    def _weighed(self, tokens: Sequence[str]) -> tuple[list[int], Floats]:
        """Return the codes of tokens, -1 where no passage has one, and their weights, (n,)."""
        codes = [self._codes.get(token, -1) for token in tokens]
        rarest = math.log(1 + (self._n + 0.5) / 0.5)
        known = self.arrays["idf"]
        weights = [known[code] if code >= 0 else rarest for code in codes]
        return codes, np.array(weights, np.float32)

    def _covered(
        self, tokens: Sequence[str], codes: Sequence[int]
    ) -> list[tuple[NDArray[np.int64], Floats]]:
        """Return the words that each token covers, with cosines, the highest first."""
        at = [place for place, token in enumerate(tokens) if not is_han(token)]
        cosines = np.zeros((0, 0), np.float32)
        if at:
            vectors = self._student.encode([tokens[place] for place in at])
            cosines = np.asarray(vectors @ self.arrays["term_vectors"].T)
        rows, found = dict(zip(at, cosines, strict=True)), []
        for place, code in enumerate(codes):
            own = rows.get(place, np.zeros(0, np.float32))
            near = np.flatnonzero(own >= LEAST_COSINE)
            near = near[np.argsort(-own[near], kind="stable")][:MOST_NEIGHBOURS]
            near = near[near != code]
            values = np.minimum(own[near], 1)
            if code >= 0:
                near = np.concatenate([[code], near])
                values = np.concatenate([np.ones(1, np.float32), values])
            found.append((near.astype(np.int64), values.astype(np.float32)))
        return found


def build_index(
    titles: Sequence[str], texts: Sequence[str], student: Student
) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Return the terms and the arrays of an index of passages, in their order."""
    title_tokens = [content_tokens(one) for one in titles]
    whole_tokens = [a + content_tokens(b) for a, b in zip(title_tokens, texts, strict=True)]
    frequency = Counter(token for tokens in whole_tokens for token in set(tokens))
    terms = sorted(frequency)
    codes = {term: code for code, term in enumerate(terms)}
    n = len(titles)
    counts = np.array([frequency[term] for term in terms], np.float64)
    idf = np.log(1 + (n - counts + 0.5) / (counts + 0.5)).astype(np.float32)
    arrays: dict[str, NDArray[Any]] = {"idf": idf}
    for name, documents in (("title", title_tokens), ("whole", whole_tokens)):
        arrays |= _postings(name, [[codes[t] for t in one] for one in documents], len(terms))
    arrays["title_mass"] = np.array(
        [sum(float(idf[codes[t]]) for t in set(one)) for one in title_tokens], np.float32
    )
    arrays |= _run_postings(titles)
    vectors = student.encode([term if not is_han(term) else "" for term in terms])
    arrays["term_vectors"] = vectors.astype(np.float32)
    rows = student.encode(titles).astype(np.float32)
    mean = rows.mean(0)
    arrays["title_vectors"], arrays["title_mean"] = rows, mean
    arrays["title_shift"] = np.asarray(rows @ mean - mean @ mean, np.float32)
    arrays["title_lengths"] = np.maximum(np.linalg.norm(rows - mean, axis=1), 1e-6)
    return terms, arrays


def _postings(name: str, documents: Sequence[Sequence[int]], size: int) -> dict[str, NDArray[Any]]:
    """Return, term by term, the documents that hold it, and its part of BM25 without the idf."""
    lengths = np.array([len(one) for one in documents], np.float64)
    norms = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1.0))
    entries = (
        (term, row, count * (K1 + 1) / (count + norms[row]))
        for row, one in enumerate(documents)
        for term, count in Counter(one).items()
    )
    return _by_term(name, entries, size)


def _run_postings(titles: Sequence[str]) -> dict[str, NDArray[Any]]:
    counted = [_runs(title) for title in titles]
    frequency = np.zeros(BUCKETS, np.float64)
    for one in counted:
        frequency[list(one)] += 1
    idf = np.log((len(titles) + 1) / (frequency + 0.5)).astype(np.float32)
    entries = (
        (bucket, row, weight)
        for row, one in enumerate(counted)
        for bucket, weight in _unit(_weighted(one, idf)).items()
    )
    return {"run_idf": idf, **_by_term("runs", entries, BUCKETS)}


def _by_term(
    name: str, entries: Iterable[tuple[int, int, float]], size: int
) -> dict[str, NDArray[Any]]:
    found = list(entries)
    terms = np.array([one[0] for one in found], np.int64)
    order = np.argsort(terms, kind="stable")
    starts = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(terms, minlength=size), out=starts[1:])
    rows = np.array([one[1] for one in found], np.int32)[order]
    weights = np.array([one[2] for one in found], np.float32)[order]
    return {f"{name}_starts": starts, f"{name}_rows": rows, f"{name}_weights": weights}


def _runs(text: str) -> Counter[int]:
    runs = trigrams(text[:LONGEST_RUN_TITLE])
    return Counter(crc32(run.encode()) % BUCKETS for run in runs)


def _run_weights(text: str, idf: NDArray[Any]) -> dict[int, float]:
    return _weighted(_runs(text), idf)


def _weighted(runs: Counter[int], idf: NDArray[Any]) -> dict[int, float]:
    return {at: (1 + math.log(count)) * float(idf[at]) for at, count in runs.items()}


def _unit(weights: dict[int, float]) -> dict[int, float]:
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {at: weight / length for at, weight in weights.items()} if length else {}
