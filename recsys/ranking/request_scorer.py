"""Request: scores of one user for any set of rows."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.index.inner_product_bounds import TruncatedVectors
from recsys.ranking import user_controls
from recsys.ranking.history import History
from recsys.ranking.item_feature_cache import ItemFeatureCache
from recsys.ranking.item_feature_table import BLOCK, ItemFeatureTable
from recsys.ranking.query import Query
from recsys.ranking.terms.protocol import RequestContext, ScoreTerm, UserTerm
from recsys.ranking.terms.registry import TERMS
from recsys.ranking.terms.repeat_consumption import UserRepeats
from recsys.ranking.terms.social import wanted_signals
from recsys.ranking.text_scores import text_scores
from recsys.ranking.trend_boost_table import TrendBoostTable
from recsys.ranking.user_term_scores import UserTerms
from recsys.serving.live_state import LiveState

QUERY_WEIGHT = 3.0  # length of the vectors of words asked for, in standard deviations of scores
Bound = TypeVar("Bound", bound=UserTerm)


@dataclass(frozen=True, slots=True)
class Request:
    """A query, resolved against a live state at one moment."""

    live: LiveState
    learned: UserTerms
    terms: tuple[tuple[ScoreTerm, UserTerm], ...]  # in the order of the registry
    table: ItemFeatureTable
    weights: Floats  # (features of the table,)
    constant: float  # part of every score
    words: Floats  # (t,): what the text vectors of items are multiplied with
    seen: Rows  # of the history, what the user wants forgotten included
    fronts: TruncatedVectors | None  # of the model's text vectors; None: they are read whole
    muted: Mask | None = None  # (size,): rows never to be shown or named

    @classmethod
    def of(
        cls,
        query: Query,
        live: LiveState,
        item_features: ItemFeatureCache,
        rising: TrendBoostTable | None = None,
    ) -> Request:
        """Bind the learned terms to the history, then the terms of the request to their scores."""
        table = item_features.look()
        seen = History.resolve(query.history, live)
        kept = user_controls.without_forgotten(live, query.history, query.controls)
        history = seen if len(kept) == len(query.history) else History.resolve(kept, live)
        if query.around is not None:
            now = time.time() if query.now is None else query.now
            own = history.rows[history.weights > 0]
            wanted = wanted_signals(live.model.score_model, live.model.trees is not None)
            history = replace(history, social=query.around.signals(live, own, now, wanted))
        learned = UserTerms.of(history, live, query.personal)
        terms = tuple([(t, learned.terms[t.name]) for t in TERMS if t.name in learned.terms])
        none = np.zeros(live.model.words.shape[1], np.float32)
        weights, constant, words = _sums(terms, table, none)
        own = _seen(query, seen, live)
        plain = cls(
            live, learned, terms, table, weights, constant, words, own, item_features.fronts
        )
        vectors = query_vectors(live, [query.words, *query.interests])
        has_request_terms = bool(
            query.controls or query.follows or query.repeat or query.repeat_categories
        )
        if not (vectors.any() or live.marks.some or has_request_terms) and rising is None:
            return plain
        size = plain.size
        muted = user_controls.muted(live, query.controls, size)
        found, spread = replace(plain, muted=muted), functools.cache(plain.spread)
        for term in TERMS:
            context = RequestContext(
                query,
                live,
                history,
                size,
                vectors,
                muted,
                rising,
                found.scores,
                found.log_total,
                spread,
            )
            bound = term.bind_request(context)
            if bound is not None:
                terms = (*found.terms, (term, bound))
                weights, constant, words = _sums(terms, table, none)
                found = replace(found, terms=terms, weights=weights, constant=constant, words=words)
        return found

    @property
    def history(self) -> History:
        """What the user did."""
        return self.learned.history

    @property
    def size(self) -> int:
        """Rows there were when the query came."""
        return min(self.learned.size, int(self.table.values.shape[1]))

    @property
    def repeats(self) -> UserRepeats | None:
        """What was taken up before and may be shown again; None: nothing."""
        return self.term(UserRepeats)

    def term(self, kind: type[Bound]) -> Bound | None:
        """Return the bound term of a class; None where the request has none."""
        return next((bound for _, bound in self.terms if isinstance(bound, kind)), None)

    def scores(self, rows: Rows) -> Floats:
        """Return the whole score of rows, (n,), without the corrections by the trees."""
        found, words = self.scores_without_words(rows), self.words
        return found + self.word_scores(rows, words) if words.any() else found

    def word_scores(self, rows: Rows, words: Floats) -> Floats:
        """Return what text vectors add to the score of rows, (n,)."""
        if 2 * len(rows) > self.size:  # one pass over all vectors costs less than picking most
            return text_scores(self.live, words)[rows]
        return text_scores(self.live, words, rows)

    def scores_without_words(self, rows: Rows) -> Floats:
        """Return the score of rows without what text vectors add, (n,)."""
        return self._scores_of_terms(rows, [bound for _, bound in self.terms])

    def scores_without_index(self, rows: Rows) -> Floats:
        """Return the score of rows without what an index proposes rows for, (n,).

        That is what text vectors add, and terms with `indexed`.
        """
        return self._scores_of_terms(rows, [one for _, one in self.terms if not one.indexed])

    @property
    def indexed(self) -> bool:
        """Whether an index proposes rows for a part of the score."""
        return bool(self.words.any()) or any(bound.indexed for _, bound in self.terms)

    def newer_than_index(self) -> Rows:
        """Return the rows that terms with `indexed` score and that no index knows."""
        none: Rows = np.zeros(0, np.int32)
        found = [bound.exceptions() for _, bound in self.terms if bound.indexed]
        rows = np.concatenate([none, *(one for one in found if one is not None)])
        return rows[rows < self.size]

    def _scores_of_terms(self, rows: Rows, terms: Sequence[UserTerm]) -> Floats:
        found = self._item_part(rows) + np.float32(self.constant)
        for bound in terms:
            if bound.scores_rows:
                found += bound.score(rows)
        return np.asarray(found, np.float32)

    def request_part(self, rows: Rows) -> Floats:
        """Return what the terms that were bound for this request alone add to scores, (rows,)."""
        found = np.zeros(len(rows), np.float32)
        for _, bound in self.terms[len(self.learned.terms) :]:
            found += np.float32(bound.constant)
            if bound.scores_rows:
                found += bound.score(rows)
            if (vector := bound.text_vector) is not None:
                found += self.word_scores(rows, vector)
        return found

    def spread(self) -> float:
        """Return the standard deviation of the scores over a sample of the catalogue."""
        return float(self.sample_scores().std()) or 1.0

    def log_total(self) -> float:
        """Return the log of the sum of exp(score) over the catalogue, estimated from a sample."""
        found = self.sample_scores()
        most = float(found.max(initial=0.0))
        mean = float(np.exp(found.astype(np.float64) - most).mean()) if len(found) else 1.0
        return most + float(np.log(mean * max(self.size, 1)))

    def sample_scores(self) -> Floats:
        """Return the scores of a sample of the catalogue."""
        found, words = self.scores_without_words(self.table.sample), self.words
        return found + self.table.words @ words if words.any() else found

    def _item_part(self, rows: Rows) -> Floats:
        """Return what item features add; a line is read faster whole than most of its cells."""
        values = self.table.values
        if 2 * len(rows) > self.size:
            return np.asarray((self.weights @ values[:, : self.size])[rows], np.float32)
        return np.asarray(self.weights @ values[:, rows], np.float32)

    def bounds(self) -> Floats:
        """Return an upper bound of `scores_without_index` per block, `exceptions` aside."""
        table = self.table
        found = np.maximum(self.weights, 0) @ table.high + np.minimum(self.weights, 0) @ table.low
        for _, bound in self.terms:
            if not bound.indexed:
                found = found + bound.bound(table)
        return np.asarray(found + np.float32(self.constant), np.float32)

    def exceptions(self) -> Rows:
        """Return the rows that `bounds` do not hold for, and those that lie in no block."""
        size = self.table.size
        tail: Rows = np.arange(size, self.size, dtype=np.int32)
        some = [rows for _, bound in self.terms if (rows := bound.exceptions()) is not None]
        if len(some) == 1:  # distinct already
            return np.concatenate([some[0][some[0] < size], tail])
        found: Rows = np.unique(np.concatenate([*some, tail])) if some else tail
        return found

    def block(self, blocks: NDArray[np.intp]) -> Rows:
        """Return the rows of some blocks."""
        places = blocks[:, None] * BLOCK + np.arange(BLOCK)
        rows: Rows = self.table.order[places[places < self.table.size]]
        return rows


def _sums(
    terms: Sequence[tuple[ScoreTerm, UserTerm]], table: ItemFeatureTable, words: Floats
) -> tuple[Floats, float, Floats]:
    """Return the weights of a table's features, the constant and the text vector of all terms."""
    weights, constant = np.zeros(len(table.values), np.float32), 0.0
    for term, bound in terms:
        if (place := table.slices.get(term.name)) is not None:
            weights[place] = bound.feature_weights
        constant += bound.constant
        vector = bound.text_vector
        if vector is not None:
            words = words + vector
    return weights, constant, words


def _seen(query: Query, history: History, live: LiveState) -> Rows:
    """Return the rows that the user has acted on, those beyond the history included."""
    if query.taken is None:
        return history.rows
    return np.concatenate([history.rows, query.taken.rows(live.ids, live.size)])


def query_vectors(live: LiveState, texts: Sequence[str]) -> Floats:
    """Return the vectors of the first text and of all others, (2, t), QUERY_WEIGHT long together.

    Zeros where there is no text, or no encoder in the model.
    """
    student = live.model.student
    if student is None or not any(texts):
        return np.zeros((2, live.model.words.shape[1]), np.float32)
    vectors = student.encode(texts)
    both = np.stack([vectors[0], vectors[1:].sum(axis=0)])
    length = float(np.linalg.norm(both.sum(axis=0))) or 1.0
    return np.asarray(QUERY_WEIGHT * both / length, np.float32)
