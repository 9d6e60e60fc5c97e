"""Cold start: maps from text vectors to the behaviour space, learned from items with users.

Item-to-item weights (EASE) say what each history item gives to every known item. A ridge regression
from words to the *columns* of those weights predicts the column of an item that nobody has read.
The words are tokens and adjacent pairs (TF-IDF) beside the sum of their static vectors. On Amazon
Beauty's cold items this gave .207 Recall@20 where a ridge from static vectors to ELSA's item
vectors gave .132 (2026-11-22).
The regression is solved among the known items (kernel form), so a vocabulary may be of any size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve, qr

from recsys.array_types import Floats, Rows
from recsys.text.cold_start_linear_map import ItemInputMap
from recsys.text.encoders.student import Student, adjacent
from recsys.thread_pool import over_blocks

Weights = sparse.csr_array | Floats  # items × items; row h is what a history item h gives
BLOCK = 1_024  # texts compared at a time
HELD = 65_536  # history items whose columns are held at a time
COMMON = 0.03  # share of the texts; terms in more are compared by a dense product
MOST_COMMON = 256  # such terms
MOST_KEPT = 50_000_000  # numbers that are kept for other targets of the same rows


@dataclass(frozen=True, slots=True)
class ColdStartConfig:
    """What steers the map from words to behaviour; defaults chosen on Beauty's validation items."""

    ridge: float = 1.0  # higher trusts words less; texts have length one
    popularity_exponent: float = (
        0.25  # a text read k times is trusted k**-fame as much: popularity is not topic
    )
    content_weight: float = (
        0.03  # weight of plain likeness to what the history holds, beside `weights`
    )
    rank: int = 512  # length of the student's vectors; 256 loses a twentieth of the quality
    numbers: int = 64_000_000  # of all input vectors; with more than 125,000 items a lower rank
    rarest: int = 2  # texts that must hold a pair of tokens for it to be a word of its own
    largest: int = 12_000  # known texts to fit to, the most read first; the square is held twice
    pairs: float = 6e9  # of a cold item and any item, for which a weight is predicted at most
    texts: int = 1_000_000_000  # read at most: what may teach or be predicted, then drawn ones
    keep: int = 400  # cold items kept per history item
    # known texts, squared, times cold items: what solving takes; with more cold items fewer columns
    solved: float = np.inf
    most: int = 48_000_000  # cold items kept in all; with more than 120,000 items fewer than `keep`


@dataclass(frozen=True, slots=True)
class TextMap:
    """Texts as rows whose inner products are the kernel: the mean of two views, or of three."""

    terms: sparse.csr_array  # (n, n_terms): TF-IDF, rows of length one
    vectors: Floats  # (n, t): the same weights times the unit static vectors of the tokens
    rarity: Floats  # (n_terms,): the weight of each term before scaling
    pairs: NDArray[np.int64]  # keys of the terms past the tokens, as in Student
    directions: Floats  # (n_tokens, t): unit static vectors
    teacher_vectors: Floats | None = None  # (n, d): unit vectors by a transformer, the third view

    @property
    def views(self) -> int:
        """How many views the kernel is the mean of."""
        return 2 if self.teacher_vectors is None else 3

    def kernel(self, rows: Rows, others: Rows) -> Floats:
        """Return (len(rows), len(others)) likeness of texts, 1 for equal ones."""
        out = np.empty((len(rows), len(others)), np.float32, order="F")  # as LAPACK wants it
        common_terms = self._common_terms()
        rare = np.ones(self.terms.shape[1], bool)
        rare[common_terms] = False
        words = sparse.csc_array(_with_columns(self.terms[others], rare).T)
        terms = _with_columns(self.terms[rows], rare)
        vectors, columns = self._dense(rows, common_terms), self._dense(others, common_terms)
        teacher_vectors = None if self.teacher_vectors is None else self.teacher_vectors[rows]

        def compare(own: slice) -> None:
            common = (terms @ words[:, own]).toarray() + vectors @ columns[own].T
            if teacher_vectors is not None and self.teacher_vectors is not None:
                common += teacher_vectors @ self.teacher_vectors[others[own]].T
            np.divide(common, self.views, out=out[:, own])

        over_blocks(compare, len(others), BLOCK)  # a sparse square would outweigh a dense one
        return out

    def _common_terms(self) -> Rows:
        """Return the terms that so many texts hold that a dense product takes less time."""
        held = np.bincount(self.terms.indices, minlength=self.terms.shape[1])
        found = np.argsort(-held, kind="stable")[:MOST_COMMON]
        return np.sort(found[held[found] > COMMON * self.terms.shape[0]]).astype(np.int32)

    def _dense(self, rows: Rows, terms: Rows) -> Floats:
        """Return the vectors of texts and, as further columns, their weights of some terms."""
        return np.hstack([self.vectors[rows], self.terms[rows][:, terms].toarray()])


@dataclass(frozen=True, slots=True)
class ColdStartMap:
    """A solved regression; `columns` and `distill_student` read it."""

    texts: TextMap
    teachers: Rows  # item rows that were learned from
    factor: Floats  # Cholesky factor of the teachers' kernel plus ridge
    targets: Weights  # (n_items, n_teachers): weights plus `content_weight` times the identity
    config: ColdStartConfig
    ridge: Floats  # (n_teachers,): what was added to the kernel's diagonal
    # rows -> (n_teachers, rows), what `columns` solved for them, the same for all targets
    known: dict[bytes, Floats] = field(default_factory=dict, compare=False, repr=False)

    def solve(self, right: Floats) -> Floats:
        """Return (kernel + ridge)^-1 times (n_teachers, k)."""
        return np.asarray(cho_solve((self.factor, True), right, check_finite=False), np.float32)


def map_texts(
    texts: Sequence[str],
    student: Student,
    rarest: int = 2,
    teacher_vectors: Floats | None = None,
    rows: Rows | None = None,
    size: int = 0,
) -> TextMap:
    """Cut texts into tokens and pairs by a static student, and weigh them by rarity.

    `teacher_vectors`: the texts' vectors by the transformer that the student imitates; None without
    one. `rows`: ascending, where these texts stand among `size` rows, of which the others are
    empty; None: one after the other.
    """
    count = len(texts) if rows is None else size
    held = np.arange(len(texts)) if rows is None else rows.astype(np.int64)
    ids, counts = student.tokens(texts)
    owner = np.repeat(held, counts)
    where, keys = adjacent(ids, owner, student.n_tokens)
    pairs, kept = _frequent_pairs(where, keys, rarest)
    at = np.searchsorted(pairs, keys[kept])
    owner = np.concatenate([owner, where[kept]])
    columns = np.concatenate([ids, student.n_tokens + at])
    shape = (count, student.n_tokens + len(pairs))
    terms = sparse.csr_array((np.ones(len(owner), np.float32), (owner, columns)), shape=shape)
    terms.sum_duplicates()
    spread = np.bincount(terms.indices, minlength=shape[1])
    rarity = np.log((1 + len(texts)) / (1 + spread)).astype(np.float32) + np.float32(1e-3)
    terms.data = rarity[terms.indices]
    length = np.sqrt(np.asarray(terms.power(2).sum(axis=1)).ravel())
    terms.data /= np.repeat(length, np.diff(terms.indptr))
    directions = _directions(student)
    vectors = np.zeros((count, directions.shape[1]), np.float32)
    vectors[held] = terms[held][:, : student.n_tokens] @ directions
    return TextMap(terms, vectors, rarity, pairs, directions, teacher_vectors)


def with_pairs(student: Student, texts: Sequence[str], rarest: int = 2) -> Student:
    """Return the student with a vector for each pair of tokens that texts share, to train.

    A pair that the student knows keeps its vector, a new one starts at zero.
    """
    pairs = map_texts(texts, student, rarest).pairs
    return Student(student.tokenizer_json, _rows_for(student, pairs), student.label, pairs)


def _rows_for(student: Student, pairs: NDArray[np.int64]) -> Floats:
    """Return a student's rows for its tokens and for these pairs, zero for pairs it lacks."""
    rows = np.zeros((student.n_tokens + len(pairs), student.dimensions), np.float32)
    rows[: student.n_tokens] = student.rows(slice(student.n_tokens))
    if len(student.pairs):
        at = np.minimum(np.searchsorted(student.pairs, pairs), len(student.pairs) - 1)
        held = student.pairs[at] == pairs
        rows[student.n_tokens :][held] = student.rows(student.n_tokens + at[held])
    return rows


def _with_columns(matrix: sparse.csr_array, kept: NDArray[np.bool_]) -> sparse.csr_array:
    """Return a matrix without the entries of the columns that are not kept."""
    some = kept[matrix.indices]
    ends = np.concatenate([[0], np.cumsum(some)])[matrix.indptr]
    return sparse.csr_array((matrix.data[some], matrix.indices[some], ends), shape=matrix.shape)


def fit_cold(
    texts: TextMap, weights: Weights, counts: NDArray[np.integer], config: ColdStartConfig
) -> ColdStartMap:
    """Learn from every item with users (`counts` > 0) and words.

    `weights` is (n, n) over the same rows as the texts; `counts` is (n,), users per item.
    """
    readable = np.flatnonzero((counts > 0) & (np.diff(texts.terms.indptr) > 0))
    if len(readable) > config.largest:
        best = np.argsort(-counts[readable], kind="stable")[: config.largest]
        readable = np.sort(readable[best])
    known = readable.astype(np.int32)
    square = texts.kernel(known, known)
    ridge = config.ridge * counts[known].astype(np.float32) ** np.float32(
        config.popularity_exponent
    )
    square[np.diag_indices_from(square)] += ridge
    factor = cho_factor(square, lower=True, overwrite_a=True, check_finite=False)[0]
    return ColdStartMap(texts, known, factor, _targets(weights, known, config), config, ridge)


def with_targets(cold: ColdStartMap, weights: Weights) -> ColdStartMap:
    """Return the same regression for other weights over the same rows; nothing is solved anew."""
    return replace(cold, targets=_targets(weights, cold.teachers, cold.config))


def _targets(weights: Weights, known: Rows, config: ColdStartConfig) -> Weights:
    shape = (weights.shape[0], len(known))
    ones = np.full(len(known), config.content_weight, np.float32)
    content_weight = sparse.csr_array((ones, (known, np.arange(len(known)))), shape=shape)
    return weights[:, known] + content_weight


def columns(cold: ColdStartMap, rows: Rows, histories: Rows | None = None) -> sparse.csr_array:
    """Return (n_items, len(rows)): what each history item gives to each of these items.

    The strongest `keep` of each history item are kept. A text without a known word gets what the
    mean of the known texts would get. `histories`: the history items that are asked for, ascending
    and distinct, None: all; the others give nothing.
    """
    blocks = list(column_blocks(cold, rows, histories))
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def column_blocks(
    cold: ColdStartMap, rows: Rows, histories: Rows | None = None
) -> Iterator[sparse.csr_array]:
    """Yield the same some rows at a time, from the first on."""
    solved, size = _solved(cold, rows), cold.targets.shape[0]
    keep = min(cold.config.keep, max(1, cold.config.most // max(size, 1)))
    selected = np.full(size, histories is None)
    if histories is not None:
        selected[histories] = True
    for start in range(0, max(size, 1), HELD):
        targets = cold.targets[start : start + HELD]
        given = np.flatnonzero(selected[start : start + HELD] & _some(targets))
        targets = targets[given]  # the product of the others is zero, or nobody asks for it

        def strongest(
            own: slice, targets: Weights = targets, given: NDArray[np.intp] = given
        ) -> sparse.csr_array:
            first, last = np.searchsorted(given, (own.start, own.stop)).tolist()
            found = _strongest(np.asarray(targets[first:last] @ solved), keep)
            counts = np.zeros(own.stop - own.start, np.int64)
            counts[given[first:last] - own.start] = np.diff(found.indptr)
            ends = np.concatenate([[0], np.cumsum(counts)])
            return sparse.csr_array((found.data, found.indices, ends), (len(counts), len(rows)))

        yield from over_blocks(strongest, min(HELD, size - start), BLOCK)


def _some(targets: Weights) -> NDArray[np.bool_]:
    """Return which history items give anything to a known text."""
    if isinstance(targets, np.ndarray):
        return np.asarray(targets.any(axis=1))
    return np.asarray(np.diff(sparse.csr_array(targets).indptr) > 0)


def _solved(cold: ColdStartMap, rows: Rows) -> Floats:
    """Return what the targets are multiplied with for some rows, (n_teachers, len(rows)).

    Kept for the next targets, of one set of rows at a time and up to `MOST_KEPT` numbers.
    """
    key = rows.tobytes()
    if (found := cold.known.get(key)) is not None:
        return found
    solved = np.empty((len(cold.teachers), len(rows)), np.float32)
    for start in range(0, len(rows), BLOCK):
        own = rows[start : start + BLOCK]
        kernel = cold.texts.kernel(cold.teachers, own)
        blank = np.diff(cold.texts.terms.indptr)[own] == 0
        if blank.any():
            kernel[:, blank] = usual_kernel(cold)[:, None]
        solved[:, start : start + BLOCK] = cold.solve(kernel)
    cold.known.clear()
    if solved.size <= MOST_KEPT:
        cold.known[key] = solved
    return solved


def distill_student(cold: ColdStartMap, student: Student, seed: int = 0) -> tuple[Student, Floats]:
    """Return a student of the users' space and every item's input vector (n_items, rank).

    score = input of a history item · sum of the text's term vectors, divided by the text's TF-IDF
    length; see `item_input_map`.
    """
    found, inputs = item_input_map(cold, student, seed)
    return found.student, inputs


def item_input_map(
    cold: ColdStartMap, student: Student, seed: int = 0
) -> tuple[ItemInputMap, Floats]:
    """Return the map of texts posted later and every item's input vector (n_items, rank).

    Input of a history item · vector of a text = the neighbour weight of `columns`. The rank is the
    best that a randomised decomposition of the map finds; items without users have zero inputs.
    """
    rank = min(cold.config.rank, max(1, cold.config.numbers // max(cold.targets.shape[0], 1)))
    inputs, targets = _leading(cold, min(rank, len(cold.teachers)), seed)
    texts = cold.texts
    solved = cold.solve(targets)
    usual = usual_kernel(cold) @ solved
    solved /= texts.views
    vectors = np.asarray(texts.terms[cold.teachers].T @ solved, np.float32)
    vectors[: student.n_tokens] += texts.directions @ (texts.vectors[cold.teachers].T @ solved)
    vectors *= texts.rarity[:, None]
    words = (
        None if texts.teacher_vectors is None else texts.teacher_vectors[cold.teachers].T @ solved
    )
    distilled = Student(student.tokenizer_json, vectors, "readers", texts.pairs)
    return ItemInputMap(distilled, texts.rarity, usual, words), inputs


def usual_kernel(cold: ColdStartMap) -> Floats:
    """Return the mean likeness of each teacher to all teachers, (n_teachers,)."""
    texts, own = cold.texts, cold.teachers
    if not len(own):
        return np.zeros(0, np.float32)
    terms = texts.terms[own]
    total = terms @ (np.asarray(terms.sum(axis=0)).ravel() / len(own))
    total = total + texts.vectors[own] @ texts.vectors[own].mean(axis=0)
    if texts.teacher_vectors is not None:
        total = total + texts.teacher_vectors[own] @ texts.teacher_vectors[own].mean(axis=0)
    return np.asarray(total / texts.views, np.float32)


def _leading(cold: ColdStartMap, rank: int, seed: int) -> tuple[Floats, Floats]:
    """Return (n_items, rank) orthonormal inputs and (n_teachers, rank) targets of the map.

    With K the kernel and R the ridge, (K + R)^-1 K is I - (K + R)^-1 R, so no product with K is
    needed.
    """
    ridge = cold.ridge[:, None]

    def forward(block: Floats) -> Floats:
        return np.asarray(cold.targets @ (block - cold.solve(ridge * block)), np.float32)

    def backward(block: Floats) -> Floats:
        right = np.asarray(cold.targets.T @ block, np.float32)
        return right - ridge * cold.solve(right)

    width = min(rank + rank // 8 + 8, len(cold.teachers))
    start = np.random.default_rng(seed).standard_normal((len(cold.teachers), width))
    basis: Floats = qr(forward(start.astype(np.float32)), mode="economic")[0]
    basis = qr(forward(backward(basis)), mode="economic")[0]
    turn = np.linalg.svd(backward(basis).T, full_matrices=False)[0][:, :rank]
    inputs = basis @ turn
    return inputs, np.asarray(cold.targets.T @ inputs, np.float32)


def _frequent_pairs(
    where: NDArray[np.int64], keys: NDArray[np.int64], rarest: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the ascending keys held by `rarest` texts or more, and which `keys` are among them."""
    order = np.lexsort((where, keys))
    keys_sorted, where_sorted = keys[order], where[order]
    first = np.ones(len(keys), bool)
    first[1:] = (keys_sorted[1:] != keys_sorted[:-1]) | (where_sorted[1:] != where_sorted[:-1])
    unique, spread = np.unique(keys_sorted[first], return_counts=True)
    pairs = unique[spread >= rarest]
    return pairs, np.isin(keys, pairs)


def _directions(student: Student) -> Floats:
    vectors = student.rows(slice(student.n_tokens))
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)


def _strongest(block: Floats, keep: int) -> sparse.csr_array:
    """Keep the `keep` largest positive values of each row."""
    block = np.asarray(block, np.float32)
    kept = block > 0
    if block.shape[1] > keep:
        kept &= block >= np.partition(block, block.shape[1] - keep, axis=1)[:, -keep, None]
    # SciPy makes a sparse array of a dense one by way of coordinates, in thrice the time.
    places = np.flatnonzero(kept)
    ends = np.concatenate([[0], np.cumsum(np.count_nonzero(kept, axis=1))])
    column = (places % max(block.shape[1], 1)).astype(np.int32)
    return sparse.csr_array((block.ravel()[places], column, ends), shape=block.shape)
