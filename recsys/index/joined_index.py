"""One index of behaviour factors and text vectors, searched by inner product.

An item is its behaviour output vector and its text vector, one behind the other; what each counts
is up to the query, so that one index serves every user and every weight of a score model. The text
is scaled to what it usually counts for, and queries the other way round: else cells would be made
by the longer part, which a query may hardly weigh. Lengths of behaviour vectors differ by
popularity, and cells of an inner-product index then hide most of what is near: each item has one
more number, which makes all equally long (Bachrach et al., RecSys 2014). The nearest by Euclidean
distance are then those of the largest inner product, and cells are made by distance. The longest
few are compared one by one instead: with them all others would be nearly alike in that number. A
history of several tastes is queried taste by taste: its sum lies near none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows
from recsys.index.exact import top_k
from recsys.index.faiss_index import (
    TRAIN_PER_CELL,
    WIDER,
    added,
    cell_count,
    choose_probes,
    faiss,
    trained,
)

AT = 100  # items by each query, whose recall is measured
ENOUGH = 0.95  # recall at which no further cell is probed
BLOCK = 32_768  # vectors joined at a time
MOST_PROBES = 4  # one of so many cells is probed at most: then exact search costs as little
TASTES = 4  # queries of one history at most
PER_TASTE = 5  # items of a history for each query, at least
ROUNDS = 5  # of k-means over a history
AWAY = 8.0  # length of a query, in lengths of items
CELLS = 4  # times the root of the number of vectors
HEADS = 50  # one of so many items, the longest vectors, is compared with every query


@dataclass(frozen=True, slots=True)
class JoinedIndex:
    """FAISS proposes by a byte per number, the vectors decide: scores are exact inner products."""

    index: Any  # faiss.IndexIVF by Euclidean distance, of d + t + 1 numbers; without the heads
    outputs: Floats  # (n, d): behaviour; d may be 0
    words: Floats  # (n, t): text; t may be 0
    heads: Rows  # ascending: items with the longest vectors
    scale: float  # of the text vectors in the index
    head_vectors: Floats  # (heads, d + t)

    @classmethod
    def of(
        cls, index: Any, outputs: Floats, words: Floats, heads: Rows, scale: float
    ) -> JoinedIndex:
        """Return an index whose heads lie in memory."""
        found = np.concatenate([outputs[heads], words[heads]], axis=1).astype(np.float32)
        return cls(index, outputs, words, heads, scale, found)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def megabytes(self) -> float:
        """Memory of the index itself: codes, row numbers and centres; without the vectors."""
        width = self.index.d
        cells = self.index.ntotal * (width + 8) + 4 * self.index.nlist * width
        return float(cells + self.head_vectors.nbytes) / 1e6

    def search(self, behaviour: Floats, words: Floats, k: int) -> tuple[Rows, Floats]:
        """Return rows and sums of both products, (q, min(k, n)) each, best first; ties by row.

        `behaviour`: (q, d), `words`: (q, t), weighted as the score model weighs them. -1 and -inf
        where fewer are found.
        """
        k, count = min(k, len(self)), len(behaviour)
        if not k or not count:
            return np.zeros((count, k), np.int32), np.zeros((count, k), np.float32)
        queries = _queries(behaviour, words / np.float32(self.scale))
        near = self.index.search(queries, min(WIDER * k, max(int(self.index.ntotal), 1)))[1]
        every = np.broadcast_to(self.heads, (count, len(self.heads)))
        found = np.concatenate([near, every], axis=1)
        scores = np.full(found.shape, -np.inf, np.float32)
        both = np.concatenate([behaviour, words], axis=1).astype(np.float32)
        scores[:, near.shape[1] :] = both @ self.head_vectors.T
        for place, rows in enumerate(near):
            known = np.flatnonzero(rows >= 0)  # cells may hold fewer than requested
            own = rows[known]
            products = self.outputs[own] @ behaviour[place] + self.words[own] @ words[place]
            scores[place, known] = products
        order = np.argsort(found, axis=1, kind="stable")  # ties by row
        found = np.take_along_axis(found, order, axis=1)
        places, values = top_k(np.take_along_axis(scores, order, axis=1), k)
        return np.take_along_axis(found, places, axis=1).astype(np.int32), values

    def write(self, path: Path) -> None:
        """Write the index, without the vectors."""
        faiss().write_index(self.index, str(path))

    @classmethod
    def read(
        cls, path: Path, outputs: Floats, words: Floats, heads: Rows, scale: float
    ) -> JoinedIndex:
        """Map an index from a file whose checksum was compared: FAISS trusts what it reads."""
        library = faiss()
        index = library.read_index(str(path), library.IO_FLAG_MMAP)
        return cls.of(index, outputs, words, heads, scale)


def joined_index(
    outputs: Floats, words: Floats, queries: tuple[Floats, Floats], seed: int = 0
) -> tuple[JoinedIndex, float]:
    """Return an index and its recall of the best `AT`, measured on queries as users will ask them.

    `queries`: behaviour (q, d) and words (q, t). As many cells are probed as `ENOUGH` needs, one of
    `MOST_PROBES` at most. Built on a GPU where there is one; what is returned is for a CPU.
    """
    library, rng = faiss(), np.random.default_rng(seed)
    n, width = len(words), outputs.shape[1] + words.shape[1] + 1
    scale = _scale(outputs, words, queries)
    lengths = _lengths(outputs, words, scale)
    order = np.argsort(-lengths, kind="stable")
    heads = np.sort(order[: n // HEADS]).astype(np.int32)
    rest = np.sort(order[n // HEADS :])
    longest = float(lengths[rest].max(initial=0.0))
    cells = cell_count(len(rest), CELLS)
    index = library.index_factory(width, f"IVF{cells},SQ8", library.METRIC_L2)
    drawn = np.sort(rng.permutation(rest)[: TRAIN_PER_CELL * cells])
    worker = trained(library, index, joined_rows(outputs, words, drawn, longest, scale), seed)
    parts = (rest[start : start + BLOCK] for start in range(0, len(rest), BLOCK))
    blocks = ((joined_rows(outputs, words, rows, longest, scale), rows) for rows in parts)
    index = added(library, index, worker, blocks)
    found = JoinedIndex.of(index, outputs, words, heads, scale)
    return found, _choose_probes(found, queries, cells)


def joined_rows(
    outputs: Floats, words: Floats, rows: NDArray[np.integer], longest: float, scale: float
) -> Floats:
    """Return vectors of items that all have the length `longest`, (rows, d + t + 1)."""
    found = np.empty((len(rows), outputs.shape[1] + words.shape[1] + 1), np.float32)
    found[:, : outputs.shape[1]] = outputs[rows]
    np.multiply(words[rows], np.float32(scale), out=found[:, outputs.shape[1] : -1])
    squares = np.einsum("nd,nd->n", found[:, :-1], found[:, :-1], dtype=np.float64)
    found[:, -1] = np.sqrt(np.maximum(longest**2 - squares, 0.0))
    return found


def _queries(behaviour: Floats, words: Floats) -> Floats:
    """Return queries as the index reads them, (q, d + t + 1).

    All items are equally long, so that the length of a query changes nothing but which cells are
    probed: far away, those with centres of the largest inner products.
    """
    zero = np.zeros((len(behaviour), 1), np.float32)
    found = np.concatenate([behaviour, words, zero], axis=1).astype(np.float32)
    found *= AWAY / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return np.ascontiguousarray(found, np.float32)


def tastes(vectors: Floats, most: int = TASTES) -> Rows:
    """Return the taste of each item of a history, 0 up to fewer than `most`; (n,).

    Spherical k-means, begun at items as far from each other as can be; without chance. Items
    without a vector go with the first taste. `vectors`: (n, d), oldest first.
    """
    count = min(most, len(vectors) // PER_TASTE)
    if count < 2:
        return np.zeros(len(vectors), np.int32)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    centres = unit[-1:]
    while len(centres) < count:
        near = (unit @ centres.T).max(axis=1)
        centres = np.concatenate([centres, unit[[int(near.argmin())]]])
    for _ in range(ROUNDS):
        labels = (unit @ centres.T).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, labels, unit)
        centres = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    nearest: Rows = (unit @ centres.T).argmax(axis=1).astype(np.int32)
    return nearest


def _lengths(outputs: Floats, words: Floats, scale: float) -> NDArray[np.float64]:
    """Return the length of each joined vector, (n,)."""
    squares = np.einsum("nd,nd->n", outputs, outputs, dtype=np.float64)
    squares += scale**2 * np.einsum("nd,nd->n", words, words, dtype=np.float64)
    lengths: NDArray[np.float64] = np.sqrt(squares)
    return lengths


def _scale(outputs: Floats, words: Floats, queries: tuple[Floats, Floats]) -> float:
    """Return the scale by which text has the same share of queries as of items' lengths."""
    usual = [
        float(np.median(np.linalg.norm(part[:: max(1, len(part) // 10_000)], axis=1)))
        if part.size
        else 0.0
        for part in (outputs, words, *queries)
    ]
    if min(usual) <= 0:
        return 1.0
    return float(np.sqrt(usual[0] * usual[3] / (usual[1] * usual[2])))


def _choose_probes(found: JoinedIndex, queries: tuple[Floats, Floats], cells: int) -> float:
    behaviour, words = queries
    if not len(words):
        return 1.0
    true = []
    for at in range(len(words)):  # one at a time: scores of all items of many would be gigabytes
        scores = found.outputs @ behaviour[at] + found.words @ words[at]
        true.append(np.partition(scores, len(scores) - min(AT, len(scores)))[-min(AT, len(scores))])
    floor = np.array(true, np.float32)
    floor -= 1e-5 * np.abs(floor)

    def recall() -> float:
        scores = found.search(behaviour, words, AT)[1]
        return float((scores >= floor[:, None]).mean())

    return choose_probes(found.index, max(1, cells // MOST_PROBES), ENOUGH, recall)
