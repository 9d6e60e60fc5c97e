"""Title words: an inverted index from the words of titles to items.

Vectors of words place a title among those of like meaning; who types the words of a title, or a
name that no vector knows, expects that item first. A word weighs by how rare it is: log(1 + items /
items with it). The likeness of a query and a title is the geometric mean of the share of the query
that the title holds and of the cosine of their sets of words: who types two words of a long title
means it more than a short title with one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows

MOST_ROWS = 50_000  # of the rarest words of a query, from which on the others propose no item


@dataclass(frozen=True, slots=True)
class TitleWords:
    """The words of the titles of `n` items; arrays only, so that workers share a bundle's."""

    keys: NDArray[np.uint64]  # (w,), ascending: a hash of each distinct word
    ends: NDArray[np.int64]  # (w + 1,): where the rows of each word begin and end
    rows: Rows  # ascending for each word
    norms: Floats  # (n,): root of the sum of the weights of a title's words; 0 without a title

    @classmethod
    def fit(cls, titles: Iterable[Iterable[str]]) -> TitleWords:
        """Return the index of titles given as their distinct words, in the order of the items."""
        number: dict[str, int] = {}
        words: list[int] = []
        lengths: list[int] = []
        for title in titles:
            before = len(words)
            words.extend(number.setdefault(word, len(number)) for word in title)
            lengths.append(len(words) - before)
        word = np.array(words, np.int64)
        row = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        keys = np.array([_key(one) for one in number], np.uint64)
        by_key = np.argsort(keys, kind="stable")
        place = np.empty(len(keys), np.int64)
        place[by_key] = np.arange(len(keys))
        order = np.argsort(place[word], kind="stable")
        counts = np.bincount(place[word], minlength=len(keys))
        weight = _weights(counts, len(lengths))
        norms = np.sqrt(np.bincount(row, weight[place[word]], minlength=len(lengths)))
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(keys[by_key], ends, row[order], norms.astype(np.float32))

    @classmethod
    def empty(cls, count: int) -> TitleWords:
        """Return the index of so many items without a title."""
        none = np.zeros(0, np.int32)
        return cls(none.astype(np.uint64), np.zeros(1, np.int64), none, np.zeros(count, np.float32))

    def __len__(self) -> int:
        return len(self.norms)

    def weights(self, words: Sequence[str]) -> Floats:
        """Return what each word weighs, (len(words),); one that no title has the most."""
        return _weights(np.array([len(self.items_with(word)) for word in words]), len(self))

    def items_with(self, word: str) -> Rows:
        """Return the rows of the titles that have a word, ascending, a view."""
        key = np.uint64(_key(word))
        place = int(np.searchsorted(self.keys, key))
        if place == len(self.keys) or self.keys[place] != key:
            return np.zeros(0, np.int32)
        return self.rows[self.ends[place] : self.ends[place + 1]]

    def likeness(self, words: Sequence[str]) -> tuple[Rows, Floats]:
        """Return the rows whose titles share words with a query, ascending, and how alike they are.

        1 for a title of exactly these words. Beyond MOST_ROWS the more frequent words of a query
        add to the items that rarer ones propose.
        """
        weights = self.weights(words)
        rows, shared, proposed = np.zeros(0, np.int32), np.zeros(0, np.float32), 0
        for at in np.argsort(-weights, kind="stable").tolist():
            held = self.items_with(words[at])
            if not len(held):
                continue
            if proposed + len(held) <= MOST_ROWS or not len(rows):
                merged: Rows = np.union1d(rows, held).astype(np.int32)
                grown = np.zeros(len(merged), np.float32)
                grown[np.searchsorted(merged, rows)] = shared
                rows, shared = merged, grown
                proposed += len(held)
                shared[np.searchsorted(rows, held)] += weights[at]
            else:
                near = np.minimum(np.searchsorted(held, rows), len(held) - 1)
                shared[held[near] == rows] += weights[at]
        return rows, alikeness(shared, self.norms[rows], float(weights.sum(dtype=np.float32)))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return every array to save, by name."""
        return {"keys": self.keys, "ends": self.ends, "rows": self.rows, "norms": self.norms}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], size: int) -> TitleWords:
        """Read what `arrays` returned; ValueError where it is none, or of another catalogue."""
        found = cls(arrays["keys"], arrays["ends"], arrays["rows"], arrays["norms"])  # type: ignore[arg-type]
        if len(found.norms) != size or len(found.ends) != len(found.keys) + 1:
            raise ValueError(f"title words of {len(found.norms)} items instead of {size}")
        if int(found.ends[-1]) != len(found.rows) or (np.diff(found.ends) < 0).any():
            raise ValueError("title words end elsewhere than their rows")
        if len(found.rows) and not 0 <= int(found.rows.min()) <= int(found.rows.max()) < size:
            raise ValueError("title words name rows that are no items")
        return found


def alikeness(shared: Floats, norms: Floats, query: float) -> Floats:
    """Return how alike titles are to a query, 0 to 1, (n,).

    `shared`: weights of the words that both have; `norms`: see `TitleWords`; `query`: the sum of
    the weights of its words.
    """
    query = max(query, 1e-9)
    held = np.minimum(shared / query, 1.0)
    cosine = shared / np.maximum(norms * query**0.5, 1e-9)
    found: Floats = np.sqrt(held * cosine).astype(np.float32)
    return found


def _key(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _weights(counts: NDArray[np.int64], items: int) -> Floats:
    found: Floats = np.log1p(max(items, 1) / np.maximum(counts, 1)).astype(np.float32)
    return found
